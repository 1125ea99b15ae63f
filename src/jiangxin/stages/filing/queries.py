"""Filing packages for those who make them and those who receive them."""

import io
import mimetypes
import zipfile
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import NotFound, Tampered
from jiangxin.core.proof.packages import package_problems, read_manifest
from jiangxin.core.workflow import (
    MINISTRIES,
    REGISTERED_ONCE,
    CallState,
    Department,
    PackageState,
    ProjectState,
    Role,
)
from jiangxin.records.concurrence.queries import Marks, marks
from jiangxin.records.documents.models import Document
from jiangxin.records.documents.queries import read
from jiangxin.records.identity.viewer import Viewer
from jiangxin.records.inbox.waiting import Waits
from jiangxin.stages.application.models import Application
from jiangxin.stages.programme.models import Call
from jiangxin.stages.programme.queries import filing_deadline

from .folders import project_folder
from .models import Delivery, Filing, Package, Registration

FILE = "package.file"
LONG = ("manifest", "legacy_report", "existing_report")  # what no list shows
FILED = (ProjectState.FILED, ProjectState.FILING_RETURNED, *REGISTERED_ONCE)


def packages(viewer: Viewer) -> QuerySet[Package]:
    """A province's own package; what was filed, for the ministries and national audit."""
    rows = Package.objects.select_related("call", "archive")
    if viewer.province and viewer.role is not Role.APPLICANT and viewer.role is not Role.EXPERT:
        return rows.filter(call__province=viewer.province)
    if viewer.national:
        return rows.filter(attempt__gt=0)
    return rows.none()


def package(viewer: Viewer, package_id: int) -> Package:
    """One package. Raises `NotFound` beyond the viewer's scope."""
    found = packages(viewer).filter(pk=package_id).first()
    if found is None:
        raise NotFound("没有这份备案材料。", remedy="它可能属于其他省份，或尚未报送。")
    return found


def package_marks(row: Package) -> Marks:
    """What the two departments have said about the package as it is assembled."""
    return marks(act=FILE, subject=row.subject, digest=row.digest)


def filings(viewer: Viewer, package_id: int) -> list[Filing]:
    """Every filing of a package, oldest first, each with package, call and archive; one query.

    Empty before the first one. Raises nothing: beyond the viewer's scope it is empty too.
    """
    rows = Filing.objects.filter(package=package_id, package__in=packages(viewer).order_by())
    return list(rows.select_related("package__call", "archive").order_by("attempt"))


def latest(viewer: Viewer, package_id: int) -> list[Filing]:
    """`filings`, of which there is at least one. Raises `NotFound` when there is none to be seen."""
    found = filings(viewer, package_id)
    if not found:
        raise NotFound("没有这份备案材料。", remedy="它可能尚未报送。")
    return found


def filed_projects(row: Package) -> list[Application]:
    """The projects that this package has filed, returned and registered ones included."""
    rows = Application.objects.filter(call_id=row.call_id, state__in=FILED)
    return list(rows.select_related("unit").order_by("kind", "number"))


def is_late(call: Call) -> bool:
    """Whether the year counts as one without application: nothing filed by the deadline (N38)."""
    if clock.now() < filing_deadline(call.year):
        return False
    return not Package.objects.filter(call=call, attempt__gt=0).exists()


def unfiled_calls() -> QuerySet[Call]:
    """The published calls whose year counts as one without application (N38)."""
    years = Call.objects.filter(state=CallState.OPEN).order_by().values_list("year", flat=True)
    late = [year for year in years.distinct() if clock.now() >= filing_deadline(year)]
    filed = Package.objects.filter(call=OuterRef("pk"), attempt__gt=0)
    return Call.objects.filter(~Exists(filed), state=CallState.OPEN, year__in=late)


def calls_to_file(year: int) -> QuerySet[Call]:
    """The published calls of a year of which nothing has been filed yet."""
    filed = Package.objects.filter(call=OuterRef("pk"), attempt__gt=0)
    rows = Call.objects.filter(~Exists(filed), state=CallState.OPEN, year=year)
    return rows.order_by("province")


def no_application(viewer: Viewer) -> list[Call]:
    """Of the viewer's province: the years that count as ones without application, newest first."""
    if not viewer.province or viewer.role in (Role.APPLICANT, Role.EXPERT):
        return []
    return list(unfiled_calls().filter(province=viewer.province).order_by("-year"))


@dataclass(frozen=True)
class Line:
    """One filed project with the decisions of 人社部 and 财政部 as far as the viewer may know them.

    `undecided`: the viewer's own ministry has still to decide.
    """

    project: Application
    hr: Registration | None
    finance: Registration | None
    undecided: bool


