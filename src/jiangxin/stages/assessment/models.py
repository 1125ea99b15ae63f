"""The legacy register as it was uploaded, and the assessment of its titles in batches (4.2)."""

from django.db import models
from django.db.models import Q

from jiangxin.core.kernel.canonical import digest
from jiangxin.core.workflow import AssessmentState
from jiangxin.records.documents.models import Document
from jiangxin.records.identity.models import PROVINCE_CHOICES
from jiangxin.stages.titles.models import Title

from .choices import PASSING, Grade

OPEN = (AssessmentState.PLANNED, AssessmentState.REPORTED, AssessmentState.JUDGED)


class LegacyImport(models.Model):
    """One faultless workbook of titles of 2011–2020; they stand in the register once it is entered."""

    document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="+")
    province = models.CharField("省份", max_length=2, choices=PROVINCE_CHOICES, blank=True)
    rows = models.PositiveIntegerField("行数")
    at = models.DateTimeField("上传时间")
    name = models.CharField("上传人", max_length=40)
    entered_at = models.DateTimeField("录入时间", null=True)

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"{self.pk}"

    @property
    def subject(self) -> str:
        return f"legacy_import:{self.pk}"


class Batch(models.Model):
    """One of the batches in which a province assesses its titles in a year."""

    province = models.CharField("省份", max_length=2, choices=PROVINCE_CHOICES)
    year = models.PositiveSmallIntegerField("年度")
    number = models.PositiveSmallIntegerField("批次")
    name = models.CharField("名称", max_length=60)
    due_on = models.DateField("自评截止日")
    at = models.DateTimeField("建立时间")

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["province", "year", "number"], name="one_batch_per_number"
            ),
        )
        ordering = ("-year", "province", "number")

    def __str__(self) -> str:
        return f"{self.year} 年第 {self.number} 批"

    @property
    def subject(self) -> str:
        return f"assessment_batch:{self.pk}"


class Assessment(models.Model):
    """The assessment of one title: what the unit says, what the province judges, what both conclude.

    `year` repeats the batch's, for the constraint. `digest` is that of the judged content, to which
    both departments agree; '' while nothing is judged.
    """

    MACHINE = "assessment"

    title = models.ForeignKey(Title, on_delete=models.PROTECT, related_name="assessments")
    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, related_name="assessments")
    year = models.PositiveSmallIntegerField("年度")
    state = models.CharField(
        "状态",
        max_length=16,
        choices=AssessmentState.choices(),
        default=AssessmentState.PLANNED,
    )
    goals_met = models.BooleanField("目标任务已完成", null=True)
    running = models.BooleanField("目前正常运行", null=True)
    basics = models.TextField(blank=True)
    operation = models.TextField(blank=True)
    effect = models.TextField(blank=True)
    funds = models.TextField(blank=True)
    reported_at = models.DateTimeField("自评时间", null=True)
    reported_by = models.CharField("填报", max_length=120, blank=True)
    return_reason = models.TextField("退回原因", blank=True)
    grade = models.CharField("等次", max_length=16, choices=Grade, blank=True)
    reasons = models.TextField("评定理由", blank=True)
    panel = models.CharField("考核组", max_length=300, blank=True)
    judged_at = models.DateTimeField("评定时间", null=True)
    judged_by = models.CharField("评定人", max_length=40, blank=True)
    digest = models.CharField("摘要值", max_length=64, blank=True)
    concluded_at = models.DateTimeField("结论时间", null=True)
    cancel_reason = models.TextField("撤销原因", blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["title"],
                condition=Q(state__in=("planned", "reported", "judged")),
                name="one_open_assessment_per_title",
            ),
            models.UniqueConstraint(
                fields=["title", "year"],
                condition=~Q(state="cancelled"),
                name="one_assessment_per_title_and_year",
            ),
            models.CheckConstraint(
                condition=Q(state__in=("planned", "reported", "cancelled"))
                | (~Q(grade="") & ~Q(reasons="")),
                name="judged_with_grade_and_reasons",
            ),
        )
        indexes = (models.Index(fields=["state"], name="assessment_state"),)
        ordering = ("batch", "id")

    def __str__(self) -> str:
        return f"{self.title_id}"

    @property
    def subject(self) -> str:
        return f"assessment:{self.pk}"

    @property
    def passes(self) -> bool:
        return self.grade in PASSING

    def content(self) -> dict[str, object]:
        """What both departments agree to: the title, the whole report with its files, the judgement."""
        names = ("goals_met", "running", "basics", "operation", "effect", "funds")
        judged = ("grade", "reasons", "panel")
        files = self.attachments.order_by("id").values_list("document__sha256", flat=True)
        return {
            "title": self.title.number,
            "batch": f"{self.batch}",
            "files": list(files),
            **{name: getattr(self, name) for name in (*names, *judged)},
        }

    def content_digest(self) -> str:
        return digest(self.content())


class Attachment(models.Model):
    """A file that belongs to the report of one assessment."""

    assessment = models.ForeignKey(Assessment, on_delete=models.PROTECT, related_name="attachments")
    document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("id",)

    def __str__(self) -> str:
        return f"{self.document}"
