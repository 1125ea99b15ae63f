"""Good experience: the list, one case as the public would read it, proposal, approval, publication."""

from typing import Any

from django.http import HttpResponse
from django.urls import path, reverse

from jiangxin.core.kernel.errors import DomainError
from jiangxin.core.kernel.regions import province_name
from jiangxin.core.workflow import MINISTRIES, ExperienceState, Role
from jiangxin.faces.frame.addresses import path_of
from jiangxin.faces.frame.asking import Ask, Question, files
from jiangxin.faces.frame.experience_form import FILES, INTRO, questions, stored, story
from jiangxin.faces.frame.filters import query
from jiangxin.faces.frame.keywords import choice, contains, province, when
from jiangxin.faces.frame.listing import Column, Listing
from jiangxin.faces.frame.pages import Request, catching, done, page
from jiangxin.faces.frame.sending import send_document
from jiangxin.faces.frame.uploads import uploads
from jiangxin.stages.experience import actions, queries
from jiangxin.stages.titles.queries import title_of

from .asking import ask_page, confirm_page, confirmed
from .navigation import Link, desk_page
from .titles import GROUP, READERS

HR = frozenset({Role.PROVINCE_HR})
PUBLISHERS = HR | frozenset(MINISTRIES)
S = ExperienceState
STATES = dict(S.choices())
SUBJECTS = {"experience": "desk-experience"}  # where a message about one leads
LINKS = (
    Link(
        name="desk-experiences",
        label="经验案例",
        icon="star",
        roles=READERS,
        group=GROUP,
        waits=queries.experiences_waiting,
        todo="待办:人社",
    ),
)
EXPERIENCES = Listing(
    columns=(
        Column("headline", "标题", lambda row: row.headline, sort="headline"),
        Column("function", "功能", lambda row: function_name(row.function), sort="function"),
        Column("title", "项目", lambda row: row.title.name, sort="title__name"),
        Column("unit", "建设单位", lambda row: row.title.unit_name, sort="title__unit_name"),
        Column(
            "province",
            "省份",
            lambda row: province_name(row.title.province),
            sort="title__province",
        ),
        Column("state", "状态", lambda row: (row.state, STATES[row.state]), "state", "state"),
        Column("by_unit", "单位推荐", lambda row: row.by_unit, "yesno", "by_unit", default=False),
        Column("proposed", "推荐", lambda row: row.proposed_at, "moment", "proposed_at"),
        Column("published", "发布", lambda row: row.published_at, "moment", "published_at"),
    ),
    keywords=(
        choice("状态", "state", S),
        choice("功能", "function", list(queries.functions().items())),
        province("title__province"),
        contains("单位", "title__unit_name", example="单位:学院"),
        when("待办", "等待人社部门审核或发布的案例", {"人社": queries.WAITING}),
    ),
    text=("headline__icontains", "summary__icontains", "text__icontains", "title__name__icontains"),
    text_help="在标题、摘要、正文、项目中查找",
    order=("-proposed_at", "-id"),
    link=lambda row: path_of("desk-experience", row.pk),
)


def function_name(key: str) -> str:
    """What one of the five functions is called."""
    return queries.functions().get(key, key)


@page(roles=READERS)
def experiences(request: Request) -> HttpResponse:
    """Every case of the scope."""
    shown = EXPERIENCES.show(queries.experiences(request.viewer), request)
    chosen = reverse("desk-titles") + query({"q": "状态:有效"})
    return shown.export("经验案例") or desk_page(
        request,
        "desk/titles/list.html",
        {
            "list": shown,
            "heading": "经验案例",
            "clauses": ("4.1",),
            "tools": [("选择称号推荐…", chosen)] if request.viewer.role in HR else [],
            "intro": "单位或人社部门推荐，人社部门审核（含个人信息检查），发布后向社会公开。",
            "tiles": [],
            "empty": {"title": "还没有经验案例", "why": "总结先进做法，供各地借鉴。"},
        },
    )


@page(roles=HR, methods=("GET", "POST"))
def propose(request: Request, title_id: int) -> HttpResponse:
    """Propose a case for a title of the province."""
    title = title_of(request.viewer, title_id)
    problems: list[DomainError] = []
    if request.method == "POST":
        with catching(problems):
            row = actions.propose(
                viewer=request.viewer,
                title_id=title_id,
                story=story(request),
                uploads=uploads(request, "files"),
            )
            return done(request, "已推荐，请审核。", "desk-experience", row.pk)
    ask = _ask("推荐经验案例", title, "推荐", request, reverse("desk-title", args=[title_id]))
    return ask_page(request, ask, problems)


