"""Acceptance at the desk: the list, one acceptance, its return, its conclusion by both departments."""

from typing import Any

from django.http import HttpResponse
from django.urls import path, reverse

from jiangxin.core.kernel.errors import DomainError
from jiangxin.core.kernel.regions import province_name
from jiangxin.core.scoring.points import shown
from jiangxin.core.workflow import AcceptanceState, Role
from jiangxin.faces.frame.addresses import path_of
from jiangxin.faces.frame.keywords import choice, contains, number, province, when
from jiangxin.faces.frame.listing import Column, Listing
from jiangxin.faces.frame.money import rates
from jiangxin.faces.frame.pages import Request, catching, done, page, typed
from jiangxin.faces.frame.sending import send_document
from jiangxin.stages.acceptance import queries
from jiangxin.stages.acceptance.actions import desk
from jiangxin.stages.acceptance.choices import Tick, Todo
from jiangxin.stages.acceptance.rules import passed
from jiangxin.stages.accounts import queries as accounts
from jiangxin.stages.programme.tracks import Kind

from . import acceptance_panel, accounts_flags
from .marks import shown_marks
from .navigation import DESK, Link, desk_page

HR = frozenset({Role.PROVINCE_HR})
BOTH = frozenset({Role.PROVINCE_HR, Role.PROVINCE_FINANCE})
READERS = DESK
STATES = dict(AcceptanceState.choices())
KINDS = dict(Kind.choices())
TODO = dict(Todo.choices)
GRADES = [(each, each) for each in ("优秀", "良好", "合格", "不合格")]
SUBJECTS = {"acceptance": "desk-acceptance"}
LINKS = (
    Link(
        name="desk-acceptances",
        label="验收与绩效评价",
        icon="check-circle",
        roles=READERS,
        group="验收与整改",
        waits=queries.acceptances_waiting,
        todo="待办:全部",
    ),
)
ACCEPTANCES = Listing(
    columns=(
        Column("title", "项目", lambda row: row.title.name, sort="title__name"),
        Column("unit", "建设单位", lambda row: row.title.unit_name, sort="title__unit_name"),
        Column("province", "省份", lambda row: province_name(row.title.province), default=False),
        Column("kind", "类别", lambda row: KINDS[row.title.kind], sort="title__kind"),
        Column("year", "年度", lambda row: str(row.title.year), sort="title__year"),
        Column("state", "状态", lambda row: (row.state, STATES[row.state]), "state", "state"),
        Column("todo", "待办", lambda row: TODO.get(row.todo, "")),
        Column("applied", "申请时间", lambda row: row.applied_at, "moment", "applied_at"),
        Column("due", "评价期限", lambda row: row.due, "date", "due"),
        Column("score", "得分", lambda row: shown(row.score) if row.score is not None else ""),
        Column("grade", "等次", lambda row: row.grade, sort="grade"),
        Column("number", "编号", lambda row: row.title.number, default=False),
    ),
    keywords=(
        when(
            "待办",
            "等待本部门办理",
            {
                "全部": ~queries.NOTHING_TO_DO,
                **{label: queries.to_do(code) for code, label in Todo.choices},
            },
        ),
        province("title__province"),
        number("年", "title__year", "确定年度", example="2025"),
        choice("类别", "title__kind", Kind),
        choice("状态", "state", AcceptanceState),
        choice("等次", "grade", GRADES),
        contains("单位", "title__unit_name"),
    ),
    text=("title__name__icontains", "title__number__icontains", "title__unit_name__icontains"),
    text_help="在项目、编号、单位中查找",
    order=("-applied_at", "id"),
    link=lambda row: path_of("desk-acceptance", row.pk),
)


@page(roles=READERS)
def acceptances(request: Request) -> HttpResponse:
    """Every acceptance in scope, with what the own department has to do."""
    found = ACCEPTANCES.show(queries.acceptances(request.viewer), request)
    return found.export("验收与绩效评价") or desk_page(
        request,
        "desk/acceptance/list.html",
        {
            "list": found,
            "empty": {
                "title": "还没有验收申请",
                "why": "建设期满后由单位申请，省级人社、财政部门组织验收和绩效评价。",
            },
        },
    )


