"""Two equal departments: neither acts for the other, and changed content voids their word."""

import pytest

from jiangxin.core.kernel.errors import Invalid, NotPermitted, WrongState
from jiangxin.core.workflow import Department, Role
from jiangxin.records.concurrence.actions import give, require, void
from jiangxin.records.concurrence.models import Concurrence
from jiangxin.records.concurrence.queries import both_agree, marks
from jiangxin.records.identity.viewer import Viewer

HR = Viewer(role=Role.PROVINCE_HR, name="人社甲", user_id=1, province="37")
FINANCE = Viewer(role=Role.PROVINCE_FINANCE, name="财政乙", user_id=2, province="37")
ACT = {"act": "call.open", "subject": "call:1"}


def say(viewer: Viewer, digest: str = "a" * 64, *, agreed: bool = True, remark: str = "") -> None:
    give(viewer=viewer, digest=digest, agreed=agreed, remark=remark, **ACT)


def required(digest: str = "a" * 64) -> None:
    require(digest=digest, clause="3.1", **ACT)


@pytest.mark.django_db
def test_it_takes_both() -> None:
    say(HR)
    with pytest.raises(WrongState, match="还缺财政部门的同意"):
        required()
    say(FINANCE)
    required()


@pytest.mark.django_db
def test_one_department_twice_is_still_one() -> None:
    say(HR)
    say(Viewer(role=Role.PROVINCE_HR, name="人社丙", user_id=3, province="37"))
    with pytest.raises(WrongState, match="财政"):
        required()
    assert Concurrence.objects.filter(void_at=None).count() == 1
    assert Concurrence.objects.count() == 2


@pytest.mark.django_db
def test_another_content_needs_another_word() -> None:
    say(HR)
    say(FINANCE)
    with pytest.raises(WrongState):
        required("b" * 64)
    pair = marks(digest="b" * 64, **ACT)
    assert {d: m.state for d, m in pair.items()} == {
        Department.HR: "void",
        Department.FINANCE: "void",
    }


@pytest.mark.django_db
def test_voiding_keeps_the_record() -> None:
    say(HR)
    say(FINANCE)
    assert void(subject="call:1", reason="内容已修改", by=HR) == 2
    with pytest.raises(WrongState):
        required()
    assert set(Concurrence.objects.values_list("void_reason", flat=True)) == {"内容已修改"}
    assert void(subject="call:1", reason="再来一次", by=HR) == 0


@pytest.mark.django_db
def test_a_refusal_needs_a_reason_and_is_no_agreement() -> None:
    with pytest.raises(Invalid, match="理由"):
        say(FINANCE, agreed=False)
    say(HR)
    say(FINANCE, agreed=False, remark="预算未落实")
    assert not both_agree(marks(digest="a" * 64, **ACT))


@pytest.mark.django_db
@pytest.mark.parametrize("role", [Role.APPLICANT, Role.EXPERT, Role.SUPERVISOR, Role.AUDITOR])
def test_nobody_else_concurs(role: Role) -> None:
    with pytest.raises(NotPermitted):
        say(Viewer(role=role, name="旁人", user_id=9, province="37"))
    assert Concurrence.objects.count() == 0
