"""An expert's open score sheets as one Excel workbook: made for this expert, filled in, read back.

One worksheet for each project. Only the form of the file is looked at here; whose sheets they are,
and whether they may still be changed, is the matter of `actions.workbook`.
"""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import xlsxwriter

from jiangxin.core.kernel.canonical import digest
from jiangxin.core.kernel.errors import Invalid
from jiangxin.core.scoring.marking import Evidence
from jiangxin.core.scoring.points import shown
from jiangxin.core.scoring.rubric import Item, Kind, Rubric
from jiangxin.records.documents.papers import Upload
from jiangxin.records.documents.workbooks import (
    MEDIA_TYPE,
    Fault,
    Faulty,
    cell_text,
    open_book,
    sent_book,
)

from .choices import Ballot
from .models import ScoreSheet

__all__ = ["MEDIA_TYPE", "Fault", "Faulty"]

MARK = "E"  # the column of the marks
NUMBER, STAMP, COMMENT = "评分表编号", "版本", "总体评审意见"
HEADS = ("编号", "指标", "方法", "满分或应有", "评分", "佐证", "说明", "评分标准")
WIDTHS = (18, 30, 10, 12, 10, 12, 34, 50)
FIRST = 3  # the row of the first item, as Excel counts
MOST_SHEETS, MOST_ROWS = 200, 300
EVIDENCE = {each.label: each.value for each in Evidence}
BALLOTS = {label: value for value, label in Ballot.choices}


def fault(sheet: str, column: str, row: int, message: str) -> Fault:
    """What is wrong in one cell of one worksheet."""
    return Fault(row, column, message, sheet=sheet)


def faulty(faults: list[Fault]) -> Faulty:
    """The refusal of a workbook with these faults."""
    return Faulty(faults, outcome="一项也没有录入", clause="3.2")


@dataclass(frozen=True)
class Filled:
    """One worksheet as it was filled in: the sheet it says it is, its stamp, the texts by item."""

    name: str
    sheet_id: int
    stamp: str
    data: dict[str, str]
    comment: str
    rows: dict[str, int]  # item → the row of its mark, which stands in column `MARK`


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
    book = open_book(sent_book(file.name, file.size, file.content))
    faults: list[Fault] = []
    found: list[Filled] = []
    for name in book.names[:MOST_SHEETS]:
        faults += book.faults(name)
        rows = book.sheet(name).to_python(skip_empty_area=False, nrows=MOST_ROWS)
        found += _filled(name, rows, faults)
    twice = [
        one
        for place, one in enumerate(found)
        if one.sheet_id in {o.sheet_id for o in found[:place]}
    ]
    faults += [fault(one.name, "B", 1, "同一份评分表出现两次。") for one in twice]
    if faults:
        raise faulty(faults)
    if not found:
        raise Invalid("工作簿中没有评分表。", remedy="请用下载的评分表填写。", field="file")
    return found


def _filled(name: str, rows: list[list[Any]], faults: list[Fault]) -> Iterator[Filled]:
    """One worksheet; what cannot be understood goes to `faults`."""
    if not any(str(cell).strip() for row in rows for cell in row):
        return
    lines = [[cell_text(cell) for cell in (*row, *[""] * len(HEADS))][: len(HEADS)] for row in rows]
    top = lines[0]
    number = top[1]
    if top[0] != NUMBER or not (number.isascii() and number.isdigit()) or len(number) > 18:
        faults.append(fault(name, "B", 1, "看不出是哪一份评分表；请不要改动第 1 行。"))
        return
    data: dict[str, str] = {}
    places: dict[str, int] = {}
    comment = ""
    for row, line in enumerate(lines[FIRST - 1 :], start=FIRST):
        item, mark, evidence, remark = line[0], line[4], line[5], line[6]
        if item == "comment":
            comment = mark
        elif item:
            if evidence and evidence not in EVIDENCE:
                words = "、".join(EVIDENCE)
                faults.append(fault(name, "F", row, f"“{evidence}”应为 {words} 之一。"))
            if item in places:
                faults.append(fault(name, "A", row, f"指标编号“{item}”重复。"))
            places[item] = row
            data[item] = BALLOTS.get(mark, mark)
            data[f"{item}-evidence"] = EVIDENCE.get(evidence, "")
            data[f"{item}-comment"] = remark
    yield Filled(name, int(number), top[3], data, comment, places)
