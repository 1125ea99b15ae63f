"""Passages of submitted applications with their sketches, and the pairs that are alike."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q

from jiangxin.stages.application.models import Application


class Reading(models.Model):
    """Up to which version the passages of an application have been read."""

    application = models.OneToOneField(
        Application, on_delete=models.CASCADE, related_name="reading"
    )
    version = models.PositiveSmallIntegerField("版本")

    def __str__(self) -> str:
        return f"{self.application_id} v{self.version}"


class Passage(models.Model):
    """One paragraph of the newest version. `bands` are what the index finds it by, in any year.

    `common`: so many units write the same that it says nothing about two of them.
    """

    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="passages")
    field = models.CharField("栏目", max_length=64)
    place = models.PositiveSmallIntegerField("第几段")
    text = models.TextField("段落")
    sketch = models.BinaryField()
    bands = ArrayField(models.BigIntegerField())
    common = models.BooleanField("通用文字", default=False)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["application", "field", "place"], name="one_passage_per_place"
            ),
        )
        indexes = (GinIndex(fields=["bands"], name="copied_passage_bands"),)
        ordering = ("application", "id")

    def __str__(self) -> str:
        return self.text[:40]


class Pair(models.Model):
    """Two passages of different units that are alike; whole per cent, cut off and never rounded up."""

    left = models.ForeignKey(Passage, on_delete=models.CASCADE, related_name="as_left")
    right = models.ForeignKey(Passage, on_delete=models.CASCADE, related_name="as_right")
    estimate = models.PositiveSmallIntegerField("估计相似度")
    exact = models.PositiveSmallIntegerField("相似度")

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["left", "right"], name="one_pair_of_passages"),
            models.CheckConstraint(condition=Q(left__lt=F("right")), name="pair_in_order"),
        )
        ordering = ("-exact", "id")

    def __str__(self) -> str:
        return f"{self.left_id}–{self.right_id} {self.exact}%"
