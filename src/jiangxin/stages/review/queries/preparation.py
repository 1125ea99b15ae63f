"""Before a draw: which projects are judged, who stands in the lot, are there enough of each field."""

from collections import Counter
from dataclasses import dataclass
from datetime import date

from django.db.models import Count

from jiangxin.core.draw.plan import SEED_BITS
from jiangxin.core.draw.pool import Entry
from jiangxin.core.draw.walk import SkipReason
from jiangxin.core.kernel import chance, clock
from jiangxin.core.kernel.errors import WrongState
from jiangxin.core.workflow import CallState, ProjectState, Role
from jiangxin.records.identity.viewer import Viewer
from jiangxin.stages.application.models import Application
from jiangxin.stages.experts.choices import Field
from jiangxin.stages.experts.models import Expert
from jiangxin.stages.experts.queries import Recusal, drawable, recusals
from jiangxin.stages.experts.rules import Rules, rules_of
from jiangxin.stages.programme.models import Call, Kind
from jiangxin.stages.programme.queries import overlay_of_call, own_parameter, workday_before
from jiangxin.stages.review.choices import SeatStatus
from jiangxin.stages.review.models import Round, Seat

from .ceremony import expert_code

# What still waits for a recommendation, the examination or a correction may yet come before the panel.
UNDECIDED = (ProjectState.WITH_RECOMMENDER, ProjectState.SUBMITTED, ProjectState.RETURNED)


def projects_to_judge(row: Round) -> list[Application]:
    """The examined projects of the round's call and kind, in order of id, with their unit.

    Raises `WrongState` while the window is open, while one is still in examination, or without any.
    """
    if clock.now() < row.call.closes_at:
        raise WrongState(
            f"申报于{clock.long_deadline(row.call.closes_at)}截止，之前不能抽取专家。",
            remedy="回避须对照全部通过资格审查的项目计算。",
            clause="3.2",
        )
    waiting = (
        Application.objects.filter(call_id=row.call_id, kind=row.kind)
        .filter(state__in=UNDECIDED)
        .count()
    )
    if waiting:
        raise WrongState(
            f"还有 {waiting} 个项目没有完成资格审查。",
            remedy="请先完成全部项目的资格审查，回避才能算全。",
            clause="3.2",
        )
    found = examined(row)
    if not found:
        raise WrongState("没有通过资格审查的项目，无须评审。", clause="3.2")
    return found


def examined(row: Round) -> list[Application]:
    """The projects of the round's call and kind that have passed so far, in order of id."""
    rows = Application.objects.filter(
        call_id=row.call_id, kind=row.kind, state=ProjectState.EXAMINED
    )
    return list(rows.select_related("unit").order_by("id"))


def recusal_rules(call: Call) -> Rules:
    """The rules of recusal for a call, as the province may have tightened them."""
    return rules_of(call.year, overlay_of_call(call))


def earliest_draw(row: Round) -> date | None:
    """The first day on which the panel may be drawn; None while the review has no first day."""
    if row.starts_on is None:
        return None
    return workday_before(row.starts_on, own_parameter("draw.not_before_working_days", row.call))


def require_not_too_early(row: Round) -> None:
    """Raises `WrongState` when the draw would lie too long before the review, or after its first day."""
    earliest = earliest_draw(row)
    if earliest is None or row.starts_on is None or row.starts_on < clock.today():
        raise WrongState(
            "评审开始日没有确定或已过。", remedy="请先在评审方案中确定评审开始日。", clause="3.2"
        )
    if clock.today() < earliest:
        days = own_parameter("draw.not_before_working_days", row.call)
        raise WrongState(
            f"评审于{clock.long_date(row.starts_on)}开始，最早在此前 {days} 个工作日，"
            f"即{clock.long_date(earliest)}抽取专家。",
            remedy="名单越早产生，越容易泄露；可以先演练。",
            clause="3.2",
        )


def served(row: Round) -> dict[int, int]:
    """expert id → on how many other panels of the same year they sit or are invited."""
    seats = Seat.objects.filter(
        round__call__year=row.call.year, status__in=(SeatStatus.INVITED, SeatStatus.ACCEPTED)
    ).exclude(round=row)
    return dict(seats.order_by().values_list("expert").annotate(n=Count("id")))


