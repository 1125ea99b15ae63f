"""The same section changed on two pages: what each says, field by field."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any

from jiangxin.core.policy import Form, Section, parse_section, section_values
from jiangxin.faces.frame import submitted
from jiangxin.stages.application.merging import marks
from jiangxin.stages.application.sealing import seal_answers, shown_answers, unmasked

Values = dict[str, list[str]]


@dataclass(frozen=True)
class Differing:
    """One field to be decided: what was saved elsewhere, and what stands on this page."""

    key: str
    label: str
    theirs: str
    mine: str


def with_theirs(at: Section, values: Values, project: Any, keys: Collection[str]) -> Values:
    """The inputs of a page with the saved answers of `keys` instead of what was typed there."""
    some = replace(at, fields=tuple(each for each in at.fields if each.key in keys))
    stems = tuple(f"{key}-" for key in keys)
    others = {k: v for k, v in values.items() if k not in keys and not k.startswith(stems)}
    return others | section_values(some, shown_answers(project.answers))


def untouched(at: Section, values: Values, project: Any, base: Mapping[str, str]) -> Values:
    """The inputs with what was saved elsewhere wherever this page had not changed anything itself."""
    mine = marks(at, _answers(at, values, project))
    saved = marks(at, project.answers)
    return with_theirs(
        at,
        values,
        project,
        [key for key in mine if mine[key] == base.get(key) and mine[key] != saved[key]],
    )


def differing(form: Form, at: Section, project: Any, outcome: Any) -> list[Differing]:
    """The fields of `outcome.undecided`, with both contents as texts."""
    if not outcome.undecided:
        return []
    mine = _answers(at, outcome.values, project)
    found = []
    for field in at.fields:
        if field.key not in outcome.undecided:
            continue
        only = Form(track=form.track, sections=(replace(at, fields=(field,)),))
        sides = (SimpleNamespace(answers=each, evidence=[]) for each in (project.answers, mine))
        texts = [(each.before, each.after) for each in submitted.differences(only, *sides)]
        theirs, own = texts[0] if texts else ("", "")
        found.append(Differing(field.key, field.label, theirs, own))
    return found


def _answers(at: Section, values: Values, project: Any) -> dict[str, Any]:
    given = unmasked(at.fields, values, project.answers)
    return seal_answers(at.fields, parse_section(at, given).answers, project.answers)
