"""A province's year: the call for applications, its two principals, its publication."""

from datetime import date, datetime, timedelta
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import path

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import DomainError, NotPermitted
from jiangxin.core.kernel.regions import province_name
from jiangxin.core.workflow import CallState, Department, Role
from jiangxin.faces.frame.addresses import path_of
from jiangxin.faces.frame.listing import Column, Listing, choice, number, province
from jiangxin.faces.frame.pages import Request, catching, done, page, typed
from jiangxin.stages.programme import actions, queries
from jiangxin.stages.programme.forms import read_call, values_of

from .marks import shown_marks
from .navigation import DESK, Link, desk_page

LINKS = (
    Link(
        name="desk-calls",
        label="申报通知",
        icon="calendar",
        roles=DESK,
        group="申报与审查",
        waits=queries.calls_waiting,
        todo="状态:起草中",
    ),
)
SUBJECTS = {"call": "desk-call"}
HR = frozenset({Role.PROVINCE_HR})
BOTH = frozenset({Role.PROVINCE_HR, Role.PROVINCE_FINANCE})
STATES = dict(CallState.choices())

CALLS = Listing(
    columns=(
        Column("title", "标题", lambda call: call.title, sort="title"),
        Column("year", "年度", lambda call: str(call.year), sort="year"),
        Column("province", "省份", lambda call: province_name(call.province), sort="province"),
        Column("state", "状态", lambda call: (call.state, STATES[call.state]), "state", "state"),
        Column("opens", "申报开始", lambda call: clock.long_moment(call.opens_at), sort="opens_at"),
        Column(
            "closes", "申报截止", lambda call: clock.long_deadline(call.closes_at), sort="closes_at"
        ),
        Column("doc_number", "文号", lambda call: call.doc_number, sort="doc_number"),
        Column("days", "公示工作日", lambda call: call.publicity_days, "number", default=False),
        Column("panel", "评审组人数", lambda call: call.panel_size, "number", default=False),
    ),
    keywords=(
        province(),
        number("年", "year", "年度，例如 2025 或 >=2024", example="2025"),
        choice("状态", "state", CallState),
    ),
    text=("title__icontains", "doc_number__icontains"),
    text_help="在标题、文号中查找",
    order=("-year", "province", "id"),
    link=lambda call: path_of("desk-call", call.pk),
)


@page(roles=DESK)
def calls(request: Request) -> HttpResponse:
    """The calls that the viewer may see."""
    shown = CALLS.show(queries.calls(request.viewer), request)
    return shown.export("申报通知") or desk_page(
        request,
        "desk/programme/calls.html",
        {
            "list": shown,
            "may_draft": request.viewer.role in HR,
            "empty": {
                "title": "还没有申报通知",
                "why": "省级人社部门起草，两部门同意后发布；发布后单位才能申报。",
            },
        },
    )


@page(roles=HR, methods=("GET", "POST"))
def call_new(request: Request) -> HttpResponse:
    """Draft the call of a year."""
    problems: list[DomainError] = []
    year = _year(request)
    if request.method == "POST":
        fields, problems = read_call(_typed(request))
        if not problems:
            with catching(problems):
                made = actions.draft_call(viewer=request.viewer, year=year, **fields)
                return done(
                    request, "申报通知已起草，请送两部门会商。", "desk-call", call_id=made.pk
                )
    else:
        with catching(problems):
            actions.require_covered(year)
    values = typed(request, _proposal(year))
    context = {
        "problems": problems,
        "errors": by_field(problems),
        "values": values,
        "year": year,
        "covered": queries.pack().covers(year),
        **_choices(request.viewer.province, year),
    }
    status = 422 if problems and request.method == "POST" else 200
    return desk_page(request, "desk/programme/call_new.html", context, status=status)


@page(roles=DESK, methods=("GET", "POST"))
def call(request: Request, call_id: int) -> HttpResponse:
    """One call: the draft to edit, or the text as it was published; the marks; the preview."""
    found = queries.call(request.viewer, call_id)
    problems: list[DomainError] = []
    if request.method == "POST":
        if request.viewer.role not in HR:
            raise NotPermitted("申报通知由省级人社部门起草和修改。", clause="3.1")
        fields, problems = read_call(_typed(request))
        if not problems:
            with catching(problems):
                actions.revise_call(viewer=request.viewer, call_id=call_id, **fields)
                return done(request, "申报通知已保存。", "desk-call", call_id=call_id)
        found = queries.call(request.viewer, call_id)
    context = {
        "call": found,
        "digest": found.digest(),
        "year": found.year,
        "problems": problems,
        "errors": by_field(problems),
        "values": typed(request, values_of(found)),
        "editable": found.state == CallState.DRAFT and request.viewer.role in HR,
        "may_concur": found.state == CallState.DRAFT and request.viewer.role in BOTH,
        "marks": shown_marks(queries.call_marks(found)),
        "words": queries.call_words(found),
        "departments": {each.value: each.label for each in Department},
        "plan": timeline(queries.plan(found)),
        "deadline": {
            "what": found.title,
            "at": found.closes_at,
            "left_days": None
            if found.closes_at <= clock.now()
            else (found.closes_at - clock.now()).days,
            "missed": "逾期不能提交；已填内容保留。",
            "phone": found.phone,
        },
        "places": _places(found),
        "exceptions": queries.exceptional_places(found.province, found.year),
    }
    return desk_page(
        request,
        "desk/programme/call.html",
        context | _choices(found.province, found.year) | _hints(found),
    )


