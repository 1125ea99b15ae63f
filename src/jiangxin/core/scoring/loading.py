"""Rubrics from TOML: every field checked, every sum closed, refusals in Chinese."""

import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

from ..kernel.errors import Invalid
from .points import MILLI, half_up_ratio, milli, shown
from .rubric import Grade, Group, Item, Kind, Method, Part, Rubric, Status

AnEnum = TypeVar("AnEnum", bound=StrEnum)


def load_rubric(path: Path) -> Rubric:
    """A rubric from a TOML file; `Invalid` naming the file when it is not one."""
    try:
        return rubric_from(tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal))
    except tomllib.TOMLDecodeError as broken:
        raise Invalid(f"{path.name} 不是正确的 TOML 文件：{broken}") from broken
    except Invalid as refused:
        raise Invalid(
            f"{path.name}：{refused.message}",
            remedy=refused.remedy,
            field=refused.field,
        ) from refused


def rubric_from(data: Mapping[str, Any]) -> Rubric:
    """A rubric from its TOML data (read with `parse_float=Decimal`).

    `Invalid` when a field is missing or unknown, an id is used twice or the points (or
    weights) do not close at the stated total. A rubric of status `partial` may lack its groups,
    groups of its total, and the lines of its grades. `cases` are for `examples.faults`.
    """
    top = _Table(data, "评分标准")
    weighted = top.flag("weighted")
    total = top.points("total")
    floor_percent = top.percent("group_floor_percent", 0)
    status = top.choice("status", Status)
    needed = status is not Status.PARTIAL
    rubric = Rubric(
        id=top.text("id"),
        name=top.text("name"),
        version=top.text("version"),
        track=top.text("track"),
        status=status,
        source=top.text("source"),
        missing=top.text("missing", default=""),
        weighted=weighted,
        total=total,
        pass_points=top.points("pass_points", default=0),
        grades=_grades(top, needed),
        groups=tuple(
            _group(_Table(raw, "指标组"), total, weighted, floor_percent)
            for raw in top.tables("groups", needed=needed)
        ),
        variants=top.names("variants"),
    )
    top.tables("cases", needed=False)
    top.close()
    _require_closed(rubric)
    return rubric


class _Table:
    """Reads one TOML table field by field and refuses what is left over."""

    def __init__(self, data: Mapping[str, Any], kind: str) -> None:
        if not isinstance(data, Mapping):
            raise Invalid(f"{kind}应为一个表")
        self._left = dict(data)
        self.what = f"{kind}“{data.get('name', data.get('id', '未命名'))}”"

    def refuse(self, key: str, should: str) -> Invalid:
        return Invalid(f"{self.what}的 {key} {should}", field=key)

    def text(self, key: str, default: str | None = None) -> str:
        value = self._left.pop(key, default)
        if not isinstance(value, str) or not (value or default == ""):
            raise self.refuse(key, "应为文字")
        return value

    def flag(self, key: str) -> bool:
        value = self._left.pop(key, False)
        if not isinstance(value, bool):
            raise self.refuse(key, "应为 true 或 false")
        return value

    def points(self, key: str, default: int | None = None) -> int:
        """Milli-points, not negative; `default` is in milli-points already."""
        if default is not None and key not in self._left:
            return default
        value = milli(self._left.pop(key, None), key)
        if value < 0:
            raise self.refuse(key, "不能为负")
        return value

    def count(self, key: str) -> int:
        value = self._left.pop(key, None)
        if type(value) is not int or value < 1:
            raise self.refuse(key, "应为正整数")
        return value

    def percent(self, key: str, default: int) -> int:
        value = self._left.pop(key, default)
        if type(value) is not int or not 0 <= value <= 100:
            raise self.refuse(key, "应为 0 到 100 的整数")
        return value

    def choice(self, key: str, kinds: type[AnEnum]) -> AnEnum:
        value = self.text(key)
        if value not in tuple(kinds):
            raise self.refuse(key, f"只能是 {'、'.join(kinds)}")
        return kinds(value)

    def names(self, key: str) -> dict[str, str]:
        value = self._left.pop(key, {})
        if not isinstance(value, Mapping) or not all(isinstance(v, str) for v in value.values()):
            raise self.refuse(key, "应为名称对照表")
        return dict(value)

    def texts(self, key: str) -> tuple[str, ...]:
        value = self._left.pop(key, [])
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            raise self.refuse(key, "应为文字列表")
        return tuple(value)

    def tables(self, key: str, *, needed: bool) -> list[Any]:
        value = self._left.pop(key, [])
        if not isinstance(value, list) or (needed and not value):
            raise self.refuse(key, "应为非空列表" if needed else "应为列表")
        return value

    def close(self) -> None:
        if self._left:
            names = "、".join(sorted(self._left))
            raise Invalid(f"{self.what}含有不认识的字段：{names}", field=names)


def _worth(table: _Table, total: int, weighted: bool) -> int:
    """Milli-points of the total: stated as points, or as a weight of it (1 = all)."""
    if weighted:
        return half_up_ratio(table.points("weight") * total, MILLI)
    return table.points("points")


