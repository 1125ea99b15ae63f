"""Read stored files back."""

import hashlib

from django.core.files.storage import default_storage

from jiangxin.core.kernel.errors import Tampered

from .models import Document

Stored = Document  # the name by which pages know a file that a query gave them


def read(document: Document) -> bytes:
    """The bytes of a document. Raises `Tampered` when they are gone or no longer those of its hash."""
    try:
        with default_storage.open(document.path) as file:
            data: bytes = file.read()
    except FileNotFoundError:
        raise Tampered(
            f"文件“{document.name}”（{document.sha256[:12]}…）不见了。",
            remedy="请从备份恢复该文件。",
        ) from None
    if hashlib.sha256(data).hexdigest() != document.sha256:
        raise Tampered(
            f"文件“{document.name}”的内容与登记的哈希不符。",
            remedy="请从备份恢复该文件。",
        )
    return data
