"""The form as a file: PDF to print and seal, Word to keep; a version as submitted, or the draft (0)."""

from typing import Any

from django.http import HttpResponse
from django.urls import path

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import NotFound
from jiangxin.core.workflow import Role
from jiangxin.faces.frame.pages import SIGNED_IN, Request, page
from jiangxin.faces.frame.sending import send_bytes
from jiangxin.records.documents import word_form
from jiangxin.records.documents.rendering import pdf
from jiangxin.records.documents.word import MEDIA_TYPE
from jiangxin.stages.application import paper, queries


@page(roles=SIGNED_IN)
def as_pdf(request: Request, application_id: int, number: int) -> HttpResponse:
    """The PDF, for whoever may see the application; the draft for its unit alone."""
    project, found = _found(request, application_id, number)
    data = pdf("form", paper.form_data(project, found), at=found.at or clock.now())
    return send_bytes(_name(project, found, "pdf"), "application/pdf", data)


@page(roles=SIGNED_IN)
def as_docx(request: Request, application_id: int, number: int) -> HttpResponse:
    """The same as Word."""
    project, found = _found(request, application_id, number)
    data = word_form.docx(paper.form_data(project, found), at=found.at or clock.now())
    return send_bytes(_name(project, found, "docx"), MEDIA_TYPE, data)


def _found(request: Request, application_id: int, number: int) -> tuple[Any, paper.Content]:
    project = queries.application(request.viewer, application_id)
    if number == 0 and request.viewer.role is not Role.APPLICANT:
        raise NotFound("没有这个版本。", remedy="草稿只有申报单位自己能看。")
    return project, paper.content(project, number)


def _name(project: Any, found: paper.Content, ending: str) -> str:
    which = f"{project.number}-第{found.number}版" if found.number else "草稿"
    return f"申报表-{which}.{ending}"


A = "applications/<int:application_id>/paper/<int:number>"
urlpatterns = [
    path(f"{A}.pdf", as_pdf, name="apply-paper-pdf"),
    path(f"{A}.docx", as_docx, name="apply-paper-docx"),
]
