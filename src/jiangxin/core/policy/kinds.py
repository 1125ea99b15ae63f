"""The kinds of conditions that read one fact or one table: the leaves."""

from dataclasses import dataclass

from .conditions import Condition, Context, Outcome, kind, met, not_met, unknown
from .values import column_values, day, percent_text, rows, whole_number, years_later
from .verdict import Verdict


@kind("threshold")
@dataclass(frozen=True, kw_only=True)
class Threshold(Condition):
    """A number must be at least (or at most) a parameter; `within` names the whole it is part of."""

    fact: str
    unit: str
    at_least: str = ""
    at_most: str = ""
    within: str = ""

    def parameters(self) -> tuple[str, ...]:
        return tuple(name for name in (self.at_least, self.at_most) if name)

    def facts(self) -> tuple[str, ...]:
        return tuple(name for name in (self.fact, self.within) if name)

    def judge(self, context: Context) -> Outcome:
        number = whole_number(context.facts.get(self.fact))
        if number is None:
            return unknown(self.label, f"请填写{self.label}（{self.unit}，不小于 0 的整数）。")
        limit = int(context.limit(self.at_least or self.at_most))
        words = "不少于" if self.at_least else "不超过"
        because = f"{self.label} {number} {self.unit}，要求{words} {limit} {self.unit}。"
        if (number < limit) if self.at_least else (number > limit):
            return not_met(because, self._missing(number, limit), number)
        if self.within:
            contradiction = self._contradiction(context, number)
            if contradiction:
                return contradiction
        edge = "低于" if self.at_least else "超过"
        return met(because, f"{edge} {limit} {self.unit}则不符合。", number)

    def _missing(self, number: int, limit: int) -> str:
        verb = "增加" if self.at_least else "减少"
        return f"再{verb} {abs(limit - number)} {self.unit}即符合。"

    def _contradiction(self, context: Context, number: int) -> Outcome | None:
        whole = whole_number(context.facts.get(self.within))
        if whole is None:
            return unknown(self.label, "请填写其所在的总数，以便核对部分不大于总数。", number)
        if number > whole:
            return unknown(self.label, f"其数 {number} 大于总数 {whole}，请更正。", number)
        return None


