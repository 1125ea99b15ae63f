"""The legal notice, the public's objections, and how to learn the answer."""

from typing import Any

from django.http import HttpResponse
from django.urls import path

from jiangxin.core.kernel.clock import BEIJING
from jiangxin.core.kernel.errors import DomainError
from jiangxin.core.kernel.regions import province_name
from jiangxin.core.workflow import NoticeState
from jiangxin.faces.frame.addresses import path_of
from jiangxin.faces.frame.keywords import choice, number, province
from jiangxin.faces.frame.listing import Column, Listing
from jiangxin.faces.frame.pages import ANYONE, Request, catching, page, render, typed
from jiangxin.records.identity.viewer import PUBLIC
from jiangxin.records.ledger.queries import latest_checkpoint
from jiangxin.stages.programme.tracks import Track
from jiangxin.stages.publicity import actions, queries

from .navigation import portal_page

STATES = dict(NoticeState.choices())
TRACKS = dict(Track.choices())
NOTICES = Listing(
    columns=(
        Column("title", "标题", lambda row: row.title, sort="title"),
        Column(
            "province", "省份", lambda row: province_name(row.call.province), sort="call__province"
        ),
        Column("state", "状态", lambda row: (row.state, STATES[row.state]), "state", "state"),
        Column("starts", "开始", lambda row: row.starts_on, "date", "starts_on"),
        Column("ends", "结束", lambda row: row.ends_on, "date", "ends_on"),
        Column("items", "项目", lambda row: len(row.items), "number"),
    ),
    keywords=(
        province("call__province"),
        number("年", "call__year", "年度，例如 2025", example="2025"),
        choice("状态", "state", [each for each in NoticeState if each != NoticeState.DRAFT]),
    ),
    text=("title__icontains", "doc_number__icontains"),
    text_help="在标题、文号中查找",
    order=("-starts_on", "call__province", "id"),
    link=lambda row: path_of("portal-notice", row.pk),
)
OBJECTION = {
    "ground": "",
    "text": "",
    "application": "",
    "name": "",
    "contact": "",
    "anonymous": "",
}


@page(roles=ANYONE)
def notices(request: Request) -> HttpResponse:
    """Every notice that was ever published."""
    shown = NOTICES.show(queries.notices(PUBLIC), request)
    return shown.export("公示") or portal_page(
        request,
        "portal/notices.html",
        {
            "list": shown,
            "empty": {"title": "还没有公示", "why": "省级两部门确定拟推荐名单后在此公示。"},
        },
        cacheable=True,
    )


@page(roles=ANYONE, methods=("GET", "POST"))
def notice(request: Request, notice_id: int) -> HttpResponse:
    """The notice as it was decided; while the period runs, the form to object."""
    row = queries.notice(PUBLIC, notice_id)
    problems: list[DomainError] = []
    if request.method == "POST":
        given = typed(request, OBJECTION)
        with catching(problems):
            found, code = actions.object_to(
                notice_id=notice_id,
                ground=given["ground"],
                text=given["text"],
                application_id=int(given["application"])
                if given["application"].isdigit()
                else None,
                name=given["name"],
                contact=given["contact"],
                anonymous=bool(given["anonymous"]),
            )
            context = {"number": found.number, "code": code, "notice": row}
            return render(request, "portal/objection_receipt.html", context)
    return render(request, "portal/notice.html", _notice(request, row, problems))


def _notice(request: Request, row: Any, problems: list[DomainError]) -> dict[str, Any]:
    return {
        "notice": row,
        "items": [{**item, "track": TRACKS[item["track"]]} for item in row.items],
        "digest": row.digest(),
        "checkpoint": latest_checkpoint(),
        "province": province_name(row.call.province),
        "days": {
            "starts_on": row.starts_on,
            "ends_on": row.ends_on,
            "published_on": row.published_at.astimezone(BEIJING).date(),
        },
        "left_words": _left(row),
        "open": queries.accepts_objections(row),
        "outcomes": [{"label": label, "count": count} for label, count in queries.outcomes(row)],
        "grounds": queries.grounds(),
        "anonymous": queries.accepts_anonymous(row),
        "values": typed(request, OBJECTION),
        "problems": problems,
        "errors": {each.field: each.message for each in problems if each.field},
    }


def _left(row: Any) -> str:
    """How long the period still runs, in working days."""
    if not queries.accepts_objections(row):
        return "公示期已满。"
    return f"还有 {queries.days_left(row)} 个工作日。"


@page(roles=ANYONE, methods=("GET", "POST"))
def lookup(request: Request) -> HttpResponse:
    """The answer to an objection, for whoever has its number and code."""
    problems: list[DomainError] = []
    found = None
    if request.method == "POST":
        with catching(problems):
            found = queries.looked_up(request.POST.get("number", ""), request.POST.get("code", ""))
    return portal_page(
        request,
        "portal/lookup.html",
        {
            "found": found,
            "problems": problems,
            "values": typed(request, {"number": "", "code": ""}),
        },
    )


urlpatterns = [
    path("notices/", notices, name="portal-notices"),
    path("notices/<int:notice_id>/", notice, name="portal-notice"),
    path("objections/", lookup, name="objection-lookup"),
]
