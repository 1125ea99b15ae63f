"""Messages reach those whom they concern, once; mail goes out once, and only to who wants it."""

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext, override_settings

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import Invalid, NotFound
from jiangxin.core.workflow import Role
from jiangxin.records.identity.actions import set_mail
from jiangxin.records.identity.models import User
from jiangxin.records.identity.viewer import PUBLIC, Viewer
from jiangxin.records.inbox.actions import mark_read, tell_office, tell_person, tell_unit
from jiangxin.records.inbox.mailing import STALE, send_mails
from jiangxin.records.inbox.models import Message
from jiangxin.records.inbox.queries import (
    MOST_UNREAD,
    message,
    messages,
    unread,
    unread_count,
)
from jiangxin.records.inbox.waiting import Waits, count_waiting
from jiangxin.records.ledger.models import Event
from tests.factories.desk import Desk, official
from tests.factories.races import numbered, together

pytestmark = pytest.mark.django_db
NOW = clock.beijing(2025, 9, 25, 10)


def titles(viewer: Viewer) -> set[str]:
    return {each.title for each in messages(viewer)}


def organisation(viewer: Viewer) -> str:
    return User.objects.get(pk=viewer.user_id).organisation.uscc


def test_each_sees_what_was_sent_to_the_own_unit_office_and_person_and_nothing_else() -> None:
    desk, other = Desk("37"), Desk("32")
    nation = official(Role.MINISTRY_HR)
    unit, stranger = desk.unit(), desk.unit()
    expert = official(Role.EXPERT, "37")
    tell_unit(uscc=organisation(unit), title="单位")
    tell_office(role=Role.PROVINCE_HR, province="37", title="部门")
    tell_office(role=Role.MINISTRY_HR, title="部委")
    tell_person(person_id=expert.user_id, title="本人")
    assert titles(unit) == {"单位"}
    assert titles(desk.hr) == {"部门"}
    assert titles(nation) == {"部委"}
    assert titles(expert) == {"本人"}
    for nobody in (stranger, desk.finance, other.hr, official(Role.EXPERT, "37"), PUBLIC):
        assert titles(nobody) == set()
    with pytest.raises(NotFound):
        message(stranger, Message.objects.get(title="单位").pk)


def test_a_unit_without_an_account_is_told_nothing() -> None:
    assert tell_unit(uscc="", title="无") is None
    assert tell_unit(uscc="91370000000000000X", title="无") is None
    assert not Message.objects.exists()


def test_the_same_key_is_sent_once() -> None:
    for _ in range(2):
        tell_office(role=Role.PROVINCE_HR, province="37", title="一次", key="k")
    assert Message.objects.count() == 1


def test_the_first_reader_of_an_office_marks_for_all_and_is_named() -> None:
    desk = Desk("37")
    colleague = official(Role.PROVINCE_HR, "37", "人社丙")
    first = tell_office(role=Role.PROVINCE_HR, province="37", title="甲")
    second = tell_office(role=Role.PROVINCE_HR, province="37", title="乙")
    foreign = tell_office(role=Role.PROVINCE_HR, province="32", title="外省")
    assert first
    assert second
    assert foreign
    with clock.at(NOW):
        assert mark_read(viewer=desk.hr, message_ids=[first.pk, foreign.pk]) == 1
    with clock.at(NOW + timedelta(hours=1)):
        assert mark_read(viewer=colleague) == 1
    first.refresh_from_db()
    foreign.refresh_from_db()
    assert (first.read_at, first.read_by) == (NOW, "人社甲")
    assert foreign.read_at is None
    assert unread_count(desk.hr) == unread_count(colleague) == 0


def test_unread_is_counted_to_a_bound_and_in_one_query_with_other_things() -> None:
    desk = Desk("37")
    Message.objects.bulk_create(
        Message(office="province_hr", province="37", title=f"{n}", at=NOW)
        for n in range(MOST_UNREAD + 7)
    )
    with CaptureQueriesContext(connection) as found:
        assert unread_count(desk.hr) == MOST_UNREAD
        assert count_waiting({"a": unread(desk.hr), "b": unread(desk.hr)})["b"].count == MOST_UNREAD
    assert len(found) == 2


def test_things_with_and_without_a_date_are_counted_together_in_any_order() -> None:
    desk = Desk("37")
    tell_office(role=Role.PROVINCE_HR, province="37", title="甲", due=NOW.date())
    undated, dated = unread(desk.hr), Waits(messages(desk.hr), due="due")
    for each in ([undated, undated, dated], [dated, undated, undated], [undated, dated, undated]):
        counted = count_waiting({str(n): waits for n, waits in enumerate(each)})
        assert [counted[str(n)].due for n in range(3)] == [
            NOW.date() if waits is dated else None for waits in each
        ]


# --- mail


def addressed(viewer: Viewer, address: str, *, wanted: bool = True) -> None:
    User.objects.filter(pk=viewer.user_id).update(email=address, wants_mail=wanted)


