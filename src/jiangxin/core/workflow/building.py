"""While a project is built, and what is found then: extension, visit, finding, acceptance, order to mend."""

from jiangxin.core.kernel.labels import Labelled

from .machine import Machine, Transition
from .roles import PROVINCIAL, Role


class ExtensionState(Labelled):
    """One wish for more time than the notice gives in general (4.3)."""

    REQUESTED = "requested", "待审批"
    GRANTED = "granted", "已同意延期"
    REFUSED = "refused", "不同意延期"


class VisitState(Labelled):
    """An inspection by inspectors and of projects that were drawn at random."""

    PLANNED = "planned", "待检查"
    DONE = "done", "已检查"


class FindingState(Labelled):
    """A problem that supervision found, until somebody else closes it."""

    OPEN = "open", "待整改"
    ANSWERED = "answered", "待复核"
    CLOSED = "closed", "已销号"


class AcceptanceState(Labelled):
    """Acceptance and performance evaluation at the end of construction (4.3)."""

    APPLIED = "applied", "已申请"
    RETURNED = "returned", "已退回"
    SCORING = "scoring", "评价中"
    SCORED = "scored", "待结论"
    CONCLUDED = "concluded", "已结论"


class RectificationState(Labelled):
    """An order to mend within a set time (4.3)."""

    DRAFT = "draft", "拟下达"
    ORDERED = "ordered", "待送达"
    SERVED = "served", "整改中"
    SUBMITTED = "submitted", "待复查"
    PASSED = "passed", "复查合格"
    EXPIRED = "expired", "期满未通过"
    DROPPED = "dropped", "不再下达"
    KEPT = "kept", "期满未通过，保留称号"


E, V, F, A, R = ExtensionState, VisitState, FindingState, AcceptanceState, RectificationState
HR, UNIT = (Role.PROVINCE_HR,), (Role.APPLICANT,)

EXTENSION = Machine(
    "extension",
    "建设延期",
    ExtensionState,
    (
        Transition(
            name="grant",
            label="同意延期",
            sources=(E.REQUESTED,),
            target=E.GRANTED,
            by=HR,
            clause="4.3",
            event="extension.granted",
            guards=("both_agree", "first_extension"),
        ),
        Transition(
            name="refuse",
            label="不同意延期",
            sources=(E.REQUESTED,),
            target=E.REFUSED,
            by=HR,
            clause="4.3",
            event="extension.refused",
            guards=("reasons_given",),
        ),
    ),
)

VISIT = Machine(
    "visit",
    "现场检查",
    VisitState,
    (
        Transition(
            name="report",
            label="登记检查结果",
            sources=(V.PLANNED,),
            target=V.DONE,
            by=PROVINCIAL,
            clause="4.3",
            event="visit.reported",
            guards=("inspector_signed",),
        ),
    ),
)

FINDING = Machine(
    "finding",
    "检查问题",
    FindingState,
    (
        Transition(
            name="answer",
            label="提交整改情况",
            sources=(F.OPEN,),
            target=F.ANSWERED,
            by=UNIT,
            clause="4.3",
            event="finding.answered",
            guards=("reasons_given",),
        ),
        Transition(
            name="close",
            label="复核销号",
            sources=(F.ANSWERED,),
            target=F.CLOSED,
            by=PROVINCIAL,
            clause="4.3",
            event="finding.closed",
            guards=("checked_by_another",),
        ),
        Transition(
            name="reopen",
            label="退回继续整改",
            sources=(F.ANSWERED,),
            target=F.OPEN,
            by=PROVINCIAL,
            clause="4.3",
            event="finding.reopened",
            guards=("reasons_given",),
        ),
    ),
)

ACCEPTANCE = Machine(
    "acceptance",
    "验收与绩效评价",
    AcceptanceState,
    (
        Transition(
            name="return",
            label="退回申请",
            sources=(A.APPLIED,),
            target=A.RETURNED,
            by=HR,
            clause="4.3",
            event="acceptance.returned",
            guards=("reasons_given",),
        ),
        Transition(
            name="start",
            label="组织验收",
            sources=(A.APPLIED,),
            target=A.SCORING,
            by=HR,
            clause="4.3",
            event="acceptance.started",
            guards=("panel_seated",),
        ),
        Transition(
            name="close_scoring",
            label="汇总评价",
            sources=(A.SCORING,),
            target=A.SCORED,
            by=HR,
            clause="4.3",
            event="acceptance.scored",
            guards=("all_sheets_signed", "checklist_complete"),
        ),
        Transition(
            name="conclude",
            label="作出验收结论",
            sources=(A.SCORED,),
            target=A.CONCLUDED,
            by=HR,
            clause="4.3",
            event="acceptance.concluded",
            guards=("both_agree",),
        ),
    ),
)

RECTIFICATION = Machine(
    "rectification",
    "限期整改",
    RectificationState,
    (
        Transition(
            name="order",
            label="下达整改通知",
            sources=(R.DRAFT,),
            target=R.ORDERED,
            by=HR,
            clause="4.3",
            event="rectification.ordered",
            guards=("both_agree", "term_within_limit"),
        ),
        Transition(
            name="drop",
            label="不再下达",
            sources=(R.DRAFT,),
            target=R.DROPPED,
            by=HR,
            clause="4.3",
            event="rectification.dropped",
            guards=("reasons_given",),
        ),
        Transition(
            name="serve",
            label="送达",
            sources=(R.ORDERED,),
            target=R.SERVED,
            by=(*UNIT, *HR),
            clause="4.3",
            event="rectification.served",
        ),
        Transition(
            name="submit",
            label="提交整改材料",
            sources=(R.SERVED,),
            target=R.SUBMITTED,
            by=UNIT,
            clause="4.3",
            event="rectification.submitted",
            guards=("evidence_given", "within_term"),
        ),
        Transition(
            name="pass",
            label="复查合格",
            sources=(R.SUBMITTED,),
            target=R.PASSED,
            by=HR,
            clause="4.3",
            event="rectification.passed",
            guards=("both_agree", "checked_by_another"),
        ),
        Transition(
            name="fail",
            label="复查不合格，继续整改",
            sources=(R.SUBMITTED,),
            target=R.SERVED,
            by=HR,
            clause="4.3",
            event="rectification.failed",
            guards=("reasons_given", "within_term", "checked_by_another"),
        ),
        Transition(
            name="expire",
            label="期满仍不符合要求",
            sources=(R.SERVED, R.SUBMITTED),
            target=R.EXPIRED,
            by=HR,
            clause="4.3",
            event="rectification.expired",
            guards=("term_over", "reasons_given", "submission_checked"),
        ),
        Transition(
            name="keep",
            label="不予取消，保留称号",
            sources=(R.EXPIRED,),
            target=R.KEPT,
            by=HR,
            clause="4.3",
            event="rectification.kept",
            guards=("both_agree", "reasons_given"),
        ),
    ),
)
