"""Cases of revocation: what lies ready, the list, one case with its whole course, the proposal."""

from typing import Any

from django.http import HttpResponse
from django.urls import path, reverse

from jiangxin.core.kernel.errors import DomainError, NotFound
from jiangxin.core.kernel.money import wan
from jiangxin.core.kernel.regions import province_name
from jiangxin.core.workflow import PROVINCIAL, RevocationState
from jiangxin.faces.frame.addresses import path_of
from jiangxin.faces.frame.asking import FILES, Ask, Question, dropped, files
from jiangxin.faces.frame.filters import query
from jiangxin.faces.frame.keywords import choice, contains, province, when
from jiangxin.faces.frame.listing import Column, Listing
from jiangxin.faces.frame.pages import Request, catching, done, page
from jiangxin.faces.frame.sending import send_document
from jiangxin.faces.frame.uploads import uploads
from jiangxin.stages.accounts.queries import confirmed_flags
from jiangxin.stages.revocation import queries
from jiangxin.stages.revocation.actions import proposal
from jiangxin.stages.revocation.choices import CLAUSES, Act, Cause

from . import accounts_flags, revocation_steps
from .asking import ask_page
from .marks import shown_marks
from .navigation import Link, desk_page
from .revocation_steps import HR, kicker
from .titles import COLUMNS, GROUP, KEYWORDS, READERS, TITLES

BOTH = frozenset(PROVINCIAL)
S = RevocationState
STATES, CAUSES = dict(S.choices()), dict(Cause.choices)
TODO = "待办:本部门"
SUBJECTS = {"revocation": "desk-revocation"}  # where a message about one leads
LINKS = (
    Link(
        name="desk-revocations",
        label="取消称号",
        icon="slash",
        roles=READERS,
        group=GROUP,
        waits=queries.cases_waiting,
        todo=TODO,
    ),
    Link(
        name="desk-revocation-ready",
        label="应提出取消",
        icon="hourglass",
        roles=READERS,
        group=GROUP,
        waits=queries.ready_waiting,
    ),
)
CASES = Listing(
    columns=(
        Column("title", "项目", lambda row: row.title.name, sort="title__name"),
        Column("unit", "建设单位", lambda row: row.title.unit_name, sort="title__unit_name"),
        Column("number", "编号", lambda row: row.title.number, sort="title__number"),
        Column(
            "province",
            "省份",
            lambda row: province_name(row.title.province),
            sort="title__province",
        ),
        Column("cause", "事由", lambda row: CAUSES[row.cause], sort="cause"),
        Column("state", "状态", lambda row: (row.state, STATES[row.state]), "state", "state"),
        Column("until", "陈述申辩至", lambda row: row.hearing_until, "date", "hearing_until"),
        Column("proposed", "提出", lambda row: row.proposed_at, "moment", "proposed_at"),
        Column("ended", "决定", lambda row: row.ended_at, "moment", "ended_at", default=False),
        Column("doc", "文号", lambda row: row.doc_number, default=False),
        Column("repay", "应退回资金（万元）", lambda row: row.repay, "money", default=False),
        Column("repaid", "资金退回", lambda row: row.repaid_on, "date", default=False),
        Column("plaque", "牌匾收回", lambda row: row.plaque_on, "date", default=False),
    ),
    keywords=(
        choice("状态", "state", S),
        choice("事由", "cause", Cause),
        province("title__province"),
        contains("单位", "title__unit_name", example="单位:学院"),
        when("待办", "等待本部门办理的事项", {"本部门": queries.WAITING}),
    ),
    text=("title__number__icontains", "title__name__icontains", "title__unit_name__icontains"),
    text_help="在编号、项目、单位中查找",
    order=("-proposed_at", "-id"),
    link=lambda row: path_of("desk-revocation", row.pk),
)
READY = Listing(
    columns=(
        Column("cause", "情形", lambda row: CAUSES[row.due_cause]),
        *COLUMNS,
    ),
    keywords=KEYWORDS,
    text=TITLES.text,
    text_help=TITLES.text_help,
    order=TITLES.order,
    link=TITLES.link,
)


