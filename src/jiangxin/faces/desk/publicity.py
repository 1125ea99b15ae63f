"""The public notice: draft, both departments, publication; objections and their answers; the end."""

from datetime import date
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import path, reverse

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import DomainError
from jiangxin.core.kernel.regions import province_name
from jiangxin.core.workflow import NoticeState, ProjectState, Role
from jiangxin.faces.frame.addresses import path_of
from jiangxin.faces.frame.keywords import choice, number, province
from jiangxin.faces.frame.listing import Column, Listing
from jiangxin.faces.frame.pages import Request, catching, done, page, render, typed
from jiangxin.stages.application.queries import calls_holding
from jiangxin.stages.programme.queries import filing_deadline
from jiangxin.stages.publicity import actions, queries

from .marks import shown_marks
from .navigation import DESK, Link, desk_page

HR = frozenset({Role.PROVINCE_HR})
BOTH = frozenset({Role.PROVINCE_HR, Role.PROVINCE_FINANCE})
STATES = dict(NoticeState.choices())
TRACKS = {"new_base": "新建基地", "existing_base": "已建基地", "studio": "技能大师工作室"}
LINKS = (
    Link(
        name="desk-notices",
        label="公示与异议",
        icon="eye",
        roles=DESK,
        group="公示与备案",
        states=(ProjectState.PROPOSED, ProjectState.PUBLICISED),
        waits=queries.notices_waiting,
        todo_label="公示待结束或有异议待办",
    ),
)
SUBJECTS = {"notice": "desk-notice", "objection": "desk-objection"}
NOTICES = Listing(
    columns=(
        Column("title", "标题", lambda row: row.title, sort="title"),
        Column(
            "province", "省份", lambda row: province_name(row.call.province), sort="call__province"
        ),
        Column("year", "年度", lambda row: str(row.call.year), sort="call__year"),
        Column("state", "状态", lambda row: (row.state, STATES[row.state]), "state", "state"),
        Column("items", "项目", lambda row: len(row.items), "number"),
        Column("starts", "开始", lambda row: row.starts_on, "date", "starts_on"),
        Column("ends", "结束", lambda row: row.ends_on, "date", "ends_on"),
        Column("days", "工作日", lambda row: row.days, "number", default=False),
        Column("doc", "文号", lambda row: row.doc_number, default=False),
    ),
    keywords=(
        province("call__province"),
        number("年", "call__year", "年度，例如 2025", example="2025"),
        choice("状态", "state", NoticeState),
    ),
    text=("title__icontains", "doc_number__icontains"),
    text_help="在标题、文号中查找",
    order=("-call__year", "call__province", "id"),
    link=lambda row: path_of("desk-notice", row.pk),
)


@page(roles=DESK)
def notices(request: Request) -> HttpResponse:
    """The notices that the viewer may see, and the calls for which one can be drafted now."""
    shown = NOTICES.show(queries.notices(request.viewer), request)
    ready = (
        calls_holding(request.viewer.province, ProjectState.PROPOSED)
        if request.viewer.role in HR
        else []
    )
    return shown.export("公示") or desk_page(
        request,
        "desk/publicity/list.html",
        {
            "list": shown,
            "ready": ready,
            "empty": {"title": "还没有公示", "why": "两部门确定拟推荐名单后，由人社部门起草公示。"},
        },
    )


@page(roles=HR, methods=("POST",))
def draft(request: Request, call_id: int) -> HttpResponse:
    """Begin the notice of a call."""
    row = actions.draft_notice(viewer=request.viewer, call_id=call_id)
    return done(request, "公示已起草，请核对内容后送两部门会商。", "desk-notice", row.pk)


