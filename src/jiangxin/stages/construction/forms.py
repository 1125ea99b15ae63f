"""What was typed in the form of a progress report, as words on milestones and goals, and back."""

from collections.abc import Iterable, Mapping

from jiangxin.core.kernel.errors import DomainError, Invalid

from .actions.reports import GoalWord, MilestoneWord, Written
from .choices import Progress
from .models import Report
from .queries.building import GoalNow, MilestoneNow
from .reading import count, one_of, words

FIXED = {Progress.NOT_BEGUN: 0, Progress.DONE: 100}


def read_report(
    typed: Mapping[str, str], milestones: Iterable[MilestoneNow], goals: Iterable[GoalNow]
) -> tuple[Written, list[DomainError]]:
    """What can be read of the inputs, and what is wrong with the rest; empty lines are left out."""
    problems: list[DomainError] = []
    said: dict[int, MilestoneWord] = {}
    values: dict[int, GoalWord] = {}
    for each in milestones:
        pk = each.milestone.pk
        if typed.get(f"m-{pk}-progress"):
            try:
                said[pk] = _milestone(typed, pk)
            except DomainError as problem:
                problems.append(problem)
    for goal in goals:
        pk = goal.goal.pk
        if typed.get(f"g-{pk}-value", "").strip():
            try:
                values[pk] = _goal(typed, pk)
            except DomainError as problem:
                problems.append(problem)
    written = Written(
        summary=typed.get("summary", ""),
        problems=typed.get("problems", ""),
        milestones=said,
        goals=values,
    )
    return written, problems


def _milestone(typed: Mapping[str, str], pk: int) -> MilestoneWord:
    field = f"m-{pk}"
    progress = one_of(Progress, typed[f"m-{pk}-progress"], "进度", field)
    text = typed.get(f"m-{pk}-share", "").strip()
    share = count(text, "完成比例", field, most=100) if text else FIXED.get(progress)
    if share is None:
        raise Invalid("进行中的任务，请填写完成比例。", field=field)
    if share != FIXED.get(progress, share) or (progress == Progress.GOING and share == 100):
        raise Invalid(
            f"“{progress.label}”与完成比例 {share}% 不相符。",
            remedy="未开始为 0，已完成为 100。",
            field=field,
        )
    note = words(typed.get(f"m-{pk}-note", ""), "说明", field, most=300, required=False)
    return MilestoneWord(progress=progress, share=share, note=note)


def _goal(typed: Mapping[str, str], pk: int) -> GoalWord:
    field = f"g-{pk}"
    note = words(typed.get(f"g-{pk}-note", ""), "说明", field, most=300, required=False)
    return GoalWord(value=words(typed[f"g-{pk}-value"], "当前值", field, most=100), note=note)


def report_values(
    draft: Report | None, milestones: Iterable[MilestoneNow], goals: Iterable[GoalNow]
) -> dict[str, str]:
    """What stands in the inputs: the draft, or what the last report said."""
    values = {
        "summary": draft.summary if draft else "",
        "problems": draft.problems if draft else "",
    }
    for each in milestones:
        pk = each.milestone.pk
        values |= {
            f"m-{pk}-progress": each.progress.value,
            f"m-{pk}-share": str(each.share),
            f"m-{pk}-note": each.note if draft else "",
        }
    for goal in goals:
        values |= {
            f"g-{goal.goal.pk}-value": goal.value,
            f"g-{goal.goal.pk}-note": goal.note if draft else "",
        }
    return values
