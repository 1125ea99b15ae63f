"""Every list is a search, and every search is an address.

    PROJECTS = Listing(
        columns=(
            Column("number", "编号", lambda p: p.number, sort="number"),
            Column("unit", "单位", lambda p: p.unit.name, sort="unit__name"),
            Column("state", "状态", lambda p: (p.state, p.get_state_display()), kind="state"),
        ),
        keywords=(province(), choice("状态", "state", ProjectState), number("分", "score")),
        text=("number__icontains", "unit__name__icontains"),
        order=("-submitted_at", "id"),
        link=lambda p: reverse("desk:project", args=[p.pk]),
    )

    shown = PROJECTS.show(queries.visible(request.viewer), request)
    return shown.export("项目") or render(request, "desk/projects.html", {"list": shown})

A page costs two queries: the count and the rows. The help text comes from the keywords.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import reduce
from operator import or_
from typing import Any, NamedTuple

from django.db.models import Q, QuerySet
from django.http import HttpRequest, QueryDict

from jiangxin.core.kernel.errors import DomainError, Invalid
from jiangxin.core.kernel.regions import PROVINCES

from .grammar import Term, parse
from .shown import Around, Cell, Shown

PAGE_SIZES = (25, 50, 100, 500)


@dataclass(frozen=True)
class Column:
    """A column. `value(row)` gives what is shown and exported, by `kind`:

    text, number, money (分), date, moment, yesno, or state, whose value is (code, label).
    `sort` is the field to order by; without it the column cannot be sorted.
    """

    key: str
    label: str
    value: Callable[[Any], Any]
    kind: str = "text"
    sort: str = ""
    default: bool = True


@dataclass(frozen=True)
class Keyword:
    """A word of the search language. `apply(value)` is its condition; it raises `Invalid`."""

    word: str
    help: str
    example: str
    apply: Callable[[str], Q]


class Order(NamedTuple):
    """What the rows are ordered by: a column and its direction; no column means the usual order."""

    column: Column | None
    descending: bool

    def fields(self, usual: Sequence[str]) -> list[str]:
        own = [("-" if self.descending else "") + self.column.sort] if self.column else []
        return [*own, *(field for field in usual if field.lstrip("-") not in own)]


@dataclass(frozen=True)
class Listing:
    """The declaration of a list; `order` must end in a unique field, so that pages do not overlap."""

    columns: tuple[Column, ...]
    keywords: tuple[Keyword, ...] = ()
    text: tuple[str, ...] = ()
    text_help: str = "在编号、名称中查找"
    order: tuple[str, ...] = ("id",)
    link: Callable[[Any], str] | None = None
    page_size: int = 50

    def show(self, rows: QuerySet[Any, Any], request: HttpRequest) -> Shown:
        """The page that the request asks for: `q`, `sort`, `page`, `size`, `col`, `export`.

        A term that is not understood shows no rows and says why: a filter that is silently
        dropped would show, export and select more than was meant.
        """
        asked = request.GET
        found, problems = self.search(rows, asked.get("q", ""))
        order = self._order(asked)
        found = found.order_by(*order.fields(self.order))
        return Shown.of(self, found, request, problems, order)

    def search(
        self, rows: QuerySet[Any, Any], q: str
    ) -> tuple[QuerySet[Any, Any], list[DomainError]]:
        """The rows that satisfy every term of `q`, and what of it was not understood."""
        words = {keyword.word: keyword for keyword in self.keywords}
        problems: list[DomainError] = []
        for term in parse(q):
            try:
                condition = self._condition(term, words)
            except DomainError as error:
                problems.append(error)
                continue
            rows = rows.filter(~condition if term.exclude else condition)
        return (rows.none() if problems else rows), problems

    def _condition(self, term: Term, words: dict[str, Keyword]) -> Q:
        if not term.word:
            return _any(Q(**{field: value}) for field in self.text for value in term.values)
        if term.word not in words:
            known = "、".join(words) or "（本列表没有）"
            raise Invalid(f"不认识筛选词“{term.word}”。", remedy=f"可用：{known}。")
        if not term.values:
            raise Invalid(f"“{term.word}”后面没有值。", remedy=f"例如 {words[term.word].example}。")
        return _any(words[term.word].apply(value) for value in term.values)

    def _order(self, asked: QueryDict) -> Order:
        wanted = asked.get("sort", "")
        name = wanted.lstrip("-")
        column = next((each for each in self.columns if each.key == name and each.sort), None)
        return Order(column, wanted.startswith("-"))

    def chosen(self, asked: QueryDict) -> list[Column]:
        """The columns to show: those named by `col`, else the default ones."""
        wanted = set(asked.getlist("col"))
        named = [column for column in self.columns if column.key in wanted]
        return named or [column for column in self.columns if column.default]

    def cells(self, columns: Iterable[Column], row: Any) -> list[Cell]:
        """The values of one row in the order of `columns`."""
        return [_cell(column, column.value(row)) for column in columns]

    def around(
        self, rows: QuerySet[Any, Any], request: HttpRequest, *, back: str
    ) -> Around:
        """On a detail page: where one is in the list, and the neighbours' addresses.

        The list's links carry `list` (its query string) and `at` (1-based position). `back` is the
        list's address. Two queries; none when one did not come from the list.
        """
        return Around.of(self, rows, request, back)


def _any(conditions: Iterable[Q]) -> Q:
    found = list(conditions)
    return reduce(or_, found) if found else Q(pk__in=[])


def _cell(column: Column, value: Any) -> Cell:
    if column.kind == "state":
        return Cell("state", value[1], str(value[0]))
    return Cell(column.kind, value)


# --- ready-made keywords --------------------------------------------------------------------------


def choice(
    word: str, field: str, choices: Iterable[Any], help: str = "", *, example: str = ""
) -> Keyword:
    """`词:标签` for a field with choices: pairs, members with `value` and `label`, or an enum."""
    labels: dict[str, str] = {}
    for each in choices:
        code, label = each if isinstance(each, tuple) else (each.value, each.label)
        labels[str(label)] = str(code)

    def apply(value: str) -> Q:
        if value in labels:
            return Q(**{field: labels[value]})
        if value in labels.values():
            return Q(**{field: value})
        raise Invalid(f"“{word}”没有“{value}”这个值。", remedy=f"可用：{'、'.join(labels)}。")

    shown = example or next(iter(labels), "值")
    return Keyword(word, help or "、".join(labels), f"{word}:{shown}", apply)


def province(field: str = "province", word: str = "省") -> Keyword:
    """`省:江苏`, by short name, full name or code."""
    codes = {name: each.code for each in PROVINCES for name in (each.short, each.name, each.code)}

    def apply(value: str) -> Q:
        if value not in codes:
            raise Invalid(f"没有省级单位“{value}”。", remedy="请写简称，例如 江苏、兵团。")
        return Q(**{field: codes[value]})

    return Keyword(word, "省级单位，写简称或全称", f"{word}:江苏", apply)


_COMPARED = re.compile(r"(>=|<=|>|<|≥|≤|＞|＜)?\s*(\d+(?:\.\d+)?)(?:(?:\.\.|~|—)(\d+(?:\.\d+)?))?")
_SUFFIX = {">": "gt", ">=": "gte", "<": "lt", "<=": "lte", "≥": "gte", "≤": "lte"} | {
    "＞": "gt",
    "＜": "lt",
    "": "exact",
}


def number(word: str, field: str, help: str = "", *, scale: int = 1, example: str = ">80") -> Keyword:
    """`分:>85`, `分:60..80`. `scale` turns what is typed into what is stored (万元 → 分: 1000000)."""

    def apply(value: str) -> Q:
        match = _COMPARED.fullmatch(value)
        if match is None:
            raise Invalid(f"“{word}:{value}”不是数。", remedy=f"例如 {word}:{example}、{word}:60..80。")
        low = _scaled(match[2], scale)
        if match[3] is not None:
            return Q(**{f"{field}__gte": low, f"{field}__lte": _scaled(match[3], scale)})
        return Q(**{f"{field}__{_SUFFIX[match[1] or '']}": low})

    return Keyword(word, help or "数值，可用 > < >= <= 或 60..80", f"{word}:{example}", apply)


def _scaled(text: str, scale: int) -> Decimal:
    try:
        return Decimal(text) * scale
    except InvalidOperation:  # more digits than a decimal holds
        raise Invalid(f"数字“{text[:20]}…”太长。") from None


def contains(word: str, *fields: str, help: str = "", example: str = "") -> Keyword:
    """`单位:学院`: text that one of `fields` contains."""

    def apply(value: str) -> Q:
        return _any(Q(**{f"{field}__icontains": value}) for field in fields)

    return Keyword(word, help or f"{word}中含有的文字", example or f"{word}:文字", apply)


def when(word: str, help: str, values: dict[str, Q]) -> Keyword:
    """`待办:我`: named conditions that the page writes itself."""

    def apply(value: str) -> Q:
        if value not in values:
            raise Invalid(f"“{word}”没有“{value}”这个值。", remedy=f"可用：{'、'.join(values)}。")
        return values[value]

    return Keyword(word, help, f"{word}:{next(iter(values))}", apply)
