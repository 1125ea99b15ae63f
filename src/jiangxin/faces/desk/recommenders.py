"""The province's recommending bodies: list, one body with its places and accounts, closing."""

from typing import Any

from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import path, reverse

from jiangxin.core.kernel.errors import DomainError, Invalid
from jiangxin.core.workflow import Role
from jiangxin.faces.frame.addresses import path_of
from jiangxin.faces.frame.listing import Column, Listing, choice, when
from jiangxin.faces.frame.pages import Request, catching, done, page, typed
from jiangxin.faces.frame.people import Hall, issued_page, shown_invitations, shown_people
from jiangxin.records.identity import invitations, members
from jiangxin.records.identity import queries as identity
from jiangxin.stages.application import bodies, recommending
from jiangxin.stages.application.choices import LEVELS
from jiangxin.stages.programme.queries import call_of
from jiangxin.stages.programme.tracks import Kind

from .navigation import PROVINCE_DESK, Link, desk_of, desk_page
from .programme import by_field

HR = frozenset({Role.PROVINCE_HR})
HALL = Hall("desk/page.html", desk_page)
LINKS = (
    Link(
        name="desk-recommenders",
        label="推荐部门",
        icon="users",
        roles=PROVINCE_DESK,
        group="申报与审查",
    ),
)
SUBJECTS = {"organisation": "desk-recommender"}


def listing() -> Listing:
    """The declaration of the list."""
    return Listing(
        columns=(
            Column("name", "部门", lambda row: row.name, sort="name"),
            Column("level", "类别", lambda row: row.nature, sort="nature"),
            Column("state", "状态", _state, "state", "closed_at"),
            Column("accounts", "账号", lambda row: row.accounts, "number", "accounts"),
            Column("waiting", "待推荐", lambda row: row.waiting, "number", "waiting"),
            Column("contact", "联系人", lambda row: row.contact, sort="contact"),
            Column("phone", "电话", lambda row: row.phone, default=False),
        ),
        keywords=(
            choice("类别", "nature", [(each, each) for each in LEVELS]),
            when(
                "状态",
                "使用中、已停用",
                {"使用中": Q(closed_at=None), "已停用": Q(closed_at__isnull=False)},
            ),
        ),
        text=("name__icontains", "contact__icontains"),
        text_help="在部门名称、联系人中查找",
        order=("nature", "name", "id"),
        link=lambda row: path_of("desk-recommender", row.pk),
    )


def _state(row: Any) -> tuple[str, str]:
    return ("closed", "已停用") if row.closed_at else ("open", "使用中")


@page(roles=PROVINCE_DESK)
def listed(request: Request) -> HttpResponse:
    """Every body, the closed ones too, with its accounts and what waits for it."""
    shown = listing().show(recommending.bodies(request.viewer), request)
    may_edit = request.viewer.role in HR
    context = {
        "list": shown,
        "may_edit": may_edit,
        "empty": {
            "title": "还没有推荐部门",
            "why": "省级细则要求先由市级部门或主管部门推荐的，在这里登记，申报单位提交时选择。",
            "action_label": "登记推荐部门" if may_edit else "",
            "action_url": reverse("desk-recommender-new") if may_edit else "",
        },
    }
    return shown.export("推荐部门") or desk_page(
        request, "desk/recommendation/bodies.html", context
    )


@page(roles=HR, methods=("GET", "POST"))
def new(request: Request) -> HttpResponse:
    """Register a body; its people are invited on its page."""
    problems: list[DomainError] = []
    if request.method == "POST":
        with catching(problems):
            made = bodies.add(viewer=request.viewer, **_given(request))
            return done(request, f"已登记{made.name}，请邀请其人员。", "desk-recommender", made.pk)
    return _form(request, None, typed(request), problems)


