"""Filing packages for those who make them and those who receive them; what is missing, by clause."""

import hashlib
import io
import json
import zipfile
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.canonical import digest
from jiangxin.core.kernel.errors import NotFound
from jiangxin.core.workflow import (
    MINISTRIES,
    NoticeState,
    PackageState,
    ProjectState,
    Role,
    RoundState,
)
from jiangxin.records.concurrence.queries import Marks, marks
from jiangxin.records.documents.models import Document
from jiangxin.records.identity.viewer import Viewer
from jiangxin.stages.application.models import Application
from jiangxin.stages.programme.models import Call, Track
from jiangxin.stages.programme.queries import filing_deadline
from jiangxin.stages.publicity.models import Notice
from jiangxin.stages.review.models import Round

from .models import Package, Registration

FILE = "package.file"
FORMAT = "jiangxin-filing/v1"
TO_FILE = (ProjectState.CONFIRMED, ProjectState.FILING_RETURNED)
FILED = (ProjectState.FILED, ProjectState.FILING_RETURNED, ProjectState.REGISTERED)


def packages(viewer: Viewer) -> QuerySet[Package]:
    """A province's own package; what was filed, for the ministries and national audit."""
    rows = Package.objects.select_related("call", "archive")
    if viewer.province and viewer.role is not Role.APPLICANT and viewer.role is not Role.EXPERT:
        return rows.filter(call__province=viewer.province)
    if viewer.role in (*MINISTRIES, Role.AUDITOR, Role.SUPERVISOR):
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


def projects_to_file(call: Call) -> list[Application]:
    """The confirmed (or returned) projects of a call: the content of its next filing."""
    rows = Application.objects.filter(call=call, state__in=TO_FILE)
    return list(rows.select_related("call", "unit").order_by("kind", "number"))


def filed_projects(row: Package) -> list[Application]:
    """The projects that this package has filed, returned and registered ones included."""
    rows = Application.objects.filter(call_id=row.call_id, state__in=FILED)
    return list(rows.select_related("unit").order_by("kind", "number"))


@dataclass(frozen=True)
class Part:
    """One part of the package that the notice demands, and whether it is there."""

    label: str
    clause: str
    norm: str
    there: bool
    remedy: str = ""


def parts(row: Package) -> list[Part]:
    """What clause 3.3 and 4.2 demand of the package, each present or missing; six queries."""
    call = row.call
    projects = projects_to_file(call)
    rounds = Round.objects.filter(call=call)
    undecided = rounds.exclude(state=RoundState.DECIDED).exists()
    notice = Notice.objects.filter(call=call, state=NoticeState.CLOSED).exists()
    existing = any(project.track == Track.EXISTING_BASE for project in projects)
    found = [
        Part(
            "公示通过的项目及申报表（附件）",
            "3.1",
            "N29",
            bool(projects),
            "结束公示、确认项目后才有可报送的项目。",
        ),
        Part(
            "评审报告：申请、专家与程序、方法、结果",
            "3.3",
            "N36",
            rounds.exists() and not undecided,
            "每一类项目的评审都须确定名单。",
        ),
        Part("评审报告：公示情况", "3.3", "N36", notice, "公示期满、异议办结后结束公示。"),
        Part(
            "2011—2020年名录项目本年度考核评估情况报告",
            "4.2",
            "N43",
            bool(row.legacy_report.strip()),
            "在本页填写后保存。",
        ),
    ]
    if existing:
        found.append(
            Part(
                "已建项目建设考核评估报告",
                "3.3",
                "N37",
                bool(row.existing_report.strip()),
                "有已建项目时须报送，在本页填写后保存。",
            )
        )
    return found


def missing(row: Package) -> list[Part]:
    """The parts that are not there."""
    return [part for part in parts(row) if not part.there]


def is_late(call: Call) -> bool:
    """Whether the year counts as one without application: nothing filed by the deadline (N38)."""
    if clock.now() < filing_deadline(call.year):
        return False
    return not Package.objects.filter(call=call, attempt__gt=0).exists()


@dataclass(frozen=True)
class Line:
    """One filed project as a ministry sees it: its own decision, the other's only when both stand."""

    project: Application
    own: Registration | None
    other: Registration | None


def lines(viewer: Viewer, row: Package) -> list[Line]:
    """The projects of a package with what this viewer may know of the two decisions; two queries.

    A ministry sees the other's decision on a project only after its own; a province and the
    auditors only when both have decided, or one has returned it.
    """
    decisions: dict[int, dict[str, Registration]] = {}
    for each in Registration.objects.filter(package=row).order_by("attempt", "id"):
        decisions.setdefault(each.application_id, {})[each.ministry] = each
    own_name = viewer.department.value if viewer.role in MINISTRIES and viewer.department else ""
    found = []
    for project in filed_projects(row):
        both = decisions.get(project.pk, {})
        own = both.get(own_name)
        others = [each for name, each in sorted(both.items()) if name != own_name]
        settled = project.state != ProjectState.FILED
        if own_name:
            other = others[0] if others and (own or settled) else None
            found.append(Line(project, own, other))
        else:
            seen = [each for _, each in sorted(both.items())] if settled else []
            found.append(Line(project, *[*seen, None, None][:2]))
    return found


def received(viewer: Viewer, row: Package) -> dict[str, str]:
    """Ministry → the digest that it received in this filing: both hold the same one."""
    rows = row.deliveries.filter(attempt=row.attempt)
    return {each.ministry: each.digest for each in rows}


def archive(viewer: Viewer, package_id: int) -> Document:
    """The package as one file. Raises `NotFound` when it is not assembled or out of scope."""
    row = package(viewer, package_id)
    if row.archive is None:
        raise NotFound("备案材料尚未组卷。", remedy="请先组卷。")
    return row.archive


def manifest_digest(manifest: dict[str, Any]) -> str:
    """SHA-256 of the canonical manifest without its own digest and seals."""
    return digest({key: value for key, value in manifest.items() if key not in ("digest", "seals")})


def package_problems(data: bytes) -> list[str]:
    """What is wrong with a filing package (the bytes of its zip); an empty list when it is whole."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as bundle:
            manifest = json.loads(bundle.read("manifest.json"))
            present = set(bundle.namelist()) - {"manifest.json"}
            listed = {item["path"]: item for item in manifest["files"]}
            found = [f"清单之外的文件：{name}" for name in sorted(present - set(listed))]
            for path, item in sorted(listed.items()):
                if path not in present:
                    found.append(f"缺少文件：{path}")
                    continue
                content = bundle.read(path)
                if hashlib.sha256(content).hexdigest() != item["sha256"]:
                    found.append(f"文件与清单的哈希不符：{path}")
    except (zipfile.BadZipFile, KeyError, ValueError, TypeError) as error:
        return [f"不是完整的备案材料包：{error}"]
    if manifest.get("format") != FORMAT:
        found.append("清单的格式不是 jiangxin-filing/v1")
    if manifest.get("digest") != manifest_digest(manifest):
        found.append("清单的摘要值与内容不符")
    return found


def waiting_for(viewer: Viewer) -> int:
    """How many filed packages wait for this viewer's ministry."""
    if viewer.role not in MINISTRIES:
        return 0
    return packages(viewer).filter(state=PackageState.FILED).count()
