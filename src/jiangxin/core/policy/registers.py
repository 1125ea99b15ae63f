"""Conditions over a register that the caller looked up and passes in as facts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .conditions import Condition, Context, Outcome, kind, met, not_met, unknown
from .values import rows, whole_number


@kind("in_register")
@dataclass(frozen=True, kw_only=True)
class InRegister(Condition):
    """The unit must stand in a register with certain states.

    The fact is `{"found": bool, …}`; `states` gives for each entry field the accepted words, and
    `year`, `since`, `until` bound the year in which it was named (two parameters). `words` are the
    Chinese texts of the states.
    """

    fact: str
    states: Mapping[str, list[str]] = field(default_factory=dict)
    words: Mapping[str, str] = field(default_factory=dict)
    year: str = ""
    since: str = ""
    until: str = ""

    def parameters(self) -> tuple[str, ...]:
        return tuple(name for name in (self.since, self.until) if name)

    def facts(self) -> tuple[str, ...]:
        return (self.fact,)

    def judge(self, context: Context) -> Outcome:
        entry = _entry(context.facts.get(self.fact))
        if entry is None:
            return unknown(self.label, "尚未在名录中核对；请核对单位名称（含曾用名）和代码。")
        if not entry["found"]:
            return not_met(f"{self.label}：名录中没有该单位。", "名录有误的，先更正名录。", None)
        open_state: Outcome | None = None
        for outcome in (self._year(context, entry), *self._states(entry)):
            if outcome is not None and outcome.verdict == "not_met":
                return outcome
            open_state = open_state or outcome
        if open_state is not None:
            return open_state
        because = f"{self.label}：名录中有该单位，状态符合要求。"
        return met(because, "名录状态改变时随之改变。", dict(entry))

    def _year(self, context: Context, entry: Mapping[str, Any]) -> Outcome | None:
        if not self.year:
            return None
        year = whole_number(entry.get(self.year))
        if year is None:
            return unknown(self.label, "名录中没有确定年份，请补齐。")
        first, last = context.limit(self.since), context.limit(self.until)
        if first <= year <= last:
            return None
        because = f"{self.label}：确定年份为 {year} 年，要求在 {first}—{last} 年。"
        return not_met(because, "确定年份登记有误的，先更正名录。", year)

    def _states(self, entry: Mapping[str, Any]) -> list[Outcome | None]:
        return [self._state(name, accepted, entry) for name, accepted in self.states.items()]

    def _state(self, name: str, accepted: list[str], entry: Mapping[str, Any]) -> Outcome | None:
        state = entry.get(name)
        wanted = "或".join(self.words.get(word, word) for word in accepted)
        if not isinstance(state, str) or not state:
            return unknown(self.label, f"名录中尚无此项记录；要求为：{wanted}。")
        if state in accepted:
            return None
        because = f"{self.label}：现为“{self.words.get(state, state)}”，要求为：{wanted}。"
        return not_met(because, f"变为{wanted}即符合。", state)


@kind("unique_in_register")
@dataclass(frozen=True, kw_only=True)
class UniqueInRegister(Condition):
    """Nobody in the register is this person at this unit.

    `person` is one key; `units` all names and codes of the unit, former ones included; `register`
    a list of `{"person": …, "units": […], "title": …}` over the whole nation.
    """

    person: str
    units: str
    register: str

    def facts(self) -> tuple[str, ...]:
        return (self.person, self.units, self.register)

    def judge(self, context: Context) -> Outcome:
        person = context.facts.get(self.person)
        units = context.facts.get(self.units)
        entries = rows(context.facts.get(self.register))
        if not isinstance(person, str) or not person or not isinstance(units, list | tuple):
            return unknown(self.label, "请填写带头人证件号码和单位名称、代码。")
        if entries is None or not units:
            return unknown(self.label, "尚未与全国名录比对。")
        for entry in entries:
            named = entry.get("units")
            shared = set(_keys(named)) & set(_keys(units))
            if entry.get("person") == person and shared:
                title = entry.get("title") or "国家级技能大师工作室"
                because = f"{self.label}：该带头人已以同一单位（{min(shared)}）被确定为“{title}”。"
                return not_met(because, "不得以相同单位再次申报；以其他单位申报的除外。", title)
        because = f"{self.label}：全国名录中没有同一带头人、同一单位的记录。"
        return met(because, "名录中出现同一人、同一单位的记录则不符合。", 0)


def _entry(value: Any) -> Mapping[str, Any] | None:
    if isinstance(value, Mapping) and isinstance(value.get("found"), bool):
        return value
    return None


def _keys(value: Any) -> list[str]:
    return (
        [item for item in value if isinstance(item, str)] if isinstance(value, list | tuple) else []
    )
