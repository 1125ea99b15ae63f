"""The bytes of an uploaded file to look at, without taking a large one into memory."""

import mmap
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from jiangxin.core.kernel.errors import Invalid

Buffer = bytes | mmap.mmap

# The harmless file with which every scanner of viruses is tried out; a real one never holds it.
EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!"
# What a browser would run if it took the file for a page. Long enough never to occur by accident
# in twenty megabytes of compressed data.
ACTIVE = re.compile(
    rb"<script[\s>/]|<!doctype\s+html|<iframe[\s>]|<html[\s>][^\0]{0,64}<|<\?php\s", re.IGNORECASE
)
ZIP_END, ZIP_ENTRY = b"PK\x05\x06", b"PK\x01\x02"


@contextmanager
def looked_at(content: IO[bytes], size: int) -> Iterator[Buffer]:
    """The `size` bytes of `content`: mapped where they lie in a file, read where they are in memory."""
    try:
        number = content.fileno()
        if os.fstat(number).st_size < size:
            raise OSError
    except OSError:  # io.UnsupportedOperation, too: the bytes are in memory already
        content.seek(0)
        yield content.read(size)
        return
    content.flush()
    with mmap.mmap(number, size, access=mmap.ACCESS_READ) as mapped:
        yield mapped


def refuse_active(name: str, data: Buffer) -> None:
    """Raises `Invalid` for the scanners' test file, and for markup or code that a browser would run."""
    if data.find(EICAR) >= 0:
        raise Invalid(
            f"“{name}”被识别为病毒，已拒收。", remedy="请对电脑杀毒后重新制作文件。", field="file"
        )
    if ACTIVE.search(data):
        raise Invalid(
            f"“{name}”里夹带网页脚本，已拒收。",
            remedy="请用原软件重新导出，或扫描后上传。",
            field="file",
        )


def refuse_hidden_zip(name: str, data: Buffer) -> None:
    """Raises `Invalid` for a file that is an archive as well: an archive is read from its end."""
    last = max(0, len(data) - 65_600)
    if data.find(ZIP_END, last) >= 0 and data.find(ZIP_ENTRY) >= 0:
        raise Invalid(
            f"“{name}”后面附有压缩包，已拒收。", remedy="请用原软件重新导出后上传。", field="file"
        )


def spoilt(name: str) -> Invalid:
    """A file that cannot be read to its end."""
    return Invalid(
        f"“{name}”已损坏或没有传完整，无法打开。",
        remedy="请重新导出、能正常打开后再上传。",
        field="file",
    )
