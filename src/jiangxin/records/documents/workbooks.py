"""Excel workbooks as they come in: opened without trust, their cells as texts, their faults by place.

What the cells mean is the matter of whoever asked for the workbook.
"""

import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from html import unescape
from typing import IO, Any

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook

from jiangxin.core.kernel.errors import Invalid

from .archives import BROKEN_ZIP
from .gates import TYPES, media_type, safe_name

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MOST_BYTES = 5 * 1024 * 1024
MOST_PART = 40 * 1024 * 1024  # of one part, unpacked
MOST_UNPACKED = 80 * 1024 * 1024
MOST_PARTS = 500
MOST_ROWS = 5_000
MOST_COLUMNS = 200


@dataclass(frozen=True)
class Fault:
    """What is wrong with the file: where (row and column as Excel shows them), what, what to do."""

    row: int
    column: str
    message: str
    remedy: str = ""
    sheet: str = ""

    @property
    def cell(self) -> str:
        """The place as Excel names it, when the column is a letter."""
        return f"{self.column}{self.row}"


class Faulty(Invalid):
    """The workbook has faults; nothing of it is kept. `outcome` says so in the words of the matter."""

    def __init__(self, faults: list[Fault], *, outcome: str, clause: str) -> None:
        super().__init__(
            f"工作簿有 {len(faults)} 处需要更正，{outcome}。",
            remedy="请按下表逐处改正后，重新上传整个文件。",
            clause=clause,
            field="file",
        )
        self.faults = faults


def sent_book(name: str, size: int, content: IO[bytes]) -> bytes:
    """The bytes of an upload that is a workbook. Raises `Invalid` for what the gates refuse."""
    if media_type(safe_name(name), size, content) != TYPES["xlsx"]:
        raise Invalid("请上传 XLSX 工作簿。", remedy="请先下载，填好后上传。", field="file")
    return content.read(size + 1)


@dataclass(frozen=True)
class Book:
    """A workbook that was opened: its sheets by name, and the archive that it is."""

    book: CalamineWorkbook
    archive: dict[str, bytes]

    @property
    def names(self) -> list[str]:
        """The names of its sheets, hidden ones included."""
        return list(self.book.sheet_names)

    def sheet(self, name: str) -> CalamineSheet:
        """One sheet. Raises `Invalid` when it is larger than anybody fills in by hand."""
        part = self.archive.get(part_of(self.archive, name))
        if part is None:
            raise _unreadable()
        rows, columns = _extent(part)
        if rows > MOST_ROWS or columns > MOST_COLUMNS:
            raise Invalid(
                f"“{name}”表有 {rows} 行、{columns} 列，超出了可以读取的范围。",
                remedy="请删除多余的行和列（选中整行后“删除”，不是清除内容），再保存。",
                field="file",
            )
        try:
            return self.book.get_sheet_by_name(name)
        except CalamineError:
            raise _unreadable() from None

    def faults(self, name: str) -> list[Fault]:
        """Merged cells and formulas of one sheet: nobody can say what was meant by them."""
        return [*_merged(name, self.sheet(name)), *_formulas(name, self.archive)]


def open_book(data: bytes) -> Book:
    """Open a workbook whose bytes have passed the gates of uploads.

    It is unpacked part by part within bounds and packed again, so that the reader never meets an
    archive that lies about its size. Raises `Invalid` for what is too large or no workbook.
    """
    if len(data) > MOST_BYTES:
        raise Invalid("工作簿超过 5 MB。", remedy="请删去图片和多余的工作表。", field="file")
    archive = _unpacked(data)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as packed:
        for name, part in archive.items():
            packed.writestr(name, part)
    buffer.seek(0)
    try:
        return Book(CalamineWorkbook.from_filelike(buffer), archive)
    except CalamineError:
        raise _unreadable() from None