def test_mail_goes_once_to_those_concerned_who_want_it() -> None:
    desk, other = Desk("37"), Desk("32")
    silent, gone = official(Role.PROVINCE_HR, "37"), official(Role.PROVINCE_HR, "37")
    official(Role.PROVINCE_HR, "37")  # no address
    addressed(desk.hr, "a@x.cn")
    addressed(silent, "b@x.cn", wanted=False)
    addressed(gone, "c@x.cn")
    User.objects.filter(pk=gone.user_id).update(is_active=False)
    addressed(desk.finance, "d@x.cn")
    addressed(other.hr, "e@x.cn")
    with clock.at(NOW):
        tell_office(
            role=Role.PROVINCE_HR,
            province="37",
            title="请\n审查",
            text="三件。",
            due=NOW.date(),
        )
        assert send_mails() == 1
        assert send_mails() == 0
    assert [each.to for each in mail.outbox] == [["a@x.cn"]]
    assert mail.outbox[0].subject == "【匠心】请 审查"
    assert "三件。" in mail.outbox[0].body
    assert "2025年9月25日" in mail.outbox[0].body
    assert "办理地址" not in mail.outbox[0].body


@override_settings(PUBLIC_URL="https://jx.example.cn")
def test_a_mail_leads_to_its_message_where_the_reader_works(client: Client) -> None:
    desk = Desk("37")
    unit = desk.unit()
    for viewer in (desk.hr, unit):
        addressed(viewer, f"{viewer.user_id}@x.cn")
    with clock.at(NOW):
        tell_office(role=Role.PROVINCE_HR, province="37", title="请审查", text="三件。")
        tell_unit(uscc=organisation(unit), title="退回", text="")
        assert send_mails() == 2
    for mailed, viewer in zip(mail.outbox, (desk.hr, unit), strict=True):
        [address] = re.findall(r"办理地址：https://jx\.example\.cn(/\S+)", mailed.body)
        asked = client.get(address)
        assert asked.headers["Location"] == f"/login/?next={address}"
        client.force_login(User.objects.get(pk=viewer.user_id))
        shown = client.get(address, follow=True)
        assert mailed.subject.removeprefix("【匠心】") in shown.content.decode()
        client.logout()


def test_a_unit_and_a_person_are_mailed_too() -> None:
    desk = Desk("37")
    unit, expert = desk.unit(), official(Role.EXPERT, "37")
    addressed(unit, "u@x.cn")
    addressed(expert, "x@x.cn")
    with clock.at(NOW):
        tell_unit(uscc=organisation(unit), title="单位")
        tell_person(person_id=expert.user_id, title="本人")
        assert send_mails() == 2
    assert {each.to[0] for each in mail.outbox} == {"u@x.cn", "x@x.cn"}


class Refusing(EmailBackend):
    """A server that takes nothing for one address."""

    def send_messages(self, letters):
        if any("bad@x.cn" in each.to for each in letters):
            raise OSError("mailbox unavailable")
        return super().send_messages(letters)


def test_what_could_not_be_sent_is_tried_again_until_it_is_stale(settings) -> None:
    settings.EMAIL_BACKEND = f"{__name__}.Refusing"
    bad, good = official(Role.EXPERT, "37"), official(Role.EXPERT, "37")
    addressed(bad, "bad@x.cn")
    addressed(good, "good@x.cn")
    with clock.at(NOW):
        for each in (bad, good):
            tell_person(person_id=each.user_id, title="一")
        assert send_mails() == 1, "one that fails does not hold up the next"
    kept = Message.objects.get(person=bad.user_id)
    assert kept.mailed_at is None
    addressed(bad, "mended@x.cn")
    with clock.at(NOW + STALE + timedelta(hours=1)):
        assert send_mails() == 0
    with clock.at(NOW + timedelta(hours=1)):
        assert send_mails() == 1
    assert mail.outbox[-1].to == ["mended@x.cn"]


def test_an_address_is_checked_and_stays_out_of_the_ledger() -> None:
    expert = official(Role.EXPERT, "37")
    for wrong in ("不是邮箱", "a@b", "x" * 260 + "@x.cn"):
        with pytest.raises(Invalid):
            set_mail(viewer=expert, wanted=True, email=wrong)
    with pytest.raises(Invalid, match="请填写"):
        set_mail(viewer=expert, wanted=True, email=" ")
    set_mail(viewer=expert, wanted=True, email=" a@x.cn ")
    set_mail(viewer=expert, wanted=False, email="")
    user = User.objects.get(pk=expert.user_id)
    assert (user.email, user.wants_mail) == ("", False)
    events = Event.objects.filter(type="account.mail_set").order_by("id")
    assert [each.payload for each in events] == [{"wanted": True}, {"wanted": False}]


@pytest.mark.django_db(transaction=True)
def test_two_workers_send_each_mail_once() -> None:
    expert = official(Role.EXPERT, "37")
    addressed(expert, "x@x.cn")
    with clock.at(NOW):
        for number in range(6):
            tell_person(person_id=expert.user_id, title=f"第{number}件")
    mail.outbox = []
    sent = together(numbered(2, lambda _: send_mails()), at=NOW)
    assert sum(each for each in sent if isinstance(each, int)) == 6
    assert sorted(each.subject for each in mail.outbox) == [f"【匠心】第{n}件" for n in range(6)]
