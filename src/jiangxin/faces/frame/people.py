"""Inviting people and ending accounts, alike for an applicant unit and for a recommending body."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.urls import reverse

from jiangxin.core.kernel import clock
from jiangxin.core.workflow import Duty
from jiangxin.records.identity.invitations import Issued
from jiangxin.records.inbox.mailing import send_letter

from .pages import Request

DUTIES = Duty.choices()
LABELS = dict(DUTIES)


@dataclass(frozen=True)
class Hall:
    """Where the pages about people stand: the layout and how it is rendered."""

    layout: str
    render: Callable[..., HttpResponse]


def issued_page(request: Request, hall: Hall, issued: Issued, *, back: str) -> HttpResponse:
    """The link of an invitation, shown this once; mailed as well where an address was given."""
    row = issued.invitation
    link = request.build_absolute_uri(reverse("join", args=[issued.code]))
    mailed = row.email and send_letter(
        to=row.email,
        title=f"{row.organisation.name}邀请您加入",
        paragraphs=(
            f"{row.label}：",
            f"{row.organisation.name}邀请您使用申报系统。请打开下面的链接，填写姓名，设定账号和密码：",
            link,
            f"链接只能使用一次，{clock.long_moment(row.expires_at)}前有效。如与您无关，请忽略本邮件。",
        ),
    )
    response = hall.render(
        request,
        "frame/people/issued.html",
        {
            "layout": hall.layout,
            "invitation": row,
            "link": link,
            "mailed": bool(mailed),
            "back": back,
        },
    )
    response["Cache-Control"] = "no-store"
    return response


def shown_people(people: list[Any], viewer_id: int | None) -> list[dict[str, Any]]:
    """The accounts of an organisation for its table."""
    return [
        {
            "id": each.pk,
            "name": each.name,
            "username": each.username,
            "active": each.is_active,
            "me": each.pk == viewer_id,
            "duties": [LABELS[duty] for duty in each.duties if duty in LABELS],
            "held": list(each.duties),
        }
        for each in people
    ]


def shown_invitations(rows: list[Any]) -> list[dict[str, Any]]:
    """The open invitations for their table."""
    return [
        {
            "id": each.pk,
            "label": each.label,
            "email": each.email,
            "duties": "、".join(LABELS[duty] for duty in each.duties if duty in LABELS),
            "expires_at": each.expires_at,
            "expired": clock.now() >= each.expires_at,
        }
        for each in rows
    ]
