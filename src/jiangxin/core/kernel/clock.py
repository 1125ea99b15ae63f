"""The one clock. Nothing in the product asks the operating system for the time but this module.

The notice speaks of Beijing time only, so every instant is an aware datetime in Asia/Shanghai.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

BEIJING = ZoneInfo("Asia/Shanghai")

_shift: list[Callable[[], timedelta]] = [timedelta]  # one entry: how far from the real clock
_frozen: ContextVar[datetime | None] = ContextVar("frozen", default=None)


def now() -> datetime:
    """The present instant, aware, in Asia/Shanghai."""
    return _frozen.get() or datetime.now(BEIJING) + _shift[0]()


def today() -> date:
    """The present date in Beijing."""
    return now().date()


def shift_by(source: Callable[[], timedelta]) -> None:
    """Let `source` say how far the clock stands from the real one (demo mode only)."""
    _shift[0] = source


@contextmanager
def at(moment: datetime) -> Iterator[datetime]:
    """Inside the block the clock stands still at `moment` (simulation and tests)."""
    token = _frozen.set(moment.astimezone(BEIJING))
    try:
        yield moment
    finally:
        _frozen.reset(token)


def beijing(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    """An instant given in Beijing wall time."""
    return datetime(year, month, day, hour, minute, tzinfo=BEIJING)


def end_of(day: date) -> datetime:
    """24:00 Beijing time of `day`: the first instant that is too late for it."""
    return datetime.combine(day + timedelta(days=1), time.min, tzinfo=BEIJING)


WEEKDAYS = "一二三四五六日"


def long_date(day: date) -> str:
    """2025年10月31日（星期五）."""
    return f"{day.year}年{day.month}月{day.day}日（星期{WEEKDAYS[day.weekday()]}）"


def long_moment(moment: datetime) -> str:
    """2025年10月31日（星期五）17:00, in Beijing time."""
    local = moment.astimezone(BEIJING)
    return f"{long_date(local.date())}{local:%H:%M}"


def long_deadline(moment: datetime) -> str:
    """As `long_moment`, but a day's end is 24:00 of that day, as official texts write it."""
    local = moment.astimezone(BEIJING)
    if local.time() == time.min:
        return f"{long_date(local.date() - timedelta(days=1))}24:00"
    return long_moment(moment)
