"""Orders to mend at the desk: the list, one order, both departments, service."""

from typing import Any

from django.db.models import Q
from django.http import HttpResponse
from django.urls import path

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import DomainError, WrongState
from jiangxin.core.kernel.regions import province_name
from jiangxin.core.workflow import RectificationState, Role
from jiangxin.faces.frame.addresses import path_of
from jiangxin.faces.frame.keywords import choice, contains, number, province, when
from jiangxin.faces.frame.listing import Column, Listing
from jiangxin.faces.frame.pages import Request, catching, done, page, typed
from jiangxin.faces.frame.sending import send_document
from jiangxin.faces.frame.uploads import uploads
from jiangxin.records.documents.gates import ACCEPT, ALLOWED
from jiangxin.stages.construction.reading import day
from jiangxin.stages.programme.tracks import Kind
from jiangxin.stages.rectification import queries
from jiangxin.stages.rectification.actions import order
from jiangxin.stages.rectification.choices import Source, Todo
from jiangxin.stages.rectification.rules import is_over

from . import rectification_draft, rectification_recheck
from .marks import shown_marks
from .navigation import DESK, Link, desk_page

HR = frozenset({Role.PROVINCE_HR})
BOTH = frozenset({Role.PROVINCE_HR, Role.PROVINCE_FINANCE})
READERS = DESK
STATES = dict(RectificationState.choices())
TODO = dict(Todo.choices)
SUBJECTS = {"rectification": "desk-rectification"}
LINKS = (
    Link(
        name="desk-rectifications",
        label="限期整改",
        icon="flag",
        roles=READERS,
        group="验收与整改",
        waits=queries.rectifications_waiting,
        todo="待办:全部",
    ),
    Link(
        name="desk-rectification-titles",
        label="可下达整改的项目",
        icon="alert",
        roles=HR,
        group="验收与整改",
        waits=queries.ready_waiting,
        todo="依据:验收不合格",
    ),
)
RECTIFICATIONS = Listing(
    columns=(
        Column("title", "项目", lambda row: row.title.name, sort="title__name"),
        Column("unit", "建设单位", lambda row: row.title.unit_name, sort="title__unit_name"),
        Column("province", "省份", lambda row: province_name(row.title.province), default=False),
        Column(
            "kind", "类别", lambda row: rectification_draft.KINDS[row.title.kind], default=False
        ),
        Column(
            "source", "依据", lambda row: rectification_draft.SOURCES[row.source], sort="source"
        ),
        Column("state", "状态", lambda row: (row.state, STATES[row.state]), "state", "state"),
        Column("todo", "待办", lambda row: TODO.get(row.todo, "")),
        Column("months", "期限（月）", lambda row: row.months, "number", "months"),
        Column("served", "送达", lambda row: row.served_on, "date", "served_on"),
        Column("ends", "期满", lambda row: row.ends_on, "date", "ends_on"),
        Column("doc", "文号", lambda row: row.doc_number, default=False),
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
        when("期限", "整改期限届满、尚未登记结果的", {"届满": Q(over=True)}),
        province("title__province"),
        number("年", "title__year", "确定年度", example="2025"),
        choice("状态", "state", RectificationState),
        choice("依据", "source", Source.choices),
        choice("类别", "title__kind", Kind),
        contains("单位", "title__unit_name"),
    ),
    text=("title__name__icontains", "title__number__icontains", "title__unit_name__icontains"),
    text_help="在项目、编号、单位中查找",
    order=("-drafted_at", "id"),
    link=lambda row: path_of("desk-rectification", row.pk),
)


@page(roles=READERS)
def rectifications(request: Request) -> HttpResponse:
    """Every order in scope, with what the own department has to do."""
    shown = RECTIFICATIONS.show(queries.rectifications(request.viewer), request)
    empty = {
        "title": "还没有整改通知",
        "why": "验收不合格或监督检查发现问题的，由省级两部门下达限期整改通知，期限不超过一年。",
    }
    return shown.export("限期整改") or desk_page(
        request,
        "desk/rectification/list.html",
        {"list": shown, "empty": empty, "head": "限期整改", "may_draft": request.viewer.role in HR},
    )


@page(roles=READERS)
def rectification(request: Request, rectification_id: int) -> HttpResponse:
    """One order: what is demanded, its service, what was submitted, the re-checks."""
    row: Any = queries.rectification(request.viewer, rectification_id)
    attempts = queries.attempts(row)
    last = attempts[-1] if attempts else None
    submitted = row.state == RectificationState.SUBMITTED
    drafting = row.state == RectificationState.DRAFT
    marks = queries.pass_marks(row, last) if submitted and last else queries.order_marks(row)
    return desk_page(
        request,
        "desk/rectification/rectification.html",
        {
            "row": row,
            "title": row.title,
            "state": STATES[row.state],
            "source": rectification_draft.SOURCES[row.source],
            "service": row.get_service_display(),
            "todo": TODO.get(row.todo, ""),
            "late": row.state in (RectificationState.SERVED, RectificationState.SUBMITTED)
            and is_over(row),
            "items": queries.items(row),
            "attempts": [rectification_recheck.shown_attempt(each, row) for each in attempts],
            "digest": last.digest() if submitted and last else row.digest(),
            "marks": shown_marks(marks),
            "joint": drafting or (submitted and row.recheck == "met"),
            **_rights(request, row, drafting=drafting, submitted=submitted),
        },
    )


