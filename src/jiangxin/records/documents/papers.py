"""Files that belong to a record as a whole: the record keeps them as a list, each with its hash.

Such a list is part of what is agreed to or frozen; a file that was once in it is never taken out
of the store.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Any

from jiangxin.core.kernel.errors import Invalid, NotFound

from .actions import store
from .models import Document

MOST = 20  # files of one record

Papers = list[dict[str, Any]]


@dataclass(frozen=True)
class Upload:
    """A file as it came in."""

    name: str
    size: int
    content: IO[bytes]


def keep(
    uploads: Iterable[Upload], *, owner_id: int | None, before: Sequence[Mapping[str, Any]] = ()
) -> Papers:
    """The files kept `before`, followed by the new ones; the same bytes are listed once.

    Raises `Invalid` (see `gates`) for the first file that is refused, and for too many.
    """
    kept = [dict(each) for each in before]
    known = {each["sha256"] for each in kept}
    for upload in uploads:
        if len(kept) == MOST:
            raise Invalid(f"最多附 {MOST} 个文件。", remedy="请合并后再上传。", field="files")
        row = store(name=upload.name, size=upload.size, content=upload.content, owner_id=owner_id)
        if row.sha256 in known:
            row.delete()
            continue
        known.add(row.sha256)
        kept.append({"document": row.pk, "name": row.name, "sha256": row.sha256, "size": row.size})
    return kept


def paper(document_id: int, *lists: Sequence[Mapping[str, Any]]) -> Document:
    """The file of that id out of a record's lists. Raises `NotFound` for any other file."""
    if not any(each["document"] == document_id for papers in lists for each in papers):
        raise NotFound("没有这个文件。")
    return Document.objects.get(pk=document_id)
