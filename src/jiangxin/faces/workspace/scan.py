"""The sealed paper copy: print, seal, scan, upload; compared by its version code."""

from typing import Any

from django.http import HttpResponse
from django.urls import path, reverse

from jiangxin.core.kernel.errors import DomainError, Invalid
from jiangxin.core.workflow import ProjectState, Role
from jiangxin.faces.frame.pages import Request, catching, done, page
from jiangxin.faces.frame.uploads import uploads
from jiangxin.stages.application import paper, queries, scan

from .navigation import strip_of, workspace_page

UNIT = frozenset({Role.APPLICANT})
ACCEPT = ".pdf,.jpg,.jpeg,.png"


@page(roles=UNIT, methods=("GET", "POST"))
def sealed_copy(request: Request, application_id: int) -> HttpResponse:
    """Upload the scan; a refusal says which version the paper shows, and keeps the typed code."""
    project = queries.application(request.viewer, application_id)
    problems: list[DomainError] = []
    typed = request.POST.get("code", "")
    if request.method == "POST":
        with catching(problems):
            files = uploads(request)
            if not files:
                raise Invalid("请选择扫描件。", remedy="PDF 最好，照片也可以。", field="file")
            row = scan.add_scan(
                viewer=request.viewer, application_id=project.pk, upload=files[0], typed=typed
            )
            how = "从文件中读出" if row.how == "read" else "按您填写的"
            editable = project.state in (ProjectState.DRAFT, ProjectState.RETURNED)
            to = "apply-check" if editable and scan.wanted_before(project) else "apply-receipt"
            return done(request, f"盖章件已收到，{how}版本码 {row.code} 相符。", to, project.pk)
    return workspace_page(
        request,
        "workspace/scan.html",
        {
            "project": project,
            "strip": strip_of(project),
            "scan": scan_context(project, _wanted(project)),
            "problems": problems,
            "errors": {each.field: each.message for each in problems if each.field},
            "code": typed,
            "accept": ACCEPT,
        },
        status=422 if problems else 200,
    )


def _wanted(project: Any) -> paper.Content:
    """The content whose sealed copy is wanted now."""
    version = queries.latest_version(project)
    before = project.state in scan.EDITABLE and scan.wanted_before(project)
    return paper.draft(project) if before or version is None else paper.content_of(version)


def scan_context(project: Any, wanted: paper.Content) -> dict[str, Any]:
    """What is wanted, and whether it has come, for the `sealed` macro."""
    found = scan.scan_of(project, wanted.code)
    return {
        "code": wanted.code,
        "number": wanted.number,
        "pdf": reverse("apply-paper-pdf", args=[project.pk, wanted.number]),
        "upload": reverse("apply-scan", args=[project.pk]),
        "held": held(project, found),
    }


def held(project: Any, found: Any) -> dict[str, Any] | None:
    """One uploaded scan for a template."""
    if found is None:
        return None
    return {
        "name": found.document.name,
        "url": reverse("evidence-file", args=[project.pk, found.document_id]),
        "at": found.at,
        "code": found.code,
        "how": found.get_how_display(),
    }


urlpatterns = [
    path("applications/<int:application_id>/sealed-copy/", sealed_copy, name="apply-scan"),
]