def lines(viewer: Viewer, row: Package) -> list[Line]:
    """The projects of a package with what this viewer may know of the two decisions; two queries.

    A decision is shown to the other ministry, the province and the auditors only when the project
    is settled: when both ministries have decided, or one has returned it. Each decides on its own.
    """
    standing: dict[int, dict[str, Registration]] = {}
    for each in Registration.objects.filter(package=row, void_at=None):
        standing.setdefault(each.application_id, {})[each.ministry] = each
    own = viewer.department if viewer.role in MINISTRIES else None
    found = []
    for project in filed_projects(row):
        said = standing.get(project.pk, {})
        settled = project.state != ProjectState.FILED
        seen = {name: each for name, each in said.items() if settled or name == own}
        hr, finance = (seen.get(department.value) for department in Department)
        found.append(Line(project, hr, finance, bool(own) and not settled and own not in said))
    return found


def deliveries(row: Package) -> dict[str, Delivery]:
    """Ministry → its confirmation of the latest filing, with the digest that it received."""
    return {each.ministry: each for each in row.deliveries.filter(attempt=row.attempt)}


def archive(viewer: Viewer, package_id: int) -> Document:
    """The package as one file: for its province what is assembled now, for others what was filed.

    Raises `NotFound` when there is none, or beyond the viewer's scope.
    """
    row = package(viewer, package_id)
    if row.archive and not viewer.national:
        return row.archive
    return latest(viewer, package_id)[-1].archive


@dataclass(frozen=True)
class Packed:
    """One file out of a filed archive."""

    name: str
    media_type: str
    data: bytes


def files_by_project(filed: Filing) -> dict[str, list[str]]:
    """Project number → the paths of its files in a filing, in the manifest's order."""
    paths = [item["path"] for item in filed.manifest["files"]]
    return {
        project["number"]: [p for p in paths if p.startswith(project_folder(project["number"]))]
        for project in filed.manifest["projects"]
    }


def packed_file(viewer: Viewer, package_id: int, path: str) -> Packed:
    """A file of the latest filing, by its path in the manifest. Raises `NotFound`, `Tampered`."""
    filed = latest(viewer, package_id)[-1]
    if path not in {item["path"] for item in filed.manifest["files"]}:
        raise NotFound("备案材料中没有这个文件。")
    with zipfile.ZipFile(io.BytesIO(read(filed.archive))) as bundle:
        data = bundle.read(path)
    name = path.rpartition("/")[2]
    return Packed(name, mimetypes.guess_type(name)[0] or "application/octet-stream", data)


def problems_of(filed: Filing) -> list[str]:
    """What is wrong with the stored archive of a filing against its recorded digest."""
    try:
        data = read(filed.archive)
    except Tampered as error:
        return [error.message]
    found = package_problems(data)
    if not found and read_manifest(data)["digest"] != filed.digest:
        found = ["压缩包的摘要值与报送记录不符"]
    return found


def received_packages(viewer: Viewer) -> QuerySet[Any]:
    """The filed packages with what a ministry's list shows.

    `projects`: how many were filed; `undecided`: for how many the viewer's ministry has still to
    decide; `receipted`: whether it has confirmed the latest filing.
    """
    own = viewer.department
    filed = Application.objects.filter(call=OuterRef("call"), state__in=FILED)
    decided = Registration.objects.filter(application=OuterRef("pk"), ministry=own, void_at=None)
    left = filed.filter(~Exists(decided), state=ProjectState.FILED)
    receipt = Delivery.objects.filter(
        package=OuterRef("pk"), ministry=own, attempt=OuterRef("attempt")
    )
    return (
        packages(viewer)
        .defer(*LONG)
        .filter(attempt__gt=0)
        .annotate(
            projects=Coalesce(_count(filed), 0),
            undecided=Coalesce(_count(left), 0),
            receipted=Exists(receipt),
        )
    )


def _count(rows: QuerySet[Application]) -> Subquery:
    return Subquery(rows.order_by().values("call").annotate(n=Count("pk")).values("n"))


TO_DECIDE = Q(undecided__gt=0)
TO_RECEIVE = Q(receipted=False, state=PackageState.FILED)
WAITING = TO_DECIDE | TO_RECEIVE


def packages_waiting(viewer: Viewer) -> Waits:
    """The filed packages that wait for this viewer's ministry: to be received, or to be decided on."""
    if viewer.role not in MINISTRIES:
        return Waits(Package.objects.none())
    return Waits(received_packages(viewer).filter(WAITING))


@dataclass(frozen=True)
class Waiting:
    """What lies before a ministry: filed packages, those to receive, projects to decide on."""

    filed: int
    to_receive: int
    to_decide: int


def waiting(viewer: Viewer, year: int) -> Waiting:
    """The numbers on top of a ministry's list for one year; one query."""
    rows = list(received_packages(viewer).filter(call__year=year))
    return Waiting(
        len(rows),
        sum(row.state == PackageState.FILED and not row.receipted for row in rows),
        sum(row.undecided for row in rows),
    )


def states_by_province(viewer: Viewer, year: int) -> dict[str, Package]:
    """Province code → its filed package of the year; provinces that have not filed are not in it."""
    rows = packages(viewer).defer(*LONG).filter(call__year=year, attempt__gt=0)
    return {row.call.province: row for row in rows}