@page(roles=HR, methods=("GET", "POST"))
def edit(request: Request, body_id: int) -> HttpResponse:
    """Change name, kind or contact of a body."""
    body = identity.looked_after(request.viewer, body_id)
    problems: list[DomainError] = []
    if request.method == "POST":
        with catching(problems):
            bodies.edit(viewer=request.viewer, body_id=body_id, **_given(request))
            return done(request, "已保存。", "desk-recommender", body_id)
    stored = {
        "body": body.name,
        "level": body.nature,
        "office_contact": body.contact,
        "mobile": body.phone,
    }
    return _form(request, body, typed(request, stored), problems)


def _given(request: Request) -> dict[str, str]:
    names = {"name": "body", "level": "level", "contact": "office_contact", "phone": "mobile"}
    return {key: request.POST.get(field, "") for key, field in names.items()}


def _form(
    request: Request, body: Any, values: dict[str, Any], problems: list[DomainError]
) -> HttpResponse:
    context = {
        "body": body,
        "values": values,
        "levels": [(each, each) for each in LEVELS],
        "problems": problems,
        "errors": by_field(problems),
    }
    return desk_page(request, "desk/recommendation/body_form.html", context)


@page(roles=HR, methods=("GET", "POST"))
def one(request: Request, body_id: int) -> HttpResponse:
    """One body: its places of the year, its people, its invitations. POST sets the places or invites."""
    body = identity.looked_after(request.viewer, body_id)
    problems: list[DomainError] = []
    back = reverse("desk-recommender", args=[body_id])
    with catching(problems):
        if request.POST.get("act") == "invite":
            issued = invitations.invite(
                viewer=request.viewer,
                label=request.POST.get("label", ""),
                email=request.POST.get("email", ""),
                organisation_id=body_id,
            )
            return issued_page(request, HALL, issued, back=back)
        if request.POST.get("act") == "quota":
            year, numbers = desk_of(request).year, _numbers(request)
            bodies.set_quota(viewer=request.viewer, body_id=body_id, year=year, numbers=numbers)
            return done(request, f"已设定 {year} 年推荐名额。", "desk-recommender", body_id)
    year = desk_of(request).year
    call = call_of(request.viewer.province, year)
    places = recommending.places(body, call) if call else {}
    context = {
        "body": body,
        "year": year,
        "places": [
            {"key": kind.value, "label": kind.label, "limit": each.limit, "taken": each.taken}
            for kind, each in places.items()
        ],
        "asked": call is not None and recommending.asked_of(call),
        "people": shown_people(identity.members(request.viewer, body_id), request.viewer.user_id),
        "invitations": shown_invitations(identity.invitations(request.viewer, body_id)),
        "values": typed(request),
        "problems": problems,
        "errors": by_field(problems),
    }
    return desk_page(request, "desk/recommendation/body.html", context)


def _numbers(request: Request) -> dict[Kind, int]:
    found = {}
    for kind in Kind:
        text = request.POST.get(kind.value, "").strip()
        if not (text.isascii() and text.isdigit() and len(text) < 5):
            raise Invalid("名额须为整数。", field=kind.value)
        found[kind] = int(text)
    return found


@page(roles=HR, methods=("GET", "POST"))
def close(request: Request, body_id: int) -> HttpResponse:
    """Close a body, or open it again, after asking once more."""
    body = identity.looked_after(request.viewer, body_id)
    problems: list[DomainError] = []
    if request.method == "POST" and request.POST.get("confirmed") == "yes":
        act = bodies.reopen if body.closed_at else bodies.close
        with catching(problems):
            act(viewer=request.viewer, body_id=body_id)
            word = "恢复" if body.closed_at else "停用"
            return done(request, f"{body.name}已{word}。", "desk-recommenders")
    active = sum(each.is_active for each in identity.members(request.viewer, body_id))
    closing = [
        "申报单位不能再选择这个部门；已作出的推荐意见保留。",
        f"它的 {active} 个账号同时停用，立即退出登录。",
    ]
    opening = ["申报单位可以重新选择；账号须在部门页逐个恢复。"]
    context = {
        "title": "恢复推荐部门" if body.closed_at else "停用推荐部门",
        "names": [body.name],
        "verb": "恢复" if body.closed_at else "停用",
        "consequences": opening if body.closed_at else closing,
        "action": reverse("desk-recommender-close", args=[body_id]),
        "back": reverse("desk-recommender", args=[body_id]),
        "problems": problems,
    }
    return desk_page(request, "desk/recommendation/confirm.html", context)


