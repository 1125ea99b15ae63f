"""A rubric: groups of items whose points close at the stated total. `loading` reads it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from ..kernel.errors import Invalid


class Kind(StrEnum):
    """How an item turns a mark into points."""

    POINTS = "points"
    ALL_OR_NOTHING = "all_or_nothing"
    DEDUCTION = "deduction"
    DATA = "data"
    VOTE = "vote"

    @property
    def label(self) -> str:
        """Chinese, for score sheets."""
        return {
            "points": "按分值评定",
            "all_or_nothing": "是否评定",
            "deduction": "按缺少数量扣分",
            "data": "按申报数据计分",
            "vote": "表决",
        }[self.value]


class Method(StrEnum):
    """How an item is examined."""

    MATERIALS = "materials"
    VISIT = "visit"
    EXPERT = "expert"

    @property
    def label(self) -> str:
        """Chinese, for score sheets."""
        return {"materials": "材料审核", "visit": "实地考察", "expert": "专家意见"}[self.value]


class Status(StrEnum):
    """Whether a published document says so or this is our default."""

    PUBLISHED = "published"
    PARTIAL = "partial"
    ASSUMPTION = "assumption"

    @property
    def label(self) -> str:
        """Chinese, shown beside the rubric's name."""
        return {
            "published": "公开文件原有",
            "partial": "公开文件，内容不全",
            "assumption": "系统默认，可由省级调整",
        }[self.value]


@dataclass(frozen=True, kw_only=True)
class Item:
    """One line of a score sheet; all values in milli-points except `required_units`.

    `points` is what the item is worth in the total, `scale` the highest mark an expert may give
    (the same unless the rubric is weighted), `step` the mark's grain, `floor` and `cap` the
    bounds of what it may yield. A deduction takes `per_missing` off for each unit below
    `required_units`. A data item is not marked by hand: `fact` names the figure of the application
    and `bands` what it gives, as (at least so many thousandths, points), the highest first. `part`
    is the middle level that the item belongs to, "" in a rubric of two levels.
    """

    id: str
    name: str
    kind: Kind
    method: Method
    points: int
    scale: int
    step: int
    floor: int
    cap: int
    required_units: int
    per_missing: int
    unit: str
    evidence_required: bool
    criteria: str
    clauses: tuple[str, ...]
    norms: tuple[str, ...]
    part: str = ""
    fact: str = ""
    bands: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Part:
    """The middle level of a rubric of three: what its items close at."""

    id: str
    name: str
    points: int


@dataclass(frozen=True, kw_only=True)
class Group:
    """Items that belong together. `floor` in milli-points: less than that disqualifies.

    A bonus group stands outside the total and yields at most its `points`.
    """

    id: str
    name: str
    points: int
    floor: int
    bonus: bool
    items: tuple[Item, ...]
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Grade:
    """A grade from `at_least` milli-points on, to at most `share` percent of those assessed."""

    name: str
    at_least: int
    share: int = 100


@dataclass(frozen=True, kw_only=True)
class Rubric:
    """A validated rubric. `total` and `pass_points` in milli-points; grades highest first.

    `variants`: nature of a unit → the id of the rubric that takes this one's place for it.
    """

    id: str
    name: str
    version: str
    track: str
    status: Status
    source: str
    missing: str
    weighted: bool
    total: int
    pass_points: int
    grades: tuple[Grade, ...]
    groups: tuple[Group, ...]
    variants: Mapping[str, str] = field(default_factory=dict)

    @property
    def usable(self) -> bool:
        """Whether anything may be scored with it: its text is whole."""
        return bool(self.groups) and self.status is not Status.PARTIAL

    @property
    def voted(self) -> bool:
        """Whether the sheet is a ballot."""
        return any(item.kind is Kind.VOTE for item in self.items())

    def items(self) -> Iterator[Item]:
        """All items in the order of the sheet, bonus items included."""
        for group in self.groups:
            yield from group.items

    def item(self, item_id: str) -> Item:
        """One item; `Invalid` when the rubric has none of this id."""
        for item in self.items():
            if item.id == item_id:
                return item
        raise Invalid(f"评分标准“{self.name}”没有指标 {item_id}", field=item_id)
