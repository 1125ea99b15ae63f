"""A province's year: the call, the places of its quota, the days that people work."""

from django.db import models
from django.db.models import F, Q

from jiangxin.core.kernel.canonical import digest
from jiangxin.core.workflow import CallState
from jiangxin.records.identity.models import PROVINCE_CHOICES

from .tracks import Kind, Track

__all__ = ["Call", "DemoClock", "Holiday", "Kind", "QuotaPlace", "Track"]


class Call(models.Model):
    """The call of one province in one year: window, overlay, publicity days, panel size."""

    MACHINE = "call"

    province = models.CharField("省份", max_length=2, choices=PROVINCE_CHOICES)
    year = models.PositiveSmallIntegerField("年度")
    title = models.CharField("标题", max_length=200)
    doc_number = models.CharField("文号", max_length=60, blank=True)
    opens_at = models.DateTimeField("开始时间")
    closes_at = models.DateTimeField("截止时间")
    overlay = models.CharField("省级细则", max_length=40, blank=True)
    publicity_days = models.PositiveSmallIntegerField("公示工作日数")
    panel_size = models.PositiveSmallIntegerField("评审组人数")
    correction_days = models.PositiveSmallIntegerField("补正工作日数", default=5)
    phone = models.CharField("咨询电话", max_length=60, blank=True)
    text = models.TextField("通知正文", blank=True)
    state = models.CharField(
        "状态", max_length=16, choices=CallState.choices(), default=CallState.DRAFT
    )

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["province", "year"], name="one_call_per_province_year"),
            models.CheckConstraint(condition=Q(closes_at__gt=F("opens_at")), name="call_window"),
        )
        ordering = ("-year", "province")

    def __str__(self) -> str:
        return self.title

    @property
    def subject(self) -> str:
        return f"call:{self.pk}"

    def digest(self) -> str:
        """What both departments agree to: every field that an applicant relies on."""
        names = (
            "province year title doc_number opens_at closes_at overlay publicity_days panel_size "
            "correction_days phone text"
        )
        return digest({name: getattr(self, name) for name in names.split()})


class QuotaPlace(models.Model):
    """One place of a province's yearly quota. A selected project holds one; there are no others.

    The quota is therefore a foreign key, not a count: two officials can not both take the last.
    """

    province = models.CharField("省份", max_length=2, choices=PROVINCE_CHOICES)
    year = models.PositiveSmallIntegerField("年度")
    kind = models.CharField("类别", max_length=16, choices=Kind.choices())
    number = models.PositiveSmallIntegerField("序号")
    exception = models.CharField("例外依据", max_length=300, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["province", "year", "kind", "number"], name="quota_place_once"
            ),
        )
        ordering = ("province", "year", "kind", "number")

    def __str__(self) -> str:
        return f"{self.year}-{self.province}-{self.kind}-{self.number}"


class Holiday(models.Model):
    """A day on which the week does not decide: 放假 or 调休上班."""

    day = models.DateField("日期", unique=True)
    working = models.BooleanField("上班")
    name = models.CharField("名称", max_length=40)

    class Meta:
        ordering = ("day",)

    def __str__(self) -> str:
        return f"{self.day} {self.name}"


class DemoClock(models.Model):
    """How far a demonstration's clock stands from the real one. At most one row; never used for real."""

    shift = models.DurationField("偏移")

    def __str__(self) -> str:
        return str(self.shift)
