"""The recommending body's desk, and the province's pages about bodies and opinions."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from jiangxin.core.kernel import clock
from jiangxin.core.workflow import Role
from jiangxin.faces.desk import filing
from jiangxin.ops.scenes.country import officer
from jiangxin.records.identity.models import Organisation, User
from jiangxin.stages.application import bodies
from jiangxin.stages.application.models import Application, Recommendation
from jiangxin.stages.programme.tracks import Kind
from tests.factories.applications import DURING, Round, make_round, unit_of
from tests.factories.desk import client_of, official, text_of
from tests.factories.unit import PASSWORD, RECOMMENDED, body, clerk, rules, sent_to

pytestmark = pytest.mark.django_db
LIST = "/desk/recommendations/"
BODIES = "/desk/recommenders/"


@pytest.fixture(autouse=True)
def during() -> Iterator[None]:
    with clock.at(DURING):
        yield


@pytest.fixture
def round_(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Round:
    made = make_round()
    rules(tmp_path, monkeypatch, own=RECOMMENDED)
    made.call.refresh_from_db()
    return made


@pytest.fixture
def city(round_: Round) -> Organisation:
    return body()


def at(name: str, project: Application) -> str:
    return reverse(name, args=[project.pk])


def test_the_list_is_a_search_and_costs_the_same_at_one_and_three(
    round_: Round, city: Organisation, django_assert_max_num_queries
) -> None:
    mine, hr = client_of(clerk(city)), client_of(officer(Role.PROVINCE_HR, "37"))
    other = client_of(clerk(body("青岛市人社局")))
    first = sent_to(round_, city)
    for client in (mine, hr):
        with django_assert_max_num_queries(8):
            assert first.number in text_of(client.get(LIST))
    sent_to(round_, city), sent_to(round_, city)
    for client in (mine, hr):
        with django_assert_max_num_queries(8):
            assert "济南市人社局" in text_of(client.get(LIST))
    assert first.number not in text_of(other.get(LIST))
    assert first.number in text_of(hr.get(LIST, {"q": "推荐:待推荐 部门:济南"}))
    assert first.number not in text_of(hr.get(LIST, {"q": "推荐:已推荐"}))
    assert first.number not in other.get(LIST, {"format": "csv"}).content.decode()
    home = text_of(mine.get("/desk/"))
    assert "待推荐" in home


def test_recommended_with_an_opinion_that_the_province_and_the_unit_read(
    round_: Round, city: Organisation, django_assert_max_num_queries
) -> None:
    project = sent_to(round_, city)
    mine, hr = client_of(clerk(city)), client_of(officer(Role.PROVINCE_HR, "37"))
    with django_assert_max_num_queries(16):
        page = text_of(mine.get(at("desk-recommendation", project)))
    assert at("desk-recommend", project) in page
    assert "还剩 5 个" in text_of(mine.get(at("desk-recommend", project))).replace(
        "<strong>", ""
    ).replace("</strong>", "")
    act = at("desk-recommend", project)
    refused = mine.post(act, {"confirmed": "yes", "opinion": ""})
    assert refused.status_code == 422
    assert "请写明推荐意见" in text_of(refused)
    mine.post(act, {"opinion": "同意推荐。"})
    assert not Recommendation.objects.exists(), "not without the confirmation"
    mine.post(act, {"confirmed": "yes", "opinion": "设备和师资突出，同意推荐。"})
    project.refresh_from_db()
    assert project.state == "submitted"
    for page in (
        text_of(hr.get(at("desk-recommendation", project))),
        text_of(client_of(unit_of(project)).get(at("apply-receipt", project))),
    ):
        assert "设备和师资突出" in page
    assert project.number in text_of(hr.get("/desk/examination/"))


def test_a_full_quota_is_said_and_the_opinion_stays(round_: Round, city: Organisation) -> None:
    hr = officer(Role.PROVINCE_HR, "37")
    bodies.set_quota(viewer=hr, body_id=city.pk, year=2025, numbers={Kind.STUDIO: 0})
    project = sent_to(round_, city)
    answer = client_of(clerk(city)).post(
        at("desk-recommend", project), {"confirmed": "yes", "opinion": "同意推荐这个项目。"}
    )
    assert answer.status_code == 422
    page = text_of(answer)
    assert "名额已用完" in page
    assert "同意推荐这个项目。" in page


def test_returned_section_by_section_after_a_preview(round_: Round, city: Organisation) -> None:
    project = sent_to(round_, city)
    mine = client_of(clerk(city))
    act = at("desk-recommend-return", project)
    assert mine.post(act, {}).status_code == 422
    data = {"reason-plan": "缺少季度指标。\n缺少负责人。"}
    page = text_of(mine.post(act, data))
    assert "确认退回（2 处）" in page
    project.refresh_from_db()
    assert project.state == "with_recommender"
    mine.post(act, data | {"confirmed": "yes"})
    project.refresh_from_db()
    assert project.state == "returned"
    page = text_of(client_of(unit_of(project)).get(at("apply-tasks", project)))
    assert "缺少季度指标。" in page
    assert "缺少负责人。" in page


def test_not_recommended_needs_a_reason_and_a_confirmation(
    round_: Round, city: Organisation
) -> None:
    project = sent_to(round_, city)
    mine, act = client_of(clerk(city)), at("desk-recommend-decline", project)
    assert "申报到此结束" in text_of(mine.get(act))
    assert mine.post(act, {"confirmed": "yes", "reason": " "}).status_code == 422
    mine.post(act, {"confirmed": "yes", "reason": "培训规模不足。"})
    project.refresh_from_db()
    assert project.state == "not_recommended"
    receipt = text_of(client_of(unit_of(project)).get(at("apply-receipt", project)))
    assert "培训规模不足。" in receipt


def test_a_body_reaches_nothing_of_the_province_but_what_names_it(
    round_: Round, city: Organisation
) -> None:
    project = sent_to(round_, city)
    other = client_of(clerk(body("青岛市人社局")))
    for name in (
        "desk-recommendation",
        "desk-recommend",
        "desk-recommend-decline",
        "desk-recommend-return",
        "desk-project",
    ):
        assert other.get(at(name, project)).status_code == 404, name
    mine = client_of(clerk(city))
    assert mine.get(at("desk-project", project)).status_code == 200
    for address in ("/desk/examination/", "/desk/filings/", "/desk/recommenders/"):
        assert mine.get(address).status_code == 403, address
    archive = [each.callback.access.roles for each in filing.urlpatterns]
    assert all(Role.RECOMMENDER not in roles for roles in archive), "the archive is the province's"
    page = text_of(mine.get("/desk/"))
    links = set(re.findall(r'href="(/desk/[^"?#]*)', page))
    assert links
    for link in links:
        assert mine.get(link).status_code == 200, link


def test_the_province_gives_it_to_another_body(round_: Round, city: Organisation) -> None:
    project = sent_to(round_, city)
    other = body("青岛市人社局")
    hr = client_of(officer(Role.PROVINCE_HR, "37"))
    act = at("desk-recommend-reassign", project)
    assert hr.post(act, {"body": ""}).status_code == 422
    hr.post(act, {"body": str(other.pk)})
    project.refresh_from_db()
    assert project.recommender_id == other.pk
    assert client_of(clerk(city)).get(at("desk-recommendation", project)).status_code == 404


def test_bodies_are_registered_edited_given_places_and_closed(
    round_: Round, django_assert_max_num_queries
) -> None:
    hr = client_of(officer(Role.PROVINCE_HR, "37"))
    assert "还没有推荐部门" in text_of(hr.get(BODIES))
    new = reverse("desk-recommender-new")
    answer = hr.post(new, {"body": "", "level": "市级部门", "office_contact": "王五"})
    assert answer.status_code == 422
    assert "王五" in text_of(answer)
    hr.post(new, {"body": "烟台市人社局", "level": "市级部门"})
    made = Organisation.objects.get(name="烟台市人社局")
    with django_assert_max_num_queries(8):
        assert "烟台市人社局" in text_of(hr.get(BODIES))
    one = reverse("desk-recommender", args=[made.pk])
    with django_assert_max_num_queries(12):
        assert "推荐名额" in text_of(hr.get(one))
    quota = one + "?year=2025"
    bad = hr.post(quota, {"act": "quota", "base": "x", "studio": "2"})
    assert bad.status_code == 422
    assert 'value="x"' in text_of(bad)
    hr.post(quota, {"act": "quota", "base": "3", "studio": "2"})
    assert {row.kind: row.places for row in made.quotas.all()} == {"base": 3, "studio": 2}
    page = text_of(hr.post(one, {"act": "invite", "label": "经办人"}))
    link = re.search(r"http://testserver(/join/[0-9a-f]{32}/)", page)
    assert link
    guest = Client()
    guest.post(
        link.group(1),
        {"person": "赵六", "username": "zhao6", "password": PASSWORD, "password_again": PASSWORD},
    )
    user = User.objects.get(username="zhao6")
    assert (user.role, user.province, user.organisation_id) == ("recommender", "37", made.pk)
    assert guest.get(LIST).status_code == 200
    off = reverse("desk-recommender-off", args=[user.pk])
    assert "赵六" in text_of(hr.get(off))
    hr.post(off, {"confirmed": "yes"})
    assert guest.get(LIST).status_code == 302
    hr.post(reverse("desk-recommender-on", args=[user.pk]))
    close = reverse("desk-recommender-close", args=[made.pk])
    assert "1 个账号" in text_of(hr.get(close))
    hr.post(close)
    assert Organisation.objects.get(pk=made.pk).closed_at is None
    hr.post(close, {"confirmed": "yes"})
    assert Organisation.objects.get(pk=made.pk).closed_at is not None
    assert "已停用" in text_of(hr.get(BODIES))
    hr.post(close, {"confirmed": "yes"})
    assert Organisation.objects.get(pk=made.pk).closed_at is None


def test_another_province_sees_none_of_it(city: Organisation) -> None:
    stranger = client_of(official(Role.PROVINCE_HR, "36"))
    assert "济南市人社局" not in text_of(stranger.get(BODIES))
    for name in ("desk-recommender", "desk-recommender-edit", "desk-recommender-close"):
        assert stranger.get(reverse(name, args=[city.pk])).status_code == 404
    who = clerk(city)
    assert stranger.get(reverse("desk-recommender-off", args=[who.user_id])).status_code == 404
