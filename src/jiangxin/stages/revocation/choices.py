"""The closed lists of a revocation."""

from django.db.models import TextChoices


class Cause(TextChoices):
    """Why a title may be taken away, in the words of the notice."""

    RECTIFICATION = "rectification", "整改期满仍不符合要求"
    ASSESSMENT = "assessment", "考核评估不合格"
    STOPPED = "stopped", "运行停滞"
    OUTPUT = "output", "不能达到产出目标"
    OTHER = "other", "其他"


CLAUSES = {
    Cause.RECTIFICATION: "4.3",
    Cause.ASSESSMENT: "4.2",
    Cause.STOPPED: "4.2",
    Cause.OUTPUT: "4.2",
    Cause.OTHER: "4.1",
}


class Act(TextChoices):
    """What both departments decide together, each with its own words; the values are those of the ledger."""

    NOTIFY = "revocation.notify", "告知拟取消称号"
    DECIDE = "revocation.decide", "决定取消称号"
    DISMISS = "revocation.dismiss", "不予取消"
