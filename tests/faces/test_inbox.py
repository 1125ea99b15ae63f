"""The messages' pages on the desk and in the workspace, the bell, the switch for mail."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from jiangxin.core.kernel import clock
from jiangxin.core.workflow import Role
from jiangxin.faces.desk.inbox import subject_page as desk_page
from jiangxin.faces.workspace.inbox import subject_page as workspace_page
from jiangxin.records.identity.models import User
from jiangxin.records.identity.viewer import Viewer
from jiangxin.records.inbox.actions import tell_office, tell_person, tell_unit
from jiangxin.records.inbox.models import Message
from tests.factories.construction import make_site
from tests.factories.desk import JULY, JUNE, Desk, client_of, official, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _in_july() -> Any:
    with clock.at(JULY):
        yield


@pytest.fixture
def desk(db: None) -> Desk:
    found = Desk("37")
    found.open()
    return found


def told(role: Role = Role.PROVINCE_HR, **fields: Any) -> Message:
    found = tell_office(role=role, province="37", **({"title": "请办理"} | fields))
    assert found
    return found


def get(viewer: Viewer, name: str, *args: int, **asked: str) -> str:
    answer = client_of(viewer).get(reverse(name, args=args), asked)
    assert answer.status_code == 200
    return text_of(answer)


def bell_of(page: str) -> str:
    return page.split('class="jx-bell"')[1].split("</a>", maxsplit=1)[0]


def test_the_bell_counts_what_is_unread(desk: Desk) -> None:
    assert "jx-count" not in bell_of(get(desk.hr, "desk-home"))
    told()
    told()
    assert '<span class="jx-count">2</span>' in bell_of(get(desk.hr, "desk-projects"))
    assert "jx-count" not in bell_of(get(desk.finance, "desk-home"))
    unit = desk.unit()
    tell_unit(uscc=User.objects.get(pk=unit.user_id).organisation.uscc, title="单位")
    bell = bell_of(get(unit, "workspace-home"))
    assert '<span class="jx-count">1</span>' in bell
    assert reverse("my-inbox") in bell


def test_the_list_is_a_search_and_shows_only_the_own(desk: Desk) -> None:
    told(title="甲事项", due=JULY.date().replace(day=1))
    told(title="乙事项")
    told(title="丙", role=Role.PROVINCE_FINANCE)
    page = get(desk.hr, "desk-inbox")
    assert "甲事项" in page
    assert "乙事项" in page
    assert "丙" not in page.split("<tbody>")[-1]
    late = get(desk.hr, "desk-inbox", q="期限:已过")
    assert "甲事项" in late
    assert "乙事项" not in late
    assert "共 0 条" not in late
    assert "不认识筛选词" in get(desk.hr, "desk-inbox", q="谁:我")
    answer = client_of(desk.hr).get(reverse("desk-inbox"), {"export": "csv"})
    csv = b"".join(answer.streaming_content).decode("utf-8-sig")
    assert "甲事项" in csv
    assert "丙" not in csv


def test_an_empty_inbox_says_what_it_is_for(desk: Desk) -> None:
    assert "还没有消息" in get(desk.hr, "desk-inbox")


def test_looking_marks_nothing_and_a_button_does(desk: Desk) -> None:
    row = told(text="第一行\n第二行", about="call:1")
    get(desk.hr, "desk-message", row.pk)
    row.refresh_from_db()
    assert row.read_at is None
    answer = client_of(desk.hr).post(reverse("desk-message", args=[row.pk]), {"act": "read"})
    assert answer.headers["Location"] == reverse("desk-inbox")
    row.refresh_from_db()
    assert row.read_by == "人社甲"
    assert "人社甲" in get(desk.hr, "desk-message", row.pk)


def test_bulk_marks_what_was_ticked_and_never_another_offices(desk: Desk) -> None:
    own, rest, foreign = told(), told(), told(role=Role.PROVINCE_FINANCE)
    client = client_of(desk.hr)
    ids = {"ids": [own.pk, foreign.pk, "x", "９"], "act": "read"}
    client.post(reverse("desk-inbox-read"), ids)
    assert set(Message.objects.filter(read_at=None)) == {rest, foreign}
    client.post(reverse("desk-inbox-read"), {"act": "all"})
    assert set(Message.objects.filter(read_at=None)) == {foreign}


def test_a_message_leads_to_the_page_that_this_viewer_has_for_it(desk: Desk) -> None:
    with clock.at(JUNE):
        project = desk.submitted()
    row = told(about=project.subject)
    client = client_of(desk.hr)
    answer = client.post(reverse("desk-message", args=[row.pk]), {"act": "go"})
    assert answer.headers["Location"] == reverse("desk-project", args=[project.pk])
    assert client.get(answer.headers["Location"]).status_code == 200
    ministry, unit = official(Role.MINISTRY_HR), desk.unit()
    assert desk_page(desk.hr, "package:3") == reverse("desk-filing", args=[3])
    assert desk_page(ministry, "package:3") == reverse("ministry-filing", args=[3])
    assert workspace_page(unit, "project:3") == reverse("apply-receipt", args=[3])
    assert workspace_page(official(Role.EXPERT, "37"), "project:3") == "", "no page of an expert"
    assert workspace_page(unit, "title:3") == reverse("my-title", args=[3])
    assert workspace_page(official(Role.EXPERT, "37"), "acceptance:3") == reverse(
        "acceptance-queue"
    )


def test_what_hangs_on_a_title_leads_there_when_it_has_no_page_of_its_own() -> None:
    started = make_site().started()
    hr, unit = official(Role.PROVINCE_HR, "37"), Desk("37").unit()
    assert workspace_page(unit, started.subject) == reverse("my-title", args=[started.title_id])
    assert desk_page(hr, started.subject) == reverse("desk-construction", args=[started.pk])
    assert workspace_page(unit, "construction:999999") == ""


@pytest.mark.parametrize(
    "about", ["", "project", "project:", "project:x", "nothing:1", "project:٣"]
)
def test_a_subject_without_a_page_has_no_button(desk: Desk, about: str) -> None:
    row = told(about=about)
    assert "去办理" not in get(desk.hr, "desk-message", row.pk)
    answer = client_of(desk.hr).post(reverse("desk-message", args=[row.pk]), {"act": "go"})
    assert answer.headers["Location"] == reverse("desk-inbox")


def test_anothers_message_is_not_there(desk: Desk) -> None:
    row = told()
    for viewer, name in (
        (desk.finance, "desk-message"),
        (Desk("32").hr, "desk-message"),
        (desk.unit(), "my-message"),
    ):
        client = client_of(viewer)
        for answer in (
            client.get(reverse(name, args=[row.pk])),
            client.post(reverse(name, args=[row.pk])),
        ):
            assert answer.status_code == 404
            assert "请办理" not in text_of(answer)
    row.refresh_from_db()
    assert row.read_at is None


def test_the_switch_for_mail_keeps_what_was_typed(desk: Desk) -> None:
    expert = official(Role.EXPERT, "37")
    client, where = client_of(expert), reverse("my-settings")
    page = text_of(client.post(where, {"email": "无", "wants_mail": "yes"}))
    assert "不是电子邮箱" in page
    assert 'value="无"' in page
    client.post(where, {"email": "a@x.cn", "wants_mail": "yes"})
    assert 'value="a@x.cn"' in text_of(client.get(where))
    client.post(where, {"email": "a@x.cn"})
    user = User.objects.get(pk=expert.user_id)
    assert (user.email, user.wants_mail) == ("a@x.cn", False)
    assert reverse("desk-settings") in get(desk.hr, "desk-home")


def test_the_list_costs_the_same_however_long_it_is(desk: Desk) -> None:
    unit = desk.unit()
    uscc = User.objects.get(pk=unit.user_id).organisation.uscc
    for viewer, name in ((desk.hr, "desk-inbox"), (unit, "my-inbox")):
        client, counts = client_of(viewer), []
        for more in (1, 2):
            for number in range(more):
                told(key=f"{name}{more}{number}")
                tell_unit(uscc=uscc, title="单位", key=f"{name}{more}{number}u")
            with CaptureQueriesContext(connection) as found:
                client.get(reverse(name))
            counts.append(len(found))
        assert counts[0] == counts[1] <= 8


def test_a_person_is_reached_in_the_workspace(desk: Desk) -> None:
    expert = official(Role.EXPERT, "37")
    tell_person(person_id=expert.user_id or 0, title="请评审")
    assert "请评审" in get(expert, "my-inbox")
