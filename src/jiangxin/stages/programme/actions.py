"""Open a province's year: draft a call, let both departments agree, publish; keep the calendar."""

from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import Invalid, LimitReached, NotPermitted, WrongState
from jiangxin.core.workflow import CallState, Role
from jiangxin.records.concurrence import actions as concurrence
from jiangxin.records.identity.viewer import Viewer
from jiangxin.records.ledger.actions import append, move

from .models import Call, DemoClock, Holiday, Kind, QuotaPlace
from .queries import (
    OPEN_CALL,
    _shift_in_bucket,
    overlay_of_call,
    overlay_refusals,
    pack,
    parameter,
    planned_quota,
)

MOST_DAYS = 31  # of one entry in the calendar


def require_covered(year: int) -> None:
    """Raises `WrongState` for a year in which the notice takes no projects (N01, N02)."""
    if not pack().covers(year):
        raise WrongState(
            f"本政策不覆盖 {year} 年，不能组织申报。",
            remedy="本轮建设任务为 2022—2025 年；后续年度须有新的政策包。",
            clause="1",
        )


@transaction.atomic
def draft_call(*, viewer: Viewer, year: int, **fields: Any) -> Call:
    """A draft call of the viewer's province. `fields` are those of `Call`.

    Effects: the row; event `call.drafted`. Raises `Invalid`, `WrongState` (year not covered),
    `LimitReached` when the province has a call for that year.
    """
    viewer.require(Role.PROVINCE_HR)
    require_covered(year)
    call = Call(province=viewer.province, year=year, **fields)
    _check(call)
    try:
        with transaction.atomic():
            call.save(force_insert=True)
    except IntegrityError:
        raise LimitReached(
            f"本省 {year} 年度的申报通知已经存在。",
            remedy="请修改已有的通知。",
            clause="3.1",
        ) from None
    append(
        type="call.drafted",
        subject=call.subject,
        by=viewer,
        payload={"digest": call.digest()},
    )
    return call


@transaction.atomic
def revise_call(*, viewer: Viewer, call_id: int, **fields: Any) -> Call:
    """Change a draft. What both departments said about the former text no longer counts.

    Effects: the row; concurrences voided when the content changed; event `call.revised`.
    """
    viewer.require(Role.PROVINCE_HR)
    call = _locked(viewer, call_id)
    if call.state != CallState.DRAFT:
        raise WrongState("通知已发布，不能修改。", remedy="确需更正的，请另发更正通知。")
    before = call.digest()
    for name, value in fields.items():
        setattr(call, name, value)
    _check(call)
    call.save()
    if call.digest() != before:
        concurrence.void(subject=call.subject, reason="通知内容已修改", by=viewer)
        append(
            type="call.revised",
            subject=call.subject,
            by=viewer,
            payload={"digest": call.digest()},
        )
    return call


@transaction.atomic
def concur_call(
    *, viewer: Viewer, call_id: int, agreed: bool, remark: str = "", seen: str = ""
) -> Call:
    """The viewer's department agrees, or not, to the call as it stands (N27).

    `seen` is the digest of the text that the person had on the page; when the text has changed
    since, `WrongState`: nobody agrees to what they have not read.
    """
    call = _locked(viewer, call_id)
    if call.state != CallState.DRAFT:
        raise WrongState("通知已发布，无须再会商。")
    if seen and seen != call.digest():
        raise WrongState(
            "通知内容刚被修改，您的意见没有记录。", remedy="请阅读修改后的内容，再表示意见。"
        )
    concurrence.give(
        viewer=viewer,
        act=OPEN_CALL,
        subject=call.subject,
        digest=call.digest(),
        agreed=agreed,
        remark=remark,
    )
    return call


@transaction.atomic
def open_call(*, viewer: Viewer, call_id: int) -> Call:
    """Publish the call.

    Effects: state open; the places of the year's quota are created; event `call.opened`.
    Raises `WrongState` while a department is missing, for an uncovered year, or for an overlay
    that admits whom the notice would not (N06); `Invalid` without the examiners' phone.
    """
    call = _locked(viewer, call_id)
    if not call.phone.strip():
        raise Invalid(
            "申报通知没有写明资格审查咨询电话。",
            remedy="请补填；申报单位填表遇到问题时打这个电话。",
            field="phone",
        )
    move(
        call,
        step="open",
        by=viewer,
        guards={
            "both_agree": lambda: concurrence.require(
                act=OPEN_CALL, subject=call.subject, digest=call.digest(), clause="3.1"
            ),
            "year_covered": lambda: require_covered(call.year),
            "overlay_holds": lambda: _require_overlay(call),
        },
        payload={"digest": call.digest(), "closes_at": call.closes_at},
    )
    _lay_places(call)
    return call


def _lay_places(call: Call) -> None:
    for kind, limit in planned_quota(call).items():
        QuotaPlace.objects.bulk_create(
            [
                QuotaPlace(province=call.province, year=call.year, kind=kind, number=number)
                for number in range(1, limit + 1)
            ],
            ignore_conflicts=True,
        )


