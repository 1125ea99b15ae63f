"""Invite people into an organisation: a code that opens one account, shown once, valid for a week."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from jiangxin.core.kernel import chance, clock
from jiangxin.core.kernel.errors import Invalid, LimitReached, NotFound, WrongState
from jiangxin.core.workflow import Duty, Role
from jiangxin.records.ledger.actions import append

from .actions import check_email, check_password, check_texts, open_account
from .models import Invitation, Organisation, User
from .queries import looked_after, viewer_of
from .viewer import Viewer

VALID_DAYS = 7
CODE_BYTES = 16


@dataclass(frozen=True)
class Issued:
    """An invitation with the code that opens it; the code is nowhere else."""

    invitation: Invitation
    code: str


def read_duties(texts: Iterable[str]) -> list[Duty]:
    """The duties by their codes, in the order of the list. Raises `Invalid` for an unknown one or none."""
    given = set(texts)
    if unknown := given - {duty.value for duty in Duty}:
        raise Invalid(f"没有“{min(unknown)}”这种分工。", field="duties")
    if not given:
        raise Invalid("请至少选择一项分工。", field="duties")
    return [duty for duty in Duty if duty.value in given]


@transaction.atomic
def invite(
    *,
    viewer: Viewer,
    label: str,
    email: str = "",
    duties: Iterable[str] = (),
    organisation_id: int | None = None,
) -> Issued:
    """An invitation into the viewer's unit, or into a recommending body that the province keeps.

    `label` tells the inviting people whom they meant; the invited give their own name. Effects: the
    row; event `invitation.issued` without name or address. Raises `NotPermitted` for anybody but the
    unit's administrator or the province's 人社, `Invalid` for a wrong input, `WrongState` for a body
    that is closed.
    """
    organisation = _kept(viewer, organisation_id or viewer.organisation_id or 0)
    check_texts(label=label, email=email.strip())
    check_email(email.strip())
    unit = organisation.kind == Organisation.Kind.UNIT
    given = read_duties(duties) if unit else []
    code = chance.token(CODE_BYTES)
    row = Invitation.objects.create(
        organisation=organisation,
        label=label.strip(),
        email=email.strip(),
        duties=[duty.value for duty in given],
        code_hash=_hash(code),
        by_id=viewer.user_id or 0,
        issued_at=clock.now(),
        expires_at=clock.now() + timedelta(days=VALID_DAYS),
    )
    append(
        type="invitation.issued",
        subject=row.subject,
        by=viewer,
        payload={"organisation": organisation.pk, "duties": row.duties},
    )
    return Issued(row, code)


@transaction.atomic
def reissue(*, viewer: Viewer, invitation_id: int) -> Issued:
    """A new code with a new term for an invitation that was lost or has expired; the old one is dead.

    Effects: the row; event `invitation.reissued`. Raises `WrongState` once it is used or cancelled.
    """
    row = _open(viewer, invitation_id)
    code = chance.token(CODE_BYTES)
    row.code_hash = _hash(code)
    row.issued_at, row.expires_at = clock.now(), clock.now() + timedelta(days=VALID_DAYS)
    row.save(update_fields=["code_hash", "issued_at", "expires_at"])
    append(type="invitation.reissued", subject=row.subject, by=viewer)
    return Issued(row, code)


@transaction.atomic
def cancel(*, viewer: Viewer, invitation_id: int) -> Invitation:
    """Nobody may use the invitation any more. Effects: the row; event `invitation.cancelled`."""
    row = _open(viewer, invitation_id)
    row.cancelled_at = clock.now()
    row.save(update_fields=["cancelled_at"])
    append(type="invitation.cancelled", subject=row.subject, by=viewer)
    return row


def invited(code: str) -> Invitation:
    """The invitation behind a code. Raises `NotFound` for an unknown one, `WrongState` for one that was
    used, cancelled, or has expired."""
    return _usable(Invitation.objects.select_related("organisation"), code)


@transaction.atomic
def join(
    *, code: str, person: str, username: str, password: str, mobile: str = "", email: str = ""
) -> User:
    """Open the invited account; its role follows from the kind of the organisation.

    Effects, in order: the account with the duties of the invitation; the invitation is used up;
    event `member.joined` without personal data. Raises what `invited` raises, `Invalid` for a wrong
    input, `LimitReached` for an account name that is taken.
    """
    rows = Invitation.objects.select_for_update(of=("self",)).select_related("organisation")
    row = _usable(rows, code)
    address = email.strip() or row.email
    check_texts(person=person, username=username, mobile=mobile, email=address)
    check_email(address)
    check_password(password)
    unit = row.organisation.kind == Organisation.Kind.UNIT
    try:
        with transaction.atomic():
            user = open_account(
                username=username,
                password=password,
                name=person.strip(),
                role=Role.APPLICANT if unit else Role.RECOMMENDER,
                organisation=row.organisation,
                phone=mobile.strip(),
                email=address,
                duties=[Duty(duty) for duty in row.duties],
            )
    except IntegrityError:
        raise LimitReached(
            f"账号“{username.strip()}”已被使用。", remedy="请换一个账号名。", field="username"
        ) from None
    row.user = user
    row.save(update_fields=["user"])
    append(
        type="member.joined",
        subject=f"user:{user.pk}",
        by=viewer_of(user),
        payload={"organisation": row.organisation_id, "invitation": row.pk, "duties": row.duties},
    )
    return user


def _hash(code: str) -> str:
    return sha256(code.encode()).hexdigest()


def _usable(rows: QuerySet[Invitation], code: str) -> Invitation:
    row = rows.filter(code_hash=_hash(code.strip())).first()
    if row is None:
        raise NotFound(
            "没有这份邀请。", remedy="链接可能不完整，或已重新发出；请向邀请您的人索取。"
        )
    ask = f"请联系{row.organisation.name}的管理人员重新邀请。"
    if row.user_id:
        raise WrongState("这份邀请已经使用过。", remedy="已有账号的，请直接登录。")
    if row.cancelled_at or row.organisation.closed_at:
        raise WrongState("这份邀请已取消。", remedy=ask)
    if clock.now() >= row.expires_at:
        raise WrongState(f"邀请已于{clock.long_moment(row.expires_at)}过期。", remedy=ask)
    return row


def _kept(viewer: Viewer, organisation_id: int) -> Organisation:
    """The organisation whose people the viewer may invite. Raises `NotPermitted`, `NotFound`."""
    if viewer.role is Role.APPLICANT:
        viewer.require_duty(Duty.ADMIN)
    else:
        viewer.require(Role.APPLICANT, Role.PROVINCE_HR)
    found = looked_after(viewer, organisation_id)
    if found.closed_at:
        raise WrongState(f"“{found.name}”已停用，不能再邀请人员。", remedy="请先恢复该部门。")
    return found


def _open(viewer: Viewer, invitation_id: int) -> Invitation:
    row = Invitation.objects.select_for_update().filter(pk=invitation_id).first()
    if row is None:
        raise NotFound("没有这份邀请。")
    _kept(viewer, row.organisation_id)
    if row.user_id or row.cancelled_at:
        word = "使用" if row.user_id else "取消"
        raise WrongState(f"这份邀请已被{word}。", remedy="需要的话，请重新邀请。")
    return row
