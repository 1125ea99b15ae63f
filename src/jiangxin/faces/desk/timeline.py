"""The whole life of a project or a title on one page, for the screen and for paper."""

from typing import Any

from django.http import HttpResponse
from django.urls import path

from jiangxin.core.kernel.regions import province_name
from jiangxin.core.workflow import ProjectState, TitleState
from jiangxin.faces.frame.addresses import path_of
from jiangxin.faces.frame.pages import Request, page
from jiangxin.faces.frame.timeline import story_of
from jiangxin.stages.publicity.story import Story, project_story, title_story

from .navigation import DESK, WITH_BODIES, desk_page

SUBJECTS = {"title": "desk-title-timeline"}


@page(roles=WITH_BODIES)
def of_project(request: Request, project_id: int) -> HttpResponse:
    """From the first draft on, with everything about its title."""
    return _page(request, project_story(request.viewer, project_id))


@page(roles=DESK)
def of_title(request: Request, title_id: int) -> HttpResponse:
    """From the project's first draft, or from the register of 2011–2020, to today."""
    return _page(request, title_story(request.viewer, title_id))


def _page(request: Request, story: Story) -> HttpResponse:
    return desk_page(
        request, "desk/timeline.html", {**shown_head(story), "years": story_of(story.events)}
    )


def shown_head(story: Story) -> dict[str, Any]:
    """What stands on top: name, unit, states, and the way to the project's page."""
    project, title = story.project, story.title
    row: Any = project or title
    states = [
        (project.state, ProjectState(project.state).label) if project else None,
        (title.state, f"称号{TitleState(title.state).label}") if title else None,
    ]
    return {
        "name": project.title if project else row.name,
        "kicker": f"{row.number} · {row.year} 年度 · {province_name(row.province)}",
        "facts": [{"label": "单位", "value": row.unit_name}],
        "states": [{"code": code, "label": label} for code, label in filter(None, states)],
        "project_url": path_of("desk-project", project.pk) if project else "",
    }


urlpatterns = [
    path("timeline/project/<int:project_id>/", of_project, name="desk-timeline"),
    path("timeline/title/<int:title_id>/", of_title, name="desk-title-timeline"),
]
