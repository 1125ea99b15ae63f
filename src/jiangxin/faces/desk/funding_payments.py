"""Money on its way: who has what, what lies still, every entry, and the corrections."""

from typing import Any

from django.http import HttpResponse
from django.urls import path, reverse

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import DomainError, Invalid
from jiangxin.core.kernel.money import wan
from jiangxin.core.kernel.regions import province_name
from jiangxin.core.workflow import Role, TitleState
from jiangxin.faces.frame.addresses import path_of
from jiangxin.faces.frame.filters import query
from jiangxin.faces.frame.keywords import choice, number, province, when
from jiangxin.faces.frame.listing import Column, Listing
from jiangxin.faces.frame.pages import Request, catching, done, page, typed
from jiangxin.stages.funding.actions import payments as actions
from jiangxin.stages.funding.choices import TO_BE_CONFIRMED, Leg, Source
from jiangxin.stages.funding.queries import payments as queries
from jiangxin.stages.funding.rules import read_amount, read_day
from jiangxin.stages.programme.tracks import Kind

from .navigation import DESK, desk_page

READERS = DESK
FINANCE = frozenset({Role.MINISTRY_FINANCE, Role.PROVINCE_FINANCE})
KINDS = {Kind.BASE.value: "基地", Kind.STUDIO.value: "工作室"}
TITLE_STATES = dict(TitleState.choices())
SOURCES, LEGS = dict(Source.choices), dict(Leg.choices)


def ticked(request: Request) -> list[int]:
    """The rows that were ticked in a list; what is no row's number is left out."""
    texts = request.POST.getlist("ids")
    return [int(each) for each in texts if each.isascii() and each.isdigit() and len(each) < 10]


def held_days(row: Any) -> int | None:
    """For how many days the oldest money has lain at the province; nothing when none does."""
    return queries.days_since(row.since) if row.since else None


FUNDS = Listing(
    columns=(
        Column("title", "项目", lambda row: row.name, sort="name"),
        Column("province", "省份", lambda row: province_name(row.province), sort="province"),
        Column("unit", "单位", lambda row: row.unit_name, sort="unit_name", default=False),
        Column(
            "plan_year",
            "年度",
            lambda row: str(row.plan_year) if row.plan_year else "",
            sort="plan_year",
        ),
        Column("planned", "方案核定", lambda row: row.planned, "money", "planned"),
        Column("arrived", "已到省", lambda row: row.arrived, "money", "arrived"),
        Column("passed", "已转拨", lambda row: row.passed, "money", "passed"),
        Column("reached", "单位已确认", lambda row: row.reached, "money", "reached"),
        Column("held", "在省未转拨", lambda row: row.held, "money", "held"),
        Column("days", "滞留天数", held_days, "number", "since"),
        Column("local", "地方投入", lambda row: row.local, "money", "local"),
        Column("own", "单位投入", lambda row: row.own, "money", "own"),
        Column("kind", "类别", lambda row: KINDS[row.kind], sort="kind", default=False),
        Column("since", "最早到省", lambda row: row.since, "date", "since", default=False),
        Column(
            "state",
            "称号",
            lambda row: (row.state, TITLE_STATES[row.state]),
            "state",
            "state",
            default=False,
        ),
        Column("number", "编号", lambda row: row.number, sort="number", default=False),
    ),
    keywords=(
        when("待办", "等待本部门拨付或转拨", {"全部": queries.WAITING}),
        when(
            "资金",
            "中央资金走到哪一步",
            {
                "滞留": queries.HELD,
                "未拨": queries.TO_PAY,
                "未列入": queries.UNPLANNED,
                "待确认": queries.UNCONFIRMED,
            },
        ),
        province(),
        number("补助年度", "plan_year", "例如 2026", example="2026"),
        choice("类别", "kind", KINDS.items()),
        choice("称号", "state", TitleState),
    ),
    text=("name__icontains", "unit_name__icontains", "number__icontains"),
    text_help="在项目、单位、编号中查找",
    order=("-year", "province", "number", "id"),
    link=lambda row: path_of("desk-fund", row.pk),
)


def entry_state(row: Any) -> tuple[str, str]:
    """How an entry stands, as the code and the word of a badge."""
    if row.reverses_id is not None:
        return "void", "冲销"
    if getattr(row, "reversal", None) is not None:
        return "void", "已冲销"
    if getattr(row, "arrival", None) is not None:
        return "done", "单位已确认"
    return ("open", "待单位确认") if row.leg in TO_BE_CONFIRMED else ("done", "已登记")


