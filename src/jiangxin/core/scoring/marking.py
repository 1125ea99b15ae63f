"""One score sheet: marks in, points out."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from ..kernel.errors import WrongState
from .points import half_up_ratio, shown
from .rubric import Group, Item, Kind, Rubric


class Evidence(StrEnum):
    """What the expert found of an item's evidence."""

    SOUND = "sound"
    MISSING = "missing"
    FALSE = "false"

    @property
    def label(self) -> str:
        """Chinese, for score sheets."""
        return {"sound": "佐证充分", "missing": "无佐证", "false": "佐证不实"}[self.value]


@dataclass(frozen=True, kw_only=True)
class Mark:
    """One expert's mark for one item.

    `value` in milli-points of the item's scale; for a deduction `units` instead, the number
    found. All or nothing: `value` is 0 or the full scale.
    """

    value: int | None = None
    units: int | None = None
    evidence: Evidence = Evidence.SOUND
    comment: str = ""


@dataclass(frozen=True, kw_only=True)
class Result:
    """What a sheet comes to, in milli-points.

    `total` = `base` (out of the rubric's total) + `bonus`. `shortfalls` say why it does not
    qualify, `problems` what is wrong or missing in the marks (such items count 0 and the
    sheet does not qualify).
    """

    total: int
    base: int
    bonus: int
    by_group: dict[str, int]
    by_item: dict[str, int]
    qualified: bool
    grade: str
    shortfalls: list[str]
    problems: list[str]


UNQUALIFIED = "不合格"


def score(rubric: Rubric, marks: Mapping[str, Mark]) -> Result:
    """The result of one sheet. `WrongState` when the rubric's published text is not whole."""
    if not rubric.usable:
        raise WrongState(
            f"评分标准“{rubric.name}”内容不全，不能用于评分",
            remedy=f"请先补齐：{rubric.missing}",
        )
    known = {item.id for item in rubric.items()}
    problems = [f"评分标准中没有指标 {each}" for each in sorted(set(marks) - known)]
    by_item: dict[str, int] = {}
    for item in rubric.items():
        problem = mark_problem(item, marks.get(item.id))
        if problem:
            problems.append(f"“{item.name}”{problem}")
        by_item[item.id] = 0 if problem else item_points(item, marks[item.id])
    by_group = {group.id: _group_points(group, by_item) for group in rubric.groups}
    base = sum(by_group[group.id] for group in rubric.groups if not group.bonus)
    bonus = sum(by_group.values()) - base
    reasons = shortfalls(rubric, by_group, base + bonus)
    qualified = not problems and not reasons
    return Result(
        total=base + bonus,
        base=base,
        bonus=bonus,
        by_group=by_group,
        by_item=by_item,
        qualified=qualified,
        grade=grade_of(rubric, base + bonus) if qualified else UNQUALIFIED,
        shortfalls=reasons,
        problems=problems,
    )


def mark_problem(item: Item, mark: Mark | None) -> str:
    """What is wrong with a mark, in Chinese; empty when it can be used."""
    if mark is None:
        return "尚未评分"
    if item.kind is Kind.DEDUCTION:
        if mark.value is not None or mark.units is None or mark.units < 0:
            return f"应填写实有数量（{item.unit}），为非负整数"
        return ""
    if mark.units is not None or mark.value is None:
        return "应填写分值"
    if not 0 <= mark.value <= item.scale:
        return f"的分值应在 0 到 {shown(item.scale)} 之间"
    if item.kind is Kind.DATA:
        known = {0, *(points for _, points in item.bands)}
        return "" if mark.value in known else "的分值不是申报数据所得"
    if mark.value % item.step:
        if item.kind is Kind.VOTE:
            return "只能同意、不同意或弃权"
        if item.kind is Kind.ALL_OR_NOTHING:
            return f"只能评 0 分或满分 {shown(item.scale)}"
        return f"的分值应为 {shown(item.step)} 的倍数"
    return ""


def item_points(item: Item, mark: Mark) -> int:
    """Milli-points of a sound mark. False evidence, or none where it is required, is 0 and
    beats the item's floor; otherwise the result is kept within floor and cap."""
    if mark.evidence is Evidence.FALSE:
        return 0
    if mark.evidence is Evidence.MISSING and item.evidence_required:
        return 0
    if item.kind is Kind.DEDUCTION:
        missing = max(0, item.required_units - (mark.units or 0))
        earned = item.points - item.per_missing * missing
    else:
        earned = half_up_ratio((mark.value or 0) * item.points, item.scale)
    return max(item.floor, min(item.cap, earned))


def grade_of(rubric: Rubric, total: int) -> str:
    """The grade that `total` milli-points reach; without grades 合格 or 不合格."""
    for grade in rubric.grades:
        if total >= grade.at_least:
            return grade.name
    return "合格" if not rubric.grades and total >= rubric.pass_points else UNQUALIFIED


def _group_points(group: Group, by_item: Mapping[str, int]) -> int:
    return min(group.points, sum(by_item[item.id] for item in group.items))


def low_groups(rubric: Rubric, by_group: Mapping[str, int]) -> list[str]:
    """The groups below their floors, in Chinese: each disqualifies, whatever the sum."""
    return [
        f"“{group.name}”得 {shown(by_group[group.id])} 分，低于下限 {shown(group.floor)} 分"
        for group in rubric.groups
        if by_group[group.id] < group.floor
    ]


def shortfalls(rubric: Rubric, by_group: Mapping[str, int], total: int) -> list[str]:
    """Why these points do not qualify, in Chinese: a group below its floor, a total below the line."""
    low = low_groups(rubric, by_group)
    if total < rubric.pass_points:
        low.append(f"总分 {shown(total)}，低于合格线 {shown(rubric.pass_points)}")
    return low
