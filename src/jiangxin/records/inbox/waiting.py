"""What waits for somebody, counted for all stages in one query."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Count as CountRows
from django.db.models import DateField, IntegerField, Min, QuerySet, Value
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


@dataclass(frozen=True)
class Count:
    """The one query that counts all that waits, compiled; "" when nothing ever can."""

    sql: str
    params: tuple[Any, ...]

    def run(self) -> dict[str, Waiting]:
        """Name → how many rows wait and until when; names with none are left out."""
        if not self.sql:
            return {}
        with connection.cursor() as cursor:
            cursor.execute(self.sql, self.params)
            return {name: Waiting(number, until) for name, number, until in cursor if number}


def compiled(waits: Mapping[str, Waits]) -> Count:
    """The count of all of `waits`. To compile it takes far longer than to run it: whoever counts on
    every page keeps it (it holds the moment at which it was made, so not for long)."""
    parts = [_line(name, each) for name, each in waits.items()]
    if not parts:
        return Count("", ())
    rows = parts[0].union(*parts[1:], all=True) if len(parts) > 1 else parts[0]
    try:
        sql, params = rows.query.sql_with_params()
    except EmptyResultSet:
        return Count("", ())
    return Count(sql, tuple(params))


def count_waiting(waits: Mapping[str, Waits]) -> dict[str, Waiting]:
    """`compiled` and run once. One query at most."""
    return compiled(waits).run()


def _line(name: str, waits: Waits) -> QuerySet[Any]:
    """One row: name, number, earliest date; so called that no model has a field of that name."""
    day = Min(Cast(waits.due, DateField())) if waits.due else Cast(Value(None), DateField())
    return (
        waits.rows.order_by()
        .annotate(waits_name=Value(name))
        .values("waits_name")
        .annotate(waits_number=CountRows("pk", output_field=IntegerField()), waits_until=day)
        .values("waits_name", "waits_number", "waits_until")
    )
