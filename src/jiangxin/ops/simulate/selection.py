"""A province's round of one year, from the call to the filing, told in the order of its dates."""

from datetime import datetime, timedelta
from random import Random

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.regions import Province
from jiangxin.core.workflow import ProjectState
from jiangxin.ops.scenes import finish, panel
from jiangxin.ops.scenes import province as building
from jiangxin.stages.application.models import Application
from jiangxin.stages.examination import actions as examining
from jiangxin.stages.filing import actions as filing
from jiangxin.stages.programme import actions as programme
from jiangxin.stages.programme.models import Call, Kind
from jiangxin.stages.programme.queries import pack
from jiangxin.stages.publicity import actions as publicity

from . import applicants, legacy, ministries, money
from . import building as building_of
from .agenda import Story
from .world import World

MISSES_THE_DEADLINE = 0.04
OBJECTION, UPHELD = 0.3, 0.25
LEAD = timedelta(days=4)
FIRST = 2022


def window_of(rng: Random, year: int) -> building.Window:
    """Spring; in the first year the notice came on 14 September, and all had to be quick."""
    if year == FIRST:
        opens = clock.beijing(year, 9, rng.randint(18, 20), 9)
        return building.Window(opens, clock.beijing(year, 9, 30, 17))
    opens = clock.beijing(year, 3, rng.randint(10, 20), 9)
    return building.Window(opens, opens + timedelta(days=rng.randint(40, 60), hours=8))


def round_of(world: World, province: Province, year: int) -> Story:
    """Call, applications, examination, review, publicity, filing."""
    rng = world.rng("round", province.code, year)
    window = window_of(rng, year)
    yield window.opens - LEAD
    call = building.open_year(province, year, window, lead=LEAD)
    for number in range(world.size):
        story = applicants.applies(world, province, call, number)
        world.agenda.start(
            story, window.opens + rng.random() * (window.closes - window.opens) * 0.6
        )
    yield window.closes + timedelta(days=1)
    yield from _examine(world, rng, province, call)
    yield from _review(world, rng, province, call)
    if not Application.objects.filter(call=call, state=ProjectState.PROPOSED).exists():
        return
    yield from _publicise(world, rng, province, call)
    yield from _file(world, rng, province, call)


def after_the_last_year(world: World, province: Province) -> Story:
    """2026 takes no call."""
    hr, _ = world.both(province.code)
    with world.refused("政策年度之外发布申报通知"):
        programme.draft_call(
            viewer=hr,
            year=clock.today().year,
            title="超出年度的通知",
            doc_number="演示",
            opens_at=clock.now() + timedelta(days=30),
            closes_at=clock.now() + timedelta(days=60),
            publicity_days=5,
            panel_size=5,
            phone="",
            text="",
        )
    yield from ()


def _examine(world: World, rng: Random, province: Province, call: Call) -> Story:
    """Every application; what was sent back is looked at again when its time is over."""
    hr, _ = world.both(province.code)
    waiting = list(
        Application.objects.filter(call=call, state=ProjectState.SUBMITTED).order_by("id")
    )
    sent = []
    for project in waiting:
        if rng.random() < applicants.RETURNED:
            sent.append(applicants.send_back(world, rng, hr, project))
        else:
            applicants.judge(rng, hr, project)
        yield clock.now() + timedelta(hours=2)
    if not sent:
        return
    yield max(clock.now(), clock.end_of(max(sent)) + timedelta(hours=9))
    for project in Application.objects.filter(call=call).order_by("id"):
        if project.state == ProjectState.SUBMITTED:
            applicants.judge(rng, hr, project)
        elif project.state == ProjectState.RETURNED:
            examining.reject(viewer=hr, application_id=project.pk, reason="逾期未补正。")


def _review(world: World, rng: Random, province: Province, call: Call) -> Story:
    """Draw, scores, ranking, decision for each kind that has anything to rank."""
    examined = Application.objects.filter(call=call, state=ProjectState.EXAMINED)
    kinds = [kind for kind in Kind if examined.filter(kind=kind).count() > 1]
    yield clock.now() + timedelta(days=1)
    rows = [panel.draw_panel(province, call, kind, clock.now()) for kind in kinds]
    yield clock.now() + timedelta(days=1)
    for row in rows:
        panel.score(rng, row, province, clock.now())
    yield clock.now() + timedelta(days=3)
    for row in rows:
        panel.decide(row, province, clock.now())


def _publicise(world: World, rng: Random, province: Province, call: Call) -> Story:
    hr, finance = world.both(province.code)
    notice = finish.publicise(province, call, clock.now(), objection=rng.random() < OBJECTION)
    with world.refused("公示期未满即确认"):
        publicity.close(viewer=hr, notice_id=notice.pk)
    yield clock.now() + timedelta(days=2)
    upheld = rng.random() < UPHELD
    for row in notice.objections.filter(outcome="open"):
        publicity.answer(
            viewer=hr,
            objection_id=row.pk,
            upheld=upheld,
            text="经核查，情况属实。" if upheld else "经现场核查，与申报材料一致，异议不成立。",
        )
        if upheld:
            row.refresh_from_db()
            for viewer in (hr, finance):
                publicity.concur_objection(
                    viewer=viewer, objection_id=row.pk, digest=row.digest(), agreed=True
                )
            publicity.uphold(viewer=hr, objection_id=row.pk)
    yield clock.end_of(notice.ends_on or clock.today()) + timedelta(hours=9)
    publicity.close(viewer=hr, notice_id=notice.pk)


def _file(world: World, rng: Random, province: Province, call: Call) -> Story:
    """In time, or not at all: then the year counts as one without application (3.3)."""
    year = call.year
    confirmed = Application.objects.filter(call=call, state=ProjectState.CONFIRMED)
    if not confirmed.exists():
        return
    if rng.random() < MISSES_THE_DEADLINE:
        yield clock.beijing(year, 11, 1, 9)
        with world.refused("逾期报送备案"):
            finish.file(province, call, clock.now())
        filing.record_no_application()
        return
    yield max(clock.now(), clock.beijing(year, 9, rng.randint(5, 28), 10))
    package = finish.file(province, call, clock.now())
    world.agenda.start(
        ministries.decide(world, package, province), clock.beijing(year, 11, rng.randint(5, 20), 10)
    )


def _assessment_at(year: int, number: int) -> datetime:
    """Early in the year, so that what passes can apply; in the first year after the notice."""
    first = clock.beijing(year, 9, 15, 9) if year == FIRST else clock.beijing(year, 1, 12, 9)
    return first + timedelta(minutes=number)


def starts(world: World) -> list[tuple[datetime, Story]]:
    """Every round of every province with the moment at which it begins."""
    begun = (
        clock.beijing(world.first, 9, 14, 10)
        if world.first == FIRST
        else clock.beijing(world.first, 1, 11, 9)
    )
    found: list[tuple[datetime, Story]] = [
        (begun, legacy.imports(world, province)) for province in world.provinces
    ]
    for year in range(world.first, world.last + 1):
        for number, province in enumerate(world.provinces):
            at = clock.beijing(year, 2, 20, 9) + timedelta(minutes=number)
            if not pack().covers(year):
                found.append((at, after_the_last_year(world, province)))
            elif year <= world.last_round:
                found.append((at, round_of(world, province, year)))
            found.append((_assessment_at(year, number), legacy.assesses(world, province, year)))
            autumn = clock.beijing(year, 10, 15, 9) + timedelta(minutes=number)
            found.append((autumn, building_of.inspects(world, province, year)))
        if pack().covers(year - 1):
            found.append((clock.beijing(year, 3, 20, 9), money.plan_of(world, year)))
    return found
