"""The unit's pages of a revocation: told in plain words, signed for, answered in time."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from jiangxin.core.kernel import clock
from jiangxin.records.identity.viewer import Viewer
from jiangxin.stages.revocation.actions import proposal
from jiangxin.stages.titles.models import Title
from tests.factories import revocation as make
from tests.factories.desk import client_of, text_of
from tests.factories.revocation import FACTS, RULING, START, TERM_OVER
from tests.factories.titled import PNG, Place

pytestmark = pytest.mark.django_db
DURING = START + timedelta(days=2)


@pytest.fixture
def place() -> Place:
    return Place()


@pytest.fixture
def unit(place: Place) -> Viewer:
    return place.unit()


@pytest.fixture
def title(place: Place, unit: Viewer) -> Title:
    return place.studio(unit)


def test_the_hub_says_what_waits_and_until_when(place: Place, unit: Viewer, title: Title) -> None:
    client, hub = client_of(unit), reverse("my-title", args=[title.pk])
    case = make.proposed(place, title)
    assert "告知书" not in text_of(client.get(hub))
    with clock.at(START):
        make.agree(place, case, make.Act.NOTIFY)
        proposal.notify(viewer=place.hr, case_id=case.pk)
        page = text_of(client.get(hub))
        assert "请签收拟取消称号告知书" in page
        client.post(reverse("my-revocation-receipt", args=[case.pk]), {"confirmed": "yes"})
        page = text_of(client.get(hub))
        assert "2026年11月9日（星期一）前" in page
    with clock.at(TERM_OVER):
        page = text_of(client.get(hub))
    assert "已逾期" not in page
    assert "拟取消称号告知书" in page


def test_a_receipt_is_asked_for_and_only_confirmed_counts(
    place: Place, unit: Viewer, title: Title
) -> None:
    case = make.noticed(place, title)
    client, url = client_of(unit), reverse("my-revocation-receipt", args=[case.pk])
    with clock.at(START):
        assert "不表示同意" in text_of(client.get(url))
        client.post(url)
        case.refresh_from_db()
        assert case.served_on is None
        client.post(url, {"confirmed": "yes"})
        case.refresh_from_db()
        assert case.served_on == START.date()
        again = client.post(url, {"confirmed": "yes"})
        assert again.status_code == 409
        assert "已于2026年11月2日" in text_of(again)


def test_what_a_unit_typed_stays_when_it_is_refused(
    place: Place, unit: Viewer, title: Title
) -> None:
    case = make.served(place, title, unit)
    client, url = client_of(unit), reverse("my-revocation-statement", args=[case.pk])
    with clock.at(DURING):
        bad = SimpleUploadedFile("录音.mp3", b"ID3", "audio/mpeg")
        refused = client.post(url, {"text": "我们不同意。", "wants_hearing": "yes", "files": [bad]})
        assert refused.status_code == 422
        page = text_of(refused)
        assert "我们不同意。" in page
        assert "不接收“录音.mp3”" in page
        assert not case.statements.exists()
        good = SimpleUploadedFile("说明.png", PNG, "image/png")
        client.post(url, {"text": "我们不同意。", "wants_hearing": "yes", "files": [good]})
    said = case.statements.get()
    assert (said.wants_hearing, said.papers[0]["name"]) == (True, "说明.png")
    file = reverse("my-revocation-file", args=[case.pk, said.papers[0]["document"]])
    assert client.get(file).status_code == 200
    assert client_of(place.unit()).get(file).status_code == 404
    with clock.at(TERM_OVER):
        late = client.post(url, {"text": "补充。"})
    assert late.status_code == 422
    assert "届满" in text_of(late)


def test_a_draft_decision_is_nobody_s_but_the_departments(
    place: Place, unit: Viewer, title: Title
) -> None:
    case = make.drafted(place, title, unit)
    client, url = client_of(unit), reverse("my-revocation", args=[case.pk])
    page = text_of(client.get(url))
    assert FACTS in page
    assert RULING.text not in page
    with clock.at(TERM_OVER):
        proposal.propose_dismissal(viewer=place.hr, case_id=case.pk, reason="内部提议。")
        assert "内部提议。" not in text_of(client.get(url))
        proposal.propose_dismissal(viewer=place.hr, case_id=case.pk, reason="")
        make.agree(place, case, make.Act.DECIDE)
        make.decision.decide(viewer=place.hr, case_id=case.pk)
    assert RULING.text in text_of(client.get(url))
    for other in (client_of(place.unit()),):
        refused = other.get(url)
        assert refused.status_code == 404
        assert FACTS not in text_of(refused)


def test_the_pages_cost_few_queries(
    place: Place, unit: Viewer, title: Title, django_assert_max_num_queries
) -> None:
    case = make.served(place, title, unit)
    client = client_of(unit)
    with clock.at(DURING), django_assert_max_num_queries(10):
        assert client.get(reverse("my-revocation", args=[case.pk])).status_code == 200
