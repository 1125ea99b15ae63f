"""What a list consists of: its columns, and the plain values that its template reads."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict


@dataclass(frozen=True)
class Column:
    """A column. `value(row)` gives what is shown and exported, by `kind`:

    text, number, money (分, shown in 万元), yuan (分, shown in 元), date, moment, yesno, or state,
    whose value is (code, label).
    `sort` is the field to order by; without it the column cannot be sorted.
    """

    key: str
    label: str
    value: Callable[[Any], Any]
    kind: str = "text"
    sort: str = ""
    default: bool = True


@dataclass(frozen=True)
class Order:
    """What the rows are ordered by: a column and its direction; no column means the usual order."""

    column: Column | None
    descending: bool

    def fields(self, usual: Sequence[str]) -> list[str]:
        own = [("-" if self.descending else "") + self.column.sort] if self.column else []
        return [*own, *(field for field in usual if field.lstrip("-") not in own)]


@dataclass(frozen=True, slots=True)
class Cell:
    """A value with how to show it; `code` is the state behind a state's label."""

    kind: str
    value: Any
    code: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    key: str
    name: str
    url: str
    cells: list[Cell]


@dataclass(frozen=True, slots=True)
class Head:
    label: str
    kind: str
    url: str
    order: str


@dataclass(frozen=True, slots=True)
class Link:
    label: str
    url: str


@dataclass(frozen=True, slots=True)
class Chip:
    text: str
    url: str


@dataclass(frozen=True, slots=True)
class ColumnChoice:
    key: str
    label: str
    chosen: bool


def address(path: str, asked: QueryDict, **changes: Any) -> str:
    """`path` with the query string of `asked`, changed; None removes a parameter."""
    query = asked.copy()
    for key, value in changes.items():
        if value is None:
            query.pop(key, None)
        else:
            query[key] = str(value)
    return f"{path}?{query.urlencode()}" if query else path


LONG = 10  # characters from which a text column is kept wide enough to be read


def cell_of(column: Column, value: Any) -> Cell:
    if column.kind == "state":
        return Cell("state", value[1], str(value[0]))
    if column.kind == "text" and isinstance(value, str) and len(value) > LONG:
        return Cell("long", value)
    return Cell(column.kind, value)


def whole_number(text: str | None, otherwise: int, most: int) -> int:
    """A whole number between 1 and `most`; `otherwise` for anything else."""
    if not text or not text.isascii() or not text.isdigit() or len(text) > 9 or int(text) < 1:
        return otherwise
    return min(int(text), most)
