"""What must be true of a plan before anybody agrees to it or approves it."""

from collections.abc import Sequence

from jiangxin.core.kernel.errors import Invalid, WrongState
from jiangxin.core.kernel.money import wan
from jiangxin.core.workflow import ClaimState, TitleState
from jiangxin.stages.titles.models import Title

from .models import Plan, PlanLine
from .rules import band_text, is_outside, supported_years


def require_within_budget(row: Plan, lines: Sequence[PlanLine]) -> None:
    """Raises `WrongState` for an empty plan or one that gives more than there is."""
    if not lines:
        raise WrongState("方案中还没有项目。", remedy="请先列入项目。", clause="4.4")
    over = sum(each.amount for each in lines) - row.budget
    if over > 0:
        raise WrongState(
            f"合计超出预算 {wan(over)} 万元。",
            remedy="请调减金额、移出项目或调整预算。",
            clause="4.4",
        )


def require_within_band(lines: Sequence[PlanLine]) -> None:
    """Raises `Invalid` for the first amount outside the band without a reason (N53, N54)."""
    for each in lines:
        title = each.title
        if is_outside(title.kind, title.year, each.amount) and not each.reason:
            raise Invalid(
                f"“{title.name}”的金额不在 {band_text(title.kind, title.year)}之内，也没有理由。",
                remedy="请写明超出幅度的理由。",
                clause="4.4",
            )


def require_registered_before(row: Plan, lines: Sequence[PlanLine]) -> None:
    """Raises `WrongState` for the first project that does not belong in the plan any more (N52)."""
    for each in lines:
        require_due(row, each.title)
        if each.title.claim.state != ClaimState.VERIFIED:
            raise WrongState(f"“{each.title.name}”的类档还没有确定。", clause="4.4")


def require_due(row: Plan, title: Title) -> None:
    """Raises `WrongState` unless both ministries registered the title in the right year, and it stands."""
    if title.year not in supported_years(row.year):
        raise WrongState(
            f"“{title.name}”属于 {title.year} 年度，不在 {row.year} 年补助。",
            remedy="两部备案登记的项目，在下一年度补助。",
            clause="4.4",
        )
    if not title.origin.startswith("project:"):
        raise WrongState(f"“{title.name}”不是两部备案登记的项目。", clause="4.4")
    if title.state != TitleState.TITLED:
        raise WrongState(
            f"“{title.name}”的称号{TitleState(title.state).label}，不能补助。",
            remedy="请移出该项目。",
            clause="4.4",
        )
