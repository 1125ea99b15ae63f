"""The desk's first page: what waits, until when, and what happened last."""

from collections import Counter
from datetime import date
from typing import Any

from django.http import HttpResponse
from django.urls import path, reverse

from jiangxin.core.kernel import clock
from jiangxin.core.workflow import PROVINCIAL, CallState, ProjectState, Role
from jiangxin.faces.frame.filters import query
from jiangxin.faces.frame.pages import Request, page
from jiangxin.records.identity.viewer import Viewer
from jiangxin.stages.application.queries import counts_by_state, recent_events, visible
from jiangxin.stages.programme import queries as programme
from jiangxin.stages.titles.queries import Meter, meters

from .navigation import DESK, Desk, Link, desk_of, desk_page, waits_for
from .programme import day_of, timeline
from .projects import event_line

LINKS = (Link(name="desk-home", label="待办与期限", icon="home", roles=DESK),)
READERS = frozenset({Role.SUPERVISOR, Role.AUDITOR, Role.RECOMMENDER})
NARROW = 10  # working days: below this the slack before publicity is shown as scarce


@page(roles=DESK)
def home(request: Request) -> HttpResponse:
    """What waits for this role, the statutory clock, the last events."""
    viewer, desk = request.viewer, desk_of(request)
    own = programme.calls(viewer).filter(province=viewer.province, year=desk.year)
    call = own.first() if viewer.province else None
    context = {
        "waiting": _waiting(viewer, desk),
        "pipeline": _pipeline(desk, counts_by_state(viewer, year=desk.year)),
        "reads_only": viewer.role in READERS,
        "call": call,
        "drafting": call is not None and call.state == CallState.DRAFT,
        "may_draft": viewer.role is Role.PROVINCE_HR
        and clock.now() < programme.filing_deadline(desk.year),
        "clock": _clock(call, desk.year),
        "meters": [] if viewer.province else [_meter(each) for each in meters()],
        "events": [
            {**event_line(event), "title": title, "url": _project(event.subject)}
            for event, title in recent_events(viewer, year=desk.year)
        ],
    }
    return desk_page(request, "desk/home/home.html", context)


def _waiting(viewer: Viewer, desk: Desk) -> list[dict[str, Any]]:
    """A tile for each kind of thing that waits for this role; every tile leads into its search."""
    tiles = [
        _tile(STEPS[state], desk.states[state], f"状态:{state.label} 年:{desk.year}")
        for state in ProjectState
        if desk.states[state] and state in STEPS and waits_for(viewer.role, state)
    ]
    tiles += [
        _tile(
            link.label,
            each.count,
            link.todo,
            to=link.name,
            tone="red" if each.late else "none",
            due=each.due,
        )
        for link, each in desk.waiting
    ]
    if viewer.role in PROVINCIAL:
        late = (
            visible(viewer)
            .filter(
                year=desk.year,
                state=ProjectState.RETURNED.value,
                correction_due__lt=clock.today(),
            )
            .count()
        )
        if late:
            tiles.append(_tile("补正已逾期", late, f"补正:逾期 年:{desk.year}", tone="red"))
    return tiles


def _tile(
    label: str,
    count: int,
    search: str,
    *,
    to: str = "desk-projects",
    tone: str = "none",
    due: date | None = None,
) -> dict[str, Any]:
    return {
        "label": label,
        "value": count,
        "unit": "件",
        "url": reverse(to) + (query({"q": search}) if search else ""),
        "tone": tone,
        "note": f"最早 {clock.long_date(due)}" if due else "",
    }


def _pipeline(desk: Desk, counts: Counter[str]) -> list[dict[str, Any]]:
    """Every state in the order of a project's life, with its number and its search."""
    return [
        {
            "code": state.value,
            "label": state.label,
            "count": counts[state],
            "url": reverse("desk-projects") + query({"q": f"状态:{state.label} 年:{desk.year}"}),
        }
        for state in ProjectState
        if counts[state]
    ]


def _clock(call: Any, year: int) -> dict[str, Any]:
    """The statutory clock: the dates backwards from 31 October, and the working days of slack."""
    if call is None:
        last = day_of(programme.filing_deadline(year))
        return {"steps": [], "last": last, "slack": None, "narrow": False}
    plan = programme.plan(call)
    latest = next(each for each in plan if each.key == "publicity")
    return {
        "steps": timeline(plan),
        "last": day_of(plan[-1].at),
        "slack": None if latest.passed else latest.workdays,
        "narrow": not latest.passed and latest.workdays < NARROW,
    }


def _meter(meter: Meter) -> dict[str, Any]:
    return {
        "label": meter.kind.label,
        "count": meter.count,
        "target": meter.target,
        "percent": meter.percent,
    }


def _project(subject: str) -> str:
    return reverse("desk-project", args=[int(subject.partition(":")[2])])


STEPS = {
    ProjectState.SUBMITTED: "待资格审查",
    ProjectState.EXAMINED: "待进入评审",
    ProjectState.UNDER_REVIEW: "专家评审中",
    ProjectState.REVIEWED: "待遴选",
    ProjectState.PROPOSED: "待公示",
    ProjectState.PUBLICISED: "公示中",
    ProjectState.CONFIRMED: "待报备案",
    ProjectState.FILED: "待核对登记",
    ProjectState.FILING_RETURNED: "备案退回待补充",
}

urlpatterns = [path("", home, name="desk-home")]
