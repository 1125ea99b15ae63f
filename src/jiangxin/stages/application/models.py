"""Applications, the versions that were submitted, and the evidence bound to their fields."""

from django.db import models
from django.db.models import Q

from jiangxin.core.workflow import ApprovalState, ProjectState
from jiangxin.records.documents.models import Document
from jiangxin.records.identity.models import PROVINCE_CHOICES, Organisation
from jiangxin.records.ledger.models import Event
from jiangxin.stages.programme.models import Call, Kind, Track


class Application(models.Model):
    """One project through all its life; `answers` is the form as it stands now."""

    MACHINE = "project"

    number = models.CharField("编号", max_length=40, blank=True)
    call = models.ForeignKey(Call, on_delete=models.PROTECT, related_name="applications")
    province = models.CharField("省份", max_length=2, choices=PROVINCE_CHOICES)
    year = models.PositiveSmallIntegerField("年度")
    unit = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="applications")
    unit_name = models.CharField("申报单位", max_length=120)
    recommender = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, null=True, related_name="to_recommend"
    )
    kind = models.CharField("类别", max_length=16, choices=Kind.choices())
    track = models.CharField("类型", max_length=16, choices=Track.choices())
    title = models.CharField("项目名称", max_length=200)
    leader_name = models.CharField("带头人", max_length=40, blank=True)
    leader_hash = models.CharField(max_length=64, blank=True)
    priority_field = models.CharField("重点领域", max_length=40, blank=True)
    answers = models.JSONField("申报内容", default=dict)
    revision = models.PositiveIntegerField("修订号", default=0)
    section_revisions = models.JSONField("各部分的修订号", default=dict)
    version = models.PositiveSmallIntegerField("提交版本", default=0)
    state = models.CharField(
        "状态",
        max_length=24,
        choices=ProjectState.choices(),
        default=ProjectState.DRAFT,
    )
    correction_due = models.DateField("补正截止", null=True)
    submitted_at = models.DateTimeField("提交时间", null=True)
    updated_at = models.DateTimeField("更新时间")

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["unit", "year", "track"],
                condition=~Q(state="withdrawn"),
                name="one_application_per_unit_and_track",
            ),
            models.UniqueConstraint(
                fields=["unit", "year", "leader_hash"],
                condition=~Q(state="withdrawn") & ~Q(leader_hash=""),
                name="one_application_per_leader_and_unit",
            ),
            models.UniqueConstraint(
                fields=["number"],
                condition=~Q(number=""),
                name="application_number_once",
            ),
        )
        indexes = (
            # Desks list what was submitted; both the order of the list and its counts come from here.
            models.Index(
                fields=["-year", "province", "number", "id"],
                condition=Q(version__gt=0),
                name="application_desk_order",
            ),
            models.Index(
                fields=["province", "year", "state"],
                condition=Q(version__gt=0),
                name="application_desk_count",
            ),
            models.Index(fields=["call", "kind", "state"], name="application_call_state"),
            models.Index(
                fields=["recommender", "state"],
                condition=Q(version__gt=0) & ~Q(recommender=None),
                name="application_recommender",
            ),
        )
        ordering = ("-id",)

    def __str__(self) -> str:
        return self.title

    @property
    def subject(self) -> str:
        return f"project:{self.pk}"


class Version(models.Model):
    """What was submitted, frozen: the form, its evidence by hash, and the event that records it."""

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveSmallIntegerField("版本")
    answers = models.JSONField("申报内容")
    evidence = models.JSONField("佐证材料")
    digest = models.CharField("摘要值", max_length=64)
    at = models.DateTimeField("提交时间")
    event = models.OneToOneField(Event, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["application", "number"], name="one_version_per_number"
            ),
        )
        indexes = (
            # Whoever holds a paper looks its version up by the head of the digest.
            models.Index(
                fields=["digest"],
                opclasses=["varchar_pattern_ops"],
                name="application_version_digest",
            ),
        )
        ordering = ("application", "number")

    def __str__(self) -> str:
        return f"{self.application_id} v{self.number}"


class Evidence(models.Model):
    """One file that proves one field of one application."""

    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="evidence")
    field = models.CharField("对应栏目", max_length=64)
    document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="+")

    class Meta:
        indexes = (
            models.Index(fields=["application", "field"], name="application_evidence_field"),
        )
        ordering = ("application", "field", "id")

    def __str__(self) -> str:
        return f"{self.field}: {self.document_id}"


