"""The one clock, and working days counted on an editable table."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.workdays import is_workday, last_workday, workdays_between

DAYS = st.dates(date(2022, 1, 1), date(2026, 12, 31))
TABLES = st.dictionaries(DAYS, st.booleans(), max_size=30)


def test_now_is_aware_and_in_beijing() -> None:
    before = datetime.now(UTC)
    now = clock.now()
    assert now.utcoffset() == timedelta(hours=8)
    assert before <= now <= datetime.now(UTC)
    assert clock.today() == clock.now().date()


def test_at_stops_the_clock_and_lets_it_run_again() -> None:
    moment = clock.beijing(2025, 10, 31, 23, 59)
    with clock.at(moment) as given_back:
        assert given_back == moment == clock.now() == clock.now()
        with clock.at(datetime(2025, 10, 31, 16, tzinfo=UTC)):
            assert clock.now() == clock.beijing(2025, 11, 1)
            assert clock.today() == date(2025, 11, 1), "16:00 UTC is the next day in Beijing"
        assert clock.now() == moment
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(minutes=1)


def test_a_shift_moves_now_but_not_a_stopped_clock() -> None:
    clock.shift_by(lambda: timedelta(days=-400))
    try:
        assert timedelta(days=399) < datetime.now(UTC) - clock.now() < timedelta(days=401)
        with clock.at(clock.beijing(2025, 1, 1)):
            assert clock.now() == clock.beijing(2025, 1, 1)
    finally:
        clock.shift_by(timedelta)
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(minutes=1)


def test_the_end_of_a_day_is_the_first_instant_that_is_too_late() -> None:
    end = clock.end_of(date(2025, 10, 31))
    assert end == clock.beijing(2025, 11, 1)
    assert (end - timedelta(microseconds=1)).date() == date(2025, 10, 31)


def test_dates_are_written_with_weekday_and_hour() -> None:
    assert clock.long_date(date(2025, 10, 31)) == "2025年10月31日（星期五）"
    assert clock.long_date(date(2025, 11, 2)) == "2025年11月2日（星期日）"
    utc = datetime(2025, 10, 31, 9, 5, tzinfo=UTC)
    assert clock.long_moment(utc) == "2025年10月31日（星期五）17:05"
    assert clock.long_deadline(utc) == "2025年10月31日（星期五）17:05"
    day = clock.beijing(2025, 10, 31).date()
    assert clock.long_deadline(clock.end_of(day)) == "2025年10月31日（星期五）24:00"


def test_the_week_decides_unless_the_table_does() -> None:
    saturday, monday = date(2025, 9, 27), date(2025, 9, 29)
    assert not is_workday(saturday, {})
    assert is_workday(monday, {})
    assert is_workday(saturday, {saturday: True})
    assert not is_workday(monday, {monday: False})


def test_the_national_day_of_2025_is_skipped() -> None:
    """State Council: off 1–8 October, work on 28 September and 11 October."""
    table = {date(2025, 10, n): False for n in range(1, 9)}
    table |= {date(2025, 9, 28): True, date(2025, 10, 11): True}
    assert last_workday(date(2025, 9, 28), 5, table) == date(2025, 10, 10)
    assert workdays_between(date(2025, 9, 28), date(2025, 10, 11), table) == 6


@given(start=DAYS, count=st.integers(1, 60), table=TABLES)
def test_a_period_ends_on_its_nth_working_day(
    start: date, count: int, table: dict[date, bool]
) -> None:
    end = last_workday(start, count, table)
    assert end >= start
    assert is_workday(end, table)
    assert workdays_between(start, end, table) == count


@given(first=DAYS, days=st.integers(0, 60), more=st.integers(1, 60), table=TABLES)
def test_counts_of_neighbouring_spans_add_up(
    first: date, days: int, more: int, table: dict[date, bool]
) -> None:
    middle = first + timedelta(days=days)
    last = middle + timedelta(days=more)
    whole = workdays_between(first, last, table)
    assert whole == workdays_between(first, middle, table) + workdays_between(
        middle + timedelta(days=1), last, table
    )


def test_an_empty_span_has_no_working_days_and_no_period_is_shorter_than_one() -> None:
    assert workdays_between(date(2025, 6, 3), date(2025, 6, 2), {}) == 0
    with pytest.raises(ValueError, match="at least 1"):
        last_workday(date(2025, 6, 2), 0, {})


@given(st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2100, 1, 1)))  # noqa: DTZ001
def test_every_instant_lies_before_the_end_of_its_day(naive: datetime) -> None:
    moment = naive.replace(tzinfo=clock.BEIJING)
    assert moment < clock.end_of(moment.date())
    assert moment >= datetime.combine(moment.date(), time.min, tzinfo=clock.BEIJING)
