"""Orders to mend within a set time (N50, N51): what is demanded, its service, replies, re-checks."""

from typing import Any

from django.db import models
from django.db.models import F, Q

from jiangxin.core.kernel.canonical import digest
from jiangxin.core.workflow import ProjectState, RectificationState
from jiangxin.records.documents.models import Document
from jiangxin.stages.acceptance.models import Acceptance
from jiangxin.stages.titles.models import Title

from .choices import Service, Source, Word

OPEN = ("draft", "ordered", "served", "submitted")


class Rectification(models.Model):
    """One order for one title.

    The term of `months` runs from the service; `ends_on` is its last day. `before` is the state of
    the project when it was ordered, "" for a title without one. `recheck` sums up what was found of
    the present submission.
    """

    MACHINE = "rectification"

    title = models.ForeignKey(Title, on_delete=models.PROTECT, related_name="rectifications")
    state = models.CharField(
        "状态",
        max_length=16,
        choices=RectificationState.choices(),
        default=RectificationState.DRAFT,
    )
    source = models.CharField("依据", max_length=16, choices=Source)
    acceptance = models.ForeignKey(
        Acceptance, on_delete=models.PROTECT, null=True, related_name="rectifications"
    )
    cause = models.TextField("存在的问题")
    months = models.PositiveSmallIntegerField("整改期限（月）")
    doc_number = models.CharField("文号", max_length=60, blank=True)
    before = models.CharField(
        "整改前项目状态", max_length=24, choices=ProjectState.choices(), blank=True
    )
    drafted_at = models.DateTimeField("起草时间")
    ordered_at = models.DateTimeField("下达时间", null=True)
    paper = models.ForeignKey(Document, on_delete=models.PROTECT, null=True, related_name="+")
    service = models.CharField("送达方式", max_length=16, choices=Service, blank=True)
    served_on = models.DateField("送达日期", null=True)
    served_to = models.CharField("签收人", max_length=40, blank=True)
    service_proof = models.ForeignKey(
        Document, on_delete=models.PROTECT, null=True, related_name="+"
    )
    ends_on = models.DateField("整改期满", null=True)
    recheck = models.CharField("复查", max_length=16, choices=Word, blank=True)
    closing = models.TextField("结束说明", blank=True)
    closed_at = models.DateTimeField("结束时间", null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["title"],
                condition=Q(state__in=OPEN),
                name="one_open_rectification_per_title",
            ),
            models.UniqueConstraint(
                fields=["acceptance"],
                condition=~Q(state="dropped"),
                name="one_rectification_per_failed_acceptance",
            ),
            models.CheckConstraint(condition=Q(months__gte=1), name="rectification_has_a_term"),
            models.CheckConstraint(
                condition=Q(state__in=("draft", "ordered", "dropped"))
                | Q(served_on__isnull=False, ends_on__isnull=False, ends_on__gt=F("served_on")),
                name="served_rectification_has_its_end",
            ),
            models.CheckConstraint(
                condition=~Q(source="acceptance") | Q(acceptance__isnull=False),
                name="rectification_names_the_failed_acceptance",
            ),
        )
        indexes = (models.Index(fields=["state", "ends_on"], name="rectification_due"),)
        ordering = ("-drafted_at", "-id")

    def __str__(self) -> str:
        return f"{self.title_id} {self.state}"

    @property
    def subject(self) -> str:
        return f"rectification:{self.pk}"

    def content(self) -> dict[str, Any]:
        """What both departments order."""
        names = ("title_id", "source", "acceptance_id", "cause", "months", "doc_number")
        items = [[each.number, each.requirement, each.owner] for each in self.items.all()]
        return {**{name: getattr(self, name) for name in names}, "items": items}

    def digest(self) -> str:
        """The digest of the order as it stands."""
        return digest(self.content())


class Item(models.Model):
    """One thing to mend, who answers for it in the unit, and what the unit writes about it."""

    rectification = models.ForeignKey(Rectification, on_delete=models.CASCADE, related_name="items")
    number = models.PositiveSmallIntegerField("序号")
    requirement = models.TextField("整改要求")
    owner = models.CharField("责任人", max_length=40)
    reply = models.TextField("整改情况", blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["rectification", "number"], name="one_rectification_item_per_number"
            ),
        )
        ordering = ("rectification", "number")

    def __str__(self) -> str:
        return f"{self.rectification_id} {self.number}"


class ItemFile(models.Model):
    """A file that proves one item; a submission keeps its own list."""

    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="files")
    document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("item", "id")

    def __str__(self) -> str:
        return f"{self.item_id} {self.document_id}"


class Attempt(models.Model):
    """One submission of the unit, frozen, and what the re-check found of it.

    `items`: number, requirement, reply, files. `words`: number → {"word", "note"}. Who submitted
    never checks.
    """

    rectification = models.ForeignKey(
        Rectification, on_delete=models.PROTECT, related_name="attempts"
    )
    number = models.PositiveSmallIntegerField("第几次")
    items = models.JSONField("整改材料")
    submitted_at = models.DateTimeField("提交时间")
    actor = models.CharField(max_length=64)
    name = models.CharField("提交人", max_length=40)
    words = models.JSONField("逐项复查", default=dict)
    opinion = models.TextField("复查意见", blank=True)
    checked_at = models.DateTimeField("复查时间", null=True)
    checked_by = models.CharField(max_length=64, blank=True)
    checker = models.CharField("复查人", max_length=40, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["rectification", "number"], name="one_rectification_attempt_per_number"
            ),
            models.CheckConstraint(
                condition=~Q(checked_by=F("actor")), name="rectification_checked_by_another"
            ),
        )
        ordering = ("rectification", "number")

    def __str__(self) -> str:
        return f"{self.rectification_id} {self.number}"

    def digest(self) -> str:
        """What both departments agree to when a submission passes."""
        names = ("rectification_id", "number", "items", "words", "opinion")
        return digest({name: getattr(self, name) for name in names})
