"""The closed lists of the review."""

from django.db.models import TextChoices


class SeatStatus(TextChoices):
    """What came of an invitation to the panel."""

    INVITED = "invited", "待答复"
    ACCEPTED = "accepted", "已接受"
    DECLINED = "declined", "已婉拒"
    REPLACED = "replaced", "已递补"


class Conflict(TextChoices):
    """What an expert declared on one project before its material opened."""

    UNDECLARED = "undeclared", "未申明"
    NONE = "none", "无利害关系"
    DECLARED = "declared", "申请回避"


class SheetState(TextChoices):
    """A sheet is changed as a draft and never again."""

    DRAFT = "draft", "未签署"
    SIGNED = "signed", "已签署"


class Phase(TextChoices):
    """The rounds of a review, in this order; a province may weigh more than the first."""

    PAPERS = "papers", "材料评审"
    DEFENCE = "defence", "答辩"
    SITE = "site", "实地考察"


class Ballot(TextChoices):
    """What an expert says in a vote by name."""

    YES = "yes", "同意"
    NO = "no", "不同意"
    ABSTAIN = "abstain", "弃权"
