"""The register of 2011–2020 on the desk: its import, its list, its coverage, the year's report."""

from collections import Counter
from typing import Any

from django.db.models import Q
from django.http import HttpResponse
from django.urls import path, reverse

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import DomainError, Invalid
from jiangxin.core.kernel.regions import BY_CODE, PROVINCES, province_name
from jiangxin.core.workflow import TitleState
from jiangxin.faces.frame import export
from jiangxin.faces.frame.addresses import path_of
from jiangxin.faces.frame.filters import query
from jiangxin.faces.frame.keywords import choice, number, province, when
from jiangxin.faces.frame.listing import Column, Listing
from jiangxin.faces.frame.pages import Request, catching, done, page
from jiangxin.faces.frame.pictures import tiles
from jiangxin.faces.frame.sending import send_bytes
from jiangxin.records.identity.viewer import Viewer
from jiangxin.stages.assessment import importing, queries, workbook
from jiangxin.stages.assessment.yearly import yearly_report
from jiangxin.stages.programme.tracks import Kind
from jiangxin.stages.titles.progress import unassessed
from jiangxin.stages.titles.queries import programme_years

from .assessment_cases import READERS
from .navigation import desk_page

IMPORTERS = frozenset(importing.IMPORTERS)
SHORT = {"base": "基地", "studio": "工作室"}


def legacy_listing(viewer: Viewer) -> Listing:
    """The list of the register; a province's viewers need no column that says which province."""
    return Listing(
        columns=(
            Column("number", "编号", lambda row: row.number, sort="number"),
            Column("name", "项目", lambda row: row.name, sort="name"),
            Column("unit", "建设单位", lambda row: row.unit_name, sort="unit_name"),
            Column(
                "province",
                "省份",
                lambda row: province_name(row.province),
                sort="province",
                default=not viewer.province,
            ),
            Column("kind", "类别", lambda row: SHORT[row.kind], sort="kind"),
            Column("year", "确定年度", lambda row: str(row.year), sort="year"),
            Column(
                "state", "称号", lambda row: (row.state, row.get_state_display()), "state", "state"
            ),
            Column(
                "assessment",
                "考核",
                lambda row: (row.assessment, row.get_assessment_display()),
                "state",
                "assessment",
            ),
            Column(
                "assessed",
                "考核年度",
                lambda row: str(row.assessed_year or ""),
                sort="assessed_year",
            ),
            Column("planned", "正在考核", lambda row: row.planned, "yesno", "planned"),
            Column("uscc", "统一社会信用代码", lambda row: row.uscc, default=False),
            Column("leader", "带头人", lambda row: row.leader_name, default=False),
        ),
        keywords=(
            when(
                "考核",
                "待安排（有效、未考核、也不在批次中）、未考核、合格以上、不合格、待取消称号",
                {
                    "待安排": unassessed() & Q(planned=False),
                    "未考核": unassessed(),
                    "合格以上": Q(assessment=queries.PASSED),
                    "不合格": Q(assessment=queries.FAILED),
                    "待取消称号": Q(assessment=queries.FAILED, state=TitleState.TITLED),
                },
            ),
            province(),
            choice("类别", "kind", Kind),
            number("年", "year", "确定年度，例如 2011..2014", example="2011..2014"),
            choice("称号", "state", TitleState),
        ),
        text=("number__icontains", "name__icontains", "unit_name__icontains", "uscc__icontains"),
        text_help="在编号、项目、单位、代码中查找",
        order=("province", "year", "number", "id"),
        link=lambda row: path_of("portal-title", row.pk),
    )


