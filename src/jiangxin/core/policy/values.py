"""Reading facts without trusting them, and writing numbers exactly."""

from calendar import monthrange
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any


def whole_number(value: Any) -> int | None:
    """`value` when it is a whole number that is not negative, else None (a bool is no number)."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        return None
    return value


def day(value: Any) -> date | None:
    """A date, or a date in ISO form (YYYY-MM-DD), else None."""
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    if isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError:
            return None
    return None


def rows(value: Any) -> list[Mapping[str, Any]] | None:
    """The rows of a table, else None."""
    if isinstance(value, list | tuple) and all(isinstance(row, Mapping) for row in value):
        return list(value)
    return None


def column_values(value: Any, column: str, needs: tuple[str, ...] = ()) -> list[str] | None:
    """What stands in `column` of those rows that also fill every column in `needs`.

    Without a column `value` is itself a list of texts. None when it is not such a list.
    """
    if not column:
        return _texts(value)
    table = rows(value)
    if table is None:
        return None
    kept = [row for row in table if all(_filled(row.get(name)) for name in needs)]
    return [str(row[column]) for row in kept if isinstance(row.get(column), str) and row[column]]


def years_later(start: date, years: int) -> date:
    """The last day of a period of `years` that begins with `start`.

    民法典第二百零一、二百零二条: the first day does not count, the period ends on the same day of
    the last month, or on that month's last day where there is no such day.
    """
    year = start.year + years
    return date(year, start.month, min(start.day, monthrange(year, start.month)[1]))


def percent_text(part: int, whole: int) -> str:
    """`part`/`whole` in percent with two decimals, cut off and never rounded up: 89.99% stays so."""
    hundredths = part * 10_000 // whole
    return f"{hundredths // 100}.{hundredths % 100:02d}%"


def _filled(value: Any) -> bool:
    return value is not None and not isinstance(value, Mapping) and value not in ("", [], 0, False)


def _texts(value: Any) -> list[str] | None:
    if isinstance(value, list | tuple) and all(isinstance(item, str) for item in value):
        return list(value)
    return None
