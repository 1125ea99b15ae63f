"""What waits, as people read it: what, how many, until when, where."""

from dataclasses import dataclass
from datetime import date

from jiangxin.core.kernel import clock


@dataclass(frozen=True, kw_only=True)
class Todo:
    """One line of a to-do list. `due` is the earliest date by which; None when no date binds."""

    label: str
    url: str
    count: int = 1
    unit: str = "件"
    due: date | None = None
    note: str = ""

    @property
    def late(self) -> bool:
        return self.due is not None and self.due < clock.today()

    @property
    def left(self) -> str:
        """How long, in words: 已逾期 3 天, 今天截止, 还有 5 天."""
        if self.due is None:
            return ""
        days = (self.due - clock.today()).days
        if days < 0:
            return f"已逾期 {-days} 天"
        return f"还有 {days} 天" if days else "今天截止"


def in_order(todos: list[Todo]) -> list[Todo]:
    """What is due first comes first; what no date binds comes last, in the order given."""
    return sorted(todos, key=lambda each: each.due or date.max)
