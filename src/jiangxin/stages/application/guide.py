"""The guide of a track: who may apply by which clause, what to prepare, how to fill in every field.

It is made from the same pack as the form, so that it can not say anything else.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.regions import province_name
from jiangxin.core.policy import Field, Overlay, Requirement
from jiangxin.core.policy.forms import SOURCES
from jiangxin.core.policy.printed import unit_of
from jiangxin.stages.programme.models import Call
from jiangxin.stages.programme.queries import overlay_of_call, pack, plan
from jiangxin.stages.programme.tracks import Track

from .paper import heading
from .workbook import stamp_of

KINDS = {
    "text": "文字",
    "longtext": "文字",
    "integer": "整数",
    "money": "金额",
    "date": "日期",
    "year": "年份",
    "quarter": "季度",
    "choice": "单选",
    "multichoice": "多选",
    "yesno": "是或否",
    "attest": "声明",
    "uscc": "统一社会信用代码",
    "id_number": "公民身份号码",
    "phone": "电话",
    "email": "电子邮箱",
    "occupation": "职业编码",
    "level": "技能等级",
    "table": "表格",
}
EVIDENCE = {"none": "", "optional": "可附佐证", "required": "必附佐证"}


@dataclass(frozen=True, kw_only=True)
class Line:
    """One field or column: how it is called, what it takes, how to fill it in, what proves it."""

    label: str
    takes: str
    help: str
    evidence: str = ""
    clause: str = ""
    column: bool = False


@dataclass(frozen=True, kw_only=True)
class Condition:
    """One condition: its clause, title, the limits it rests on, and whose it is."""

    clause: str
    title: str
    limits: str
    source: str


@dataclass(frozen=True, kw_only=True)
class Guide:
    """Everything that a unit should know before it begins."""

    track: Track
    title: str
    conditions: list[Condition]
    prepare: list[Line]
    sections: list[tuple[str, str, list[Line]]]
    dates: list[tuple[str, str]]
    province: str
    phone: str
    assumption: str
    version: str


def guide(track: Track, call: Call | None) -> Guide:
    """The guide of a track, with the dates, phone and rules of a call; at most one query."""
    overlay = overlay_of_call(call) if call else None
    form = pack().form(track.value, overlay)
    sections = [
        (section.title, section.intro, [line for each in section.fields for line in _lines(each)])
        for section in form.sections
    ]
    return Guide(
        track=track,
        title=pack().track(track.value).title,
        conditions=list(_conditions(track, call, overlay)),
        prepare=[_line(each) for _, each in form.fields() if each.evidence == "required"],
        sections=sections,
        dates=[(each.label, clock.long_deadline(each.at)) for each in plan(call)] if call else [],
        province=province_name(call.province) if call else "",
        phone=call.phone if call else "",
        assumption=form.assumption,
        version=stamp_of(form),
    )


def _conditions(track: Track, call: Call | None, overlay: Overlay | None) -> Iterator[Condition]:
    on = date(call.year, 12, 31) if call else clock.today()
    added = overlay.requirements.get(track.value, ()) if overlay else ()
    for source, found in (("国家", pack().requirements(track.value)), ("本省", added)):
        for each in found:
            yield Condition(
                clause=each.clause,
                title=each.title,
                limits="；".join(_limits(each, on, overlay)),
                source=source,
            )


def _limits(one: Requirement, on: date, overlay: Overlay | None) -> Iterator[str]:
    """The numbers that a condition rests on, a province's own where it has tightened them."""
    for leaf in one.condition.leaves():
        for name in leaf.parameters():
            if overlay and overlay.own(name):
                continue  # a province's own number stands in the title of its condition
            found = pack().parameter(name, on)
            value = pack().value(name, on, overlay)
            level = pack().levels.get(value) if isinstance(value, str) else None
            yield f"{found.title}：{level.name if level else value} {found.unit}".strip()


def _lines(field: Field) -> Iterator[Line]:
    yield _line(field)
    for column in field.columns:
        yield _line(column, column=True)


def _line(field: Field, *, column: bool = False) -> Line:
    return Line(
        label=field.label,
        takes=_takes(field),
        help=field.help,
        evidence=EVIDENCE[field.evidence],
        clause=field.clause,
        column=column,
    )


def _takes(field: Field) -> str:
    """What is typed: kind, unit, most letters or rows, whether it must be; or that it is not typed."""
    if field.source != "typed":
        return SOURCES[field.source]
    told = [KINDS[field.kind]]
    if unit := unit_of(field):
        told.append(unit)
    if field.kind in ("text", "longtext"):
        told.append(f"最多 {field.max_length} 字")
    if field.kind == "table":
        least = f"{field.min_rows}—" if field.min_rows else "最多 "
        told.append(f"{least}{field.max_rows} 行")
    if field.kind in ("choice", "multichoice"):
        told.append("、".join(option.label for option in field.options[:6]))
        if len(field.options) > 6:
            told[-1] += "等"
    return ("必填，" if field.required else "选填，") + "，".join(told)


def report(found: Guide, cited: Callable[[str], str]) -> dict[str, Any]:
    """The guide for `report.typ`; `cited` says how officials cite a clause."""
    chapters = [
        (
            "一、谁可以申报",
            _table(("条款", "条件", "标准"), (2, 7, 5), _condition_rows(found, cited)),
        ),
        ("二、需要准备的材料", _table(("材料", "说明"), (4, 8), _prepare_rows(found))),
        ("三、日程和咨询电话", [{"text": line} for line in _when(found)]),
        *(
            (
                heading(number, f"怎样填写：{title}"),
                [
                    {"text": intro},
                    *_table(("栏目", "填什么", "怎样填", "佐证"), (4, 4, 7, 2), _rows(lines)),
                ],
            )
            for number, (title, intro, lines) in enumerate(found.sections, start=3)
        ),
        ("说明", [{"text": found.assumption}]),
    ]
    where = f"（{found.province}）" if found.province else ""
    return {
        "title": f"{found.title}\n申报指南{where}",
        "mark": f"表单版本 {found.version}",
        "chapters": [{"title": title, "parts": parts} for title, parts in chapters],
        "signed": [],
    }


def _table(
    columns: tuple[str, ...], widths: tuple[int, ...], rows: list[list[str]]
) -> list[Mapping[str, Any]]:
    if not rows:
        return [{"text": "（无）"}]
    return [{"columns": list(columns), "widths": list(widths), "rows": rows}]


def _condition_rows(found: Guide, cited: Callable[[str], str]) -> list[list[str]]:
    return [
        [
            cited(each.clause),
            each.title + ("（本省细则）" if each.source != "国家" else ""),
            each.limits or "—",
        ]
        for each in found.conditions
    ]


def _prepare_rows(found: Guide) -> list[list[str]]:
    return [[each.label, each.help] for each in found.prepare]


def _rows(lines: list[Line]) -> list[list[str]]:
    return [
        [("· " if each.column else "") + each.label, each.takes, each.help, each.evidence or "—"]
        for each in lines
    ]


def _when(found: Guide) -> list[str]:
    if not found.dates:
        return ["日程和咨询电话以本省申报通知为准。"]
    dates = [f"{label}：{when}" for label, when in found.dates]
    return [*dates, f"{found.province}资格审查咨询电话：{found.phone}"]
