"""PDF files: whole, readable without a password, and only a document."""

import re
import zlib
from collections.abc import Iterator

from jiangxin.core.kernel.errors import Invalid

from .buffers import Buffer, refuse_active, refuse_hidden_zip, spoilt

MAX_INFLATED = (
    64 * 1024 * 1024
)  # of the objects that lie compressed; pages and pictures are not read
TAIL = 2048  # bytes after the last %%EOF that an honest program may leave
_STREAM = re.compile(rb">>\s*stream\r?\n")
_ESCAPED = re.compile(rb"#([0-9A-Fa-f]{2})")
_ENDS = rb"(?=[\s/<>()\[\]%]|$)"
_LOCKED = re.compile(rb"/Encrypt" + _ENDS)
_RUNS = re.compile(
    rb"/(JavaScript|JS|Launch|EmbeddedFiles?|RichMedia|XFA|SubmitForm|ImportData)" + _ENDS
)


def check_pdf(name: str, data: Buffer) -> None:
    """Raises `Invalid` for a PDF that is cut short, has a password, or can run or carry something.

    Names are looked for outside pages and pictures, and inside the objects that lie compressed.
    """
    end = data.rfind(b"%%EOF")
    if end < 0:
        raise spoilt(name)
    refuse_hidden_zip(name, data)
    if len(data) - end > TAIL:
        raise Invalid(
            f"“{name}”的结尾后面附有其他内容，已拒收。",
            remedy="请用原软件重新导出，或打印成 PDF 后上传。",
            field="file",
        )
    refuse_active(name, data)
    for part in _objects(name, data):
        plain = _ESCAPED.sub(lambda match: bytes([int(match[1], 16)]), part)
        if _LOCKED.search(plain):
            raise Invalid(
                f"“{name}”加了密码或限制，无法审阅。", remedy="请去掉密码后重新导出。", field="file"
            )
        found = _RUNS.search(plain)
        if found:
            raise Invalid(
                f"“{name}”里有脚本、附件或表单动作（{found[1].decode()}），已拒收。",
                remedy="请打印成 PDF 后上传。",
                field="file",
            )


def _objects(name: str, data: Buffer) -> Iterator[bytes]:
    """What stands between the streams, and what the streams of objects hold."""
    at = left = 0
    room = MAX_INFLATED
    for match in _STREAM.finditer(data):
        if match.start() < at:
            continue
        head = data[left : match.start() + 2]
        yield head
        at = data.find(b"endstream", match.end())
        at = left = at if at >= 0 else len(data)
        if b"/ObjStm" in head[-4096:]:
            found = _inflated(name, data[match.end() : at], room)
            room -= len(found)
            yield found
    yield data[left:]


def _inflated(name: str, data: bytes, room: int) -> bytes:
    try:
        reader = zlib.decompressobj()
        found = reader.decompress(data, room)
    except zlib.error:
        return b""  # another filter, which readers of objects hardly use
    if reader.unconsumed_tail:
        raise Invalid(f"“{name}”解压后过大，已拒收。", remedy="请打印成 PDF 后上传。", field="file")
    return found
