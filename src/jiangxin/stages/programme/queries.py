"""Calls, quotas, working days and the statutory clock."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

from django.db.models import CharField, Count, Exists, OuterRef, QuerySet, Value
from django.db.models.functions import Cast, Concat

from jiangxin.core.kernel import clock, workdays
from jiangxin.core.kernel.errors import NotFound
from jiangxin.core.policy import Overlay, Pack, Parameter, Refusal, check_overlay, load_pack
from jiangxin.core.workflow import CallState, Role
from jiangxin.records.concurrence.models import Concurrence
from jiangxin.records.concurrence.queries import Marks, marks
from jiangxin.records.identity.viewer import Viewer
from jiangxin.records.inbox.waiting import Waits

from .models import Call, DemoClock, Holiday, QuotaPlace
from .tracks import Kind, Track

OPEN_CALL = "call.open"  # the joint act of publishing a call


def pack() -> Pack:
    """The policy pack in force."""
    return load_pack()


def parameter(name: str, year: int) -> Any:
    """The value of a pack parameter in a programme year."""
    return pack().value(name, date(year, 12, 31))


def overlay_of_call(call: Call) -> Overlay | None:
    """The provincial detailed rules that the call chose; None when it goes by the notice alone."""
    return pack().overlay(call.province, call.year) if call.overlay else None


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


def begun_years() -> list[int]:
    """The programme years that have begun, newest first; the first one before it begins."""
    years = pack().years
    begun = [year for year in years if year <= clock.today().year]
    return begun[::-1] or [years[0]]


def call_marks(call: Call) -> Marks:
    """What the two departments say about publishing the call as it stands."""
    return marks(act=OPEN_CALL, subject=call.subject, digest=call.digest())


def call_words(call: Call) -> list[Concurrence]:
    """Everything the departments ever said about the call, voided or not, newest first."""
    return list(Concurrence.objects.filter(subject=call.subject).order_by("-id"))


def calls_waiting(viewer: Viewer) -> Waits:
    """The drafts of the viewer's province that wait for the word of the viewer's own department, or,
    both having spoken, for 人社 to publish."""
    if viewer.department is None or not viewer.province:
        return Waits(Call.objects.none())
    standing = Concurrence.objects.filter(
        act=OPEN_CALL,
        void_at=None,
        subject=Concat(Value("call:"), Cast(OuterRef("pk"), CharField())),
    )
    spoken = Exists(standing.filter(department=viewer.department))
    drafts = Call.objects.filter(province=viewer.province, state=CallState.DRAFT)
    if viewer.role is Role.PROVINCE_HR:
        other = Exists(standing.exclude(department=viewer.department))
        return Waits(drafts.filter(~spoken | other))
    return Waits(drafts.exclude(spoken))


def call_of(province: str, year: int) -> Call | None:
    """The published call of a province and year."""
    return Call.objects.filter(province=province, year=year, state=CallState.OPEN).first()


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


def workday_before(end: date, days: int) -> date:
    """The working day that lies `days` working days before `end`."""
    return workdays.workday_before(end, days, exceptions())


def own_parameter(name: str, call: Call) -> Any:
    """The value of a parameter for a call: the province's own where its rules set one."""
    return pack().value(name, date(call.year, 12, 31), overlay_of_call(call))


def filing_deadline(year: int) -> datetime:
    """24:00 Beijing time of the last filing day of `year`: from then on it is too late (N38)."""
    month, day = (parameter(f"filing.deadline_{part}", year) for part in ("month", "day"))
    return clock.end_of(date(year, month, day))


def quota(province: str, year: int) -> dict[Kind, int]:
    """How many places the province has, by kind."""
    rows = QuotaPlace.objects.filter(province=province, year=year).values_list("kind")
    found = {Kind(kind): count for kind, count in rows.annotate(n=Count("id")).order_by("kind")}
    return {kind: found.get(kind, 0) for kind in Kind}


def planned_quota(call: Call) -> dict[Kind, int]:
    """How many places the call will lay: the notice's number, or the province's own where smaller."""
    on, overlay = date(call.year, 12, 31), overlay_of_call(call)
    names = {kind: f"quota.{kind.value}" for kind in Kind}
    return {
        kind: min(pack().value(name, on), pack().value(name, on, overlay))
        for kind, name in names.items()
    }


def exceptional_places(province: str, year: int) -> list[QuotaPlace]:
    """The places beyond the notice's number, each with the authority that it rests on (N28)."""
    rows = QuotaPlace.objects.filter(province=province, year=year).exclude(exception="")
    return list(rows)


def all_exceptional_places() -> list[QuotaPlace]:
    """Every exception that was ever granted, newest year first."""
    rows = QuotaPlace.objects.exclude(exception="")
    return list(rows.order_by("-year", "province", "kind", "number"))


