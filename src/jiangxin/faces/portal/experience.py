"""Good experience for everybody: the list, and each case."""

from django.http import HttpResponse
from django.urls import path

from jiangxin.core.kernel.regions import province_name
from jiangxin.core.workflow import TitleState
from jiangxin.faces.frame.addresses import path_of
from jiangxin.faces.frame.keywords import choice, contains, number, province
from jiangxin.faces.frame.listing import Column, Listing
from jiangxin.faces.frame.pages import ANYONE, Request, page
from jiangxin.stages.experience import queries
from jiangxin.stages.titles.queries import public_state

from .navigation import portal_page
from .register import day_of

FUNCTIONS = queries.functions()
EXPERIENCES = Listing(
    columns=(
        Column("headline", "标题", lambda row: row.headline, sort="headline"),
        Column("function", "功能", lambda row: FUNCTIONS.get(row.function, ""), sort="function"),
        Column("title", "项目", lambda row: row.title.name, sort="title__name"),
        Column("unit", "建设单位", lambda row: row.title.unit_name, sort="title__unit_name"),
        Column(
            "province",
            "省份",
            lambda row: province_name(row.title.province),
            sort="title__province",
        ),
        Column("published", "发布", lambda row: day_of(row.published_at), "date", "published_at"),
        Column("summary", "摘要", lambda row: row.summary, default=False),
    ),
    keywords=(
        choice("功能", "function", list(FUNCTIONS.items())),
        province("title__province"),
        choice("类别", "title__kind", [("base", "基地"), ("studio", "工作室")]),
        number("年", "published_at__year", "发布年度，例如 2026", example="2026"),
        contains("单位", "title__unit_name", example="单位:学院"),
    ),
    text=(
        "headline__icontains",
        "summary__icontains",
        "text__icontains",
        "title__name__icontains",
        "title__unit_name__icontains",
    ),
    text_help="在标题、摘要、正文、项目、单位中查找",
    order=("-published_at", "-id"),
    link=lambda row: path_of("portal-experience", row.pk),
)


@page(roles=ANYONE)
def experiences(request: Request) -> HttpResponse:
    """Every published case."""
    shown = EXPERIENCES.show(queries.published(), request)
    return shown.export("经验案例") or portal_page(
        request,
        "portal/experiences.html",
        {
            "list": shown,
            "functions": [(label, f"功能:{label}") for label in FUNCTIONS.values()],
            "empty": {"title": "还没有经验案例", "why": "各地推荐、审核后在此发布。"},
        },
        cacheable=True,
    )


@page(roles=ANYONE)
def experience(request: Request, experience_id: int) -> HttpResponse:
    """One case."""
    row = queries.published_one(experience_id)
    state = public_state(row.title)
    return portal_page(
        request,
        "portal/experience.html",
        {
            "row": row,
            "title": row.title,
            "published_on": day_of(row.published_at),
            "gone": None if state is TitleState.TITLED else (state.value, state.label),
            "function": FUNCTIONS.get(row.function, row.function),
        },
        cacheable=True,
    )


urlpatterns = [
    path("experiences/", experiences, name="portal-experiences"),
    path("experiences/<int:experience_id>/", experience, name="portal-experience"),
]
