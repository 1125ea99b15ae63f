"""The list of notices, and the legal notice with the form to object to it."""

from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.urls import path

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.canonical import canonical
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

from .navigation import kept, portal_page
from .objections import show_receipt_once

STATES = dict(NoticeState.choices())
TRACKS = dict(Track.choices())
NOTICES = Listing(
    columns=(
        Column("title", "标题", lambda row: row.title, sort="title"),
        Column(
            "province", "省份", lambda row: province_name(row.call.province), sort="call__province"
        ),
        Column("year", "年度", lambda row: str(row.call.year), sort="call__year", default=False),
        Column("state", "状态", lambda row: (row.state, STATES[row.state]), "state", "state"),
        Column("starts", "开始", lambda row: row.starts_on, "date", "starts_on"),
        Column("ends", "结束", lambda row: row.ends_on, "date", "ends_on"),
        Column("items", "项目数", lambda row: len(row.items), "number"),
        Column("doc", "文号", lambda row: row.doc_number, default=False),
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
    empty = {"title": "还没有公示", "why": "省级两部门确定拟推荐名单后在此公示。"}
    return shown.export("公示") or portal_page(
        request, "portal/notices.html", {"list": shown, "empty": empty}, cacheable=True
    )


@page(roles=ANYONE, methods=("GET", "POST"))
def notice(request: Request, notice_id: int) -> HttpResponse:
    """The notice as it was decided; while the period runs, the form to object."""
    row = queries.notice(PUBLIC, notice_id)
    problems: list[DomainError] = []
    if request.method == "POST":
        with catching(problems):
            found, code = actions.object_to(
                notice_id=notice_id, sender=sender_of(request), **_given(request)
            )
            return show_receipt_once(request, number=found.number, code=code, notice=row)
    response = render(request, "portal/notice.html", _notice(request, row, problems))
    # The form carries a token of this browser: such a page is nobody else's.
    return kept(request, response, cacheable=not queries.accepts_objections(row))


def sender_of(request: Request) -> str:
    """The network address that the request came from: behind our proxy the one that the proxy saw."""
    if settings.SECURE_PROXY_SSL_HEADER:
        seen = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
        return seen or request.META.get("REMOTE_ADDR", "")
    return request.META.get("REMOTE_ADDR", "")


def _given(request: Request) -> dict[str, Any]:
    """What the form sent. A project that cannot be read is no project of the list: it is refused."""
    fields = {name: request.POST.get(name, "") for name in ("ground", "text", "name", "contact")}
    chosen = request.POST.get("application", "")
    readable = chosen.isascii() and chosen.isdigit() and len(chosen) < 12
    project = (int(chosen) if readable else -1) if chosen else None
    anonymous = bool(request.POST.get("anonymous"))
    return {**fields, "application_id": project, "anonymous": anonymous}


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
            "published_on": row.published_at.astimezone(clock.BEIJING).date(),
        },
        **_standing(row),
        "counts": [{"label": label, "count": count} for label, count in queries.outcomes(row)],
        "answered": queries.answered(row),
        "grounds": queries.grounds(),
        "anonymous": queries.accepts_anonymous(row),
        "values": typed(request, OBJECTION),
        "problems": problems,
        "errors": {each.field: each.message for each in problems if each.field},
    }


def _standing(row: Any) -> dict[str, Any]:
    """Where the period stands: whether it runs, how long still, and the words for both."""
    running = queries.accepts_objections(row)
    left = queries.days_left(row) if running else 0
    if running:
        words, badge = f"还有 {left} 个工作日。", "公示中"
    else:
        words = "公示期已满。"
        badge = "公示已结束" if row.state == NoticeState.CLOSED else "公示期已满，尚未办结"
    return {"open": running, "left": left, "left_words": words, "badge": badge}


@page(roles=ANYONE)
def content(request: Request, notice_id: int) -> HttpResponse:
    """The published content as canonical JSON: the SHA-256 of this very file is the digest."""
    row = queries.notice(PUBLIC, notice_id)
    response = HttpResponse(canonical(row.content()), content_type="application/json")
    response["Content-Disposition"] = f'attachment; filename="notice-{row.pk}.json"'
    return kept(request, response, cacheable=True)


urlpatterns = [
    path("notices/", notices, name="portal-notices"),
    path("notices/<int:notice_id>/", notice, name="portal-notice"),
    path("notices/<int:notice_id>/content.json", content, name="portal-notice-content"),
]
