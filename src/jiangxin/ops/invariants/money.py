"""Money: the plan, the payments down the chain, the accounts of the units."""

from collections.abc import Iterator
from itertools import accumulate

from django.db.models import Sum

from jiangxin.core.workflow import PlanState
from jiangxin.stages.accounts.models import Balance, Flag, Voucher
from jiangxin.stages.funding.choices import Leg
from jiangxin.stages.funding.models import Payment, PlanLine
from jiangxin.stages.funding.queries import received
from jiangxin.stages.programme.queries import pack, parameter
from jiangxin.stages.titles.models import Title

from . import invariant


def approved() -> list[PlanLine]:
    """The lines of approved plans."""
    rows = PlanLine.objects.filter(plan__state=PlanState.APPROVED)
    return list(rows.select_related("plan", "title").order_by("id"))


@invariant("N52", title="方案只列上一年度两部登记的项目，每个项目一次")
def plans_hold_last_years_titles() -> Iterator[str]:
    after = parameter("support.years_after", 2025)
    seen: set[int] = set()
    for line in approved():
        if line.title.year + after != line.plan.year or not line.title.origin:
            yield f"{line.title.number} 不应列入 {line.plan.year} 年方案。"
        if line.title_id in seen:
            yield f"{line.title.number} 列入了两个方案。"
        seen.add(line.title_id)


@invariant("N53", "N54", title="补助金额在规定幅度之内，超出的写明理由")
def amounts_are_in_the_band() -> Iterator[str]:
    for line in approved():
        low, high = (
            parameter(f"money.{line.title.kind}.{end}", line.title.year)
            for end in ("minimum", "maximum")
        )
        if not low <= line.amount <= high and not line.reason.strip():
            yield f"{line.title.number} 的金额超出幅度而没有理由。"


@invariant("N55", title="各级拨付不超过到达的资金，也不早于到达")
def nothing_is_paid_before_it_arrives() -> Iterator[str]:
    for title in Title.objects.filter(payments__isnull=False).distinct().order_by("id"):
        planned = PlanLine.objects.filter(title=title, plan__state=PlanState.APPROVED)
        limit = planned.aggregate(n=Sum("amount"))["n"] or 0
        flows = title.payments.filter(leg__in=(Leg.TO_PROVINCE, Leg.TO_UNIT)).order_by("on", "id")
        signs = [
            row.amount if row.leg == Leg.TO_PROVINCE else -row.amount
            for row in sorted(flows, key=lambda row: (row.on, row.leg != Leg.TO_PROVINCE, row.pk))
        ]
        if any(held < 0 for held in accumulate(signs)):
            yield f"{title.number} 在资金到达之前拨付。"
        sent = title.payments.filter(leg=Leg.TO_PROVINCE).aggregate(n=Sum("amount"))["n"] or 0
        if sent > limit:
            yield f"{title.number} 拨付 {sent} 分，方案 {limit} 分。"


@invariant("N55", title="中央、地方、自筹资金分开记账")
def sources_are_kept_apart() -> Iterator[str]:
    of = {Leg.TO_PROVINCE: "central", Leg.TO_UNIT: "central", Leg.LOCAL: "local", Leg.OWN: "own"}
    for row in Payment.objects.order_by("id"):
        if of[Leg(row.leg)] != row.source:
            yield f"拨付 {row.pk} 的资金来源与环节不符。"


@invariant("N56", "N57", "N58", title="规定用途以外的支出都有疑点记录")
def other_uses_are_flagged() -> Iterator[str]:
    uses = {kind: set(found["categories"]) for kind, found in pack().money["uses"].items()}
    rows = Voucher.objects.filter(source="central", amount__gt=0).select_related("account__title")
    for row in rows.order_by("id"):
        listed = row.category in uses[row.account.title.kind]
        if not listed and not Flag.objects.filter(voucher=row).exists():
            yield f"凭证 {row.pk} 的用途没有疑点记录。"


@invariant("N58", title="同一发票出现两次都有疑点记录")
def bills_twice_are_flagged() -> Iterator[str]:
    seen: dict[str, int] = {}
    rows = Voucher.objects.filter(amount__gt=0).exclude(invoice_key="").order_by("id")
    for row in rows:
        first = seen.setdefault(row.invoice_key, row.pk)
        if first != row.pk and not Flag.objects.filter(voucher_id=row.pk).exists():
            yield f"凭证 {row.pk} 与 {first} 的发票相同而没有疑点记录。"


@invariant("N59", title="专项资金账的余额与凭证一致，从不为负")
def balances_agree() -> Iterator[str]:
    for row in Balance.objects.select_related("account__title").order_by("id"):
        spent = Voucher.objects.filter(account=row.account_id, source=row.source)
        total = spent.aggregate(n=Sum("amount"))["n"] or 0
        there = received(row.account.title).get(row.source, 0)
        if total != row.spent or total > there:
            yield f"账户 {row.account_id} 的 {row.source} 余额与凭证不符。"
