"""What stands on top of every page of the workspace."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse
from django.urls import reverse

from jiangxin.core.kernel import clock
from jiangxin.core.workflow import ProjectState
from jiangxin.faces.frame.pages import Request, render

LINKS = (
    ("workspace-home", "我的申报"),
    ("eligibility-preview", "条件自查"),
    ("portal-policy", "政策条款"),
)


def workspace_page(
    request: Request,
    template: str,
    context: Mapping[str, Any] | None = None,
    *,
    status: int | None = None,
) -> HttpResponse:
    """A page in the workspace's layout; like `pages.render`, with the links on top."""
    links = [
        {"label": label, "url": reverse(name), "active": request.path == reverse(name)}
        for name, label in LINKS
    ]
    return render(request, template, {"workspace_nav": links, **(context or {})}, status=status)


def strip_of(project: Any) -> dict[str, Any]:
    """The fixed strip: what it is, until when, and 尚未提交 as long as it is not submitted."""
    returned = project.state == ProjectState.RETURNED
    until = (
        clock.end_of(project.correction_due)
        if returned and project.correction_due
        else project.call.closes_at
    )
    return {
        "what": f"{project.get_track_display()}申报" + ("（补正）" if returned else ""),
        "at": until,
        "left_days": None if until <= clock.now() else (until - clock.now()).days,
        "submitted": project.state not in (ProjectState.DRAFT, ProjectState.RETURNED),
        "receipt": project.number,
        "phone": project.call.phone,
    }


def revision_of(request: Request) -> int:
    """The revision on which the page stands that was sent; -1, older than any, when it has none."""
    text = request.POST.get("revision", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else -1
