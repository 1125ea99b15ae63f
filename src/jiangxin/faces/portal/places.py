"""Where the product sees to a norm, in words: the places that the policy pack names."""

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import NotFound
from jiangxin.core.policy import Pack

WORDS = {
    "draw:panel": "专家抽取",
    "rubric:all": "评分标准",
    "overlay:floor": "省级细则只能从严的检查",
    "overlay:fields": "省级细则增加的材料",
    "face:apply-scan": "页面：盖章扫描件",
    "face:portal-nation": "全国进展",
    "face:portal-nation-coverage": "领域和职业覆盖",
    "face:portal-province": "各省页面",
    "face:desk-claims": "页面：分类分档",
    "face:desk-plan": "页面：资金分配方案",
    "face:desk-plan-line": "页面：方案中的一个项目",
    "face:desk-funds": "页面：资金拨付",
    "face:desk-accounts": "页面：专项资金账",
    "face:desk-account": "页面：一个项目的专项资金账",
    "face:desk-vouchers": "页面：支出凭证",
    "face:desk-flags": "页面：资金疑点",
    "face:desk-flag": "页面：一个资金疑点",
    "face:my-account": "页面：单位专项资金账",
    "face:my-account-statement": "页面：单位专项资金账对账单",
    "face:desk-constructions": "页面：建设项目",
    "face:desk-extensions": "页面：建设延期",
    "face:desk-progress-reports": "页面：进展报告",
    "face:desk-activities": "页面：五类功能活动",
    "face:desk-inspections": "页面：双随机抽查",
    "face:desk-visits": "页面：现场检查",
    "face:desk-findings": "页面：检查问题",
    "face:desk-acceptances": "页面：验收与绩效评价",
    "face:desk-rectifications": "页面：限期整改",
    "face:portal-experiences": "经验案例",
    "face:portal-revocations": "取消称号决定",
    "face:desk-changes": "页面：称号变更",
    "face:desk-experiences": "页面：经验案例",
    "face:desk-revocations": "页面：取消称号",
    "face:desk-revocation-ready": "页面：应提出取消的称号",
    "face:apply-check": "页面：申报核对",
    "face:apply-section": "页面：申报表填写",
    "face:desk-examine": "页面：资格审查",
    "face:desk-call": "页面：申报通知",
    "face:desk-call-new": "页面：起草申报通知",
    "face:desk-ranking": "页面：评审结果",
    "face:ministry-quota": "页面：名额例外",
    "face:desk-notice": "页面：公示办理",
    "face:portal-notice": "公示",
    "face:desk-experts": "页面：专家库",
    "face:desk-loans": "页面：专家借用",
    "face:expert-profile": "页面：专家本人信息",
    "face:portal-expert-apply": "申请入库",
    "face:portal-draws": "专家抽取公开",
    "face:desk-draw": "页面：评审组织与抽取",
    "face:desk-draw-session": "页面：专家抽取",
    "face:desk-round": "页面：评审",
    "face:expert-sheet": "页面：专家评分",
    "face:ministry-filing": "页面：两部备案登记",
    "face:desk-home": "页面：办理首页",
    "face:desk-filings": "页面：备案",
    "list:functions": "选项：五类功能",
    "list:priority_fields": "选项：重点领域",
    "list:studio_activities": "选项：工作室活动",
    "money:tiers": "资金规则：类和档",
    "money:sources": "资金规则：来源",
    "money:uses.base": "资金规则：基地支出范围",
    "money:uses.studio": "资金规则：工作室支出范围",
    "money:flags": "资金规则：禁止事项",
    "stage:programme": "环节：年度与申报通知",
    "stage:application": "环节：申报",
    "stage:application.coverage": "登记项目的职业覆盖统计",
    "stage:experts": "环节：专家库",
    "stage:review": "环节：专家评审",
    "stage:review.queries.ranking": "专家评审的排序",
    "stage:publicity": "环节：公示",
    "stage:filing": "环节：备案",
    "stage:filing.papers": "备案的评审报告",
    "stage:construction": "环节：建设",
    "stage:acceptance": "环节：验收",
    "stage:rectification": "环节：限期整改",
    "stage:funding": "环节：后补助",
    "stage:accounts": "环节：专项资金账",
    "stage:titles.progress": "名录的进展统计",
    "stage:assessment": "环节：考核评估",
    "stage:assessment.importing": "2011—2020年名录的录入",
    "stage:assessment.queries.coverage": "考核评估的覆盖率",
    "stage:assessment.yearly": "年度考核评估情况报告",
    "stage:assessment.queries.failed": "考核不合格、待取消称号的项目",
    "face:desk-legacy-imports": "页面：名录录入",
    "face:desk-legacy": "页面：原有名录",
    "face:desk-batches": "页面：考核批次",
    "face:desk-assessment": "页面：考核办理",
    "face:desk-nation-overdue": "页面：逾期和滞留",
    "face:desk-coverage": "页面：考核覆盖",
    "face:desk-yearly-report": "页面：年度考核报告",
    "face:desk-filing": "页面：备案材料",
    "face:my-assessment": "页面：单位考核自评",
    "stage:revocation": "环节：取消称号",
    "stage:changes": "环节：称号变更",
    "stage:experience": "环节：经验推广",
}


def place_text(pack: Pack, place: str) -> str:
    """A place of a norm as people read it; a name that has no words yet comes back as it is."""
    kind, _, name = place.partition(":")
    if kind == "rubric" and name in pack.rubrics:
        return f"评分标准：{pack.rubrics[name]['name']}"
    if kind == "parameter":
        return f"参数：{_parameter(pack, name)}"
    if kind == "track":
        return f"资格条件：{pack.track(name).title}"
    if kind == "form":
        track, _, key = name.partition(".")
        labels = {field.key: field.label for _, field in pack.form(track).fields()}
        return f"申报表：{labels.get(key, key)}"
    return WORDS.get(place, place)


def _parameter(pack: Pack, name: str) -> str:
    try:
        return pack.parameter(name, clock.today()).title
    except NotFound:
        return next((each.title for each in pack.parameters if each.name == name), name)
