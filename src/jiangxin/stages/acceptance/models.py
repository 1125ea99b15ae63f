"""Acceptance and performance evaluation at the end of construction (N49).

The database itself refuses to change a signed sheet or to delete any sheet (migration 0002).
"""

from typing import Any

from django.db import models
from django.db.models import Q

from jiangxin.core.kernel.canonical import digest
from jiangxin.core.workflow import AcceptanceState
from jiangxin.records.documents.models import Document
from jiangxin.stages.experts.models import Expert
from jiangxin.stages.review.choices import Conflict, SheetState
from jiangxin.stages.titles.models import Title

OPEN = ("applied", "scoring", "scored")


class SelfEvaluation(models.Model):
    """What a unit writes before it applies: the draft, kept beyond a return.

    `actuals`: number of the goal → {"actual", "note"} as typed.
    """

    title = models.OneToOneField(Title, on_delete=models.PROTECT, related_name="self_evaluation")
    actuals = models.JSONField("目标实际完成", default=dict)
    statement = models.TextField("自评总结", blank=True)
    updated_at = models.DateTimeField("更新时间")

    def __str__(self) -> str:
        return f"{self.title_id}"


class Material(models.Model):
    """One file of the draft; an acceptance keeps its own list of what was handed in."""

    draft = models.ForeignKey(SelfEvaluation, on_delete=models.CASCADE, related_name="materials")
    document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("draft", "id")

    def __str__(self) -> str:
        return f"{self.draft_id} {self.document_id}"


class Acceptance(models.Model):
    """One application for acceptance and what came of it.

    `goals`, `statement` and `materials` are what the unit handed in, frozen. `rubric` and the
    `checklist` are pinned when the panel is seated; each item of the list gets its `tick` and
    `note` from the panel's leader. `score` is in thousandths of a point.
    """

    MACHINE = "acceptance"

    title = models.ForeignKey(Title, on_delete=models.PROTECT, related_name="acceptances")
    state = models.CharField(
        "状态", max_length=16, choices=AcceptanceState.choices(), default=AcceptanceState.APPLIED
    )
    goals = models.JSONField("目标完成情况")
    statement = models.TextField("自评总结")
    materials = models.JSONField("验收材料")
    applied_at = models.DateTimeField("申请时间")
    return_reason = models.TextField("退回理由", blank=True)
    rubric = models.JSONField("评分标准", default=dict)
    checklist = models.JSONField("验收清单", default=list)
    due = models.DateField("评价期限", null=True)
    started_at = models.DateTimeField("组织时间", null=True)
    score = models.PositiveIntegerField("评价得分（千分之一分）", null=True)
    grade = models.CharField("等次", max_length=16, blank=True)
    shortfalls = models.JSONField("未达到之处", default=list)
    scored_at = models.DateTimeField("汇总时间", null=True)
    conclusion = models.TextField("验收结论", blank=True)
    concluded_at = models.DateTimeField("结论时间", null=True)
    paper = models.ForeignKey(Document, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["title"], condition=Q(state__in=OPEN), name="one_open_acceptance_per_title"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=("scored", "concluded"))
                | Q(score__isnull=False) & ~Q(grade=""),
                name="scored_acceptance_has_score_and_grade",
            ),
        )
        indexes = (models.Index(fields=["state", "title"], name="acceptance_state"),)
        ordering = ("-applied_at", "-id")

    def __str__(self) -> str:
        return f"{self.title_id} {self.state}"

    @property
    def subject(self) -> str:
        return f"acceptance:{self.pk}"

    def content(self) -> dict[str, Any]:
        """What both departments agree to: score, grade, checklist, conclusion."""
        names = ("title_id", "score", "grade", "shortfalls", "checklist", "conclusion")
        return {name: getattr(self, name) for name in names}

    def digest(self) -> str:
        """The digest of the conclusion as it stands."""
        return digest(self.content())


class Sheet(models.Model):
    """One expert's seat on the panel with the score sheet; a replaced one stays, with its reason."""

    acceptance = models.ForeignKey(Acceptance, on_delete=models.PROTECT, related_name="sheets")
    expert = models.ForeignKey(Expert, on_delete=models.PROTECT, related_name="acceptance_sheets")
    leader = models.BooleanField("组长", default=False)
    named_at = models.DateTimeField("聘请时间")
    conflict = models.CharField(
        "利害关系", max_length=16, choices=Conflict, default=Conflict.UNDECLARED
    )
    conflict_reason = models.CharField("回避事由", max_length=300, blank=True)
    replaced_at = models.DateTimeField("更换时间", null=True)
    replaced_reason = models.CharField("更换原因", max_length=300, blank=True)
    state = models.CharField("状态", max_length=16, choices=SheetState, default=SheetState.DRAFT)
    marks = models.JSONField("评分", default=dict)
    comment = models.TextField("评价意见", blank=True)
    salt = models.CharField(max_length=32)
    total = models.PositiveIntegerField("总分（千分之一分）", null=True)
    digest = models.CharField("摘要值", max_length=64, blank=True)
    signed_at = models.DateTimeField("签署时间", null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["acceptance", "expert"], name="one_sheet_per_expert_and_acceptance"
            ),
            models.UniqueConstraint(
                fields=["acceptance"],
                condition=Q(leader=True, replaced_at=None),
                name="one_leader_per_acceptance",
            ),
            models.CheckConstraint(
                condition=Q(state="draft")
                | Q(conflict="none", total__isnull=False, replaced_at=None),
                name="signed_acceptance_sheet_has_a_total_and_no_conflict",
            ),
        )
        ordering = ("acceptance", "-leader", "id")

    def __str__(self) -> str:
        return f"{self.acceptance_id} {self.expert_id}"

    @property
    def subject(self) -> str:
        return f"acceptance_sheet:{self.pk}"
