"""Taking over what the unit filled in before: shown field by field, then taken at one click."""

from itertools import groupby
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import path

from jiangxin.core.kernel.errors import DomainError
from jiangxin.core.policy import Form
from jiangxin.core.workflow import Role
from jiangxin.faces.frame import submitted
from jiangxin.faces.frame.pages import Request, catching, done, page
from jiangxin.stages.application import actions, queries, reuse

from .navigation import revision_of, strip_of, workspace_page


@page(roles={Role.APPLICANT}, methods=("GET", "POST"))
def take_over(request: Request, application_id: int, source_id: int) -> HttpResponse:
    """What an earlier application could give; a POST takes what is ticked."""
    project = queries.application(request.viewer, application_id)
    if project.state not in actions.EDITABLE:
        return redirect("apply-receipt", application_id)
    earlier = reuse.source(request.viewer, project, source_id)
    problems: list[DomainError] = []
    if request.method == "POST":
        with catching(problems):
            taken = reuse.take_over(
                viewer=request.viewer,
                application_id=application_id,
                source_id=source_id,
                chosen=set(request.POST.getlist("take")),
                revision=revision_of(request),
            )
            text = f"已沿用 {taken[0]} 项内容、{taken[1]} 个文件，请逐项核对。"
            return done(request, text, "apply-tasks", application_id)
    answers, files = reuse.offers(project, earlier)
    form = queries.form_of(project)
    lines = [_line(form, each) for each in answers]
    return workspace_page(
        request,
        "workspace/reuse.html",
        {
            "project": project,
            "strip": strip_of(project),
            "earlier": earlier,
            "groups": [(title, list(rows)) for title, rows in groupby(lines, _title)],
            "files": files,
            "fresh": sum(each["empty"] for each in lines),
            "filled": sum(not each["empty"] for each in lines),
            "prefix": reuse.FILE,
            "problems": problems,
        },
    )


def _title(line: dict[str, Any]) -> str:
    return str(line["section"])


def _line(form: Form, offer: reuse.Offer) -> dict[str, Any]:
    before, now = submitted.texts_of(offer.field, offer.now, offer.before)
    return {
        "section": offer.section.title,
        "key": offer.field.key,
        "label": offer.field.label,
        "now": before,
        "before": now,
        "empty": offer.empty,
    }


urlpatterns = [
    path("applications/<int:application_id>/reuse/<int:source_id>/", take_over, name="apply-reuse"),
]
