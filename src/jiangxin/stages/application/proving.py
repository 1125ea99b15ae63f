"""Evidence: which file proves which fields. One file may prove several; a file taken away can come back."""

from typing import IO

from django.db import transaction

from jiangxin.core.kernel.errors import Invalid, LimitReached, NotFound
from jiangxin.records.documents import actions as documents
from jiangxin.records.documents import uploads
from jiangxin.records.documents.models import Document
from jiangxin.records.identity.viewer import Viewer

from .actions import editable
from .models import Application, Evidence
from .queries import form_of

MOST_PER_FIELD = 40


@transaction.atomic
def attach(
    *,
    viewer: Viewer,
    application_id: int,
    field: str,
    name: str,
    size: int,
    content: IO[bytes],
    replaces: int | None = None,
) -> Evidence:
    """Bind an uploaded file to a field, in the place of the evidence `replaces` if given.

    Effects: the file in the store, once by its hash; the binding. Raises `Invalid` for a refused
    file, keeping nothing, and `LimitReached` beyond 40 files for one field.
    """
    project = _open_at(viewer, application_id, field)
    document = documents.store(
        name=name, size=size, content=content, owner_id=viewer.organisation_id
    )
    return bound_in_place(project, field, document, replaces)


def attach_uploaded(
    *, viewer: Viewer, application_id: int, field: str, token: str, replaces: int | None = None
) -> Evidence:
    """The same for a file that arrived in pieces under `token`; a refused one is forgotten."""
    with transaction.atomic():
        _open_at(viewer, application_id, field)
    document = uploads.finish(token=token, owner_id=viewer.organisation_id or 0)
    with transaction.atomic():
        project = _open_at(viewer, application_id, field)
        return bound_in_place(project, field, document, replaces)


@transaction.atomic
def bind(*, viewer: Viewer, application_id: int, field: str, document_id: int) -> Evidence:
    """Let a file that the unit has uploaded before prove `field` (too); also how a removal is undone.

    Raises `NotFound` for a file of somebody else.
    """
    project = _open_at(viewer, application_id, field)
    document = Document.objects.filter(pk=document_id, owner_id=project.unit_id).first()
    if document is None:
        raise NotFound("没有这个文件。", remedy="请重新上传。")
    return _bound(project, field, document)


@transaction.atomic
def detach(*, viewer: Viewer, application_id: int, evidence_id: int) -> Evidence | None:
    """Unbind a file; returns what stood there. Versions that were submitted keep it."""
    project = editable(viewer, application_id)
    held = project.evidence.select_related("document").filter(pk=evidence_id).first()
    if held is not None:
        project.evidence.filter(pk=held.pk).delete()
    return held


def _open_at(viewer: Viewer, application_id: int, field: str) -> Application:
    """The locked application. Raises `Invalid` when its form has no such field for evidence."""
    project = editable(viewer, application_id)
    known = {item.key for page in form_of(project).sections for item in page.fields}
    if field not in known:
        raise Invalid("没有这一栏。", field="file")
    return project


def bound_in_place(
    project: Application, field: str, fresh: Document, replaces: int | None
) -> Evidence:
    """Bind a file that has just come in; the row of one that was there already is dropped again."""
    if replaces is not None:
        project.evidence.filter(pk=replaces, field=field).delete()
    row = _bound(project, field, fresh)
    if row.document_id != fresh.pk:
        fresh.delete()
    return row


def _bound(project: Application, field: str, document: Document) -> Evidence:
    """The binding; the same bytes stand once under a field, and under one name as one file."""
    held = list(project.evidence.select_related("document"))
    same = [row for row in held if row.document.sha256 == document.sha256]
    already = next((row for row in same if row.field == field), None)
    if already is not None:
        return already
    same = [row for row in same if row.document.name == document.name]
    if sum(row.field == field for row in held) >= MOST_PER_FIELD:
        raise LimitReached(
            f"一栏最多附 {MOST_PER_FIELD} 个文件。", remedy="请合并后再上传。", field="file"
        )
    kept = same[0].document if same else document
    return Evidence.objects.create(application=project, field=field, document=kept)
