"""Construction at the desk: what is to be begun, what is being built, the extensions."""

from datetime import timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q
from django.http import HttpResponse
from django.urls import path, reverse

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import DomainError, Invalid
from jiangxin.core.kernel.regions import province_name
from jiangxin.core.workflow import ProjectState
from jiangxin.faces.frame.addresses import path_of
from jiangxin.faces.frame.filters import query
from jiangxin.faces.frame.listing import (
    Column,
    Listing,
    choice,
    contains,
    number,
    when,
)
from jiangxin.faces.frame.pages import Request, catching, done, page, typed
from jiangxin.stages.construction import queries
from jiangxin.stages.construction.actions import start as starting
from jiangxin.stages.construction.queries import building, lateness, supervision, waiting
from jiangxin.stages.construction.queries import reports as reporting
from jiangxin.stages.construction.reading import day

from . import construction_extensions, construction_findings, construction_reports
from . import construction_visits as visits
from .construction_common import BUILT, HR, TRACKS, WATCHERS, common, own, place
from .navigation import Link, desk_page

GROUP = "建设与监督"
AFTER = (
    ProjectState.UNDER_CONSTRUCTION,
    ProjectState.IN_ACCEPTANCE,
    ProjectState.RECTIFYING,
    ProjectState.ACCEPTED,
    ProjectState.REVOKED,
)
STATES = dict(ProjectState.choices())
SUBJECTS = {
    "construction": "desk-construction",
    "extension": "desk-extension",
    "report": "desk-progress-report",
    "inspection": "desk-inspection",
    "visit": "desk-visit",
    "finding": "desk-finding",
}
LINKS = (
    Link(name="desk-constructions", label="建设项目", icon="building", roles=WATCHERS, group=GROUP),
    Link(
        name="desk-construction-start",
        label="开工登记",
        icon="flag",
        roles=HR,
        group=GROUP,
        waits=waiting.starts_waiting,
    ),
    Link(
        name="desk-extensions",
        label="建设延期",
        icon="clock",
        roles=WATCHERS,
        group=GROUP,
        waits=waiting.extensions_waiting,
        todo="待办:我",
    ),
    Link(
        name="desk-progress-reports",
        label="进展报告",
        icon="file",
        roles=WATCHERS,
        group=GROUP,
        waits=waiting.reports_waiting,
        todo="状态:待审阅",
    ),
    Link(
        name="desk-inspections",
        label="双随机抽查",
        icon="dice",
        roles=WATCHERS,
        group=GROUP,
        waits=waiting.inspections_waiting,
        todo="待办:我",
    ),
    Link(
        name="desk-visits",
        label="现场检查",
        icon="eye",
        roles=WATCHERS,
        group=GROUP,
        waits=waiting.visits_waiting,
        todo="状态:待检查",
    ),
    Link(
        name="desk-findings",
        label="检查问题",
        icon="alert",
        roles=WATCHERS,
        group=GROUP,
        waits=waiting.findings_waiting,
        todo="状态:待复核",
    ),
    Link(name="desk-activities", label="五类功能活动", icon="star", roles=WATCHERS, group=GROUP),
)


def listing() -> Listing:
    """The constructions; what is late depends on the day."""
    today = clock.today()
    running = Q(project__state=ProjectState.UNDER_CONSTRUCTION)
    late_tasks = Exists(lateness.milestones_late().filter(construction=OuterRef("pk")))
    return Listing(
        columns=(
            Column("name", "项目", lambda row: row.title.name, sort="title__name"),
            Column("unit", "建设单位", lambda row: row.title.unit_name, sort="title__unit_name"),
            Column("province", "省份", _province, sort="title__province"),
            Column("track", "类型", lambda row: TRACKS.get(row.title.track, ""), default=False),
            Column("state", "状态", _state, "state", "project__state"),
            Column("starts", "起算", lambda row: row.starts_on, "date", "starts_on"),
            Column("due", "期满", lambda row: row.due, "date", "due"),
            Column("done", "任务完成", lambda row: f"{row.done} / {row.tasks}", "number", "done"),
            Column("late", "逾期报告", lambda row: row.unreported, "number", "unreported"),
            Column(
                "findings", "未销号问题", lambda row: row.open_findings, "number", "open_findings"
            ),
            Column("number", "编号", lambda row: row.title.number, default=False),
        ),
        keywords=(
            when(
                "期限",
                "建设期已满（未申请验收）、将满（90 天内）",
                {
                    "已满": running & Q(due__lt=today),
                    "将满": running & Q(due__range=(today, today + timedelta(days=90))),
                },
            ),
            when(
                "逾期",
                "有逾期未完成的任务、逾期未报的报告",
                {"任务": Q(late_tasks), "报告": Q(unreported__gt=0)},
            ),
            choice(
                "状态",
                "project__state",
                [s for s in ProjectState if s in AFTER],
                example="状态:建设中",
            ),
            *common("title"),
        ),
        text=("title__name__icontains", "title__number__icontains", "title__unit_name__icontains"),
        order=("due", "id"),
        link=lambda row: path_of("desk-construction", row.pk),
    )


