"""The filing package of a province's year, its delivery to two ministries, and what each decides."""

from django.db import models
from django.db.models import Q

from jiangxin.core.workflow import Department, PackageState
from jiangxin.records.documents.models import Document
from jiangxin.stages.application.models import Application
from jiangxin.stages.programme.models import Call

from .choices import Outcome


class Package(models.Model):
    """What is put together for both ministries. `digest` is that of the manifest; '' until assembled.

    `attempt` counts the filings: a package that was returned is supplemented and filed again. What
    was filed is kept as a `Filing`; a ministry never sees what is being put together anew.
    """

    MACHINE = "package"

    call = models.OneToOneField(Call, on_delete=models.PROTECT, related_name="package")
    state = models.CharField(
        "状态", max_length=16, choices=PackageState.choices(), default=PackageState.ASSEMBLING
    )
    legacy_report = models.TextField("2011—2020年名录项目年度考核评估情况报告", blank=True)
    existing_report = models.TextField("已建项目建设考核评估报告", blank=True)
    reported_at = models.DateTimeField("报告保存时间", null=True)
    manifest = models.JSONField("清单", default=dict)
    digest = models.CharField("摘要值", max_length=64, blank=True)
    archive = models.ForeignKey(Document, on_delete=models.PROTECT, null=True, related_name="+")
    assembled_at = models.DateTimeField("组卷时间", null=True)
    attempt = models.PositiveSmallIntegerField("报送次数", default=0)
    first_filed_at = models.DateTimeField("首次报送时间", null=True)
    filed_at = models.DateTimeField("最近报送时间", null=True)

    class Meta:
        ordering = ("-call__year", "call__province")

    def __str__(self) -> str:
        return f"{self.call_id}"

    @property
    def subject(self) -> str:
        return f"package:{self.pk}"

    def undo_assembly(self) -> None:
        """Forget what was assembled, because it no longer holds; the caller saves."""
        self.manifest, self.digest, self.archive, self.assembled_at = {}, "", None, None


class Filing(models.Model):
    """One filing, exactly as it was sent to both ministries; rows are never changed."""

    package = models.ForeignKey(Package, on_delete=models.PROTECT, related_name="filings")
    attempt = models.PositiveSmallIntegerField("报送次数")
    manifest = models.JSONField("清单")
    digest = models.CharField("摘要值", max_length=64)
    archive = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="+")
    filed_at = models.DateTimeField("报送时间")

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["package", "attempt"], name="one_filing_per_attempt"),
        )
        ordering = ("package", "attempt")

    def __str__(self) -> str:
        return f"{self.package_id} 第 {self.attempt} 次"


class Delivery(models.Model):
    """One ministry has received one filing of a package, with this digest."""

    package = models.ForeignKey(Package, on_delete=models.PROTECT, related_name="deliveries")
    ministry = models.CharField("部门", max_length=16, choices=Department.choices())
    attempt = models.PositiveSmallIntegerField("报送次数")
    digest = models.CharField("摘要值", max_length=64)
    received_at = models.DateTimeField("接收时间")
    actor = models.CharField(max_length=64)
    name = models.CharField("接收人", max_length=40)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["package", "ministry", "attempt"], name="one_delivery_per_ministry"
            ),
        )
        ordering = ("package", "attempt", "ministry")

    def __str__(self) -> str:
        return f"{self.package_id} {self.ministry}"


class Registration(models.Model):
    """What one ministry decided on one filed project; each ministry on its own.

    A decision stands until the project is filed again after a return: then it is void, for both.
    """

    Outcome = Outcome

    application = models.ForeignKey(
        Application, on_delete=models.PROTECT, related_name="registrations"
    )
    package = models.ForeignKey(Package, on_delete=models.PROTECT, related_name="registrations")
    ministry = models.CharField("部门", max_length=16, choices=Department.choices())
    attempt = models.PositiveSmallIntegerField("报送次数")
    outcome = models.CharField("结论", max_length=16, choices=Outcome)
    reason = models.TextField("理由", blank=True)
    at = models.DateTimeField("时间")
    actor = models.CharField(max_length=64)
    name = models.CharField("办理人", max_length=40)
    void_at = models.DateTimeField("失效时间", null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["application", "ministry"],
                condition=Q(void_at=None),
                name="one_registration_per_ministry",
            ),
            models.CheckConstraint(
                condition=Q(outcome="registered") | ~Q(reason=""), name="return_needs_a_reason"
            ),
        )
        ordering = ("application", "attempt", "ministry")

    def __str__(self) -> str:
        return f"{self.application_id} {self.ministry} {self.outcome}"

    @property
    def subject(self) -> str:
        return f"registration:{self.pk}"
