"""The rubric of each track: taken from the policy pack, pinned as JSON, read back from the pin."""

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from jiangxin.core.kernel.canonical import canonical, digest
from jiangxin.core.kernel.errors import WrongState
from jiangxin.core.policy import Overlay, Pack
from jiangxin.core.scoring.loading import rubric_from
from jiangxin.core.scoring.rubric import Rubric
from jiangxin.stages.programme.models import Kind, Track

from .models import Round


def pinned(pack: Pack, overlay: Overlay | None, kind: Kind) -> dict[str, dict[str, Any]]:
    """track → rubric as JSON for every track of `kind`; decimals as text, so that they stay exact.

    Raises `WrongState` when a track has no complete rubric, or when the tracks of one kind have
    different totals: their projects are ranked in one list.
    """
    chosen: dict[str, dict[str, Any]] = {}
    for track in (each for each in Track if each.kind is kind):
        name = overlay.rubrics.get(track.value, track.value) if overlay else track.value
        raw = pack.rubrics.get(name)
        if raw is None or not raw.get("groups"):
            raise WrongState(
                f"政策包中没有“{track.label}”的完整评分标准。",
                remedy="请在政策包 rubrics 目录或省级细则中补充后再组织评审。",
                clause="3.2",
            )
        chosen[track.value] = plain(raw)
    totals = {rubric_from(raw).total for raw in chosen.values()}
    if len(totals) > 1:
        raise WrongState(
            "同一类别各申报类型的评分标准总分不同，不能排在同一名单中。",
            remedy="请把各评分标准的总分调整为相同。",
            clause="3.2",
        )
    return chosen


def rubric(row: Round, track: str) -> Rubric:
    """The pinned rubric by which projects of `track` are scored in this round."""
    return read_pinned(row.rubrics[track])


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
