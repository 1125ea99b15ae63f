"""The actors of the programme, and the two departments that act as equals."""

from jiangxin.core.kernel.labels import Labelled


class Role(Labelled):
    """What a person is to the programme; one person with two roles has two accounts."""

    APPLICANT = "applicant", "申报单位"
    RECOMMENDER = "recommender", "推荐部门"
    PROVINCE_HR = "province_hr", "省级人社部门"
    PROVINCE_FINANCE = "province_finance", "省级财政部门"
    EXPERT = "expert", "评审专家"
    SUPERVISOR = "supervisor", "监督人员"
    MINISTRY_HR = "ministry_hr", "人力资源社会保障部"
    MINISTRY_FINANCE = "ministry_finance", "财政部"
    AUDITOR = "auditor", "审计人员"
    PUBLIC = "public", "公众"


class Duty(Labelled):
    """What an account does inside its applicant unit; one person may hold several."""

    FILL = "fill", "填报人"
    CHECK = "check", "审核人"
    ADMIN = "admin", "单位管理员"


class Department(Labelled):
    """The two principals of every joint act (N27)."""

    HR = "hr", "人社"
    FINANCE = "finance", "财政"


DEPARTMENT_OF: dict[Role, Department] = {
    Role.PROVINCE_HR: Department.HR,
    Role.PROVINCE_FINANCE: Department.FINANCE,
    Role.MINISTRY_HR: Department.HR,
    Role.MINISTRY_FINANCE: Department.FINANCE,
}
PROVINCIAL = (Role.PROVINCE_HR, Role.PROVINCE_FINANCE)
MINISTRIES = (Role.MINISTRY_HR, Role.MINISTRY_FINANCE)
