"""The formal examination: a verdict per clause, and what was returned for correction."""

from django.db import models

from jiangxin.stages.application.models import Application


class Verdict(models.Model):
    """What the examiner found on one norm of one submitted version."""

    class Word(models.TextChoices):
        MET = "met", "符合"
        NOT_MET = "not_met", "不符合"

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="verdicts")
    version = models.PositiveSmallIntegerField("版本")
    norm = models.CharField("规范", max_length=16)
    word = models.CharField("结论", max_length=16, choices=Word)
    reason = models.TextField("理由", blank=True)
    actor = models.CharField(max_length=64)
    name = models.CharField("审查人", max_length=40)
    at = models.DateTimeField("时间")

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["application", "version", "norm"],
                name="one_verdict_per_norm_and_version",
            ),
        )
        ordering = ("application", "version", "norm")

    def __str__(self) -> str:
        return f"{self.norm} {self.word}"


class ReturnItem(models.Model):
    """One thing to be corrected: the section (and field) of the form, and why."""

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="returns")
    version = models.PositiveSmallIntegerField("退回版本")
    section = models.CharField("部分", max_length=64)
    field = models.CharField("栏目", max_length=64, blank=True)
    reason = models.TextField("原因")
    at = models.DateTimeField("时间")

    class Meta:
        ordering = ("application", "version", "id")

    def __str__(self) -> str:
        return f"{self.section}: {self.reason}"


class Rejection(models.Model):
    """Why an application was not let through. Its words stay here; the ledger keeps their digest."""

    application = models.OneToOneField(
        Application, on_delete=models.PROTECT, related_name="rejection"
    )
    version = models.PositiveSmallIntegerField("版本")
    reason = models.TextField("理由")
    actor = models.CharField(max_length=64)
    name = models.CharField("审查人", max_length=40)
    at = models.DateTimeField("时间")

    def __str__(self) -> str:
        return self.reason
