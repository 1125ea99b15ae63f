"""Site visits 双随机: projects and their inspectors drawn in one ceremony of three parties (N48).

One ceremony seals a lot of projects, and for every project in it a lot of inspectors with that
project's recusals. All are sealed before any secret is known, and the same secrets open them: a
seed depends on the seal, so each lot has an order of its own.
"""

from django.db import models
from django.db.models import Q

from jiangxin.core.draw.walk import SkipReason
from jiangxin.core.workflow import DrawState, VisitState
from jiangxin.records.documents.models import Document
from jiangxin.records.identity.models import PROVINCE_CHOICES, User
from jiangxin.stages.construction.choices import Outcome
from jiangxin.stages.experts.choices import Field
from jiangxin.stages.experts.models import Expert

from .building import Construction


class Inspection(models.Model):
    """One ceremony of a province, and its lot of projects; the lots of inspectors hang on it.

    `pool_sealed` holds the entries with their salts, encrypted: opening a leaf needs its salt.
    `inspectors` gives for each field how many go to each project.
    """

    MACHINE = "draw"

    province = models.CharField("省份", max_length=2, choices=PROVINCE_CHOICES)
    year = models.PositiveSmallIntegerField("检查年度")
    number = models.PositiveSmallIntegerField("场次")
    state = models.CharField(
        "状态", max_length=16, choices=DrawState.choices(), default=DrawState.COMMITTING
    )
    plan = models.JSONField("抽取方案")
    inspectors = models.JSONField("每个项目的检查人员")
    pool_sealed = models.TextField("项目名单（加密）")
    leaves = models.JSONField("条目")
    record = models.JSONField("公布的记录", null=True)
    visit_by = models.DateField("检查完成期限")
    void_reason = models.CharField("作废原因", max_length=32, blank=True)
    void_note = models.CharField("作废说明", max_length=300, blank=True)
    opened_at = models.DateTimeField("开场")
    sealed_at = models.DateTimeField("封存", null=True)
    drawn_at = models.DateTimeField("抽取", null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["province", "year", "number"], name="one_inspection_per_number"
            ),
            models.UniqueConstraint(
                fields=["province"],
                condition=Q(state__in=("committing", "revealing")),
                name="one_running_inspection_per_province",
            ),
        )
        ordering = ("-year", "province", "-number")

    # What a draw of a panel may have, and an inspection never has.
    rehearsal = False
    number_source = public_number = ""
    number_at = number_by_id = confirmed_number = None

    def __str__(self) -> str:
        return f"{self.province}-{self.year}-{self.number}"

    @property
    def subject(self) -> str:
        return f"inspection:{self.pk}"


class Share(models.Model):
    """One party's part in the seed: the commitment first, the secret only when it is revealed."""

    session = models.ForeignKey(Inspection, on_delete=models.PROTECT, related_name="shares")
    party = models.CharField("参与方", max_length=16)
    commitment = models.CharField("承诺", max_length=64)
    committed_at = models.DateTimeField("承诺时间")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    name = models.CharField("办理人", max_length=40)
    secret = models.CharField("随机数", max_length=128, blank=True)
    revealed_at = models.DateTimeField("公开时间", null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["session", "party"], name="one_share_per_inspection_party"
            ),
            models.UniqueConstraint(
                fields=["session", "user"], name="one_inspection_party_per_person"
            ),
        )
        ordering = ("session", "id")

    def __str__(self) -> str:
        return f"{self.session_id} {self.party}"


class Lot(models.Model):
    """The experts from whom the inspectors of one project would be drawn, its recusals excluded."""

    inspection = models.ForeignKey(Inspection, on_delete=models.PROTECT, related_name="lots")
    construction = models.ForeignKey(Construction, on_delete=models.PROTECT, related_name="+")
    plan = models.JSONField("抽取方案")
    pool_sealed = models.TextField("抽取名单（加密）")
    leaves = models.JSONField("条目")
    excluded = models.JSONField("事先排除", default=dict)
    record = models.JSONField("公布的记录", null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["inspection", "construction"], name="one_lot_per_project"
            ),
        )
        ordering = ("inspection", "id")

    def __str__(self) -> str:
        return f"{self.inspection_id} {self.construction_id}"


class Visit(models.Model):
    """The inspection of one drawn project."""

    MACHINE = "visit"

    inspection = models.ForeignKey(Inspection, on_delete=models.PROTECT, related_name="visits")
    construction = models.ForeignKey(Construction, on_delete=models.PROTECT, related_name="visits")
    lot = models.OneToOneField(Lot, on_delete=models.PROTECT, related_name="visit")
    state = models.CharField(
        "状态", max_length=16, choices=VisitState.choices(), default=VisitState.PLANNED
    )
    due = models.DateField("检查完成期限")
    visited_on = models.DateField("检查日期", null=True)
    outcome = models.CharField("结论", max_length=16, choices=Outcome, blank=True)
    result = models.TextField("检查情况", blank=True)
    reported_at = models.DateTimeField("登记时间", null=True)
    reported_by = models.CharField("登记人", max_length=40, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["inspection", "construction"], name="one_visit_per_draw_and_project"
            ),
            models.CheckConstraint(
                condition=Q(state="planned")
                | Q(visited_on__isnull=False) & ~Q(outcome="") & ~Q(result=""),
                name="a_done_visit_has_its_result",
            ),
        )
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"{self.inspection_id} {self.construction_id}"

    @property
    def subject(self) -> str:
        return f"visit:{self.pk}"


class VisitFile(models.Model):
    """The signed sheet of a visit, pictures, and what else was brought back."""

    visit = models.ForeignKey(Visit, on_delete=models.PROTECT, related_name="files")
    document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("visit", "id")

    def __str__(self) -> str:
        return f"{self.visit_id} {self.document_id}"


class Inspector(models.Model):
    """Who was drawn for a visit; a replaced row stays, with its reason."""

    visit = models.ForeignKey(Visit, on_delete=models.PROTECT, related_name="inspectors")
    expert = models.ForeignKey(Expert, on_delete=models.PROTECT, related_name="inspections")
    field = models.CharField("专业", max_length=16, choices=Field)
    place = models.PositiveSmallIntegerField("席次")
    leaf = models.CharField(max_length=64)
    signed = models.BooleanField("已在检查记录上签字", default=False)
    reason = models.CharField(
        "递补原因",
        max_length=16,
        choices=[(each.value, each.label) for each in SkipReason],
        blank=True,
    )
    note = models.CharField("说明", max_length=300, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["visit", "expert"], name="one_inspector_per_visit_and_expert"
            ),
            models.UniqueConstraint(
                fields=["visit", "field", "place"],
                condition=Q(reason=""),
                name="one_inspector_per_place",
            ),
        )
        ordering = ("visit", "field", "place", "id")

    def __str__(self) -> str:
        return f"{self.visit_id} {self.expert_id}"
