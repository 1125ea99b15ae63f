"""The examiner's pages: queue, sheet, return, pass, reject, and decisions on several at once."""

from collections.abc import Iterator

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from jiangxin.core.kernel import clock
from jiangxin.core.workflow import ProjectState, Role
from jiangxin.stages.application.models import Application
from jiangxin.stages.application.queries import timeline
from jiangxin.stages.examination import actions, queries
from jiangxin.stages.examination.actions import Defect
from jiangxin.stages.examination.models import ReturnItem, Verdict
from jiangxin.stages.programme.tracks import Track
from tests.factories.desk import JULY, Desk, client_of, correct, judge_all, official, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _in_july() -> Iterator[None]:
    with clock.at(JULY):
        yield


@pytest.fixture
def desk(db: None) -> Desk:
    found = Desk("37")
    found.open()
    return found


@pytest.fixture
def project(desk: Desk) -> Application:
    return desk.submitted()


def state_of(project: Application) -> str:
    return Application.objects.get(pk=project.pk).state


def sheet_page(client: Client, project: Application, **asked: str) -> str:
    return text_of(client.get(reverse("desk-examine", args=[project.pk]), asked))


# --- the queue


def test_the_queue_is_the_own_provinces_open_applications(desk: Desk, project: Application) -> None:
    desk.row(title="已审结的", state=ProjectState.EXAMINED)
    returned = desk.row(title="退回的", state=ProjectState.RETURNED)
    other = Desk("32")
    other.open()
    secret = other.row(title="绝密项目")
    page = text_of(client_of(desk.hr).get(reverse("desk-examination")))
    assert project.title in page
    assert page.index(project.title) < page.index(returned.title)
    assert "已审结的" not in page
    for asked in ({}, {"q": "绝密"}, {"sort": "-title"}, {"q": "省:江苏"}):
        answer = client_of(desk.hr).get(reverse("desk-examination"), asked)
        assert secret.title not in text_of(answer)
        export = client_of(desk.hr).get(reverse("desk-examination"), {**asked, "export": "csv"})
        assert secret.title not in b"".join(export.streaming_content).decode()
    assert client_of(desk.hr).get(reverse("desk-examine", args=[secret.pk])).status_code == 404


def test_readers_look_on_without_boxes_and_buttons(desk: Desk, project: Application) -> None:
    for viewer in (desk.finance, official(Role.SUPERVISOR, "37"), official(Role.AUDITOR, "37")):
        client = client_of(viewer)
        page = text_of(client.get(reverse("desk-examination")))
        assert project.title in page
        assert 'name="ids"' not in page
        sheet = sheet_page(client, project)
        assert 'name="word"' not in sheet
        assert "审查通过…" not in sheet
        for name in ("judge", "accept", "carry", "take", "release", "return", "pass", "reject"):
            address = reverse(f"desk-examine-{name}", args=[project.pk])
            assert client.post(address, {"confirmed": "yes"}).status_code == 403
        bulk = {"act": "pass", "ids": [project.pk], "confirmed": "yes"}
        assert client.post(reverse("desk-examination-bulk"), bulk).status_code == 403
    for viewer in (official(Role.MINISTRY_HR), official(Role.EXPERT, "37")):
        assert client_of(viewer).get(reverse("desk-examination")).status_code == 403
    assert state_of(project) == ProjectState.SUBMITTED
    assert not Verdict.objects.exists()


def test_the_queue_costs_the_same_however_long(desk: Desk) -> None:
    client, counts = client_of(desk.hr), []
    for more in (1, 2):
        for _ in range(more):
            desk.row()
        with CaptureQueriesContext(connection) as found:
            client.get(reverse("desk-examination"))
        counts.append(len(found))
    assert counts[0] == counts[1] <= 8


# --- the sheet


def test_the_sheet_shows_rule_reason_and_evidence_side_by_side(
    desk: Desk, project: Application
) -> None:
    page = sheet_page(client_of(desk.hr), project)
    for line in queries.sheet(project):
        assert f'id="line-{line.finding.norm}"' in page
        assert line.finding.because in page
    item = project.versions.get().evidence[0]
    assert reverse("evidence-file", args=[project.pk, item["document"]]) in page
    settled = sum(line.settled for line in queries.sheet(project))
    assert f"符合 <b>{settled}</b> / {len(queries.sheet(project))}" in page


