"""What must be true before a case goes on: served, heard, decided in words, clean for the public."""

from datetime import date

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import Invalid, WrongState
from jiangxin.core.workflow import TitleState
from jiangxin.stages.programme.queries import pack
from jiangxin.stages.publicity.privacy import refuse_leaks
from jiangxin.stages.rectification.queries import failed, open_one
from jiangxin.stages.titles.models import Title

from .choices import CLAUSES, Cause
from .models import Revocation

LETTERS = 5000  # of facts, statements, records, decisions
REASON = 1000
MOST_YEARS = 10


def own_value(name: str, province: str) -> int:
    """A parameter as it holds today, the province's own where it set one."""
    today = clock.today()
    return int(pack().value(name, today, pack().overlay(province, today.year)))


def require_standing(title: Title) -> None:
    """Raises `WrongState` unless the title stands."""
    if title.state != TitleState.TITLED:
        raise WrongState(
            f"“{title.name}”的称号{TitleState(title.state).label}，不能再提出取消。",
            remedy="可在名录中查看该称号的记录。",
            clause="4.2",
        )


def read_text(text: str, label: str, *, field: str, most: int = LETTERS, clause: str = "") -> str:
    """`text` cleaned. Raises `Invalid` when it is empty or too long."""
    clean = text.replace("\0", "").strip()
    if not clean:
        raise Invalid(f"请写明{label}。", clause=clause, field=field)
    if len(clean) > most:
        raise Invalid(f"{label}最多 {most} 字，现有 {len(clean)} 字。", field=field)
    return clean


def read_cause(cause: str, title: Title) -> Cause:
    """The cause. Raises `Invalid` for none, and for one that the register contradicts."""
    if cause not in Cause.values:
        raise Invalid("请选择取消称号的事由。", field="cause")
    found = Cause(cause)
    if found is Cause.ASSESSMENT and title.assessment != Title.Assessment.FAILED:
        raise Invalid(
            f"名录中该称号的考核评估是“{title.get_assessment_display()}”，不能以考核评估不合格为由。",
            remedy="请先由两部门作出考核结论，或选择其他事由。",
            clause=CLAUSES[found],
            field="cause",
        )
    if found is Cause.RECTIFICATION and failed(title) is None:
        raise Invalid(
            "该称号没有期满仍未通过的整改，不能以此为由。",
            remedy="整改期满后，请先在“限期整改”中登记期满未通过，或选择其他事由。",
            clause=CLAUSES[found],
            field="cause",
        )
    if found is Cause.ASSESSMENT and open_one(title):
        raise Invalid(
            "该称号正在限期整改，期满前不以考核评估不合格取消。",
            remedy="请等待整改结果。",
            clause=CLAUSES[found],
            field="cause",
        )
    return found


def read_day(day: date | None, label: str, *, field: str, since: date) -> date:
    """A day between `since` and today. Raises `Invalid`."""
    if day is None:
        raise Invalid(f"请填写{label}。", field=field)
    if day < since:
        raise Invalid(f"{label}不能早于 {clock.long_date(since)}。", field=field)
    if day > clock.today():
        raise Invalid(f"{label}不能晚于今天。", field=field)
    return day


def term_over(row: Revocation) -> bool:
    """Whether the unit was told and the days to answer are over."""
    return row.hearing_until is not None and clock.now() >= clock.end_of(row.hearing_until)


def require_heard(row: Revocation) -> None:
    """Raises `WrongState` unless the unit has had its say: the one thing that nothing may skip."""
    if row.hearing_until is None:
        raise WrongState(
            "告知书还没有送达，陈述申辩期还没有开始，不能跳过听取陈述申辩。",
            remedy="由单位在网上签收，或登记线下送达的日期和方式。",
            clause=row.clause,
        )
    said = list(row.statements.all())
    if any(each.wants_hearing for each in said) and not row.hearing_record:
        raise WrongState(
            "单位要求听证，还没有登记听证情况。",
            remedy="请组织听证，登记时间、地点和各方意见后再办理。",
            clause=row.clause,
        )
    if not said and not term_over(row):
        raise WrongState(
            "陈述申辩期未满，单位还没有陈述申辩，不能跳过听取陈述申辩。",
            remedy=f"期限到{clock.long_date(row.hearing_until)} 24:00；单位陈述后或期满后再办理。",
            clause=row.clause,
        )


def read_years(years: int, province: str) -> int:
    """For how many years the unit may not apply. Raises `Invalid` below the rule in force."""
    least = own_value("revocation.barred_years", province)
    if not least <= years <= MOST_YEARS:
        raise Invalid(
            f"不得申报的年数应为 {least} 到 {MOST_YEARS} 的整数；不限制的填 0。",
            field="barred_years",
        )
    return years


def require_clean(row: Revocation) -> None:
    """Raises `Invalid` naming personal data in what the public will read of the decision."""
    title = row.title
    texts = {
        "决定正文": row.decision,
        "文号": row.doc_number,
        "项目名称": title.name,
        "单位名称": title.unit_name,
    }
    refuse_leaks(
        texts,
        remedy="决定书要向社会公布，请删去身份证号、手机号、账号等内容。",
        clause=row.clause,
        field="decision",
    )
