"""A picture: its table, which is always there, and over it a chart or tiles; its day and its files.

    pictures = [targets(now), by_province(now)]
    return answer(request, pictures) or portal_page(request, "…", {"pictures": pictures})

In a template: `{{ picture(each) }}` from `frame/macros/picture.html`. A chart is drawn by
`frame/picture.js` where a script may run; whoever has none reads the table.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.html import json_script
from django.utils.safestring import SafeString

from jiangxin.core.kernel.regions import PROVINCES

from . import export
from .filters import query

STEPS = 4  # of colour, besides none
WIDE = 12  # columns; with more, their heads stand upright
FILES = (("xlsx", "Excel"), ("csv", "CSV"), ("json", "JSON"))


@dataclass(frozen=True)
class Heading:
    """A column. Kinds: text, number, money (分), percent; `shade` colours numbers by size."""

    key: str
    label: str
    kind: str = "number"
    shade: bool = False


@dataclass(frozen=True)
class Series:
    """Bars of one colour, stacked on those before; `expected` ones are forecast, not counted."""

    name: str
    values: Sequence[int | None]
    expected: bool = False


@dataclass(frozen=True)
class Chart:
    """Stacked bars over `labels`, and a line at `target`."""

    key: str
    title: str
    unit: str
    labels: Sequence[str]
    series: Sequence[Series]
    target: int | None = None

    @property
    def data(self) -> SafeString:
        """What the script reads: JSON in an element that no browser runs."""
        return json_script(asdict(self), f"chart-{self.key}-data")


@dataclass(frozen=True)
class Tile:
    """One province on the tile map. `text` is what it shows, `step` its colour: 0 to 4."""

    code: str
    name: str
    short: str
    row: int
    col: int
    text: str
    step: int
    url: str


@dataclass(frozen=True)
class Cell:
    """One value of a row: how to show it, its colour step, where it leads."""

    kind: str
    value: Any
    step: int = 0
    url: str = ""


@dataclass(frozen=True, kw_only=True)
class Picture:
    """See the module. `total` is the last row; `urls` lead from the first cell of each row,
    `leads` (column → an address for each row) from any other one that is not empty."""

    key: str
    title: str
    heads: Sequence[Heading]
    rows: Sequence[Sequence[Any]]
    as_of: datetime
    total: Sequence[Any] | None = None
    note: str = ""
    clause: str = ""
    charts: Sequence[Chart] = ()
    tiles: Sequence[Tile] = ()
    urls: Sequence[str] = ()
    leads: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def upright(self) -> bool:
        """Whether the heads stand upright: a column for each province is narrow."""
        return len(self.heads) > WIDE

    @property
    def cells(self) -> list[list[Cell]]:
        """The rows as the table shows them."""
        most = max(
            (
                value
                for row in self.rows
                for head, value in zip(self.heads, row, strict=True)
                if head.shade and value
            ),
            default=1,
        )
        found = []
        for number, row in enumerate(self.rows):
            cells = [
                Cell(
                    head.kind,
                    value,
                    step(value, most) if head.shade else 0,
                    self.leads[head.key][number] if value and head.key in self.leads else "",
                )
                for head, value in zip(self.heads, row, strict=True)
            ]
            if self.urls:
                cells[0] = Cell(cells[0].kind, cells[0].value, 0, self.urls[number])
            found.append(cells)
        return found

    @property
    def total_cells(self) -> list[Cell]:
        return [
            Cell(head.kind, value) for head, value in zip(self.heads, self.total or (), strict=True)
        ]

    @property
    def downloads(self) -> list[dict[str, str]]:
        """Addresses of its table as files, beside the page's own."""
        return [
            {"label": label, "url": query({"picture": self.key, "export": wanted})}
            for wanted, label in FILES
        ]

    def file(self, wanted: str) -> HttpResponse | None:
        """Its table as a file of that format; None for a format that is none."""
        if wanted == "json":
            return self._json()
        if wanted not in export.FORMATS:
            return None
        rows = [*self.rows, *([self.total] if self.total else [])]
        pairs = [
            [(head.kind, value) for head, value in zip(self.heads, row, strict=True)]
            for row in rows
        ]
        heads = [_file_head(head) for head in self.heads]
        return export.respond(wanted, self.title, heads, pairs)

    def _json(self) -> HttpResponse:
        """For programs: rows with the keys of the columns, money in 分; the total is left to them."""
        body = {
            "picture": self.key,
            "title": self.title,
            "as_of": self.as_of.isoformat(),
            "method": self.note,
            "columns": {head.key: _file_head(head, money="（分）") for head in self.heads},
            "rows": [
                {head.key: value for head, value in zip(self.heads, row, strict=True)}
                for row in self.rows
            ],
        }
        return json_file(self.key, body)


def _file_head(head: Heading, money: str = "（万元）") -> str:
    unit = {"percent": "（%）", "money": money}
    return head.label + unit.get(head.kind, "")


def json_file(name: str, body: Mapping[str, Any]) -> HttpResponse:
    """Open data as a download, made anew each time."""
    response = JsonResponse(body, json_dumps_params={"ensure_ascii": False})
    response["Content-Disposition"] = f'attachment; filename="{name}.json"'
    response["Cache-Control"] = "no-store"
    return response


def answer(request: HttpRequest, pictures: Sequence[Picture]) -> HttpResponse | None:
    """The file that `?picture=…&export=…` asks for; None when the page itself is wanted."""
    asked = request.GET.get("picture", "")
    found = next((each for each in pictures if each.key == asked), None)
    return found.file(request.GET.get("export", "")) if found else None


def step(value: float | None, most: float) -> int:
    """The colour of a number: none for nothing, else one of four equal parts of the largest."""
    return min(STEPS, 1 + int((value * STEPS - 1) // most)) if value and most else 0


def tiles(
    values: Mapping[str, int | None],
    url: Callable[[str], str],
    *,
    sign: str = "",
    most: int | None = None,
) -> list[Tile]:
    """The 32 units with their numbers; None is shown as “—”. `most` fixes the top of the scale."""
    top = most or max((value or 0 for value in values.values()), default=0) or 1
    return [
        Tile(
            each.code,
            each.name,
            each.short,
            each.row,
            each.col,
            "—" if values.get(each.code) is None else f"{values[each.code]}{sign}",
            step(values.get(each.code), top),
            url(each.code),
        )
        for each in PROVINCES
    ]
