"""Small sound files of every kind that the gates let in."""

import io
import struct
import zipfile
import zlib

PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
TYPES = '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">{}</Types>'
WORD: dict[str, str | bytes] = {
    "[Content_Types].xml": TYPES.format(""),
    "word/document.xml": "<w/>",
}
SHEET: dict[str, str | bytes] = {"[Content_Types].xml": TYPES.format(""), "xl/workbook.xml": "<x/>"}
OFD: dict[str, str | bytes] = {"OFD.xml": '<ofd:OFD xmlns:ofd="http://www.ofdspec.org/2016"/>'}


def pdf(mark: str = "") -> bytes:
    """A PDF whose bytes depend on `mark`."""
    return b"%PDF-1.4\n% " + mark.encode() + b"\n%%EOF\n"


def chunk(kind: bytes, data: bytes) -> bytes:
    """One chunk of a PNG with its sum."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int = 1, height: int = 1, salt: bytes = b"") -> bytes:
    """A PNG that says it has that size; `salt` makes other bytes of the same picture."""
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"tEXt", b"Comment\0" + salt.hex().encode())
        + chunk(b"IDAT", zlib.compress(b"\0\0"))
        + chunk(b"IEND", b"")
    )


def jpeg(width: int = 1, height: int = 1, comment: bytes = b"") -> bytes:
    """A JPEG's segments with that size, a little data and the mark of its end."""
    size = struct.pack(">BHHB", 8, height, width, 1) + b"\x01\x11\x00"
    said = b"\xff\xfe" + struct.pack(">H", len(comment) + 2) + comment if comment else b""
    return (
        b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"
        + said
        + b"\xff\xc0" + struct.pack(">H", len(size) + 2) + size
        + b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00" + b"\x12\x34" + b"\xff\xd9"
    )  # fmt: skip


def office(parts: dict[str, str | bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """An archive of those parts."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return buffer.getvalue()
