"""From facts to findings: every norm of a track with its verdict, its reason and what changes it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from .conditions import Context, Outcome
from .model import Requirement
from .overlay import Overlay
from .pack import Pack
from .verdict import Verdict, all_met

NATION = "国家"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What the engine found on one norm. `judgement`: a person has to judge a part of it."""

    norm: str
    clause: str
    title: str
    verdict: Verdict
    because: str
    would_change: str
    value: Any
    judgement: bool
    source: str

    def as_dict(self) -> dict[str, Any]:
        """JSON-able."""
        return {**vars(self), "verdict": self.verdict.value, "label": self.verdict.label}


def assess(
    pack: Pack,
    *,
    track: str,
    on: date,
    facts: Mapping[str, Any],
    overlay: Overlay | None = None,
) -> list[Finding]:
    """Every norm of `track`, judged on the application date `on`.

    The notice's findings come first and never depend on the overlay; then, under the name of the
    province, every condition that the overlay tightened or added. So an overlay cannot loosen.
    Facts that are absent or make no sense give 待核实. Raises `NotFound` for an unknown track or a
    date before the notice.
    """
    national = pack.requirements(track)
    found = [_finding(pack, each, on, facts, None) for each in national]
    if overlay is None:
        return found
    changed = set(overlay.values)
    tightened = [each for each in national if changed & set(each.condition.parameters())]
    added = overlay.requirements.get(track, ())
    return found + [_finding(pack, each, on, facts, overlay) for each in (*tightened, *added)]


def overall(findings: list[Finding]) -> Verdict:
    """One verdict over all: 符合 only when every finding is."""
    return all_met(each.verdict for each in findings)


def explain(
    pack: Pack,
    *,
    track: str,
    on: date,
    facts: Mapping[str, Any],
    overlay: Overlay | None = None,
) -> dict[str, Any]:
    """The findings and the overall verdict as one JSON-able dict. Raises as `assess` does."""
    findings = assess(pack, track=track, on=on, facts=facts, overlay=overlay)
    verdict = overall(findings)
    return {
        "policy": pack.code,
        "title": pack.title,
        "track": track,
        "on": on.isoformat(),
        "overlay": overlay.code if overlay else None,
        "verdict": verdict.value,
        "label": verdict.label,
        "findings": [each.as_dict() for each in findings],
    }


def judge(
    pack: Pack, one: Requirement, on: date, facts: Mapping[str, Any], overlay: Overlay | None
) -> Outcome:
    """One requirement on its own; with an overlay under the overlay's own values."""
    context = Context(
        on=on,
        facts=facts,
        norm=one.norm,
        limit=lambda name: pack.value(name, on, overlay),
        ranks=pack.ranks,
        names=pack.names,
        track=lambda key: [
            (each.norm, judge(pack, each, on, facts, overlay)) for each in pack.requirements(key)
        ],
    )
    return one.condition.judge(context)


def _finding(
    pack: Pack, one: Requirement, on: date, facts: Mapping[str, Any], overlay: Overlay | None
) -> Finding:
    outcome = judge(pack, one, on, facts, overlay)
    return Finding(
        norm=one.norm,
        clause=one.clause,
        title=one.title,
        verdict=outcome.verdict,
        because=outcome.because,
        would_change=outcome.would_change,
        value=outcome.value,
        judgement=one.condition.needs_examiner(),
        source=overlay.province_name if overlay else NATION,
    )