def _unpacked(data: bytes) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            whole = sum(entry.file_size for entry in entries)
            largest = max((entry.file_size for entry in entries), default=0)
            if len(entries) > MOST_PARTS or whole > MOST_UNPACKED or largest > MOST_PART:
                raise Invalid(
                    "工作簿解压后过大，已拒收。", remedy="请删除多余的行和工作表。", field="file"
                )
            return {entry.filename: archive.read(entry) for entry in entries}
    except BROKEN_ZIP:
        raise _unreadable() from None


def _unreadable() -> Invalid:
    return Invalid("工作簿无法读取。", remedy="请用 Excel 重新保存后上传。", field="file")


ROW = re.compile(rb"<(?:\w+:)?row\b")
PLACED = re.compile(rb"""\br=["']([A-Z]{0,3})(\d{1,7})["']""")
ONE_CELL = re.compile(rb"<(?:\w+:)?c[\s>/]")


def _extent(part: bytes) -> tuple[int, int]:
    """The largest row and column that a sheet's cells name or take up: the reader makes room for all."""
    rows = columns = 0
    for name, row in PLACED.findall(part):
        rows = max(rows, int(row))
        columns = max(columns, _place(name.decode()))
    for number, each in enumerate(ROW.split(part)):
        rows = max(rows, number)
        columns = max(columns, len(ONE_CELL.findall(each)))
    return rows, columns


def _place(name: str) -> int:
    place = 0
    for letter in name:
        place = place * 26 + ord(letter) - 64
    return place


def letters(place: int) -> str:
    """The name of a column as Excel shows it: 0 is A."""
    name = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        name = chr(65 + rest) + name
    return name


def _merged(name: str, sheet: CalamineSheet) -> Iterator[Fault]:
    for (first, column), (last, right) in sheet.merged_cell_ranges or []:
        where = f"{letters(column)}{first + 1}:{letters(right)}{last + 1}"
        yield Fault(
            sheet=name,
            row=first + 1,
            column=letters(column),
            message=f"{where} 是合并单元格。",
            remedy="请取消合并，每一行都填全。",
        )


FORMULA = re.compile(
    rb"""<(?:\w+:)?c\s[^>]*?\br=["']([A-Z]{1,3})(\d{1,7})["'][^>]*>\s*<(?:\w+:)?f[\s>/]"""
)


def _formulas(name: str, archive: dict[str, bytes]) -> Iterator[Fault]:
    """The cells with a formula: the reader shows only their last values, which may be stale."""
    for column, row in FORMULA.findall(archive.get(part_of(archive, name), b"")):
        yield Fault(
            sheet=name,
            row=int(row),
            column=column.decode(),
            message="单元格是公式。",
            remedy="请复制后“选择性粘贴—数值”。",
        )


def part_of(archive: dict[str, bytes], name: str) -> str:
    """The part that holds the sheet called `name`; '' when it is not where it should be."""
    book = archive.get("xl/workbook.xml", b"").decode("utf-8", "replace")
    links = archive.get("xl/_rels/workbook.xml.rels", b"").decode("utf-8", "replace")
    for tag in re.findall(r"<(?:\w+:)?sheet\s[^>]*>", book):
        if f'name="{name}"' not in unescape(tag):
            continue
        key = re.search(r'\b\w+:id="([^"]+)"', tag)
        for link in re.findall(r"<(?:\w+:)?Relationship\s[^>]*>", links):
            target = re.search(r'Target="([^"]+)"', link)
            if key and target and f'Id="{key[1]}"' in link:
                path = target[1].lstrip("/")
                return path if path in archive else f"xl/{path}" if f"xl/{path}" in archive else ""
    return ""


def cell_text(value: Any) -> str:
    """A cell as text; a whole number without its point. Logical values come as Excel's."""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        # A sum in a spreadsheet may come as 0.30000000000000004; what is shown there is 0.3.
        return str(int(value)) if value.is_integer() else f"{value:.6f}".rstrip("0").rstrip(".")
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return str(value).strip()