@page(roles=BOTH, methods=("POST",))
def concur(request: Request, call_id: int) -> HttpResponse:
    """The viewer's department agrees, or says why not."""
    agreed = request.POST.get("word") == "agreed"
    actions.concur_call(
        viewer=request.viewer,
        call_id=call_id,
        agreed=agreed,
        remark=request.POST.get("remark", ""),
        seen=request.POST.get("digest", ""),
    )
    text = "已记录：同意发布。" if agreed else "已记录：不同意，理由已告知另一部门。"
    return done(request, text, "desk-call", call_id=call_id)


@page(roles=HR, methods=("GET", "POST"))
def publish(request: Request, call_id: int) -> HttpResponse:
    """Ask once more with what follows, then publish."""
    found = queries.call(request.viewer, call_id)
    if request.method == "POST" and request.POST.get("confirmed") == "yes":
        actions.open_call(viewer=request.viewer, call_id=call_id)
        return done(request, f"“{found.title}”已发布。", "desk-call", call_id=call_id)
    if found.state != CallState.DRAFT:
        return redirect("desk-call", call_id=call_id)
    places = "，".join(f"{place['label']} {place['count']} 个" for place in _places(found))
    return desk_page(
        request,
        "desk/programme/publish.html",
        {
            "call": found,
            "consequences": [
                f"申报自{clock.long_moment(found.opens_at)}开放，至{clock.long_deadline(found.closes_at)}截止。",
                f"{found.year} 年名额：{places}。",
                "发布后不能修改；确需更正的，另发更正通知。",
            ],
        },
    )


# --- what the templates read ------------------------------------------------------------------------


def by_field(problems: list[DomainError]) -> dict[str, str]:
    """The messages by the input that they concern."""
    return {each.field: each.message for each in problems if each.field}


def timeline(plan: list[queries.Milestone]) -> list[dict[str, Any]]:
    """The plan as steps of the `timeline` macro; the first date to come is the present one."""
    coming = next((each for each in plan if not each.passed), None)
    return [
        {
            "label": each.label,
            "at": day_of(each.at),
            "status": "done" if each.passed else "now" if each is coming else "next",
            "note": "" if each.passed else f"还有 {each.workdays} 个工作日",
        }
        for each in plan
    ]


def day_of(at: datetime) -> date:
    """The day that a moment belongs to; midnight ends the day before it."""
    return (at - timedelta(microseconds=1)).astimezone(clock.BEIJING).date()


def _year(request: Request) -> int:
    text = request.POST.get("year") or request.GET.get("year") or ""
    return int(text) if text.isascii() and text.isdigit() and len(text) == 4 else clock.today().year


def _typed(request: Request) -> dict[str, str]:
    return {key: str(value) for key, value in request.POST.items()}


def _proposal(year: int) -> dict[str, str]:
    """What stands in the form of a new call: the notice's own minima, nothing else decided."""
    values = {"correction_days": "5", "opens_at_time": "09:00", "closes_at_time": "17:00"}
    if queries.pack().covers(year):
        values |= {
            "publicity_days": str(queries.parameter("publicity.working_days", year)),
            "correction_days": str(queries.parameter("examination.correction_working_days", year)),
            "panel_size": str(queries.parameter("panel.size", year)),
        }
    return values


def _choices(province_code: str, year: int) -> dict[str, Any]:
    """The overlay that may be chosen, what it changes, and where it loosens."""
    overlay = queries.pack().overlay(province_code, year)
    return {
        "overlay": overlay,
        "overlay_options": [(overlay.code, overlay.title)] if overlay else [],
        "overlay_lines": queries.overlay_lines(overlay) if overlay else [],
        "overlay_refusals": queries.overlay_refusals(overlay) if overlay else [],
    }


def _places(call: Any) -> list[dict[str, Any]]:
    """The quota by kind: what is laid, or what publishing will lay."""
    opened = call.state == CallState.OPEN
    held = queries.quota(call.province, call.year) if opened else queries.planned_quota(call)
    return [{"label": kind.label, "count": count} for kind, count in held.items()]


def _hints(call: Any) -> dict[str, str]:
    """A note when the window opens or closes on a day on which nobody works."""
    table = queries.exceptions()
    found = {}
    for name in ("opens_at", "closes_at"):
        day = getattr(call, name).astimezone(clock.BEIJING).date()
        off = queries.day_off(day, table)
        if off:
            why = "" if off.startswith("星期") else f"（{off}）"
            found[f"{name}_hint"] = f"{clock.long_date(day)}是休息日{why}，单位可能无人办理。"
    return {"opens_at_hint": "", "closes_at_hint": ""} | found


urlpatterns = [
    path("calls/", calls, name="desk-calls"),
    path("calls/new/", call_new, name="desk-call-new"),
    path("calls/<int:call_id>/", call, name="desk-call"),
    path("calls/<int:call_id>/concur/", concur, name="desk-call-concur"),
    path("calls/<int:call_id>/publish/", publish, name="desk-call-publish"),
]
