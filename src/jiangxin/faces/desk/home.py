"""The desk's first page: what waits, until when, and what happened last."""

from django.http import HttpResponse
from django.urls import path

from jiangxin.faces.frame.pages import Request, page

from .navigation import DESK, Link, desk_page

LINKS = (Link(name="desk-home", label="待办与期限", icon="home", roles=DESK),)


@page(roles=DESK)
def home(request: Request) -> HttpResponse:
    """What waits for this role."""
    return desk_page(request, "desk/home/home.html")


urlpatterns = [path("", home, name="desk-home")]
