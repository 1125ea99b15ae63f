"""The life of a project, from the first draft to the last revoked title."""

from jiangxin.core.kernel.labels import Labelled

from .machine import Machine, Transition
from .roles import MINISTRIES, Role


class ProjectState(Labelled):
    DRAFT = "draft", "填写中"
    WITH_RECOMMENDER = "with_recommender", "待推荐"
    NOT_RECOMMENDED = "not_recommended", "未获推荐"
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
    UNDER_CONSTRUCTION = "under_construction", "建设中"
    IN_ACCEPTANCE = "in_acceptance", "验收中"
    RECTIFYING = "rectifying", "限期整改"
    ACCEPTED = "accepted", "验收合格"
    REVOKED = "revoked", "已取消称号"
    ENDED = "ended", "已终止"


P = ProjectState
HR, UNIT, BODY = (Role.PROVINCE_HR,), (Role.APPLICANT,), (Role.RECOMMENDER,)
# A project in one of these states holds its title.
TITLED = (P.REGISTERED, P.UNDER_CONSTRUCTION, P.IN_ACCEPTANCE, P.RECTIFYING, P.ACCEPTED)
# Both ministries have registered it once; whether it still holds the title is another matter.
REGISTERED_ONCE = (*TITLED, P.REVOKED, P.ENDED)

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
            by=UNIT,
            clause="3.1",
            event="project.submitted",
            guards=("window_open", "form_complete", "unit_approved"),
        ),
        Transition(
            name="submit_for_recommendation",
            label="提交推荐部门",
            sources=(P.DRAFT,),
            target=P.WITH_RECOMMENDER,
            by=UNIT,
            clause="3.1",
            event="project.submitted_for_recommendation",
            guards=("window_open", "form_complete", "unit_approved", "recommender_chosen"),
        ),
        Transition(
            name="resubmit",
            label="补正后再次提交",
            sources=(P.RETURNED,),
            target=P.SUBMITTED,
            by=UNIT,
            clause="3.1",
            event="project.resubmitted",
            guards=("correction_in_time", "form_complete", "unit_approved"),
        ),
        Transition(
            name="resubmit_for_recommendation",
            label="补正后再次提交推荐部门",
            sources=(P.RETURNED,),
            target=P.WITH_RECOMMENDER,
            by=UNIT,
            clause="3.1",
            event="project.resubmitted_for_recommendation",
            guards=("correction_in_time", "form_complete", "unit_approved", "recommender_chosen"),
        ),
        # Until the close the unit disposes of what it sent in; after it, only an itemised return.
        Transition(
            name="take_back",
            label="撤回修改",
            sources=(P.WITH_RECOMMENDER, P.SUBMITTED),
            target=P.DRAFT,
            by=UNIT,
            clause="3.1",
            event="project.taken_back",
            guards=("window_open",),
        ),
        Transition(
            name="withdraw",
            label="撤回",
            sources=(P.DRAFT, P.WITH_RECOMMENDER, P.SUBMITTED, P.RETURNED),
            target=P.WITHDRAWN,
            by=UNIT,
            clause="3.1",
            event="project.withdrawn",
            guards=("window_open",),
        ),
        Transition(
            name="supplement_for_recommendation",
            label="补充材料",
            sources=(P.WITH_RECOMMENDER,),
            target=P.WITH_RECOMMENDER,
            by=UNIT,
            clause="3.1",
            event="project.supplemented_for_recommendation",
            guards=("supplement_open", "fields_named"),
        ),
        Transition(
            name="supplement",
            label="补充材料",
            sources=(P.SUBMITTED,),
            target=P.SUBMITTED,
            by=UNIT,
            clause="3.1",
            event="project.supplemented",
            guards=("supplement_open", "fields_named"),
        ),
        Transition(
            name="recommend",
            label="推荐",
            sources=(P.WITH_RECOMMENDER,),
            target=P.SUBMITTED,
            by=BODY,
            clause="3.1",
            event="project.recommended",
            guards=("opinion_given", "within_recommendation_quota"),
        ),
        Transition(
            name="decline",
            label="不予推荐",
            sources=(P.WITH_RECOMMENDER,),
            target=P.NOT_RECOMMENDED,
            by=BODY,
            clause="3.1",
            event="project.not_recommended",
            guards=("reasons_given",),
        ),
        Transition(
            name="return_before_recommendation",
            label="推荐部门退回补正",
            sources=(P.WITH_RECOMMENDER,),
            target=P.RETURNED,
            by=BODY,
            clause="3.1",
            event="project.returned_before_recommendation",
            guards=("reasons_given",),
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
            guards=("every_clause_met", "examiners_agree"),
        ),
        Transition(
            name="reject",
            label="资格审查不通过",
            sources=(P.SUBMITTED,),
            target=P.REJECTED,
            by=HR,
            clause="3.1",
            event="project.rejected",
            guards=("reasons_given", "examiners_agree"),
        ),
        Transition(
            name="lapse",
            label="逾期未补正，不予通过",
            sources=(P.RETURNED,),
            target=P.REJECTED,
            by=HR,
            clause="3.1",
            event="project.lapsed",
            guards=("correction_overdue", "reasons_given"),
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
        Transition(
            name="start_construction",
            label="开始建设",
            sources=(P.REGISTERED,),
            target=P.UNDER_CONSTRUCTION,
            by=HR,
            clause="4.3",
            event="project.construction_started",
            guards=("start_known",),
        ),
        Transition(
            name="apply_acceptance",
            label="申请验收",
            sources=(P.UNDER_CONSTRUCTION,),
            target=P.IN_ACCEPTANCE,
            by=UNIT,
            clause="4.3",
            event="project.acceptance_applied",
            guards=("goals_ended",),
        ),
        Transition(
            name="return_acceptance",
            label="退回验收申请",
            sources=(P.IN_ACCEPTANCE,),
            target=P.UNDER_CONSTRUCTION,
            by=HR,
            clause="4.3",
            event="project.acceptance_returned",
            guards=("reasons_given",),
        ),
        Transition(
            name="accept",
            label="验收合格",
            sources=(P.IN_ACCEPTANCE,),
            target=P.ACCEPTED,
            by=HR,
            clause="4.3",
            event="project.accepted",
            guards=("both_agree", "panel_scored"),
        ),
        Transition(
            name="order_rectification",
            label="限期整改",
            sources=(P.UNDER_CONSTRUCTION, P.IN_ACCEPTANCE, P.ACCEPTED),
            target=P.RECTIFYING,
            by=HR,
            clause="4.3",
            event="project.rectification_ordered",
            guards=("both_agree", "term_within_limit"),
        ),
        Transition(
            name="pass_recheck",
            label="整改复查合格",
            sources=(P.RECTIFYING,),
            target=P.ACCEPTED,
            by=HR,
            clause="4.3",
            event="project.rectified",
            guards=("both_agree", "checked_by_another"),
        ),
        Transition(
            name="resume_construction",
            label="整改复查合格，继续建设",
            sources=(P.RECTIFYING,),
            target=P.UNDER_CONSTRUCTION,
            by=HR,
            clause="4.3",
            event="project.construction_resumed",
            guards=("both_agree", "checked_by_another"),
        ),
        Transition(
            name="keep",
            label="不予取消，继续建设",
            sources=(P.RECTIFYING,),
            target=P.UNDER_CONSTRUCTION,
            by=HR,
            clause="4.3",
            event="project.kept",
            guards=("both_agree", "reasons_given"),
        ),
        Transition(
            name="revoke",
            label="取消称号",
            sources=TITLED,
            target=P.REVOKED,
            by=HR,
            clause="4.3",
            event="project.revoked",
            guards=("both_agree", "heard"),
        ),
        Transition(
            name="end",
            label="终止项目",
            sources=TITLED,
            target=P.ENDED,
            by=HR,
            clause="4.1",
            event="project.ended",
            guards=("both_agree",),
        ),
    ),
)