@page(roles=HR, methods=("GET", "POST"))
def edit(request: Request, experience_id: int) -> HttpResponse:
    """Change a case before it is approved."""
    row = queries.experience(request.viewer, experience_id)
    problems: list[DomainError] = []
    if request.method == "POST":
        with catching(problems):
            actions.revise(
                viewer=request.viewer,
                experience_id=experience_id,
                story=story(request),
                uploads=uploads(request, "files"),
            )
            return done(request, "已保存。", "desk-experience", experience_id)
    back = reverse("desk-experience", args=[experience_id])
    ask = _ask("修改经验案例", row.title, "保存", request, back)
    return ask_page(request, ask, problems, stored(row))


def _ask(heading: str, title: Any, button: str, request: Request, back: str) -> Ask:
    return Ask(
        title=heading,
        kicker=f"{title.name} · {title.unit_name}",
        clause="4.1",
        intro=(INTRO,),
        questions=questions(),
        files=FILES,
        button=button,
        action=request.path,
        back=back,
    )


@page(roles=READERS)
def experience(request: Request, experience_id: int) -> HttpResponse:
    """One case with what may be done about it."""
    row = queries.experience(request.viewer, experience_id)
    hr = request.viewer.role in HR
    return desk_page(
        request,
        "desk/experience/experience.html",
        {
            "row": row,
            "title": row.title,
            "state": STATES[row.state],
            "function": function_name(row.function),
            "papers": files(row.papers, "desk-experience-file", row.pk),
            "may_approve": hr and row.state == S.PROPOSED,
            "may_decline": hr and row.state in queries.TO_DO,
            "may_publish": request.viewer.role in PUBLISHERS and row.state == S.APPROVED,
        },
    )


@page(roles=HR, methods=("GET", "POST"))
def approve(request: Request, experience_id: int) -> HttpResponse:
    """Ask once more, then approve: the text is fixed from here on."""
    row = queries.experience(request.viewer, experience_id)
    if confirmed(request):
        actions.approve(viewer=request.viewer, experience_id=experience_id)
        return done(request, "已审核通过，可以发布。", "desk-experience", experience_id)
    return _confirm(
        request, row, "审核通过", "审核通过这个案例？", "系统检查个人信息；通过后内容不能再改。"
    )


@page(roles=PUBLISHERS, methods=("GET", "POST"))
def publish(request: Request, experience_id: int) -> HttpResponse:
    """Ask once more, then publish."""
    row = queries.experience(request.viewer, experience_id)
    if confirmed(request):
        actions.publish(viewer=request.viewer, experience_id=experience_id)
        return done(request, "已发布。", "desk-experience", experience_id)
    return _confirm(
        request,
        row,
        "发布",
        "向社会发布这个案例？",
        "标题、摘要、正文公开，附件不公开；发布后不能撤回。",
    )


def _confirm(request: Request, row: Any, verb: str, question: str, follows: str) -> HttpResponse:
    return confirm_page(
        request,
        title=f"{verb}经验案例",
        kicker=f"{row.title.name} · {row.title.unit_name}",
        question=question,
        names=[row.headline],
        verb=verb,
        consequences=[follows],
        clause="4.1",
        back=reverse("desk-experience", args=[row.pk]),
    )


@page(roles=HR, methods=("GET", "POST"))
def decline(request: Request, experience_id: int) -> HttpResponse:
    """Do not take the case, and say why."""
    row = queries.experience(request.viewer, experience_id)
    problems: list[DomainError] = []
    if request.method == "POST":
        with catching(problems):
            actions.decline(
                viewer=request.viewer,
                experience_id=experience_id,
                reason=request.POST.get("reason", ""),
            )
            return done(request, "已不予采用，单位会收到理由。", "desk-experience", experience_id)
    ask = Ask(
        title="不予采用",
        kicker=row.headline,
        questions=(Question("reason", "理由（单位可见）", "longtext", max_length=1000),),
        button="不予采用",
        action=request.path,
        back=reverse("desk-experience", args=[experience_id]),
    )
    return ask_page(request, ask, problems)


@page(roles=READERS)
def file(request: Request, experience_id: int, document_id: int) -> HttpResponse:
    """One file of a case."""
    return send_document(queries.experience_file(request.viewer, experience_id, document_id))


A = "experiences/<int:experience_id>/"
urlpatterns = [
    path("experiences/", experiences, name="desk-experiences"),
    path("titles/<int:title_id>/experience/", propose, name="desk-experience-new"),
    path(A, experience, name="desk-experience"),
    path(A + "edit/", edit, name="desk-experience-edit"),
    path(A + "approve/", approve, name="desk-experience-approve"),
    path(A + "publish/", publish, name="desk-experience-publish"),
    path(A + "decline/", decline, name="desk-experience-decline"),
    path(A + "files/<int:document_id>/", file, name="desk-experience-file"),
]