class Approval(models.Model):
    """What the unit says about its own draft before it goes out, bound to the digest of the draft.

    When answers or evidence change, the digest differs and the word no longer counts. `sealed`: the
    approver declares that the unit's seal is, or will be, on the printed copy.
    """

    MACHINE = "approval"

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="approvals")
    digest = models.CharField("内容摘要值", max_length=64)
    asked_actor = models.CharField(max_length=64)
    asked_name = models.CharField("送审人", max_length=40)
    asked_at = models.DateTimeField("送审时间")
    state = models.CharField(
        "状态", max_length=16, choices=ApprovalState.choices(), default=ApprovalState.WAITING
    )
    actor = models.CharField(max_length=64, blank=True)
    name = models.CharField("审核人", max_length=40, blank=True)
    at = models.DateTimeField("审核时间", null=True)
    sealed = models.BooleanField("加盖公章", default=False)
    remarks = models.JSONField(
        "退回意见", default=dict
    )  # key of the section → what is to be mended

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["application"],
                condition=Q(state__in=("waiting", "approved")),
                name="one_standing_approval",
            ),
            models.CheckConstraint(
                condition=~Q(state="approved") | Q(sealed=True), name="approved_under_seal"
            ),
        )
        indexes = (models.Index(fields=["application", "-id"], name="approval_newest"),)
        ordering = ("application", "id")

    def __str__(self) -> str:
        return f"{self.application_id} {self.state}"

    @property
    def subject(self) -> str:
        return f"approval:{self.pk}"


class Recommendation(models.Model):
    """What a recommending body said about a submitted version; one that recommends holds a place.

    A place is a number up to the body's quota: two can not both take the last. `void_at` is set when
    the unit takes the application back.
    """

    application = models.ForeignKey(
        Application, on_delete=models.PROTECT, related_name="recommendations"
    )
    version = models.PositiveSmallIntegerField("版本")
    body = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    year = models.PositiveSmallIntegerField("年度")
    kind = models.CharField("类别", max_length=16, choices=Kind.choices())
    place = models.PositiveSmallIntegerField("名额序号", null=True)
    opinion = models.TextField("意见")
    actor = models.CharField(max_length=64)
    name = models.CharField("办理人", max_length=40)
    at = models.DateTimeField("时间")
    void_at = models.DateTimeField("失效时间", null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["body", "year", "kind", "place"],
                condition=Q(void_at=None),
                name="recommendation_place_once",
            ),
            models.UniqueConstraint(
                fields=["application"],
                condition=Q(void_at=None),
                name="one_standing_recommendation",
            ),
            models.CheckConstraint(
                condition=Q(place=None) | Q(place__gte=1), name="recommendation_place_from_one"
            ),
        )
        ordering = ("application", "id")

    def __str__(self) -> str:
        return f"{self.application_id}: {self.body_id} {self.place}"

    @property
    def recommends(self) -> bool:
        return self.place is not None


class RecommendationQuota(models.Model):
    """How many a body may recommend in a year where the province set it for this body."""

    body = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="quotas")
    year = models.PositiveSmallIntegerField("年度")
    kind = models.CharField("类别", max_length=16, choices=Kind.choices())
    places = models.PositiveSmallIntegerField("名额")

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["body", "year", "kind"], name="one_recommendation_quota"
            ),
        )
        ordering = ("body", "-year", "kind")

    def __str__(self) -> str:
        return f"{self.body_id} {self.year} {self.kind}: {self.places}"


class Scan(models.Model):
    """A scan of the sealed paper copy, bound to the version whose code it shows; never changed."""

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="scans")
    document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="+")
    code = models.CharField("版本码", max_length=19)
    how = models.CharField(
        "版本码来自", max_length=8, choices=(("read", "从文件读出"), ("typed", "人工填写"))
    )
    at = models.DateTimeField("上传时间")

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(code__regex=r"^([0-9A-F]{4}-){3}[0-9A-F]{4}$"), name="scan_code_shape"
            ),
        )
        indexes = (models.Index(fields=["application", "code"], name="application_scan_code"),)
        ordering = ("application", "-id")

    def __str__(self) -> str:
        return f"{self.application_id}: {self.code}"
