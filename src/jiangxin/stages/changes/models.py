"""A change of a title: who leads it, what its unit is called, whose it is, or that its unit is no more."""

from typing import Any

from django.db import models
from django.db.models import Q

from jiangxin.core.kernel.canonical import digest
from jiangxin.core.workflow import ChangeState
from jiangxin.stages.titles.models import Title

from .choices import ChangeKind

NEW = ("leader_name", "leader_hash", "leader_level", "leader_grounds", "unit_name", "uscc")


class Change(models.Model):
    """One request. Of a new leader's number only hash and mask are kept.

    `before` is what stood when the request was decided.
    """

    MACHINE = "change"

    title = models.ForeignKey(Title, on_delete=models.PROTECT, related_name="changes")
    kind = models.CharField("变更事项", max_length=16, choices=ChangeKind)
    reason = models.TextField("理由")
    papers = models.JSONField("证明材料", default=list)
    leader_name = models.CharField("新带头人", max_length=40, blank=True)
    leader_hash = models.CharField(max_length=64, blank=True)
    leader_mask = models.CharField("公民身份号码", max_length=40, blank=True)
    leader_level = models.CharField("技能等级", max_length=40, blank=True)
    leader_grounds = models.TextField("绝技绝活或其他说明", blank=True)
    unit_name = models.CharField("新单位名称", max_length=120, blank=True)
    uscc = models.CharField("新统一社会信用代码", max_length=18, blank=True)
    title_name = models.CharField("新项目名称", max_length=200, blank=True)
    before = models.JSONField("变更前", default=dict)
    state = models.CharField(
        "状态", max_length=16, choices=ChangeState.choices(), default=ChangeState.REQUESTED
    )
    by_unit = models.BooleanField("单位申请")
    requested_by = models.CharField("申请人", max_length=40)
    requested_at = models.DateTimeField("申请时间")
    answer = models.TextField("不同意的理由", blank=True)
    ended_at = models.DateTimeField("办结时间", null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["title"],
                condition=Q(state=ChangeState.REQUESTED.value),
                name="one_open_change_per_title",
            ),
        )
        ordering = ("-requested_at", "-id")

    def __str__(self) -> str:
        return self.get_kind_display()

    @property
    def subject(self) -> str:
        return f"change:{self.pk}"

    def digest(self) -> str:
        """What both departments agree to: what is asked for, and the title as it stands now."""
        names = ("title_id", "kind", "reason", "papers", "title_name", *NEW)
        return digest(
            {
                **{name: getattr(self, name) for name in names},
                "now": self.before or standing(self.title),
            }
        )


def standing(title: Title) -> dict[str, Any]:
    """What of a title a change may touch, as it stands."""
    names = ("name", "unit_name", "uscc", "leader_name", "leader_hash")
    return {name: getattr(title, name) for name in names}
