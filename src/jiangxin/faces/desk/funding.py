"""The post-subsidy at the desk; here the claims: the province checks, both ministries fix class and tier."""

from typing import Any

from django.http import HttpResponse
from django.urls import path, reverse

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import DomainError, Invalid
from jiangxin.core.kernel.money import wan
from jiangxin.core.kernel.regions import province_name
from jiangxin.core.workflow import MACHINES, MINISTRIES, ClaimState, Role
from jiangxin.faces.frame.addresses import path_of
from jiangxin.faces.frame.filters import query
from jiangxin.faces.frame.keywords import choice, number, province, when
from jiangxin.faces.frame.listing import Column, Listing
from jiangxin.faces.frame.pages import Request, catching, done, page, typed
from jiangxin.stages.funding.actions import claims as actions
from jiangxin.stages.funding.queries import claims as queries
from jiangxin.stages.funding.queries.payments import payments_waiting
from jiangxin.stages.funding.queries.plans import plans_waiting
from jiangxin.stages.funding.rules import band_text, read_amount
from jiangxin.stages.funding.tiers import assumption, tiers

from . import funding_payments, funding_plans
from .funding_payments import KINDS, READERS, ticked
from .marks import shown_marks
from .navigation import Link, desk_page

BOTH = frozenset(MINISTRIES)
HR = frozenset({Role.PROVINCE_HR})
GROUP = "后补助"
STATES = dict(ClaimState.choices())
STEPS = {step.event: step.label for step in MACHINES["claim"].transitions}
STEPS |= {
    "claim.adjusted": "调整类档",
    "concurrence.given": "部门表态",
    "concurrence.voided": "表态失效",
}
SUBJECTS = {"claim": "desk-claim", "plan": "desk-plan"}
LINKS = (
    Link(
        name="desk-claims",
        label="分类分档",
        icon="medal",
        roles=READERS,
        group=GROUP,
        waits=queries.claims_waiting,
        todo="待办:全部",
    ),
    Link(
        name="desk-plans",
        label="资金分配方案",
        icon="scale",
        roles=funding_plans.NATIONAL,
        group=GROUP,
        waits=plans_waiting,
        todo="状态:编制中",
    ),
    Link(
        name="desk-funds",
        label="资金拨付",
        icon="money",
        roles=READERS,
        group=GROUP,
        waits=payments_waiting,
        todo="待办:全部",
    ),
    Link(name="desk-payments", label="资金流水", icon="list", roles=READERS, group=GROUP),
)


def _claimed(row: Any) -> str:
    return tiers(row.title.kind).label(row.category, row.grade)


def _fixed(row: Any) -> str:
    known = tiers(row.title.kind)
    return known.label(row.fixed_category, row.fixed_grade) if row.fixed_grade else ""


CLAIMS = Listing(
    columns=(
        Column("title", "项目", lambda row: row.title.name, sort="title__name"),
        Column(
            "province",
            "省份",
            lambda row: province_name(row.title.province),
            sort="title__province",
        ),
        Column("year", "年度", lambda row: str(row.title.year), sort="title__year"),
        Column("unit", "单位", lambda row: row.title.unit_name, sort="title__unit_name"),
        Column("kind", "类别", lambda row: KINDS[row.title.kind], sort="title__kind"),
        Column("claimed", "申报类档", _claimed, sort="grade"),
        Column("fixed", "拟定或确定类档", _fixed, sort="fixed_grade"),
        Column("amount", "补助标准", lambda row: row.amount, "money", "amount"),
        Column("state", "状态", lambda row: (row.state, STATES[row.state]), "state", "state"),
        Column("at", "申报时间", lambda row: row.submitted_at, "moment", "submitted_at"),
        Column("number", "编号", lambda row: row.title.number, sort="title__number", default=False),
    ),
    keywords=(
        when("待办", "等待本部门办理", {"全部": queries.WAITING}),
        province("title__province"),
        number("年", "title__year", "备案年度，例如 2025", example="2025"),
        choice("类别", "title__kind", KINDS.items()),
        choice("状态", "state", [each for each in ClaimState if each != ClaimState.DRAFT]),
    ),
    text=("title__name__icontains", "title__unit_name__icontains", "title__number__icontains"),
    text_help="在项目、单位、编号中查找",
    order=("-title__year", "title__province", "id"),
    link=lambda row: path_of("desk-claim", row.pk),
)


@page(roles=READERS)
def claims(request: Request) -> HttpResponse:
    """Every claim in scope; a ministry agrees to several at once."""
    shown = CLAIMS.show(queries.listed(request.viewer), request)
    answer = shown.export("分类分档")
    if answer:
        return answer
    counts = queries.claim_counts(request.viewer)
    tiles = [
        {
            "label": label,
            "value": counts.get(state, 0),
            "unit": "项",
            "url": reverse("desk-claims") + query({"q": f"状态:{STATES[state]}"}),
        }
        for state, label in (
            (ClaimState.CLAIMED, "待省级核定"),
            (ClaimState.CHECKED, "待两部确定"),
            (ClaimState.RETURNED, "退回单位"),
            (ClaimState.VERIFIED, "已确定"),
        )
    ]
    return desk_page(
        request,
        "desk/funding/claims.html",
        {
            "list": shown,
            "tiles": tiles,
            "may_agree": request.viewer.role in BOTH,
            "assumption": assumption(),
            "empty": {
                "title": "还没有类档申报",
                "why": "两部备案登记后，项目单位对照类、档提出申报并上传证明材料。",
            },
        },
    )