@page(roles=DESK, methods=("GET", "POST"))
def notice(request: Request, notice_id: int) -> HttpResponse:
    """One notice: the draft to edit or the text as published, the marks, the objections."""
    row = queries.notice(request.viewer, notice_id)
    problems: list[DomainError] = []
    if request.method == "POST":
        with catching(problems):
            actions.revise_notice(viewer=request.viewer, notice_id=notice_id, **_fields(request))
            return done(request, "公示内容已保存。", "desk-notice", notice_id)
        row = queries.notice(request.viewer, notice_id)
    drafting = row.state == NoticeState.DRAFT
    own = row.call.province == request.viewer.province
    stored = {name: str(getattr(row, name)) for name in actions.EDITABLE}
    return desk_page(
        request,
        "desk/publicity/notice.html",
        {
            "notice": row,
            "state": STATES[row.state],
            "digest": row.digest(),
            "values": typed(request, stored),
            "problems": problems,
            "errors": {each.field: each.message for each in problems if each.field},
            "items": [{**item, "track": TRACKS[item["track"]]} for item in row.items],
            "stale": drafting and own and row.items != queries.items_of(row.call),
            "editable": drafting and own and request.viewer.role in HR,
            "may_concur": drafting and own and request.viewer.role in BOTH,
            "may_close": queries.is_over(row) and own and request.viewer.role in HR,
            "marks": shown_marks(queries.notice_marks(row)),
            "days_left": queries.days_left(row),
            "handles": own and request.viewer.role in BOTH,
            "objections": list(queries.objections(request.viewer).filter(notice=row)),
            "outcomes": queries.outcomes(row),
        },
    )


@page(roles=DESK)
def preview(request: Request, notice_id: int) -> HttpResponse:
    """A draft exactly as it would be published at this moment."""
    row = queries.notice(request.viewer, notice_id)
    if row.state != NoticeState.DRAFT:
        return redirect("portal-notice", row.pk)
    starts, ends = queries.period_if_published_now(row)
    return render(
        request,
        "desk/publicity/preview.html",
        {
            "notice": row,
            "items": [{**item, "track": TRACKS[item["track"]]} for item in row.items],
            "province": province_name(row.call.province),
            "days": {"starts_on": starts, "ends_on": ends, "published_on": clock.today()},
            "digest": row.digest(),
        },
    )


def _fields(request: Request) -> dict[str, Any]:
    """What the draft's form sent; a number that cannot be read counts as 0 and is refused."""
    fields: dict[str, Any] = {
        name: request.POST.get(name, "").strip() for name in actions.EDITABLE if name != "days"
    }
    text = request.POST.get("days", "")
    fields["days"] = int(text) if text.isascii() and text.isdigit() and len(text) < 4 else 0
    return fields


@page(roles=BOTH, methods=("POST",))
def concur(request: Request, notice_id: int) -> HttpResponse:
    """The viewer's department agrees to the notice, or says why not."""
    agreed = request.POST.get("word") == "agreed"
    actions.concur_notice(
        viewer=request.viewer,
        notice_id=notice_id,
        digest=request.POST.get("digest", ""),
        agreed=agreed,
        remark=request.POST.get("remark", ""),
    )
    text = "已记录：同意公示。" if agreed else "已记录：不同意，理由已告知另一部门。"
    return done(request, text, "desk-notice", notice_id)


@page(roles=HR, methods=("GET", "POST"))
def publish(request: Request, notice_id: int) -> HttpResponse:
    """Ask once more, with the names, then publish."""
    row = queries.notice(request.viewer, notice_id)
    if request.method == "POST" and request.POST.get("confirmed") == "yes":
        row = actions.publish(viewer=request.viewer, notice_id=notice_id)
        until = clock.long_date(row.ends_on) if row.ends_on else ""
        return done(request, f"公示已发布，{until}结束。", "desk-notice", notice_id)
    starts, ends = queries.period_if_published_now(row)
    return desk_page(
        request,
        "desk/publicity/confirm.html",
        {
            "notice": row,
            "title": "发布公示",
            "question": "发布这份公示？",
            "verb": "发布",
            "action": reverse("desk-notice-publish", args=[notice_id]),
            "names": _names(row),
            "consequences": [
                f"自发布次日起公示 {row.days} 个工作日：{clock.long_date(starts)}至{clock.long_date(ends)} 24:00。",
                *_too_late(row, ends),
                "发布后名单和正文不能修改；公众可以提出异议。",
            ],
        },
    )


