"""A page with one short form: its questions, its files, its one button. The desk and units use it alike.

    ask = Ask("登记送达", (Question("on", "送达日期", "date"),), "登记", request.path, back)
    return ask_page(request, ask, problems)

The templates `desk/titles/ask.html` and `workspace/titles/ask.html` draw it in their layouts.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.http import HttpRequest

from jiangxin.core.kernel.errors import DomainError
from jiangxin.records.documents.gates import ACCEPT, ALLOWED

from .addresses import path_of
from .pages import typed

FILES = "files"  # the name of the file input
DROP = "drop"  # the name of the boxes that take a kept file away


@dataclass(frozen=True)
class Question:
    """One input, as the `field` macro draws it; `kind` is one of the form's kinds."""

    key: str
    label: str
    kind: str = "text"
    help: str = ""
    required: bool = True
    options: tuple[tuple[str, str], ...] = ()
    unit: str = ""
    clause: str = ""
    max_length: int = 200
    computed: None = None


@dataclass(frozen=True)
class File:
    """A file that is kept with a record."""

    id: int
    name: str
    size: str
    url: str


@dataclass(frozen=True)
class Ask:
    """The form: `intro` are sentences above it; `files` is the label of its file input, "" for none."""

    title: str
    questions: tuple[Question, ...]
    button: str
    action: str
    back: str
    kicker: str = ""
    intro: tuple[str, ...] = ()
    clause: str = ""
    files: str = ""
    kept: tuple[File, ...] = ()


def asking(
    request: HttpRequest,
    ask: Ask,
    problems: Sequence[DomainError],
    stored: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """What the template needs; whatever was typed stands in the inputs again."""
    return {
        "ask": ask,
        "values": typed(request, stored),
        "problems": list(problems),
        "errors": {each.field: each.message for each in problems if each.field},
        "accept": ACCEPT,
        "allowed": ALLOWED,
    }


def dropped(request: HttpRequest) -> list[int]:
    """The kept files that are to go."""
    return [whole(text) for text in request.POST.getlist(DROP)]


def files(papers: Iterable[Mapping[str, Any]], view: str, row_id: int) -> tuple[File, ...]:
    """A record's list of files; they open by `view`, which takes the record's id and the document's."""
    return tuple(
        File(
            each["document"],
            each["name"],
            f"{max(1, each['size'] // 1024)} KB",
            path_of(view, row_id, each["document"]),
        )
        for each in papers
    )


def whole(text: str, otherwise: int = -1) -> int:
    """A whole number as typed; `otherwise` for anything else."""
    clean = text.strip()
    return int(clean) if clean.isascii() and clean.isdigit() and len(clean) < 10 else otherwise


def day(text: str) -> date | None:
    """A date as a date input sends it; None for anything else."""
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        return None
