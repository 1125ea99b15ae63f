"""Working days, counted on a table of exceptions that the State Council announces year by year.

Monday to Friday are working days unless the table says 放假; Saturday and Sunday are not unless it
says 调休上班. The table is data of the installation; this module only counts.
"""

from collections.abc import Mapping
from datetime import date, timedelta

Exceptions = Mapping[date, bool]  # True: a working day, False: a day off


def is_workday(day: date, exceptions: Exceptions) -> bool:
    """Whether people work on `day`."""
    return exceptions.get(day, day.weekday() < 5)


def last_workday(start: date, count: int, exceptions: Exceptions) -> date:
    """The `count`-th working day on or after `start` (count ≥ 1): the last day of the period."""
    if count < 1:
        raise ValueError("count must be at least 1")
    day = start
    while True:
        if is_workday(day, exceptions):
            count -= 1
            if count == 0:
                return day
        day += timedelta(days=1)


def workday_before(end: date, count: int, exceptions: Exceptions) -> date:
    """The `count`-th working day before `end`, `end` not counted; `end` itself for 0."""
    day = end
    while count > 0:
        day -= timedelta(days=1)
        count -= is_workday(day, exceptions)
    return day


def workdays_between(start: date, end: date, exceptions: Exceptions) -> int:
    """How many working days lie in [start, end], both ends included."""
    days = (end - start).days + 1
    return sum(is_workday(start + timedelta(days=n), exceptions) for n in range(max(days, 0)))
