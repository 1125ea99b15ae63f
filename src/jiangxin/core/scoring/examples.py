"""Worked examples that stand in a rubric's own file: what full marks but for a few come to."""

from collections.abc import Iterator, Mapping
from typing import Any

from ..kernel.errors import DomainError
from .loading import rubric_from
from .marking import Evidence, Mark, score
from .points import milli, shown
from .rubric import Item, Kind, Rubric


def faults(data: Mapping[str, Any]) -> list[str]:
    """What is wrong with a rubric's data (read with `parse_float=Decimal`), in Chinese.

    It must load; each of its `cases` ({name, marks, evidence, total, qualified}, where `marks` are
    points or units of the items that are not full) must come out as it says.
    """
    try:
        rubric = rubric_from(data)
        cases = data.get("cases", ())
        return [wrong for case in cases for wrong in _faults(rubric, case)]
    except (DomainError, KeyError, ValueError) as refused:
        return [getattr(refused, "message", f"案例缺少或写错 {refused}")]


def _faults(rubric: Rubric, case: Mapping[str, Any]) -> Iterator[str]:
    marks = dict(case.get("marks", {}))
    evidence = dict(case.get("evidence", {}))
    for stray in sorted({*marks, *evidence} - {item.id for item in rubric.items()}):
        yield f"案例“{case['name']}”：评分标准中没有指标 {stray}。"
    result = score(
        rubric,
        {
            item.id: _mark(item, marks.get(item.id), evidence.get(item.id, "sound"))
            for item in rubric.items()
        },
    )
    expected = milli(case["total"])
    if result.problems or result.total != expected:
        found = "；".join(result.problems) or f"得 {shown(result.total)} 分"
        yield f"案例“{case['name']}”应得 {shown(expected)} 分，实际：{found}。"
    if result.qualified != case.get("qualified", True):
        yield f"案例“{case['name']}”合格与否与预期不符：{'；'.join(result.shortfalls) or '合格'}。"


def _mark(item: Item, given: Any, evidence: str) -> Mark:
    if item.kind is Kind.DEDUCTION:
        return Mark(
            units=item.required_units if given is None else int(given), evidence=Evidence(evidence)
        )
    return Mark(value=item.scale if given is None else milli(given), evidence=Evidence(evidence))
