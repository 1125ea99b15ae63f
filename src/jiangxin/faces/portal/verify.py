"""Check a draw record, a receipt or a filing package; take the verifier home."""

import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import TemporaryUploadedFile, UploadedFile
from django.http import HttpResponse
from django.urls import path

from jiangxin.core.draw.checking import form_problems
from jiangxin.core.draw.checking import verify as draw_problems
from jiangxin.core.kernel.canonical import read_exactly
from jiangxin.core.kernel.errors import DomainError, Invalid
from jiangxin.core.proof.packages import package_problems, read_manifest
from jiangxin.core.proof.receipts import receipt_problems
from jiangxin.faces.frame.pages import ANYONE, Request, catching, page
from jiangxin.records.ledger.queries import checkpoint_at, latest_checkpoint

from .navigation import kept, portal_page

MEGABYTE = 1024 * 1024
MOST = 64 * MEGABYTE  # of an upload
MOST_RECORD = 8 * MEGABYTE  # of a record in JSON
MOST_UNPACKED = 512 * MEGABYTE  # of an archive's files together: bounds the work of one request
BY_HAND = "请下载独立核验程序，在自己的电脑上核验。"

Facts = list[dict[str, str]]


@dataclass(frozen=True)
class Result:
    """What was checked, what is wrong with it, and what it says of itself when nothing is.

    `ledger`: how it compares with what this system has published: tone, icon and sentence.
    """

    kind: str
    faults: list[str]
    facts: Facts = field(default_factory=list)
    ledger: dict[str, str] | None = None


@page(roles=ANYONE, methods=("GET", "POST"))
def verify(request: Request) -> HttpResponse:
    """What somebody uploads or pastes, recomputed; each fault in words. Nothing is kept."""
    problems: list[DomainError] = []
    result = None
    if request.method == "POST":
        with catching(problems):
            result = _checked(request)
    context = {
        "result": result,
        "problems": problems,
        "checkpoint": latest_checkpoint(),
        "pasted": request.POST.get("text", ""),
        "megabytes": MOST // MEGABYTE,
    }
    return portal_page(request, "portal/verify.html", context)


def _checked(request: Request) -> Result:
    upload = request.FILES.get("file")
    if not isinstance(upload, UploadedFile):
        return _record(request.POST.get("text", "").strip().encode())
    if (upload.size or 0) > MOST:
        raise Invalid(
            f"文件超过 {MOST // MEGABYTE} MB，网页上不能核验。", remedy=BY_HAND, field="file"
        )
    if upload.read(2) == b"PK":
        return _package(upload)
    upload.seek(0)
    return _record(upload.read(MOST_RECORD + 1))


def _package(upload: UploadedFile) -> Result:
    """A filing package, from the disk when it was too large for memory."""
    upload.seek(0)
    if isinstance(upload, TemporaryUploadedFile):
        package: Path | bytes = Path(upload.temporary_file_path())
    else:
        package = upload.read()
    upload.seek(0)
    try:
        with zipfile.ZipFile(upload) as archive:
            unpacked = sum(each.file_size for each in archive.infolist())
    except (zipfile.BadZipFile, NotImplementedError, ValueError) as broken:
        return Result("备案材料包", [f"不是完好的压缩包：{broken}"])
    if unpacked > MOST_UNPACKED:
        raise Invalid("压缩包解开后过大，网页上不能核验。", remedy=BY_HAND, field="file")
    faults = package_problems(package)
    return Result("备案材料包", faults, [] if faults else _package_facts(read_manifest(package)))


def _package_facts(manifest: dict[str, Any]) -> Facts:
    return [
        {"label": "报送单位", "value": str(manifest.get("province_name", ""))},
        {"label": "年度", "value": str(manifest.get("year", ""))},
        {"label": "文件", "value": f"{len(manifest['files'])} 个，都与清单相符"},
        {"label": "摘要值", "value": manifest["digest"]},
    ]


