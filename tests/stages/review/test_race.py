"""The last place of a quota, and two hands on one decision: one winner, by lock and by constraint.

Each guard is also tried with the other one off; with both off the double booking does happen, so
the tests can fail.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from django.db import connection

from jiangxin.core.kernel.errors import LimitReached, WrongState
from jiangxin.core.workflow import RoundState
from jiangxin.records.ledger.models import Event
from jiangxin.stages.programme.models import QuotaPlace
from jiangxin.stages.review.actions import decision, rounds, sheets
from jiangxin.stages.review.models import Decision, Round, ScoreSheet
from jiangxin.stages.review.queries import assigned
from jiangxin.stages.review.rubrics import rubric_of
from tests.factories.races import numbered, together, without_locks
from tests.factories.review import NOW, Province, make_province, marks

CLIENTS = 16
LATER = NOW + timedelta(hours=1)


@contextmanager
def without_the_constraint() -> Iterator[None]:
    """The uniqueness of `Decision.place` taken out of the database, and put back."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conname FROM pg_constraint WHERE conrelid = 'review_decision'::regclass"
            " AND contype = 'u' AND conname LIKE '%place%'"
        )
        ((name,),) = cursor.fetchall()
        cursor.execute(f'ALTER TABLE review_decision DROP CONSTRAINT "{name}"')
    try:
        yield
    finally:
        Decision.objects.update(place=None)
        with connection.cursor() as cursor:
            cursor.execute(f'ALTER TABLE review_decision ADD CONSTRAINT "{name}" UNIQUE (place_id)')


@pytest.fixture
def crowd(transactional_db: None) -> tuple[Province, Round]:
    """Sixteen ranked projects, one place."""
    province = make_province("37", projects=CLIENTS, places=1)
    row = province.scoring()
    Round.objects.filter(pk=row.pk).update(state=RoundState.RANKED)
    Decision.objects.bulk_create(
        [
            Decision(round=row, application=each, rank=n, total=1, sheets=5, selected=True)
            for n, each in enumerate(province.projects, start=1)
        ]
    )
    return province, row


def grab(row: Round) -> Callable[[int], object]:
    rows = list(row.decisions.all())
    return lambda number: decision.hold_place(row, rows[number])


def winners(results: list[object]) -> int:
    assert all(isinstance(each, QuotaPlace | LimitReached) for each in results), results
    return sum(isinstance(each, QuotaPlace) for each in results)


def test_sixteen_clients_on_the_last_place_one_winner(crowd: tuple[Province, Round]) -> None:
    assert winners(together(numbered(CLIENTS, grab(crowd[1])), at=LATER)) == 1
    assert Decision.objects.exclude(place=None).count() == 1


def test_with_the_lock_off_the_constraint_still_lets_one_win(
    crowd: tuple[Province, Round],
) -> None:
    with without_locks(held=Decision, clients=CLIENTS):
        results = together(numbered(CLIENTS, grab(crowd[1])), at=LATER)
    assert winners(results) == 1
    assert Decision.objects.exclude(place=None).count() == 1


def test_with_the_constraint_off_the_lock_still_lets_one_win(
    crowd: tuple[Province, Round],
) -> None:
    with without_the_constraint():
        assert winners(together(numbered(CLIENTS, grab(crowd[1])), at=LATER)) == 1


def test_control_with_both_off_the_place_is_given_many_times(
    crowd: tuple[Province, Round],
) -> None:
    with without_the_constraint():
        with without_locks(held=Decision, clients=CLIENTS):
            results = together(numbered(CLIENTS, grab(crowd[1])), at=LATER)
        assert winners(results) == CLIENTS


@pytest.fixture
def agreed(transactional_db: None) -> tuple[Province, Round]:
    province = make_province("37")
    row = province.ranked()
    province.propose(row, 2)
    return province, row


def test_two_officials_deciding_at_once_one_wins(agreed: tuple[Province, Round]) -> None:
    province, row = agreed
    results = together(
        [partial(decision.decide, viewer=province.hr, round_id=row.pk)] * 2, at=LATER
    )
    assert sorted(type(each).__name__ for each in results) == ["Round", "WrongState"]
    assert any(isinstance(each, WrongState) for each in results)
    assert Event.objects.filter(type="round.decided").count() == 1
    assert Event.objects.filter(type="project.proposed").count() == 2
    assert Decision.objects.exclude(place=None).count() == 2


def test_control_without_the_lock_both_decide(agreed: tuple[Province, Round]) -> None:
    province, row = agreed
    with without_locks(held=Round):
        results = together(
            [partial(decision.decide, viewer=province.hr, round_id=row.pk)] * 2, at=LATER
        )
    reached = [each for each in results if not isinstance(each, WrongState)]
    assert len(reached) == 2, results


@pytest.fixture
def silent(
    transactional_db: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> tuple[Province, Round, list[ScoreSheet]]:
    """Everything signed but one expert's sheets, which are ready; what is late may be left out."""
    province = make_province("37", projects=2)
    province.by_rules(monkeypatch, tmp_path, '"review.silence" = "out"')
    row = province.scoring()
    last = row.panel.filter(status="accepted").select_related("expert").last()
    viewer = province.viewer(last.expert)
    open_sheets = list(assigned(viewer).select_related("seat__round", "application"))
    for sheet in open_sheets:
        sheets.declare(viewer=viewer, sheet_id=sheet.pk, conflict=False)
        typed = marks(rubric_of(sheet), 40)
        sheets.save(viewer=viewer, sheet_id=sheet.pk, data=typed)
    province.sign_all(row, lambda _e, _p: 90)
    return province, row, open_sheets


@pytest.mark.parametrize("locked", [True, False], ids=["locked", "control"])
def test_a_signature_in_the_moment_of_the_ranking_is_refused_and_never_lost(
    silent, locked: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The ranking has read the sheets and has not ended yet when the late expert signs."""
    province, row, left = silent
    viewer, late = province.viewer(left[0].seat.expert), row.due + timedelta(seconds=1)
    read, signed, results = threading.Event(), threading.Event(), rounds.results

    def slowly(one: Round) -> object:
        found = results(one)
        read.set()
        signed.wait(3)  # with the lock on the signature can not come: it waits for this ranking
        return found

    def sign() -> object:
        read.wait(20)
        try:
            return sheets.sign(viewer=viewer, sheet_id=left[0].pk)
        finally:
            signed.set()

    monkeypatch.setattr(rounds, "results", slowly)
    with nullcontext() if locked else without_locks():
        ranked, outcome = together(
            [lambda: rounds.rank_round(viewer=province.hr, round_id=row.pk), sign], at=late
        )
    assert isinstance(ranked, Round)
    counted = row.decisions.get(application=left[0].application_id).sheets
    state = ScoreSheet.objects.get(pk=left[0].pk).state
    if locked:
        assert isinstance(outcome, WrongState)
        assert (counted, state) == (4, "draft")
    else:
        assert (counted, state) == (4, "signed"), "signed, and not counted: the lock is needed"
