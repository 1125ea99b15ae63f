"""The JSON API: what the public reads, what a viewer reads, and what nobody reads who may not."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from jiangxin.core.kernel import clock
from jiangxin.core.workflow import NoticeState, ProjectState, Role
from jiangxin.records.identity.queries import viewer_of
from jiangxin.records.identity.viewer import System
from jiangxin.stages.examination import actions as examining
from jiangxin.stages.programme.queries import pack
from jiangxin.stages.publicity.models import Notice
from jiangxin.stages.titles.actions import enter_legacy
from tests.factories.desk import JULY, Desk, client_of, official

pytestmark = pytest.mark.django_db
ROOT = "/api/v1"


@pytest.fixture(autouse=True)
def _in_july() -> Iterator[None]:
    with clock.at(JULY):
        yield


@pytest.fixture
def desk(db: None) -> Desk:
    found = Desk("37")
    found.open()
    return found


def get(address: str, client: Client | None = None, **asked: Any) -> Any:
    response = (client or Client()).get(f"{ROOT}{address}", asked)
    assert response.status_code == 200, response.content.decode()
    return response.json()


def title(number: str, province: str, **fields: Any) -> None:
    enter_legacy(
        by=System(),
        number=number,
        province=province,
        **{
            "kind": "base",
            "year": 2015,
            "name": f"基地{number}",
            "unit_name": f"单位{number}",
            "leader_hash": "geheim",
        }
        | fields,
    )


def test_the_description_lists_every_address_and_only_reading() -> None:
    found = get("/")
    assert found["openapi"].startswith("3.")
    assert {
        "/api/v1/register",
        "/api/v1/calls/{call_id}",
        "/api/v1/notices/{notice_id}",
        "/api/v1/policy/norms",
        "/api/v1/projects",
    } <= set(found["paths"])
    assert all(set(methods) == {"get"} for methods in found["paths"].values())


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_nothing_can_be_written(method: str, desk: Desk) -> None:
    client = client_of(desk.hr)
    for address in ("/register", "/projects", "/calls/1"):
        assert getattr(client, method)(f"{ROOT}{address}").status_code == 405


def test_the_register_is_public_and_keeps_personal_hashes_to_itself() -> None:
    title("L1", "37")
    title("L2", "32", state="revoked", year=2018)
    found = get("/register")
    assert (found["total"], [each["number"] for each in found["items"]]) == (2, ["L2", "L1"])
    assert found["items"][0]["province_name"] == "江苏省"
    assert found["items"][0]["state"] == "revoked"
    assert "geheim" not in json.dumps(found)
    assert [each["number"] for each in get("/register", province="37")["items"]] == ["L1"]
    assert [each["number"] for each in get("/register", q="单位L2")["items"]] == ["L2"]
    assert get("/register", year=2018, kind="studio")["total"] == 0
    assert get("/register/L1")["name"] == "基地L1"
    assert get("/register", size=1, page=2)["items"][0]["number"] == "L1"
    assert get("/register", page=9)["items"] == []


@pytest.mark.parametrize(
    ("address", "status", "field"),
    [
        ("/register/none", 404, ""),
        ("/register?province=99", 422, "province"),
        ("/register?page=0", 422, "page"),
        ("/register?size=201", 422, "size"),
        ("/register?year=abc", 422, "year"),
        ("/register?kind=castle", 422, "kind"),
        ("/calls/99999", 404, ""),
        ("/notices/99999", 404, ""),
        ("/policy/parameters?on=heute", 422, "on"),
    ],
)
def test_a_refusal_says_what_and_why(address: str, status: int, field: str) -> None:
    response = Client().get(ROOT + address)
    assert response.status_code == status
    found = response.json()
    assert set(found) == {"message", "remedy", "clause", "field"}
    assert found["message"]
    assert found["field"] == field


def test_only_published_calls_are_public(desk: Desk) -> None:
    draft = Desk("32").draft(title="未发布的通知")
    found = get("/calls")
    assert [each["id"] for each in found["items"]] == [desk.call.pk]
    assert found["items"][0]["closes_at"] == "2025-06-30T17:00:00+08:00"
    assert get(f"/calls/{desk.call.pk}")["province_name"] == "山东省"
    response = Client().get(f"{ROOT}/calls/{draft.pk}")
    assert response.status_code == 404
    assert "未发布" not in json.dumps(found) + response.content.decode().replace("尚未发布", "")


def test_only_published_notices_are_public(desk: Desk) -> None:
    item = {
        "application": 1,
        "number": "J1",
        "kind": "base",
        "track": "new_base",
        "title": "项目甲",
        "unit": "单位甲",
        "leader": "",
    }
    published = Notice.objects.create(
        call=desk.call,
        title="公示",
        text="正文",
        contact="电话",
        days=5,
        items=[item],
        state=NoticeState.PUBLISHED,
        published_at=JULY,
    )
    other = Desk("32")
    other.open()
    draft = Notice.objects.create(
        call=other.call, title="草稿公示", text="x", contact="x", days=5, items=[item]
    )
    found = get("/notices")
    assert [each["id"] for each in found["items"]] == [published.pk]
    assert found["items"][0]["digest"] == published.digest()
    assert get(f"/notices/{published.pk}")["items"] == [
        {key: value for key, value in item.items() if key != "application"}
    ]
    assert get("/notices", province="32")["total"] == 0
    assert Client().get(f"{ROOT}/notices/{draft.pk}").status_code == 404


def test_the_policy_is_open_norm_by_norm() -> None:
    assert len(get("/policy/norms")) == len(pack().norms) == 59
    assert {each["kind"] for each in get("/policy/norms", kind="Q")} == {"Q"}
    assert get("/policy")["code"] == "cn-2022-62"
    clauses = {each["id"] for each in get("/policy/clauses")}
    assert all(each["clause"].split(",")[0] in clauses for each in get("/policy/parameters"))
    names = {each["name"]: each["value"] for each in get("/policy/parameters", on="2025-06-01")}
    assert names["quota.base"] == 5
    assert get("/policy/parameters", on="2020-01-01") == []


def test_projects_need_a_login() -> None:
    for address in ("/projects", "/projects/1"):
        response = Client().get(ROOT + address)
        assert response.status_code == 401
        assert response.json()["message"] == "请先登录。"


def test_projects_are_those_of_the_viewers_scope_in_list_and_count(desk: Desk) -> None:
    mine, draft = desk.row(), desk.row(state=ProjectState.DRAFT, version=0)
    other = Desk("32")
    other.open()
    foreign = other.row(title="外省项目")
    for viewer, seen in (
        (desk.hr, [mine]),
        (desk.finance, [mine]),
        (official(Role.MINISTRY_HR), []),
        (official(Role.EXPERT, "37"), []),
        (official(Role.AUDITOR), [foreign, mine]),
        (viewer_of(draft.unit.people.get()), [draft]),
    ):
        client = client_of(viewer)
        found = get("/projects", client)
        assert [each["id"] for each in found["items"]] == [each.pk for each in seen]
        assert found["total"] == len(seen)
    client = client_of(desk.hr)
    assert get("/projects", client, province="32")["total"] == 0
    assert client.get(f"{ROOT}/projects/{foreign.pk}").status_code == 404
    assert client.get(f"{ROOT}/projects/{draft.pk}").status_code == 404
    assert get("/projects", client, state="submitted")["total"] == 1
    assert get("/projects", client, state="examined")["total"] == 0


def test_an_examiners_word_reaches_the_unit_only_with_the_decision(desk: Desk) -> None:
    project = desk.submitted()
    examining.judge(
        viewer=desk.hr,
        application_id=project.pk,
        norm="N09",
        word="not_met",
        reason="尚未告知单位的意见",
    )

    def verdict(client: Client) -> str:
        found = get(f"/projects/{project.pk}", client)
        return next(each["verdict"] for each in found["findings"] if each["norm"] == "N09")

    assert verdict(client_of(desk.hr)) == "not_met"
    assert verdict(client_of(viewer_of(project.unit.people.get()))) == "unknown"


@pytest.mark.parametrize("address", ["/register", "/calls", "/notices"])
def test_a_public_list_costs_two_queries_however_long(address: str, desk: Desk) -> None:
    counts = []
    for more in (1, 2):
        for n in range(more):
            title(f"L{more}{n}", "37")
        if more == 2:
            for code in ("32", "33"):
                Desk(code).open()
        with CaptureQueriesContext(
            connection,
        ) as queries:
            get(address)
        counts.append(len(queries))
    assert counts == [2, 2]


def test_the_own_list_costs_four_queries_however_long(desk: Desk) -> None:
    client, counts = client_of(desk.hr), []
    for more in (1, 2):
        for _ in range(more):
            desk.row()
        with CaptureQueriesContext(connection) as queries:
            assert get("/projects", client)["total"] == {1: 1, 2: 3}[more]
        counts.append(len(queries))
    assert counts == [4, 4]
