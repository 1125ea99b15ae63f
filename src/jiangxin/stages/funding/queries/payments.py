"""What was paid: per title, per source, per stretch of the way; what lies still, and since when.

Sums count live entries only. Central and local money has reached a unit when the unit has confirmed
its arrival; own money is there when the unit records it.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import (
    BooleanField,
    ExpressionWrapper,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
)
from django.db.models.fields import BigIntegerField
from django.db.models.functions import Coalesce

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import NotFound
from jiangxin.core.workflow import PlanState, Role, TitleState
from jiangxin.records.identity.viewer import Viewer
from jiangxin.records.inbox.waiting import Waits
from jiangxin.stages.titles.models import Title
from jiangxin.stages.titles.queries import in_scope, titles_of

from ..choices import RECORDED_BY, TO_BE_CONFIRMED, Leg, Source
from ..models import Payment, PaymentQuerySet, PlanLine

REACHED = Q(arrival__isnull=False) | Q(leg=Leg.OWN)


LIVE = Q(reverses=None, reversal=None)
ENTRY_UNCONFIRMED = LIVE & Q(leg__in=TO_BE_CONFIRMED, arrival=None)


def flows(viewer: Viewer) -> QuerySet[Payment]:
    """Every entry in the viewer's scope, reversed and reversing ones included, newest first."""
    rows = Payment.objects.filter(in_scope(viewer))
    return rows.select_related("title", "arrival", "reversal", "reverses")


def payment(viewer: Viewer, payment_id: int) -> Payment:
    """One entry. Raises `NotFound` beyond the viewer's scope."""
    found = flows(viewer).filter(pk=payment_id).first()
    if found is None:
        raise NotFound("没有这笔记录。", remedy="它可能不在您的查看范围内。")
    return found


def received(title: Title) -> dict[str, int]:
    """Source → 分 that has reached the unit: confirmed by it, or its own; one query."""
    rows = Payment.objects.live().filter(REACHED, title=title).order_by().values_list("source")
    sums = dict(rows.annotate(n=Sum("amount")))
    return {source.value: sums.get(source.value, 0) for source in Source}


@dataclass(frozen=True)
class Standing:
    """One title's money, by stretch: entered, and of it confirmed by the unit."""

    entered: dict[str, int]
    reached: dict[str, int]

    @property
    def held(self) -> int:
        """Central money at the province that is not passed on."""
        return self.entered[Leg.TO_PROVINCE] - self.entered[Leg.TO_UNIT]


def standing(title: Title) -> Standing:
    """Leg → what was entered and what has reached the unit; one query."""
    rows = Payment.objects.live().filter(title=title).order_by().values_list("leg")
    found = {
        leg: (entered, reached or 0)
        for leg, entered, reached in rows.annotate(
            all=Sum("amount"), there=Sum("amount", filter=REACHED)
        )
    }
    nothing = (0, 0)
    return Standing(
        {leg.value: found.get(leg.value, nothing)[0] for leg in Leg},
        {leg.value: found.get(leg.value, nothing)[1] for leg in Leg},
    )


def first_arrival(title: Title) -> date | None:
    """The day on which the first central money reached the unit, as the unit confirmed it."""
    rows = Payment.objects.live().filter(title=title, leg=Leg.TO_UNIT, arrival__isnull=False)
    return rows.order_by("arrival__on").values_list("arrival__on", flat=True).first()


def unconfirmed(title: Title) -> QuerySet[Payment]:
    """What was paid to the unit and is not confirmed by it yet, oldest first."""
    rows = Payment.objects.live().filter(title=title, leg__in=TO_BE_CONFIRMED, arrival=None)
    return rows.order_by("on", "id")


def may_record(viewer: Viewer) -> list[Leg]:
    """The stretches of the way that this viewer's role records."""
    return [leg for leg, role in RECORDED_BY.items() if role is viewer.role]


def may_reverse(viewer: Viewer, row: Payment) -> bool:
    """Whether this viewer's office may take back the entry."""
    gone = row.reverses_id is not None or getattr(row, "reversal", None) is not None
    return not gone and RECORDED_BY[Leg(row.leg)] is viewer.role


def _sum(rows: PaymentQuerySet, title: str = "pk") -> Coalesce:
    found = rows.filter(title=OuterRef(title)).order_by().values("title")
    total = found.annotate(n=Sum("amount")).values("n")
    return Coalesce(Subquery(total), Value(0), output_field=BigIntegerField())


def funds(viewer: Viewer) -> QuerySet[Any]:
    """The titles of this programme in the viewer's scope, with their money in 分.

    `planned` and `plan_year` (approved plans only, else none), `arrived` at the province, `passed`
    on to the unit, `reached` the unit (confirmed), `local` and `own` (that have reached it), `held`
    at the province and `since` when the oldest of that lies there.
    """
    live = Payment.objects.live()
    lines = PlanLine.objects.filter(title=OuterRef("pk"), plan__state=PlanState.APPROVED)
    arrived = live.filter(leg=Leg.TO_PROVINCE)
    passed = live.filter(leg=Leg.TO_UNIT)
    return (
        titles_of(viewer)
        .filter(origin__startswith="project:")
        .annotate(
            planned=Subquery(lines.values("amount")[:1]),
            plan_year=Subquery(lines.values("plan__year")[:1]),
            arrived=_sum(arrived),
            passed=_sum(passed),
            reached=_sum(passed.filter(REACHED)),
            local=_sum(live.filter(REACHED, leg=Leg.LOCAL)),
            own=_sum(live.filter(leg=Leg.OWN)),
        )
        .annotate(held=F("arrived") - F("passed"), since=_since(arrived))
    )


