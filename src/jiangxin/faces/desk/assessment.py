"""The assessment of 2011–2020 on the desk: its batches, and the titles that go into them."""

from datetime import date
from typing import Any

from django.http import HttpResponse
from django.urls import path, reverse

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import DomainError, Invalid
from jiangxin.core.kernel.regions import province_name
from jiangxin.core.workflow import Role
from jiangxin.faces.frame.addresses import path_of
from jiangxin.faces.frame.keywords import choice, number, province, when
from jiangxin.faces.frame.listing import Column, Listing
from jiangxin.faces.frame.pages import Request, catching, done, page, typed
from jiangxin.stages.assessment import actions, queries
from jiangxin.stages.programme.tracks import Kind
from jiangxin.stages.titles.progress import unassessed

from . import assessment_cases, assessment_register
from .assessment_cases import MOST, READERS, cases_listing, ids_of
from .navigation import Link, desk_page

HR = frozenset({Role.PROVINCE_HR})
GROUP = "2011—2020 年名录"
SUBJECTS = {
    "assessment": "desk-assessment",
    "assessment_batch": "desk-batch",
    "legacy_import": "desk-legacy-import",
}
LINKS = (
    Link(
        name="desk-assessments",
        label="考核办理",
        icon="check-circle",
        roles=READERS,
        group=GROUP,
        waits=queries.assessments_waiting,
        todo="待办:全部",
    ),
    Link(name="desk-batches", label="考核批次", icon="columns", roles=READERS, group=GROUP),
    Link(
        name="desk-legacy",
        label="原有名录",
        icon="medal",
        roles=READERS,
        group=GROUP,
        waits=queries.unassessed_waiting,
        todo="考核:待安排",
    ),
    Link(name="desk-coverage", label="考核覆盖", icon="chart", roles=READERS, group=GROUP),
    Link(name="desk-yearly-report", label="年度考核报告", icon="file", roles=READERS, group=GROUP),
    Link(
        name="desk-legacy-imports",
        label="名录录入",
        icon="upload",
        roles=assessment_register.IMPORTERS,
        group=GROUP,
    ),
)
BATCHES = Listing(
    columns=(
        Column("batch", "批次", str, sort="number"),
        Column("name", "名称", lambda row: row.name, sort="name"),
        Column("province", "省份", lambda row: province_name(row.province), sort="province"),
        Column("year", "年度", lambda row: str(row.year), sort="year"),
        Column("due", "自评截止", lambda row: row.due_on, "date", "due_on"),
        Column("total", "编入", lambda row: row.total, "number", "total"),
        Column("waiting", "待自评", lambda row: row.waiting, "number", "waiting"),
        Column("reported", "待评定", lambda row: row.reported, "number", "reported"),
        Column("judged", "待结论", lambda row: row.judged, "number", "judged"),
        Column("concluded", "已结论", lambda row: row.concluded, "number", "concluded"),
    ),
    keywords=(
        number("年", "year", "年度，例如 2025", example="2025"),
        province(),
        number("批", "number", "批次的序号", example="1"),
    ),
    text=("name__icontains",),
    text_help="在批次名称中查找",
    order=("-year", "province", "-number", "id"),
    link=lambda row: path_of("desk-batch", row.pk),
)
CANDIDATES = Listing(
    columns=(
        Column("number", "编号", lambda row: row.number, sort="number"),
        Column("name", "项目", lambda row: row.name, sort="name"),
        Column("unit", "建设单位", lambda row: row.unit_name, sort="unit_name"),
        Column("kind", "类别", lambda row: row.get_kind_display(), sort="kind"),
        Column("year", "确定年度", lambda row: str(row.year), sort="year"),
        Column(
            "assessment",
            "上次考核",
            lambda row: (row.assessment, row.get_assessment_display()),
            "state",
            "assessment",
        ),
        Column(
            "assessed", "考核年度", lambda row: str(row.assessed_year or ""), sort="assessed_year"
        ),
    ),
    keywords=(
        choice("类别", "kind", Kind),
        number("年", "year", "确定年度，例如 2011..2014", example="2011..2014"),
        when("考核", "尚未考核的", {"未考核": unassessed()}),
    ),
    text=("number__icontains", "name__icontains", "unit_name__icontains", "uscc__icontains"),
    text_help="在编号、项目、单位、代码中查找",
    order=("assessment", "year", "number", "id"),
)


@page(roles=READERS)
def batches(request: Request) -> HttpResponse:
    """The batches, newest first."""
    shown = BATCHES.show(queries.batches(request.viewer), request)
    return shown.export("考核批次") or desk_page(
        request,
        "desk/assessment/batches.html",
        {
            "list": shown,
            "may_open": request.viewer.role in HR,
            "empty": {
                "title": "还没有考核批次",
                "why": "省级人社部门按年度分批次安排考核，2025 年底前全部考核一遍。",
            },
        },
    )


