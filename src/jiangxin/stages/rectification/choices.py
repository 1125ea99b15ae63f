"""The closed lists of rectification."""

from django.db.models import TextChoices


class Source(TextChoices):
    """What an order to mend rests on."""

    ACCEPTANCE = "acceptance", "验收不合格"
    SUPERVISION = "supervision", "监督检查发现问题"
    LEGACY = "legacy", "原有项目考核评估不合格"


class Service(TextChoices):
    """How an order was served."""

    SIGNED = "signed", "单位在系统签收"
    DIRECT = "direct", "直接送达"
    POST = "post", "邮寄送达"
    LEFT = "left", "留置送达"
    NOTICE = "notice", "公告送达"


class Word(TextChoices):
    """What the re-check says of one item, or of the whole."""

    MET = "met", "已整改到位"
    UNMET = "unmet", "未整改到位"


class Todo(TextChoices):
    """What an order waits for, as far as the viewer's own department has to do it."""

    CONCUR = "concur", "会商"
    ORDER = "order", "下达通知"
    SERVE = "serve", "送达"
    RECHECK = "recheck", "复查"
    PASS = "pass", "作出复查结论"
    EXPIRE = "expire", "期满处理"
