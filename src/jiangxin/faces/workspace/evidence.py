"""Evidence: what stands behind each field, what came in with a page, and one file to look at."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpResponse
from django.urls import path, reverse

from jiangxin.core.kernel.errors import DomainError, Invalid, NotFound
from jiangxin.core.policy import Field, Form
from jiangxin.core.workflow import Role
from jiangxin.faces.frame.pages import SIGNED_IN, Request, catching, page, render
from jiangxin.faces.frame.sending import send_document
from jiangxin.records.documents.gates import ACCEPT, ALLOWED
from jiangxin.stages.application import proving, queries

PREFIX = "file-"  # the name of a file input: file- and the field's key
PICK = "_pick-"  # the name of the list of files that are there already

Texts = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class File:
    """One file behind a field; `also`: the other fields that it proves."""

    id: int
    document: int
    name: str
    size: str
    url: str
    also: str


@dataclass
class Came:
    """What one request did to the evidence: words for the flash, what was refused, what can be undone."""

    said: list[str] = field(default_factory=list)
    problems: list[DomainError] = field(default_factory=list)
    removed: dict[str, list[tuple[int, str]]] = field(default_factory=dict)


@dataclass(frozen=True)
class Proofs:
    """The files behind every field, and those that could prove another one as well."""

    files: dict[str, list[File]]
    names: dict[int, str]

    def counts(self) -> dict[str, int]:
        """How many files prove each field."""
        return {key: len(files) for key, files in self.files.items()}

    def others(self, key: str) -> list[tuple[int, str]]:
        """Files of this application that do not stand under `key` yet."""
        held = {each.document for each in self.files.get(key, ())}
        return [(number, name) for number, name in self.names.items() if number not in held]


def proofs_of(project: Any, form: Form) -> Proofs:
    """The evidence of an application. One query."""
    rows = queries.evidence(project)
    labels = {each.key: each.label for _, each in form.fields()}
    files: dict[str, list[File]] = {}
    for row in rows:
        also = [r.field for r in rows if r.document_id == row.document_id and r.pk != row.pk]
        files.setdefault(row.field, []).append(
            File(
                row.pk,
                row.document_id,
                row.document.name,
                f"{max(1, row.document.size // 1024)} KB",
                reverse("evidence-file", args=[project.pk, row.document_id]),
                "、".join(labels.get(key, key) for key in also),
            )
        )
    return Proofs(files, {row.document_id: row.document.name for row in rows})


def change(request: Request, project: Any, typed: Texts) -> Came:
    """Do what the page asks for: take files away, bring them back, bind and attach others."""
    came = Came()
    _drop(request, project, typed.get("_drop", ()), came)
    _bind(request, project, typed, came)
    _take(request, project, typed.get("_replace", ("",))[-1], came)
    return came


def _drop(request: Request, project: Any, asked: Sequence[str], came: Came) -> None:
    for number in asked:
        if not (number.isascii() and number.isdigit()):
            continue
        with catching(came.problems):
            held = proving.detach(
                viewer=request.viewer, application_id=project.pk, evidence_id=int(number)
            )
            if held:
                _removed(came, held)
                came.said.append(f"已移除“{held.document.name}”，可在原处撤销。")


def _removed(came: Came, held: Any) -> None:
    came.removed.setdefault(held.field, []).append((held.document_id, held.document.name))


def _bind(request: Request, project: Any, typed: Texts, came: Came) -> None:
    """`_bind` is FIELD:DOCUMENT of an undo; `_pick-FIELD` is a document of the list."""
    asked = [text.partition(":")[::2] for text in typed.get("_bind", ())]
    asked += [
        (name.removeprefix(PICK), text)
        for name, texts in typed.items()
        if name.startswith(PICK)
        for text in texts
        if text
    ]
    for key, number in asked:
        with catching(came.problems):
            if not (number.isascii() and number.isdigit()):
                raise Invalid("没有这个文件。", field="file")
            row = proving.bind(
                viewer=request.viewer,
                application_id=project.pk,
                field=key,
                document_id=int(number),
            )
            came.said.append(f"已附上“{row.document.name}”。")


def _take(request: Request, project: Any, replaced: str, came: Came) -> None:
    """The files that came with the page; the first one of a field takes the place of `_replace`."""
    old = int(replaced) if replaced.isascii() and replaced.isdigit() else None
    former = {row.pk: row for row in queries.evidence(project)} if old is not None else {}
    kept = 0
    for name, uploads in request.FILES.lists():
        key = name.removeprefix(PREFIX)
        for upload in uploads:
            held = former.get(old or 0)
            own = held is not None and held.field == key
            with catching(came.problems):
                proving.attach(
                    viewer=request.viewer,
                    application_id=project.pk,
                    field=key,
                    name=upload.name or "",
                    size=upload.size or 0,
                    content=upload,
                    replaces=old if own else None,
                )
                kept += 1
                if own:
                    _removed(came, former.pop(old or 0))
    if former and old in former and not kept and not came.problems:
        came.problems.append(
            Invalid("还没有选择新文件。", remedy="请先在该栏选择文件，再按“替换”。", field="file")
        )
    if kept:
        came.said.append(f"已上传 {kept} 个文件。")


@page(roles=SIGNED_IN)
def file(request: Request, application_id: int, document_id: int) -> HttpResponse:
    """One file of an application within the viewer's scope."""
    return send_document(queries.evidence_file(request.viewer, application_id, document_id))


@page(roles={Role.APPLICANT}, methods=("POST",))
def add(request: Request, application_id: int, key: str) -> HttpResponse:
    """A file that has arrived in pieces under `token`, bound to a field; answers with the field's files."""
    project = queries.application(request.viewer, application_id)
    form = queries.form_of(project)
    at = form.field(key)
    if at is None:
        raise NotFound("没有这一栏。")
    came = Came()
    replaced = request.POST.get("replaces", "")
    old = int(replaced) if replaced.isascii() and replaced.isdigit() else None
    former = {row.pk: row for row in queries.evidence(project)} if old is not None else {}
    proving.attach_uploaded(
        viewer=request.viewer,
        application_id=application_id,
        field=key,
        token=request.POST.get("token", ""),
        replaces=old,
    )
    if old in former:
        _removed(came, former[old])
    return render(request, "workspace/proofs.html", part(at, proofs_of(project, form), came))


def part(at: Field, proofs: Proofs, came: Came) -> dict[str, Any]:
    """What the list of files behind one field shows."""
    return {
        "each": at,
        "held": proofs.files.get(at.key, []),
        "others": proofs.others(at.key),
        "removed": came.removed.get(at.key, []),
        "accept": ACCEPT,
        "allowed": ALLOWED,
    }


A = "applications/<int:application_id>/"
urlpatterns = [
    path(A + "files/<int:document_id>/", file, name="evidence-file"),
    path(A + "evidence/<slug:key>/", add, name="evidence-add"),
]
