"""What waits for somebody, counted for all stages in one query."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Count, DateField, IntegerField, Min, QuerySet, Value
from django.db.models.functions import Cast

from jiangxin.core.kernel import clock


@dataclass(frozen=True)
class Waits:
    """The rows that wait for a viewer; `due` names the date by which, "" when none binds."""

    rows: QuerySet[Any]
    due: str = ""


@dataclass(frozen=True)
class Waiting:
    """How many wait, and the earliest date by which."""

    count: int = 0
    due: date | None = None

    @property
    def late(self) -> bool:
        return self.due is not None and self.due < clock.today()


NOTHING = Waiting()


def count_waiting(waits: Mapping[str, Waits]) -> dict[str, Waiting]:
    """Name → how many rows wait and until when; names with none are left out. One query at most."""
    parts = [_line(name, each) for name, each in waits.items()]
    if not parts:
        return {}
    rows = parts[0].union(*parts[1:], all=True) if len(parts) > 1 else parts[0]
    return {
        row["waits_name"]: Waiting(row["waits_number"], row["waits_until"])
        for row in rows
        if row["waits_number"]
    }


def _line(name: str, waits: Waits) -> QuerySet[Any]:
    """One row: name, number, earliest date; so called that no model has a field of that name."""
    day = Min(Cast(waits.due, DateField())) if waits.due else Cast(Value(None), DateField())
    return (
        waits.rows.order_by()
        .annotate(waits_name=Value(name))
        .values("waits_name")
        .annotate(waits_number=Count("pk", output_field=IntegerField()), waits_until=day)
        .values("waits_name", "waits_number", "waits_until")
    )
