"""The step before the province: what waits for a recommending body, its opinion, and who waits where."""

from typing import Any

from django.db.models import Q
from django.http import HttpResponse
from django.urls import path, reverse

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import DomainError, Invalid
from jiangxin.core.workflow import ProjectState, Role
from jiangxin.faces.frame.addresses import path_of
from jiangxin.faces.frame.listing import Column, Listing, contains, when
from jiangxin.faces.frame.pages import Request, catching, done, page
from jiangxin.faces.frame.submitted import differences
from jiangxin.stages.application import queries, recommendation, recommending
from jiangxin.stages.examination.actions import Defect, send_back
from jiangxin.stages.examination.queries import correction_due, returns
from jiangxin.stages.programme.tracks import Kind

from .navigation import PROVINCE_DESK, Link, desk_page
from .projects import COLUMNS, FIELDS, KEYWORDS, head, shown_return, waiting

BODY = frozenset({Role.RECOMMENDER})
HR = frozenset({Role.PROVINCE_HR})
READERS = PROVINCE_DESK | BODY
LINKS = (
    Link(
        name="desk-recommendations",
        label="推荐",
        icon="flag",
        roles=READERS,
        group="申报与审查",
        states=(ProjectState.WITH_RECOMMENDER,),
    ),
)
SHOWN = ("number", "title", "unit", "track", "state", "submitted", "due")


def listing(role: Role) -> Listing:
    """The declaration of the list: what waits first, the earliest first."""
    waits, said = Q(state=ProjectState.WITH_RECOMMENDER), Q(said_at__isnull=False)
    return Listing(
        columns=(
            *(each for each in COLUMNS if each.key in SHOWN),
            Column("body", "推荐部门", lambda row: row["body_name"], sort="body_name"),
            Column("opinion", "推荐意见", _opinion, sort="said_at"),
            Column("said", "推荐时间", lambda row: row["said_at"], "moment", "said_at"),
        ),
        keywords=(
            *KEYWORDS,
            waiting(role),
            contains("部门", "body_name", example="部门:济南"),
            when(
                "推荐",
                "待推荐、已推荐、不予推荐",
                {
                    "待推荐": waits,
                    "已推荐": said & Q(place__isnull=False),
                    "不予推荐": said & Q(place=None),
                },
            ),
        ),
        text=("number__icontains", "title__icontains", "unit_name__icontains"),
        text_help="在编号、项目名称、申报单位中查找",
        order=("-state", "submitted_at", "pk"),
        link=lambda row: path_of("desk-recommendation", row["pk"]),
    )


def _opinion(row: dict[str, Any]) -> str:
    if row["said_at"] is None:
        return ""
    return f"推荐（第 {row['place']} 个名额）" if row["place"] else "不予推荐"


@page(roles=READERS)
def listed(request: Request) -> HttpResponse:
    """What names a recommending body: search, sort, pages, export."""
    rows = recommending.concerned(request.viewer).values(*FIELDS, "body_name", "place", "said_at")
    shown = listing(request.viewer.role).show(rows, request)
    context = {
        "list": shown,
        "body": request.viewer.role in BODY,
        "empty": {
            "title": "没有需要推荐的申报",
            "why": "省级细则要求先行推荐的，单位选择推荐部门并提交后，申报出现在这里。",
        },
    }
    return shown.export("推荐") or desk_page(request, "desk/recommendation/list.html", context)


@page(roles=READERS)
def one(request: Request, project_id: int) -> HttpResponse:
    """One application: the conditions as computed, what changed, what was said; what may be done."""
    return _page(request, project_id, [])


def _page(request: Request, project_id: int, problems: list[DomainError]) -> HttpResponse:
    project = _named(request, project_id)
    every = queries.versions(project)
    waits = project.state == ProjectState.WITH_RECOMMENDER
    rows = recommending.concerned(request.viewer).values(*FIELDS, "body_name", "place", "said_at")
    may_reassign = request.viewer.role in HR and waits
    older = every[-2] if len(every) > 1 else None
    return desk_page(
        request,
        "desk/recommendation/one.html",
        {
            "project": project,
            "head": head(project),
            "body": project.recommender,
            "findings": queries.eligibility(project),
            "differences": differences(queries.form_of(project), older, every[-1]) if older else [],
            "older": older,
            "newest": every[-1],
            "opinions": recommending.opinions(project),
            "returns": [shown_return(project, item) for item in returns(project)],
            "may_act": request.viewer.role in BODY and waits,
            "bodies": [
                (str(each.pk), each.name)
                for each in recommending.bodies_for(project)
                if each.pk != project.recommender_id
            ]
            if may_reassign
            else [],
            "may_reassign": may_reassign,
            "problems": problems,
            "around": listing(request.viewer.role).around(
                rows, request, back=reverse("desk-recommendations")
            ),
        },
    )


