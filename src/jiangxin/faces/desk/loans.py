"""Borrowing experts between provinces: the list, a request, and each side's word."""

from typing import Any

from django.db.models import Q
from django.http import HttpResponse
from django.urls import path

from jiangxin.core.kernel.errors import DomainError, Invalid
from jiangxin.core.kernel.regions import PROVINCES, province_name
from jiangxin.core.workflow import LoanState
from jiangxin.faces.frame.addresses import path_of
from jiangxin.faces.frame.listing import Column, Listing, choice, when
from jiangxin.faces.frame.pages import Request, catching, done, page, typed
from jiangxin.stages.experts import loans as lending
from jiangxin.stages.experts.choices import Field
from jiangxin.stages.experts.forms import read_date

from .experts import HR, READERS
from .navigation import Link, desk_page
from .programme import by_field

LINKS = (
    Link(
        name="desk-loans",
        label="专家借用",
        icon="users",
        roles=READERS,
        group="专家评审",
        waits=lending.loans_waiting,
        todo="待办:我",
        todo_label="待答复的专家商借",
    ),
)
SUBJECTS = {"loan": "desk-loan"}
STATES = dict(LoanState.choices())
MOST_COUNT = 2  # digits


def listing(request: Request) -> Listing:
    """The loans of the viewer's province; which wait depends on who looks."""
    waiting = lending.loans_waiting(request.viewer).rows.values("pk")
    return Listing(
        columns=(
            Column("name", "借用", lambda row: f"{row.get_field_display()}专家", sort="field"),
            Column(
                "borrower", "借入省份", lambda row: province_name(row.borrower), sort="borrower"
            ),
            Column("lender", "出借省份", lambda row: province_name(row.lender), sort="lender"),
            Column("state", "状态", lambda row: (row.state, STATES[row.state]), "state", "state"),
            Column(
                "expert",
                "专家",
                lambda row: row.expert.name if lending.knows_expert(request.viewer, row) else "—",
            ),
            Column("until", "借用至", lambda row: row.until, "date", "until"),
            Column("requested", "提出", lambda row: row.requested_at, "moment", "requested_at"),
            Column("reason", "事由", lambda row: row.reason, default=False),
        ),
        keywords=(
            choice("状态", "state", LoanState),
            choice("专业", "field", Field),
            when("待办", "等待本省答复", {"我": Q(pk__in=waiting)}),
        ),
        text=("reason__icontains",),
        text_help="在事由中查找",
        order=("-id",),
        link=lambda row: path_of("desk-loan", row.pk),
    )


@page(roles=READERS, methods=("GET", "POST"))
def loans(request: Request) -> HttpResponse:
    """Every loan of the viewer's province; a POST asks another one."""
    problems: list[DomainError] = []
    if request.method == "POST":
        with catching(problems):
            until = read_date(request.POST.get("until", ""), "借用至", "until")
            if until is None:
                raise Invalid("请填写借用截止日。", field="until")
            made = lending.request(
                viewer=request.viewer,
                lender=request.POST.get("lender", ""),
                field=request.POST.get("field", ""),
                count=_count(request.POST.get("count", "")),
                until=until,
                reason=request.POST.get("reason", ""),
            )
            text = f"已向{province_name(made[0].lender)}商借 {len(made)} 人，等待答复。"
            return done(request, text, "desk-loans")
    shown = listing(request).show(lending.loans(request.viewer), request)
    start = {name: request.GET.get(name, "") for name in ("field", "count")}
    return shown.export("专家借用") or desk_page(
        request,
        "desk/experts/loans.html",
        {
            "list": shown,
            "may_ask": request.viewer.role in HR and bool(request.viewer.province),
            "asking": bool(problems or start["field"]),
            "provinces": [
                (each.code, each.name) for each in PROVINCES if each.code != request.viewer.province
            ],
            "fields": Field.choices,
            "values": typed(request, start),
            "problems": problems,
            "errors": by_field(problems),
            "empty": {
                "title": "没有专家借用",
                "why": "本省某一专业回避后专家不足时，可向其他省份商借；出借省份和专家本人都同意后列入抽取名单。",
            },
        },
    )


def _count(text: str) -> int:
    good = text.isascii() and text.isdigit() and len(text) <= MOST_COUNT
    if not good:
        raise Invalid("请填写人数。", field="count")
    return int(text)


@page(roles=READERS, methods=("GET", "POST"))
def loan(request: Request, loan_id: int) -> HttpResponse:
    """One loan with what the viewer's province may say to it."""
    problems: list[DomainError] = []
    post = request.POST
    if request.method == "POST":
        given: dict[str, Any] = {"viewer": request.viewer, "loan_id": loan_id}
        act = post.get("act", "")
        with catching(problems):
            if act == "consent":
                chosen = post.get("expert", "")
                number = int(chosen) if chosen.isascii() and chosen.isdigit() else 0
                lending.consent(**given, expert_id=number)
                return done(request, "已同意出借，等待专家本人答复。", "desk-loan", loan_id)
            if act == "decline":
                lending.decline(**given, note=post.get("note", ""))
                return done(request, "已答复不出借。", "desk-loan", loan_id)
            if act == "end":
                lending.end(**given, note=post.get("note", ""))
                return done(request, "借用已结束。", "desk-loan", loan_id)
            raise Invalid("没有这一步。", remedy="请刷新页面。")
    row = lending.loan(request.viewer, loan_id)
    hr = request.viewer.role in HR
    return desk_page(
        request,
        "desk/experts/loan.html",
        {
            "loan": row,
            "state": STATES[row.state],
            "borrower": province_name(row.borrower),
            "lender": province_name(row.lender),
            "expert": row.expert if lending.knows_expert(request.viewer, row) else None,
            "candidates": lending.candidates(request.viewer, row)
            if row.state == LoanState.REQUESTED
            else [],
            "may_answer": hr
            and request.viewer.province == row.lender
            and row.state in (LoanState.REQUESTED, LoanState.CONSENTED),
            "may_end": hr
            and row.state in (LoanState.REQUESTED, LoanState.CONSENTED, LoanState.LENT),
            "values": typed(request),
            "problems": problems,
            "errors": by_field(problems),
        },
    )


urlpatterns = [
    path("loans/", loans, name="desk-loans"),
    path("loans/<int:loan_id>/", loan, name="desk-loan"),
]
