"""Files that come in with a form, let in and kept."""

from collections.abc import Iterable

from jiangxin.core.kernel.errors import Invalid
from jiangxin.records.documents.actions import store
from jiangxin.records.documents.models import Document
from jiangxin.records.documents.papers import Upload
from jiangxin.records.identity.viewer import Viewer

MOST = 20  # files at one time


def keep(viewer: Viewer, files: Iterable[Upload], field: str = "file") -> list[Document]:
    """Let the files in and keep them for the viewer's unit or office. Raises `Invalid` (see `gates`)."""
    found = list(files)
    if len(found) > MOST:
        raise Invalid(f"一次最多上传 {MOST} 个文件。", field=field)
    return [
        store(
            name=each.name,
            size=each.size,
            content=each.content,
            owner_id=viewer.organisation_id,
        )
        for each in found
    ]
