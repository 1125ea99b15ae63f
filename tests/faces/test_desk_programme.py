"""The pages of the call: drafting, agreeing, publishing, and who may see what of it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from jiangxin.core.kernel import clock
from jiangxin.core.workflow import CallState, Department, Role
from jiangxin.stages.programme import queries
from jiangxin.stages.programme.forms import values_of
from jiangxin.stages.programme.models import Call, Holiday
from tests.factories.desk import MAY, Desk, client_of, loosening_policies, official, text_of

pytestmark = pytest.mark.django_db

TYPED = {
    "year": "2025",
    "title": "2025年申报通知",
    "doc_number": "",
    "opens_at_date": "2025-06-02",
    "opens_at_time": "09:00",
    "closes_at_date": "2025-06-30",
    "closes_at_time": "17:00",
    "publicity_days": "5",
    "panel_size": "5",
    "correction_days": "5",
    "overlay": "",
    "phone": "0531-1",
    "text": "请申报。",
}


@pytest.fixture(autouse=True)
def _in_may() -> Iterator[None]:
    with clock.at(MAY):
        yield


@pytest.fixture
def desk(db: None) -> Desk:
    return Desk("37")


def read(client: Client, name: str, *args: object, **asked: str) -> str:
    response = client.get(reverse(name, args=args), asked)
    assert response.status_code == 200
    return text_of(response)


def test_drafting_by_the_form(desk: Desk) -> None:
    client = client_of(desk.hr)
    response = client.post(reverse("desk-call-new"), TYPED)
    call = Call.objects.get()
    assert response.headers["Location"] == reverse("desk-call", args=[call.pk])
    assert call.closes_at == clock.beijing(2025, 6, 30, 17)
    page = read(client, "desk-call", call.pk)
    assert "2025年6月30日（星期一）17:00" in page
    assert "0531-1" in page


def test_a_mistake_is_named_beside_its_input_and_nothing_typed_is_lost(desk: Desk) -> None:
    wrong = TYPED | {"publicity_days": "3", "title": "独特的标题"}
    response = client_of(desk.hr).post(reverse("desk-call-new"), wrong)
    page = response.content.decode()
    assert response.status_code == 422
    assert "公示不少于 5 个工作日" in page
    assert 'href="#field-publicity_days"' in page
    assert "独特的标题" in page
    assert 'value="3"' in page
    assert not Call.objects.exists()


def test_several_mistakes_come_at_once(desk: Desk) -> None:
    wrong = TYPED | {"panel_size": "x", "opens_at_date": "soon"}
    page = client_of(desk.hr).post(reverse("desk-call-new"), wrong).content.decode()
    assert "有 2 处需要更正" in page


def test_a_year_outside_the_notice_is_refused_with_its_clause(desk: Desk) -> None:
    page = read(client_of(desk.hr), "desk-call-new", year="2026")
    assert "本政策不覆盖 2026 年" in page
    assert "2022—2025" in page
    assert "保存草稿" not in page
    refused = client_of(desk.hr).post(reverse("desk-call-new"), TYPED | {"year": "2026"})
    assert refused.status_code == 422
    assert not Call.objects.exists()


def test_a_second_call_of_the_year_is_refused_kindly(desk: Desk) -> None:
    desk.draft()
    response = client_of(desk.hr).post(reverse("desk-call-new"), TYPED)
    assert "已经存在" in response.content.decode()
    assert Call.objects.count() == 1


def test_a_window_that_ends_on_a_day_off_is_pointed_out(desk: Desk) -> None:
    Holiday.objects.create(day=clock.beijing(2025, 6, 2).date(), working=False, name="端午节")
    call = desk.draft(closes_at=clock.beijing(2025, 6, 28, 17))
    page = read(client_of(desk.hr), "desk-call", call.pk)
    assert "2025年6月28日（星期六）是休息日，单位" in page
    assert "2025年6月2日（星期一）是休息日（端午节）" in page


def test_the_overlay_shows_what_it_adds_with_clause(desk: Desk) -> None:
    page = read(client_of(desk.hr), "desk-call-new", year="2022")
    assert "职工教育经费用于高技能人才的比例不低于50%" in page
    assert 'value="37-2022"' in page
    other = read(client_of(Desk("32").hr), "desk-call-new", year="2022")
    assert "37-2022" not in other


def test_rules_that_loosen_the_notice_are_shown_with_a_case_and_can_not_be_published(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JIANGXIN_POLICIES", str(loosening_policies(tmp_path)))
    call = desk.draft(overlay="37-2025")
    desk.agree()
    client = client_of(desk.hr)
    page = read(client, "desk-call", call.pk)
    assert "这份细则放宽了国家条件，选用后不能发布" in page
    assert "1500" in page
    assert "2000 → 1500 人次" in page
    answer = client.post(reverse("desk-call-publish", args=[call.pk]), {"confirmed": "yes"})
    assert "省级细则放宽了国家条件" in text_of(answer)
    assert Call.objects.get().state == CallState.DRAFT


def test_the_two_marks_and_how_a_change_voids_them(desk: Desk) -> None:
    call = desk.draft()
    finance, hr = client_of(desk.finance), client_of(desk.hr)
    address = reverse("desk-call-concur", args=[call.pk])
    finance.post(address, {"word": "agreed", "digest": call.digest(), "remark": "同意按此发布"})
    assert queries.call_marks(call)[Department.FINANCE].state == "agreed"
    page = read(hr, "desk-call", call.pk)
    assert "财政乙" in page
    assert "同意按此发布" in page
    hr.post(reverse("desk-call", args=[call.pk]), values_of(call) | {"phone": "0531-2"})
    page = read(finance, "desk-call", call.pk)
    assert "失效：通知内容已修改" in page
    assert "已失效" in page


def test_agreeing_to_a_stale_page_is_refused(desk: Desk) -> None:
    call = desk.draft()
    seen = call.digest()
    client_of(desk.hr).post(reverse("desk-call", args=[call.pk]), values_of(call) | {"text": "新"})
    response = client_of(desk.finance).post(
        reverse("desk-call-concur", args=[call.pk]), {"word": "agreed", "digest": seen}
    )
    assert response.status_code == 409
    assert "刚被修改" in response.content.decode()


def test_a_refusal_without_reason_is_refused(desk: Desk) -> None:
    call = desk.draft()
    response = client_of(desk.finance).post(
        reverse("desk-call-concur", args=[call.pk]), {"word": "disagreed", "remark": ""}
    )
    assert "理由" in response.content.decode()
    assert queries.call_marks(call)[Department.FINANCE].state == "empty"


def test_finance_agrees_but_never_edits_or_publishes(desk: Desk) -> None:
    call = desk.draft()
    desk.agree()
    client = client_of(desk.finance)
    changed = values_of(call) | {"title": "财政改的"}
    assert client.post(reverse("desk-call", args=[call.pk]), changed).status_code == 403
    confirmed = {"confirmed": "yes"}
    assert client.post(reverse("desk-call-publish", args=[call.pk]), confirmed).status_code == 403
    assert client.get(reverse("desk-call-new")).status_code == 403
    kept = Call.objects.get()
    assert (kept.title, kept.state) == ("2025年申报通知", CallState.DRAFT)


def test_publishing_asks_first_and_then_publishes(desk: Desk) -> None:
    call = desk.draft()
    client, address = client_of(desk.hr), reverse("desk-call-publish", args=[call.pk])
    confirmed = {"confirmed": "yes"}
    early = client.post(address, confirmed)
    assert early.status_code == 409
    assert "还缺人社、财政部门的同意" in early.content.decode()
    desk.agree()
    page = client.get(address).content.decode()
    assert "2025年申报通知" in page
    assert "高技能人才培训基地 5 个，技能大师工作室 5 个" in page
    client.post(address)
    assert Call.objects.get().state == CallState.DRAFT, "without the confirmation nothing happens"
    client.post(address, confirmed)
    assert Call.objects.get().state == CallState.OPEN
    assert client.get(address).status_code == 302
    assert "保存草稿" not in read(client, "desk-call", call.pk)


def test_no_draft_of_another_province_is_seen_anywhere(desk: Desk) -> None:
    secret = Desk("32").draft(title="绝密草稿")
    Desk("33").open(title="已发布的外省通知")
    for viewer in (
        desk.hr,
        desk.finance,
        official(Role.MINISTRY_HR),
        official(Role.AUDITOR),
        official(Role.SUPERVISOR, "37"),
    ):
        client = client_of(viewer)
        assert "绝密草稿" not in read(client, "desk-calls")
        assert "绝密草稿" not in read(client, "desk-calls", q="绝密", sort="title")
        export = client.get(reverse("desk-calls"), {"export": "csv"})
        assert "绝密草稿" not in b"".join(export.streaming_content).decode()
        assert client.get(reverse("desk-call", args=[secret.pk])).status_code == 404
    for name in ("desk-call-concur", "desk-call-publish"):
        answer = client_of(desk.hr).post(reverse(name, args=[secret.pk]), {"confirmed": "yes"})
        assert answer.status_code in (404, 409)
    assert Call.objects.get(pk=secret.pk).state == CallState.DRAFT


def test_the_quota_and_its_exceptions_are_shown(desk: Desk) -> None:
    from jiangxin.stages.programme import actions
    from jiangxin.stages.programme.tracks import Kind

    call = desk.open()
    actions.grant_exception(
        viewer=official(Role.MINISTRY_HR),
        province="37",
        year=2025,
        kind=Kind.BASE,
        reason="人社厅函〔2025〕9号",
    )
    page = read(client_of(desk.hr), "desk-call", call.pk)
    assert "6 个" in page
    assert "人社厅函〔2025〕9号" in page


def test_the_list_costs_the_same_however_long(desk: Desk) -> None:
    client, counts = client_of(official(Role.AUDITOR)), []
    for codes in (("37",), ("32", "33")):
        for code in codes:
            Desk(code).open()
        with CaptureQueriesContext(connection) as found:
            read(client, "desk-calls")
        counts.append(len(found))
    assert counts[0] == counts[1] <= 6


def test_one_call_costs_few_queries(desk: Desk) -> None:
    call = desk.draft()
    desk.agree()
    client = client_of(desk.hr)
    with CaptureQueriesContext(connection) as found:
        read(client, "desk-call", call.pk)
    assert len(found) <= 12
