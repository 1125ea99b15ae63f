"""A submitted form as officials read it: sections, values, tables, and the files behind each field."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from jiangxin.core.policy import Field, Form
from jiangxin.core.policy.printed import Entry, entry_of, printed
from jiangxin.stages.application.sealing import shown_answers

SHAPES = {"pdf": "document", "jpg": "picture", "jpeg": "picture", "png": "picture"}


@dataclass(frozen=True)
class File:
    """One file of a submitted version."""

    name: str
    size: str
    url: str

    @property
    def shape(self) -> str:
        """How a browser can show it inside a page: picture, document, or not ("")."""
        return SHAPES.get(self.name.rpartition(".")[2].lower(), "")


@dataclass(frozen=True)
class Answer:
    """One field: `text`, or `heads` and `rows` of a table; with the norms that it speaks to."""

    key: str
    label: str
    clause: str
    norms: tuple[str, ...]
    text: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    files: tuple[File, ...]


@dataclass(frozen=True)
class Page:
    """One section of the form."""

    key: str
    title: str
    clause: str
    answers: tuple[Answer, ...]


def pages(
    form: Form,
    answers: Mapping[str, Any],
    evidence: Iterable[Mapping[str, Any]],
    project_id: int,
    *,
    view: str = "evidence-file",
) -> list[Page]:
    """Every section of `form` with what was answered; personal numbers come masked.

    `evidence` are the files as a version keeps them: {field, document, name, size}; they open by
    `view`, which takes `project_id` (an expert's own view: the sheet's id) and the document's.
    """
    files: dict[str, list[File]] = {}
    for item in evidence:
        address = reverse(view, args=[project_id, item["document"]])
        files.setdefault(item["field"], []).append(File(item["name"], _size(item["size"]), address))
    return [
        Page(
            part.section.key,
            part.section.title,
            part.section.clause,
            tuple(_answer(each, tuple(files.get(each.field.key, ()))) for each in part.entries),
        )
        for part in printed(form, shown_answers(answers))
    ]


def by_norm(found: Iterable[Page]) -> dict[str, list[Answer]]:
    """The answers that speak to each norm."""
    answers: dict[str, list[Answer]] = {}
    for section in found:
        for answer in section.answers:
            for norm in answer.norms:
                answers.setdefault(norm, []).append(answer)
    return answers


def _answer(entry: Entry, files: tuple[File, ...]) -> Answer:
    field = entry.field
    return Answer(
        field.key,
        field.label,
        field.clause,
        field.norms,
        entry.text,
        entry.heads,
        entry.rows,
        files,
    )


def _size(size: int) -> str:
    return f"{size / 1048576:.1f} MB" if size >= 1048576 else f"{max(1, size // 1024)} KB"


@dataclass(frozen=True)
class Difference:
    """One field that differs between two versions, as texts; of a table only the rows that differ, of
    evidence only what was taken out and what was added."""

    section: str
    label: str
    before: str
    after: str


def differences(form: Form, older: Any, newer: Any) -> list[Difference]:
    """What changed from one submitted version to another, in the form's order; files included."""
    was, now = shown_answers(older.answers), shown_answers(newer.answers)
    found = []
    for section in form.sections:
        for field in section.fields:
            before, after = was.get(field.key), now.get(field.key)
            if before != after:
                texts = texts_of(field, before, after)
                found.append(Difference(section.title, field.label, *texts))
            old, new = _files(older, field.key), _files(newer, field.key)
            if old != new:
                gone = _names([each for each in old if each not in new])
                come = _names([each for each in new if each not in old])
                label = f"{field.label}：佐证材料"
                found.append(Difference(section.title, label, gone, come))
    return found


def texts_of(field: Field, before: Any, after: Any) -> tuple[str, str]:
    """Two answers of a field as texts; of a table the rows that the other has not."""
    if field.kind == "table":
        return _changed_rows(field, before, after)
    return entry_of(field, before).text, entry_of(field, after).text


def _changed_rows(field: Field, before: Any, after: Any) -> tuple[str, str]:
    old, new = _lines(field, before), _lines(field, after)
    return (
        "\n".join(line for line in old if line not in new),
        "\n".join(line for line in new if line not in old),
    )


def _lines(field: Field, value: Any) -> list[str]:
    return [" · ".join(cell or "—" for cell in row) for row in entry_of(field, value).rows]


def _files(version: Any, key: str) -> list[tuple[str, str]]:
    return [(item["name"], item["sha256"]) for item in version.evidence if item["field"] == key]


def _names(files: list[tuple[str, str]]) -> str:
    return "\n".join(f"{name}（{sha[:8]}）" for name, sha in files)
