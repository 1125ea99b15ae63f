"""Progress reports: every period with where it stands, one report, reading it or sending it back."""

from typing import Any

from django.http import HttpResponse
from django.urls import path, reverse

from jiangxin.core.kernel.errors import DomainError
from jiangxin.core.kernel.regions import province_name
from jiangxin.core.workflow import ProjectState
from jiangxin.faces.frame.addresses import path_of
from jiangxin.faces.frame.listing import Column, Listing, choice
from jiangxin.faces.frame.pages import Request, catching, done, page, typed
from jiangxin.stages.construction.actions import reports as acts
from jiangxin.stages.construction.queries import building
from jiangxin.stages.construction.queries import reports as queries

from .construction_common import HR, WATCHERS, by_field, common, confirm_page, own, place
from .navigation import desk_page

State = queries.PeriodState


def status(row: Any) -> tuple[str, str]:
    """Code and label of where a period stands."""
    return row.status, State(row.status).label


def _link(row: Any) -> str:
    if row.last_report:
        return path_of("desk-progress-report", row.last_report)
    return path_of("desk-construction", row.construction_id)


PERIODS = Listing(
    columns=(
        Column(
            "name",
            "项目",
            lambda row: row.construction.title.name,
            sort="construction__title__name",
        ),
        Column("unit", "建设单位", lambda row: row.construction.title.unit_name),
        Column(
            "province",
            "省份",
            lambda row: province_name(row.construction.title.province),
            sort="construction__title__province",
        ),
        Column("number", "期次", lambda row: row.number, "number", "number"),
        Column("state", "状态", status, "state", "status"),
        Column("ends", "报告至", lambda row: row.ends, "date", "ends"),
        Column("due", "报送期限", lambda row: row.due, "date", "due"),
        Column("sent", "报送时间", lambda row: row.submitted, "moment", "submitted"),
    ),
    keywords=(choice("状态", "status", State), *common("construction__title")),
    text=("construction__title__name__icontains", "construction__title__unit_name__icontains"),
    text_help="在项目、单位名称中查找",
    order=("due", "id"),
    link=_link,
)


@page(roles=WATCHERS)
def reports(request: Request) -> HttpResponse:
    """Every period in the viewer's scope: reported, due, late."""
    shown = PERIODS.show(queries.periods(request.viewer), request)
    return shown.export("进展报告") or desk_page(
        request,
        "desk/construction/simple_list.html",
        {
            "list": shown,
            "heading": "进展报告",
            "clause": "4.1",
            "empty": {"title": "还没有报告期", "why": "项目登记开工后，按周期排定各期报告。"},
        },
    )


@page(roles=WATCHERS)
def report(request: Request, report_id: int) -> HttpResponse:
    """One report as it was submitted, and the province's word."""
    return _page(request, report_id, [])


def _page(request: Request, report_id: int, problems: list[DomainError]) -> HttpResponse:
    row = queries.report(request.viewer, report_id)
    building_row = row.period.construction
    reading = getattr(row, "reading", None)
    return desk_page(
        request,
        "desk/construction/report.html",
        {
            "row": row,
            "reading": reading,
            "title": building_row.title,
            "place": place(building_row.title),
            "construction": building_row,
            "goals": building.goals_now(building_row, row),
            "milestones": building.milestones_now(building_row, row),
            "files": list(row.files.select_related("document")),
            "others": [each for each in queries.history_of(row.period) if each.pk != row.pk],
            "may_read": reading is None
            and request.viewer.role in HR
            and own(request, building_row.title),
            "may_return": row.attempt == 1
            and building_row.project.state == ProjectState.UNDER_CONSTRUCTION,
            "problems": problems,
            "errors": by_field(problems),
            "values": typed(request, {"remark": ""}),
        },
    )


@page(roles=HR, methods=("POST",))
def read(request: Request, report_id: int) -> HttpResponse:
    """The report is read, or, after asking once more, sent back."""
    problems: list[DomainError] = []
    remark, back = request.POST.get("remark", ""), request.POST.get("word") == "return"
    row = queries.report(request.viewer, report_id)
    with catching(problems):
        if not back:
            acts.read(viewer=request.viewer, report_id=report_id, remark=remark)
            return done(request, "已审阅。", "desk-progress-report", report_id)
        if request.POST.get("confirmed") == "yes" or not remark.strip():
            acts.send_back(viewer=request.viewer, report_id=report_id, reason=remark)
            return done(request, "已退回，单位会收到通知。", "desk-progress-report", report_id)
        title = row.period.construction.title
        return confirm_page(
            request,
            heading="退回进展报告",
            kicker=place(title),
            question="退回以下报告？",
            names=[f"{title.name}：第 {row.period.number} 期"],
            verb="退回",
            action=reverse("desk-progress-report-read", args=[report_id]),
            back=reverse("desk-progress-report", args=[report_id]),
            consequences=[f"理由告知单位：{remark}", "每期只能退回一次；原报告保留备查。"],
            clause="4.1",
            danger=True,
            hidden={"word": "return", "remark": remark},
        )
    return _page(request, report_id, problems)


urlpatterns = [
    path("progress-reports/", reports, name="desk-progress-reports"),
    path("progress-reports/<int:report_id>/", report, name="desk-progress-report"),
    path("progress-reports/<int:report_id>/read/", read, name="desk-progress-report-read"),
]
