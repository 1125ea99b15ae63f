"""The whole life of the unit's project or title on one page, as the unit may know it."""

from typing import Any

from django.http import HttpResponse
from django.urls import path

from jiangxin.core.workflow import Role, TitleState
from jiangxin.faces.frame.pages import Request, page
from jiangxin.faces.frame.timeline import story_of
from jiangxin.stages.publicity.queries import known_state
from jiangxin.stages.publicity.story import Story, project_story, title_story

from .navigation import workspace_page

UNIT = frozenset({Role.APPLICANT})


@page(roles=UNIT)
def of_project(request: Request, application_id: int) -> HttpResponse:
    """From the first draft on, with everything about its title."""
    return _page(request, project_story(request.viewer, application_id))


@page(roles=UNIT)
def of_title(request: Request, title_id: int) -> HttpResponse:
    """From the application, or from the register of 2011–2020, to today."""
    return _page(request, title_story(request.viewer, title_id))


def _page(request: Request, story: Story) -> HttpResponse:
    project, title = story.project, story.title
    row: Any = project or title
    known = known_state(request.viewer, project) if project else None
    states = [
        (known.value, known.label) if known else None,
        (title.state, f"称号{TitleState(title.state).label}") if title else None,
    ]
    context = {
        "name": project.title if project else row.name,
        "number": row.number,
        "unit": row.unit_name,
        "year": row.year,
        "states": [{"code": code, "label": label} for code, label in filter(None, states)],
        "years": story_of(story.events),
    }
    return workspace_page(request, "workspace/timeline.html", context)


urlpatterns = [
    path("applications/<int:application_id>/timeline/", of_project, name="my-timeline"),
    path("titles/<int:title_id>/timeline/", of_title, name="my-title-timeline"),
]