def _too_late(row: Any, ends: date) -> list[str]:
    """A warning when the period leaves no time to file before the deadline."""
    deadline = filing_deadline(row.call.year)
    if clock.end_of(ends) < deadline:
        return []
    return ["注意：公示期满时备案已截止，本年度将记为无申报项目。"]


@page(roles=HR, methods=("GET", "POST"))
def close(request: Request, notice_id: int) -> HttpResponse:
    """End the publicity and confirm what stood it."""
    row = queries.notice(request.viewer, notice_id)
    if request.method == "POST" and request.POST.get("confirmed") == "yes":
        actions.close(viewer=request.viewer, notice_id=notice_id)
        return done(request, "公示已结束，项目已确认，可以组卷备案。", "desk-notice", notice_id)
    return desk_page(
        request,
        "desk/publicity/confirm.html",
        {
            "notice": row,
            "title": "结束公示",
            "question": "结束公示并确认以下项目？",
            "verb": "结束公示",
            "action": reverse("desk-notice-close", args=[notice_id]),
            "names": [f"{each.title}（{each.unit_name}）" for each in queries.standing(row)],
            "consequences": ["异议成立的项目已不在确认之列。", "确认后进入备案。"],
        },
    )


def _names(row: Any) -> list[str]:
    return [f"{item['title']}（{item['unit']}）" for item in row.items]


@page(roles=BOTH, methods=("GET", "POST"))
def objection(request: Request, objection_id: int) -> HttpResponse:
    """One objection: what was said, by whom, the answer, and the two marks when it holds."""
    row = queries.objection(request.viewer, objection_id)
    problems: list[DomainError] = []
    if request.method == "POST":
        with catching(problems):
            upheld = request.POST.get("outcome") == "upheld"
            actions.answer(
                viewer=request.viewer,
                objection_id=objection_id,
                upheld=upheld,
                text=request.POST.get("text", ""),
            )
            text = "已提出“异议成立”，请两部门会商。" if upheld else "已答复：异议不成立。"
            return done(request, text, "desk-objection", objection_id)
    return desk_page(
        request,
        "desk/publicity/objection.html",
        {
            "row": row,
            "person": queries.objector(request.viewer, row),
            "problems": problems,
            "values": typed(request, {"text": row.answer}),
            "open": row.outcome == "open",
            "proposed": row.outcome == "open" and row.proposal == "upheld",
            "may_answer": row.outcome == "open" and request.viewer.role in HR,
            "digest": row.digest(),
            "marks": shown_marks(queries.objection_marks(row)),
        },
    )


@page(roles=BOTH, methods=("POST",))
def objection_concur(request: Request, objection_id: int) -> HttpResponse:
    """A department agrees, or not, that the objection holds."""
    agreed = request.POST.get("word") == "agreed"
    actions.concur_objection(
        viewer=request.viewer,
        objection_id=objection_id,
        digest=request.POST.get("digest", ""),
        agreed=agreed,
        remark=request.POST.get("remark", ""),
    )
    return done(request, "本部门意见已记录。", "desk-objection", objection_id)


@page(roles=HR, methods=("POST",))
def objection_uphold(request: Request, objection_id: int) -> HttpResponse:
    """Take the project off the list."""
    actions.uphold(viewer=request.viewer, objection_id=objection_id)
    return done(request, "异议成立，该项目不再推荐。", "desk-objection", objection_id)


urlpatterns = [
    path("notices/", notices, name="desk-notices"),
    path("notices/draft/<int:call_id>/", draft, name="desk-notice-draft"),
    path("notices/<int:notice_id>/", notice, name="desk-notice"),
    path("notices/<int:notice_id>/preview/", preview, name="desk-notice-preview"),
    path("notices/<int:notice_id>/concur/", concur, name="desk-notice-concur"),
    path("notices/<int:notice_id>/publish/", publish, name="desk-notice-publish"),
    path("notices/<int:notice_id>/close/", close, name="desk-notice-close"),
    path("objections/<int:objection_id>/", objection, name="desk-objection"),
    path("objections/<int:objection_id>/concur/", objection_concur, name="desk-objection-concur"),
    path("objections/<int:objection_id>/uphold/", objection_uphold, name="desk-objection-uphold"),
]
