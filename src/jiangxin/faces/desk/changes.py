"""Changes of titles: the list, one change with what it does, the request, the decision."""

from typing import Any

from django.http import HttpResponse
from django.urls import path, reverse

from jiangxin.core.kernel.errors import DomainError, NotFound
from jiangxin.core.kernel.regions import province_name
from jiangxin.core.workflow import PROVINCIAL, ChangeState, Role
from jiangxin.faces.frame.addresses import path_of
from jiangxin.faces.frame.asking import FILES, Ask, Question, files
from jiangxin.faces.frame.change_form import PLAIN, questions, wanted
from jiangxin.faces.frame.filters import query
from jiangxin.faces.frame.keywords import choice, contains, province, when
from jiangxin.faces.frame.listing import Column, Listing
from jiangxin.faces.frame.pages import Request, catching, done, page
from jiangxin.faces.frame.sending import send_document
from jiangxin.faces.frame.uploads import uploads
from jiangxin.stages.changes import actions, queries
from jiangxin.stages.changes.choices import ChangeKind
from jiangxin.stages.titles.queries import title_of

from .asking import ask_page, confirm_page, confirmed
from .marks import shown_marks
from .navigation import Link, desk_page
from .titles import GROUP, READERS

HR = frozenset({Role.PROVINCE_HR})
BOTH = frozenset(PROVINCIAL)
STATES, KINDS = dict(ChangeState.choices()), dict(ChangeKind.choices)
SUBJECTS = {"change": "desk-change"}  # where a message about one leads
LINKS = (
    Link(
        name="desk-changes",
        label="称号变更",
        icon="refresh",
        roles=READERS,
        group=GROUP,
        waits=queries.changes_waiting,
        todo="待办:本部门",
    ),
)
CHANGES = Listing(
    columns=(
        Column("title", "项目", lambda row: row.title.name, sort="title__name"),
        Column("kind", "事项", lambda row: KINDS[row.kind], sort="kind"),
        Column("unit", "建设单位", lambda row: row.title.unit_name, sort="title__unit_name"),
        Column("number", "编号", lambda row: row.title.number, sort="title__number"),
        Column(
            "province",
            "省份",
            lambda row: province_name(row.title.province),
            sort="title__province",
        ),
        Column("state", "状态", lambda row: (row.state, STATES[row.state]), "state", "state"),
        Column("by_unit", "单位申请", lambda row: row.by_unit, "yesno", "by_unit", default=False),
        Column("requested", "申请", lambda row: row.requested_at, "moment", "requested_at"),
        Column("ended", "办结", lambda row: row.ended_at, "moment", "ended_at"),
    ),
    keywords=(
        choice("事项", "kind", ChangeKind),
        choice("状态", "state", ChangeState),
        province("title__province"),
        contains("单位", "title__unit_name", example="单位:学院"),
        when("待办", "等待本部门办理的变更", {"本部门": queries.WAITING}),
    ),
    text=("title__number__icontains", "title__name__icontains", "title__unit_name__icontains"),
    text_help="在编号、项目、单位中查找",
    order=("-requested_at", "-id"),
    link=lambda row: path_of("desk-change", row.pk),
)


@page(roles=READERS)
def changes(request: Request) -> HttpResponse:
    """Every change of the scope."""
    shown = CHANGES.show(queries.changes(request.viewer), request)
    chosen = reverse("desk-titles") + query({"q": "状态:有效"})
    return shown.export("称号变更") or desk_page(
        request,
        "desk/titles/list.html",
        {
            "list": shown,
            "heading": "称号变更",
            "clauses": ("2.2",),
            "tools": [("选择称号登记…", chosen)] if request.viewer.role in HR else [],
            "intro": "带头人变更、单位更名、合并划转和撤销，两部门同意后生效。",
            "tiles": [],
            "empty": {
                "title": "没有变更事项",
                "why": "单位申请或人社部门登记后列在这里。",
            },
        },
    )


@page(roles=HR)
def choose(request: Request, title_id: int) -> HttpResponse:
    """Which kind of change."""
    title = title_of(request.viewer, title_id)
    kinds = [
        {
            "label": kind.label,
            "text": PLAIN[kind],
            "url": reverse("desk-change-request", args=[title.pk, kind.value]),
        }
        for kind in ChangeKind
        if kind is not ChangeKind.LEADER or title.kind == "studio"
    ]
    return desk_page(request, "desk/changes/choose.html", {"title": title, "kinds": kinds})


@page(roles=HR, methods=("GET", "POST"))
def ask(request: Request, title_id: int, kind: str) -> HttpResponse:
    """Register a change for a unit."""
    title = title_of(request.viewer, title_id)
    if kind not in KINDS:
        raise NotFound("没有这种变更。")
    problems: list[DomainError] = []
    if request.method == "POST":
        with catching(problems):
            row = actions.request(
                viewer=request.viewer,
                title_id=title_id,
                kind=kind,
                reason=request.POST.get("reason", ""),
                wanted=wanted(request),
                uploads=uploads(request, FILES),
            )
            return done(request, "变更已登记，请两部门表态。", "desk-change", row.pk)
    form = Ask(
        title=KINDS[kind],
        kicker=f"{title.name} · {title.unit_name}",
        intro=(PLAIN[ChangeKind(kind)],),
        questions=questions(ChangeKind(kind)),
        files="证明材料",
        button="登记变更",
        action=request.path,
        back=reverse("desk-change-new", args=[title_id]),
    )
    return ask_page(request, form, problems)


