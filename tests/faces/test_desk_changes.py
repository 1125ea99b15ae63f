"""Changes of titles on the desk and in the workspace, and what the public sees of them."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from jiangxin.core.kernel import clock
from jiangxin.core.workflow import Role
from jiangxin.records.identity.viewer import Viewer
from jiangxin.stages.changes.models import Change
from jiangxin.stages.changes.rules import Wanted
from jiangxin.stages.titles.models import Title
from tests.factories import changes as make
from tests.factories.changes import NOW, leader
from tests.factories.desk import client_of, official, text_of
from tests.factories.review import id_number
from tests.factories.titled import PNG, Place

pytestmark = pytest.mark.django_db


@pytest.fixture
def place() -> Place:
    return Place()


@pytest.fixture
def unit(place: Place) -> Viewer:
    return place.unit()


@pytest.fixture
def title(place: Place, unit: Viewer) -> Title:
    return place.studio(unit)


def form(serial: int = 1, **changes: str) -> dict[str, str]:
    return {
        "leader_name": f"新师傅{serial}",
        "leader_id_number": id_number(serial),
        "leader_level": "senior_technician",
        "reason": "原带头人退休。",
    } | changes


def test_a_unit_asks_and_both_departments_let_it(place: Place, unit: Viewer, title: Title) -> None:
    own, hr, finance = (client_of(each) for each in (unit, place.hr, place.finance))
    hub = text_of(own.get(reverse("my-title", args=[title.pk])))
    assert reverse("my-changes", args=[title.pk]) in hub
    ask = reverse("my-change-request", args=[title.pk, "leader"])
    assert ask in text_of(own.get(reverse("my-changes", args=[title.pk])))
    with clock.at(NOW):
        proof = SimpleUploadedFile("任命.png", PNG, "image/png")
        own.post(ask, {**form(), "files": [proof]})
        change = Change.objects.get()
        page = text_of(hr.get(reverse("desk-change", args=[change.pk])))
        for told in ("新师傅1", change.leader_mask, "高级技师", "任命.png"):
            assert told in page
        assert id_number(1) not in page
        for client in (hr, finance):
            client.post(
                reverse("desk-change-concur", args=[change.pk]),
                {"digest": change.digest(), "word": "agreed"},
            )
        asked = text_of(hr.get(reverse("desk-change-approve", args=[change.pk])))
        assert title.number in asked
        hr.post(reverse("desk-change-approve", args=[change.pk]), {"confirmed": "yes"})
    title.refresh_from_db()
    assert title.leader_name == "新师傅1"
    assert "变更已经生效" in text_of(own.get(reverse("my-change", args=[change.pk])))


def test_what_was_typed_stays_beside_the_refusal(place: Place, unit: Viewer, title: Title) -> None:
    for viewer, name in ((unit, "my-change-request"), (place.hr, "desk-change-request")):
        url = reverse(name, args=[title.pk, "leader"])
        client = client_of(viewer)
        refused = client.post(url, form(leader_id_number="12345"))
        assert refused.status_code == 422
        page = text_of(refused)
        assert "公民身份号码不正确" in page
        assert "新师傅1" in page
        assert "原带头人退休。" in page
        refused = client.post(url, form(leader_level="technician"))
        assert "一般应具备高级技师以上等级" in text_of(refused)
        assert client.get(reverse(name, args=[title.pk, "whim"])).status_code == 404
    assert not Change.objects.exists()


def test_a_leader_of_the_same_unit_is_refused_on_the_page(place: Place, title: Title) -> None:
    make.approved(
        place, place.studio(uscc=title.uscc, unit_name=title.unit_name), "leader", leader(5)
    )
    refused = client_of(place.hr).post(
        reverse("desk-change-request", args=[title.pk, "leader"]), form(5)
    )
    assert refused.status_code == 422
    assert "同一单位另一国家级技能大师工作室" in text_of(refused)


def test_the_confirmation_names_every_title_of_a_renamed_unit(
    place: Place, unit: Viewer, title: Title
) -> None:
    base = place.legacy(unit)
    change = make.requested(unit, title, "renaming", Wanted(unit_name="新名学院"))
    page = text_of(client_of(place.hr).get(reverse("desk-change-approve", args=[change.pk])))
    names = page.partition("jx-names")[2].partition("</ol>")[0]
    assert title.name in names
    assert base.name in names
    assert "（2 项）" in page


def test_a_refusal_reaches_the_unit(place: Place, unit: Viewer, title: Title) -> None:
    change = make.requested(unit, title, "closure")
    client, url = client_of(place.hr), reverse("desk-change-refuse", args=[change.pk])
    assert client.post(url, {"reason": ""}).status_code == 422
    client.post(url, {"reason": "缺少批文。"})
    assert "缺少批文。" in text_of(client_of(unit).get(reverse("my-change", args=[change.pk])))


def test_a_base_is_not_asked_for_a_leader(place: Place, unit: Viewer) -> None:
    base = place.legacy(unit)
    for viewer, name in ((unit, "my-changes"), (place.hr, "desk-change-new")):
        page = text_of(client_of(viewer).get(reverse(name, args=[base.pk])))
        assert "带头人变更" not in page
        assert "单位更名" in page


def test_nobody_elses_change_is_found(place: Place, unit: Viewer, title: Title) -> None:
    change = make.requested(unit, title, "leader", leader(1))
    file = change.papers[0]["document"]
    for viewer, names in (
        (official(Role.PROVINCE_HR, "36"), ("desk-change", "desk-change-approve")),
        (place.unit(), ("my-change",)),
    ):
        client = client_of(viewer)
        for name in names:
            refused = client.get(reverse(name, args=[change.pk]))
            assert refused.status_code == 404
            assert "新师傅1" not in text_of(refused)
        files = "desk-change-file" if viewer.role is Role.PROVINCE_HR else "my-change-file"
        assert client.get(reverse(files, args=[change.pk, file])).status_code == 404
    listed = client_of(official(Role.PROVINCE_HR, "36")).get(reverse("desk-changes"))
    assert title.unit_name not in text_of(listed)


def test_the_public_sees_the_change_and_no_former_leader(
    place: Place, unit: Viewer, title: Title
) -> None:
    old, before = title.leader_name, title.unit_name
    make.approved(place, title, "leader", leader(1))
    make.approved(place, title, "renaming", Wanted(unit_name="新名学院"))
    page = text_of(Client().get(reverse("portal-title", args=[title.pk])))
    for told in ("带头人变更", "单位更名", f"由“{before}”变更为“新名学院”", "新师傅1"):
        assert told in page
    assert old not in page
    assert Change.objects.filter(leader_hash__gt="").get().leader_mask not in page


def test_the_pages_cost_few_queries_however_many_rows(
    place: Place, unit: Viewer, django_assert_max_num_queries
) -> None:
    hr, own = client_of(place.hr), client_of(unit)
    for count in (1, 3):
        while Change.objects.count() < count:
            title = place.legacy(unit)
            change = make.requested(unit, title, "renaming", Wanted(unit_name="新名学院"))
        with django_assert_max_num_queries(8):
            assert hr.get(reverse("desk-changes") + "?q=待办:本部门").status_code == 200
        with django_assert_max_num_queries(10):
            assert hr.get(reverse("desk-change", args=[change.pk])).status_code == 200
        with django_assert_max_num_queries(10):
            assert hr.get(reverse("desk-change-approve", args=[change.pk])).status_code == 200
        with django_assert_max_num_queries(8):
            assert own.get(reverse("my-changes", args=[title.pk])).status_code == 200
