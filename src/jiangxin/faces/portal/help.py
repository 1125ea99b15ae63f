"""How it works for whom, and whom to ask in each province."""

from django.http import HttpResponse
from django.urls import path

from jiangxin.core.kernel.regions import PROVINCES
from jiangxin.faces.frame.pages import ANYONE, Request, page
from jiangxin.records.identity.viewer import PUBLIC
from jiangxin.stages.programme.queries import calls
from jiangxin.stages.programme.tracks import Track

from .navigation import portal_page


@page(roles=ANYONE)
def help_page(request: Request) -> HttpResponse:
    """Help, with the telephone of each province from its latest published call; one query."""
    latest = {row.province: row for row in calls(PUBLIC).order_by("year")}
    contacts = [
        {"name": each.name, "call": latest[each.code]} for each in PROVINCES if each.code in latest
    ]
    silent = [each.name for each in PROVINCES if each.code not in latest]
    context = {
        "contacts": contacts,
        "silent": silent,
        "tracks": [(each.value, each.label) for each in Track],
    }
    return portal_page(request, "portal/help.html", context, cacheable=True)


urlpatterns = [path("help/", help_page, name="help")]
