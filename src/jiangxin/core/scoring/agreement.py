"""How far the experts agree on the order of the projects: Kendall's W with ties.

W = 12 S / (m² (n³ − n) − m ΣT), M. G. Kendall, *Rank Correlation Methods*, ch. 6; as worked in
S. Siegel, *Nonparametric Statistics* (1956), ch. 9. 1: the same order, 0: no agreement.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

MIN_EXPERTS = 3
MIN_PROJECTS = 2

# expert -> project -> milli-points
Sheets = Mapping[str, Mapping[str, int]]


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """`w` is exact, or None with the reason in Chinese in `unknown`. `projects` counts those
    that every expert scored: recusals leave gaps, and a gap has no rank."""

    w: Fraction | None
    experts: int
    projects: int
    unknown: str = ""


def agreement(sheets: Sheets) -> Agreement:
    """Kendall's W over the projects that all experts scored."""
    common = sorted(set.intersection(*map(set, sheets.values()))) if sheets else []
    experts, projects = len(sheets), len(common)

    def unknown(reason: str) -> Agreement:
        return Agreement(w=None, experts=experts, projects=projects, unknown=reason)

    if experts < MIN_EXPERTS:
        return unknown(f"只有 {experts} 位专家，少于 {MIN_EXPERTS} 位，不计算一致性")
    if projects < MIN_PROJECTS:
        return unknown("全体专家共同评过的项目不足两个，不计算一致性")
    ranks = [doubled_ranks([sheet[each] for each in common]) for sheet in sheets.values()]
    sums = [sum(column) for column in zip(*ranks, strict=True)]
    # Ranks are doubled to stay whole, and doubled again against a doubled mean: 4² times S.
    spread = Fraction(sum((2 * each - _mean_twice(sums)) ** 2 for each in sums), 16)
    tied = sum(count**3 - count for row in ranks for count in Counter(row).values())
    bound = experts**2 * (projects**3 - projects) - experts * tied
    if not bound:
        return unknown("每位专家给所有项目的分数都相同，无法计算一致性")
    return Agreement(w=12 * spread / bound, experts=experts, projects=projects)


def doubled_ranks(values: Sequence[int]) -> list[int]:
    """Twice the mid-rank of each value, the highest value first: integers even with ties."""
    higher = {each: sum(other > each for other in values) for each in set(values)}
    return [2 * higher[each] + values.count(each) + 1 for each in values]


def _mean_twice(sums: Sequence[int]) -> Fraction:
    return Fraction(2 * sum(sums), len(sums))
