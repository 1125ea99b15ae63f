"""The formal examination: whose case it is, a verdict per clause, conclusions, and what was returned."""

from django.db import models
from django.db.models import F, Q

from jiangxin.records.identity.models import User
from jiangxin.stages.application.models import Application


class Case(models.Model):
    """The examination of one application: who examines it, until when, how often it was sent back.

    `version` is the submission that `due` belongs to; a new one renews both. `standing` counts the
    conclusions that stand, where the province has two examiners.
    """

    application = models.OneToOneField(Application, on_delete=models.PROTECT, related_name="case")
    version = models.PositiveSmallIntegerField("版本")
    due = models.DateField("审查期限")
    examiner = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="审查人"
    )
    taken_at = models.DateTimeField("领取时间", null=True)
    second = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="复核人"
    )
    standing = models.PositiveSmallIntegerField("已有结论", default=0)
    returned = models.PositiveSmallIntegerField("退回次数", default=0)
    indexed = models.PositiveSmallIntegerField("已编入索引的版本", default=0)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(examiner=None) | Q(second=None) | ~Q(second=F("examiner")),
                name="second_examiner_is_another",
            ),
        )
        indexes = (models.Index(fields=["examiner", "due"], name="examination_case_mine"),)

    def __str__(self) -> str:
        return f"{self.application_id} v{self.version}"


class ClauseState(models.Model):
    """How one condition stands on one version: what the lists and the statistics are made of.

    It repeats what the rules found on submission (`found`; what a person must judge was not known
    then) and how it stands with the examiner's word (`word`), so that nobody has to compute a
    thousand sheets for a page. `indexing` writes it.
    """

    class Word(models.TextChoices):
        MET = "met", "符合"
        NOT_MET = "not_met", "不符合"
        UNKNOWN = "unknown", "待核实"

    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="clauses")
    version = models.PositiveSmallIntegerField("版本")
    norm = models.CharField("规范", max_length=16)
    clause = models.CharField("条款", max_length=16)
    found = models.CharField("计算结果", max_length=16, choices=Word)
    word = models.CharField("现状", max_length=16, choices=Word)
    judgement = models.BooleanField("需评判")

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["application", "version", "norm"], name="one_clause_state_per_version"
            ),
        )
        indexes = (
            models.Index(fields=["clause", "word"], name="examination_clause_word"),
            models.Index(fields=["norm", "word"], name="examination_norm_word"),
        )
        ordering = ("application", "version", "norm")

    def __str__(self) -> str:
        return f"{self.norm} {self.word}"


class Conclusion(models.Model):
    """What one examiner concludes on one version, where the province asks for two.

    Nobody concludes twice on one version: the two examiners, and the third who decides between
    them, are different people by constraint. `void`: a verdict was changed afterwards.
    """

    class Word(models.TextChoices):
        PASS = "pass", "通过"
        REJECT = "reject", "不予通过"

    application = models.ForeignKey(
        Application, on_delete=models.PROTECT, related_name="conclusions"
    )
    version = models.PositiveSmallIntegerField("版本")
    seat = models.PositiveSmallIntegerField("第几名审查人")
    word = models.CharField("结论", max_length=16, choices=Word)
    reason = models.TextField("理由", blank=True)
    norms = models.JSONField("有异议的条款", default=list)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    name = models.CharField("审查人", max_length=40)
    at = models.DateTimeField("时间")
    void = models.BooleanField("已失效", default=False)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["application", "version", "user"],
                condition=Q(void=False),
                name="examiners_are_different_people",
            ),
            models.UniqueConstraint(
                fields=["application", "version", "seat"],
                condition=Q(void=False),
                name="one_conclusion_per_seat",
            ),
            models.CheckConstraint(
                condition=Q(seat__gte=1, seat__lte=3), name="conclusion_seat_is_one_to_three"
            ),
        )
        ordering = ("application", "version", "seat", "id")

    def __str__(self) -> str:
        return f"{self.seat} {self.word}"


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
