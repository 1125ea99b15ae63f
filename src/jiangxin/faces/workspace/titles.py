"""A unit's titles: what is to be done about each of them, and until when.

Each of `MODULES` may declare `entries(viewer, title)`, which yields an `Entry` for each thing that
the unit does or may look at there:

    def entries(viewer: Viewer, title: Any) -> Iterator[Entry]:
        report = queries.next_report(viewer, title)
        if report:
            yield Entry("进展报告", "每半年报告一次。", path_of("my-report", title.pk), due=report.due)
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from importlib import import_module
from typing import Any

from django.http import HttpResponse
from django.urls import path

from jiangxin.core.kernel import clock
from jiangxin.core.workflow import ProjectState, Role
from jiangxin.faces.frame.addresses import path_of
from jiangxin.faces.frame.pages import Request, page
from jiangxin.records.identity.viewer import Viewer
from jiangxin.stages.application.titled import project_of
from jiangxin.stages.titles import queries

from .navigation import workspace_page

SUBJECTS = {"title": "my-title"}
MODULES = (
    "funding",
    "accounts",
    "construction",
    "acceptance",
    "rectification",
    "assessment",
    "revocation",
    "changes",
    "experience",
)


@dataclass(frozen=True)
class Entry:
    """One thing about a title: what it is, in plain words, where; `waits` when the unit must act."""

    label: str
    text: str
    url: str
    waits: bool = False
    due: date | None = None

    @property
    def late(self) -> bool:
        return self.due is not None and self.due < clock.today()


def entries_of(viewer: Viewer, title: Any) -> list[Entry]:
    """Everything about one title, what waits first and by its date."""
    found = [
        entry
        for name in MODULES
        for entry in getattr(import_module(f"{__package__}.{name}"), "entries", _none)(
            viewer, title
        )
    ]
    return sorted(found, key=lambda each: (not each.waits, each.due or date.max))


def _none(_viewer: Viewer, _title: Any) -> Iterator[Entry]:
    yield from ()


@page(roles={Role.APPLICANT})
def titles(request: Request) -> HttpResponse:
    """The unit's titles, each with what waits."""
    rows = [
        {
            "title": title,
            "state": title.get_state_display(),
            "url": path_of("my-title", title.pk),
            "waiting": [each for each in entries_of(request.viewer, title) if each.waits],
        }
        for title in queries.titles_of(request.viewer)
    ]
    return workspace_page(request, "workspace/titles/list.html", {"rows": rows})


@page(roles={Role.APPLICANT})
def title(request: Request, title_id: int) -> HttpResponse:
    """One title: what it is, what is to be done."""
    row = queries.title_of(request.viewer, title_id)
    project = project_of(row)
    return workspace_page(
        request,
        "workspace/titles/title.html",
        {
            "title": row,
            "state": row.get_state_display(),
            "project": project,
            "project_state": ProjectState(project.state) if project else None,
            "project_label": ProjectState(project.state).label if project else "",
            "entries": entries_of(request.viewer, row),
        },
    )


urlpatterns = [
    path("titles/", titles, name="my-titles"),
    path("titles/<int:title_id>/", title, name="my-title"),
]
