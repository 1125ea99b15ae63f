"""The targets with their forecast, and the assessment of the titles of 2011–2020, counted by hand."""

import pytest

from jiangxin.core.kernel import clock
from jiangxin.stages.programme.tracks import Kind, Track
from jiangxin.stages.titles.progress import Assessed, Course, assessed, courses
from tests.stages.titles.test_register import legacy

MIDDLE, AFTER = clock.beijing(2024, 6, 1, 9), clock.beijing(2026, 1, 1)


def course(kind: Kind, *rows: tuple[str, int, str, int]) -> Course:
    return next(each for each in courses(rows) if each.kind is kind)


def expected(found: Course) -> list[int | None]:
    return [step.expected for step in found.steps]


def test_a_course_sums_both_tracks_of_bases_and_keeps_studios_apart() -> None:
    rows = [("37", 2022, "new_base", 60), ("32", 2022, "existing_base", 40)]
    rows += [("37", 2023, "new_base", 101), ("37", 2023, "studio", 7)]
    with clock.at(MIDDLE):
        base, studio = course(Kind.BASE, *rows), course(Kind.STUDIO, *rows)
    assert [step.total for step in base.steps] == [100, 201, 201, 201]
    assert base.steps[0].tracks == {Track.NEW_BASE: 60, Track.EXISTING_BASE: 40}
    assert (base.count, base.target, base.percent) == (201, 400, 50)
    assert (studio.count, studio.target) == (7, 500)


def test_the_forecast_is_the_mean_of_the_settled_years_to_the_last_year() -> None:
    rows = [("37", 2022, "new_base", 100), ("37", 2023, "new_base", 101)]
    with clock.at(MIDDLE):
        found = course(Kind.BASE, *rows)
    assert expected(found) == [None, None, 302, 402]  # 201 + 100.5, rounded only once shown
    assert found.pace_text == "100.5"
    assert found.verdict == (
        "距目标还差 199 个；按年均 100.5 个推算，到期 402 个，可达到目标，超出 2 个。"
    )


def test_a_year_that_runs_is_no_part_of_the_mean_and_counts_when_it_is_ahead_of_it() -> None:
    past = [("37", 2022, "studio", 4), ("37", 2023, "studio", 16)]
    with clock.at(MIDDLE):
        behind = course(Kind.STUDIO, *past, ("37", 2024, "studio", 3))
        ahead = course(Kind.STUDIO, *past, ("37", 2024, "studio", 30))
    assert (behind.pace, ahead.pace) == (10, 10)
    assert expected(behind) == [None, None, 30, 40]
    assert expected(ahead) == [None, None, 50, 60]
    assert "达不到目标，相差 460 个" in behind.verdict


def test_a_year_with_titles_of_the_other_kind_only_is_settled_too() -> None:
    with clock.at(MIDDLE):
        found = course(
            Kind.BASE,
            ("37", 2022, "studio", 5),
            ("37", 2023, "new_base", 20),
        )
    assert found.pace == 10
    assert expected(found) == [None, None, 30, 40]


def test_without_a_settled_year_there_is_no_forecast() -> None:
    with clock.at(clock.beijing(2022, 12, 1)):
        found = course(Kind.BASE, ("37", 2022, "new_base", 3))
    assert expected(found) == [None] * 4
    assert found.verdict == "距目标还差 397 个；尚无可供推算的年度。"


@pytest.mark.parametrize(
    ("count", "told"),
    [
        (399, "期限已过，没有达到目标，距目标还差 1 个。"),
        (400, "已达到目标，超出 0 个。"),
        (412, "已达到目标，超出 12 个。"),
    ],
)
def test_after_the_last_year_it_says_reached_or_missed_and_forecasts_nothing(
    count: int, told: str
) -> None:
    with clock.at(AFTER):
        found = course(Kind.BASE, ("37", 2024, "new_base", count))
    assert found.verdict == told
    assert expected(found) == [None] * 4


@pytest.mark.django_db
def test_assessment_counts_what_was_named_before_and_still_stands_or_was_judged() -> None:
    legacy("L1", assessment="passed")
    legacy("L2", assessment="failed", state="revoked")
    legacy("L3")
    legacy("L4", state="ended")  # its unit closed before anybody assessed it
    legacy("L5", province="32", year=2020)
    legacy("L6", province="32", year=2021)
    found = assessed()
    assert found == {"37": Assessed(3, 1, 1), "32": Assessed(1, 0, 0)}
    assert (found["37"].percent, found["37"].open) == (66, 1)
    assert found["37"] + found["32"] == Assessed(4, 1, 1)
    assert Assessed().percent is None
