"""Whole draw sessions from a seed number: real pools, secrets, records."""

import random
from dataclasses import dataclass, field
from typing import Any

import pytest

from jiangxin.core.draw.plan import Plan
from jiangxin.core.draw.pool import Entry, freeze
from jiangxin.core.draw.record import opened_record, sealed_record
from jiangxin.core.draw.shares import commitment
from jiangxin.core.draw.walk import STATED_REASONS
from jiangxin.core.proof.hashing import Algorithm

FIELDS = ["机械", "电工", "财务", "教育"]


@dataclass
class Session:
    """A session and its secrets, as the product would hold them."""

    plan: Plan
    pool: dict[str, Entry]
    shares: dict[str, str]
    number: str | None
    sealed: dict[str, Any]
    skips: dict[str, Any] = field(default_factory=dict)

    def opened(self, *, named=True, skips=None):
        return opened_record(
            self.sealed,
            shares=self.shares,
            public_number=self.number,
            entries_by_leaf=self.pool,
            skips=self.skips if skips is None else skips,
            named=named,
        )


def session(number: int, *, algorithm: Algorithm | None = None) -> Session:
    """Session `number`: 12–40 experts in 1–4 fields, some excluded, some skipped later."""
    dice = random.Random(number)
    fields = FIELDS[: dice.randint(1, 4)]
    plan = Plan(
        session=f"2025-浙江-{number}",
        seats={name: dice.randint(1, 2) for name in fields},
        substitutes=dice.randint(0, 2),
        rule_version="62号默认/1",
        algorithm=algorithm or dice.choice(list(Algorithm)),
        public_source=dice.choice([None, "双色球第 2025101 期"]),
    )
    entries = [
        Entry(
            expert=f"Z{number}-{at}",
            field=fields[at % len(fields)],
            unit=f"单位{dice.randint(1, 9)}",
            salt=dice.randbytes(16).hex(),
        )
        for at in range(dice.randint(24, 40))
    ]
    pool = freeze(entries, plan.algorithm)
    shares = {party: dice.randbytes(32).hex() for party in plan.parties}
    reasons = sorted(STATED_REASONS)
    out = dice.sample(sorted(pool), 3)
    sealed = sealed_record(
        plan=plan,
        leaves=pool,
        commitments={
            party: commitment(party, plan.session, secret, plan.algorithm)
            for party, secret in shares.items()
        },
        excluded={out[0]: dice.choice(reasons)} if dice.random() < 0.5 else None,
    )
    return Session(
        plan=plan,
        pool=pool,
        shares=shares,
        number="030817222633" if plan.public_source else None,
        sealed=sealed,
        skips={leaf: dice.choice(reasons) for leaf in out[1:]} if dice.random() < 0.7 else {},
    )


@pytest.fixture
def make_session():
    """The function that makes session number n."""
    return session
