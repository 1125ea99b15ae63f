"""Items that are scored from the application's own figures: computed, never typed by an expert."""

from decimal import Decimal, InvalidOperation

from .points import MILLI
from .rubric import Item


def amount(value: object) -> int | None:
    """A figure in thousandths: a whole number, or a rate as text (“93.55%” is 93550). None for
    anything else, and for what is not given."""
    if type(value) is int:
        return value * MILLI
    if not isinstance(value, str) or not value.endswith("%"):
        return None
    try:
        return int(Decimal(value[:-1]) * MILLI)
    except (InvalidOperation, ValueError, OverflowError):
        return None


def band_points(item: Item, figure: int | None) -> int:
    """Milli-points that a figure in thousandths gives; 0 below the lowest band and for none."""
    if figure is None:
        return 0
    return next((points for at_least, points in item.bands if figure >= at_least), 0)
