"""The form as an Excel workbook, made for one application: its answers, lists to choose from, help.

One sheet a section. Column A is hidden and says what each row is: the key of a field, `table:KEY` for
the head of a table, `KEY#n` for its rows. Another hidden sheet says whose form it is and in which
version, so that nothing else is read back in its place (see `workbook_reading`).
"""

import io
from dataclasses import dataclass
from typing import Any

import xlsxwriter
from xlsxwriter.utility import xl_rowcol_to_cell

from jiangxin.core.kernel.canonical import digest
from jiangxin.core.policy import Field, Form, Section, section_values
from jiangxin.core.policy.printed import printed, unit_of
from jiangxin.core.policy.reading import quarter_end, quarter_text

from .models import Application
from .queries import form_of
from .registered import LOCKED
from .sealing import shown_answers

FORMAT = "jiangxin-form/1"
GUIDE, META, LISTS = "填写说明", "系统信息", "可选值"
YES, NO = "是", "否"
SPARE = 15  # empty rows under what a table holds already, within its most
YEARS = 4  # whose quarters are offered, from the year of the call
KEY, LABEL, VALUE, UNIT = range(4)  # the columns of a field; a table begins at LABEL
NUMBERS = {"integer": "0", "money": "#,##0.00####", "year": "0"}
NOTES = (
    "一张表是申报表的一个部分；只填浅黄色的格子，其余格子已锁定。",
    "带下拉箭头的请从列表中选择；可多选的用顿号分开；鼠标移到格子上可以看到填写说明。",
    "不要合并单元格，不要写公式，不要改表名和列名；不够的行可以在系统里补。",
    "灰色的是系统自动计算的，不用填；公民身份号码以掩码显示，不改就保持原样。",
    "填好后在系统中上传，先看有哪些改动，确认后才写入；有一处读不懂，就一处也不写入。",
)


@dataclass(frozen=True)
class Meta:
    """Whose form it is, and in which version."""

    application: int
    unit: str
    track: str
    stamp: str


def meta_of(project: Application, form: Form) -> Meta:
    """What the workbook of an application says of itself."""
    unit = project.unit.uscc or project.unit_name
    return Meta(project.pk, unit, project.track, stamp_of(form))


def stamp_of(form: Form) -> str:
    """The version of a form: another one as soon as a field, a column or a choice differs."""
    return digest(
        [
            [section.key, [[_shape(each), [*map(_shape, each.columns)]] for each in section.fields]]
            for section in form.sections
        ]
    )[:16]


def _shape(field: Field) -> list[Any]:
    return [field.key, field.label, field.kind, field.unit, [*map(list, field.options)]]


def sheet_name(form: Form, section: Section) -> str:
    """The name of a section's sheet; unique by its number, at most 31 letters as Excel wants."""
    number = form.sections.index(section) + 1
    clean = "".join(" " if letter in "[]:*?/\\'" else letter for letter in section.title)
    return f"{number} {clean}"[:31].strip()


def workbook_of(project: Application) -> bytes:
    """The workbook of an application as it stands."""
    return _Writer(project, form_of(project)).made()


