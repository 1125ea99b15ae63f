"""The end of construction: acceptance by a panel, mending within a year, or the end of the title."""

from datetime import timedelta
from random import Random

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.regions import BY_CODE
from jiangxin.core.scoring.points import shown
from jiangxin.core.scoring.rubric import Kind
from jiangxin.core.workflow import ProjectState
from jiangxin.ops.scenes.panel import fill_pool
from jiangxin.records.identity.queries import viewer_of
from jiangxin.records.identity.viewer import Viewer
from jiangxin.stages.acceptance import queries as reading
from jiangxin.stages.acceptance.actions import desk, panel, unit
from jiangxin.stages.acceptance.models import Acceptance, Sheet
from jiangxin.stages.acceptance.rules import rubric_of
from jiangxin.stages.application.titled import project_of
from jiangxin.stages.construction.queries import construction_of, goals
from jiangxin.stages.experts.choices import Field
from jiangxin.stages.experts.models import Expert
from jiangxin.stages.rectification.actions import mending, order, recheck
from jiangxin.stages.rectification.models import Rectification
from jiangxin.stages.titles.models import Title

from . import revoking
from .agenda import Story
from .papers import scan
from .world import World

FAILS, MENDS, SILENT = 0.2, 0.6, 0.3


def ends(world: World, title: Title) -> Story:
    """Apply too early, then in time; be scored; pass, or be ordered to mend."""
    rng = world.rng("ends", title.uscc)
    if not _standing(title):
        return
    with world.refused("建设期未满即申请验收"):
        _apply(world, rng, title)
    building = construction_of(title)
    while building is not None and clock.today() <= building.due:
        yield clock.end_of(building.due) + timedelta(days=5)
        building.refresh_from_db()
    if not _standing(title):
        return
    row = _apply(world, rng, title)
    yield clock.now() + timedelta(days=10)
    fails = rng.random() < FAILS
    _seat(world, rng, row)
    yield clock.now() + timedelta(days=10)
    _score(rng, row, 50 if fails else rng.randint(78, 98))
    _conclude(world, row)
    row.refresh_from_db()
    if project_of(title).state == ProjectState.ACCEPTED:  # type: ignore[union-attr]
        return
    yield clock.now() + timedelta(days=15)
    yield from _mends(world, rng, title)


def _standing(title: Title) -> bool:
    project = project_of(title)
    return project is not None and project.state == ProjectState.UNDER_CONSTRUCTION


def _apply(world: World, rng: Random, title: Title) -> Acceptance:
    viewer = world.unit_of(title)
    unit.save_draft(
        viewer=viewer,
        title_id=title.pk,
        actuals={
            each.goal.number: {"actual": each.goal.target, "note": ""} for each in goals(title)
        },
        statement="按方案完成建设任务，绩效目标达到。",
        files=[scan(rng, "验收总结")],
    )
    return unit.apply(viewer=viewer, title_id=title.pk)


def _seat(world: World, rng: Random, row: Acceptance) -> None:
    """One expert of each field, finance among them; none who must stay out. A pool that has run out,
    by terms that ended or by recusal, is filled up first."""
    hr, _ = world.both(row.title.province)
    if {each.field for each in _free(hr, row)} < set(Field):
        fill_pool(rng, BY_CODE[row.title.province])
    free = _free(hr, row)
    chosen = [
        rng.choice([each for each in free if each.field == field])
        for field in (Field.TECHNICAL, Field.EDUCATION, Field.FINANCE)
    ]
    desk.start(
        viewer=hr,
        acceptance_id=row.pk,
        expert_ids=[each.pk for each in chosen],
        leader_id=chosen[0].pk,
        due=clock.today() + timedelta(days=20),
    )


def _free(hr: Viewer, row: Acceptance) -> list[Expert]:
    return [each.expert for each in reading.candidates(hr, row) if not each.barred]


def _score(rng: Random, row: Acceptance, share: int) -> None:
    row.refresh_from_db()
    for sheet in reading.standing(row):
        expert = viewer_of(Expert.objects.select_related("user").get(pk=sheet.expert_id).user)
        panel.declare(viewer=expert, sheet_id=sheet.pk, conflict=False)
        panel.save(
            viewer=expert,
            sheet_id=sheet.pk,
            data=_marks(sheet, max(0, min(100, share + rng.randint(-4, 4)))),
            comment="按佐证和现场情况评分。",
        )
        panel.sign(viewer=expert, sheet_id=sheet.pk)
        if sheet.leader:
            keys = [item["key"] for item in row.checklist]
            panel.tick(viewer=expert, sheet_id=sheet.pk, ticks=dict.fromkeys(keys, "met"), notes={})