def _record(data: bytes) -> Result:
    """A draw record or a receipt. Raises `Invalid` for what is neither."""
    if not data.strip():
        raise Invalid(
            "没有选择文件，也没有粘贴内容。", remedy="请选择一个文件，或粘贴 JSON。", field="file"
        )
    if len(data) > MOST_RECORD:
        raise Invalid("记录过大，网页上不能核验。", remedy=BY_HAND, field="file")
    record = _read(data)
    named = record.get("format") if isinstance(record, dict) else None
    check = CHECKS.get(named) if isinstance(named, str) else None
    if check is None:
        raise Invalid(
            "文件中没有可核验的格式标识。", remedy="请使用本系统下载的原文件。", field="file"
        )
    return check(record, data)


def _read(data: bytes) -> Any:
    """JSON as strictly as the stand-alone verifier reads it: no field twice, no inexact number."""
    try:
        return read_exactly(data)
    except ValueError:
        raise Invalid(
            "不能识别这个文件。",
            remedy="可核验：抽取记录（JSON）、提交回执（JSON）、备案材料包（ZIP）。",
            field="file",
        ) from None


def _draw(record: dict[str, Any], data: bytes) -> Result:
    faults = form_problems(record, data) or draw_problems(record)
    if faults:
        return Result("专家抽取记录", faults)
    opened, void = record["opened"], record["void"]
    state = "已作废" if void else "已公开" if opened else "已封存，尚未公开"
    roles = [step["as"] for step in opened["walk"]] if opened else []
    drawn = f"席位 {roles.count('seat')} 人，候补 {roles.count('substitute')} 人"
    return Result(
        "专家抽取记录",
        [],
        [
            {"label": "抽取场次", "value": str(record["sealed"]["plan"]["session"])},
            {"label": "状态", "value": state},
            {"label": "抽取名单", "value": f"{len(record['sealed']['leaves'])} 条"},
            *([{"label": "抽取结果", "value": drawn}] if opened else []),
            {"label": "封存值", "value": record["seal"]},
            {"label": "摘要值", "value": record["digest"]},
        ],
    )


def _receipt(record: dict[str, Any], data: bytes) -> Result:
    faults = receipt_problems(record)
    if faults:
        return Result("提交回执", faults)
    event = record["event"]
    return Result(
        "提交回执",
        [],
        [
            {"label": "记录", "value": f"{event.get('type', '')}　{event.get('subject', '')}"},
            {"label": "时间", "value": str(event.get("at", ""))},
            {"label": "账册序号", "value": f"{record['index']}（自 0 起）"},
            {"label": "检查点", "value": f"共 {record['size']} 条"},
            {"label": "根", "value": record["root"]},
        ],
        _compared(record["size"], record["root"]),
    )


def _compared(size: int, root: str) -> dict[str, str]:
    """Whether our ledger has this root at this size: a receipt may hold for a ledger of its own."""
    ours = checkpoint_at(size) if 0 < size < 2**63 else None
    if ours is None:
        text = f"本系统没有公布过 {size} 条时的检查点，请向出具回执的单位核对。"
        return {"tone": "amber", "icon": "hourglass", "word": "未能比对", "text": text}
    if ours.root != root:
        text = f"本系统在 {size} 条时公布的根是 {ours.root}，与回执不同：这份回执不是本系统账册的。"
        return {"tone": "red", "icon": "x", "word": "账册不符", "text": text}
    text = f"与本系统在 {size} 条时公布的检查点相同。"
    return {"tone": "green", "icon": "check", "word": "账册相符", "text": text}


CHECKS: dict[str, Callable[[dict[str, Any], bytes], Result]] = {
    "jiangxin-draw/v1": _draw,
    "jiangxin-receipt/v1": _receipt,
}


@page(roles=ANYONE)
def verifier(request: Request) -> HttpResponse:
    """The stand-alone verifier: one file, standard library only."""
    response = HttpResponse(settings.VERIFIER.read_bytes(), content_type="text/x-python")
    response["Content-Disposition"] = 'attachment; filename="verify.py"'
    return kept(request, response, cacheable=True)


urlpatterns = [
    path("verify/", verify, name="verify"),
    path("verify/verify.py", verifier, name="verifier"),
]
