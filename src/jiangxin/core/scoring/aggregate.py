"""Many sheets, one score: exact, then rounded once."""

from collections.abc import Sequence
from enum import StrEnum
from fractions import Fraction

from ..kernel.errors import Invalid
from .points import half_up

MIN_TRIMMED = 5


class Aggregation(StrEnum):
    """How the totals of a panel become one."""

    MEAN = "mean"
    TRIMMED = "trimmed"

    @property
    def label(self) -> str:
        """Chinese, for the review report."""
        return {"mean": "平均分", "trimmed": "去掉一个最高分和一个最低分后的平均分"}[self.value]


def exact(totals: Sequence[int], method: Aggregation = Aggregation.MEAN) -> Fraction:
    """The panel's score before rounding, in milli-points.

    `Invalid` for no totals, and for the trimmed mean of fewer than five.
    """
    if not totals:
        raise Invalid("还没有专家评分，不能汇总", field="totals")
    kept = sorted(totals)
    if method is Aggregation.TRIMMED:
        if len(kept) < MIN_TRIMMED:
            raise Invalid(
                f"只有 {len(kept)} 份评分，不能去掉最高分和最低分",
                remedy=f"至少需要 {MIN_TRIMMED} 份评分，或改用平均分。",
                field="method",
            )
        kept = kept[1:-1]
    return Fraction(sum(kept), len(kept))


def aggregate(totals: Sequence[int], method: Aggregation = Aggregation.MEAN) -> int:
    """`exact`, rounded once to whole milli-points, a half upwards (四舍五入到千分之一分)."""
    return half_up(exact(totals, method))