@page(roles=READERS)
def legacy(request: Request) -> HttpResponse:
    """The register of 2011–2020, with what is still to be assessed."""
    shown = legacy_listing(request.viewer).show(queries.legacy_titles(request.viewer), request)
    answer = shown.export("2011—2020年名录")
    if answer:
        return answer
    whole = queries.coverage(request.viewer, clock.today())[-1]
    here = reverse("desk-legacy")
    late = whole.overdue > 0
    shown_tiles = [
        {"label": "应考核", "value": whole.total, "unit": "项"},
        {"label": "已考核", "value": whole.assessed, "unit": "项", "note": f"{whole.percent}%"},
        {
            "label": "逾期未考核" if late else "未考核",
            "value": whole.missing,
            "unit": "项",
            "url": here + query({"q": "考核:未考核"}),
            "tone": "red" if late else "none",
            "note": f"{clock.long_date(queries.coverage_by())}前",
        },
        {
            "label": "待取消称号",
            "value": queries.failed(request.viewer).count(),
            "unit": "项",
            "url": here + query({"q": "考核:待取消称号"}),
        },
    ]
    return desk_page(
        request,
        "desk/assessment/legacy.html",
        {
            "list": shown,
            "tiles": shown_tiles,
            "may_import": request.viewer.role in IMPORTERS,
            "empty": {
                "title": "名录中还没有 2011—2020 年的项目",
                "why": "由省级人社部门或人社部用工作簿录入。",
                "action_label": "名录录入" if request.viewer.role in IMPORTERS else "",
                "action_url": reverse("desk-legacy-imports")
                if request.viewer.role in IMPORTERS
                else "",
            },
        },
    )


@page(roles=IMPORTERS, methods=("GET", "POST"))
def imports(request: Request) -> HttpResponse:
    """Upload a workbook: its faults by row and column, or on to the preview; the earlier ones."""
    problems: list[DomainError] = []
    if request.method == "POST":
        upload = request.FILES.get("file")
        with catching(problems):
            if upload is None:
                raise Invalid("请选择文件。", field="file")
            row = importing.upload(
                viewer=request.viewer,
                name=upload.name or "",
                size=upload.size or 0,
                content=upload,
            )
            return done(request, "工作簿没有错误，请核对后录入。", "desk-legacy-import", row.pk)
    faults = next((each.faults for each in problems if isinstance(each, workbook.Faulty)), [])
    return desk_page(
        request,
        "desk/assessment/imports.html",
        {
            "problems": problems,
            "faults": faults[: workbook.MOST_FAULTS],
            "more": max(0, len(faults) - workbook.MOST_FAULTS),
            "rows": list(queries.imports(request.viewer)[:50]),
            "columns": workbook.COLUMNS,
            "most": workbook.MOST_ROWS,
            "province": province_name(request.viewer.province) or "全国",
        },
    )


@page(roles=IMPORTERS)
def template(request: Request) -> HttpResponse:
    """The workbook to fill in."""
    name = "2011—2020年名录录入模板.xlsx"
    return send_bytes(name, workbook.MEDIA_TYPE, workbook.template())


@page(roles=IMPORTERS, methods=("GET", "POST"))
def one_import(request: Request, import_id: int) -> HttpResponse:
    """What a workbook would enter, with counts and names; confirmed, all of it or nothing."""
    row = queries.legacy_import(request.viewer, import_id)
    problems: list[DomainError] = []
    if request.method == "POST" and request.POST.get("confirmed") == "yes":
        with catching(problems):
            titles = importing.enter(viewer=request.viewer, import_id=import_id)
            return done(request, f"已录入 {len(titles)} 项。", "desk-legacy")
    entries: list[Any] = []
    faults: list[Any] = []
    if row.entered_at is None:
        entries, faults = importing.entries_of(row)
        if faults and not problems:
            problems.append(workbook.faulty(faults))
    counts = Counter(
        (each.fields["province"], each.fields["year"], each.fields["kind"]) for each in entries
    )
    kinds = dict(Kind.choices())
    return desk_page(
        request,
        "desk/assessment/import.html",
        {
            "row": row,
            "document": row.document,
            "faults": faults[: workbook.MOST_FAULTS],
            "problems": problems,
            "counts": [
                (province_name(code), year, kinds[kind], count)
                for (code, year, kind), count in sorted(counts.items())
            ],
            "names": [
                f"{f['number']} {f['name']}（{f['unit_name']}，{BY_CODE[f['province']].short}"
                f" {f['year']} 年）"
                for f in (each.fields for each in entries)
            ]
            if not faults
            else [],
            "warnings": _warnings(entries),
            "consequences": [
                "全部录入或全部不录入；录入后不能用本页修改或删除。",
                "每一项都记入账册；公众可以在名录中查到。",
                "单位以统一社会信用代码注册后，即可看到自己的称号并提交自评。",
            ],
        },
    )


