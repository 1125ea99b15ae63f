"""Conditions as data: a few kinds, each of which judges facts and says why in Chinese.

A condition never raises on facts: what is absent or makes no sense is 待核实. Limits are names of
dated parameters, so no number of the law stands here.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from ..kernel.errors import Invalid
from .verdict import Verdict


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a condition found: the verdict, the reason, what would change it, the value used."""

    verdict: Verdict
    because: str
    would_change: str
    value: Any = None


@dataclass(frozen=True, kw_only=True)
class Context:
    """All that a condition may look at.

    `limit` gives the value of a parameter on the application date `on` (an overlay's own where it
    applies); `ranks` gives a skill level's rank; `track` judges every condition of another track.
    """

    on: date
    facts: Mapping[str, Any]
    norm: str
    limit: Callable[[str], Any]
    ranks: Mapping[str, int]
    names: Mapping[str, str]
    track: Callable[[str], Sequence[tuple[str, Outcome]]]

    def part(self, name: str) -> Mapping[str, Any]:
        """A mapping among the facts (evidence, examined, exceptions); empty when there is none."""
        value = self.facts.get(name)
        return value if isinstance(value, Mapping) else {}


@dataclass(frozen=True, kw_only=True)
class Condition:
    """The root of every kind. `label` names in Chinese what is being judged."""

    label: str
    judgement = False

    def judge(self, context: Context) -> Outcome:
        """The outcome for these facts; never raises on facts."""
        raise NotImplementedError

    def parts(self) -> Sequence["Condition"]:
        """The conditions that this one is made of; none for a leaf."""
        return ()

    def parameters(self) -> tuple[str, ...]:
        """The names of the parameters that it rests on."""
        return ()

    def facts(self) -> tuple[str, ...]:
        """The names of the facts that it reads."""
        return ()

    def leaves(self) -> Iterator["Condition"]:
        """Every leaf below, itself when it is one."""
        if not self.parts():
            yield self
        for part in self.parts():
            yield from part.leaves()

    def needs_examiner(self) -> bool:
        """Whether a person has to judge a part of it."""
        return any(leaf.judgement for leaf in self.leaves())


KINDS: dict[str, type[Condition]] = {}


def kind(name: str) -> Callable[[type[Condition]], type[Condition]]:
    """Register a class of conditions under the name that the data uses."""

    def register(cls: type[Condition]) -> type[Condition]:
        KINDS[name] = cls
        return cls

    return register


def unknown(label: str, remedy: str, value: Any = None) -> Outcome:
    """待核实, with what is to be done."""
    return Outcome(
        verdict=Verdict.UNKNOWN, because=f"{label}：尚无法认定。", would_change=remedy, value=value
    )


def met(because: str, would_change: str, value: Any = None) -> Outcome:
    """符合."""
    return Outcome(verdict=Verdict.MET, because=because, would_change=would_change, value=value)


def not_met(because: str, would_change: str, value: Any = None) -> Outcome:
    """不符合."""
    return Outcome(verdict=Verdict.NOT_MET, because=because, would_change=would_change, value=value)


def conditions_from(items: Sequence[Mapping[str, Any]]) -> tuple[Condition, ...]:
    """Conditions out of the tables of a policy file. Raises `Invalid`, naming what is wrong."""
    return tuple(condition_from(item) for item in items)


def condition_from(item: Mapping[str, Any]) -> Condition:
    """One condition out of a table of a policy file. Raises `Invalid`, naming what is wrong."""
    data = dict(item)
    name = data.pop("kind", "")
    cls = KINDS.get(name)
    if cls is None:
        raise Invalid(
            f"条件种类“{name}”不存在。", remedy=f"可用的种类：{'、'.join(sorted(KINDS))}。"
        )
    if "parts" in data:
        data["of"] = conditions_from(data.pop("parts"))
    frozen: dict[str, Any] = {
        key: tuple(v) if isinstance(v, list) else v for key, v in data.items()
    }
    try:
        return cls(**frozen)
    except TypeError as error:
        raise Invalid(
            f"条件“{data.get('label', name)}”的字段不对。", remedy=f"请对照说明：{error}"
        ) from None
