"""Entering vouchers: one by a form, many by an Excel table with their files."""

from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpResponse
from django.urls import path

from jiangxin.core.kernel.errors import DomainError, Invalid
from jiangxin.core.workflow import Role
from jiangxin.faces.frame.pages import Request, catching, done, page, typed
from jiangxin.faces.frame.sending import send_bytes
from jiangxin.records.documents.gates import ACCEPT, ALLOWED, TYPES
from jiangxin.records.documents.papers import Upload
from jiangxin.stages.accounts import actions, queries
from jiangxin.stages.accounts.choices import uses
from jiangxin.stages.accounts.forms import read_entry
from jiangxin.stages.accounts.importing import MOST_ROWS, RowsRefused, template
from jiangxin.stages.funding.choices import Source
from jiangxin.stages.titles.queries import title_of

from .navigation import workspace_page

UNIT = frozenset({Role.APPLICANT})


@page(roles=UNIT, methods=("GET", "POST"))
def new(request: Request, title_id: int) -> HttpResponse:
    """Enter one payment. What was typed stays in the form; a file must be chosen again."""
    title = title_of(request.viewer, title_id)
    problems: list[DomainError] = []
    if request.method == "POST":
        entry, problems = read_entry(title, {key: str(request.POST[key]) for key in request.POST})
        file = _upload(request.FILES.get("file"))
        if file is None:
            problems.append(
                Invalid("请上传凭证文件。", remedy="发票、合同或发放表的扫描件。", field="file")
            )
        if entry is not None and not problems:
            with catching(problems):
                row = actions.enter_voucher(
                    viewer=request.viewer, title_id=title_id, entry=entry, file=file
                )
                return done(request, f"已登记，凭证号 {row.number}。", "my-voucher", row.pk)
    return workspace_page(
        request,
        "workspace/accounts/new.html",
        {
            "title": title,
            "sheet": queries.sheet(title),
            "uses": list(uses(title.kind).items()),
            "sources": Source.choices,
            "values": typed(request),
            "problems": problems,
            "errors": {each.field: each.message for each in problems if each.field},
            "accept": ACCEPT,
            "allowed": ALLOWED,
        },
    )


@page(roles=UNIT, methods=("GET", "POST"))
def import_table(request: Request, title_id: int) -> HttpResponse:
    """Enter a whole table, or say what is wrong in which row and enter nothing."""
    title = title_of(request.viewer, title_id)
    problems: list[DomainError] = []
    if request.method == "POST":
        with catching(problems):
            table = _upload(request.FILES.get("table"))
            if table is None:
                raise Invalid("请选择填好的 Excel 表。", field="table")
            files = [_upload(each) for each in request.FILES.getlist("files")]
            rows = actions.import_vouchers(
                viewer=request.viewer,
                title_id=title_id,
                table=table,
                files=[each for each in files if each is not None],
            )
            return done(request, f"已导入 {len(rows)} 张凭证。", "my-account", title_id)
    refused = next((each for each in problems if isinstance(each, RowsRefused)), None)
    return workspace_page(
        request,
        "workspace/accounts/import.html",
        {
            "title": title,
            "problems": problems,
            "rows": [
                {"number": number, "problem": each}
                for number, each in (refused.rows if refused else [])
            ],
            "most": MOST_ROWS,
            "accept": ACCEPT,
            "allowed": ALLOWED,
        },
    )


@page(roles=UNIT)
def template_file(request: Request, title_id: int) -> HttpResponse:
    """The empty table for this title's kind."""
    title = title_of(request.viewer, title_id)
    return send_bytes(f"凭证导入模板-{title.number}.xlsx", TYPES["xlsx"], template(title))


def _upload(sent: Any) -> Upload | None:
    if not isinstance(sent, UploadedFile) or sent.file is None:
        return None
    return Upload(sent.name or "", sent.size or 0, sent.file)


A = "titles/<int:title_id>/account/"
urlpatterns = [
    path(A + "new/", new, name="my-voucher-new"),
    path(A + "import/", import_table, name="my-vouchers-import"),
    path(A + "import/template/", template_file, name="my-vouchers-template"),
]
