"""Photographs and scans: whole, of a size that can be shown, and nothing else besides."""

import struct
import zlib

from jiangxin.core.kernel.errors import Invalid

from .buffers import Buffer, refuse_active, refuse_hidden_zip, spoilt

MAX_PIXELS = 120_000_000  # an A3 page scanned at 600 dpi has 70 million
PNG_HEAD = b"\x89PNG\r\n\x1a\n"
_SIZES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}  # JPEG markers that begin with height and width
_BARE = {0x01, *range(0xD0, 0xD9)}  # JPEG markers without a length


def check_picture(name: str, data: Buffer) -> None:
    """Raises `Invalid` for a PNG or JPEG that is broken, too large to be shown, or more than a picture."""
    width, height = _png(name, data) if data[:8] == PNG_HEAD else _jpeg(name, data)
    if not width or not height:
        raise spoilt(name)
    if width * height > MAX_PIXELS:
        raise Invalid(
            f"“{name}”有 {width}×{height} 像素，过大，已拒收。",
            remedy="请缩小到每边一万像素以内后上传。",
            field="file",
        )
    refuse_active(name, data)
    refuse_hidden_zip(name, data)


def _png(name: str, data: Buffer) -> tuple[int, int]:
    """Width and height; every chunk is checked against its sum, and nothing may follow the last."""
    at, size, seen = 8, (0, 0), set()
    while at + 12 <= len(data):
        length, kind = struct.unpack(">I4s", data[at : at + 8])
        end = at + 12 + length
        if end > len(data):
            break
        if zlib.crc32(data[at + 4 : end - 4]) != int.from_bytes(data[end - 4 : end], "big"):
            break
        if kind == b"IHDR":
            size = struct.unpack(">II", data[at + 8 : at + 16])
        seen.add(kind)
        at = end
        if kind == b"IEND":
            if at != len(data):
                raise Invalid(
                    f"“{name}”的图片后面附有其他内容，已拒收。",
                    remedy="请用看图软件另存后上传。",
                    field="file",
                )
            return size if b"IDAT" in seen else (0, 0)
    raise spoilt(name)


def _jpeg(name: str, data: Buffer) -> tuple[int, int]:
    """Width and height, from the segments before the picture's own data."""
    at, size = 2, (0, 0)
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF or marker in _BARE:
            at += 1 if marker == 0xFF else 2
            continue
        if marker == 0xDA:  # the data; it ends with the mark EOI, after which phones add their own
            if data.find(b"\xff\xd9", at) < 0:
                break
            return size
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        if marker in _SIZES and length >= 7:
            height, width = struct.unpack(">HH", data[at + 5 : at + 9])
            size = (width, height)
        at += 2 + max(length, 2)
    raise spoilt(name)
