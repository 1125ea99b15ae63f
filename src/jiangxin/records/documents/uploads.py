"""Files that arrive in pieces, as the tus protocol does it: create, ask how far, go on from there.

The pieces lie beside the file store until the file is whole; then it passes the same gates as any
other. What is not finished within a day is thrown away by the daily run.
"""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Sum

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import Invalid, LimitReached, NotFound, WrongState

from .actions import store
from .gates import MAX_BYTES, check_name, check_size, safe_name
from .models import Document, Upload

MOST_OPEN = 60  # files, and
MOST_BYTES = 60 * MAX_BYTES  # bytes, that one unit may have under way
LIFE = timedelta(days=1)
FOLDER = "uploads"
MAX_PIECE = 2 * 1024 * 1024  # what one request may carry


def begin_upload(*, name: str, size: int, owner_id: int) -> Upload:
    """A file of `size` bytes is to come. Raises `Invalid` for a name or size that no file may have,
    `LimitReached` while the unit has too much under way."""
    clean = safe_name(name)
    check_name(clean)
    check_size(clean, size)
    held = Upload.objects.filter(owner_id=owner_id).aggregate(bytes=Sum("size"))["bytes"] or 0
    many = Upload.objects.filter(owner_id=owner_id).count() >= MOST_OPEN
    if many or held + size > MOST_BYTES:
        raise LimitReached(
            "本单位正在上传的文件太多。", remedy="请等前面的文件传完后再传。", field="file"
        )
    return Upload.objects.create(
        token=secrets.token_hex(16), name=clean, size=size, owner_id=owner_id, at=clock.now()
    )


@contextmanager
def _locked(token: str, owner_id: int) -> Iterator[Upload]:
    with transaction.atomic():
        found = Upload.objects.select_for_update().filter(token=token, owner_id=owner_id).first()
        if found is None:
            raise NotFound("没有这次上传。", remedy="它可能已经完成或过期，请重新选择文件。")
        yield found


def offset_of(*, token: str, owner_id: int) -> tuple[int, int]:
    """How many bytes have arrived, and how many there are to be. Raises `NotFound`."""
    found = Upload.objects.filter(token=token, owner_id=owner_id).first()
    if found is None:
        raise NotFound("没有这次上传。", remedy="它可能已经完成或过期，请重新选择文件。")
    return found.offset, found.size


def receive(*, token: str, owner_id: int, offset: int, piece: bytes) -> int:
    """Append one piece that begins at `offset`; returns the new offset.

    A piece of which the answer was lost may come again: it is refused with `WrongState`, and the
    sender asks how far the file has come. Raises `Invalid` for a piece beyond the file's end.
    """
    with _locked(token, owner_id) as found:
        if found.offset != offset:
            raise WrongState("续传位置不符。", remedy="请按已收到的位置继续。")
        if offset + len(piece) > found.size or len(piece) > MAX_PIECE:
            raise Invalid("传来的内容超出文件大小。", remedy="请重新选择文件。", field="file")
        path = _path(found)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("r+b" if path.exists() else "xb") as file:
            file.truncate(offset)  # what a broken request left behind the agreed place
            file.seek(offset)
            file.write(piece)
        found.offset += len(piece)
        found.at = clock.now()
        found.save(update_fields=["offset", "at"])
        return found.offset


def finish(*, token: str, owner_id: int) -> Document:
    """The whole file through the gates into the store; its pieces are gone afterwards, also when it
    is refused. Raises `WrongState` before the last piece, `Invalid` for a refused file."""
    with _locked(token, owner_id) as found:
        if found.offset != found.size:
            raise WrongState("文件还没有传完。", remedy="请继续上传。")
        try:
            with _path(found).open("rb") as content:
                document = store(
                    name=found.name, size=found.size, content=content, owner_id=owner_id
                )
        except Invalid as error:
            refused = error
        except FileNotFoundError:
            refused = Invalid("上传的内容不见了。", remedy="请重新选择文件。", field="file")
        else:
            _forget(found)
            return document
        _forget(found)
    raise refused


def cancel(*, token: str, owner_id: int) -> None:
    """Throw away what has arrived. Raises `NotFound`."""
    with _locked(token, owner_id) as found:
        _forget(found)


def expire_uploads() -> int:
    """Throw away what nobody has gone on with for a day; returns how many."""
    count = 0
    for each in Upload.objects.filter(at__lt=clock.now() - LIFE).order_by("id"):
        with transaction.atomic():
            _forget(each)
        count += 1
    return count


def _forget(found: Upload) -> None:
    path = _path(found)
    found.delete()
    transaction.on_commit(lambda: path.unlink(missing_ok=True))


def _path(found: Upload) -> Path:
    return Path(default_storage.path(f"{FOLDER}/{found.token}"))
