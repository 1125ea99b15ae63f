"""From the seed to the panel: one public order, one walk through it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from ..kernel.errors import Invalid
from ..proof.hashing import Algorithm, hasher
from .plan import Plan
from .pool import Entry


class SkipReason(StrEnum):
    """Why a leaf of the order is passed over. No other reason exists."""

    RECUSAL = "recusal"
    UNAVAILABLE = "unavailable"
    NO_REPLY = "no_reply"
    SUSPENDED = "suspended"
    YEARLY_LIMIT = "yearly_limit"
    FIELD_FULL = "field_full"

    @property
    def label(self) -> str:
        """The Chinese word on pages and in reports."""
        return _LABELS[self]


_LABELS = {
    SkipReason.RECUSAL: "回避",
    SkipReason.UNAVAILABLE: "无法参加",
    SkipReason.NO_REPLY: "限时未答复",
    SkipReason.SUSPENDED: "已暂停或退出专家库",
    SkipReason.YEARLY_LIMIT: "年度评审次数已满",
    SkipReason.FIELD_FULL: "名额已满",
}
# Derived by the walk; never stated by a person.
STATED_REASONS = frozenset(SkipReason) - {SkipReason.FIELD_FULL}


@dataclass(frozen=True)
class Outcome:
    """The walk's result; all leaves in the order of the walk.

    `seats` and `substitutes` by field, `skipped` leaf → reason, `walked` every leaf up to the
    last one that was needed, `missing` and `missing_substitutes` field → number not found.
    """

    seats: dict[str, list[str]]
    substitutes: dict[str, list[str]]
    skipped: dict[str, SkipReason]
    walked: list[str]
    missing: dict[str, int]
    missing_substitutes: dict[str, int]


@dataclass(frozen=True)
class Adequacy:
    """One field of the plan against the pool: enough when `lacking` is 0."""

    field: str
    needed: int
    substitutes: int
    eligible: int

    @property
    def lacking(self) -> int:
        """How many more eligible experts the seats and their substitutes need."""
        return max(0, self.needed + self.substitutes - self.eligible)


def order(leaves: Iterable[str], seed: str, algorithm: Algorithm = Algorithm.SHA256) -> list[str]:
    """The leaves sorted by H("draw/v1\\n" ‖ seed ‖ "\\n" ‖ leaf).

    Each leaf's place depends on itself and the seed alone (after ICANN OCTO-41): taking one
    out moves no other, so the substitutes are simply the rest of the order.
    """
    made, before = hasher(algorithm), f"draw/v1\n{seed}\n".encode()
    placed = [(made(before + leaf.encode()).digest(), leaf) for leaf in leaves]
    placed.sort()
    return [leaf for _, leaf in placed]


def walk(
    ordered: Sequence[str],
    entries_by_leaf: Mapping[str, Entry],
    plan: Plan,
    skips: Mapping[str, SkipReason],
) -> Outcome:
    """Fill each field's seats, then its substitutes, in the order; stop when all are filled.

    A stated skip passes a leaf over; a leaf whose field has nobody left to find is passed over
    as FIELD_FULL whatever else is stated, so that nobody is named without need. A replacement
    is the same walk with one more skip. `Invalid` for a skip of an unknown leaf, a stated
    FIELD_FULL or an entry whose field the plan does not ask for.
    """
    _require_walkable(entries_by_leaf, plan, skips)
    seats: dict[str, list[str]] = {name: [] for name in sorted(plan.seats)}
    substitutes: dict[str, list[str]] = {name: [] for name in seats}
    skipped: dict[str, SkipReason] = {}
    walked: list[str] = []
    wanted = sum(plan.seats.values()) + plan.substitutes * len(plan.seats)
    for leaf in ordered:
        if wanted == 0:
            break
        walked.append(leaf)
        name = entries_by_leaf[leaf].field
        full = len(seats[name]) == plan.seats[name]
        if full and len(substitutes[name]) == plan.substitutes:
            skipped[leaf] = SkipReason.FIELD_FULL
        elif leaf in skips:
            skipped[leaf] = SkipReason(skips[leaf])
        else:
            (substitutes if full else seats)[name].append(leaf)
            wanted -= 1
    return Outcome(
        seats=seats,
        substitutes=substitutes,
        skipped=skipped,
        walked=walked,
        missing=_short({name: plan.seats[name] - len(seats[name]) for name in seats}),
        missing_substitutes=_short(
            {name: plan.substitutes - len(substitutes[name]) for name in seats}
        ),
    )


def adequacy(entries: Iterable[Entry], plan: Plan, skips: Iterable[str] = ()) -> list[Adequacy]:
    """Before sealing: eligible experts against seats and substitutes, one row per field.

    `skips` holds the ids of experts who are known to be out (recusal and the like).
    """
    out = set(skips)
    pool = [entry for entry in entries if entry.expert not in out]
    return [
        Adequacy(
            field=name,
            needed=plan.seats[name],
            substitutes=plan.substitutes,
            eligible=sum(entry.field == name for entry in pool),
        )
        for name in sorted(plan.seats)
    ]


def _short(counts: dict[str, int]) -> dict[str, int]:
    return {name: count for name, count in counts.items() if count}


def _require_walkable(
    entries_by_leaf: Mapping[str, Entry], plan: Plan, skips: Mapping[str, SkipReason]
) -> None:
    for leaf, reason in skips.items():
        if leaf not in entries_by_leaf:
            raise Invalid(f"跳过的条目 {leaf[:12]}… 不在抽取名单中", field="skips")
        if reason not in STATED_REASONS:
            raise Invalid(f"“{reason}”不是可以填写的跳过理由", clause="3.2", field="skips")
    for entry in entries_by_leaf.values():
        if entry.field not in plan.seats:
            raise Invalid(
                f"专家 {entry.expert} 的专业“{entry.field}”不在本次抽取方案中",
                remedy="请只把本次需要的专业列入抽取名单。",
                clause="3.2",
                field="field",
            )
