"""What a policy pack is made of, once it has been read."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ..kernel.errors import NotFound
from .conditions import Condition

if TYPE_CHECKING:
    from .forms import Form
    from .overlay import Overlay


@dataclass(frozen=True, kw_only=True)
class Clause:
    """A clause of the notice, verbatim."""

    id: str
    title: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Norm:
    """One thing that a clause demands, permits, forbids or aims at, and where the product has it.

    `kind`: T target, E eligibility, Q quota, D deadline, P procedure, R report content, M money,
    S sanction, A aim. `how`: enforced, computed or reported. `where`: dotted places of the product.
    """

    id: str
    clause: str
    kind: str
    title: str
    how: str
    where: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """A number or word of the law, valid from `since` to `until` (both included; None: open).

    `stricter` says which way a province may move it: higher, lower, or not at all (fixed).
    `assumption` is the Chinese reason of a reading that the notice leaves open, else empty.
    """

    name: str
    title: str
    value: Any
    unit: str
    clause: str
    since: date
    until: date | None
    assumption: str
    note: str
    stricter: str


@dataclass(frozen=True, kw_only=True)
class Requirement:
    """A condition with the norm and the clause that it comes from."""

    norm: str
    clause: str
    title: str
    condition: Condition


@dataclass(frozen=True, kw_only=True)
class Track:
    """A way into the programme: new_base, existing_base or studio.

    `requirements` are those of this track alone; `includes` names tracks whose requirements hold
    as well. `sample` is a unit that meets everything: the yardstick of overlays and of tests.
    """

    key: str
    kind: str
    title: str
    clause: str
    includes: tuple[str, ...]
    requirements: tuple[Requirement, ...]
    sample: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Occupation:
    """An occupation of the 国家职业分类大典: its code and its name."""

    code: str
    name: str


@dataclass(frozen=True, kw_only=True)
class Level:
    """A skill level of the 新八级工; a higher rank is a higher level."""

    key: str
    rank: int
    name: str
    highly_skilled: bool


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
    forms: dict[str, "Form"]
    occupations: dict[str, Occupation]
    priority_fields: dict[str, str]
    levels: dict[str, Level]
    choices: dict[str, dict[str, str]]
    money: dict[str, Any]
    rubrics: dict[str, dict[str, Any]]
    overlays: tuple["Overlay", ...]
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

    def value(self, name: str, on: date, overlay: "Overlay | None" = None) -> Any:
        """The parameter's value on `on`: the province's own where its overlay sets one."""
        if overlay is not None and name in overlay.values:
            return overlay.values[name]
        return self.parameter(name, on).value

    def covers(self, year: int) -> bool:
        """Whether the notice runs in that programme year."""
        first, last = (
            next(each.value for each in self.parameters if each.name == name)
            for name in ("programme.first_year", "programme.last_year")
        )
        return bool(first <= year <= last)

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

    def form(self, track: str, overlay: "Overlay | None" = None) -> "Form":
        """The application form of a track, with a province's own fields. Raises `NotFound`."""
        self.track(track)
        form = self.forms[track]
        return form if overlay is None else overlay.extend(form)

    def overlay(self, province: str, year: int) -> "Overlay | None":
        """The detailed rules that a province set for a programme year; None when it set none."""
        for each in self.overlays:
            if each.province == province and each.year == year:
                return each
        return None
