"""The ministries' pages: what waits, receive and decide with names first, quota, calendar, the nation."""

import io
import re
from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from python_calamine import CalamineWorkbook

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.regions import PROVINCES
from jiangxin.core.workflow import Role
from jiangxin.ops.scenes.country import officer, seed_register
from jiangxin.stages.application.models import Application
from jiangxin.stages.filing import actions
from jiangxin.stages.filing.models import Delivery, Filing, Package, Registration
from jiangxin.stages.programme.models import Call, Holiday, QuotaPlace
from jiangxin.stages.titles.models import Title
from tests.factories.desk import client_of, text_of
from tests.factories.year import Year, make_year

IN_TIME = clock.beijing(2025, 10, 20, 10)


@pytest.fixture(autouse=True)
def _in_time() -> Iterator[None]:
    with clock.at(IN_TIME):
        yield


@pytest.fixture
def year(db: None) -> Year:
    return make_year()


@pytest.fixture
def filed(year: Year) -> Package:
    year.confirmed()
    row = year.package()
    year.seal(row)
    return actions.file(viewer=year.hr, package_id=row.pk)


@pytest.fixture
def hr(filed: Package) -> Client:
    return client_of(officer(Role.MINISTRY_HR))


@pytest.fixture
def finance(filed: Package) -> Client:
    return client_of(officer(Role.MINISTRY_FINANCE))


def ids() -> list[int]:
    return list(
        Application.objects.filter(state="filed").order_by("id").values_list("pk", flat=True)
    )


def receive(client: Client, row: Package) -> None:
    """Confirm, and read the page to which that leads, with its message."""
    url = reverse("ministry-filing-receive", args=[row.pk])
    client.post(url, {"confirmed": "yes"}, follow=True)


def decide(client: Client, row: Package, **given: object) -> object:
    return client.post(reverse("ministry-filing-decide", args=[row.pk]), given)


def test_the_list_is_a_search_and_says_what_waits(
    hr: Client, finance: Client, filed: Package
) -> None:
    url = reverse("ministry-filings")
    page = text_of(hr.get(url))
    assert "山东省" in page
    assert 'title="待办 1 件"' in page
    for search, found in {
        "待办:接收": True,
        "待办:办理": True,
        "待办:全部 省:山东 年:2025": True,
        "省:江苏": False,
        "状态:已报送": True,
        "状态:退回补充": False,
    }.items():
        shown = text_of(hr.get(url, {"q": search}))
        assert ('data-url="' in shown) is found, search
    receive(hr, filed)
    assert 'data-url="' not in text_of(hr.get(url, {"q": "待办:接收"}))
    assert 'data-url="' in text_of(finance.get(url, {"q": "待办:接收"}))
    decide(hr, filed, act="register", ids=ids(), confirmed="yes")
    page = text_of(hr.get(url))
    assert "待办 1 件" not in page
    assert 'data-url="' not in text_of(hr.get(url, {"q": "待办:全部"}))


def test_an_export_holds_the_rows_of_the_search(hr: Client) -> None:
    answer = hr.get(reverse("ministry-filings"), {"export": "csv", "q": "省:山东"})
    lines = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()
    assert len(lines) == 2
    assert lines[1].startswith("山东省,2025,已报送,2,2,否")


def test_receiving_shows_digest_and_names_before_it_is_done(hr: Client, filed: Package) -> None:
    url = reverse("ministry-filing-receive", args=[filed.pk])
    asked = text_of(hr.get(url))
    assert filed.digest in asked
    assert "核验一致" in asked
    assert "2 项" in asked
    hr.post(url)
    assert not Delivery.objects.exists()
    hr.post(url, {"confirmed": "yes"})
    assert Delivery.objects.get().digest == filed.digest


def test_both_digests_stand_side_by_side_once_both_have_received(
    hr: Client, finance: Client, filed: Package
) -> None:
    url = reverse("ministry-filing", args=[filed.pk])
    receive(hr, filed)
    assert "两部收到的是同一份材料" not in text_of(hr.get(url))
    receive(finance, filed)
    page = text_of(hr.get(url))
    assert "两部收到的是同一份材料" in page
    assert page.count(filed.digest) >= 3


