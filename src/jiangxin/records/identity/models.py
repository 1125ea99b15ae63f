"""Organisations and people. One account has one role; its scope is the role and the organisation."""

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import Q

from jiangxin.core.kernel.regions import PROVINCES
from jiangxin.core.workflow import Role

PROVINCE_CHOICES = [(province.code, province.name) for province in PROVINCES]


class Organisation(models.Model):
    """An applicant unit, a body that recommends units, or a department of a province or of the nation."""

    class Kind(models.TextChoices):
        UNIT = "unit", "申报单位"
        DEPARTMENT = "department", "主管部门"
        RECOMMENDER = "recommender", "推荐部门"

    kind = models.CharField("类别", max_length=16, choices=Kind)
    name = models.CharField("名称", max_length=120)
    uscc = models.CharField("统一社会信用代码", max_length=18, blank=True)
    province = models.CharField("省份", max_length=2, choices=PROVINCE_CHOICES, blank=True)
    nature = models.CharField("单位性质", max_length=40, blank=True)
    address = models.CharField("地址", max_length=200, blank=True)
    contact = models.CharField("联系人", max_length=40, blank=True)
    phone = models.CharField("联系电话", max_length=30, blank=True)
    created_at = models.DateTimeField()
    closed_at = models.DateTimeField("停用时间", null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["uscc"], condition=~Q(uscc=""), name="one_unit_per_uscc"
            ),
            models.UniqueConstraint(
                fields=["province", "name"],
                condition=Q(kind="recommender"),
                name="one_recommender_per_name",
            ),
        )
        ordering = ("province", "name", "id")

    def __str__(self) -> str:
        return self.name


class UserManager(BaseUserManager["User"]):
    def create_user(self, username: str, password: str | None = None, **fields: object) -> "User":
        user = self.model(username=username, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user


class User(AbstractBaseUser):
    """An account. `province` repeats the organisation's for experts and national staff without one."""

    username = models.CharField("账号", max_length=60, unique=True)
    name = models.CharField("姓名", max_length=40)
    role = models.CharField("角色", max_length=32, choices=Role.choices())
    province = models.CharField("省份", max_length=2, choices=PROVINCE_CHOICES, blank=True)
    organisation = models.ForeignKey(
        Organisation,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="people",
    )
    phone = models.CharField("手机", max_length=30, blank=True)
    email = models.EmailField("邮箱", blank=True)
    wants_mail = models.BooleanField("接收邮件提醒", default=True)
    is_active = models.BooleanField("启用", default=True)
    demo = models.BooleanField("演示账号", default=False)
    duties = models.JSONField(
        "单位内分工", default=list
    )  # of `Duty`; empty outside applicant units

    USERNAME_FIELD = "username"
    objects = UserManager()

    class Meta:
        indexes = (models.Index(fields=["role", "province"], name="identity_user_role"),)
        ordering = ("id",)

    def __str__(self) -> str:
        return self.name


class Invitation(models.Model):
    """One account that may still be opened in an organisation, by whoever has the code.

    The code is shown once and kept as its hash. Rows are used up or cancelled, never deleted.
    """

    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="invitations"
    )
    label = models.CharField("被邀请人", max_length=40)
    email = models.EmailField("邮箱", blank=True)
    duties = models.JSONField("单位内分工", default=list)
    code_hash = models.CharField(max_length=64, unique=True)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    issued_at = models.DateTimeField("发出时间")
    expires_at = models.DateTimeField("有效期至")
    cancelled_at = models.DateTimeField("取消时间", null=True)
    user = models.OneToOneField(
        User, on_delete=models.PROTECT, null=True, related_name="invitation"
    )

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(user=None) | Q(cancelled_at=None), name="used_or_cancelled_not_both"
            ),
        )
        ordering = ("organisation", "-id")

    def __str__(self) -> str:
        return f"{self.organisation_id}: {self.label}"

    @property
    def subject(self) -> str:
        return f"invitation:{self.pk}"