def lot(row: Round, projects: list[Application]) -> tuple[list[Expert], dict[int, Recusal]]:
    """Who would stand in the lot of a draw opened now, and who of them is excluded, by id.

    On top of the recusals: who has sat on `panel.most_per_year` panels of the year.
    """
    experts = [each for each in drawable(row.call.province) if row.seats.get(each.field)]
    barred = recusals(experts, projects, year=row.call.year, overlay=overlay_of_call(row.call))
    most, often = own_parameter("panel.most_per_year", row.call), served(row)
    for each in experts:
        if each.pk not in barred and often.get(each.pk, 0) >= most:
            text = f"{row.call.year}年已参加 {often[each.pk]} 次评审，上限 {most} 次"
            barred[each.pk] = Recusal(SkipReason.YEARLY_LIMIT, text)
    return experts, barred


def entry_of(each: Expert) -> Entry:
    """The expert as an entry of the lot, with a fresh salt."""
    return Entry(
        expert=expert_code(each.pk),
        field=Field(each.field).label,
        unit=each.unit_name,
        salt=chance.token(SEED_BITS // 8),
    )


@dataclass(frozen=True)
class Unopened:
    """A kind of a call whose review has not been set up, with how many projects have passed."""

    call: Call
    kind: Kind
    examined: int
    waiting: int


def unopened(viewer: Viewer) -> list[Unopened]:
    """What the province may still set up, for calls with projects; three queries."""
    if viewer.role is not Role.PROVINCE_HR:
        return []
    calls = list(
        Call.objects.filter(province=viewer.province, state=CallState.OPEN).order_by("-year")
    )
    opened = set(Round.objects.filter(call__in=calls).values_list("call_id", "kind"))
    counted = Counter(
        Application.objects.filter(call__in=calls).values_list("call_id", "kind", "state")
    )
    found = [
        Unopened(
            call,
            kind,
            counted[call.pk, kind.value, ProjectState.EXAMINED.value],
            sum(counted[call.pk, kind.value, state.value] for state in UNDECIDED),
        )
        for call in calls
        for kind in Kind
        if (call.pk, kind.value) not in opened
    ]
    return [each for each in found if each.examined or each.waiting]


@dataclass(frozen=True)
class FieldCount:
    """One field of the panel: what it needs against whom it could draw. `key` is its code."""

    key: str
    field: str
    seats: int
    substitutes: int
    pool: int
    recused: int
    suspended: int
    limited: int
    borrowed: int

    @property
    def eligible(self) -> int:
        return self.pool - self.recused - self.suspended - self.limited

    @property
    def lacking(self) -> int:
        """How many experts are missing for the seats alone: above 0 no draw is possible."""
        return max(0, self.seats - self.eligible)

    @property
    def spare(self) -> int:
        """How many experts are missing for the substitutes: above 0 the draw is possible, but thin."""
        return max(0, self.seats + self.substitutes - self.eligible) - self.lacking


@dataclass(frozen=True)
class Preparation:
    """The adequacy table of a round; `problem` says why a draw can not be opened yet."""

    projects: int
    fields: list[FieldCount]
    excluded: list[tuple[Expert, Recusal]]
    problem: WrongState | None
    too_early: WrongState | None = None

    @property
    def short(self) -> list[FieldCount]:
        """The fields whose seats, or whose substitutes, nobody can fill."""
        return [each for each in self.fields if each.lacking or each.spare]

    @property
    def ready(self) -> bool:
        return self.may_rehearse and self.problem is None and self.too_early is None

    @property
    def may_rehearse(self) -> bool:
        return not any(each.lacking for each in self.fields)


def preparation(row: Round) -> Preparation:
    """What a draw opened now would have to work with, by field, with the exclusions in words."""
    problem = too_early = None
    try:
        require_not_too_early(row)
    except WrongState as refused:
        too_early = refused
    try:
        projects = projects_to_judge(row)
    except WrongState as refused:
        problem, projects = refused, examined(row)
    experts, barred = lot(row, projects)
    reasons = Counter((each.field, barred[each.pk].reason) for each in experts if each.pk in barred)
    pool = Counter(each.field for each in experts)
    borrowed = Counter(each.field for each in experts if each.province != row.call.province)
    return Preparation(
        projects=len(projects),
        fields=[
            FieldCount(
                key=field,
                field=Field(field).label,
                seats=row.seats[field],
                substitutes=row.substitutes,
                pool=pool[field],
                recused=reasons[field, SkipReason.RECUSAL],
                suspended=reasons[field, SkipReason.SUSPENDED],
                limited=reasons[field, SkipReason.YEARLY_LIMIT],
                borrowed=borrowed[field],
            )
            for field in Field.values
            if row.seats.get(field)
        ],
        excluded=[(each, barred[each.pk]) for each in experts if each.pk in barred],
        problem=problem,
        too_early=too_early,
    )