def test_the_check_is_shown_and_a_spoilt_archive_is_told(hr: Client, filed: Package) -> None:
    url = reverse("ministry-filing", args=[filed.pk])
    assert "都与清单相符" in text_of(hr.get(url, {"check": "1"}))
    Filing.objects.update(digest="0" * 64)
    assert "压缩包的摘要值与报送记录不符" in text_of(hr.get(url, {"check": "1"}))
    refused = text_of(hr.get(reverse("ministry-filing-receive", args=[filed.pk])))
    assert "核验不一致" in refused
    assert "confirmed" not in refused


def test_a_bulk_decision_names_the_projects_first_and_is_all_or_none(
    hr: Client, filed: Package
) -> None:
    first, second = ids()
    titles = list(Application.objects.filter(state="filed").values_list("title", flat=True))
    refused = decide(hr, filed, act="register", ids=[first, second], confirmed="yes")
    assert refused.status_code == 422
    assert "请先确认接收" in text_of(refused)
    receive(hr, filed)
    preview = text_of(decide(hr, filed, act="register", ids=[first, second]))
    assert all(title in preview for title in titles)
    assert "2 项" in preview
    assert not Registration.objects.exists()
    decide(hr, filed, act="register", ids=[first], confirmed="yes")
    assert Registration.objects.count() == 1
    again = text_of(decide(hr, filed, act="register", ids=[first, second]))
    assert "1 项" in again
    assert "没有选中" in text_of(decide(hr, filed, act="register", ids=[first]))
    assert "没有选中" in text_of(decide(hr, filed, act="register"))
    assert decide(hr, filed, act="other", ids=[second]).status_code == 422


def test_a_return_needs_a_reason_keeps_what_was_typed_and_reaches_the_province(
    year: Year, hr: Client, finance: Client, filed: Package
) -> None:
    receive(hr, filed)
    project = ids()[0]
    empty = decide(hr, filed, act="return", ids=[project], confirmed="yes", reason=" ")
    assert empty.status_code == 422
    assert "退回须写明理由" in text_of(empty)
    long = decide(hr, filed, act="return", ids=[project], confirmed="yes", reason="长" * 2001)
    assert long.status_code == 422
    assert "长" * 2001 in text_of(long)
    decide(hr, filed, act="return", ids=[project], confirmed="yes", reason="佐证与申报表不符。")
    page = text_of(client_of(year.finance).get(reverse("desk-filing", args=[filed.pk])))
    assert "佐证与申报表不符。" in page
    assert "有项目被退回" in page
    assert "佐证与申报表不符。" in text_of(finance.get(reverse("ministry-filing", args=[filed.pk])))


def test_the_other_ministry_s_page_is_the_same_before_and_after_a_pending_decision(
    year: Year, hr: Client, finance: Client, filed: Package
) -> None:
    receive(hr, filed)
    receive(finance, filed)
    province = client_of(year.hr)
    pages = [
        (finance, reverse("ministry-filing", args=[filed.pk])),
        (finance, reverse("ministry-filings")),
        (finance, reverse("desk-home")),
        (finance, reverse("desk-project", args=[ids()[0]]) + "?tab=history"),
        (province, reverse("desk-filing", args=[filed.pk])),
        (province, reverse("desk-project", args=[ids()[0]]) + "?tab=history"),
    ]
    before = [without_token(text_of(client.get(url))) for client, url in pages]
    decide(hr, filed, act="register", ids=ids(), confirmed="yes")
    assert Registration.objects.count() == 2
    after = [without_token(text_of(client.get(url))) for client, url in pages]
    for was, now in zip(before, after, strict=True):
        assert [line for line in now if line not in was] == []
        assert now == was


def without_token(page: str) -> list[str]:
    return re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", page).splitlines()


def test_both_register_and_the_page_shows_both(hr: Client, finance: Client, filed: Package) -> None:
    for client in (hr, finance):
        receive(client, filed)
        decide(client, filed, act="register", ids=ids(), confirmed="yes")
    page = text_of(hr.get(reverse("ministry-filing", args=[filed.pk])))
    assert page.count("予以登记<") == 4
    assert "两部均已登记" in page
    assert Title.objects.filter(year=2025).count() == 2


def test_a_file_of_the_archive_opens_and_no_other_path_does(hr: Client, filed: Package) -> None:
    url = reverse("ministry-filing-file", args=[filed.pk])
    path = next(item["path"] for item in filed.manifest["files"] if "申报表" in item["path"])
    answer = hr.get(url, {"path": path})
    assert answer["Content-Type"] == "application/pdf"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer.content.startswith(b"%PDF")
    assert hr.get(url, {"path": "../../secret-key"}).status_code == 404
    archive = hr.get(reverse("desk-filing-archive", args=[filed.pk]))
    assert archive["Content-Disposition"].startswith("attachment")


