"""What is published of a draw, as JSON-able dicts in the format "jiangxin-draw/v1".

Three publications of one record: *sealed* (before any secret is known), *drawn* (order and
seats by leaf and field, no names) and *named* (once the result of the review is public).
A session that cannot be finished is published as *void* with its reason.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any

from ..kernel.canonical import canonical
from ..kernel.errors import Tampered, WrongState
from ..proof.hashing import Algorithm, algorithm_named, hash_bytes
from .plan import Plan, plan_from, require_entropy
from .pool import Entry, leaves_root, person_hash
from .shares import seed
from .walk import Outcome, SkipReason, order, walk

FORMAT = "jiangxin-draw/v1"


class VoidReason(StrEnum):
    """Why a sealed session ends without a panel."""

    WITHHELD = "withheld"
    NUMBER_CANCELLED = "number_cancelled"
    SECRET_REUSED = "secret_reused"  # noqa: S105 -- the name of a reason, no password
    SEATS_SHORT = "seats_short"
    INTERRUPTED = "interrupted"

    @property
    def label(self) -> str:
        """The Chinese words on pages and in reports."""
        return _VOID_LABELS[self]


_VOID_LABELS = {
    VoidReason.WITHHELD: "参与方未公开随机数",
    VoidReason.NUMBER_CANCELLED: "公共随机数未产生或被取消",
    VoidReason.SECRET_REUSED: "随机数曾经使用过",
    VoidReason.SEATS_SHORT: "可参加的专家不足",
    VoidReason.INTERRUPTED: "抽取因故中断",
}


def seal_of(sealed: Mapping[str, Any], algorithm: Algorithm) -> str:
    """64 hex digits over all that is fixed before the seed: what the ledger keeps first."""
    return hash_bytes(b"jiangxin-draw/v1 seal\n" + canonical(sealed), algorithm).hex()


def digest_of(record: Mapping[str, Any], algorithm: Algorithm) -> str:
    """64 hex digits over the whole record except its own digest."""
    body = {key: value for key, value in record.items() if key != "digest"}
    return hash_bytes(b"jiangxin-draw/v1 record\n" + canonical(body), algorithm).hex()


def sealed_record(
    *,
    plan: Plan,
    leaves: Iterable[str],
    commitments: Mapping[str, str],
    excluded: Mapping[str, SkipReason] | None = None,
) -> dict[str, Any]:
    """The first publication. `excluded` are leaves known to be out already (leaf → reason).

    `WrongState` unless exactly the plan's parties have committed; `Invalid` when the secrets
    are too short for the pool.
    """
    pool = sorted(leaves)
    require_entropy(plan, len(pool))
    if set(commitments) != set(plan.parties):
        raise WrongState(
            "各参与方尚未全部提交随机数承诺，不能封存",
            remedy="请等待人社、财政、监督等各方提交承诺后再封存抽取名单。",
            clause="3.2",
        )
    sealed = {
        "plan": plan.to_json(),
        "leaves": pool,
        "root": leaves_root(pool, plan.algorithm),
        "excluded": {leaf: str(reason) for leaf, reason in sorted((excluded or {}).items())},
        "commitments": dict(sorted(commitments.items())),
    }
    return _finish(sealed, None, None, plan.algorithm)


def outcome_of(
    record: Mapping[str, Any],
    *,
    shares: Mapping[str, str],
    public_number: str | None,
    entries_by_leaf: Mapping[str, Entry],
    skips: Mapping[str, SkipReason],
) -> Outcome:
    """The panel that a sealed record, its secrets and the skips stated so far lead to.

    `Tampered` when the pool at hand is not the sealed one.
    """
    if sorted(entries_by_leaf) != record["sealed"]["leaves"]:
        raise Tampered(
            "现有专家名单与封存的条目不一致",
            remedy="封存后不得增减或修改；请使用封存时保存的名单。",
            clause="3.2",
        )
    plan = plan_from(record["sealed"]["plan"])
    ordered = order(
        record["sealed"]["leaves"],
        seed(record["seal"], shares, public_number, plan.algorithm),
        plan.algorithm,
    )
    return walk(ordered, entries_by_leaf, plan, {**skips, **_excluded(record)})


def opened_record(
    record: Mapping[str, Any],
    *,
    shares: Mapping[str, str],
    public_number: str | None,
    entries_by_leaf: Mapping[str, Entry],
    skips: Mapping[str, SkipReason],
    named: bool,
) -> dict[str, Any]:
    """The second publication (`named` false) or the third (true) of a sealed record.

    `skips` are those stated after the seal; those sealed are added. A replacement is another
    publication with one more skip. `WrongState` when seats remain empty.
    """
    algorithm = algorithm_named(record["sealed"]["plan"]["algorithm"])
    outcome = outcome_of(
        record,
        shares=shares,
        public_number=public_number,
        entries_by_leaf=entries_by_leaf,
        skips=skips,
    )
    if outcome.missing:
        short = "、".join(f"{name}缺 {count} 人" for name, count in outcome.missing.items())
        raise WrongState(
            f"抽取名单已走完，席位仍未满：{short}",
            remedy="请以“可参加的专家不足”将本场作废，补充专家后另开一场。",
            clause="3.2",
        )
    opened = {
        "shares": dict(sorted(shares.items())),
        "public_number": public_number,
        "seed": seed(record["seal"], shares, public_number, algorithm),
        "named": named,
        "walk": [
            _step(leaf, entries_by_leaf[leaf], outcome, algorithm, named) for leaf in outcome.walked
        ],
    }
    return _finish(record["sealed"], opened, None, algorithm)


def void_record(
    record: Mapping[str, Any],
    *,
    reason: VoidReason,
    parties: Iterable[str] = (),
    note: str = "",
) -> dict[str, Any]:
    """The publication of a session that ended without a panel; `parties` are those at fault."""
    algorithm = algorithm_named(record["sealed"]["plan"]["algorithm"])
    void = {"reason": reason.value, "parties": sorted(parties), "note": note}
    return _finish(record["sealed"], None, void, algorithm)


def _excluded(record: Mapping[str, Any]) -> dict[str, SkipReason]:
    excluded = record["sealed"]["excluded"]
    return {leaf: SkipReason(reason) for leaf, reason in excluded.items()}


def _step(
    leaf: str, entry: Entry, outcome: Outcome, algorithm: Algorithm, named: bool
) -> dict[str, Any]:
    reason = outcome.skipped.get(leaf)
    hidden = not named or reason is SkipReason.FIELD_FULL
    role = "seat" if leaf in outcome.seats[entry.field] else "substitute"
    who = {"expert": entry.expert, "salt": entry.salt, "unit": entry.unit}
    return {
        "leaf": leaf,
        "as": "skip" if reason else role,
        "reason": reason.value if reason else None,
        "field": entry.field,
        "person": person_hash(**who, algorithm=algorithm),
        "opening": None if hidden else who,
    }


def _finish(
    sealed: Mapping[str, Any],
    opened: dict[str, Any] | None,
    void: dict[str, Any] | None,
    algorithm: Algorithm,
) -> dict[str, Any]:
    record = {
        "format": FORMAT,
        "sealed": dict(sealed),
        "seal": seal_of(sealed, algorithm),
        "opened": opened,
        "void": void,
    }
    return {**record, "digest": digest_of(record, algorithm)}
