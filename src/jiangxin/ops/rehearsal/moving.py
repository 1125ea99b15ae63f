"""Move the demonstration's clock forward: day by day, in the order of time, what is due is done."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db import transaction

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import Invalid, WrongState
from jiangxin.core.kernel.regions import province_name
from jiangxin.core.workflow import CallState, NoticeState, RoundState
from jiangxin.stages.programme.actions import lock_demo_clock, move_demo_clock
from jiangxin.stages.programme.models import Call
from jiangxin.stages.programme.queries import filing_deadline, pack
from jiangxin.stages.publicity.models import Notice
from jiangxin.stages.review.models import Round

from ..daily import run_day
from ..reminders import Thing, remind, waiting_things

MORNING = time(7)  # when a day's reminders go out
MOST_DAYS = 366  # at once


@dataclass(frozen=True)
class Due:
    """Something that falls due at a moment, in words."""

    at: datetime
    what: str
    name: str


@dataclass(frozen=True)
class Moved:
    """Where the clock stands now, and what happened on the way: name → how often."""

    to: datetime
    happened: dict[str, int]


def falls_due(until: datetime) -> list[Due]:
    """What falls due between now and `until`, in the order of time. Raises as `check` does."""
    now = clock.now()
    check(until, now)
    found = [
        *_calls(now, until),
        *_others(now, until),
        *_deadlines(now, until),
        *_waiting(now, until),
    ]
    return sorted(set(found), key=lambda each: (each.at, each.what, each.name))


@transaction.atomic
def move(*, to: datetime) -> Moved:
    """Let the demonstration's clock stand at `to`; everything or nothing.

    Effects, in order: the clock is locked; for each morning until `to` the daily actions and the
    reminders of that day, inside that moment; the same once more at `to`; the clock is set. What
    waits is read at the start, at the end, and after each day on which something happened by itself.
    Raises `NotPermitted` outside a demonstration, `WrongState` for the past, `Invalid` for a leap of
    more than a year.
    """
    now = lock_demo_clock()
    check(to, now)
    happened: Counter[str] = Counter()
    things = waiting_things(to.date() + timedelta(days=14))
    for morning in _mornings(now, to):
        with clock.at(morning):
            if done := run_day():
                happened.update(done)
                things = waiting_things(to.date() + timedelta(days=14))
            happened["期限提醒"] += remind(things)
    with clock.at(to):
        happened.update(run_day())
        happened["期限提醒"] += remind()
    move_demo_clock(to=to)
    return Moved(to, {name: count for name, count in happened.items() if count})


def check(to: datetime, now: datetime) -> None:
    """Raises `WrongState` for the past, `Invalid` for more than a year at once."""
    if to <= now:
        raise WrongState(
            "演示时钟只能向前拨。",
            remedy=f"现在是{clock.long_moment(now)}；要从头演练，请重新装载演示数据。",
        )
    if to - now > timedelta(days=MOST_DAYS):
        raise Invalid("一次最多向前拨一年。", remedy="请分几次拨动。", field="to")


def _mornings(now: datetime, to: datetime) -> Iterator[datetime]:
    day = now.astimezone(clock.BEIJING).date()
    while day <= to.astimezone(clock.BEIJING).date():
        moment = datetime.combine(day, MORNING, tzinfo=clock.BEIJING)
        if now < moment < to:
            yield moment
        day += timedelta(days=1)


def _calls(now: datetime, until: datetime) -> Iterator[Due]:
    rows = Call.objects.filter(state=CallState.OPEN).only("title", "opens_at", "closes_at")
    for call in rows.filter(opens_at__gt=now, opens_at__lte=until):
        yield Due(call.opens_at, "申报开始", call.title)
    for call in rows.filter(closes_at__gt=now, closes_at__lte=until):
        yield Due(call.closes_at, "申报截止", call.title)


def _others(now: datetime, until: datetime) -> Iterator[Due]:
    out = Notice.objects.filter(state=NoticeState.PUBLISHED, ends_on__isnull=False)
    for notice in out.filter(ends_on__range=(now.date(), until.date())):
        yield from _end_of(notice.ends_on, now, until, "公示期满", notice.title)
    rounds = Round.objects.filter(state__in=(RoundState.PREPARING, RoundState.SCORING))
    for row in rounds.filter(due__gt=now, due__lte=until).select_related("call"):
        place = province_name(row.call.province)
        yield Due(row.due, "评分截止", f"{place}{row.call.year}年{row.get_kind_display()}评审")


def _deadlines(now: datetime, until: datetime) -> Iterator[Due]:
    for year in range(now.year, until.year + 1):
        if pack().covers(year) and now < (at := filing_deadline(year)) <= until:
            yield Due(at, "备案截止，未报送的视为当年无申报项目", f"{year}年度")


def _waiting(now: datetime, until: datetime) -> Iterator[Due]:
    for thing in waiting_things(until.date()):
        yield from _end_of(thing.due, now, until, thing.what, _whose(thing))


def _whose(thing: Thing) -> str:
    place = province_name(thing.to.province) if thing.to.province else ""
    return f"{place}　{thing.name}".strip("　")


def _end_of(
    day: date | None, now: datetime, until: datetime, what: str, name: str
) -> Iterator[Due]:
    """At 24:00 of `day`, when that lies ahead."""
    if day is not None and now < (at := clock.end_of(day)) <= until:
        yield Due(at, what, name)
