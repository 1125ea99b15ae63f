"""Would the result stand without any one of the experts?"""

from collections.abc import Mapping
from dataclasses import dataclass

from ..kernel.errors import Invalid
from .aggregate import MIN_TRIMMED, Aggregation, aggregate
from .agreement import Sheets


@dataclass(frozen=True, kw_only=True)
class Interval:
    """A project's rank with the whole panel, and the best and worst rank when any one expert
    is left out. A shared rank counts as the better place."""

    rank: int
    best: int
    worst: int


def leave_one_out(sheets: Sheets, method: Aggregation = Aggregation.MEAN) -> dict[str, Interval]:
    """Project → interval. `Invalid` for fewer than two experts.

    Where fewer than five totals remain, the trimmed mean gives way to the mean; a project that
    only the missing expert scored ranks last.
    """
    whole = _ranks(sheets, method, _projects(sheets))
    without = _ranks_without_each(sheets, method)
    return {
        project: Interval(
            rank=place,
            best=min(each[project] for each in without),
            worst=max(each[project] for each in without),
        )
        for project, place in whole.items()
    }


def fragile(sheets: Sheets, cut: int, method: Aggregation = Aggregation.MEAN) -> list[str]:
    """Projects whose place inside or outside the first `cut` depends on one expert.

    A project that shares a rank across the line is neither in nor out; to enter or leave that
    state counts as well. `Invalid` for fewer than two experts.
    """
    whole = _standing(_ranks(sheets, method, _projects(sheets)), cut)
    without = [_standing(each, cut) for each in _ranks_without_each(sheets, method)]
    return [
        project
        for project, standing in whole.items()
        if any(each[project] != standing for each in without)
    ]


def _projects(sheets: Sheets) -> list[str]:
    return sorted({project for sheet in sheets.values() for project in sheet})


def _ranks_without_each(sheets: Sheets, method: Aggregation) -> list[dict[str, int]]:
    if len(sheets) < 2:
        raise Invalid("至少需要两位专家的评分，才能分析结果是否依赖某一位专家", field="sheets")
    everything = _projects(sheets)
    return [
        _ranks(
            {each: sheet for each, sheet in sheets.items() if each != expert},
            method,
            everything,
        )
        for expert in sheets
    ]


def _ranks(sheets: Sheets, method: Aggregation, projects: list[str]) -> dict[str, int]:
    scores: dict[str, int] = {}
    for project in projects:
        totals = [sheet[project] for sheet in sheets.values() if project in sheet]
        few = len(totals) < MIN_TRIMMED
        scores[project] = aggregate(totals, Aggregation.MEAN if few else method) if totals else -1
    return {
        project: 1 + sum(other > scores[project] for other in scores.values())
        for project in projects
    }


def _standing(ranks: Mapping[str, int], cut: int) -> dict[str, str]:
    """in, out, or tied across the line."""
    places = list(ranks.values())
    return {
        project: "out"
        if place > cut
        else "in"
        if place + places.count(place) - 1 <= cut
        else "tied"
        for project, place in ranks.items()
    }
