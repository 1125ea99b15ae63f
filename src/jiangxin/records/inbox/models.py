"""Messages to a unit, an office or a person; what they are about is a subject of the ledger."""

from django.db import models
from django.db.models import Q

from jiangxin.core.workflow import Role
from jiangxin.records.identity.models import PROVINCE_CHOICES, Organisation, User


class Message(models.Model):
    """One message to one recipient: a unit, or an office (a role of a province), or a person.

    `about` is a ledger subject like `title:7`; a face knows the page for it. What a unit or an office
    gets is read for all of them by the first who marks it; `read_by` says who that was.
    """

    unit = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, null=True, related_name="messages"
    )
    person = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="messages")
    office = models.CharField("部门", max_length=32, choices=Role.choices(), blank=True)
    province = models.CharField("省份", max_length=2, choices=PROVINCE_CHOICES, blank=True)
    title = models.CharField("标题", max_length=200)
    text = models.TextField("内容", blank=True)
    about = models.CharField("事项", max_length=64, blank=True)
    due = models.DateField("期限", null=True)
    at = models.DateTimeField("时间")
    read_at = models.DateTimeField("已读时间", null=True)
    read_by = models.CharField("阅读人", max_length=40, blank=True)
    mailed_at = models.DateTimeField("邮件发出时间", null=True)
    key = models.CharField("防重复标记", max_length=120, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["key"], condition=~Q(key=""), name="one_message_per_key"
            ),
            models.CheckConstraint(
                condition=Q(unit__isnull=False, person=None, office="")
                | Q(unit=None, person__isnull=False, office="")
                | Q(unit=None, person=None) & ~Q(office=""),
                name="message_has_one_recipient",
            ),
        )
        indexes = (
            models.Index(fields=["at"], condition=Q(mailed_at=None), name="inbox_unmailed"),
            models.Index(fields=["unit", "-at"], name="inbox_unit"),
            models.Index(fields=["person", "-at"], name="inbox_person"),
            models.Index(fields=["office", "province", "-at"], name="inbox_office"),
        )
        ordering = ("-at", "-id")

    def __str__(self) -> str:
        return self.title
