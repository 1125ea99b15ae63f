"""Decide with both departments, take title and project away, publish, see to the consequences."""

from dataclasses import dataclass
from datetime import date

from django.db import transaction

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import Invalid, WrongState
from jiangxin.core.policy.values import years_later
from jiangxin.core.workflow import RevocationState, Role
from jiangxin.records.concurrence import actions as concurrence
from jiangxin.records.identity.viewer import Viewer
from jiangxin.records.ledger.actions import append, move
from jiangxin.stages.application.titled import move_project
from jiangxin.stages.titles.models import Title

from ..choices import Act
from ..models import FINAL, Revocation
from ..rules import read_day, read_text, read_years, require_clean, require_heard
from .proposal import require_both
from .rows import locked, require_state, tell_other, tell_party

S = RevocationState


@dataclass(frozen=True)
class Ruling:
    """The words of a decision and what follows from it; money in 分."""

    text: str
    doc_number: str = ""
    repay: int = 0
    barred_years: int = 0


@transaction.atomic
def draft_decision(*, viewer: Viewer, case_id: int, ruling: Ruling) -> Revocation:
    """Write the decision that is to be published, with its consequences.

    Effects: the row; the words on an earlier draft voided and event `revocation.decision_drafted`
    when it changed; a message to finance. Raises `WrongState` before the unit was heard, `Invalid`
    without a text, for personal data in it, for fewer barred years than the rule.
    """
    viewer.require(Role.PROVINCE_HR)
    row = locked(viewer, case_id)
    require_state(row, S.HEARD)
    before = row.decision_digest()
    row.decision = read_text(ruling.text, "决定正文", field="decision", clause=row.clause)
    row.doc_number = ruling.doc_number.replace("\0", "").strip()
    if len(row.doc_number) > 60:
        raise Invalid("文号最多 60 字。", field="doc_number")
    row.repay = ruling.repay
    row.barred_years = read_years(ruling.barred_years, row.title.province)
    require_clean(row)
    row.save(update_fields=["decision", "doc_number", "repay", "barred_years"])
    if row.decision_digest() != before:
        concurrence.void(
            subject=row.subject, reason="决定已修改", by=viewer, acts=(Act.DECIDE.value,)
        )
        append(
            type="revocation.decision_drafted",
            subject=row.subject,
            by=viewer,
            payload={"digest": row.decision_digest()},
        )
        key = f"decision:{row.decision_digest()[:16]}"
        tell_other(row, Role.PROVINCE_FINANCE, "拟决定取消称号，等待本部门意见", key)
    return row


@transaction.atomic
def decide(*, viewer: Viewer, case_id: int) -> Revocation:
    """Take the title away.

    Effects, in order: case decided, event `revocation.decided`; title revoked, event
    `title.revoked`, which the public does not see before the decision is published; the project
    behind it revoked, event `project.revoked` (none for 2011–2020); a message to the unit. Raises
    `WrongState` until both departments agree to the decision as it stands, without a hearing, or
    when the title no longer stands.
    """
    row = locked(viewer, case_id)
    title = Title.objects.select_for_update().get(pk=row.title_id)
    row.ended_at = clock.now()

    def heard() -> None:
        if row.heard_at is None:
            raise WrongState("还没有听取单位的陈述申辩。", clause=row.clause)
        require_heard(row)

    guards = {"both_agree": lambda: require_both(row, Act.DECIDE), "heard": heard}
    told = {"case": row.subject, "cause": row.cause, "digest": row.decision_digest()}
    move(
        row,
        step="decide",
        by=viewer,
        guards=guards,
        payload={**told, "repay": row.repay, "barred_years": row.barred_years},
        also=("ended_at",),
    )
    title.unpublished = True
    move(title, step="revoke", by=viewer, guards=guards, payload=told, also=("unpublished",))
    move_project(title, step="revoke", by=viewer, guards=guards, payload=told)
    tell_party(row, "决定取消称号", f"“{title.name}”的称号已取消。", "decided")
    return row


@transaction.atomic
def publish(*, viewer: Viewer, case_id: int) -> Revocation:
    """Publish the decision: its own page, and the register beside the title.

    Effects: state published, event `revocation.published`; the public register shows the title
    revoked; the unit can not apply for as many years, from the decision on, as were decided. Raises
    `Invalid` naming personal data.
    """
    row = locked(viewer, case_id)
    title = Title.objects.select_for_update().get(pk=row.title_id)
    row.published_at = clock.now()
    move(
        row,
        step="publish",
        by=viewer,
        guards={"no_personal_data": lambda: require_clean(row)},
        payload={"title": row.title.subject, "digest": row.decision_digest()},
        also=("published_at",),
    )
    title.unpublished = False
    if row.barred_years and row.ended_at:
        decided_on = row.ended_at.astimezone(clock.BEIJING).date()
        title.barred_until = years_later(decided_on, row.barred_years)
    title.save(update_fields=["unpublished", "barred_until"])
    return row


@transaction.atomic
def record_plaque(*, viewer: Viewer, case_id: int, on: date | None) -> Revocation:
    """The plaque came back on that day. Effects: the row; event `revocation.plaque_returned`."""
    row, day = _followed(viewer, case_id, on, "牌匾收回日期", "plaque_on")
    row.plaque_on = day
    row.save(update_fields=["plaque_on"])
    append(type="revocation.plaque_returned", subject=row.subject, by=viewer, payload={"on": day})
    return row


@transaction.atomic
def record_repayment(*, viewer: Viewer, case_id: int, on: date | None) -> Revocation:
    """The money came back on that day. Effects: the row; event `revocation.repaid`.

    Raises `WrongState` when nothing was to be paid back.
    """
    row, day = _followed(viewer, case_id, on, "资金退回日期", "repaid_on")
    if not row.repay:
        raise WrongState("这项决定没有要求退回资金。", clause=row.clause)
    row.repaid_on = day
    row.save(update_fields=["repaid_on"])
    append(
        type="revocation.repaid",
        subject=row.subject,
        by=viewer,
        payload={"on": day, "amount": row.repay},
    )
    return row


def _followed(
    viewer: Viewer, case_id: int, on: date | None, label: str, field: str
) -> tuple[Revocation, date]:
    """A decided case whose consequence is not recorded yet, and the day given for it."""
    viewer.require(Role.PROVINCE_HR, Role.PROVINCE_FINANCE)
    row = locked(viewer, case_id)
    require_state(row, *FINAL)
    kept = getattr(row, field)
    if kept is not None:
        raise WrongState(f"已登记：{clock.long_date(kept)}。", clause=row.clause)
    since = (row.ended_at or clock.now()).astimezone(clock.BEIJING).date()
    return row, read_day(on, label, field=field, since=since)
