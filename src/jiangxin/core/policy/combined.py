"""Conditions made of other conditions: all of them, any of them, all those of another track."""

from collections.abc import Sequence
from dataclasses import dataclass

from .conditions import Condition, Context, Outcome, kind
from .verdict import Verdict, all_met, any_met


@dataclass(frozen=True, kw_only=True)
class _Combined(Condition):
    of: tuple[Condition, ...]

    def parts(self) -> Sequence[Condition]:
        return self.of

    def parameters(self) -> tuple[str, ...]:
        return tuple(name for part in self.of for name in part.parameters())

    def facts(self) -> tuple[str, ...]:
        return tuple(name for part in self.of for name in part.facts())


@kind("all_of")
@dataclass(frozen=True, kw_only=True)
class AllOf(_Combined):
    """Every part must be met."""

    def judge(self, context: Context) -> Outcome:
        outcomes = [part.judge(context) for part in self.of]
        return _joined(all_met(each.verdict for each in outcomes), outcomes)


@kind("any_of")
@dataclass(frozen=True, kw_only=True)
class AnyOf(_Combined):
    """One part must be met."""

    def judge(self, context: Context) -> Outcome:
        outcomes = [part.judge(context) for part in self.of]
        return _joined(any_met(each.verdict for each in outcomes), outcomes)


@kind("includes")
@dataclass(frozen=True, kw_only=True)
class Includes(Condition):
    """Every condition of another track must be met; they are referred to, never copied."""

    track: str

    def judge(self, context: Context) -> Outcome:
        found = context.track(self.track)
        verdict = all_met(outcome.verdict for _, outcome in found)
        counts = "，".join(
            f"{word.label} {sum(outcome.verdict == word for _, outcome in found)} 项"
            for word in Verdict
        )
        open_ones = [norm for norm, outcome in found if outcome.verdict != Verdict.MET]
        change = f"关键在：{'、'.join(open_ones)}。" if open_ones else "任一项不符合时随之改变。"
        return Outcome(
            verdict=verdict,
            because=f"{self.label}共 {len(found)} 项：{counts}。",
            would_change=change,
            value={norm: outcome.verdict.value for norm, outcome in found},
        )


def _joined(verdict: Verdict, outcomes: list[Outcome]) -> Outcome:
    """One outcome out of many: the parts that decide it speak; the values of all are kept."""
    speaking = [each for each in outcomes if each.verdict == verdict] or outcomes
    return Outcome(
        verdict=verdict,
        because="".join(each.because for each in speaking),
        would_change="".join(dict.fromkeys(each.would_change for each in speaking)),
        value=[each.value for each in outcomes],
    )