def _named(request: Request, project_id: int) -> Any:
    """The application, if it names a recommending body at all and the viewer sees it."""
    project = queries.application(request.viewer, project_id)
    if project.recommender_id is None:
        raise Invalid("该项目不经推荐部门推荐。", remedy="请在“全部项目”中查看。")
    return project


@page(roles=BODY, methods=("GET", "POST"))
def recommend(request: Request, project_id: int) -> HttpResponse:
    """Recommend with an opinion, after looking at the places that are left."""
    project = _named(request, project_id)
    problems: list[DomainError] = []
    if request.method == "POST" and request.POST.get("confirmed") == "yes":
        with catching(problems):
            recommendation.recommend(
                viewer=request.viewer,
                application_id=project_id,
                opinion=request.POST.get("opinion", ""),
            )
            return done(request, f"已推荐“{project.title}”。", "desk-recommendations")
        project = _named(request, project_id)
    places = recommending.places(project.recommender, project.call)[Kind(project.kind)]
    context = {
        "project": project,
        "head": head(project),
        "places": places,
        "kind": places.kind.label,
        "opinion": request.POST.get("opinion", ""),
        "problems": problems,
    }
    return desk_page(request, "desk/recommendation/recommend.html", context)


@page(roles=BODY, methods=("GET", "POST"))
def decline(request: Request, project_id: int) -> HttpResponse:
    """Not recommended, with the reason that the unit will read."""
    project = _named(request, project_id)
    problems: list[DomainError] = []
    if request.method == "POST" and request.POST.get("confirmed") == "yes":
        with catching(problems):
            recommendation.decline(
                viewer=request.viewer,
                application_id=project_id,
                reason=request.POST.get("reason", ""),
            )
            return done(request, f"“{project.title}”不予推荐。", "desk-recommendations")
        project = _named(request, project_id)
    context = {
        "project": project,
        "head": head(project),
        "reason": request.POST.get("reason", ""),
        "problems": problems,
    }
    return desk_page(request, "desk/recommendation/decline.html", context)


@page(roles=BODY, methods=("GET", "POST"))
def send_for_correction(request: Request, project_id: int) -> HttpResponse:
    """Say section by section what is to be corrected, look at it as the unit will, then return."""
    project = _named(request, project_id)
    sections = [(each.key, each.title) for each in queries.form_of(project).sections]
    typed = {key: request.POST.get(f"reason-{key}", "") for key, _ in sections}
    defects = [
        Defect(section=key, reason=line.strip())
        for key, text in typed.items()
        for line in text.splitlines()
        if line.strip()
    ]
    problems: list[DomainError] = []
    if request.method == "POST":
        if not defects:
            problems.append(Invalid("请至少写明一处需要补正的内容。", clause="3.1"))
        elif request.POST.get("confirmed") == "yes":
            with catching(problems):
                send_back(viewer=request.viewer, application_id=project_id, defects=defects)
                return done(request, f"已退回“{project.title}”补正。", "desk-recommendations")
    titles = dict(sections)
    context = {
        "project": project,
        "head": head(project),
        "sections": sections,
        "typed": typed,
        "due": correction_due(project, today=clock.today()),
        "preview": [{"where": titles[each.section], "reason": each.reason} for each in defects]
        if request.method == "POST" and not problems
        else [],
        "problems": problems,
    }
    return desk_page(request, "desk/recommendation/return.html", context)


@page(roles=HR, methods=("POST",))
def reassign(request: Request, project_id: int) -> HttpResponse:
    """The province lets another body recommend."""
    problems: list[DomainError] = []
    text = request.POST.get("body", "")
    with catching(problems):
        if not (text.isascii() and text.isdigit() and len(text) < 18):
            raise Invalid("请选择推荐部门。", field="body")
        made = recommendation.reassign(
            viewer=request.viewer, application_id=project_id, body_id=int(text)
        )
        name = made.recommender.name if made.recommender else ""
        return done(request, f"已改由{name}推荐。", "desk-recommendation", project_id)
    return _page(request, project_id, problems)


A = "recommendations/<int:project_id>/"
urlpatterns = [
    path("recommendations/", listed, name="desk-recommendations"),
    path(A, one, name="desk-recommendation"),
    path(A + "recommend/", recommend, name="desk-recommend"),
    path(A + "decline/", decline, name="desk-recommend-decline"),
    path(A + "return/", send_for_correction, name="desk-recommend-return"),
    path(A + "reassign/", reassign, name="desk-recommend-reassign"),
]
