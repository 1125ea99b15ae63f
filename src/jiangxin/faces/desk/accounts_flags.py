"""What looks wrong with money: the queue, one flag, and how provincial finance concludes it."""

from typing import Any

from django.db.models import Q
from django.http import HttpResponse
from django.urls import path, reverse

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import DomainError, Invalid
from jiangxin.core.kernel.money import FEN_PER_WAN, parse_yuan, yuan
from jiangxin.core.kernel.regions import province_name
from jiangxin.core.workflow import FlagState, Role
from jiangxin.faces.frame.addresses import path_of
from jiangxin.faces.frame.keywords import choice, contains, number, province, when
from jiangxin.faces.frame.listing import Column, Listing
from jiangxin.faces.frame.pages import Request, catching, done, page, typed
from jiangxin.records.identity.viewer import Viewer
from jiangxin.stages.accounts import flags as acting
from jiangxin.stages.accounts import queries
from jiangxin.stages.accounts.choices import flag_kinds, rules

from .navigation import DESK, desk_page

READERS = DESK
FINANCE = frozenset({Role.PROVINCE_FINANCE})
STATES = dict(FlagState.choices())
CONFIRMED = (
    "认定后不能撤回；理由和退回资金通知单位，验收和取消称号时可见。",
    "该笔支出不再计入合规支出。不需要退回资金的，退回资金填 0。",
)
CLEARED = ("认定后不能撤回；理由通知单位。", "同一凭证的同一疑点不再提出。")


def line(row: Any) -> dict[str, Any]:
    """A flag in a table of an account or a voucher."""
    rule = rules()[row.rule]
    return {
        "url": path_of("desk-flag", row.pk),
        "kind": rule.kind_label,
        "title": rule.title,
        "text": row.text,
        "amount": row.amount,
        "refund": row.refund,
        "due": row.due,
        "late": row.state == FlagState.OPEN and row.due < clock.today(),
        "code": row.state,
        "state": STATES[row.state],
    }


def listing_for(viewer: Viewer) -> Listing:
    """The declaration of the queue; `待办:我` depends on who asks."""
    return Listing(
        columns=COLUMNS,
        keywords=(
            when("待办", "等待我方说明或认定的疑点", {"我": queries.waiting(viewer)}),
            choice("状态", "state", FlagState),
            when(
                "性质",
                "、".join(flag_kinds().values()),
                {
                    label: Q(rule__in=[key for key, rule in rules().items() if rule.kind == kind])
                    for kind, label in flag_kinds().items()
                },
            ),
            choice("疑点", "rule", [(key, rule.title) for key, rule in rules().items()]),
            when("说明", "逾期：期限已过仍未说明", {"逾期": overdue()}),
            number("金额", "amount", "涉及金额，万元", scale=FEN_PER_WAN, example=">10"),
            contains("编号", "title__number", about="项目编号", example="编号:2025"),
            contains("单位", "title__unit_name", example="单位:学院"),
            province("title__province"),
        ),
        text=("title__number__icontains", "title__name__icontains", "title__unit_name__icontains"),
        text_help="在项目编号、项目名称、建设单位中查找",
        order=("due", "id"),
        link=lambda row: path_of("desk-flag", row.pk),
    )


def overdue() -> Q:
    """Not explained, although the term for it is over."""
    return Q(state=FlagState.OPEN, due__lt=clock.today())


COLUMNS = (
    Column("rule", "疑点", lambda row: rules()[row.rule].title, sort="rule"),
    Column("kind", "性质", lambda row: rules()[row.rule].kind_label),
    Column("unit", "建设单位", lambda row: row.title.unit_name, sort="title__unit_name"),
    Column("number", "项目编号", lambda row: row.title.number, sort="title__number"),
    Column(
        "province", "省份", lambda row: province_name(row.title.province), sort="title__province"
    ),
    Column("amount", "涉及金额", lambda row: row.amount, "money", "amount"),
    Column("state", "状态", lambda row: (row.state, STATES[row.state]), "state", "state"),
    Column("raised", "提出", lambda row: row.raised_at, "moment", "raised_at"),
    Column("due", "说明期限", lambda row: row.due, "date", "due"),
    Column("refund", "退回资金", lambda row: row.refund, "money", "refund"),
    Column(
        "concluded", "认定", lambda row: row.concluded_at, "moment", "concluded_at", default=False
    ),
)


