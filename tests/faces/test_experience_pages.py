"""Good experience on the desk, in the workspace and for the public."""

import pytest
from django.test import Client
from django.urls import reverse

from jiangxin.core.kernel import clock
from jiangxin.core.workflow import Role
from jiangxin.records.identity.viewer import Viewer
from jiangxin.stages.experience.models import Experience
from jiangxin.stages.titles.models import Title
from tests.factories import experience as make
from tests.factories.desk import client_of, official, text_of
from tests.factories.experience import NOW, story
from tests.factories.titled import Place

pytestmark = pytest.mark.django_db
FORM = vars(story())


@pytest.fixture
def place() -> Place:
    return Place()


@pytest.fixture
def unit(place: Place) -> Viewer:
    return place.unit()


@pytest.fixture
def title(place: Place, unit: Viewer) -> Title:
    return place.studio(unit)


def test_from_the_unit_to_the_public(place: Place, unit: Viewer, title: Title) -> None:
    own, hr, anyone = client_of(unit), client_of(place.hr), Client()
    assert "还没有经验案例" in text_of(own.get(reverse("my-experiences", args=[title.pk])))
    with clock.at(NOW):
        own.post(reverse("my-experience-new", args=[title.pk]), FORM)
        row = Experience.objects.get()
        public = reverse("portal-experience", args=[row.pk])
        hr.post(reverse("desk-experience-approve", args=[row.pk]))
        row.refresh_from_db()
        assert row.state == "proposed"
        for step in ("approve", "publish"):
            assert anyone.get(public).status_code == 404
            url = reverse(f"desk-experience-{step}", args=[row.pk])
            assert row.headline in text_of(hr.get(url))
            hr.post(url, {"confirmed": "yes"})
    shown = text_of(anyone.get(public))
    for told in (row.headline, row.summary, "每月一次技术攻关。", title.name, "技能交流"):
        assert told in shown
    assert row.headline in text_of(anyone.get(reverse("portal-experiences") + "?q=技术攻关"))
    assert row.headline in text_of(anyone.get(reverse("portal-experiences") + "?q=功能:技能交流"))
    none = text_of(anyone.get(reverse("portal-experiences") + "?q=功能:技能竞赛"))
    assert row.headline not in none
    assert row.headline in text_of(anyone.get(reverse("portal-title", args=[title.pk])))


def test_a_file_is_never_public(place: Place, title: Title) -> None:
    row = make.published(place, title)
    document = row.papers[0]["document"]
    anyone = Client()
    assert "现场.png" not in text_of(anyone.get(reverse("portal-experience", args=[row.pk])))
    for name in ("desk-experience-file", "my-experience-file"):
        answer = anyone.get(reverse(name, args=[row.pk, document]))
        assert answer.status_code == 302
        assert answer.headers["Location"].startswith("/login/")
    inside = reverse("desk-experience-file", args=[row.pk, document])
    assert client_of(place.supervisor()).get(inside).status_code == 200


def test_what_was_typed_stays_and_a_number_is_found(
    place: Place, unit: Viewer, title: Title
) -> None:
    for viewer, name in ((unit, "my-experience-new"), (place.hr, "desk-experience-new")):
        refused = client_of(viewer).post(
            reverse(name, args=[title.pk]), FORM | {"function": "", "text": "写了很久的正文"}
        )
        assert refused.status_code == 422
        assert "写了很久的正文" in text_of(refused)
        assert "请选择五类功能之一" in text_of(refused)
    row = make.proposed(unit, title, text="联系13800138000。")
    hr = client_of(place.hr)
    refused = hr.post(reverse("desk-experience-approve", args=[row.pk]), {"confirmed": "yes"})
    assert refused.status_code == 422
    assert "正文中的手机号码" in text_of(refused)
    assert "13800138000" not in text_of(refused)
    hr.post(reverse("desk-experience-edit", args=[row.pk]), FORM)
    hr.post(reverse("desk-experience-approve", args=[row.pk]), {"confirmed": "yes"})
    row.refresh_from_db()
    assert (row.state, len(row.papers)) == ("approved", 1)


def test_the_reason_of_a_refusal_reaches_the_unit(place: Place, unit: Viewer, title: Title) -> None:
    row = make.proposed(unit, title)
    url = reverse("desk-experience-decline", args=[row.pk])
    assert client_of(place.hr).post(url, {"reason": " "}).status_code == 422
    client_of(place.hr).post(url, {"reason": "做法不够具体。"})
    page = text_of(client_of(unit).get(reverse("my-experience", args=[row.pk])))
    assert "做法不够具体。" in page
    assert "修改" not in page


def test_nobody_elses_case_is_found(place: Place, unit: Viewer, title: Title) -> None:
    row = make.proposed(unit, title)
    for viewer, name in (
        (official(Role.PROVINCE_HR, "36"), "desk-experience"),
        (official(Role.PROVINCE_HR, "36"), "desk-experience-approve"),
        (place.unit(), "my-experience"),
        (place.unit(), "my-experience-edit"),
    ):
        refused = client_of(viewer).get(reverse(name, args=[row.pk]))
        assert refused.status_code == 404
        assert row.headline not in text_of(refused)
    listed = client_of(official(Role.PROVINCE_HR, "36")).get(reverse("desk-experiences"))
    assert row.headline not in text_of(listed)


def test_the_pages_cost_few_queries_however_many_rows(
    place: Place, unit: Viewer, title: Title, django_assert_max_num_queries
) -> None:
    hr, own, anyone = client_of(place.hr), client_of(unit), Client()
    for count in (1, 3):
        while Experience.objects.count() < count:
            row = make.published(place, title)
        for client, url in (
            (hr, reverse("desk-experiences")),
            (hr, reverse("desk-experience", args=[row.pk])),
            (own, reverse("my-experiences", args=[title.pk])),
            (own, reverse("my-experience", args=[row.pk])),
            (anyone, reverse("portal-experiences")),
            (anyone, reverse("portal-experience", args=[row.pk])),
            (anyone, reverse("portal-title", args=[title.pk])),
        ):
            with django_assert_max_num_queries(8):
                assert client.get(url).status_code == 200
