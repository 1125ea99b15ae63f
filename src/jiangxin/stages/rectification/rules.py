"""When an order may be given, for how long, and who must keep off the re-check."""

from datetime import date

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import Invalid, NotPermitted, WrongState
from jiangxin.core.workflow import ProjectState, TitleState
from jiangxin.records.identity.queries import organisation_of
from jiangxin.records.identity.viewer import Viewer
from jiangxin.stages.acceptance.queries import failed, open_one
from jiangxin.stages.application.titled import project_of, rule_for
from jiangxin.stages.titles.models import Title
from jiangxin.stages.titles.queries import is_legacy

from .choices import Source
from .models import Rectification

SUPERVISED = (ProjectState.UNDER_CONSTRUCTION, ProjectState.ACCEPTED)


def longest(title: Title) -> int:
    """The longest term in months that an order for this title may give (4.3)."""
    return int(rule_for(title, "rectification.years")) * 12


def require_term(title: Title, months: int) -> None:
    """Raises `Invalid` for a term of nothing, or beyond the year of the notice."""
    most = longest(title)
    if months < 1:
        raise Invalid("整改期限至少 1 个月。", clause="4.3", field="months")
    if months > most:
        raise Invalid(
            f"整改期限 {months} 个月，超过 {most} 个月。",
            remedy="通知规定一年内整改后仍不能满足要求的取消称号，整改期限不得超过一年。",
            clause="4.3",
            field="months",
        )


def sources(title: Title) -> list[Source]:
    """What an order for this title may rest on now; empty when none can be given."""
    if title.state != TitleState.TITLED:
        return []
    project = project_of(title)
    if project is None:
        bad = title.assessment == Title.Assessment.FAILED
        granted = is_legacy(title) and bool(rule_for(title, "legacy.rectification"))
        return [Source.LEGACY] if granted and bad else []
    if project.state == ProjectState.IN_ACCEPTANCE:
        return [Source.ACCEPTANCE] if failed(title) else []
    return [Source.SUPERVISION] if project.state in SUPERVISED else []


def require_source(title: Title, source: str) -> None:
    """Raises `WrongState` saying why an order can not rest on this."""
    if source in sources(title):
        return
    if title.state != TitleState.TITLED:
        raise WrongState("称号已不再有效，不能下达整改通知。", clause="4.3")
    project = project_of(title)
    if project is None:
        raise WrongState(
            "2011—2020年确定的项目不给整改期。",
            remedy="通知规定考核不符合的取消称号；省级细则给予整改期、且考核评估不合格的，才能下达整改通知。",
            clause="4.2",
        )
    if open_one(title) is not None:
        raise WrongState(
            "验收正在进行，不能下达整改通知。", remedy="请先作出验收结论。", clause="4.3"
        )
    raise WrongState(
        f"项目当前为“{ProjectState(project.state).label}”，不能据此下达整改通知。",
        remedy="验收不合格的项目依据验收结论，建设中和已验收的项目依据监督检查。",
        clause="4.3",
    )


def require_other(viewer: Viewer, row: Rectification) -> None:
    """Raises `NotPermitted` for who acted for the unit: by name in the ledger, or as its employee."""
    mended = set(row.attempts.values_list("actor", flat=True))
    own = organisation_of(viewer)
    employee = own is not None and bool(own.uscc) and own.uscc == row.title.uscc
    if viewer.actor in mended or employee:
        raise NotPermitted(
            "代表单位整改的人不能参加复查。", remedy="请由其他人员复查。", clause="4.3"
        )


def is_over(row: Rectification, day: date | None = None) -> bool:
    """Whether the last day of the term has passed."""
    return row.ends_on is not None and (day or clock.today()) > row.ends_on
