"""What stands on top of every public page, and how long it may be kept by a cache."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse
from django.urls import reverse

from jiangxin.faces.frame.pages import Request, render

LINKS = (
    ("home", "首页"),
    ("portal-notices", "公示公告"),
    ("portal-register", "名录"),
    ("portal-nation", "全国进展"),
    ("portal-policy", "政策条款"),
    ("eligibility-preview", "条件自查"),
    ("verify", "核验"),
    ("help", "帮助"),
)
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
    links = [
        {"label": label, "url": reverse(name), "active": request.path == reverse(name)}
        for name, label in LINKS
    ]
    response = render(request, template, {"portal_nav": links, **(context or {})}, status=status)
    anonymous = request.viewer.user_id is None
    response["Cache-Control"] = (
        f"public, max-age={SECONDS}" if cacheable and anonymous else "private"
    )
    response["Vary"] = "Cookie"
    return response