def test_a_package_costs_nine_queries_however_many_projects_it_has(
    hr: Client, filed: Package, django_assert_max_num_queries
) -> None:
    """Five for session, person and navigation; filings, receipts, projects and decisions."""
    receive(hr, filed)
    url = reverse("ministry-filing", args=[filed.pk])
    with django_assert_max_num_queries(9):
        assert hr.get(url).status_code == 200


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_costs_the_same_for_one_row_and_three(
    count: int, year: Year, filed: Package, django_assert_max_num_queries
) -> None:
    for code in ("11", "12")[: count - 1]:
        call = Call.objects.get(pk=year.call.pk)
        call.pk, call.province = None, code
        call.save()
        Package.objects.create(call=call, state="filed", attempt=1, filed_at=IN_TIME)
    client = client_of(officer(Role.MINISTRY_HR))
    with django_assert_max_num_queries(8) as captured:
        page = text_of(client.get(reverse("ministry-filings")))
    assert page.count('data-url="') == count
    QUERIES.add(len(captured))
    assert len(QUERIES) == 1


QUERIES: set[int] = set()


# --- quota ------------------------------------------------------------------------------------------


GRANT = {"province": "37", "year": "2025", "kind": "studio", "reason": "人社部函〔2025〕9号批准"}


def test_a_place_is_named_before_it_is_granted(year: Year) -> None:
    client, url = client_of(officer(Role.MINISTRY_HR)), reverse("ministry-quota")
    before = QuotaPlace.objects.count()
    asked = text_of(client.post(url, GRANT))
    assert "由 5 个增至 6 个" in asked
    assert GRANT["reason"] in asked
    assert QuotaPlace.objects.count() == before
    client.post(url, GRANT | {"confirmed": "yes"})
    place = QuotaPlace.objects.exclude(exception="").get()
    assert (place.number, place.exception) == (6, GRANT["reason"])
    assert GRANT["reason"] in text_of(client_of(officer(Role.MINISTRY_FINANCE)).get(url))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"reason": " "}, "请写明超出名额的依据"),
        ({"reason": "长" * 301}, "300 字"),
        ({"province": "99"}, "请选择省份"),
        ({"province": "11"}, "尚未发布申报通知"),
        ({"year": "2026"}, "不覆盖 2026 年"),
        ({"year": "²⁰²⁵"}, "不覆盖"),
        ({"kind": ""}, "请选择类别"),
    ],
)
def test_a_grant_without_sense_is_refused_and_keeps_what_was_typed(
    year: Year, change: dict[str, str], told: str
) -> None:
    client = client_of(officer(Role.MINISTRY_HR))
    answer = client.post(reverse("ministry-quota"), GRANT | {"confirmed": "yes"} | change)
    assert answer.status_code == 422
    page = text_of(answer)
    assert told in page
    assert (GRANT | change)["reason"].strip() in page
    assert not QuotaPlace.objects.exclude(exception="").exists()


def test_finance_reads_exceptions_and_grants_none(year: Year) -> None:
    client, url = client_of(officer(Role.MINISTRY_FINANCE)), reverse("ministry-quota")
    assert "增加一个名额" not in text_of(client.get(url))
    answer = client.post(url, GRANT | {"confirmed": "yes"})
    assert "由人力资源社会保障部批准" in text_of(answer)
    assert not QuotaPlace.objects.exclude(exception="").exists()


# --- calendar -----------------------------------------------------------------------------------------


def test_the_calendar_is_read_by_the_whole_desk_and_edited_by_one(year: Year) -> None:
    url = reverse("desk-calendar")
    for viewer in (year.hr, year.finance, officer(Role.AUDITOR), officer(Role.MINISTRY_FINANCE)):
        client = client_of(viewer)
        page = text_of(client.get(url, {"year": "2025"}))
        assert "国庆节调休上班" in page
        assert "录入或修改" not in page
        count = Holiday.objects.count()
        answer = client.post(url, {"first": "2025-12-25", "name": "试", "word": "off"})
        assert answer.status_code == 422
        assert Holiday.objects.count() == count


