"""What has arrived, as the support stage records it."""

from typing import Any

from django.db.models import BigIntegerField, Value

from jiangxin.stages.titles.models import Title


def received(title: Title) -> dict[str, int]:
    """What has arrived at the unit, in 分, by source."""
    return {}


def received_total() -> Any:
    """The same over all sources, for rows that are titles."""
    return Value(0, BigIntegerField())
