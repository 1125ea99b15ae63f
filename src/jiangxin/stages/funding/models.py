"""What a project may get, what is planned for it, and what was paid: three things kept apart."""

from collections.abc import Iterable

from django.db import models
from django.db.models import F, Q

from jiangxin.core.kernel.canonical import digest
from jiangxin.core.workflow import ClaimState, PlanState
from jiangxin.records.documents.models import Document
from jiangxin.stages.titles.models import Title

from .choices import Leg, Source


class Claim(models.Model):
    """The claim of a registered project to a class and a tier; one for ever.

    `category` and `grade` are the unit's. `fixed_category`, `fixed_grade` and `amount` are what the
    ministries are asked to agree to, from the unit's own until they are adjusted; once the claim is
    verified they are what holds.
    """

    MACHINE = "claim"

    title = models.OneToOneField(Title, on_delete=models.PROTECT, related_name="claim")
    category = models.CharField("申报的类", max_length=20, blank=True)
    grade = models.CharField("申报的档", max_length=8, blank=True)
    reason = models.TextField("申报理由", blank=True)
    state = models.CharField(
        "状态", max_length=16, choices=ClaimState.choices(), default=ClaimState.DRAFT
    )
    submitted_at = models.DateTimeField("申报时间", null=True)
    submitted = models.CharField("申报内容摘要值", max_length=64, blank=True)
    opinion = models.TextField("核定意见或退回理由", blank=True)
    checked_at = models.DateTimeField("核定时间", null=True)
    fixed_category = models.CharField("确定的类", max_length=20, blank=True)
    fixed_grade = models.CharField("确定的档", max_length=8, blank=True)
    amount = models.BigIntegerField("补助标准（分）", null=True)
    fixed_reason = models.TextField("调整理由", blank=True)
    verified_at = models.DateTimeField("确定时间", null=True)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=~Q(state="verified") | Q(amount__isnull=False, amount__gt=0),
                name="verified_claim_has_an_amount",
            ),
        )
        ordering = ("title__year", "title__province", "id")

    def __str__(self) -> str:
        return f"{self.title_id} {self.category}{self.grade}"

    @property
    def subject(self) -> str:
        return f"claim:{self.pk}"

    def digest(self) -> str:
        """What both ministries agree to: what was submitted, and what is to be fixed."""
        names = ("title_id", "submitted", "fixed_category", "fixed_grade", "amount", "fixed_reason")
        return digest({name: getattr(self, name) for name in names})


class ClaimFile(models.Model):
    """One file that proves a claim."""

    claim = models.ForeignKey(Claim, on_delete=models.PROTECT, related_name="files")
    document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("id",)

    def __str__(self) -> str:
        return f"{self.claim_id} {self.document_id}"


class Plan(models.Model):
    """The funding plan of one year. `total` is that of its lines on the day of approval.

    `part` 1 is the year's plan; 2 and on supplement it for projects whose tier was fixed too late.
    """

    MACHINE = "plan"

    year = models.PositiveSmallIntegerField("年度")
    part = models.PositiveSmallIntegerField("次序", default=1)
    budget = models.BigIntegerField("预算（分）")
    state = models.CharField(
        "状态", max_length=16, choices=PlanState.choices(), default=PlanState.DRAFT
    )
    total = models.BigIntegerField("批准合计（分）", default=0)
    approved_at = models.DateTimeField("批准时间", null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["year", "part"], name="one_plan_per_year_and_part"),
            models.UniqueConstraint(
                fields=["year"], condition=Q(state="draft"), name="one_draft_plan_per_year"
            ),
            models.CheckConstraint(condition=Q(budget__gt=0), name="plan_budget_positive"),
            models.CheckConstraint(
                condition=~Q(state="approved") | Q(total__gt=0, total__lte=F("budget")),
                name="approved_within_budget",
            ),
        )
        ordering = ("-year", "-part")

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """As screens and documents call it."""
        if self.part == 1:
            return f"{self.year} 年资金分配方案"
        return f"{self.year} 年第 {self.part - 1} 次补充资金分配方案"

    @property
    def subject(self) -> str:
        return f"plan:{self.pk}"

    def digest(self, lines: Iterable["PlanLine"] | None = None) -> str:
        """What both ministries agree to: the budget, and every line with amount and reason.

        `lines` are all lines of the plan, for who has them at hand already.
        """
        found = self.lines.all() if lines is None else lines
        content = sorted((each.title_id, each.amount, each.reason) for each in found)
        return digest({"year": self.year, "budget": self.budget, "lines": content})


class PlanLine(models.Model):
    """One project in a plan, once for ever. `outside`: beyond the band, which needs a reason."""

    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="lines")
    title = models.ForeignKey(Title, on_delete=models.PROTECT, related_name="plan_lines")
    amount = models.BigIntegerField("金额（分）")
    outside = models.BooleanField("超出幅度", default=False)
    reason = models.CharField("超出幅度的理由", max_length=500, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["title"], name="title_planned_once"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="line_amount_positive"),
            models.CheckConstraint(
                condition=Q(outside=False) | ~Q(reason=""), name="outside_needs_a_reason"
            ),
        )
        ordering = ("title__province", "title__kind", "title__number", "id")

    def __str__(self) -> str:
        return f"{self.plan_id} {self.title_id}"


class PaymentQuerySet(models.QuerySet["Payment"]):
    def live(self) -> "PaymentQuerySet":
        """The entries that count: neither reversed nor reversing."""
        return self.filter(reverses=None, reversal=None)


class Payment(models.Model):
    """One movement of money towards one project; rows are never changed or deleted.

    A wrong entry is taken back by a second one of the opposite amount, with its reason.
    """

    title = models.ForeignKey(Title, on_delete=models.PROTECT, related_name="payments")
    source = models.CharField("资金来源", max_length=16, choices=Source)
    leg = models.CharField("环节", max_length=24, choices=Leg)
    amount = models.BigIntegerField("金额（分）")
    on = models.DateField("日期")
    doc_number = models.CharField("文号或凭证号", max_length=60, blank=True)
    reverses = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, related_name="reversal"
    )
    reason = models.CharField("冲销理由", max_length=500, blank=True)
    at = models.DateTimeField("登记时间")
    actor = models.CharField(max_length=64)
    name = models.CharField("登记人", max_length=40)

    objects = PaymentQuerySet.as_manager()

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(source="central", leg__in=["central_to_province", "province_to_unit"])
                | Q(source="local", leg="local")
                | Q(source="own", leg="own"),
                name="payment_leg_of_its_source",
            ),
            models.CheckConstraint(
                condition=Q(reverses=None, amount__gt=0)
                | Q(reverses__isnull=False, amount__lt=0) & ~Q(reason=""),
                name="payment_sign_and_reason",
            ),
        )
        indexes = (models.Index(fields=["title", "leg", "on"], name="funding_payment_flow"),)
        ordering = ("-on", "-id")

    def __str__(self) -> str:
        return f"{self.title_id} {self.leg} {self.amount}"

    @property
    def subject(self) -> str:
        return f"payment:{self.pk}"


class Arrival(models.Model):
    """A unit confirms that a payment has reached it (到账确认)."""

    payment = models.OneToOneField(Payment, on_delete=models.PROTECT, related_name="arrival")
    on = models.DateField("到账日期")
    at = models.DateTimeField("确认时间")
    actor = models.CharField(max_length=64)
    name = models.CharField("确认人", max_length=40)

    class Meta:
        ordering = ("payment",)

    def __str__(self) -> str:
        return f"{self.payment_id} {self.on}"
