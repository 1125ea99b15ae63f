"""The filing package: what is there and what is missing, the two reports, the seals, the filing."""

from collections.abc import Sequence
from typing import Any

from django.http import HttpResponse
from django.urls import path

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import DomainError
from jiangxin.core.kernel.regions import province_name
from jiangxin.core.workflow import PackageState, ProjectState, Role
from jiangxin.faces.frame.addresses import path_of
from jiangxin.faces.frame.keywords import choice, number, province
from jiangxin.faces.frame.listing import Column, Listing
from jiangxin.faces.frame.pages import Request, catching, done, page, typed
from jiangxin.faces.frame.sending import send_bytes, send_document
from jiangxin.records.documents import word
from jiangxin.stages.application.queries import calls_holding
from jiangxin.stages.assessment.yearly import yearly_report
from jiangxin.stages.filing import actions, assembly, completeness, queries
from jiangxin.stages.programme.queries import filing_deadline

from .marks import shown_marks
from .navigation import DESK, PROVINCE_DESK, Link, desk_page

HR = frozenset({Role.PROVINCE_HR})
BOTH = frozenset({Role.PROVINCE_HR, Role.PROVINCE_FINANCE})
STATES = dict(PackageState.choices())
TRACKS = {"new_base": "新建基地", "existing_base": "已建基地", "studio": "技能大师工作室"}
LINKS = (
    Link(
        name="desk-filings",
        label="备案材料",
        icon="file",
        roles=PROVINCE_DESK,
        group="公示与备案",
        states=(ProjectState.CONFIRMED, ProjectState.FILING_RETURNED),
    ),
)
SUBJECTS = {"package": "desk-filing"}
PACKAGES = Listing(
    columns=(
        Column(
            "province", "省份", lambda row: province_name(row.call.province), sort="call__province"
        ),
        Column("year", "年度", lambda row: str(row.call.year), sort="call__year"),
        Column("state", "状态", lambda row: (row.state, STATES[row.state]), "state", "state"),
        Column("projects", "项目", lambda row: len(row.manifest.get("projects", [])), "number"),
        Column("files", "文件", lambda row: len(row.manifest.get("files", [])), "number"),
        Column("assembled", "组卷", lambda row: row.assembled_at, "moment", "assembled_at"),
        Column("filed", "报送", lambda row: row.filed_at, "moment", "filed_at"),
        Column("attempt", "报送次数", lambda row: row.attempt, "number", default=False),
        Column("digest", "摘要值", lambda row: row.digest[:16]),
    ),
    keywords=(
        province("call__province"),
        number("年", "call__year", "年度，例如 2025", example="2025"),
        choice("状态", "state", PackageState),
    ),
    text=("digest__icontains",),
    text_help="在摘要值中查找",
    order=("-call__year", "call__province", "id"),
    link=lambda row: path_of("desk-filing", row.pk),
)


@page(roles=PROVINCE_DESK)
def filings(request: Request) -> HttpResponse:
    """The province's packages, and the calls whose projects wait to be filed."""
    shown = PACKAGES.show(queries.packages(request.viewer), request)
    ready = (
        calls_holding(request.viewer.province, *completeness.TO_FILE)
        if request.viewer.role in HR
        else []
    )
    return shown.export("备案材料") or desk_page(
        request,
        "desk/filing/list.html",
        {
            "list": shown,
            "ready": ready,
            "no_application": queries.no_application(request.viewer),
            "empty": {"title": "还没有备案材料", "why": "公示期满、项目确认后，由人社部门组卷。"},
        },
    )


@page(roles=HR, methods=("POST",))
def begin(request: Request, call_id: int) -> HttpResponse:
    """Open the package of a call."""
    row = actions.open_package(viewer=request.viewer, call_id=call_id)
    return done(request, "请补齐所列材料后组卷。", "desk-filing", row.pk)


