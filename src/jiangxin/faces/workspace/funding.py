"""What a unit does about funding: claim class and tier with proof, confirm what arrived, enter its own."""

from collections.abc import Iterator
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import path

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import DomainError, Invalid, NotFound
from jiangxin.core.kernel.money import wan
from jiangxin.core.workflow import ClaimState, Role, TitleState
from jiangxin.faces.frame.addresses import path_of
from jiangxin.faces.frame.pages import SIGNED_IN, Request, catching, done, page, typed
from jiangxin.faces.frame.sending import send_document
from jiangxin.records.documents.gates import ACCEPT, ALLOWED
from jiangxin.records.identity.viewer import Viewer
from jiangxin.stages.funding.actions import claims as claiming
from jiangxin.stages.funding.actions import payments as paying
from jiangxin.stages.funding.choices import Leg, Source
from jiangxin.stages.funding.queries import claims, payments, plans, received
from jiangxin.stages.funding.rules import read_amount, read_day, support_year
from jiangxin.stages.funding.tiers import tiers
from jiangxin.stages.titles.queries import title_of

from .navigation import workspace_page
from .titles import Entry

UNIT = frozenset({Role.APPLICANT})
SOURCES, LEGS = dict(Source.choices), dict(Leg.choices)
PLAIN = {
    ClaimState.DRAFT: "还没有提交。请选择类和档，说明理由，上传证明材料后提交。",
    ClaimState.CLAIMED: "已提交，等待省级人社部门核定。",
    ClaimState.RETURNED: "被退回。请按退回理由修改后再次提交。",
    ClaimState.CHECKED: "省级已核定，等待人社部、财政部共同确定。",
    ClaimState.VERIFIED: "人社部、财政部已确定类档。",
}


def entries(viewer: Viewer, title: Any) -> Iterator[Entry]:
    """The claim, and the money: what must be done about each."""
    row = claims.claim_of(viewer, title)
    if row is None and claims.may_claim(title):
        yield Entry(
            "申报类档",
            f"补助按类和档安排，{support_year(title.year)} 年发放。请对照类档申报并上传证明材料。",
            path_of("my-claim", title.pk),
            waits=True,
        )
    elif row is not None:
        state = ClaimState(row.state)
        waits = state in claiming.EDITABLE and title.state == TitleState.TITLED
        yield Entry("申报类档", PLAIN[state], path_of("my-claim", title.pk), waits=waits)
    if claims.is_registered(title):
        arriving = payments.unconfirmed(title).count()
        yield Entry(
            "补助资金",
            f"有 {arriving} 笔资金等您确认到账。"
            if arriving
            else "查看拨付情况，登记本单位投入的资金。",
            path_of("my-payments", title.pk),
            waits=bool(arriving),
        )


@page(roles=UNIT, methods=("GET", "POST"))
def claim(request: Request, title_id: int) -> HttpResponse:
    """The claim as it stands: to be filled in, or to be read with where it has got to."""
    title = title_of(request.viewer, title_id)
    row = claims.claim_of(request.viewer, title)
    problems: list[DomainError] = []
    if request.method == "POST":
        with catching(problems):
            row = claiming.save_claim(
                viewer=request.viewer,
                title_id=title_id,
                category=request.POST.get("category", ""),
                grade=request.POST.get("grade", ""),
                reason=request.POST.get("reason", ""),
            )
        problems += _files(request, row)
        if not problems:
            if request.POST.get("_go") == "next":
                return redirect("my-claim-submit", title_id)
            return done(request, "已暂存。", "my-claim", title_id)
    elif row is None and not claims.may_claim(title):
        raise NotFound(
            "这个称号没有类档申报。", remedy="只有两部备案登记、称号有效的项目申报类档。"
        )
    return _claim_page(request, title, row, problems)


def _files(request: Request, row: Any) -> list[DomainError]:
    """Keep the files that came with the page, take off those whose 删除 was pressed."""
    problems: list[DomainError] = []
    if row is None:
        return problems
    for number in request.POST.getlist("_drop"):
        if number.isascii() and number.isdigit() and len(number) < 10:
            with catching(problems):
                claiming.detach(viewer=request.viewer, claim_id=row.pk, file_id=int(number))
    for upload in request.FILES.getlist("file"):
        with catching(problems):
            claiming.attach(
                viewer=request.viewer,
                claim_id=row.pk,
                name=upload.name or "",
                size=upload.size or 0,
                content=upload,
            )
    return problems


def _claim_page(
    request: Request, title: Any, row: Any, problems: list[DomainError]
) -> HttpResponse:
    known, stored = tiers(title.kind), {"category": "", "grade": "", "reason": ""}
    state = ClaimState(row.state) if row else ClaimState.DRAFT
    if row:
        stored = {"category": row.category, "grade": row.grade, "reason": row.reason}
    return workspace_page(
        request,
        "workspace/funding/claim.html",
        {
            "title": title,
            "claim": row,
            "state": state.value,
            "label": state.label,
            "plain": PLAIN[state],
            "editable": state in claiming.EDITABLE and claims.may_claim(title),
            "year": support_year(title.year),
            "categories": list(known.categories.items()),
            "grades": [
                (each.code, f"{each.title}，{wan(each.amount)} 万元")
                for each in known.grades.values()
            ],
            "evidence": known.evidence,
            "files": claims.files(row) if row else [],
            "claimed": known.label(row.category, row.grade) if row and row.grade else "",
            "fixed": known.label(row.fixed_category, row.fixed_grade)
            if state is ClaimState.VERIFIED
            else "",
            "accept": ACCEPT,
            "allowed": ALLOWED,
            "problems": problems,
            "errors": {each.field: each.message for each in problems if each.field},
            "values": typed(request, stored),
        },
    )