class _Writer:
    """One workbook in the making."""

    def __init__(self, project: Application, form: Form) -> None:
        self.project, self.form = project, form
        self.buffer = io.BytesIO()
        self.book = xlsxwriter.Workbook(self.buffer, {"in_memory": True})
        self.answers = shown_answers(project.answers)
        self.lists: dict[tuple[str, ...], str] = {}
        self.formats: dict[tuple[str, bool], Any] = {}

    def made(self) -> bytes:
        guide = self.book.add_worksheet(GUIDE)
        told = {
            entry.field.key: entry.text
            for part in printed(self.form, self.answers)
            for entry in part.entries
        }
        for section in self.form.sections:
            self.section(section, told)
        self.guide(guide)
        self.hidden()
        self.book.close()
        return self.buffer.getvalue()

    def format(self, look: str, *, open_: bool = False) -> Any:
        """A cell's format; `open_`: it may be filled in."""
        if (look, open_) not in self.formats:
            base = {"text_wrap": True, "valign": "top", "border": 1, "border_color": "#C8CDD3"}
            looks: dict[str, dict[str, Any]] = {
                "head": {"bold": True, "bg_color": "#E8EEF6"},
                "label": {"bg_color": "#F6F7F9"},
                "grey": {"font_color": "#6B7280", "bg_color": "#F6F7F9"},
            }
            own = looks.get(look, {"num_format": NUMBERS.get(look, "@")})
            fill = {"locked": False, "bg_color": "#FFFBE6"} if open_ else {}
            self.formats[look, open_] = self.book.add_format({**base, **own, **fill})
        return self.formats[look, open_]

    def guide(self, sheet: Any) -> None:
        sheet.set_column(0, 0, 16)
        sheet.set_column(1, 1, 90, self.book.add_format({"text_wrap": True}))
        lines = [
            ("项目", self.project.title),
            ("申报单位", self.project.unit_name),
            ("申报类型", self.project.get_track_display()),
            ("表单版本", stamp_of(self.form)),
            *(("说明", note) for note in NOTES),
        ]
        for row, (label, text) in enumerate(lines):
            sheet.write_string(row, 0, label)
            sheet.write_string(row, 1, text)
        sheet.protect()

    def section(self, section: Section, told: dict[str, str]) -> None:
        sheet = self.book.add_worksheet(sheet_name(self.form, section))
        sheet.set_column(KEY, KEY, None, None, {"hidden": True})
        sheet.set_column(LABEL, LABEL, 34)
        sheet.set_column(VALUE, VALUE, 40)
        sheet.set_column(UNIT, UNIT + 10, 16)
        values = section_values(section, self.answers)
        row = 0
        for field in section.fields:
            if field.kind == "table":
                row = self.table(sheet, row + 1, field, values) + 1
                continue
            sheet.write_string(row, KEY, field.key)
            sheet.write_string(row, LABEL, _named(field), self.format("label"))
            sheet.write_comment(row, LABEL, field.help, {"x_scale": 2})
            sheet.write_string(row, UNIT, unit_of(field), self.format("label"))
            if field.computed or field.key in LOCKED:
                sheet.write_string(row, VALUE, told[field.key], self.format("grey"))
            else:
                self.cell(sheet, row, VALUE, field, values.get(field.key, []))
            row += 1
        sheet.protect("", {"format_columns": True, "format_rows": True})
        sheet.freeze_panes(0, VALUE)

    def table(self, sheet: Any, row: int, field: Field, values: dict[str, list[str]]) -> int:
        """The head and rows of a table from `row` on; the first row below it."""
        sheet.write_string(row, LABEL, _named(field), self.format("head"))
        sheet.write_comment(row, LABEL, field.help, {"x_scale": 2})
        row += 1
        sheet.write_string(row, KEY, f"table:{field.key}")
        for place, column in enumerate(field.columns, LABEL):
            unit = unit_of(column)
            label = f"{_named(column)}（{unit}）" if unit else _named(column)
            sheet.write_string(row, place, label, self.format("head"))
            sheet.write_comment(row, place, column.help, {"x_scale": 2})
        held = len(self.answers.get(field.key) or [])
        for number in range(min(field.max_rows, max(held, field.min_rows) + SPARE)):
            row += 1
            sheet.write_string(row, KEY, f"{field.key}#{number}")
            for place, column in enumerate(field.columns, LABEL):
                given = values.get(f"{field.key}-{number}-{column.key}", [])
                self.cell(sheet, row, place, column, given)
        return row + 1

    def cell(self, sheet: Any, row: int, place: int, field: Field, given: list[str]) -> None:
        """One cell to fill in, with its list to choose from and what is answered already."""
        look = self.format(field.kind if field.kind in NUMBERS else "text", open_=True)
        choices = choices_of(field, self.project.year)
        text = cell_of(field, given)
        if text and field.kind in NUMBERS and text.replace(".", "", 1).isdigit():
            sheet.write_number(row, place, float(text), look)
        elif text:
            sheet.write_string(row, place, text, look)
        else:
            sheet.write_blank(row, place, None, look)
        if choices and field.kind != "multichoice":
            rule = {"validate": "list", "source": self.listed(choices), "error_type": "warning"}
            sheet.data_validation(row, place, row, place, rule)

    def listed(self, choices: tuple[str, ...]) -> str:
        """The range of the hidden sheet that holds these choices."""
        if choices not in self.lists:
            place = len(self.lists)
            first = xl_rowcol_to_cell(0, place, row_abs=True, col_abs=True)
            last = xl_rowcol_to_cell(len(choices) - 1, place, row_abs=True, col_abs=True)
            self.lists[choices] = f"='{LISTS}'!{first}:{last}"
        return self.lists[choices]

    def hidden(self) -> None:
        lists = self.book.add_worksheet(LISTS)
        for place, choices in enumerate(self.lists):
            lists.write_column(0, place, choices)
        meta = self.book.add_worksheet(META)
        own = meta_of(self.project, self.form)
        texts = ("format", FORMAT), *((key, str(value)) for key, value in vars(own).items())
        for row, (key, text) in enumerate(texts):
            meta.write_string(row, 0, key)
            meta.write_string(row, 1, text)
        for sheet in (lists, meta):
            sheet.protect()
            sheet.very_hidden()


def _named(field: Field) -> str:
    return f"{field.label} *" if field.required else field.label


def choices_of(field: Field, year: int) -> tuple[str, ...]:
    """What a cell offers to choose from; nothing for free text."""
    if field.kind in ("yesno", "attest"):
        return (YES, NO)
    if field.kind == "occupation":
        return tuple(f"{option.value} {option.label}" for option in field.options)
    if field.kind == "quarter":
        ends = (quarter_end(year + n // 4, n % 4 + 1) for n in range(4 * YEARS))
        return tuple(map(quarter_text, ends))
    return tuple(option.label for option in field.options)


def cell_of(field: Field, given: list[str]) -> str:
    """What stands in a cell for the inputs of a field: labels in place of keys."""
    labels = dict(field.options)
    if field.kind in ("yesno", "attest"):
        return "".join({"yes": YES, "on": YES, "no": NO}.get(text, text) for text in given)
    if field.kind == "occupation":
        return "".join(f"{code} {labels[code]}" if code in labels else code for code in given)
    if field.kind in ("choice", "level", "multichoice"):
        return "、".join(labels.get(text, text) for text in given)
    return "".join(given)


def inputs_of(field: Field, text: str) -> list[str]:
    """The inputs for what stands in a cell: keys in place of labels; the reverse of `cell_of`."""
    if not text:
        return []
    keys = {option.label: option.value for option in field.options}
    if field.kind in ("yesno", "attest"):
        return [{YES: "yes", NO: "no", "TRUE": "yes", "FALSE": "no"}.get(text, text)]
    if field.kind == "multichoice":
        parts = text.replace("，", "、").replace(",", "、").replace("\n", "、").split("、")
        return [keys.get(part.strip(), part.strip()) for part in parts if part.strip()]
    if field.kind in ("choice", "level"):
        return [keys.get(text, text)]
    return [text]
