"""Ways into the pool beside the office's own entry: a person applies, or many are read from a table."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import IntegrityError, transaction

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import DomainError, Invalid
from jiangxin.core.kernel.identifiers import keyed_hash, read_id_number
from jiangxin.core.kernel.regions import BY_CODE
from jiangxin.core.workflow import Role
from jiangxin.records.identity.secrets import hash_key
from jiangxin.records.identity.viewer import PUBLIC, Viewer
from jiangxin.records.inbox.actions import tell_office
from jiangxin.records.ledger.actions import append
from jiangxin.stages.experts.choices import Field, Origin

from .actions import new_expert, register
from .forms import read_expert
from .models import Expert
from .terms import longest_term

MOST_ROWS = 500
COLUMNS = {
    "name": "姓名",
    "id_number": "公民身份号码",
    "field": "专业",
    "unit_name": "工作单位",
    "unit_uscc": "单位代码",
    "title": "职称或技能等级",
    "phone": "手机",
    "email": "邮箱",
    "term_until": "聘期至",
    "trained": "最近培训日期",
    "occupations": "职业编码",
}
NEEDED = ("name", "id_number", "field", "unit_name", "term_until")
FIELDS = {each.label: each.value for each in Field}


@transaction.atomic
def apply(*, province: str, id_number: str, statement: str, truthful: bool, **fields: Any) -> None:
    """Somebody asks to be taken into a province's pool; the province reviews it.

    Effects: the row, waiting, without account; event `expert.applied`; a message to the province.
    Who is in the pool already gets the same answer and nothing happens: the pool is secret, and a
    form that told would tell anybody who knows a number. Raises `Invalid` for wrong input, or
    without the declaration.
    """
    if province not in BY_CODE:
        raise Invalid("请选择省份。", field="province")
    if not truthful:
        raise Invalid("请确认所填内容真实，并同意核查。", field="truthful")
    for name, label in (("phone", "手机"), ("title", "职称或技能等级")):
        if not str(fields.get(name) or "").strip():
            raise Invalid(f"请填写{label}。", field=name)
    expert = new_expert(
        province, id_number, Origin.SELF, {**fields, "term_until": longest_term(province)}
    )
    expert.statement = statement.strip()[:300]
    try:
        with transaction.atomic():
            expert.save(force_insert=True)
    except IntegrityError as error:
        if "one_expert_per_person_and_province" in str(error):
            return
        raise
    append(
        type="expert.applied", subject=expert.subject, by=PUBLIC, payload={"field": expert.field}
    )
    tell_office(
        role=Role.PROVINCE_HR,
        province=province,
        title="有人申请加入专家库",
        text="请核实资格后启用或不予入库。",
        about=expert.subject,
        key=f"{expert.subject}:applied",
    )


@dataclass
class Line:
    """One row of a table: what it says, and what is wrong with it."""

    number: int
    values: dict[str, str]
    fields: dict[str, Any] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


def read_table(viewer: Viewer, text: str) -> list[Line]:
    """The rows of a table as copied from a workbook (tabs) or saved as CSV, each with its problems.

    The first row names the columns of `COLUMNS` in any order. Nothing is written. Raises `Invalid`
    for no table, an unknown or missing column, or more than `MOST_ROWS` rows.
    """
    rows = _cells(text)
    keys = _keys_of(rows[0] if rows else [])
    body = [row for row in rows[1:] if any(cell.strip() for cell in row)]
    if not body:
        raise Invalid("表格中没有专家。", remedy="第一行是列名，以下每行一位专家。", field="table")
    if len(body) > MOST_ROWS:
        raise Invalid(f"一次最多导入 {MOST_ROWS} 人。", remedy="请分几次导入。", field="table")
    lines = [_line(n, dict(zip(keys, row, strict=False))) for n, row in enumerate(body, 2)]
    _mark_repeated(viewer, lines)
    return lines


@transaction.atomic
def enter_table(*, viewer: Viewer, text: str) -> list[Expert]:
    """Register every row, all or none; they wait for activation like those entered one by one.

    Effects: for each row those of `register`. Raises as `read_table`, and `Invalid` naming the first
    row that is wrong.
    """
    viewer.require(Role.PROVINCE_HR)
    made = []
    for line in read_table(viewer, text):
        if line.problems:
            raise Invalid(f"第 {line.number} 行：{line.problems[0]}", field="table")
        try:
            made.append(
                register(
                    viewer=viewer,
                    id_number=line.values["id_number"],
                    origin=Origin.IMPORT,
                    **line.fields,
                )
            )
        except DomainError as problem:
            raise Invalid(f"第 {line.number} 行：{problem.message}", field="table") from None
    return made


def _cells(text: str) -> list[list[str]]:
    """The cells of a pasted or uploaded table: tabs where the first line has one, else commas."""
    lines = text.lstrip("\ufeff").replace("\0", "").strip("\n\r").splitlines(keepends=True)
    if not lines:
        return []
    mark = "\t" if "\t" in lines[0] else ","
    try:
        return list(csv.reader(io.StringIO("".join(lines), newline=""), delimiter=mark))
    except csv.Error:
        raise Invalid(
            "表格读不出来。", remedy="请从工作簿中复制，或另存为 CSV。", field="table"
        ) from None


def _keys_of(head: Sequence[str]) -> list[str]:
    named = {label: key for key, label in COLUMNS.items()}
    labels = [cell.strip() for cell in head]
    strange = [each for each in labels if each not in named]
    if strange or len(set(labels)) != len(labels):
        raise Invalid(
            f"不认识或重复的列：{'、'.join(strange) or '、'.join(labels)}。",
            remedy=f"可用的列名：{'、'.join(COLUMNS.values())}。",
            field="table",
        )
    keys = [named[each] for each in labels]
    missing = [COLUMNS[key] for key in NEEDED if key not in keys]
    if missing:
        raise Invalid(f"缺少列：{'、'.join(missing)}。", field="table")
    return keys


def _line(number: int, values: dict[str, str]) -> Line:
    """A row, checked as the form of one expert is, and by a trial that is thrown away."""
    values = {key: value.strip() for key, value in values.items()}
    line = Line(number, values)
    typed = {**values, "field": FIELDS.get(values.get("field", ""), "")}
    codes = values.get("occupations", "").replace("、", " ").split()
    line.fields, problems = read_expert(typed, codes)
    line.problems = [each.message for each in problems]
    if not line.problems:
        try:
            new_expert("11", values.get("id_number", ""), Origin.IMPORT, line.fields)
        except DomainError as problem:
            line.problems.append(problem.message)
    if not line.problems and line.fields["term_until"] <= clock.today():
        line.problems.append("聘期已满。")
    return line


def _mark_repeated(viewer: Viewer, lines: list[Line]) -> None:
    """Persons who stand twice in the table, or in the province's pool already; one query."""
    sound = [line for line in lines if not line.problems]
    hashes = {
        line.number: keyed_hash(read_id_number(line.values["id_number"]), hash_key())
        for line in sound
    }
    held = set(
        Expert.objects.filter(province=viewer.province, id_hash__in=hashes.values()).values_list(
            "id_hash", flat=True
        )
    )
    seen: set[str] = set()
    for line in sound:
        own = hashes[line.number]
        if own in held:
            line.problems.append("本省专家库中已有此人。")
        elif own in seen:
            line.problems.append("表格中有两行是同一人。")
        seen.add(own)
