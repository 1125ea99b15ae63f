"""What is late: reports, findings, milestones, and constructions whose time is over."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Count, Exists, F, IntegerField, OuterRef, QuerySet, Value

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.labels import Labelled
from jiangxin.core.workflow import FindingState, TitleState
from jiangxin.records.identity.viewer import Viewer
from jiangxin.records.inbox.waiting import NOTHING, Waits, count_waiting
from jiangxin.stages.construction.choices import Progress
from jiangxin.stages.construction.models import (
    Construction,
    Finding,
    Milestone,
    MilestoneLine,
    Period,
)
from jiangxin.stages.construction.scope import RUNNING, constructions, running
from jiangxin.stages.titles.models import Title
from jiangxin.stages.titles.queries import in_scope

from .building import newest_of
from .reports import PeriodState, periods
from .supervision import findings


class LateKind(Labelled):
    """What can be late."""

    TERM = "term", "建设期已满，未申请验收"
    REPORT = "report", "进展报告逾期未报"
    FINDING = "finding", "检查问题逾期未整改"
    MILESTONE = "milestone", "建设任务逾期未完成"


@dataclass(frozen=True)
class Late:
    """One thing that is late: of which title, what, since when; `pk` of its row."""

    kind: LateKind
    title: Title
    text: str
    due: date
    pk: int

    @property
    def days(self) -> int:
        return (clock.today() - self.due).days


def late_terms(viewer: Viewer) -> QuerySet[Construction]:
    """Constructions in scope whose time is over while they still go on."""
    return constructions(viewer).filter(RUNNING, due__lt=clock.today())


def late_periods(viewer: Viewer) -> QuerySet[Period]:
    """Periods in scope on which no report came in time."""
    return periods(viewer).filter(status=PeriodState.OVERDUE)


def late_findings(viewer: Viewer) -> QuerySet[Finding]:
    """Open findings in scope whose date is over."""
    open_ = findings(viewer).filter(state=FindingState.OPEN, title__state=TitleState.TITLED)
    return open_.filter(due__lt=clock.today())


def milestones_late() -> QuerySet[Milestone]:
    """Every milestone whose date is over and which the newest report does not call done."""
    done = MilestoneLine.objects.filter(
        milestone=OuterRef("pk"), report=OuterRef("newest"), progress=Progress.DONE
    )
    rows = Milestone.objects.filter(running("construction"), due__lt=clock.today())
    return rows.annotate(newest=newest_of("construction")).filter(~Exists(done))


def late_milestones(viewer: Viewer) -> QuerySet[Milestone]:
    """The late milestones in scope."""
    rows = milestones_late().filter(in_scope(viewer, "construction__title"))
    return rows.select_related("construction__title")


def late_counts(viewer: Viewer) -> dict[LateKind, int]:
    """How many of each kind are late in the viewer's scope; one query."""
    rows: dict[str, QuerySet[Any]] = {
        LateKind.TERM: late_terms(viewer),
        LateKind.REPORT: late_periods(viewer),
        LateKind.FINDING: late_findings(viewer),
        LateKind.MILESTONE: late_milestones(viewer),
    }
    counted = count_waiting({kind: Waits(found) for kind, found in rows.items()})
    return {kind: counted.get(kind, NOTHING).count for kind in LateKind}


def late_by_province(viewer: Viewer) -> dict[tuple[LateKind, str], int]:
    """(kind, province) → how many rows of the list behind it are late in scope; one query.

    Of milestones the constructions that have a late one are counted, as their list shows them.
    """
    rows: dict[LateKind, tuple[QuerySet[Any], str, str]] = {
        LateKind.TERM: (late_terms(viewer), "pk", "title"),
        LateKind.REPORT: (late_periods(viewer), "pk", "construction__title"),
        LateKind.FINDING: (late_findings(viewer), "pk", "title"),
        LateKind.MILESTONE: (late_milestones(viewer), "construction", "construction__title"),
    }
    first, *others = (
        found.order_by()
        .annotate(late_kind=Value(kind.value), late_place=F(f"{owner}__province"))
        .values("late_kind", "late_place")
        .annotate(late_number=Count(counted, distinct=True, output_field=IntegerField()))
        .values_list("late_kind", "late_place", "late_number")
        for kind, (found, counted, owner) in rows.items()
    )
    return {
        (LateKind(kind), province): number
        for kind, province, number in first.union(*others, all=True)
    }


def overdue(viewer: Viewer, title: Title | None = None) -> list[Late]:
    """Everything that is late in the viewer's scope, or of one title; the oldest first; four queries."""

    def of(path: str) -> dict[str, Title]:
        return {path: title} if title is not None else {}

    found = [
        *(
            Late(LateKind.TERM, row.title, "建设期", row.due, row.pk)
            for row in late_terms(viewer).filter(**of("title"))
        ),
        *(
            Late(
                LateKind.REPORT,
                row.construction.title,
                f"第 {row.number} 期进展报告",
                row.due,
                row.pk,
            )
            for row in late_periods(viewer).filter(**of("construction__title"))
        ),
        *(
            Late(LateKind.FINDING, row.title, row.text, row.due, row.pk)
            for row in late_findings(viewer).filter(**of("title"))
        ),
        *(
            Late(LateKind.MILESTONE, row.construction.title, row.task, row.due, row.pk)
            for row in late_milestones(viewer).filter(**of("construction__title"))
        ),
    ]
    return sorted(found, key=lambda each: (each.due, each.kind.value, each.pk))
