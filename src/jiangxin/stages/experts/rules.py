"""The rules of recusal as the policy states them; each is a parameter of its own (3.2)."""

from dataclasses import dataclass
from datetime import date

from jiangxin.core.policy import Overlay
from jiangxin.core.policy.values import years_later
from jiangxin.stages.experts.choices import Tie
from jiangxin.stages.programme.queries import pack


@dataclass(frozen=True)
class Rules:
    """For how many years after its end a tie still bars; kinship has no end."""

    employment: int
    holding: int
    advised: int
    other: int

    @property
    def text(self) -> str:
        """In one line, as the plan of a draw carries it under its seal."""
        return (
            f"任职{self.employment}年、亲属、持股任职{self.holding}年、"
            f"咨询辅导{self.advised}年、其他关系{self.other}年"
        )

    def binds(self, kind: str, until: date | None, today: date) -> bool:
        """Whether a tie of this kind that ended on `until` (None: it has not) bars on `today`."""
        if until is None or kind == Tie.KINSHIP:
            return True
        years = {Tie.HOLDING: self.holding, Tie.ADVISED: self.advised}.get(Tie(kind), self.other)
        return years_later(until, years) >= today


def rules_of(year: int, overlay: Overlay | None = None) -> Rules:
    """The rules of a programme year, with what a province has tightened."""
    on = date(year, 12, 31)

    def years(name: str) -> int:
        return int(pack().value(f"recusal.{name}", on, overlay))

    return Rules(
        years("years"), years("holding_years"), years("advised_years"), years("other_years")
    )