PAYMENTS = Listing(
    columns=(
        Column("on", "日期", lambda row: row.on.isoformat(), sort="on"),
        Column(
            "province",
            "省份",
            lambda row: province_name(row.title.province),
            sort="title__province",
        ),
        Column("title", "项目", lambda row: row.title.name, sort="title__name"),
        Column("unit", "单位", lambda row: row.title.unit_name, default=False),
        Column("source", "来源", lambda row: SOURCES[row.source], sort="source"),
        Column("leg", "环节", lambda row: LEGS[row.leg], sort="leg"),
        Column("amount", "金额", lambda row: row.amount, "money", "amount"),
        Column("doc", "文号或凭证号", lambda row: row.doc_number, sort="doc_number"),
        Column("state", "状态", entry_state, "state"),
        Column(
            "arrived",
            "到账日期",
            lambda row: row.arrival.on if getattr(row, "arrival", None) else None,
            "date",
            "arrival__on",
        ),
        Column("reason", "冲销理由", lambda row: row.reason, default=False),
        Column("at", "登记时间", lambda row: row.at, "moment", "at", default=False),
        Column("name", "登记人", lambda row: row.name, default=False),
    ),
    keywords=(
        province("title__province"),
        choice("来源", "source", Source),
        choice("环节", "leg", Leg),
        number("金额", "amount", "万元，例如 >100", scale=1_000_000, example=">100"),
        number("年", "on__year", "拨付年份，例如 2026", example="2026"),
        when(
            "状态",
            "是否冲销、单位是否确认",
            {"有效": queries.LIVE, "冲销": ~queries.LIVE, "待确认": queries.ENTRY_UNCONFIRMED},
        ),
    ),
    text=("title__name__icontains", "title__unit_name__icontains", "doc_number__icontains"),
    text_help="在项目、单位、文号中查找",
    order=("-on", "-id"),
    link=lambda row: path_of("desk-fund", row.title_id),
)


@page(roles=READERS)
def funds(request: Request) -> HttpResponse:
    """Every registered project with its money; finance sends on what is due for several at once."""
    shown = FUNDS.show(queries.listed(request.viewer), request)
    answer = shown.export("资金拨付")
    if answer:
        return answer
    sums = queries.totals(request.viewer)
    tiles = [
        _tile("方案核定", sums.planned, ""),
        _tile("已到省", sums.arrived, ""),
        _tile("在省未转拨", sums.arrived - sums.passed, "资金:滞留"),
        _tile("单位已确认", sums.reached, ""),
        _tile("地方投入", sums.local, ""),
        _tile("单位投入", sums.own, ""),
    ]
    return desk_page(
        request,
        "desk/funding/funds.html",
        {
            "list": shown,
            "tiles": tiles,
            "verb": VERBS.get(request.viewer.role, ""),
            "empty": {
                "title": "还没有两部备案登记的项目",
                "why": "项目登记后列在这里；列入已批准的分配方案后可以拨付。",
            },
        },
    )


VERBS = {Role.MINISTRY_FINANCE: "拨付到省", Role.PROVINCE_FINANCE: "转拨单位"}


def _tile(label: str, amount: int, search: str) -> dict[str, Any]:
    url = reverse("desk-funds") + query({"q": search}) if search else ""
    tone = "amber" if search and amount else "none"
    return {"label": label, "value": wan(amount), "unit": "万元", "url": url, "tone": tone}


@page(roles=READERS, methods=("GET", "POST"))
def fund(request: Request, title_id: int) -> HttpResponse:
    """One project's money: what stands where, every entry, and the form for the viewer's own leg."""
    row = queries.fund(request.viewer, title_id)
    problems: list[DomainError] = []
    if request.method == "POST":
        with catching(problems):
            entry = actions.record_payment(
                viewer=request.viewer,
                title_id=title_id,
                leg=_leg(request.POST.get("leg", "")),
                amount=read_amount(request.POST.get("amount", "")),
                on=read_day(request.POST.get("on", "")),
                doc_number=request.POST.get("doc_number", ""),
            )
            text = f"已登记：{LEGS[entry.leg]} {wan(entry.amount)} 万元。"
            return done(request, text, "desk-fund", title_id)
    rest = queries.rest(request.viewer, row)
    stored = {
        "leg": _usual_leg(request.viewer, rest),
        "amount": wan(rest) if rest else "",
        "on": clock.today().isoformat(),
    }
    standing = row.state == TitleState.TITLED
    return desk_page(
        request,
        "desk/funding/fund.html",
        {
            "fund": row,
            "kind": KINDS[row.kind],
            "state": TITLE_STATES[row.state],
            "days": held_days(row),
            "entries": [
                {
                    "row": each,
                    "state": entry_state(each),
                    "source": SOURCES[each.source],
                    "leg": LEGS[each.leg],
                    "arrived": each.arrival.on if getattr(each, "arrival", None) else None,
                    "may_reverse": queries.may_reverse(request.viewer, each),
                }
                for each in queries.flows(request.viewer).filter(title=title_id)
            ],
            "legs": [(x.value, x.label) for x in queries.may_record(request.viewer)]
            if standing
            else [],
            "problems": problems,
            "errors": {each.field: each.message for each in problems if each.field},
            "values": typed(request, stored),
        },
    )


