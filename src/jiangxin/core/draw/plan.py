"""What is fixed before any random number is known."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..kernel.errors import Invalid
from ..proof.hashing import Algorithm, algorithm_named

MIN_SECRET_BITS = 128
MAX_SECRET_BITS = 512
SEED_BITS = 256
MARGIN_BITS = 64
PARTIES = {"hr": "人社", "finance": "财政", "supervisor": "监督"}


@dataclass(frozen=True, kw_only=True)
class Plan:
    """One draw session.

    `seats` counts the panel by field; `substitutes` is the number kept in order *for each
    field*; `parties` each give one secret of at least `secret_bits`; `public_source` names a
    number that is announced in advance and known only later (None: no such number).
    `Invalid` when a number makes no sense.
    """

    session: str
    seats: Mapping[str, int]
    substitutes: int
    rule_version: str
    algorithm: Algorithm = Algorithm.SHA256
    parties: tuple[str, ...] = field(default=tuple(PARTIES))
    public_source: str | None = None
    secret_bits: int = SEED_BITS

    def __post_init__(self) -> None:
        if not self.session or not self.rule_version:
            raise Invalid("抽取场次编号和回避规则版本不能为空", field="session")
        if not self.seats or not all(_is_count(n) and n > 0 for n in self.seats.values()):
            raise Invalid("每个专业的席位应为正整数", clause="3.2", field="seats")
        if not _is_count(self.substitutes):
            raise Invalid("候补人数应为非负整数", field="substitutes")
        if len(self.parties) < 2 or len(set(self.parties)) != len(self.parties):
            raise Invalid(
                "至少应有两个不同的参与方提供随机数",
                remedy="一般由人社、财政、监督三方各提供一个。",
                clause="3.2",
                field="parties",
            )
        if self.public_source == "":
            raise Invalid("公共随机数来源不能是空文字", field="public_source")
        if not MIN_SECRET_BITS <= self.secret_bits <= MAX_SECRET_BITS or self.secret_bits % 8:
            raise Invalid(
                f"随机数应为 {MIN_SECRET_BITS} 至 {MAX_SECRET_BITS} 位，且为 8 的倍数",
                field="secret_bits",
            )

    def to_json(self) -> dict[str, Any]:
        """The plan as the record carries it."""
        return {
            "session": self.session,
            "algorithm": self.algorithm.value,
            "seats": dict(sorted(self.seats.items())),
            "substitutes": self.substitutes,
            "rule_version": self.rule_version,
            "parties": list(self.parties),
            "public_source": self.public_source,
            "secret_bits": self.secret_bits,
        }


def party_label(party: str) -> str:
    """The Chinese name of a party; its own code when it is none of the usual ones."""
    return PARTIES.get(party, party)


def plan_from(data: Mapping[str, Any]) -> Plan:
    """A plan from its JSON form; `Invalid` when it is not one."""
    try:
        plan = Plan(
            session=data["session"],
            algorithm=algorithm_named(data["algorithm"]),
            seats=dict(data["seats"]),
            substitutes=data["substitutes"],
            rule_version=data["rule_version"],
            parties=tuple(data["parties"]),
            public_source=data["public_source"],
            secret_bits=data["secret_bits"],
        )
        same = plan.to_json() == dict(data)
    except (KeyError, TypeError, ValueError, AttributeError) as broken:
        raise Invalid("抽取方案的字段不完整或类型不正确", field="plan") from broken
    if not same:
        raise Invalid("抽取方案含有多余或写法不同的字段", field="plan")
    return plan


def missing_bits(plan: Plan, pool_size: int) -> int:
    """How many bits one honest party's secret lacks to reach log2 C(n, k) + 64; 0 when enough.

    n is the pool, k the panel with its substitutes. Only one secret is counted, because all
    other parties may collude; a seed can not carry more than the hash's 256 bits.
    """
    drawn = min(pool_size, sum(plan.seats.values()) + plan.substitutes * len(plan.seats))
    needed = (math.comb(pool_size, drawn) - 1).bit_length() + MARGIN_BITS
    return max(0, needed - min(plan.secret_bits, SEED_BITS))


def require_entropy(plan: Plan, pool_size: int) -> None:
    """`Invalid`, naming the missing bits, when the seed could not reach every outcome."""
    lacking = missing_bits(plan, pool_size)
    if lacking:
        raise Invalid(
            f"随机数位数不足：{pool_size} 人的抽取名单还差 {lacking} 位",
            remedy=f"请把每方随机数加长到 {SEED_BITS} 位；仍不足时分场次抽取。",
            clause="3.2",
            field="secret_bits",
        )


def _is_count(number: object) -> bool:
    return type(number) is int and number >= 0
