"""Register units and open accounts."""

from collections.abc import Iterable

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import Invalid, LimitReached, NotPermitted
from jiangxin.core.kernel.identifiers import read_uscc
from jiangxin.core.kernel.regions import BY_CODE
from jiangxin.core.workflow import Duty, Role
from jiangxin.records.ledger.actions import Actor, append

from .models import Organisation, User
from .queries import viewer_of
from .viewer import Viewer

TEXTS = {  # label, most letters, needed
    "name": ("单位名称", 120, True),
    "contact": ("联系人", 40, True),
    "phone": ("联系电话", 30, True),
    "username": ("账号", 60, True),
    "nature": ("单位性质", 40, False),
    "address": ("地址", 200, False),
    "email": ("邮箱", 254, False),
    "label": ("被邀请人", 40, True),
    "person": ("姓名", 40, True),
    "mobile": ("电话", 30, False),
    "body": ("部门名称", 120, True),
    "office_contact": ("联系人", 40, False),
}


def register_unit(
    *,
    name: str,
    uscc: str,
    province: str,
    contact: str,
    phone: str,
    username: str,
    password: str | None,
    nature: str = "",
    address: str = "",
    email: str = "",
    demo: bool = False,
) -> User:
    """A new applicant unit with its first account; returns the account.

    Who registers is its administrator and has the other duties too until colleagues are invited.
    Without `password` the account can not log in by password (demonstration, single sign-on).

    Effects: organisation, account, event `unit.registered`. Raises `Invalid` for a wrong code,
    province or weak password, `LimitReached` when the unit or the user name exists.
    """
    code, _ = read_uscc(uscc)
    if province not in BY_CODE:
        raise Invalid("请选择所在省份。", field="province")
    check_texts(
        name=name,
        contact=contact,
        phone=phone,
        username=username,
        nature=nature,
        address=address,
        email=email,
    )
    check_email(email.strip())
    if password is not None:
        check_password(password)
    try:
        with transaction.atomic():
            unit = Organisation.objects.create(
                kind=Organisation.Kind.UNIT,
                name=name.strip(),
                uscc=code,
                province=province,
                nature=nature.strip(),
                address=address.strip(),
                contact=contact.strip(),
                phone=phone.strip(),
                created_at=clock.now(),
            )
            user = open_account(
                username=username,
                password=password,
                name=contact.strip(),
                role=Role.APPLICANT,
                organisation=unit,
                phone=phone.strip(),
                email=email.strip(),
                demo=demo,
                duties=tuple(Duty),
            )
            append(type="unit.registered", subject=f"unit:{unit.pk}", by=viewer_of(user))
            return user
    except IntegrityError as error:
        raise _taken(error, code=code, username=username) from None


def check_password(password: str) -> None:
    """Raises `Invalid` for a password that is too easy."""
    try:
        validate_password(password)
    except ValidationError as error:
        raise Invalid("密码不符合要求：" + "".join(error.messages), field="password") from None


def check_texts(**texts: str) -> None:
    """Raises `Invalid` for a text that is missing, too long, or holds what no text holds."""
    for field, value in texts.items():
        label, longest, needed = TEXTS[field]
        if needed and not value.strip():
            raise Invalid(f"请填写{label}。", field=field)
        if len(value.strip()) > longest:
            raise Invalid(f"{label}最多 {longest} 字。", field=field)
        if not value.isprintable():
            raise Invalid(f"{label}中有不能显示的字符，请重新填写。", field=field)


def check_email(address: str) -> None:
    try:
        if address:
            validate_email(address)
    except ValidationError:
        raise Invalid(
            f"“{address}”不是电子邮箱。", remedy="例如 name@example.cn；没有可不填。", field="email"
        ) from None


def open_account(
    *,
    username: str,
    password: str | None,
    name: str,
    role: Role,
    organisation: Organisation | None = None,
    province: str = "",
    phone: str = "",
    email: str = "",
    demo: bool = False,
    duties: Iterable[Duty] = (),
) -> User:
    """An account; without `password` it cannot log in by password. Raises `Invalid` when unnamed."""
    if not username.strip():
        raise Invalid("请填写账号。", field="username")
    return User.objects.create_user(
        username.strip(),
        password,
        name=name,
        role=role.value,
        organisation=organisation,
        province=organisation.province if organisation else province,
        phone=phone,
        email=email,
        demo=demo,
        duties=[duty.value for duty in duties],
    )


@transaction.atomic
def set_mail(*, viewer: Viewer, wanted: bool, email: str) -> User:
    """Where the viewer's own reminders go by mail, or that none should.

    Effects: the account; event `account.mail_set` without the address. Raises `Invalid` for what is
    no address, or for mail that is wanted without one.
    """
    address = email.strip()
    check_texts(email=address)
    check_email(address)
    if wanted and not address:
        raise Invalid("请填写接收提醒的邮箱。", remedy="不需要邮件的，请取消勾选。", field="email")
    user = User.objects.select_for_update().filter(pk=viewer.user_id or 0).first()
    if user is None:
        raise NotPermitted("请先登录。")
    user.email, user.wants_mail = address, wanted
    user.save(update_fields=["email", "wants_mail"])
    append(
        type="account.mail_set", subject=f"user:{user.pk}", by=viewer, payload={"wanted": wanted}
    )
    return user


def _taken(error: IntegrityError, *, code: str, username: str) -> LimitReached:
    if "one_unit_per_uscc" in str(error):
        return LimitReached(
            f"统一社会信用代码 {code} 已经注册。",
            remedy="请使用本单位已有账号登录；如忘记账号，请联系省级人社部门。",
            field="uscc",
        )
    return LimitReached(f"账号“{username}”已被使用。", remedy="请换一个账号名。", field="username")


def rename_unit(*, uscc: str, name: str, by: Actor) -> Organisation | None:
    """Give the unit registered under this code its new name; None when none is registered.

    Effects: the name; event `unit.renamed`. Raises `Invalid` for a name that cannot be one.
    """
    check_texts(name=name)
    unit = Organisation.objects.select_for_update().filter(uscc=uscc).exclude(uscc="").first()
    if unit is None or unit.name == name.strip():
        return unit
    unit.name = name.strip()
    unit.save(update_fields=["name"])
    append(type="unit.renamed", subject=f"unit:{unit.pk}", by=by)
    return unit