def test_a_verdict_without_javascript(desk: Desk, project: Application) -> None:
    client, address = client_of(desk.hr), reverse("desk-examine-judge", args=[project.pk])
    response = client.post(address, {"norm": "N09", "word": "met", "reason": "齐全", "seen": ""})
    assert response.headers["Location"].endswith("#line-N09")
    assert Verdict.objects.get(norm="N09").reason == "齐全"
    page = sheet_page(client, project)
    assert "人社甲 判定<b>符合</b>" in page


def test_with_htmx_only_the_clause_and_the_progress_come_back(
    desk: Desk, project: Application
) -> None:
    client, address = client_of(desk.hr), reverse("desk-examine-judge", args=[project.pk])
    typed = {"norm": "N09", "word": "met", "reason": "", "seen": ""}
    page = text_of(client.post(address, typed, headers={"HX-Request": "true"}))
    assert "<html" not in page
    assert page.count("<section") == 1
    assert 'id="line-N09"' in page
    assert 'id="sheet-progress" hx-swap-oob="true"' in page
    row = Verdict.objects.get(norm="N09")
    assert f'name="seen" value="{actions.token(row)}"' in page


@pytest.mark.parametrize("htmx", [False, True])
def test_a_refused_verdict_keeps_what_was_typed(
    desk: Desk, project: Application, htmx: bool
) -> None:
    judged = {"norm": "N09", "word": "not_met", "reason": "缺消防验收", "seen": ""}
    first, second = client_of(desk.hr), client_of(official(Role.PROVINCE_HR, "37", "人社丁"))
    address = reverse("desk-examine-judge", args=[project.pk])
    first.post(address, judged)
    headers = {"HX-Request": "true"} if htmx else {}
    late = {"norm": "N09", "word": "met", "reason": "我打了很多字的理由", "seen": ""}
    page = text_of(second.post(address, late, headers=headers))
    assert "本件由人社甲审查，您的操作没有保存" in page
    assert "我打了很多字的理由" in page, "what was typed stays although it is not the own case"
    take = reverse("desk-examine-take", args=[project.pk])
    second.post(take, {"seen": str(desk.hr.user_id)})
    page = text_of(second.post(address, late, headers=headers))
    assert "人社甲刚刚判定为“不符合”，您的判定没有保存" in page
    assert "我打了很多字的理由" in page
    assert Verdict.objects.get(norm="N09").reason == "缺消防验收"
    row = Verdict.objects.get(norm="N09")
    assert f'value="{actions.token(row)}"' in page, "a second try is made knowingly"
    second.post(address, {**late, "seen": actions.token(row)})
    assert Verdict.objects.get(norm="N09").reason == "我打了很多字的理由"


def test_not_met_without_a_reason_is_refused(desk: Desk, project: Application) -> None:
    address = reverse("desk-examine-judge", args=[project.pk])
    response = client_of(desk.hr).post(address, {"norm": "N09", "word": "not_met", "seen": ""})
    assert response.status_code == 422
    assert "判定“不符合”须写明理由" in text_of(response)
    assert not Verdict.objects.exists()


def test_one_click_takes_over_the_computed_clauses(desk: Desk, project: Application) -> None:
    client = client_of(desk.hr)
    clear = [line for line in queries.sheet(project) if line.settled and not line.finding.judgement]
    assert f"采纳计算结果 {len(clear)} 项" in sheet_page(client, project)
    client.post(reverse("desk-examine-accept", args=[project.pk]))
    assert Verdict.objects.count() == len(clear)
    assert "采纳计算结果" not in sheet_page(client, project)


def test_only_the_open_clauses_on_demand(desk: Desk, project: Application) -> None:
    page = sheet_page(client_of(desk.hr), project, only="open")
    for line in queries.sheet(project):
        assert (f'id="line-{line.finding.norm}"' in page) is not line.settled


# --- return


def returned(client: Client, project: Application, **typed: str) -> object:
    return client.post(reverse("desk-examine-return", args=[project.pk]), typed)


ITEM = {"defects-0-where": "plan.plan_goal", "defects-0-reason": "缺季度指标"}


def test_a_return_is_previewed_as_the_unit_sees_it_and_then_sent(
    desk: Desk, project: Application
) -> None:
    client = client_of(desk.hr)
    page = text_of(returned(client, project, **ITEM))
    assert "单位将看到" in page
    assert "建设方案 · 总体目标</strong>：缺季度指标" in page
    assert "2025年7月17日（星期四）" in page
    assert state_of(project) == ProjectState.SUBMITTED, "a preview changes nothing"
    answer = returned(client, project, **ITEM, confirmed="yes")
    assert answer.headers["Location"] == reverse("desk-examination")
    item = ReturnItem.objects.get()
    assert (item.section, item.field, item.reason) == ("plan", "plan_goal", "缺季度指标")
    assert state_of(project) == ProjectState.RETURNED


