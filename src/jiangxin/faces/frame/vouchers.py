"""Lists of vouchers, as the desk and a unit's own account have them."""

from collections.abc import Callable
from typing import Any

from django.db.models import Q

from jiangxin.core.kernel.money import FEN_PER_YUAN
from jiangxin.stages.accounts.choices import all_uses
from jiangxin.stages.accounts.queries import STANDING
from jiangxin.stages.funding.choices import Source

from .keywords import Keyword, choice, contains, number, when
from .listing import Column, Listing

SOURCES = dict(Source.choices)


def vouchers_of(
    *,
    link: Callable[[Any], str],
    more: tuple[Column, ...] = (),
    keywords: tuple[Keyword, ...] = (),
) -> Listing:
    """The declaration of a list of vouchers; `more` columns come after the number."""
    uses = all_uses()
    return Listing(
        columns=(
            Column("number", "凭证号", lambda row: row.number, sort="id"),
            *more,
            Column("on", "支付日期", lambda row: row.on, "date", "on"),
            Column("amount", "金额", lambda row: row.amount, "yuan", "amount"),
            Column("use", "用途", lambda row: uses[row.category], sort="category"),
            Column("source", "资金来源", lambda row: SOURCES[row.source], sort="source"),
            Column("payee", "收款方", lambda row: row.payee, sort="payee"),
            Column("flagged", "疑点", lambda row: row.flagged, "number", "flagged"),
            Column("standing", "冲销", standing),
            Column("invoice", "发票号", lambda row: row.invoice, default=False),
            Column("note", "摘要", lambda row: row.note, default=False),
        ),
        keywords=(
            when("疑点", "有、无（未结的和属实的）", {"有": Q(flagged__gt=0), "无": Q(flagged=0)}),
            choice("用途", "category", uses.items(), example="其他"),
            choice("来源", "source", Source),
            number("金额", "amount", "金额，元", scale=FEN_PER_YUAN, example=">10000"),
            contains("收款方", "payee", example="收款方:公司"),
            contains("发票", "invoice", example="发票:2532"),
            when(
                "冲销",
                "是：已冲销的和冲销凭证；否：计入支出的",
                {"是": ~STANDING, "否": STANDING},
            ),
            *keywords,
        ),
        text=("payee__icontains", "invoice__icontains", "note__icontains"),
        text_help="在收款方、发票号、摘要中查找",
        order=("-on", "-id"),
        link=link,
    )


def standing(row: Any) -> str:
    """Whether a voucher takes another one back or is taken back; empty for one that counts."""
    if row.reverses_id is not None:
        return f"冲销 {row.reverses.number}"
    return "已冲销" if hasattr(row, "reversed_by") else ""
