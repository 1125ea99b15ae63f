"""What supervision found (N39, N48): named with clause and date, and closed by another person."""

from django.db import models
from django.db.models import F, Q

from jiangxin.core.workflow import FindingState
from jiangxin.records.documents.models import Document
from jiangxin.stages.construction.choices import Word
from jiangxin.stages.titles.models import Title

from .inspections import Visit


class Finding(models.Model):
    """One problem of one title, from a visit or by hand; never deleted.

    `answered_by` and `closed_by` are the opaque ids of the ledger: the same person never does both.
    """

    MACHINE = "finding"

    title = models.ForeignKey(Title, on_delete=models.PROTECT, related_name="findings")
    visit = models.ForeignKey(Visit, on_delete=models.PROTECT, null=True, related_name="findings")
    state = models.CharField(
        "状态", max_length=16, choices=FindingState.choices(), default=FindingState.OPEN
    )
    text = models.TextField("问题")
    clause = models.CharField("依据条款", max_length=20)
    due = models.DateField("整改期限")
    raised_at = models.DateTimeField("提出时间")
    raised_by = models.CharField("提出人", max_length=40)
    answered_at = models.DateTimeField("整改情况提交时间", null=True)
    answered_by = models.CharField(max_length=64, blank=True)
    closed_at = models.DateTimeField("销号时间", null=True)
    closed_by = models.CharField(max_length=64, blank=True)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=~Q(state="closed") | ~Q(closed_by="") & ~Q(closed_by=F("answered_by")),
                name="finding_closed_by_another",
            ),
        )
        indexes = (models.Index(fields=["state", "due"], name="construction_finding_due"),)
        ordering = ("due", "id")

    def __str__(self) -> str:
        return self.text[:40]

    @property
    def subject(self) -> str:
        return f"finding:{self.pk}"


class Remark(models.Model):
    """One word about a finding: the unit's answer, the province's return or closing."""

    finding = models.ForeignKey(Finding, on_delete=models.PROTECT, related_name="remarks")
    word = models.CharField("事项", max_length=16, choices=Word)
    text = models.TextField("内容", blank=True)
    at = models.DateTimeField("时间")
    actor = models.CharField(max_length=64)
    by = models.CharField("办理人", max_length=40)

    class Meta:
        ordering = ("finding", "id")

    def __str__(self) -> str:
        return f"{self.finding_id} {self.word}"


class FindingFile(models.Model):
    """A file that came with a remark: proof that the problem is mended."""

    remark = models.ForeignKey(Remark, on_delete=models.PROTECT, related_name="files")
    document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("remark", "id")

    def __str__(self) -> str:
        return f"{self.remark_id} {self.document_id}"
