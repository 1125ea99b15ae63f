"""The funding plan of a year: the ministries' list, the plan with its lines, and its approval."""

from typing import Any

from django.http import HttpResponse
from django.urls import path, reverse

from jiangxin.core.kernel.errors import DomainError, Invalid
from jiangxin.core.kernel.money import wan
from jiangxin.core.kernel.regions import province_name
from jiangxin.core.workflow import MINISTRIES, PlanState, Role, TitleState
from jiangxin.faces.frame.addresses import path_of
from jiangxin.faces.frame.keywords import choice, number, province, when
from jiangxin.faces.frame.listing import Column, Listing
from jiangxin.faces.frame.pages import Request, catching, done, page, typed
from jiangxin.stages.funding.actions import plans as actions
from jiangxin.stages.funding.queries import plan_lines
from jiangxin.stages.funding.queries import plans as queries
from jiangxin.stages.funding.rules import band_text, read_amount
from jiangxin.stages.funding.tiers import tiers

from .funding_payments import KINDS, ticked
from .marks import shown_marks
from .navigation import desk_page

BOTH = frozenset(MINISTRIES)
NATIONAL = BOTH | {Role.AUDITOR, Role.SUPERVISOR}
STATES = dict(PlanState.choices())
TITLE_STATES = dict(TitleState.choices())
PLANS = Listing(
    columns=(
        Column("year", "方案", lambda row: row.name, sort="year"),
        Column("state", "状态", lambda row: (row.state, STATES[row.state]), "state", "state"),
        Column("projects", "项目", lambda row: row.projects, "number", "projects"),
        Column("planned", "分配合计", lambda row: row.planned, "money", "planned"),
        Column("budget", "预算", lambda row: row.budget, "money", "budget"),
        Column("left", "结余", lambda row: row.budget - row.planned, "money"),
        Column("approved", "批准时间", lambda row: row.approved_at, "moment", "approved_at"),
    ),
    keywords=(
        number("年", "year", "补助年度，例如 2026", example="2026"),
        choice("状态", "state", PlanState),
    ),
    text_help="本列表没有文字可查，请按年、状态筛选",
    order=("-year", "-part"),
    link=lambda row: path_of("desk-plan", row.pk),
)


def tier_of(claim: Any) -> str:
    """The class and tier that both ministries have fixed; empty while they have not."""
    if claim is None or not claim.fixed_grade:
        return ""
    return tiers(claim.title.kind).label(claim.fixed_category, claim.fixed_grade)


LINES = Listing(
    columns=(
        Column("title", "项目", lambda row: row.title.name, sort="title__name"),
        Column(
            "province",
            "省份",
            lambda row: province_name(row.title.province),
            sort="title__province",
        ),
        Column(
            "unit", "单位", lambda row: row.title.unit_name, sort="title__unit_name", default=False
        ),
        Column("kind", "类别", lambda row: KINDS[row.title.kind], sort="title__kind"),
        Column("tier", "类档", lambda row: tier_of(row.title.claim)),
        Column("amount", "分配金额", lambda row: row.amount, "money", "amount"),
        Column("standard", "类档标准", lambda row: row.title.claim.amount, "money", default=False),
        Column("outside", "超出幅度", lambda row: row.outside, "yesno", "outside", default=False),
        Column("reason", "理由", lambda row: row.reason, sort="reason"),
        Column(
            "state",
            "称号",
            lambda row: (row.title.state, TITLE_STATES[row.title.state]),
            "state",
            "title__state",
        ),
        Column("number", "编号", lambda row: row.title.number, sort="title__number", default=False),
    ),
    keywords=(
        province("title__province"),
        choice("类别", "title__kind", KINDS.items()),
        number("金额", "amount", "万元，例如 >500", scale=1_000_000, example=">500"),
        when(
            "幅度",
            "金额是否超出通知规定的幅度",
            {"超出": queries.OUTSIDE, "之内": ~queries.OUTSIDE},
        ),
    ),
    text=("title__name__icontains", "title__unit_name__icontains", "title__number__icontains"),
    text_help="在项目、单位、编号中查找",
    order=("title__province", "title__kind", "title__number", "id"),
    link=lambda row: path_of("desk-plan-line", row.plan_id, row.pk),
)


