"""A member who does not agree with the panel's result says so in writing, and signs."""

from django.db import transaction

from jiangxin.core.kernel import chance, clock
from jiangxin.core.kernel.canonical import digest
from jiangxin.core.kernel.errors import Invalid, LimitReached, NotFound, WrongState
from jiangxin.core.workflow import Role, RoundState
from jiangxin.records.identity.viewer import Viewer
from jiangxin.records.ledger.actions import append
from jiangxin.stages.review.choices import SeatStatus
from jiangxin.stages.review.models import Dissent, Round, Seat

TEXT, MOST = 2000, 20


@transaction.atomic
def dissent(
    *, viewer: Viewer, seat_id: int, text: str, application_id: int | None = None
) -> Dissent:
    """Sign a dissent on the panel's result as a whole, or on one project of it.

    Open from the ranking until the list is decided; it changes no score and stands in the review
    report and the minutes. Effects: the row, frozen by the database; event `dissent.signed` with its
    digest. Raises `NotFound` for another's seat or a project outside the ranking, `WrongState`
    before the ranking and after the decision, `Invalid` without a text.
    """
    viewer.require(Role.EXPERT)
    seats = Seat.objects.filter(expert__user_id=viewer.user_id or 0, status=SeatStatus.ACCEPTED)
    seat = seats.select_for_update().filter(pk=seat_id).first()
    if seat is None:
        raise NotFound("没有这一席位。", remedy="它可能属于其他专家，或您的席位已递补。")
    row = Round.objects.select_for_update().get(pk=seat.round_id)
    if row.state != RoundState.RANKED:
        raise WrongState(
            "不同意见在汇总排序之后、确定名单之前提出。",
            remedy="名单确定以后有异议的，请向省级人社部门和监督人员书面反映。",
            clause="3.2",
        )
    clean = text.replace("\0", "").strip()
    if not clean or len(clean) > TEXT:
        raise Invalid(f"请写明不同意见和理由，最多 {TEXT} 字。", clause="3.2", field="text")
    if application_id and not row.decisions.filter(application=application_id).exists():
        raise NotFound("该项目不在本次评审中。")
    if seat.dissents.count() >= MOST:
        raise LimitReached(f"每位专家最多提出 {MOST} 条不同意见。", clause="3.2")
    made = Dissent(
        seat=seat,
        application_id=application_id or None,
        text=clean,
        salt=chance.token(16),
        signed_at=clock.now(),
    )
    made.digest = digest(
        {
            "salt": made.salt,
            "seat": seat.subject,
            "project": application_id,
            "text": clean,
            "at": made.signed_at,
        }
    )
    made.save(force_insert=True)
    append(
        type="dissent.signed",
        subject=row.subject,
        by=viewer,
        payload={"seat": seat.subject, "dissent": made.pk, "digest": made.digest},
    )
    return made
