"""Occupations by province: read from the forms of valid titles in one query, and from no other form."""

from typing import Any

import pytest

from jiangxin.stages.application.coverage import covered, occupation_counts, occupations_of
from jiangxin.stages.programme.tracks import Track
from jiangxin.stages.titles.models import Title
from tests.factories.pictures import project, titled

pytestmark = pytest.mark.django_db
COOK, NURSE, COURIER = "4-03-02-01", "4-14-01-02", "4-02-07-08"


def test_a_title_counts_once_for_each_occupation_that_its_form_names() -> None:
    titled("37", COOK, COOK, NURSE)
    titled("37", COOK, track=Track.STUDIO, year=2022)
    titled("32", NURSE, track=Track.EXISTING_BASE)
    assert occupation_counts() == {("37", COOK): 2, ("37", NURSE): 1, ("32", NURSE): 1}


def test_what_has_no_valid_title_of_the_programme_is_not_counted() -> None:
    titled("37", COOK)
    titled("37", COURIER, state="revoked")
    project("37", COURIER)
    project("37", COURIER, state="filed")
    Title.objects.filter(pk=titled("37", COURIER).pk).update(year=2014)
    assert occupation_counts() == {("37", COOK): 1}


@pytest.mark.parametrize(
    "answers",
    [
        {},
        {"occupations": None},
        {"occupations": "4-03-02-01"},
        {"occupations": [{}, {"occupation": ""}, {"occupation": None}]},
        {"leader_occupation": ["x"], "occupations": {"a": 1}},
    ],
)
def test_a_form_with_a_gap_or_of_another_shape_stops_nothing(answers: Any) -> None:
    titled("32", COOK)
    titled("37", COOK, answers=answers)
    assert {key: n for key, n in occupation_counts().items() if key[0] != "37"} == {("32", COOK): 1}


def test_it_is_one_query_however_many_titles_there_are(django_assert_num_queries: Any) -> None:
    for _ in range(3):
        titled("37", COOK, NURSE)
        titled("32", NURSE, track=Track.STUDIO)
        with django_assert_num_queries(1):
            occupation_counts()


def test_what_a_province_has_is_what_its_valid_titles_name(django_assert_num_queries: Any) -> None:
    titled("37", COOK, NURSE, priority_field="nursing")
    titled("37", COURIER, state="revoked", priority_field="childcare")
    titled("32", COURIER)
    with django_assert_num_queries(1):
        assert covered("37") >= {COOK, NURSE, "nursing"}
    assert not covered("37") & {COURIER, "childcare"}
    own = {code for (province, code), n in occupation_counts().items() if n and province == "37"}
    assert covered("37") - {"nursing", ""} == own
    assert covered("11") == set()


def test_the_occupations_of_one_application_are_those_that_are_counted() -> None:
    base = project("37", COOK, NURSE, COOK)
    leader = project("37", NURSE, track=Track.STUDIO)
    assert occupations_of(base) == {COOK, NURSE}
    assert occupations_of(leader) == {NURSE}
    base.answers = {"occupations": ["坏", {}], "leader_occupation": ["坏"]}
    assert occupations_of(base) == set()
