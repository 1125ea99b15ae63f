"""An expert's open score sheets as one Excel workbook: made for this expert, filled in, read back.

One worksheet for each project. Only the form of the file is looked at here; whose sheets they are,
and whether they may still be changed, is the matter of `actions.workbook`.
"""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import xlsxwriter
from python_calamine import CalamineError, CalamineWorkbook

from jiangxin.core.kernel.canonical import digest
from jiangxin.core.kernel.errors import Invalid
from jiangxin.core.scoring.marking import Evidence
from jiangxin.core.scoring.points import shown
from jiangxin.core.scoring.rubric import Item, Kind, Rubric
from jiangxin.records.documents.gates import TYPES, media_type, safe_name
from jiangxin.records.documents.papers import Upload

from .choices import Ballot
from .models import ScoreSheet

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
NUMBER, STAMP, COMMENT = "评分表编号", "版本", "总体评审意见"
HEADS = ("编号", "指标", "方法", "满分或应有", "评分", "佐证", "说明", "评分标准")
WIDTHS = (18, 30, 10, 12, 10, 12, 34, 50)
FIRST = 3  # the row of the first item, as Excel counts
MOST_SHEETS, MOST_ROWS = 200, 300
EVIDENCE = {each.label: each.value for each in Evidence}
BALLOTS = {label: value for value, label in Ballot.choices}


@dataclass(frozen=True)
class Fault:
    """What is wrong with the file: worksheet and cell as Excel shows them, what it is."""

    sheet: str
    cell: str
    message: str


