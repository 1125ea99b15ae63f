"""The rubric of each track: taken from the policy pack, pinned as JSON, read back from the pin."""

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from jiangxin.core.kernel.canonical import canonical, digest
from jiangxin.core.kernel.errors import WrongState
from jiangxin.core.policy import Overlay, Pack
from jiangxin.core.scoring.loading import rubric_from
from jiangxin.core.scoring.panel import Way
from jiangxin.core.scoring.rubric import Rubric
from jiangxin.stages.programme.models import Kind, Track
from jiangxin.stages.programme.queries import pack

from .choices import Phase
from .models import Round, ScoreSheet
from .rules import Rules

VOTE = "vote"


def pinned(
    policy: Pack, overlay: Overlay | None, kind: Kind, rules: Rules | None = None
) -> dict[str, dict[str, Any]]:
    """What the round scores with, as JSON; decimals as text, so that they stay exact.

    For every track of `kind` the rubric of the papers under the track's name, of a further phase
    under `track:phase`, of a variant under the former and `@nature`. Raises `WrongState` when one is
    not complete, or when they have different totals: their projects are ranked in one list.
    """
    rules = rules or Rules()
    found: dict[str, dict[str, Any]] = {}
    for track in (each for each in Track if each.kind is kind):
        for phase in rules.phases:
            key = track.value if phase is Phase.PAPERS else f"{track.value}:{phase.value}"
            usual = track.value if phase is Phase.PAPERS else phase.value
            if rules.way is Way.VOTE:
                key, usual = track.value, VOTE
            wanted = f"{track.value}:{VOTE}" if rules.way is Way.VOTE else key
            name = overlay.rubrics.get(wanted, usual) if overlay else usual
            found[key] = _whole(policy, name, track)
            for nature, other in found[key].get("variants", {}).items():
                found[f"{key}@{nature}"] = _whole(policy, other, track)
    totals = {rubric_from(raw).total for raw in found.values()}
    if len(totals) > 1:
        raise WrongState(
            "同一类别各申报类型的评分标准总分不同，不能排在同一名单中。",
            remedy="请把各评分标准的总分调整为相同。",
            clause="3.2",
        )
    return found


def _whole(policy: Pack, name: str, track: Track) -> dict[str, Any]:
    raw = policy.rubrics.get(name)
    if raw is None or not rubric_from(raw).usable:
        raise WrongState(
            f"政策包中没有“{track.label}”的完整评分标准（{name}）。",
            remedy="请在政策包 rubrics 目录或省级细则中补充后再组织评审。",
            clause="3.2",
        )
    made: dict[str, Any] = plain(raw)
    return made


def rubric(row: Round, track: str, phase: str = Phase.PAPERS, nature: str = "") -> Rubric:
    """The pinned rubric of a track, of a phase, and of a unit's nature where that has its own."""
    key = track if phase == Phase.PAPERS else f"{track}:{phase}"
    variant = f"{key}@{nature}"
    return read_pinned(row.rubrics[variant if variant in row.rubrics else key])


def in_use(row: Round) -> list[tuple[str, Rubric]]:
    """Every pinned rubric with what it is for, in words: track, then phase or nature of the unit."""
    natures = pack().choices.get("unit_natures", {})
    found = []
    for key in sorted(row.rubrics):
        rest, _, nature = key.partition("@")
        track, _, phase = rest.partition(":")
        words = [Track(track).label]
        words += [Phase(phase).label] if phase else []
        words += [natures.get(nature, nature)] if nature else []
        found.append(("·".join(words), read_pinned(row.rubrics[key])))
    return found


def rubric_of(sheet: ScoreSheet) -> Rubric:
    """The rubric of one sheet; read once for each round, kind of sheet and nature of unit."""
    pin, project = _Pin(sheet.seat.round), sheet.application
    usual = _of_round(pin, project.track, sheet.phase, "")
    if not usual.variants:
        return usual
    nature = str(project.answers.get("unit_nature", ""))
    return _of_round(pin, project.track, sheet.phase, nature)


class _Pin:
    """A round as a key: two with the same digest have the same rubrics, whatever else they hold."""

    def __init__(self, row: Round) -> None:
        self.row, self.digest = row, row.rubrics_digest

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Pin) and other.digest == self.digest

    def __hash__(self) -> int:
        return hash(self.digest)


@lru_cache(maxsize=256)
def _of_round(pin: _Pin, track: str, phase: str, nature: str) -> Rubric:
    return rubric(pin.row, track, phase, nature)


def read_pinned(raw: Mapping[str, Any]) -> Rubric:
    """The rubric that was pinned as JSON; read once."""
    return _read(canonical(dict(raw)))


def rubrics_digest(chosen: Mapping[str, Any]) -> str:
    """What the ledger keeps of the rubrics when the round is opened."""
    return digest(dict(chosen))


@lru_cache(maxsize=64)
def _read(raw: bytes) -> Rubric:
    return rubric_from(json.loads(raw))


def plain(value: Any) -> Any:
    """A rubric of the pack as JSON to pin; decimals as text, so that they stay exact."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value if isinstance(value, bool | int | str) else str(value)
