"""Who a person is, and which accounts a demonstration offers."""

from typing import NamedTuple

from jiangxin.core.kernel.errors import NotFound
from jiangxin.core.kernel.regions import province_name
from jiangxin.core.workflow import Role

from .models import Organisation, User
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
