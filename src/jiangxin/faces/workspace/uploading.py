"""Files in pieces, as tus 1.0.0 does it (creation and core): what a broken line interrupts goes on.

POST with Upload-Length and Upload-Metadata creates; HEAD says how far it has come; PATCH appends at
Upload-Offset. Binding the whole file to a field is a step of its own (`evidence-add`).
"""

import base64
import binascii

from django.http import HttpResponse
from django.urls import path, reverse

from jiangxin.core.kernel.errors import Invalid
from jiangxin.core.workflow import Role
from jiangxin.faces.frame.pages import Request, page
from jiangxin.records.documents import uploads

UNIT = frozenset({Role.APPLICANT})
PIECE = "application/offset+octet-stream"


@page(roles=UNIT, methods=("POST",))
def create(request: Request) -> HttpResponse:
    """Announce a file; the answer's Location takes its pieces."""
    made = uploads.begin_upload(
        name=_name(request.headers.get("Upload-Metadata", "")),
        size=_number(request, "Upload-Length"),
        owner_id=request.viewer.organisation_id or 0,
    )
    response = _answer(201, made.offset, made.size)
    response["Location"] = reverse("upload-piece", args=[made.token])
    return response


@page(roles=UNIT, methods=("PATCH", "HEAD", "DELETE"))
def piece(request: Request, token: str) -> HttpResponse:
    """Ask how far the file has come, append to it, or give it up."""
    owner = request.viewer.organisation_id or 0
    if request.method == "DELETE":
        uploads.cancel(token=token, owner_id=owner)
        return _answer(204)
    if request.method == "HEAD":
        return _answer(200, *uploads.offset_of(token=token, owner_id=owner))
    if request.headers.get("Content-Type") != PIECE:
        raise Invalid("上传的格式不对。", remedy="请刷新页面后重试。", field="file")
    offset = _number(request, "Upload-Offset")
    # Read before any lock is taken: a slow line must not hold a row of the database.
    data = request.read(uploads.MAX_PIECE + 1)
    return _answer(204, uploads.receive(token=token, owner_id=owner, offset=offset, piece=data))


def _answer(status: int, offset: int | None = None, size: int | None = None) -> HttpResponse:
    response = HttpResponse(status=status)
    response["Tus-Resumable"] = "1.0.0"
    response["Cache-Control"] = "no-store"
    if offset is not None:
        response["Upload-Offset"] = str(offset)
    if size is not None:
        response["Upload-Length"] = str(size)
    return response


def _number(request: Request, header: str) -> int:
    text = request.headers.get(header, "")
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        raise Invalid("上传的请求不完整。", remedy="请刷新页面后重试。", field="file")
    return int(text)


def _name(metadata: str) -> str:
    """The file's name: Upload-Metadata is `key base64, key base64`."""
    for pair in metadata.split(","):
        key, _, value = pair.strip().partition(" ")
        if key == "filename":
            try:
                return base64.b64decode(value, validate=True).decode()
            except (binascii.Error, UnicodeDecodeError):
                break
    raise Invalid("文件没有名称。", remedy="请重新选择文件。", field="file")


urlpatterns = [
    path("uploads/", create, name="upload-new"),
    path("uploads/<slug:token>/", piece, name="upload-piece"),
]