def test_a_return_without_place_or_reason_keeps_the_rest(desk: Desk, project: Application) -> None:
    client = client_of(desk.hr)
    wrong = {"defects-0-where": "plan", "defects-1-reason": "只有原因"}
    page = text_of(returned(client, project, **wrong, confirmed="yes"))
    assert "第 1 行请写明原因" in page
    assert "第 2 行请选择部分或栏目" in page
    assert "只有原因" in page
    assert "确认退回" not in page
    empty = text_of(returned(client, project, confirmed="yes"))
    assert "请至少列出一处需要补正的内容" in empty
    assert state_of(project) == ProjectState.SUBMITTED


def test_rows_can_be_added_without_javascript(desk: Desk, project: Application) -> None:
    page = text_of(returned(client_of(desk.hr), project, **ITEM, _add="defects"))
    assert 'name="defects-1-reason"' in page
    assert "缺季度指标" in page
    assert 'role="alert"' not in page


def test_the_return_begins_with_what_was_judged_not_met(desk: Desk, project: Application) -> None:
    actions.judge(
        viewer=desk.hr,
        application_id=project.pk,
        norm="N09",
        word="not_met",
        reason="消防验收过期",
    )
    page = text_of(client_of(desk.hr).get(reverse("desk-examine-return", args=[project.pk])))
    assert "消防验收过期" in page


def test_a_resubmission_shows_the_difference_and_the_former_words(
    desk: Desk, project: Application
) -> None:
    judge_all(desk, project)
    actions.send_back(
        viewer=desk.hr, application_id=project.pk, defects=[Defect("plan", "缺季度指标")]
    )
    client = client_of(desk.hr)
    waiting = sheet_page(client, project)
    assert "等待单位补正" in waiting
    assert 'name="word"' not in waiting
    again = correct(project, plan_goal="分季度完成。")
    page = sheet_page(client, again)
    assert "与上次的不同：第 1 次与第 2 次提交，1 处" in page
    assert "<ins>分季度完成。</ins>" in page
    assert "曾要求补正" in page
    assert "上次提交时：人社甲判定“符合”" in page
    client.post(reverse("desk-examine-carry", args=[project.pk]))
    assert Verdict.objects.filter(version=2, norm="N09").exists()


# --- pass and reject


def test_passing_lists_what_is_open_then_asks_then_passes(desk: Desk, project: Application) -> None:
    client, address = client_of(desk.hr), reverse("desk-examine-pass", args=[project.pk])
    still_open = queries.open_lines(project)
    page = text_of(client.get(address))
    assert f"还不能通过：{len(still_open)} 项未判定为符合" in page
    assert all(f"#line-{line.finding.norm}" in page for line in still_open)
    forced = client.post(address, {"confirmed": "yes"})
    assert forced.status_code == 422
    assert state_of(project) == ProjectState.SUBMITTED
    judge_all(desk, project)
    page = text_of(client.get(address))
    assert project.title in page
    assert "不能再退回补正" in page
    client.post(address)
    assert state_of(project) == ProjectState.SUBMITTED
    client.post(address, {"confirmed": "yes"})
    assert state_of(project) == ProjectState.EXAMINED


def test_the_second_of_two_deciders_is_told(desk: Desk, project: Application) -> None:
    judge_all(desk, project)
    first, second = client_of(desk.hr), client_of(official(Role.PROVINCE_HR, "37"))
    confirmed = {"confirmed": "yes"}
    first.post(reverse("desk-examine-pass", args=[project.pk]), confirmed)
    answer = second.post(
        reverse("desk-examine-reject", args=[project.pk]),
        confirmed | {"reason": "写了半天的理由"},
    )
    page = text_of(answer)
    assert "当前状态为“资格审查通过”，不能资格审查不通过" in page
    assert "写了半天的理由" in page
    assert state_of(project) == ProjectState.EXAMINED
    late = returned(second, project, **ITEM, confirmed="yes")
    assert "当前状态为“资格审查通过”" in text_of(late)
    assert "缺季度指标" in text_of(late)


def test_a_rejection_needs_reason_and_confirmation(desk: Desk, project: Application) -> None:
    client, address = client_of(desk.hr), reverse("desk-examine-reject", args=[project.pk])
    assert "理由原样告知申报单位" in text_of(client.get(address))
    assert "请写明不通过的理由" in text_of(client.post(address, {"confirmed": "yes"}))
    client.post(address, {"reason": "伪造"})
    assert state_of(project) == ProjectState.SUBMITTED
    client.post(address, {"confirmed": "yes", "reason": "证明系伪造"})
    assert state_of(project) == ProjectState.REJECTED
    assert queries.rejection(project).reason == "证明系伪造"


