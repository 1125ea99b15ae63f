"""A policy pack: everything that was read, and the questions that the product asks of it."""

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from ..kernel.errors import NotFound
from .forms import Form
from .model import Clause, Level, Norm, Occupation, Parameter, Requirement, Track
from .overlay import Overlay


@dataclass(frozen=True, kw_only=True, eq=False)
class Pack:
    """A policy as data. Mappings keep the order of the files."""

    code: str
    title: str
    issued_by: tuple[str, ...]
    issued_on: date
    clauses: dict[str, Clause]
    norms: dict[str, Norm]
    parameters: tuple[Parameter, ...]
    tracks: dict[str, Track]
    forms: dict[str, Form]
    occupations: dict[str, Occupation]
    priority_fields: dict[str, str]
    levels: dict[str, Level]
    choices: dict[str, dict[str, str]]
    money: dict[str, Any]
    rubrics: dict[str, dict[str, Any]]
    checklists: dict[str, tuple[dict[str, Any], ...]]
    overlays: tuple[Overlay, ...]
    cases: tuple[dict[str, Any], ...]

    @cached_property
    def names(self) -> dict[str, str]:
        """What every key of every list is called in Chinese."""
        return {key: label for known in self.choices.values() for key, label in known.items()}

    @cached_property
    def ranks(self) -> dict[str, int]:
        """The rank of every skill level."""
        return {key: level.rank for key, level in self.levels.items()}

    def parameter(self, name: str, on: date) -> Parameter:
        """The parameter in force on `on`. Raises `NotFound` when there is none."""
        for each in self.parameters:
            if each.name == name and each.since <= on and (each.until is None or on <= each.until):
                return each
        raise NotFound(
            f"政策参数“{name}”在 {on.isoformat()} 没有值。",
            remedy="请检查日期是否早于通知印发之日，或在政策包中补充该参数。",
        )

    def value(self, name: str, on: date, overlay: Overlay | None = None) -> Any:
        """The parameter's value on `on`: the province's own where its overlay sets one."""
        if overlay is not None and name in overlay.values:
            return overlay.values[name]
        return self.parameter(name, on).value

    @cached_property
    def years(self) -> range:
        """The programme years of the notice, oldest first."""
        first, last = (
            next(each.value for each in self.parameters if each.name == name)
            for name in ("programme.first_year", "programme.last_year")
        )
        return range(first, last + 1)

    def covers(self, year: int) -> bool:
        """Whether the notice runs in that programme year."""
        return year in self.years

    def requirements(self, track: str) -> tuple[Requirement, ...]:
        """Every requirement of a track, those of the tracks that it includes first."""
        own = self.track(track)
        included = [each for key in own.includes for each in self.requirements(key)]
        return (*included, *own.requirements)

    def track(self, key: str) -> Track:
        """The track of that key. Raises `NotFound`."""
        if key not in self.tracks:
            raise NotFound(f"没有“{key}”这个申报类别。", remedy=f"可用：{'、'.join(self.tracks)}。")
        return self.tracks[key]

    def form(self, track: str, overlay: Overlay | None = None) -> Form:
        """The application form of a track, with a province's own fields. Raises `NotFound`."""
        self.track(track)
        form = self.forms[track]
        return form if overlay is None else overlay.extend(form)

    def overlay(self, province: str, year: int) -> Overlay | None:
        """The detailed rules that a province set for a programme year; None when it set none."""
        for each in self.overlays:
            if each.province == province and each.year == year:
                return each
        return None
