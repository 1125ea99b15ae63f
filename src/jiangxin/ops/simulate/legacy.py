"""The titles of 2011–2020: brought in from a workbook, assessed in batches, some of them lost."""

import io
from datetime import timedelta
from random import Random

import xlsxwriter

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.regions import Province
from jiangxin.ops.scenes import names
from jiangxin.stages.assessment import actions, conclusions, importing
from jiangxin.stages.assessment.choices import PARTS, Grade
from jiangxin.stages.assessment.models import Assessment
from jiangxin.stages.assessment.workbook import COLUMNS, SHEET
from jiangxin.stages.programme.queries import pack
from jiangxin.stages.titles.models import Title

from . import revoking
from .agenda import Story
from .world import World

NAMED = 8  # titles of 2011–2020 in a province
FAILS, LEFT_OUT = 0.08, 0.06
TEXTS = {part.key: f"{part.label}：设备完好，培训持续开展。" for part in PARTS}


def imports(world: World, province: Province) -> Story:
    """The province's workbook; the same file a second time is refused row by row."""
    rng = world.rng("legacy", province.code)
    hr, _ = world.both(province.code)
    data = _workbook([_row(rng, province, number) for number in range(NAMED)])
    kept = importing.upload(viewer=hr, name="名录.xlsx", size=len(data), content=io.BytesIO(data))
    importing.enter(viewer=hr, import_id=kept.pk)
    with world.refused("名录重复录入"):
        importing.upload(viewer=hr, name="名录.xlsx", size=len(data), content=io.BytesIO(data))
    yield from ()


def _row(rng: Random, province: Province, number: int) -> dict[str, object]:
    base = number % 2 == 0
    leader = names.person(rng)
    unit = names.school(rng, province) if base else names.firm(rng, province)
    return {
        "number": f"L{province.code}{number:04d}",
        "kind": "基地" if base else "工作室",
        "province": province.short,
        "year": rng.randint(2011, 2020),
        "name": f"{unit}高技能人才培训基地" if base else f"{leader}技能大师工作室",
        "unit_name": unit,
        "uscc": names.unit_code(rng, province),
        "former_names": "",
        "leader_name": "" if base else leader,
        "status": "存续",
    }


def _workbook(rows: list[dict[str, object]]) -> bytes:
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True})
    sheet = book.add_worksheet(SHEET)
    sheet.write_row(0, 0, [column.label for column in COLUMNS])
    for number, row in enumerate(rows, start=1):
        sheet.write_row(number, 0, [row[column.key] for column in COLUMNS])
    book.close()
    return buffer.getvalue()


def assesses(world: World, province: Province, year: int) -> Story:
    """One batch a year until the last; a few titles are left for too late (4.2)."""
    rng = world.rng("assesses", province.code, year)
    hr, _ = world.both(province.code)
    waiting = list(
        Title.objects.filter(
            province=province.code, origin="", assessment="none", state="titled"
        ).order_by("number")
    )
    left = pack().years[-1] - year + 1
    share = len(waiting) if left < 1 else -(-len(waiting) // left)
    chosen = [each for each in waiting[:share] if left < 1 or rng.random() > LEFT_OUT]
    if not chosen:
        return
    batch = actions.open_batch(
        viewer=hr,
        year=clock.today().year,
        name="年度批次",
        due_on=clock.today() + timedelta(days=40),
    )
    actions.add_titles(viewer=hr, batch_id=batch.pk, title_ids=[each.pk for each in chosen])
    yield clock.now() + timedelta(days=rng.randint(1, 3))
    rows = list(batch.assessments.order_by("id"))
    for row in rows:
        actions.save_report(
            viewer=hr, assessment_id=row.pk, texts=TEXTS, goals_met=True, running=True
        )
        actions.send_report(viewer=hr, assessment_id=row.pk)
    yield clock.now() + timedelta(days=2)
    failed = [row for row in rows if rng.random() < FAILS]
    passed = [row for row in rows if row not in failed]
    _conclude(world, province, failed, Grade.UNQUALIFIED)
    _conclude(world, province, passed, Grade.QUALIFIED)
    for row in failed:
        at = clock.now() + timedelta(days=rng.randint(20, 60))
        world.agenda.start(revoking.revokes(world, row.title, cause="assessment"), at)


def _conclude(world: World, province: Province, rows: list[Assessment], grade: Grade) -> None:
    if not rows:
        return
    hr, finance = world.both(province.code)
    ids = [row.pk for row in rows]
    judged = conclusions.judge(viewer=hr, ids=ids, grade=grade, reasons="材料与现场核查一致。")
    with world.refused("两部门未同意即作考核结论"):
        conclusions.conclude(viewer=hr, ids=ids)
    for viewer in (hr, finance):
        conclusions.concur(
            viewer=viewer, ids=ids, digest=conclusions.selection_digest(judged), agreed=True
        )
    conclusions.conclude(viewer=hr, ids=ids)
