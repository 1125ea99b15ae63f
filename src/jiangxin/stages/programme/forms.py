"""What an official typed about a call, as values; shared by pages and whoever else drafts calls."""

import unicodedata
from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import DomainError, Invalid

from .models import Call

TEXTS = {"title": 200, "doc_number": 60, "phone": 60, "text": 20_000, "overlay": 40}
NUMBERS = {
    "publicity_days": "公示工作日数",
    "panel_size": "评审组人数",
    "correction_days": "补正工作日数",
}
MOMENTS = {"opens_at": "开始时间", "closes_at": "截止时间"}


def read_call(typed: Mapping[str, str]) -> tuple[dict[str, Any], list[DomainError]]:
    """The fields of a `Call` out of inputs, and one `Invalid` for each input that makes no sense.

    `typed` has the keys of `values_of`: moments as `opens_at_date` (YYYY-MM-DD) and `opens_at_time`
    (HH:MM, Beijing time).
    """
    fields: dict[str, Any] = {}
    problems: list[DomainError] = []
    for name, longest in TEXTS.items():
        fields[name] = typed.get(name, "").strip().replace("\r\n", "\n")
        if len(fields[name]) > longest:
            problems.append(Invalid(f"最多 {longest} 字。", field=name))
    for name, label in NUMBERS.items():
        _read(fields, problems, name, lambda name=name, label=label: _number(typed, name, label))
    for name, label in MOMENTS.items():
        _read(fields, problems, name, lambda name=name, label=label: _moment(typed, name, label))
    return fields, problems


def values_of(call: Call) -> dict[str, str]:
    """What stands in the inputs for a stored call."""
    values = {name: str(getattr(call, name)) for name in (*TEXTS, *NUMBERS)}
    for name in MOMENTS:
        local = getattr(call, name).astimezone(clock.BEIJING)
        values[f"{name}_date"], values[f"{name}_time"] = f"{local:%Y-%m-%d}", f"{local:%H:%M}"
    return values


def _read(fields: dict[str, Any], problems: list[DomainError], name: str, read: Any) -> None:
    try:
        fields[name] = read()
    except DomainError as problem:
        problems.append(problem)


def _number(typed: Mapping[str, str], name: str, label: str) -> int:
    text = unicodedata.normalize("NFKC", typed.get(name, "")).strip()
    if not text.isascii() or not text.isdigit() or not 0 < int(text[:4]) <= 365 or len(text) > 3:
        raise Invalid(f"{label}应为 1 到 365 的整数。", field=name)
    return int(text)


def _moment(typed: Mapping[str, str], name: str, label: str) -> datetime:
    try:
        day = date.fromisoformat(typed.get(f"{name}_date", "").strip())
        hour = time.fromisoformat(typed.get(f"{name}_time", "").strip())
    except ValueError:
        raise Invalid(
            f"{label}的日期或钟点不对。", remedy="请填写日期和钟点，例如 17:00。", field=name
        ) from None
    return datetime.combine(day, hour.replace(tzinfo=None), tzinfo=clock.BEIJING)
