"""The periods with what was reported on them, and the reports themselves."""

from typing import Any

from django.db.models import Case, CharField, Exists, OuterRef, Q, QuerySet, Subquery, Value, When

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import NotFound
from jiangxin.core.kernel.labels import Labelled
from jiangxin.core.workflow import Role
from jiangxin.records.identity.viewer import Viewer
from jiangxin.stages.construction.models import Construction, Period, Report
from jiangxin.stages.construction.scope import running
from jiangxin.stages.titles.queries import in_scope

from .building import standing_reports


class PeriodState(Labelled):
    """Where one period stands; computed, never stored."""

    PLANNED = "planned", "未到报送时间"
    DUE = "due", "待报送"
    OVERDUE = "overdue", "逾期未报"
    RETURNED = "returned", "已退回，待重报"
    SUBMITTED = "submitted", "待审阅"
    READ = "read", "已审阅"
    CLOSED = "closed", "建设期已结束"


OUTSTANDING = (PeriodState.DUE, PeriodState.OVERDUE, PeriodState.RETURNED)


def periods(viewer: Viewer) -> QuerySet[Any]:
    """The periods in the viewer's scope with `status`, `last_report` (id) and `submitted`."""
    sent = Report.objects.filter(period=OuterRef("pk"), submitted_at__isnull=False)
    last = sent.order_by("-attempt")
    rows = Period.objects.filter(in_scope(viewer, "construction__title"))
    return (
        rows.select_related("construction__title", "construction__project")
        .annotate(
            reported=Exists(standing_reports().filter(period=OuterRef("pk"))),
            last_report=Subquery(last.values("pk")[:1]),
            submitted=Subquery(last.values("submitted_at")[:1]),
            last_read=Subquery(last.values("reading__at")[:1]),
        )
        .annotate(status=_status())
    )


def _status() -> Case:
    today = clock.today()
    cases = (
        (Q(reported=True, last_read__isnull=False), PeriodState.READ),
        (Q(reported=True), PeriodState.SUBMITTED),
        (~running("construction"), PeriodState.CLOSED),
        (Q(due__lt=today), PeriodState.OVERDUE),
        (Q(last_report__isnull=False), PeriodState.RETURNED),
        (Q(ends__lt=today), PeriodState.DUE),
    )
    whens = [When(condition, then=Value(state.value)) for condition, state in cases]
    return Case(*whens, default=Value(PeriodState.PLANNED.value), output_field=CharField())


def period(viewer: Viewer, period_id: int) -> Any:
    """One period with what `periods` says of it. Raises `NotFound`."""
    found = periods(viewer).filter(pk=period_id).first()
    if found is None:
        raise NotFound("没有这一期报告。", remedy="它可能不在您的查看范围内。")
    return found


def next_period(row: Construction) -> Period | None:
    """The first period on which there is no report that counts."""
    done = standing_reports().filter(period=OuterRef("pk"))
    return row.periods.filter(~Exists(done)).order_by("number").first()


def reports(viewer: Viewer) -> QuerySet[Report]:
    """The submitted reports in the viewer's scope; drafts only for the unit that writes them."""
    rows = Report.objects.filter(in_scope(viewer, "period__construction__title"))
    if viewer.role is not Role.APPLICANT:
        rows = rows.filter(submitted_at__isnull=False)
    return rows.select_related(
        "period__construction__title", "period__construction__project", "reading"
    )


def report(viewer: Viewer, report_id: int) -> Report:
    """One report. Raises `NotFound`."""
    found = reports(viewer).filter(pk=report_id).first()
    if found is None:
        raise NotFound("没有这份进展报告。", remedy="它可能不在您的查看范围内。")
    return found


def draft_of(row: Period) -> Report | None:
    """What the unit has saved of its next report on a period."""
    return row.reports.filter(submitted_at=None).order_by("-attempt").first()


def history_of(row: Period) -> list[Report]:
    """The submitted reports on a period with the province's word, oldest first."""
    rows = row.reports.filter(submitted_at__isnull=False).select_related("reading")
    return list(rows.order_by("attempt"))
