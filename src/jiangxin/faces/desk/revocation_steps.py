"""The steps of a case of revocation after its proposal, each on a page of its own."""

from typing import Any

from django.http import HttpResponse
from django.urls import path, reverse

from jiangxin.core.kernel import clock, money
from jiangxin.core.kernel.errors import DomainError, Invalid, NotFound
from jiangxin.core.workflow import PROVINCIAL, RevocationState, Role
from jiangxin.faces.frame.asking import FILES, Ask, Question, day, whole
from jiangxin.faces.frame.pages import Request, catching, done, page
from jiangxin.faces.frame.uploads import uploads
from jiangxin.stages.revocation import queries
from jiangxin.stages.revocation.actions import decision, hearing, proposal

from .asking import ask_page, confirm_page, confirmed

HR = frozenset({Role.PROVINCE_HR})
S = RevocationState


def kicker(row: Any) -> str:
    """Which title the page is about."""
    return f"{row.title.name} · {row.title.unit_name}"


def _button(row: Any, step: str, label: str, tone: str = "") -> dict[str, str]:
    url = reverse(f"desk-revocation-{step}", args=[row.pk])
    return {"label": label, "url": url, "tone": tone}


def buttons(row: Any) -> list[dict[str, str]]:
    """What HR may do now, the usual next step first."""
    found: list[dict[str, str]] = []
    if row.state == S.PROPOSED:
        found = [
            _button(row, "notify", "告知单位…", "primary"),
            _button(row, "edit", "修改"),
        ]
    elif row.state == S.NOTICED and row.served_on is None:
        found = [_button(row, "serve", "登记送达", "primary")]
    elif row.state == S.NOTICED:
        found = [
            _button(row, "close", "结束陈述申辩…", "primary"),
            _button(row, "statement", "登记单位的陈述"),
            _button(row, "hearing", "登记听证情况"),
        ]
    elif row.state == S.HEARD:
        draft = _button(row, "decision", "修改决定" if row.decision else "拟写决定")
        decide = [_button(row, "decide", "决定取消称号…", "danger")] if row.decision else []
        found = [*decide, draft]
    elif row.state == S.DECIDED:
        found = [_button(row, "publish", "公布决定…", "primary")]
    if row.open:
        found.append(_button(row, "dismissal", "提出不予取消"))
    if row.open and row.dismissal:
        found.append(_button(row, "dismiss", "不予取消…"))
    return found


def follow_up(row: Any) -> list[dict[str, str]]:
    """What both departments may record after a decision."""
    found = []
    if row.state in (S.DECIDED, S.PUBLISHED):
        for what, label, kept in (
            ("plaque", "登记牌匾收回", row.plaque_on),
            ("repayment", "登记资金退回", row.repaid_on or not row.repay),
        ):
            if not kept:
                url = reverse("desk-revocation-follow", args=[row.pk, what])
                found.append({"label": label, "url": url, "tone": ""})
    return found


def _back(case_id: int) -> str:
    return reverse("desk-revocation", args=[case_id])


@page(roles=HR, methods=("GET", "POST"))
def notify(request: Request, case_id: int) -> HttpResponse:
    """Ask once more, then tell the unit."""
    row = queries.case(request.viewer, case_id)
    if confirmed(request):
        proposal.notify(viewer=request.viewer, case_id=case_id)
        return done(request, "已告知单位，等待签收。", "desk-revocation", case_id)
    account = queries.has_account(row.title)
    return confirm_page(
        request,
        title="告知拟取消称号",
        kicker=kicker(row),
        question="向单位送达拟取消称号告知书？",
        names=[f"{row.title.number} {row.title.name}（{row.title.unit_name}）"],
        verb="告知",
        consequences=[
            f"事由：{row.get_cause_display()}；事实、理由和证据单位都能看到，告知后不能再改。",
            f"自送达次日起 {queries.hearing_days(row.title)} 个工作日内，单位可以陈述申辩、要求听证。",
            "单位在网上签收即为送达。"
            if account
            else "该单位没有账号：请线下送达，再登记送达日期和方式。",
        ],
        clause=row.clause,
        back=_back(case_id),
    )


