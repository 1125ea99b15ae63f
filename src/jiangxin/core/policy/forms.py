"""The application form as data: sections, fields, tables, computed values and cross-field rules."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, NamedTuple

from ..kernel.errors import Invalid

KINDS = (
    "text",
    "longtext",
    "integer",
    "money",
    "date",
    "year",
    "quarter",
    "choice",
    "multichoice",
    "yesno",
    "attest",
    "uscc",
    "id_number",
    "phone",
    "email",
    "occupation",
    "level",
    "table",
)


class Option(NamedTuple):
    """A choice: what is stored and what is shown."""

    value: str
    label: str


@dataclass(frozen=True, kw_only=True)
class Computed:
    """How a field is computed; nobody types it.

    From a `table` of the same form, `op`: sum (of `column`), count (rows), latest (`column` of the
    row with the largest `year`), distinct (number of different values of `column`), rate (`part` of
    `whole` in the latest row, as text in percent); sum and count take only the rows whose `where` is
    `among` the given values, when `where` is given. Without a table, from other fields of the form,
    computed ones that stand before it included: add (of `parts`), rate (`part` of `whole`).
    """

    op: str
    table: str = ""
    column: str = ""
    part: str = ""
    whole: str = ""
    year: str = "year"
    where: str = ""
    among: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()

    def reads(self) -> tuple[str, ...]:
        """The keys of the form's fields that it is computed from."""
        if self.table:
            return (self.table,)
        return self.parts or (self.part, self.whole)


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A cross-field rule; its message says in Chinese what is wrong when it is broken.

    `op`: at_most (number `left` ≤ `right`), equal (numbers), not_after (date `left` ≤ `right`),
    needs (when `left` is `when`, or "yes"/"no", `right` must be answered), among (when `left` is
    `when`, `right` must be one of `among`), unique (no value of `left` twice in the table), covers
    (every value of `among` stands in the column `left` of the table). With a `table` both are its
    columns and the rule holds in every row; else both are field keys, computed ones included.
    """

    op: str
    left: str
    message: str
    right: str = ""
    table: str = ""
    when: str = ""
    among: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Field:
    """One question. Money is typed in 万元 and kept in 分; `evidence`: none, optional, required.

    `source`: where the answer comes from, one of `SOURCES`.
    """

    key: str
    label: str
    kind: str
    unit: str = ""
    required: bool = False
    help: str = ""
    clause: str = ""
    options: tuple[Option, ...] = ()
    minimum: int | None = None
    maximum: int | None = None
    max_length: int = 200
    columns: tuple["Field", ...] = ()
    min_rows: int = 0
    max_rows: int = 0
    evidence: str = "none"
    computed: Computed | None = None
    norms: tuple[str, ...] = ()
    source: str = "typed"

    def column(self, key: str) -> "Field | None":
        """The column of that key of a table."""
        return next((each for each in self.columns if each.key == key), None)


@dataclass(frozen=True, kw_only=True)
class Section:
    """One topic of the form: one page for the applicant."""

    key: str
    title: str
    intro: str
    clause: str
    fields: tuple[Field, ...]
    rules: tuple[Rule, ...] = ()

    def field(self, key: str) -> Field | None:
        """The field of that key."""
        return next((each for each in self.fields if each.key == key), None)


@dataclass(frozen=True, kw_only=True)
class Form:
    """The application form of a track. `assumption` says why its fields are ours."""

    track: str
    sections: tuple[Section, ...]
    assumption: str = ""

    def section(self, key: str) -> Section | None:
        """The section of that key."""
        return next((each for each in self.sections if each.key == key), None)

    def fields(self) -> Iterator[tuple[Section, Field]]:
        """Every field with its section, in order."""
        for section in self.sections:
            for each in section.fields:
                yield section, each

    def field(self, key: str) -> Field | None:
        """The field of that key, in whichever section."""
        return next((each for _, each in self.fields() if each.key == key), None)


Choices = Mapping[str, Mapping[str, str]]

SOURCES = {"typed": "填写", "registered": "取自单位注册信息", "computed": "自动计算"}

_LISTS = {"level": "levels", "occupation": "occupations"}
_FIELD_NAMES = {each.name for each in fields(Field)} | {"set"}


def field_from(item: Mapping[str, Any], choices: Choices) -> Field:
    """A field out of a table of a form file. Raises `Invalid`, naming what is wrong."""
    data = dict(item)
    where = f"字段“{data.get('key', '?')}”"
    unknown = set(data) - _FIELD_NAMES
    if unknown or not {"key", "label", "kind"} <= set(data):
        raise Invalid(
            f"{where}的写法不对。",
            remedy=f"须有 key、label、kind；不认识：{'、'.join(sorted(unknown)) or '无'}。",
        )
    if data["kind"] not in KINDS:
        raise Invalid(
            f"{where}的种类“{data['kind']}”不存在。", remedy=f"可用：{'、'.join(KINDS)}。"
        )
    name = _LISTS.get(data["kind"]) or data.pop("set", "")
    if name and name not in choices:
        raise Invalid(f"{where}引用的选项表“{name}”不存在。", remedy="请在 pack.toml 中补充。")
    if name:
        data["options"] = tuple(Option(value, label) for value, label in choices[name].items())
    data["columns"] = tuple(field_from(each, choices) for each in data.get("columns", ()))
    data["norms"] = tuple(data.get("norms", ()))
    if "computed" in data:
        data["computed"] = Computed(**_listed(data["computed"], "among", "parts"))
        data["source"] = "computed"
    if data["kind"] == "longtext":
        data.setdefault("max_length", 2000)
    if data["kind"] == "table":
        data.setdefault("max_rows", 50)
    return Field(**data)


def section_from(item: Mapping[str, Any], choices: Choices) -> Section:
    """A section out of a table of a form file. Raises `Invalid`."""
    clause = str(item.get("clause", ""))
    read = [field_from(each, choices) for each in item.get("fields", ())]
    return Section(
        key=item["key"],
        title=item["title"],
        intro=item.get("intro", ""),
        clause=clause,
        fields=tuple(each if each.clause else replace(each, clause=clause) for each in read),
        rules=tuple(Rule(**_listed(each, "among")) for each in item.get("rules", ())),
    )


def _listed(item: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """The same table with the lists of those names as tuples."""
    return {key: tuple(value) if key in names else value for key, value in item.items()}


def form_from(item: Mapping[str, Any], choices: Choices, others: Mapping[str, Form]) -> Form:
    """A form out of a form file; `from` and `key` take over a section of another form.

    `changes` of a section that is taken over sets parts of its fields, by key. Raises `Invalid`
    when the section or such a field does not exist.
    """
    sections = tuple(
        _taken_over(each, others) if "from" in each else section_from(each, choices)
        for each in item["sections"]
    )
    return Form(track=item["track"], sections=sections, assumption=item.get("assumption", ""))


def _taken_over(item: Mapping[str, Any], others: Mapping[str, Form]) -> Section:
    form = others.get(item["from"])
    section = form.section(item["key"]) if form else None
    if section is None:
        raise Invalid(
            f"表单引用的部分“{item['from']}.{item['key']}”不存在。", remedy="请检查 forms 目录。"
        )
    changes = item.get("changes", {})
    unknown = set(changes) - {each.key for each in section.fields}
    if unknown:
        raise Invalid(f"部分“{item['key']}”没有字段“{'、'.join(sorted(unknown))}”。")
    kept = tuple(replace(each, **changes.get(each.key, {})) for each in section.fields)
    return replace(section, fields=kept)


def with_fields(form: Form, extra: Mapping[str, Sequence[Field]], title: str, intro: str) -> Form:
    """`form` with fields added: to its sections by key, or to a new last one (`provincial`)."""
    sections = [
        replace(each, fields=(*each.fields, *extra.get(each.key, ()))) for each in form.sections
    ]
    known = {each.key for each in form.sections}
    rest = [each for key, added in extra.items() if key not in known for each in added]
    if rest:
        sections.append(
            Section(key="provincial", title=title, intro=intro, clause="3.1", fields=tuple(rest))
        )
    return replace(form, sections=tuple(sections))
