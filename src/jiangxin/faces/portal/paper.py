"""What the QR code on a paper form leads to: was this version received, and when."""

import re

from django.http import HttpResponse
from django.urls import path

from jiangxin.faces.frame.pages import ANYONE, Request, page
from jiangxin.stages.application.paper import looked_up, read_code

from .navigation import portal_page


@page(roles=ANYONE)
def paper(request: Request) -> HttpResponse:
    """Look a version up by the code on its paper. Only who holds the paper knows the code."""
    asked = request.GET.get("code", "")[:300].strip()
    code = read_code(re.split(r"[/=]", asked)[-1])
    context = {"asked": asked, "code": code, "found": looked_up(code) if code else None}
    return portal_page(request, "portal/paper.html", context, cacheable=True)


urlpatterns = [path("verify/paper/", paper, name="verify-paper")]