@page(roles=READERS)
def flags(request: Request) -> HttpResponse:
    """Every flag in scope, what is due first on top."""
    shown = listing_for(request.viewer).show(queries.flags(request.viewer), request)
    empty = {
        "title": "没有资金疑点",
        "why": "登记的支出与规则不符，或资金在一级停留过久时，就会出现在这里。",
    }
    return shown.export("资金疑点") or desk_page(
        request, "desk/accounts/flags.html", {"list": shown, "empty": empty}
    )


@page(roles=READERS, methods=("GET", "POST"))
def flag(request: Request, flag_id: int) -> HttpResponse:
    """One flag: what was found, the answer (the province's own for money that is stuck), the end."""
    row = queries.flag(request.viewer, flag_id)
    problems: list[DomainError] = []
    if request.method == "POST":
        with catching(problems):
            acting.answer_flag(
                viewer=request.viewer, flag_id=flag_id, text=request.POST.get("text", "")
            )
            return done(request, "说明已提交，等待省级财政部门认定。", "desk-flag", flag_id)
        row = queries.flag(request.viewer, flag_id)
    return desk_page(
        request,
        "desk/accounts/flag.html",
        {
            "flag": row,
            "title": row.title,
            "rule": rules()[row.rule],
            "state": STATES[row.state],
            "twin": queries.twin(request.viewer, row),
            "repeated": row.other_id is not None,
            "may_answer": queries.may_answer(request.viewer, row),
            "may_clear": queries.may_clear(request.viewer, row),
            "may_confirm": queries.may_confirm(request.viewer, row),
            "problems": problems,
            "errors": {each.field: each.message for each in problems if each.field},
            "values": typed(request, {"text": ""}),
        },
    )


@page(roles=FINANCE, methods=("GET", "POST"))
def clear(request: Request, flag_id: int) -> HttpResponse:
    """Ask once more, then conclude that nothing is wrong."""
    problems: list[DomainError] = []
    if request.POST.get("confirmed") == "yes":
        with catching(problems):
            acting.clear_flag(
                viewer=request.viewer, flag_id=flag_id, reason=request.POST.get("reason", "")
            )
            return done(request, "已认定：未发现问题。", "desk-flag", flag_id)
    return _conclude(request, flag_id, problems, confirming=False)


@page(roles=FINANCE, methods=("GET", "POST"))
def confirm(request: Request, flag_id: int) -> HttpResponse:
    """Ask once more, with the amount to pay back, then conclude that it is so."""
    problems: list[DomainError] = []
    if request.POST.get("confirmed") == "yes":
        with catching(problems):
            row = acting.confirm_flag(
                viewer=request.viewer,
                flag_id=flag_id,
                reason=request.POST.get("reason", ""),
                refund=_refund(request.POST.get("refund", "")),
            )
            text = f"已认定：问题属实，退回资金 {yuan(row.refund)} 元。"
            return done(request, text, "desk-flag", flag_id)
    return _conclude(request, flag_id, problems, confirming=True)


def _refund(text: str) -> int:
    try:
        return parse_yuan(text)
    except Invalid as error:
        raise Invalid(error.message, remedy=error.remedy, field="refund") from None


def _conclude(
    request: Request, flag_id: int, problems: list[DomainError], *, confirming: bool
) -> HttpResponse:
    row = queries.flag(request.viewer, flag_id)
    rule = rules()[row.rule]
    verb = "认定问题属实" if confirming else "认定未发现问题"
    return desk_page(
        request,
        "desk/accounts/conclude.html",
        {
            "flag": row,
            "rule": rule,
            "confirming": confirming,
            "verb": verb,
            "action": reverse(
                "desk-flag-confirm" if confirming else "desk-flag-clear", args=[flag_id]
            ),
            "names": [f"{row.title.unit_name}：{rule.title}，涉及 {yuan(row.amount)} 元"],
            "consequences": CONFIRMED if confirming else CLEARED,
            "problems": problems,
            "errors": {each.field: each.message for each in problems if each.field},
            "values": typed(request, {"reason": "", "refund": yuan(row.amount).replace(",", "")}),
        },
    )


urlpatterns = [
    path("flags/", flags, name="desk-flags"),
    path("flags/<int:flag_id>/", flag, name="desk-flag"),
    path("flags/<int:flag_id>/clear/", clear, name="desk-flag-clear"),
    path("flags/<int:flag_id>/confirm/", confirm, name="desk-flag-confirm"),
]
