"""Check a draw record, a receipt or a filing package; take the verifier home."""

import json
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.urls import path

from jiangxin.core.draw.checking import verify as draw_problems
from jiangxin.core.kernel.errors import DomainError, Invalid
from jiangxin.core.proof.packages import package_problems
from jiangxin.core.proof.receipts import receipt_problems
from jiangxin.faces.frame.pages import ANYONE, Request, catching, page
from jiangxin.records.ledger.queries import latest_checkpoint

from .navigation import portal_page

MOST = 64 * 1024 * 1024
KINDS = {
    "jiangxin-draw/v1": ("专家抽取记录", draw_problems),
    "jiangxin-receipt/v1": ("提交回执", receipt_problems),
}


@page(roles=ANYONE, methods=("GET", "POST"))
def verify(request: Request) -> HttpResponse:
    """What somebody uploads or pastes, recomputed; each fault in words."""
    problems: list[DomainError] = []
    result = None
    if request.method == "POST":
        with catching(problems):
            result = _checked(request)
    return portal_page(
        request,
        "portal/verify.html",
        {"result": result, "problems": problems, "checkpoint": latest_checkpoint()},
    )


def _checked(request: Request) -> dict[str, Any]:
    upload = request.FILES.get("file")
    if upload is not None and (upload.size or 0) > MOST:
        raise Invalid("文件超过 64 MB。", remedy="请用独立核验程序检查大文件。", field="file")
    data = upload.read() if upload is not None else request.POST.get("text", "").encode()
    if not data.strip():
        raise Invalid("没有选择文件，也没有粘贴内容。", field="file")
    if data[:2] == b"PK":
        return {"kind": "备案材料包", "faults": package_problems(data)}
    try:
        record = json.loads(data)
    except (ValueError, RecursionError):
        raise Invalid(
            "不能识别这个文件。",
            remedy="可核验：抽取记录（JSON）、提交回执（JSON）、备案材料包（ZIP）。",
            field="file",
        ) from None
    found = KINDS.get(record.get("format", "") if isinstance(record, dict) else "")
    if found is None:
        raise Invalid(
            "文件中没有可核验的格式标识。", remedy="请使用本系统下载的原文件。", field="file"
        )
    label, check = found
    return {"kind": label, "faults": check(record), "record": record}


@page(roles=ANYONE)
def verifier(request: Request) -> HttpResponse:
    """The stand-alone verifier: one file, standard library only."""
    response = HttpResponse(settings.VERIFIER.read_bytes(), content_type="text/x-python")
    response["Content-Disposition"] = 'attachment; filename="verify.py"'
    return response


urlpatterns = [
    path("verify/", verify, name="verify"),
    path("verify/verify.py", verifier, name="verifier"),
]
