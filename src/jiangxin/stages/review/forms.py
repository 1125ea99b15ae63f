"""What was typed about a round, as values."""

from collections.abc import Mapping
from datetime import date, datetime, time

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import Invalid
from jiangxin.core.scoring.aggregate import Aggregation
from jiangxin.stages.experts.choices import Field


def read_due(typed: Mapping[str, str]) -> datetime:
    """A moment out of `due_date` and `due_time`, Beijing time. Raises `Invalid`."""
    try:
        day = date.fromisoformat(typed.get("due_date", "").strip())
        hour = time.fromisoformat(typed.get("due_time", "").strip() or "17:00")
    except ValueError:
        raise Invalid(
            "评分截止的日期或钟点不对。", remedy="请填写日期和钟点，例如 17:00。", field="due"
        ) from None
    return datetime.combine(day, hour.replace(tzinfo=None), tzinfo=clock.BEIJING)


def read_number_at(typed: Mapping[str, str]) -> datetime | None:
    """When a public number comes out, of `number_date` and `number_time`; None for none. Raises `Invalid`."""
    day, hour = (typed.get(f"number_{part}", "").strip() for part in ("date", "time"))
    if not day and not hour:
        return None
    try:
        clock_time = time.fromisoformat(hour).replace(tzinfo=None)
        return datetime.combine(date.fromisoformat(day), clock_time, tzinfo=clock.BEIJING)
    except ValueError:
        raise Invalid(
            "公布时刻的日期或钟点不对。", remedy="两项都要填，例如 21:15。", field="number_at"
        ) from None


def read_start(typed: Mapping[str, str]) -> date | None:
    """The first day of the review out of `starts_on`; None when it is left out. Raises `Invalid`."""
    try:
        text = typed.get("starts_on", "").strip()
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise Invalid("评审开始日不是日期。", field="starts_on") from None


def read_rating(text: str, field: str) -> int:
    """How an expert served, of 100. Raises `Invalid` at `field`."""
    stripped = text.strip()
    if not (stripped.isascii() and stripped.isdigit() and len(stripped) <= 3):
        raise Invalid("评分应为 0 到 100 的整数。", field=field)
    return int(stripped)


def due_values(due: datetime) -> dict[str, str]:
    """What stands in the inputs for a stored moment."""
    local = due.astimezone(clock.BEIJING)
    return {"due_date": f"{local:%Y-%m-%d}", "due_time": f"{local:%H:%M}"}


def read_seats(typed: Mapping[str, str]) -> dict[str, int]:
    """field → seats out of `seats-FIELD`. Raises `Invalid` for what is no small number."""
    return {
        field.value: _count(typed.get(f"seats-{field.value}", ""), f"{field.label}席位", "seats")
        for field in Field
    }


def read_substitutes(typed: Mapping[str, str]) -> int:
    """The substitutes for each field. Raises `Invalid`."""
    return _count(typed.get("substitutes", ""), "候补人数", "substitutes")


def read_method(typed: Mapping[str, str]) -> Aggregation:
    """How the sheets become one score. Raises `Invalid`."""
    word = typed.get("method", "")
    if word not in tuple(Aggregation):
        raise Invalid("请选择汇总方法。", field="method")
    return Aggregation(word)


def _count(text: str, label: str, field: str) -> int:
    stripped = text.strip()
    if not (stripped.isascii() and stripped.isdigit() and len(stripped) <= 2):
        raise Invalid(f"{label}应为 0 到 99 的整数。", field=field)
    return int(stripped)
