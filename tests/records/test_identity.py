"""Registering a unit: what is refused says why and leaves nothing; what is kept can log in."""

import threading
from typing import Any

import pytest
from django.db import connections

from jiangxin.core.kernel.errors import DomainError, Invalid, LimitReached
from jiangxin.core.workflow import Role
from jiangxin.records.identity.actions import open_account, register_unit
from jiangxin.records.identity.models import Organisation, User
from jiangxin.records.identity.queries import viewer_of
from jiangxin.records.ledger.models import Event

GOOD = {
    "name": "济南某技师学院",
    "uscc": "12370000495570303U",
    "province": "37",
    "contact": "张三",
    "phone": "0531-00000000",
    "username": "jinan-school",
    "password": "Correct-horse-7",
}


def register(**changes: Any) -> User:
    return register_unit(**(GOOD | changes))


def nothing_is_left() -> bool:
    return not (Organisation.objects.exists() or User.objects.exists() or Event.objects.exists())


@pytest.mark.django_db
def test_a_registered_unit_has_one_account_that_logs_in() -> None:
    user = register()
    assert user.check_password(GOOD["password"])
    viewer = viewer_of(user)
    assert (viewer.role, viewer.province) == (Role.APPLICANT, "37")
    unit = Organisation.objects.get()
    assert (unit.pk, unit.uscc) == (viewer.organisation_id, GOOD["uscc"])
    event = Event.objects.get()
    assert (event.type, event.subject) == ("unit.registered", f"unit:{unit.pk}")
    assert not any(text in str(event.payload) for text in ("张三", "0531", GOOD["uscc"]))


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("uscc", "123", "不是统一社会信用代码"),
        ("uscc", "12370000495570303I", "不是统一社会信用代码"),
        ("province", "99", "省份"),
        ("province", "", "省份"),
        ("name", "  ", "单位名称"),
        ("contact", "", "联系人"),
        ("username", " ", "账号"),
        ("password", "12345678", "密码不符合要求"),
        ("password", "short", "密码不符合要求"),
        ("name", "长" * 121, "120"),
        ("contact", "长" * 41, "40"),
        ("phone", "1" * 31, "30"),
        ("phone", " ", "联系电话"),
        ("email", "not-an-email", "电子邮箱"),
        ("username", "u" * 61, "60"),
        ("address", "长" * 201, "200"),
        ("name", "名\0称", "单位名称"),
    ],
)
def test_a_wrong_input_is_refused_by_its_field_and_leaves_nothing(
    field: str, value: str, reason: str
) -> None:
    with pytest.raises(Invalid, match=reason) as refused:
        register(**{field: value})
    assert refused.value.field == field
    assert nothing_is_left()


@pytest.mark.django_db
def test_full_width_letters_and_spaces_of_a_code_are_read() -> None:
    register(uscc=" １２３７００００４９５５７０３０３ｕ ")
    assert Organisation.objects.get().uscc == GOOD["uscc"]


@pytest.mark.django_db
def test_a_taken_code_is_told_and_the_second_account_is_not_made() -> None:
    register()
    with pytest.raises(LimitReached, match="已经注册") as refused:
        register(username="another")
    assert refused.value.field == "uscc"
    assert User.objects.count() == Organisation.objects.count() == Event.objects.count() == 1


@pytest.mark.django_db
def test_a_taken_account_is_told_and_the_second_unit_is_not_made() -> None:
    register()
    with pytest.raises(LimitReached, match="已被使用") as refused:
        register(uscc="91370000163569093P")
    assert refused.value.field == "username"
    assert User.objects.count() == Organisation.objects.count() == Event.objects.count() == 1


@pytest.mark.django_db
def test_without_a_password_nobody_logs_in_by_one() -> None:
    user = open_account(
        username="x", password=None, name="甲", role=Role.PROVINCE_HR, province="37"
    )
    assert not user.has_usable_password()
    assert not user.check_password("")


@pytest.mark.django_db(transaction=True)
def test_of_two_registrations_at_once_one_succeeds() -> None:
    start, told = threading.Barrier(2, timeout=20), []

    def run(number: int) -> None:
        try:
            start.wait()
            told.append(register(username=f"user-{number}"))
        except DomainError as error:
            told.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=[n]) for n in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(type(each).__name__ for each in told) == ["LimitReached", "User"]
    assert Organisation.objects.count() == User.objects.count() == 1