def _since(arrived: PaymentQuerySet) -> Subquery:
    """The day on which the oldest money that is still held arrived: first in, first out."""
    before = Q(on__lt=OuterRef("on")) | Q(on=OuterRef("on"), id__lte=OuterRef("id"))
    rows = arrived.annotate(so_far=_sum(arrived.filter(before), "title"))
    held = rows.filter(title=OuterRef("pk"), so_far__gt=OuterRef("passed"))
    return Subquery(held.order_by("on", "id").values("on")[:1])


HELD = Q(held__gt=0)


@dataclass(frozen=True)
class Stuck:
    """Central money that arrived at a province and was not passed on to the unit."""

    title: Title
    amount: int
    since: date

    @property
    def days(self) -> int:
        return days_since(self.since)


def stuck(viewer: Viewer) -> list[Stuck]:
    """What lies at the provinces in the viewer's scope, the oldest first; one query."""
    rows = funds(viewer).filter(HELD).order_by("since", "pk")
    return [Stuck(row, row.held, row.since) for row in rows]


def days_since(day: date) -> int:
    """How many days ago that was."""
    return (clock.today() - day).days


TO_PAY = Q(planned__gt=F("arrived"), state=TitleState.TITLED)
TO_PASS = Q(HELD, state=TitleState.TITLED)
UNPLANNED = Q(planned=None)
UNCONFIRMED = Q(passed__gt=F("reached"))
WAITING = Q(waits=True)
TO_DO = {Role.MINISTRY_FINANCE: TO_PAY, Role.PROVINCE_FINANCE: TO_PASS}


def listed(viewer: Viewer) -> QuerySet[Any]:
    """`funds`, each with `waits`: whether it waits for a payment by this viewer."""
    condition = TO_DO.get(viewer.role)
    waits = Value(False) if condition is None else ExpressionWrapper(condition, BooleanField())
    return funds(viewer).annotate(waits=waits)


def fund(viewer: Viewer, title_id: int) -> Any:
    """One title with its money. Raises `NotFound` beyond the viewer's scope."""
    found = listed(viewer).filter(pk=title_id).select_related("claim").first()
    if found is None:
        raise NotFound(
            "没有这个项目。", remedy="它可能不在您的查看范围内，或不是两部备案登记的项目。"
        )
    return found


def rest(viewer: Viewer, row: Any) -> int:
    """What this viewer still has to send on for one of `funds`, in 分."""
    if viewer.role is Role.MINISTRY_FINANCE:
        return max(0, (row.planned or 0) - int(row.arrived))
    return max(0, int(row.held)) if viewer.role is Role.PROVINCE_FINANCE else 0


def payments_waiting(viewer: Viewer) -> Waits:
    """财政部: what is planned and not paid; a province's finance: what is to be passed on."""
    rows = listed(viewer).filter(WAITING).order_by().values("pk")
    return Waits(PlanLine.objects.filter(title__in=rows))


@dataclass(frozen=True)
class Totals:
    """The money in a viewer's scope by stage; local and own money stand apart (N55)."""

    planned: int
    arrived: int
    passed: int
    reached: int
    local: int
    own: int


def totals(viewer: Viewer) -> Totals:
    """Sums over `funds`; one query."""
    names = ("planned", "arrived", "passed", "reached", "local", "own")
    sums = funds(viewer).aggregate(**{f"all_{name}": Sum(name) for name in names})
    return Totals(**{name: sums[f"all_{name}"] or 0 for name in names})


@dataclass(frozen=True)
class Stage:
    """Central money of one plan year in one province, in 分, each stage counted in full:
    `planned` ≥ `at_province` ≥ `passed` ≥ `at_unit` (confirmed)."""

    year: int
    province: str
    planned: int
    at_province: int
    passed: int
    at_unit: int


def paid_by_stage(viewer: Viewer) -> list[Stage]:
    """How far the central money of approved plans has come, by plan year and province; two queries."""
    where = in_scope(viewer)
    lines = PlanLine.objects.filter(where, plan__state=PlanState.APPROVED).order_by()
    planned = lines.values_list("plan__year", "title__province").annotate(n=Sum("amount"))
    paid: dict[tuple[int, str], dict[str, tuple[int, int]]] = defaultdict(dict)
    flowed = Payment.objects.live().filter(where, source=Source.CENTRAL).order_by()
    for year, province, leg, entered, reached in flowed.values_list(
        "title__plan_lines__plan__year", "title__province", "leg"
    ).annotate(all=Sum("amount"), there=Sum("amount", filter=REACHED)):
        paid[year, province][leg] = (entered, reached or 0)
    nothing = (0, 0)
    return [
        Stage(
            year,
            province,
            amount,
            paid[year, province].get(Leg.TO_PROVINCE, nothing)[0],
            *paid[year, province].get(Leg.TO_UNIT, nothing),
        )
        for year, province, amount in sorted(planned)
    ]
