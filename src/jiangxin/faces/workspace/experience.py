"""What a unit does about good experience: tell it, follow it."""

from collections.abc import Iterator
from typing import Any

from django.http import HttpResponse
from django.urls import path, reverse

from jiangxin.core.kernel.errors import DomainError
from jiangxin.core.workflow import ExperienceState, Role, TitleState
from jiangxin.faces.frame.addresses import path_of
from jiangxin.faces.frame.asking import Ask, files
from jiangxin.faces.frame.experience_form import FILES, INTRO, questions, stored, story
from jiangxin.faces.frame.pages import Request, catching, done, page
from jiangxin.faces.frame.sending import send_document
from jiangxin.faces.frame.uploads import uploads
from jiangxin.records.identity.viewer import Viewer
from jiangxin.stages.experience import actions, queries
from jiangxin.stages.titles.queries import title_of

from .asking import ask_page
from .navigation import workspace_page
from .titles import Entry

UNIT = frozenset({Role.APPLICANT})
SUBJECTS = {"experience": "my-experience"}  # where a message about one leads


def entries(viewer: Viewer, title: Any) -> Iterator[Entry]:
    """The page of this title's cases; nothing of it waits for the unit."""
    if title.state == TitleState.TITLED or queries.of_title(viewer, title):
        yield Entry(
            "经验案例",
            "有好的做法，可以推荐出来，审核后向社会发布。",
            path_of("my-experiences", title.pk),
        )


@page(roles=UNIT)
def experiences(request: Request, title_id: int) -> HttpResponse:
    """The cases of one title."""
    title = title_of(request.viewer, title_id)
    rows = queries.of_title(request.viewer, title)
    return workspace_page(
        request,
        "workspace/experience/list.html",
        {
            "title": title,
            "rows": [{"row": each, "state": each.get_state_display()} for each in rows],
            "may_propose": title.state == TitleState.TITLED,
        },
    )


@page(roles=UNIT, methods=("GET", "POST"))
def propose(request: Request, title_id: int) -> HttpResponse:
    """Tell a case."""
    title = title_of(request.viewer, title_id)
    problems: list[DomainError] = []
    if request.method == "POST":
        with catching(problems):
            row = actions.propose(
                viewer=request.viewer,
                title_id=title_id,
                story=story(request),
                uploads=uploads(request, "files"),
            )
            return done(request, "已推荐，等待省级人社部门审核。", "my-experience", row.pk)
    back = reverse("my-experiences", args=[title_id])
    return ask_page(request, _ask("推荐经验案例", title, "推荐", request, back), problems)


@page(roles=UNIT, methods=("GET", "POST"))
def edit(request: Request, experience_id: int) -> HttpResponse:
    """Change a case before it is approved."""
    row = queries.experience(request.viewer, experience_id)
    problems: list[DomainError] = []
    if request.method == "POST":
        with catching(problems):
            actions.revise(
                viewer=request.viewer,
                experience_id=experience_id,
                story=story(request),
                uploads=uploads(request, "files"),
            )
            return done(request, "已保存。", "my-experience", experience_id)
    back = reverse("my-experience", args=[experience_id])
    ask = _ask("修改经验案例", row.title, "保存", request, back)
    return ask_page(request, ask, problems, stored(row))


def _ask(heading: str, title: Any, button: str, request: Request, back: str) -> Ask:
    return Ask(
        title=heading,
        kicker=title.name,
        intro=(INTRO,),
        questions=questions(),
        files=FILES,
        button=button,
        action=request.path,
        back=back,
    )


@page(roles=UNIT)
def experience(request: Request, experience_id: int) -> HttpResponse:
    """One case and what came of it."""
    row = queries.experience(request.viewer, experience_id)
    return workspace_page(
        request,
        "workspace/experience/experience.html",
        {
            "row": row,
            "title": row.title,
            "state": row.get_state_display(),
            "function": queries.functions().get(row.function, row.function),
            "papers": files(row.papers, "my-experience-file", row.pk),
            "editable": row.state == ExperienceState.PROPOSED,
        },
    )


@page(roles=UNIT)
def file(request: Request, experience_id: int, document_id: int) -> HttpResponse:
    """One file of the unit's case."""
    return send_document(queries.experience_file(request.viewer, experience_id, document_id))


A = "experiences/<int:experience_id>/"
urlpatterns = [
    path("titles/<int:title_id>/experiences/", experiences, name="my-experiences"),
    path("titles/<int:title_id>/experiences/new/", propose, name="my-experience-new"),
    path(A, experience, name="my-experience"),
    path(A + "edit/", edit, name="my-experience-edit"),
    path(A + "files/<int:document_id>/", file, name="my-experience-file"),
]
