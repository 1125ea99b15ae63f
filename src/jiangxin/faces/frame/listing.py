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
        link=lambda p: path_of("desk-project", p.pk),
    )

    shown = PROJECTS.show(queries.visible(request.viewer), request)
    return shown.export("项目") or render(request, "desk/projects.html", {"list": shown})

A page costs two queries: the count and the rows. The help text comes from the keywords.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import quote_plus

from django.db.models import Count, Q, QuerySet, Window
from django.http import HttpRequest, HttpResponse, QueryDict

from jiangxin.core.kernel.errors import DomainError, Invalid

from . import export
from .columns import (
    Cell,
    Chip,
    Column,
    ColumnChoice,
    Head,
    Link,
    Order,
    Row,
    address,
    cell_of,
    whole_number,
)
from .grammar import Term, parse, write
from .keywords import Keyword, any_of, choice, contains, number, province, when

__all__ = [
    "Around",
    "Column",
    "Keyword",
    "Listing",
    "Shown",
    "address",
    "choice",
    "contains",
    "number",
    "province",
    "when",
]


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
    keyed: bool = False  # costly columns: a page's keys first, then its rows; one query more

    def show(self, rows: QuerySet[Any, Any], request: HttpRequest) -> "Shown":
        """The page that the request asks for: `q`, `sort`, `page`, `size`, `col`, `export`.

        A term that is not understood shows no rows and says why: a filter that is silently
        dropped would show, export and select more than was meant.
        """
        asked = request.GET
        found, problems = self.search(rows, asked.get("q", ""))
        order = self.ordering(asked)
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
            return any_of(Q(**{field: value}) for field in self.text for value in term.values)
        if term.word not in words:
            known = "、".join(words) or "（本列表没有）"
            raise Invalid(f"不认识筛选词“{term.word}”。", remedy=f"可用：{known}。")
        if not term.values:
            raise Invalid(f"“{term.word}”后面没有值。", remedy=f"例如 {words[term.word].example}。")
        return any_of(words[term.word].apply(value) for value in term.values)

    def part(self, found: QuerySet[Any, Any], start: int, size: int) -> list[Any]:
        """The rows from `start` on. What a page passes over is not computed where the list is `keyed`."""
        if not self.keyed:
            return list(found[start : start + size])
        keys = list(found.values_list("pk", flat=True)[start : start + size])
        rows = {_key(row): row for row in found.order_by().filter(pk__in=keys)}
        return [rows[key] for key in keys if key in rows]

    def ordering(self, asked: QueryDict) -> Order:
        """What `sort` asks for; an unknown or unsortable column means the usual order."""
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
        return [cell_of(column, column.value(row)) for column in columns]

    def around(self, rows: QuerySet[Any, Any], request: HttpRequest, *, back: str) -> "Around":
        """On a detail page: where one is in the list, and the neighbours' addresses.

        The list's links carry `list` (its query string) and `at` (1-based position). `back` is the
        list's address. One query; none when one did not come from the list, one more when the list
        has become shorter than that.
        """
        return Around.of(self, rows, request, back)