@page(roles=HR, methods=("GET", "POST"))
def account_off(request: Request, user_id: int) -> HttpResponse:
    """End an account of a body, after asking once more."""
    found = identity.member(request.viewer, user_id)
    problems: list[DomainError] = []
    if request.method == "POST" and request.POST.get("confirmed") == "yes":
        with catching(problems):
            members.deactivate(viewer=request.viewer, user_id=user_id)
            return done(
                request, f"{found.name}的账号已停用。", "desk-recommender", found.organisation_id
            )
    context = {
        "title": "停用账号",
        "names": [f"{found.name}（{found.username}）"],
        "verb": "停用",
        "consequences": ["立即退出登录，不能再登录；已办理的事项和记录保留。"],
        "action": reverse("desk-recommender-off", args=[user_id]),
        "back": reverse("desk-recommender", args=[found.organisation_id]),
        "problems": problems,
    }
    return desk_page(request, "desk/recommendation/confirm.html", context)


@page(roles=HR, methods=("POST",))
def account_on(request: Request, user_id: int) -> HttpResponse:
    """The account may log in again."""
    found = members.reactivate(viewer=request.viewer, user_id=user_id)
    return done(request, f"{found.name}的账号已恢复。", "desk-recommender", found.organisation_id)


@page(roles=HR, methods=("POST",))
def again(request: Request, invitation_id: int) -> HttpResponse:
    """A new link for one that was lost or has expired."""
    issued = invitations.reissue(viewer=request.viewer, invitation_id=invitation_id)
    back = reverse("desk-recommender", args=[issued.invitation.organisation_id])
    return issued_page(request, HALL, issued, back=back)


@page(roles=HR, methods=("GET", "POST"))
def cancel(request: Request, invitation_id: int) -> HttpResponse:
    """Nobody may use the link any more, after asking once more."""
    found = identity.invitation(request.viewer, invitation_id)
    if request.method == "POST" and request.POST.get("confirmed") == "yes":
        invitations.cancel(viewer=request.viewer, invitation_id=invitation_id)
        return done(
            request, f"对{found.label}的邀请已取消。", "desk-recommender", found.organisation_id
        )
    if found.user_id or found.cancelled_at:
        return redirect("desk-recommender", found.organisation_id)
    context = {
        "title": "取消邀请",
        "names": [found.label],
        "verb": "取消邀请",
        "consequences": ["已发出的链接立即失效；需要时可以重新邀请。"],
        "action": reverse("desk-recommender-cancel", args=[invitation_id]),
        "back": reverse("desk-recommender", args=[found.organisation_id]),
        "problems": [],
    }
    return desk_page(request, "desk/recommendation/confirm.html", context)


A = "recommenders/<int:body_id>/"
urlpatterns = [
    path("recommenders/", listed, name="desk-recommenders"),
    path("recommenders/new/", new, name="desk-recommender-new"),
    path(A, one, name="desk-recommender"),
    path(A + "edit/", edit, name="desk-recommender-edit"),
    path(A + "close/", close, name="desk-recommender-close"),
    path("recommenders/accounts/<int:user_id>/off/", account_off, name="desk-recommender-off"),
    path("recommenders/accounts/<int:user_id>/on/", account_on, name="desk-recommender-on"),
    path(
        "recommenders/invitations/<int:invitation_id>/again/", again, name="desk-recommender-again"
    ),
    path(
        "recommenders/invitations/<int:invitation_id>/cancel/",
        cancel,
        name="desk-recommender-cancel",
    ),
]
