"""The small things that a policy pack is made of, once it has been read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from .conditions import Condition


@dataclass(frozen=True, kw_only=True)
class Clause:
    """A clause of the notice, verbatim."""

    id: str
    title: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Norm:
    """One thing that a clause demands, permits, forbids or aims at, and where the product has it.

    `kind`: T target, E eligibility, Q quota, D deadline, P procedure, R report content, M money,
    S sanction, A aim. `how`: enforced, computed or reported. `where`: dotted places of the product.
    """

    id: str
    clause: str
    kind: str
    title: str
    how: str
    where: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """A number or word of the law, valid from `since` to `until` (both included; None: open).

    `stricter` says which way a province may move it: higher, lower, not at all (fixed), or to any
    of `options` (free), which maps each word to its Chinese label; a yes or no needs none.
    `assumption` is the Chinese reason of a reading that the notice leaves open, else empty.
    """

    name: str
    title: str
    value: Any
    unit: str
    clause: str
    since: date
    until: date | None
    assumption: str
    note: str
    stricter: str
    options: Mapping[str, str] = field(default_factory=dict)

    def label(self, value: Any) -> str:
        """A value as people read it, without its unit."""
        if isinstance(value, bool):
            return "是" if value else "否"
        return self.options.get(str(value), str(value))


@dataclass(frozen=True, kw_only=True)
class Requirement:
    """A condition with the norm and the clause that it comes from."""

    norm: str
    clause: str
    title: str
    condition: Condition


@dataclass(frozen=True, kw_only=True)
class Track:
    """A way into the programme: new_base, existing_base or studio.

    `requirements` are those of this track alone; `includes` names tracks whose requirements hold
    as well. `sample` is a unit that meets everything: the yardstick of overlays and of tests.
    """

    key: str
    kind: str
    title: str
    clause: str
    includes: tuple[str, ...]
    requirements: tuple[Requirement, ...]
    sample: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Occupation:
    """An occupation of the 国家职业分类大典: its code and its name."""

    code: str
    name: str


@dataclass(frozen=True, kw_only=True)
class Level:
    """A skill level of the 新八级工; a higher rank is a higher level."""

    key: str
    rank: int
    name: str
    highly_skilled: bool
