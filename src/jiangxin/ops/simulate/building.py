"""Construction: reports, activities, one extension at most, inspections drawn at random, findings."""

from datetime import timedelta
from random import Random

from jiangxin.core.draw.shares import commitment
from jiangxin.core.kernel import chance, clock
from jiangxin.core.kernel.regions import Province
from jiangxin.core.workflow import ProjectState, Role
from jiangxin.stages.application.titled import project_of
from jiangxin.stages.construction.actions import (
    activities,
    extension,
    findings,
    inspection,
    reports,
    start,
    visits,
)
from jiangxin.stages.construction.choices import Progress
from jiangxin.stages.construction.models import Construction, Period, Visit
from jiangxin.stages.programme.queries import pack
from jiangxin.stages.titles.models import Title

from .agenda import Story
from .papers import scan
from .world import World

LATE, EXTENDS, PROBLEMS = 0.1, 0.12, 0.4
PARTIES = {"hr": Role.PROVINCE_HR, "finance": Role.PROVINCE_FINANCE, "supervisor": Role.SUPERVISOR}


def builds(world: World, title: Title) -> Story:
    """From the opening to the last report; some ask for more time."""
    rng = world.rng("builds", title.uscc)
    hr, _ = world.both(title.province)
    row = start.start(viewer=hr, title_id=title.pk)
    extends = rng.random() < EXTENDS
    if extends:
        world.agenda.start(_extend(world, rng, row), clock.end_of(row.due - timedelta(days=80)))
    done = 0
    while True:
        row.refresh_from_db()
        period = row.periods.filter(number=done + 1).first()
        if period is None:
            return
        late = timedelta(days=40 if rng.random() < LATE else 3)
        yield clock.end_of(period.ends) + late
        if not _stands(title):
            return
        last = not row.periods.filter(number=done + 2).exists()
        _report(world, rng, row, period, share=100 if last else min(95, 25 * (done + 1)))
        _activity(world, rng, title, period)
        done += 1


def _stands(title: Title) -> bool:
    project = project_of(title)
    return project is not None and project.state == ProjectState.UNDER_CONSTRUCTION


def _report(world: World, rng: Random, row: Construction, period: Period, *, share: int) -> None:
    unit, (hr, _) = world.unit_of(row.title), world.both(row.title.province)
    every = list(row.milestones.order_by("number"))
    done = {each.pk for each in every[: len(every) * share // 100]}
    reports.save(
        viewer=unit,
        period_id=period.pk,
        written=reports.Written(
            summary="按计划推进设备、课程、师资和培训各项任务。",
            problems="无。",
            milestones={
                each.pk: reports.MilestoneWord(
                    progress=Progress.DONE if each.pk in done else Progress.GOING,
                    share=100 if each.pk in done else share // 2,
                    note="见附件",
                )
                for each in every
            },
            goals={each.pk: reports.GoalWord(value=f"完成 {share}%") for each in row.goals.all()},
        ),
        files=[scan(rng, "进展佐证")],
    )
    sent = reports.submit(viewer=unit, period_id=period.pk)
    reports.read(viewer=hr, report_id=sent.pk)


def _activity(world: World, rng: Random, title: Title, period: Period) -> None:
    activities.record(
        viewer=world.unit_of(title),
        title_id=title.pk,
        function=rng.choice(list(pack().choices["functions"])),
        held_on=period.ends,
        name="技能培训与交流活动",
        persons=rng.randint(20, 300),
        files=[scan(rng, "活动签到")],
    )


def _extend(world: World, rng: Random, row: Construction) -> Story:
    """One extension of half a year; a second one is refused (4.3)."""
    unit, both = world.unit_of(row.title), world.both(row.title.province)
    if not _stands(row.title):
        return
    wish = extension.request(
        viewer=unit,
        construction_id=row.pk,
        reason="主要设备交付延期，须顺延安装调试。",
        due=row.due + timedelta(days=180),
        files=[scan(rng, "延期说明")],
    )
    yield clock.now() + timedelta(days=7)
    for viewer in both:
        extension.concur(viewer=viewer, extension_id=wish.pk, digest=wish.digest(), agreed=True)
    extension.grant(viewer=both[0], extension_id=wish.pk)
    with world.refused("第二次延期"):
        extension.request(
            viewer=unit,
            construction_id=row.pk,
            reason="再次延期。",
            due=row.due + timedelta(days=300),
            files=[scan(rng, "延期说明")],
        )


def inspects(world: World, province: Province, year: int) -> Story:
    """双随机: projects and inspectors drawn by three parties, visited, what was found mended."""
    rng = world.rng("inspects", province.code, year)
    hr, finance = world.both(province.code)
    running = Construction.objects.filter(
        title__province=province.code, title__state="titled", due__gte=clock.today()
    )
    if running.count() < 2:
        return
    row = inspection.open_inspection(
        viewer=hr,
        projects=min(2, running.count()),
        seats={"technical": 1, "finance": 1},
        visit_by=clock.today() + timedelta(days=30),
    )
    people = {party: world.officer(role, province.code) for party, role in PARTIES.items()}
    own = {party: chance.token(32) for party in people}
    for party, viewer in people.items():
        promise = commitment(party, row.plan["session"], own[party])
        inspection.commit(viewer=viewer, inspection_id=row.pk, commitment=promise)
    inspection.close_commitments(viewer=people["supervisor"], inspection_id=row.pk)
    for party, viewer in people.items():
        inspection.reveal(viewer=viewer, inspection_id=row.pk, secret=own[party])
    inspection.draw(viewer=finance, inspection_id=row.pk)
    yield clock.now() + timedelta(days=rng.randint(5, 20))
    for visit in Visit.objects.filter(inspection=row).order_by("id"):
        _visit(world, rng, visit)


def _visit(world: World, rng: Random, visit: Visit) -> None:
    found = rng.random() < PROBLEMS
    problem = visits.Problem(
        text="部分设备没有登入台账。", clause="4.5", due=clock.today() + timedelta(days=60)
    )
    visits.report(
        viewer=world.officer(Role.PROVINCE_HR, visit.construction.title.province),
        visit_id=visit.pk,
        visited_on=clock.today(),
        outcome="problems" if found else "sound",
        result="现场核对设备、台账和培训记录。",
        signed=[each.pk for each in visit.inspectors.filter(reason="")],
        files=[scan(rng, "检查记录")],
        problems=[problem] if found else [],
    )
    for finding in visit.findings.all():
        at = clock.now() + timedelta(days=rng.randint(10, 90))
        world.agenda.start(_mend(world, rng, visit.construction.title, finding.pk), at)


def _mend(world: World, rng: Random, title: Title, finding_id: int) -> Story:
    """The unit answers; somebody else closes it."""
    unit, (hr, _) = world.unit_of(title), world.both(title.province)
    with world.refused("未整改即销号"):
        findings.close(viewer=hr, finding_id=finding_id)
    findings.answer(
        viewer=unit,
        finding_id=finding_id,
        text="已逐台登记入账并张贴标签。",
        files=[scan(rng, "整改佐证")],
    )
    yield clock.now() + timedelta(days=rng.randint(3, 15))
    findings.close(viewer=hr, finding_id=finding_id, remark="现场复核，已整改。")
