"""The gate before publication: nothing that identifies a person's papers, phone or account."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from stdnum import luhn

from jiangxin.core.kernel.errors import Invalid
from jiangxin.core.kernel.identifiers import mask

BIRTHDAY = r"(?:18|19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
PATTERNS = (
    (
        "公民身份号码",
        re.compile(rf"(?<![0-9A-Za-z])[1-9]\d{{5}}{BIRTHDAY}\d{{3}}[\dXx](?![0-9A-Za-z])"),
    ),
    ("手机号码", re.compile(r"(?<!\d)(?:86)?1[3-9]\d{9}(?!\d)")),
    ("银行卡号", re.compile(r"(?<!\d)\d{16,19}(?!\d)")),
    ("电子邮箱", re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+\.[A-Za-z0-9.-]*[A-Za-z]")),
)
# What people put between the groups of a number; NFKC has made full-width and no-break ones plain.
GROUPED = re.compile(r"(?<=\d)[ \-‐‑–—·.]{1,2}(?=\d)")


@dataclass(frozen=True)
class Leak:
    """What kind of personal data, in which place; `shown` is its mask."""

    kind: str
    place: str
    shown: str


def leaks(texts: dict[str, str]) -> Iterator[Leak]:
    """Everything in `texts` (place → text) that must not be published.

    Full-width digits, digits grouped by spaces, hyphens or dots, and digits with invisible
    characters between them are seen too. A card number counts only with its check digit and an
    identity number only with a date in it, so that document numbers and unit codes pass.
    """
    for place, text in texts.items():
        plain = GROUPED.sub("", _visible(unicodedata.normalize("NFKC", text)))
        seen: list[tuple[int, int]] = []
        for kind, pattern in PATTERNS:
            for found in pattern.finditer(plain):
                inside = any(start <= found.start() < end for start, end in seen)
                card = kind == "银行卡号" and not luhn.is_valid(found.group())
                if inside or card:
                    continue
                seen.append(found.span())
                yield Leak(kind, place, mask(found.group()))


def refuse_leaks(texts: dict[str, str], *, remedy: str, clause: str, field: str = "text") -> None:
    """Raises `Invalid` naming every piece of personal data in `texts`, its place and its mask."""
    found = list(leaks(texts))
    if found:
        told = "；".join(f"{each.place}中的{each.kind} {each.shown}" for each in found)
        raise Invalid(
            f"公开内容含有个人信息 {len(found)} 处：{told}。",
            remedy=remedy,
            clause=clause,
            field=field,
        )


def _visible(text: str) -> str:
    """`text` without characters that nobody sees (zero width, direction)."""
    return "".join(letter for letter in text if unicodedata.category(letter) != "Cf")
