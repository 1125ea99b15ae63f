"""Rows as CSV or Excel. A text never becomes a formula in the reader's spreadsheet."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import xlsxwriter
from django.http import HttpResponse, StreamingHttpResponse

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.money import FEN_PER_WAN, FEN_PER_YUAN

FORMATS = ("csv", "xlsx")
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")

Pair = tuple[str, Any]


def heading(label: str, kind: str) -> str:
    """A column's head; amounts say their unit."""
    unit = {"money": "（万元）", "yuan": "（元）"}.get(kind, "")
    return label + unit


def respond(
    wanted: str, name: str, heads: Sequence[str], rows: Iterable[Sequence[Pair]]
) -> HttpResponse:
    """A download called `name`-date. `rows` are (kind, value) pairs, kinds as those of a column."""
    if wanted == "csv":
        response: Any = StreamingHttpResponse(
            csv_lines(heads, rows), content_type="text/csv; charset=utf-8"
        )
    else:
        response = HttpResponse(xlsx_bytes(name, heads, rows), content_type=XLSX)
    file = quote(f"{name}-{clock.today():%Y%m%d}.{wanted}")
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{file}"
    response["Cache-Control"] = "no-store"
    return response


def csv_lines(heads: Sequence[str], rows: Iterable[Sequence[Pair]]) -> Iterator[str]:
    """The file line by line, with the mark by which Excel knows UTF-8.

    A text that a spreadsheet would take for a formula gets an apostrophe before it.
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    buffer.write("\ufeff")
    writer.writerow([harmless(head) for head in heads])
    for row in rows:
        writer.writerow([harmless(plain(kind, value)) for kind, value in row])
        yield _taken(buffer)
    yield _taken(buffer)


def _taken(buffer: io.StringIO) -> str:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text


def harmless(value: Any) -> Any:
    """A text as data: never the beginning of a formula. Numbers stay numbers."""
    if isinstance(value, str) and value.startswith(DANGEROUS):
        return "'" + value
    return value


def plain(kind: str, value: Any) -> Any:
    """A value as a file holds it: numbers as numbers, money in 万元 or 元, moments in Beijing time."""
    if value is None:
        return ""
    if kind == "money":
        return Decimal(value) / FEN_PER_WAN
    if kind == "yuan":
        return Decimal(value) / FEN_PER_YUAN
    if kind == "yesno":
        return "是" if value else "否"
    if isinstance(value, datetime):
        return f"{value.astimezone(clock.BEIJING):%Y-%m-%d %H:%M}"
    if isinstance(value, date):
        return value.isoformat()
    return value if isinstance(value, int | float | Decimal) else str(value)


def xlsx_bytes(name: str, heads: Sequence[str], rows: Iterable[Sequence[Pair]]) -> bytes:
    """An Excel file with one sheet, a frozen head and a filter; texts are written as texts."""
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(
        buffer, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    )
    sheet = book.add_worksheet(_sheet_name(name))
    head = book.add_format({"bold": True, "bottom": 1, "bg_color": "#E8EEF6"})
    money = book.add_format({"num_format": "#,##0.00"})
    for column, title in enumerate(heads):
        sheet.write_string(0, column, title, head)
        sheet.set_column(column, column, min(40, max(10, 2 * len(title) + 2)))
    number = 0
    for number, row in enumerate(rows, start=1):
        for column, (kind, raw) in enumerate(row):
            value = plain(kind, raw)
            if isinstance(value, str):
                sheet.write_string(number, column, value)
            else:
                sheet.write_number(
                    number, column, value, money if kind in ("money", "yuan") else None
                )
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, number, max(0, len(heads) - 1))
    book.close()
    return buffer.getvalue()


def _sheet_name(name: str) -> str:
    return "".join(" " if char in "[]:*?/\\'" else char for char in name)[:31] or "表"
