"""The fund account of a title: its balances, its vouchers, and what looks wrong in it (N58, N59)."""

from django.db import models
from django.db.models import F, Q

from jiangxin.core.kernel.canonical import digest
from jiangxin.core.workflow import FlagState
from jiangxin.records.documents.models import Document
from jiangxin.stages.funding.choices import Source
from jiangxin.stages.titles.models import Title

from .choices import OTHER


class Account(models.Model):
    """The special-fund account of one title; it opens with the first voucher."""

    title = models.OneToOneField(Title, on_delete=models.PROTECT, related_name="account")
    opened_at = models.DateTimeField("开设时间")

    class Meta:
        ordering = ("title_id",)

    def __str__(self) -> str:
        return f"专项资金账 {self.title_id}"

    @property
    def subject(self) -> str:
        return f"account:{self.pk}"


class Balance(models.Model):
    """What has arrived from one source, as known at the last voucher, and what is spent of it.

    The database itself refuses to spend more than has arrived.
    """

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="balances")
    source = models.CharField("资金来源", max_length=8, choices=Source)
    received = models.BigIntegerField("到账（分）", default=0)
    spent = models.BigIntegerField("支出（分）", default=0)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["account", "source"], name="one_balance_per_source"),
            models.CheckConstraint(
                condition=Q(spent__gte=0, spent__lte=F("received")),
                name="account_spends_what_arrived",
            ),
        )
        ordering = ("account", "source")

    def __str__(self) -> str:
        return f"{self.account_id} {self.source}"

    @property
    def left(self) -> int:
        return self.received - self.spent


class Voucher(models.Model):
    """One payment out of the account. Never edited: a wrong one is taken back by a reversing one."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="vouchers")
    on = models.DateField("日期")
    amount = models.BigIntegerField("金额（分）")
    category = models.CharField("用途", max_length=32)
    source = models.CharField("资金来源", max_length=8, choices=Source)
    payee = models.CharField("收款方", max_length=120)
    payee_key = models.CharField(max_length=120)
    invoice = models.CharField("发票号", max_length=60, blank=True)
    invoice_key = models.CharField(max_length=120, blank=True)
    note = models.CharField("摘要", max_length=200)
    reason = models.CharField("理由", max_length=500, blank=True)
    document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="+")
    reverses = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, related_name="reversed_by"
    )
    by = models.CharField("经办人", max_length=40)
    at = models.DateTimeField("登记时间")

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(reverses=None, amount__gt=0)
                | Q(reverses__isnull=False, amount__lt=0) & ~Q(reason=""),
                name="voucher_is_positive_or_reverses",
            ),
            models.CheckConstraint(
                condition=~Q(category=OTHER) | ~Q(reason=""), name="voucher_other_use_has_reason"
            ),
        )
        indexes = (
            models.Index(fields=["account", "on", "id"], name="accounts_voucher_order"),
            models.Index(
                fields=["invoice_key", "payee_key"],
                condition=~Q(invoice_key=""),
                name="accounts_voucher_invoice",
            ),
        )
        ordering = ("account", "on", "id")

    def __str__(self) -> str:
        return self.number

    @property
    def number(self) -> str:
        """What people call it by."""
        return f"PZ{self.pk:06d}"

    @property
    def subject(self) -> str:
        return f"voucher:{self.pk}"

    def digest(self) -> str:
        """What the ledger keeps of a voucher: payees may be people, so their names stay out of it."""
        names = ("on", "amount", "category", "source", "payee", "invoice", "note", "reason")
        return digest(
            {name: getattr(self, name) for name in names} | {"file": self.document.sha256}
        )


class Flag(models.Model):
    """Something that looks wrong, until provincial finance has concluded. `about` is its subject."""

    MACHINE = "flag"

    title = models.ForeignKey(Title, on_delete=models.PROTECT, related_name="flags")
    rule = models.CharField("疑点", max_length=32)
    about = models.CharField("对象", max_length=64)
    voucher = models.ForeignKey(Voucher, on_delete=models.PROTECT, null=True, related_name="flags")
    other = models.ForeignKey(Voucher, on_delete=models.PROTECT, null=True, related_name="+")
    amount = models.BigIntegerField("涉及金额（分）")
    text = models.CharField("情况", max_length=1000)
    raised_at = models.DateTimeField("提出时间")
    raised_by = models.CharField("提出人", max_length=40, blank=True)
    due = models.DateField("说明期限")
    answer = models.TextField("说明", blank=True)
    answered_at = models.DateTimeField("说明时间", null=True)
    answered_by = models.CharField("说明人", max_length=40, blank=True)
    answered_actor = models.CharField(max_length=64, blank=True)
    reason = models.TextField("认定理由", blank=True)
    refund = models.BigIntegerField("退回资金（分）", default=0)
    concluded_at = models.DateTimeField("认定时间", null=True)
    concluded_by = models.CharField("认定人", max_length=40, blank=True)
    state = models.CharField(
        "状态", max_length=16, choices=FlagState.choices(), default=FlagState.OPEN
    )

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["rule", "about"], name="one_flag_per_rule_and_subject"),
            models.CheckConstraint(
                condition=Q(refund=0) | Q(refund__gt=0, refund__lte=F("amount"), state="confirmed"),
                name="flag_refunds_what_is_confirmed",
            ),
        )
        indexes = (
            models.Index(fields=["title", "state"], name="accounts_flag_title"),
            models.Index(fields=["state", "due"], name="accounts_flag_queue"),
        )
        ordering = ("-raised_at", "-id")

    def __str__(self) -> str:
        return f"{self.rule} {self.about}"

    @property
    def subject(self) -> str:
        return f"flag:{self.pk}"
