"""What stands on top of every page of the workspace."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.http import HttpResponse

from jiangxin.core.kernel import clock
from jiangxin.core.workflow import ProjectState, Role
from jiangxin.faces.frame.links import PORTAL, links
from jiangxin.faces.frame.pages import Request, render

COMMON = (("eligibility-preview", "条件自查"), ("portal-policy", "政策条款"))
APPLICANT = (
    ("workspace-home", "我的申报"),
    ("my-titles", "我的称号"),
    ("workspace-members", "单位人员"),
    *COMMON,
)
EXPERT = (
    ("expert-queue", "评审任务"),
    ("acceptance-queue", "验收任务"),
    ("expert-profile", "我的资料"),
)


def workspace_page(
    request: Request,
    template: str,
    context: Mapping[str, Any] | None = None,
    *,
    status: int | None = None,
) -> HttpResponse:
    """A page in the workspace's layout; like `pages.render`, with the links on top."""
    own = {Role.APPLICANT: APPLICANT, Role.EXPERT: EXPERT}.get(request.viewer.role, COMMON)
    values = {"workspace_nav": links(request, own), **(context or {})}
    return render(request, template, values, status=status)


def public_page(request: Request, template: str, context: Mapping[str, Any]) -> HttpResponse:
    """A page that needs no account, in the layout of the public site."""
    return render(request, template, {"portal_nav": links(request, PORTAL), **context})


def until(project: Any) -> datetime:
    """Until when the unit may do what it has to do: submit, or send in what was asked for."""
    if project.state == ProjectState.RETURNED and project.correction_due:
        return clock.end_of(project.correction_due)
    closes: datetime = project.call.closes_at
    return closes


def days_left(moment: datetime) -> int | None:
    """Calendar days until `moment` in Beijing; 0 on its own day, none when it is past."""
    if moment <= clock.now():
        return None
    last = moment - timedelta(microseconds=1)  # 24:00 of a day belongs to that day
    return (last.astimezone(clock.BEIJING).date() - clock.today()).days


def strip_of(project: Any) -> dict[str, Any]:
    """The fixed strip: what it is, until when, and 尚未提交 as long as it is not submitted."""
    returned = project.state == ProjectState.RETURNED
    return {
        "what": f"{project.get_track_display()}申报" + ("（补正）" if returned else ""),
        "at": until(project),
        "left_days": days_left(until(project)),
        "submitted": project.state not in (ProjectState.DRAFT, ProjectState.RETURNED),
        "receipt": project.number,
        "phone": project.call.phone,
    }


def revision_of(request: Request) -> int:
    """The revision on which the page stands that was sent; -1, older than any, when it has none."""
    text = request.POST.get("revision", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else -1
