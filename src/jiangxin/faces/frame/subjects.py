"""From a subject of the ledger (`claim:7`) to the page for it, for who asks.

A module of a face says which of its views shows a subject, by the view's name:

    SUBJECTS = {"claim": "desk-claim"}

Several modules may name the same kind: a viewer is led to the first view that their role may open.
"""

from collections.abc import Iterable
from functools import cache
from importlib import import_module
from typing import cast

from django.urls import resolve

from jiangxin.records.identity.viewer import Viewer

from .addresses import path_of
from .pages import Page


def page_of(viewer: Viewer, subject: str, *, face: str, modules: Iterable[str]) -> str:
    """The address for `subject` in the package `face`; "" when this viewer has no page for it."""
    kind, _, number = subject.partition(":")
    if not (number.isascii() and number.isdigit() and len(number) < 19):
        return ""
    for name in _declared(face, tuple(modules)).get(kind, ()):
        address = path_of(name, int(number))
        view = cast("Page", resolve(address).func)
        if viewer.role in view.access.roles:
            return address
    return ""


@cache
def _declared(face: str, modules: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """Kind of subject → the views that show it, in the order of the modules."""
    found: dict[str, tuple[str, ...]] = {}
    for module in modules:
        declared = getattr(import_module(f"{face}.{module}"), "SUBJECTS", {})
        for kind, name in declared.items():
            found[kind] = (*found.get(kind, ()), name)
    return found
