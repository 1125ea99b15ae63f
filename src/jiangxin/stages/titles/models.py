"""The register of titles: everything that was ever named, with its whole history.

It stands below the application stage because an application is judged against it: an existing base
must be found in it (N15, N16), and a leader × unit may not be in it already (N26).
"""

from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q

from jiangxin.core.workflow import TitleState
from jiangxin.records.identity.models import PROVINCE_CHOICES
from jiangxin.stages.programme.models import Kind, Track


class Title(models.Model):
    """One named base or studio, of 2011–2020 or of this programme."""

    MACHINE = "title"

    class Assessment(models.TextChoices):
        NONE = "none", "尚未考核"
        PASSED = "passed", "考核通过"
        FAILED = "failed", "考核不通过"

    number = models.CharField("编号", max_length=40, unique=True)
    kind = models.CharField("类别", max_length=16, choices=Kind.choices())
    track = models.CharField("类型", max_length=16, choices=Track.choices(), blank=True)
    province = models.CharField("省份", max_length=2, choices=PROVINCE_CHOICES)
    year = models.PositiveSmallIntegerField("确定年度")
    name = models.CharField("项目名称", max_length=200)
    unit_name = models.CharField("建设单位", max_length=120)
    uscc = models.CharField("统一社会信用代码", max_length=18, blank=True)
    former_names = models.JSONField("曾用名称和代码", default=list)
    leader_name = models.CharField("带头人", max_length=40, blank=True)
    leader_hash = models.CharField(max_length=64, blank=True)
    priority_field = models.CharField("重点领域", max_length=40, blank=True)
    origin = models.CharField("来源", max_length=64, blank=True)
    assessment = models.CharField(
        "考核评估", max_length=16, choices=Assessment, default=Assessment.NONE
    )
    assessed_year = models.PositiveSmallIntegerField("考核年度", null=True)
    state = models.CharField(
        "称号状态", max_length=16, choices=TitleState.choices(), default=TitleState.TITLED
    )
    # Decided by both departments and not published yet: the public still sees a valid title.
    unpublished = models.BooleanField("取消决定尚未公布", default=False)
    # The last day on which a published revocation keeps the unit from applying.
    barred_until = models.DateField("不得申报至", null=True)
    registered_at = models.DateTimeField("登记时间", null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["leader_hash", "uscc"],
                condition=Q(kind="studio", state="titled") & ~Q(leader_hash=""),
                name="one_studio_per_leader_and_unit",
            ),
            models.UniqueConstraint(
                fields=["origin"], condition=~Q(origin=""), name="one_title_per_project"
            ),
            models.CheckConstraint(
                condition=Q(unpublished=False) | Q(state="revoked"),
                name="only_a_revocation_is_unpublished",
            ),
        )
        indexes = (
            models.Index(fields=["province", "year", "kind"], name="titles_title_place"),
            models.Index(fields=["uscc"], name="titles_title_uscc"),
            models.Index(fields=["unit_name"], name="titles_title_unit"),
            models.Index(fields=["leader_hash"], name="titles_title_leader"),
            GinIndex(fields=["former_names"], name="titles_title_former"),
        )
        ordering = ("-year", "province", "number")

    def __str__(self) -> str:
        return self.name

    @property
    def subject(self) -> str:
        return f"title:{self.pk}"
