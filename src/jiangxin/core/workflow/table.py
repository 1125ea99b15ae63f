"""The transition table of the whole programme. Buttons, checks, diagrams and tests derive from it.

Clauses point into the notice as the policy pack numbers it (`3.2` is 三（二）).
"""

from jiangxin.core.kernel.labels import Labelled

from .machine import Machine, Transition
from .roles import MINISTRIES, Role


class ProjectState(Labelled):
    DRAFT = "draft", "填写中"
    SUBMITTED = "submitted", "已提交"
    RETURNED = "returned", "退回补正"
    EXAMINED = "examined", "资格审查通过"
    REJECTED = "rejected", "资格审查不通过"
    WITHDRAWN = "withdrawn", "已撤回"
    UNDER_REVIEW = "under_review", "专家评审中"
    REVIEWED = "reviewed", "评审完成"
    PROPOSED = "proposed", "拟推荐"
    NOT_SELECTED = "not_selected", "未入选"
    PUBLICISED = "publicised", "公示中"
    CONFIRMED = "confirmed", "公示通过"
    FILED = "filed", "已报备案"
    FILING_RETURNED = "filing_returned", "备案退回"
    REGISTERED = "registered", "已备案登记"


class CallState(Labelled):
    DRAFT = "draft", "起草中"
    OPEN = "open", "已发布"


class RoundState(Labelled):
    PREPARING = "preparing", "准备中"
    SCORING = "scoring", "评分中"
    RANKED = "ranked", "已排序"
    DECIDED = "decided", "已确定"


class DrawState(Labelled):
    COMMITTING = "committing", "等待承诺"
    REVEALING = "revealing", "等待公开"
    DRAWN = "drawn", "已抽取"
    VOID = "void", "已作废"


class NoticeState(Labelled):
    DRAFT = "draft", "起草中"
    PUBLISHED = "published", "公示中"
    CLOSED = "closed", "已结束"


class PackageState(Labelled):
    ASSEMBLING = "assembling", "组卷中"
    FILED = "filed", "已报送"
    RETURNED = "returned", "退回补充"
    REGISTERED = "registered", "两部均已登记"


P, C, R = ProjectState, CallState, RoundState
D, N, K = DrawState, NoticeState, PackageState
HR, FINANCE = (Role.PROVINCE_HR,), (Role.PROVINCE_FINANCE,)
BOTH = HR + FINANCE

PROJECT = Machine(
    "project",
    "项目",
    ProjectState,
    (
        Transition(
            name="submit",
            label="提交",
            sources=(P.DRAFT,),
            target=P.SUBMITTED,
            by=(Role.APPLICANT,),
            clause="3.1",
            event="project.submitted",
            guards=("window_open", "form_complete"),
        ),
        Transition(
            name="resubmit",
            label="补正后再次提交",
            sources=(P.RETURNED,),
            target=P.SUBMITTED,
            by=(Role.APPLICANT,),
            clause="3.1",
            event="project.resubmitted",
            guards=("correction_in_time", "form_complete"),
        ),
        Transition(
            name="withdraw",
            label="撤回",
            sources=(P.DRAFT, P.SUBMITTED, P.RETURNED),
            target=P.WITHDRAWN,
            by=(Role.APPLICANT,),
            clause="3.1",
            event="project.withdrawn",
        ),
        Transition(
            name="return",
            label="退回补正",
            sources=(P.SUBMITTED,),
            target=P.RETURNED,
            by=HR,
            clause="3.1",
            event="project.returned",
            guards=("reasons_given",),
        ),
        Transition(
            name="pass_examination",
            label="资格审查通过",
            sources=(P.SUBMITTED,),
            target=P.EXAMINED,
            by=HR,
            clause="3.1",
            event="project.examined",
            guards=("every_clause_met",),
        ),
        Transition(
            name="reject",
            label="资格审查不通过",
            sources=(P.SUBMITTED,),
            target=P.REJECTED,
            by=HR,
            clause="3.1",
            event="project.rejected",
            guards=("reasons_given",),
        ),
        Transition(
            name="start_review",
            label="进入专家评审",
            sources=(P.EXAMINED,),
            target=P.UNDER_REVIEW,
            by=HR,
            clause="3.2",
            event="project.review_started",
            guards=("panel_seated",),
        ),
        Transition(
            name="complete_review",
            label="完成专家评审",
            sources=(P.UNDER_REVIEW,),
            target=P.REVIEWED,
            by=HR,
            clause="3.2",
            event="project.reviewed",
            guards=("all_sheets_signed",),
        ),
        Transition(
            name="propose",
            label="确定为拟推荐项目",
            sources=(P.REVIEWED,),
            target=P.PROPOSED,
            by=HR,
            clause="3.1",
            event="project.proposed",
            guards=("both_agree", "within_quota"),
        ),
        Transition(
            name="pass_over",
            label="确定为未入选",
            sources=(P.REVIEWED,),
            target=P.NOT_SELECTED,
            by=HR,
            clause="3.1",
            event="project.not_selected",
            guards=("both_agree",),
        ),
        Transition(
            name="publicise",
            label="公示",
            sources=(P.PROPOSED,),
            target=P.PUBLICISED,
            by=HR,
            clause="3.2",
            event="project.publicised",
            guards=("both_agree", "no_personal_data"),
        ),
        Transition(
            name="confirm",
            label="确认公示通过",
            sources=(P.PUBLICISED,),
            target=P.CONFIRMED,
            by=HR,
            clause="3.2",
            event="project.confirmed",
            guards=("period_over", "no_open_objection"),
        ),
        Transition(
            name="uphold_objection",
            label="异议成立，不予推荐",
            sources=(P.PUBLICISED,),
            target=P.NOT_SELECTED,
            by=HR,
            clause="3.2",
            event="project.objection_upheld",
            guards=("both_agree",),
        ),
        Transition(
            name="file",
            label="报送备案",
            sources=(P.CONFIRMED, P.FILING_RETURNED),
            target=P.FILED,
            by=HR,
            clause="3.3",
            event="project.filed",
            guards=("both_agree", "package_complete", "before_deadline"),
        ),
        Transition(
            name="return_filing",
            label="退回备案",
            sources=(P.FILED,),
            target=P.FILING_RETURNED,
            by=MINISTRIES,
            clause="3.3",
            event="project.filing_returned",
            guards=("reasons_given",),
            voids=("package.file",),
        ),
        Transition(
            name="register",
            label="备案登记",
            sources=(P.FILED,),
            target=P.REGISTERED,
            by=MINISTRIES,
            clause="4.4",
            event="project.registered",
            guards=("both_ministries_registered",),
        ),
    ),
)