@page(roles=HR, methods=("GET", "POST"))
def batch_new(request: Request) -> HttpResponse:
    """Open the next batch of a year."""
    problems: list[DomainError] = []
    if request.method == "POST":
        with catching(problems):
            row = actions.open_batch(
                viewer=request.viewer,
                year=_year(request.POST.get("year", "")),
                name=request.POST.get("name", ""),
                due_on=_day(request.POST.get("due_on", "")),
            )
            return done(request, f"已建立{row}，请编入项目。", "desk-batch-add", row.pk)
    stored = {"year": str(clock.today().year), "name": "", "due_on": ""}
    return desk_page(
        request,
        "desk/assessment/batch_new.html",
        {
            "problems": problems,
            "values": typed(request, stored),
            "errors": {each.field: each.message for each in problems if each.field},
        },
    )


def _year(text: str) -> int:
    """A year that was typed; what is none counts as 0 and is refused."""
    return int(text) if text.isascii() and text.isdigit() and len(text) == 4 else 0


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


@page(roles=READERS)
def batch(request: Request, batch_id: int) -> HttpResponse:
    """One batch: its titles, each with where it stands, to be handled one by one or together."""
    row = queries.batch(request.viewer, batch_id)
    shown = cases_listing(request.viewer).show(
        queries.assessments(request.viewer).filter(batch=row.pk), request
    )
    return shown.export(f"{row}") or desk_page(
        request,
        "desk/assessment/batch.html",
        {
            "batch": row,
            "name": str(row),
            "list": shown,
            "may_add": request.viewer.role in HR,
            "buttons": assessment_cases.buttons_of(request.viewer),
            "empty": {
                "title": "还没有编入项目",
                "why": "从本省 2011—2020 年名录中选择本批要考核的项目。",
                "action_label": "编入项目" if request.viewer.role in HR else "",
                "action_url": reverse("desk-batch-add", args=[row.pk])
                if request.viewer.role in HR
                else "",
            },
        },
    )


@page(roles=HR, methods=("GET", "POST"))
def batch_add(request: Request, batch_id: int) -> HttpResponse:
    """Search the titles that may be assessed, choose, see the names, put them into the batch."""
    row = queries.batch(request.viewer, batch_id)
    free = queries.candidates(request.viewer, row.year)
    if request.method == "POST":
        return _add(request, row, free)
    shown = CANDIDATES.show(free, request)
    return shown.export(f"可编入{row}的项目") or desk_page(
        request,
        "desk/assessment/batch_add.html",
        {
            "batch": row,
            "name": str(row),
            "list": shown,
            "most": MOST,
            "empty": {
                "title": "没有可以编入的项目",
                "why": "称号有效、未被评为不合格、且不在其他考核中的项目才能编入；名录中没有的先录入。",
            },
        },
    )


def _add(request: Request, row: Any, free: Any) -> HttpResponse:
    """First the names, then, confirmed, all of them or none."""
    if request.POST.get("act") == "all":
        found, problems = CANDIDATES.search(free, request.POST.get("q", ""))
        if problems:
            raise problems[0]
        ids = list(found.order_by("id").values_list("pk", flat=True)[: MOST + 1])
    else:
        ids = ids_of(request, most=10 * MOST)
    if len(ids) > MOST:
        raise Invalid(f"一次最多编入 {MOST} 项。", remedy="请缩小筛选范围，分次编入。")
    if not ids:
        raise Invalid("没有选中项目。", remedy="请返回列表，先勾选再编入。")
    problems = []
    if request.POST.get("confirmed") == "yes":
        with catching(problems):
            actions.add_titles(viewer=request.viewer, batch_id=row.pk, title_ids=ids)
            return done(request, f"已编入 {len(ids)} 项。", "desk-batch", row.pk)
    chosen = list(free.filter(pk__in=ids).order_by("id"))
    return desk_page(
        request,
        "desk/assessment/confirm.html",
        {
            "problems": problems,
            "title": f"编入{row}",
            "action": reverse("desk-batch-add", args=[row.pk]),
            "back": reverse("desk-batch-add", args=[row.pk]),
            "question": f"把以下项目编入{row}？",
            "verb": "编入",
            "ids": [each.pk for each in chosen],
            "names": [f"{each.number} {each.name}（{each.unit_name}）" for each in chosen],
            "consequences": [
                f"有账号的单位会收到通知，须在 {clock.long_date(row.due_on)}前提交自评。",
                "没有账号的单位，由人社部门代为登记自评情况。",
            ],
        },
        status=422 if problems else 200,
    )


urlpatterns = [
    path("assessment/batches/", batches, name="desk-batches"),
    path("assessment/batches/new/", batch_new, name="desk-batch-new"),
    path("assessment/batches/<int:batch_id>/", batch, name="desk-batch"),
    path("assessment/batches/<int:batch_id>/add/", batch_add, name="desk-batch-add"),
    *assessment_cases.urlpatterns,
    *assessment_register.urlpatterns,
]
