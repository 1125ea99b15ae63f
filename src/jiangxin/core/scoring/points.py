"""Points are integers of milli-points, so that every total is exact."""

from decimal import Decimal, InvalidOperation
from fractions import Fraction

from ..kernel.errors import Invalid

MILLI = 1000


def milli(value: object, field: str = "points") -> int:
    """Milli-points from points as int, text or Decimal. `Invalid` beyond three decimals.

    Floats are refused: read TOML with `parse_float=Decimal`.
    """
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        raise Invalid(f"分值“{value}”应为整数或小数", field=field)
    try:
        exact = Decimal(value) * MILLI
        whole = int(exact)
    except (InvalidOperation, ValueError, OverflowError) as wrong:
        raise Invalid(f"分值“{value}”不是数字", field=field) from wrong
    if exact != whole:
        raise Invalid(f"分值“{value}”最多保留三位小数", field=field)
    return whole


def half_up(value: Fraction) -> int:
    """The nearest integer; a half goes up (四舍五入, for values ≥ 0)."""
    return (2 * value.numerator + value.denominator) // (2 * value.denominator)


def half_up_ratio(numerator: int, denominator: int) -> int:
    """`half_up` of a ratio of two integers, the second positive."""
    return half_up(Fraction(numerator, denominator))


def shown(value: int) -> str:
    """Points for people: 86500 → "86.5"."""
    sign = "-" if value < 0 else ""
    whole, rest = divmod(abs(value), MILLI)
    return f"{sign}{whole}.{rest:03d}".rstrip("0").rstrip(".")
