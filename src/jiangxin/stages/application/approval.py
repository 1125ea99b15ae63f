"""The unit's own approval: asked for by who filled in, given or refused by the unit's reviewer."""

from collections.abc import Mapping

from django.db import transaction

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import Invalid, NotPermitted, WrongState
from jiangxin.core.workflow import ApprovalState, Duty
from jiangxin.records.identity.queries import holders
from jiangxin.records.identity.viewer import Viewer
from jiangxin.records.inbox.actions import tell_person
from jiangxin.records.ledger.actions import append, move

from .actions import HANDED_IN, own, require_editable, require_revision, submit
from .approved import Standing, four_eyes, standing
from .models import Application, Approval, Version
from .paper import content_digest, frozen_evidence
from .queries import form_of, gaps

LONGEST_REMARK = 500


@transaction.atomic
def ask(*, viewer: Viewer, application_id: int, revision: int) -> Approval:
    """填好送审: the form is filled in, the unit's reviewer shall look at it.

    Asked again about the same content, the word that stands is returned. Effects, in order: an older
    word is voided; the row; event `approval.asked` with the digest; a message to every other
    reviewer. Raises `NotPermitted` for who is no 填报人, `WrongState` when the form is locked or a
    colleague changed it, `Invalid` for an incomplete one.
    """
    viewer.require_duty(Duty.FILL)
    project = own(viewer, application_id)
    require_editable(project)
    require_revision(project, revision)
    missing = gaps(project)
    if missing:
        raise Invalid(
            f"申报表还有 {len(missing)} 处未填好，第一处：{missing[0].label}——{missing[0].message}",
            remedy="请按任务清单逐项补齐后送审。",
            clause=missing[0].clause or "3.1",
            field=missing[0].field,
        )
    seal = content_digest(project, frozen_evidence(project))
    found = standing(project, seal)
    if found.newest and (found.waiting or found.approved):
        return found.newest
    void_standing(project, by=viewer)
    row = Approval.objects.create(
        application=project,
        digest=seal,
        asked_actor=viewer.actor,
        asked_name=viewer.name,
        asked_at=clock.now(),
    )
    append(
        type="approval.asked",
        subject=row.subject,
        by=viewer,
        payload={"project": project.pk, "digest": seal},
    )
    for person in holders(project.unit_id, Duty.CHECK):
        if person.pk != viewer.user_id:
            tell_person(
                person_id=person.pk,
                title=f"“{project.title}”等待您审核",
                text=f"{viewer.name}已填好送审。请在“核对全文”页通读后审核。",
                about=project.subject,
            )
    return row


@transaction.atomic
def approve(*, viewer: Viewer, application_id: int, digest: str, sealed: bool) -> Approval:
    """The unit's reviewer stands behind the form as it was shown under this `digest`.

    Effects: state approved with name and seal; event `approval.approved` with the digest. Raises
    `NotPermitted` for who is no 审核人, or asked themselves where two people are needed; `WrongState`
    when nothing waits or the content has changed; `Invalid` without the declaration of the seal.
    """
    project, row, found = _waiting(viewer, application_id)
    row.actor, row.name, row.at, row.sealed = viewer.actor, viewer.name, clock.now(), sealed

    def content_unchanged() -> None:
        if not found.current or digest != found.digest:
            raise WrongState(
                "送审之后内容有改动，没有审核通过。",
                remedy="请重新通读；需由填报人就改动后的内容重新送审。",
                clause="3.1",
            )

    def seal_declared() -> None:
        if not sealed:
            raise Invalid("请确认已（或将）在打印件上加盖单位公章。", clause="3.1", field="sealed")

    move(
        row,
        step="approve",
        by=viewer,
        guards={
            "content_unchanged": content_unchanged,
            "another_person": lambda: _require_another(viewer, project, row),
            "seal_declared": seal_declared,
        },
        payload={"project": project.pk, "digest": row.digest, "seal": sealed},
        also=("actor", "name", "at", "sealed"),
    )
    return row


