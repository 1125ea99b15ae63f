"""What a person gets who has objected: the receipt, once, and the answer, whenever it is there."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import path

from jiangxin.core.kernel.errors import DomainError, NotFound
from jiangxin.faces.frame.pages import ANYONE, Request, catching, page, render, typed
from jiangxin.stages.publicity import queries

from .navigation import kept, portal_page

KEPT = "objection_receipt"


def show_receipt_once(request: Request, *, number: str, code: str, notice: Any) -> HttpResponse:
    """Go on to the receipt: reloading that page must not object a second time."""
    request.session[KEPT] = {"number": number, "code": code, "title": notice.title}
    return redirect("objection-receipt")


@page(roles=ANYONE)
def receipt(request: Request) -> HttpResponse:
    """Number and code of the objection just made. Shown once; then the browser forgets it too.

    Raises `NotFound` when there is nothing (more) to show.
    """
    found = request.session.pop(KEPT, None)
    if found is None:
        raise NotFound(
            "没有可显示的回执。",
            remedy="查询码只在提交异议后显示一次，系统不保存原文，不能再次显示。",
        )
    if request.viewer.user_id is None:
        request.session.flush()
    response = render(request, "portal/objection_receipt.html", found)
    response = kept(request, response, cacheable=False)
    response["Cache-Control"] = "no-store"
    return response


@page(roles=ANYONE, methods=("GET", "POST"))
def lookup(request: Request) -> HttpResponse:
    """The answer to an objection, for whoever has its number and code."""
    problems: list[DomainError] = []
    found = None
    if request.method == "POST":
        with catching(problems):
            found = queries.looked_up(_plain(request, "number"), _plain(request, "code"))
    values = {"number": "", "code": ""} if found else typed(request, {"number": "", "code": ""})
    context = {"found": found, "problems": problems, "values": values, "project": _project(found)}
    return portal_page(request, "portal/lookup.html", context)


def _plain(request: Request, name: str) -> str:
    """One line of the form without NUL, which the database cannot even look for."""
    return request.POST.get(name, "").replace("\0", "")


def _project(found: Any) -> str:
    """The project that was objected to, by the name on the published list."""
    items = found.notice.items if found else []
    named = (each["title"] for each in items if each["application"] == found.application_id)
    return next(named, "总体（不针对具体项目）")


urlpatterns = [
    path("objections/", lookup, name="objection-lookup"),
    path("objections/receipt/", receipt, name="objection-receipt"),
]
