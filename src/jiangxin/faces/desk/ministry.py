"""The ministries' desk: filings to receive and decide on, quota exceptions, the calendar, the nation."""

from collections import Counter
from datetime import date
from typing import Any

from django.http import HttpResponse
from django.urls import path, reverse

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import DomainError, Invalid
from jiangxin.core.kernel.regions import PROVINCES, province_name
from jiangxin.core.workflow import MINISTRIES, PackageState, Role
from jiangxin.faces.frame.addresses import path_of
from jiangxin.faces.frame.keywords import choice, number, province, when
from jiangxin.faces.frame.listing import Column, Listing
from jiangxin.faces.frame.pages import Request, catching, done, page, typed
from jiangxin.stages.filing import queries, registration
from jiangxin.stages.filing.choices import Outcome
from jiangxin.stages.programme import actions as programme
from jiangxin.stages.programme import queries as calendar
from jiangxin.stages.programme.tracks import Kind, Track
from jiangxin.stages.titles import queries as titles

from .filing import STATES, TRACKS, deadline_of
from .navigation import DESK, Link, desk_page

BOTH = frozenset(MINISTRIES)
NATIONAL = BOTH | {Role.AUDITOR, Role.SUPERVISOR}
HR = frozenset({Role.MINISTRY_HR})
LINKS = (
    Link(
        name="ministry-filings",
        label="省级备案",
        icon="file",
        roles=NATIONAL,
        group="备案",
        packages=True,
    ),
    Link(name="desk-nation", label="全国进展", icon="chart", roles=DESK, group="全国"),
    Link(name="ministry-quota", label="名额例外", icon="plus", roles=BOTH, group="全国"),
    Link(name="desk-calendar", label="节假日表", icon="calendar", roles=DESK, group="全国"),
)
FILINGS = Listing(
    columns=(
        Column(
            "province", "省份", lambda row: province_name(row.call.province), sort="call__province"
        ),
        Column("year", "年度", lambda row: str(row.call.year), sort="call__year"),
        Column("state", "状态", lambda row: (row.state, STATES[row.state]), "state", "state"),
        Column("projects", "项目", lambda row: row.projects, "number"),
        Column("undecided", "待本部办理", lambda row: row.undecided, "number"),
        Column("receipted", "本部已接收", lambda row: row.receipted, "yesno"),
        Column("filed", "报送时间", lambda row: row.filed_at, "moment", "filed_at"),
        Column("attempt", "报送次数", lambda row: row.attempt, "number", default=False),
    ),
    keywords=(
        province("call__province"),
        number("年", "call__year", "年度，例如 2025", example="2025"),
        choice("状态", "state", [each for each in PackageState if each != PackageState.ASSEMBLING]),
        when("待办", "等待本部接收或办理", {"我": queries.WAITING}),
    ),
    text=("call__doc_number__icontains", "call__title__icontains"),
    text_help="在申报通知的标题、文号中查找",
    order=("-call__year", "call__province", "id"),
    link=lambda row: path_of("ministry-filing", row.pk),
)


@page(roles=NATIONAL)
def filings(request: Request) -> HttpResponse:
    """Every filed package, with what waits for this ministry."""
    shown = FILINGS.show(queries.received_packages(request.viewer), request)
    return shown.export("省级备案") or desk_page(
        request,
        "desk/ministry/filings.html",
        {"list": shown, "empty": {"title": "还没有报送", "why": "省级两部门签署后分别报送两部。"}},
    )


@page(roles=NATIONAL, methods=("GET", "POST"))
def filing(request: Request, package_id: int) -> HttpResponse:
    """One package: receive, check, register or return each project on one's own."""
    problems: list[DomainError] = []
    if request.method == "POST":
        with catching(problems):
            text = _decide(request, package_id)
            return done(request, text, "ministry-filing", package_id)
    row = queries.package(request.viewer, package_id)
    filed = queries.filings(request.viewer, package_id)
    deliveries = queries.deliveries(row)
    own = request.viewer.department if request.viewer.role in MINISTRIES else None
    return desk_page(
        request,
        "desk/ministry/filing.html",
        {
            "package": row,
            "filing": filed[-1] if filed else None,
            "state": STATES[row.state],
            "lines": queries.lines(request.viewer, row),
            "deliveries": deliveries,
            "may_receive": bool(own) and own not in deliveries,
            "may_decide": bool(own) and own in deliveries,
            "faults": queries.problems_of(filed[-1]) if filed else [],
            "problems": problems,
            "values": typed(request, {"reason": ""}),
            "tracks": TRACKS,
        },
        status=422 if problems else 200,
    )