@transaction.atomic
def approve_own(*, viewer: Viewer, application_id: int, revision: int, sealed: bool) -> Approval:
    """Ask and approve in one step: for who holds both duties, where the rules let one person do it.

    Effects and errors are those of `ask` and `approve`.
    """
    viewer.require_duty(Duty.CHECK)
    row = ask(viewer=viewer, application_id=application_id, revision=revision)
    if row.state == ApprovalState.APPROVED:
        return row
    return approve(viewer=viewer, application_id=application_id, digest=row.digest, sealed=sealed)


@transaction.atomic
def approve_and_submit(
    *,
    viewer: Viewer,
    application_id: int,
    revision: int,
    sealed: bool,
    accept_unmet: bool = False,
) -> Version:
    """`approve_own` and `submit` as one: all of it or nothing.

    A second click finds the first one's version. Effects and errors are those of the two.
    """
    if own(viewer, application_id).state not in HANDED_IN:
        approve_own(viewer=viewer, application_id=application_id, revision=revision, sealed=sealed)
    return submit(
        viewer=viewer,
        application_id=application_id,
        revision=revision,
        accept_unmet=accept_unmet,
    )


@transaction.atomic
def send_back(*, viewer: Viewer, application_id: int, remarks: Mapping[str, str]) -> Approval:
    """The unit's reviewer wants sections mended first: `remarks` by section.

    Effects: state sent back with the remarks; event `approval.sent_back` with the sections; a message
    to who asked. Raises `Invalid` without a remark, for an unknown section or one that is too long.
    """
    project, row, _ = _waiting(viewer, application_id)
    given = {key: text.strip() for key, text in remarks.items() if text.strip()}
    row.actor, row.name, row.at, row.remarks = viewer.actor, viewer.name, clock.now(), given
    move(
        row,
        step="send_back",
        by=viewer,
        guards={"reasons_given": lambda: _require_remarks(project, given)},
        payload={"project": project.pk, "sections": sorted(given)},
        also=("actor", "name", "at", "remarks"),
    )
    asked = row.asked_actor.removeprefix("user:")
    if asked.isdigit() and asked != str(viewer.user_id):
        tell_person(
            person_id=int(asked),
            title=f"“{project.title}”审核退回修改",
            text="审核人的意见写在任务清单上。修改后请重新送审。",
            about=project.subject,
        )
    return row


def void_standing(project: Application, *, by: Viewer) -> None:
    """No word of the unit on this application stands any more. Effects: each to void with its event."""
    rows = project.approvals.select_for_update().filter(
        state__in=(ApprovalState.WAITING, ApprovalState.APPROVED)
    )
    for row in rows.order_by("id"):
        move(row, step="void", by=by, payload={"project": project.pk})


def _waiting(viewer: Viewer, application_id: int) -> tuple[Application, Approval, Standing]:
    """The draft, locked, with what waits for the viewer as its reviewer."""
    viewer.require_duty(Duty.CHECK)
    project = own(viewer, application_id)
    require_editable(project)
    found = standing(project)
    if found.newest is None or found.newest.state != ApprovalState.WAITING:
        raise WrongState(
            "现在没有等待审核的内容。", remedy="填报人送审后才能审核；请刷新页面。", clause="3.1"
        )
    return project, found.newest, found


def _require_another(viewer: Viewer, project: Application, row: Approval) -> None:
    if row.asked_actor == viewer.actor and four_eyes(project.call):
        raise NotPermitted(
            "本省要求填报人和审核人不是同一人：您送审的内容须由另一位同事审核。",
            remedy="请单位管理员在“单位人员”中邀请一位审核人。",
            clause="3.1",
        )


def _require_remarks(project: Application, remarks: Mapping[str, str]) -> None:
    known = {section.key for section in form_of(project).sections}
    if not remarks:
        raise Invalid("请至少在一个部分写明需要修改什么。", field="remarks")
    for key, text in remarks.items():
        if key not in known:
            raise Invalid("申报表中没有这一部分。", field="remarks")
        if len(text) > LONGEST_REMARK:
            raise Invalid(f"每条意见最多 {LONGEST_REMARK} 字。", field=f"remark-{key}")
