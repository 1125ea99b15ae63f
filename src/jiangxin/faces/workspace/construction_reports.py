"""The unit's progress report: write, check, submit; and what was submitted."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import path, reverse

from jiangxin.core.kernel.errors import DomainError
from jiangxin.core.workflow import ProjectState, Role
from jiangxin.faces.frame.pages import Request, catching, done, page, typed
from jiangxin.faces.frame.uploads import uploads
from jiangxin.records.documents.gates import ACCEPT, ALLOWED
from jiangxin.stages.construction import forms
from jiangxin.stages.construction.actions import reports as acts
from jiangxin.stages.construction.choices import Progress
from jiangxin.stages.construction.queries import building
from jiangxin.stages.construction.queries import reports as queries

from .navigation import workspace_page

UNIT = frozenset({Role.APPLICANT})


@page(roles=UNIT, methods=("GET", "POST"))
def report(request: Request, period_id: int) -> HttpResponse:
    """Write the report on one period; what is typed is kept, then one button leads to the check."""
    period = queries.period(request.viewer, period_id)
    row, draft = period.construction, queries.draft_of(period)
    if period.reported:
        return redirect("my-progress-report-sent", period.last_report)
    source = draft or building.latest_report(row)
    goals, milestones = building.goals_now(row, source), building.milestones_now(row, source)
    problems: list[DomainError] = []
    if request.method == "POST":
        problems = _save(request, period_id, milestones, goals)
        if not problems:
            if request.POST.get("_go") == "next":
                return redirect("my-progress-report-submit", period_id)
            return done(request, "已暂存。", "my-progress-report", period_id)
        draft = queries.draft_of(period)
    return workspace_page(
        request,
        "workspace/construction/report.html",
        {
            "period": period,
            "title": row.title,
            "goals": goals,
            "milestones": milestones,
            "draft": draft,
            "files": list(draft.files.select_related("document")) if draft else [],
            "returned": _returned(period),
            "progress": Progress.choices,
            "going": row.project.state == ProjectState.UNDER_CONSTRUCTION,
            "accept": ACCEPT,
            "allowed": ALLOWED,
            "problems": problems,
            "errors": {each.field: each.message for each in problems if each.field},
            "values": typed(request, forms.report_values(draft, milestones, goals)),
        },
    )


def _save(request: Request, period_id: int, milestones: Any, goals: Any) -> list[DomainError]:
    """Keep what can be kept, lines that are wrong excepted; returns what was refused."""
    given = {key: str(value) for key, value in request.POST.items()}
    written, problems = forms.read_report(given, milestones, goals)
    viewer = request.viewer
    with catching(problems):
        acts.save(viewer=viewer, period_id=period_id, written=written)
    with catching(problems):
        dropped = given.get("_drop", "")
        if dropped.isascii() and dropped.isdigit():
            acts.drop_file(viewer=viewer, period_id=period_id, file_id=int(dropped))
    found = uploads(request)
    if found:
        with catching(problems):
            acts.attach(viewer=viewer, period_id=period_id, files=found)
    return problems


def _returned(period: Any) -> Any:
    """The province's word on the report that it sent back; None when there is none."""
    sent = queries.history_of(period)
    return getattr(sent[-1], "reading", None) if sent else None


@page(roles=UNIT, methods=("GET", "POST"))
def submit(request: Request, period_id: int) -> HttpResponse:
    """Show the whole report once more, then submit it for good."""
    period = queries.period(request.viewer, period_id)
    if period.reported:
        return redirect("my-progress-report-sent", period.last_report)
    draft = queries.draft_of(period)
    if draft is None:
        return redirect("my-progress-report", period_id)
    problems: list[DomainError] = []
    if request.method == "POST" and request.POST.get("confirmed") == "yes":
        with catching(problems):
            made = acts.submit(viewer=request.viewer, period_id=period_id)
            return done(
                request,
                f"第 {period.number} 期进展报告已报送。",
                "my-progress-report-sent",
                made.pk,
            )
    row = period.construction
    return workspace_page(
        request,
        "workspace/construction/submit.html",
        {
            "period": period,
            "title": row.title,
            "row": draft,
            "goals": building.goals_now(row, draft),
            "milestones": building.milestones_now(row, draft),
            "files": list(draft.files.select_related("document")),
            "problems": problems,
            "action": reverse("my-progress-report-submit", args=[period_id]),
        },
    )


@page(roles=UNIT)
def sent(request: Request, report_id: int) -> HttpResponse:
    """A submitted report with the province's word."""
    row = queries.report(request.viewer, report_id)
    if row.submitted_at is None:
        return redirect("my-progress-report", row.period_id)
    building_row = row.period.construction
    return workspace_page(
        request,
        "workspace/construction/sent.html",
        {
            "row": row,
            "period": row.period,
            "title": building_row.title,
            "reading": getattr(row, "reading", None),
            "goals": building.goals_now(building_row, row),
            "milestones": building.milestones_now(building_row, row),
            "files": list(row.files.select_related("document")),
        },
    )


P = "progress-reports/<int:period_id>/"
urlpatterns = [
    path(P, report, name="my-progress-report"),
    path(P + "submit/", submit, name="my-progress-report-submit"),
    path("progress-reports/sent/<int:report_id>/", sent, name="my-progress-report-sent"),
]