def test_a_range_is_entered_and_what_it_means_is_told(year: Year) -> None:
    client, url = client_of(officer(Role.MINISTRY_HR)), reverse("desk-calendar")
    given = {"first": "2025-10-27", "last": "2025-10-29", "name": "临时放假", "word": "off"}
    page = text_of(client.post(url, given, follow=True))
    assert "已记录 3 天放假" in page
    assert "最迟开始公示的日期变为2025年10月20日" in page
    days = Holiday.objects.filter(name="临时放假").values_list("day", flat=True)
    assert list(days) == [date(2025, 10, 27) + timedelta(days=n) for n in range(3)]
    page = text_of(client.post(url, {"first": "2025-10-27", "word": "remove"}, follow=True))
    assert "2025年10月27日（星期一）已从表中删去" in page
    assert Holiday.objects.filter(name="临时放假").count() == 2


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"first": "", "name": "x", "word": "off"}, "请填写开始日期"),
        ({"first": "2025-02-30", "name": "x", "word": "off"}, "请填写开始日期"),
        ({"first": "2025-12-01", "last": "2025-11-30", "name": "x", "word": "off"}, "结束日期"),
        ({"first": "2025-12-01", "last": "2026-03-01", "name": "x", "word": "off"}, "31 天"),
        ({"first": "2025-12-01", "name": " ", "word": "off"}, "请填写名称"),
        ({"first": "2025-12-01", "name": "长" * 41, "word": "work"}, "40 字"),
        ({"first": "2025-12-01", "name": "x", "word": "maybe"}, "请选择放假或调休上班"),
        ({"first": "9999-12-01", "name": "x", "word": "off"}, "9999 年"),
    ],
)
def test_a_wrong_entry_changes_nothing(year: Year, given: dict[str, str], told: str) -> None:
    before = list(Holiday.objects.values_list("day", "working", "name"))
    answer = client_of(officer(Role.MINISTRY_HR)).post(reverse("desk-calendar"), given)
    assert answer.status_code == 422
    assert told in text_of(answer)
    assert list(Holiday.objects.values_list("day", "working", "name")) == before


# --- the nation -----------------------------------------------------------------------------------------


def test_the_nation_counts_against_the_targets_and_names_who_has_not_filed(
    hr: Client, filed: Package
) -> None:
    from random import Random

    seed_register(Random(1), 32)
    Title.objects.filter(year=2024).first().delete()
    page = text_of(hr.get(reverse("desk-nation")))
    for kind, target in (("base", 400), ("studio", 500)):
        count = Title.objects.filter(kind=kind, year__gte=2022, state="titled").count()
        assert f"{count}<small>/ {target}</small>" in page
        assert f"还差 {target - count} 个" in page
    assert "尚未报送：" in page
    missing = page.partition("尚未报送：")[2].partition("</p>")[0]
    assert "山东省" not in missing
    assert missing.count("、") == len(PROVINCES) - 2
    assert "还有 <b>11</b> 天" in page
    total = Title.objects.filter(year__gte=2022, state="titled").count()
    assert f"<b>{total}</b>" in page


def test_the_nation_as_a_file_has_a_line_for_each_province_and_year(hr: Client) -> None:
    from random import Random

    seed_register(Random(1), 32)
    url = reverse("desk-nation")
    lines = b"".join(hr.get(url, {"export": "csv"}).streaming_content).decode("utf-8-sig")
    rows = [line.split(",") for line in lines.splitlines()]
    assert rows[0] == ["省份", "年度", "新建基地", "已建基地", "技能大师工作室", "合计"]
    assert len(rows) == 1 + 4 * len(PROVINCES)
    total = Title.objects.filter(year__gte=2022, state="titled").count()
    assert sum(int(row[5]) for row in rows[1:]) == total
    book = CalamineWorkbook.from_filelike(io.BytesIO(hr.get(url, {"export": "xlsx"}).content))
    assert len(book.get_sheet_by_index(0).to_python()) == len(rows)


@pytest.mark.parametrize("role", [Role.PROVINCE_HR, Role.PROVINCE_FINANCE, Role.AUDITOR])
def test_a_province_sees_the_register_s_numbers_but_nobody_s_filing(
    role: Role, filed: Package
) -> None:
    page = text_of(client_of(officer(role, "36")).get(reverse("desk-nation")))
    assert "按省份、年度和类型" in page
    assert "尚未报送" not in page
    assert "已报送" not in page


@pytest.mark.parametrize("name", ["ministry-quota", "desk-calendar", "desk-nation"])
def test_these_pages_too_cost_at_most_eight_queries(
    name: str, hr: Client, django_assert_max_num_queries
) -> None:
    with django_assert_max_num_queries(8):
        assert hr.get(reverse(name)).status_code == 200
