"""Findings: the list, a new one, one with everything that was said; activities by function."""

from typing import Any

from django.db.models import Q
from django.http import HttpResponse
from django.urls import path, reverse

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import DomainError
from jiangxin.core.kernel.regions import province_name
from jiangxin.core.workflow import FindingState, TitleState
from jiangxin.faces.frame.addresses import path_of
from jiangxin.faces.frame.filters import clause_label, query
from jiangxin.faces.frame.listing import Column, Listing, choice, number, when
from jiangxin.faces.frame.pages import Request, catching, done, page, typed
from jiangxin.records.identity.viewer import Viewer
from jiangxin.stages.construction import queries
from jiangxin.stages.construction.actions import findings as acts
from jiangxin.stages.construction.queries import activities as doing
from jiangxin.stages.construction.queries import supervision
from jiangxin.stages.construction.reading import day
from jiangxin.stages.programme.queries import pack
from jiangxin.stages.titles.queries import title_of

from .construction_common import BOTH, WATCHERS, by_field, common, confirm_page, own, place
from .navigation import desk_page

STATES = dict(FindingState.choices())


def clauses() -> list[tuple[str, str]]:
    """The clauses on which a finding may rest, as people cite them."""
    return [(each.id, f"{clause_label(each.id)} {each.title}") for each in pack().clauses.values()]


def state_of(row: Any) -> tuple[str, str]:
    """Code and label of a finding's state; a late one says so."""
    if row.state == FindingState.OPEN and row.due < clock.today():
        return "overdue", "逾期未整改"
    return row.state, STATES[row.state]


def listing() -> Listing:
    """The findings; what is late depends on the day."""
    late = Q(state=FindingState.OPEN, due__lt=clock.today(), title__state=TitleState.TITLED)
    return Listing(
        columns=(
            Column("text", "问题", lambda row: row.text[:60], sort="text"),
            Column("name", "项目", lambda row: row.title.name, sort="title__name"),
            Column("unit", "建设单位", lambda row: row.title.unit_name, default=False),
            Column(
                "province",
                "省份",
                lambda row: province_name(row.title.province),
                sort="title__province",
            ),
            Column("clause", "依据", lambda row: clause_label(row.clause), sort="clause"),
            Column("state", "状态", state_of, "state", "state"),
            Column("due", "整改期限", lambda row: row.due, "date", "due"),
            Column("raised", "提出", lambda row: row.raised_at, "moment", "raised_at"),
            Column("by", "来源", lambda row: "现场检查" if row.visit_id else "日常监督"),
            Column(
                "closed", "销号", lambda row: row.closed_at, "moment", "closed_at", default=False
            ),
        ),
        keywords=(
            when("期限", "逾期未整改的", {"逾期": late}),
            choice("状态", "state", FindingState),
            *common("title"),
        ),
        text=("text__icontains", "title__name__icontains"),
        text_help="在问题、项目名称中查找",
        order=("due", "id"),
        link=lambda row: path_of("desk-finding", row.pk),
    )


@page(roles=WATCHERS)
def findings(request: Request) -> HttpResponse:
    """Every finding in the viewer's scope; none is ever taken off."""
    shown = listing().show(supervision.findings(request.viewer), request)
    return shown.export("检查问题") or desk_page(
        request,
        "desk/construction/simple_list.html",
        {
            "list": shown,
            "heading": "检查问题",
            "clause": "4.1",
            "empty": {
                "title": "还没有检查问题",
                "why": "现场检查发现的问题自动列入；日常监督发现的，在建设项目页提出。",
            },
        },
    )


@page(roles=BOTH, methods=("GET", "POST"))
def new(request: Request, title_id: int) -> HttpResponse:
    """Name a problem by hand."""
    title = title_of(request.viewer, title_id)
    problems: list[DomainError] = []
    if request.method == "POST":
        with catching(problems):
            row = acts.raise_finding(
                viewer=request.viewer,
                title_id=title_id,
                text=request.POST.get("text", ""),
                clause=request.POST.get("clause", ""),
                due=day(request.POST.get("due", ""), "整改期限", "due"),
            )
            return done(request, "问题已提出，单位会收到通知。", "desk-finding", row.pk)
    return desk_page(
        request,
        "desk/construction/finding_new.html",
        {
            "title": title,
            "place": place(title),
            "clauses": clauses(),
            "problems": problems,
            "errors": by_field(problems),
            "values": typed(request, {"text": "", "clause": "", "due": ""}),
        },
    )


@page(roles=WATCHERS)
def finding(request: Request, finding_id: int) -> HttpResponse:
    """One finding with everything that was said about it."""
    return _page(request, finding_id, [])


