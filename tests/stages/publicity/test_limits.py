"""Too many objections from one sender in an hour are refused kindly; nobody is found out by the count."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import LimitReached
from jiangxin.stages.programme.queries import parameter
from jiangxin.stages.publicity import actions
from jiangxin.stages.publicity.models import Notice, Objection, Sending
from tests.factories.desk import text_of
from tests.factories.races import numbered, together, without_locks
from tests.factories.year import PUBLISHED, make_year

NINE = (PUBLISHED + timedelta(days=1)).replace(hour=9, minute=10)


def raised(notice: Notice, sender: str = "203.0.113.7") -> Objection:
    values = {"ground": "procedure", "text": "对评审程序有异议，请予核实。", "anonymous": True}
    return actions.object_to(notice_id=notice.pk, sender=sender, **values)[0]


def most(notice: Notice) -> int:
    return int(parameter("publicity.objections_an_hour", notice.call.year))


@pytest.mark.django_db
def test_the_hour_is_counted_by_sender_and_ends() -> None:
    notice = make_year().published()
    with clock.at(NINE):
        for _ in range(most(notice)):
            raised(notice)
        with pytest.raises(LimitReached, match="一小时内最多提出 5 件") as refused:
            raised(notice)
        assert "下一个整点" in refused.value.remedy
        assert Objection.objects.count() == most(notice)
        raised(notice, "203.0.113.8")
        raised(notice, "")
    with clock.at(NINE + timedelta(hours=1)):
        raised(notice)
    assert Objection.objects.count() == most(notice) + 3


@pytest.mark.django_db
def test_the_count_holds_no_address_and_is_gone_after_a_day() -> None:
    notice = make_year().published()
    with clock.at(NINE):
        raised(notice)
        one = Sending.objects.get()
        assert "203" not in one.sender
        assert not hasattr(Objection.objects.get(), "sender")
    with clock.at(NINE + timedelta(hours=1)):
        raised(notice)
    assert len(set(Sending.objects.values_list("sender", flat=True))) == 2, (
        "the same sender can not be followed from hour to hour"
    )
    with clock.at(NINE + timedelta(days=1, hours=2)):
        raised(notice)
    assert Sending.objects.count() == 1


@pytest.mark.django_db
def test_the_page_keeps_what_was_typed(client: Client) -> None:
    notice = make_year().published()
    form = {"ground": "procedure", "text": "这是我写了很久的一条异议。", "anonymous": "1"}
    address = reverse("portal-notice", args=[notice.pk])
    with clock.at(NINE):
        for _ in range(most(notice)):
            client.post(address, form)
        page = text_of(client.post(address, form))
        assert "本件没有提交" in page
        assert "这是我写了很久的一条异议。" in page
        assert Objection.objects.count() == most(notice)
        elsewhere = client.post(address, form, REMOTE_ADDR="198.51.100.4")
        assert "本件没有提交" not in text_of(elsewhere)


@pytest.mark.django_db(transaction=True)
def test_of_many_at_once_no_more_than_the_limit_come_in(transactional_db: None) -> None:
    notice = make_year().published()
    with clock.at(NINE):
        raised(notice)
    with without_locks():  # the count itself holds them apart, not the notice's row
        results = together(numbered(8, lambda _: raised(notice)), at=NINE)
    came = [each for each in results if isinstance(each, Objection)]
    assert len(came) == most(notice) - 1, results
    assert sum(isinstance(each, LimitReached) for each in results) == 8 - len(came)
