"""What each event of the ledger is called: the labels of the steps, and those of all other events.

A test reads the types of all events out of the source and demands a name for each.
"""

from .table import MACHINES

STEPS = {step.event: step.label for machine in MACHINES.values() for step in machine.transitions}
OTHERS = {
    # people and offices
    "account.mail_set": "设置邮件提醒",
    "unit.registered": "单位注册",
    "unit.renamed": "单位更名",
    "invitation.issued": "邀请成员",
    "invitation.reissued": "重发邀请",
    "invitation.cancelled": "取消邀请",
    "member.joined": "成员加入",
    "member.duties_set": "调整成员分工",
    "member.deactivated": "停用成员账号",
    "member.reactivated": "恢复成员账号",
    "recommender.added": "登记推荐部门",
    "recommender.edited": "修改推荐部门",
    "recommender.closed": "停用推荐部门",
    "recommender.reopened": "恢复推荐部门",
    "recommender.quota_set": "设定推荐名额",
    "concurrence.given": "会商意见",
    "concurrence.voided": "会商意见失效",
    # the year
    "calendar.changed": "调整节假日表",
    "call.drafted": "起草申报通知",
    "call.revised": "修改申报通知",
    "call.no_application": "当年视为无申报项目",
    "quota.exception_granted": "增加名额",
    # application and examination
    "project.begun": "建立申报",
    "project.recommender_chosen": "选择推荐部门",
    "project.recommender_changed": "改由其他部门推荐",
    "approval.asked": "送单位审核",
    "recommendation.voided": "推荐意见失效",
    "examination.judged": "判定",
    "examination.accepted": "采纳计算结果",
    "examination.carried_over": "沿用上次判定",
    # experts and review
    "expert.registered": "专家入库",
    "expert.edited": "修改专家信息",
    "expert.activated": "启用专家",
    "expert.suspended": "暂停专家",
    "expert.removed": "专家退出专家库",
    "expert.password_reset": "重置专家密码",
    "expert.employment_added": "登记专家任职",
    "expert.relation_added": "登记专家关系",
    "expert.tie_dropped": "删除专家任职或关系",
    "round.opened": "建立评审",
    "round.planned": "调整评审安排",
    "round.postponed": "推迟评分截止",
    "round.proposal_changed": "调整拟推荐名单",
    "draw.opened": "开始专家抽取",
    "draw.party_committed": "提交抽取承诺",
    "draw.party_revealed": "公开抽取随机数",
    "seat.accepted": "专家接受邀请",
    "seat.declined": "专家不能参加",
    "seat.replaced": "递补专家",
    "sheet.conflict_declared": "专家申请回避",
    "sheet.conflict_denied": "专家申明无利害关系",
    "sheet.signed": "专家签署评分表",
    # publicity and filing
    "notice.drafted": "起草公示",
    "notice.revised": "修改公示",
    "objection.raised": "收到异议",
    "objection.dismissed": "异议不成立",
    "objection.uphold_proposed": "拟认定异议成立",
    "objection.upheld": "异议成立",
    "package.reports_written": "编写备案报告",
    "package.assembled": "组成备案材料",
    "package.received": "接收备案材料",
    "registration.decided": "作出登记结论",
    # money
    "claim.adjusted": "两部调整类档",
    "plan.drafted": "编制资金分配方案",
    "plan.changed": "调整资金分配方案",
    "payment.recorded": "登记拨付",
    "payment.arrived": "确认到账",
    "payment.reversed": "冲销拨付",
    "account.opened": "建立专项资金账",
    "voucher.entered": "登记凭证",
    "voucher.reversed": "冲销凭证",
    "flag.raised": "发现资金疑点",
    # construction, acceptance, rectification
    "construction.started": "确定建设起算日和目标",
    "report.submitted": "提交进展报告",
    "report.read": "审阅进展报告",
    "report.returned": "退回进展报告",
    "activity.recorded": "登记活动",
    "activity.voided": "作废活动记录",
    "extension.requested": "申请延期",
    "inspector.replaced": "更换检查人员",
    "finding.raised": "提出检查问题",
    "acceptance.applied": "提交验收申请",
    "acceptance.panel_seated": "组成验收组",
    "acceptance.expert_replaced": "更换验收专家",
    "acceptance.checked": "逐项核验",
    "acceptance.conclusion_written": "拟写验收结论",
    "acceptance_sheet.conflict_declared": "专家申请回避",
    "acceptance_sheet.conflict_denied": "专家申明无利害关系",
    "acceptance_sheet.signed": "专家签署评价表",
    "rectification.drafted": "起草整改通知",
    "rectification.revised": "修改整改通知",
    "rectification.checked": "复查",
    # titles
    "assessment.planned": "列入考核评估",
    "assessment_batch.opened": "建立考核批次",
    "legacy_import.entered": "导入 2011—2020 年名录",
    "title.assessed": "登记考核结论",
    "title.changed": "变更称号登记事项",
    "change.requested": "申请变更",
    "revocation.proposed": "拟取消称号",
    "revocation.revised": "修改取消称号材料",
    "revocation.served": "送达告知书",
    "revocation.stated": "单位陈述申辩",
    "revocation.hearing_recorded": "记录听取情况",
    "revocation.decision_drafted": "起草取消决定",
    "revocation.dismissal_proposed": "拟不予取消",
    "revocation.plaque_returned": "收回牌匾",
    "revocation.repaid": "退回资金",
    "experience.proposed": "提交经验案例",
    "experience.revised": "修改经验案例",
    "title.entered": "列入 2011—2020 年名录",
    "title.awarded": "两部备案登记，列入名录",
}


def event_label(type: str) -> str:
    """The Chinese name of an event. One that has none goes by the name of what it happened to."""
    found = STEPS.get(type) or OTHERS.get(type)
    if found:
        return found
    machine = MACHINES.get(type.partition(".")[0])
    return f"{machine.label}：其他记录" if machine else "其他记录"
