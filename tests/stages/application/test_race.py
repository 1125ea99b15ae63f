"""Eight at the same moment: one application, one version, one saved text. Each with its control."""

from functools import partial

import pytest
from django.db import IntegrityError, connection

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import LimitReached
from jiangxin.core.policy import section_values
from jiangxin.records.ledger.models import Event
from jiangxin.stages.application import actions
from jiangxin.stages.application.models import Application, Version
from jiangxin.stages.application.queries import form_of
from jiangxin.stages.application.sealing import shown_answers
from jiangxin.stages.programme.models import Track
from tests.factories.applications import DURING, Round, approve, make_round, unit_of
from tests.factories.races import numbered, together, without_locks

pytestmark = pytest.mark.django_db(transaction=True)
MANY = 8


@pytest.fixture
def round_(transactional_db: None) -> Round:
    return make_round()


def served(results: list[object]) -> list[object]:
    return [each for each in results if not isinstance(each, Exception)]


def begin_at_once(round_: Round) -> list[object]:
    unit = round_.unit()
    begin = partial(actions.begin, viewer=unit, call_id=round_.call.pk, track=Track.STUDIO)
    return together([begin] * MANY, at=DURING)


def test_of_eight_who_begin_at_once_one_wins(round_: Round) -> None:
    results = begin_at_once(round_)
    assert len(served(results)) == 1
    assert sum(isinstance(each, LimitReached) for each in results) == MANY - 1
    assert Application.objects.count() == 1
    assert Event.objects.filter(type="project.begun").count() == 1


def test_control_without_the_constraint_many_begin(round_: Round) -> None:
    name = "one_application_per_unit_and_track"
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexdef FROM pg_indexes WHERE indexname = %s", [name])
        ((definition,),) = cursor.fetchall()
        cursor.execute(f"DROP INDEX {name}")
    try:
        assert len(served(begin_at_once(round_))) > 1
        assert Application.objects.count() > 1
    finally:
        Application.objects.all().delete()
        with connection.cursor() as cursor:
            cursor.execute(definition)


@pytest.fixture
def project(round_: Round) -> Application:
    return round_.draft(round_.unit())


def submit_at_once(project: Application) -> list[object]:
    viewer = unit_of(project)
    with clock.at(DURING):
        approve(project)
    submit = partial(
        actions.submit, viewer=viewer, application_id=project.pk, revision=project.revision
    )
    return together([lambda: submit().pk] * MANY, at=DURING)


def test_eight_clicks_at_once_make_one_version(project: Application) -> None:
    results = submit_at_once(project)
    assert results == [Version.objects.get().pk] * MANY
    assert Event.objects.filter(type="project.submitted").count() == 1


def test_control_without_the_lock_seven_of_eight_clicks_fail(project: Application) -> None:
    with without_locks(held=Application, clients=MANY):
        results = submit_at_once(project)
    assert sum(isinstance(each, IntegrityError) for each in results) == MANY - 1, results
    assert Version.objects.count() == 1


def save_at_once(project: Application) -> list[object]:
    """Eight colleagues save the same section from pages that they opened at the same time."""
    viewer, section = unit_of(project), form_of(project).section("plan")
    assert section is not None
    answers = shown_answers(project.answers)

    def save(number: int) -> str:
        text = f"第{number}位同事写的目标，内容足够长。"
        actions.save_section(
            viewer=viewer,
            application_id=project.pk,
            section="plan",
            data=section_values(section, {**answers, "plan_goal": text}),
            revision=project.revision,
        )
        return text

    return together(numbered(MANY, save), at=DURING)


def test_of_eight_who_save_one_section_one_is_heard_and_none_overwritten(
    project: Application,
) -> None:
    results = save_at_once(project)
    assert sum(isinstance(each, actions.Overtaken) for each in results) == MANY - 1, results
    assert served(results) == [Application.objects.get().answers["plan_goal"]]


def test_control_without_the_lock_seven_texts_are_lost(project: Application) -> None:
    with without_locks(held=Application, clients=MANY):
        results = save_at_once(project)
    assert len(served(results)) == MANY, results
