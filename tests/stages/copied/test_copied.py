"""Near-duplicate passages: found across provinces, never a unit's own, never what all may write."""

from collections.abc import Iterator

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from jiangxin.core.kernel import clock
from jiangxin.core.workflow import ProjectState, Role
from jiangxin.records.identity.models import Organisation
from jiangxin.records.identity.queries import viewer_of
from jiangxin.records.ledger.models import Event
from jiangxin.stages.application.models import Application
from jiangxin.stages.copied import queries
from jiangxin.stages.copied.actions import read_submitted
from jiangxin.stages.copied.models import Pair, Passage, Reading
from jiangxin.stages.examination import actions as examining
from jiangxin.stages.programme.queries import pack
from tests.factories.copied import ORIGINAL, submitted_with
from tests.factories.desk import JULY, Desk, correct, official

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
def other(desk: Desk) -> Desk:
    found = Desk("32")
    found.open()
    return found


def text_of(pieces: list[queries.Piece]) -> str:
    return "".join(each.text for each in pieces)


def test_a_copy_in_another_province_is_found_once_and_moves_nothing(
    desk: Desk, other: Desk
) -> None:
    first = submitted_with(other, ORIGINAL)
    second = submitted_with(desk, "我们的做法如下。" + ORIGINAL)
    before = Event.objects.count()
    assert read_submitted() == 2
    pair = Pair.objects.get()
    assert {pair.left.application_id, pair.right.application_id} == {first.pk, second.pk}
    assert pair.exact >= 90
    assert abs(pair.estimate - pair.exact) <= 15
    assert Event.objects.count() == before
    assert set(Application.objects.values_list("state", flat=True)) == {ProjectState.SUBMITTED}
    assert read_submitted() == 0


def test_a_unit_may_repeat_itself(desk: Desk) -> None:
    project = submitted_with(desk, ORIGINAL + "\n" + ORIGINAL)
    read_submitted()
    assert Passage.objects.filter(application=project).count() == 2
    assert not Pair.objects.exists()


def test_what_the_notice_says_everybody_may_say(desk: Desk, other: Desk) -> None:
    clauses = "".join(pack().clauses[key].text for key in ("2.1.1.1", "2.1.1.3", "4.3"))
    submitted_with(desk, clauses)
    submitted_with(other, clauses)
    read_submitted()
    assert not Passage.objects.filter(field="unit_introduction").exists()
    assert not Pair.objects.exists()


def test_short_texts_are_left_alone(desk: Desk, other: Desk) -> None:
    for each in (desk, other):
        submitted_with(each, ORIGINAL[:55])
    read_submitted()
    assert not Pair.objects.exists()


def test_a_text_of_many_units_is_common_and_no_copy(desk: Desk) -> None:
    for _ in range(5):
        submitted_with(desk, ORIGINAL)
    read_submitted()
    assert Pair.objects.count() == 10, "five units in pairs"
    submitted_with(desk, ORIGINAL)
    read_submitted()
    assert not Pair.objects.exists(), "the sixth shows that it is a common text"
    assert Passage.objects.filter(field="unit_introduction", common=True).count() == 6


def test_a_corrected_version_is_read_anew(desk: Desk, other: Desk) -> None:
    submitted_with(other, ORIGINAL)
    project = submitted_with(desk, ORIGINAL)
    read_submitted()
    assert Pair.objects.exists()
    examining.send_back(
        viewer=desk.hr, application_id=project.pk, defects=[examining.Defect("unit", "改")]
    )
    correct(project, unit_introduction="学院位于示范区，面向社会开放。")
    assert read_submitted() == 1
    assert Reading.objects.get(application=project).version == 2
    assert not Pair.objects.exists()


# --- who sees what of it


def test_of_a_foreign_passage_only_the_words_the_province_and_the_year_are_shown(
    desk: Desk, other: Desk
) -> None:
    foreign = other.unit()
    unit = Organisation.objects.get(pk=foreign.organisation_id)
    secret = f"{unit.name}{unit.contact}电话05310000000，" + ORIGINAL
    theirs = submitted_with(other, secret, viewer=foreign)
    ours = submitted_with(desk, ORIGINAL)
    read_submitted()
    (match,) = queries.matches(desk.hr, ours)
    assert match.own.project == ours
    assert match.other.project is None
    assert (match.other.province, match.other.year) == ("32", 2025)
    shown = text_of(match.other.pieces)
    for private in (unit.name, unit.contact, "05310000000"):
        assert private not in shown
    assert shown.startswith("□□□□电话□□，")
    assert theirs.title not in repr(match.other)
    (match,) = queries.matches(other.hr, theirs)
    assert unit.name in text_of(match.own.pieces)
    assert match.other.project is None
    (match,) = queries.matches(official(Role.AUDITOR), ours)
    assert match.other.project == theirs, "national audit may open both"


def test_pairs_of_others_and_other_roles_are_not_shown(desk: Desk, other: Desk) -> None:
    third = Desk("33")
    third.open()
    theirs = submitted_with(other, ORIGINAL)
    submitted_with(third, ORIGINAL)
    read_submitted()
    assert queries.pairs(other.hr).count() == 1
    assert queries.pairs(desk.hr).count() == 0
    for viewer in (
        viewer_of(theirs.unit.people.get()),
        official(Role.EXPERT, "32"),
        official(Role.RECOMMENDER, "32"),
        official(Role.MINISTRY_HR),
    ):
        assert not queries.pairs(viewer).exists()
        assert queries.matches(viewer, theirs) == []


def test_lists_count_and_filter_by_it(desk: Desk, other: Desk) -> None:
    submitted_with(other, ORIGINAL)
    ours = submitted_with(desk, ORIGINAL)
    plain = desk.submitted()
    read_submitted()
    rows = queries.visible(desk.hr)
    counts = dict(queries.with_copies(rows).values_list("pk", "copies"))
    assert counts == {ours.pk: 1, plain.pk: 0}
    assert rows.filter(queries.is_copied()).get() == ours


def test_the_pairs_of_an_application_cost_the_same_however_many(desk: Desk, other: Desk) -> None:
    ours = submitted_with(desk, ORIGINAL)
    counts = []
    for more in (1, 2):
        for _ in range(more):
            submitted_with(other, ORIGINAL)
        read_submitted()
        with CaptureQueriesContext(connection) as found:
            assert len(queries.matches(desk.hr, ours)) == more + len(counts)
        counts.append(len(found))
    assert counts[0] == counts[1] <= 2
