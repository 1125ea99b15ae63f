"""The form as an Excel workbook: download, fill in elsewhere, upload, look at the changes, confirm."""

from types import SimpleNamespace
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import path, reverse

from jiangxin.core.kernel.errors import DomainError, Invalid
from jiangxin.core.workflow import Role
from jiangxin.faces.frame import submitted
from jiangxin.faces.frame.pages import Request, catching, done, page
from jiangxin.faces.frame.sending import send_bytes
from jiangxin.faces.frame.uploads import uploads
from jiangxin.records.documents.workbooks import MEDIA_TYPE, Faulty
from jiangxin.stages.application import actions, queries, workbook, workbook_reading

from .navigation import revision_of, strip_of, workspace_page

UNIT = frozenset({Role.APPLICANT})
MOST_FAULTS = 200  # more than anybody mends in one go; the page says how many there are


@page(roles=UNIT, methods=("GET", "POST"))
def import_form(request: Request, application_id: int) -> HttpResponse:
    """Upload the workbook: its faults by sheet, row and column, or what it would change."""
    project = queries.application(request.viewer, application_id)
    if project.state not in actions.EDITABLE:
        return redirect("apply-receipt", application_id)
    problems: list[DomainError] = []
    found = None
    if request.method == "POST":
        with catching(problems):
            files = uploads(request)
            if not files:
                raise Invalid("请选择填好的工作簿。", remedy="XLSX 文件。", field="file")
            found = workbook_reading.preview(
                viewer=request.viewer, application_id=project.pk, upload=files[0]
            )
    return _page(request, project, problems, found)


@page(roles=UNIT, methods=("POST",))
def take(request: Request, application_id: int) -> HttpResponse:
    """Write what was previewed; all of it or nothing."""
    project = queries.application(request.viewer, application_id)
    problems: list[DomainError] = []
    with catching(problems):
        number = request.POST.get("document", "")
        changed = workbook_reading.take(
            viewer=request.viewer,
            application_id=project.pk,
            document_id=int(number) if number.isascii() and number.isdigit() else 0,
            revision=revision_of(request),
        )
        return done(request, f"已写入 {len(changed)} 个部分。", "apply-tasks", project.pk)
    return _page(request, project, problems, None)


def _page(request: Request, project: Any, problems: list[DomainError], found: Any) -> HttpResponse:
    faulty = next((each for each in problems if isinstance(each, Faulty)), None)
    faults = faulty.faults if faulty else []
    return workspace_page(
        request,
        "workspace/workbook.html",
        {
            "project": project,
            "strip": strip_of(project),
            "problems": problems,
            "faults": faults[:MOST_FAULTS],
            "more": max(0, len(faults) - MOST_FAULTS),
            "preview": found,
            "changes": _changes(project, found) if found else [],
            "file": reverse("apply-workbook-file", args=[project.pk]),
        },
        status=422 if problems else 200,
    )


def _changes(project: Any, found: Any) -> list[submitted.Difference]:
    """Field by field: what stands now, and what would stand."""
    form = queries.form_of(project)
    sides = (
        SimpleNamespace(answers=each, evidence=[]) for each in (project.answers, found.plan.answers)
    )
    return submitted.differences(form, *sides)


@page(roles=UNIT)
def file(request: Request, application_id: int) -> HttpResponse:
    """The workbook of this application as it stands."""
    project = queries.application(request.viewer, application_id)
    return send_bytes(f"申报表-{project.pk}.xlsx", MEDIA_TYPE, workbook.workbook_of(project))


A = "applications/<int:application_id>/workbook/"
urlpatterns = [
    path(A, import_form, name="apply-workbook"),
    path(A + "take/", take, name="apply-workbook-take"),
    path(A + "form.xlsx", file, name="apply-workbook-file"),
]
