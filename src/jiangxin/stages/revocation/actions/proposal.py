"""Propose to take a title away; both departments speak; the unit is told."""

from collections.abc import Sequence

from django.db import IntegrityError, transaction

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import Invalid, LimitReached, NotFound, WrongState
from jiangxin.core.workflow import RevocationState, Role
from jiangxin.records.concurrence import actions as concurrence
from jiangxin.records.documents.papers import Upload, keep
from jiangxin.records.identity.viewer import Viewer
from jiangxin.records.ledger.actions import append, move
from jiangxin.stages.rectification.actions.recheck import let_stand
from jiangxin.stages.titles.models import Title
from jiangxin.stages.titles.queries import in_scope

from ..choices import Act
from ..models import OPEN, Revocation
from ..rules import REASON, own_value, read_cause, read_text, require_standing
from .rows import locked, require_state, tell_other, tell_party

S = RevocationState


@transaction.atomic
def propose(
    *, viewer: Viewer, title_id: int, cause: str, facts: str, uploads: Sequence[Upload] = ()
) -> Revocation:
    """Open a case against a title, with its cause, the facts and the evidence.

    Effects: the row; event `revocation.proposed`; a message to the finance department. Raises
    `WrongState` for a title that does not stand (4.2), `LimitReached` while another case is open,
    `Invalid` for a cause that the register contradicts, without facts, for a refused file.
    """
    viewer.require(Role.PROVINCE_HR)
    rows = Title.objects.select_for_update().filter(in_scope(viewer, ""), pk=title_id)
    title = rows.first()
    if title is None:
        raise NotFound("没有这个称号。", remedy="它可能属于其他省份。")
    require_standing(title)
    row = Revocation(
        title=title,
        cause=read_cause(cause, title),
        facts=read_text(facts, "事实和理由", field="facts"),
        papers=keep(uploads, owner_id=viewer.organisation_id),
        proposed_at=clock.now(),
        proposed_by=viewer.name,
    )
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        raise LimitReached(
            f"“{title.name}”已有一件正在办理的取消称号事项。",
            remedy="请在该事项中继续办理；要换事由的，先不予取消再重新提出。",
            clause=row.clause,
        ) from None
    append(
        type="revocation.proposed",
        subject=row.subject,
        by=viewer,
        payload={"title": title.subject, "cause": row.cause, "digest": row.notice_digest()},
    )
    tell_other(row, Role.PROVINCE_FINANCE, "拟取消称号，等待本部门意见", "proposed")
    return row


@transaction.atomic
def revise(
    *,
    viewer: Viewer,
    case_id: int,
    cause: str,
    facts: str,
    uploads: Sequence[Upload] = (),
    drop: Sequence[int] = (),
) -> Revocation:
    """Change a proposal before the unit is told; `drop` are the documents that no longer count.

    Effects: the row; the words on it voided and event `revocation.revised` when the content changed.
    Raises `WrongState` once the unit was told, `Invalid` as `propose`.
    """
    viewer.require(Role.PROVINCE_HR)
    row = locked(viewer, case_id)
    require_state(row, S.PROPOSED)
    before = row.notice_digest()
    row.cause = read_cause(cause, row.title)
    row.facts = read_text(facts, "事实和理由", field="facts")
    left = [each for each in row.papers if each["document"] not in drop]
    row.papers = keep(uploads, owner_id=viewer.organisation_id, before=left)
    row.save(update_fields=["cause", "facts", "papers"])
    if row.notice_digest() != before:
        concurrence.void(subject=row.subject, reason="事由、事实或证据已修改", by=viewer)
        append(
            type="revocation.revised",
            subject=row.subject,
            by=viewer,
            payload={"cause": row.cause, "digest": row.notice_digest()},
        )
    return row


STATES = {Act.NOTIFY: (S.PROPOSED,), Act.DECIDE: (S.HEARD,), Act.DISMISS: OPEN}


def digest_of(row: Revocation, act: Act) -> str:
    """The digest of what both departments agree to by this act, as it stands now."""
    if act is Act.NOTIFY:
        return row.notice_digest()
    return row.decision_digest() if act is Act.DECIDE else row.dismissal_digest()


