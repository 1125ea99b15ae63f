"""An expert's own page: what the pool knows, what binds them, who asks to borrow them."""

from typing import Any

from django.http import HttpResponse
from django.urls import path

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import DomainError, Invalid
from jiangxin.core.kernel.regions import province_name
from jiangxin.core.workflow import LoanState, Role
from jiangxin.faces.frame.pages import Request, catching, done, page, typed
from jiangxin.stages.experts import actions, loans, queries
from jiangxin.stages.experts.choices import Tie
from jiangxin.stages.experts.forms import read_date, read_expert, values_of
from jiangxin.stages.programme.queries import pack

from .score_form import expert_page
from .todo import Work

EXPERT = frozenset({Role.EXPERT})
SUBJECTS = {"loan": "expert-loan"}
EXPERT_WORK = (Work("待答复的跨省借用", "expert-profile", loans.loans_waiting, "次"),)
LOANS = dict(LoanState.choices())


@page(roles=EXPERT, methods=("GET", "POST"))
def profile(request: Request) -> HttpResponse:
    """The own data; a POST changes contact and unit, or adds an employment or a relation."""
    found = queries.own_expert(request.viewer)
    problems: list[DomainError] = []
    if request.method == "POST":
        with catching(problems):
            text = STEPS.get(request.POST.get("act", ""), _unknown)(request, found)
            return done(request, text, "expert-profile")
    return _page(request, found, problems)


def _page(request: Request, found: Any, problems: list[DomainError]) -> HttpResponse:
    names = pack().occupations
    values = typed(request, values_of(found) | {"person_name": "", "note": "", "since": ""})
    return expert_page(
        request,
        "workspace/expert/profile.html",
        {
            "expert": found,
            "province": province_name(found.province),
            "occupations": [
                f"{code} {names[code].name}" if code in names else code
                for code in found.occupations
            ],
            "expired": found.term_until < clock.today(),
            "ties": Tie.choices,
            "loans": [
                {
                    "loan": each,
                    "borrower": province_name(each.borrower),
                    "state": LOANS[each.state],
                    "asks": each.state == LoanState.CONSENTED,
                }
                for each in loans.loans(request.viewer)
            ],
            "values": values,
            "problems": problems,
            "errors": {each.field: each.message for each in problems if each.field},
        },
        status=422 if problems else None,
    )


def _save(request: Request, found: Any) -> str:
    sent = {key: str(value) for key, value in request.POST.items()}
    fields, problems = read_expert({**values_of(found), **sent}, list(found.occupations))
    if problems:
        raise problems[0]
    own = {name: fields[name] for name in ("unit_name", "unit_uscc", "title", "phone", "email")}
    actions.edit(viewer=request.viewer, expert_id=found.pk, **own)
    return "已保存。工作单位变动的，原单位自动记入任职经历。"


def _employment(request: Request, found: Any) -> str:
    since = read_date(request.POST.get("since", ""), "起始日期", "since")
    if since is None:
        raise Invalid("请填写起始日期。", field="since")
    actions.add_employment(
        viewer=request.viewer,
        expert_id=found.pk,
        unit_name=request.POST.get("job_unit", ""),
        unit_uscc=request.POST.get("job_uscc", ""),
        since=since,
        until=read_date(request.POST.get("job_until", ""), "离开日期", "until"),
    )
    return "已登记任职经历，今后的抽取按此计算回避。"


def _relation(request: Request, found: Any) -> str:
    actions.add_relation(
        viewer=request.viewer,
        expert_id=found.pk,
        kind=request.POST.get("kind", ""),
        unit_name=request.POST.get("related_unit", ""),
        person_name=request.POST.get("person_name", ""),
        note=request.POST.get("note", ""),
        until=read_date(request.POST.get("tie_until", ""), "结束日期", "until"),
    )
    return "已登记利害关系，今后的抽取按此计算回避。"


def _unknown(request: Request, found: Any) -> str:
    raise Invalid("没有这一步。", remedy="请刷新页面。")


STEPS = {"save": _save, "employment": _employment, "relation": _relation}


@page(roles=EXPERT, methods=("GET", "POST"))
def loan(request: Request, loan_id: int) -> HttpResponse:
    """The expert's word on being lent; the page itself is the profile."""
    loans.loan(request.viewer, loan_id)
    found = queries.own_expert(request.viewer)
    problems: list[DomainError] = []
    if request.method == "POST":
        with catching(problems):
            if request.POST.get("act") == "accept":
                loans.accept(viewer=request.viewer, loan_id=loan_id)
                return done(request, "已同意借用。", "expert-profile")
            loans.decline(viewer=request.viewer, loan_id=loan_id, note=request.POST.get("note", ""))
            return done(request, "已答复不参加。", "expert-profile")
    return _page(request, found, problems)


urlpatterns = [
    path("profile/", profile, name="expert-profile"),
    path("profile/loans/<int:loan_id>/", loan, name="expert-loan"),
]
