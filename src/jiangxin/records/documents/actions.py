"""Store a file."""

import hashlib
import os
from io import BytesIO
from pathlib import Path
from shutil import copyfileobj
from tempfile import NamedTemporaryFile
from typing import IO

from django.core.files.storage import default_storage

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import Invalid

from .gates import media_type, safe_name
from .models import Document

PIECE = 1024 * 1024


def store(*, name: str, size: int, content: IO[bytes], owner_id: int | None) -> Document:
    """Let an uploaded file in and keep it. Raises `Invalid` (see `gates`), keeping nothing.

    Read in pieces: however many are uploaded at once, none is held in memory as a whole.
    """
    clean = safe_name(name)
    kind = media_type(clean, size, content)
    content.seek(0)
    found, length = hashlib.sha256(), 0
    while piece := content.read(PIECE):
        found.update(piece)
        length += len(piece)
    if length != size:
        raise Invalid(f"“{clean}”没有传完整。", remedy="请重新上传。", field="file")
    content.seek(0)
    return _keep(clean, kind, found.hexdigest(), size, content, owner_id)


def keep_generated(
    *, name: str, media_type: str, data: bytes, owner_id: int | None = None
) -> Document:
    """Keep a document that the programme itself made."""
    digest = hashlib.sha256(data).hexdigest()
    return _keep(name, media_type, digest, len(data), BytesIO(data), owner_id)


def _keep(
    name: str, kind: str, digest: str, size: int, content: IO[bytes], owner_id: int | None
) -> Document:
    document = Document(
        sha256=digest,
        size=size,
        media_type=kind,
        name=name,
        owner_id=owner_id,
        at=clock.now(),
    )
    _write(Path(default_storage.path(document.path)), size, content)
    document.save(force_insert=True)
    return document


def _write(path: Path, size: int, content: IO[bytes]) -> None:
    """Keep the bytes under `path` once; what a crash left cut short is written again.

    Written under another name and renamed when whole: nobody ever reads half a file, and of several
    who store the same bytes at one moment each leaves the same whole file.
    """
    if path.exists() and path.stat().st_size == size:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=path.parent, prefix=".", delete=False) as file:
        try:
            copyfileobj(content, file, PIECE)
            file.flush()
            os.fsync(file.fileno())
            Path(file.name).replace(path)
        except BaseException:
            Path(file.name).unlink(missing_ok=True)
            raise
