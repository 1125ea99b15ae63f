"""What opening a construction would come to: the date from which it is counted, and its end."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import DomainError, Invalid, WrongState
from jiangxin.core.policy.values import day, rows
from jiangxin.core.workflow import ProjectState, TitleState
from jiangxin.stages.application.models import Application
from jiangxin.stages.funding.queries import first_arrival
from jiangxin.stages.programme.tracks import Track
from jiangxin.stages.titles.models import Title

from .choices import StartEvent
from .rules import Terms, due_after, terms_of

BUILT = (Track.NEW_BASE, Track.STUDIO)  # an existing base is built already (2.1.2)


@dataclass(frozen=True, kw_only=True)
class Planned:
    """A construction as it would be opened."""

    project: Application
    terms: Terms
    starts_on: date
    due: date

    @property
    def event(self) -> str:
        return str(self.terms.start_event.label)


@dataclass(frozen=True, kw_only=True)
class Line:
    """One title of a preview: what is planned, or why it can not be."""

    title: Title
    planned: Planned | None = None
    problem: DomainError | None = None


def plan(
    title: Title, project: Application | None, starts_on: date | None, document: str
) -> Planned:
    """The construction of one title. Raises what `start` says."""
    project = _startable(title, project)
    terms = terms_of(project)
    begins = _begins(title, terms, starts_on, document)
    due = due_after(begins, terms.years)
    return Planned(project=project, terms=terms, starts_on=begins, due=due)


def registered_on(title: Title) -> date:
    """The day on which both ministries had registered the project."""
    if title.registered_at is None:
        raise WrongState("名录中没有登记时间，不能起算建设期。", clause="4.3")
    return title.registered_at.astimezone(clock.BEIJING).date()


def _startable(title: Title, project: Application | None) -> Application:
    if title.track not in BUILT or project is None:
        raise WrongState(
            f"“{title.name}”不是新建项目，没有建设期。",
            remedy="建设期只适用于 2022 年起登记的新建基地和技能大师工作室。",
            clause="4.3",
        )
    if title.state != TitleState.TITLED:
        raise WrongState(f"“{title.name}”的称号已不再有效。", clause="4.3")
    if project.state != ProjectState.REGISTERED:
        raise WrongState(
            f"“{title.name}”当前为“{ProjectState(project.state).label}”，不能登记开工。",
            remedy="每个项目只登记一次开工。",
            clause="4.3",
        )
    return project


def _begins(title: Title, terms: Terms, starts_on: date | None, document: str) -> date:
    registered = registered_on(title)
    event = terms.start_event.label
    known = _known(title, terms.start_event, registered)
    if known is not None:
        if starts_on not in (None, known):
            raise Invalid(
                f"建设期自{event}之日（{clock.long_date(known)}）起算，不能另填日期。",
                remedy="省级细则规定以公布文件起算的，才填写日期和文号。",
                clause="4.3",
                field="starts_on",
            )
        return known
    if starts_on is None:
        raise Invalid(f"请填写{event}的日期。", clause="4.3", field="starts_on")
    if not document:
        raise Invalid(f"请填写{event}所依据的文号。", clause="4.3", field="document")
    if not registered <= starts_on <= clock.today():
        raise Invalid(
            f"起算日期应在{clock.long_date(registered)}（备案登记）至今天之间。",
            clause="4.3",
            field="starts_on",
        )
    return starts_on


def _known(title: Title, event: StartEvent, registered: date) -> date | None:
    """The day of an event that the system has recorded itself; None for one that is on paper only.

    Raises `WrongState` while the money on which it depends has not reached the unit.
    """
    if event == StartEvent.REGISTRATION:
        return registered
    if event != StartEvent.PAYMENT:
        return None
    arrived = first_arrival(title)
    if arrived is None:
        raise WrongState(
            f"“{title.name}”的补助资金尚未到账，建设期还没有起算。",
            remedy="单位在系统中确认到账后再登记开工。",
            clause="4.3",
        )
    return max(arrived, registered)


@dataclass(frozen=True, kw_only=True)
class Promised:
    """What the registered form promised: rows of goals and of milestones, in the form's order."""

    goals: list[dict[str, Any]]
    milestones: list[dict[str, Any]]


def promised(answers: Mapping[str, Any]) -> Promised:
    """Goals and milestones out of a submitted form. Raises `WrongState` when it has none."""
    goals = [
        {
            name: str(row.get(name) or "")
            for name in ("group", "indicator", "baseline", "target", "unit")
        }
        for row in rows(answers.get("performance_goals")) or []
        if row.get("indicator")
    ]
    milestones = [
        {
            "task": str(row["task"]),
            "due": due,
            "indicator": str(row.get("indicator") or ""),
            "owner": str(row.get("owner") or ""),
        }
        for row in rows(answers.get("milestones")) or []
        if row.get("task") and (due := day(row.get("due")))
    ]
    if not goals or not milestones:
        raise WrongState(
            "登记的申报表中没有绩效目标或建设任务，不能登记开工。",
            remedy="请核对申报表“建设方案”部分。",
            clause="4.3",
        )
    return Promised(goals=goals, milestones=milestones)
