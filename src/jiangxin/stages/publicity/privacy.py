"""The gate before publication: nothing that identifies a person's papers, phone or account."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from stdnum import luhn

from jiangxin.core.kernel.identifiers import mask

PATTERNS = (
    ("公民身份号码", re.compile(r"(?<![0-9A-Za-z])[1-9]\d{16}[\dXx](?![0-9A-Za-z])")),
    ("手机号码", re.compile(r"(?<!\d)1[3-9]\d{9}(?!\d)")),
    ("银行卡号", re.compile(r"(?<!\d)\d{16,19}(?!\d)")),
    ("电子邮箱", re.compile(r"[\w.+-]+@[\w-]+\.[\w.]+")),
)
SPACES = re.compile(r"(?<=\d)[ \-](?=\d)")


@dataclass(frozen=True)
class Leak:
    """What kind of personal data, in which place; `shown` is its mask."""

    kind: str
    place: str
    shown: str


def leaks(texts: dict[str, str]) -> Iterator[Leak]:
    """Everything in `texts` (place → text) that must not be published.

    Full-width digits and digits grouped by spaces or hyphens are seen too. A card number counts
    only with its check digit, so that document numbers pass.
    """
    for place, text in texts.items():
        plain = SPACES.sub("", unicodedata.normalize("NFKC", text))
        seen: list[tuple[int, int]] = []
        for kind, pattern in PATTERNS:
            for found in pattern.finditer(plain):
                inside = any(start <= found.start() < end for start, end in seen)
                card = kind == "银行卡号" and not luhn.is_valid(found.group())
                if inside or card:
                    continue
                seen.append(found.span())
                yield Leak(kind, place, mask(found.group()))
