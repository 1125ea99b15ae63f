"""Whose case it is, until when, and the index behind the lists."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from django.db import IntegrityError, transaction

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import Invalid, NotFound, NotPermitted, WrongState
from jiangxin.core.workflow import ProjectState, Role
from jiangxin.records.identity.models import User
from jiangxin.records.inbox.models import Message
from jiangxin.records.ledger.queries import history
from jiangxin.stages.application.models import Application
from jiangxin.stages.examination import actions, cases, indexing, queries
from jiangxin.stages.examination.actions import Defect
from jiangxin.stages.examination.models import Case, ClauseState
from tests.factories.desk import JULY, JUNE, Desk, correct, official, policies_with

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


def events(project: Application) -> list[str]:
    return [each.type for each in history(project.subject) if each.type.startswith("examination.")]


# --- whose it is


def test_who_judges_first_has_taken_the_case_and_others_are_told_so(
    desk: Desk, project: Application
) -> None:
    colleague = official(Role.PROVINCE_HR, "37", "人社丁")
    actions.judge(viewer=desk.hr, application_id=project.pk, norm="N09", word="met")
    assert Case.objects.get().examiner_id == desk.hr.user_id
    assert events(project) == ["examination.taken", "examination.judged"]
    for act in (
        lambda: actions.judge(viewer=colleague, application_id=project.pk, norm="N12", word="met"),
        lambda: actions.accept_computed(viewer=colleague, application_id=project.pk),
        lambda: actions.pass_examination(viewer=colleague, application_id=project.pk),
        lambda: actions.reject(viewer=colleague, application_id=project.pk, reason="不符"),
        lambda: actions.send_back(
            viewer=colleague, application_id=project.pk, defects=[Defect("plan", "x")]
        ),
    ):
        with pytest.raises(WrongState, match="本件由人社甲审查"):
            act()
    project.refresh_from_db()
    assert project.state == ProjectState.SUBMITTED
    assert len(events(project)) == 2


def test_taking_over_is_said_to_the_colleague(desk: Desk, project: Application) -> None:
    colleague = official(Role.PROVINCE_HR, "37", "人社丁")
    cases.take(viewer=desk.hr, application_id=project.pk)
    assert cases.take(viewer=desk.hr, application_id=project.pk).examiner_id == desk.hr.user_id
    with pytest.raises(WrongState, match="人社甲刚刚领取"):
        cases.take(viewer=colleague, application_id=project.pk, seen=None)
    cases.take(viewer=colleague, application_id=project.pk, seen=desk.hr.user_id)
    assert Case.objects.get().examiner_id == colleague.user_id
    told = Message.objects.get(person_id=desk.hr.user_id)
    assert "人社丁接手了您的审查" in told.title
    assert history(project.subject)[-1].payload == {"version": 1, "from": desk.hr.actor}
    assert events(project) == ["examination.taken", "examination.taken"]


def test_a_case_is_assigned_to_a_colleague_and_given_back(desk: Desk, project: Application) -> None:
    colleague = official(Role.PROVINCE_HR, "37", "人社丁")
    cases.assign(viewer=desk.hr, application_id=project.pk, user_id=colleague.user_id)
    assert Case.objects.get().examiner_id == colleague.user_id
    assert "分派给您审查" in Message.objects.get(person_id=colleague.user_id).title
    with pytest.raises(WrongState, match="不由您审查"):
        cases.release(viewer=desk.hr, application_id=project.pk)
    cases.release(viewer=colleague, application_id=project.pk)
    assert (Case.objects.get().examiner_id, Case.objects.get().taken_at) == (None, None)
    assert events(project) == ["examination.assigned", "examination.released"]


def test_only_examiners_of_the_province_are_assigned(desk: Desk, project: Application) -> None:
    gone = official(Role.PROVINCE_HR, "37")
    User.objects.filter(pk=gone.user_id).update(is_active=False)
    for person in (desk.finance, official(Role.PROVINCE_HR, "32"), gone):
        with pytest.raises(Invalid, match="本部门的一位审查人"):
            cases.assign(viewer=desk.hr, application_id=project.pk, user_id=person.user_id or 0)
    assert not Case.objects.filter(examiner__isnull=False).exists()


def test_only_the_own_provinces_hr_takes(desk: Desk, project: Application) -> None:
    for viewer in (desk.finance, official(Role.SUPERVISOR, "37"), official(Role.AUDITOR)):
        with pytest.raises(NotPermitted):
            cases.take(viewer=viewer, application_id=project.pk)
    with pytest.raises(NotFound):
        cases.take(viewer=official(Role.PROVINCE_HR, "32"), application_id=project.pk)
    decided = desk.row(state=ProjectState.EXAMINED)
    with pytest.raises(WrongState, match="不在资格审查中"):
        cases.take(viewer=desk.hr, application_id=decided.pk)
    assert not Case.objects.exists()


def test_examiner_and_second_are_two_people_by_constraint(desk: Desk, project: Application) -> None:
    cases.take(viewer=desk.hr, application_id=project.pk)
    with pytest.raises(Invalid, match="必须是两个人"):
        cases.assign(
            viewer=desk.hr, application_id=project.pk, user_id=desk.hr.user_id, seat="second"
        )
    with pytest.raises(IntegrityError, match="second_examiner_is_another"), transaction.atomic():
        Case.objects.update(second_id=desk.hr.user_id)


# --- until when


def test_the_date_is_counted_in_working_days_and_anew_for_each_submission(
    desk: Desk, project: Application
) -> None:
    indexing.index_submitted()
    assert JUNE.date() == date(2025, 6, 10)
    assert Case.objects.get().due == date(2025, 6, 24), "ten working days after Tuesday the 10th"
    actions.send_back(viewer=desk.hr, application_id=project.pk, defects=[Defect("plan", "改")])
    correct(project, plan_goal="分季度完成。")
    case = Case.objects.get()
    assert (case.version, case.returned) == (1, 1)
    indexing.index_submitted()
    case.refresh_from_db()
    assert (case.version, case.due) == (2, date(2025, 7, 24))
    assert case.examiner_id == desk.hr.user_id, "who knows the file goes on with it"


def test_the_overlay_shortens_the_days(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, db: None
) -> None:
    folder = policies_with(tmp_path, '"examination.working_days" = 3')
    monkeypatch.setenv("JIANGXIN_POLICIES", str(folder))
    desk = Desk("37")
    desk.open(overlay="37-2025")
    assert queries.examination_due(desk.submitted()) == date(2025, 6, 13)


def test_what_waits_has_its_date_for_the_examiners_only(desk: Desk, project: Application) -> None:
    indexing.index_submitted()
    desk.row(state=ProjectState.RETURNED)
    waits = queries.examinations_due(desk.hr)
    assert list(waits.rows.values_list("pk", waits.due)) == [(project.pk, date(2025, 6, 24))]
    assert not queries.examinations_due(desk.finance).rows.exists()
    assert not queries.examinations_due(official(Role.PROVINCE_HR, "32")).rows.exists()


# --- the index


def test_the_worker_indexes_each_version_once(desk: Desk, project: Application) -> None:
    desk.row(state=ProjectState.DRAFT, version=0)
    assert indexing.index_submitted() == 1
    assert indexing.index_submitted() == 0
    lines = queries.sheet(project)
    rows = {row.norm: row.word for row in ClauseState.objects.all()}
    assert rows == {line.finding.norm: line.finding.verdict.value for line in lines}
    actions.send_back(viewer=desk.hr, application_id=project.pk, defects=[Defect("plan", "改")])
    correct(project, capacity=3000)
    assert indexing.index_submitted() == 1
    assert set(ClauseState.objects.values_list("version", flat=True)) == {1, 2}


def test_a_verdict_is_found_in_the_lists_at_once(desk: Desk, project: Application) -> None:
    indexing.index_submitted()
    found = queries.visible(desk.hr)
    assert found.filter(queries.clause_is("N09", "unknown")).exists()
    assert found.filter(queries.clause_is("2.1.1.2", "unknown")).exists()
    actions.judge(
        viewer=desk.hr, application_id=project.pk, norm="N09", word="not_met", reason="缺消防证明"
    )
    assert not found.filter(queries.clause_is("N09", "unknown")).exists()
    assert found.filter(queries.clause_is("2.1.1.2", "not_met")).get() == project
    row = ClauseState.objects.get(norm="N09")
    assert (row.found, row.word) == ("unknown", "not_met")


def test_a_clause_of_a_former_version_does_not_count(desk: Desk, project: Application) -> None:
    actions.judge(
        viewer=desk.hr, application_id=project.pk, norm="N09", word="not_met", reason="缺"
    )
    actions.send_back(viewer=desk.hr, application_id=project.pk, defects=[Defect("plan", "改")])
    with clock.at(JULY + timedelta(days=1)):
        correct(project, plan_goal="分季度完成。")
        indexing.index_submitted()
    assert not queries.visible(desk.hr).filter(queries.clause_is("N09", "not_met")).exists()
    assert ClauseState.objects.filter(norm="N09", word="not_met", version=1).exists()