@page(roles=NATIONAL, methods=("GET", "POST"))
def plans(request: Request) -> HttpResponse:
    """Every plan, and for the ministries the form that begins the next one."""
    problems: list[DomainError] = []
    if request.method == "POST":
        with catching(problems):
            row = actions.draft_plan(
                viewer=request.viewer,
                year=_year(request.POST.get("year", "")),
                budget=read_amount(request.POST.get("budget", ""), "budget"),
            )
            text = f"{row.name}已建立，请列入项目。"
            return done(request, text, "desk-plan", row.pk)
    shown = PLANS.show(queries.plans(request.viewer), request)
    may = request.viewer.role in BOTH
    return shown.export("资金分配方案") or desk_page(
        request,
        "desk/funding/plans.html",
        {
            "list": shown,
            "years": [(str(each), f"{each} 年") for each in queries.plan_years()] if may else [],
            "may": may,
            "problems": problems,
            "errors": {each.field: each.message for each in problems if each.field},
            "values": typed(request, {}),
            "empty": {
                "title": "还没有资金分配方案",
                "why": "方案由两部编制。省级人员请在“资金拨付”查看本省项目。",
            },
        },
    )


def _year(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) == 4):
        raise Invalid("请选择年度。", field="year")
    return int(text)


@page(roles=NATIONAL, methods=("GET", "POST"))
def plan(request: Request, plan_id: int) -> HttpResponse:
    """One plan: its lines, the totals against the budget, both marks, and what stands against it."""
    problems: list[DomainError] = []
    row = queries.plan(request.viewer, plan_id)
    drafting = row.state == PlanState.DRAFT
    if request.method == "POST":
        with catching(problems):
            actions.set_budget(
                viewer=request.viewer,
                plan_id=plan_id,
                budget=read_amount(request.POST.get("budget", ""), "budget"),
            )
            return done(request, "预算已修改，两部须重新会商。", "desk-plan", plan_id)
    shown = LINES.show(plan_lines(request.viewer).filter(plan=plan_id), request)
    answer = shown.export(row.name.replace(" ", ""))
    if answer:
        return answer
    may, whole = drafting and request.viewer.role in BOTH, queries.overview(row)
    return desk_page(
        request,
        "desk/funding/plan.html",
        {
            "plan": row,
            "state": STATES[row.state],
            "list": shown,
            "sums": [(KINDS[kind], count, amount) for kind, count, amount in whole.sums],
            "left": row.budget - row.planned,
            "may": may,
            "against": whole.against if may and row.projects else None,
            "marks": shown_marks(queries.plan_marks(row, whole.digest)),
            "digest": whole.digest,
            "problems": problems,
            "errors": {each.field: each.message for each in problems if each.field},
            "values": typed(request, {"budget": wan(row.budget)}),
            "empty": {
                "title": "方案中还没有项目",
                "why": "上年度两部备案登记、类档已定的项目可以列入。",
            },
        },
    )


@page(roles=BOTH, methods=("GET", "POST"))
def add(request: Request, plan_id: int) -> HttpResponse:
    """Everything that can be put in, with amounts and what they come to; then the ticked ones."""
    row = queries.plan(request.viewer, plan_id)
    problems: list[DomainError] = []
    if request.method == "POST":
        with catching(problems):
            lines = actions.add_lines(
                viewer=request.viewer, plan_id=plan_id, title_ids=ticked(request)
            )
            total = wan(sum(each.amount for each in lines))
            text = f"已列入 {len(lines)} 个项目，共 {total} 万元。"
            return done(request, text, "desk-plan", plan_id)
    ready = list(queries.eligible(row))
    offered = sum(each.claim.amount or 0 for each in ready)
    return desk_page(
        request,
        "desk/funding/add.html",
        {
            "plan": row,
            "ready": [
                {
                    "title": each,
                    "tier": tier_of(each.claim),
                    "kind": KINDS[each.kind],
                    "chosen": not problems or str(each.pk) in request.POST.getlist("ids"),
                }
                for each in ready
            ],
            "unready": [_unready(each) for each in queries.unready(row)],
            "offered": offered,
            "after": row.budget - row.planned - offered,
            "problems": problems,
        },
    )


