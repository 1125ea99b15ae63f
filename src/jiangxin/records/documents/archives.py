"""DOCX, XLSX and OFD: archives of XML. Nothing is unpacked to the disk; every part is read once."""

import stat
import zipfile
import zlib
from collections.abc import Mapping
from typing import IO
from xml.parsers import expat

from jiangxin.core.kernel.errors import Invalid

from .buffers import EICAR, spoilt

MAX_UNPACKED = 200 * 1024 * 1024
MAX_PARTS = 10_000
MAX_RATIO = 300  # times its size may a part of more than 8 MiB unpack to; text hardly reaches 100
MAX_DEPTH = 256
CONTENT_TYPES = "[Content_Types].xml"
MAIN = {
    "docx": (CONTENT_TYPES, "word/document.xml"),
    "xlsx": (CONTENT_TYPES, "xl/workbook.xml"),
    "ofd": ("OFD.xml",),
}
# What Python's reader raises for an archive that is broken, locked or of a kind that it does not know.
BROKEN_ZIP = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,
    OSError,
    RuntimeError,
    ValueError,
)
MACROS = (b"vbaproject", b"macroenabled")
MACRO_PARTS = ("vbaproject.bin", "/macrosheets/", "/activex/", "/dialogsheets/")
PROGRAMS = (
    *(".exe", ".dll", ".bat", ".cmd", ".com", ".js", ".jse", ".vbs", ".ps1", ".scr", ".lnk"),
    *(".hta", ".html", ".htm", ".svg", ".zip", ".jar", ".msi"),
)
FETCHED = ("attachedTemplate", "oleObject", "frame", "subDocument")  # relations that load from afar
_FIELDS = (b"DDEAUTO", b"ddeLink")


def check_archive(name: str, ending: str, content: IO[bytes]) -> None:
    """Raises `Invalid` for an archive that is broken, locked, a bomb, reaches outside itself, or runs.

    `content` is left at its start.
    """
    try:
        with zipfile.ZipFile(content) as archive:
            entries = archive.infolist()
            _check_entries(name, entries)
            if not set(MAIN[ending]) <= {entry.filename for entry in entries}:
                raise Invalid(
                    f"“{name}”不是有效的 {ending.upper()} 文件。",
                    remedy="请用原软件打开并重新保存。",
                    field="file",
                )
            room = MAX_UNPACKED
            for entry in entries:
                room -= _check_part(name, archive, entry, room)
    except BROKEN_ZIP:
        raise spoilt(name) from None
    finally:
        content.seek(0)


def _check_entries(name: str, entries: list[zipfile.ZipInfo]) -> None:
    """Only what the archive says about itself is read here."""
    if len(entries) > MAX_PARTS or sum(entry.file_size for entry in entries) > MAX_UNPACKED:
        raise _too_large(name)
    names = [entry.filename for entry in entries]
    ordered = sorted(entries, key=lambda entry: entry.header_offset)
    if len(set(names)) < len(names) or any(map(_overlaps, ordered, ordered[1:])):
        raise Invalid(
            f"“{name}”内部有重复的部件，已拒收。", remedy="请重新保存后上传。", field="file"
        )
    for entry in entries:
        _check_entry(name, entry)


def _overlaps(entry: zipfile.ZipInfo, following: zipfile.ZipInfo) -> bool:
    """Whether two parts claim the same bytes: so a small file would unpack to a huge one."""
    return (
        entry.header_offset <= following.header_offset < entry.header_offset + entry.compress_size
    )


def _check_entry(name: str, entry: zipfile.ZipInfo) -> None:
    inside = entry.orig_filename.replace("\\", "/")
    if "\0" in inside or inside.startswith("/") or ":" in inside or ".." in inside.split("/"):
        raise Invalid(
            f"“{name}”内部的路径指向文件之外，已拒收。", remedy="请用原软件重新保存。", field="file"
        )
    if stat.S_ISLNK(entry.external_attr >> 16):
        raise Invalid(f"“{name}”内部有链接，已拒收。", remedy="请用原软件重新保存。", field="file")
    if entry.flag_bits & 1:
        raise Invalid(
            f"“{name}”已加密，无法审阅。", remedy="请去掉密码、重新保存后上传。", field="file"
        )
    lower = f"/{inside.lower()}"
    if any(mark in lower for mark in MACRO_PARTS):
        raise _macro(name)
    if lower.endswith(PROGRAMS) or ("oleobject" in lower and lower.endswith(".bin")):
        raise Invalid(
            f"“{name}”里嵌有程序或其他文件（{inside[-40:]}），已拒收。",
            remedy="请删去嵌入的对象后上传。",
            field="file",
        )
    if entry.file_size > 8 * 1024 * 1024 and entry.file_size > MAX_RATIO * entry.compress_size:
        raise _too_large(name)


def _check_part(name: str, archive: zipfile.ZipFile, entry: zipfile.ZipInfo, room: int) -> int:
    """Read one part to its end, against its sum and its declared size; returns its true size."""
    xml = _Xml(name) if entry.filename.lower().endswith((".xml", ".rels", ".vml")) else None
    size, before = 0, b""
    with archive.open(entry) as part:
        while piece := part.read(262_144):
            size += len(piece)
            if size > room:
                raise _too_large(name)
            _check_piece(name, entry.filename, before + piece)
            before = piece[-80:]
            if xml:
                xml.feed(piece)
    if size != entry.file_size:
        raise spoilt(name)
    if xml:
        xml.close()
    return size


def _check_piece(name: str, part: str, piece: bytes) -> None:
    if EICAR in piece:
        raise Invalid(
            f"“{name}”被识别为病毒，已拒收。", remedy="请对电脑杀毒后重新制作文件。", field="file"
        )
    if any(mark in piece for mark in _FIELDS):
        raise Invalid(
            f"“{name}”里有自动取数的域，已拒收。", remedy="请把它改成文字后上传。", field="file"
        )
    if part == CONTENT_TYPES and any(mark in piece.lower() for mark in MACROS):
        raise _macro(name)


class _Xml:
    """One XML part, read as a stream: well-formed, no document type, no entities, nothing from afar."""

    def __init__(self, name: str) -> None:
        self.name, self.depth = name, 0
        self.parser = expat.ParserCreate()
        self.parser.StartDoctypeDeclHandler = self._doctype
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end

    def feed(self, piece: bytes) -> None:
        try:
            self.parser.Parse(piece, False)
        except (expat.ExpatError, LookupError):
            raise spoilt(self.name) from None

    def close(self) -> None:
        try:
            self.parser.Parse(b"", True)
        except (expat.ExpatError, LookupError):
            raise spoilt(self.name) from None

    def _doctype(self, *_: object) -> None:
        raise Invalid(
            f"“{self.name}”里有实体声明，已拒收。",
            remedy="请用原软件重新保存后上传。",
            field="file",
        )

    def _start(self, _tag: str, attributes: Mapping[str, str]) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise spoilt(self.name)
        far = attributes.get("TargetMode") == "External"
        if far and attributes.get("Type", "").rsplit("/", 1)[-1] in FETCHED:
            raise Invalid(
                f"“{self.name}”打开时会从别处取内容，已拒收。",
                remedy="请另存为不带外部模板的文件。",
                field="file",
            )

    def _end(self, _tag: str) -> None:
        self.depth -= 1


def _macro(name: str) -> Invalid:
    return Invalid(f"“{name}”含有宏，已拒收。", remedy="请另存为不含宏的文件。", field="file")


def _too_large(name: str) -> Invalid:
    return Invalid(f"“{name}”解压后过大，已拒收。", remedy="请减少内嵌图片后上传。", field="file")
