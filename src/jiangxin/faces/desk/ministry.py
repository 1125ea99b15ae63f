"""The ministries' desk: filings to receive, to look into, and to decide on, each ministry on its own."""

from collections.abc import Sequence
from typing import Any

from django.http import HttpResponse
from django.urls import path, reverse

from jiangxin.core.kernel.errors import DomainError, Invalid
from jiangxin.core.kernel.regions import province_name
from jiangxin.core.workflow import MINISTRIES, PackageState
from jiangxin.faces.frame.addresses import path_of
from jiangxin.faces.frame.filters import query
from jiangxin.faces.frame.keywords import choice, number, province, when
from jiangxin.faces.frame.listing import Column, Listing
from jiangxin.faces.frame.pages import Request, catching, done, page, typed
from jiangxin.faces.frame.sending import send_bytes
from jiangxin.stages.filing import queries, registration
from jiangxin.stages.filing.choices import Outcome

from . import ministry_nation, ministry_rules
from .filing import STATES, TRACKS
from .navigation import DESK, Link, desk_of, desk_page

BOTH = frozenset(MINISTRIES)
LINKS = (
    Link(
        name="ministry-filings",
        label="省级备案",
        icon="file",
        roles=BOTH,
        group="备案",
        waits=queries.packages_waiting,
        todo="待办:全部",
    ),
    Link(
        name="desk-nation",
        label="全国进展",
        icon="chart",
        roles=DESK,
        group="全国",
        pages=(
            "desk-nation-coverage",
            "desk-nation-money",
            "desk-nation-overdue",
            "desk-province",
        ),
    ),
    Link(name="ministry-quota", label="名额例外", icon="plus", roles=BOTH, group="全国"),
    Link(name="desk-calendar", label="节假日表", icon="calendar", roles=DESK, group="全国"),
)
SUBJECTS = {"package": "ministry-filing"}
FILINGS = Listing(
    columns=(
        Column(
            "province", "省份", lambda row: province_name(row.call.province), sort="call__province"
        ),
        Column("year", "年度", lambda row: str(row.call.year), sort="call__year"),
        Column("state", "状态", lambda row: (row.state, STATES[row.state]), "state", "state"),
        Column("projects", "项目", lambda row: row.projects, "number", "projects"),
        Column("undecided", "待本部办理", lambda row: row.undecided, "number", "undecided"),
        Column("receipted", "本部已接收", lambda row: row.receipted, "yesno", "receipted"),
        Column("filed", "报送时间", lambda row: row.filed_at, "moment", "filed_at"),
        Column("attempt", "报送次数", lambda row: row.attempt, "number"),
        Column("doc", "申报通知文号", lambda row: row.call.doc_number, default=False),
    ),
    keywords=(
        when(
            "待办",
            "等待本部：接收、办理，或两者之一（全部）",
            {
                "全部": queries.WAITING,
                "接收": queries.TO_RECEIVE,
                "办理": queries.TO_DECIDE,
            },
        ),
        province("call__province"),
        number("年", "call__year", "年度，例如 2025", example="2025"),
        choice("状态", "state", [each for each in PackageState if each != PackageState.ASSEMBLING]),
    ),
    text=("call__doc_number__icontains", "call__title__icontains"),
    text_help="在申报通知的标题、文号中查找",
    order=("-call__year", "call__province", "id"),
    link=lambda row: path_of("ministry-filing", row.pk),
)
WORDS = {
    "register": (Outcome.REGISTERED, "予以登记", "对以下项目予以登记？"),
    "return": (Outcome.RETURNED, "退回补充", "退回以下项目？"),
}
FOLLOWS = {
    "register": [
        "本部的结论一经作出不能撤回；另一部在作出自己的结论之前看不到它。",
        "两部都予以登记的项目列入名录，授予称号。",
    ],
    "return": [
        "任一部退回即生效，省级两部门可见理由，补充后重新组卷、签署、报送。",
        "已按期报送过的，补充报送不受 10 月 31 日限制。",
    ],
}


@page(roles=BOTH)
def filings(request: Request) -> HttpResponse:
    """Every filed package, with what waits for this ministry."""
    shown = FILINGS.show(queries.received_packages(request.viewer), request)
    answer = shown.export("省级备案")
    if answer:
        return answer
    year = desk_of(request).year
    counts = queries.waiting(request.viewer, year)
    here = f"年:{year}"
    tiles = [
        _tile(f"{year} 年已报送", counts.filed, "个省份", here),
        _tile("待本部接收", counts.to_receive, "份", f"待办:接收 {here}"),
        _tile("待本部办理", counts.to_decide, "个项目", f"待办:办理 {here}"),
    ]
    return desk_page(
        request,
        "desk/ministry/filings.html",
        {
            "list": shown,
            "tiles": tiles,
            "empty": {"title": "还没有报送", "why": "省级两部门签署后分别报送两部。"},
        },
    )


