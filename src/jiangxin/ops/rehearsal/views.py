"""The page on which the demonstration's clock is moved; in real mode it only says that it can not be."""

from datetime import date, datetime, time, timedelta
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.urls import path

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import DomainError, Invalid, NotPermitted
from jiangxin.faces.desk.navigation import DESK, desk_page
from jiangxin.faces.frame.pages import SIGNED_IN, Request, catching, done, home_of, page
from jiangxin.faces.workspace.navigation import workspace_page

from .moving import falls_due, move

SHOWN = 100  # of what falls due
HOUR = time(9)  # of a day that is chosen: people are at their desks


@page(roles=SIGNED_IN, methods=("GET", "POST"))
def demo_clock(request: Request) -> HttpResponse:
    """Choose how far; see what falls due until then; move. Raises `NotPermitted` in real mode."""
    if not settings.DEMO:
        raise NotPermitted("系统时间就是北京时间，不能拨动。", remedy="只有演示环境可以拨动时钟。")
    problems: list[DomainError] = []
    asked = request.POST if request.method == "POST" else request.GET
    to, found = None, []
    with catching(problems):
        to = _target(asked.get("by", ""), asked.get("to", ""))
        if to and request.method == "POST" and asked.get("confirmed") == "yes":
            moved = move(to=to)
            what = "、".join(f"{name} {count} 件" for name, count in moved.happened.items())
            text = f"时钟已拨到{clock.long_moment(moved.to)}。"
            return done(
                request, text + (f"期间：{what}。" if what else ""), home_of(request.viewer)
            )
        found = falls_due(to) if to else []
    return _render(
        request,
        {
            "problems": problems,
            "to": None if problems else to,
            "typed": asked.get("to", "")[:40],
            "dues": found[:SHOWN],
            "count": len(found),
            "more": max(0, len(found) - SHOWN),
        },
    )


def _target(by: str, to: str) -> datetime | None:
    """So many days on, a day at nine, or an exact moment (of the confirmation); None when not asked."""
    if by in ("1", "7"):
        return clock.now() + timedelta(days=int(by))
    if not to.strip():
        return None
    try:
        if len(to.strip()) <= len("2025-10-31"):
            return datetime.combine(date.fromisoformat(to.strip()), HOUR, tzinfo=clock.BEIJING)
        moment = datetime.fromisoformat(to.strip())
    except ValueError:
        raise Invalid(
            f"“{to[:40]}”不是日期。", remedy="请写成 2025-10-31 这样的日期。", field="to"
        ) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=clock.BEIJING)


def _render(request: Request, context: dict[str, Any]) -> HttpResponse:
    if request.viewer.role in DESK:
        return desk_page(request, "ops/clock.html", {"layout": "desk/page.html", **context})
    layout = {"layout": "workspace/layout.html"}
    return workspace_page(request, "ops/clock.html", {**layout, **context})


urlpatterns = [path("clock/", demo_clock, name="demo-clock")]
