"""Funding plans: what is in them, what could be, and what stands against them."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import DomainError, NotFound
from jiangxin.core.workflow import MINISTRIES, ClaimState, PlanState, TitleState
from jiangxin.records.concurrence.queries import Marks, marks
from jiangxin.records.identity.viewer import Viewer
from jiangxin.records.inbox.waiting import Waits
from jiangxin.records.ledger.models import Event
from jiangxin.stages.programme.queries import pack
from jiangxin.stages.programme.tracks import Kind
from jiangxin.stages.titles.models import Title
from jiangxin.stages.titles.queries import in_scope

from ..checks import require_registered_before, require_within_band, require_within_budget
from ..models import Plan, PlanLine
from ..rules import support_year, supported_years
from .spoken import spoken

APPROVE = "plan.approve"
OUTSIDE = Q(outside=True)


def plans(viewer: Viewer) -> QuerySet[Any]:
    """The plans with `planned` (sum of the lines) and `projects`; drafts for the ministries only.

    A plan is a national matter: a province and a unit see the lines that concern them.
    """
    rows = Plan.objects.annotate(
        planned=Coalesce(Sum("lines__amount"), Value(0)), projects=Count("lines")
    )
    if viewer.role in MINISTRIES:
        return rows
    return rows.filter(state=PlanState.APPROVED) if viewer.national else rows.none()


def plan(viewer: Viewer, plan_id: int) -> Any:
    """One plan. Raises `NotFound` for whoever may not see it."""
    found = plans(viewer).filter(pk=plan_id).first()
    if found is None:
        raise NotFound("没有这份资金分配方案。", remedy="它可能尚未批准。")
    return found


def plan_lines(viewer: Viewer) -> QuerySet[PlanLine]:
    """The lines of plans in the viewer's scope; those of drafts for the ministries only."""
    rows = PlanLine.objects.filter(in_scope(viewer)).select_related("plan", "title", "title__claim")
    return rows if viewer.role in MINISTRIES else rows.filter(plan__state=PlanState.APPROVED)


def line(viewer: Viewer, line_id: int, plan_id: int) -> PlanLine:
    """One line of a plan. Raises `NotFound`."""
    found = plan_lines(viewer).filter(pk=line_id, plan=plan_id).first()
    if found is None:
        raise NotFound("方案中没有这一项。", remedy="它可能刚刚被移出。")
    return found


def line_of(viewer: Viewer, title: Title) -> PlanLine | None:
    """What is planned for one title, as far as the viewer may know."""
    return plan_lines(viewer).filter(title=title).first()


def plan_marks(row: Plan, digest: str) -> Marks:
    """What the two ministries say about the plan with this digest."""
    return marks(act=APPROVE, subject=row.subject, digest=digest)


def plan_history(row: Plan) -> list[Event]:
    """What the ledger says about a plan, oldest first."""
    return list(Event.objects.filter(subject=row.subject).order_by("id"))


@dataclass(frozen=True)
class Overview:
    """All of a plan at once: its digest, what it gives by kind, and the first thing that stands
    against approving it."""

    digest: str
    sums: list[tuple[str, int, int]]
    against: DomainError | None


def overview(row: Plan) -> Overview:
    """Digest, sums (kind, projects, 分) and what stands against the plan as it is; one query."""
    lines = list(row.lines.select_related("title", "title__claim"))
    sums = []
    for kind in Kind:
        amounts = [each.amount for each in lines if each.title.kind == kind]
        if amounts:
            sums.append((kind.value, len(amounts), sum(amounts)))
    return Overview(row.digest(lines), sums, _against(row, lines))


def _against(row: Plan, lines: list[PlanLine]) -> DomainError | None:
    try:
        require_within_budget(row, lines)
        require_within_band(lines)
        require_registered_before(row, lines)
    except DomainError as refusal:
        return refusal
    return None


def registered_for(plan_year: int) -> QuerySet[Title]:
    """The titles whose support is due in `plan_year`: registered by both ministries the year before,
    and still standing."""
    return Title.objects.filter(
        year__in=supported_years(plan_year), origin__startswith="project:", state=TitleState.TITLED
    )


def left_out(plan_year: int) -> QuerySet[Title]:
    """The titles whose support is due in `plan_year` and that no plan holds."""
    return registered_for(plan_year).filter(plan_lines=None)


def eligible(row: Plan) -> QuerySet[Title]:
    """What can be added to a plan now: due, verified by both, in no plan yet. `claim` comes along."""
    rows = left_out(row.year).filter(claim__state=ClaimState.VERIFIED)
    return rows.select_related("claim").order_by("province", "kind", "number")


def unready(row: Plan) -> QuerySet[Title]:
    """What is due that year and can not be added, because class and tier are not fixed."""
    rows = registered_for(row.year).exclude(claim__state=ClaimState.VERIFIED)
    return rows.select_related("claim").order_by("province", "kind", "number")


def plan_years() -> list[int]:
    """The years for which a plan can be begun: with projects of the pack behind them, no draft open,
    and after a first plan only while projects are left out."""
    covered = [year for year in range(2000, clock.today().year + 2) if pack().covers(year)]
    years = {support_year(year) for year in covered}
    states = dict(Plan.objects.order_by("part").values_list("year", "state"))
    open_ = {year for year, state in states.items() if state == PlanState.DRAFT}
    whole = {year for year in states if year not in open_ and not left_out(year).exists()}
    return sorted(years - open_ - whole)


def plans_waiting(viewer: Viewer) -> Waits:
    """The drafts with lines that wait for the viewer's ministry: to speak, or to approve when both
    have agreed."""
    if viewer.role not in MINISTRIES:
        return Waits(Plan.objects.none())
    own = spoken(APPROVE, "plan", department=viewer.department)
    hr, finance = (spoken(APPROVE, "plan", department=d, agreed=True) for d in ("hr", "finance"))
    waits = Q(~own) | Q(hr & finance)
    drafts = Plan.objects.filter(waits, state=PlanState.DRAFT)
    has_lines = PlanLine.objects.filter(plan=OuterRef("pk")).order_by().values("plan")
    return Waits(drafts.filter(pk__in=Subquery(has_lines)))
