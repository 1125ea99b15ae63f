"""Invitations open one account once; duties and endings; never a unit without an administrator."""

from datetime import timedelta

import pytest

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import (
    DomainError,
    Invalid,
    LimitReached,
    NotFound,
    NotPermitted,
    WrongState,
)
from jiangxin.core.workflow import Duty, Role
from jiangxin.ops.scenes.country import officer
from jiangxin.records.identity import invitations, members
from jiangxin.records.identity.models import Invitation, Organisation, User
from jiangxin.records.identity.viewer import Viewer
from jiangxin.records.ledger.models import Event
from jiangxin.stages.application import bodies
from tests.factories.applications import DURING, make_round
from tests.factories.races import numbered, together, without_locks
from tests.factories.unit import PASSWORD, body, colleague, joined, only

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(db: None) -> Viewer:
    return make_round().unit()


def invite(admin: Viewer, **given: object) -> invitations.Issued:
    values = {"label": "李四", "duties": ["fill"], **given}
    with clock.at(DURING):
        return invitations.invite(viewer=admin, **values)  # type: ignore[arg-type]


def test_who_registers_a_unit_is_its_administrator_and_does_everything_at_first(
    admin: Viewer,
) -> None:
    assert all(admin.has(duty) for duty in Duty)


def test_an_invitation_opens_one_account_of_the_unit_with_its_duties(admin: Viewer) -> None:
    issued = invite(admin, duties=["check", "fill"], email="li@example.cn")
    with clock.at(DURING):
        found = joined(issued.code, "李四")
        with pytest.raises(WrongState, match="已经使用过"):
            joined(issued.code, "王五")
    user = User.objects.get(pk=found.user_id)
    assert (user.organisation_id, user.role, user.email) == (
        admin.organisation_id,
        "applicant",
        "li@example.cn",
    )
    assert found.duties == {"fill", "check"}
    assert user.check_password(PASSWORD)
    assert not found.has(Duty.ADMIN)


def test_the_code_is_kept_nowhere_and_the_ledger_names_nobody(admin: Viewer) -> None:
    issued = invite(admin, email="li@example.cn")
    row = Invitation.objects.get()
    assert issued.code not in str(vars(row))
    with clock.at(DURING):
        joined(issued.code, "李四")
    events = Event.objects.filter(type__in=("invitation.issued", "member.joined"))
    told = str(list(events.values()))
    assert events.count() == 2
    for secret in (issued.code, "李四", "li@example.cn"):
        assert secret not in told


def test_a_lost_invitation_is_issued_again_and_the_old_link_is_dead(admin: Viewer) -> None:
    first = invite(admin)
    with clock.at(DURING):
        again = invitations.reissue(viewer=admin, invitation_id=first.invitation.pk)
        with pytest.raises(NotFound):
            joined(first.code)
        assert joined(again.code).organisation_id == admin.organisation_id
        with pytest.raises(WrongState, match="使用"):
            invitations.reissue(viewer=admin, invitation_id=first.invitation.pk)


def test_an_invitation_expires_after_a_week_to_the_second_and_may_be_renewed(
    admin: Viewer,
) -> None:
    issued = invite(admin)
    with clock.at(DURING + timedelta(days=7, seconds=-1)):
        assert invitations.invited(issued.code).pk == issued.invitation.pk
    with clock.at(DURING + timedelta(days=7)):
        with pytest.raises(WrongState, match="过期"):
            joined(issued.code)
        again = invitations.reissue(viewer=admin, invitation_id=issued.invitation.pk)
        assert joined(again.code).duties == {"fill"}


def test_a_cancelled_invitation_opens_nothing(admin: Viewer) -> None:
    issued = invite(admin)
    with clock.at(DURING):
        invitations.cancel(viewer=admin, invitation_id=issued.invitation.pk)
        with pytest.raises(WrongState, match="取消"):
            joined(issued.code)
        with pytest.raises(WrongState, match="取消"):
            invitations.cancel(viewer=admin, invitation_id=issued.invitation.pk)
    assert User.objects.filter(organisation=admin.organisation_id).count() == 1


