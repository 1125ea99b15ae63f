"""Money is an integer number of 分; screens show 万元 with two decimals."""

from decimal import Decimal, InvalidOperation

from .errors import Invalid

FEN_PER_WAN = 1_000_000
LONGEST = 24  # letters of an amount


def wan(fen: int) -> str:
    """`fen` as 万元 with two decimals and thousands separators: 500000000 → '500.00'."""
    return f"{Decimal(fen) / FEN_PER_WAN:,.2f}"


def parse_wan(text: str) -> int:
    """What a person typed in 万元, as 分.

    Raises `Invalid` when it is no number, is negative, or is finer than one 分.
    """
    plain = text.replace(",", "").strip()
    try:
        # Nobody writes an amount with an exponent, and 1e999999 would fill the memory.
        if len(plain) > LONGEST or "e" in plain.lower():
            raise ValueError
        fen = Decimal(plain) * FEN_PER_WAN
        whole = int(fen)
    except (InvalidOperation, ValueError, OverflowError):
        raise Invalid(
            f"“{text[:LONGEST]}”不是金额。", remedy="请按万元填写数字，例如 12.50。"
        ) from None
    if whole != fen or whole < 0:
        raise Invalid(f"金额“{text}”万元不合规。", remedy="金额不能为负数，且最小到分。")
    return whole
