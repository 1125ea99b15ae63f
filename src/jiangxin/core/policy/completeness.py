"""Is the form complete, and do its answers agree with one another?"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .forms import Computed, Field, Form, Rule, Section
from .reading import RAW, is_raw
from .values import day, percent_text, rows, whole_number

Answers = Mapping[str, Any]
Evidence = Mapping[str, int]


@dataclass(frozen=True, kw_only=True)
class Problem:
    """What is wrong: `section` and `field` are keys (`table-ROW-column` inside a table).

    `missing`: nothing was given yet, as against something that is wrong.
    """

    section: str
    field: str
    label: str
    message: str
    clause: str
    missing: bool = False


def problems(form: Form, answers: Answers, evidence: Evidence) -> list[Problem]:
    """Everything that keeps the form from being submitted, in the order of the form.

    `evidence` counts the attached files by field key.
    """
    computed = computed_values(form, answers)
    found: list[Problem] = []
    for section in form.sections:
        for field in section.fields:
            if not field.computed:
                found.extend(_of_field(section, field, answers, evidence))
        for rule in section.rules:
            found.extend(_of_rule(section, rule, {**answers, **computed}))
    return found


def section_status(form: Form, answers: Answers, evidence: Evidence) -> dict[str, str]:
    """By section key: empty, partial (something is missing), problem (something is wrong), done."""
    found = problems(form, answers, evidence)
    status = {}
    for section in form.sections:
        own = [each for each in found if each.section == section.key]
        begun = any(field.key in answers or evidence.get(field.key) for field in section.fields)
        if any(not each.missing for each in own):
            status[section.key] = "problem"
        elif begun:
            status[section.key] = "partial" if own else "done"
        else:
            status[section.key] = "empty"
    return status


def computed_values(form: Form, answers: Answers) -> dict[str, Any]:
    """The computed fields that can be computed: whole numbers, rates as text like “89.99%”."""
    found: dict[str, Any] = {}
    for _, field in form.fields():
        how = field.computed
        if how:
            value = (
                _of_rows(how, rows(answers.get(how.table)) or [])
                if how.table
                else _of_fields(how, {**answers, **found})
            )
            if value is not None:
                found[field.key] = value
    return found


def _of_fields(how: Computed, values: Answers) -> int | str | None:
    if how.op == "add":
        numbers = [whole_number(values.get(key)) for key in how.parts]
        return None if None in numbers else sum(number for number in numbers if number)
    return _rate(values.get(how.part), values.get(how.whole))


def _of_rows(how: Computed, table: list[Mapping[str, Any]]) -> int | str | None:
    chosen = [row for row in table if not how.where or row.get(how.where) in how.among]
    if how.op == "sum":
        numbers = [whole_number(row.get(how.column)) for row in chosen]
        return sum(number for number in numbers if number is not None) if table else None
    if how.op == "count":
        return len(chosen) if table else None
    if how.op == "distinct":
        return len({row[how.column] for row in table if isinstance(row.get(how.column), str)})
    row = _latest(table, how.year)
    if how.op == "latest":
        return whole_number(row.get(how.column))
    return _rate(row.get(how.part), row.get(how.whole))


def _rate(one: Any, other: Any) -> str | None:
    part, whole = whole_number(one), whole_number(other)
    return percent_text(part, whole) if part is not None and whole else None


def _latest(table: list[Mapping[str, Any]], year: str) -> Mapping[str, Any]:
    dated = [row for row in table if whole_number(row.get(year)) is not None]
    return max(dated, key=lambda row: int(row[year]), default={})


def _of_field(
    section: Section, field: Field, answers: Answers, evidence: Evidence
) -> Iterator[Problem]:
    value = answers.get(field.key)
    if field.required and (value is None or (value is False and field.kind == "attest")):
        word = "请作出声明" if field.kind == "attest" else "请填写"
        yield _problem(section, field, field.key, f"{word}“{field.label}”。", missing=True)
    elif field.kind == "table":
        yield from _of_table(section, field, rows(value) or [])
    else:
        yield from _of_value(section, field, field.key, value)
    claimed = value is not None and value is not False
    needs = field.evidence == "required" and (field.required or claimed)
    if needs and not evidence.get(field.key):
        text = f"请为“{field.label}”上传佐证材料。"
        yield _problem(section, field, field.key, text, missing=True)


def _of_value(section: Section, field: Field, name: str, value: Any) -> Iterator[Problem]:
    if is_raw(value):
        text = f"“{field.label}”填写的“{value[RAW]}”无法识别，请更正。"
        yield _problem(section, field, name, text)
    elif field.kind == "occupation" and value and value not in dict(field.options):
        text = (
            f"职业编码 {value} 不在本政策包的职业目录内；请核对，确有此职业的，请省级人社部门增补。"
        )
        yield _problem(section, field, name, text)


def _of_table(section: Section, field: Field, table: list[Mapping[str, Any]]) -> Iterator[Problem]:
    if table and len(table) < field.min_rows:
        text = f"“{field.label}”至少填写 {field.min_rows} 行，现有 {len(table)} 行。"
        yield _problem(section, field, field.key, text, missing=True)
    if len(table) > field.max_rows:
        text = f"“{field.label}”最多填写 {field.max_rows} 行，现有 {len(table)} 行。"
        yield _problem(section, field, field.key, text)
    for number, row in enumerate(table):
        for column in field.columns:
            name = f"{field.key}-{number}-{column.key}"
            value = row.get(column.key)
            if column.required and value is None:
                text = f"“{field.label}”第 {number + 1} 行请填写“{column.label}”。"
                yield _problem(section, column, name, text, missing=True)
            yield from _of_value(section, column, name, value)


def _of_rule(section: Section, rule: Rule, values: Answers) -> Iterator[Problem]:
    if not rule.table:
        if _broken(rule, values):
            yield _of_broken(section, rule, rule.left, rule.message)
        return
    if rule.op == "covers":
        table = rows(values.get(rule.table)) or []
        if table and not {row.get(rule.left) for row in table if _plain(row.get(rule.left))} >= set(
            rule.among
        ):
            yield _of_broken(section, rule, rule.table, rule.message)
        return
    seen: set[Any] = set()
    for number, row in enumerate(rows(values.get(rule.table)) or []):
        value = row.get(rule.left)
        twice = rule.op == "unique" and _plain(value) and value in seen
        seen |= {value} if _plain(value) else set()
        if twice or _broken(rule, row):
            name = f"{rule.table}-{number}-{rule.left}"
            yield _of_broken(section, rule, name, f"第 {number + 1} 行：{rule.message}")


def _plain(value: Any) -> bool:
    """Whether this is an answer that can be compared: neither absent nor typed unreadably."""
    return isinstance(value, str | int)


def _broken(rule: Rule, values: Answers) -> bool:
    one, other = values.get(rule.left), values.get(rule.right)
    if rule.op == "among":
        return one == rule.when and _plain(other) and other not in rule.among
    if rule.op == "needs":
        said = ("no", "yes")[one] if isinstance(one, bool) else one
        return said == rule.when and not other
    if rule.op == "not_after":
        first, last = day(one), day(other)
        return first is not None and last is not None and first > last
    left, right = whole_number(one), whole_number(other)
    if left is None or right is None:
        return False
    return left > right if rule.op == "at_most" else rule.op == "equal" and left != right


def _of_broken(section: Section, rule: Rule, name: str, message: str) -> Problem:
    field = section.field(rule.table or rule.left)
    label = field.label if field else section.title
    return Problem(
        section=section.key, field=name, label=label, message=message, clause=section.clause
    )


def _problem(
    section: Section, field: Field, name: str, message: str, *, missing: bool = False
) -> Problem:
    return Problem(
        section=section.key,
        field=name,
        label=field.label,
        message=message,
        clause=field.clause or section.clause,
        missing=missing,
    )
