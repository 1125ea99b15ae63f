"""What was promised and by when: frozen goals and milestones, one extension, activities (4.3, 1)."""

from django.db import models
from django.db.models import Q

from jiangxin.core.kernel.canonical import digest
from jiangxin.core.workflow import ExtensionState
from jiangxin.records.documents.models import Document
from jiangxin.stages.application.models import Application
from jiangxin.stages.construction.choices import StartEvent
from jiangxin.stages.titles.models import Title


class Construction(models.Model):
    """The building of one title's project: once, from a start event to a due date (N46).

    `first_due` is the date without extension. The lengths of reporting are those in force at the
    start, so that a later change of the pack moves no promise.
    """

    title = models.OneToOneField(Title, on_delete=models.PROTECT, related_name="construction")
    project = models.OneToOneField(
        Application, on_delete=models.PROTECT, related_name="construction"
    )
    start_event = models.CharField("起算事件", max_length=16, choices=StartEvent)
    starts_on = models.DateField("起算日期")
    document = models.CharField("依据文号", max_length=100, blank=True)
    first_due = models.DateField("原定期满")
    due = models.DateField("建设期满")
    report_months = models.PositiveSmallIntegerField("报告周期（月）")
    report_days = models.PositiveSmallIntegerField("报送期限（日）")
    digest = models.CharField("目标和任务摘要值", max_length=64)
    started_at = models.DateTimeField("开工登记时间")

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(first_due__gt=models.F("starts_on"), due__gte=models.F("first_due")),
                name="construction_ends_after_it_begins",
            ),
        )
        ordering = ("due", "id")

    def __str__(self) -> str:
        return f"{self.title_id} {self.due}"

    @property
    def subject(self) -> str:
        return f"construction:{self.pk}"


class Goal(models.Model):
    """One performance goal as it stood in the registered application (N47); frozen."""

    construction = models.ForeignKey(Construction, on_delete=models.PROTECT, related_name="goals")
    number = models.PositiveSmallIntegerField("序号")
    group = models.CharField("类别", max_length=40)
    indicator = models.CharField("指标", max_length=300)
    baseline = models.CharField("现状值", max_length=100, blank=True)
    target = models.CharField("目标值", max_length=100)
    unit = models.CharField("计量单位", max_length=40, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["construction", "number"], name="one_goal_per_number"),
        )
        ordering = ("construction", "number")

    def __str__(self) -> str:
        return self.indicator


class Milestone(models.Model):
    """One task of the plan as it stood in the registered application (N46, N47); frozen."""

    construction = models.ForeignKey(
        Construction, on_delete=models.PROTECT, related_name="milestones"
    )
    number = models.PositiveSmallIntegerField("序号")
    task = models.CharField("任务", max_length=300)
    due = models.DateField("完成期限")
    indicator = models.CharField("可监测指标", max_length=300, blank=True)
    owner = models.CharField("责任人", max_length=60, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["construction", "number"], name="one_milestone_per_number"
            ),
        )
        ordering = ("construction", "number")

    def __str__(self) -> str:
        return self.task


class Extension(models.Model):
    """A unit's wish for more time; of those not refused there is one at most (4.3)."""

    MACHINE = "extension"

    construction = models.ForeignKey(
        Construction, on_delete=models.PROTECT, related_name="extensions"
    )
    state = models.CharField(
        "状态", max_length=16, choices=ExtensionState.choices(), default=ExtensionState.REQUESTED
    )
    reason = models.TextField("延期理由")
    due_before = models.DateField("原期满日")
    due = models.DateField("申请延至")
    file = models.ForeignKey(Document, on_delete=models.PROTECT, null=True, related_name="+")
    requested_at = models.DateTimeField("申请时间")
    requested_by = models.CharField("申请人", max_length=40)
    answer = models.TextField("不同意的理由", blank=True)
    decided_at = models.DateTimeField("办理时间", null=True)
    decided_by = models.CharField("办理人", max_length=40, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["construction"],
                condition=~Q(state="refused"),
                name="one_extension_per_construction",
            ),
            models.CheckConstraint(
                condition=Q(due__gt=models.F("due_before")), name="extension_lengthens"
            ),
        )
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"{self.construction_id} {self.due}"

    @property
    def subject(self) -> str:
        return f"extension:{self.pk}"

    def digest(self) -> str:
        """What both departments agree to."""
        names = ("construction_id", "reason", "due_before", "due")
        proof = self.file.sha256 if self.file else ""
        return digest({**{name: getattr(self, name) for name in names}, "file": proof})


class Activity(models.Model):
    """Something that a base or studio did for one of the five functions (N03)."""

    title = models.ForeignKey(Title, on_delete=models.PROTECT, related_name="activities")
    function = models.CharField("功能", max_length=40)
    held_on = models.DateField("日期")
    name = models.CharField("活动名称", max_length=200)
    persons = models.PositiveIntegerField("人次")
    file = models.ForeignKey(Document, on_delete=models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField("登记时间")
    by = models.CharField("登记人", max_length=40)
    void_at = models.DateTimeField("作废时间", null=True)
    void_reason = models.CharField("作废原因", max_length=200, blank=True)

    class Meta:
        indexes = (models.Index(fields=["title", "held_on"], name="construction_activity_title"),)
        ordering = ("-held_on", "-id")

    def __str__(self) -> str:
        return self.name

    @property
    def subject(self) -> str:
        return f"activity:{self.pk}"
