"""The expert pool of a province: people, where they worked, to whom they are bound (N32)."""

from django.db import models
from django.db.models import F, Q

from jiangxin.core.workflow import LoanState
from jiangxin.records.identity.models import PROVINCE_CHOICES, User

from .choices import Field, Origin, State, Tie


class Expert(models.Model):
    """One person in one province's pool; the personal number is kept encrypted."""

    user = models.OneToOneField(User, on_delete=models.PROTECT, null=True, related_name="expert")
    province = models.CharField("省份", max_length=2, choices=PROVINCE_CHOICES)
    name = models.CharField("姓名", max_length=40)
    id_sealed = models.TextField("公民身份号码（加密）")
    id_hash = models.CharField(max_length=64)
    id_mask = models.CharField("公民身份号码", max_length=18)
    unit_name = models.CharField("工作单位", max_length=120)
    unit_uscc = models.CharField("单位统一社会信用代码", max_length=18, blank=True)
    field = models.CharField("专业", max_length=16, choices=Field)
    occupations = models.JSONField("职业", default=list, blank=True)
    title = models.CharField("职称或技能等级", max_length=60, blank=True)
    phone = models.CharField("手机", max_length=30, blank=True)
    email = models.EmailField("邮箱", blank=True)
    state = models.CharField("状态", max_length=16, choices=State, default=State.PENDING)
    state_reason = models.CharField("状态原因", max_length=300, blank=True)
    term_until = models.DateField("聘期至")
    trained = models.DateField("最近培训日期", null=True, blank=True)
    origin = models.CharField("来源", max_length=16, choices=Origin, default=Origin.OFFICE)
    statement = models.CharField("本人说明", max_length=300, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["province", "id_hash"], name="one_expert_per_person_and_province"
            ),
        )
        indexes = (models.Index(fields=["province", "state", "field"], name="experts_expert_pool"),)
        ordering = ("province", "name", "id")

    def __str__(self) -> str:
        return self.name

    @property
    def subject(self) -> str:
        return f"expert:{self.pk}"


class Employment(models.Model):
    """A unit where the expert works or worked; `until` None means until now."""

    expert = models.ForeignKey(Expert, on_delete=models.CASCADE, related_name="employments")
    unit_name = models.CharField("单位", max_length=120)
    unit_uscc = models.CharField("统一社会信用代码", max_length=18, blank=True)
    since = models.DateField("起始")
    until = models.DateField("离开", null=True, blank=True)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=models.Q(until=None) | models.Q(until__gte=models.F("since")),
                name="employment_ends_after_it_begins",
            ),
        )
        ordering = ("-since", "id")

    def __str__(self) -> str:
        return f"{self.expert_id} {self.unit_name}"


class Relation(models.Model):
    """What binds an expert to a unit, or to the leader of a studio."""

    expert = models.ForeignKey(Expert, on_delete=models.CASCADE, related_name="relations")
    kind = models.CharField("关系", max_length=16, choices=Tie)
    unit_name = models.CharField("单位", max_length=120, blank=True)
    unit_uscc = models.CharField("统一社会信用代码", max_length=18, blank=True)
    person_name = models.CharField("带头人", max_length=40, blank=True)
    note = models.CharField("说明", max_length=200, blank=True)
    until = models.DateField("结束", null=True, blank=True)
    at = models.DateTimeField()

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=~models.Q(unit_name="", unit_uscc="", person_name=""),
                name="relation_to_somebody",
            ),
        )
        ordering = ("id",)

    def __str__(self) -> str:
        return f"{self.expert_id} {self.kind} {self.unit_name or self.person_name}"


class Loan(models.Model):
    """One expert of one province for the draws of another, with the word of both and of the expert.

    The borrower asks for a field; the lender names the expert, whom the borrower learns of once the
    expert has agreed. Drawn are only those on loan at the freezing of the lot.
    """

    MACHINE = "loan"

    borrower = models.CharField("借入省份", max_length=2, choices=PROVINCE_CHOICES)
    lender = models.CharField("出借省份", max_length=2, choices=PROVINCE_CHOICES)
    field = models.CharField("专业", max_length=16, choices=Field)
    reason = models.CharField("事由", max_length=300)
    until = models.DateField("借用至")
    state = models.CharField(
        "状态", max_length=16, choices=LoanState.choices(), default=LoanState.REQUESTED
    )
    expert = models.ForeignKey(Expert, on_delete=models.PROTECT, null=True, related_name="loans")
    note = models.CharField("答复", max_length=300, blank=True)
    requested_at = models.DateTimeField("提出时间")
    consented_at = models.DateTimeField("出借方同意", null=True)
    accepted_at = models.DateTimeField("专家同意", null=True)
    ended_at = models.DateTimeField("结束时间", null=True)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=~Q(borrower=F("lender")), name="a_loan_is_between_two_provinces"
            ),
            models.CheckConstraint(
                condition=Q(expert__isnull=False) | ~Q(state__in=("consented", "lent")),
                name="a_loan_names_its_expert",
            ),
            models.UniqueConstraint(
                fields=["borrower", "expert"],
                condition=Q(state__in=("consented", "lent")),
                name="one_loan_per_expert_and_borrower",
            ),
        )
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"{self.lender} → {self.borrower} {self.field}"

    @property
    def subject(self) -> str:
        return f"loan:{self.pk}"
