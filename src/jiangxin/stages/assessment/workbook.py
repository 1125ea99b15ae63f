"""The workbook of the legacy register: the template that is filled in, and its cells read back.

Only the form of the file is looked at here; what the cells mean is the matter of `legacy`.
"""

import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import xlsxwriter
from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook

from jiangxin.core.kernel.errors import Invalid
from jiangxin.core.kernel.regions import PROVINCES

SHEET, GUIDE = "名录", "填写说明"
MOST_ROWS = 2000
MOST_BYTES = 5 * 1024 * 1024
MOST_FAULTS = 1000  # more than anybody reads; the page says how many there are
MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


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


@dataclass(frozen=True)
class Fault:
    """What is wrong with the file: where (row and column as Excel shows them), what, what to do."""

    row: int
    column: str
    message: str
    remedy: str = ""


class Faulty(Invalid):
    """The workbook has faults; nothing of it is kept."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__(
            f"工作簿有 {len(faults)} 处错误，没有录入任何一行。",
            remedy="请按下表逐处改正后，重新上传整个文件。",
            clause="4.2",
            field="file",
        )
        places = {column.label: place for place, column in enumerate(COLUMNS)}
        self.faults = sorted(faults, key=lambda each: (each.row, places.get(each.column, 0)))


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
    if len(data) > MOST_BYTES:
        raise Invalid("工作簿超过 5 MB。", remedy="请删去图片和多余的工作表。", field="file")
    sheet = _sheet(data)
    faults = [*_merged(sheet), *_formulas(data, SHEET)]
    if faults:
        raise Faulty(faults)
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


def _sheet(data: bytes) -> CalamineSheet:
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        if SHEET in book.sheet_names:
            return book.get_sheet_by_name(SHEET)
    except CalamineError:
        raise Invalid(
            "工作簿无法读取。", remedy="请用 Excel 重新保存后上传。", field="file"
        ) from None
    named = "、".join(book.sheet_names[:5])
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


def _merged(sheet: CalamineSheet) -> Iterator[Fault]:
    for (first, column), (last, right) in sheet.merged_cell_ranges or []:
        where = f"{_letters(column)}{first + 1}:{_letters(right)}{last + 1}"
        yield Fault(
            first + 1,
            _letters(column),
            f"{where} 是合并单元格。",
            "请取消合并，每一行都填全。",
        )


def _letters(place: int) -> str:
    """The name of a column as Excel shows it: 0 is A."""
    name = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        name = chr(65 + rest) + name
    return name


FORMULA = re.compile(rb'<(?:\w+:)?c\s[^>]*?\br="([A-Z]{1,3})(\d{1,7})"[^>]*>\s*<(?:\w+:)?f[\s>/]')


def _formulas(data: bytes, name: str) -> Iterator[Fault]:
    """The cells with a formula: the reader shows only their last values, which may be stale."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        path = _part_of(archive, name)
        found = FORMULA.findall(archive.read(path)) if path else []
    for letters, row in found:
        yield Fault(int(row), letters.decode(), "单元格是公式。", "请复制后“选择性粘贴—数值”。")


def _part_of(archive: zipfile.ZipFile, name: str) -> str:
    """The part of the archive that holds the sheet called `name`; '' when it is not where it should."""
    book = archive.read("xl/workbook.xml").decode("utf-8", "replace")
    names = set(archive.namelist())
    if "xl/_rels/workbook.xml.rels" not in names:
        return ""
    links = archive.read("xl/_rels/workbook.xml.rels").decode("utf-8", "replace")
    for tag in re.findall(r"<(?:\w+:)?sheet\s[^>]*>", book):
        if f'name="{name}"' not in tag:
            continue
        key = re.search(r'\br:id="([^"]+)"', tag)
        for link in re.findall(r"<(?:\w+:)?Relationship\s[^>]*>", links):
            target = re.search(r'Target="([^"]+)"', link)
            if key and target and f'Id="{key[1]}"' in link:
                path = target[1].lstrip("/")
                return path if path in names else f"xl/{path}" if f"xl/{path}" in names else ""
    return ""


def cell_text(value: Any) -> str:
    """A cell as text; a whole number without its point. Dates and logical values come as Excel's."""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, date):
        return value.isoformat()
    return str(value).strip()
