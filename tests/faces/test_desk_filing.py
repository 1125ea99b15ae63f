"""The province's filing desk: what is missing and why, the seals, the filing; nobody else looks in."""

import io
import zipfile
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from docx import Document as WordDocument

from jiangxin.core.kernel import clock
from jiangxin.core.workflow import PackageState, Role
from jiangxin.ops.scenes import finish
from jiangxin.ops.scenes.country import officer
from jiangxin.stages.application.models import Application
from jiangxin.stages.filing.actions import open_package
from jiangxin.stages.filing.models import Package
from tests.factories.assessment import concluded, judged, legacy
from tests.factories.desk import Desk, client_of, official, text_of
from tests.factories.year import Year, make_year

IN_TIME = clock.beijing(2025, 10, 20, 10)
DEADLINE = clock.beijing(2025, 11, 1)
REPORTS = {"legacy_report": finish.LEGACY_REPORT, "existing_report": finish.EXISTING_REPORT}


@pytest.fixture
def year(db: None) -> Year:
    return make_year()


def page_of(row: Package) -> str:
    return reverse("desk-filing", args=[row.pk])


def test_the_checklist_says_what_is_missing_and_by_which_clause(year: Year) -> None:
    year.published()
    with clock.at(IN_TIME):
        row = open_package(viewer=year.hr, call_id=year.call.pk)
        page = text_of(client_of(year.hr).get(page_of(row)))
        assert page.count("缺少</span>") == 3
        for label, clause in (
            ("公示通过的项目及其申报表", "三（一）"),
            ("评审报告：公示情况", "三（三）"),
            ("2011—2020年名录项目本年度考核评估情况报告", "四（二）"),
        ):
            assert clause in page.partition(label)[2].partition("</tr>")[0], label
        assert "还有 <b>11</b> 天" in page
        refused = client_of(year.hr).post(page_of(row), {"do": "assemble", **REPORTS})
        assert refused.status_code == 422
        assert "还缺 2 项" in text_of(refused)
        assert "考核评估" in text_of(refused), "what was typed is still there"
    row.refresh_from_db()
    assert row.digest == ""


def test_from_the_confirmed_projects_to_both_ministries(year: Year) -> None:
    confirmed = year.confirmed()
    hr, finance = client_of(year.hr), client_of(year.finance)
    with clock.at(IN_TIME):
        assert f"<b>{len(confirmed)}</b> 个项目" in text_of(hr.get(reverse("desk-filings")))
        begun = hr.post(reverse("desk-filing-begin", args=[year.call.pk]))
        row = Package.objects.get()
        assert begun.headers["Location"] == page_of(row)
        hr.post(page_of(row), {"do": "assemble", **REPORTS})
        row.refresh_from_db()
        assert row.digest in text_of(finance.get(page_of(row)))
        send = reverse("desk-filing-send", args=[row.pk])
        early = hr.post(send, {"confirmed": "yes"})
        assert early.status_code == 409
        assert "还缺人社、财政部门的同意" in text_of(early)
        word = {"word": "agreed", "digest": row.digest}
        for client in (hr, finance):
            client.post(reverse("desk-filing-concur", args=[row.pk]), word)
        asked = text_of(hr.get(send))
        for project in confirmed:
            assert project.title in asked
        hr.post(send)
        assert not Application.objects.filter(state="filed").exists(), "asked once more first"
        hr.post(send, {"confirmed": "yes"})
        assert Application.objects.filter(state="filed").count() == len(confirmed)
        filed = text_of(finance.get(page_of(row)))
        assert f"人社部门签署：{year.hr.name}" in filed
        assert f"财政部门签署：{year.finance.name}" in filed
        archive = b"".join(hr.get(reverse("desk-filing-archive", args=[row.pk])))
    with zipfile.ZipFile(io.BytesIO(archive)) as bundle:
        assert "manifest.json" in bundle.namelist()


