"""After the submission: taken back to be changed, ended for good, or supplemented after the close."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import path, reverse

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import DomainError
from jiangxin.core.workflow import MACHINES, Duty, Role
from jiangxin.faces.frame.pages import Request, catching, done, page
from jiangxin.records.documents.gates import ACCEPT, ALLOWED
from jiangxin.records.identity.viewer import Viewer
from jiangxin.stages.application import queries, supplement, taking_back
from jiangxin.stages.application.recommending import standing
from jiangxin.stages.programme.queries import overlay_of_call

from .navigation import strip_of, workspace_page

UNIT = frozenset({Role.APPLICANT})


def ways(viewer: Viewer, project: Any) -> dict[str, Any]:
    """What the viewer may still do with what was submitted: flags for the receipt page."""
    acts = viewer.has(Duty.FILL) or viewer.has(Duty.CHECK)
    in_time = clock.now() < project.call.closes_at
    steps = MACHINES["project"]
    return {
        "may_withdraw": acts and in_time and project.state in steps["withdraw"].sources,
        "may_take_back": acts and in_time and project.state in steps["take_back"].sources,
        "may_supplement": viewer.has(Duty.CHECK) and bool(supplement.open_fields(project)),
    }


@page(roles=UNIT, methods=("GET", "POST"))
def take_back(request: Request, application_id: int) -> HttpResponse:
    """撤回修改, after asking once more."""
    return _asked(request, application_id, "take_back")


@page(roles=UNIT, methods=("GET", "POST"))
def withdraw(request: Request, application_id: int) -> HttpResponse:
    """撤回申报, after asking once more."""
    return _asked(request, application_id, "withdraw")


WORDS = {
    "take_back": ("撤回修改", "已撤回，可以修改。请在截止前再次提交。", "apply-tasks"),
    "withdraw": ("撤回申报", "申报已撤回。", "workspace-home"),
}


def _asked(request: Request, application_id: int, step: str) -> HttpResponse:
    project = queries.application(request.viewer, application_id)
    title, text, to = WORDS[step]
    problems: list[DomainError] = []
    if request.method == "POST" and request.POST.get("confirmed") == "yes":
        act = taking_back.take_back if step == "take_back" else taking_back.withdraw
        with catching(problems):
            act(viewer=request.viewer, application_id=application_id)
            return done(request, text, to, *([application_id] if step == "take_back" else []))
        project = queries.application(request.viewer, application_id)
    elif project.state not in MACHINES["project"][step].sources:
        return redirect("apply-receipt", application_id)
    editable = project.state in ("draft", "returned")
    back = reverse("apply-tasks" if editable else "apply-receipt", args=[project.pk])
    context = {
        "project": project,
        "strip": strip_of(project),
        "title": title,
        "consequences": _consequences(project, step),
        "action": reverse(
            "apply-take-back" if step == "take_back" else "apply-withdraw", args=[project.pk]
        ),
        "back": back,
        "problems": problems,
    }
    return workspace_page(request, "workspace/withdraw.html", context)


def _consequences(project: Any, step: str) -> list[str]:
    """What follows, in plain words."""
    closes = clock.long_deadline(project.call.closes_at)
    lines = (
        [
            f"已提交的第 {project.version} 版保留，不再审查；内容解锁，可以修改。",
            f"必须在 {closes} 前重新审核、再次提交，否则本次申报视为没有提交。",
        ]
        if step == "take_back"
        else ["撤回后不再审查，已填内容不能恢复到新的申报。", f"{closes} 截止前可以重新建立申报。"]
    )
    if standing(project):
        lines.append("推荐部门的推荐意见随之失效，需要重新推荐。")
    return lines


@page(roles=UNIT, methods=("GET", "POST"))
def add_evidence(request: Request, application_id: int) -> HttpResponse:
    """补充材料: files for the fields that the province named, all in one further version."""
    project = queries.application(request.viewer, application_id)
    fields = supplement.open_fields(project)
    problems: list[DomainError] = []
    if request.method == "POST":
        files = [
            supplement.Supplied(field=key, name=file.name or "", size=file.size or 0, content=file)
            for key in request.FILES
            for file in request.FILES.getlist(key)
        ]
        with catching(problems):
            made = supplement.supplement(
                viewer=request.viewer, application_id=application_id, files=files
            )
            text = f"已补充 {len(files)} 个文件，成为第 {made.number} 版。"
            return done(request, text, "apply-receipt", application_id)
    elif not fields:
        return redirect("apply-receipt", application_id)
    overlay = overlay_of_call(project.call)
    context = {
        "project": project,
        "strip": strip_of(project),
        "fields": fields,
        "until": overlay.supplement.until if overlay and overlay.supplement else None,
        "problems": problems,
        "accept": ACCEPT,
        "allowed": ALLOWED,
    }
    return workspace_page(request, "workspace/supplement.html", context)


A = "applications/<int:application_id>/"
urlpatterns = [
    path(A + "take-back/", take_back, name="apply-take-back"),
    path(A + "withdraw/", withdraw, name="apply-withdraw"),
    path(A + "supplement/", add_evidence, name="apply-supplement"),
]
