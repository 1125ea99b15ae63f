"""What a ministry may decide on a filed project; pages may import it, models they may not."""

from django.db import models


class Outcome(models.TextChoices):
    REGISTERED = "registered", "予以登记"
    RETURNED = "returned", "退回"
