"""The words of a list's search language: what `词:值` means there."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Q

from jiangxin.core.kernel.errors import Invalid
from jiangxin.core.kernel.regions import PROVINCES


@dataclass(frozen=True)
class Keyword:
    """A word of the search language. `apply(value)` is its condition; it raises `Invalid`."""

    word: str
    help: str
    example: str
    apply: Callable[[str], Q]


def any_of(conditions: Iterable[Q]) -> Q:
    """At least one of `conditions`; nothing satisfies none."""
    found = list(conditions)
    return reduce(or_, found) if found else Q(pk__in=[])


def choice(
    word: str, field: str, choices: Iterable[Any], about: str = "", *, example: str = ""
) -> Keyword:
    """`词:标签` for a field with choices: pairs, members with `value` and `label`, or an enum."""
    labels: dict[str, str] = {}
    for each in choices:
        code, label = each if isinstance(each, tuple) else (each.value, each.label)
        labels[str(label)] = str(code)

    def apply(value: str) -> Q:
        if value in labels:
            return Q(**{field: labels[value]})
        if value in labels.values():
            return Q(**{field: value})
        raise Invalid(f"“{word}”没有“{value}”这个值。", remedy=f"可用：{'、'.join(labels)}。")

    shown = example or next(iter(labels), "值")
    return Keyword(word, about or "、".join(labels), f"{word}:{shown}", apply)


def province(field: str = "province", word: str = "省") -> Keyword:
    """`省:江苏`, by short name, full name or code."""
    codes = {name: each.code for each in PROVINCES for name in (each.short, each.name, each.code)}

    def apply(value: str) -> Q:
        if value not in codes:
            raise Invalid(f"没有省级单位“{value}”。", remedy="请写简称，例如 江苏、兵团。")
        return Q(**{field: codes[value]})

    return Keyword(word, "省级单位，写简称或全称", f"{word}:江苏", apply)


_COMPARED = re.compile(
    r"(>=|<=|>|<|≥|≤|＞|＜)?\s*(\d{1,15}(?:\.\d{1,6})?)(?:(?:\.\.|~|—)(\d{1,15}(?:\.\d{1,6})?))?"
)
_SUFFIX = {"": "exact", ">": "gt", "＞": "gt", ">=": "gte", "≥": "gte"} | {
    "<": "lt",
    "＜": "lt",
    "<=": "lte",
    "≤": "lte",
}


def number(
    word: str, field: str, about: str = "", *, scale: int = 1, example: str = ">80"
) -> Keyword:
    """`分:>85`, `分:60..80`. `scale` turns what is typed into what is stored (万元 → 分: 1000000)."""

    def apply(value: str) -> Q:
        match = _COMPARED.fullmatch(value)
        if match is None:
            raise Invalid(
                f"“{word}:{value}”不是数。", remedy=f"例如 {word}:{example}、{word}:60..80。"
            )
        low = _scaled(match[2], scale)
        if match[3] is not None:
            return Q(**{f"{field}__gte": low, f"{field}__lte": _scaled(match[3], scale)})
        return Q(**{f"{field}__{_SUFFIX[match[1] or '']}": low})

    return Keyword(word, about or "数值，可用 > < >= <= 或 60..80", f"{word}:{example}", apply)


def _scaled(text: str, scale: int) -> int | Decimal:
    value = Decimal(text) * scale
    return int(value) if value == int(value) else value


def contains(word: str, *fields: str, about: str = "", example: str = "") -> Keyword:
    """`单位:学院`: text that one of `fields` contains."""

    def apply(value: str) -> Q:
        return any_of(Q(**{f"{field}__icontains": value}) for field in fields)

    return Keyword(word, about or f"{word}中含有的文字", example or f"{word}:文字", apply)


def when(word: str, about: str, values: dict[str, Q]) -> Keyword:
    """`待办:我`: named conditions that the page writes itself."""

    def apply(value: str) -> Q:
        if value not in values:
            raise Invalid(f"“{word}”没有“{value}”这个值。", remedy=f"可用：{'、'.join(values)}。")
        return values[value]

    return Keyword(word, about, f"{word}:{next(iter(values))}", apply)
