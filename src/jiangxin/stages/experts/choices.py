"""The closed lists of the pool."""

from django.db.models import TextChoices


class Field(TextChoices):
    """What an expert judges; a panel has seats by field."""

    TECHNICAL = "technical", "技术"
    EDUCATION = "education", "教育"
    FINANCE = "finance", "财务"


class State(TextChoices):
    """Where an expert stands in the pool; only the active are drawn."""

    PENDING = "pending", "待入库"
    ACTIVE = "active", "在库"
    SUSPENDED = "suspended", "暂停"
    REMOVED = "removed", "已退出"


class Tie(TextChoices):
    """What binds an expert to a unit or a leader."""

    KINSHIP = "kinship", "亲属"
    HOLDING = "holding", "持股或任职"
    ADVISED = "advised", "咨询辅导"
    COOPERATION = "cooperation", "合作或师承"
    OTHER = "other", "其他利害关系"


class Origin(TextChoices):
    """How an expert came to be in the pool."""

    OFFICE = "office", "省级登记"
    IMPORT = "import", "批量导入"
    SELF = "self", "本人申请"
