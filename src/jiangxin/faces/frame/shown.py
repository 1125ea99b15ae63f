"""One page of a list as its template wants it, and the addresses that lead on from it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict

from jiangxin.core.kernel.errors import DomainError

from . import export
from .grammar import parse, write

if TYPE_CHECKING:
    from .listing import Column, Listing, Order


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


@dataclass(frozen=True)
class Shown:
    """What `list.html` reads. `found` are all rows of the search, not only this page's."""

    listing: "Listing"
    found: QuerySet[Any, Any]
    request: HttpRequest
    problems: list[DomainError]
    order: "Order"
    total: int
    page: int
    size: int
    rows: list[Row]

    @classmethod
    def of(
        cls,
        listing: "Listing",
        found: QuerySet[Any, Any],
        request: HttpRequest,
        problems: list[DomainError],
        order: "Order",
    ) -> Self:
        """Counts and fetches: two queries. A page past the end becomes the last one."""
        asked = request.GET
        size = _whole(asked.get("size"), listing.page_size, 500)
        total = 0 if problems else found.count()
        page = min(_whole(asked.get("page"), 1, 10**6), max(1, -(-total // size)))
        start = (page - 1) * size
        part = list(found[start : start + size]) if total else []
        columns = listing.chosen(asked)
        rows = [
            _row(listing, columns, item, asked, start + place)
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

    def _head(self, column: "Column") -> Head:
        current = self.order.column is not None and self.order.column.key == column.key
        down = current and not self.order.descending
        order = ("descending" if self.order.descending else "ascending") if current else ""
        url = self._to(sort=("-" if down else "") + column.key, page=None) if column.sort else ""
        return Head(column.label, column.kind, url, order)

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
        for number in sorted(each for each in near if 1 <= each <= self.pages):
            if number > last + 1:
                links.append(Link("…", ""))
            url = "" if number == self.page else self._to(page=number)
            links.append(Link(str(number), url))
            last = number
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
        return address(self.path, self.request.GET, export=None, **changes) if (
            "export" not in changes
        ) else address(self.path, self.request.GET, **changes)


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
        cls, listing: "Listing", rows: QuerySet[Any, Any], request: HttpRequest, back: str
    ) -> Self:
        query, at = request.GET.get("list"), _whole(request.GET.get("at"), 0, 10**7)
        if query is None or not at or listing.link is None:
            return cls(back)
        asked = QueryDict(query)
        found, problems = listing.search(rows, asked.get("q", ""))
        if problems:
            return cls(back)
        found = found.order_by(*listing._order(asked).fields(listing.order))
        total, start = found.count(), max(0, at - 2)
        near = {place: row for place, row in enumerate(found[start : at + 1], start + 1)}
        urls = {
            place: _link(listing, row, query, place)
            for place, row in near.items()
            if place != at
        }
        return cls(
            f"{back}?{query}" if query else back,
            at,
            total,
            urls.get(at - 1, ""),
            urls.get(at + 1, ""),
        )


def _row(listing: "Listing", columns: "list[Column]", item: Any, asked: QueryDict, at: int) -> Row:
    cells = listing.cells(columns, item)
    query = asked.copy()
    query.pop("export", None)
    url = _link(listing, item, query.urlencode(), at) if listing.link else ""
    key = item["pk"] if isinstance(item, dict) else item.pk
    return Row(str(key), str(cells[0].value), url, cells)


def _link(listing: "Listing", item: Any, query: str, at: int) -> str:
    assert listing.link is not None
    place = QueryDict(mutable=True)
    place["list"], place["at"] = query, str(at)
    return f"{listing.link(item)}?{place.urlencode()}"


def _whole(text: str | None, otherwise: int, most: int) -> int:
    """A whole number between 1 and `most`; `otherwise` for anything else."""
    if not text or not text.isascii() or not text.isdigit() or len(text) > 9 or int(text) < 1:
        return otherwise
    return min(int(text), most)
