"""Two ministries, and two clerks of one, at the same moment: one title, by lock and by constraint.

With the row locks left out the two decisions pass each other and the title is lost; with the locks
and both uniqueness constraints left out, two clerks of one ministry make it twice.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import pytest
from django.db import connection, transaction

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import LimitReached, WrongState
from jiangxin.core.workflow import MINISTRIES, Role
from jiangxin.ops.scenes.country import officer
from jiangxin.records.identity.viewer import Viewer
from jiangxin.records.ledger.models import Event
from jiangxin.stages.application.models import Application
from jiangxin.stages.filing import actions, registration
from jiangxin.stages.filing.choices import Outcome
from jiangxin.stages.filing.models import Filing, Package, Registration
from jiangxin.stages.titles import actions as award_actions
from jiangxin.stages.titles.models import Title
from tests.factories.races import together, without_locks
from tests.factories.year import Year, make_year

IN_TIME = clock.beijing(2025, 10, 20, 10)
CONSTRAINTS = {
    "filing_registration": "CREATE UNIQUE INDEX one_registration_per_ministry ON filing_registration"
    " (application_id, ministry) WHERE void_at IS NULL",
    "titles_title": "CREATE UNIQUE INDEX one_title_per_project ON titles_title (origin)"
    " WHERE origin <> ''",
}


@contextmanager
def without_uniqueness() -> Iterator[None]:
    """The constraints that say once out of the database, and back when the rows are gone."""
    names = ["one_registration_per_ministry", "one_title_per_project"]
    with connection.cursor() as cursor:
        for name in names:
            cursor.execute(f"DROP INDEX {name}")
        cursor.execute(
            "SELECT conname FROM pg_constraint WHERE conrelid = 'titles_title'::regclass"
            " AND contype = 'u'"
        )
        ((number,),) = cursor.fetchall()
        cursor.execute(f'ALTER TABLE titles_title DROP CONSTRAINT "{number}"')
        cursor.execute("DROP INDEX one_studio_per_leader_and_unit")
    try:
        yield
    finally:
        Title.objects.all().delete()
        Registration.objects.all().delete()
        with connection.cursor() as cursor:
            for statement in CONSTRAINTS.values():
                cursor.execute(statement)
            cursor.execute(f'ALTER TABLE titles_title ADD CONSTRAINT "{number}" UNIQUE (number)')
            cursor.execute(
                "CREATE UNIQUE INDEX one_studio_per_leader_and_unit ON titles_title"
                " (leader_hash, uscc) WHERE kind = 'studio' AND state = 'titled'"
                " AND NOT leader_hash = ''"
            )


@pytest.fixture
def year(transactional_db: None) -> Year:
    return make_year(2)


@pytest.fixture
def received(year: Year) -> Package:
    """A filed package that both ministries have received, with one project."""
    year.confirmed()
    with clock.at(IN_TIME):
        row = year.package()
        year.seal(row)
        row = actions.file(viewer=year.hr, package_id=row.pk)
        for role in MINISTRIES:
            registration.receive(viewer=officer(role), package_id=row.pk)
    return row


def decision(row: Package, viewer: Viewer) -> Callable[[], object]:
    project = Application.objects.get(state="filed")
    return lambda: registration.register(
        viewer=viewer, package_id=row.pk, application_id=project.pk, outcome=Outcome.REGISTERED
    )


def outcome() -> tuple[str, int, int]:
    """State of the project, decisions, titles."""
    project = Application.objects.get(registrations__isnull=False, registrations__ministry="hr")
    titles = Title.objects.filter(origin=project.subject).count()
    return project.state, Registration.objects.count(), titles


def test_both_ministries_at_once_make_one_title(received: Package) -> None:
    results = together([decision(received, officer(role)) for role in MINISTRIES], at=IN_TIME)
    assert all(isinstance(each, Registration) for each in results), results
    assert outcome() == ("registered", 2, 1)
    assert Event.objects.filter(type="project.registered").count() == 1


def test_control_without_the_lock_both_decide_and_the_title_is_lost(received: Package) -> None:
    gate = threading.Barrier(2, timeout=20)

    def held(act: Callable[[], object]) -> Callable[[], object]:
        """Neither commits before both have counted: what the lock makes impossible."""

        def run() -> object:
            with transaction.atomic():
                result = act()
                gate.wait()
                return result

        return run

    with without_locks():
        results = together(
            [held(decision(received, officer(role))) for role in MINISTRIES], at=IN_TIME
        )
    assert all(isinstance(each, Registration) for each in results), results
    assert outcome() == ("filed", 2, 0)


def second_ministry(row: Package) -> list[Callable[[], object]]:
    """The first ministry has decided; two clerks of the second press the button."""
    with clock.at(IN_TIME):
        decision(row, officer(Role.MINISTRY_HR))()
    return [decision(row, officer(Role.MINISTRY_FINANCE))] * 2


def test_two_clerks_of_one_ministry_decide_once(received: Package) -> None:
    results = together(second_ministry(received), at=IN_TIME)
    assert sorted(type(each).__name__ for each in results) == ["Registration", "WrongState"]
    assert outcome() == ("registered", 2, 1)


def test_without_the_lock_the_constraints_still_make_one_title(received: Package) -> None:
    acts = second_ministry(received)
    with without_locks(held=Registration):
        results = together(acts, at=IN_TIME)
    refused = [each for each in results if isinstance(each, WrongState | LimitReached)]
    assert len(refused) == 1, results
    assert outcome() == ("registered", 2, 1)


def test_with_the_lock_no_constraint_is_needed(received: Package) -> None:
    acts = second_ministry(received)
    with without_uniqueness():
        results = together(acts, at=IN_TIME)
        assert sorted(type(each).__name__ for each in results) == ["Registration", "WrongState"]
        assert outcome_of_titles(received) == 1


def test_control_without_lock_and_constraints_the_title_is_awarded_twice(
    received: Package, monkeypatch: pytest.MonkeyPatch
) -> None:
    acts = second_ministry(received)
    # The look at the unit's other names comes before the constraint: it is off here like the rest.
    monkeypatch.setattr(award_actions, "_require_leader_free", lambda _title: None)
    with without_uniqueness(), without_locks(held=Application):
        results = together(acts, at=IN_TIME)
        assert all(isinstance(each, Registration) for each in results), results
        assert outcome_of_titles(received) == 2


def outcome_of_titles(row: Package) -> int:
    return Title.objects.filter(year=row.call.year, province=row.call.province).count()


def test_two_hands_on_the_filing_file_once(year: Year) -> None:
    year.confirmed()
    with clock.at(IN_TIME):
        row = year.package()
        year.seal(row)
    act = partial(actions.file, viewer=year.hr, package_id=row.pk)
    results = together([act, act], at=IN_TIME)
    assert sorted(type(each).__name__ for each in results) == ["Package", "WrongState"]
    assert Filing.objects.count() == 1
    assert Event.objects.filter(type="package.filed").count() == 1
