"""Messages and the mail that they go out by: the same pages in the layout of each face.

urlpatterns = inbox.patterns(Face(roles=DESK, prefix="desk", layout="desk/page.html",
                                  render=desk_page, page_of=page_of))
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import DomainError
from jiangxin.core.workflow import Role
from jiangxin.records.identity.actions import set_mail
from jiangxin.records.identity.queries import account_of
from jiangxin.records.identity.viewer import Viewer
from jiangxin.records.inbox import actions, queries

from .addresses import path_of
from .keywords import when
from .listing import Column, Listing
from .pages import SIGNED_IN, Request, catching, done, home_of, page, typed


@dataclass(frozen=True, kw_only=True)
class Face:
    """What the pages take from the face that they stand in.

    `page_of` leads from a viewer and a subject to the page for it; "" when there is none.
    """

    roles: frozenset[Role]
    prefix: str
    layout: str
    render: Callable[..., HttpResponse]
    page_of: Callable[[Viewer, str], str]


def bell(request: HttpRequest) -> dict[str, Any] | None:
    """The link on top of a page: where the messages are, and how many are unread.

    One query at most; none where the layout has counted already (`request.unread`).
    """
    viewer: Viewer | None = getattr(request, "viewer", None)
    if viewer is None or viewer.user_id is None:
        return None
    count: int | None = getattr(request, "unread", None)
    if count is None:
        count = queries.unread_count(viewer)
    shown = str(count) if count < queries.MOST_UNREAD else f"{queries.MOST_UNREAD - 1}+"
    return {"url": f"{home_of(viewer)}inbox/", "count": count, "shown": shown}


def settings_url(request: HttpRequest) -> str:
    """Where the viewer sees to the own account, in the face where their work is."""
    viewer: Viewer | None = getattr(request, "viewer", None)
    return f"{home_of(viewer)}settings/" if viewer else ""


@page(roles=SIGNED_IN)
def forward(request: Request, message_id: int) -> HttpResponse:
    """The address that mails carry: on to the message, in the face where the reader's work is."""
    return redirect(f"{home_of(request.viewer)}inbox/{message_id}/")


def patterns(face: Face) -> list[URLPattern]:
    """The addresses of one face: `…-inbox`, `…-inbox-read`, `…-message`, `…-settings`."""
    name = face.prefix
    inbox, read, message, account = _views(face)
    return [
        path("inbox/", inbox, name=f"{name}-inbox"),
        path("inbox/read/", read, name=f"{name}-inbox-read"),
        path("inbox/<int:message_id>/", message, name=f"{name}-message"),
        path("settings/", account, name=f"{name}-settings"),
    ]


def _views(face: Face) -> tuple[Any, ...]:
    @page(roles=face.roles)
    def inbox(request: Request) -> HttpResponse:
        """Every message to this person, their unit or office: search, sort, pages, export."""
        shown = _listing(face).show(queries.messages(request.viewer), request)
        return shown.export("消息") or face.render(
            request,
            "frame/inbox/list.html",
            {"layout": face.layout, "face": face.prefix, "list": shown, "empty": EMPTY},
        )

    @page(roles=face.roles, methods=("POST",))
    def read(request: Request) -> HttpResponse:
        """Mark those that were ticked, or all."""
        ids = [
            int(each) for each in request.POST.getlist("ids") if each.isascii() and each.isdigit()
        ]
        every = request.POST.get("act") == "all"
        count = actions.mark_read(viewer=request.viewer, message_ids=None if every else ids)
        return done(request, f"已把 {count} 条消息标为已读。", f"{face.prefix}-inbox")

    @page(roles=face.roles, methods=("GET", "POST"))
    def message(request: Request, message_id: int) -> HttpResponse:
        """One message. POST marks it and goes where it has to be seen to."""
        row = queries.message(request.viewer, message_id)
        target = face.page_of(request.viewer, row.about)
        if request.method == "POST":
            actions.mark_read(viewer=request.viewer, message_ids=[row.pk])
            if request.POST.get("act") == "go" and target:
                return redirect(target)
            return done(request, "已标为已读。", f"{face.prefix}-inbox")
        context = {
            "layout": face.layout,
            "message": row,
            "target": target,
            "late": row.due is not None and row.due < clock.today(),
            "back": path_of(f"{face.prefix}-inbox"),
        }
        return face.render(request, "frame/inbox/message.html", context)

    @page(roles=face.roles, methods=("GET", "POST"))
    def account(request: Request) -> HttpResponse:
        """Who one is here, and whether and where reminders go by mail."""
        problems: list[DomainError] = []
        if request.method == "POST":
            with catching(problems):
                wanted = request.POST.get("wants_mail") == "yes"
                email = request.POST.get("email", "")
                set_mail(viewer=request.viewer, wanted=wanted, email=email)
                text = (
                    "今后的消息同时发到您的邮箱。"
                    if wanted
                    else "今后不再发送邮件，消息仍在系统内。"
                )
                return done(request, text, f"{face.prefix}-settings")
        user = account_of(request.viewer)
        stored = {"email": user.email, "wants_mail": "yes" if user.wants_mail else ""}
        values = stored | {"wants_mail": ""} if request.method == "POST" else stored
        context = {
            "layout": face.layout,
            "problems": problems,
            "errors": {each.field: each.message for each in problems if each.field},
            "values": typed(request, values),
            "username": user.username,
        }
        return face.render(request, "frame/inbox/account.html", context)

    return inbox, read, message, account


def _listing(face: Face) -> Listing:
    """The declaration of the list; what is late depends on the day."""
    today = clock.today()
    return Listing(
        columns=(
            Column("title", "消息", lambda row: row.title, sort="title"),
            Column("state", "状态", _state, "state", "read_at"),
            Column("due", "办理期限", lambda row: row.due, "date", "due"),
            Column("at", "时间", lambda row: row.at, "moment", "at"),
            Column("reader", "阅读人", lambda row: row.read_by, default=False),
        ),
        keywords=(
            when("状态", "未读、已读", {"未读": Q(read_at=None), "已读": Q(read_at__isnull=False)}),
            when("期限", "已过或未到", {"已过": Q(due__lt=today), "未到": Q(due__gte=today)}),
        ),
        text=("title__icontains", "text__icontains"),
        text_help="在标题、内容中查找",
        order=("-at", "-id"),
        link=lambda row: path_of(f"{face.prefix}-message", row.pk),
    )


def _state(row: Any) -> tuple[str, str]:
    return ("read", "已读") if row.read_at else ("unread", "未读")


EMPTY = {"title": "还没有消息", "why": "有事项等您办理、期限临近或有了结果时，会在这里告知。"}