class Faulty(Invalid):
    """The workbook has faults; nothing of it is kept."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__(
            f"评分表有 {len(faults)} 处需要更正，一项也没有录入。",
            remedy="请按下表在 Excel 中更正后，重新上传整个文件。",
            clause="3.2",
            field="file",
        )
        self.faults = faults


@dataclass(frozen=True)
class Filled:
    """One worksheet as it was filled in: the sheet it says it is, its stamp, the texts by item."""

    name: str
    sheet_id: int
    stamp: str
    data: dict[str, str]
    comment: str
    cells: dict[str, str]  # item → the cell of its mark


def stamp(sheet: ScoreSheet) -> str:
    """Changes with whatever is saved on the sheet: by it an old file is known."""
    return digest({"marks": sheet.marks, "comment": sheet.comment})[:16]


def made(sheets: Sequence[tuple[ScoreSheet, Rubric]]) -> bytes:
    """The workbook with these sheets, what is saved of them filled in. `Invalid` when there is none."""
    if not sheets:
        raise Invalid(
            "没有可以下载的评分表。",
            remedy="请先逐个申明与项目有无利害关系；已签署的评分表不再下载。",
            clause="3.2",
        )
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True})
    styles = {
        "head": book.add_format({"bold": True, "bottom": 1, "bg_color": "#E8EEF6"}),
        "open": book.add_format({"num_format": "@", "bg_color": "#FFF8E1", "border": 1}),
        "wrap": book.add_format({"text_wrap": True, "valign": "top"}),
        "grey": book.add_format({"font_color": "#666666"}),
    }
    for sheet, by in sheets:
        _write(book, styles, sheet, by)
    book.close()
    return buffer.getvalue()


def _write(book: Any, styles: dict[str, Any], sheet: ScoreSheet, by: Rubric) -> None:
    page = book.add_worksheet(sheet.application.number[:31])
    for place, width in enumerate(WIDTHS):
        page.set_column(place, place, width)
    top = (NUMBER, str(sheet.pk), STAMP, stamp(sheet), "", "", sheet.application.title)
    for place, text in enumerate(top):
        page.write_string(0, place, text, styles["grey"])
    for place, text in enumerate(HEADS):
        page.write_string(1, place, text, styles["head"])
    line = FIRST - 1
    for item in by.items():
        kept = sheet.marks.get(item.id, {})
        cells = (item.id, item.name, item.method.label, _most(item))
        for place, text in enumerate(cells):
            page.write_string(line, place, text, styles["wrap"])
        page.write_string(
            line, 4, _typed(item, kept), styles["grey" if item.kind is Kind.DATA else "open"]
        )
        evidence = Evidence(kept.get("evidence", Evidence.SOUND.value)).label
        page.write_string(line, 5, evidence, styles["open"])
        page.write_string(line, 6, kept.get("comment", ""), styles["open"])
        page.write_string(line, 7, kept.get("source") or item.criteria, styles["wrap"])
        if item.kind is Kind.VOTE:
            page.data_validation(line, 4, line, 4, {"validate": "list", "source": list(BALLOTS)})
        line += 1
    page.data_validation(FIRST - 1, 5, line - 1, 5, {"validate": "list", "source": list(EVIDENCE)})
    page.write_string(line, 0, "comment", styles["grey"])
    page.write_string(line, 1, COMMENT)
    page.write_string(line, 4, sheet.comment, styles["open"])
    page.freeze_panes(2, 2)


def _most(item: Item) -> str:
    if item.kind is Kind.DEDUCTION:
        return f"应有 {item.required_units} {item.unit}"
    return "由数据计分" if item.kind is Kind.DATA else shown(item.scale)


def _typed(item: Item, kept: dict[str, Any]) -> str:
    typed = str(kept.get("typed", ""))
    return dict(Ballot.choices).get(typed, typed) if item.kind is Kind.VOTE else typed


def read(file: Upload) -> list[Filled]:
    """What stands in a filled workbook.

    Raises `Invalid` for what is no such workbook, `Faulty` for cells that cannot be understood.
    """
    name = safe_name(file.name)
    try:
        kind = media_type(name, file.size, file.content)
    except Invalid as error:
        raise Invalid(error.message, remedy=error.remedy, field="file") from None
    if kind != TYPES["xlsx"]:
        raise Invalid("请上传 XLSX 文件。", remedy="请用下载的评分表填写。", field="file")
    try:
        book = CalamineWorkbook.from_filelike(file.content)
        names = book.sheet_names[:MOST_SHEETS]
        pages = [(each, book.get_sheet_by_name(each)) for each in names]
        tables = [
            (each, page.to_python(skip_empty_area=False, nrows=MOST_ROWS)) for each, page in pages
        ]
    except CalamineError:
        raise Invalid(
            "工作簿无法读取。", remedy="请用 Excel 重新保存后上传。", field="file"
        ) from None
    faults: list[Fault] = []
    found = [one for each, rows in tables for one in _filled(each, rows, faults)]
    twice = [
        one
        for place, one in enumerate(found)
        if one.sheet_id in {o.sheet_id for o in found[:place]}
    ]
    faults += [Fault(one.name, "B1", "同一份评分表出现两次。") for one in twice]
    if faults:
        raise Faulty(faults)
    if not found:
        raise Invalid("工作簿中没有评分表。", remedy="请用下载的评分表填写。", field="file")
    return found


def _filled(name: str, rows: list[list[Any]], faults: list[Fault]) -> Iterator[Filled]:
    """One worksheet; what cannot be understood goes to `faults`."""
    if not any(str(cell).strip() for row in rows for cell in row):
        return
    lines = [[text(cell) for cell in (*row, *[""] * len(HEADS))][: len(HEADS)] for row in rows]
    top = lines[0]
    number = top[1]
    if top[0] != NUMBER or not (number.isascii() and number.isdigit()) or len(number) > 18:
        faults.append(Fault(name, "B1", "看不出是哪一份评分表；请不要改动第 1 行。"))
        return
    data: dict[str, str] = {}
    cells: dict[str, str] = {}
    comment = ""
    for row, line in enumerate(lines[FIRST - 1 :], start=FIRST):
        item, mark, evidence, remark = line[0], line[4], line[5], line[6]
        if item == "comment":
            comment = mark
        elif item:
            if evidence and evidence not in EVIDENCE:
                words = "、".join(EVIDENCE)
                faults.append(Fault(name, f"F{row}", f"“{evidence}”应为 {words} 之一。"))
            if item in cells:
                faults.append(Fault(name, f"A{row}", f"指标编号“{item}”重复。"))
            cells[item] = f"E{row}"
            data[item] = BALLOTS.get(mark, mark)
            data[f"{item}-evidence"] = EVIDENCE.get(evidence, "")
            data[f"{item}-comment"] = remark
    yield Filled(name, int(number), top[3], data, comment, cells)


def text(value: Any) -> str:
    """A cell as text: 7.0 is 7, and what a sum in a spreadsheet shows as 0.3 is 0.3."""
    if isinstance(value, bool) or value is None:
        return "" if value is None else str(value)
    if isinstance(value, float):
        number = Decimal(repr(round(value, 6)))
        return f"{number.normalize():f}" if number else "0"
    return str(value).replace("\0", "").strip()
