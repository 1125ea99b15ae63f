"""Provincial detailed rules on top of the notice: they add or tighten, they never loosen (2.1, 2.2)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from jiangxin.core.kernel.errors import Invalid

from .conditions import condition_from
from .forms import Choices, Field, Form, field_from, with_fields
from .model import Requirement


@dataclass(frozen=True, kw_only=True)
class Preference:
    """What a province prefers in ranking without demanding it."""

    track: str
    text: str
    clause: str = ""


@dataclass(frozen=True, kw_only=True)
class Supplement:
    """Evidence that may still be added after the close: to the fields of these keys, until a day."""

    until: date
    fields: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Overlay:
    """The rules of one province for one programme year.

    `values` are parameters that it sets anew (quota, publicity days, panel size, thresholds), and
    limits of its own conditions under names that begin with its code, like `37.education`;
    `requirements` are further conditions by track; `waived` are norms that it tries to drop (kept
    so that the refusal can name them); `fields` are further questions and attachments by track and
    section; `rubrics` maps a track to the rubric in use; `recommender` adds the step of a
    recommending body; `supplement` opens a time after the close.
    """

    code: str
    province: str
    province_name: str
    year: int
    title: str
    source: str
    values: Mapping[str, Any]
    requirements: Mapping[str, tuple[Requirement, ...]]
    waived: tuple[str, ...]
    fields: Mapping[str, Mapping[str, tuple[Field, ...]]]
    prefers: tuple[Preference, ...]
    rubrics: Mapping[str, str]
    recommender: bool
    supplement: Supplement | None = None

    @property
    def quota(self) -> dict[str, int]:
        """The province's own number of projects a year by kind, where it sets one."""
        prefix = "quota."
        return {
            name.removeprefix(prefix): value
            for name, value in self.values.items()
            if name.startswith(prefix)
        }

    @property
    def publicity_days(self) -> int | None:
        """Working days of publicity, where the province sets them."""
        return self.values.get("publicity.working_days")

    @property
    def panel_size(self) -> int | None:
        """Members of a panel, where the province sets them."""
        return self.values.get("panel.size")

    def own(self, name: str) -> bool:
        """Whether the province made up this parameter for a condition of its own."""
        return name.startswith(f"{self.province}.")

    def extend(self, form: Form) -> Form:
        """`form` with this province's own fields and attachments."""
        intro = f"{self.province_name}根据本地实际补充的申报材料。"
        return with_fields(form, self.fields.get(form.track, {}), "省级补充材料", intro)


def overlay_from(item: Mapping[str, Any], choices: Choices, province_name: str) -> Overlay:
    """An overlay out of a parsed file. Raises `Invalid`, naming what is wrong."""
    requirements: dict[str, list[Requirement]] = {}
    for each in item.get("conditions", ()):
        data = dict(each)
        track = data.pop("track")
        one = requirement_from(data)
        requirements.setdefault(track, []).append(one)
    added: dict[str, dict[str, tuple[Field, ...]]] = {}
    for each in (*item.get("fields", ()), *map(_attachment, item.get("attachments", ()))):
        data = dict(each)
        sections = added.setdefault(data.pop("track"), {})
        section = data.pop("section", "provincial")
        sections[section] = (*sections.get(section, ()), field_from(data, choices))
    return Overlay(
        code=item["code"],
        province=item["province"],
        province_name=province_name,
        year=item["year"],
        title=item["title"],
        source=item.get("source", ""),
        values=dict(item.get("values", {})),
        requirements={track: tuple(found) for track, found in requirements.items()},
        waived=tuple(item.get("waive", ())),
        fields=added,
        prefers=tuple(Preference(**each) for each in item.get("prefers", ())),
        rubrics=dict(item.get("rubrics", {})),
        recommender=bool(item.get("recommender", False)),
        supplement=_supplement(item.get("supplement")),
    )


def _supplement(item: Mapping[str, Any] | None) -> Supplement | None:
    if item is None:
        return None
    until, fields = item.get("until"), item.get("fields")
    if not isinstance(until, date) or isinstance(until, datetime) or not fields:
        raise Invalid("补充材料期须写明截止日期（until）和可以补充的栏目（fields）。")
    return Supplement(until=until, fields=tuple(map(str, fields)))


def requirement_from(item: Mapping[str, Any]) -> Requirement:
    """A condition with its norm, clause and title out of a table. Raises `Invalid`."""
    data = dict(item)
    norm, clause, title = (data.pop(name) for name in ("norm", "clause", "title"))
    data.setdefault("label", title)
    return Requirement(norm=norm, clause=clause, title=title, condition=condition_from(data))


def _attachment(item: Mapping[str, Any]) -> dict[str, Any]:
    """An attachment is a declaration whose evidence is required."""
    return {"kind": "attest", "required": True, "evidence": "required", **item}
