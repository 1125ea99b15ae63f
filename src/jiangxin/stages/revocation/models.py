"""The process that may end in a revoked title: proposed, told, heard, decided, published (N45, N51)."""

from typing import Any

from django.db import models
from django.db.models import Q

from jiangxin.core.kernel.canonical import digest
from jiangxin.core.workflow import RevocationState
from jiangxin.stages.titles.models import Title

from .choices import CLAUSES, Cause

OPEN = (RevocationState.PROPOSED, RevocationState.NOTICED, RevocationState.HEARD)
FINAL = (RevocationState.DECIDED, RevocationState.PUBLISHED)


class Revocation(models.Model):
    """One case against one title. What both departments agree to is sealed by a digest of its own."""

    MACHINE = "revocation"

    title = models.ForeignKey(Title, on_delete=models.PROTECT, related_name="revocations")
    cause = models.CharField("事由", max_length=20, choices=Cause)
    facts = models.TextField("事实和理由")
    papers = models.JSONField("证据", default=list)
    state = models.CharField(
        "状态", max_length=16, choices=RevocationState.choices(), default=RevocationState.PROPOSED
    )
    proposed_at = models.DateTimeField("提出时间")
    proposed_by = models.CharField("提出人", max_length=40)

    noticed_at = models.DateTimeField("告知时间", null=True)
    hearing_days = models.PositiveSmallIntegerField("陈述申辩期（工作日）", null=True)
    served_on = models.DateField("送达日期", null=True)
    served_how = models.CharField("送达方式", max_length=200, blank=True)
    hearing_until = models.DateField("陈述申辩期满日", null=True)
    hearing_record = models.TextField("听证情况", blank=True)
    hearing_papers = models.JSONField("听证笔录", default=list)
    heard_at = models.DateTimeField("听取结束时间", null=True)

    decision = models.TextField("决定", blank=True)
    doc_number = models.CharField("文号", max_length=60, blank=True)
    repay = models.BigIntegerField("应退回资金（分）", default=0)
    barred_years = models.PositiveSmallIntegerField("不得申报年数", default=0)
    dismissal = models.TextField("不予取消的理由", blank=True)
    ended_at = models.DateTimeField("决定时间", null=True)
    published_at = models.DateTimeField("公布时间", null=True)

    plaque_on = models.DateField("牌匾收回日期", null=True)
    repaid_on = models.DateField("资金退回日期", null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["title"],
                condition=Q(state__in=[each.value for each in OPEN]),
                name="one_open_revocation_per_title",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=[each.value for each in FINAL])
                | Q(served_on__isnull=False, heard_at__isnull=False, ended_at__isnull=False),
                name="no_revocation_without_hearing",
            ),
        )
        ordering = ("-proposed_at", "-id")

    def __str__(self) -> str:
        return f"{self.title_id} {self.state}"

    @property
    def subject(self) -> str:
        return f"revocation:{self.pk}"

    @property
    def open(self) -> bool:
        """Whether the case goes on: nothing is decided yet."""
        return self.state in OPEN

    @property
    def clause(self) -> str:
        """The clause on which the cause rests."""
        return CLAUSES[Cause(self.cause)]

    def proposal(self) -> dict[str, Any]:
        """What the unit is told, word for word."""
        names = ("title_id", "cause", "facts", "papers")
        return {name: getattr(self, name) for name in names}

    def notice_digest(self) -> str:
        """What both departments agree to before the unit is told."""
        return digest(self.proposal())

    def decision_digest(self) -> str:
        """What both agree to at the end: the decision, and all that the unit said."""
        names = ("hearing_record", "hearing_papers", "decision", "doc_number", "repay")
        return digest(
            {
                **self.proposal(),
                **{name: getattr(self, name) for name in names},
                "barred_years": self.barred_years,
                "statements": [each.content() for each in self.statements.all()],
            }
        )

    def dismissal_digest(self) -> str:
        """What both agree to when the title is to stay."""
        return digest({**self.proposal(), "dismissal": self.dismissal})


class Statement(models.Model):
    """What the unit said for itself; rows are added, never changed."""

    case = models.ForeignKey(Revocation, on_delete=models.PROTECT, related_name="statements")
    text = models.TextField("陈述申辩")
    papers = models.JSONField("材料", default=list)
    wants_hearing = models.BooleanField("要求听证")
    by_unit = models.BooleanField("单位自行提交")
    name = models.CharField("提交人", max_length=40)
    at = models.DateTimeField("时间")

    class Meta:
        ordering = ("id",)

    def __str__(self) -> str:
        return f"{self.case_id} {self.at}"

    def content(self) -> dict[str, Any]:
        names = ("id", "text", "papers", "wants_hearing")
        return {name: getattr(self, name) for name in names}
