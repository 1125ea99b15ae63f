"""Money after registration: class and tier, the funding plan, and what looks wrong in an account."""

from jiangxin.core.kernel.labels import Labelled

from .machine import Machine, Transition
from .roles import MINISTRIES, PROVINCIAL, Role


class ClaimState(Labelled):
    """A project's claim to a class and a tier (4.4)."""

    DRAFT = "draft", "填写中"
    CLAIMED = "claimed", "已申报"
    CHECKED = "checked", "省级已核"
    RETURNED = "returned", "退回"
    VERIFIED = "verified", "两部已定"


class PlanState(Labelled):
    """The funding plan of one year (4.4)."""

    DRAFT = "draft", "编制中"
    APPROVED = "approved", "已批准"


class FlagState(Labelled):
    """Something that looks wrong in the flow or the use of money (4.5)."""

    OPEN = "open", "待说明"
    ANSWERED = "answered", "已说明"
    CLEARED = "cleared", "未发现问题"
    CONFIRMED = "confirmed", "问题属实"


C, P, F = ClaimState, PlanState, FlagState
HR, FINANCE = (Role.PROVINCE_HR,), (Role.PROVINCE_FINANCE,)
UNIT = (Role.APPLICANT,)

CLAIM = Machine(
    "claim",
    "分类分档",
    ClaimState,
    (
        Transition(
            name="submit",
            label="申报类档",
            sources=(C.DRAFT,),
            target=C.CLAIMED,
            by=UNIT,
            clause="4.4",
            event="claim.submitted",
            guards=("evidence_given",),
        ),
        Transition(
            name="check",
            label="省级核定",
            sources=(C.CLAIMED,),
            target=C.CHECKED,
            by=HR,
            clause="4.4",
            event="claim.checked",
            guards=("evidence_given",),
        ),
        Transition(
            name="return",
            label="退回",
            sources=(C.CLAIMED,),
            target=C.RETURNED,
            by=HR,
            clause="4.4",
            event="claim.returned",
            guards=("reasons_given",),
        ),
        Transition(
            name="send_back",
            label="两部退回",
            sources=(C.CHECKED,),
            target=C.RETURNED,
            by=MINISTRIES,
            clause="4.4",
            event="claim.sent_back",
            guards=("reasons_given",),
            voids=("claim.verify",),
        ),
        Transition(
            name="resubmit",
            label="重新申报",
            sources=(C.RETURNED,),
            target=C.CLAIMED,
            by=UNIT,
            clause="4.4",
            event="claim.resubmitted",
            guards=("evidence_given",),
        ),
        Transition(
            name="verify",
            label="确定类档",
            sources=(C.CHECKED,),
            target=C.VERIFIED,
            by=MINISTRIES,
            clause="4.4",
            event="claim.verified",
            guards=("both_agree",),
        ),
    ),
)

PLAN = Machine(
    "plan",
    "资金分配方案",
    PlanState,
    (
        Transition(
            name="approve",
            label="批准分配方案",
            sources=(P.DRAFT,),
            target=P.APPROVED,
            by=MINISTRIES,
            clause="4.4",
            event="plan.approved",
            guards=("both_agree", "within_budget", "within_band", "registered_the_year_before"),
        ),
    ),
)

FLAG = Machine(
    "flag",
    "资金疑点",
    FlagState,
    (
        Transition(
            name="answer",
            label="说明情况",
            sources=(F.OPEN,),
            target=F.ANSWERED,
            by=(*UNIT, *PROVINCIAL),
            clause="4.5",
            event="flag.answered",
            guards=("reasons_given",),
        ),
        Transition(
            name="clear",
            label="核实无问题",
            sources=(F.OPEN, F.ANSWERED),
            target=F.CLEARED,
            by=FINANCE,
            clause="4.5",
            event="flag.cleared",
            guards=("reasons_given", "checked_by_another"),
        ),
        Transition(
            name="confirm",
            label="认定问题",
            sources=(F.ANSWERED,),
            target=F.CONFIRMED,
            by=FINANCE,
            clause="4.5",
            event="flag.confirmed",
            guards=("reasons_given", "checked_by_another"),
        ),
        Transition(
            name="confirm_unanswered",
            label="逾期未说明，认定问题",
            sources=(F.OPEN,),
            target=F.CONFIRMED,
            by=FINANCE,
            clause="4.5",
            event="flag.confirmed_unanswered",
            guards=("reasons_given", "answer_overdue"),
        ),
    ),
)
