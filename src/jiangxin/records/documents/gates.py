"""Which files are let in. A refused file names its reason; nothing of it is kept."""

import unicodedata
import zipfile
from typing import IO

import filetype

from jiangxin.core.kernel.errors import Invalid

MAX_BYTES = 20 * 1024 * 1024
MAX_UNPACKED = 200 * 1024 * 1024
MAX_PARTS = 10_000
MAX_NAME = 180  # bytes of UTF-8: with a number before it, it still fits every file system
TYPES = {
    "pdf": "application/pdf",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "png": "image/png",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
ALLOWED = "PDF、JPG、PNG、DOCX、XLSX"
ACCEPT = ",".join(f".{ending}" for ending in TYPES)  # for the file input's accept attribute
RESERVED = str.maketrans(dict.fromkeys('<>:"|?*', "_"))  # no Windows takes them in a name
CONTENT_TYPES = "[Content_Types].xml"
MACROS = (b"vbaProject", b"macroEnabled")


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
    refused ending, an empty or too large file, content that is not what its ending says, and
    office files that unpack to more than 200 MiB or carry macros.
    """
    stem, _, ending = name.rpartition(".")
    ending = ending.lower()
    if ending not in TYPES or not stem.strip():
        raise Invalid(f"不接收“{name}”这类文件。", remedy=f"请上传 {ALLOWED} 文件。", field="file")
    if size == 0:
        raise Invalid(f"“{name}”是空文件。", remedy="请检查原文件后重新上传。", field="file")
    if size > MAX_BYTES:
        raise Invalid(
            f"“{name}”有 {size / 1048576:.1f} MB，超过 20 MB。",
            remedy="请压缩图片或拆分后上传。",
            field="file",
        )
    expected = TYPES[ending]
    content.seek(0)
    kind = filetype.guess(content.read(8192))
    content.seek(0)
    found = kind.mime if kind else ""
    office = ending in ("docx", "xlsx") and found in (expected, "application/zip")
    if found != expected and not office:
        raise Invalid(
            f"“{name}”的内容不是 {ending.upper()} 文件。",
            remedy="请用原软件重新导出，不要只改扩展名。",
            field="file",
        )
    if office:
        _check_office(name, ending, content)
    return expected


def _check_office(name: str, ending: str, content: IO[bytes]) -> None:
    main = "word/document.xml" if ending == "docx" else "xl/workbook.xml"
    try:
        with zipfile.ZipFile(content) as archive:
            entries = archive.infolist()
            _check_unpacked(name, entries)
            names = {entry.filename for entry in entries}
            if not {main, CONTENT_TYPES} <= names:
                raise Invalid(
                    f"“{name}”不是有效的 {ending.upper()} 文件。",
                    remedy="请重新保存。",
                    field="file",
                )
            declared = archive.read(CONTENT_TYPES)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError):
        raise Invalid(
            f"“{name}”已损坏或加密，无法打开。", remedy="请去掉密码、重新保存后上传。", field="file"
        ) from None
    finally:
        content.seek(0)
    macro = any(each.lower().endswith("vbaproject.bin") for each in names)
    if macro or any(mark in declared for mark in MACROS):
        raise Invalid(f"“{name}”含有宏，已拒收。", remedy="请另存为不含宏的文件。", field="file")


def _check_unpacked(name: str, entries: list[zipfile.ZipInfo]) -> None:
    """Nothing is unpacked before this: only what the archive says about itself is read."""
    if len(entries) > MAX_PARTS or sum(entry.file_size for entry in entries) > MAX_UNPACKED:
        raise Invalid(
            f"“{name}”解压后过大，已拒收。",
            remedy="请减少内嵌图片后上传。",
            field="file",
        )