@page(roles=READERS, methods=("GET", "POST"))
def claim(request: Request, claim_id: int) -> HttpResponse:
    """One claim: what the unit says and proves, what is to be fixed, and whose turn it is."""
    problems: list[DomainError] = []
    row = queries.claim(request.viewer, claim_id)
    if request.method == "POST":
        with catching(problems):
            return done(request, _act(request, row), "desk-claim", claim_id)
    known, viewer, state = tiers(row.title.kind), request.viewer, row.state
    checked = state == ClaimState.CHECKED
    stored = {
        "category": row.fixed_category,
        "grade": row.fixed_grade,
        "amount": wan(row.amount) if row.amount else "",
        "adjust_reason": row.fixed_reason,
    }
    return desk_page(
        request,
        "desk/funding/claim.html",
        {
            "claim": row,
            "title": row.title,
            "kind": KINDS[row.title.kind],
            "state": STATES[state],
            "claimed": _claimed(row),
            "fixed": _fixed(row),
            "band": band_text(row.title.kind, row.title.year),
            "files": queries.files(row),
            "steps": _history(row),
            "marks": shown_marks(queries.claim_marks(row)),
            "digest": row.digest(),
            "categories": list(known.categories.items()),
            "grades": [
                (each.code, f"{each.title}（{wan(each.amount)} 万元）")
                for each in known.grades.values()
            ],
            "may_check": state == ClaimState.CLAIMED and viewer.role in HR,
            "may_fix": checked and viewer.role in BOTH,
            "problems": problems,
            "errors": {each.field: each.message for each in problems if each.field},
            "values": typed(request, stored),
        },
    )


def _act(request: Request, row: Any) -> str:
    """Do what the pressed button asks for; returns what to say. Raises what the action raises."""
    given, act = request.POST.get, request.POST.get("act", "")
    if act == "check":
        actions.check_claim(viewer=request.viewer, claim_id=row.pk, opinion=given("opinion", ""))
        return "已核定，报两部确定类档。"
    if act == "return":
        actions.return_claim(viewer=request.viewer, claim_id=row.pk, reason=given("reason", ""))
        return "已退回项目单位，理由已告知。"
    if act == "adjust":
        text = given("amount", "").strip()
        actions.adjust_claim(
            viewer=request.viewer,
            claim_id=row.pk,
            category=given("category", ""),
            grade=given("grade", ""),
            amount=read_amount(text) if text else None,
            reason=given("adjust_reason", ""),
        )
        return "类档已调整，请两部重新会商。"
    raise Invalid("没有这种办理方式。", remedy="请刷新页面后再试。")


def _history(row: Any) -> list[dict[str, Any]]:
    return [
        {
            "label": STEPS[event.type],
            "at": event.at.astimezone(clock.BEIJING).date(),
            "note": Role(event.role).label,
            "status": "done",
        }
        for event in queries.claim_history(row)
        if event.type in STEPS
    ]


@page(roles=BOTH, methods=("POST",))
def concur(request: Request, claim_id: int) -> HttpResponse:
    """The viewer's ministry agrees to class, tier and amount, or says why not."""
    agreed = request.POST.get("word") == "agreed"
    row = actions.concur_claim(
        viewer=request.viewer,
        claim_id=claim_id,
        digest=request.POST.get("digest", ""),
        agreed=agreed,
        remark=request.POST.get("remark", ""),
    )
    text = "本部意见已记录。"
    if row.state == ClaimState.VERIFIED:
        text = "两部一致，类档已确定，已告知项目单位。"
    return done(request, text, "desk-claim", claim_id)


@page(roles=BOTH, methods=("POST",))
def agree(request: Request) -> HttpResponse:
    """Agree to the ticked claims: first names, tiers and amounts, then, confirmed, all or none."""
    waiting = queries.listed(request.viewer).filter(queries.WAITING, pk__in=ticked(request))
    rows = list(waiting.order_by("title__province", "pk"))
    if not rows:
        raise Invalid("没有选中等待本部表态的申报。", remedy="请返回列表，先勾选再办理。")
    if request.POST.get("confirmed") == "yes":
        read = {row.pk: request.POST.get(f"digest-{row.pk}", "") for row in rows}
        actions.concur_claims(viewer=request.viewer, digests=read)
        return done(request, f"已同意 {len(rows)} 项类档。", "desk-claims")
    return desk_page(
        request,
        "desk/funding/agree.html",
        {
            "rows": rows,
            "names": [
                f"{province_name(x.title.province)} {x.title.name}（{x.title.unit_name}）："
                f"{_fixed(x)}，{wan(x.amount)} 万元"
                for x in rows
            ],
            "consequences": [
                f"合计 {wan(sum(x.amount for x in rows))} 万元。",
                "另一部也同意的，类档即行确定，不能再改，并告知项目单位。",
            ],
        },
    )


urlpatterns = [
    path("claims/", claims, name="desk-claims"),
    path("claims/agree/", agree, name="desk-claims-agree"),
    path("claims/<int:claim_id>/", claim, name="desk-claim"),
    path("claims/<int:claim_id>/concur/", concur, name="desk-claim-concur"),
    *funding_plans.urlpatterns,
    *funding_payments.urlpatterns,
]
