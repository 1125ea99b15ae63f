"""The formal examination: what an examiner may say, what follows from it, and who may say it."""

from collections.abc import Iterator
from datetime import date, timedelta

import pytest

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.canonical import digest
from jiangxin.core.kernel.errors import Invalid, NotFound, NotPermitted, WrongState
from jiangxin.core.kernel.regions import BY_CODE
from jiangxin.core.policy import Verdict as Kleene
from jiangxin.core.workflow import ProjectState, Role
from jiangxin.ops.scenes.province import apply
from jiangxin.records.identity.queries import viewer_of
from jiangxin.records.ledger.queries import history
from jiangxin.stages.application.models import Application
from jiangxin.stages.application.queries import form_of, latest_version
from jiangxin.stages.examination import actions, cases, queries
from jiangxin.stages.examination.actions import Defect
from jiangxin.stages.examination.models import ReturnItem, Verdict
from jiangxin.stages.programme.tracks import Track
from tests.factories.applications import by_hand
from tests.factories.desk import JULY, Desk, correct, judge_all, official

pytestmark = pytest.mark.django_db
MET, NOT_MET = Verdict.Word.MET, Verdict.Word.NOT_MET


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


def judge(desk: Desk, project: Application, norm: str, word: str = MET, **more: str) -> Verdict:
    return actions.judge(viewer=desk.hr, application_id=project.pk, norm=norm, word=word, **more)


def line_of(project: Application, norm: str) -> queries.Line:
    return next(line for line in queries.sheet(project) if line.finding.norm == norm)


# --- verdicts


def test_a_verdict_settles_a_judgement_clause(desk: Desk, project: Application) -> None:
    before = line_of(project, "N09")
    assert before.finding.verdict is Kleene.UNKNOWN
    assert not before.settled
    judge(desk, project, "N09", reason="现场照片齐全")
    after = line_of(project, "N09")
    assert after.settled
    assert (after.verdict.word, after.verdict.reason, after.verdict.name) == (
        MET,
        "现场照片齐全",
        "人社甲",
    )
    event = history(project.subject)[-1]
    assert event.type == "examination.judged"
    assert event.payload == {"norm": "N09", "word": "met", "version": 1}


def test_the_word_not_met_needs_a_reason_and_keeps_the_application(
    desk: Desk, project: Application
) -> None:
    with pytest.raises(Invalid, match="写明理由"):
        judge(desk, project, "N09", NOT_MET, reason="  ")
    assert not Verdict.objects.exists()
    judge(desk, project, "N09", NOT_MET, reason="消防验收过期")
    assert not line_of(project, "N09").settled


def test_a_figure_that_computes_to_met_can_still_be_doubted(
    desk: Desk, project: Application
) -> None:
    assert line_of(project, "N10").settled, "the capacity is above the limit"
    judge_all(desk, project)
    judge(desk, project, "N10", NOT_MET, reason="测算依据与工位数不符")
    assert line_of(project, "N10").finding.verdict is Kleene.MET
    assert not line_of(project, "N10").settled
    with pytest.raises(WrongState, match=r"N10.*测算依据与工位数不符"):
        actions.pass_examination(viewer=desk.hr, application_id=project.pk)


def test_no_word_turns_a_figure_below_the_limit_into_met(desk: Desk, project: Application) -> None:
    version = latest_version(project)
    version.answers["capacity"] = 1999
    with by_hand(version._meta.db_table):  # a version is frozen once it is submitted
        version.save()
    with pytest.raises(Invalid, match="1999") as caught:
        judge(desk, project, "N10", MET, reason="差一点")
    assert caught.value.clause == "2.1.1.2"
    assert "退回补正" in caught.value.remedy
    assert not Verdict.objects.filter(norm="N10").exists()


