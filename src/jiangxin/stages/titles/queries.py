"""Look things up in the register, and count it against the targets."""

from collections import Counter
from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet

from jiangxin.stages.programme.models import Kind
from jiangxin.stages.programme.queries import parameter

from .models import Title

Registers = dict[str, object]


def register() -> QuerySet[Title]:
    """The public register: every title, valid or revoked; it forgets nothing."""
    return Title.objects.all()


def registers_for(*, uscc: str, leader_hash: str = "") -> Registers:
    """What the register says about one unit and one leader, as facts for the policy engine.

    `legacy_base`: None, or the unit's base of 2011–2020 with its state and assessment (N15, N16);
    `leader_unit_taken`: whether this leader already leads a valid national studio of this unit (N26).
    A unit is found under its present code and under every former code or name.
    """
    first, last = (
        parameter(f"legacy.{end}", 2025)
        for end in ("first_year", "last_year")
    )
    of_unit = Title.objects.filter(Q(uscc=uscc) | Q(former_names__contains=[uscc]))
    legacy = (
        of_unit.filter(kind=Kind.BASE, year__range=(first, last))
        .order_by("state", "-year")
        .first()
    )
    taken = (
        bool(leader_hash)
        and of_unit.filter(
            kind=Kind.STUDIO, leader_hash=leader_hash, state=Title.State.TITLED
        ).exists()
    )
    return {
        "legacy_base": legacy
        and {
            "number": legacy.number,
            "year": legacy.year,
            "revoked": legacy.state == Title.State.REVOKED,
            "assessment": legacy.assessment,
        },
        "leader_unit_taken": taken,
    }


@dataclass(frozen=True)
class Meter:
    """Registered against the target of the notice (N01, N02)."""

    kind: Kind
    count: int
    target: int

    @property
    def percent(self) -> int:
        return self.count * 100 // self.target


def meters() -> list[Meter]:
    """Bases against 400 and studios against 500, over the years of the pack; two queries."""
    first, last = (
        parameter(f"programme.{end}", 2025)
        for end in ("first_year", "last_year")
    )
    rows = (
        Title.objects.filter(year__range=(first, last), state=Title.State.TITLED)
        .order_by()
        .values_list("kind")
        .annotate(n=Count("id"))
    )
    counts = Counter(dict(rows))
    return [
        Meter(
            kind, counts[kind.value], parameter(f"target.{kind.value}", 2025)
        )
        for kind in Kind
    ]


def table() -> list[tuple[str, int, str, int]]:
    """(province, year, track, count) of the programme's own titles, for the national page."""
    first, last = (
        parameter(f"programme.{end}", 2025)
        for end in ("first_year", "last_year")
    )
    return list(
        Title.objects.filter(year__range=(first, last), state=Title.State.TITLED)
        .order_by("province", "year", "track")
        .values_list("province", "year", "track")
        .annotate(n=Count("id"))
    )
