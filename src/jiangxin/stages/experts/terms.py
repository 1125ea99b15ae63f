"""How long an expert is appointed, and for how long again."""

from datetime import date

from django.db import transaction

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import Invalid, WrongState
from jiangxin.core.policy.values import years_later
from jiangxin.core.workflow import Role
from jiangxin.records.identity.viewer import Viewer
from jiangxin.records.ledger.actions import append
from jiangxin.stages.experts.choices import State
from jiangxin.stages.programme.queries import pack

from .actions import locked
from .models import Expert


@transaction.atomic
def reappoint(*, viewer: Viewer, expert_id: int, term_until: date, reason: str) -> Expert:
    """Another term for an expert whose term ends soon or has ended.

    Effects: the term; event `expert.reappointed` with the old one and the new. Raises `WrongState`
    for somebody not active or suspended, `Invalid` without a reason, or for a term that is no later
    than the old one or longer than `expert.term_years` from today.
    """
    viewer.require(Role.PROVINCE_HR)
    expert = locked(viewer, expert_id)
    if expert.state not in (State.ACTIVE, State.SUSPENDED):
        raise WrongState(
            f"{expert.name}当前为“{State(expert.state).label}”，不能续聘。",
            remedy="请先启用。" if expert.state == State.PENDING else "",
            clause="3.2",
        )
    if not reason.strip():
        raise Invalid("请写明续聘的依据，例如考评情况。", clause="3.2", field="reason")
    latest = longest_term(expert.province)
    if not max(expert.term_until, clock.today()) < term_until <= latest:
        raise Invalid(
            f"新的聘期应晚于现聘期和今天，并不晚于{clock.long_date(latest)}。",
            remedy="每次聘期的年数由规定确定。",
            clause="3.2",
            field="term_until",
        )
    before, expert.term_until = expert.term_until, term_until
    expert.save(update_fields=["term_until"])
    append(
        type="expert.reappointed",
        subject=expert.subject,
        by=viewer,
        payload={"from": before, "to": term_until},
    )
    return expert


def longest_term(province: str) -> date:
    """The last day of the longest term that may be given today."""
    today = clock.today()
    overlay = pack().overlay(province, today.year)
    return years_later(today, int(pack().value("expert.term_years", today, overlay)))
