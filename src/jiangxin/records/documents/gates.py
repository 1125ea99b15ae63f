"""Which files are let in. A refused file names its reason; nothing of it is kept."""

import unicodedata
from typing import IO

import filetype

from jiangxin.core.kernel.errors import Invalid

from .archives import MAIN, check_archive
from .buffers import looked_at
from .pdf import check_pdf
from .pictures import check_picture

MAX_BYTES = 20 * 1024 * 1024
MAX_NAME = 180  # bytes of UTF-8: with a number before it, it still fits every file system
TYPES = {
    "pdf": "application/pdf",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "png": "image/png",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "ofd": "application/ofd",
}
ALLOWED = "PDF、OFD、JPG、PNG、DOCX、XLSX"
ACCEPT = ",".join(f".{ending}" for ending in TYPES)  # for the file input's accept attribute
RESERVED = str.maketrans(dict.fromkeys('<>:"|?*', "_"))  # no Windows takes them in a name
OLD_OFFICE = (
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # also what an Office file with a password begins with
)


def safe_name(name: str) -> str:
    """The last part of `name` without control, direction or reserved characters, composed (NFC).

    At most 180 bytes of UTF-8; the ending survives.
    """
    last = unicodedata.normalize("NFC", name).replace("\\", "/").rsplit("/", 1)[-1]
    clean = "".join(c for c in last if unicodedata.category(c)[0] != "C").translate(RESERVED)
    stem, dot, ending = clean.strip(". ").rpartition(".")
    ending = ending[:20]
    room = MAX_NAME - len(f"{dot}{ending}".encode())
    return f"{stem.encode()[:room].decode(errors='ignore')}{dot}{ending}"


def media_type(name: str, size: int, content: IO[bytes]) -> str:
    """The media type of an acceptable file.

    `content` is a seekable binary file of `size` bytes, left at its start. Raises `Invalid` for a
    refused ending, an empty or too large file, content that is not what its ending says, and for
    what `check_archive`, `check_pdf` and `check_picture` refuse: bombs, locks, macros, scripts,
    what is cut short, and what is two kinds of file at once.
    """
    ending = check_name(name)
    check_size(name, size)
    expected = TYPES[ending]
    content.seek(0)
    head = content.read(8192)
    content.seek(0)
    _check_head(name, ending, head)
    if ending in MAIN:
        check_archive(name, ending, content)
        return expected
    with looked_at(content, size) as data:
        (check_pdf if ending == "pdf" else check_picture)(name, data)
    content.seek(0)
    return expected


def check_name(name: str) -> str:
    """The ending in small letters. Raises `Invalid` unless files of that ending are let in."""
    stem, _, ending = name.rpartition(".")
    ending = ending.lower()
    if ending not in TYPES or not stem.strip():
        raise Invalid(f"不接收“{name}”这类文件。", remedy=f"请上传 {ALLOWED} 文件。", field="file")
    return ending


def check_size(name: str, size: int) -> None:
    """Raises `Invalid` for an empty and for a too large file."""
    if size <= 0:
        raise Invalid(f"“{name}”是空文件。", remedy="请检查原文件后重新上传。", field="file")
    if size > MAX_BYTES:
        raise Invalid(
            f"“{name}”有 {size / 1048576:.1f} MB，超过 20 MB。",
            remedy="请压缩图片或拆分后上传。",
            field="file",
        )


def _check_head(name: str, ending: str, head: bytes) -> None:
    """Raises `Invalid` unless the file begins as its ending says."""
    if head.startswith(OLD_OFFICE) and ending in MAIN:
        raise Invalid(
            f"“{name}”加了密码，或是旧格式改了扩展名。",
            remedy=f"请去掉密码，另存为 {ending.upper()} 后上传。",
            field="file",
        )
    kind = filetype.guess(head)
    found = kind.mime if kind else ""
    archive = ending in MAIN and head.startswith(b"PK\x03\x04")
    if found != TYPES[ending] and not archive:
        raise Invalid(
            f"“{name}”的内容不是 {ending.upper()} 文件。",
            remedy="请用原软件重新导出，不要只改扩展名。",
            field="file",
        )
