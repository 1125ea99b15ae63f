"""Every document of a filing package, its manifest, and the archive: the same content, the same bytes.

Documents are dated by what they tell (when a form was submitted, when the last fact of a report came
about), never by the moment at which somebody pressed the button.
"""

import hashlib
import io
import json
import zipfile
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.canonical import canonical
from jiangxin.core.kernel.errors import WrongState
from jiangxin.core.kernel.regions import province_name
from jiangxin.core.proof.packages import MANIFEST, PACKAGE_FORMAT, manifest_digest
from jiangxin.records.concurrence.queries import Marks
from jiangxin.records.documents.models import Document
from jiangxin.records.documents.queries import read
from jiangxin.records.documents.rendering import pdf
from jiangxin.records.ledger.queries import receipt
from jiangxin.stages.application.models import Application
from jiangxin.stages.application.paper import content_of, form_data
from jiangxin.stages.application.queries import latest_version
from jiangxin.stages.programme.models import Call
from jiangxin.stages.publicity.queries import report_facts as publicity_facts
from jiangxin.stages.review.models import DrawSession
from jiangxin.stages.review.queries.report import report_facts as review_facts

from . import papers
from .folders import project_folder
from .models import Package

EPOCH = (1980, 1, 1, 0, 0, 0)  # every entry's time: the same content is the same archive
UNIX = 3  # the system that entries say they come from, whatever machine makes them


def files_of(row: Package, projects: list[Application]) -> dict[str, bytes]:
    """Path in the package → bytes. Raises `WrongState` for a project without a submitted version."""
    return dict(_files(row, projects))


def manifest_of(
    row: Package, projects: list[Application], files: Mapping[str, bytes]
) -> dict[str, Any]:
    """What the package holds: whose, which projects, and every file with its hash."""
    manifest: dict[str, Any] = {
        "format": PACKAGE_FORMAT,
        "province": row.call.province,
        "province_name": province_name(row.call.province),
        "year": row.call.year,
        "attempt": row.attempt + 1,
        "projects": [
            {"number": p.number, "title": p.title, "unit": p.unit_name, "track": p.track}
            for p in projects
        ],
        "files": [
            {"path": path, "sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}
            for path, data in sorted(files.items())
        ],
    }
    manifest["digest"] = manifest_digest(manifest)
    return manifest


def archive_of(manifest: dict[str, Any], files: Mapping[str, bytes]) -> bytes:
    """The zip with the manifest first, then the files in order of their paths."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as bundle:
        for path, data in [(MANIFEST, _json(manifest)), *sorted(files.items())]:
            entry = zipfile.ZipInfo(path, EPOCH)
            entry.create_system = UNIX
            entry.external_attr = 0o644 << 16
            bundle.writestr(entry, data, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def with_seals(archive: bytes, seals: Marks) -> tuple[dict[str, Any], bytes]:
    """The same files under a manifest that says who sealed it for which department, and when.

    Returns the manifest and the new archive; the digest is that of the files and does not change.
    """
    with zipfile.ZipFile(io.BytesIO(archive)) as bundle:
        files = {name: bundle.read(name) for name in bundle.namelist()}
    manifest: dict[str, Any] = json.loads(files.pop(MANIFEST))
    manifest["seals"] = {
        department.value: {
            "by": mark.name,
            "at": mark.at.astimezone(clock.BEIJING).isoformat(timespec="seconds"),
            "digest": manifest["digest"],
        }
        for department, mark in seals.items()
        if mark.at
    }
    return manifest, archive_of(manifest, files)


def review_report(row: Package) -> dict[str, Any]:
    """The review report as data, for PDF and Word alike (N36)."""
    return papers.review_report(
        row.call, review_facts(row.call), publicity_facts(row.call), on=dated_at(row).date()
    )


def dated_at(row: Package) -> datetime:
    """When the last fact of the reports came about: the publicity's end, or the province's own text."""
    closed = publicity_facts(row.call).get("closed_at")
    moments = [each for each in (closed, row.reported_at) if each]
    return max(moments, default=clock.now()).astimezone(clock.BEIJING)


def _files(row: Package, projects: list[Application]) -> Iterator[tuple[str, bytes]]:
    call, at = row.call, dated_at(row)
    yield "01-评审报告.pdf", pdf("report", review_report(row), at=at)
    title = f"2011—2020年名录项目\n{call.year}年度考核评估情况报告"
    legacy = papers.plain_report(call, title, row.legacy_report, on=at.date())
    yield "02-年度考核评估情况报告.pdf", pdf("report", legacy, at=at)
    if row.existing_report.strip():
        title = "已建项目建设考核评估报告"
        existing = papers.plain_report(call, title, row.existing_report, on=at.date())
        yield "03-已建项目建设考核评估报告.pdf", pdf("report", existing, at=at)
    for session in _draw_records(call):
        yield f"04-专家抽取记录/{session['sealed']['plan']['session']}.json", canonical(session)
    for project in projects:
        yield from _project_files(project)


def _draw_records(call: Call) -> list[dict[str, Any]]:
    rows = DrawSession.objects.filter(round__call=call).exclude(record=None)
    return [row.record for row in rows.order_by("round__kind", "number") if row.record]


def _project_files(project: Application) -> Iterator[tuple[str, bytes]]:
    version = latest_version(project)
    if version is None:
        raise WrongState(f"项目 {project.number} 没有提交过的版本。")
    folder = project_folder(project.number)
    yield f"{folder}申报表.pdf", pdf("form", form_data(project, content_of(version)), at=version.at)
    yield f"{folder}提交回执.json", _json(receipt(version.event_id))
    documents = Document.objects.in_bulk([item["document"] for item in version.evidence])
    for number, item in enumerate(version.evidence, start=1):
        yield f"{folder}佐证/{number:02d}-{item['name']}", read(documents[item["document"]])


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True).encode()
