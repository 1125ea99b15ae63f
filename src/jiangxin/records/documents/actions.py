"""Store a file."""

import hashlib
from typing import IO

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import Invalid

from .gates import media_type, safe_name
from .models import Document


def store(*, name: str, size: int, content: IO[bytes], owner_id: int | None) -> Document:
    """Let an uploaded file in and keep it. Raises `Invalid` (see `gates`), keeping nothing."""
    clean = safe_name(name)
    kind = media_type(clean, size, content)
    data = content.read(size + 1)
    if len(data) != size:
        raise Invalid(f"“{clean}”没有传完整。", remedy="请重新上传。", field="file")
    return _keep(clean, kind, data, owner_id)


def keep_generated(
    *, name: str, media_type: str, data: bytes, owner_id: int | None = None
) -> Document:
    """Keep a document that the programme itself made."""
    return _keep(name, media_type, data, owner_id)


def _keep(name: str, kind: str, data: bytes, owner_id: int | None) -> Document:
    document = Document(
        sha256=hashlib.sha256(data).hexdigest(),
        size=len(data),
        media_type=kind,
        name=name,
        owner_id=owner_id,
        at=clock.now(),
    )
    _write(document.path, data)
    document.save(force_insert=True)
    return document


def _write(path: str, data: bytes) -> None:
    """Keep the bytes under `path` once; a file that was cut short by a crash is written again."""
    if default_storage.exists(path):
        if default_storage.size(path) == len(data):
            return
        default_storage.delete(path)
    saved = default_storage.save(path, ContentFile(data))
    if saved != path:  # somebody stored the same bytes at the same moment: one copy is enough
        default_storage.delete(saved)