@transaction.atomic
def grant_exception(
    *, viewer: Viewer, province: str, year: int, kind: Kind, reason: str
) -> QuotaPlace:
    """One place beyond 原则上5个, on the recorded authority of 人社部 (N28).

    Effects: one more place with its reason; event `quota.exception_granted`. Raises `Invalid`
    without a reason, `WrongState` when the province has published no call for that year.
    """
    viewer.require(Role.MINISTRY_HR)
    if not reason.strip():
        raise Invalid("请写明超出名额的依据。", clause="3.1", field="reason")
    if len(reason.strip()) > 300:
        raise Invalid("依据最多 300 字。", clause="3.1", field="reason")
    opened = Call.objects.filter(province=province, year=year, state=CallState.OPEN)
    held = QuotaPlace.objects.filter(province=province, year=year, kind=kind)
    # The call is what two grants at once wait on; the last place would be read before the wait.
    call = opened.select_for_update().first()
    last = held.order_by("-number").first()
    if call is None or last is None:
        raise WrongState(
            "该省当年尚未发布申报通知，没有名额可以增加。", clause="3.1", field="province"
        )
    place = QuotaPlace.objects.create(
        province=province,
        year=year,
        kind=kind,
        number=last.number + 1,
        exception=reason.strip(),
    )
    append(
        type="quota.exception_granted",
        subject=f"quota:{province}-{year}",
        by=viewer,
        payload={"kind": kind.value, "number": place.number, "reason": reason.strip()},
    )
    return place


@transaction.atomic
def set_day(*, viewer: Viewer, day: date, working: bool | None, name: str) -> None:
    """Enter (or, with `working` None, remove) an exception to the week in the calendar.

    Effects: the row; event `calendar.changed`. Periods that have begun keep their published end.
    Raises `Invalid` for an exception without a name or a day outside the programme's reach.
    """
    viewer.require(Role.MINISTRY_HR)
    if working is not None and not 0 < len(name.strip()) <= 40:
        raise Invalid("请填写名称，不超过 40 字，例如 国庆节。", field="name")
    if not 2020 <= day.year <= clock.today().year + 2:
        raise Invalid(f"{day.year} 年不在可维护的范围内。", field="day")
    if working is None:
        Holiday.objects.filter(day=day).delete()
    else:
        values = {"working": working, "name": name.strip()}
        Holiday.objects.update_or_create(day=day, defaults=values)
    append(
        type="calendar.changed",
        subject=f"calendar:{day.year}",
        by=viewer,
        payload={"day": day, "working": working, "name": name},
    )


@transaction.atomic
def set_days(*, viewer: Viewer, first: date, last: date, working: bool, name: str) -> int:
    """`set_day` for each day from `first` to `last`; returns how many. Raises `Invalid`."""
    count = (last - first).days + 1
    if not 1 <= count <= MOST_DAYS:
        raise Invalid(f"结束日期应在开始日期当日或之后，一次最多 {MOST_DAYS} 天。", field="last")
    for number in range(count):
        set_day(viewer=viewer, day=first + timedelta(days=number), working=working, name=name)
    return count


def lock_demo_clock() -> datetime:
    """Hold the demonstration's clock until the end of the transaction; returns where it stands.

    Raises `NotPermitted` outside a demonstration.
    """
    if not settings.DEMO:
        raise NotPermitted(
            "系统时间就是北京时间，不能拨动。", remedy="只有演示环境可以向前拨动时钟。"
        )
    list(DemoClock.objects.select_for_update())
    _shift_in_bucket.cache_clear()
    return clock.now()


@transaction.atomic
def move_demo_clock(*, to: datetime) -> None:
    """Move the demonstration's clock forward to `to`.

    Raises `NotPermitted` outside a demonstration, `WrongState` for the past.
    """
    if to < lock_demo_clock():
        raise WrongState("演示时钟只能向前拨。", remedy="要从头演练，请重新装载演示数据。")
    set_demo_clock(to=to)


@transaction.atomic
def set_demo_clock(*, to: datetime) -> None:
    """Let the demonstration's clock stand at `to` and go on from there (loader only)."""
    DemoClock.objects.all().delete()
    DemoClock.objects.create(shift=to - datetime.now(clock.BEIJING))
    _shift_in_bucket.cache_clear()


def _locked(viewer: Viewer, call_id: int) -> Call:
    call = Call.objects.select_for_update().filter(pk=call_id, province=viewer.province).first()
    if call is None:
        raise WrongState("没有这份申报通知。", remedy="它可能属于其他省份。")
    return call


def _check(call: Call) -> None:
    if not call.title.strip():
        raise Invalid("请填写通知标题。", field="title")
    if call.closes_at <= call.opens_at:
        raise Invalid("截止时间必须晚于开始时间。", field="closes_at")
    if call.closes_at.astimezone(clock.BEIJING).year != call.year:
        raise Invalid(f"截止时间应在 {call.year} 年内。", field="closes_at", clause="3.3")
    least = parameter("publicity.working_days", call.year)
    if call.publicity_days < least:
        raise Invalid(f"公示不少于 {least} 个工作日。", field="publicity_days", clause="3.2")
    _check_overlay_exists(call)
    if call.correction_days < 1:
        raise Invalid("补正期至少 1 个工作日。", field="correction_days")
    size = parameter("panel.size", call.year)
    if call.panel_size < size or call.panel_size % 2 == 0:
        raise Invalid(f"评审组应为不少于 {size} 人的单数。", field="panel_size", clause="3.2")


def _check_overlay_exists(call: Call) -> None:
    """A call that names rules which are not there would silently go by the notice alone."""
    overlay = overlay_of_call(call)
    if call.overlay and (overlay is None or overlay.code != call.overlay):
        raise Invalid(
            f"本省 {call.year} 年没有编号为“{call.overlay}”的细则。",
            remedy="请选择已载入的细则，或不使用细则。",
            clause="2.1",
            field="overlay",
        )


def _require_overlay(call: Call) -> None:
    overlay = overlay_of_call(call)
    refusals = overlay_refusals(overlay) if overlay else []
    if refusals:
        first = refusals[0]
        witness = first.witness.get("sentence", "")
        raise WrongState(
            f"省级细则放宽了国家条件：{first.message}",
            remedy=f"{witness}请修改细则，只能增加或从严。",
            clause=first.clause,
        )