def _province(row: Any) -> str:
    return province_name(row.title.province)


def _state(row: Any) -> tuple[str, str]:
    return row.project.state, STATES[row.project.state]


@page(roles=WATCHERS)
def constructions(request: Request) -> HttpResponse:
    """Everything that is or was being built, with what is late on top."""
    shown = listing().show(building.listed(request.viewer), request)
    return shown.export("建设项目") or desk_page(
        request,
        "desk/construction/list.html",
        {
            "list": shown,
            "tiles": _late_tiles(request),
            "empty": {
                "title": "还没有建设项目",
                "why": "两部登记后，由省级人社部门登记开工，建设期从起算日开始。",
            },
        },
    )


LATE = {
    lateness.LateKind.TERM: ("desk-constructions", "期限:已满"),
    lateness.LateKind.REPORT: ("desk-progress-reports", "状态:逾期未报"),
    lateness.LateKind.FINDING: ("desk-findings", "期限:逾期"),
    lateness.LateKind.MILESTONE: ("desk-constructions", "逾期:任务"),
}


def _late_tiles(request: Request) -> list[dict[str, Any]]:
    counts = lateness.late_counts(request.viewer)
    return [
        {
            "label": kind.label,
            "value": counts[kind],
            "unit": "项",
            "url": reverse(LATE[kind][0]) + query({"q": LATE[kind][1]}),
            "tone": "red" if counts[kind] else "none",
        }
        for kind in lateness.LateKind
    ]


TABS = {
    "goals": "目标和任务",
    "reports": "进展报告",
    "supervision": "监督检查",
    "activities": "活动",
}


@page(roles=WATCHERS)
def construction(request: Request, construction_id: int) -> HttpResponse:
    """One construction: what was promised, what was reported, what was found, what was done."""
    row = building.construction(request.viewer, construction_id)
    tab = request.GET.get("tab", "")
    tab = tab if tab in TABS else "goals"
    return desk_page(
        request,
        "desk/construction/construction.html",
        {
            "row": row,
            "title": row.title,
            "state": _state(row),
            "event": row.get_start_event_display(),
            "track": TRACKS.get(row.title.track, ""),
            "left": (row.due - clock.today()).days,
            "running": row.project.state == ProjectState.UNDER_CONSTRUCTION,
            "place": place(row.title),
            "may_raise": own(request, row.title),
            "tab": tab,
            "tabs": [
                {"key": key, "label": label, "url": f"?tab={key}"} for key, label in TABS.items()
            ],
            **_tab(request, row, tab),
        },
    )


def _tab(request: Request, row: Any, tab: str) -> dict[str, Any]:
    viewer = request.viewer
    if tab == "reports":
        found = reporting.periods(viewer).filter(construction=row).order_by("number")
        return {"periods": [(each, construction_reports.status(each)) for each in found]}
    if tab == "supervision":
        extensions = building.extensions(viewer).filter(construction=row)
        return {
            "extensions": list(extensions),
            "visits": [
                (each, visits.state_of(each))
                for each in supervision.visits(viewer).filter(construction=row)
            ],
            "findings": [
                (each, construction_findings.state_of(each))
                for each in supervision.findings(viewer).filter(title=row.title)
            ],
        }
    if tab == "activities":
        rows = construction_findings.recent_activities(viewer, row.title)
        return {
            "functions": queries.activities_by_function(viewer, row.title),
            "activities": rows,
        }
    report = building.latest_report(row)
    return {
        "report": report,
        "goals": building.goals_now(row, report),
        "milestones": building.milestones_now(row, report),
    }


