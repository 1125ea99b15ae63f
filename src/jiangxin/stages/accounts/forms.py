"""What was typed about a voucher, on a page or in a row of a table, as values; and what it must be."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import DomainError, Invalid
from jiangxin.core.kernel.money import parse_yuan
from jiangxin.stages.funding.choices import Source
from jiangxin.stages.titles.models import Title

from .choices import OTHER, uses

TEXTS = {
    "payee": ("收款方", 120, True),
    "invoice": ("发票号", 60, False),
    "note": ("摘要", 200, True),
    "reason": ("其他用途的理由", 500, False),
}
MOST = 10**12  # 分: a hundred times the largest support


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A voucher as the unit enters it; `reason` explains a use that the notice does not name."""

    on: date
    amount: int
    category: str
    source: str
    payee: str
    note: str
    invoice: str = ""
    reason: str = ""


def read_entry(title: Title, typed: Mapping[str, str]) -> tuple[Entry | None, list[DomainError]]:
    """The voucher out of texts by the names of `Entry` (amount in 元), or everything wrong with them."""
    problems: list[DomainError] = []
    on, amount = date.min, 0
    try:
        on = date.fromisoformat(typed.get("on", "").strip())
    except ValueError:
        problems.append(Invalid("请填写支付日期。", remedy="例如 2026-03-09。", field="on"))
    text = typed.get("amount", "").strip()
    try:
        amount = parse_yuan(text)
    except Invalid as error:
        told = error.message if text else "请填写金额。"
        problems.append(Invalid(told, remedy=error.remedy, field="amount"))
    entry = Entry(
        on=on,
        amount=amount,
        category=typed.get("category", "").strip(),
        source=typed.get("source", "").strip(),
        **{name: clean(typed.get(name, "")) for name in TEXTS},
    )
    told_already = {each.field for each in problems}
    problems += [each for each in wrongs(title, entry) if each.field not in told_already]
    return (None if problems else entry), problems


def wrongs(title: Title, entry: Entry) -> list[DomainError]:
    """Everything wrong with a voucher of this title, whoever made it; empty when it can be kept."""
    problems: list[DomainError] = []
    if entry.on > clock.today():
        problems.append(Invalid("支付日期不能晚于今天。", field="on"))
    elif entry.on.year < title.year:
        told = f"支付日期早于项目确定年度（{title.year} 年）。"
        problems.append(Invalid(told, remedy="专项资金账只记本项目的支出。", field="on"))
    if not 0 < entry.amount <= MOST:
        problems.append(Invalid("金额须大于 0，且不超过 100 亿元。", field="amount"))
    if entry.category not in uses(title.kind):
        problems.append(Invalid("请选择用途。", clause="4.5", field="category"))
    if entry.source not in Source.values:
        problems.append(Invalid("请选择资金来源。", clause="4.4", field="source"))
    if entry.category == OTHER and not entry.reason:
        problems.append(Invalid("用途为“其他”的，请写明理由。", clause="4.5", field="reason"))
    for name, (label, longest, needed) in TEXTS.items():
        given = getattr(entry, name)
        if needed and not given:
            problems.append(Invalid(f"请填写{label}。", field=name))
        if len(given) > longest:
            problems.append(Invalid(f"{label}最多 {longest} 字。", field=name))
    return problems


def clean(text: str) -> str:
    """What a person typed, without what the database can not keep and without space around it."""
    return text.replace("\0", "").strip()


def key_of(text: str) -> str:
    """A name or number as it is compared: width, case and spaces make no difference."""
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())[:120]
