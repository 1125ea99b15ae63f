"""From a subject of the ledger (`claim:7`) to the page for it, for who asks.

A module of a face says which of its views shows a subject, by the view's name:

    SUBJECTS = {"claim": "desk-claim"}

The view takes the row's number, or nothing when it is a list. Several modules may name the same kind:
a viewer is led to the first view that their role may open.
"""

from collections.abc import Iterable, Mapping
from functools import cache
from importlib import import_module
from typing import cast

from django.urls import NoReverseMatch, resolve

from jiangxin.records.identity.viewer import Viewer
from jiangxin.stages.titles.queries import title_behind

from .addresses import path_of
from .pages import Page


def page_of(viewer: Viewer, subject: str, *, face: str, modules: Iterable[str]) -> str:
    """The address for `subject` in the package `face`; "" when this viewer has no page for it.

    What hangs on a title and has no page of its own leads to the title; one query then.
    """
    declared = _declared(face, tuple(modules))
    found = _page(viewer, subject, declared)
    if found:
        return found
    title = title_behind(subject)
    return _page(viewer, f"title:{title}", declared) if title else ""


def _page(viewer: Viewer, subject: str, declared: Mapping[str, tuple[str, ...]]) -> str:
    kind, number = (*subject.split(":", 2), "")[:2]
    if not (number.isascii() and number.isdigit() and len(number) < 19):
        return ""
    for name in declared.get(kind, ()):
        address = _address(name, int(number))
        view = cast("Page", resolve(address).func)
        if viewer.role in view.access.roles:
            return address
    return ""


def _address(name: str, number: int) -> str:
    """Of the one row, or of the list where a view takes no number."""
    try:
        return path_of(name, number)
    except NoReverseMatch:
        return path_of(name)


@cache
def _declared(face: str, modules: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """Kind of subject → the views that show it, in the order of the modules."""
    found: dict[str, tuple[str, ...]] = {}
    for module in modules:
        declared = getattr(import_module(f"{face}.{module}"), "SUBJECTS", {})
        for kind, name in declared.items():
            found[kind] = (*found.get(kind, ()), name)
    return found
