"""Assemble the package, let both departments seal it, file it; two ministries decide on their own."""

import hashlib
import io
import json
import zipfile
from collections.abc import Iterator
from typing import Any

from django.db import IntegrityError, transaction

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import Invalid, NotFound, WrongState
from jiangxin.core.kernel.regions import province_name
from jiangxin.core.workflow import MINISTRIES, Department, PackageState, ProjectState, Role
from jiangxin.records.concurrence import actions as concurrence
from jiangxin.records.documents.actions import keep_generated
from jiangxin.records.documents.models import Document
from jiangxin.records.documents.queries import read
from jiangxin.records.documents.rendering import pdf
from jiangxin.records.identity.viewer import Viewer
from jiangxin.records.ledger.actions import append, move
from jiangxin.records.ledger.queries import receipt
from jiangxin.stages.application.models import Application
from jiangxin.stages.application.queries import latest_version
from jiangxin.stages.programme.models import Call
from jiangxin.stages.programme.queries import filing_deadline
from jiangxin.stages.publicity.queries import report_facts as publicity_facts
from jiangxin.stages.review.models import DrawSession
from jiangxin.stages.review.queries.report import report_facts as review_facts
from jiangxin.stages.titles.actions import award

from . import papers
from .models import Delivery, Package, Registration
from .queries import FILE, FORMAT, manifest_digest, missing, projects_to_file

PDF = "application/pdf"
EPOCH = (1980, 1, 1, 0, 0, 0)  # every entry's time: the same content is the same archive


@transaction.atomic
def open_package(*, viewer: Viewer, call_id: int) -> Package:
    """The package of the province's call; made when it does not exist."""
    viewer.require(Role.PROVINCE_HR)
    call = Call.objects.filter(pk=call_id, province=viewer.province).first()
    if call is None:
        raise NotFound("没有这份申报通知。", remedy="它可能属于其他省份。")
    return Package.objects.get_or_create(call=call)[0]


@transaction.atomic
def write_reports(
    *, viewer: Viewer, package_id: int, legacy_report: str, existing_report: str
) -> Package:
    """Keep the two reports that the province writes. A change undoes the assembly.

    Effects: the texts; when they changed, the assembly and its concurrences are void.
    """
    viewer.require(Role.PROVINCE_HR)
    row = _locked(viewer, package_id)
    _require_unfiled(row)
    if (row.legacy_report, row.existing_report) != (legacy_report, existing_report):
        row.legacy_report, row.existing_report = legacy_report, existing_report
        row.manifest, row.digest, row.archive = {}, "", None
        row.save()
        concurrence.void(subject=row.subject, reason="报告已修改", by=viewer)
    return row


@transaction.atomic
def assemble(*, viewer: Viewer, package_id: int) -> Package:
    """Make every document, list them in a manifest, and put all into one archive.

    Effects: manifest, digest, archive; concurrences on an earlier assembly voided; event
    `package.assembled`. Raises `Invalid`, naming the first missing part with its clause.
    """
    viewer.require(Role.PROVINCE_HR)
    row = _locked(viewer, package_id)
    _require_unfiled(row)
    _require_complete(row)
    projects = projects_to_file(row.call)
    files = dict(_files(row, projects))
    manifest: dict[str, Any] = {
        "format": FORMAT,
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
    row.manifest, row.digest = manifest, manifest["digest"]
    row.archive = _archive(row, manifest, files)
    row.assembled_at = clock.now()
    row.save()
    concurrence.void(subject=row.subject, reason="备案材料已重新组卷", by=viewer)
    append(
        type="package.assembled",
        subject=row.subject,
        by=viewer,
        payload={"digest": row.digest, "files": len(files), "projects": len(projects)},
    )
    return row


def _files(row: Package, projects: list[Application]) -> Iterator[tuple[str, bytes]]:
    call, at = row.call, clock.now()
    report = papers.review_report(call, review_facts(call), publicity_facts(call))
    yield "01-评审报告.pdf", pdf("report", report, at=at)
    title = f"{call.year}年度2011—2020年名录项目考核评估情况报告"
    yield (
        "02-年度考核评估情况报告.pdf",
        pdf("report", papers.plain_report(call, title, row.legacy_report), at=at),
    )
    if row.existing_report.strip():
        data = papers.plain_report(call, "已建项目建设考核评估报告", row.existing_report)
        yield "03-已建项目建设考核评估报告.pdf", pdf("report", data, at=at)
    for session in _draw_records(call):
        yield f"04-专家抽取记录/{session['sealed']['plan']['session']}.json", _json(session)
    for project in projects:
        yield from _project_files(project)


def _draw_records(call: Call) -> list[dict[str, Any]]:
    rows = DrawSession.objects.filter(round__call=call).exclude(record=None)
    return [row.record for row in rows.order_by("round__kind", "number") if row.record]


def _project_files(project: Application) -> Iterator[tuple[str, bytes]]:
    version = latest_version(project)
    if version is None:
        raise WrongState(f"项目 {project.number} 没有提交过的版本。")
    folder = f"10-项目/{project.number}"
    yield f"{folder}/申报表.pdf", pdf("form", papers.form_data(project, version), at=version.at)
    yield f"{folder}/提交回执.json", _json(receipt(version.event_id))
    documents = Document.objects.in_bulk([item["document"] for item in version.evidence])
    for number, item in enumerate(version.evidence, start=1):
        yield f"{folder}/佐证/{number:02d}-{item['name']}", read(documents[item["document"]])


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True).encode()


