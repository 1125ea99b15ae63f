"""The panel after the draw: answers, and replacement by the next in the drawn order."""

from django.db import transaction

from jiangxin.core.draw.walk import STATED_REASONS, SkipReason
from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import Invalid, NotFound, NotPermitted, WrongState
from jiangxin.core.workflow import Role, RoundState
from jiangxin.records.identity.viewer import Viewer
from jiangxin.records.ledger.actions import append
from jiangxin.stages.application.models import Application
from jiangxin.stages.review.choices import SeatStatus
from jiangxin.stages.review.models import DrawSession, Round, Seat
from jiangxin.stages.review.queries.ceremony import opened, outcome

from .draw import fill_places
from .sheets import lay_sheets


@transaction.atomic
def answer(*, viewer: Viewer, seat_id: int, accept: bool, note: str = "") -> Seat:
    """An expert accepts or declines; the province may enter what was said on the telephone.

    Effects: the seat's status; during scoring an empty sheet for each project; event
    `seat.accepted` or `seat.declined`. Raises `Invalid` without a
    reason for declining or without a note from the province, `WrongState` once it was answered.
    """
    seat = _locked(viewer, seat_id)
    if seat.status != SeatStatus.INVITED:
        raise WrongState(
            f"这一席位已是“{SeatStatus(seat.status).label}”。", remedy="请刷新页面。", clause="3.2"
        )
    if not note.strip() and (not accept or viewer.role is Role.PROVINCE_HR):
        raise Invalid(
            "请写明原因。" if not accept else "请写明答复的方式和时间，例如“电话确认”。",
            clause="3.2",
            field="note",
        )
    seat.status = SeatStatus.ACCEPTED if accept else SeatStatus.DECLINED
    seat.note, seat.answered_at = note.strip()[:300], clock.now()
    seat.save(update_fields=["status", "note", "answered_at"])
    if accept and seat.round.state == RoundState.SCORING:
        lay_sheets([seat], Application.objects.filter(pk__in=seat.session.projects).order_by("id"))
    append(
        type="seat.accepted" if accept else "seat.declined",
        subject=seat.subject,
        by=viewer,
        payload={"round": seat.round.subject, "field": seat.field, "place": seat.place},
    )
    return seat


@transaction.atomic
def replace(*, viewer: Viewer, seat_id: int, reason: SkipReason, note: str) -> Seat:
    """Give the place to the next in the drawn order; never a new draw.

    Effects, in order: the seat's status replaced with its reason (its sheets stay on record and no
    longer count); the next substitute invited; the session's record published anew with one more
    skip; event `seat.replaced` with the record's digest. Raises `Invalid` without reason or
    note, `WrongState` after the ranking or when the order has nobody left.
    """
    viewer.require(Role.PROVINCE_HR)
    seat = _locked(viewer, seat_id)
    if seat.round.state not in (RoundState.PREPARING, RoundState.SCORING):
        raise WrongState("评审已汇总排序，不能再递补。", clause="3.2")
    if seat.status == SeatStatus.REPLACED:
        raise WrongState("这一席位已经递补。", remedy="请刷新页面。", clause="3.2")
    if reason not in STATED_REASONS:
        raise Invalid("请选择递补原因。", clause="3.2", field="reason")
    if not note.strip():
        raise Invalid("请写明具体情况。", clause="3.2", field="note")
    seat.status, seat.reason, seat.note = SeatStatus.REPLACED, reason.value, note.strip()[:300]
    seat.save(update_fields=["status", "reason", "note"])
    session = DrawSession.objects.select_for_update().get(pk=seat.session_id)
    if outcome(session).missing:
        raise WrongState(
            f"“{seat.get_field_display()}”专业在抽取顺序中已无可递补的专家。",
            remedy="请与其他专家协调时间；确实无法满足的，请联系监督人员商定处理。",
            clause="3.2",
        )
    newcomer = fill_places(session)[0]
    session.record = opened(session, named=False)
    session.save(update_fields=["record"])
    append(
        type="seat.replaced",
        subject=seat.subject,
        by=viewer,
        payload={
            "round": seat.round.subject,
            "field": seat.field,
            "place": seat.place,
            "reason": reason.value,
            "by": newcomer.subject,
            "digest": session.record["digest"],
        },
    )
    return newcomer


@transaction.atomic
def rate(*, viewer: Viewer, seat_id: int, points: int, note: str) -> Seat:
    """How an expert served, of 100, once the scores are in; once, with words.

    Effects: the rating; event `expert.rated` on the seat, without points. Raises `Invalid` for points
    beyond 0–100 or without words, `WrongState` while the review runs, for a seat that nobody held,
    and for a second rating.
    """
    viewer.require(Role.PROVINCE_HR)
    seat = _locked(viewer, seat_id)
    if seat.round.state not in (RoundState.RANKED, RoundState.DECIDED):
        raise WrongState("汇总排序以后再评价专家。", clause="3.2")
    if seat.status != SeatStatus.ACCEPTED:
        raise WrongState("这位专家没有参加评审。", clause="3.2")
    if seat.rating is not None:
        raise WrongState("已经评价过，不能再改。", clause="3.2")
    if not 0 <= points <= 100:
        raise Invalid("评分应在 0 至 100 之间。", clause="3.2", field=f"rating-{seat_id}")
    if not note.strip():
        raise Invalid("请写明评价，例如到场、尽职、纪律情况。", field=f"rating-{seat_id}")
    seat.rating, seat.rating_note, seat.rated_at = points, note.strip()[:300], clock.now()
    seat.save(update_fields=["rating", "rating_note", "rated_at"])
    append(
        type="expert.rated",
        subject=seat.expert.subject,
        by=viewer,
        payload={"seat": seat.subject, "round": seat.round.subject},
    )
    return seat


def _locked(viewer: Viewer, seat_id: int) -> Seat:
    """The seat with its round locked: the round is what all of a panel's steps queue on."""
    rows = Seat.objects.select_related("expert").filter(pk=seat_id)
    if viewer.role is Role.EXPERT:  # who may be on loan from another province
        rows = rows.filter(expert__user_id=viewer.user_id or 0)
    elif viewer.role is Role.PROVINCE_HR:
        rows = rows.filter(round__call__province=viewer.province)
    else:
        raise NotPermitted("席位由专家本人或省级人社部门办理。", clause="3.2")
    found = rows.first()
    if found is None:
        raise NotFound("没有这一席位。", remedy="它可能属于其他专家或其他省份。")
    row = (
        Round.objects.select_for_update(of=("self",)).select_related("call").get(pk=found.round_id)
    )
    seat = Seat.objects.select_for_update().get(pk=found.pk)
    seat.round = row
    return seat