def is_off(day: date, table: Mapping[date, bool]) -> bool:
    """Whether people do not work on `day`, by this table of exceptions."""
    return not workdays.is_workday(day, table)


def day_off(day: date, table: Mapping[date, bool] | None = None) -> str:
    """Why people do not work on `day` (国庆节, 星期六); empty for a working day."""
    if workdays.is_workday(day, exceptions() if table is None else table):
        return ""
    named = Holiday.objects.filter(day=day, working=False).values_list("name", flat=True).first()
    return named or f"星期{clock.WEEKDAYS[day.weekday()]}"


@dataclass(frozen=True)
class Milestone:
    """One date of the plan backwards from the filing deadline.

    `workdays` counts the working days from today to it, both included; 0 once it has passed.
    """

    key: str
    label: str
    at: datetime
    clause: str
    passed: bool
    workdays: int


def latest_publicity(year: int, days: int, table: Mapping[date, bool]) -> date:
    """The last day on which a publicity of `days` working days can begin, so that one more working
    day is left to file before the deadline of `year` (N31, N38)."""
    day = (filing_deadline(year) - timedelta(days=1)).date()
    counted = 0
    while counted < days + 1:
        day -= timedelta(days=1)
        counted += workdays.is_workday(day, table)
    return day


def plan(call: Call) -> list[Milestone]:
    """The year of a call, planned backwards from 31 October: what must have begun by when."""
    table = exceptions()
    publicity = latest_publicity(call.year, call.publicity_days, table)
    moment = clock.now()
    rows = (
        ("opens", "申报开始", call.opens_at, "3.1"),
        ("closes", "申报截止", call.closes_at, "3.1"),
        ("publicity", "最迟开始公示", clock.end_of(publicity), "3.2"),
        ("filing", "备案截止", filing_deadline(call.year), "3.3"),
    )
    return [
        Milestone(key, label, at, clause, at <= moment, _workdays_to(moment, at, table))
        for key, label, at, clause in rows
    ]


def _workdays_to(moment: datetime, at: datetime, table: Mapping[date, bool]) -> int:
    last = (at - timedelta(microseconds=1)).astimezone(clock.BEIJING).date()
    return workdays.workdays_between(moment.date(), last, table) if at > moment else 0


@dataclass(frozen=True)
class Tightening:
    """One line of what an overlay adds to the notice, or tightens."""

    word: str
    text: str
    clause: str


def overlay_lines(overlay: Overlay) -> list[Tightening]:
    """What a province's detailed rules change against the notice, each with its clause."""
    on = date(overlay.year, 12, 31)
    changed = [
        (pack().parameter(name, on), own)
        for name, own in overlay.values.items()
        if not overlay.own(name)
    ]
    fields = [
        (track, field)
        for track, sections in overlay.fields.items()
        for added in sections.values()
        for field in added
    ]
    return [
        *(
            Tightening(
                _way(each, own),
                f"{each.title}：{each.label(each.value)} → {each.label(own)} {each.unit}",
                each.clause,
            )
            for each, own in changed
            if own != each.value
        ),
        *(
            Tightening("增加条件", f"{Track(track).label}：{each.title}", each.clause)
            for track, found in overlay.requirements.items()
            for each in found
        ),
        *(
            Tightening("增加材料", f"{Track(track).label}：{field.label}", field.clause or "3.1")
            for track, field in fields
        ),
        *(
            Tightening("优先推荐", f"{Track(each.track).label}：{each.text}", each.clause or "2.1")
            for each in overlay.prefers
        ),
        *_steps_added(overlay),
    ]


def _steps_added(overlay: Overlay) -> list[Tightening]:
    """Further steps between the unit and the formal examination."""
    found = []
    if overlay.recommender:
        found.append(Tightening("增加环节", "申报先由市级或主管部门推荐，再由省级审查", "3.1"))
    if overlay.supplement:
        until = clock.long_date(overlay.supplement.until)
        found.append(Tightening("增加环节", f"截止后可补充指定的佐证材料，到{until}", "3.1"))
    return found


def _way(national: Parameter, own: Any) -> str:
    """In one word which way a province moves a parameter."""
    levels = pack().levels
    was, now = (levels[each].rank if each in levels else each for each in (national.value, own))
    if national.stricter in ("fixed", "free") or not isinstance(now, int):
        return "改动"
    return "从严" if (now > was) is (national.stricter == "higher") else "放宽"


def overlay_refusals(overlay: Overlay) -> list[Refusal]:
    """Where an overlay loosens the notice, each with a case that it would wrongly let through."""
    return check_overlay(pack(), overlay)


@lru_cache(maxsize=1)
def _shift_in_bucket(bucket: int) -> timedelta:
    row = DemoClock.objects.first()
    return row.shift if row else timedelta()


def demo_shift() -> timedelta:
    """How far the demonstration's clock stands from the real one; read at most once a second."""
    from time import monotonic

    return _shift_in_bucket(int(monotonic()))