@kind("rate")
@dataclass(frozen=True, kw_only=True)
class Rate(Condition):
    """`part`/`whole`, two counts, must be at least a whole number of percent; computed exactly."""

    part: str
    whole: str
    at_least: str
    part_label: str
    whole_label: str

    def parameters(self) -> tuple[str, ...]:
        return (self.at_least,)

    def facts(self) -> tuple[str, ...]:
        return (self.part, self.whole)

    def judge(self, context: Context) -> Outcome:
        part = whole_number(context.facts.get(self.part))
        whole = whole_number(context.facts.get(self.whole))
        if part is None or whole is None:
            return unknown(self.label, f"请填写{self.part_label}和{self.whole_label}。")
        if whole == 0:
            return unknown(self.label, f"{self.whole_label}为 0，无法计算{self.label}。")
        if part > whole:
            return unknown(
                self.label, f"{self.part_label} {part} 大于{self.whole_label} {whole}，请更正。"
            )
        limit = int(context.limit(self.at_least))
        shown = percent_text(part, whole)
        because = f"{self.label} {part}÷{whole}={shown}，要求达到 {limit}%。"
        needed = -(-whole * limit // 100)
        if part * 100 < whole * limit:
            change = f"{self.whole_label} {whole} 不变时，{self.part_label}达到 {needed} 即符合。"
            return not_met(because, change, shown)
        return met(because, f"{self.part_label}少于 {needed} 则不符合。", shown)


@kind("distinct")
@dataclass(frozen=True, kw_only=True)
class Distinct(Condition):
    """At least so many different values in a list, or in a column whose row also fills `needs`."""

    fact: str
    unit: str
    at_least: str
    column: str = ""
    needs: tuple[str, ...] = ()

    def parameters(self) -> tuple[str, ...]:
        return (self.at_least,)

    def facts(self) -> tuple[str, ...]:
        return (self.fact,)

    def judge(self, context: Context) -> Outcome:
        found = column_values(context.facts.get(self.fact), self.column, self.needs)
        if found is None:
            return unknown(self.label, f"请填写{self.label}。")
        limit = int(context.limit(self.at_least))
        count = len(set(found))
        because = f"{self.label}填报 {count} {self.unit}（重复的只计一次），要求 {limit} {self.unit}以上。"
        if count < limit:
            return not_met(because, f"再增加 {limit - count} {self.unit}即符合。", count)
        return met(because, f"少于 {limit} {self.unit}则不符合。", count)


@kind("covers")
@dataclass(frozen=True, kw_only=True)
class Covers(Condition):
    """A list, or a column, must contain every one of `members`."""

    fact: str
    members: tuple[str, ...]
    column: str = ""

    def facts(self) -> tuple[str, ...]:
        return (self.fact,)

    def judge(self, context: Context) -> Outcome:
        found = column_values(context.facts.get(self.fact), self.column)
        if found is None:
            return unknown(self.label, f"请填写{self.label}。")
        missing = [item for item in self.members if item not in found]
        named = "、".join(context.names.get(item, item) for item in missing)
        value = [item for item in self.members if item in found]
        if missing:
            return not_met(f"{self.label}缺少：{named}。", f"补齐{named}即符合。", value)
        return met(
            f"{self.label}的 {len(self.members)} 个方面齐全。", "缺少任一方面则不符合。", value
        )


@kind("one_of")
@dataclass(frozen=True, kw_only=True)
class OneOf(Condition):
    """The value must be one of `members`."""

    fact: str
    members: tuple[str, ...]

    def facts(self) -> tuple[str, ...]:
        return (self.fact,)

    def judge(self, context: Context) -> Outcome:
        value = context.facts.get(self.fact)
        if not isinstance(value, str) or not value:
            return unknown(self.label, f"请选择{self.label}。")
        allowed = "、".join(context.names.get(item, item) for item in self.members)
        because = f"{self.label}为“{context.names.get(value, value)}”。"
        if value not in self.members:
            return not_met(because, f"应属于：{allowed}。", value)
        return met(because, f"不属于{allowed}时不符合。", value)


@kind("look_back")
@dataclass(frozen=True, kw_only=True)
class LookBack(Condition):
    """No event of a kind within so many years before the application date.

    `clean` is the declaration that there was none; `events` is a table with a date in `column`. The
    period runs from the event to the same day of the last year, that day included.
    """

    clean: str
    events: str
    years: str
    column: str = "date"

    def parameters(self) -> tuple[str, ...]:
        return (self.years,)

    def facts(self) -> tuple[str, ...]:
        return (self.clean, self.events)

    def judge(self, context: Context) -> Outcome:
        years = int(context.limit(self.years))
        dates = [day(row.get(self.column)) for row in rows(context.facts.get(self.events)) or []]
        known = [each for each in dates if each is not None]
        inside = [each for each in known if each <= context.on <= years_later(each, years)]
        period = f"近 {years} 年（至申请之日 {context.on.isoformat()}）"
        if inside:
            last = max(inside)
            until = years_later(last, years).isoformat()
            because = f"{self.label}：{last.isoformat()} 的记录在{period}内，期间至 {until} 届满。"
            return not_met(because, f"{until} 之后申请，且没有新的记录，即符合。", last.isoformat())
        clean = context.facts.get(self.clean)
        if clean is not True or len(known) < len(dates):
            remedy = f"请如实声明{period}的情况；有记录的，逐条填写作出日期。"
            return unknown(self.label, remedy)
        because = f"{self.label}：{period}内没有记录。"
        return met(because, f"申请之日前 {years} 年内有记录则不符合。", len(known))


@kind("attested")
@dataclass(frozen=True, kw_only=True)
class Attested(Condition):
    """A judgement clause: the unit declares it with evidence, and an examiner has to confirm it."""

    fact: str
    evidence: bool = True
    judgement = True

    def facts(self) -> tuple[str, ...]:
        return (self.fact,)

    def judge(self, context: Context) -> Outcome:
        declared = context.facts.get(self.fact)
        finding = context.part("examined").get(context.norm)
        if declared is False:
            return not_met(f"{self.label}：申报单位未承诺具备。", "具备后更正声明并附佐证。", False)
        if finding == Verdict.NOT_MET:
            return not_met(f"{self.label}：审查人认定不符合。", "按审查意见补正后重新审查。", False)
        if declared is not True:
            return unknown(self.label, "请申报单位作出声明并附佐证材料。")
        if self.evidence and not whole_number(context.part("evidence").get(self.fact)):
            return unknown(self.label, "已声明，尚未附佐证材料；请上传。", True)
        if finding != Verdict.MET:
            return unknown(self.label, "已声明并附佐证，须由审查人评判确认。", True)
        return met(f"{self.label}：已声明并附佐证，审查人确认。", "审查人认定不符合时改变。", True)


@kind("at_least_level")
@dataclass(frozen=True, kw_only=True)
class AtLeastLevel(Condition):
    """A skill level not below a parameter. “一般”: a recorded reason lets a province admit anyway."""

    fact: str
    at_least: str
    in_general: bool = False

    def parameters(self) -> tuple[str, ...]:
        return (self.at_least,)

    def facts(self) -> tuple[str, ...]:
        return (self.fact,)

    def judge(self, context: Context) -> Outcome:
        level = context.facts.get(self.fact)
        limit = str(context.limit(self.at_least))
        if not isinstance(level, str) or level not in context.ranks:
            return unknown(self.label, f"请选择{self.label}。")
        because = f"{self.label}为{context.names[level]}，要求{context.names[limit]}及以上。"
        if context.ranks[level] >= context.ranks[limit]:
            return met(because, f"低于{context.names[limit]}则不符合。", level)
        reason = context.part("exceptions").get(context.norm) if self.in_general else None
        if isinstance(reason, str) and reason.strip():
            text = f"{because}通知用语为“一般”，已记录例外理由：{reason.strip()}"
            return met(text, "撤回例外理由则不符合。", level)
        change = f"取得{context.names[limit]}即符合"
        extra = "；确有特殊情况的，由省级记录理由后可以例外。" if self.in_general else "。"
        return not_met(because, change + extra, level)
