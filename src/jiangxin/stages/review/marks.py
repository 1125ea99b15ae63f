"""From what an expert typed to the marks that the scoring engine takes."""

from collections.abc import Mapping
from typing import Any, Protocol

from jiangxin.core.kernel.errors import Invalid
from jiangxin.core.scoring.figures import amount, band_points
from jiangxin.core.scoring.marking import Evidence, Mark, mark_problem
from jiangxin.core.scoring.points import milli
from jiangxin.core.scoring.rubric import Item, Kind, Rubric

from .choices import Ballot

LAID = ("typed", "value", "source")
WRONG = {Kind.DEDUCTION: "数量", Kind.VOTE: "选项"}


class Marked(Protocol):
    """A sheet of any kind: what is kept by item id."""

    marks: dict[str, Any]


def stored(
    item: Item, data: Mapping[str, str], laid: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """What is kept of one item: the text as typed, its number if it is one, evidence, remark.

    `data` has the number under the item's id, and `id-evidence`, `id-comment`. The mark of an item
    that is scored from data is the one that was `laid`, whatever was sent.
    """
    raw = str(data.get(item.id, "")).strip()[:20]
    evidence = data.get(f"{item.id}-evidence") or Evidence.SOUND.value
    kept: dict[str, Any] = {
        "typed": raw,
        "evidence": evidence if evidence in tuple(Evidence) else Evidence.SOUND.value,
        "comment": str(data.get(f"{item.id}-comment", "")).strip()[:500],
    }
    if item.kind is Kind.DATA:
        return {**kept, **{key: laid[key] for key in LAID if key in laid}} if laid else kept
    if item.kind is Kind.VOTE:
        if raw in Ballot.values:
            kept["value"] = item.scale if raw == Ballot.YES else 0
        return kept
    if item.kind is Kind.DEDUCTION:
        if raw.isascii() and raw.isdigit():
            kept["units"] = int(raw[:6])
        return kept
    try:
        kept["value"] = milli(raw)
    except Invalid:
        return kept
    return kept


def laid(item: Item, facts: Mapping[str, Any], label: str) -> dict[str, Any]:
    """The mark of an item that is scored from data: what the figure gives, and where it stands.

    A figure that is not given gives 0 and says so.
    """
    given = facts.get(item.fact)
    figure = amount(given)
    return {
        "typed": str(given) if figure is not None else "未填写",
        "value": band_points(item, figure),
        "evidence": Evidence.SOUND.value,
        "comment": "",
        "source": label,
    }


def said(item: Item, typed: str) -> str:
    """What was typed, in words where it is the code of a ballot."""
    return dict(Ballot.choices).get(typed, typed) if item.kind is Kind.VOTE else typed


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
            what = WRONG.get(item.kind, "分值")
            found[item.id] = f"“{raw}”不是可用的{what}"
        elif problem := mark_problem(item, marks.get(item.id)):
            found[item.id] = problem
    return found
