"""From the papers to the defence and the visit, where a province weighs them."""

from datetime import datetime

from django.db import transaction

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import Invalid, WrongState
from jiangxin.core.workflow import Role, RoundState
from jiangxin.records.identity.viewer import Viewer
from jiangxin.records.inbox.actions import tell_person
from jiangxin.records.ledger.actions import append
from jiangxin.stages.application.models import Application
from jiangxin.stages.review.choices import SeatStatus
from jiangxin.stages.review.models import Round
from jiangxin.stages.review.queries.coverage import require_all_signed
from jiangxin.stages.review.rules import rules_of

from .rounds import locked
from .sheets import lay_sheets


@transaction.atomic
def next_phase(*, viewer: Viewer, round_id: int, due: datetime) -> Round:
    """Close one phase and open the next; its sheets are due at `due`. Nobody sees a score yet.

    Effects, in order: the phase and the due time; a sheet for each expert and project, without one
    who is recused from it; event `round.phase_started`; a message to each expert. Raises
    `WrongState` while a sheet of this phase is open, or after the last phase.
    """
    viewer.require(Role.PROVINCE_HR)
    row = locked(viewer, round_id)
    if row.state != RoundState.SCORING:
        raise WrongState("只有评分期间才能进入下一轮。", clause="3.2")
    following = rules_of(row).after(row.phase)
    if following is None:
        raise WrongState(
            "已是最后一轮评审。", remedy="全部签署后可以合议或汇总排序。", clause="3.2"
        )
    if due <= clock.now():
        raise Invalid("评分截止时间应晚于现在。", clause="3.2", field="due")
    require_all_signed(row)
    row.phase, row.due = following, due
    row.save(update_fields=["phase", "due"])
    seats = list(
        row.panel.filter(status=SeatStatus.ACCEPTED)
        .select_related("expert")
        .prefetch_related("sheets")
    )
    for seat in seats:
        seat.round = row
    drawn = row.sessions.get(state="drawn", rehearsal=False)
    lay_sheets(seats, Application.objects.filter(pk__in=drawn.projects).order_by("id"))
    append(
        type="round.phase_started",
        subject=row.subject,
        by=viewer,
        payload={"phase": following.value, "due": due},
    )
    for seat in seats:
        if seat.expert.user_id:
            tell_person(
                person_id=seat.expert.user_id,
                title=f"{row.call.year}年评审进入{following.label}",
                text=f"请在{clock.long_moment(due)}前完成本轮评分并签署。",
                about=row.subject,
            )
    return row
