"""A unit's pages of construction: what waits, the report, more time, findings, activities."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from jiangxin.core.kernel import clock
from jiangxin.core.workflow import Role
from jiangxin.stages.construction.actions import findings, reports
from jiangxin.stages.construction.models import (
    Activity,
    Construction,
    Extension,
    Finding,
    Report,
)
from jiangxin.stages.construction.queries.reports import draft_of
from tests.factories.construction import (
    Site,
    drawn,
    make_site,
    reported,
    unit_of,
    visited,
)
from tests.factories.desk import client_of, official, text_of

HALF = clock.beijing(2026, 6, 20, 9)


@pytest.fixture
def site(db: None) -> Site:
    return make_site()


@pytest.fixture
def row(site: Site) -> Construction:
    return site.started()


def pdf(name: str = "材料.pdf") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, b"%PDF-1.4\n%%EOF", "application/pdf")


def typed(
    row: Construction, progress: str = "going", share: str = "40", **more: Any
) -> dict[str, Any]:
    values: dict[str, Any] = {"summary": "按计划推进。", "problems": "无。"}
    for each in row.milestones.all():
        values |= {f"m-{each.pk}-progress": progress, f"m-{each.pk}-share": share}
        values[f"m-{each.pk}-note"] = "见附件"
    for goal in row.goals.all():
        values |= {f"g-{goal.pk}-value": "900", f"g-{goal.pk}-note": ""}
    return values | more


def raised(site: Site, row: Construction) -> Finding:
    with clock.at(HALF):
        return findings.raise_finding(
            viewer=site.hr,
            title_id=row.title_id,
            text="专项资金没有单独核算",
            clause="4.5",
            due=date(2026, 7, 1),
        )


def test_the_hub_says_what_waits_and_until_when(site: Site, row: Construction) -> None:
    finding = raised(site, row)
    client = client_of(unit_of(row.title))
    hub = reverse("my-title", args=[row.title_id])
    with clock.at(HALF):
        page = text_of(client.get(hub))
        assert "第 1 期进展报告" in page
        assert "2026年7月9日（星期四）前" in page
        assert page.index("专项资金没有单独核算") < page.index("第 1 期进展报告")
        for address in (
            reverse("my-finding", args=[finding.pk]),
            reverse("my-construction", args=[row.title_id]),
            reverse("my-activities", args=[row.title_id]),
        ):
            assert address in page
            assert client.get(address).status_code == 200
    with clock.at(clock.beijing(2026, 7, 10, 9)):
        page = text_of(client.get(hub))
        assert page.count("已逾期") == 2
    reported(row, 1, at=HALF)
    with clock.at(HALF):
        assert "第 1 期进展报告" not in text_of(client.get(hub))
    assert "还没有登记开工" in text_of(
        client_of(unit_of(other := site.registered())).get(
            reverse("my-construction", args=[other.pk])
        )
    )


def test_a_report_keeps_what_was_typed_and_is_submitted_after_a_look(row: Construction) -> None:
    client = client_of(unit_of(row.title))
    period = row.periods.get(number=1)
    write = reverse("my-progress-report", args=[period.pk])
    check = reverse("my-progress-report-submit", args=[period.pk])
    first = row.milestones.all()[0]
    with clock.at(HALF):
        wrong = typed(row, **{f"m-{first.pk}-share": "一半", "summary": "写到一半"})
        response = client.post(write, {**wrong, "file": pdf(), "_go": "next"})
        assert response.status_code == 422
        page = text_of(response)
        assert "完成比例应为 0 到 100 的整数" in page
        assert 'value="一半"' in page
        assert "材料.pdf" in page
        draft = draft_of(period)
        assert draft is not None
        assert draft.summary == "写到一半"
        assert draft.milestone_lines.count() == row.milestones.count() - 1
        for share, progress in (
            ("80", "done"),
            ("100", "going"),
            ("5", "not_begun"),
            ("", "going"),
        ):
            changes = {f"m-{first.pk}-share": share, f"m-{first.pk}-progress": progress}
            assert client.post(write, typed(row, **changes)).status_code == 422
        bad = client.post(write, {**typed(row), "file": pdf("宏.exe")})
        assert "不接收" in text_of(bad)
        client.post(write, {**typed(row), "_drop": str(draft.files.get().pk)})
        assert not draft.files.exists()
        assert client.post(write, {**typed(row), "_go": "stay"}).headers["Location"] == write
        assert client.post(write, {**typed(row), "_go": "next"}).headers["Location"] == check
        assert "报送后不能修改" in text_of(client.get(check))
        assert Report.objects.get().submitted_at is None
        client.post(check)
        assert Report.objects.get().submitted_at is None
        sent = client.post(check, {"confirmed": "yes"}).headers["Location"]
        assert "还没有审阅" in text_of(client.get(sent))
        assert client.get(write).headers["Location"] == sent
        assert client.get(check).headers["Location"] == sent
    made = Report.objects.get()
    assert made.submitted_at is not None
    assert set(made.milestone_lines.values_list("share", flat=True)) == {40}


def test_an_unfinished_report_is_not_submitted(row: Construction) -> None:
    client = client_of(unit_of(row.title))
    period = row.periods.get(number=1)
    check = reverse("my-progress-report-submit", args=[period.pk])
    with clock.at(HALF):
        assert client.get(check).status_code == 302
        client.post(reverse("my-progress-report", args=[period.pk]), {"summary": "只有这一句"})
        response = client.post(check, {"confirmed": "yes"})
    assert response.status_code == 422
    assert "请填写任务" in text_of(response)
    assert Report.objects.get().submitted_at is None


def test_what_was_sent_back_is_shown_with_its_reason_and_written_again(
    site: Site, row: Construction
) -> None:
    made = reported(row, 1, at=HALF)
    client = client_of(unit_of(row.title))
    with clock.at(HALF):
        reports.send_back(viewer=site.hr, report_id=made.pk, reason="请补充资金使用情况。")
        old = text_of(client.get(reverse("my-progress-report-sent", args=[made.pk])))
        assert "请补充资金使用情况。" in old
        write = reverse("my-progress-report", args=[made.period_id])
        assert write in old
        page = text_of(client.get(write))
        assert "上次报告已退回" in page
        assert "请补充资金使用情况。" in page


def test_more_time_is_asked_and_what_was_typed_stays(row: Construction) -> None:
    client = client_of(unit_of(row.title))
    ask = reverse("my-extension", args=[row.title_id])
    overview = reverse("my-construction", args=[row.title_id])
    with clock.at(HALF):
        assert ask in text_of(client.get(overview))
        for given, said in (
            ({"due": "", "reason": "设备延期"}, "请填写延至日期"),
            ({"due": "2027-12-10", "reason": "设备延期"}, "应晚于现在的期满日"),
            ({"due": "2029-12-10", "reason": "设备延期"}, "最长可延至2028年12月10日"),
            ({"due": "2028-06-30", "reason": " "}, "请填写延期理由"),
        ):
            response = client.post(ask, given)
            assert response.status_code == 422
            assert said in text_of(response)
            assert given["reason"] in text_of(response)
        assert not Extension.objects.exists()
        client.post(ask, {"due": "2028-06-30", "reason": "设备延期", "file": pdf()})
        assert Extension.objects.get().file is not None
        assert ask not in text_of(client.get(overview))
        again = client.post(ask, {"due": "2028-07-30", "reason": "再延"})
        assert again.status_code == 422
        assert "待审批" in text_of(again)


def test_a_finding_is_answered_with_a_file(site: Site, row: Construction) -> None:
    finding = raised(site, row)
    client = client_of(unit_of(row.title))
    page = reverse("my-finding", args=[finding.pk])
    with clock.at(HALF):
        refused = client.post(page, {"text": "长" * 2001})
        assert refused.status_code == 422
        assert "长" * 2001 in text_of(refused)
        bad = client.post(page, {"text": "已建专账", "file": pdf("a.exe")})
        assert bad.status_code == 422
        assert "已建专账" in text_of(bad)
        finding.refresh_from_db()
        assert finding.state == "open"
        client.post(page, {"text": "已建专账", "file": [pdf("一.pdf"), pdf("二.pdf")]})
        shown = text_of(client.get(page))
    assert "一.pdf" in shown
    assert "二.pdf" in shown
    assert "提交整改情况</button>" not in shown
    finding.refresh_from_db()
    assert finding.state == "answered"


def test_activities_are_entered_taken_back_and_summed_up(site: Site, row: Construction) -> None:
    client = client_of(unit_of(row.title))
    page = reverse("my-activities", args=[row.title_id])
    good = {
        "function": "skill_training",
        "held_on": "2026-06-01",
        "name": "培训班",
        "persons": "120",
    }
    with clock.at(HALF):
        for changes, said in (
            ({"persons": "很多"}, "人次应为"),
            ({"persons": "0"}, "人次应为"),
            ({"held_on": "2026-06-21"}, "活动日期应在"),
            ({"held_on": "昨天"}, "请填写活动日期"),
            ({"function": ""}, "请选择功能"),
            ({"name": ""}, "请填写活动名称"),
        ):
            response = client.post(page, good | changes)
            assert response.status_code == 422
            assert said in text_of(response)
        assert not Activity.objects.exists()
        client.post(page, {**good, "file": pdf("签到.pdf")})
        activity = Activity.objects.get()
        shown = text_of(client.get(page))
        assert "签到.pdf" in shown
        assert 'jx-cell-number">120</td>' in shown
        assert client.post(page, {"void": str(activity.pk), "reason": " "}).status_code == 422
        client.post(page, {"void": str(activity.pk), "reason": "重复登记"})
        shown = text_of(client.get(page))
    assert "已作废：重复登记" in shown
    assert 'jx-cell-number">120</td>' not in shown


def test_a_strange_unit_finds_nothing_of_it(site: Site, row: Construction) -> None:
    finding, made = raised(site, row), reported(row, 1, at=HALF)
    site.fill_pool()
    with clock.at(HALF):
        visited(site, drawn(site).visits.get())
    stranger = client_of(unit_of(site.started().title))
    held = made.files.get().document_id
    own = client_of(unit_of(row.title))
    with clock.at(HALF + timedelta(days=1)):
        for name, pk in (
            ("my-construction", row.title_id),
            ("my-extension", row.title_id),
            ("my-activities", row.title_id),
            ("my-findings", row.title_id),
            ("my-finding", finding.pk),
            ("my-progress-report", made.period_id),
            ("my-progress-report-submit", made.period_id),
            ("my-progress-report-sent", made.pk),
            ("construction-file", held),
        ):
            address = reverse(name, args=[pk])
            assert own.get(address).status_code in (200, 302), name
            refused = stranger.get(address)
            assert refused.status_code == 404, name
            assert row.title.name not in text_of(refused)
        other = client_of(official(Role.EXPERT, "37"))
        assert other.get(reverse("construction-file", args=[held])).status_code == 404


@pytest.mark.parametrize("name", ["my-construction", "my-findings", "my-activities"])
def test_the_pages_cost_few_queries(
    name: str, site: Site, row: Construction, django_assert_max_num_queries: Any
) -> None:
    for _ in range(3):
        raised(site, row)
    reported(row, 1, at=HALF)
    client = client_of(unit_of(row.title))
    with clock.at(HALF), django_assert_max_num_queries(10):
        assert client.get(reverse(name, args=[row.title_id])).status_code == 200


def test_the_hub_costs_the_same_for_one_finding_and_for_three(
    site: Site, row: Construction, django_assert_max_num_queries: Any
) -> None:
    client, hub = client_of(unit_of(row.title)), reverse("my-title", args=[row.title_id])

    def cost() -> int:
        raised(site, row)
        with clock.at(HALF), django_assert_max_num_queries(40) as made:
            assert "没有单独核算" in text_of(client.get(hub))
        return len(made)

    assert len({cost() for _ in range(3)}) == 1