def _rights(request: Request, row: Any, *, drafting: bool, submitted: bool) -> dict[str, bool]:
    """Which buttons stand on the page."""
    own = row.title.province == request.viewer.province
    hr = own and request.viewer.role in HR
    over = is_over(row)
    served = row.state == RectificationState.SERVED
    return {
        "may_edit": hr and drafting,
        "may_serve": hr and row.state == RectificationState.ORDERED,
        "may_check": hr and submitted,
        "may_pass": hr and submitted and row.recheck == "met",
        "may_fail": hr and submitted and row.recheck == "unmet" and not over,
        "may_expire": hr and over and (served or (submitted and row.recheck == "unmet")),
        "may_concur": own
        and request.viewer.role in BOTH
        and (drafting or (submitted and row.recheck == "met")),
    }


@page(roles=BOTH, methods=("POST",))
def concur(request: Request, rectification_id: int) -> HttpResponse:
    """The viewer's department agrees to the order, or says why not."""
    order.concur_order(
        viewer=request.viewer,
        rectification_id=rectification_id,
        digest=request.POST.get("digest", ""),
        agreed=request.POST.get("word") == "agreed",
        remark=request.POST.get("remark", ""),
    )
    return done(request, "本部门意见已记录。", "desk-rectification", rectification_id)


@page(roles=HR, methods=("GET", "POST"))
def give(request: Request, rectification_id: int) -> HttpResponse:
    """Ask once more, then give the order."""
    row = queries.rectification(request.viewer, rectification_id)
    problems: list[DomainError] = []
    if request.method == "POST" and request.POST.get("confirmed") == "yes":
        with catching(problems):
            order.order(viewer=request.viewer, rectification_id=rectification_id)
            return done(
                request, "整改通知已下达，等待单位签收。", "desk-rectification", rectification_id
            )
    return rectification_recheck.confirm(
        request,
        row,
        title="下达整改通知",
        question="下达这份整改通知？",
        verb="下达",
        action="desk-rectification-order",
        consequences=[
            f"整改期限自送达之日起 {row.months} 个月，期内提交证明材料并复查。",
            "项目转为“限期整改”；通知内容不能再改，生成正式文件。",
            "一年内整改后仍不能满足要求的，取消项目称号。",
        ],
        problems=problems,
        danger=True,
    )


@page(roles=HR, methods=("GET", "POST"))
def drop(request: Request, rectification_id: int) -> HttpResponse:
    """Give up a draft, with the reason."""
    row = queries.rectification(request.viewer, rectification_id)
    problems: list[DomainError] = []
    if request.method == "POST":
        with catching(problems):
            order.drop(
                viewer=request.viewer,
                rectification_id=rectification_id,
                reason=request.POST.get("reason", ""),
            )
            return done(request, "不再下达这份通知。", "desk-rectifications")
    return rectification_recheck.confirm(
        request,
        row,
        title="不再下达",
        question="不再下达这份整改通知？",
        verb="不再下达",
        action="desk-rectification-drop",
        consequences=["草稿和理由保留在记录中；需要时可以重新起草。"],
        problems=problems,
        ask="不再下达的理由",
    )


@page(roles=HR, methods=("GET", "POST"))
def serve(request: Request, rectification_id: int) -> HttpResponse:
    """Record how the order was served, with its proof."""
    row = queries.rectification(request.viewer, rectification_id)
    problems: list[DomainError] = []
    if row.state != RectificationState.ORDERED:
        raise WrongState("这份通知现在不需要送达。", remedy="请刷新页面查看其状态。")
    if request.method == "POST":
        with catching(problems):
            proof = uploads(request, "proof")
            order.record_service(
                viewer=request.viewer,
                rectification_id=rectification_id,
                service=request.POST.get("service", ""),
                served_on=day(request.POST.get("served_on", ""), "送达日期", "served_on"),
                served_to=request.POST.get("served_to", ""),
                proof=proof[0] if proof else None,
            )
            return done(
                request, "送达已登记，整改期限开始计算。", "desk-rectification", rectification_id
            )
    return desk_page(
        request,
        "desk/rectification/serve.html",
        {
            "row": row,
            "title": row.title,
            "services": [(each.value, each.label) for each in order.BY_HAND],
            "accept": ACCEPT,
            "allowed": ALLOWED,
            "values": typed(request, {"served_on": clock.today().isoformat()}),
            "errors": {each.field: each.message for each in problems if each.field},
            "problems": problems,
        },
    )


@page(roles=READERS)
def file(request: Request, rectification_id: int, document_id: int) -> HttpResponse:
    """A file of an order: the paper, the proof of service, what was submitted."""
    return send_document(queries.document(request.viewer, rectification_id, document_id))


R = "rectifications/<int:rectification_id>/"
urlpatterns = [
    path("rectifications/", rectifications, name="desk-rectifications"),
    *rectification_draft.urlpatterns,
    path(R, rectification, name="desk-rectification"),
    path(R + "concur/", concur, name="desk-rectification-concur"),
    path(R + "order/", give, name="desk-rectification-order"),
    path(R + "drop/", drop, name="desk-rectification-drop"),
    path(R + "serve/", serve, name="desk-rectification-serve"),
    path(R + "files/<int:document_id>/", file, name="desk-rectification-file"),
    *rectification_recheck.urlpatterns,
]