def _tile(label: str, value: int, unit: str, search: str) -> dict[str, Any]:
    url = reverse("ministry-filings") + query({"q": search})
    return {"label": label, "value": value, "unit": unit, "url": url}


@page(roles=BOTH)
def filing(request: Request, package_id: int) -> HttpResponse:
    """One package: what was filed, file by file; both receipts; the decisions one may know of."""
    filed = queries.latest(request.viewer, package_id)
    row = filed[-1].package
    deliveries = queries.deliveries(row)
    own = request.viewer.department
    lines = queries.lines(request.viewer, row)
    return desk_page(
        request,
        "desk/ministry/filing.html",
        {
            "package": row,
            "filing": filed[-1],
            "filings": filed,
            "state": STATES[row.state],
            "lines": lines,
            "own": own.value if own else "",
            "files": queries.files_by_project(filed[-1]),
            "deliveries": deliveries,
            "may_receive": own not in deliveries,
            "may_decide": own in deliveries and any(x.undecided for x in lines),
            "checked": "check" in request.GET,
            "faults": queries.problems_of(filed[-1]) if "check" in request.GET else [],
            "tracks": TRACKS,
        },
    )


@page(roles=BOTH, methods=("GET", "POST"))
def receive(request: Request, package_id: int) -> HttpResponse:
    """Check the package, ask once more with its digest, then confirm that this ministry holds it."""
    filed = queries.latest(request.viewer, package_id)[-1]
    if request.method == "POST" and request.POST.get("confirmed") == "yes":
        registration.receive(viewer=request.viewer, package_id=package_id)
        return done(request, "已确认接收，可以逐项办理。", "ministry-filing", package_id)
    return desk_page(
        request,
        "desk/ministry/receive.html",
        {
            "package": filed.package,
            "filing": filed,
            "faults": queries.problems_of(filed),
            "names": [
                f"{item['number']} {item['title']}（{item['unit']}）"
                for item in filed.manifest["projects"]
            ],
            "consequences": [
                f"本部收到的是第 {filed.attempt} 次报送，共 {len(filed.manifest['files'])} 个文件。",
                f"摘要值 {filed.digest}。",
                "接收时间和摘要值记入账册；接收后才能办理登记或退回。",
            ],
        },
    )


@page(roles=BOTH, methods=("POST",))
def decide(request: Request, package_id: int) -> HttpResponse:
    """The same decision on the chosen projects: first their names, then, confirmed, all or none."""
    act = request.POST.get("act", "")
    if act not in WORDS:
        raise Invalid("没有这种办理方式。", remedy="请返回备案材料页重新选择。")
    row = queries.package(request.viewer, package_id)
    chosen = _chosen(request, queries.lines(request.viewer, row))
    outcome, verb, question = WORDS[act]
    problems: list[DomainError] = []
    if request.POST.get("confirmed") == "yes":
        with catching(problems):
            registration.register_many(
                viewer=request.viewer,
                package_id=package_id,
                application_ids=[line.project.pk for line in chosen],
                outcome=outcome,
                reason=request.POST.get("reason", ""),
            )
            return done(request, f"{verb} {len(chosen)} 项。", "ministry-filing", package_id)
    return desk_page(
        request,
        "desk/ministry/decide.html",
        {
            "package": row,
            "act": act,
            "verb": verb,
            "question": question,
            "ids": [line.project.pk for line in chosen],
            "names": [
                f"{x.project.number} {x.project.title}（{x.project.unit_name}）" for x in chosen
            ],
            "consequences": FOLLOWS[act],
            "problems": problems,
            "values": typed(request, {"reason": ""}),
            "errors": {each.field: each.message for each in problems if each.field},
        },
    )


def _chosen(request: Request, lines: Sequence[queries.Line]) -> list[queries.Line]:
    """The ticked projects that still wait for this ministry."""
    asked = set(request.POST.getlist("ids"))
    found = [line for line in lines if line.undecided and str(line.project.pk) in asked]
    if not found:
        raise Invalid("没有选中等待本部办理的项目。", remedy="请返回备案材料页，先勾选再办理。")
    return found


@page(roles=BOTH)
def file(request: Request, package_id: int) -> HttpResponse:
    """One file out of what was filed: `?path=` as the manifest names it."""
    found = queries.packed_file(request.viewer, package_id, request.GET.get("path", ""))
    return send_bytes(found.name, found.media_type, found.data)


urlpatterns = [
    path("received/", filings, name="ministry-filings"),
    path("received/<int:package_id>/", filing, name="ministry-filing"),
    path("received/<int:package_id>/receive/", receive, name="ministry-filing-receive"),
    path("received/<int:package_id>/decide/", decide, name="ministry-filing-decide"),
    path("received/<int:package_id>/file/", file, name="ministry-filing-file"),
    *ministry_rules.urlpatterns,
    *ministry_nation.urlpatterns,
]
