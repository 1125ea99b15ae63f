"""Regular knowledge of the progress (N39): the periods, what was reported, what the province said."""

from django.db import models
from django.db.models import Q

from jiangxin.records.documents.models import Document
from jiangxin.stages.construction.choices import Progress

from .building import Construction, Goal, Milestone


class Period(models.Model):
    """One stretch of the construction on which the unit reports until `due`."""

    construction = models.ForeignKey(Construction, on_delete=models.PROTECT, related_name="periods")
    number = models.PositiveSmallIntegerField("期次")
    begins = models.DateField("开始")
    ends = models.DateField("结束")
    due = models.DateField("报送期限")

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["construction", "number"], name="one_period_per_number"
            ),
            models.CheckConstraint(
                condition=Q(ends__gte=models.F("begins"), due__gte=models.F("ends")),
                name="period_ends_after_it_begins",
            ),
        )
        ordering = ("construction", "number")

    def __str__(self) -> str:
        return f"{self.construction_id} #{self.number}"


class Report(models.Model):
    """A unit's report on one period: a draft until it is submitted, then never changed.

    `attempt` 2 follows a return; there is no third, for a report goes back once.
    """

    period = models.ForeignKey(Period, on_delete=models.PROTECT, related_name="reports")
    attempt = models.PositiveSmallIntegerField("第几次", default=1)
    summary = models.TextField("进展情况", blank=True)
    problems = models.TextField("存在问题", blank=True)
    updated_at = models.DateTimeField("更新时间")
    submitted_at = models.DateTimeField("报送时间", null=True)
    submitted_by = models.CharField("报送人", max_length=40, blank=True)
    digest = models.CharField("摘要值", max_length=64, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["period", "attempt"], name="one_report_per_attempt"),
            models.CheckConstraint(
                condition=Q(attempt__in=(1, 2)), name="a_report_goes_back_once_at_most"
            ),
        )
        ordering = ("-submitted_at", "-id")

    def __str__(self) -> str:
        return f"{self.period_id} {self.attempt}"

    @property
    def subject(self) -> str:
        return f"report:{self.pk}"


class MilestoneLine(models.Model):
    """What a report says of one milestone."""

    report = models.ForeignKey(Report, on_delete=models.CASCADE, related_name="milestone_lines")
    milestone = models.ForeignKey(Milestone, on_delete=models.PROTECT, related_name="lines")
    progress = models.CharField("进度", max_length=16, choices=Progress)
    share = models.PositiveSmallIntegerField("完成比例（%）")
    note = models.CharField("说明", max_length=300, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["report", "milestone"], name="one_line_per_milestone_and_report"
            ),
            models.CheckConstraint(
                condition=Q(progress="not_begun", share=0)
                | Q(progress="going", share__lt=100)
                | Q(progress="done", share=100),
                name="share_fits_the_progress",
            ),
        )
        ordering = ("report", "milestone__number")

    def __str__(self) -> str:
        return f"{self.report_id} {self.milestone_id}"


class GoalLine(models.Model):
    """What a report says of one goal: its present value."""

    report = models.ForeignKey(Report, on_delete=models.CASCADE, related_name="goal_lines")
    goal = models.ForeignKey(Goal, on_delete=models.PROTECT, related_name="lines")
    value = models.CharField("当前值", max_length=100)
    note = models.CharField("说明", max_length=300, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["report", "goal"], name="one_line_per_goal_and_report"),
        )
        ordering = ("report", "goal__number")

    def __str__(self) -> str:
        return f"{self.report_id} {self.goal_id}"


class ReportFile(models.Model):
    """A file that came with a report."""

    report = models.ForeignKey(Report, on_delete=models.CASCADE, related_name="files")
    document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("report", "id")

    def __str__(self) -> str:
        return f"{self.report_id} {self.document_id}"


class Reading(models.Model):
    """The province has read a report: with a remark, or it sends it back with its reason."""

    report = models.OneToOneField(Report, on_delete=models.PROTECT, related_name="reading")
    returned = models.BooleanField("退回", default=False)
    remark = models.TextField("意见", blank=True)
    at = models.DateTimeField("时间")
    by = models.CharField("办理人", max_length=40)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(returned=False) | ~Q(remark=""), name="a_return_has_its_reason"
            ),
        )

    def __str__(self) -> str:
        return f"{self.report_id} {self.returned}"
