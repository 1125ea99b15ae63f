"""Who a person is, and which accounts a demonstration offers."""

from typing import NamedTuple

from django.db.models import QuerySet

from jiangxin.core.kernel.errors import NotFound
from jiangxin.core.kernel.regions import province_name
from jiangxin.core.workflow import Duty, Role

from .models import Invitation, Organisation, User
from .viewer import PUBLIC, Viewer


def viewer_of(user: object) -> Viewer:
    """The viewer behind Django's `request.user`; the public when nobody is logged in."""
    if not isinstance(user, User):
        return PUBLIC
    return Viewer(
        role=Role(user.role),
        name=user.name,
        user_id=user.pk,
        province=user.province,
        organisation_id=user.organisation_id,
        duties=frozenset(user.duties),
    )


class DemoAccount(NamedTuple):
    username: str
    name: str
    role: Role
    province: str
    province_name: str
    organisation: str


def demo_accounts() -> list[DemoAccount]:
    """The accounts marked as demonstration, in order of province, role and id."""
    users = User.objects.filter(demo=True).select_related("organisation")
    return [
        DemoAccount(
            username=user.username,
            name=user.name,
            role=Role(user.role),
            province=user.province,
            province_name=province_name(user.province),
            organisation=user.organisation.name if user.organisation else "",
        )
        for user in users.order_by("province", "role", "id")
    ]


def organisation_of(viewer: Viewer) -> Organisation | None:
    """The organisation in whose name the viewer acts."""
    return Organisation.objects.filter(pk=viewer.organisation_id or 0).first()


def account_of(viewer: Viewer) -> User:
    """The viewer's own account. Raises `NotFound` for the public."""
    found = User.objects.filter(pk=viewer.user_id or 0).first()
    if found is None:
        raise NotFound("没有这个账号。")
    return found


def people(role: Role, *, province: str = "") -> list[User]:
    """The active accounts of a role in a scope, oldest first."""
    return list(User.objects.filter(role=role, province=province, is_active=True).order_by("id"))


def demo_account(username: str) -> User | None:
    """The active demonstration account of that name."""
    return User.objects.filter(username=username, demo=True, is_active=True).first()


def members(viewer: Viewer, organisation_id: int | None = None) -> list[User]:
    """The accounts of an organisation that the viewer belongs to or looks after; active ones first.

    Raises `NotFound` beyond the scope.
    """
    found = looked_after(viewer, organisation_id or viewer.organisation_id or 0)
    return list(found.people.order_by("-is_active", "id"))


def member(viewer: Viewer, user_id: int) -> User:
    """One account out of `members`. Raises `NotFound`."""
    found = User.objects.select_related("organisation").filter(pk=user_id).first()
    if found is None or found.organisation_id is None:
        raise NotFound("没有这个账号。", remedy="它可能属于其他单位。")
    looked_after(viewer, found.organisation_id)
    return found


def looked_after(viewer: Viewer, organisation_id: int) -> Organisation:
    """The viewer's own unit, or a recommending body of the province whose 人社 looks.

    Raises `NotFound` for any other organisation.
    """
    rows = Organisation.objects.none()
    if viewer.role in (Role.APPLICANT, Role.RECOMMENDER):
        rows = Organisation.objects.filter(pk=viewer.organisation_id or 0)
    elif viewer.role is Role.PROVINCE_HR:
        rows = Organisation.objects.filter(
            kind=Organisation.Kind.RECOMMENDER, province=viewer.province
        )
    found = rows.filter(pk=organisation_id).first()
    if found is None:
        raise NotFound("没有这个单位。", remedy="它可能不在您的管理范围内。")
    return found


def invitations(viewer: Viewer, organisation_id: int | None = None) -> list[Invitation]:
    """The invitations of such an organisation that nobody has used or cancelled, newest first."""
    found = looked_after(viewer, organisation_id or viewer.organisation_id or 0)
    return list(found.invitations.filter(user=None, cancelled_at=None).order_by("-id"))


def invitation(viewer: Viewer, invitation_id: int) -> Invitation:
    """One invitation that the viewer looks after. Raises `NotFound`."""
    found = Invitation.objects.filter(pk=invitation_id).first()
    if found is None:
        raise NotFound("没有这份邀请。")
    looked_after(viewer, found.organisation_id)
    return found


def holders(organisation_id: int, duty: Duty) -> list[User]:
    """The active accounts of a unit that have this duty, oldest first."""
    rows = User.objects.filter(organisation=organisation_id, is_active=True)
    return list(rows.filter(duties__contains=[duty.value]).order_by("id"))


def recommending_bodies(province: str, *, closed: bool = False) -> QuerySet[Organisation]:
    """The recommending bodies of a province; those that are closed as well if asked."""
    rows = Organisation.objects.filter(kind=Organisation.Kind.RECOMMENDER, province=province)
    return rows if closed else rows.filter(closed_at=None)
