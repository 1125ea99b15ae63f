"""Filling in an application: begin, the task list, check, submit."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import path, reverse

from jiangxin.core.kernel.errors import DomainError, Invalid
from jiangxin.core.workflow import ProjectState, Role
from jiangxin.faces.frame.pages import Request, catching, done, page
from jiangxin.stages.application import actions, approved, queries, reuse
from jiangxin.stages.application.approval import approve_and_submit
from jiangxin.stages.examination.queries import open_returns
from jiangxin.stages.programme.tracks import Track

from .check import check_page
from .navigation import revision_of, strip_of, workspace_page

UNIT = frozenset({Role.APPLICANT})


@page(roles=UNIT, methods=("POST",))
def begin(request: Request, call_id: int) -> HttpResponse:
    """A new draft on the track that was chosen."""
    chosen = request.POST.get("track", "")
    if chosen not in {each.value for each in Track}:
        raise Invalid("请选择申报类型。", field="track")
    made = actions.begin(viewer=request.viewer, call_id=call_id, track=Track(chosen))
    return done(request, "已建立申报，请逐项填写，内容会自动保存。", "apply-tasks", made.pk)


@page(roles=UNIT)
def tasks(request: Request, application_id: int) -> HttpResponse:
    """The sections with their status, the corrections asked for, and the conditions as they stand."""
    project = queries.application(request.viewer, application_id)
    if project.state not in actions.EDITABLE:
        return redirect("apply-receipt", application_id)
    status = queries.task_list(project)
    returns = open_returns(project) if project.state == ProjectState.RETURNED else []
    notes: dict[str, list[str]] = {}
    for item in returns:
        notes.setdefault(item.section, []).append(item.reason)
    sections = queries.form_of(project).sections
    remarks = approved.standing(project).remarks
    return workspace_page(
        request,
        "workspace/tasks.html",
        {
            "project": project,
            "strip": strip_of(project),
            "tasks": [
                {
                    "label": section.title,
                    "url": reverse("apply-section", args=[project.pk, section.key]),
                    "status": status[section.key],
                    "note": "退回意见：" + "；".join(notes[section.key])
                    if section.key in notes
                    else "",
                }
                for section in sections
            ],
            "returns": returns,
            "remarks": [
                {
                    "url": reverse("apply-section", args=[project.pk, s.key]),
                    "title": s.title,
                    "text": remarks[s.key],
                }
                for s in sections
                if s.key in remarks
            ],
            "earlier": [
                {"pk": each.pk, "year": each.year, "track": each.get_track_display()}
                for each in reuse.sources(request.viewer, project)[:3]
            ],
            "complete": all(each == "done" for each in status.values()),
            "findings": queries.eligibility(project),
        },
    )


@page(roles=UNIT)
def check(request: Request, application_id: int) -> HttpResponse:
    """The whole form as it will print, what is missing, the conditions, and the button to submit."""
    project = queries.application(request.viewer, application_id)
    if project.state not in actions.EDITABLE:
        return redirect("apply-receipt", application_id)
    return check_page(request, project, [])


@page(roles=UNIT, methods=("POST",))
def submit(request: Request, application_id: int) -> HttpResponse:
    """Submit; a second click finds the first one's receipt. A refusal shows on the check page.

    Who is 填报人 and 审核人 in one approves with the same click, by the declaration of the seal.
    """
    problems: list[DomainError] = []
    given: dict[str, Any] = {
        "viewer": request.viewer,
        "application_id": application_id,
        "revision": revision_of(request),
        "accept_unmet": "accept_unmet" in request.POST,
    }
    with catching(problems):
        if "approve" in request.POST:
            approve_and_submit(**given, sealed="sealed" in request.POST)
        else:
            actions.submit(**given)
        return done(request, "已提交。请保存回执。", "apply-receipt", application_id)
    return check_page(request, queries.application(request.viewer, application_id), problems)


A = "applications/<int:application_id>/"
urlpatterns = [
    path("calls/<int:call_id>/begin/", begin, name="apply-begin"),
    path(A, tasks, name="apply-tasks"),
    path(A + "check/", check, name="apply-check"),
    path(A + "submit/", submit, name="apply-submit"),
]
