"""双随机: inspections with their ceremony, and the visits with their results."""

from typing import Any

from django.http import HttpResponse, JsonResponse
from django.urls import path, reverse

from jiangxin.core.draw.walk import SkipReason
from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import DomainError, Invalid
from jiangxin.core.kernel.regions import province_name
from jiangxin.core.workflow import DrawState, VisitState
from jiangxin.faces.frame import rows as table_rows
from jiangxin.faces.frame.addresses import path_of
from jiangxin.faces.frame.filters import row_numbers
from jiangxin.faces.frame.listing import Column, Listing, choice, number, province, when
from jiangxin.faces.frame.pages import Request, catching, done, page, typed
from jiangxin.faces.frame.uploads import uploads
from jiangxin.records.documents.gates import ACCEPT, ALLOWED
from jiangxin.stages.construction.actions import inspection as drawing
from jiangxin.stages.construction.actions import visits as acts
from jiangxin.stages.construction.choices import Outcome
from jiangxin.stages.construction.queries import supervision, waiting
from jiangxin.stages.construction.reading import count, day
from jiangxin.stages.experts.choices import Field
from jiangxin.stages.review.queries.ceremony import parties

from .ceremony import send_record, show, take_step, version_of
from .construction_common import HR, WATCHERS, by_field, common, own, place
from .construction_findings import clauses
from .construction_findings import state_of as finding_state
from .navigation import desk_page

DRAWS = dict(DrawState.choices())
VISITS = dict(VisitState.choices())
REASONS = (SkipReason.UNAVAILABLE, SkipReason.NO_REPLY, SkipReason.RECUSAL, SkipReason.SUSPENDED)
MOST_ROWS = 20


def inspection_listing(request: Request) -> Listing:
    """The inspections; which wait depends on who looks."""
    return Listing(
        columns=(
            Column("name", "场次", lambda row: row.plan["session"], sort="number"),
            Column("province", "省份", lambda row: province_name(row.province), sort="province"),
            Column("year", "年度", lambda row: str(row.year), sort="year"),
            Column("state", "状态", lambda row: (row.state, DRAWS[row.state]), "state", "state"),
            Column("pool", "名单项目", lambda row: len(row.leaves), "number"),
            Column(
                "seats", "抽取项目", lambda row: row.plan["seats"][supervision.PROJECTS], "number"
            ),
            Column("opened", "开场", lambda row: row.opened_at, "moment", "opened_at"),
            Column("drawn", "抽取", lambda row: row.drawn_at, "moment", "drawn_at"),
            Column("due", "完成期限", lambda row: row.visit_by, "date", "visit_by"),
        ),
        keywords=(
            when("待办", "等待本方办理", {"我": waiting.waits_for_ceremony(request.viewer)}),
            province(),
            number("年", "year", "检查年度，例如 2026", example="2026"),
            choice("状态", "state", DrawState),
        ),
        text=("void_note__icontains",),
        text_help="在作废说明中查找",
        order=("-year", "province", "-number"),
        link=lambda row: path_of("desk-inspection", row.pk),
    )


@page(roles=WATCHERS, methods=("GET", "POST"))
def inspections(request: Request) -> HttpResponse:
    """The inspections of the viewer's scope; a POST opens another one."""
    problems: list[DomainError] = []
    if request.method == "POST":
        with catching(problems):
            made = drawing.open_inspection(viewer=request.viewer, **_asked(request))
            return done(request, "名单已冻结，请三方提交承诺。", "desk-inspection", made.pk)
    shown = inspection_listing(request).show(supervision.inspections(request.viewer), request)
    start = {"projects": "1", "seats-technical": "1", "seats-education": "0", "seats-finance": "1"}
    may = request.viewer.role in HR
    return shown.export("双随机抽查") or desk_page(
        request,
        "desk/construction/inspections.html",
        {
            "list": shown,
            "may_open": may,
            "candidates": len(supervision.candidates(request.viewer.province)) if may else 0,
            "fields": Field.choices,
            "problems": problems,
            "errors": by_field(problems),
            "values": typed(request, start),
            "empty": {
                "title": "还没有抽查",
                "why": "检查的项目和检查人员都随机抽取，由人社、财政、监督三方共同产生随机数。",
            },
        },
    )


def _asked(request: Request) -> dict[str, Any]:
    post = request.POST
    return {
        "projects": count(post.get("projects", ""), "抽查项目数", "projects", most=1000),
        "seats": {
            field.value: count(
                post.get(f"seats-{field.value}", "") or "0", f"{field.label}人员", "seats", most=20
            )
            for field in Field
        },
        "visit_by": day(post.get("visit_by", ""), "检查完成期限", "visit_by"),
    }


