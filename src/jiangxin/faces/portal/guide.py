"""The printable guide of each track: a page and a PDF, with a province's dates and phone."""

from django.http import HttpResponse
from django.urls import path

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import NotFound
from jiangxin.core.kernel.regions import BY_CODE, PROVINCES
from jiangxin.faces.frame.filters import clause_label
from jiangxin.faces.frame.pages import ANYONE, Request, page
from jiangxin.faces.frame.sending import send_bytes
from jiangxin.records.documents.rendering import pdf
from jiangxin.records.identity.viewer import PUBLIC
from jiangxin.stages.application.guide import Guide, guide, report
from jiangxin.stages.programme.queries import calls, pack
from jiangxin.stages.programme.tracks import Track

from .navigation import kept, portal_page


@page(roles=ANYONE)
def guide_page(request: Request, track: str) -> HttpResponse:
    """The guide on screen; with `province` the dates, phone and rules of its latest call."""
    code = _province(request)
    context = {
        "guide": _guide(track, code),
        "track": track,
        "tracks": [(each.value, each.label) for each in Track],
        "province": code,
        "provinces": [(each.code, each.name) for each in PROVINCES],
    }
    return portal_page(request, "portal/guide.html", context, cacheable=True)


@page(roles=ANYONE)
def guide_file(request: Request, track: str) -> HttpResponse:
    """The same to print."""
    found = _guide(track, _province(request))
    issued = clock.beijing(*pack().issued_on.timetuple()[:3])
    name = f"申报指南-{found.track.label}{'-' + found.province if found.province else ''}.pdf"
    response = send_bytes(
        name, "application/pdf", pdf("report", report(found, clause_label), at=issued)
    )
    return kept(request, response, cacheable=True)


def _province(request: Request) -> str:
    code = request.GET.get("province", "")
    return code if code in BY_CODE else ""


def _guide(track: str, code: str) -> Guide:
    """Raises `NotFound` for a track that there is not."""
    if track not in {each.value for each in Track}:
        raise NotFound("没有这个申报类型的指南。", remedy="请从帮助页面进入。")
    call = calls(PUBLIC).filter(province=code).order_by("-year").first() if code else None
    return guide(Track(track), call)


urlpatterns = [
    path("guides/<slug:track>/", guide_page, name="portal-guide"),
    path("guides/<slug:track>/guide.pdf", guide_file, name="portal-guide-file"),
]
