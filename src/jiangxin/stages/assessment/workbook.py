"""The workbook of the legacy register: the template that is filled in, and its cells read back.

Only the form of the file is looked at here; what the cells mean is the matter of `legacy`.
"""

import io
from dataclasses import dataclass
from typing import Any

import xlsxwriter
from python_calamine import CalamineSheet

from jiangxin.core.kernel.errors import Invalid
from jiangxin.core.kernel.regions import PROVINCES
from jiangxin.records.documents.workbooks import (
    MEDIA_TYPE,
    Book,
    Fault,
    Faulty,
    cell_text,
    open_book,
)

__all__ = ["MEDIA_TYPE", "Fault", "Faulty", "cell_text"]

SHEET, GUIDE = "名录", "填写说明"
MOST_ROWS = 2000
MOST_FAULTS = 1000  # more than anybody reads; the page says how many there are


@dataclass(frozen=True)
class Column:
    """One column of the sheet: its head, whether it must be filled, how to fill it, an example."""

    key: str
    label: str
    required: bool
    help: str
    example: str
    width: int = 16
    choices: tuple[str, ...] = ()


KINDS = ("基地", "工作室")
STATUSES = ("存续", "注销")
COLUMNS = (
    Column("number", "编号", True, "原文件中的编号；没有的自编，全国不重复。", "37J2014001"),
    Column("kind", "类别", True, "基地 或 工作室。", "基地", 10, KINDS),
    Column(
        "province",
        "省份",
        True,
        "简称或全称，例如 山东、兵团。",
        "山东",
        12,
        tuple(each.short for each in PROVINCES),
    ),
    Column("year", "确定年度", True, "四位年份，2011—2020。", "2014", 10),
    Column("name", "项目名称", True, "命名文件中的名称。", "某技师学院高技能人才培训基地", 36),
    Column("unit_name", "建设单位", True, "单位现在的名称。", "某技师学院", 28),
    Column("uscc", "统一社会信用代码", False, "18 位；单位凭它看到自己的称号。", "", 24),
    Column("former_names", "曾用名称和代码", False, "多个用顿号分开。", "某高级技工学校", 28),
    Column("leader_name", "带头人", False, "工作室必填。", "", 12),
    Column("status", "单位状态", True, "存续 或 注销。", "存续", 10, STATUSES),
)
BY_LABEL = {column.label: column for column in COLUMNS}


def faulty(faults: list[Fault]) -> Faulty:
    """The refusal of a workbook with these faults, row by row and in the order of the columns."""
    places = {column.label: place for place, column in enumerate(COLUMNS)}
    ordered = sorted(faults, key=lambda each: (each.row, places.get(each.column, 0)))
    return Faulty(ordered, outcome="没有录入任何一行", clause="4.2")


@dataclass(frozen=True)
class Line:
    """One filled row: its number in Excel, and the cells by column key, as Excel holds them."""

    row: int
    cells: dict[str, Any]


def template() -> bytes:
    """The workbook to fill in: texts throughout, lists to choose from, an example beside the rules."""
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True})
    head = book.add_format({"bold": True, "bottom": 1, "bg_color": "#E8EEF6"})
    text = book.add_format({"num_format": "@"})
    sheet = book.add_worksheet(SHEET)
    for place, column in enumerate(COLUMNS):
        sheet.set_column(place, place, column.width, text)
        sheet.write_string(0, place, column.label, head)
        if column.choices:
            rule = {"validate": "list", "source": list(column.choices)}
            sheet.data_validation(1, place, MOST_ROWS, place, rule)
    sheet.freeze_panes(1, 0)
    guide = book.add_worksheet(GUIDE)
    guide.set_column(0, 3, 24)
    for place, label in enumerate(("列", "是否必填", "怎样填", "示例")):
        guide.write_string(0, place, label, head)
    for number, column in enumerate(COLUMNS, start=1):
        cells = (column.label, "必填" if column.required else "", column.help, column.example)
        for place, cell in enumerate(cells):
            guide.write_string(number, place, cell)
    notes = (
        f"只填“{SHEET}”表，一行一个项目，最多 {MOST_ROWS} 行；不要合并单元格，不要写公式。",
        "单位已注销的，改填承继单位的名称和代码，原单位写入“曾用名称和代码”；没有承继单位的不录入。",
    )
    for number, note in enumerate(notes, start=len(COLUMNS) + 2):
        guide.write_string(number, 0, note)
    book.close()
    return buffer.getvalue()


def lines_of(data: bytes) -> list[Line]:
    """The filled rows of a workbook, whose bytes have passed the gates of uploads.

    Raises `Invalid` for a file that is not the template (another sheet, lacking columns, too many
    rows, none), `Faulty` for merged cells and formulas, each with its place.
    """
    book = open_book(data)
    sheet = _sheet(book)
    if faults := book.faults(SHEET):
        raise faulty(faults)
    if sheet.total_height > MOST_ROWS + 1_000:
        raise _too_many(sheet.total_height - 1)
    rows = sheet.to_python(skip_empty_area=False)
    places = _places(rows[0] if rows else [])
    found = [
        Line(number, {key: row[place] for key, place in places.items()})
        for number, row in enumerate(rows[1:], start=2)
        if any(str(row[place]).strip() for place in places.values())
    ]
    if not found:
        raise Invalid(f"“{SHEET}”表中没有填写任何项目。", remedy="请从第 2 行填起。", field="file")
    if len(found) > MOST_ROWS:
        raise _too_many(len(found))
    return found


def _sheet(book: Book) -> CalamineSheet:
    if SHEET in book.names:
        return book.sheet(SHEET)
    named = "、".join(book.names[:5])
    raise Invalid(
        f"工作簿中没有“{SHEET}”表（现有：{named}）。",
        remedy="请下载模板填写，不要改工作表的名称。",
        field="file",
    )


def _too_many(count: int) -> Invalid:
    return Invalid(
        f"有 {count} 行，一次最多 {MOST_ROWS} 行。",
        remedy="请拆成几个文件分次上传；多余的空行请删除。",
        field="file",
    )


def _places(head: list[Any]) -> dict[str, int]:
    """Column key → place in the row, by the heads. Raises `Invalid` naming what is missing or twice."""
    labels = [str(cell).strip().rstrip("*") for cell in head]
    missing = [column.label for column in COLUMNS if column.label not in labels]
    if missing:
        raise Invalid(
            f"“{SHEET}”表第 1 行缺少：{'、'.join(missing)}。",
            remedy="请下载模板填写，保留第 1 行的列名。",
            field="file",
        )
    twice = sorted({label for label in labels if label in BY_LABEL and labels.count(label) > 1})
    if twice:
        raise Invalid(
            f"第 1 行有重复的列：{'、'.join(twice)}。", remedy="请删去多余的列。", field="file"
        )
    return {column.key: labels.index(column.label) for column in COLUMNS}
