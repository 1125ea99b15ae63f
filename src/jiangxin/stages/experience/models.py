"""Good experience on its way to the public (N40)."""

from typing import Any

from django.db import models

from jiangxin.core.kernel.canonical import digest
from jiangxin.core.workflow import ExperienceState
from jiangxin.stages.titles.models import Title


class Experience(models.Model):
    """One case: what a base or studio does well, told so that others can do it. Its files stay inside."""

    MACHINE = "experience"

    title = models.ForeignKey(Title, on_delete=models.PROTECT, related_name="experiences")
    headline = models.CharField("标题", max_length=100)
    summary = models.CharField("摘要", max_length=300)
    text = models.TextField("正文")
    function = models.CharField("功能", max_length=40)
    papers = models.JSONField("佐证材料", default=list)
    state = models.CharField(
        "状态",
        max_length=16,
        choices=ExperienceState.choices(),
        default=ExperienceState.PROPOSED,
    )
    by_unit = models.BooleanField("单位推荐")
    proposed_by = models.CharField("推荐人", max_length=40)
    proposed_at = models.DateTimeField("推荐时间")
    approved_at = models.DateTimeField("审核时间", null=True)
    published_at = models.DateTimeField("发布时间", null=True)
    answer = models.TextField("不予采用的理由", blank=True)

    class Meta:
        ordering = ("-proposed_at", "-id")

    def __str__(self) -> str:
        return self.headline

    @property
    def subject(self) -> str:
        return f"experience:{self.pk}"

    def content(self) -> dict[str, Any]:
        """What is published, word for word."""
        names = ("headline", "summary", "text", "function")
        return {name: getattr(self, name) for name in names}

    def digest(self) -> str:
        return digest(self.content())