def _grades(top: _Table, whole: bool) -> tuple[Grade, ...]:
    grades = []
    for raw in top.tables("grades", needed=False):
        table = _Table(raw, "等次")
        line = table.points("at_least", None if whole else 0)
        share = table.percent("share_at_most", 100)
        grades.append(Grade(name=table.text("name"), at_least=line, share=share))
        table.close()
    bounds = [grade.at_least for grade in grades]
    if whole and bounds != sorted(set(bounds), reverse=True):
        raise top.refuse("grades", "应按分数线从高到低排列且互不相同")
    return tuple(grades)


def _group(table: _Table, total: int, weighted: bool, floor_percent: int) -> Group:
    points = _worth(table, total, weighted)
    bonus = table.flag("bonus")
    percent = table.percent("floor_percent", 0 if bonus else floor_percent)
    parts, items = _level_three(table, total, weighted)
    group = Group(
        id=table.text("id"),
        name=table.text("name"),
        points=points,
        # Rounded up: a whole number is below 199.8 exactly when it is below 200.
        floor=-(-points * percent // 100),
        bonus=bonus,
        parts=tuple(parts),
        items=(
            *items,
            *(
                _item(_Table(raw, "指标"), total, weighted)
                for raw in table.tables("items", needed=not parts)
            ),
        ),
    )
    table.close()
    return group


def _level_three(table: _Table, total: int, weighted: bool) -> tuple[list[Part], list[Item]]:
    """The middle level of a group that has one, each part closed over its items."""
    parts, items = [], []
    for raw in table.tables("parts", needed=False):
        inner = _Table(raw, "二级指标")
        part = Part(
            id=inner.text("id"), name=inner.text("name"), points=_worth(inner, total, weighted)
        )
        own = [
            _item(_Table(each, "指标"), total, weighted, part.name)
            for each in inner.tables("items", needed=True)
        ]
        inner.close()
        _require_sum(f"二级指标“{part.name}”", part.id, part.points, own, capped=False)
        parts.append(part)
        items += own
    return parts, items


def _bands(table: _Table, points: int) -> tuple[tuple[int, int], ...]:
    """What a figure gives, the highest band first; the best of them gives all the points."""
    found = []
    for raw in table.tables("bands", needed=True):
        band = _Table(raw, "分档")
        found.append((band.points("at_least"), band.points("points")))
        band.close()
    if found != sorted(set(found), reverse=True) or found[0][1] != points:
        raise table.refuse("bands", "应从高到低排列，最高一档为该项满分")
    return tuple(found)


def _item(table: _Table, total: int, weighted: bool, part: str = "") -> Item:
    points = _worth(table, total, weighted)
    kind = table.choice("kind", Kind)
    scale = table.points("scale", 100 * MILLI) if weighted else points
    by_units = kind is Kind.DEDUCTION
    item = Item(
        id=table.text("id"),
        name=table.text("name"),
        kind=kind,
        method=table.choice("method", Method),
        points=points,
        scale=scale,
        step=table.points("step", MILLI // 2) if kind is Kind.POINTS else scale,
        floor=table.points("floor", 0),
        cap=table.points("cap", points),
        required_units=table.count("required_units") if by_units else 0,
        per_missing=table.points("per_missing") if by_units else 0,
        unit=table.text("unit") if by_units else "",
        evidence_required=table.flag("evidence_required"),
        criteria=table.text("criteria", default=""),
        clauses=table.texts("clauses"),
        norms=table.texts("norms"),
        part=part,
        fact=table.text("fact") if kind is Kind.DATA else "",
        bands=_bands(table, scale) if kind is Kind.DATA else (),
    )
    table.close()
    if not item.scale or not item.step or item.scale % item.step:
        raise table.refuse("step", f"应能整除满分 {shown(item.scale)}")
    if not item.floor <= item.cap <= item.points:
        raise table.refuse("cap", "应在下限与分值之间")
    return item


def _require_closed(rubric: Rubric) -> None:
    ids = [group.id for group in rubric.groups] + [item.id for item in rubric.items()]
    ids += [part.id for group in rubric.groups for part in group.parts]
    twice = [each for each, count in Counter(ids).items() if count > 1]
    if twice:
        raise Invalid(f"编号重复：{'、'.join(twice)}", field="id")
    for group in rubric.groups:
        _require_sum(f"指标组“{group.name}”", group.id, group.points, group.items, group.bonus)
    closed = sum(group.points for group in rubric.groups if not group.bonus)
    short = rubric.status is Status.PARTIAL and closed < rubric.total
    if rubric.groups and closed != rubric.total and not short:
        raise Invalid(
            f"各组合计 {shown(closed)} 分，与总分 {shown(rubric.total)} 分不符",
            remedy="请调整各组分值，使合计等于总分。",
            field="total",
        )
    bounds = [rubric.pass_points, *(grade.at_least for grade in rubric.grades)]
    if max(bounds) > rubric.total:
        raise Invalid("合格线或等次分数线高于总分", field="pass_points")


def _require_sum(what: str, field: str, points: int, items: Sequence[Item], capped: bool) -> None:
    inside = sum(item.points for item in items)
    # Bonus items may add up to more than their cap; that is what a cap is for.
    if inside != points and not (capped and inside > points):
        raise Invalid(
            f"{what}各项合计 {shown(inside)} 分，与该组的 {shown(points)} 分不符",
            remedy="请调整指标分值，使合计等于该组分值。",
            field=field,
        )
