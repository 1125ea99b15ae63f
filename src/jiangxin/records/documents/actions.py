"""Store a file."""

import hashlib
from typing import IO

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from jiangxin.core.kernel import clock

from .gates import media_type, safe_name
from .models import Document


def store(*, name: str, size: int, content: IO[bytes], owner_id: int | None) -> Document:
    """Let an uploaded file in and keep it. Raises `Invalid` (see `gates`), keeping nothing."""
    clean = safe_name(name)
    kind = media_type(clean, size, content)
    return _keep(clean, kind, content.read(), owner_id)


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
    if not default_storage.exists(document.path):
        default_storage.save(document.path, ContentFile(data))
    document.save(force_insert=True)
    return document
