"""Eight examiners on one clause and on one decision at the same moment: one is heard, the others
are told. With the lock off, several are "heard", so the test can fail."""

import pytest

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import WrongState
from jiangxin.core.workflow import ProjectState
from jiangxin.records.ledger.models import Event
from jiangxin.stages.application.models import Application
from jiangxin.stages.examination import actions
from jiangxin.stages.examination.models import Verdict
from tests.factories.desk import JULY, Desk, judge_all
from tests.factories.races import numbered, together, without_locks

pytestmark = pytest.mark.django_db(transaction=True)
MANY = 8


@pytest.fixture
def desk(transactional_db: None) -> Desk:
    found = Desk("37")
    found.open()
    return found


@pytest.fixture
def project(desk: Desk) -> Application:
    return desk.submitted()


def judged(desk: Desk, project: Application) -> list[object]:
    def judge(number: int) -> Verdict:
        return actions.judge(
            viewer=desk.hr,
            application_id=project.pk,
            norm="N09",
            word="not_met",
            reason=f"理由{number}",
            seen="",
        )

    return together(numbered(MANY, judge), at=JULY)


def test_one_examiner_is_heard_and_the_others_are_told(desk: Desk, project: Application) -> None:
    results = judged(desk, project)
    heard = [each for each in results if isinstance(each, Verdict)]
    assert len(heard) == 1, results
    assert all(isinstance(each, WrongState) for each in results if each is not heard[0])
    assert Verdict.objects.get().reason == heard[0].reason
    assert Event.objects.filter(type="examination.judged").count() == 1


def test_without_the_lock_words_are_overwritten(desk: Desk, project: Application) -> None:
    with without_locks(held=Verdict, clients=MANY):
        results = judged(desk, project)
    assert sum(isinstance(each, Verdict) for each in results) > 1, results


def test_an_application_is_decided_once(desk: Desk, project: Application) -> None:
    with clock.at(JULY):
        judge_all(desk, project)

    def decide(number: int) -> object:
        if number % 2:
            return actions.pass_examination(viewer=desk.hr, application_id=project.pk)
        return actions.reject(viewer=desk.hr, application_id=project.pk, reason="不符")

    results = together(numbered(MANY, decide), at=JULY)
    assert sum(isinstance(each, Application) for each in results) == 1, results
    assert sum(isinstance(each, WrongState) for each in results) == MANY - 1
    state = Application.objects.get(pk=project.pk).state
    assert state in (ProjectState.EXAMINED, ProjectState.REJECTED)
    decided = Event.objects.filter(type__in=("project.examined", "project.rejected"))
    assert decided.count() == 1
