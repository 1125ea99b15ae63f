"""The passages of a version, and what of them counts: without names, without what all may quote."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from jiangxin.core.copied import paragraphs, shingles, without
from jiangxin.core.policy import Field, Form, Pack
from jiangxin.stages.application.models import Application, Version
from jiangxin.stages.application.queries import form_of
from jiangxin.stages.programme.queries import pack, parameter

TEXTS = ("text", "longtext")


@dataclass(frozen=True)
class Read:
    """One paragraph of a field, with the pieces of it that count."""

    field: str
    place: int
    text: str
    pieces: frozenset[str]


def passages(project: Application, version: Version) -> list[Read]:
    """The paragraphs long enough to be compared, in the form's order."""
    least = int(parameter("copied.passage_chars", project.year))
    return [
        Read(field, place, text, pieces)
        for field, place, text in _paragraphs(form_of(project), version.answers)
        if len(pieces := counting(project, text)) >= least
    ]


def counting(project: Application, text: str) -> frozenset[str]:
    """The pieces of `text` that count: not the unit's and the leader's name, not the notice's words,
    not the form's own (labels, help, templates), which every unit may repeat."""
    names = (project.unit_name, project.unit.name, project.leader_name)
    return shingles(without(text, names)) - standard(pack())


@lru_cache(maxsize=4)
def standard(found: Pack) -> frozenset[str]:
    """The pieces of what all units read: the clauses, the forms, the lists of the pack."""
    texts = [clause.text for clause in found.clauses.values()]
    texts += [each.title for each in found.norms.values()]
    for form in found.forms.values():
        for section in form.sections:
            texts += [section.title, section.intro]
        for _, field in form.fields():
            texts += _words(field)
    for known in found.choices.values():
        texts += known.values()
    return frozenset().union(*map(shingles, texts))


def _words(field: Field) -> list[str]:
    own = [field.label, field.help, *(option.label for option in field.options)]
    return own + [word for column in field.columns for word in _words(column)]


def _paragraphs(form: Form, answers: dict[str, Any]) -> Iterator[tuple[str, int, str]]:
    for _, field in form.fields():
        texts = [
            text for value in _texts(field, answers.get(field.key)) for text in paragraphs(value)
        ]
        for place, text in enumerate(texts, start=1):
            yield field.key, place, text


def _texts(field: Field, value: Any) -> Iterator[str]:
    """The texts in an answer: of the field, or of the cells of its table."""
    if field.kind in TEXTS and isinstance(value, str):
        yield value
    elif field.kind == "table" and isinstance(value, list):
        for row in value:
            for column in field.columns:
                yield from _texts(column, row.get(column.key) if isinstance(row, dict) else None)