def _archive(row: Package, manifest: dict[str, Any], files: dict[str, bytes]) -> Document:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as bundle:
        for path, data in [("manifest.json", _json(manifest)), *sorted(files.items())]:
            bundle.writestr(zipfile.ZipInfo(path, EPOCH), data, zipfile.ZIP_DEFLATED)
    name = f"{province_name(row.call.province)}{row.call.year}年备案材料.zip"
    return keep_generated(name=name, media_type="application/zip", data=buffer.getvalue())


@transaction.atomic
def concur(
    *, viewer: Viewer, package_id: int, digest: str, agreed: bool, remark: str = ""
) -> Package:
    """The viewer's department seals, or not, the package with this `digest` (that of its page)."""
    row = _locked(viewer, package_id)
    _require_unfiled(row)
    if not row.digest or digest != row.digest:
        raise WrongState("备案材料尚未组卷或刚刚重新组卷。", remedy="请刷新页面，核对后再表态。")
    concurrence.give(
        viewer=viewer,
        act=FILE,
        subject=row.subject,
        digest=digest,
        agreed=agreed,
        remark=remark,
    )
    return row


@transaction.atomic
def file(*, viewer: Viewer, package_id: int) -> Package:
    """Send the sealed package to both ministries.

    Effects, in order: package filed, event `package.filed` with digest and attempt; every project of
    it filed, event `project.filed`. Raises `WrongState` while a seal is missing or from 24:00 of
    the deadline on (the year then counts as one without application, N38), `Invalid` for a gap.
    """
    row = _locked(viewer, package_id)
    projects = _locked_projects(row)

    def both_agree() -> None:
        concurrence.require(act=FILE, subject=row.subject, digest=row.digest, clause="3.3")

    def package_complete() -> None:
        _require_complete(row)
        listed = {item["number"] for item in row.manifest.get("projects", [])}
        if listed != {project.number for project in projects}:
            raise WrongState("组卷后项目有变化。", remedy="请重新组卷并会商。", clause="3.3")

    def before_deadline() -> None:
        require_in_time(row)

    guards = {
        "both_agree": both_agree,
        "package_complete": package_complete,
        "before_deadline": before_deadline,
    }
    row.filed_at = clock.now()
    row.first_filed_at = row.first_filed_at or row.filed_at
    row.attempt += 1
    move(
        row,
        step="file",
        by=viewer,
        guards=guards,
        payload={"digest": row.digest, "attempt": row.attempt},
        also=("filed_at", "first_filed_at", "attempt"),
    )
    for project in projects:
        move(project, step="file", by=viewer, guards=guards, payload={"package": row.subject})
    return row


def require_in_time(row: Package) -> None:
    """Raises `WrongState` from 24:00 Beijing time of the deadline on.

    A package that was first filed in time and returned may be supplemented afterwards: the notice
    sets the date for filing, not for the ministries' questions (our reading).
    """
    deadline = filing_deadline(row.call.year)
    if row.first_filed_at is None and clock.now() >= deadline:
        raise WrongState(
            f"{row.call.year} 年备案已截止，逾期不报视为当年无申报项目。",
            remedy="本年度不能再报送；项目可在下一年度重新申报。",
            clause="3.3",
        )


@transaction.atomic
def receive(*, viewer: Viewer, package_id: int) -> Delivery:
    """A ministry confirms that it holds this filing; twice finds the first confirmation.

    Effects: the row with the package's digest; event `package.received`.
    """
    row, ministry = _for_ministry(viewer, package_id)
    existing = row.deliveries.filter(ministry=ministry, attempt=row.attempt).first()
    if existing:
        return existing
    found = Delivery.objects.create(
        package=row,
        ministry=ministry,
        attempt=row.attempt,
        digest=row.digest,
        received_at=clock.now(),
        actor=viewer.actor,
        name=viewer.name,
    )
    append(
        type="package.received",
        subject=row.subject,
        by=viewer,
        payload={"ministry": ministry.value, "digest": row.digest, "attempt": row.attempt},
    )
    return found