def _unready(title: Any) -> dict[str, str]:
    """A title whose class and tier are not fixed, and where that lies."""
    claim: Any = getattr(title, "claim", None)
    state = "draft" if claim is None else claim.state
    words = {
        "draft": "单位尚未申报",
        "claimed": "待省级核定",
        "returned": "已退回单位",
        "checked": "待两部确定",
    }
    url = "" if state == "draft" else reverse("desk-claim", args=[claim.pk])
    return {
        "name": title.name,
        "unit": title.unit_name,
        "province": province_name(title.province),
        "word": words[state],
        "url": url,
    }


@page(roles=NATIONAL, methods=("GET", "POST"))
def line(request: Request, plan_id: int, line_id: int) -> HttpResponse:
    """One project in the plan: another amount, with the reason beyond the band; or take it out."""
    problems: list[DomainError] = []
    row = queries.line(request.viewer, line_id, plan_id)
    viewer = request.viewer
    if request.method == "POST":
        with catching(problems):
            if request.POST.get("act") == "remove":
                actions.remove_line(viewer=viewer, plan_id=plan_id, line_id=line_id)
                return done(request, f"已移出“{row.title.name}”。", "desk-plan", plan_id)
            actions.set_line(
                viewer=viewer,
                plan_id=plan_id,
                line_id=line_id,
                amount=read_amount(request.POST.get("amount", "")),
                reason=request.POST.get("reason", ""),
            )
            return done(request, "金额已修改，两部须重新会商。", "desk-plan", plan_id)
    title = row.title
    return desk_page(
        request,
        "desk/funding/line.html",
        {
            "line": row,
            "title": title,
            "kind": KINDS[title.kind],
            "tier": tier_of(title.claim),
            "band": band_text(title.kind, title.year),
            "may": row.plan.state == PlanState.DRAFT and viewer.role in BOTH,
            "problems": problems,
            "errors": {each.field: each.message for each in problems if each.field},
            "values": typed(request, {"amount": wan(row.amount), "reason": row.reason}),
        },
    )


@page(roles=BOTH, methods=("POST",))
def concur(request: Request, plan_id: int) -> HttpResponse:
    """The viewer's ministry agrees to the plan as it was read, or says why not."""
    agreed = request.POST.get("word") == "agreed"
    actions.concur_plan(
        viewer=request.viewer,
        plan_id=plan_id,
        digest=request.POST.get("digest", ""),
        agreed=agreed,
        remark=request.POST.get("remark", ""),
    )
    text = "已记录：同意分配方案。" if agreed else "已记录：不同意，理由已告知另一部。"
    return done(request, text, "desk-plan", plan_id)


@page(roles=BOTH, methods=("GET", "POST"))
def approve(request: Request, plan_id: int) -> HttpResponse:
    """Ask once more, with every project and its amount, then approve."""
    row = queries.plan(request.viewer, plan_id)
    problems: list[DomainError] = []
    if request.method == "POST" and request.POST.get("confirmed") == "yes":
        with catching(problems):
            actions.approve(viewer=request.viewer, plan_id=plan_id)
            text = f"{row.name}已批准，已告知各省和项目单位。"
            return done(request, text, "desk-plan", plan_id)
    lines = list(plan_lines(request.viewer).filter(plan=plan_id))
    outside = [each for each in lines if each.outside]
    unready = queries.unready(row).count()
    consequences = [
        f"合计 {wan(row.planned)} 万元，预算 {wan(row.budget)} 万元。",
        *(f"“{x.title.name}”超出幅度，理由：{x.reason}" for x in outside),
        *([f"另有 {unready} 个项目类档未定，确定后只能列入补充方案。"] if unready else []),
        "批准后方案不能修改；各省财政、人社部门和项目单位即收到通知。",
    ]
    return desk_page(
        request,
        "desk/funding/approve.html",
        {
            "plan": row,
            "marks": shown_marks(queries.plan_marks(row, row.digest())),
            "names": [
                f"{province_name(x.title.province)} {x.title.name}（{x.title.unit_name}）"
                f"{wan(x.amount)} 万元"
                for x in lines
            ],
            "consequences": consequences,
            "problems": problems,
        },
    )


P = "plans/<int:plan_id>/"
urlpatterns = [
    path("plans/", plans, name="desk-plans"),
    path(P, plan, name="desk-plan"),
    path(P + "add/", add, name="desk-plan-add"),
    path(P + "lines/<int:line_id>/", line, name="desk-plan-line"),
    path(P + "concur/", concur, name="desk-plan-concur"),
    path(P + "approve/", approve, name="desk-plan-approve"),
]