def _leg(text: str) -> Leg:
    if text not in LEGS:
        raise Invalid("请选择环节。", field="leg")
    return Leg(text)


def _usual_leg(viewer: Any, rest: int) -> str:
    """What the form begins with: central money while there is any to send on."""
    legs = queries.may_record(viewer)
    if not legs:
        return ""
    return (legs[0] if rest or len(legs) == 1 else legs[-1]).value


@page(roles=FINANCE, methods=("POST",))
def send(request: Request) -> HttpResponse:
    """Send on all that is due for the ticked projects: names and amounts first, with date and number."""
    listed = queries.listed(request.viewer).filter(queries.WAITING, pk__in=ticked(request))
    rows = list(listed.order_by("province", "number"))
    if not rows:
        raise Invalid("没有选中待拨付的项目。", remedy="请返回列表，先勾选再办理。")
    amounts = [(each, queries.rest(request.viewer, each)) for each in rows]
    total, verb = sum(amount for _, amount in amounts), VERBS[request.viewer.role]
    problems: list[DomainError] = []
    if request.POST.get("confirmed") == "yes":
        with catching(problems):
            if request.POST.get("total") != str(total):
                raise Invalid("金额刚刚有变化。", remedy="请核对下面的金额后再次确认。")
            made = actions.send_rest(
                viewer=request.viewer,
                title_ids=[each.pk for each in rows],
                on=read_day(request.POST.get("on", "")),
                doc_number=request.POST.get("doc_number", ""),
            )
            return done(
                request, f"已登记{verb} {len(made)} 笔，共 {wan(total)} 万元。", "desk-funds"
            )
    return desk_page(
        request,
        "desk/funding/send.html",
        {
            "verb": verb,
            "rows": rows,
            "total": total,
            "names": [
                f"{province_name(x.province)} {x.name}（{x.unit_name}）{wan(n)} 万元"
                for x, n in amounts
            ],
            "consequences": [
                f"合计 {wan(total)} 万元，每个项目登记一笔。",
                "登记后不能修改；有误的以冲销更正。下一级即收到通知。",
            ],
            "problems": problems,
            "errors": {each.field: each.message for each in problems if each.field},
            "values": typed(request, {"on": clock.today().isoformat(), "doc_number": ""}),
        },
    )


@page(roles=READERS)
def payments(request: Request) -> HttpResponse:
    """Every entry in scope, corrections included."""
    shown = PAYMENTS.show(queries.flows(request.viewer), request)
    return shown.export("资金流水") or desk_page(
        request,
        "desk/funding/payments.html",
        {
            "list": shown,
            "empty": {
                "title": "还没有资金流水",
                "why": "拨付、转拨、地方和单位投入登记后列在这里。",
            },
        },
    )


@page(roles=FINANCE, methods=("GET", "POST"))
def reverse_entry(request: Request, payment_id: int) -> HttpResponse:
    """Take back a wrong entry: what it says, and why."""
    row = queries.payment(request.viewer, payment_id)
    problems: list[DomainError] = []
    if request.method == "POST" and request.POST.get("confirmed") == "yes":
        with catching(problems):
            actions.reverse_payment(
                viewer=request.viewer,
                payment_id=payment_id,
                reason=request.POST.get("reason", ""),
            )
            return done(request, "已冲销，原记录保留可查。", "desk-fund", row.title_id)
    return desk_page(
        request,
        "desk/funding/reverse.html",
        {
            "row": row,
            "name": f"{row.on.isoformat()} {LEGS[row.leg]} {wan(row.amount)} 万元（{row.doc_number}）",
            "problems": problems,
            "errors": {each.field: each.message for each in problems if each.field},
            "values": typed(request, {"reason": ""}),
        },
    )


urlpatterns = [
    path("funds/", funds, name="desk-funds"),
    path("funds/send/", send, name="desk-funds-send"),
    path("funds/<int:title_id>/", fund, name="desk-fund"),
    path("payments/", payments, name="desk-payments"),
    path("payments/<int:payment_id>/reverse/", reverse_entry, name="desk-payment-reverse"),
]