def _page(request: Request, finding_id: int, problems: list[DomainError]) -> HttpResponse:
    row = supervision.finding(request.viewer, finding_id)
    return desk_page(
        request,
        "desk/construction/finding.html",
        {
            "row": row,
            "title": row.title,
            "place": place(row.title),
            "state": state_of(row),
            "remarks": supervision.remarks(row),
            "may_check": row.state == FindingState.ANSWERED and own(request, row.title),
            "problems": problems,
            "errors": by_field(problems),
            "values": typed(request, {"text": "", "due": ""}),
        },
    )


@page(roles=BOTH, methods=("POST",))
def check(request: Request, finding_id: int) -> HttpResponse:
    """Close the finding, after asking once more, or send it back."""
    viewer, text = request.viewer, request.POST.get("text", "")
    row = supervision.finding(request.viewer, finding_id)
    problems: list[DomainError] = []
    with catching(problems):
        if request.POST.get("word") == "reopen":
            due = request.POST.get("due", "").strip()
            acts.reopen(
                viewer=viewer,
                finding_id=finding_id,
                reason=text,
                due=day(due, "新的期限", "due") if due else None,
            )
            return done(request, "已退回，单位会收到通知。", "desk-finding", finding_id)
        if request.POST.get("confirmed") == "yes":
            acts.close(viewer=viewer, finding_id=finding_id, remark=text)
            return done(request, "问题已销号。", "desk-finding", finding_id)
        return confirm_page(
            request,
            heading="复核销号",
            kicker=place(row.title),
            question="以下问题已整改到位，予以销号？",
            names=[f"{row.title.name}：{row.text[:80]}"],
            verb="销号",
            action=reverse("desk-finding-check", args=[finding_id]),
            back=reverse("desk-finding", args=[finding_id]),
            consequences=["销号后不能恢复；问题和整改经过永久保留。", "整改人不能给自己销号。"],
            clause="4.1",
            hidden={"word": "close", "text": text},
        )
    return _page(request, finding_id, problems)


# --- activities -----------------------------------------------------------------------------------------


def activity_listing() -> Listing:
    """The activities, void ones with their reason."""
    labels = doing.functions()
    return Listing(
        columns=(
            Column("held", "日期", lambda row: row.held_on, "date", "held_on"),
            Column("function", "功能", lambda row: labels.get(row.function, ""), sort="function"),
            Column("name", "活动", lambda row: row.name, sort="name"),
            Column("persons", "人次", lambda row: row.persons, "number", "persons"),
            Column("title", "项目", lambda row: row.title.name, sort="title__name"),
            Column("unit", "建设单位", lambda row: row.title.unit_name, default=False),
            Column(
                "province",
                "省份",
                lambda row: province_name(row.title.province),
                sort="title__province",
            ),
            Column("void", "作废", lambda row: row.void_reason, default=False),
        ),
        keywords=(
            choice("功能", "function", tuple(labels.items())),
            number("人次", "persons", example=">100"),
            when("有效", "计入统计的", {"是": Q(void_at=None), "否": Q(void_at__isnull=False)}),
            *common("title"),
        ),
        text=("name__icontains", "title__name__icontains"),
        text_help="在活动、项目名称中查找",
        order=("-held_on", "-id"),
    )


@page(roles=WATCHERS)
def activities(request: Request) -> HttpResponse:
    """What the bases and studios of the viewer's scope did, summed up by the five functions (N03)."""
    shown = activity_listing().show(doing.activities(request.viewer), request)
    answer = shown.export("活动")
    if answer:
        return answer
    tiles = [
        {
            "label": each.label,
            "value": each.persons,
            "unit": "人次",
            "note": f"{each.activities} 次活动 · {each.titles} 个项目",
            "url": reverse("desk-activities") + query({"q": f"功能:{each.label} 有效:是"}),
        }
        for each in queries.activities_by_function(request.viewer)
    ]
    return desk_page(
        request,
        "desk/construction/simple_list.html",
        {
            "list": shown,
            "heading": "五类功能活动",
            "clause": "1",
            "tiles": tiles,
            "empty": {"title": "还没有活动记录", "why": "由项目单位登记，按五类功能统计。"},
        },
    )


def recent_activities(viewer: Viewer, title: Any, limit: int = 50) -> list[tuple[Any, str]]:
    """The newest activities of a title, each with the label of its function."""
    labels = doing.functions()
    rows = doing.activities(viewer).filter(title=title)[:limit]
    return [(each, labels.get(each.function, "")) for each in rows]


urlpatterns = [
    path("findings/", findings, name="desk-findings"),
    path("findings/new/<int:title_id>/", new, name="desk-finding-new"),
    path("findings/<int:finding_id>/", finding, name="desk-finding"),
    path("findings/<int:finding_id>/check/", check, name="desk-finding-check"),
    path("activities/", activities, name="desk-activities"),
]
