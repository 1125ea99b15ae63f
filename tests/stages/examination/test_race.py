"""Eight examiners on one clause and on one decision at the same moment: one is heard, the others
are told. With the lock off, several are "heard", so the test can fail."""

import pytest

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import WrongState
from jiangxin.core.workflow import ProjectState, Role
from jiangxin.records.identity.viewer import Viewer
from jiangxin.records.ledger.models import Event
from jiangxin.stages.application.models import Application
from jiangxin.stages.examination import actions, cases
from jiangxin.stages.examination.models import Case, Verdict
from tests.factories.desk import JULY, Desk, judge_all, official
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
    cases.take(viewer=desk.hr, application_id=project.pk)

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


def officials(project: Application) -> list[Viewer]:
    """Colleagues before a case that lies there free: the row exists, nobody has it."""
    with clock.at(JULY):
        people = [official(Role.PROVINCE_HR, "37") for _ in range(MANY)]
        cases.take(viewer=people[0], application_id=project.pk)
        cases.release(viewer=people[0], application_id=project.pk)
    return people


def taken(project: Application, people: list[Viewer]) -> list[object]:
    def take(number: int) -> Case:
        return cases.take(viewer=people[number], application_id=project.pk)

    return together(numbered(MANY, take), at=JULY)


def test_of_all_who_take_a_case_one_has_it(desk: Desk, project: Application) -> None:
    results = taken(project, officials(project))
    got = [each for each in results if isinstance(each, Case)]
    assert len(got) == 1, results
    assert Case.objects.get().examiner_id == got[0].examiner_id
    assert all(isinstance(each, WrongState) for each in results if each is not got[0])


def test_without_the_lock_several_believe_that_they_have_it(
    desk: Desk, project: Application
) -> None:
    people = officials(project)
    with without_locks(held=Case, clients=MANY):
        results = taken(project, people)
    assert sum(isinstance(each, Case) for each in results) > 1, results