def test_in_general_means_that_a_recorded_reason_admits(desk: Desk) -> None:
    """N25: 一般应具有高级技师; a technician may lead with a reason, never without one."""
    project = desk.submitted(Track.STUDIO)
    version = latest_version(project)
    version.answers["leader_level"] = "technician"
    with by_hand(version._meta.db_table):  # a version is frozen once it is submitted
        version.save()
    with pytest.raises(Invalid, match="技师"):
        judge(desk, project, "N25", MET)
    judge(desk, project, "N25", MET, reason="全国技术能手，业绩突出")
    found = line_of(project, "N25")
    assert found.settled
    assert "全国技术能手" in found.finding.because


def test_an_unknown_norm_or_word_is_refused(desk: Desk, project: Application) -> None:
    with pytest.raises(Invalid, match="N99 不是这一类项目的资格条件"):
        judge(desk, project, "N99")
    with pytest.raises(Invalid, match="请选择"):
        judge(desk, project, "N09", "maybe")


def test_a_verdict_may_be_changed_until_the_decision(desk: Desk, project: Application) -> None:
    judge(desk, project, "N09", NOT_MET, reason="缺证明")
    judge(desk, project, "N09", MET)
    assert Verdict.objects.get(norm="N09").word == MET
    assert Verdict.objects.get(norm="N09").reason == ""
    assert [event.type for event in history(project.subject)].count("examination.judged") == 2


def test_two_examiners_never_overwrite_each_other(desk: Desk, project: Application) -> None:
    colleague = official(Role.PROVINCE_HR, "37", "人社丁")
    empty = actions.token(None)
    judge(desk, project, "N09", NOT_MET, reason="缺消防证明", seen=empty)
    cases.take(viewer=colleague, application_id=project.pk, seen=desk.hr.user_id)
    with pytest.raises(WrongState, match="人社甲刚刚判定为“不符合”"):
        actions.judge(viewer=colleague, application_id=project.pk, norm="N09", word=MET, seen=empty)
    row = Verdict.objects.get(norm="N09")
    assert (row.word, row.reason) == (NOT_MET, "缺消防证明")
    with clock.at(JULY + timedelta(minutes=1)):
        actions.judge(
            viewer=colleague,
            application_id=project.pk,
            norm="N09",
            word=MET,
            seen=actions.token(row),
        )
    assert Verdict.objects.get(norm="N09").name == "人社丁"


def test_only_the_own_provinces_examiner_speaks(desk: Desk, project: Application) -> None:
    for viewer in (
        desk.finance,
        official(Role.SUPERVISOR, "37"),
        official(Role.AUDITOR),
        viewer_of(project.unit.people.get()),
    ):
        with pytest.raises(NotPermitted):
            actions.judge(viewer=viewer, application_id=project.pk, norm="N09", word=MET)
        with pytest.raises(NotPermitted):
            actions.pass_examination(viewer=viewer, application_id=project.pk)
    other = Desk("32")
    for act in (
        lambda: actions.judge(viewer=other.hr, application_id=project.pk, norm="N09", word=MET),
        lambda: actions.accept_computed(viewer=other.hr, application_id=project.pk),
        lambda: actions.carry_over(viewer=other.hr, application_id=project.pk),
        lambda: actions.pass_examination(viewer=other.hr, application_id=project.pk),
        lambda: actions.reject(viewer=other.hr, application_id=project.pk, reason="x"),
        lambda: actions.send_back(
            viewer=other.hr, application_id=project.pk, defects=[Defect("plan", "x")]
        ),
    ):
        with pytest.raises(NotFound):
            act()
    assert not Verdict.objects.exists()
    assert Application.objects.get(pk=project.pk).state == ProjectState.SUBMITTED


