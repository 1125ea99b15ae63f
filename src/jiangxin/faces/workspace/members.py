"""The people of the unit: who fills in, who checks, who administers; invitations and endings."""

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import path, reverse

from jiangxin.core.kernel.errors import DomainError
from jiangxin.core.workflow import Duty, Role
from jiangxin.faces.frame.pages import Request, catching, done, page, typed
from jiangxin.faces.frame.people import (
    DUTIES,
    Hall,
    issued_page,
    shown_invitations,
    shown_people,
)
from jiangxin.records.identity import invitations, members, queries

from .navigation import workspace_page

UNIT = frozenset({Role.APPLICANT})
HALL = Hall("workspace/layout.html", workspace_page)


@page(roles=UNIT, methods=("GET", "POST"))
def people(request: Request) -> HttpResponse:
    """Everybody with an account; the administrator invites here, and the link is shown once."""
    problems: list[DomainError] = []
    if request.method == "POST":
        with catching(problems):
            issued = invitations.invite(
                viewer=request.viewer,
                label=request.POST.get("label", ""),
                email=request.POST.get("email", ""),
                duties=request.POST.getlist("duties"),
            )
            return issued_page(request, HALL, issued, back=reverse("workspace-members"))
    admin = request.viewer.has(Duty.ADMIN)
    return workspace_page(
        request,
        "workspace/members.html",
        {
            "people": shown_people(queries.members(request.viewer), request.viewer.user_id),
            "invitations": shown_invitations(queries.invitations(request.viewer)) if admin else [],
            "admin": admin,
            "duties": DUTIES,
            "held": request.POST.getlist("duties"),
            "values": typed(request),
            "problems": problems,
            "errors": {each.field: each.message for each in problems if each.field},
        },
    )


@page(roles=UNIT, methods=("GET", "POST"))
def duties(request: Request, user_id: int) -> HttpResponse:
    """What one member does in the unit."""
    found = queries.member(request.viewer, user_id)
    problems: list[DomainError] = []
    if request.method == "POST":
        with catching(problems):
            members.set_duties(
                viewer=request.viewer, user_id=user_id, duties=request.POST.getlist("duties")
            )
            return done(request, f"已调整{found.name}的分工。", "workspace-members")
    request.viewer.require_duty(Duty.ADMIN)
    return workspace_page(
        request,
        "workspace/member.html",
        {
            "member": found,
            "duties": DUTIES,
            "held": request.POST.getlist("duties") if problems else found.duties,
            "problems": problems,
            "errors": {each.field: each.message for each in problems if each.field},
        },
    )


@page(roles=UNIT, methods=("GET", "POST"))
def deactivate(request: Request, user_id: int) -> HttpResponse:
    """End an account, after asking once more."""
    found = queries.member(request.viewer, user_id)
    problems: list[DomainError] = []
    if request.method == "POST" and request.POST.get("confirmed") == "yes":
        with catching(problems):
            members.deactivate(viewer=request.viewer, user_id=user_id)
            return done(request, f"{found.name}的账号已停用。", "workspace-members")
    request.viewer.require_duty(Duty.ADMIN)
    context = {
        "title": "停用账号",
        "names": [f"{found.name}（{found.username}）"],
        "verb": "停用",
        "consequences": [
            "立即退出登录，不能再登录；已办理的事项和记录保留。",
            "需要时可以由单位管理员恢复，分工不变。",
        ],
        "action": reverse("workspace-member-off", args=[found.pk]),
        "back": reverse("workspace-members"),
        "problems": problems,
    }
    return workspace_page(request, "workspace/members_confirm.html", context)


@page(roles=UNIT, methods=("POST",))
def reactivate(request: Request, user_id: int) -> HttpResponse:
    """The account may log in again."""
    found = members.reactivate(viewer=request.viewer, user_id=user_id)
    return done(request, f"{found.name}的账号已恢复。", "workspace-members")


@page(roles=UNIT, methods=("POST",))
def reissue(request: Request, invitation_id: int) -> HttpResponse:
    """A new link for one that was lost or has expired."""
    issued = invitations.reissue(viewer=request.viewer, invitation_id=invitation_id)
    return issued_page(request, HALL, issued, back=reverse("workspace-members"))


@page(roles=UNIT, methods=("GET", "POST"))
def cancel(request: Request, invitation_id: int) -> HttpResponse:
    """Nobody may use the link any more, after asking once more."""
    found = queries.invitation(request.viewer, invitation_id)
    if request.method == "POST" and request.POST.get("confirmed") == "yes":
        invitations.cancel(viewer=request.viewer, invitation_id=invitation_id)
        return done(request, f"对{found.label}的邀请已取消。", "workspace-members")
    request.viewer.require_duty(Duty.ADMIN)
    if found.user_id or found.cancelled_at:
        return redirect("workspace-members")
    context = {
        "title": "取消邀请",
        "names": [found.label],
        "verb": "取消邀请",
        "consequences": ["已发出的链接立即失效；需要时可以重新邀请。"],
        "action": reverse("workspace-invitation-cancel", args=[found.pk]),
        "back": reverse("workspace-members"),
        "problems": [],
    }
    return workspace_page(request, "workspace/members_confirm.html", context)


urlpatterns = [
    path("members/", people, name="workspace-members"),
    path("members/<int:user_id>/", duties, name="workspace-member"),
    path("members/<int:user_id>/deactivate/", deactivate, name="workspace-member-off"),
    path("members/<int:user_id>/reactivate/", reactivate, name="workspace-member-on"),
    path("invitations/<int:invitation_id>/reissue/", reissue, name="workspace-invitation-again"),
    path("invitations/<int:invitation_id>/cancel/", cancel, name="workspace-invitation-cancel"),
]
