"""The list of occupations (国家职业分类大典) out of an official table: whole, or every fault by its row."""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

CODE = re.compile(r"[1-8]-\d{2}-\d{2}-\d{2}", re.ASCII)
HEADS = {
    "code": ("职业编码", "编码", "职业代码", "代码"),
    "name": ("职业名称", "名称", "职业"),
}
LONGEST_NAME = 60
DASHES = str.maketrans(dict.fromkeys("‐‑‒–—―－−", "-"))


@dataclass(frozen=True)
class Fault:
    """What is wrong with one row of the table."""

    row: int
    message: str


@dataclass(frozen=True)
class Table:
    """What was read: the occupations by code, and what is wrong; with faults it is not to be used."""

    occupations: dict[str, str]
    faults: list[Fault]


def read_table(rows: Iterable[Sequence[str]]) -> Table:
    """The occupations of a table whose first rows hold the heads 职业编码 and 职业名称.

    Empty rows and headings without a code (大类, 中类, 小类 with a name alone or with a shorter
    code) are passed over. Never raises on what stands in the table.
    """
    found: dict[str, str] = {}
    first: dict[str, int] = {}
    faults: list[Fault] = []
    places: dict[str, int] | None = None
    for number, row in enumerate(rows, start=1):
        cells = [unicodedata.normalize("NFKC", str(cell)).strip() for cell in row]
        if places is None:
            places = _places(cells)
            continue
        code = _cell(cells, places["code"]).translate(DASHES).replace(" ", "")
        name = "".join(_cell(cells, places["name"]).split())
        if not code or re.fullmatch(r"[1-8](-\d{2}){0,2}(\(.*\))?", code, re.ASCII):
            continue
        wrong = _wrong(code, name)
        if code in first:
            same = "" if found[code] == name else f"，而名称是“{found[code]}”"
            wrong = f"编码 {code} 与第 {first[code]} 行重复{same}。"
        if wrong:
            faults.append(Fault(number, wrong))
            continue
        found[code], first[code] = name, number
    if places is None:
        faults.append(Fault(1, "没有找到表头：须有“职业编码”和“职业名称”两列。"))
    elif not found and not faults:
        faults.append(Fault(1, "表中没有职业。"))
    return Table(dict(sorted(found.items())), faults)


def _places(cells: list[str]) -> dict[str, int] | None:
    """Where code and name stand, when this row is the head."""
    places = {
        key: next((cells.index(word) for word in words if word in cells), -1)
        for key, words in HEADS.items()
    }
    return None if -1 in places.values() else places


def _cell(cells: list[str], place: int) -> str:
    return cells[place] if place < len(cells) else ""


def _wrong(code: str, name: str) -> str:
    if not CODE.fullmatch(code):
        return f"“{code[:30]}”不是职业编码，应形如 6-18-01-01。"
    if not name:
        return f"编码 {code} 没有名称。"
    if len(name) > LONGEST_NAME or any(not letter.isprintable() for letter in name):
        return f"编码 {code} 的名称“{name[:20]}…”过长或含有不可见的字符。"
    return ""


def as_toml(occupations: Mapping[str, str], source: str) -> str:
    """The file `occupations.toml` of a pack for a whole official list."""
    lines = [
        "# 国家职业分类大典 (2022), imported whole by `jiangxin occupations`; not written by hand.",
        "excerpt = false",
        f"source = {_quoted(source)}",
        "",
        "[occupations]",
        *(f"{_quoted(code)} = {_quoted(name)}" for code, name in occupations.items()),
    ]
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ") + '"'
