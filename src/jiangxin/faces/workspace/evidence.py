"""Evidence: what stands behind each field, what came in with a page, and one file to look at."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.urls import path, reverse

from jiangxin.core.kernel.errors import DomainError
from jiangxin.faces.frame.pages import SIGNED_IN, Request, catching, page
from jiangxin.faces.frame.sending import send_document
from jiangxin.stages.application import actions, queries

PREFIX = "file-"  # the name of a file input: file- and the field's key


@dataclass(frozen=True)
class File:
    """One file behind a field."""

    id: int
    name: str
    size: str
    url: str


def by_field(project: Any) -> dict[str, list[File]]:
    """The files of an application by field key."""
    found: dict[str, list[File]] = {}
    for row in queries.evidence(project):
        size = f"{max(1, row.document.size // 1024)} KB"
        url = reverse("evidence-file", args=[project.pk, row.document_id])
        found.setdefault(row.field, []).append(File(row.pk, row.document.name, size, url))
    return found


def take(request: Request, application_id: int) -> tuple[int, list[DomainError]]:
    """Keep the files that came with the page; returns how many, and why others were refused."""
    problems: list[DomainError] = []
    kept = 0
    for name, uploads in request.FILES.lists():
        for upload in uploads:
            with catching(problems):
                actions.attach(
                    viewer=request.viewer,
                    application_id=application_id,
                    field=name.removeprefix(PREFIX),
                    name=upload.name or "",
                    size=upload.size or 0,
                    content=upload,
                )
                kept += 1
    return kept, problems


def drop(request: Request, application_id: int, asked: Iterable[str]) -> None:
    """Unbind the files whose 删除 was pressed."""
    for number in asked:
        if number.isascii() and number.isdigit():
            actions.detach(
                viewer=request.viewer, application_id=application_id, evidence_id=int(number)
            )


@page(roles=SIGNED_IN)
def file(request: Request, application_id: int, document_id: int) -> HttpResponse:
    """One file of an application within the viewer's scope."""
    return send_document(queries.evidence_file(request.viewer, application_id, document_id))


urlpatterns = [
    path("applications/<int:application_id>/files/<int:document_id>/", file, name="evidence-file"),
]
