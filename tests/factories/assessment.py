"""Workbooks of the legacy register, titles of 2011–2020, and assessments brought to a state."""

import io
from collections.abc import Sequence
from datetime import date
from typing import Any

import xlsxwriter

from jiangxin.core.kernel import clock
from jiangxin.records.identity.actions import register_unit
from jiangxin.records.identity.models import User
from jiangxin.records.identity.queries import viewer_of
from jiangxin.records.identity.viewer import System, Viewer
from jiangxin.stages.assessment import actions, conclusions
from jiangxin.stages.assessment.choices import PARTS
from jiangxin.stages.assessment.models import Assessment, Batch
from jiangxin.stages.assessment.workbook import COLUMNS, SHEET
from jiangxin.stages.titles.actions import enter_legacy
from jiangxin.stages.titles.models import Title

MARCH = clock.beijing(2025, 3, 3, 9)
DUE = date(2025, 5, 30)
CODES = ("12370000495570303U", "1237000049557030XR", "91350100M0001TGQXM")
TEXTS = {part.key: f"{part.label}：培训高级工以上1200人次。" for part in PARTS}


def cells(number: str = "37J2014001", **changes: Any) -> dict[str, Any]:
    """One sound row of the sheet, by column key."""
    return {
        "number": number,
        "kind": "基地",
        "province": "山东",
        "year": 2014,
        "name": "某技师学院高技能人才培训基地",
        "unit_name": "某技师学院",
        "uscc": CODES[0],
        "former_names": "某高级技工学校",
        "leader_name": "",
        "status": "存续",
    } | changes


def workbook(rows: Sequence[dict[str, Any]], *, sheet: str = SHEET, **extra: Any) -> io.BytesIO:
    """The template with these rows. `merge`: a range; `formula`: (cell, formula); `drop`: a column."""
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_formulas": False})
    own = book.add_worksheet(sheet)
    columns = [column for column in COLUMNS if column.key != extra.get("drop")]
    own.write_row(0, 0, [column.label for column in columns])
    for number, row in enumerate(rows, start=1):
        own.write_row(number, 0, [row[column.key] for column in columns])
    if "merge" in extra:
        own.merge_range(extra["merge"], "合并")
    if "formula" in extra:
        own.write_formula(*extra["formula"])
    book.close()
    buffer.seek(0)
    return buffer


def legacy(number: str, **changes: Any) -> Title:
    """A valid base of 2014 in Shandong, not assessed."""
    fields = {
        "number": number,
        "kind": "base",
        "province": "37",
        "year": 2014,
        "name": f"基地{number}",
        "unit_name": f"学校{number}",
        "uscc": "",
        **changes,
    }
    return enter_legacy(by=System(), **fields)


def unit_with(uscc: str, name: str = "某技师学院", province: str = "37") -> Viewer:
    """The account of a unit registered under this code."""
    user: User = register_unit(
        name=name,
        uscc=uscc,
        province=province,
        contact="张三",
        phone="1",
        username=uscc,
        password=None,
    )
    return viewer_of(user)


def batch_of(hr: Viewer, *titles: Title, year: int = 2025) -> Batch:
    """A batch of the year with these titles."""
    due = date(clock.today().year, 12, 30)
    row = actions.open_batch(viewer=hr, year=year, name="一批", due_on=due)
    if titles:
        ids = [title.pk for title in titles]
        actions.add_titles(viewer=hr, batch_id=row.pk, title_ids=ids)
    return row


def reported(row: Assessment, by: Viewer) -> Assessment:
    """The report written and sent in."""
    actions.save_report(viewer=by, assessment_id=row.pk, texts=TEXTS, goals_met=True, running=True)
    return actions.send_report(viewer=by, assessment_id=row.pk)


def judged(hr: Viewer, *titles: Title, grade: str = "qualified", year: int = 2025) -> list[Any]:
    """A batch with these titles, all reported and judged alike."""
    rows = list(batch_of(hr, *titles, year=year).assessments.order_by("id"))
    for row in rows:
        reported(row, hr)
    ids = [row.pk for row in rows]
    return conclusions.judge(viewer=hr, ids=ids, grade=grade, reasons="材料齐全，现场核实。")


def concluded(hr: Viewer, finance: Viewer, *titles: Title, **given: Any) -> list[Assessment]:
    """The same, agreed by both departments and concluded."""
    rows = judged(hr, *titles, **given)
    agree(rows, hr, finance)
    return conclusions.conclude(viewer=hr, ids=[row.pk for row in rows])


def agree(rows: Sequence[Assessment], *viewers: Viewer) -> None:
    """Each of these departments agrees to the judgements as they stand."""
    for viewer in viewers:
        conclusions.concur(
            viewer=viewer,
            ids=[row.pk for row in rows],
            digest=conclusions.selection_digest(rows),
            agreed=True,
        )
