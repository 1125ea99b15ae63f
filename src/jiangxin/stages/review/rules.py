"""How a panel decides: chosen by the policy or the province's rules, pinned when a round is opened."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from jiangxin.core.kernel.errors import WrongState
from jiangxin.core.policy import Overlay, Pack
from jiangxin.core.scoring.panel import Way

from .choices import Phase
from .models import Round

TOLD = ("review.way", "review.silence", "review.dissent", "review.ties")
WAIT, OUT = "wait", "out"
TIES = {"none": (), "group": ("group:first",), "submitted": ("submitted",)}


@dataclass(frozen=True, kw_only=True)
class Rules:
    """`way` of deciding; what silence means (`silence`); the rule for `ties`; the percent of each
    phase in `weights`, in the order of the phases."""

    way: Way = Way.SCORES
    silence: str = WAIT
    dissent: str = "agrees"
    ties: str = "none"
    weights: tuple[tuple[Phase, int], ...] = ((Phase.PAPERS, 100),)

    @property
    def phases(self) -> tuple[Phase, ...]:
        """The phases in order."""
        return tuple(phase for phase, _ in self.weights)

    def after(self, phase: str) -> Phase | None:
        """The phase that follows, None after the last."""
        place = self.phases.index(Phase(phase)) + 1
        return self.phases[place] if place < len(self.phases) else None

    def upto(self, phase: str) -> tuple[Phase, ...]:
        """The phases that have begun when this one runs."""
        return self.phases[: self.phases.index(Phase(phase)) + 1]


def chosen(pack: Pack, overlay: Overlay | None, year: int) -> Rules:
    """The rules of a province in a year.

    Raises `WrongState` when the weights do not close at 100 %, or a vote has more than one phase.
    """
    on = date(year, 12, 31)

    def value(name: str) -> Any:
        return pack.value(f"review.{name}", on, overlay)

    weights = tuple((each, int(value(f"weight.{each}"))) for each in Phase)
    found = Rules(
        way=Way(value("way")),
        silence=value("silence"),
        dissent=value("dissent"),
        ties=value("ties"),
        weights=tuple((phase, percent) for phase, percent in weights if percent),
    )
    if sum(percent for _, percent in found.weights) != 100:
        raise WrongState(
            "各轮评审的权重合计不是 100%。",
            remedy="请在省级细则中调整 review.weight 的三个参数。",
            clause="3.2",
        )
    if found.way is not Way.SCORES and len(found.weights) > 1:
        raise WrongState(
            "票决和合格制只有一轮，不能再设各轮权重。",
            remedy="请在省级细则中只保留一轮，或改用评分排序。",
            clause="3.2",
        )
    return found


def stored(rules: Rules) -> dict[str, Any]:
    """As JSON, to pin."""
    return {
        "way": rules.way.value,
        "silence": rules.silence,
        "dissent": rules.dissent,
        "ties": rules.ties,
        "weights": [[phase.value, percent] for phase, percent in rules.weights],
    }


def rules_of(row: Round) -> Rules:
    """The rules that were pinned; those of the notice's defaults for a round without any."""
    kept: Mapping[str, Any] = row.rules
    if not kept:
        return Rules()
    return Rules(
        way=Way(kept["way"]),
        silence=kept["silence"],
        dissent=kept["dissent"],
        ties=kept["ties"],
        weights=tuple((Phase(phase), percent) for phase, percent in kept["weights"]),
    )


def told(pack: Pack, rules: Rules, year: int) -> list[dict[str, str]]:
    """The rules as sentences for those whom they bind, before they begin: label and text."""
    kept, on = stored(rules), date(year, 12, 31)
    lines = []
    for name in TOLD:
        asked = pack.parameter(name, on)
        lines.append({"label": asked.title, "text": asked.options[kept[name.partition(".")[2]]]})
    phases = "，".join(f"{phase.label} {percent}%" for phase, percent in rules.weights)
    return [*lines, {"label": "轮次和权重", "text": phases}]
