"""The agreement of two equal departments to one joint act (N27).

A concurrence is bound to the digest of what was agreed to. When that changes, it no longer counts:
by the digest at once, and by `void` for the record.
"""

from django.db import models
from django.db.models import Q

from jiangxin.core.workflow import Department


class Concurrence(models.Model):
    """What one department said about one act on one subject. Rows are voided, never changed."""

    act = models.CharField("事项", max_length=64)
    subject = models.CharField("对象", max_length=64)
    department = models.CharField("部门", max_length=16, choices=Department.choices())
    agreed = models.BooleanField("是否同意")
    remark = models.TextField("意见", blank=True)
    digest = models.CharField("内容摘要值", max_length=64)
    actor = models.CharField(max_length=64)
    name = models.CharField("办理人", max_length=40)
    at = models.DateTimeField("时间")
    void_at = models.DateTimeField("失效时间", null=True)
    void_reason = models.CharField("失效原因", max_length=200, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["act", "subject", "department"],
                condition=Q(void_at=None),
                name="one_concurrence_per_department",
            ),
        )
        indexes = (models.Index(fields=["subject", "act"], name="concurrence_subject"),)

    def __str__(self) -> str:
        return f"{self.act} {self.subject} {self.department}"