@page(roles=HR, methods=("GET", "POST"))
def serve(request: Request, case_id: int) -> HttpResponse:
    """Record how and when the notice reached the unit."""
    row = queries.case(request.viewer, case_id)
    problems: list[DomainError] = []
    if request.method == "POST":
        with catching(problems):
            hearing.record_service(
                viewer=request.viewer,
                case_id=case_id,
                on=day(request.POST.get("on", "")),
                how=request.POST.get("how", ""),
            )
            return done(request, "送达已登记，期限已起算。", "desk-revocation", case_id)
    ask = Ask(
        title="登记送达",
        kicker=kicker(row),
        intro=("单位没有在网上签收的，登记线下送达；陈述申辩期自送达次日起算。",),
        questions=(
            Question("on", "送达日期", "date"),
            Question("how", "送达方式", help="例如：直接送达，张某签收；邮寄，回执号；公告送达。"),
        ),
        button="登记送达",
        action=request.path,
        back=_back(case_id),
    )
    return ask_page(request, ask, problems, {"on": clock.today().isoformat(), "how": ""})


@page(roles=HR, methods=("GET", "POST"))
def statement(request: Request, case_id: int) -> HttpResponse:
    """Record what a unit said on paper or by mouth."""
    row = queries.case(request.viewer, case_id)
    problems: list[DomainError] = []
    if request.method == "POST":
        with catching(problems):
            hearing.record_statement(
                viewer=request.viewer,
                case_id=case_id,
                text=request.POST.get("text", ""),
                wants_hearing=request.POST.get("wants_hearing") == "yes",
                uploads=uploads(request, FILES),
            )
            return done(request, "单位的陈述申辩已登记。", "desk-revocation", case_id)
    ask = Ask(
        title="登记单位的陈述申辩",
        kicker=kicker(row),
        questions=(
            Question("text", "陈述申辩的内容", "longtext", max_length=5000),
            Question("wants_hearing", "单位要求听证", "attest", required=False),
        ),
        files="单位的材料",
        button="登记",
        action=request.path,
        back=_back(case_id),
    )
    return ask_page(request, ask, problems)


@page(roles=HR, methods=("GET", "POST"))
def hearing_record(request: Request, case_id: int) -> HttpResponse:
    """Record the hearing that was held."""
    row = queries.case(request.viewer, case_id)
    problems: list[DomainError] = []
    if request.method == "POST":
        with catching(problems):
            hearing.record_hearing(
                viewer=request.viewer,
                case_id=case_id,
                text=request.POST.get("text", ""),
                uploads=uploads(request, FILES),
            )
            return done(request, "听证情况已登记。", "desk-revocation", case_id)
    ask = Ask(
        title="登记听证情况",
        kicker=kicker(row),
        questions=(
            Question(
                "text",
                "听证情况",
                "longtext",
                help="写明时间、地点、参加人和各方意见。",
                max_length=5000,
            ),
        ),
        files="听证笔录",
        button="登记",
        action=request.path,
        back=_back(case_id),
    )
    return ask_page(request, ask, problems, {"text": row.hearing_record})


@page(roles=HR, methods=("GET", "POST"))
def close(request: Request, case_id: int) -> HttpResponse:
    """Ask once more, then end the hearing of the unit."""
    row = queries.case(request.viewer, case_id)
    if confirmed(request):
        hearing.close_hearing(viewer=request.viewer, case_id=case_id)
        return done(request, "陈述申辩已结束，可以拟写决定。", "desk-revocation", case_id)
    said = queries.statements(row)
    until = clock.long_date(row.hearing_until) if row.hearing_until else "尚未送达"
    return confirm_page(
        request,
        title="结束陈述申辩",
        kicker=kicker(row),
        question="结束听取单位的陈述申辩？",
        names=[row.title.name],
        verb="结束陈述申辩",
        consequences=[
            f"陈述申辩期满日：{until}{'，已期满' if queries.hearing_over(row) else ''}。",
            f"单位已陈述 {len(said)} 次，要求听证 {sum(each.wants_hearing for each in said)} 次。",
            "结束后单位不能再补充；期限未满且单位没有陈述的，不能结束。",
        ],
        clause=row.clause,
        back=_back(case_id),
    )