@transaction.atomic
def register(
    *,
    viewer: Viewer,
    package_id: int,
    application_id: int,
    outcome: Registration.Outcome,
    reason: str = "",
) -> Registration:
    """One ministry decides on one project, on its own.

    Effects, in order: the decision, event `registration.decided` (without the outcome while it is
    only one); 予以登记 by both: project registered, title awarded, and the package registered with its
    last project; 退回 by one: project and package returned, seals voided. Raises `WrongState` before
    the ministry has received the package or when it has decided already, `Invalid` for a return
    without reason, `LimitReached` when the title would break N26.
    """
    row, ministry = _for_ministry(viewer, package_id)
    project = (
        Application.objects.select_for_update().filter(pk=application_id, call=row.call).first()
    )
    if project is None:
        raise NotFound("备案材料中没有这个项目。")
    if not row.deliveries.filter(ministry=ministry, attempt=row.attempt).exists():
        raise WrongState("请先确认接收备案材料。", clause="3.3")
    if outcome == Registration.Outcome.RETURNED and not reason.strip():
        raise Invalid("退回须写明理由。", clause="3.3", field="reason")
    if project.state != ProjectState.FILED:
        raise WrongState(f"项目当前为“{ProjectState(project.state).label}”，不能办理登记。")
    try:
        with transaction.atomic():
            found = Registration.objects.create(
                application=project,
                package=row,
                ministry=ministry,
                attempt=row.attempt,
                outcome=outcome,
                reason=reason.strip(),
                at=clock.now(),
                actor=viewer.actor,
                name=viewer.name,
            )
    except IntegrityError:
        raise WrongState("本部已对该项目作出结论。", remedy="请刷新页面。") from None
    append(
        type="registration.decided",
        subject=project.subject,
        by=viewer,
        payload={"ministry": ministry.value, "attempt": row.attempt},
    )
    _settle(viewer, row, project, found)
    return found


def _settle(viewer: Viewer, row: Package, project: Application, said: Registration) -> None:
    """What follows from a decision once it is enough."""
    if said.outcome == Registration.Outcome.RETURNED:
        guards = {"reasons_given": lambda: None}  # the constraint has seen the reason
        move(
            project, step="return_filing", by=viewer, guards=guards, payload={"reason": said.reason}
        )
        if row.state == PackageState.FILED:
            move(row, step="return", by=viewer, guards=guards)
        concurrence.void(subject=row.subject, reason="备案退回", by=viewer, acts=(FILE,))
        return
    ministries = set(
        Registration.objects.filter(
            application=project, outcome=Registration.Outcome.REGISTERED, attempt=said.attempt
        ).values_list("ministry", flat=True)
    )
    if ministries != {department.value for department in Department}:
        return
    guards = {"both_ministries_registered": lambda: None}  # counted just above, under the lock
    move(project, step="register", by=viewer, guards=guards, payload={"package": row.subject})
    _award(viewer, project)
    left = row.call.applications.filter(
        state__in=(ProjectState.FILED, ProjectState.FILING_RETURNED)
    )
    if row.state == PackageState.FILED and not left.exists():
        move(row, step="register", by=viewer, guards=guards)


def _award(viewer: Viewer, project: Application) -> None:
    award(
        by=viewer,
        number=project.number,
        kind=project.kind,
        track=project.track,
        province=project.province,
        year=project.year,
        name=project.title,
        unit_name=project.unit_name,
        uscc=project.unit.uscc,
        leader_name=project.leader_name,
        leader_hash=project.leader_hash if project.kind == "studio" else "",
        priority_field=project.priority_field,
        origin=project.subject,
    )


def _locked(viewer: Viewer, package_id: int) -> Package:
    row = (
        Package.objects.select_for_update(of=("self",))
        .select_related("call")
        .filter(pk=package_id, call__province=viewer.province)
        .first()
    )
    if row is None:
        raise NotFound("没有这份备案材料。", remedy="它可能属于其他省份。")
    return row


def _for_ministry(viewer: Viewer, package_id: int) -> tuple[Package, Department]:
    viewer.require(*MINISTRIES)
    row = (
        Package.objects.select_for_update(of=("self",))
        .select_related("call")
        .filter(pk=package_id, attempt__gt=0)
        .first()
    )
    if row is None or viewer.department is None:
        raise NotFound("没有这份备案材料。", remedy="它可能尚未报送。")
    return row, viewer.department


def _locked_projects(row: Package) -> list[Application]:
    ids = [project.pk for project in projects_to_file(row.call)]
    return list(Application.objects.select_for_update().filter(pk__in=ids).order_by("id"))


def _require_unfiled(row: Package) -> None:
    if row.state not in (PackageState.ASSEMBLING, PackageState.RETURNED):
        raise WrongState(
            f"备案材料当前为“{PackageState(row.state).label}”，不能再改。", clause="3.3"
        )


def _require_complete(row: Package) -> None:
    gaps = missing(row)
    if gaps:
        names = "；".join(part.label for part in gaps)
        raise Invalid(
            f"备案材料还缺 {len(gaps)} 项：{names}。",
            remedy=gaps[0].remedy,
            clause=gaps[0].clause,
        )
