"""A filled form as texts: one source for the screen, the PDF and the Word file, so that they agree."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .completeness import computed_values
from .forms import Field, Form, Section
from .reading import field_text

Cells = tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One field: `text`, "" for no answer, or `heads` and `rows` of a table."""

    field: Field
    text: str = ""
    heads: Cells = ()
    rows: tuple[Cells, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Part:
    """One section with its entries, in the order of the form."""

    section: Section
    entries: tuple[Entry, ...]


def printed(form: Form, answers: Mapping[str, Any]) -> tuple[Part, ...]:
    """Every section of `form`, computed fields included. `answers` hold no personal number in clear."""
    values = {**answers, **computed_values(form, answers)}
    return tuple(
        Part(
            section=section,
            entries=tuple(entry_of(field, values.get(field.key)) for field in section.fields),
        )
        for section in form.sections
    )


def entry_of(field: Field, value: Any) -> Entry:
    """One field with what was answered; money in 万元, numbers with their unit."""
    if field.kind != "table":
        return Entry(field=field, text=_text(field, value))
    table = value if isinstance(value, list) else []
    rows = tuple(
        tuple(_cell(column, row.get(column.key)) for column in field.columns) for row in table
    )
    return Entry(field=field, heads=tuple(map(_head, field.columns)), rows=rows)


def unit_of(field: Field) -> str:
    """The unit that a number of this field is told in."""
    return "万元" if field.kind == "money" else field.unit


def _head(column: Field) -> str:
    unit = unit_of(column)
    return f"{column.label}（{unit}）" if unit else column.label


def _cell(column: Field, value: Any) -> str:
    return "" if value is None else field_text(column, value)


def _text(field: Field, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, dict) and "mask" in value:
        return str(value["mask"])
    text, unit = field_text(field, value), unit_of(field)
    return f"{text} {unit}" if text and unit and field.kind in ("integer", "money") else text
