"""A province assembles its package, lets both departments seal it, and files it with both ministries."""

from django.db import transaction

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import Invalid, NotFound, WrongState
from jiangxin.core.kernel.regions import province_name
from jiangxin.core.proof.packages import package_problems
from jiangxin.core.workflow import PackageState, Role
from jiangxin.records.concurrence import actions as concurrence
from jiangxin.records.documents.actions import keep_generated
from jiangxin.records.documents.models import Document
from jiangxin.records.documents.queries import read
from jiangxin.records.identity.viewer import System, Viewer
from jiangxin.records.ledger.actions import append, move
from jiangxin.records.ledger.models import Event
from jiangxin.stages.application.models import Application
from jiangxin.stages.programme.models import Call
from jiangxin.stages.programme.queries import filing_deadline

from .assembly import archive_of, files_of, manifest_of, with_seals
from .completeness import SKELETON, missing, projects_to_file
from .models import Filing, Package, Registration
from .queries import FILE, package_marks, unfiled_calls

NO_APPLICATION = "call.no_application"
LONGEST = 20_000  # letters of a report or a reason


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

    Effects: the texts; when they changed, the assembly and its concurrences are void, event
    `package.reports_written`. Raises `Invalid` for a text that is too long.
    """
    viewer.require(Role.PROVINCE_HR)
    row = _locked(viewer, package_id)
    _require_unfiled(row)
    legacy_report, existing_report = _lines(legacy_report), _lines(existing_report)
    if existing_report.split() == SKELETON.split():
        existing_report = ""  # the form's headings alone are no report
    for field, text in (("legacy_report", legacy_report), ("existing_report", existing_report)):
        if len(text) > LONGEST:
            raise Invalid(f"报告最多 {LONGEST} 字，现有 {len(text)} 字。", field=field)
    if (row.legacy_report, row.existing_report) != (legacy_report, existing_report):
        row.legacy_report, row.existing_report = legacy_report, existing_report
        row.reported_at = clock.now()
        row.undo_assembly()
        row.save()
        concurrence.void(subject=row.subject, reason="报告已修改", by=viewer)
        append(type="package.reports_written", subject=row.subject, by=viewer)
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
    files = files_of(row, projects)
    row.manifest = manifest_of(row, projects, files)
    row.digest = row.manifest["digest"]
    row.archive = keep_generated(
        name=f"{province_name(row.call.province)}{row.call.year}年备案材料（第{row.attempt + 1}次）.zip",
        media_type="application/zip",
        data=archive_of(row.manifest, files),
    )
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

    Effects, in order: package filed, event `package.filed` with digest and attempt; both seals put
    into the manifest of the archive; the filing kept as it is; every project of it filed, event
    `project.filed`, earlier decisions on it void. Raises
    `WrongState` while a seal is missing or from 24:00 of the deadline on (the year then counts as
    one without application, N38), `Invalid` for a gap.
    """
    row = _locked(viewer, package_id)
    archive = row.archive
    if archive is None:
        _require_unfiled(row)
        _require_complete(row)
        raise WrongState("备案材料尚未组卷。", remedy="请先组卷，并由两部门签署。", clause="3.3")
    projects = _locked_projects(row)
    supplement = row.first_filed_at is not None
    guards = {
        "both_agree": lambda: concurrence.require(
            act=FILE, subject=row.subject, digest=row.digest, clause="3.3"
        ),
        "package_complete": lambda: _require_current(row, archive, projects),
        "before_deadline": lambda: require_in_time(row.call, supplement=supplement),
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
    row.manifest, data = with_seals(read(archive), package_marks(row))
    row.archive = keep_generated(name=archive.name, media_type=archive.media_type, data=data)
    row.save(update_fields=["manifest", "archive"])
    Filing.objects.create(
        package=row,
        attempt=row.attempt,
        manifest=row.manifest,
        digest=row.digest,
        archive=row.archive,
        filed_at=row.filed_at,
    )
    again = Registration.objects.filter(application__in=projects, void_at=None)
    again.update(void_at=row.filed_at)
    for project in projects:
        move(project, step="file", by=viewer, guards=guards, payload={"package": row.subject})
    return row


@transaction.atomic
def record_no_application() -> list[Call]:
    """Put on record, once for each call, that its year counts as one without application (N38).

    Effects: event `call.no_application` with the deadline on every published call of which nothing
    was filed in time. Returns the calls that were not on record before.
    """
    calls = list(unfiled_calls().select_for_update().order_by("id"))
    known = set(
        Event.objects.filter(
            type=NO_APPLICATION, subject__in=[call.subject for call in calls]
        ).values_list("subject", flat=True)
    )
    fresh = [call for call in calls if call.subject not in known]
    for call in fresh:
        append(
            type=NO_APPLICATION,
            subject=call.subject,
            by=System(),
            payload={"year": call.year, "deadline": filing_deadline(call.year)},
        )
    return fresh


def require_in_time(call: Call, *, supplement: bool) -> None:
    """Raises `WrongState` from 24:00 Beijing time of the deadline on.

    A package that was filed in time and returned may be supplemented afterwards: the notice sets
    the date for filing, not for the ministries' questions (our reading).
    """
    if not supplement and clock.now() >= filing_deadline(call.year):
        raise WrongState(
            f"{call.year} 年备案已截止，逾期不报视为当年无申报项目。",
            remedy="本年度不能再报送；项目可在下一年度重新申报。",
            clause="3.3",
        )


def _lines(text: str) -> str:
    """A text as a browser sends it, with plain line ends and without what no database takes."""
    return text.replace("\r\n", "\n").replace("\0", "").strip()


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


def _locked_projects(row: Package) -> list[Application]:
    ids = [project.pk for project in projects_to_file(row.call)]
    return list(Application.objects.select_for_update().filter(pk__in=ids).order_by("id"))


def _require_unfiled(row: Package) -> None:
    if row.state not in (PackageState.ASSEMBLING, PackageState.RETURNED):
        raise WrongState(
            f"备案材料当前为“{PackageState(row.state).label}”，不能再改。", clause="3.3"
        )


def _require_current(row: Package, archive: Document, projects: list[Application]) -> None:
    """The assembly is complete, holds these very projects, and its archive is whole."""
    _require_complete(row)
    listed = {item["number"] for item in row.manifest.get("projects", [])}
    if listed != {project.number for project in projects}:
        raise WrongState("组卷后项目有变化。", remedy="请重新组卷并会商。", clause="3.3")
    problems = package_problems(read(archive))
    if problems:
        raise WrongState(
            f"备案材料核验不通过：{problems[0]}。", remedy="请重新组卷并会商。", clause="3.3"
        )


def _require_complete(row: Package) -> None:
    gaps = missing(row)
    if gaps:
        names = "；".join(part.label for part in gaps)
        raise Invalid(
            f"备案材料还缺 {len(gaps)} 项：{names}。",
            remedy="".join(dict.fromkeys(part.remedy for part in gaps)),
            clause=gaps[0].clause,
        )
