"""Two examiners where the province asks for them: agreement, disagreement, a third who decides."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import IntegrityError, transaction

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import Invalid, WrongState
from jiangxin.core.workflow import ProjectState, Role
from jiangxin.records.identity.viewer import Viewer
from jiangxin.records.inbox.models import Message
from jiangxin.records.ledger.queries import history
from jiangxin.stages.application.models import Application
from jiangxin.stages.examination import actions, cases, queries, second
from jiangxin.stages.examination.models import Conclusion
from tests.factories.desk import JULY, Desk, judge_all, official, policies_with

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _two_examiners(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    folder = policies_with(tmp_path, '"examination.examiners" = 2')
    monkeypatch.setenv("JIANGXIN_POLICIES", str(folder))
    with clock.at(JULY):
        yield


@pytest.fixture
def desk(db: None) -> Desk:
    found = Desk("37")
    found.open(overlay="37-2025")
    return found


@pytest.fixture
def project(desk: Desk) -> Application:
    found = desk.submitted()
    judge_all(desk, found)
    return found


@pytest.fixture
def other(desk: Desk) -> Viewer:
    return official(Role.PROVINCE_HR, "37", "人社丁")


def state_of(project: Application) -> str:
    return Application.objects.get(pk=project.pk).state


def passes(viewer: Viewer, project: Application, **more: object) -> Application:
    return actions.pass_examination(viewer=viewer, application_id=project.pk, **more)  # type: ignore[arg-type]


def test_one_is_enough_where_the_province_does_not_ask(db: None) -> None:
    desk = Desk("32")
    desk.open()
    project = desk.submitted()
    judge_all(desk, project)
    assert not second.needed(project)
    passes(desk.hr, project)
    assert state_of(project) == ProjectState.EXAMINED
    assert not Conclusion.objects.exists()


def test_the_first_word_waits_for_another_person(
    desk: Desk, project: Application, other: Viewer
) -> None:
    passes(desk.hr, project)
    assert state_of(project) == ProjectState.SUBMITTED
    with pytest.raises(WrongState, match="须由第二人复核"):
        passes(desk.hr, project)
    passes(other, project)
    assert state_of(project) == ProjectState.EXAMINED
    rows = Conclusion.objects.order_by("seat").values_list("seat", "word", "user_id")
    assert list(rows) == [(1, "pass", desk.hr.user_id), (2, "pass", other.user_id)]
    types = [each.type for each in history(project.subject)]
    assert types[-3:] == ["examination.concluded", "examination.concluded", "project.examined"]


def test_the_first_word_needs_every_clause_met(desk: Desk) -> None:
    project = desk.submitted()
    with pytest.raises(WrongState, match="未判定为符合"):
        passes(desk.hr, project)
    assert not Conclusion.objects.exists()


def test_a_third_decides_between_two_and_all_is_kept(
    desk: Desk, project: Application, other: Viewer
) -> None:
    passes(desk.hr, project)
    with pytest.raises(Invalid, match="理由"):
        actions.reject(viewer=other, application_id=project.pk, reason=" ")
    actions.reject(viewer=other, application_id=project.pk, reason="消防验收过期。", norms=["N09"])
    assert state_of(project) == ProjectState.SUBMITTED
    assert "复核结论与您不同" in Message.objects.get(person_id=desk.hr.user_id).title
    for again in (desk.hr, other):
        with pytest.raises(WrongState, match="须由第三人决定"):
            passes(again, project, reason="仍认为符合")
    third = official(Role.PROVINCE_HR, "37", "人社处长")
    with pytest.raises(Invalid, match="写明理由"):
        passes(third, project)
    passes(third, project, reason="验收在有效期内，见附件。")
    assert state_of(project) == ProjectState.EXAMINED
    said = [(each.name, each.word, each.norms) for each in queries.conclusions(project)]
    assert said == [
        ("人社甲", "pass", []),
        ("人社丁", "reject", ["N09"]),
        ("人社处长", "pass", []),
    ]
    for event in history(project.subject):
        assert "消防" not in str(event.payload), "the ledger keeps words of refusal out"


def test_two_refusals_end_the_application(desk: Desk, project: Application, other: Viewer) -> None:
    actions.reject(viewer=desk.hr, application_id=project.pk, reason="证明系伪造。")
    assert state_of(project) == ProjectState.SUBMITTED
    assert queries.rejection(project) is None
    actions.reject(viewer=other, application_id=project.pk, reason="同意，证明系伪造。")
    assert state_of(project) == ProjectState.REJECTED


def test_a_changed_verdict_voids_what_was_concluded(
    desk: Desk, project: Application, other: Viewer
) -> None:
    passes(desk.hr, project)
    actions.judge(
        viewer=desk.hr, application_id=project.pk, norm="N09", word="not_met", reason="缺证明"
    )
    assert queries.conclusions(project) == []
    assert Conclusion.objects.get().void
    assert history(project.subject)[-1].type == "examination.reopened"
    actions.judge(viewer=desk.hr, application_id=project.pk, norm="N09", word="met")
    passes(desk.hr, project)
    passes(other, project)
    assert state_of(project) == ProjectState.EXAMINED


def test_a_named_second_examiner_and_nobody_else(
    desk: Desk, project: Application, other: Viewer
) -> None:
    named = official(Role.PROVINCE_HR, "37", "人社戊")
    cases.assign(
        viewer=desk.hr, application_id=project.pk, user_id=named.user_id or 0, seat="second"
    )
    passes(desk.hr, project)
    with pytest.raises(WrongState, match="本件由人社戊复核"):
        passes(other, project)
    passes(named, project)
    assert state_of(project) == ProjectState.EXAMINED


def test_the_database_lets_nobody_conclude_twice(desk: Desk, project: Application) -> None:
    passes(desk.hr, project)
    first = Conclusion.objects.get()
    first.pk, first.seat = None, 2
    with (
        pytest.raises(IntegrityError, match="examiners_are_different_people"),
        transaction.atomic(),
    ):
        first.save(force_insert=True)


def test_whose_turn_it_is(desk: Desk, project: Application, other: Viewer) -> None:
    def waiting(viewer: Viewer) -> bool:
        return queries.queue(viewer).filter(queries.mine(viewer)).exists()

    third = official(Role.PROVINCE_HR, "37")
    assert (waiting(desk.hr), waiting(other)) == (True, False)
    passes(desk.hr, project)
    assert (waiting(desk.hr), waiting(other)) == (False, True)
    actions.reject(viewer=other, application_id=project.pk, reason="不符。")
    assert (waiting(desk.hr), waiting(other), waiting(third)) == (False, False, True)
