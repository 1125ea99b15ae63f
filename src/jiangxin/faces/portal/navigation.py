"""What stands on top of every public page, and how long it may be kept by a cache."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse

from jiangxin.faces.frame.links import PORTAL, links
from jiangxin.faces.frame.pages import Request, render

SECONDS = 60  # how stale a public page may be for somebody who is not logged in


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
    response = render(request, template, values, status=status)
    anonymous = request.viewer.user_id is None
    response["Cache-Control"] = (
        f"public, max-age={SECONDS}" if cacheable and anonymous else "private"
    )
    response["Vary"] = "Cookie"
    return response
