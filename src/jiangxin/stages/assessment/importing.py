"""Bring the register of 2011–2020 in from a workbook: all of its rows, or none."""

import io
from typing import IO

from django.db import connection, transaction

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import NotFound, WrongState
from jiangxin.core.workflow import Role
from jiangxin.records.documents.actions import store
from jiangxin.records.documents.queries import read as bytes_of
from jiangxin.records.documents.workbooks import sent_book
from jiangxin.records.identity.viewer import Viewer
from jiangxin.records.ledger.actions import append
from jiangxin.stages.titles.actions import enter_legacy_many
from jiangxin.stages.titles.models import Title

from .legacy import Entry, read
from .models import LegacyImport
from .workbook import Fault, faulty, lines_of

IMPORTERS = (Role.PROVINCE_HR, Role.MINISTRY_HR)
ENTER_LOCK = 0x4A58_0002  # advisory lock: two workbooks with the same unit do not pass each other


@transaction.atomic
def upload(*, viewer: Viewer, name: str, size: int, content: IO[bytes]) -> LegacyImport:
    """Check a workbook and keep it for the preview; the register does not change yet.

    Effects: the file and the row. Raises `Invalid` for what the gates of uploads or the template
    refuse, `Faulty` with every fault by row and column; then nothing is kept.
    """
    viewer.require(*IMPORTERS)
    data = sent_book(name, size, content)
    lines = lines_of(data)
    _, faults = read(lines, province=viewer.province)
    if faults:
        raise faulty(faults)
    return LegacyImport.objects.create(
        document=store(name=name, size=size, content=io.BytesIO(data), owner_id=None),
        province=viewer.province,
        rows=len(lines),
        at=clock.now(),
        name=viewer.name,
    )


@transaction.atomic
def enter(*, viewer: Viewer, import_id: int) -> list[Title]:
    """Enter every row of a workbook into the register; one workbook at a time in the whole country.

    Effects, in order: the titles, event `title.entered` each; the time on the import, event
    `legacy_import.entered` with the file's hash. Raises `WrongState` when it is entered already,
    `Faulty` when the register has changed since the preview: then nothing is entered.
    """
    viewer.require(*IMPORTERS)
    row = _locked(viewer, import_id)
    if row.entered_at:
        raise WrongState("这份工作簿已经录入。", remedy="请到名录中查看。", clause="4.2")
    lock_register()
    entries, faults = entries_of(row)
    if faults:
        raise faulty(faults)
    titles = enter_legacy_many(by=viewer, rows=[entry.fields for entry in entries])
    row.entered_at = clock.now()
    row.save(update_fields=["entered_at"])
    payload = {"sha256": row.document.sha256, "titles": len(titles)}
    append(type="legacy_import.entered", subject=row.subject, by=viewer, payload=payload)
    return titles


def lock_register() -> None:
    """Let one workbook at a time into the register, until the end of the transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [ENTER_LOCK])


def entries_of(row: LegacyImport) -> tuple[list[Entry], list[Fault]]:
    """The rows of a kept workbook against the register as it is now. Raises `Tampered`."""
    return read(lines_of(bytes_of(row.document)), province=row.province)


def _locked(viewer: Viewer, import_id: int) -> LegacyImport:
    row = (
        LegacyImport.objects.select_for_update(of=("self",))
        .select_related("document")
        .filter(pk=import_id, province=viewer.province)
        .first()
    )
    if row is None:
        raise NotFound("没有这份工作簿。", remedy="它可能由其他部门上传。")
    return row