@page(roles=WATCHERS, methods=("GET", "POST"))
def inspection(request: Request, inspection_id: int) -> HttpResponse:
    """The ceremony; a POST is one party's step. A refusal shows the screen again and loses nothing."""
    problems: list[DomainError] = []
    context: dict[str, Any] = {}
    if request.method == "POST":
        with catching(problems):
            secret = take_step(request, drawing, inspection_id=inspection_id)
            if secret is None:
                return done(request, "已办理。", "desk-inspection", inspection_id)
            context["own_secret"] = secret
    row = supervision.inspection(request.viewer, inspection_id)
    context |= {
        "visits": supervision.drawn(row),
        "problems": problems,
        "errors": by_field(problems),
    }
    return show(request, row, _screen(row), context)


def _screen(row: Any) -> dict[str, Any]:
    """A draw of projects and their inspectors, as the screen of the ceremony shows it."""
    people = "，".join(f"{Field(key).label} {n} 人" for key, n in row.inspectors.items())
    return {
        "title": "双随机抽查",
        "lines": (f"{province_name(row.province)}{row.year}年度", "双随机现场检查抽取"),
        "clause": "4.3",
        "back_url": reverse("desk-inspections"),
        "back_label": "返回抽查",
        "to": reverse("desk-inspection", args=[row.pk]),
        "watch_url": reverse("desk-inspection-state", args=[row.pk]),
        "record_url": reverse("desk-inspection-record", args=[row.pk]),
        "named_url": "",
        "root": "",
        "frozen": (
            f"{len(row.leaves)} 个正在建设的项目列入名单，抽取 {row.plan['seats'][supervision.PROJECTS]} 个；"
            f"每个项目抽取检查人员：{people}。每个项目各有一份检查人员名单，应回避的已事先排除并写明。"
        ),
        "drawn": "抽中以下项目；检查人员同时抽取，姓名在检查完成后公开。",
    }


@page(roles=WATCHERS)
def inspection_state(request: Request, inspection_id: int) -> HttpResponse:
    """The version alone, for the screens that watch."""
    row = supervision.inspection(request.viewer, inspection_id)
    return JsonResponse({"version": version_of(row, parties(row))})


@page(roles=WATCHERS)
def inspection_record(request: Request, inspection_id: int) -> HttpResponse:
    """The draw of the projects as a file for `jiangxin draw verify`."""
    return send_record(supervision.projects_record(request.viewer, inspection_id), "-projects")


def state_of(row: Any) -> tuple[str, str]:
    """Code and label of a visit's state; a late one says so."""
    if row.state == VisitState.PLANNED and row.due < clock.today():
        return "overdue", "逾期未检查"
    return row.state, VISITS[row.state]


VISIT_LIST = Listing(
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
        Column("state", "状态", state_of, "state", "state"),
        Column("due", "完成期限", lambda row: row.due, "date", "due"),
        Column("visited", "检查日期", lambda row: row.visited_on, "date", "visited_on"),
        Column("outcome", "结论", lambda row: row.get_outcome_display(), sort="outcome"),
        Column("session", "场次", lambda row: row.inspection.plan["session"], default=False),
    ),
    keywords=(
        choice("状态", "state", VisitState),
        choice("结论", "outcome", tuple(Outcome.choices)),
        *common("construction__title"),
    ),
    text=("construction__title__name__icontains", "result__icontains"),
    text_help="在项目名称、检查情况中查找",
    order=("-due", "-id"),
    link=lambda row: path_of("desk-visit", row.pk),
)


@page(roles=WATCHERS)
def visits(request: Request) -> HttpResponse:
    """Every visit in the viewer's scope."""
    shown = VISIT_LIST.show(supervision.visits(request.viewer), request)
    return shown.export("现场检查") or desk_page(
        request,
        "desk/construction/simple_list.html",
        {
            "list": shown,
            "heading": "现场检查",
            "clause": "4.3",
            "empty": {
                "title": "还没有现场检查",
                "why": "抽查抽取后，每个抽中的项目在这里登记结果。",
            },
        },
    )


