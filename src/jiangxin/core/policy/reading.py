"""What a person typed, as answers; and answers back as what stands in the inputs.

An answer that cannot be read is kept as `{"raw": "what was typed"}`, so that nothing is lost. An
answer that was not given is absent. Dates are ISO texts, money is 分, tables are lists of rows.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from ..kernel.errors import Invalid
from ..kernel.identifiers import read_id_number, read_uscc
from ..kernel.money import FEN_PER_WAN, parse_wan, wan
from .forms import Field, Section

RAW = "raw"
LONGEST = 20_000
MOST_ROWS = 1_000

Posted = Mapping[str, Sequence[str]]


@dataclass(frozen=True, kw_only=True)
class Parsed:
    """`answers` by field key and `errors` by input name (`key`, or `key-ROW-column` in a table)."""

    answers: dict[str, Any]
    errors: dict[str, str]


def is_raw(value: Any) -> bool:
    """Whether this answer is something typed that could not be read."""
    return isinstance(value, Mapping) and set(value) == {RAW}


def parse_section(section: Section, data: Posted) -> Parsed:
    """The answers of one section out of POSTed lists of texts; never raises on what was typed."""
    answers: dict[str, Any] = {}
    errors: dict[str, str] = {}
    for field in section.fields:
        if field.computed:
            continue
        if field.kind == "table":
            value: Any = _table(field, data, errors)
        else:
            value = _single(field, data.get(field.key, ()), field.key, errors)
        if value is not None:
            answers[field.key] = value
    return Parsed(answers=answers, errors=errors)


def section_values(section: Section, answers: Mapping[str, Any]) -> dict[str, list[str]]:
    """The inputs of a section as they would be POSTed: `parse_section` gives the answers back."""
    values: dict[str, list[str]] = {}
    for field in section.fields:
        value = answers.get(field.key)
        if value is None or field.computed:
            continue
        if field.kind != "table":
            values[field.key] = _typed(field, value)
            continue
        for number, row in enumerate(value):
            for column in field.columns:
                if row.get(column.key) is not None:
                    values[f"{field.key}-{number}-{column.key}"] = _typed(column, row[column.key])
    return values


def hints(section: Section, answers: Mapping[str, Any]) -> dict[str, str]:
    """What deserves a second look but blocks nothing: a USCC whose check digit does not match."""
    return {
        field.key: warning
        for field in section.fields
        if field.kind == "uscc" and isinstance(answers.get(field.key), str)
        if (warning := read_uscc(answers[field.key])[1])
    }


def field_text(field: Field, value: Any) -> str:
    """An answer of a field that is no table as a person reads it (documents and review pages).

    Money comes in 万元 with two decimals, an occupation with its name before its code.
    """
    if is_raw(value):
        return str(value[RAW])
    if field.kind == "money":
        return wan(value)
    labels = dict(field.options)
    if field.kind == "multichoice":
        return "、".join(labels.get(each, each) for each in value)
    if field.kind in ("yesno", "attest"):
        return "是" if value else "否"
    if field.kind in ("choice", "level"):
        return labels.get(value, str(value))
    if field.kind == "occupation":
        return f"{labels.get(value, '')} {value}".strip()
    return "".join(_typed(field, value))


def _typed(field: Field, value: Any) -> list[str]:
    if is_raw(value):
        return [str(value[RAW])]
    if isinstance(value, list | tuple):
        return [str(each) for each in value]
    if isinstance(value, bool):
        return ["yes" if value else "no"]
    if field.kind == "money":
        return [f"{Decimal(value) / FEN_PER_WAN:f}"]
    if field.kind == "quarter":
        return [quarter_text(str(value))]
    return [str(value)]


def _table(field: Field, data: Posted, errors: dict[str, str]) -> list[dict[str, Any]] | None:
    """Rows in the order of their numbers; rows in which nothing is filled in are dropped."""
    pattern = re.compile(rf"{re.escape(field.key)}-(\d{{1,6}})-(\w+)", re.ASCII)
    numbers = {int(match[1]) for name in data if (match := pattern.fullmatch(name))}
    found: list[dict[str, Any]] = []
    for number in sorted(numbers)[:MOST_ROWS]:
        row, wrong = _row(field, number, len(found), data)
        if row:
            found.append(row)
            errors.update(wrong)
    if len(found) > field.max_rows:
        errors[field.key] = f"最多填写 {field.max_rows} 行，现有 {len(found)} 行；请合并或删减。"
    return found or None


def _row(
    field: Field, number: int, place: int, data: Posted
) -> tuple[dict[str, Any], dict[str, str]]:
    row: dict[str, Any] = {}
    wrong: dict[str, str] = {}
    for column in field.columns:
        texts = data.get(f"{field.key}-{number}-{column.key}", ())
        value = _single(column, texts, f"{field.key}-{place}-{column.key}", wrong)
        if value is not None:
            row[column.key] = value
    return row, wrong


def _single(field: Field, texts: Sequence[str], name: str, errors: dict[str, str]) -> Any:
    """One answer; None when nothing was given; `{"raw": …}` with an error when unreadable."""
    given = [text for text in map(_clean, [texts] if isinstance(texts, str) else texts) if text]
    if not given:
        return None
    try:
        if field.kind == "multichoice":
            return [_choice(field, text) for text in dict.fromkeys(given)]
        return _READERS[field.kind](field, given[-1])
    except Invalid as error:
        errors[name] = f"{error.message}{error.remedy}"
        return {RAW: "、".join(given) if field.kind == "multichoice" else given[-1]}


def _clean(text: Any) -> str:
    """Text without control characters and lone surrogates, its ends trimmed, its length bounded."""
    kept = (
        char
        for char in str(text)[:LONGEST]
        if char in "\n\t" or unicodedata.category(char) not in ("Cc", "Cs")
    )
    return "".join(kept).strip()


def _narrow(text: str) -> str:
    """Full-width digits and signs as ASCII, thousands separators and spaces gone."""
    return re.sub(r"[\s,，、]", "", unicodedata.normalize("NFKC", text))


def _number(field: Field, text: str) -> int:
    digits = _narrow(text)
    if not re.fullmatch(r"[0-9]{1,12}", digits):
        raise Invalid(f"“{_short(text)}”不是整数。", remedy="请填写不小于 0 的整数，最多 12 位。")
    return _bounded(field, int(digits), field.unit)


def _bounded(field: Field, number: int, unit: str) -> int:
    if field.minimum is not None and number < field.minimum:
        raise Invalid(f"不能小于 {field.minimum} {unit}。")
    if field.maximum is not None and number > field.maximum:
        raise Invalid(f"不能大于 {field.maximum} {unit}。")
    return number


def _year(field: Field, text: str) -> int:
    digits = _narrow(text).removesuffix("年")
    if not re.fullmatch(r"[0-9]{4}", digits) or not 1900 <= int(digits) <= 2100:
        raise Invalid(f"“{_short(text)}”不是年份。", remedy="请填写四位数字，例如 2024。")
    return _bounded(field, int(digits), "年")


def _money(field: Field, text: str) -> int:
    digits = _narrow(text).removesuffix("万元")
    if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,6})?", digits):
        raise Invalid(f"“{_short(text)}”不是金额。", remedy="请按万元填写，例如 12.50。")
    return _bounded(field, parse_wan(digits), "分")


def _date(field: Field, text: str) -> str:
    match = re.fullmatch(r"([0-9]{4})[-/.年]([0-9]{1,2})[-/.月]([0-9]{1,2})日?", _narrow(text))
    try:
        if match is None:
            raise ValueError
        return date(*(int(part) for part in match.groups())).isoformat()
    except ValueError:
        raise Invalid(
            f"“{_short(text)}”不是日期。", remedy="请按 2024-09-30 的样式填写。"
        ) from None


def _quarter(field: Field, text: str) -> str:
    """The last day of a quarter: “2025年第4季度”, “2025Q4”, “2025-4”, “2025四季度”, or a day in it."""
    narrow = _narrow(text).upper().translate(_CHINESE_QUARTERS)
    match = re.fullmatch(r"([0-9]{4})[-/.年]?(?:第|Q)?([1-4])(?:季度?)?", narrow)
    if match and 1900 <= int(match[1]) <= 2100:
        return quarter_end(int(match[1]), int(match[2]))
    try:
        on = date.fromisoformat(_date(field, text))
    except Invalid:
        raise Invalid(
            f"“{_short(text)}”不是季度。", remedy="请按“2025年第4季度”的样式填写。"
        ) from None
    return quarter_end(on.year, (on.month + 2) // 3)


_CHINESE_QUARTERS = str.maketrans("一二三四", "1234")


def quarter_end(year: int, quarter: int) -> str:
    """The last day of a quarter (1–4), as ISO text."""
    return date(year, quarter * 3, 31 if quarter in (1, 4) else 30).isoformat()


def quarter_text(iso: str) -> str:
    """The quarter of a day as people read it: “2025年第4季度”; other text as it is."""
    try:
        on = date.fromisoformat(iso)
    except ValueError:
        return iso
    return f"{on.year}年第{(on.month + 2) // 3}季度"


def _text(field: Field, text: str) -> str:
    if len(text) > field.max_length:
        raise Invalid(f"最多 {field.max_length} 字，现有 {len(text)} 字。", remedy="请精简。")
    return text


def _choice(field: Field, text: str) -> str:
    if text not in {option.value for option in field.options}:
        raise Invalid("不在可选范围内。", remedy="请从列出的选项中选择。")
    return text


def _yesno(field: Field, text: str) -> bool:
    if text not in ("yes", "no"):
        raise Invalid("请选择“是”或“否”。")
    return text == "yes"


def _attest(field: Field, text: str) -> bool:
    if text not in ("yes", "on", "no"):
        raise Invalid("请勾选或不勾选。")
    return text != "no"


def _uscc(field: Field, text: str) -> str:
    return read_uscc(_bounded_text(text, 40))[0]


def _id_number(field: Field, text: str) -> str:
    return read_id_number(_bounded_text(text, 40))


def _bounded_text(text: str, longest: int) -> str:
    if len(text) > longest:
        raise Invalid(f"最多 {longest} 个字符。")
    return text


def _phone(field: Field, text: str) -> str:
    digits = re.sub(r"[\s()（）]", "", unicodedata.normalize("NFKC", text))
    if not re.fullmatch(r"\+?[0-9][0-9-]{5,19}", digits):
        raise Invalid(f"“{_short(text)}”不是电话号码。", remedy="手机 11 位，或区号-号码。")
    return digits


def _email(field: Field, text: str) -> str:
    address = unicodedata.normalize("NFKC", text)
    if len(address) > 200 or not re.fullmatch(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+", address):
        raise Invalid(f"“{_short(text)}”不是电子邮箱。", remedy="例如 name@example.cn。")
    return address


def _occupation(field: Field, text: str) -> str:
    """The code at the head of what was typed: “6-18-01-01 车工” is taken as well."""
    match = re.match(r"[0-9]-[0-9]{2}-[0-9]{2}-[0-9]{2}", unicodedata.normalize("NFKC", text))
    if match is None:
        raise Invalid(
            f"“{_short(text)}”不是职业编码。", remedy="请从列表选择，编码形如 6-18-01-01。"
        )
    return match[0]


def _short(text: str) -> str:
    return text if len(text) <= 20 else text[:20] + "…"


_READERS: dict[str, Callable[[Field, str], Any]] = {
    "text": _text,
    "longtext": _text,
    "integer": _number,
    "money": _money,
    "date": _date,
    "quarter": _quarter,
    "year": _year,
    "choice": _choice,
    "level": _choice,
    "yesno": _yesno,
    "attest": _attest,
    "uscc": _uscc,
    "id_number": _id_number,
    "phone": _phone,
    "email": _email,
    "occupation": _occupation,
}