CALL = Machine(
    "call",
    "申报通知",
    CallState,
    (
        Transition(
            name="open",
            label="发布申报通知",
            sources=(C.DRAFT,),
            target=C.OPEN,
            by=HR,
            clause="3.1",
            event="call.opened",
            guards=("both_agree", "year_covered", "overlay_holds"),
        ),
    ),
)

ROUND = Machine(
    "round",
    "评审",
    RoundState,
    (
        Transition(
            name="start",
            label="开始评分",
            sources=(R.PREPARING,),
            target=R.SCORING,
            by=HR,
            clause="3.2",
            event="round.started",
            guards=("panel_seated",),
        ),
        Transition(
            name="rank",
            label="汇总排序",
            sources=(R.SCORING,),
            target=R.RANKED,
            by=HR,
            clause="3.2",
            event="round.ranked",
            guards=("all_sheets_signed",),
        ),
        Transition(
            name="decide",
            label="确定拟推荐名单",
            sources=(R.RANKED,),
            target=R.DECIDED,
            by=HR,
            clause="3.1",
            event="round.decided",
            guards=("both_agree", "within_quota"),
        ),
    ),
)

DRAW = Machine(
    "draw",
    "专家抽取",
    DrawState,
    (
        Transition(
            name="close_commitments",
            label="封存承诺",
            sources=(D.COMMITTING,),
            target=D.REVEALING,
            by=(*BOTH, Role.SUPERVISOR),
            clause="3.2",
            event="draw.committed",
            guards=("all_committed",),
        ),
        Transition(
            name="draw",
            label="抽取",
            sources=(D.REVEALING,),
            target=D.DRAWN,
            by=(*BOTH, Role.SUPERVISOR),
            clause="3.2",
            event="draw.drawn",
            guards=("all_revealed",),
        ),
        Transition(
            name="void",
            label="作废本次抽取",
            sources=(D.COMMITTING, D.REVEALING),
            target=D.VOID,
            by=HR,
            clause="3.2",
            event="draw.voided",
            guards=("reasons_given",),
        ),
    ),
)

NOTICE = Machine(
    "notice",
    "公示",
    NoticeState,
    (
        Transition(
            name="publish",
            label="发布公示",
            sources=(N.DRAFT,),
            target=N.PUBLISHED,
            by=HR,
            clause="3.2",
            event="notice.published",
            guards=("both_agree", "no_personal_data"),
        ),
        Transition(
            name="close",
            label="结束公示",
            sources=(N.PUBLISHED,),
            target=N.CLOSED,
            by=HR,
            clause="3.2",
            event="notice.closed",
            guards=("period_over", "no_open_objection"),
        ),
    ),
)

PACKAGE = Machine(
    "package",
    "备案材料",
    PackageState,
    (
        Transition(
            name="file",
            label="报送两部",
            sources=(K.ASSEMBLING, K.RETURNED),
            target=K.FILED,
            by=HR,
            clause="3.3",
            event="package.filed",
            guards=("both_agree", "package_complete", "before_deadline"),
        ),
        Transition(
            name="return",
            label="退回补充",
            sources=(K.FILED,),
            target=K.RETURNED,
            by=MINISTRIES,
            clause="3.3",
            event="package.returned",
            guards=("reasons_given",),
            voids=("package.file",),
        ),
        Transition(
            name="register",
            label="完成登记",
            sources=(K.FILED,),
            target=K.REGISTERED,
            by=MINISTRIES,
            clause="4.4",
            event="package.registered",
            guards=("both_ministries_registered",),
        ),
    ),
)

MACHINES: dict[str, Machine] = {
    machine.name: machine for machine in (PROJECT, CALL, ROUND, DRAW, NOTICE, PACKAGE)
}
