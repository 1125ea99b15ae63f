"""The closed lists of construction and its supervision."""

from django.db.models import TextChoices


class StartEvent(TextChoices):
    """From what the time of construction is counted; a province chooses in its overlay."""

    REGISTRATION = "registration", "两部备案登记"
    ANNOUNCEMENT = "announcement", "公布文件印发"
    PAYMENT = "payment", "补助资金到账"


class Progress(TextChoices):
    """Where a unit says that a milestone stands."""

    NOT_BEGUN = "not_begun", "未开始"
    GOING = "going", "进行中"
    DONE = "done", "已完成"


class Outcome(TextChoices):
    """What a site visit came to."""

    SOUND = "sound", "未发现问题"
    PROBLEMS = "problems", "发现问题"


class Word(TextChoices):
    """What was said about a finding, one line after the other."""

    ANSWERED = "answered", "整改情况"
    REOPENED = "reopened", "退回继续整改"
    CLOSED = "closed", "复核销号"