def test_what_was_not_corrected_in_time_ends_and_no_longer_holds_up_the_others(
    desk: Desk, project: Application
) -> None:
    client = client_of(desk.hr)
    sheet = reverse("desk-examine", args=[project.pk])
    address = reverse("desk-examine-reject", args=[project.pk])
    returned(client, project, **ITEM, confirmed="yes")
    project.refresh_from_db()
    due = project.correction_due
    assert due is not None
    assert "逾期未补正" not in text_of(client.get(sheet))
    early = client.post(address, {"confirmed": "yes", "reason": "逾期未补正"})
    assert "期限未满" in text_of(early)
    assert state_of(project) == ProjectState.RETURNED
    with clock.at(clock.end_of(due)):
        assert "逾期未补正，不予通过" in text_of(client.get(sheet))
        assert "逾期未补正" not in text_of(client_of(desk.finance).get(sheet))
        client.post(address, {"confirmed": "yes", "reason": "逾期未补正"})
    assert state_of(project) == ProjectState.REJECTED
    assert queries.rejection(project).reason == "逾期未补正"
    assert [each.type for each in timeline(project)][-1] == "project.lapsed"


# --- several at once


def bulk(client: Client, **typed: object) -> object:
    return client.post(reverse("desk-examination-bulk"), typed)


def test_a_bulk_pass_shows_every_effect_first(desk: Desk, project: Application) -> None:
    ready = desk.submitted(Track.STUDIO)
    judge_all(desk, ready)
    other = Desk("32")
    other.open()
    foreign = other.submitted()
    client, ids = client_of(desk.hr), [project.pk, ready.pk, foreign.pk]
    page = text_of(bulk(client, act="pass", ids=ids))
    assert "已选 2 项" in page
    assert "确认通过（1 项）" in page
    assert f"还有 {len(queries.open_lines(project))} 项未判定为符合" in page
    assert foreign.title not in page
    assert state_of(ready) == ProjectState.SUBMITTED
    bulk(client, act="pass", ids=ids, confirmed="yes")
    assert state_of(ready) == ProjectState.EXAMINED
    assert state_of(project) == state_of(foreign) == ProjectState.SUBMITTED
    page = text_of(client.get(reverse("desk-examination")))
    assert "资格审查通过 1 项" in page
    assert f"{project.title}：还有" in page


def test_a_bulk_return_names_place_reason_and_dates(desk: Desk, project: Application) -> None:
    studio = desk.submitted(Track.STUDIO)
    done = desk.submitted()
    actions.reject(viewer=desk.hr, application_id=done.pk, reason="x")
    client, ids = client_of(desk.hr), [project.pk, studio.pk, done.pk]
    page = text_of(bulk(client, act="return", ids=ids))
    assert page.count("2025年7月17日（星期四）前补正") == 2
    assert "当前状态为“资格审查不通过”，不在审查中，不会改变" in page
    assert "确认退回" not in page
    wrong = text_of(
        bulk(client, act="return", ids=ids, step="send", section="capacity?", confirmed="yes")
    )
    assert "请写明退回的原因" in wrong
    assert "请选择需要补正的部分" in wrong
    section = next(
        key
        for key in [each.key for each in queries.form_of(project).sections]
        if queries.form_of(studio).section(key)
    )
    typed = {"act": "return", "ids": ids, "step": "send", "section": section, "reason": "请盖章"}
    assert "确认退回（2 项）" in text_of(bulk(client, **typed))
    assert state_of(project) == ProjectState.SUBMITTED
    bulk(client, **typed, confirmed="yes")
    assert state_of(project) == state_of(studio) == ProjectState.RETURNED
    assert state_of(done) == ProjectState.REJECTED
    assert set(ReturnItem.objects.values_list("section", "reason")) == {(section, "请盖章")}


def test_a_bulk_decision_on_nothing_or_of_no_kind_is_refused(
    desk: Desk, project: Application
) -> None:
    client = client_of(desk.hr)
    assert "没有选中可办理的申报" in text_of(bulk(client, act="pass"))
    assert "没有选中可办理的申报" in text_of(bulk(client, act="pass", ids=["x", "-1", "9" * 30]))
    assert "没有这种办理方式" in text_of(bulk(client, act="fly", ids=[project.pk]))
    many = list(range(1, 202))
    assert "一次最多办理 200 项" in text_of(bulk(client, act="pass", ids=many))
