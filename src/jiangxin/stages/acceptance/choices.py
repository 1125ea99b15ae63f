"""The closed lists of acceptance."""

from django.db.models import TextChoices


class Tick(TextChoices):
    """What the panel's leader found of one item of the checklist."""

    MET = "met", "符合"
    NOT_MET = "not_met", "不符合"


class Todo(TextChoices):
    """What an acceptance waits for, as far as the viewer's own department has to do it."""

    ARRANGE = "arrange", "组织验收"
    REPLACE = "replace", "更换回避专家"
    CLOSE = "close", "汇总评价"
    CONCUR = "concur", "会商"
    CONCLUDE = "conclude", "作出结论"
