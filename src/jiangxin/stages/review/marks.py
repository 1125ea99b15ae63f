"""From what an expert typed to the marks that the scoring engine takes."""

from collections.abc import Mapping
from typing import Any, Protocol

from jiangxin.core.kernel.errors import Invalid
from jiangxin.core.scoring.marking import Evidence, Mark, mark_problem
from jiangxin.core.scoring.points import milli
from jiangxin.core.scoring.rubric import Item, Kind, Rubric


class Marked(Protocol):
    """A sheet of any kind: what is kept by item id."""

    marks: dict[str, Any]


def stored(item: Item, data: Mapping[str, str]) -> dict[str, Any]:
    """What is kept of one item: the text as typed, its number if it is one, evidence, remark.

    `data` has the number under the item's id, and `id-evidence`, `id-comment`.
    """
    raw = str(data.get(item.id, "")).strip()[:20]
    evidence = data.get(f"{item.id}-evidence") or Evidence.SOUND.value
    kept: dict[str, Any] = {
        "typed": raw,
        "evidence": evidence if evidence in tuple(Evidence) else Evidence.SOUND.value,
        "comment": str(data.get(f"{item.id}-comment", "")).strip()[:500],
    }
    if item.kind is Kind.DEDUCTION:
        if raw.isascii() and raw.isdigit():
            kept["units"] = int(raw[:6])
        return kept
    try:
        kept["value"] = milli(raw)
    except Invalid:
        return kept
    return kept


def marks_of(by: Rubric, sheet: Marked) -> dict[str, Mark]:
    """item → mark, for the items whose number could be read."""
    found = {}
    for item in by.items():
        kept = sheet.marks.get(item.id, {})
        if "value" in kept or "units" in kept:
            found[item.id] = Mark(
                value=kept.get("value"),
                units=kept.get("units"),
                evidence=Evidence(kept["evidence"]),
                comment=kept["comment"],
            )
    return found


def problems_of(by: Rubric, sheet: Marked) -> dict[str, str]:
    """item → what keeps its mark from being used, in Chinese; items that are fine are left out."""
    marks = marks_of(by, sheet)
    found = {}
    for item in by.items():
        raw = sheet.marks.get(item.id, {}).get("typed", "")
        if raw and item.id not in marks:
            what = "数量" if item.kind is Kind.DEDUCTION else "分值"
            found[item.id] = f"“{raw}”不是可用的{what}"
        elif problem := mark_problem(item, marks.get(item.id)):
            found[item.id] = problem
    return found