def _decide(request: Request, package_id: int) -> str:
    """What the buttons of the page do; returns what to say afterwards."""
    viewer, asked = request.viewer, request.POST.get("do", "")
    if asked == "receive":
        registration.receive(viewer=viewer, package_id=package_id)
        return "已确认接收。"
    chosen = [int(each) for each in request.POST.getlist("ids") if each.isdigit()]
    if not chosen:
        raise Invalid("请先勾选项目。", field="ids")
    if asked == "return":
        for each in chosen:
            registration.register(
                viewer=viewer,
                package_id=package_id,
                application_id=each,
                outcome=Outcome.RETURNED,
                reason=request.POST.get("reason", ""),
            )
        return f"已退回 {len(chosen)} 个项目。"
    registration.register_many(viewer=viewer, package_id=package_id, application_ids=chosen)
    return f"本部已对 {len(chosen)} 个项目予以登记。"


@page(roles=BOTH, methods=("GET", "POST"))
def quota(request: Request) -> HttpResponse:
    """Places beyond 原则上5个, each with the reason on which 人社部 granted it."""
    problems: list[DomainError] = []
    if request.method == "POST":
        with catching(problems):
            given = {
                name: request.POST.get(name, "") for name in ("province", "year", "kind", "reason")
            }
            if given["kind"] not in {each.value for each in Kind} or not given["year"].isdigit():
                raise Invalid("请选择年度和类别。", field="kind")
            programme.grant_exception(
                viewer=request.viewer,
                province=given["province"],
                year=int(given["year"]),
                kind=Kind(given["kind"]),
                reason=given["reason"],
            )
            return done(request, "已增加一个例外名额，依据已记录。", "ministry-quota")
    return desk_page(
        request,
        "desk/ministry/quota.html",
        {
            "granted": calendar.all_exceptional_places(),
            "kinds": dict(Kind.choices()),
            "kind_options": Kind.choices(),
            "province_options": [(each.code, each.name) for each in PROVINCES],
            "may": request.viewer.role in HR,
            "problems": problems,
            "errors": {each.field: each.message for each in problems if each.field},
            "values": typed(request, {"year": str(clock.today().year)}),
        },
        status=422 if problems else 200,
    )


@page(roles=DESK, methods=("GET", "POST"))
def days(request: Request) -> HttpResponse:
    """The table of days on which the week does not decide; 人社部 edits it."""
    problems: list[DomainError] = []
    asked = request.GET.get("year", "")
    year = (
        int(asked)
        if asked.isascii() and asked.isdigit() and len(asked) == 4
        else clock.today().year
    )
    if request.method == "POST":
        with catching(problems):
            day = _day(request.POST.get("day", ""))
            word = request.POST.get("word", "")
            programme.set_day(
                viewer=request.viewer,
                day=day,
                working={"off": False, "work": True}.get(word),
                name=request.POST.get("name", "").strip() or "调整",
            )
            return done(request, "节假日表已更新。", f"{reverse('desk-calendar')}?year={day.year}")
    return desk_page(
        request,
        "desk/ministry/calendar.html",
        {
            "year": year,
            "rows": list(calendar.holidays(year)),
            "may": request.viewer.role in HR,
            "problems": problems,
            "values": typed(request, {"day": "", "name": "", "word": "off"}),
        },
        status=422 if problems else 200,
    )


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Invalid("请填写日期。", remedy="格式为 2025-10-01。", field="day") from None


@page(roles=DESK)
def nation(request: Request) -> HttpResponse:
    """Registered against the two targets, and where each province stands with this year's filing."""
    year = clock.today().year
    filed = queries.states_by_province(request.viewer, year) if request.viewer.national else {}
    counts: Counter[str] = Counter()
    cells: dict[str, Counter[str]] = {each.code: Counter() for each in PROVINCES}
    for code, _, track, count in titles.table():
        counts[code] += count
        cells[code][track] += count
    rows: list[dict[str, Any]] = [
        {
            "name": each.name,
            "cells": [cells[each.code][track.value] for track in Track],
            "total": counts[each.code],
            "filed": (filed[each.code].state, STATES[filed[each.code].state])
            if each.code in filed
            else None,
        }
        for each in PROVINCES
    ]
    return desk_page(
        request,
        "desk/ministry/nation.html",
        {
            "year": year,
            "meters": titles.meters(),
            "counts": dict(counts),
            "tracks": Track.choices(),
            "rows": rows,
            "national": request.viewer.national,
            "missing": [each["name"] for each in rows if each["filed"] is None],
            "deadline": deadline_of(year) if calendar.pack().covers(year) else None,
        },
    )


urlpatterns = [
    path("received/", filings, name="ministry-filings"),
    path("received/<int:package_id>/", filing, name="ministry-filing"),
    path("quota/", quota, name="ministry-quota"),
    path("calendar/", days, name="desk-calendar"),
    path("nation/", nation, name="desk-nation"),
]