@page(roles=UNIT, methods=("GET", "POST"))
def submit(request: Request, title_id: int) -> HttpResponse:
    """Ask once more with what is claimed, then submit."""
    title = title_of(request.viewer, title_id)
    row = claims.claim_of(request.viewer, title)
    if row is None:
        return redirect("my-claim", title_id)
    problems: list[DomainError] = []
    if request.method == "POST" and request.POST.get("confirmed") == "yes":
        with catching(problems):
            claiming.submit_claim(viewer=request.viewer, claim_id=row.pk)
            return done(request, "已提交，等待省级人社部门核定。", "my-claim", title_id)
    known = tiers(title.kind)
    label = known.label(row.category, row.grade) if row.grade else "（类档未选）"
    return workspace_page(
        request,
        "workspace/funding/submit.html",
        {
            "title": title,
            "names": [f"{title.name}：{label}，证明材料 {len(claims.files(row))} 份"],
            "consequences": ["提交后不能再改；需要更正的，由省级人社部门退回。"],
            "problems": problems,
        },
    )


@page(roles=UNIT, methods=("GET", "POST"))
def money(request: Request, title_id: int) -> HttpResponse:
    """The three sources apart, what waits to be confirmed, every entry, and the unit's own money."""
    title = title_of(request.viewer, title_id)
    if not claims.is_registered(title):
        raise NotFound("这个称号没有补助资金。", remedy="只登记两部备案登记的项目的资金。")
    problems: list[DomainError] = []
    if request.method == "POST":
        with catching(problems):
            return done(request, _act(request, title_id), "my-payments", title_id)
    viewer = request.viewer
    today = clock.today().isoformat()
    rows = list(payments.flows(viewer).filter(title=title))
    return workspace_page(
        request,
        "workspace/funding/money.html",
        {
            "title": title,
            "line": plans.line_of(viewer, title),
            "year": support_year(title.year),
            "received": received(title),
            "waiting": [
                {"row": each, "source": SOURCES[each.source]}
                for each in payments.unconfirmed(title)
            ],
            "entries": [
                {
                    "row": each,
                    "source": SOURCES[each.source],
                    "leg": LEGS[each.leg],
                    "word": _word(each),
                    "may_reverse": payments.may_reverse(viewer, each),
                }
                for each in rows
            ],
            "may": title.state == TitleState.TITLED,
            "today": today,
            "problems": problems,
            "errors": {each.field: each.message for each in problems if each.field},
            "values": typed(request, {"amount": "", "on": today, "doc_number": ""}),
        },
    )


def _word(row: Any) -> str:
    """How an entry stands, in plain words."""
    if row.reverses_id is not None:
        return f"冲销：{row.reason}"
    if getattr(row, "reversal", None) is not None:
        return "已冲销，不计入"
    if getattr(row, "arrival", None) is not None:
        return f"{clock.long_date(row.arrival.on)}到账"
    return {Leg.TO_PROVINCE: "已到省", Leg.OWN: "已登记"}.get(row.leg, "等您确认到账")


def _act(request: Request, title_id: int) -> str:
    """Confirm an arrival or enter own money; returns what to say. Raises what the action raises."""
    given = request.POST.get
    if given("act") == "confirm":
        number = given("payment", "")
        if not (number.isascii() and number.isdigit() and len(number) < 10):
            raise Invalid("没有这笔记录。", remedy="请刷新页面后再试。")
        paying.confirm_arrival(
            viewer=request.viewer,
            payment_id=int(number),
            on=read_day(given("arrived", ""), "arrived"),
        )
        return "已确认到账。"
    paying.record_payment(
        viewer=request.viewer,
        title_id=title_id,
        leg=Leg.OWN,
        amount=read_amount(given("amount", "")),
        on=read_day(given("on", "")),
        doc_number=given("doc_number", ""),
    )
    return "已登记本单位投入的资金。"


@page(roles=UNIT, methods=("GET", "POST"))
def reverse_own(request: Request, payment_id: int) -> HttpResponse:
    """Take back a wrong entry of the unit's own money."""
    row = payments.payment(request.viewer, payment_id)
    problems: list[DomainError] = []
    if request.method == "POST" and request.POST.get("confirmed") == "yes":
        with catching(problems):
            paying.reverse_payment(
                viewer=request.viewer,
                payment_id=payment_id,
                reason=request.POST.get("reason", ""),
            )
            return done(request, "已冲销，原记录保留可查。", "my-payments", row.title_id)
    return workspace_page(
        request,
        "workspace/funding/reverse.html",
        {
            "row": row,
            "name": f"{clock.long_date(row.on)} {LEGS[row.leg]} {wan(row.amount)} 万元",
            "problems": problems,
            "errors": {each.field: each.message for each in problems if each.field},
            "values": typed(request, {"reason": ""}),
        },
    )


@page(roles=SIGNED_IN)
def file(request: Request, claim_id: int, document_id: int) -> HttpResponse:
    """One file of a claim within the viewer's scope."""
    return send_document(claims.claim_file(request.viewer, claim_id, document_id))


T = "titles/<int:title_id>/"
urlpatterns = [
    path(T + "claim/", claim, name="my-claim"),
    path(T + "claim/submit/", submit, name="my-claim-submit"),
    path(T + "money/", money, name="my-payments"),
    path("payments/<int:payment_id>/reverse/", reverse_own, name="my-payment-reverse"),
    path("claims/<int:claim_id>/files/<int:document_id>/", file, name="claim-file"),
]
