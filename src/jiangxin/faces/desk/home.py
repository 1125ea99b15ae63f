"""The desk's first page: what waits, until when, and what happened last."""

from datetime import date
from typing import Any

from django.http import HttpResponse
from django.urls import path, reverse

from jiangxin.core.kernel import clock
from jiangxin.core.workflow import CallState, ProjectState, Role
from jiangxin.faces.frame.filters import query
from jiangxin.faces.frame.pages import Request, page
from jiangxin.faces.frame.timeline import event_line
from jiangxin.faces.frame.todo import Todo, in_order
from jiangxin.records.identity.viewer import Viewer
from jiangxin.stages.application.queries import recent_events
from jiangxin.stages.programme import queries as programme
from jiangxin.stages.titles.queries import Meter, meters

from .navigation import WITH_BODIES, Desk, Link, desk_of, desk_page, waits_for
from .programme import day_of, timeline

LINKS = (Link(name="desk-home", label="待办与期限", icon="home", roles=WITH_BODIES),)
READERS = frozenset({Role.SUPERVISOR, Role.AUDITOR})
NARROW = 10  # working days: below this the slack before publicity is shown as scarce


@page(roles=WITH_BODIES)
def home(request: Request) -> HttpResponse:
    """What waits for this role, the statutory clock, the last events. At most eight queries."""
    viewer, desk = request.viewer, desk_of(request, every_state=True)
    own = programme.calls(viewer).filter(province=viewer.province, year=desk.year)
    call = own.first() if viewer.province else None
    plan = programme.plan(call) if call else []
    context = {
        "todos": in_order(_todos(viewer, desk, plan)),
        "pipeline": _pipeline(desk),
        "reads_only": viewer.role in READERS,
        "call": call,
        # A recommending body reads the call as everybody does: the desk's page is the departments'.
        "call_url": _call_page(viewer, call.pk) if call else "",
        "drafting": call is not None and call.state == CallState.DRAFT,
        "may_draft": viewer.role is Role.PROVINCE_HR
        and clock.now() < programme.filing_deadline(desk.year),
        "clock": _clock(plan, desk.year),
        "meters": [] if viewer.province else [_meter(each) for each in meters()],
        "events": [
            {**event_line(event), "title": title, "url": _project(event.subject)}
            for event, title in recent_events(viewer, year=desk.year)
        ],
    }
    return desk_page(request, "desk/home/home.html", context)


def _call_page(viewer: Viewer, call_id: int) -> str:
    name = "portal-call" if viewer.role is Role.RECOMMENDER else "desk-call"
    return reverse(name, args=[call_id])


def _todos(viewer: Viewer, desk: Desk, plan: list[programme.Milestone]) -> list[Todo]:
    """A line for each kind of thing that waits for this role; every line leads into its search."""
    dates = {each.key: day_of(each.at) for each in plan}
    found = [
        _todo(
            STEPS[state],
            desk.states[state],
            f"状态:{state.label} 年:{desk.year}",
            due=dates.get(DUE.get(state, "")),
        )
        for state in ProjectState
        if desk.states[state] and state in STEPS and waits_for(viewer.role, state)
    ]
    return found + [
        _todo(link.todo_label or link.label, each.count, link.todo, to=link.name, due=each.due)
        for link, each in desk.waiting
    ]


def _todo(
    label: str, count: int, search: str, *, to: str = "desk-projects", due: date | None = None
) -> Todo:
    url = reverse(to) + (query({"q": search}) if search else "")
    return Todo(label=label, count=count, url=url, due=due)


def _pipeline(desk: Desk) -> list[dict[str, Any]]:
    """Every state in the order of a project's life, with its number and its search."""
    return [
        {
            "code": state.value,
            "label": state.label,
            "count": desk.states[state],
            "url": reverse("desk-projects") + query({"q": f"状态:{state.label} 年:{desk.year}"}),
        }
        for state in ProjectState
        if desk.states[state]
    ]


def _clock(plan: list[programme.Milestone], year: int) -> dict[str, Any]:
    """The statutory clock: the dates backwards from 31 October, and the working days of slack."""
    if not plan:
        last = day_of(programme.filing_deadline(year))
        return {"steps": [], "last": last, "slack": None, "narrow": False}
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
    ProjectState.WITH_RECOMMENDER: "待推荐",
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

# Until when: the milestone of the year's plan that binds what stands in this state.
DUE = {
    ProjectState.PROPOSED: "publicity",
    ProjectState.CONFIRMED: "filing",
}

urlpatterns = [path("", home, name="desk-home")]