@page(roles=READERS, methods=("GET", "POST"))
def acceptance(request: Request, acceptance_id: int) -> HttpResponse:
    """One acceptance: what was handed in, panel, score, conclusion. POST changes its wording."""
    problems: list[DomainError] = []
    if request.method == "POST":
        with catching(problems):
            desk.write_conclusion(
                viewer=request.viewer,
                acceptance_id=acceptance_id,
                text=request.POST.get("text", ""),
            )
            return done(request, "验收结论已保存，请两部门会商。", "desk-acceptance", acceptance_id)
    row = queries.acceptance(request.viewer, acceptance_id)
    context = {**_content(request, row), **_rights(request, row)}
    return desk_page(
        request,
        "desk/acceptance/acceptance.html",
        {
            **context,
            "values": typed(request, {"text": row.conclusion}),
            "errors": {each.field: each.message for each in problems if each.field},
            "problems": problems,
        },
    )


def _content(request: Request, row: Any) -> dict[str, Any]:
    """What the viewer may see of one acceptance."""
    open_scores = queries.may_see_scores(request.viewer, row)
    scored = row.score is not None
    return {
        "row": row,
        "title": row.title,
        "state": STATES[row.state],
        "todo": TODO.get(row.todo, ""),
        "kind": KINDS[row.title.kind],
        "files": [
            {**item, "url": reverse("desk-acceptance-file", args=[row.pk, item["document"]])}
            for item in row.materials
        ],
        "checklist": [
            {**item, "label": Tick(item["tick"]).label if item["tick"] else "未填写"}
            for item in row.checklist
        ],
        "sheets": [
            acceptance_panel.seat(each, open_scores=open_scores)
            for each in queries.sheets(request.viewer, row)
        ],
        "scored": scored,
        "score": shown(row.score) if scored else "",
        "passed": passed(row),
        "digest": row.digest(),
        "marks": shown_marks(queries.conclusion_marks(row)),
        **_money(row.title),
    }


def _money(title: Any) -> dict[str, Any]:
    """How the money was used, beside the judgement of it (4.5)."""
    proven = list(accounts.confirmed_flags(title))
    return {
        "rates": rates(accounts.sheet(title), proven),
        "flags": [accounts_flags.line(each) for each in proven],
    }


def _rights(request: Request, row: Any) -> dict[str, bool]:
    """Which buttons stand on the page."""
    own = row.title.province == request.viewer.province
    hr = own and request.viewer.role in HR
    return {
        "may_arrange": hr and row.state == AcceptanceState.APPLIED,
        "may_close": hr and row.state == AcceptanceState.SCORING,
        "may_write": hr and row.state == AcceptanceState.SCORED,
        "may_concur": own and request.viewer.role in BOTH and row.state == AcceptanceState.SCORED,
    }


@page(roles=HR, methods=("GET", "POST"))
def give_back(request: Request, acceptance_id: int) -> HttpResponse:
    """Ask for the reason, then send the application back."""
    row = queries.acceptance(request.viewer, acceptance_id)
    problems: list[DomainError] = []
    if request.method == "POST":
        with catching(problems):
            desk.return_application(
                viewer=request.viewer,
                acceptance_id=acceptance_id,
                reason=request.POST.get("reason", ""),
            )
            return done(
                request, "已退回，单位可以修改后再次申请。", "desk-acceptance", acceptance_id
            )
    return _confirm(
        request,
        row,
        title="退回验收申请",
        question="退回这份验收申请？",
        verb="退回",
        action="desk-acceptance-return",
        consequences=["项目回到建设中；单位按退回理由修改后再次申请。"],
        ask={"key": "reason", "label": "退回理由（单位可见）"},
        problems=problems,
    )


