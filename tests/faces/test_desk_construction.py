"""The desk's pages of construction: preview before opening, marks, confirmation, searches, scope, cost."""

import json
import re
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from jiangxin.core.draw.checking import verify
from jiangxin.core.kernel import clock
from jiangxin.core.kernel.regions import province_name
from jiangxin.core.workflow import Role
from jiangxin.ops.scenes.country import officer
from jiangxin.stages.construction.actions import activities, extension, findings
from jiangxin.stages.construction.models import (
    Construction,
    Extension,
    Finding,
    Inspection,
    Reading,
    Visit,
)
from jiangxin.stages.programme.models import Call
from tests.factories.construction import (
    DUE,
    REGISTERED,
    Site,
    agree,
    drawn,
    make_site,
    reported,
    unit_of,
    wish,
)
from tests.factories.desk import client_of, policies_with, text_of

NOW = clock.beijing(2026, 3, 2, 9)
HALF = clock.beijing(2026, 6, 20, 9)


@pytest.fixture
def site(db: None) -> Site:
    return make_site()


@pytest.fixture
def hr(site: Site) -> Client:
    return client_of(site.hr)


@pytest.fixture
def row(site: Site) -> Construction:
    return site.started()


def raised(site: Site, row: Construction) -> Finding:
    with clock.at(NOW):
        return findings.raise_finding(
            viewer=site.hr,
            title_id=row.title_id,
            text="专项资金没有单独核算",
            clause="4.5",
            due=date(2026, 4, 1),
        )


# --- opening --------------------------------------------------------------------------------------------


def test_titles_wait_are_previewed_and_opened_together(site: Site, hr: Client) -> None:
    titles = [site.registered(), site.registered()]
    begin = reverse("desk-construction-begin")
    with clock.at(REGISTERED + timedelta(days=1)):
        home = text_of(hr.get(reverse("desk-home")))
        assert re.search(r"开工登记.*?2", home, re.DOTALL)
        listed = text_of(hr.get(reverse("desk-construction-start")))
        assert all(each.name in listed for each in titles)
        ids = [each.pk for each in titles]
        page = text_of(hr.post(begin, {"ids": ids}))
        assert "2027年12月10日" in page
        assert "两部备案登记" in page
        assert "登记开工（2 项）" in page
        assert 'name="starts_on" value=""' in page
        assert not Construction.objects.exists()
        assert hr.post(begin, {}).status_code == 422
        hr.post(begin, {"ids": ids, "confirmed": "yes"})
    assert Construction.objects.count() == 2
    with clock.at(REGISTERED + timedelta(days=1)):
        assert "没有待开工的项目" in text_of(hr.get(reverse("desk-construction-start")))
        again = hr.post(begin, {"ids": ids, "confirmed": "yes"})
    assert "不能登记开工" in text_of(again)


