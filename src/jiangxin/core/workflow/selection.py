"""From the call to the registration: what both departments, the panel and the ministries do together."""

from jiangxin.core.kernel.labels import Labelled

from .machine import Machine, Transition
from .roles import MINISTRIES, Role


class CallState(Labelled):
    DRAFT = "draft", "起草中"
    OPEN = "open", "已发布"


class RoundState(Labelled):
    PREPARING = "preparing", "准备中"
    SCORING = "scoring", "评分中"
    DISCUSSING = "discussing", "合议中"
    RANKED = "ranked", "已排序"
    DECIDED = "decided", "已确定"


class DrawState(Labelled):
    COMMITTING = "committing", "等待承诺"
    REVEALING = "revealing", "等待公开"
    DRAWN = "drawn", "已抽取"
    VOID = "void", "已作废"


class LoanState(Labelled):
    REQUESTED = "requested", "待出借省份同意"
    CONSENTED = "consented", "待专家同意"
    LENT = "lent", "借用中"
    DECLINED = "declined", "未同意"
    ENDED = "ended", "已结束"


class NoticeState(Labelled):
    DRAFT = "draft", "起草中"
    PUBLISHED = "published", "公示中"
    CLOSED = "closed", "已结束"


class PackageState(Labelled):
    ASSEMBLING = "assembling", "组卷中"
    FILED = "filed", "已报送"
    RETURNED = "returned", "退回补充"
    REGISTERED = "registered", "两部均已登记"


C, R, D, N, K = CallState, RoundState, DrawState, NoticeState, PackageState
L = LoanState
HR, FINANCE = (Role.PROVINCE_HR,), (Role.PROVINCE_FINANCE,)
BOTH = HR + FINANCE

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
            name="discuss",
            label="开始合议",
            sources=(R.SCORING,),
            target=R.DISCUSSING,
            by=HR,
            clause="3.2",
            event="round.discussion_opened",
            guards=("all_sheets_signed",),
        ),
        Transition(
            name="rank",
            label="汇总排序",
            sources=(R.SCORING, R.DISCUSSING),
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
            by=(*BOTH, Role.SUPERVISOR),
            clause="3.2",
            event="draw.voided",
            guards=("reasons_given",),
        ),
    ),
)

LOAN = Machine(
    "loan",
    "专家借用",
    LoanState,
    (
        Transition(
            name="consent",
            label="同意出借",
            sources=(L.REQUESTED,),
            target=L.CONSENTED,
            by=HR,
            clause="3.2",
            event="loan.consented",
            guards=("lenders_own_expert",),
        ),
        Transition(
            name="accept",
            label="同意被借用",
            sources=(L.CONSENTED,),
            target=L.LENT,
            by=(Role.EXPERT,),
            clause="3.2",
            event="loan.accepted",
        ),
        Transition(
            name="decline",
            label="不同意借用",
            sources=(L.REQUESTED, L.CONSENTED),
            target=L.DECLINED,
            by=(*HR, Role.EXPERT),
            clause="3.2",
            event="loan.declined",
            guards=("reasons_given",),
        ),
        Transition(
            name="end",
            label="结束借用",
            sources=(L.REQUESTED, L.CONSENTED, L.LENT),
            target=L.ENDED,
            by=HR,
            clause="3.2",
            event="loan.ended",
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
