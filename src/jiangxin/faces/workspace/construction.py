"""What a unit does about construction: the overview, the reports, more time, activities, findings."""

from collections.abc import Iterator
from typing import Any

from django.http import HttpResponse
from django.urls import path

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import DomainError, NotFound
from jiangxin.core.workflow import (
    ExtensionState,
    FindingState,
    ProjectState,
    Role,
    TitleState,
)
from jiangxin.faces.frame.addresses import path_of
from jiangxin.faces.frame.pages import SIGNED_IN, Request, catching, done, page, typed
from jiangxin.faces.frame.sending import send_document
from jiangxin.faces.frame.uploads import uploads
from jiangxin.records.documents.gates import ACCEPT, ALLOWED
from jiangxin.records.identity.viewer import Viewer
from jiangxin.stages.construction import queries
from jiangxin.stages.construction.actions import extension as extending
from jiangxin.stages.construction.queries import building, files
from jiangxin.stages.construction.queries import reports as reporting
from jiangxin.stages.construction.queries.supervision import findings as findings_of
from jiangxin.stages.construction.reading import day
from jiangxin.stages.titles.queries import title_of

from . import construction_reports, construction_supervision
from .navigation import workspace_page
from .titles import Entry

SUBJECTS = {"finding": "my-finding"}
UNIT = frozenset({Role.APPLICANT})
OUTSTANDING = {each.value for each in reporting.OUTSTANDING}


def entries(viewer: Viewer, title: Any) -> Iterator[Entry]:
    """The next report, each open finding, and what may be looked at."""
    row = queries.construction_of(title)
    if row is not None:
        yield from _of_construction(viewer, title, row)
    found = list(findings_of(viewer).filter(title=title).order_by("due", "id"))
    for each in found:
        if each.state == FindingState.OPEN and title.state == TitleState.TITLED:
            yield Entry(
                "整改检查问题",
                each.text[:60],
                path_of("my-finding", each.pk),
                waits=True,
                due=each.due,
            )
    if found:
        yield Entry(
            "检查问题", "监督检查提出的全部问题和整改情况。", path_of("my-findings", title.pk)
        )
    if title.state == TitleState.TITLED:
        yield Entry(
            "活动记录",
            "登记培训、评价、竞赛、交流和工匠精神传播活动。",
            path_of("my-activities", title.pk),
        )


def _of_construction(viewer: Viewer, title: Any, row: Any) -> Iterator[Entry]:
    going = row.project.state == ProjectState.UNDER_CONSTRUCTION
    following = reporting.periods(viewer).filter(construction=row, reported=False)
    period = following.order_by("number").first() if going else None
    if period is not None and period.begins <= clock.today():
        late = period.status in OUTSTANDING
        yield Entry(
            f"第 {period.number} 期进展报告",
            f"报告 {period.begins.isoformat()} 至 {period.ends.isoformat()} 的建设进展。",
            path_of("my-progress-report", period.pk),
            waits=late,
            due=period.due if late else None,
        )
    yield Entry(
        "建设情况",
        f"绩效目标、建设任务和各期报告；建设期至{clock.long_date(row.due)}。",
        path_of("my-construction", title.pk),
    )


def own_construction(viewer: Viewer, title_id: int) -> Any:
    """The construction of one of the unit's titles. Raises `NotFound`."""
    row = queries.construction_of(title_of(viewer, title_id))
    if row is None:
        raise NotFound("这个项目还没有登记开工。", remedy="开工由省级人社部门登记。")
    return row


@page(roles=UNIT)
def construction(request: Request, title_id: int) -> HttpResponse:
    """What was promised, how it stands, every report, more time."""
    row = own_construction(request.viewer, title_id)
    report = building.latest_report(row)
    periods = list(reporting.periods(request.viewer).filter(construction=row).order_by("number"))
    following = next((each for each in periods if not each.reported), None)
    fillable = following is not None and following.begins <= clock.today()
    asked = list(building.extensions(request.viewer).filter(construction=row))
    living = [each for each in asked if each.state != ExtensionState.REFUSED]
    going = row.project.state == ProjectState.UNDER_CONSTRUCTION
    return workspace_page(
        request,
        "workspace/construction/construction.html",
        {
            "row": row,
            "title": row.title,
            "event": row.get_start_event_display(),
            "report": report,
            "goals": building.goals_now(row, report),
            "milestones": building.milestones_now(row, report),
            "periods": [
                (each, each.status, reporting.PeriodState(each.status).label) for each in periods
            ],
            "fillable": following.pk if following and fillable else None,
            "extensions": asked,
            "may_extend": going and not living and clock.today() <= row.due,
            "left": (row.due - clock.today()).days if going else None,
        },
    )


@page(roles=UNIT, methods=("GET", "POST"))
def extend(request: Request, title_id: int) -> HttpResponse:
    """Ask for more time."""
    row = own_construction(request.viewer, title_id)
    problems: list[DomainError] = []
    if request.method == "POST":
        with catching(problems):
            extending.request(
                viewer=request.viewer,
                construction_id=row.pk,
                reason=request.POST.get("reason", ""),
                due=day(request.POST.get("due", ""), "延至日期", "due"),
                files=uploads(request),
            )
            return done(
                request, "延期申请已提交，等待省级两部门办理。", "my-construction", title_id
            )
    return workspace_page(
        request,
        "workspace/construction/extend.html",
        {
            "row": row,
            "title": row.title,
            "last": building.latest_due(row),
            "accept": ACCEPT,
            "allowed": ALLOWED,
            "problems": problems,
            "errors": {each.field: each.message for each in problems if each.field},
            "values": typed(request, {"reason": "", "due": ""}),
        },
    )


@page(roles=SIGNED_IN)
def file(request: Request, document_id: int) -> HttpResponse:
    """One file of this stage within the viewer's scope, for units and officials alike."""
    return send_document(files.file(request.viewer, document_id))


urlpatterns = [
    path("titles/<int:title_id>/construction/", construction, name="my-construction"),
    path("titles/<int:title_id>/construction/extend/", extend, name="my-extension"),
    path("construction/files/<int:document_id>/", file, name="construction-file"),
    *construction_reports.urlpatterns,
    *construction_supervision.urlpatterns,
]
