"""Money is an integer number of 分; screens show 万元 with two decimals, an account 元 to the 分."""

from decimal import Decimal, InvalidOperation

from .errors import Invalid

FEN_PER_WAN = 1_000_000
FEN_PER_YUAN = 100
LONGEST = 24  # letters of an amount


def wan(fen: int) -> str:
    """`fen` as 万元 with two decimals and thousands separators: 500000000 → '500.00'."""
    return f"{Decimal(fen) / FEN_PER_WAN:,.2f}"


def yuan(fen: int) -> str:
    """`fen` as 元 with two decimals and thousands separators: 1234567 → '12,345.67'."""
    return f"{Decimal(fen) / FEN_PER_YUAN:,.2f}"


def parse_wan(text: str) -> int:
    """What a person typed in 万元, as 分.

    Raises `Invalid` when it is no number, is negative, or is finer than one 分.
    """
    return _parse(text, FEN_PER_WAN, "万元")


def parse_yuan(text: str) -> int:
    """What a person typed in 元, as 分. Raises `Invalid` like `parse_wan`."""
    return _parse(text, FEN_PER_YUAN, "元")


def _parse(text: str, scale: int, unit: str) -> int:
    plain = text.replace(",", "").strip()
    try:
        # Nobody writes an amount with an exponent, and 1e999999 would fill the memory.
        if len(plain) > LONGEST or "e" in plain.lower():
            raise ValueError
        fen = Decimal(plain) * scale
        whole = int(fen)
    except (InvalidOperation, ValueError, OverflowError):
        raise Invalid(
            f"“{text[:LONGEST]}”不是金额。", remedy=f"请按{unit}填写数字，例如 12.50。"
        ) from None
    if whole != fen or whole < 0:
        raise Invalid(f"金额“{text}”{unit}不合规。", remedy="金额不能为负数，且最小到分。")
    return whole