def test_the_review_report_can_be_edited_in_word(year: Year) -> None:
    year.confirmed()
    with clock.at(IN_TIME):
        row = open_package(viewer=year.hr, call_id=year.call.pk)
        answer = client_of(year.finance).get(reverse("desk-filing-report", args=[row.pk]))
    data = b"".join(answer)
    texts = [paragraph.text for paragraph in WordDocument(io.BytesIO(data)).paragraphs]
    for heading in ("项目申请", "评审专家组成", "评审方法", "评审结果", "公示情况"):
        assert any(heading in text for text in texts), heading


def test_the_list_and_the_package_cost_a_bounded_number_of_queries(year: Year) -> None:
    year.confirmed()
    hr, auditor = client_of(year.hr), client_of(official(Role.AUDITOR))
    counts = []
    with clock.at(IN_TIME):
        for code in ("11", "32", "44"):
            Package.objects.create(
                call=Desk(code).open(), attempt=1, filed_at=IN_TIME, state=PackageState.FILED
            )
            with CaptureQueriesContext(connection) as found:
                assert auditor.get(reverse("desk-filings")).status_code == 200
            counts.append(len(found))
        row = open_package(viewer=year.hr, call_id=year.call.pk)
        with CaptureQueriesContext(connection) as page:
            assert hr.get(page_of(row)).status_code == 200
    assert len(set(counts)) == 1
    assert counts[0] <= 8
    assert len(page) <= 20


def test_too_late_is_said_with_the_clause(year: Year) -> None:
    year.confirmed()
    client, cited = client_of(year.hr), []
    for moment, late in ((DEADLINE - timedelta(microseconds=1), False), (DEADLINE, True)):
        with clock.at(moment):
            page = text_of(client.get(reverse("desk-filings")))
        assert ("2025 年度在备案截止前没有报送，视为当年无申报项目" in page) is late
        cited.append(page.count("三（三）"))
    assert cited[1] > cited[0], "the notice of the missed date cites its clause"


def test_another_province_and_the_ministries_see_nothing_of_it(year: Year) -> None:
    confirmed = year.confirmed()
    with clock.at(IN_TIME):
        row = year.package()
        names = ("desk-filing", "desk-filing-archive", "desk-filing-report")
        for viewer in (officer(Role.PROVINCE_HR, "36"), officer(Role.MINISTRY_HR)):
            client = client_of(viewer)
            for name in names:
                refused = client.get(reverse(name, args=[row.pk]))
                assert refused.status_code in (403, 404), (viewer.role, name)
                assert confirmed[0].title not in text_of(refused)
                assert row.digest not in text_of(refused)
        other = client_of(officer(Role.PROVINCE_HR, "36"))
        assert row.digest[:16] not in text_of(other.get(reverse("desk-filings")))
        search = text_of(other.get(reverse("desk-filings"), {"q": row.digest[:12]}))
        assert row.digest[:16] not in search
        word = {"word": "agreed", "digest": row.digest}
        assert other.post(reverse("desk-filing-concur", args=[row.pk]), word).status_code == 404


def test_the_assessments_report_is_drafted_from_the_records_and_still_has_to_be_saved(
    year: Year,
) -> None:
    with clock.at(IN_TIME):
        passed, open_ = legacy("L1"), legacy("L2")
        concluded(year.hr, year.finance, passed)
        judged(year.hr, open_)
        row = open_package(viewer=year.hr, call_id=year.call.pk)
        client, url = client_of(year.hr), page_of(row)
        page = text_of(client.get(url))
        box = page.partition('name="legacy_report"')[2].partition("</textarea>")[0]
        assert "2025年共考核评估1项，合格以上1项，不合格0项" in box
        assert "第 2 批还有 1 项没有结论" in page
        before = page.partition("2011—2020年名录项目本年度考核评估情况报告")[0]
        assert "缺少" in before.rpartition("<tr>")[2], "a draft on the screen is no report"
        row.refresh_from_db()
        assert row.legacy_report == ""
        client.post(url, {"do": "save", "legacy_report": "省里自己写的报告。"})
        page = text_of(client.get(url))
        assert "省里自己写的报告。" in page.partition('name="legacy_report"')[2]
        assert "按现在的考核记录起草的文字" in page
        assert "起草的文字" not in text_of(client_of(year.finance).get(url))
