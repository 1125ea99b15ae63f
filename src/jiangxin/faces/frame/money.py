"""The three rates of a title's money, as everybody who judges its use reads them."""

from collections.abc import Iterable
from fractions import Fraction
from typing import Any

from jiangxin.core.policy.values import percent_text
from jiangxin.stages.accounts import queries


def percent_of(share: Fraction | None) -> str:
    """A share in percent with two decimals, cut off and never rounded up."""
    return "—" if share is None else percent_text(share.numerator, share.denominator)


def rates(sheet: Any, found: Iterable[Any]) -> list[dict[str, str]]:
    """到位率, 执行率, 合规率 as tiles; `found`: the flags of the account."""
    shares = (
        ("资金到位率", sheet.arrival, "已到账占申报时计划"),
        ("执行率", sheet.execution, "已支出占已到账"),
        ("合规率", queries.compliance(sheet.spent, found), "未认定问题的支出占全部支出"),
    )
    return [
        {"label": label, "value": percent_of(share), "unit": "", "note": note}
        for label, share, note in shares
    ]
