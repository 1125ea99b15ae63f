"""Before a draw: which projects are judged, who stands in the lot, are there enough of each field."""

from collections import Counter
from dataclasses import dataclass

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
from jiangxin.stages.programme.models import Call, Kind
from jiangxin.stages.review.models import Round

from .ceremony import expert_code

# What still waits for a recommendation, the examination or a correction may yet come before the panel.
UNDECIDED = (ProjectState.WITH_RECOMMENDER, ProjectState.SUBMITTED, ProjectState.RETURNED)


def projects_to_judge(row: Round) -> list[Application]:
    """The examined projects of the round's call and kind, in order of id, with their unit.

    Raises `WrongState` while the window is open, while one is still in examination, or without any.
    """
    if clock.now() < row.call.closes_at:
        raise WrongState(
            f"申报于{clock.long_moment(row.call.closes_at)}截止，之前不能抽取专家。",
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


def lot(row: Round, projects: list[Application]) -> tuple[list[Expert], dict[int, Recusal]]:
    """Who would stand in the lot of a draw opened now, and who of them is excluded, by id."""
    experts = [each for each in drawable(row.call.province) if row.seats.get(each.field)]
    return experts, recusals(experts, projects, year=row.call.year)


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
    """One field of the panel: what it needs against whom it could draw."""

    field: str
    seats: int
    substitutes: int
    pool: int
    recused: int
    suspended: int

    @property
    def eligible(self) -> int:
        return self.pool - self.recused - self.suspended

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

    @property
    def ready(self) -> bool:
        return self.problem is None and not any(each.lacking for each in self.fields)


def preparation(row: Round) -> Preparation:
    """What a draw opened now would have to work with, by field, with the exclusions in words."""
    problem = None
    try:
        projects = projects_to_judge(row)
    except WrongState as refused:
        problem, projects = refused, examined(row)
    experts, barred = lot(row, projects)
    reasons = Counter((each.field, barred[each.pk].reason) for each in experts if each.pk in barred)
    pool = Counter(each.field for each in experts)
    return Preparation(
        projects=len(projects),
        fields=[
            FieldCount(
                field=Field(field).label,
                seats=row.seats[field],
                substitutes=row.substitutes,
                pool=pool[field],
                recused=reasons[field, SkipReason.RECUSAL],
                suspended=reasons[field, SkipReason.SUSPENDED],
            )
            for field in Field.values
            if row.seats.get(field)
        ],
        excluded=[(each, barred[each.pk]) for each in experts if each.pk in barred],
        problem=problem,
    )
