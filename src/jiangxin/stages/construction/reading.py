"""What was typed, as values; each refusal names its field."""

from collections.abc import Collection
from datetime import date
from typing import TypeVar

from django.db.models import TextChoices

from jiangxin.core.kernel.errors import Invalid

LONG = 2000
C = TypeVar("C", bound=TextChoices)


def words(
    text: str, label: str, field: str, *, most: int = LONG, required: bool = True, clause: str = ""
) -> str:
    """The text without what is around it. Raises `Invalid` when it is missing or too long."""
    clean = text.replace("\0", "").strip()
    if required and not clean:
        raise Invalid(f"请填写{label}。", clause=clause, field=field)
    if len(clean) > most:
        raise Invalid(f"{label}最多 {most} 字，现有 {len(clean)} 字。", field=field)
    return clean


def day(text: str, label: str, field: str) -> date:
    """A date out of an input. Raises `Invalid`."""
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise Invalid(f"请填写{label}。", remedy="例如 2025-10-01。", field=field) from None


def count(text: str, label: str, field: str, *, most: int) -> int:
    """A whole number from 0 to `most`. Raises `Invalid`."""
    clean = text.strip()
    if not (clean.isascii() and clean.isdigit() and len(clean) <= 9 and int(clean) <= most):
        raise Invalid(f"{label}应为 0 到 {most} 的整数。", field=field)
    return int(clean)


def one_of(kind: type[C], value: str, label: str, field: str) -> C:
    """A member of a closed list. Raises `Invalid`."""
    if value not in kind.values:
        raise Invalid(f"请选择{label}。", field=field)
    return kind(value)


def known(value: str, values: Collection[str], label: str, field: str) -> str:
    """A key of a list of the policy. Raises `Invalid`."""
    if value not in values:
        raise Invalid(f"请选择{label}。", field=field)
    return value
