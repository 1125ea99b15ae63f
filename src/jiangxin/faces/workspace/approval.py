"""The unit's own word on its draft: sent for approval, approved under the seal, or sent back."""

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import path

from jiangxin.core.kernel.errors import DomainError, Invalid
from jiangxin.core.workflow import Role
from jiangxin.faces.frame.pages import Request, catching, done, page
from jiangxin.stages.application import actions, queries, recommendation
from jiangxin.stages.application import approval as acts

from .check import check_page
from .navigation import revision_of

UNIT = frozenset({Role.APPLICANT})


def _back(request: Request, application_id: int, problems: list[DomainError]) -> HttpResponse:
    project = queries.application(request.viewer, application_id)
    if project.state not in actions.EDITABLE:
        return redirect("apply-receipt", application_id)
    return check_page(request, project, problems)


@page(roles=UNIT, methods=("POST",))
def ask(request: Request, application_id: int) -> HttpResponse:
    """填好送审."""
    problems: list[DomainError] = []
    with catching(problems):
        acts.ask(
            viewer=request.viewer, application_id=application_id, revision=revision_of(request)
        )
        return done(request, "已送审，等待本单位审核人审核。", "apply-check", application_id)
    return _back(request, application_id, problems)


@page(roles=UNIT, methods=("POST",))
def approve(request: Request, application_id: int) -> HttpResponse:
    """The reviewer stands behind what the page showed."""
    problems: list[DomainError] = []
    with catching(problems):
        acts.approve(
            viewer=request.viewer,
            application_id=application_id,
            digest=request.POST.get("digest", ""),
            sealed="sealed" in request.POST,
        )
        return done(request, "审核通过，现在可以提交。", "apply-check", application_id)
    return _back(request, application_id, problems)


@page(roles=UNIT, methods=("POST",))
def send_back(request: Request, application_id: int) -> HttpResponse:
    """The reviewer says by section what is to be mended."""
    problems: list[DomainError] = []
    remarks = {
        key.removeprefix("remark-"): text
        for key, text in request.POST.items()
        if key.startswith("remark-") and isinstance(text, str)
    }
    with catching(problems):
        acts.send_back(viewer=request.viewer, application_id=application_id, remarks=remarks)
        return done(request, "已退回填报人修改。", "apply-tasks", application_id)
    return _back(request, application_id, problems)


@page(roles=UNIT, methods=("POST",))
def choose(request: Request, application_id: int) -> HttpResponse:
    """Name the body that recommends this unit."""
    problems: list[DomainError] = []
    text = request.POST.get("body", "")
    with catching(problems):
        if not (text.isascii() and text.isdigit() and len(text) < 18):
            raise Invalid("请选择推荐部门。", clause="3.1", field="body")
        recommendation.choose(
            viewer=request.viewer, application_id=application_id, body_id=int(text)
        )
        return done(request, "已选定推荐部门。", "apply-check", application_id)
    return _back(request, application_id, problems)


A = "applications/<int:application_id>/"
urlpatterns = [
    path(A + "approval/ask/", ask, name="apply-ask"),
    path(A + "approval/approve/", approve, name="apply-approve"),
    path(A + "approval/send-back/", send_back, name="apply-send-back"),
    path(A + "recommender/", choose, name="apply-recommender"),
]
