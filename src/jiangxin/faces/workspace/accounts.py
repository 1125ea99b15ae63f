"""A unit's fund account: what arrived, what is spent, one voucher at a time, and flags to answer."""

from collections.abc import Iterator
from typing import Any

from django.http import HttpResponse
from django.urls import path, reverse

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import DomainError
from jiangxin.core.kernel.regions import province_name
from jiangxin.core.workflow import FlagState, Role
from jiangxin.faces.frame.addresses import path_of
from jiangxin.faces.frame.pages import SIGNED_IN, Request, catching, done, page, typed
from jiangxin.faces.frame.sending import send_document
from jiangxin.faces.frame.vouchers import SOURCES, standing, vouchers_of
from jiangxin.records.identity.viewer import Viewer
from jiangxin.stages.accounts import actions, flags, queries
from jiangxin.stages.accounts.choices import all_uses, rules
from jiangxin.stages.titles.queries import title_of

from . import accounts_entry
from .navigation import workspace_page
from .titles import Entry

UNIT = frozenset({Role.APPLICANT})
SUBJECTS = {"flag": "my-flag"}  # where a message about one leads
STATES = dict(FlagState.choices())


def entries(viewer: Viewer, title: Any) -> Iterator[Entry]:
    """The account, and each flag that waits for the unit's words."""
    for each in queries.flags_of(title).filter(queries.waiting(viewer)):
        yield Entry(
            f"说明资金疑点：{rules()[each.rule].title}",
            each.text,
            path_of("my-flag", each.pk),
            waits=True,
            due=each.due,
        )
    yield Entry("专项资金账", "登记支出凭证，查看到账和余额。", path_of("my-account", title.pk))


@page(roles=UNIT)
def account(request: Request, title_id: int) -> HttpResponse:
    """Received, spent and left by source; the budget against what is spent; the vouchers; the flags."""
    title = title_of(request.viewer, title_id)
    own = queries.vouchers(request.viewer).filter(account__title=title)
    shown = vouchers_of(link=lambda row: path_of("my-voucher", row.pk)).show(own, request)
    exported = shown.export(f"支出凭证-{title.number}")
    return exported or workspace_page(
        request,
        "workspace/accounts/account.html",
        {
            "title": title,
            "sheet": queries.sheet(title),
            "list": shown,
            "flags": [_flag(each) for each in queries.flags_of(title)],
            "empty": {
                "title": "还没有登记凭证",
                "why": "用专项资金付款后，把发票等凭证登记在这里；每一笔都要附文件。",
                "action_label": "登记凭证",
                "action_url": reverse("my-voucher-new", args=[title.pk]),
            },
        },
    )


def _flag(row: Any) -> dict[str, Any]:
    return {
        "url": path_of("my-flag", row.pk),
        "title": rules()[row.rule].title,
        "text": row.text,
        "code": row.state,
        "state": STATES[row.state],
        "due": row.due,
        "refund": row.refund,
        "waits": row.state == FlagState.OPEN and rules()[row.rule].answers == "unit",
        "late": row.due < clock.today(),
    }


@page(roles=UNIT)
def statement(request: Request, title_id: int) -> HttpResponse:
    """The account to print and to seal."""
    title = title_of(request.viewer, title_id)
    return workspace_page(
        request,
        "workspace/accounts/statement.html",
        {
            "title": title,
            "province": province_name(title.province),
            "sheet": queries.sheet(title),
            "lines": queries.book(title),
            "uses": all_uses(),
            "sources": SOURCES,
            "made": clock.now(),
        },
    )


@page(roles=UNIT)
def voucher(request: Request, voucher_id: int) -> HttpResponse:
    """One voucher, its flags, and the way to take it back."""
    row = queries.voucher(request.viewer, voucher_id)
    return workspace_page(
        request,
        "workspace/accounts/voucher.html",
        {
            "voucher": row,
            "title": row.account.title,
            "uses": all_uses(),
            "sources": SOURCES,
            "standing": standing(row),
            "flags": [_flag(each) for each in queries.flags_on(row)],
        },
    )


@page(roles=UNIT, methods=("GET", "POST"))
def reverse_voucher(request: Request, voucher_id: int) -> HttpResponse:
    """Ask once more, with the reason, then take the voucher back."""
    row = queries.voucher(request.viewer, voucher_id)
    problems: list[DomainError] = []
    if request.POST.get("confirmed") == "yes":
        with catching(problems):
            made = actions.reverse_voucher(
                viewer=request.viewer, voucher_id=voucher_id, reason=request.POST.get("reason", "")
            )
            return done(request, f"已冲销，冲销凭证 {made.number}。", "my-voucher", made.pk)
    return workspace_page(
        request,
        "workspace/accounts/reverse.html",
        {
            "voucher": row,
            "problems": problems,
            "errors": {each.field: each.message for each in problems if each.field},
            "values": typed(request, {"reason": ""}),
        },
    )


@page(roles=UNIT, methods=("GET", "POST"))
def flag(request: Request, flag_id: int) -> HttpResponse:
    """One flag on the unit's account, and its words about it."""
    row = queries.flag(request.viewer, flag_id)
    problems: list[DomainError] = []
    if request.method == "POST":
        with catching(problems):
            flags.answer_flag(
                viewer=request.viewer, flag_id=flag_id, text=request.POST.get("text", "")
            )
            return done(request, "说明已提交，等待省级财政部门认定。", "my-flag", flag_id)
    return workspace_page(
        request,
        "workspace/accounts/flag.html",
        {
            "flag": row,
            "title": row.title,
            "rule": rules()[row.rule],
            "state": STATES[row.state],
            "twin": queries.twin(request.viewer, row),
            "repeated": row.other_id is not None,
            "may_answer": queries.may_answer(request.viewer, row),
            "problems": problems,
            "errors": {each.field: each.message for each in problems if each.field},
            "values": typed(request, {"text": ""}),
        },
    )


@page(roles=SIGNED_IN)
def file(request: Request, voucher_id: int) -> HttpResponse:
    """The proof of a voucher within the viewer's scope."""
    return send_document(queries.voucher_file(request.viewer, voucher_id))


urlpatterns = [
    path("titles/<int:title_id>/account/", account, name="my-account"),
    path("titles/<int:title_id>/account/statement/", statement, name="my-account-statement"),
    path("vouchers/<int:voucher_id>/", voucher, name="my-voucher"),
    path("vouchers/<int:voucher_id>/reverse/", reverse_voucher, name="my-voucher-reverse"),
    path("vouchers/<int:voucher_id>/file/", file, name="voucher-file"),
    path("flags/<int:flag_id>/", flag, name="my-flag"),
    *accounts_entry.urlpatterns,
]
