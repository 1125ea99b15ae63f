"""What the rows of the legacy register mean, and everything that is wrong with them, all at once."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from jiangxin.core.kernel.errors import Invalid
from jiangxin.core.kernel.identifiers import narrow, read_uscc
from jiangxin.core.kernel.regions import PROVINCES
from jiangxin.stages.programme.queries import parameter
from jiangxin.stages.programme.tracks import Kind
from jiangxin.stages.titles.queries import LATEST, register

from .workbook import COLUMNS, Fault, Line, cell_text

LABELS = {column.key: column.label for column in COLUMNS}
LONGEST = {"number": 40, "name": 200, "unit_name": 120, "leader_name": 40}
PLACES = {name: each.code for each in PROVINCES for name in (each.short, each.name, each.code)}
KINDS = {
    "基地": Kind.BASE,
    "培训基地": Kind.BASE,
    "高技能人才培训基地": Kind.BASE,
    "工作室": Kind.STUDIO,
    "技能大师工作室": Kind.STUDIO,
}
DIGITS = {0xFF10 + n: str(n) for n in range(10)} | {0x3000: " "}
SEPARATORS = re.compile(r"[、；;，,\n]")
MOST_FORMER = 10


@dataclass
class Entry:
    """One title to enter: the fields of `Title`, its row in the file, and what only warns."""

    row: int
    fields: dict[str, Any]
    warnings: list[str] = field(default_factory=list)

    def marks(self) -> list[tuple[object, ...]]:
        """By what the same title is found again; empty while a cell that counts is missing."""
        fields = self.fields
        return _keys(fields) if fields["kind"] and fields["year"] else []


def _keys(fields: Mapping[str, Any]) -> list[tuple[object, ...]]:
    """Every name and code of the unit, each with what was named when.

    A unit has one base a year, but may have the studios of several masters.
    """
    leader = fields["leader_name"] if fields["kind"] == Kind.STUDIO else ""
    names = (fields["unit_name"], fields["uscc"], *fields["former_names"])
    return [(name, fields["kind"], fields["year"], leader) for name in names if name]


def read(lines: Iterable[Line], *, province: str) -> tuple[list[Entry], list[Fault]]:
    """The sound entries of a workbook and every fault of it; two queries.

    `province`: whose titles may be in it, "" for all. What is wrong with a cell, with a row that
    stands twice in the file and with one that the register already has is all told together.
    """
    readers = [_Reader(line, province) for line in lines]
    entries = [reader.entry() for reader in readers]
    faults = [fault for reader in readers for fault in reader.faults]
    sound = [entry for entry, reader in zip(entries, readers, strict=True) if not reader.faults]
    return sound, [*faults, *_twice(entries), *_known(entries)]


class _Reader:
    """One row: each cell read or its fault noted."""

    def __init__(self, line: Line, province: str) -> None:
        self.line, self.province = line, province
        self.faults: list[Fault] = []
        self.warnings: list[str] = []

    def fault(self, key: str, message: str, remedy: str = "") -> None:
        self.faults.append(Fault(self.line.row, LABELS[key], message, remedy))

    def text(self, key: str) -> str:
        return cell_text(self.line.cells[key]).translate(DIGITS).strip()

    def required(self, key: str) -> str:
        text = self.text(key)
        longest = LONGEST.get(key)
        if not text:
            self.fault(key, "没有填写。", "此列必填。")
        elif longest and len(text) > longest:
            self.fault(key, f"有 {len(text)} 字，最多 {longest} 字。")
        return text

    def entry(self) -> Entry:
        """The row as a title; what is wrong with it stands in `faults`."""
        fields = {
            "number": narrow(self.required("number")),
            "kind": self.kind(),
            "province": self.place(),
            "year": self.year(),
            "name": self.required("name"),
            "unit_name": self.required("unit_name"),
            "uscc": self.uscc(),
            "former_names": self.former(),
            "leader_name": self.leader(),
        }
        self.status()
        return Entry(self.line.row, fields, self.warnings)

    def kind(self) -> str:
        text = self.required("kind")
        if text and text not in KINDS:
            self.fault("kind", f"“{text}”不是类别。", "请填 基地 或 工作室。")
        return KINDS[text].value if text in KINDS else ""

    def place(self) -> str:
        text = self.required("province")
        code = PLACES.get(text, "")
        if text and not code:
            self.fault("province", f"没有省级单位“{text}”。", "请写简称，例如 山东、兵团。")
        elif code and self.province and code != self.province:
            self.fault("province", f"“{text}”不是本省。", "只能录入本省的项目。")
        return code

    def year(self) -> int:
        text = narrow(self.required("year"))
        first, last = (parameter(f"legacy.{end}_year", LATEST) for end in ("first", "last"))
        if not text:
            return 0
        if not re.fullmatch(r"[0-9]{4}年?", text):
            self.fault("year", f"“{text[:20]}”不是年份。", f"请填 {first}—{last} 之间的四位年份。")
            return 0
        year = int(text[:4])
        if not first <= year <= last:
            self.fault(
                "year",
                f"{year} 年不在 {first}—{last} 年之内。",
                f"名录只收 {first}—{last} 年确定的项目；之后的项目由备案登记产生。",
            )
        return year

    def uscc(self) -> str:
        cell = self.line.cells["uscc"]
        if isinstance(cell, int | float) and not isinstance(cell, bool):
            self.fault("uscc", "代码被 Excel 当作数字，末几位已丢失。", "请设为文本格式后重填。")
            return ""
        text = self.text("uscc")
        if not text:
            self.warnings.append("没有统一社会信用代码，单位注册后看不到这个称号。")
            return ""
        try:
            code, warning = read_uscc(text)
        except Invalid as error:
            self.fault("uscc", error.message, error.remedy)
            return ""
        if warning:
            self.warnings.append(warning)
        return code

    def former(self) -> list[str]:
        texts = [each.strip() for each in SEPARATORS.split(self.text("former_names"))]
        found = list(dict.fromkeys(_code(each) for each in texts if each))
        if len(found) > MOST_FORMER:
            self.fault("former_names", f"有 {len(found)} 个，最多 {MOST_FORMER} 个。")
        long = [each for each in found if len(each) > LONGEST["unit_name"]]
        if long:
            self.fault("former_names", f"“{long[0][:20]}…”过长。", "多个名称请用顿号分开。")
        return found

    def leader(self) -> str:
        text = self.text("leader_name")
        if not text and KINDS.get(self.text("kind")) is Kind.STUDIO:
            self.fault("leader_name", "没有填写。", "工作室须填写带头人姓名。")
        elif len(text) > LONGEST["leader_name"]:
            self.fault("leader_name", f"有 {len(text)} 字，最多 {LONGEST['leader_name']} 字。")
        return text

    def status(self) -> None:
        text = self.required("status")
        if text == "注销":
            self.fault(
                "status",
                "单位已注销，不能作为有效称号录入。",
                "有承继单位的，改填承继单位并把原单位写入“曾用名称和代码”；没有的，从表中删去这一行。",
            )
        elif text and text != "存续":
            self.fault("status", f"“{text}”不是单位状态。", "请填 存续 或 注销。")


def _code(text: str) -> str:
    """A code in capital ASCII; a name as it stands."""
    code = narrow(text)
    return code if len(code) == 18 and code.isascii() and code.isalnum() else text


def _twice(entries: list[Entry]) -> Iterator[Fault]:
    numbers: dict[str, int] = {}
    awards: dict[tuple[object, ...], int] = {}
    for entry in entries:
        number = entry.fields["number"]
        if number in numbers:
            yield _number(entry, f"与第 {numbers[number]} 行重复。", "请删去一行或改正编号。")
            continue
        if number:
            numbers[number] = entry.row
        keys = entry.marks()
        earlier = [awards[key] for key in keys if key in awards]
        if earlier:
            yield _unit(entry, f"与第 {min(earlier)} 行重复。")
        for key in keys:
            awards.setdefault(key, entry.row)


def _known(entries: list[Entry]) -> Iterator[Fault]:
    """What the register already has, under any name of the unit; two queries."""
    first, last = (parameter(f"legacy.{end}_year", LATEST) for end in ("first", "last"))
    asked = [entry.fields["number"] for entry in entries]
    numbers = set(register().filter(number__in=asked).values_list("number", flat=True))
    names = ("number", "kind", "year", "unit_name", "uscc", "former_names", "leader_name")
    awards = {
        key: row["number"]
        for row in register().filter(year__range=(first, last)).order_by("-id").values(*names)
        for key in _keys(row)
    }
    for entry in entries:
        if entry.fields["number"] in numbers:
            yield _number(entry, "已在名录中。", "请删去这一行；编号写错的请改正。")
            continue
        found = [awards[key] for key in entry.marks() if key in awards]
        if found:
            yield _unit(entry, f"名录中已有：{found[0]}。")


def _number(entry: Entry, what: str, remedy: str) -> Fault:
    return Fault(entry.row, LABELS["number"], f"编号“{entry.fields['number']}”{what}", remedy)


def _unit(entry: Entry, what: str) -> Fault:
    fields = entry.fields
    named = f"{fields['year']} 年的{Kind(fields['kind']).label}"
    return Fault(
        entry.row,
        LABELS["unit_name"],
        f"“{fields['unit_name'] or fields['uscc']}”{named}{what}",
        "同一项目只录入一次；请删去一行，或改正单位、年度。",
    )
