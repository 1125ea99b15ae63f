"""The life of a title, and the processes that judge, change, end or spread it."""

from jiangxin.core.kernel.labels import Labelled

from .machine import Machine, Transition
from .roles import MINISTRIES, Role


class TitleState(Labelled):
    """Whether a title stands."""

    TITLED = "titled", "有效"
    REVOKED = "revoked", "已取消"
    ENDED = "ended", "已终止"


class AssessmentState(Labelled):
    """The assessment of a title of 2011–2020 (4.2)."""

    PLANNED = "planned", "待自评"
    REPORTED = "reported", "待评定"
    JUDGED = "judged", "待结论"
    CONCLUDED = "concluded", "已结论"
    CANCELLED = "cancelled", "已撤销"


class RevocationState(Labelled):
    """The process that may end in a revoked title (4.2, 4.3)."""

    PROPOSED = "proposed", "拟取消"
    NOTICED = "noticed", "已告知"
    HEARD = "heard", "已听取陈述申辩"
    DECIDED = "decided", "已决定取消"
    PUBLISHED = "published", "已公布"
    DISMISSED = "dismissed", "不予取消"


class ChangeState(Labelled):
    """A change of leader, name or unit, or the end of the unit."""

    REQUESTED = "requested", "待审批"
    APPROVED = "approved", "已同意"
    REFUSED = "refused", "不同意"


class ExperienceState(Labelled):
    """Good experience on its way to the public (4.1)."""

    PROPOSED = "proposed", "待审核"
    APPROVED = "approved", "待发布"
    PUBLISHED = "published", "已发布"
    DECLINED = "declined", "未采用"


T, A, R, C, E = TitleState, AssessmentState, RevocationState, ChangeState, ExperienceState
HR, UNIT = (Role.PROVINCE_HR,), (Role.APPLICANT,)

TITLE = Machine(
    "title",
    "称号",
    TitleState,
    (
        Transition(
            name="revoke",
            label="取消称号",
            sources=(T.TITLED,),
            target=T.REVOKED,
            by=HR,
            clause="4.3",
            event="title.revoked",
            guards=("both_agree", "heard"),
        ),
        Transition(
            name="end",
            label="终止称号",
            sources=(T.TITLED,),
            target=T.ENDED,
            by=HR,
            clause="4.1",
            event="title.ended",
            guards=("both_agree",),
        ),
    ),
)

ASSESSMENT = Machine(
    "assessment",
    "考核评估",
    AssessmentState,
    (
        Transition(
            name="report",
            label="提交自评",
            sources=(A.PLANNED,),
            target=A.REPORTED,
            by=(*UNIT, *HR),
            clause="4.2",
            event="assessment.reported",
            guards=("title_stands",),
        ),
        Transition(
            name="return",
            label="退回自评",
            sources=(A.REPORTED,),
            target=A.PLANNED,
            by=HR,
            clause="4.2",
            event="assessment.returned",
            guards=("reasons_given",),
        ),
        Transition(
            name="judge",
            label="评定",
            sources=(A.REPORTED, A.JUDGED),
            target=A.JUDGED,
            by=HR,
            clause="4.2",
            event="assessment.judged",
            guards=("title_stands", "reasons_given"),
            voids=("assessment.conclude",),
        ),
        Transition(
            name="conclude",
            label="作出考核结论",
            sources=(A.JUDGED,),
            target=A.CONCLUDED,
            by=HR,
            clause="4.2",
            event="assessment.concluded",
            guards=("both_agree", "title_stands"),
        ),
        Transition(
            name="cancel",
            label="撤销考核",
            sources=(A.PLANNED, A.REPORTED, A.JUDGED),
            target=A.CANCELLED,
            by=HR,
            clause="4.2",
            event="assessment.cancelled",
            guards=("reasons_given",),
            voids=("assessment.conclude",),
        ),
    ),
)

REVOCATION = Machine(
    "revocation",
    "取消称号程序",
    RevocationState,
    (
        Transition(
            name="notify",
            label="告知拟取消称号",
            sources=(R.PROPOSED,),
            target=R.NOTICED,
            by=HR,
            clause="4.3",
            event="revocation.noticed",
            guards=("both_agree",),
        ),
        Transition(
            name="close_hearing",
            label="结束陈述申辩",
            sources=(R.NOTICED,),
            target=R.HEARD,
            by=HR,
            clause="4.3",
            event="revocation.heard",
            guards=("hearing_over",),
        ),
        Transition(
            name="decide",
            label="决定取消称号",
            sources=(R.HEARD,),
            target=R.DECIDED,
            by=HR,
            clause="4.3",
            event="revocation.decided",
            guards=("both_agree", "heard"),
        ),
        Transition(
            name="dismiss",
            label="不予取消",
            sources=(R.PROPOSED, R.NOTICED, R.HEARD),
            target=R.DISMISSED,
            by=HR,
            clause="4.3",
            event="revocation.dismissed",
            guards=("both_agree", "reasons_given"),
        ),
        Transition(
            name="publish",
            label="公布决定",
            sources=(R.DECIDED,),
            target=R.PUBLISHED,
            by=HR,
            clause="4.3",
            event="revocation.published",
            guards=("no_personal_data",),
        ),
    ),
)

CHANGE = Machine(
    "change",
    "称号变更",
    ChangeState,
    (
        Transition(
            name="approve",
            label="同意变更",
            sources=(C.REQUESTED,),
            target=C.APPROVED,
            by=HR,
            clause="2.2",
            event="change.approved",
            guards=("both_agree", "leader_free"),
        ),
        Transition(
            name="refuse",
            label="不同意变更",
            sources=(C.REQUESTED,),
            target=C.REFUSED,
            by=HR,
            clause="2.2",
            event="change.refused",
            guards=("reasons_given",),
        ),
    ),
)

EXPERIENCE = Machine(
    "experience",
    "经验案例",
    ExperienceState,
    (
        Transition(
            name="approve",
            label="审核通过",
            sources=(E.PROPOSED,),
            target=E.APPROVED,
            by=HR,
            clause="4.1",
            event="experience.approved",
            guards=("title_stands", "no_personal_data"),
        ),
        Transition(
            name="decline",
            label="不予采用",
            sources=(E.PROPOSED, E.APPROVED),
            target=E.DECLINED,
            by=HR,
            clause="4.1",
            event="experience.declined",
            guards=("reasons_given",),
        ),
        Transition(
            name="publish",
            label="发布",
            sources=(E.APPROVED,),
            target=E.PUBLISHED,
            by=(*HR, *MINISTRIES),
            clause="4.1",
            event="experience.published",
            guards=("title_stands",),
        ),
    ),
)