@dataclass(frozen=True)
class Shown:
    """What `list.html` reads. `found` are all rows of the search, not only this page's."""

    listing: Listing
    found: QuerySet[Any, Any]
    request: HttpRequest
    problems: list[DomainError]
    order: Order
    total: int
    page: int
    size: int
    rows: list[Row]

    @classmethod
    def of(
        cls,
        listing: Listing,
        found: QuerySet[Any, Any],
        request: HttpRequest,
        problems: list[DomainError],
        order: Order,
    ) -> Self:
        """Counts and fetches: two queries. A page past the end becomes the last one."""
        asked = request.GET
        size = whole_number(asked.get("size"), listing.page_size, 500)
        total = 0 if problems else found.count()
        page = min(whole_number(asked.get("page"), 1, 10**6), max(1, -(-total // size)))
        start = (page - 1) * size
        part = listing.part(found, start, size) if total else []
        columns = listing.chosen(asked)
        query = asked.copy()
        query.pop("export", None)
        kept = query.urlencode()
        rows = [
            _row(listing, columns, item, kept, start + place)
            for place, item in enumerate(part, start=1)
        ]
        return cls(listing, found, request, problems, order, total, page, size, rows)

    @property
    def path(self) -> str:
        return self.request.path

    @property
    def q(self) -> str:
        return self.request.GET.get("q", "")

    @property
    def filtered(self) -> bool:
        return bool(parse(self.q))

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // self.size))

    @property
    def kept(self) -> list[tuple[str, str]]:
        """Parameters that a new search keeps."""
        changed = ("q", "page", "col", "export")
        return [
            (key, value)
            for key, values in self.request.GET.lists()
            for value in values
            if key not in changed
        ]

    @property
    def columns(self) -> list[ColumnChoice]:
        chosen = {column.key for column in self.listing.chosen(self.request.GET)}
        return [
            ColumnChoice(column.key, column.label, column.key in chosen)
            for column in self.listing.columns
        ]

    @property
    def heads(self) -> list[Head]:
        return [self._head(column) for column in self.listing.chosen(self.request.GET)]

    def _head(self, column: Column) -> Head:
        current = self.order.column is not None and self.order.column.key == column.key
        down = current and not self.order.descending
        order = ("descending" if self.order.descending else "ascending") if current else ""
        url = self._to(sort=("-" if down else "") + column.key, page=None) if column.sort else ""
        return Head(export.heading(column.label, column.kind), column.kind, url, order)

    @property
    def help(self) -> list[Any]:
        return list(self.listing.keywords)

    @property
    def text_help(self) -> str:
        return self.listing.text_help

    @property
    def chips(self) -> list[Chip]:
        """The conditions in force, each with the address of the list without it."""
        terms = parse(self.q)
        return [
            Chip(
                str(term),
                self._to(q=write(terms[:place] + terms[place + 1 :]) or None, page=None),
            )
            for place, term in enumerate(terms)
        ]

    @property
    def clear_url(self) -> str:
        return self._to(q=None, page=None)

    @property
    def previous_url(self) -> str:
        return self._to(page=self.page - 1) if self.page > 1 else ""

    @property
    def next_url(self) -> str:
        return self._to(page=self.page + 1) if self.page < self.pages else ""

    @property
    def page_links(self) -> list[Link]:
        """First, last and the neighbours of this page; an empty address is this page or a gap."""
        if self.pages == 1:
            return []
        near = {1, self.pages, *range(self.page - 2, self.page + 3)}
        links: list[Link] = []
        last = 0
        for place in sorted(each for each in near if 1 <= each <= self.pages):
            if place > last + 1:
                links.append(Link("…", ""))
            url = "" if place == self.page else self._to(page=place)
            links.append(Link(str(place), url))
            last = place
        return links

    @property
    def export_xlsx(self) -> str:
        return self._to(export="xlsx", page=None)

    @property
    def export_csv(self) -> str:
        return self._to(export="csv", page=None)

    def export(self, name: str) -> HttpResponse | None:
        """The file when the request asks for one (`export=csv` or `xlsx`): all rows of the search."""
        wanted = self.request.GET.get("export", "")
        if wanted not in export.FORMATS:
            return None
        columns = self.listing.chosen(self.request.GET)
        rows = (
            [(cell.kind, cell.value) for cell in self.listing.cells(columns, item)]
            for item in self.found.iterator(chunk_size=500)
        )
        heads = [export.heading(column.label, column.kind) for column in columns]
        return export.respond(wanted, name, heads, rows)

    def _to(self, **changes: Any) -> str:
        return address(self.path, self.request.GET, **{"export": None, **changes})


@dataclass(frozen=True)
class Around:
    """The place of a detail page in the list from which one came; `at` is 0 when from elsewhere."""

    back_url: str
    at: int = 0
    total: int = 0
    previous_url: str = ""
    next_url: str = ""

    @classmethod
    def of(
        cls, listing: Listing, rows: QuerySet[Any, Any], request: HttpRequest, back: str
    ) -> Self:
        query, at = request.GET.get("list"), whole_number(request.GET.get("at"), 0, 10**7)
        if query is None or not at or listing.link is None:
            return cls(back)
        asked = QueryDict(query)
        found, problems = listing.search(rows, asked.get("q", ""))
        if problems:
            return cls(back)
        found = found.order_by(*listing.ordering(asked).fields(listing.order))
        start = max(0, at - 2)
        counted = found.annotate(of_all=Window(Count("*")))[start : at + 1]
        near = dict(enumerate(counted, start + 1))
        total = _of_all(next(iter(near.values()))) if near else found.count()
        urls = {
            place: _link(listing, row, query, place) for place, row in near.items() if place != at
        }
        return cls(
            f"{back}?{query}" if query else back,
            at,
            total,
            urls.get(at - 1, ""),
            urls.get(at + 1, ""),
        )


def _of_all(row: Any) -> int:
    return int(row["of_all"] if isinstance(row, dict) else row.of_all)


def _row(listing: Listing, columns: list[Column], item: Any, query: str, at: int) -> Row:
    cells = listing.cells(columns, item)
    url = _link(listing, item, query, at)
    return Row(str(_key(item)), str(cells[0].value), url, cells)


def _key(item: Any) -> Any:
    return item["pk"] if isinstance(item, dict) else item.pk


def _link(listing: Listing, item: Any, query: str, at: int) -> str:
    if listing.link is None:
        return ""
    return f"{listing.link(item)}?list={quote_plus(query)}&at={at}"