@page(roles=READERS)
def cases(request: Request) -> HttpResponse:
    """Every case of the scope."""
    shown = CASES.show(queries.cases(request.viewer), request)
    tools = []
    if request.viewer.role in HR:
        chosen = reverse("desk-titles") + query({"q": "状态:有效"})
        tools = [("应提出取消的", reverse("desk-revocation-ready")), ("选择称号提出…", chosen)]
    return shown.export("取消称号") or desk_page(
        request,
        "desk/titles/list.html",
        {
            "list": shown,
            "heading": "取消称号",
            "clauses": ("4.2", "4.3"),
            "tools": tools,
            "intro": "提出、告知、陈述申辩、决定、公布，依次办理；告知和决定须两部门同意，不能跳过陈述申辩。",
            "tiles": [],
            "empty": {
                "title": "没有取消称号的事项",
                "why": "整改期满仍不符合、考核不合格、运行停滞或达不到产出目标的，由人社部门提出。",
            },
        },
    )


@page(roles=READERS)
def ready(request: Request) -> HttpResponse:
    """The titles for which the notice asks for a revocation; a person decides on each (N51)."""
    shown = READY.show(queries.ready(request.viewer), request)
    return shown.export("应提出取消") or desk_page(
        request,
        "desk/titles/list.html",
        {
            "list": shown,
            "heading": "应提出取消的称号",
            "clauses": ("4.2", "4.3"),
            "tools": [("取消称号事项", reverse("desk-revocations"))],
            "intro": "已具备通知规定的情形、尚未提出的称号。系统只列出，不自动取消：打开称号后由人社部门提出。",
            "tiles": [],
            "empty": {"title": "没有应提出取消的称号", "why": "考核不合格或整改期满的会列在这里。"},
        },
    )


def _questions() -> tuple[Question, ...]:
    causes = tuple((each.value, f"{each.label}（{CLAUSE_WORDS[CLAUSES[each]]}）") for each in Cause)
    return (
        Question("cause", "事由", "choice_radio", options=causes),
        Question(
            "facts",
            "事实和理由",
            "longtext",
            help="写明经过、依据和证据；将告知单位。选择“其他”的，写明依据的规定。",
            max_length=5000,
        ),
    )


CLAUSE_WORDS = {"4.1": "四（一）", "4.2": "四（二）", "4.3": "四（三）"}


@page(roles=HR, methods=("GET", "POST"))
def propose(request: Request, title_id: int) -> HttpResponse:
    """Propose to take a title away."""
    title = queries.title_judged(request.viewer, title_id)
    problems: list[DomainError] = []
    if request.method == "POST":
        with catching(problems):
            row = proposal.propose(
                viewer=request.viewer,
                title_id=title_id,
                cause=request.POST.get("cause", ""),
                facts=request.POST.get("facts", ""),
                uploads=uploads(request, FILES),
            )
            return done(request, "已提出，请两部门对告知内容表态。", "desk-revocation", row.pk)
    ask = Ask(
        title="提出取消称号",
        kicker=f"{title.name} · {title.unit_name}",
        intro=(
            "提出后，两部门同意才告知单位。",
            f"单位收到告知书后有 {queries.hearing_days(title)} 个工作日陈述申辩、要求听证。",
            _proven(title),
        ),
        clause="4.3",
        questions=_questions(),
        files="证据材料",
        button="提出",
        action=request.path,
        back=reverse("desk-title", args=[title_id]),
    )
    return ask_page(request, ask, problems, {"cause": title.due_cause, "facts": ""})


def _proven(title: Any) -> str:
    """What is proven against the use of the money, for who writes the facts (4.5)."""
    found = list(confirmed_flags(title))
    if not found:
        return "资金使用没有已认定的问题。"
    amount, refund = sum(each.amount for each in found), sum(each.refund for each in found)
    return (
        f"资金使用已认定问题 {len(found)} 项，涉及 {wan(amount)} 万元，应退回 {wan(refund)} 万元；"
        "可作为事实写明。"
    )


