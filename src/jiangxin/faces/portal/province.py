"""A page for each of the 32 units: its titles, what they cover and what not, its assessment."""

from django.http import HttpResponse
from django.urls import path

from jiangxin.core.kernel.errors import NotFound
from jiangxin.core.kernel.regions import BY_CODE, PROVINCES
from jiangxin.faces.frame import nation, pictures
from jiangxin.faces.frame.addresses import path_of
from jiangxin.faces.frame.filters import query
from jiangxin.faces.frame.pages import ANYONE, Request, page
from jiangxin.stages.application.coverage import occupation_counts
from jiangxin.stages.titles import progress, queries

from .nation import found_by, province_url
from .navigation import portal_page


@page(roles=ANYONE)
def province(request: Request, code: str) -> HttpResponse:
    """Only what the register publishes of one province. Four queries. Raises `NotFound`."""
    place = BY_CODE.get(code)
    if place is None:
        raise NotFound("没有这个省级单位。", remedy="请从全国进展页选择。")
    drawn = nation.of_province(code, queries.table(), progress.field_counts(), occupation_counts())
    searched = query({"q": f"省:{place.short}"})
    context = {
        **drawn,
        "place": place,
        "assessment": nation.assessment(code, progress.assessed()),
        "found": found_by(f"省:{place.short}"),
        "links": [
            {"label": label, "url": path_of(name) + searched}
            for name, label in (
                ("portal-register", "名录（含已取消和 2011—2020 年项目）"),
                ("portal-notices", "公示公告"),
                ("portal-calls", "申报通知"),
            )
        ],
        "places": [
            {"label": each.short, "url": province_url(each.code), "here": each.code == code}
            for each in PROVINCES
        ],
    }
    return pictures.answer(
        request, [drawn[key] for key in nation.PROVINCE_PICTURES]
    ) or portal_page(request, "portal/province.html", context, cacheable=True)


urlpatterns = [path("nation/<str:code>/", province, name="portal-province")]
