"""The questions of each kind of change, for the desk and for units alike."""

from django.http import HttpRequest

from jiangxin.stages.changes.choices import ASKED, ChangeKind
from jiangxin.stages.changes.queries import levels
from jiangxin.stages.changes.rules import Wanted

from .asking import Question

ALL = {
    "leader_name": Question("leader_name", "新带头人姓名", max_length=40, clause="2.2"),
    "leader_id_number": Question(
        "leader_id_number",
        "新带头人公民身份号码",
        "id_number",
        help="只用于核对同一人不在同一单位领衔两个工作室；系统不保存原号码。",
    ),
    "leader_level": Question(
        "leader_level", "新带头人技能等级", "choice", options=tuple(levels()), clause="2.2"
    ),
    "leader_grounds": Question(
        "leader_grounds",
        "绝技绝活或其他说明",
        "longtext",
        help="等级低于高级技师的必须写明。",
        required=False,
        max_length=1000,
    ),
    "unit_name": Question("unit_name", "新单位名称", max_length=120),
    "uscc": Question("uscc", "新统一社会信用代码", "uscc"),
    "title_name": Question(
        "title_name", "新项目名称", help="项目名称不变的，不用填写。", required=False
    ),
}
PLAIN = {
    ChangeKind.LEADER: "原带头人退休、调离等，由新的带头人领衔。",
    ChangeKind.RENAMING: "单位改了名称，统一社会信用代码不变。本单位的全部有效称号一并更名。",
    ChangeKind.MERGER: "单位合并或划转，称号由另一单位承接。",
    ChangeKind.CLOSURE: "单位撤销、解散，没有承接单位：称号和项目终止。",
}


def questions(kind: ChangeKind) -> tuple[Question, ...]:
    """What is asked for a change of this kind, the reason last."""
    reason = Question("reason", "变更理由", "longtext", max_length=2000)
    return (*(ALL[name] for name in ASKED[kind]), reason)


def wanted(request: HttpRequest) -> Wanted:
    """What the form sent."""
    return Wanted(**{name: request.POST.get(name, "") for name in ALL})
