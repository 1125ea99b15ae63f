"""What units do in a round: most do well, some err, some are late, some change their mind."""

from datetime import date, timedelta
from random import Random

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.regions import Province
from jiangxin.core.policy import Verdict, section_values
from jiangxin.core.workflow import ProjectState
from jiangxin.ops.scenes import names
from jiangxin.ops.scenes import province as building
from jiangxin.records.identity.actions import register_unit
from jiangxin.records.identity.models import Organisation
from jiangxin.records.identity.queries import viewer_of
from jiangxin.records.identity.viewer import Viewer
from jiangxin.stages.application import actions as applying
from jiangxin.stages.application import taking_back
from jiangxin.stages.application.models import Application
from jiangxin.stages.application.queries import form_of
from jiangxin.stages.examination import actions as examining
from jiangxin.stages.examination.queries import sheet
from jiangxin.stages.programme.models import Call, Track
from jiangxin.stages.titles.models import Title

from .agenda import Story
from .world import World

RETURNED, REJECTED = 0.18, 0.05
LATE, WITHDRAWS, BELOW = 0.05, 0.03, 0.06
TRACKS = (
    (Track.STUDIO, 0.5),
    (Track.NEW_BASE, 0.35),
    (Track.EXISTING_BASE, 0.15),
)


def applies(world: World, province: Province, call: Call, number: int) -> Story:
    """One unit: fills in, submits a few days later, or too late, or thinks better of it."""
    rng = world.rng("applies", province.code, call.year, number)
    (track,) = rng.choices([each for each, _ in TRACKS], [weight for _, weight in TRACKS])
    named = _named_before(province) if track is Track.EXISTING_BASE else None
    if track is Track.EXISTING_BASE and named is None:
        track = Track.NEW_BASE
    viewer = _registers(rng, named) if named else building.found_unit(rng, province, track)
    given = {"capacity": 1500} if track is Track.NEW_BASE and rng.random() < BELOW else {}
    project = building.fill(rng, viewer, call, track, **given)
    if rng.random() < LATE:
        yield call.closes_at + timedelta(hours=1)
        with world.refused("申报截止后提交"):
            building.hand_in(viewer, project)
        return
    yield clock.now() + rng.random() * (call.closes_at - clock.now())
    if given:
        with world.refused("不符合条件而未确认即提交"):
            building.hand_in(viewer, project)
    building.hand_in(viewer, project, accept_unmet=bool(given))
    if rng.random() < WITHDRAWS:
        yield clock.now() + timedelta(hours=20)
        yield from _withdraws(world, viewer, project, call)


def _withdraws(world: World, viewer: Viewer, project: Application, call: Call) -> Story:
    """Somebody thinks better of it: taken back in time, refused after the close."""
    if clock.now() < call.closes_at:
        taking_back.withdraw(viewer=viewer, application_id=project.pk)
    else:
        with world.refused("申报截止后撤回"):
            taking_back.withdraw(viewer=viewer, application_id=project.pk)
    yield from ()


def _named_before(province: Province) -> Title | None:
    """A base of 2011–2020 that has passed its assessment and has not applied since."""
    rows = Title.objects.filter(
        province=province.code, kind="base", origin="", state="titled", assessment="passed"
    )
    taken = Organisation.objects.exclude(uscc="").values("uscc")
    return rows.exclude(uscc__in=taken).order_by("number").first()


def _registers(rng: Random, title: Title) -> Viewer:
    """The unit of a title of 2011–2020 opens its account."""
    user = register_unit(
        name=title.unit_name,
        uscc=title.uscc,
        province=title.province,
        contact=names.person(rng),
        phone=names.mobile(rng),
        username=f"unit-{title.uscc.lower()}",
        password=None,
        demo=True,
    )
    return viewer_of(user)


def send_back(world: World, rng: Random, hr: Viewer, project: Application) -> date:
    """Return one section; the unit corrects it in time or not. Returns the due date."""
    project = examining.send_back(
        viewer=hr,
        application_id=project.pk,
        defects=[examining.Defect(section="plan", reason="建设任务缺少可考核的季度指标，请补充。")],
    )
    due = project.correction_due
    if due is None:
        raise ValueError("a returned application has no due date")
    late = rng.random() < LATE * 2
    at = clock.end_of(due) + timedelta(hours=1) if late else clock.now() + timedelta(days=1)
    world.agenda.start(_corrects(world, project, late=late), at)
    return due


def _corrects(world: World, project: Application, *, late: bool) -> Story:
    unit = viewer_of(project.unit.people.get())
    project.refresh_from_db()
    if late:
        with world.refused("补正逾期"):
            _correct(unit, project)
        return
    _correct(unit, project)
    yield from ()


def _correct(unit: Viewer, project: Application) -> None:
    section = next(item for item in form_of(project).sections if item.key == "plan")
    answers = project.answers | {"plan_goal": "两年内分季度完成设备、课程、师资和培训四类任务。"}
    project, _ = applying.save_section(
        viewer=unit,
        application_id=project.pk,
        section="plan",
        data=section_values(section, answers),
        revision=project.revision,
    )
    building.hand_in(unit, project, accept_unmet=True)


def judge(rng: Random, hr: Viewer, project: Application) -> None:
    """Reject what does not meet a condition, and a few for what the examiner finds; pass the rest."""
    project.refresh_from_db()
    if project.state != ProjectState.SUBMITTED:
        return
    unmet = any(line.finding.verdict is Verdict.NOT_MET for line in sheet(project))
    if unmet or rng.random() < REJECTED:
        examining.reject(
            viewer=hr,
            application_id=project.pk,
            reason="不符合基本条件。" if unmet else "佐证与填报不一致。",
        )
        return
    building.judge_all(hr, project)
    examining.pass_examination(viewer=hr, application_id=project.pk)