def test_another_start_event_asks_for_day_and_document_before_the_preview(
    site: Site, hr: Client, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    title = site.registered()
    own = policies_with(tmp_path, '"build.start_event" = "announcement"')
    monkeypatch.setenv("JIANGXIN_POLICIES", str(own))
    Call.objects.update(overlay="37-2025")
    begin = reverse("desk-construction-begin")
    with clock.at(REGISTERED + timedelta(days=5)):
        page = text_of(hr.post(begin, {"ids": title.pk}))
        assert "请填写公布文件印发的日期" in page
        assert "登记开工（" not in page
        page = text_of(hr.post(begin, {"ids": title.pk, "starts_on": "昨天"}))
        assert "请填写起算日期" in page
        given = {"ids": title.pk, "starts_on": "2025-12-12", "document": "鲁财社〔2025〕9号"}
        page = text_of(hr.post(begin, given))
        assert "登记开工（1 项）" in page
        assert "2027年12月12日" in page
        hr.post(begin, {**given, "confirmed": "yes"})
    row = Construction.objects.get()
    assert (row.starts_on, row.document) == (date(2025, 12, 12), "鲁财社〔2025〕9号")


# --- one construction -----------------------------------------------------------------------------------


def test_a_construction_shows_promise_reports_supervision_and_activities(
    site: Site, hr: Client, row: Construction
) -> None:
    reported(row, 1, at=HALF)
    raised(site, row)
    with clock.at(HALF):
        activities.record(
            viewer=unit_of(row.title),
            title_id=row.title_id,
            function="craft_spirit",
            held_on=date(2026, 5, 1),
            name="工匠进校园",
            persons=300,
        )
        page = reverse("desk-construction", args=[row.pk])
        goals = text_of(hr.get(page))
        assert row.goals.all()[0].indicator in goals
        assert "40%" in goals
        assert "两部备案登记" in goals
        assert "待审阅" in text_of(hr.get(page + "?tab=reports"))
        supervision = text_of(hr.get(page + "?tab=supervision"))
        assert "逾期未整改" in supervision
        done = text_of(hr.get(page + "?tab=activities"))
        assert "工匠进校园" in done
        assert 'jx-cell-number">300</td>' in done
        assert "绩效目标</h2>" in text_of(hr.get(page + "?tab=none"))


def test_the_list_is_a_search_with_what_is_late_on_top(
    site: Site, hr: Client, row: Construction
) -> None:
    url = reverse("desk-constructions")
    with clock.at(clock.end_of(DUE)):
        page = text_of(hr.get(url))
        assert "建设期已满，未申请验收" in page
        assert row.title.name in page
        for search, found in {
            "期限:已满": True,
            "期限:将满": False,
            "逾期:任务": True,
            "逾期:报告": True,
            "状态:建设中": True,
            "状态:验收合格": False,
            "类型:新建基地": True,
            "类型:技能大师工作室": False,
            "省:山东": True,
            "省:江西": False,
            row.title.name[:4]: True,
            "没有这样的项目": False,
        }.items():
            shown = text_of(hr.get(url, {"q": search}))
            assert (row.title.name in shown) is found, search
        export = hr.get(url, {"export": "csv"})
        assert row.title.name in b"".join(export).decode("utf-8-sig")


# --- extension ------------------------------------------------------------------------------------------


def test_an_extension_needs_both_marks_and_a_confirmation(
    site: Site, hr: Client, row: Construction
) -> None:
    finance = client_of(site.finance)
    with clock.at(HALF):
        asked = wish(row)
        page = reverse("desk-extension", args=[asked.pk])
        for client in (hr, finance):
            shown = text_of(client.get(reverse("desk-extensions"), {"q": "待办:我"}))
            assert row.title.name in shown
            client.post(
                reverse("desk-extension-concur", args=[asked.pk]),
                {"word": "agreed", "digest": asked.digest()},
            )
        assert text_of(finance.get(page)).count("同意</span>") >= 2
        decide = reverse("desk-extension-decide", args=[asked.pk])
        sure = text_of(hr.post(decide, {"word": "grant"}))
        assert "每个项目只能延期一次" in sure
        assert "2028年6月30日" in sure
        asked.refresh_from_db()
        assert asked.state == "requested"
        hr.post(decide, {"word": "grant", "confirmed": "yes"})
        asked.refresh_from_db()
        assert asked.state == "granted"
        again = hr.post(decide, {"word": "grant", "confirmed": "yes"})
        assert "已办理" in text_of(again)


def test_a_refusal_keeps_what_was_typed_and_asks_once_more(
    site: Site, hr: Client, row: Construction
) -> None:
    with clock.at(HALF):
        asked = wish(row)
        decide = reverse("desk-extension-decide", args=[asked.pk])
        empty = hr.post(decide, {"word": "refuse", "reason": " "})
        assert empty.status_code == 422
        sure = text_of(hr.post(decide, {"word": "refuse", "reason": "进度正常"}))
        assert "理由告知单位：进度正常" in sure
        long = hr.post(decide, {"word": "refuse", "reason": "长" * 2001, "confirmed": "yes"})
        assert "长" * 2001 in text_of(long)
        missing = hr.post(decide, {"word": "grant", "confirmed": "yes"})
        assert "还缺人社、财政部门的同意" in text_of(missing)
        stale = hr.post(
            reverse("desk-extension-concur", args=[asked.pk]), {"word": "agreed", "digest": "x"}
        )
        assert "不是您所见" in text_of(stale)
        hr.post(decide, {"word": "refuse", "reason": "进度正常", "confirmed": "yes"})
    assert Extension.objects.get().answer == "进度正常"


# --- reports --------------------------------------------------------------------------------------------


def test_a_report_is_read_or_sent_back_once(site: Site, hr: Client, row: Construction) -> None:
    made = reported(row, 1, at=HALF)
    page = reverse("desk-progress-report", args=[made.pk])
    read = reverse("desk-progress-report-read", args=[made.pk])
    with clock.at(HALF):
        waiting = text_of(hr.get(reverse("desk-progress-reports"), {"q": "状态:待审阅"}))
        assert row.title.name in waiting
        assert page in waiting
        shown = text_of(hr.get(page))
        assert "按计划推进。" in shown
        assert "40%" in shown
        assert hr.post(read, {"word": "return", "remark": " "}).status_code == 422
        sure = text_of(hr.post(read, {"word": "return", "remark": "请补充资金情况"}))
        assert "每期只能退回一次" in sure
        assert not Reading.objects.exists()
        hr.post(read, {"word": "return", "remark": "请补充资金情况", "confirmed": "yes"})
        assert "请补充资金情况" in text_of(hr.get(page))
    second = reported(row, 1, share=50, at=HALF)
    page = reverse("desk-progress-report", args=[second.pk])
    read = reverse("desk-progress-report-read", args=[second.pk])
    with clock.at(HALF):
        shown = text_of(hr.get(page))
        assert "退回重报" not in shown
        assert reverse("desk-progress-report", args=[made.pk]) in shown
        hr.post(read, {"word": "read", "remark": "属实"})
        assert "审阅意见" in text_of(hr.get(page))
    assert second.reading.remark == "属实"


# --- 双随机 ---------------------------------------------------------------------------------------------


def test_the_whole_ceremony_runs_on_the_screens_and_its_files_hold(
    site: Site, hr: Client, row: Construction
) -> None:
    site.fill_pool()
    finance, supervisor = client_of(site.finance), client_of(site.supervisor)
    start = {
        "projects": "1",
        "seats-technical": "1",
        "seats-education": "",
        "seats-finance": "1",
        "visit_by": "2026-04-01",
    }
    url = reverse("desk-inspections")
    with clock.at(NOW):
        for changes, said in (
            ({"projects": "2"}, "抽查项目数应在 1 至 1 之间"),
            ({"projects": "x"}, "抽查项目数应为"),
            ({"seats-finance": "0"}, "至少抽取 2 名"),
            ({"visit_by": ""}, "请填写检查完成期限"),
        ):
            response = hr.post(url, start | changes)
            assert response.status_code == 422
            assert said in text_of(response)
        assert finance.post(url, start).status_code == 422
        hr.post(url, start)
        made = Inspection.objects.get()
        page = reverse("desk-inspection", args=[made.pk])
        for client in (hr, finance, supervisor):
            assert made.plan["session"] in text_of(client.get(url, {"q": "待办:我"}))
        versions = {hr.get(reverse("desk-inspection-state", args=[made.pk])).content}
        own = {}
        for client in (hr, finance, supervisor):
            shown = text_of(client.post(page, {"act": "commit_here"}))
            found = re.search(r"jx-big-code\">([0-9a-f]{64})<", shown)
            assert found
            own[client] = found[1]
            versions.add(hr.get(reverse("desk-inspection-state", args=[made.pk])).content)
        assert len(versions) == 4
        hr.post(page, {"act": "close"})
        wrong = hr.post(page, {"act": "reveal", "secret": "0" * 64})
        assert wrong.status_code == 422
        assert "0" * 64 in text_of(wrong)
        for client, secret in own.items():
            client.post(page, {"act": "reveal", "secret": secret})
        assert hr.post(page, {"act": "dance"}).status_code == 422
        supervisor.post(page, {"act": "draw"})
        visit = Visit.objects.get()
        shown = text_of(hr.get(page))
        assert row.title.name in shown
        for address in (
            reverse("desk-inspection-record", args=[made.pk]),
            reverse("desk-visit-record", args=[visit.pk]),
        ):
            assert address in shown
            assert verify(json.loads(supervisor.get(address).content)) == []
        people = [each.expert.name for each in visit.inspectors.select_related("expert")]
        assert not any(name in shown for name in people)
        assert all(
            name in text_of(hr.get(reverse("desk-visit", args=[visit.pk]))) for name in people
        )


@pytest.fixture
def visit(site: Site, row: Construction) -> Visit:
    site.fill_pool()
    with clock.at(NOW):
        return drawn(site).visits.get()


def result(visit: Visit, **changes: Any) -> dict[str, Any]:
    return {
        "visited_on": "2026-03-03",
        "result": "现场核对设备和台账。",
        "outcome": "problems",
        "problems-0-text": "台账不全",
        "problems-0-clause": "4.5",
        "problems-0-due": "2026-04-01",
        "signed": [each.pk for each in visit.inspectors.filter(reason="")],
        "file": SimpleUploadedFile("检查记录.pdf", b"%PDF-1.4\n%%EOF"),
    } | changes


def test_a_result_keeps_what_was_typed_and_makes_the_findings(
    hr: Client, visit: Visit, site: Site
) -> None:
    page = reverse("desk-visit", args=[visit.pk])
    with clock.at(NOW + timedelta(days=3)):
        for changes, said in (
            ({"visited_on": ""}, "请填写检查日期"),
            ({"signed": []}, "没有在检查记录上签字"),
            ({"outcome": ""}, "请选择结论"),
            ({"problems-0-due": ""}, "请填写问题的整改期限"),
            ({"problems-0-clause": ""}, "请选择依据条款"),
            ({"file": SimpleUploadedFile("a.exe", b"MZ")}, "不接收"),
        ):
            response = hr.post(page, result(visit, **changes))
            assert response.status_code == 422, said
            shown = text_of(response)
            assert said in shown
            assert "台账不全" in shown
        longer = text_of(hr.post(page, result(visit, _add="problems")))
        assert "problems-1-text" in longer
        assert "台账不全" in longer
        assert not Finding.objects.exists()
        hr.post(page, result(visit))
        done = text_of(hr.get(page))
    finding = Finding.objects.get()
    assert reverse("desk-finding", args=[finding.pk]) in done
    assert "检查记录.pdf" in done
    assert "登记检查结果" not in done


def test_an_inspector_is_replaced_on_the_screen(hr: Client, visit: Visit) -> None:
    gone = visit.inspectors.get(field="finance")
    url = reverse("desk-inspector-replace", args=[gone.pk])
    with clock.at(NOW):
        assert hr.post(url, {"reason": "", "note": "出差"}).status_code == 422
        assert hr.post(url, {"reason": "unavailable", "note": ""}).status_code == 422
        hr.post(url, {"reason": "unavailable", "note": "出差"})
        shown = text_of(hr.get(reverse("desk-visit", args=[visit.pk])))
    assert "已递补（无法参加）出差" in shown
    assert visit.inspectors.count() == 3


# --- findings and activities ----------------------------------------------------------------------------


def test_a_finding_is_raised_checked_and_closed_after_a_question(
    site: Site, hr: Client, row: Construction
) -> None:
    new = reverse("desk-finding-new", args=[row.title_id])
    with clock.at(NOW):
        bad = hr.post(new, {"text": "账目不清", "clause": "", "due": "2026-04-01"})
        assert bad.status_code == 422
        assert "账目不清" in text_of(bad)
        hr.post(new, {"text": "账目不清", "clause": "4.5", "due": "2026-04-01"})
        finding = Finding.objects.get()
        page, check = (
            reverse(name, args=[finding.pk]) for name in ("desk-finding", "desk-finding-check")
        )
        assert "复核意见" not in text_of(hr.get(page))
        findings.answer(viewer=unit_of(row.title), finding_id=finding.pk, text="已建专账")
        assert "已建专账" in text_of(hr.get(page))
        assert hr.post(check, {"word": "reopen", "text": " "}).status_code == 422
        hr.post(check, {"word": "reopen", "text": "凭证不全", "due": "2026-05-01"})
        finding.refresh_from_db()
        assert (finding.state, finding.due) == ("open", date(2026, 5, 1))
        findings.answer(viewer=unit_of(row.title), finding_id=finding.pk, text="已补凭证")
        sure = text_of(hr.post(check, {"word": "close", "text": "属实"}))
        assert "销号（1 项）" in sure
        finding.refresh_from_db()
        assert finding.state == "answered"
        hr.post(check, {"word": "close", "text": "属实", "confirmed": "yes"})
        shown = text_of(hr.get(page))
    assert [word in shown for word in ("已建专账", "凭证不全", "已补凭证", "属实", "已销号")] == [
        True
    ] * 5


def test_the_searches_of_findings_and_activities(site: Site, hr: Client, row: Construction) -> None:
    raised(site, row)
    with clock.at(clock.beijing(2026, 4, 2, 9)):
        activities.record(
            viewer=unit_of(row.title),
            title_id=row.title_id,
            function="skill_training",
            held_on=date(2026, 3, 1),
            name="高级工培训班",
            persons=120,
        )
        for search, found in {
            "期限:逾期": True,
            "状态:待整改": True,
            "状态:已销号": False,
            "单独核算": True,
        }.items():
            shown = text_of(hr.get(reverse("desk-findings"), {"q": search}))
            assert ("专项资金没有单独核算" in shown) is found, search
        for search, found in {
            "功能:技能培训": True,
            "功能:技能竞赛": False,
            "人次:>100": True,
            "人次:>200": False,
            "有效:否": False,
        }.items():
            shown = text_of(hr.get(reverse("desk-activities"), {"q": search}))
            assert ("高级工培训班" in shown) is found, search


# --- who sees what, and at what cost --------------------------------------------------------------------


def everything(site: Site, row: Construction) -> dict[str, list[int]]:
    """One of each thing, and the address of its page."""
    made = reported(row, 1, at=HALF)
    finding = raised(site, row)
    site.fill_pool()
    with clock.at(HALF):
        asked = wish(row)
        agree(site, asked)
        extension.grant(viewer=site.hr, extension_id=asked.pk)
        visit = drawn(site).visits.get()
    return {
        "desk-construction": [row.pk],
        "desk-extension": [asked.pk],
        "desk-progress-report": [made.pk],
        "desk-inspection": [visit.inspection_id],
        "desk-inspection-state": [visit.inspection_id],
        "desk-inspection-record": [visit.inspection_id],
        "desk-visit": [visit.pk],
        "desk-visit-record": [visit.pk],
        "desk-finding": [finding.pk],
        "construction-file": [made.files.get().document_id],
    }


LISTS = (
    "desk-constructions",
    "desk-extensions",
    "desk-progress-reports",
    "desk-inspections",
    "desk-visits",
    "desk-findings",
    "desk-activities",
)


def test_another_province_finds_nothing_and_the_nation_everything(
    site: Site, row: Construction
) -> None:
    pages = everything(site, row)
    away = {"q": "", "list": ""}
    with clock.at(HALF):
        for viewer in (officer(Role.PROVINCE_HR, "36"), officer(Role.SUPERVISOR, "36")):
            client = client_of(viewer)
            for name, args in pages.items():
                refused = client.get(reverse(name, args=args))
                assert refused.status_code == 404, name
                assert row.title.name not in text_of(refused)
            for name in LISTS:
                shown = text_of(client.get(reverse(name), away))
                assert row.title.name not in shown, name
                assert "没有单独核算" not in shown
        for viewer in (officer(Role.MINISTRY_FINANCE), officer(Role.AUDITOR), site.supervisor):
            client = client_of(viewer)
            for name, args in pages.items():
                assert client.get(reverse(name, args=args)).status_code == 200, name
        foreign = client_of(officer(Role.PROVINCE_HR, "36"))
        new = reverse("desk-finding-new", args=[row.title_id])
        assert foreign.get(new).status_code == 404
        assert province_name("37") not in text_of(foreign.get(new))


@pytest.mark.parametrize("name", LISTS)
def test_a_list_costs_the_same_for_one_and_for_three(
    name: str, site: Site, hr: Client, row: Construction, django_assert_max_num_queries: Any
) -> None:
    def cost() -> int:
        with clock.at(HALF), django_assert_max_num_queries(9) as made:
            assert hr.get(reverse(name)).status_code == 200
        return len(made)

    def fill(each: Construction) -> None:
        reported(each, 1, at=HALF)
        raised(site, each)
        with clock.at(HALF):
            wish(each)
            activities.record(
                viewer=unit_of(each.title),
                title_id=each.title_id,
                function="skill_training",
                held_on=date(2026, 3, 1),
                name="培训班",
                persons=1,
            )

    site.fill_pool()
    fill(row)
    with clock.at(HALF):
        drawn(site)
    one = cost()
    for each in (site.started(), site.started()):
        fill(each)
    with clock.at(HALF):
        drawn(site, projects=2)
        drawn(site, projects=3)
    assert cost() == one


@pytest.mark.parametrize(
    "name",
    [
        "desk-construction",
        "desk-construction?tab=reports",
        "desk-construction?tab=supervision",
        "desk-construction?tab=activities",
        "desk-extension",
        "desk-progress-report",
        "desk-visit",
        "desk-finding",
        "desk-inspection",
    ],
)
def test_a_page_costs_few_queries(
    name: str, site: Site, hr: Client, row: Construction, django_assert_max_num_queries: Any
) -> None:
    pages = everything(site, row)
    view, _, tab = name.partition("?")
    url = reverse(view, args=pages[view]) + (f"?{tab}" if tab else "")
    with clock.at(HALF), django_assert_max_num_queries(10):
        assert hr.get(url).status_code == 200
