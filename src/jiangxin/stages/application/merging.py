"""Two people of a unit in the same section: what each changed is kept, and nobody decides unseen.

A page carries a mark of every field as it stood when the page was opened. So the program knows which
fields the page changed and which were changed elsewhere in the meantime; only a field that was
changed on both sides is a conflict, and a person chooses.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from jiangxin.core.kernel.canonical import digest
from jiangxin.core.policy import Section

from .sealing import is_sealed

MINE, THEIRS = "mine", "theirs"


@dataclass(frozen=True)
class Merged:
    """`answers` of one section; `theirs`: fields taken from elsewhere, `both`: changed on both sides."""

    answers: dict[str, Any]
    theirs: tuple[str, ...]
    both: tuple[str, ...]


def marks(section: Section, answers: Mapping[str, Any]) -> dict[str, str]:
    """Field key → mark of its answer, for every field that a person fills in."""
    return {
        each.key: _mark(answers.get(each.key)) for each in section.fields if each.computed is None
    }


def _mark(value: Any) -> str:
    if is_sealed(value):  # the same number is sealed differently each time
        value = value.get("hash") or value["mask"]
    return "" if value is None else digest(value)[:12]


def marks_text(section: Section, answers: Mapping[str, Any]) -> str:
    """The marks as one hidden input carries them."""
    return " ".join(f"{key}:{mark}" for key, mark in marks(section, answers).items())


def read_marks(text: str) -> dict[str, str]:
    """The marks out of that input; what is no mark is left out, so that its field counts as changed."""
    pairs = (word.partition(":") for word in text[:20_000].split())
    return {key: mark for key, colon, mark in pairs if colon}


def merge(
    section: Section,
    *,
    typed: Mapping[str, Any],
    kept: Mapping[str, Any],
    base: Mapping[str, str],
    chosen: Mapping[str, str],
) -> Merged:
    """What the page says (`typed`) and what was saved elsewhere (`kept`) since the page's `base`.

    `chosen`: field → `mine` or `theirs`, for fields that a person was asked to decide; any other word
    leaves the field undecided.
    """
    answers: dict[str, Any] = {}
    theirs, both = [], []
    now, saved = marks(section, typed), marks(section, kept)
    for key in now:
        word = chosen.get(key, _word(now[key], saved[key], base.get(key)))
        if word == THEIRS:
            theirs.append(key)
        elif word != MINE:
            both.append(key)
        side = kept if word == THEIRS else typed
        if key in side:
            answers[key] = side[key]
    return Merged(answers, tuple(theirs), tuple(both))


def _word(now: str, saved: str, was: str | None) -> str:
    if now == saved or saved == was:
        return MINE
    return THEIRS if now == was else "both"


def labels(section: Section, keys: Iterable[str]) -> str:
    """The names of those fields, for a sentence."""
    found = [field.label for key in keys if (field := section.field(key))]
    return "、".join(f"“{label}”" for label in found)
