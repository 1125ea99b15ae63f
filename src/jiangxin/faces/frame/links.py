"""The links on top of a page: by name of the view, the present one marked."""

from collections.abc import Iterable
from typing import TypedDict

from django.http import HttpRequest
from django.urls import reverse

# The public part of the site, on portal pages and on the public pages of other faces.
PORTAL = (
    ("home", "首页"),
    ("portal-notices", "公示公告"),
    ("portal-register", "名录"),
    ("portal-revocations", "取消称号"),
    ("portal-experiences", "经验案例"),
    ("portal-nation", "全国进展"),
    ("portal-policy", "政策条款"),
    ("eligibility-preview", "条件自查"),
    ("verify", "核验"),
    ("help", "帮助"),
)


class Link(TypedDict):
    """What the layouts draw."""

    label: str
    url: str
    active: bool


def links(request: HttpRequest, names: Iterable[tuple[str, str]]) -> list[Link]:
    """One link per (name of a view, label)."""
    found = [(label, reverse(name)) for name, label in names]
    return [{"label": label, "url": url, "active": request.path == url} for label, url in found]
