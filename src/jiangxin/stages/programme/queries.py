"""Calls, quotas, working days and the statutory clock."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

from django.db.models import Count, QuerySet

from jiangxin.core.kernel import clock, workdays
from jiangxin.core.kernel.errors import NotFound
from jiangxin.core.policy import Pack, load_pack
from jiangxin.core.workflow import CallState, Role
from jiangxin.records.identity.viewer import Viewer

from .models import Call, DemoClock, Holiday, Kind, QuotaPlace


def pack() -> Pack:
    """The policy pack in force."""
    return load_pack()


def parameter(name: str, year: int) -> Any:
    """The value of a pack parameter in a programme year."""
    return pack().value(name, date(year, 12, 31))


def calls(viewer: Viewer) -> QuerySet[Call]:
    """The calls that `viewer` may see: their province's, drafts only for its two departments."""
    rows = Call.objects.all()
    if viewer.province and viewer.role in (Role.PROVINCE_HR, Role.PROVINCE_FINANCE):
        return rows.filter(province=viewer.province)
    return rows.filter(state=CallState.OPEN)


def call(viewer: Viewer, call_id: int) -> Call:
    """One call. Raises `NotFound` for what the viewer may not see."""
    found = calls(viewer).filter(pk=call_id).first()
    if found is None:
        raise NotFound("没有这份申报通知。", remedy="它可能属于其他省份，或尚未发布。")
    return found


def call_of(province: str, year: int) -> Call | None:
    """The published call of a province and year."""
    return Call.objects.filter(
        province=province, year=year, state=CallState.OPEN
    ).first()


def open_calls(at: datetime | None = None) -> QuerySet[Call]:
    """Published calls whose window is open at this moment."""
    moment = at or clock.now()
    return Call.objects.filter(
        state=CallState.OPEN, opens_at__lte=moment, closes_at__gt=moment
    ).order_by("closes_at", "province")


def exceptions() -> dict[date, bool]:
    """The table of days on which the week does not decide."""
    return dict(Holiday.objects.values_list("day", "working"))


def holidays(year: int) -> QuerySet[Holiday]:
    """The editable table of one year, in order of days."""
    return Holiday.objects.filter(day__year=year).order_by("day")


def last_day(start: date, days: int) -> date:
    """The last day of a period of `days` working days that begins on `start`."""
    return workdays.last_workday(start, days, exceptions())


def filing_deadline(year: int) -> datetime:
    """24:00 Beijing time of the last filing day of `year`: from then on it is too late (N38)."""
    month, day = (parameter(f"filing.deadline_{part}", year) for part in ("month", "day"))
    return clock.end_of(date(year, month, day))


def quota(province: str, year: int) -> dict[Kind, int]:
    """How many places the province has, by kind."""
    rows = QuotaPlace.objects.filter(province=province, year=year).values_list("kind")
    found = {
        Kind(kind): count
        for kind, count in rows.annotate(n=Count("id")).order_by("kind")
    }
    return {kind: found.get(kind, 0) for kind in Kind}


@dataclass(frozen=True)
class Milestone:
    """One date of the plan backwards from the filing deadline."""

    label: str
    at: datetime
    clause: str
    passed: bool


def plan(call: Call) -> list[Milestone]:
    """The year of a call, planned backwards from 31 October: what must have begun by when."""
    table = exceptions()
    deadline = filing_deadline(call.year)
    last = (deadline - timedelta(days=1)).date()
    publicity = last
    counted = 0
    while counted < call.publicity_days + 1:
        publicity -= timedelta(days=1)
        counted += workdays.is_workday(publicity, table)
    moment = clock.now()
    rows = (
        ("申报开始", call.opens_at, "3.1"),
        ("申报截止", call.closes_at, "3.1"),
        ("最迟开始公示", clock.end_of(publicity) - timedelta(hours=6), "3.2"),
        ("备案截止", deadline, "3.3"),
    )
    return [Milestone(label, at, clause, at <= moment) for label, at, clause in rows]


@lru_cache(maxsize=1)
def _shift_in_bucket(bucket: int) -> timedelta:
    row = DemoClock.objects.first()
    return row.shift if row else timedelta()


def demo_shift() -> timedelta:
    """How far the demonstration's clock stands from the real one; read at most once a second."""
    from time import monotonic

    return _shift_in_bucket(int(monotonic()))