def test_one_click_takes_over_what_needs_no_judgement(desk: Desk, project: Application) -> None:
    judge(desk, project, "N10", NOT_MET, reason="存疑")
    clear = {
        line.finding.norm
        for line in queries.sheet(project)
        if line.finding.verdict is Kleene.MET and not line.finding.judgement
    } - {"N10"}
    assert clear
    assert actions.accept_computed(viewer=desk.hr, application_id=project.pk) == len(clear)
    assert set(Verdict.objects.filter(word=MET).values_list("norm", flat=True)) == clear
    assert Verdict.objects.get(norm="N10").word == NOT_MET
    event = history(project.subject)[-1]
    assert (event.type, event.payload["norms"]) == ("examination.accepted", sorted(clear))
    assert actions.accept_computed(viewer=desk.hr, application_id=project.pk) == 0
    assert history(project.subject)[-1].pk == event.pk


# --- decisions


def test_passing_names_what_is_still_open(desk: Desk, project: Application) -> None:
    still_open = queries.open_lines(project)
    with pytest.raises(WrongState, match=f"还有 {len(still_open)} 项") as caught:
        actions.pass_examination(viewer=desk.hr, application_id=project.pk)
    assert still_open[0].finding.norm in caught.value.message
    assert caught.value.clause == still_open[0].finding.clause
    assert Application.objects.get(pk=project.pk).state == ProjectState.SUBMITTED


@pytest.mark.parametrize("track", list(Track))
def test_every_track_can_pass(desk: Desk, track: Track) -> None:
    project = desk.submitted(track) if track is not Track.EXISTING_BASE else _existing(desk)
    judge_all(desk, project)
    assert queries.open_lines(project) == []
    actions.pass_examination(viewer=desk.hr, application_id=project.pk)
    assert Application.objects.get(pk=project.pk).state == ProjectState.EXAMINED
    assert history(project.subject)[-1].payload["to"] == "examined"
    with pytest.raises(WrongState, match="资格审查通过"):
        actions.pass_examination(viewer=desk.hr, application_id=project.pk)
    with pytest.raises(WrongState, match="不在资格审查中"):
        judge(desk, project, "N09")


def _existing(desk: Desk) -> Application:
    with clock.at(clock.beijing(2025, 6, 20)):
        (made,) = apply(desk.rng, BY_CODE["37"], desk.call, [Track.EXISTING_BASE])
    return Application.objects.select_related("call", "unit").get(pk=made.pk)


def test_a_rejection_keeps_its_words_out_of_the_ledger(desk: Desk, project: Application) -> None:
    with pytest.raises(Invalid, match="理由"):
        actions.reject(viewer=desk.hr, application_id=project.pk, reason=" ")
    actions.reject(viewer=desk.hr, application_id=project.pk, reason="张三提供的证明系伪造。")
    found = queries.rejection(Application.objects.get(pk=project.pk))
    assert found is not None
    assert (found.reason, found.name, found.version) == ("张三提供的证明系伪造。", "人社甲", 1)
    event = history(project.subject)[-1]
    assert event.type == "project.rejected"
    assert event.payload["reason"] == digest("张三提供的证明系伪造。")
    assert "张三" not in str(event.payload)


def test_a_return_lists_items_and_gives_working_days(desk: Desk, project: Application) -> None:
    defects = [
        Defect(section="plan", reason="缺季度指标", field="plan_goal"),
        Defect(section="plan", reason="总体偏粗"),
    ]
    actions.send_back(viewer=desk.hr, application_id=project.pk, defects=defects)
    project = Application.objects.get(pk=project.pk)
    assert project.state == ProjectState.RETURNED
    assert project.correction_due == date(2025, 7, 17), "five working days after Thursday the 10th"
    items = queries.open_returns(project)
    assert [(item.section, item.field, item.reason) for item in items] == [
        ("plan", "plan_goal", "缺季度指标"),
        ("plan", "", "总体偏粗"),
    ]
    event = history(project.subject)[-1]
    assert event.payload["sections"] == ["plan"]
    assert event.payload["due"] == "2025-07-17"