@page(roles=PROVINCE_DESK, methods=("GET", "POST"))
def filing(request: Request, package_id: int) -> HttpResponse:
    """One package: the checklist, the reports, the manifest, the seals, the ministries."""
    row = queries.package(request.viewer, package_id)
    problems: list[DomainError] = []
    if request.method == "POST":
        with catching(problems):
            reports = {
                name: request.POST.get(name, "").strip()
                for name in ("legacy_report", "existing_report")
            }
            actions.write_reports(viewer=request.viewer, package_id=package_id, **reports)
            if request.POST.get("do") == "assemble":
                row = actions.assemble(viewer=request.viewer, package_id=package_id)
                text = f"已组卷，共 {len(row.manifest['files'])} 个文件，请两部门核对后签署。"
                return done(request, text, "desk-filing", package_id)
            return done(request, "报告已保存。", "desk-filing", package_id)
        row = queries.package(request.viewer, package_id)
    unfiled = row.state in (PackageState.ASSEMBLING, PackageState.RETURNED)
    editable = unfiled and request.viewer.role in HR
    yearly = yearly_report(row.call.province, row.call.year) if editable else None
    stored = {
        "legacy_report": row.legacy_report or (yearly.text if yearly else ""),
        "existing_report": row.existing_report or completeness.SKELETON,
    }
    parts = completeness.parts(row) if unfiled else []
    filings = queries.filings(request.viewer, package_id) if row.attempt else []
    return desk_page(
        request,
        "desk/filing/package.html",
        {
            "package": row,
            "state": STATES[row.state],
            "parts": parts,
            "reportable": all(part.there for part in parts if part.norm == "N36"),
            "problems": problems,
            "values": typed(request, stored),
            "unfiled": unfiled,
            "late": queries.is_late(row.call),
            "deadline": deadline_of(row.call.year),
            "editable": editable,
            "yearly": yearly,
            "yearly_gaps": yearly.gaps if yearly else [],
            "yearly_text": yearly.text if yearly and row.legacy_report else "",
            "may_concur": unfiled and bool(row.digest) and request.viewer.role in BOTH,
            "may_file": unfiled and bool(row.digest) and request.viewer.role in HR,
            "marks": shown_marks(queries.package_marks(row)),
            "lines": queries.lines(request.viewer, row) if row.attempt else [],
            "filings": filings,
            "manifest": _manifest(request, row, filings),
            "deliveries": queries.deliveries(row) if row.attempt else {},
            "tracks": TRACKS,
        },
    )


def _manifest(request: Request, row: Any, filings: Sequence[Any]) -> dict[str, Any]:
    """What is assembled now, for its own province; what was filed last, for everybody else."""
    if row.digest and not request.viewer.national:
        return dict(row.manifest)
    return dict(filings[-1].manifest) if filings else {}


def deadline_of(year: int) -> dict[str, Any]:
    """The filing deadline as the `deadline_block` macro wants it."""
    deadline = filing_deadline(year)
    return {
        "what": "备案截止",
        "at": deadline,
        "left_days": None if clock.now() >= deadline else (deadline - clock.now()).days,
        "missed": "逾期不报视为当年无申报项目。",
    }


@page(roles=BOTH, methods=("POST",))
def concur(request: Request, package_id: int) -> HttpResponse:
    """The viewer's department seals the package, or says why not."""
    agreed = request.POST.get("word") == "agreed"
    actions.concur(
        viewer=request.viewer,
        package_id=package_id,
        digest=request.POST.get("digest", ""),
        agreed=agreed,
        remark=request.POST.get("remark", ""),
    )
    return done(request, "本部门意见已记录。", "desk-filing", package_id)


@page(roles=HR, methods=("GET", "POST"))
def send(request: Request, package_id: int) -> HttpResponse:
    """Ask once more, with the names, then send to both ministries."""
    row = queries.package(request.viewer, package_id)
    if request.method == "POST" and request.POST.get("confirmed") == "yes":
        actions.file(viewer=request.viewer, package_id=package_id)
        return done(request, "已分别报送人力资源社会保障部和财政部。", "desk-filing", package_id)
    return desk_page(
        request,
        "desk/filing/confirm.html",
        {
            "package": row,
            "names": [
                f"{item['title']}（{item['unit']}）" for item in row.manifest.get("projects", [])
            ],
            "consequences": [
                f"摘要值 {row.digest} 的同一份材料分别送两部。",
                "报送后不能修改，除非一部退回。",
            ],
        },
    )


@page(roles=DESK)
def archive(request: Request, package_id: int) -> HttpResponse:
    """The package as one zip file, as the ministries get it."""
    return send_document(queries.archive(request.viewer, package_id))


@page(roles=PROVINCE_DESK)
def report(request: Request, package_id: int) -> HttpResponse:
    """The review report as a Word file, for the officials to edit."""
    row = queries.package(request.viewer, package_id)
    completeness.require_reportable(row)
    data = word.docx(assembly.review_report(row), at=assembly.dated_at(row))
    name = f"{province_name(row.call.province)}{row.call.year}年评审报告.docx"
    return send_bytes(name, word.MEDIA_TYPE, data)


urlpatterns = [
    path("filings/", filings, name="desk-filings"),
    path("filings/begin/<int:call_id>/", begin, name="desk-filing-begin"),
    path("filings/<int:package_id>/", filing, name="desk-filing"),
    path("filings/<int:package_id>/concur/", concur, name="desk-filing-concur"),
    path("filings/<int:package_id>/send/", send, name="desk-filing-send"),
    path("filings/<int:package_id>/report.docx", report, name="desk-filing-report"),
    path("filings/<int:package_id>/archive.zip", archive, name="desk-filing-archive"),
]