@page(roles=HR, methods=("GET", "POST"))
def draft(request: Request, case_id: int) -> HttpResponse:
    """Write the decision and its consequences."""
    row = queries.case(request.viewer, case_id)
    problems: list[DomainError] = []
    if request.method == "POST":
        with catching(problems):
            decision.draft_decision(viewer=request.viewer, case_id=case_id, ruling=_ruling(request))
            return done(request, "决定已拟出，请两部门表态。", "desk-revocation", case_id)
    least = queries.least_barred_years(row)
    ask = Ask(
        title="拟写取消称号的决定",
        kicker=kicker(row),
        clause=row.clause,
        intro=("正文和文号要向社会公布：不要写入身份证号、手机号、账号。",),
        questions=(
            Question("decision", "决定正文", "longtext", max_length=5000),
            Question("doc_number", "文号", required=False, max_length=60),
            Question("repay", "应退回资金", "money", help="不需退回的填 0。"),
            Question(
                "barred_years",
                "不得申报年数",
                "integer",
                unit="年",
                help=f"自决定之日起计算；不限制的填 0，现行规定不少于 {least} 年。",
            ),
        ),
        button="保存",
        action=request.path,
        back=_back(case_id),
    )
    stored = {
        "decision": row.decision,
        "doc_number": row.doc_number,
        "repay": money.wan(row.repay),
        "barred_years": str(row.barred_years or least),
    }
    return ask_page(request, ask, problems, stored)


def _ruling(request: Request) -> decision.Ruling:
    try:
        repay = money.parse_wan(request.POST.get("repay", "") or "0")
    except Invalid as error:
        raise Invalid(error.message, remedy=error.remedy, field="repay") from None
    return decision.Ruling(
        text=request.POST.get("decision", ""),
        doc_number=request.POST.get("doc_number", ""),
        repay=repay,
        barred_years=whole(request.POST.get("barred_years", "") or "0"),
    )


@page(roles=HR, methods=("GET", "POST"))
def decide(request: Request, case_id: int) -> HttpResponse:
    """Ask once more, with everything that follows, then take the title away."""
    row = queries.case(request.viewer, case_id)
    if confirmed(request):
        decision.decide(viewer=request.viewer, case_id=case_id)
        return done(request, "称号已取消，请公布决定。", "desk-revocation", case_id)
    years = row.barred_years
    return confirm_page(
        request,
        title="决定取消称号",
        kicker=kicker(row),
        question="取消以下称号？",
        names=[f"{row.title.number} {row.title.name}（{row.title.unit_name}）"],
        verb="取消称号",
        consequences=[
            "称号和建设项目同时转为“已取消称号”，不能恢复；名录保留记录。",
            f"应退回资金 {money.wan(row.repay)} 万元。" if row.repay else "不要求退回资金。",
            f"{years} 年内不得申报。" if years else "不限制以后申报。",
            "决定随后向社会公布，单位会收到通知。",
        ],
        clause=row.clause,
        back=_back(case_id),
        danger=True,
    )


@page(roles=HR, methods=("GET", "POST"))
def dismissal(request: Request, case_id: int) -> HttpResponse:
    """Propose to leave the title as it is."""
    row = queries.case(request.viewer, case_id)
    problems: list[DomainError] = []
    if request.method == "POST":
        with catching(problems):
            row = proposal.propose_dismissal(
                viewer=request.viewer, case_id=case_id, reason=request.POST.get("reason", "")
            )
            text = "已提出不予取消，请两部门表态。" if row.dismissal else "已收回“不予取消”的提议。"
            return done(request, text, "desk-revocation", case_id)
    ask = Ask(
        title="提出不予取消",
        kicker=kicker(row),
        intro=("两部门都同意后，称号保留，本事项终结。清空理由并保存，即收回提议。",),
        questions=(
            Question("reason", "不予取消的理由", "longtext", required=False, max_length=1000),
        ),
        button="保存",
        action=request.path,
        back=_back(case_id),
    )
    return ask_page(request, ask, problems, {"reason": row.dismissal})


