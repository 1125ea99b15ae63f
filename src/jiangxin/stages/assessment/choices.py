"""Grades and the four parts of a report; pages may import them, models they may not."""

from typing import NamedTuple

from django.db import models


class Grade(models.TextChoices):
    """What the province gives; 优秀 and 合格 pass, 不合格 makes the title ready for revocation."""

    EXCELLENT = "excellent", "优秀"
    QUALIFIED = "qualified", "合格"
    UNQUALIFIED = "unqualified", "不合格"


PASSING = (Grade.EXCELLENT, Grade.QUALIFIED)


class Part(NamedTuple):
    """One text of the report: its name in code, its heading, what is to be told."""

    key: str
    label: str
    help: str


# The very contents that clause 3.3 names for the assessment report of an existing base (N37).
PARTS = (
    Part("basics", "目标任务完成情况", "确定时的目标和任务、完成了哪些；没有完成的写明原因。"),
    Part("operation", "管理运行情况", "场地、设备、人员、制度现在怎样；停止运行的写明起止时间。"),
    Part(
        "effect", "培训效能发挥情况", "近几年培训人数、高技能人才人数；工作室写带徒、攻关和成果。"
    ),
    Part("funds", "资金使用情况", "收到的财政补助和自筹资金、用于什么、结余多少。"),
)
