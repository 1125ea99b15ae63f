"""What stands on top of every public page, and how long it may be kept by a cache."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse

from jiangxin.faces.frame.links import PORTAL, links
from jiangxin.faces.frame.pages import Request, render

SECONDS = 60  # how stale a public page may be for somebody whom we do not know


def portal_page(
    request: Request,
    template: str,
    context: Mapping[str, Any] | None = None,
    *,
    status: int | None = None,
    cacheable: bool = False,
) -> HttpResponse:
    """A page in the portal's layout. `cacheable` pages hold nothing personal and no form."""
    values = {"portal_nav": links(request, PORTAL), **(context or {})}
    return kept(request, render(request, template, values, status=status), cacheable=cacheable)


def kept(request: Request, response: HttpResponse, *, cacheable: bool) -> HttpResponse:
    """`response` with the word to caches: for a while, or not at all.

    A browser that sends a cookie may be logged in, or may be owed a message on its next page: what
    it gets is nobody else's.
    """
    unknown = request.viewer.user_id is None and not request.COOKIES
    may_stay = cacheable and unknown and response.status_code == 200
    response["Cache-Control"] = f"public, max-age={SECONDS}" if may_stay else "private, no-cache"
    response["Vary"] = "Cookie"
    return response