@page(roles=HR, methods=("GET", "POST"))
def close(request: Request, acceptance_id: int) -> HttpResponse:
    """Ask once more, then compute score and grade."""
    row = queries.acceptance(request.viewer, acceptance_id)
    problems: list[DomainError] = []
    if request.method == "POST" and request.POST.get("confirmed") == "yes":
        with catching(problems):
            done_row = desk.close_scoring(viewer=request.viewer, acceptance_id=acceptance_id)
            text = f"评价已汇总：{shown(done_row.score or 0)} 分，{done_row.grade}。"
            return done(request, text, "desk-acceptance", acceptance_id)
    return _confirm(
        request,
        row,
        title="汇总评价",
        question="汇总专家评价？",
        verb="汇总",
        action="desk-acceptance-close",
        consequences=[
            "得分取各专家评分的平均值；任一指标组低于下限或关键条件不符合的，为不合格。",
            "汇总后评价表和验收清单不能再改，评分向本省两部门和监督人员开放。",
        ],
        problems=problems,
    )


@page(roles=BOTH, methods=("POST",))
def concur(request: Request, acceptance_id: int) -> HttpResponse:
    """The viewer's department agrees to the conclusion, or says why not."""
    agreed = request.POST.get("word") == "agreed"
    desk.concur(
        viewer=request.viewer,
        acceptance_id=acceptance_id,
        digest=request.POST.get("digest", ""),
        agreed=agreed,
        remark=request.POST.get("remark", ""),
    )
    return done(request, "本部门意见已记录。", "desk-acceptance", acceptance_id)


@page(roles=HR, methods=("GET", "POST"))
def conclude(request: Request, acceptance_id: int) -> HttpResponse:
    """Ask once more with score and grade, then conclude."""
    row = queries.acceptance(request.viewer, acceptance_id)
    problems: list[DomainError] = []
    if request.method == "POST" and request.POST.get("confirmed") == "yes":
        with catching(problems):
            desk.conclude(viewer=request.viewer, acceptance_id=acceptance_id)
            return done(
                request, "验收结论已作出，单位已收到通知。", "desk-acceptance", acceptance_id
            )
    follows = (
        "项目转为“验收合格”。"
        if passed(row)
        else "项目留在“验收中”，须两部门下达限期整改通知，期限不超过一年。"
    )
    return _confirm(
        request,
        row,
        title="作出验收结论",
        question=f"作出结论：{row.grade}（{shown(row.score or 0)} 分）？",
        verb="作出结论",
        action="desk-acceptance-conclude",
        consequences=[follows, "结论生成正式文件，不能再改。"],
        problems=problems,
    )


def _confirm(request: Request, row: Any, *, action: str, **context: Any) -> HttpResponse:
    """The page that asks once more; `ask` is a text that it demands."""
    problems = context["problems"]
    return desk_page(
        request,
        "desk/acceptance/confirm.html",
        {
            "row": row,
            "names": [f"{row.title.name}（{row.title.unit_name}）"],
            "action": reverse(action, args=[row.pk]),
            "values": typed(request),
            "errors": {each.field: each.message for each in problems if each.field},
            "ask": None,
            **context,
        },
    )


@page(roles=READERS)
def file(request: Request, acceptance_id: int, document_id: int) -> HttpResponse:
    """A file that was handed in, or the conclusion."""
    return send_document(queries.material(request.viewer, acceptance_id, document_id))


A = "acceptances/<int:acceptance_id>/"
urlpatterns = [
    path("acceptances/", acceptances, name="desk-acceptances"),
    path(A, acceptance, name="desk-acceptance"),
    path(A + "return/", give_back, name="desk-acceptance-return"),
    path(A + "close/", close, name="desk-acceptance-close"),
    path(A + "concur/", concur, name="desk-acceptance-concur"),
    path(A + "conclude/", conclude, name="desk-acceptance-conclude"),
    path(A + "files/<int:document_id>/", file, name="desk-acceptance-file"),
    *acceptance_panel.urlpatterns,
]