@pytest.mark.parametrize(
    ("bad", "field"),
    [
        ({"label": " "}, "label"),
        ({"label": "长" * 41}, "label"),
        ({"label": "李\x00四"}, "label"),
        ({"email": "不是邮箱"}, "email"),
        ({"duties": []}, "duties"),
        ({"duties": ["boss"]}, "duties"),
    ],
)
def test_a_wrong_invitation_is_refused_at_its_field(
    admin: Viewer, bad: dict[str, object], field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        invite(admin, **bad)
    assert refused.value.field == field
    assert not Invitation.objects.exists()


@pytest.mark.parametrize(
    ("bad", "field"),
    [
        ({"person": ""}, "person"),
        ({"username": ""}, "username"),
        ({"password": "12345"}, "password"),
        ({"email": "不是邮箱"}, "email"),
        ({"mobile": "1" * 31}, "mobile"),
    ],
)
def test_wrong_data_of_the_invited_leave_the_invitation_open(
    admin: Viewer, bad: dict[str, str], field: str
) -> None:
    issued = invite(admin)
    given = {"person": "李四", "username": "li4", "password": PASSWORD} | bad
    with clock.at(DURING):
        with pytest.raises(Invalid) as refused:
            invitations.join(code=issued.code, **given)
        assert refused.value.field == field
        assert invitations.invited(issued.code)


def test_a_taken_account_name_is_said_kindly(admin: Viewer) -> None:
    issued = invite(admin)
    taken = User.objects.get(pk=admin.user_id).username
    with clock.at(DURING), pytest.raises(LimitReached, match="已被使用") as refused:
        invitations.join(code=issued.code, person="李四", username=taken, password=PASSWORD)
    assert refused.value.field == "username"
    assert Invitation.objects.get().user_id is None


def test_only_the_administrator_of_the_same_unit_sees_to_its_people(admin: Viewer) -> None:
    member = colleague(admin, Duty.FILL, Duty.CHECK)
    other = make_round("36", offices=False).unit()
    mine = invite(admin).invitation
    acts = [
        lambda who: invitations.invite(viewer=who, label="某", duties=["fill"]),
        lambda who: invitations.reissue(viewer=who, invitation_id=mine.pk),
        lambda who: invitations.cancel(viewer=who, invitation_id=mine.pk),
        lambda who: members.set_duties(viewer=who, user_id=member.user_id, duties=["admin"]),
        lambda who: members.deactivate(viewer=who, user_id=member.user_id),
        lambda who: members.reactivate(viewer=who, user_id=member.user_id),
    ]
    for act in acts:
        with clock.at(DURING), pytest.raises(NotPermitted):
            act(member)
    for act in acts[1:]:
        for stranger in (other, officer(Role.PROVINCE_HR, "37")):
            with clock.at(DURING), pytest.raises(NotFound):
                act(stranger)
    assert User.objects.get(pk=member.user_id).duties == ["fill", "check"]
    assert Invitation.objects.get(pk=mine.pk).cancelled_at is None


def test_the_last_administrator_can_neither_go_nor_step_down(admin: Viewer) -> None:
    me = admin.user_id or 0
    with pytest.raises(LimitReached, match="唯一"):
        members.deactivate(viewer=admin, user_id=me)
    with pytest.raises(LimitReached, match="唯一"):
        members.set_duties(viewer=admin, user_id=me, duties=["fill"])
    second = colleague(admin, Duty.ADMIN)
    members.deactivate(viewer=second, user_id=me)
    assert not User.objects.get(pk=me).is_active
    with pytest.raises(LimitReached):
        members.deactivate(viewer=second, user_id=second.user_id or 0)
    members.reactivate(viewer=second, user_id=me)
    members.deactivate(viewer=admin, user_id=second.user_id or 0)


def test_who_was_deactivated_is_logged_out_at_once(admin: Viewer, client) -> None:
    member = colleague(admin, Duty.FILL)
    user = User.objects.get(pk=member.user_id)
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get("/workspace/members/").status_code == 200
    members.deactivate(viewer=admin, user_id=user.pk)
    assert client.get("/workspace/members/").status_code == 302
    client.post("/login/", {"username": user.username, "password": PASSWORD})
    assert client.get("/workspace/members/").status_code == 302
    with pytest.raises(WrongState, match="已经停用"):
        members.deactivate(viewer=admin, user_id=user.pk)
    types = Event.objects.filter(subject=f"user:{user.pk}").values_list("type", flat=True)
    assert set(types) == {"member.joined", "member.deactivated"}


def test_people_of_a_body_are_the_provinces_to_invite_and_end_with_it(admin: Viewer) -> None:
    hr = officer(Role.PROVINCE_HR, "37")
    made = body()
    for stranger in (admin, officer(Role.PROVINCE_HR, "36")):
        with clock.at(DURING), pytest.raises(NotFound):
            invitations.invite(
                viewer=stranger, label="某", duties=["fill"], organisation_id=made.pk
            )
    with clock.at(DURING), pytest.raises(NotPermitted):
        invitations.invite(
            viewer=officer(Role.PROVINCE_FINANCE, "37"), label="某", organisation_id=made.pk
        )
    with clock.at(DURING):
        issued = invitations.invite(viewer=hr, label="经办人", organisation_id=made.pk)
        found = joined(issued.code)
        late = invitations.invite(viewer=hr, label="第二人", organisation_id=made.pk)
        assert (found.role, found.duties) == (Role.RECOMMENDER, frozenset())
        bodies.close(viewer=hr, body_id=made.pk)
        with pytest.raises(WrongState, match="取消"):
            joined(late.code)
        with pytest.raises(WrongState, match="停用"):
            invitations.invite(viewer=hr, label="某", organisation_id=made.pk)
    assert not User.objects.get(pk=found.user_id).is_active


def test_duties_decide_what_a_member_may_do(admin: Viewer) -> None:
    checker = colleague(admin, Duty.CHECK)
    with pytest.raises(NotPermitted, match="填报人") as refused:
        checker.require_duty(Duty.FILL)
    assert "单位管理员" in refused.value.remedy
    assert only(admin, Duty.FILL).duties == {"admin", "fill"}


@pytest.mark.django_db(transaction=True)
class TestRaces:
    """Two administrators end each other; two people use one invitation. Each with its control."""

    def both_end(self, *, locked: bool) -> int:
        admin = make_round().unit()
        second = colleague(admin, Duty.ADMIN)
        pairs = [(admin, second), (second, admin)]

        def act(number: int) -> User:
            who, whom = pairs[number]
            return members.deactivate(viewer=who, user_id=whom.user_id or 0)

        if locked:
            together(numbered(2, act), at=DURING)
        else:
            with without_locks(held=User, clients=2):
                together(numbered(2, act), at=DURING)
        return User.objects.filter(
            organisation=admin.organisation_id, is_active=True, duties__contains=["admin"]
        ).count()

    def test_one_administrator_stays(self) -> None:
        assert self.both_end(locked=True) == 1

    def test_control_without_the_lock_none_stays(self) -> None:
        assert self.both_end(locked=False) == 0

    def test_of_two_who_use_one_invitation_one_comes_in(self) -> None:
        admin = make_round().unit()
        issued = invite(admin)

        def act(number: int) -> User:
            return invitations.join(
                code=issued.code, person="某", username=f"u{number}", password=PASSWORD
            )

        results = together(numbered(2, act), at=DURING)
        assert sum(isinstance(each, User) for each in results) == 1, results
        assert sum(isinstance(each, DomainError) for each in results) == 1
        assert Organisation.objects.get(pk=admin.organisation_id).people.count() == 2
