"""All projects that the viewer may see, in every state; and one project with its whole story."""

from typing import Any

from django.db.models import Q
from django.http import HttpResponse
from django.urls import path, reverse

from jiangxin.core.kernel.regions import province_name
from jiangxin.core.workflow import ProjectState, Role
from jiangxin.faces.frame.listing import (
    Column,
    Keyword,
    Listing,
    choice,
    contains,
    number,
    province,
    when,
)
from jiangxin.faces.frame.pages import Request, page
from jiangxin.stages.application import queries
from jiangxin.stages.programme.queries import pack
from jiangxin.stages.programme.tracks import Kind, Track

from .navigation import DESK, Link, desk_page, waits_for

LINKS = (Link(name="desk-projects", label="全部项目", icon="list", roles=DESK),)

TRACKS = dict(Track.choices())
STATES = dict(ProjectState.choices())
FIELDS = (
    "pk",
    "number",
    "title",
    "unit_name",
    "province",
    "year",
    "track",
    "state",
    "leader_name",
    "priority_field",
    "submitted_at",
    "correction_due",
    "version",
)


@page(roles=DESK)
def projects(request: Request) -> HttpResponse:
    """The list: search, sort, columns, pages, export."""
    rows = queries.visible(request.viewer).values(*FIELDS)
    shown = listing_for(request.viewer.role).show(rows, request)
    file = shown.export("项目")
    return file or desk_page(
        request,
        "desk/projects/list.html",
        {"list": shown, "empty": _empty(request), "scope": _scope(request)},
    )


def listing_for(role: Role) -> Listing:
    """The declaration of the list for a role: `待办:我` depends on who asks."""
    return Listing(
        columns=COLUMNS,
        keywords=(*KEYWORDS, waiting(role)),
        text=("number__icontains", "title__icontains", "unit_name__icontains"),
        text_help="在编号、项目名称、申报单位中查找",
        order=("-year", "province", "number", "pk"),
        link=lambda row: reverse("desk-project", args=[row["pk"]]),
    )


def waiting(role: Role) -> Keyword:
    """`待办:我`: the projects in a state in which this role has a step to take."""
    states = [state.value for state in ProjectState if waits_for(role, state.value)]
    return when("待办", "等待我方办理的项目", {"我": Q(state__in=states)})


def _state(row: dict[str, Any]) -> tuple[str, str]:
    return row["state"], STATES[row["state"]]


def _field(row: dict[str, Any]) -> str:
    return pack().priority_fields.get(row["priority_field"], row["priority_field"])


COLUMNS = (
    Column("number", "编号", lambda row: row["number"], sort="number"),
    Column("title", "项目名称", lambda row: row["title"], sort="title"),
    Column("unit", "申报单位", lambda row: row["unit_name"], sort="unit_name"),
    Column("track", "类型", lambda row: TRACKS[row["track"]], sort="track"),
    Column("state", "状态", _state, kind="state", sort="state"),
    Column("province", "省份", lambda row: province_name(row["province"]), sort="province"),
    Column("year", "年度", lambda row: str(row["year"]), sort="year"),
    Column("submitted", "提交时间", lambda row: row["submitted_at"], "moment", "submitted_at"),
    Column("due", "补正截止", lambda row: row["correction_due"], "date", "correction_due"),
    Column("field", "重点领域", _field, sort="priority_field", default=False),
    Column("leader", "带头人", lambda row: row["leader_name"], sort="leader_name", default=False),
    Column("version", "提交次数", lambda row: row["version"], "number", "version", default=False),
)
KEYWORDS = (
    province(),
    choice("状态", "state", ProjectState, example="资格审查通过"),
    choice("类型", "track", Track),
    choice("类别", "kind", Kind),
    number("年", "year", "年度，例如 2025 或 >=2024", example="2025"),
    contains("单位", "unit_name", example="单位:学院"),
    contains("带头人", "leader_name", example="带头人:张"),
)


def _scope(request: Request) -> str:
    return province_name(request.viewer.province) or "全国"


def _empty(request: Request) -> dict[str, str]:
    """Why the list may be empty, in the words of the viewer's scope."""
    ministry = request.viewer.role in (Role.MINISTRY_HR, Role.MINISTRY_FINANCE)
    why = "省级报送备案后，项目即出现在这里。" if ministry else "单位提交申报后，项目即出现在这里。"
    return {"title": "还没有项目", "why": why}


@page(roles=DESK)
def project(request: Request, project_id: int) -> HttpResponse:
    """One project with its whole story."""
    found = queries.application(request.viewer, project_id)
    return desk_page(request, "desk/projects/project.html", {"project": found})


urlpatterns = [
    path("projects/", projects, name="desk-projects"),
    path("projects/<int:project_id>/", project, name="desk-project"),
]
