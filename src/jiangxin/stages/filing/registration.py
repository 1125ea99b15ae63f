"""Each ministry receives a filing, registers or returns its projects on its own; both make the title."""

from django.db import IntegrityError, transaction

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.canonical import digest as digest_of
from jiangxin.core.kernel.errors import Invalid, LimitReached, NotFound, WrongState
from jiangxin.core.workflow import MINISTRIES, Department, PackageState, ProjectState
from jiangxin.records.concurrence import actions as concurrence
from jiangxin.records.identity.viewer import Viewer
from jiangxin.records.ledger.actions import append, move
from jiangxin.stages.application.models import Application
from jiangxin.stages.titles.actions import award

from .choices import Outcome
from .models import Delivery, Package, Registration
from .queries import FILE, problems_of

LONGEST = 2000  # letters of a reason


@transaction.atomic
def receive(*, viewer: Viewer, package_id: int) -> Delivery:
    """A ministry confirms that it holds the latest filing; twice finds the first confirmation.

    Effects: the row with the digest of what was filed; event `package.received`. Raises
    `WrongState` when the stored archive is not what was filed.
    """
    row, ministry = _for_ministry(viewer, package_id)
    filing = row.filings.select_related("archive").get(attempt=row.attempt)
    existing = row.deliveries.filter(ministry=ministry, attempt=row.attempt).first()
    if existing:
        return existing
    problems = problems_of(filing)
    if problems:
        raise WrongState(
            f"备案材料核验不通过：{problems[0]}。",
            remedy="请联系系统管理员从备份恢复。",
            clause="3.3",
        )
    found = Delivery.objects.create(
        package=row,
        ministry=ministry,
        attempt=row.attempt,
        digest=filing.digest,
        received_at=clock.now(),
        actor=viewer.actor,
        name=viewer.name,
    )
    append(
        type="package.received",
        subject=row.subject,
        by=viewer,
        payload={"ministry": ministry.value, "digest": filing.digest, "attempt": row.attempt},
    )
    return found


@transaction.atomic
def register(
    *,
    viewer: Viewer,
    package_id: int,
    application_id: int,
    outcome: Outcome,
    reason: str = "",
) -> Registration:
    """One ministry decides on one project, on its own.

    Effects, in order: the decision, event `registration.decided` on the decision's own subject, so
    that nobody sees from the project's history what is pending; 予以登记 by both: project registered,
    title awarded, and the package registered with its last project; 退回 by one: project and package
    returned, assembly and seals void. Raises `WrongState` before the ministry has received the
    package or when it has decided already, `Invalid` for a return without reason, `LimitReached`
    when the title would break N26.
    """
    row, ministry = _for_ministry(viewer, package_id)
    project = _decidable(row, ministry, application_id)
    if outcome == Outcome.RETURNED and not reason.strip():
        raise Invalid("退回须写明理由。", clause="3.3", field="reason")
    if len(reason) > LONGEST:
        raise Invalid(f"理由最多 {LONGEST} 字。", field="reason")
    try:
        with transaction.atomic():
            found = Registration.objects.create(
                application=project,
                package=row,
                ministry=ministry,
                attempt=row.attempt,
                outcome=outcome,
                reason=reason.strip(),
                at=clock.now(),
                actor=viewer.actor,
                name=viewer.name,
            )
    except IntegrityError:
        raise WrongState("本部已对该项目作出结论。", remedy="请刷新页面。") from None
    append(type="registration.decided", subject=found.subject, by=viewer)
    _settle(viewer, row, found)
    return found


@transaction.atomic
def register_many(
    *,
    viewer: Viewer,
    package_id: int,
    application_ids: list[int],
    outcome: Outcome,
    reason: str = "",
) -> list[Registration]:
    """The same decision on several projects of one package, on all of them or none; see `register`."""
    return [
        register(
            viewer=viewer,
            package_id=package_id,
            application_id=each,
            outcome=outcome,
            reason=reason,
        )
        for each in application_ids
    ]


def _decidable(row: Package, ministry: Department, application_id: int) -> Application:
    rows = Application.objects.select_for_update(of=("self",)).select_related("unit")
    project = rows.filter(pk=application_id, call=row.call).first()
    if project is None:
        raise NotFound("备案材料中没有这个项目。")
    if not row.deliveries.filter(ministry=ministry, attempt=row.attempt).exists():
        raise WrongState("请先确认接收备案材料。", clause="3.3")
    if project.state != ProjectState.FILED:
        raise WrongState(f"项目当前为“{ProjectState(project.state).label}”，不能办理登记。")
    return project


def _settle(viewer: Viewer, row: Package, said: Registration) -> None:
    """What follows from a decision once it is enough: a return at once, a registration by both."""
    project = said.application
    standing = list(Registration.objects.filter(application=project, void_at=None).order_by("id"))
    payload = {"package": row.subject, "decisions": [each.subject for each in standing]}
    if said.outcome == Outcome.RETURNED:
        _return(viewer, row, project, {**payload, "reason": digest_of(said.reason)})
        return
    if {each.ministry for each in standing} != {department.value for department in Department}:
        return
    guards = {"both_ministries_registered": lambda: None}  # counted just above, under the lock
    move(project, step="register", by=viewer, guards=guards, payload=payload)
    _award(viewer, project)
    left = row.call.applications.filter(
        state__in=(ProjectState.FILED, ProjectState.FILING_RETURNED)
    )
    if row.state == PackageState.FILED and not left.exists():
        move(row, step="register", by=viewer, guards=guards)


def _return(viewer: Viewer, row: Package, project: Application, payload: dict[str, object]) -> None:
    guards = {"reasons_given": lambda: None}  # the constraint has seen the reason
    move(project, step="return_filing", by=viewer, guards=guards, payload=payload)
    row.undo_assembly()
    row.save(update_fields=["manifest", "digest", "archive", "assembled_at"])
    if row.state == PackageState.FILED:
        move(row, step="return", by=viewer, guards=guards)
    concurrence.void(subject=row.subject, reason="备案退回", by=viewer, acts=(FILE,))


def _award(viewer: Viewer, project: Application) -> None:
    """The title. Its uniqueness refuses a second one, and a leader who has a studio there (N26)."""
    try:
        award(
            by=viewer,
            number=project.number,
            kind=project.kind,
            track=project.track,
            province=project.province,
            year=project.year,
            name=project.title,
            unit_name=project.unit_name,
            uscc=project.unit.uscc,
            leader_name=project.leader_name,
            leader_hash=project.leader_hash if project.kind == "studio" else "",
            priority_field=project.priority_field,
            origin=project.subject,
        )
    except LimitReached as refused:
        raise LimitReached(
            f"“{project.title}”不能登记：{refused.message}",
            remedy="请退回该项目并写明理由。",
            clause=refused.clause,
        ) from None


def _for_ministry(viewer: Viewer, package_id: int) -> tuple[Package, Department]:
    viewer.require(*MINISTRIES)
    row = (
        Package.objects.select_for_update(of=("self",))
        .select_related("call")
        .filter(pk=package_id, attempt__gt=0)
        .first()
    )
    if row is None or viewer.department is None:
        raise NotFound("没有这份备案材料。", remedy="它可能尚未报送。")
    return row, viewer.department
