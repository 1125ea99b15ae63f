"""What the sheets of a panel on one project come to, by each way of deciding."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from ..kernel.errors import Invalid
from .aggregate import MIN_TRIMMED, Aggregation, aggregate
from .marking import UNQUALIFIED, Result, low_groups
from .points import MILLI, half_up, shown
from .rubric import Rubric


class Way(StrEnum):
    """How a panel decides. The values are those of the parameter `review.way`."""

    SCORES = "scores"
    VOTE = "vote"
    PASS_FAIL = "pass_fail"  # noqa: S105 -- no password


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """A panel on one project: milli-points (of 100 where it is counted), and why it does not qualify.

    `tally`: what was counted, {} for scores: `yes`, `no`, `abstain`, `entitled`.
    """

    total: int
    shortfalls: tuple[str, ...]
    tally: Mapping[str, int]

    @property
    def qualified(self) -> bool:
        return not self.shortfalls


def combined(totals: Sequence[int], method: Aggregation) -> int:
    """The panel's score; below five sheets the trimmed mean gives way to the mean."""
    few = len(totals) < MIN_TRIMMED
    return aggregate(totals, Aggregation.MEAN if few else method)


def group_means(rubric: Rubric, results: Sequence[Result]) -> dict[str, int]:
    """The plain mean of each group over the sheets, a half upwards. `Invalid` without sheets."""
    if not results:
        raise Invalid("还没有专家评分，不能汇总", field="totals")
    return {
        group.id: half_up(Fraction(sum(each.by_group[group.id] for each in results), len(results)))
        for group in rubric.groups
    }


def weighted(parts: Sequence[tuple[int, int]]) -> int:
    """One expert's total over several phases out of (percent, milli-points): rounded once, a half
    upwards. `Invalid` unless the weights close at 100."""
    if sum(percent for percent, _ in parts) != 100:
        raise Invalid("各轮权重合计应为 100%", field="weights")
    return half_up(Fraction(sum(percent * total for percent, total in parts), 100))


def by_scores(
    phases: Sequence[tuple[Rubric, Sequence[Result]]], total: int, pass_points: int
) -> Verdict:
    """Scores: no group of any phase below its floor on the panel's mean, the total at the line."""
    low = [text for by, results in phases for text in low_groups(by, group_means(by, results))]
    if total < pass_points:
        low.append(f"总分 {shown(total)}，低于合格线 {shown(pass_points)}")
    return Verdict(total=total, shortfalls=tuple(low), tally={})


def counted(words: Sequence[str], entitled: int) -> Verdict:
    """A vote by name: `words` are yes, no or abstain; more than half of the `entitled` must say yes.

    Who has not voted counts among the entitled. `Invalid` when nobody is entitled, or more voted.
    """
    if entitled < 1 or len(words) > entitled:
        raise Invalid("表决人数不对", field="entitled")
    count = Counter(words)
    tally = {name: count[name] for name in ("yes", "no", "abstain")} | {"entitled": entitled}
    short = (
        ()
        if 2 * count["yes"] > entitled
        else (f"同意 {count['yes']} 票，未超过应投票人数 {entitled} 的一半",)
    )
    return Verdict(
        total=half_up(Fraction(100 * MILLI * count["yes"], entitled)),
        shortfalls=short,
        tally=tally,
    )


def shared_grades(rubric: Rubric, totals: Mapping[str, int]) -> dict[str, str]:
    """project → grade, for qualified projects, with the forced share of each grade (优秀 at most 20 %).

    The share of all assessed is cut to a whole number. Where more reach a grade, the best get it;
    those that are equal across the line all go down to the next grade, never one of them by chance.
    """
    left = sorted(totals, key=lambda each: (-totals[each], each))
    found = dict.fromkeys(left, UNQUALIFIED)
    for grade in rubric.grades:
        reached = [each for each in left if totals[each] >= grade.at_least]
        room = len(totals) * grade.share // 100
        if len(reached) > room:
            line = totals[reached[room]]
            reached = [each for each in reached[:room] if totals[each] > line]
        found |= dict.fromkeys(reached, grade.name)
        left = [each for each in left if each not in set(reached)]
    return found