START = Listing(
    columns=(
        Column("name", "项目", lambda row: row.name, sort="name"),
        Column("unit", "建设单位", lambda row: row.unit_name, sort="unit_name"),
        Column("track", "类型", lambda row: TRACKS.get(row.track, ""), sort="track"),
        Column("year", "年度", lambda row: str(row.year), sort="year"),
        Column("registered", "登记时间", lambda row: row.registered_at, "moment", "registered_at"),
        Column("number", "编号", lambda row: row.number, sort="number"),
    ),
    keywords=(
        number("年", "year", "登记年度，例如 2025", example="2025"),
        choice("类型", "track", BUILT),
        contains("单位", "unit_name", example="单位:学院"),
    ),
    text=("name__icontains", "number__icontains", "unit_name__icontains"),
    order=("registered_at", "id"),
)


@page(roles=HR)
def start(request: Request) -> HttpResponse:
    """The registered titles whose construction is still to be opened."""
    shown = START.show(building.to_start(request.viewer), request)
    return shown.export("待开工") or desk_page(
        request,
        "desk/construction/start.html",
        {
            "list": shown,
            "empty": {
                "title": "没有待开工的项目",
                "why": "新建基地和技能大师工作室经两部登记后，在这里登记开工；已建基地没有建设期。",
            },
        },
    )


@page(roles=HR, methods=("POST",))
def begin(request: Request) -> HttpResponse:
    """First the preview with start and due, then, confirmed, all or none."""
    ids = [int(each) for each in request.POST.getlist("ids") if each.isascii() and each.isdigit()]
    if not ids:
        raise Invalid("没有选中项目。", remedy="请返回列表，先勾选再办理。")
    problems: list[DomainError] = []
    given: dict[str, Any] = {"starts_on": None, "document": request.POST.get("document", "")}
    with catching(problems):
        if request.POST.get("starts_on", "").strip():
            given["starts_on"] = day(request.POST["starts_on"], "起算日期", "starts_on")
        if request.POST.get("confirmed") == "yes":
            made = starting.start_many(viewer=request.viewer, title_ids=ids, **given)
            return done(request, f"已登记开工 {len(made)} 个项目。", "desk-constructions")
    lines = starting.preview(viewer=request.viewer, title_ids=ids, **given)
    return desk_page(request, "desk/construction/begin.html", _preview(request, lines, problems))


def _preview(request: Request, lines: Any, problems: list[DomainError]) -> dict[str, Any]:
    ready = [each for each in lines if each.planned]
    asks = {each.problem.field for each in lines if each.problem} & {"starts_on", "document"}
    return {
        "lines": lines,
        "ids": [each.title.pk for each in lines],
        "names": [
            f"{each.title.name}：{clock.long_date(each.planned.starts_on)}起算，"
            f"{clock.long_date(each.planned.due)}期满"
            for each in ready
        ],
        "ready": bool(ready) and len(ready) == len(lines) and not problems,
        "asks": bool(asks) or bool(request.POST.get("starts_on")),
        "consequences": [
            "绩效目标和建设任务按登记的申报表固定，以后不能修改。",
            "每个项目只登记一次开工；期满日只能因一次经两部门同意的延期而改变。",
            "单位会收到通知，按期报告进展。",
        ],
        "problems": problems,
        "values": typed(request, {"starts_on": "", "document": ""}),
        "errors": {each.field: each.message for each in problems if each.field},
    }


urlpatterns = [
    path("constructions/", constructions, name="desk-constructions"),
    path("constructions/start/", start, name="desk-construction-start"),
    path("constructions/begin/", begin, name="desk-construction-begin"),
    path("constructions/<int:construction_id>/", construction, name="desk-construction"),
    *construction_extensions.urlpatterns,
    *construction_reports.urlpatterns,
    *visits.urlpatterns,
    *construction_findings.urlpatterns,
]
