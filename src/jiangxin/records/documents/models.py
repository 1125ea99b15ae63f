"""Files by hash: the same bytes are stored once, whoever uploads them and however often."""

from django.db import models

from jiangxin.records.identity.models import Organisation


class Document(models.Model):
    """One uploaded or generated file: its name and owner; the bytes lie under their SHA-256."""

    sha256 = models.CharField("哈希", max_length=64, db_index=True)
    size = models.BigIntegerField("字节数")
    media_type = models.CharField("类型", max_length=100)
    name = models.CharField("文件名", max_length=200)
    owner = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, null=True, related_name="documents"
    )
    at = models.DateTimeField("时间")

    def __str__(self) -> str:
        return self.name

    @property
    def path(self) -> str:
        """Where the bytes lie in the file storage."""
        return f"{self.sha256[:2]}/{self.sha256}"


class Upload(models.Model):
    """A file on its way: `offset` of its `size` bytes have arrived, under `uploads/` in the store."""

    token = models.CharField(max_length=32, unique=True)
    name = models.CharField("文件名", max_length=200)
    size = models.BigIntegerField("字节数")
    offset = models.BigIntegerField("已收到", default=0)
    owner = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField("最近收到", db_index=True)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=models.Q(offset__gte=0, offset__lte=models.F("size")),
                name="upload_within_its_size",
            ),
        )

    def __str__(self) -> str:
        return f"{self.name}: {self.offset} / {self.size}"
