"""Coverage of the nation, and a province's page: its own in detail for the province, all for the nation."""

from django.http import HttpResponse
from django.urls import path

from jiangxin.core.kernel.errors import NotFound
from jiangxin.core.kernel.regions import BY_CODE
from jiangxin.faces.frame import nation
from jiangxin.faces.frame.addresses import path_of
from jiangxin.faces.frame.filters import query
from jiangxin.faces.frame.pages import Request, page
from jiangxin.faces.frame.pictures import answer
from jiangxin.records.identity.viewer import Viewer
from jiangxin.stages.application.coverage import occupation_counts
from jiangxin.stages.titles import progress, queries

from .navigation import DESK, desk_page


def province_url(viewer: Viewer, code: str) -> str:
    """A province's page on the desk for whoever may open it, else what the public sees of it."""
    mine = viewer.national or viewer.province == code
    return path_of("desk-province" if mine else "portal-province", code)


@page(roles=DESK)
def coverage(request: Request) -> HttpResponse:
    """Field × province and occupation × province: the public numbers. Seven queries."""
    served = occupation_counts()
    by_field = nation.fields(
        progress.field_counts(), lambda code: province_url(request.viewer, code)
    )
    by_occupation = nation.occupations(served)
    context = {
        "by_field": by_field,
        "by_occupation": by_occupation,
        "nowhere": nation.missing_occupations(served, ""),
    }
    return answer(request, [by_field, by_occupation]) or desk_page(
        request, "desk/ministry/coverage.html", context
    )


@page(roles=DESK)
def province(request: Request, code: str) -> HttpResponse:
    """One province in detail. Raises `NotFound` for another province than one's own."""
    viewer = request.viewer
    place = BY_CODE.get(code)
    if place is None or not (viewer.national or viewer.province == code):
        raise NotFound("没有这个省份的页面。", remedy="其他省份的公开数据在公众页面。")
    drawn = nation.of_province(code, queries.table(), progress.field_counts(), occupation_counts())
    context = {
        **drawn,
        "place": place,
        "assessment": nation.assessment(code, progress.assessed()),
        "projects": path_of("desk-projects") + query({"q": f"省:{place.short}"}),
    }
    return answer(request, [drawn[key] for key in nation.PROVINCE_PICTURES]) or desk_page(
        request, "desk/ministry/province.html", context
    )


urlpatterns = [
    path("nation/coverage/", coverage, name="desk-nation-coverage"),
    path("nation/<str:code>/", province, name="desk-province"),
]
