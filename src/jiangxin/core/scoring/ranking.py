"""Ranking with a stated rule for ties. What the rule leaves open is reported, never broken."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby

from ..kernel.errors import Invalid

GROUP_RULE = "group:"
SUBMITTED_RULE = "submitted"


@dataclass(frozen=True, kw_only=True)
class Row:
    """One project to rank: milli-points in all and by group, moment of submission (aware)."""

    project: str
    total: int
    by_group: Mapping[str, int] = field(default_factory=dict)
    submitted: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Ranked:
    """A rank from 1. `decided_by` is the tie rule that set it apart from a project of the same
    total ("" when the total did); `tied_with` are those it still shares the rank with."""

    project: str
    rank: int
    total: int
    decided_by: str
    tied_with: tuple[str, ...]


def rank(rows: Sequence[Row], ties: Sequence[str] = ()) -> list[Ranked]:
    """Rows by total, highest first, then by `ties` in order: "group:<id>" (higher first) or
    "submitted" (earlier first). Rows that stay equal share a rank and the next rank is left
    out (1, 1, 3); within a rank they are listed by project id, which means nothing.

    `Invalid` for a project ranked twice, an unknown rule or a value that a rule needs.
    """
    if len({row.project for row in rows}) != len(rows):
        raise Invalid("同一项目在排序中出现两次", field="project")
    keys = {row.project: (-row.total, *(_key(row, rule) for rule in ties)) for row in rows}
    ordered = sorted(rows, key=lambda row: (keys[row.project], row.project))
    ranked: list[Ranked] = []
    for key, same in groupby(ordered, key=lambda row: keys[row.project]):
        together = [row.project for row in same]
        place = len(ranked) + 1
        decided = _decided_by(key, list(keys.values()), ties)
        for project in together:
            others = tuple(each for each in together if each != project)
            ranked.append(
                Ranked(
                    project=project,
                    rank=place,
                    total=-key[0],
                    decided_by=decided,
                    tied_with=others,
                )
            )
    return ranked


def tied_at(ranked: Sequence[Ranked], cut: int) -> list[str]:
    """Projects that share a rank across the line after place `cut`: people must decide."""
    return [each.project for each in ranked if each.rank <= cut < each.rank + len(each.tied_with)]


def _key(row: Row, rule: str) -> int:
    if rule == SUBMITTED_RULE:
        if row.submitted is None or row.submitted.tzinfo is None:
            raise Invalid(
                f"项目 {row.project} 没有提交时间，不能按提交先后排序",
                field="submitted",
            )
        return _microseconds(row.submitted)
    group = rule.removeprefix(GROUP_RULE)
    if group == rule or not group:
        raise Invalid(
            f"不认识的同分规则：{rule}",
            remedy="可用“group:指标组编号”（高者在前）或“submitted”（先提交者在前）。",
            field="ties",
        )
    if group not in row.by_group:
        raise Invalid(f"项目 {row.project} 没有指标组 {group} 的得分", field="ties")
    return -row.by_group[group]


def _microseconds(moment: datetime) -> int:
    since = moment - datetime.fromtimestamp(0, moment.tzinfo)
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def _decided_by(key: tuple[int, ...], keys: Sequence[tuple[int, ...]], ties: Sequence[str]) -> str:
    """The last rule that had to be asked to tell this key from the others."""
    shared = max((_common_prefix(key, other) for other in keys if other != key), default=0)
    return ties[shared - 1] if shared else ""


def _common_prefix(one: tuple[int, ...], two: tuple[int, ...]) -> int:
    length = 0
    while one[length] == two[length]:
        length += 1
    return length