def _warnings(entries: list[Any]) -> list[str]:
    """Each warning once, with the rows that it is about."""
    found: dict[str, list[str]] = {}
    for entry in entries:
        for text in entry.warnings:
            found.setdefault(text, []).append(str(entry.row))
    return [f"第 {'、'.join(rows)} 行：{text}" for text, rows in found.items()]


@page(roles=READERS)
def coverage(request: Request) -> HttpResponse:
    """Assessed against all, province by province, against 100 % by the end of 2025."""
    rows = queries.coverage(request.viewer, clock.today())
    wanted = request.GET.get("export", "")
    if wanted in export.FORMATS:
        heads = [
            "省份",
            "应考核",
            "已考核",
            "合格以上",
            "不合格",
            "正在考核",
            "未考核",
            "逾期",
            "覆盖率%",
        ]
        return export.respond(wanted, "考核覆盖", heads, [_line(row) for row in rows])
    by = queries.coverage_by()
    return desk_page(
        request,
        "desk/assessment/coverage.html",
        {
            "rows": [(row, _list_of(row.province)) for row in rows],
            "whole": rows[-1],
            "national": request.viewer.national,
            "tiles": tiles({row.province: row.missing for row in rows}, _list_of),
            "by": by,
            "late": clock.today() > by,
            "days": (by - clock.today()).days,
            "overdue": [row.name for row in rows if row.province and row.overdue],
            "export_xlsx": request.path + query({"export": "xlsx"}),
            "export_csv": request.path + query({"export": "csv"}),
        },
    )


def _line(row: queries.Coverage) -> list[export.Pair]:
    numbers = (
        row.total,
        row.assessed,
        row.passed,
        row.failed,
        row.underway,
        row.missing,
        row.overdue,
        row.percent,
    )
    return [("text", row.name), *(("number", each) for each in numbers)]


def _list_of(code: str) -> str:
    """The address of what a province, or the nation (""), has not assessed yet."""
    where = f" 省:{BY_CODE[code].short}" if code else ""
    return reverse("desk-legacy") + query({"q": f"考核:未考核{where}"})


@page(roles=READERS)
def report(request: Request) -> HttpResponse:
    """The report of a province's year, as the filing takes it over; `?of=` year, `?province=`."""
    first, this = programme_years()[0], clock.today().year
    years = [str(year) for year in range(this, first - 1, -1)]
    year = request.GET.get("of", "") if request.GET.get("of", "") in years else years[0]
    asked = request.GET.get("province", "")
    code = request.viewer.province or (asked if asked in BY_CODE else PROVINCES[0].code)
    found = yearly_report(code, int(year))
    if request.GET.get("export") == "txt":
        name = f"{province_name(code)}{year}年度考核评估情况报告.txt"
        return send_bytes(name, "text/plain; charset=utf-8", f"\ufeff{found.text}".encode())
    return desk_page(
        request,
        "desk/assessment/report.html",
        {
            "report": found,
            "gaps": found.gaps,
            "text": found.text,
            "covered": found.coverage,
            "batches": found.batches,
            "year": year,
            "years": years,
            "province": code,
            "choose": not request.viewer.province,
            "export_txt": request.path + query({"of": year, "province": code, "export": "txt"}),
        },
    )


urlpatterns = [
    path("legacy/", legacy, name="desk-legacy"),
    path("legacy/imports/", imports, name="desk-legacy-imports"),
    path("legacy/imports/template.xlsx", template, name="desk-legacy-template"),
    path("legacy/imports/<int:import_id>/", one_import, name="desk-legacy-import"),
    path("assessment/coverage/", coverage, name="desk-coverage"),
    path("assessment/report/", report, name="desk-yearly-report"),
]