def _marks(sheet: Sheet, share: int) -> dict[str, str]:
    return {
        item.id: str(item.required_units * share // 100)
        if item.kind is Kind.DEDUCTION
        else shown(item.scale * share // 100 // item.step * item.step)
        for item in rubric_of(sheet.acceptance).items()
    }


def _conclude(world: World, row: Acceptance) -> None:
    both = world.both(row.title.province)
    desk.close_scoring(viewer=both[0], acceptance_id=row.pk)
    with world.refused("两部门未同意即作验收结论"):
        desk.conclude(viewer=both[0], acceptance_id=row.pk)
    row.refresh_from_db()
    for viewer in both:
        desk.concur(viewer=viewer, acceptance_id=row.pk, digest=row.digest(), agreed=True)
    desk.conclude(viewer=both[0], acceptance_id=row.pk)


def _mends(world: World, rng: Random, title: Title) -> Story:
    """An order of ten months at most; mended and re-checked, or the term runs out."""
    unit_, (hr, _) = world.unit_of(title), world.both(title.province)
    items = [("补足实训设备 3 台并登记入账。", "实训中心主任"), ("专项资金单独核算。", "财务科长")]
    row = _order(world, title, items, rng.randint(4, 12))
    yield clock.now() + timedelta(days=rng.randint(2, 10))
    order.sign_receipt(viewer=unit_, rectification_id=row.pk)
    row.refresh_from_db()
    mends = rng.random() < MENDS
    if mends or rng.random() > SILENT:
        yield clock.now() + timedelta(days=rng.randint(30, 90))
        _hand_in(unit_, rng, row, len(items))
        yield clock.now() + timedelta(days=10)
        _recheck(world, title, row, len(items), passes=mends)
        if mends:
            return
    row.refresh_from_db()
    if row.ends_on is None:
        raise ValueError("a served order has a due date")
    with world.refused("整改期未满即认定期满"):
        recheck.expire(viewer=hr, rectification_id=row.pk, reason="仍未整改到位。")
    yield clock.end_of(row.ends_on) + timedelta(days=3)
    recheck.expire(viewer=hr, rectification_id=row.pk, reason="期满仍未整改到位。")
    yield clock.now() + timedelta(days=5)
    yield from revoking.revokes(world, title, cause="rectification")


def _order(world: World, title: Title, items: list[tuple[str, str]], months: int) -> Rectification:
    both = world.both(title.province)

    def draft(length: int) -> Rectification:
        return order.draft_order(
            viewer=both[0],
            title_id=title.pk,
            source="acceptance",
            cause="验收不合格。",
            months=length,
            items=items,
            doc_number=f"演示整改{title.number}",
        )

    with world.refused("整改期超过一年"):
        draft(13)
    row = draft(months)
    row.refresh_from_db()
    for viewer in both:
        order.concur_order(viewer=viewer, rectification_id=row.pk, digest=row.digest(), agreed=True)
    return order.order(viewer=both[0], rectification_id=row.pk)


def _hand_in(viewer: object, rng: Random, row: Rectification, count: int) -> None:
    for number in range(1, count + 1):
        mending.save_reply(
            viewer=viewer,  # type: ignore[arg-type]
            rectification_id=row.pk,
            number=number,
            reply=f"第 {number} 条已整改。",
            files=[scan(rng, f"整改佐证{number}")],
        )
    mending.submit(viewer=viewer, rectification_id=row.pk)  # type: ignore[arg-type]


def _recheck(world: World, title: Title, row: Rectification, count: int, *, passes: bool) -> None:
    hr, finance = world.both(title.province)
    numbers = range(1, count + 1)
    attempt = recheck.check(
        viewer=hr,
        rectification_id=row.pk,
        marks={number: "met" if passes or number > 1 else "unmet" for number in numbers},
        notes={} if passes else {1: "现场仍缺 1 台。"},
        opinion="逐项核查，现场复核。",
    )
    if not passes:
        recheck.fail(viewer=hr, rectification_id=row.pk)
        return
    attempt.refresh_from_db()
    for viewer in (hr, finance):
        recheck.concur_pass(
            viewer=viewer, rectification_id=row.pk, digest=attempt.digest(), agreed=True
        )
    recheck.pass_recheck(viewer=hr, rectification_id=row.pk)
