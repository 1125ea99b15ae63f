"""The people of an organisation after they have joined: their duties, and when an account ends."""

from collections.abc import Iterable

from django.db import transaction

from jiangxin.core.kernel.errors import LimitReached, NotFound, NotPermitted, WrongState
from jiangxin.core.workflow import Duty, Role
from jiangxin.records.ledger.actions import append

from .invitations import read_duties
from .models import Organisation, User
from .queries import holders, looked_after
from .viewer import Viewer


@transaction.atomic
def set_duties(*, viewer: Viewer, user_id: int, duties: Iterable[str]) -> User:
    """What a member does in the unit from now on.

    Effects: the account; event `member.duties_set`. Raises `NotPermitted` for anybody but the unit's
    administrator, `Invalid` without a duty, `LimitReached` when the last administrator would go.
    """
    given = read_duties(duties)
    user, unit = _locked(viewer, user_id)
    if unit.kind != Organisation.Kind.UNIT:
        raise NotPermitted("推荐部门的账号没有单位内分工。")
    if Duty.ADMIN not in given:
        _require_another_administrator(user)
    user.duties = [duty.value for duty in given]
    user.save(update_fields=["duties"])
    append(
        type="member.duties_set",
        subject=f"user:{user.pk}",
        by=viewer,
        payload={"duties": user.duties},
    )
    return user


@transaction.atomic
def deactivate(*, viewer: Viewer, user_id: int) -> User:
    """The account can no longer log in, and is logged out at once; what it did stays on record.

    Effects: the account; event `member.deactivated`. Raises `NotPermitted`, `WrongState` when it
    ended before, `LimitReached` for the last administrator.
    """
    user, _ = _locked(viewer, user_id)
    if not user.is_active:
        raise WrongState(f"“{user.name}”的账号已经停用。", remedy="请刷新页面。")
    _require_another_administrator(user)
    return _set_active(viewer, user, active=False)


@transaction.atomic
def reactivate(*, viewer: Viewer, user_id: int) -> User:
    """The account may log in again, with its former duties. Effects: the account; event
    `member.reactivated`."""
    user, organisation = _locked(viewer, user_id)
    if user.is_active:
        raise WrongState(f"“{user.name}”的账号已在使用。", remedy="请刷新页面。")
    if organisation.closed_at:
        raise WrongState(f"“{organisation.name}”已停用。", remedy="请先恢复该部门。")
    return _set_active(viewer, user, active=True)


def _set_active(viewer: Viewer, user: User, *, active: bool) -> User:
    user.is_active = active
    user.save(update_fields=["is_active"])
    append(
        type="member.reactivated" if active else "member.deactivated",
        subject=f"user:{user.pk}",
        by=viewer,
    )
    return user


def _require_another_administrator(user: User) -> None:
    """Raises `LimitReached` when `user` is the only administrator of a unit."""
    if not user.organisation_id or Duty.ADMIN.value not in user.duties or not user.is_active:
        return
    if [each.pk for each in holders(user.organisation_id, Duty.ADMIN)] == [user.pk]:
        raise LimitReached(
            f"“{user.name}”是本单位唯一的单位管理员。",
            remedy="请先让另一位同事担任单位管理员。",
            field="duties",
        )


def _locked(viewer: Viewer, user_id: int) -> tuple[User, Organisation]:
    """The account and its organisation, whose row is the lock on who administers it."""
    if viewer.role is Role.APPLICANT:
        viewer.require_duty(Duty.ADMIN)
    else:
        viewer.require(Role.APPLICANT, Role.PROVINCE_HR)
    found = User.objects.filter(pk=user_id).first()
    if found is None or found.organisation_id is None:
        raise NotFound("没有这个账号。", remedy="它可能属于其他单位。")
    looked_after(viewer, found.organisation_id)
    organisation = Organisation.objects.select_for_update().get(pk=found.organisation_id)
    return User.objects.get(pk=user_id), organisation
