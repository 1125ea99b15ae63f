"""What the pack says about an acceptance: rubric, checklist, panel; and what a panel's sheets come to."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jiangxin.core.kernel.errors import Invalid, WrongState
from jiangxin.core.scoring.aggregate import aggregate
from jiangxin.core.scoring.marking import UNQUALIFIED, grade_of, score, shortfalls
from jiangxin.core.scoring.panel import group_means
from jiangxin.core.scoring.rubric import Rubric
from jiangxin.stages.application.models import Application
from jiangxin.stages.application.titled import rule_for
from jiangxin.stages.experts.choices import Field
from jiangxin.stages.experts.models import Expert
from jiangxin.stages.programme.queries import overlay_of_call, pack
from jiangxin.stages.review.marks import marks_of
from jiangxin.stages.review.rubrics import plain, read_pinned
from jiangxin.stages.titles.models import Title

from .choices import Tick
from .models import Acceptance, Sheet


def rubric_of(row: Acceptance) -> Rubric:
    """The rubric that was pinned when the panel was seated."""
    return read_pinned(row.rubric)


def pinned_rubric(project: Application) -> dict[str, Any]:
    """The rubric for acceptances of this kind as JSON, the province's own where its rules name one.

    Raises `WrongState` for one without groups, or without grades and a line to pass.
    """
    usual = f"acceptance_{project.kind}"
    overlay = overlay_of_call(project.call)
    name = overlay.rubrics.get(usual, usual) if overlay else usual
    raw = pack().rubrics.get(name)
    if raw is None or not raw.get("groups") or not (raw.get("grades") and raw.get("pass_points")):
        raise WrongState(
            f"评分标准“{name}”不完整，不能用于验收评价。",
            remedy="请在政策包 rubrics 目录中补齐指标、等次和合格线，或改用其他评分标准。",
            clause="4.3",
        )
    found: dict[str, Any] = plain(raw)
    return found


def empty_checklist(kind: str) -> list[dict[str, Any]]:
    """What the panel's leader ticks, item by item, nothing ticked yet."""
    return [
        {
            "key": item["key"],
            "name": item["name"],
            "clause": item["clause"],
            "method": item["method"],
            "decisive": bool(item.get("decisive", False)),
            "tick": "",
            "note": "",
        }
        for item in pack().checklists[kind]
    ]


def require_panel(title: Title, experts: Sequence[Expert], leader_id: int) -> None:
    """Raises `Invalid` for a panel that is too small, without a finance expert or a leader."""
    size = int(rule_for(title, "acceptance.panel"))
    finance = int(rule_for(title, "acceptance.finance_experts"))
    if len(experts) < size:
        raise Invalid(
            f"验收组不少于 {size} 人，现有 {len(experts)} 人。", clause="4.3", field="experts"
        )
    if sum(each.field == Field.FINANCE for each in experts) < finance:
        raise Invalid(
            f"验收组须有不少于 {finance} 名财务专家。",
            remedy="资金使用和账目由财务专家核查，请加选“财务”专业的专家。",
            clause="4.3",
            field="experts",
        )
    if leader_id not in {each.pk for each in experts}:
        raise Invalid("请在验收组成员中指定一名组长。", clause="4.3", field="leader")


@dataclass(frozen=True, kw_only=True)
class Result:
    """What a panel's sheets come to: thousandths of a point, and why they do not qualify."""

    total: int
    grade: str
    by_group: Mapping[str, int]
    shortfalls: list[str]

    @property
    def passed(self) -> bool:
        return self.grade != UNQUALIFIED


def result(row: Acceptance, sheets: Iterable[Sheet]) -> Result:
    """The mean of the signed sheets, by group and as a whole, and the grade that it reaches.

    A group whose mean is below its floor, a total below the line, or a decisive item of the
    checklist that is not met makes it 不合格. Raises `Invalid` without sheets.
    """
    by = rubric_of(row)
    scored = [score(by, marks_of(by, each)) for each in sheets]
    total = aggregate([each.total for each in scored])
    by_group = group_means(by, scored)
    reasons = [*shortfalls(by, by_group, total), *unmet_conditions(row)]
    return Result(
        total=total,
        grade=UNQUALIFIED if reasons else grade_of(by, total),
        by_group=by_group,
        shortfalls=reasons,
    )


def unmet(row: Acceptance) -> list[dict[str, Any]]:
    """The items of the checklist that are not met."""
    return [item for item in row.checklist if item["tick"] == Tick.NOT_MET]


def unmet_conditions(row: Acceptance) -> list[str]:
    """The decisive items that are not met, in words: 不符合建设条件 (4.3)."""
    return [f"不符合建设条件：{item['name']}" for item in unmet(row) if item["decisive"]]


def passed(row: Acceptance) -> bool:
    """Whether the grade is a passing one."""
    return row.grade not in ("", UNQUALIFIED)
