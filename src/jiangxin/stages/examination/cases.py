"""Whose case it is: take it, hand it over, give it back. Two officials never examine one unknowingly."""

from django.db import IntegrityError, transaction

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import Invalid, WrongState
from jiangxin.core.workflow import ProjectState, Role
from jiangxin.records.identity.models import User
from jiangxin.records.identity.viewer import Viewer
from jiangxin.records.inbox.actions import tell_person
from jiangxin.records.ledger.actions import append
from jiangxin.stages.application.models import Application
from jiangxin.stages.application.queries import locked

from .models import Case
from .queries import colleagues, examination_due

OPEN = (ProjectState.SUBMITTED, ProjectState.RETURNED)
SEATS = {"examiner": "审查人", "second": "复核人"}


def case_of(project: Application) -> Case:
    """The case of a locked application: made at the first touch, renewed with every submission."""
    case, made = Case.objects.select_related("examiner", "second").get_or_create(
        application=project,
        defaults={"version": project.version, "due": examination_due(project)},
    )
    if not made and case.version != project.version:
        case.version, case.due, case.standing = project.version, examination_due(project), 0
        case.save(update_fields=["version", "due", "standing"])
    return case


@transaction.atomic
def take(*, viewer: Viewer, application_id: int, seen: int | None = None) -> Case:
    """Make the case the viewer's. `seen` is the account of the examiner that stood on the page.

    Effects: examiner and time; event `examination.taken`; a message to the examiner from whom it is
    taken over. Raises `WrongState` for what is not under examination, and when somebody else has
    taken it since the page was shown.
    """
    viewer.require(Role.PROVINCE_HR)
    project = locked(viewer, application_id)
    _require_open(project)
    case = case_of(project)
    former = case.examiner
    if former and former.pk == viewer.user_id:
        return case
    if former and former.pk != seen:
        raise WrongState(
            f"{former.name}刚刚领取了本件。",
            remedy="仍需由您审查的，请在本件页面上接手，接手会告知对方。",
            clause="3.1",
        )
    _set(viewer, project, case, "examiner", viewer.user_id)
    append(
        type="examination.taken",
        subject=project.subject,
        by=viewer,
        payload={"version": project.version, "from": _actor(former)},
    )
    if former:
        _tell(former, f"{viewer.name}接手了您的审查：{project.title}", project)
    return case


@transaction.atomic
def assign(*, viewer: Viewer, application_id: int, user_id: int, seat: str = "examiner") -> Case:
    """Give the case to a colleague as `examiner`, or name its `second` examiner.

    Effects: the seat; event `examination.assigned`; a message to whom it is given, and to the examiner
    who had it. Raises `Invalid` for an account that does not examine in this province, and for one
    person in both seats; `WrongState` for what is not under examination.
    """
    viewer.require(Role.PROVINCE_HR)
    project = locked(viewer, application_id)
    _require_open(project)
    person = next((each for each in colleagues(viewer) if each.pk == user_id), None)
    if person is None or seat not in SEATS:
        raise Invalid("请选择本部门的一位审查人。", clause="3.1", field="user")
    case = case_of(project)
    former = case.examiner if seat == "examiner" else case.second
    if former and former.pk == person.pk:
        return case
    _set(viewer, project, case, seat, person.pk)
    append(
        type="examination.assigned",
        subject=project.subject,
        by=viewer,
        payload={"version": project.version, "seat": seat, "to": _actor(person)},
    )
    if person.pk != viewer.user_id:
        _tell(person, f"分派给您{SEATS[seat][:2]}：{project.title}", project, due=case.due)
    if former and former.pk != viewer.user_id:
        _tell(former, f"本件已改由{person.name}{SEATS[seat][:2]}：{project.title}", project)
    return case


@transaction.atomic
def release(*, viewer: Viewer, application_id: int) -> Case:
    """Give one's own case back. Effects: no examiner; event `examination.released`. Raises `WrongState`."""
    viewer.require(Role.PROVINCE_HR)
    project = locked(viewer, application_id)
    case = case_of(project)
    if case.examiner_id is None or case.examiner_id != viewer.user_id:
        raise WrongState("本件不由您审查。", remedy="请刷新页面查看审查人。", clause="3.1")
    _set(viewer, project, case, "examiner", None)
    append(
        type="examination.released",
        subject=project.subject,
        by=viewer,
        payload={"version": project.version},
    )
    return case


def own_case(viewer: Viewer, project: Application) -> Case:
    """The case of a locked application as the viewer's own; who begins with a free one has taken it.

    Raises `WrongState`, naming the colleague, when it is somebody else's: what two people do to one
    application without knowing of each other helps neither.
    """
    case = case_of(project)
    if case.examiner_id is None:
        _set(viewer, project, case, "examiner", viewer.user_id)
        append(
            type="examination.taken",
            subject=project.subject,
            by=viewer,
            payload={"version": project.version, "from": ""},
        )
    elif case.examiner_id != viewer.user_id and case.examiner:
        raise WrongState(
            f"本件由{case.examiner.name}审查，您的操作没有保存。",
            remedy="需要由您审查的，请先在本件页面上接手，接手会告知对方。",
            clause="3.1",
        )
    return case


def _set(viewer: Viewer, project: Application, case: Case, seat: str, user_id: int | None) -> None:
    setattr(case, f"{seat}_id", user_id)
    if seat == "examiner":
        case.taken_at = clock.now() if user_id else None
    try:
        with transaction.atomic():
            case.save(update_fields=[seat, "taken_at"])
    except IntegrityError as error:
        if "second_examiner_is_another" not in str(error):
            raise
        raise Invalid(
            "审查人和复核人必须是两个人。", remedy="请另选一位复核人。", clause="3.1", field="user"
        ) from None


def _require_open(project: Application) -> None:
    if project.state not in OPEN:
        raise WrongState(
            f"当前状态为“{ProjectState(project.state).label}”，不在资格审查中。", clause="3.1"
        )


def _actor(user: User | None) -> str:
    return f"user:{user.pk}" if user else ""


def _tell(user: User, title: str, project: Application, **more: object) -> None:
    tell_person(
        person_id=user.pk,
        title=title[:200],
        about=project.subject,
        **more,  # type: ignore[arg-type]
    )