@page(roles=HR, methods=("GET", "POST"))
def edit(request: Request, case_id: int) -> HttpResponse:
    """Change a proposal before the unit is told."""
    row = queries.case(request.viewer, case_id)
    problems: list[DomainError] = []
    if request.method == "POST":
        with catching(problems):
            proposal.revise(
                viewer=request.viewer,
                case_id=case_id,
                cause=request.POST.get("cause", ""),
                facts=request.POST.get("facts", ""),
                uploads=uploads(request, FILES),
                drop=dropped(request),
            )
            text = "已保存；内容有改动的，两部门须重新表态。"
            return done(request, text, "desk-revocation", case_id)
    ask = Ask(
        title="修改事由、事实和证据",
        kicker=kicker(row),
        questions=_questions(),
        files="证据材料",
        kept=files(row.papers, "desk-revocation-file", row.pk),
        button="保存",
        action=request.path,
        back=reverse("desk-revocation", args=[case_id]),
    )
    return ask_page(request, ask, problems, {"cause": row.cause, "facts": row.facts})


@page(roles=READERS)
def case(request: Request, case_id: int) -> HttpResponse:
    """One case: what is held against the title, what the unit said, what was decided."""
    row = queries.case(request.viewer, case_id)
    may = request.viewer.role in BOTH and row.title.province == request.viewer.province
    return desk_page(
        request,
        "desk/revocation/case.html",
        {
            "case": row,
            "title": row.title,
            "state": STATES[row.state],
            "steps": _steps(request, row) if may else [],
            "acts": _acts(row),
            "may_concur": may,
            "clause": row.clause,
            "flags": [accounts_flags.line(each) for each in confirmed_flags(row.title)],
            "papers": files(row.papers, "desk-revocation-file", row.pk),
            "hearing_papers": files(row.hearing_papers, "desk-revocation-file", row.pk),
            "statements": [
                {"row": each, "papers": files(each.papers, "desk-revocation-file", row.pk)}
                for each in queries.statements(row)
            ],
            "no_account": row.state == S.NOTICED
            and row.served_on is None
            and not queries.has_account(row.title),
        },
    )


def _acts(row: Any) -> list[dict[str, Any]]:
    """The joint acts that stand on the page, each with its marks; `open` while it can be agreed to."""
    drafted = {Act.NOTIFY: row.facts, Act.DECIDE: row.decision, Act.DISMISS: row.dismissal}
    marks = queries.case_marks(row)
    return [
        {
            "label": act.label,
            "digest": proposal.digest_of(row, act),
            "marks": shown_marks(marks[act]),
            "open": row.state in proposal.STATES[act],
            "url": reverse("desk-revocation-concur", args=[row.pk, act.name.lower()]),
        }
        for act in Act
        if drafted[act]
    ]


def _steps(request: Request, row: Any) -> list[dict[str, str]]:
    """The buttons of the present state: HR's; finance sees to the consequences as well."""
    hr = request.viewer.role in HR
    found = revocation_steps.buttons(row) if hr else []
    return found + revocation_steps.follow_up(row)


@page(roles=BOTH, methods=("POST",))
def concur(request: Request, case_id: int, act: str) -> HttpResponse:
    """The viewer's department agrees to one of the joint acts, or says why not."""
    if act.upper() not in Act.__members__:
        raise NotFound("没有这个会商事项。")
    agreed = request.POST.get("word") == "agreed"
    proposal.concur(
        viewer=request.viewer,
        case_id=case_id,
        act=Act[act.upper()],
        digest=request.POST.get("digest", ""),
        agreed=agreed,
        remark=request.POST.get("remark", ""),
    )
    text = "已记录：同意。" if agreed else "已记录：不同意，另一部门在本页可见理由。"
    return done(request, text, "desk-revocation", case_id)


@page(roles=READERS)
def file(request: Request, case_id: int, document_id: int) -> HttpResponse:
    """One file of a case."""
    return send_document(queries.case_file(request.viewer, case_id, document_id))


A = "revocations/<int:case_id>/"
urlpatterns = [
    path("revocations/", cases, name="desk-revocations"),
    path("revocations/ready/", ready, name="desk-revocation-ready"),
    path("titles/<int:title_id>/revoke/", propose, name="desk-revocation-new"),
    path(A, case, name="desk-revocation"),
    path(A + "edit/", edit, name="desk-revocation-edit"),
    path(A + "concur/<slug:act>/", concur, name="desk-revocation-concur"),
    path(A + "files/<int:document_id>/", file, name="desk-revocation-file"),
    *revocation_steps.urlpatterns,
]