@page(roles=WATCHERS, methods=("GET", "POST"))
def visit(request: Request, visit_id: int) -> HttpResponse:
    """One visit: who goes there; a POST enters the result."""
    problems: list[DomainError] = []
    values: dict[str, Any] = {"problems-0-text": "", "visited_on": ""}
    if request.method == "POST":
        sent = {key: [str(text) for text in texts] for key, texts in request.POST.lists()}
        values |= table_rows.change(sent) if table_rows.asked(sent) else sent
        if not table_rows.asked(sent):
            with catching(problems):
                row = acts.report(viewer=request.viewer, visit_id=visit_id, **_result(request))
                text = "检查结果已登记。"
                if row.outcome == Outcome.PROBLEMS:
                    text += "问题已列入检查问题，单位会收到通知。"
                return done(request, text, "desk-visit", visit_id)
    row = supervision.visit(request.viewer, visit_id)
    title = row.construction.title
    planned = row.state == VisitState.PLANNED
    return desk_page(
        request,
        "desk/construction/visit.html",
        {
            "row": row,
            "title": title,
            "place": place(title),
            "state": state_of(row),
            "people": supervision.inspectors(row),
            "files": list(row.files.select_related("document")),
            "findings": [] if planned else [(f, finding_state(f)) for f in row.findings.all()],
            "may_report": planned and own(request, title),
            "may_replace": planned and own(request, title) and request.viewer.role in HR,
            "reasons": [(each.value, each.label) for each in REASONS],
            "outcomes": Outcome.choices,
            "problem_table": _problem_table(),
            "accept": ACCEPT,
            "allowed": ALLOWED,
            "problems": problems,
            "errors": by_field(problems),
            "values": values,
        },
    )


def _problem_table() -> dict[str, Any]:
    columns = [
        {"key": "text", "label": "问题", "kind": "text", "required": True, "max_length": 2000},
        {
            "key": "clause",
            "label": "依据",
            "kind": "choice",
            "required": True,
            "options": clauses(),
        },
        {"key": "due", "label": "整改期限", "kind": "date", "required": True},
    ]
    return {
        "key": "problems",
        "label": "发现的问题",
        "kind": "table",
        "columns": columns,
        "max_rows": MOST_ROWS,
        "help": "没有发现问题的不填；每个问题一行。",
    }


def _result(request: Request) -> dict[str, Any]:
    post = request.POST
    found = []
    for n in row_numbers(dict(post.lists()), "problems"):
        text, clause, due = (
            post.get(f"problems-{n}-{key}", "").strip() for key in ("text", "clause", "due")
        )
        if not (text or clause or due):
            continue
        found.append(
            acts.Problem(
                text=text, clause=clause, due=day(due, "问题的整改期限", f"problems-{n}-due")
            )
        )
    if len(found) > MOST_ROWS:
        raise Invalid(f"一次检查最多列 {MOST_ROWS} 个问题。", field="problems")
    return {
        "visited_on": day(post.get("visited_on", ""), "检查日期", "visited_on"),
        "outcome": post.get("outcome", ""),
        "result": post.get("result", ""),
        "signed": [int(each) for each in post.getlist("signed") if each.isdigit()],
        "files": uploads(request),
        "problems": found,
    }


@page(roles=HR, methods=("POST",))
def replace(request: Request, inspector_id: int) -> HttpResponse:
    """The next one of the same order goes instead."""
    reason = request.POST.get("reason", "")
    if reason not in REASONS:
        raise Invalid("请选择递补原因。", clause="4.3", field="reason")
    made = acts.replace_inspector(
        viewer=request.viewer,
        inspector_id=inspector_id,
        reason=SkipReason(reason),
        note=request.POST.get("note", ""),
    )
    return done(request, f"已按顺序递补：{made.expert.name}。", "desk-visit", made.visit_id)


@page(roles=WATCHERS)
def visit_record(request: Request, visit_id: int) -> HttpResponse:
    """The draw of one visit's inspectors as a file; with names once the visit is done."""
    return send_record(
        supervision.inspectors_record(request.viewer, visit_id), f"-inspectors-{visit_id}"
    )


urlpatterns = [
    path("inspections/", inspections, name="desk-inspections"),
    path("inspections/<int:inspection_id>/", inspection, name="desk-inspection"),
    path("inspections/<int:inspection_id>/state/", inspection_state, name="desk-inspection-state"),
    path(
        "inspections/<int:inspection_id>/record.json",
        inspection_record,
        name="desk-inspection-record",
    ),
    path("visits/", visits, name="desk-visits"),
    path("visits/<int:visit_id>/", visit, name="desk-visit"),
    path("visits/<int:visit_id>/record.json", visit_record, name="desk-visit-record"),
    path("inspectors/<int:inspector_id>/replace/", replace, name="desk-inspector-replace"),
]
