"""Views that show what a declared page does; used by `test_pages` only."""

from django.http import HttpResponse
from django.urls import include, path

from jiangxin.core.kernel.errors import DomainError, Invalid, LimitReached
from jiangxin.core.workflow import Role
from jiangxin.faces.frame.pages import ANYONE, Request, catching, done, page, render, typed


@page(roles=ANYONE)
def open_page(request: Request) -> HttpResponse:
    return HttpResponse(request.viewer.role.value)


@page(roles={Role.PROVINCE_FINANCE, Role.AUDITOR}, methods=("GET", "POST"))
def closed_page(request: Request) -> HttpResponse:
    return HttpResponse(f"SECRET {request.viewer.province}")


@page(roles=ANYONE)
def refusing(request: Request) -> HttpResponse:
    raise LimitReached("名额已满。", remedy="请先调整。", clause="3.1")


@page(roles=ANYONE, methods=("GET", "POST"))
def form(request: Request) -> HttpResponse:
    problems: list[DomainError] = []
    if request.method == "POST":
        with catching(problems):
            if request.POST.get("username") != "对":
                raise Invalid("账号不对。", remedy="请写“对”。", field="username")
            return done(request, "已保存“对”。", "open")
    values = typed(request, {"username": "原来"})
    context = {"values": values, "problems": problems, "next": ""}
    return render(
        request, "frame/login.html", context | {"groups": [], "units": [], "province": ""}
    )


@page(roles=ANYONE)
def flashes(request: Request) -> HttpResponse:
    return render(request, "frame/_flashes.html")


urlpatterns = [
    path("", include("jiangxin.faces.frame.urls")),
    path("open/", open_page, name="open"),
    path("closed/", closed_page, name="closed"),
    path("refusing/", refusing, name="refusing"),
    path("form/", form, name="form"),
    path("flashes/", flashes, name="flashes"),
    path("policy/", open_page, name="portal-policy"),  # where the chip of a clause leads
]
handler404 = "jiangxin.faces.frame.pages.not_found"
handler500 = "jiangxin.faces.frame.pages.server_error"
