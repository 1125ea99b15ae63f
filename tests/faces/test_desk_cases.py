"""Whose case it is, what falls due, the second examiner, statistics and copied text, on the pages."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from jiangxin.core.kernel import clock
from jiangxin.core.workflow import ProjectState, Role
from jiangxin.stages.application.models import Application
from jiangxin.stages.copied.actions import read_submitted
from jiangxin.stages.examination import actions, cases, indexing
from jiangxin.stages.examination.actions import Defect
from jiangxin.stages.examination.models import Case, Conclusion
from tests.factories.copied import ORIGINAL, submitted_with
from tests.factories.desk import (
    JULY,
    Desk,
    client_of,
    correct,
    judge_all,
    official,
    policies_with,
    text_of,
)

pytestmark = pytest.mark.django_db
LATELY = clock.beijing(2025, 6, 30, 9)  # to be examined by 14 July


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
    found = desk.submitted()
    indexing.index_submitted()
    return found


def queue(client: Client, q: str = "", name: str = "desk-examination") -> str:
    return text_of(client.get(reverse(name), {"q": q}))


def sheet(client: Client, project: Application) -> str:
    return text_of(client.get(reverse("desk-examine", args=[project.pk])))


def state_of(project: Application) -> str:
    return Application.objects.get(pk=project.pk).state


# --- the search language


def test_the_queue_is_searched_by_clause_and_norm(desk: Desk, project: Application) -> None:
    other = desk.submitted()
    client = client_of(desk.hr)
    actions.judge(
        viewer=desk.hr, application_id=project.pk, norm="N09", word="not_met", reason="缺证明"
    )
    indexing.index_submitted()
    for q in (
        "条款:2.1.1.2=不符合",
        "条款:2.1.1.2",
        "条款:N09＝不符合",
        "条款:二（一）1（2）=不符合",
    ):
        page = queue(client, q)
        assert project.number in page, q
        assert other.number not in page, q
    page = queue(client, "条款:N09=待核实")
    assert other.number in page
    assert project.number not in page
    assert project.number not in queue(client, "-条款:N09=不符合")


@pytest.mark.parametrize(
    ("q", "words"),
    [
        ("条款:9.9=不符合", "没有条款“9.9”"),
        ("条款:2.1.1.2=也许", "没有“也许”这种现状"),
        ("退回:很多", "不是数"),
        ("期限:昨天", "没有“昨天”这个值"),
    ],
)
def test_what_is_not_understood_shows_nothing_and_says_why(
    desk: Desk, project: Application, q: str, words: str
) -> None:
    page = queue(client_of(desk.hr), q)
    assert words in page
    assert project.number not in page


def test_the_queue_is_searched_by_examiner_returns_and_dates(
    desk: Desk, project: Application
) -> None:
    other = desk.submitted(at=LATELY)
    indexing.index_submitted()
    client = client_of(desk.hr)
    cases.take(viewer=desk.hr, application_id=project.pk)
    for q, mine in (("审查人:我", True), ("审查人:人社", True), ("审查人:无", False)):
        page = queue(client, q)
        assert (project.number in page) is mine, q
        assert (other.number in page) is not mine, q
    late = queue(client, "期限:逾期")
    assert project.number in late, "ten working days after 10 June are over"
    assert other.number not in late
    actions.send_back(viewer=desk.hr, application_id=project.pk, defects=[Defect("plan", "改")])
    page = queue(client, "退回:>=1")
    assert project.number in page
    assert other.number not in page


def test_filters_reveal_nothing_of_other_provinces(desk: Desk, project: Application) -> None:
    other = Desk("32")
    other.open()
    secret = other.submitted()
    actions.judge(
        viewer=other.hr, application_id=secret.pk, norm="N09", word="not_met", reason="缺"
    )
    indexing.index_submitted()
    client = client_of(desk.hr)
    for q in ("条款:N09=不符合", "审查人:人社", "期限:逾期", "近似:无", "复核:待我"):
        assert secret.number not in queue(client, q), q
        due = queue(client, q, "desk-examination-due")
        assert secret.number not in due, q
    assert secret.number not in text_of(client.get(reverse("desk-examination-figures")))


# --- whose it is


def test_a_case_is_taken_and_given_back_on_the_sheet(desk: Desk, project: Application) -> None:
    client = client_of(desk.hr)
    assert "待领取" in sheet(client, project)
    client.post(reverse("desk-examine-take", args=[project.pk]), {"seen": ""})
    page = sheet(client, project)
    assert "审查人 <b>人社甲</b>（您）" in page
    assert "审查期限 <b>2025年6月24日（星期二）</b>" in page
    client.post(reverse("desk-examine-release", args=[project.pk]))
    assert Case.objects.get().examiner is None


def test_a_colleague_reads_along_and_takes_over_knowingly(desk: Desk, project: Application) -> None:
    cases.take(viewer=desk.hr, application_id=project.pk)
    colleague = official(Role.PROVINCE_HR, "37", "人社丁")
    client = client_of(colleague)
    page = sheet(client, project)
    assert "审查人 <b>人社甲</b>" in page
    assert 'name="word"' not in page
    assert "审查通过…" not in page
    assert "接手" in page
    take = reverse("desk-examine-take", args=[project.pk])
    assert "人社甲刚刚领取了本件" in text_of(client.post(take, {"seen": "x"}))
    client.post(take, {"seen": str(desk.hr.user_id)})
    assert Case.objects.get().examiner_id == colleague.user_id
    assert 'name="word"' in sheet(client, project)


def test_several_are_assigned_after_a_preview(desk: Desk, project: Application) -> None:
    returned, done = desk.row(state=ProjectState.RETURNED), desk.row(state=ProjectState.EXAMINED)
    colleague = official(Role.PROVINCE_HR, "37", "人社丁")
    foreign = official(Role.PROVINCE_HR, "32", "外省的人")
    cases.take(viewer=desk.hr, application_id=project.pk)
    client, address = client_of(desk.hr), reverse("desk-examination-bulk")
    ids = [project.pk, returned.pk, done.pk]
    form = {"act": "assign", "ids": ids}
    page = text_of(client.post(address, form))
    assert "已选 3 项" in page
    assert "不在审查中" in page
    assert foreign.name not in page
    wrong = {**form, "step": "send", "confirmed": "yes", "user": str(foreign.user_id)}
    assert "请选择一位审查人" in text_of(client.post(address, wrong))
    typed = {**form, "step": "send", "user": str(colleague.user_id), "seat": "examiner"}
    page = text_of(client.post(address, typed))
    assert "并告知人社甲" in page
    assert Case.objects.get(application=project).examiner_id == desk.hr.user_id
    client.post(address, {**typed, "confirmed": "yes"})
    held = Case.objects.filter(examiner_id=colleague.user_id)
    assert set(held.values_list("application", flat=True)) == {project.pk, returned.pk}
    page = queue(client)
    assert "分派 2 项" in page
    assert f"{done.title}：当前状态为“资格审查通过”" in page


def test_bulk_decisions_spare_the_cases_of_colleagues(desk: Desk, project: Application) -> None:
    colleague = official(Role.PROVINCE_HR, "37", "人社丁")
    judge_all(desk, project)
    client, address = client_of(colleague), reverse("desk-examination-bulk")
    page = text_of(client.post(address, {"act": "pass", "ids": [project.pk]}))
    assert "由人社甲审查" in page
    assert "确认通过" not in page
    back = {"act": "return", "ids": [project.pk], "step": "send", "section": "plan", "reason": "x"}
    page = text_of(client.post(address, back))
    assert "由人社甲审查，不会改变" in page
    assert "确认退回" not in page
    client.post(address, {**back, "confirmed": "yes"})
    client.post(address, {"act": "pass", "ids": [project.pk], "confirmed": "yes"})
    assert state_of(project) == ProjectState.SUBMITTED


# --- dates


def test_what_is_late_or_near_is_a_list_and_a_todo(desk: Desk, project: Application) -> None:
    fresh = desk.submitted(at=LATELY)
    indexing.index_submitted()
    client = client_of(desk.hr)
    page = queue(client, name="desk-examination-due")
    assert project.number in page
    assert fresh.number not in page
    home = text_of(client.get(reverse("desk-home")))
    assert "资格审查临期或逾期" in home
    assert "资格审查临期或逾期" not in text_of(client_of(desk.finance).get(reverse("desk-home")))


def test_the_due_list_costs_the_same_however_long(desk: Desk) -> None:
    client, counts = client_of(desk.hr), []
    for more in (1, 2):
        for _ in range(more):
            row = desk.row()
            Case.objects.create(application=row, version=1, due=JULY.date())
        with CaptureQueriesContext(connection) as found:
            client.get(reverse("desk-examination-due"))
        counts.append(len(found))
    assert counts[0] == counts[1] <= 8


# --- two examiners


def test_two_conclusions_side_by_side_and_the_third_decides(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, db: None
) -> None:
    folder = policies_with(tmp_path, '"examination.examiners" = 2')
    monkeypatch.setenv("JIANGXIN_POLICIES", str(folder))
    desk = Desk("37")
    desk.open(overlay="37-2025")
    project = desk.submitted()
    judge_all(desk, project)
    other, third = (official(Role.PROVINCE_HR, "37", name) for name in ("人社丁", "人社处长"))
    passing = reverse("desk-examine-pass", args=[project.pk])
    refusing = reverse("desk-examine-reject", args=[project.pk])
    first = client_of(desk.hr)
    assert "两人结论一致才通过" in text_of(first.get(passing))
    first.post(passing, {"confirmed": "yes"})
    assert "已记下您的结论" in queue(first)
    second = client_of(other)
    page = sheet(second, project)
    assert "待第二人复核" in page
    assert "不予通过…" in page
    assert 'name="word"' not in page, "the verdicts stay those of the first"
    assert 'name="norms" value="N09"' in text_of(second.get(refusing))
    typed = {"confirmed": "yes", "reason": "消防验收过期", "norms": ["N09"]}
    second.post(refusing, typed)
    page = sheet(client_of(third), project)
    assert "结论不一致，待第三人决定" in page
    assert '<a href="#line-N09">N09</a>' in page
    assert "消防验收过期" in page
    assert project.number in queue(client_of(third), "复核:待我")
    again = text_of(first.post(passing, {"confirmed": "yes", "reason": "我坚持"}))
    assert "须由第三人决定" in again
    assert "我坚持" in again
    client_of(third).post(passing, {"confirmed": "yes", "reason": "验收在有效期内"})
    assert state_of(project) == ProjectState.EXAMINED
    assert Conclusion.objects.count() == 3


# --- statistics


def test_statistics_name_what_is_missing_most(desk: Desk, project: Application) -> None:
    actions.judge(
        viewer=desk.hr, application_id=project.pk, norm="N09", word="not_met", reason="缺证明"
    )
    actions.send_back(
        viewer=desk.hr,
        application_id=project.pk,
        defects=[Defect("plan", "缺指标", "plan_goal"), Defect("plan", "再改")],
    )
    client, address = client_of(desk.hr), reverse("desk-examination-figures")
    page = text_of(client.get(address, {"year": "2025"}))
    assert "总体目标" in page
    assert "（整个部分）" in page
    asked = {"year": "2025", "picture": "clauses", "export": "csv"}
    rows = b"".join(client.get(address, asked).streaming_content).decode().splitlines()
    (line,) = [row for row in rows if "（N09）" in row]
    assert line.endswith(",1,0,0,1")
    assert rows.index(line) == 1, "the most frequent comes first"
    assert (
        not b"".join(
            client_of(official(Role.PROVINCE_HR, "32")).get(address, asked).streaming_content
        )
        .decode()
        .splitlines()[1:]
    )


def test_statistics_cost_the_same_however_many(desk: Desk) -> None:
    client, counts = client_of(desk.hr), []
    for more in (1, 2):
        for _ in range(more):
            desk.submitted()
        indexing.index_submitted()
        with CaptureQueriesContext(connection) as found:
            client.get(reverse("desk-examination-figures"), {"year": "2025"})
        counts.append(len(found))
    assert counts[0] == counts[1] <= 8


# --- evidence, differences, copies


def test_evidence_opens_beside_its_clause(desk: Desk, project: Application) -> None:
    page = sheet(client_of(desk.hr), project)
    item = project.versions.get().evidence[0]
    address = reverse("evidence-file", args=[project.pk, item["document"]])
    assert f'<iframe src="{address}"' in page
    answer = client_of(desk.hr).get(address)
    policy = answer.headers["Content-Security-Policy"]
    assert "sandbox" not in policy, "browsers show no PDF in a sandbox"
    assert policy.startswith("default-src 'none'")
    assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert client_of(official(Role.PROVINCE_HR, "32")).get(address).status_code == 404


def test_the_sheet_costs_no_more_than_before_however_much_hangs_on_it(
    desk: Desk, project: Application
) -> None:
    client, counts = client_of(desk.hr), []
    with CaptureQueriesContext(connection) as found:
        sheet(client, project)
    counts.append(len(found))
    judge_all(desk, project)
    actions.send_back(viewer=desk.hr, application_id=project.pk, defects=[Defect("plan", "改")])
    correct(project, plan_goal="分季度完成。")
    with CaptureQueriesContext(connection) as found:
        sheet(client, project)
    counts.append(len(found))
    assert max(counts) <= 10
    assert counts[1] - counts[0] <= 1, "the returns of the version before"


def test_copied_passages_stand_side_by_side_and_strangers_stay_strangers(desk: Desk) -> None:
    other = Desk("32")
    other.open()
    theirs = submitted_with(other, ORIGINAL)
    ours = submitted_with(desk, "我们的做法如下。" + ORIGINAL)
    read_submitted()
    client = client_of(desk.hr)
    assert "近似段落 1 处" in sheet(client, ours)
    page = text_of(client.get(reverse("desk-examine-copied", args=[ours.pk])))
    assert f"<mark>{ORIGINAL[:-1]}</mark>" in page
    assert "江苏省另一份申报" in page
    assert theirs.number not in page
    assert theirs.unit_name not in page
    assert ours.number in queue(client, "近似:有")
    assert client.get(reverse("desk-examine-copied", args=[theirs.pk])).status_code == 404
    both = text_of(
        client_of(official(Role.AUDITOR)).get(reverse("desk-examine-copied", args=[ours.pk]))
    )
    assert theirs.number in both
    reader = client_of(official(Role.RECOMMENDER, "37"))
    assert "近似段落" not in sheet(reader, ours)
    assert reader.get(reverse("desk-examine-copied", args=[ours.pk])).status_code == 403
