"""Years, bands and the order of money; nothing here touches the database.

The year of a title is the programme year of its call. The notice counts 备案 year → next year, and a
project filed by 31 October belongs to that year even where the ministries register it the following
spring: support is due in `title.year + support.years_after`, never earlier.
"""

from collections.abc import Iterable
from datetime import date
from itertools import accumulate

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import Invalid
from jiangxin.core.kernel.money import parse_wan, wan
from jiangxin.stages.programme.queries import pack, parameter

MOST = 10**14  # 分: a slip of the keyboard, not a subsidy
LONGEST = 2000  # letters of a reason


def support_year(year: int) -> int:
    """The year in which a project of programme year `year` is supported (N52)."""
    return year + int(parameter("support.years_after", year))


def supported_years(plan_year: int) -> list[int]:
    """The programme years whose projects the plan of `plan_year` takes; empty when there are none."""
    return [
        year
        for year in range(plan_year - 5, plan_year + 1)
        if pack().covers(year) and support_year(year) == plan_year
    ]


def band(kind: str, year: int) -> tuple[int, int]:
    """The least and the most that a project of this kind gets, in 分 (N53, N54)."""
    least, most = (parameter(f"money.{kind}.{end}", year) for end in ("minimum", "maximum"))
    return int(least), int(most)


def is_outside(kind: str, year: int, amount: int) -> bool:
    """Whether the amount lies outside the band of the notice."""
    least, most = band(kind, year)
    return not least <= amount <= most


def band_text(kind: str, year: int) -> str:
    """300.00—700.00 万元."""
    least, most = band(kind, year)
    return f"{wan(least)}—{wan(most)} 万元"


def read_amount(text: str, field: str = "amount") -> int:
    """What was typed in 万元, as 分. Raises `Invalid` with its field for what is no sound amount."""
    try:
        amount = parse_wan(text)
    except Invalid as error:
        raise Invalid(error.message, remedy=error.remedy, field=field) from None
    return sound_amount(amount, field)


def sound_amount(amount: int, field: str = "amount") -> int:
    """The amount itself. Raises `Invalid` for nothing, less than nothing, or the impossible."""
    if amount <= 0:
        raise Invalid("金额须大于零。", field=field)
    if amount > MOST:
        raise Invalid(f"金额 {wan(amount)} 万元过大，请核对单位是否为万元。", field=field)
    return amount


def read_day(text: str, field: str = "on") -> date:
    """A date out of an input. Raises `Invalid` with its field."""
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise Invalid("请填写日期。", remedy="例如 2026-09-01。", field=field) from None


def sound_text(text: str, label: str, field: str, *, longest: int = LONGEST) -> str:
    """The text without outer space. Raises `Invalid` when it is empty or too long."""
    clean = text.replace("\0", "").strip()
    if not clean:
        raise Invalid(f"请写明{label}。", field=field, clause="4.4")
    if len(clean) > longest:
        raise Invalid(f"{label}最多 {longest} 字。", field=field)
    return clean


def past_day(on: date, first: date, before: str, field: str = "on") -> None:
    """Raises `Invalid` for a day that is still to come, or before `first` (said by `before`)."""
    if on > clock.today():
        raise Invalid("日期还没有到，不能提前登记。", field=field)
    if on < first:
        raise Invalid(before, remedy=f"应不早于 {first.isoformat()}。", clause="4.4", field=field)


def shortfall(arrived: Iterable[tuple[date, int]], passed: Iterable[tuple[date, int]]) -> int:
    """How much more was passed on than had arrived, on the worst day; 0 when never.

    What arrives on a day can be passed on the same day.
    """
    moves = sorted([*((on, 0, n) for on, n in arrived), *((on, 1, -n) for on, n in passed)])
    return max(0, -min(accumulate((n for _, _, n in moves), initial=0)))