@transaction.atomic
def concur(
    *, viewer: Viewer, case_id: int, act: Act, digest: str, agreed: bool, remark: str = ""
) -> Revocation:
    """The viewer's department agrees, or not, to tell, to decide, or to dismiss.

    Effects: its word; a disagreement of finance is told to HR. Raises `WrongState` when there is
    nothing of the kind to agree to, or when the content changed since the page was opened.
    """
    viewer.require(Role.PROVINCE_HR, Role.PROVINCE_FINANCE)
    row = locked(viewer, case_id)
    require_state(row, *STATES[act])
    drafted = {Act.NOTIFY: row.facts, Act.DECIDE: row.decision, Act.DISMISS: row.dismissal}[act]
    if not drafted:
        raise WrongState(
            f"还没有拟出“{act.label}”的内容。",
            remedy="由人社部门拟出后再表态。",
            clause=row.clause,
        )
    if digest != digest_of(row, act):
        raise WrongState("内容刚刚改动。", remedy="请刷新页面，核对后再表态。", clause=row.clause)
    concurrence.give(
        viewer=viewer,
        act=act.value,
        subject=row.subject,
        digest=digest,
        agreed=agreed,
        remark=remark,
    )
    if not agreed and viewer.role is Role.PROVINCE_FINANCE:
        key = f"disagreed:{act.name}:{digest[:16]}"
        tell_other(row, Role.PROVINCE_HR, f"财政部门不同意：{act.label}", key)
    return row


def require_both(row: Revocation, act: Act) -> None:
    """Raises `WrongState`, naming who is missing, unless both agree to the content as it stands."""
    concurrence.require(
        act=act.value, subject=row.subject, digest=digest_of(row, act), clause=row.clause
    )


@transaction.atomic
def notify(*, viewer: Viewer, case_id: int) -> Revocation:
    """Tell the unit that its title is to be taken away, why, and that it may answer.

    Effects, in order: the days to answer fixed by the rule in force; state noticed, event
    `revocation.noticed`; a message to the unit. The days begin when the notice is served. Raises
    `WrongState` until both departments agree.
    """
    row = locked(viewer, case_id)
    require_standing(row.title)
    row.noticed_at = clock.now()
    row.hearing_days = own_value("revocation.hearing_working_days", row.title.province)
    move(
        row,
        step="notify",
        by=viewer,
        guards={"both_agree": lambda: require_both(row, Act.NOTIFY)},
        payload={"digest": row.notice_digest(), "days": row.hearing_days},
        also=("noticed_at", "hearing_days"),
    )
    tell_party(
        row,
        "拟取消称号告知书，请签收",
        f"拟取消“{row.title.name}”的称号。签收后 {row.hearing_days} 个工作日内可以陈述申辩、要求听证。",
        "noticed",
    )
    return row


@transaction.atomic
def propose_dismissal(*, viewer: Viewer, case_id: int, reason: str) -> Revocation:
    """Propose to leave the title as it is, with reasons; an empty `reason` takes the proposal back.

    Effects: the row; earlier words on it voided; event `revocation.dismissal_proposed`; a message
    to the finance department. Raises `WrongState` for a case that has ended.
    """
    viewer.require(Role.PROVINCE_HR)
    row = locked(viewer, case_id)
    require_state(row, *OPEN)
    text = reason.replace("\0", "").strip()
    if len(text) > REASON:
        raise Invalid(f"理由最多 {REASON} 字。", field="reason")
    row.dismissal = text
    row.save(update_fields=["dismissal"])
    concurrence.void(
        subject=row.subject, reason="不予取消的理由已修改", by=viewer, acts=(Act.DISMISS.value,)
    )
    append(
        type="revocation.dismissal_proposed",
        subject=row.subject,
        by=viewer,
        payload={"digest": row.dismissal_digest(), "proposed": bool(text)},
    )
    if text:
        key = f"dismissal:{row.dismissal_digest()[:16]}"
        tell_other(row, Role.PROVINCE_FINANCE, "拟不予取消称号，等待本部门意见", key)
    return row


@transaction.atomic
def dismiss(*, viewer: Viewer, case_id: int) -> Revocation:
    """End the case: the title stays.

    Effects, in order: state dismissed, event `revocation.dismissed`; an order to mend whose term
    ended in vain is closed with it and its project goes on building, see `let_stand`; a message to the
    unit when it had been told. Raises `WrongState` until both departments agree, `Invalid` without
    reasons.
    """
    row = locked(viewer, case_id)
    row.ended_at = clock.now()

    def reasons_given() -> None:
        read_text(row.dismissal, "不予取消的理由", field="reason", clause=row.clause)

    guards = {
        "both_agree": lambda: require_both(row, Act.DISMISS),
        "reasons_given": reasons_given,
    }
    payload = {"digest": row.dismissal_digest()}
    move(row, step="dismiss", by=viewer, guards=guards, payload=payload, also=("ended_at",))
    let_stand(title=row.title, by=viewer, guards=guards, case=row.subject)
    if row.noticed_at:
        tell_party(row, "不予取消称号", f"“{row.title.name}”的称号保留。", "dismissed")
    return row
