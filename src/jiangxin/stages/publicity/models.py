"""The public notice of the proposed projects, and what is said against them (N31)."""

from django.db import models

from jiangxin.core.kernel.canonical import digest
from jiangxin.core.workflow import NoticeState
from jiangxin.stages.application.models import Application
from jiangxin.stages.programme.models import Call


class Notice(models.Model):
    """One notice of one call. `items` is the list exactly as it was decided and is published."""

    MACHINE = "notice"

    call = models.OneToOneField(Call, on_delete=models.PROTECT, related_name="notice")
    title = models.CharField("标题", max_length=200)
    doc_number = models.CharField("文号", max_length=60, blank=True)
    text = models.TextField("正文")
    contact = models.CharField("受理单位及联系方式", max_length=200)
    days = models.PositiveSmallIntegerField("公示工作日数")
    items = models.JSONField("公示项目", default=list)
    state = models.CharField(
        "状态", max_length=16, choices=NoticeState.choices(), default=NoticeState.DRAFT
    )
    published_at = models.DateTimeField("发布时间", null=True)
    starts_on = models.DateField("公示开始", null=True)
    ends_on = models.DateField("公示结束", null=True)
    closed_at = models.DateTimeField("结束时间", null=True)

    class Meta:
        ordering = ("-published_at", "-id")

    def __str__(self) -> str:
        return self.title

    @property
    def subject(self) -> str:
        return f"notice:{self.pk}"

    def content(self) -> dict[str, object]:
        """What is agreed to and published, word for word; its canonical bytes give the digest."""
        names = ("title", "doc_number", "text", "contact", "days", "items")
        return {name: getattr(self, name) for name in names}

    def digest(self) -> str:
        """What both departments agree to, and what stands at the foot of the published notice."""
        return digest(self.content())


class Sending(models.Model):
    """How many objections came from one sender in one hour.

    The sender is a keyed hash of the network address and the hour, apart from the objections: nobody
    can say from it who objected to what, and an anonymous objection stays one. Deleted after a day.
    """

    sender = models.CharField(max_length=64)
    hour = models.DateTimeField("时段")
    number = models.PositiveSmallIntegerField("件数", default=1)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["sender", "hour"], name="one_count_per_sender_and_hour"
            ),
        )

    def __str__(self) -> str:
        return f"{self.hour} {self.number}"


class Objection(models.Model):
    """What somebody says against a publicised project. Name and contact are kept encrypted."""

    class Ground(models.TextChoices):
        FALSE_MATERIAL = "false_material", "材料不实"
        NOT_ELIGIBLE = "not_eligible", "不符合申报条件"
        PROCEDURE = "procedure", "程序违规"
        CONFLICT = "conflict", "应回避未回避"
        OTHER = "other", "其他"

    class Outcome(models.TextChoices):
        OPEN = "open", "办理中"
        DISMISSED = "dismissed", "异议不成立"
        UPHELD = "upheld", "异议成立"

    notice = models.ForeignKey(Notice, on_delete=models.PROTECT, related_name="objections")
    application = models.ForeignKey(
        Application, on_delete=models.PROTECT, null=True, related_name="objections"
    )
    ground = models.CharField("事由", max_length=20, choices=Ground)
    text = models.TextField("内容")
    named = models.BooleanField("实名")
    person_sealed = models.TextField("姓名和联系方式（加密）", blank=True)
    number = models.CharField("回执号", max_length=40, unique=True)
    code_hash = models.CharField(max_length=64)
    at = models.DateTimeField("提出时间")
    outcome = models.CharField("结论", max_length=16, choices=Outcome, default=Outcome.OPEN)
    proposal = models.CharField("拟办结论", max_length=16, choices=Outcome, blank=True)
    answer = models.TextField("答复", blank=True)
    answered_at = models.DateTimeField("答复时间", null=True)
    answered_by = models.CharField("答复人", max_length=40, blank=True)

    class Meta:
        ordering = ("notice", "id")

    def __str__(self) -> str:
        return self.number

    @property
    def subject(self) -> str:
        return f"objection:{self.pk}"

    def digest(self) -> str:
        """What both departments agree to when an objection is to be upheld."""
        names = ("number", "application_id", "ground", "text", "proposal", "answer")
        return digest({name: getattr(self, name) for name in names})