@page(roles=HR, methods=("GET", "POST"))
def dismiss(request: Request, case_id: int) -> HttpResponse:
    """Ask once more, then end the case; the title stays."""
    row = queries.case(request.viewer, case_id)
    if confirmed(request):
        proposal.dismiss(viewer=request.viewer, case_id=case_id)
        return done(request, "本事项已终结，称号保留。", "desk-revocation", case_id)
    return confirm_page(
        request,
        title="不予取消称号",
        kicker=kicker(row),
        question="终结本事项，保留以下称号？",
        names=[row.title.name],
        verb="不予取消",
        consequences=[f"理由：{row.dismissal}", "以后有新的事实，可以重新提出。"],
        clause=row.clause,
        back=_back(case_id),
    )


@page(roles=HR, methods=("GET", "POST"))
def publish(request: Request, case_id: int) -> HttpResponse:
    """Ask once more, with what the public will read, then publish the decision."""
    row = queries.case(request.viewer, case_id)
    if confirmed(request):
        decision.publish(viewer=request.viewer, case_id=case_id)
        return done(request, "决定已公布。", "desk-revocation", case_id)
    return confirm_page(
        request,
        title="公布决定",
        kicker=kicker(row),
        question="向社会公布这项决定？",
        names=[f"{row.title.name}（{row.title.unit_name}）"],
        verb="公布",
        consequences=[
            f"公布的内容：{row.doc_number} {row.decision}",
            "事由、文号和正文公开；事实材料和单位的陈述不公开。公布后不能修改。",
        ],
        clause=row.clause,
        back=_back(case_id),
    )


FOLLOW = {
    "plaque": ("登记牌匾收回", "牌匾收回日期", decision.record_plaque),
    "repayment": ("登记资金退回", "资金退回日期", decision.record_repayment),
}


@page(roles=frozenset(PROVINCIAL), methods=("GET", "POST"))
def follow(request: Request, case_id: int, what: str) -> HttpResponse:
    """Record that a consequence of the decision was carried out."""
    row = queries.case(request.viewer, case_id)
    if what not in FOLLOW:
        raise NotFound("没有这种登记。")
    title, label, act = FOLLOW[what]
    problems: list[DomainError] = []
    if request.method == "POST":
        with catching(problems):
            act(viewer=request.viewer, case_id=case_id, on=day(request.POST.get("on", "")))
            return done(request, "已登记。", "desk-revocation", case_id)
    ask = Ask(
        title=title,
        kicker=kicker(row),
        intro=(f"应退回资金 {money.wan(row.repay)} 万元。",) if what == "repayment" else (),
        questions=(Question("on", label, "date"),),
        button="登记",
        action=request.path,
        back=_back(case_id),
    )
    return ask_page(request, ask, problems, {"on": clock.today().isoformat()})


A = "revocations/<int:case_id>/"
urlpatterns = [
    path(A + "notify/", notify, name="desk-revocation-notify"),
    path(A + "serve/", serve, name="desk-revocation-serve"),
    path(A + "statement/", statement, name="desk-revocation-statement"),
    path(A + "hearing/", hearing_record, name="desk-revocation-hearing"),
    path(A + "close/", close, name="desk-revocation-close"),
    path(A + "decision/", draft, name="desk-revocation-decision"),
    path(A + "decide/", decide, name="desk-revocation-decide"),
    path(A + "dismissal/", dismissal, name="desk-revocation-dismissal"),
    path(A + "dismiss/", dismiss, name="desk-revocation-dismiss"),
    path(A + "publish/", publish, name="desk-revocation-publish"),
    path(A + "follow/<slug:what>/", follow, name="desk-revocation-follow"),
]