@page(roles=READERS)
def change(request: Request, change_id: int) -> HttpResponse:
    """One change: what it does to the title, the proof, the two words."""
    row = queries.change(request.viewer, change_id)
    open_ = row.state == ChangeState.REQUESTED
    own = row.title.province == request.viewer.province
    return desk_page(
        request,
        "desk/changes/change.html",
        {
            "change": row,
            "title": row.title,
            "state": STATES[row.state],
            "lines": [
                {"label": each.label, "before": each.before, "after": each.after}
                for each in queries.lines(row)
            ],
            "papers": files(row.papers, "desk-change-file", row.pk),
            "digest": row.digest(),
            "marks": shown_marks(queries.change_marks(row)),
            "may_concur": open_ and own and request.viewer.role in BOTH,
            "may_decide": open_ and own and request.viewer.role in HR,
        },
    )


@page(roles=BOTH, methods=("POST",))
def concur(request: Request, change_id: int) -> HttpResponse:
    """The viewer's department agrees to the change, or says why not."""
    agreed = request.POST.get("word") == "agreed"
    actions.concur(
        viewer=request.viewer,
        change_id=change_id,
        digest=request.POST.get("digest", ""),
        agreed=agreed,
        remark=request.POST.get("remark", ""),
    )
    text = "已记录：同意变更。" if agreed else "已记录：不同意，另一部门在本页可见理由。"
    return done(request, text, "desk-change", change_id)


def _kicker(row: Any) -> str:
    return f"{row.title.name} · {row.title.unit_name}"


CONSEQUENCES = {
    ChangeKind.LEADER: ["名录改记新带头人；原带头人可以另行领衔。", "已冻结的申报版本和账册不变。"],
    ChangeKind.RENAMING: ["以上称号和单位账号一并更名；原名称记入曾用名称，仍可查到。"],
    ChangeKind.MERGER: ["称号改由新单位承接、查看和办理；原名称和代码记入曾用名称。"],
    ChangeKind.CLOSURE: ["称号和建设项目同时终止，不能恢复；名录保留记录。"],
}


@page(roles=HR, methods=("GET", "POST"))
def approve(request: Request, change_id: int) -> HttpResponse:
    """Ask once more, with every title that it touches, then carry the change out."""
    row = queries.change(request.viewer, change_id)
    if confirmed(request):
        actions.approve(viewer=request.viewer, change_id=change_id)
        return done(request, "变更已生效。", "desk-change", change_id)
    return confirm_page(
        request,
        title=row.get_kind_display(),
        kicker=_kicker(row),
        question="同意并执行这项变更？",
        names=[f"{each.number} {each.name}（{each.unit_name}）" for each in queries.affected(row)],
        verb="同意变更",
        consequences=[
            *(f"{each.label}：{each.before or '—'} → {each.after}" for each in queries.lines(row)),
            *CONSEQUENCES[ChangeKind(row.kind)],
        ],
        clause="2.2",
        back=reverse("desk-change", args=[change_id]),
        danger=row.kind == ChangeKind.CLOSURE,
    )


@page(roles=HR, methods=("GET", "POST"))
def refuse(request: Request, change_id: int) -> HttpResponse:
    """Turn the request down, with the reason."""
    row = queries.change(request.viewer, change_id)
    problems: list[DomainError] = []
    if request.method == "POST":
        with catching(problems):
            actions.refuse(
                viewer=request.viewer,
                change_id=change_id,
                reason=request.POST.get("reason", ""),
            )
            return done(request, "已不同意变更，单位会收到理由。", "desk-change", change_id)
    form = Ask(
        title=f"不同意：{row.get_kind_display()}",
        kicker=_kicker(row),
        questions=(Question("reason", "不同意的理由（单位可见）", "longtext", max_length=2000),),
        button="不同意变更",
        action=request.path,
        back=reverse("desk-change", args=[change_id]),
    )
    return ask_page(request, form, problems)


@page(roles=READERS)
def file(request: Request, change_id: int, document_id: int) -> HttpResponse:
    """One file of a change."""
    return send_document(queries.change_file(request.viewer, change_id, document_id))


A = "changes/<int:change_id>/"
urlpatterns = [
    path("changes/", changes, name="desk-changes"),
    path("titles/<int:title_id>/change/", choose, name="desk-change-new"),
    path("titles/<int:title_id>/change/<slug:kind>/", ask, name="desk-change-request"),
    path(A, change, name="desk-change"),
    path(A + "concur/", concur, name="desk-change-concur"),
    path(A + "approve/", approve, name="desk-change-approve"),
    path(A + "refuse/", refuse, name="desk-change-refuse"),
    path(A + "files/<int:document_id>/", file, name="desk-change-file"),
]
