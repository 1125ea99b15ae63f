"""What the applicant unit itself says about a draft before it leaves the house."""

from jiangxin.core.kernel.labels import Labelled

from .machine import Machine, Transition
from .roles import Role


class ApprovalState(Labelled):
    WAITING = "waiting", "等待审核"
    APPROVED = "approved", "审核通过"
    SENT_BACK = "sent_back", "退回修改"
    VOID = "void", "已失效"


A = ApprovalState
UNIT = (Role.APPLICANT,)

APPROVAL = Machine(
    "approval",
    "单位审核",
    ApprovalState,
    (
        Transition(
            name="approve",
            label="单位审核通过",
            sources=(A.WAITING,),
            target=A.APPROVED,
            by=UNIT,
            clause="3.1",
            event="approval.approved",
            guards=("content_unchanged", "another_person", "seal_declared"),
        ),
        Transition(
            name="send_back",
            label="单位审核退回修改",
            sources=(A.WAITING,),
            target=A.SENT_BACK,
            by=UNIT,
            clause="3.1",
            event="approval.sent_back",
            guards=("reasons_given",),
        ),
        Transition(
            name="void",
            label="单位审核失效",
            sources=(A.WAITING, A.APPROVED),
            target=A.VOID,
            by=UNIT,
            clause="3.1",
            event="approval.voided",
        ),
    ),
)
