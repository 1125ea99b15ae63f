"""The pool's pages: search, scope, confirmation, what is shown once."""

from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import reverse

from jiangxin.core.kernel import clock
from jiangxin.records.identity.models import User
from jiangxin.records.identity.viewer import Viewer
from jiangxin.stages.experts.choices import State
from jiangxin.stages.experts.models import Expert
from tests.factories.review import NOW, Province, id_number, make_province


@pytest.fixture(autouse=True)
def _in_september() -> Iterator[None]:
    with clock.at(NOW):
        yield


@pytest.fixture
def province(db: None) -> Province:
    return make_province("37", projects=1)


def login(viewer: Viewer) -> Client:
    client = Client()
    client.force_login(User.objects.get(pk=viewer.user_id))
    return client


def test_the_list_is_a_search_of_the_own_pool(province: Province) -> None:
    other = make_province("11", projects=1)
    Expert.objects.filter(pk=other.experts[0].pk).update(name="外省人")
    page = login(province.hr).get(reverse("desk-experts"), {"q": "专业:财务"}).content.decode()
    finance = [each for each in province.experts if each.field == "finance"]
    assert all(each.name in page for each in finance)
    assert f">{province.experts[0].name}<" not in page
    assert "外省人" not in page
    assert "外省人" not in login(province.hr).get(reverse("desk-experts")).content.decode()
    assert (
        login(province.hr).get(reverse("desk-expert", args=[other.experts[0].pk])).status_code
        == 404
    )


def test_an_export_holds_the_rows_of_the_search_and_no_number_in_clear(
    province: Province,
) -> None:
    client = login(province.supervisor)
    answer = client.get(
        reverse("desk-experts"), {"export": "csv", "q": "专业:教育", "col": ["name", "id"]}
    )
    text = b"".join(answer.streaming_content).decode()
    assert text.count("\n") == 1 + sum(each.field == "education" for each in province.experts)
    assert all(id_number(n) not in text for n in range(18))


@pytest.mark.parametrize("count", [1, 3])
def test_a_list_costs_the_same_queries_for_one_row_and_three(
    province: Province, count: int, django_assert_max_num_queries
) -> None:
    Expert.objects.exclude(pk__in=[each.pk for each in province.experts[:count]]).update(
        state=State.REMOVED
    )
    client = login(province.hr)
    with django_assert_max_num_queries(8) as captured:
        client.get(reverse("desk-experts"), {"q": "状态:在库"})
    QUERIES.add(len(captured))
    assert len(QUERIES) == 1


QUERIES: set[int] = set()


def test_registering_shows_the_initial_password_once(province: Province) -> None:
    client = login(province.hr)
    data = {
        "name": "新专家",
        "id_number": id_number(77),
        "unit_name": "某学院",
        "field": "technical",
        "term_until": "2028-12-31",
        "occupations": ["6-18-01-01 车工", ""],
    }
    wrong = client.post(reverse("desk-expert-new"), data | {"id_number": "1"})
    assert wrong.status_code == 422
    assert 'value="某学院"' in wrong.content.decode()
    assert not Expert.objects.filter(name="新专家").exists()
    answer = client.post(reverse("desk-expert-new"), data)
    made = Expert.objects.select_related("user").get(name="新专家")
    shown = answer.content.decode()
    assert made.user.username in shown
    secret = shown.split('class="jx-secret">')[2].split("<")[0]
    assert made.user.check_password(secret)
    assert answer["Cache-Control"] == "no-store"
    again = client.get(reverse("desk-expert", args=[made.pk])).content.decode()
    assert secret not in again
    assert id_number(77) not in again


def test_states_change_after_a_confirmation_with_names_all_or_none(province: Province) -> None:
    client = login(province.hr)
    one, two, *_ = province.experts
    asked = client.post(reverse("desk-experts-turn"), {"act": "suspend", "ids": [one.pk, two.pk]})
    text = asked.content.decode()
    assert one.name in text
    assert two.name in text
    assert "2 项" in text
    assert Expert.objects.filter(state=State.SUSPENDED).count() == 0
    confirmed = {"act": "suspend", "ids": [one.pk, two.pk], "confirmed": "yes"}
    assert client.post(reverse("desk-experts-turn"), confirmed).status_code == 422
    client.post(reverse("desk-experts-turn"), confirmed | {"reason": "培训未到"})
    assert Expert.objects.filter(state=State.SUSPENDED).count() == 2
    three = province.experts[2]
    mixed = {"act": "suspend", "ids": [one.pk, three.pk], "confirmed": "yes", "reason": "x"}
    assert client.post(reverse("desk-experts-turn"), mixed).status_code == 422
    three.refresh_from_db()
    assert three.state == State.ACTIVE


def test_another_province_s_expert_can_not_be_turned(province: Province) -> None:
    other = make_province("11", projects=1)
    client = login(province.hr)
    target = other.experts[0]
    data = {"act": "remove", "ids": [target.pk], "confirmed": "yes", "reason": "x"}
    answer = client.post(reverse("desk-experts-turn"), data)
    assert "没有选中专家" in answer.content.decode()
    target.refresh_from_db()
    assert target.state == State.ACTIVE


def test_ties_are_added_and_a_wrong_one_keeps_what_was_typed(province: Province) -> None:
    client = login(province.hr)
    url = reverse("desk-expert-ties", args=[province.experts[0].pk])
    wrong = client.post(url, {"act": "employment", "unit_name": "老单位", "since": "2030-01-01"})
    assert wrong.status_code == 422
    assert 'value="老单位"' in wrong.content.decode()
    client.post(url, {"act": "employment", "unit_name": "老单位", "since": "2020-01-01"})
    client.post(url, {"act": "relation", "kind": "advised", "related_unit": "某厂"})
    page = client.get(reverse("desk-expert", args=[province.experts[0].pk])).content.decode()
    assert "老单位" in page
    assert "咨询辅导" in page
    tie = province.experts[0].relations.get()
    client.post(url, {"relation": str(tie.pk)})
    assert province.experts[0].relations.count() == 0


def test_readers_see_no_button_and_may_not_write(province: Province) -> None:
    client = login(province.finance)
    url = reverse("desk-expert", args=[province.experts[0].pk])
    assert "重置初始口令" not in client.get(url).content.decode()
    assert client.get(reverse("desk-expert-edit", args=[province.experts[0].pk])).status_code == 403
    assert (
        client.post(reverse("desk-expert-password", args=[province.experts[0].pk])).status_code
        == 403
    )
