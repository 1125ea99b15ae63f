"""Three verdicts and Kleene's strong logic over them: what is unknown stays unknown until decided."""

from collections.abc import Iterable
from enum import StrEnum


class Verdict(StrEnum):
    """符合, 不符合 or 待核实; never a plain yes or no."""

    MET = "met"
    NOT_MET = "not_met"
    UNKNOWN = "unknown"

    @property
    def label(self) -> str:
        """The Chinese word that screens and documents show."""
        return _LABELS[self]


_LABELS = {Verdict.MET: "符合", Verdict.NOT_MET: "不符合", Verdict.UNKNOWN: "待核实"}


def all_met(verdicts: Iterable[Verdict]) -> Verdict:
    """Kleene's *and*: one 不符合 decides; otherwise one 待核实 leaves it open; nothing is 符合."""
    seen = set(verdicts)
    if Verdict.NOT_MET in seen:
        return Verdict.NOT_MET
    return Verdict.UNKNOWN if Verdict.UNKNOWN in seen else Verdict.MET


def any_met(verdicts: Iterable[Verdict]) -> Verdict:
    """Kleene's *or*: one 符合 decides; otherwise one 待核实 leaves it open; nothing is 不符合."""
    seen = set(verdicts)
    if Verdict.MET in seen:
        return Verdict.MET
    return Verdict.UNKNOWN if Verdict.UNKNOWN in seen else Verdict.NOT_MET