@pytest.mark.parametrize(
    ("defects", "words"),
    [
        ([], "至少列出一处"),
        ([Defect("plan", " ")], "原因"),
        ([Defect("nothing", "x")], "没有“nothing”这一部分"),
        ([Defect("plan", "x", "capacity")], "没有“capacity”这一栏"),
    ],
)
def test_a_return_without_good_items_changes_nothing(
    desk: Desk, project: Application, defects: list[Defect], words: str
) -> None:
    with pytest.raises(Invalid, match=words):
        actions.send_back(viewer=desk.hr, application_id=project.pk, defects=defects)
    kept = Application.objects.get(pk=project.pk)
    assert (kept.state, kept.correction_due) == (ProjectState.SUBMITTED, None)
    assert not ReturnItem.objects.exists()


# --- what was submitted, and only that


def test_unfinished_corrections_are_not_examined(desk: Desk, project: Application) -> None:
    """While the unit corrects, officials go on seeing the submitted figures."""
    actions.send_back(viewer=desk.hr, application_id=project.pk, defects=[Defect("plan", "请核实")])
    submitted = line_of(project, "N10").finding.value
    project = Application.objects.select_related("call", "unit").get(pk=project.pk)
    project.answers["capacity"] = 1
    project.save()
    assert line_of(project, "N10").finding.value == submitted
    assert line_of(project, "N10").settled


def test_a_new_version_starts_without_verdicts_and_may_take_over_the_unchanged(
    desk: Desk, project: Application
) -> None:
    judge_all(desk, project)
    judge(desk, project, "N10", NOT_MET, reason="依据不足")
    with pytest.raises(WrongState, match="第一次提交"):
        actions.carry_over(viewer=desk.hr, application_id=project.pk)
    actions.send_back(viewer=desk.hr, application_id=project.pk, defects=[Defect("plan", "改")])
    project = correct(project, capacity=3000, plan_goal="分季度完成。")
    assert project.version == 2
    assert queries.words(project) == {}
    before = line_of(project, "N10").before
    assert before is not None
    assert before.word == NOT_MET
    former = set(queries.words_by_version(project)[1])
    count = actions.carry_over(viewer=desk.hr, application_id=project.pk)
    now = queries.words(project)
    assert "N10" not in now, "its figure changed, so it is judged anew"
    assert "N09" in now
    assert count == len(now)
    assert set(now) <= former
    assert history(project.subject)[-1].payload["norms"] == sorted(now)


def test_a_replaced_file_is_a_change(desk: Desk, project: Application) -> None:
    older = latest_version(project)
    actions.send_back(viewer=desk.hr, application_id=project.pk, defects=[Defect("plan", "改")])
    project = correct(project, plan_goal="分季度完成。")
    newer = latest_version(project)
    assert "N09" in queries.unchanged_norms(project, older, newer)
    field = next(
        f.key for _, f in form_of(project).fields() if "N09" in f.norms and f.evidence != "none"
    )
    for item in newer.evidence:
        if item["field"] == field:
            item["sha256"] = "0" * 64
    assert "N09" not in queries.unchanged_norms(project, older, newer)


def test_before_the_first_submission_there_is_no_sheet(desk: Desk) -> None:
    draft = desk.row(state=ProjectState.DRAFT, version=0)
    with pytest.raises(WrongState, match="尚未提交"):
        queries.sheet(draft)


# --- the queue


def test_the_queue_holds_the_own_provinces_open_applications(
    desk: Desk, project: Application
) -> None:
    returned = desk.row(state=ProjectState.RETURNED)
    desk.row(state=ProjectState.EXAMINED)
    other = Desk("32")
    other.open()
    other.row()
    judge(desk, project, "N09")
    queue = {row.pk: row.judged for row in queries.queue(desk.hr)}
    assert queue == {project.pk: 1, returned.pk: 0}
    foreign = Application.objects.get(province="32")
    assert queries.chosen(desk.hr, [project.pk, foreign.pk]) == [project]
