"""What was promised, how it stands, and whether its end is reached."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import (
    Case,
    Count,
    Exists,
    IntegerField,
    OuterRef,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import NotFound
from jiangxin.core.workflow import FindingState, TitleState
from jiangxin.records.concurrence.queries import Marks, marks
from jiangxin.records.identity.viewer import Viewer
from jiangxin.stages.construction.choices import Progress
from jiangxin.stages.construction.models import (
    Construction,
    Extension,
    Finding,
    Goal,
    Milestone,
    MilestoneLine,
    Period,
    Report,
    Visit,
)
from jiangxin.stages.construction.rules import months_later, terms_of
from jiangxin.stages.construction.scope import RUNNING, constructions
from jiangxin.stages.construction.starting import BUILT
from jiangxin.stages.programme.queries import pack
from jiangxin.stages.titles.models import Title
from jiangxin.stages.titles.queries import in_scope, titles_of

EXTEND = "extension.grant"  # the joint act


def construction_of(title: Title) -> Construction | None:
    """The construction of a title with its project; None for one that has none, or not yet."""
    return Construction.objects.select_related("project", "title").filter(title=title).first()


def construction(viewer: Viewer, construction_id: int) -> Construction:
    """One construction in the viewer's scope. Raises `NotFound`."""
    found = constructions(viewer).filter(pk=construction_id).first()
    if found is None:
        raise NotFound("没有这个建设项目。", remedy="它可能不在您的查看范围内。")
    return found


def to_start(viewer: Viewer) -> QuerySet[Title]:
    """The valid titles in the viewer's scope whose construction has not been opened."""
    begun = Construction.objects.filter(title=OuterRef("pk"))
    return titles_of(viewer).filter(
        ~Exists(begun),
        track__in=[each.value for each in BUILT],
        state=TitleState.TITLED,
        origin__startswith="project:",
    )


def standing_reports() -> QuerySet[Report]:
    """The reports that count: submitted and not sent back."""
    return Report.objects.filter(submitted_at__isnull=False).exclude(reading__returned=True)


def newest_of(construction: str) -> Subquery:
    """For a query: the id of the newest standing report of the construction at that path."""
    rows = standing_reports().filter(period__construction=OuterRef(construction))
    return Subquery(rows.order_by("-period__number").values("pk")[:1])


def listed(viewer: Viewer) -> QuerySet[Any]:
    """The constructions in scope with what a list shows of each.

    `tasks` and `done`: milestones, and those that the newest report calls done; `unreported`:
    reports that are late; `open_findings`.
    """
    today = clock.today()
    reported = Exists(standing_reports().filter(period=OuterRef("pk")))
    late = Period.objects.filter(~reported, construction=OuterRef("pk"), due__lt=today)
    findings = Finding.objects.filter(title=OuterRef("title")).exclude(state=FindingState.CLOSED)
    tasks = Milestone.objects.filter(construction=OuterRef("pk"))
    done = MilestoneLine.objects.filter(report=OuterRef("newest"), progress=Progress.DONE)
    return (
        constructions(viewer)
        .annotate(newest=newest_of("pk"))
        .annotate(
            tasks=_count(tasks, "construction"),
            done=_count(done, "report"),
            unreported=Case(
                When(RUNNING, then=_count(late, "construction")),
                default=Value(0),
                output_field=IntegerField(),
            ),
            open_findings=_count(findings, "title"),
        )
    )


def _count(rows: QuerySet[Any], by: str) -> Coalesce:
    counted = rows.order_by().values(by).annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)


def latest_report(row: Construction) -> Report | None:
    """The newest report that counts; by period, not by hour."""
    rows = standing_reports().filter(period__construction=row).select_related("period")
    return rows.order_by("-period__number").first()


@dataclass(frozen=True)
class GoalNow:
    """One goal with the value that was reported last."""

    goal: Goal
    group: str
    value: str
    note: str


@dataclass(frozen=True)
class MilestoneNow:
    """One milestone with what was reported last; `late`: its date is over and it is not done."""

    milestone: Milestone
    progress: Progress
    share: int
    note: str

    @property
    def word(self) -> str:
        return str(self.progress.label)

    @property
    def late(self) -> bool:
        return self.progress != Progress.DONE and self.milestone.due < clock.today()


def goals(title: Title, report: Report | None = None) -> list[GoalNow]:
    """The goals of a title's construction as of `report` (the latest by default)."""
    row = construction_of(title)
    return goals_now(row, report or latest_report(row)) if row else []


def milestones(title: Title, report: Report | None = None) -> list[MilestoneNow]:
    """The milestones of a title's construction as of `report` (the latest by default)."""
    row = construction_of(title)
    return milestones_now(row, report or latest_report(row)) if row else []


def goals_now(row: Construction, report: Report | None) -> list[GoalNow]:
    """The goals with what `report` says of them: one query for a submitted report, two for a draft."""
    groups = pack().choices["indicator_groups"]
    lines = list(report.goal_lines.select_related("goal")) if report and report.pk else []
    said = {line.goal_id: line for line in lines}
    whole = report is not None and report.submitted_at is not None
    found = [line.goal for line in lines] if whole else list(row.goals.all())
    return [
        GoalNow(goal, groups.get(goal.group, goal.group), line.value, line.note)
        if (line := said.get(goal.pk))
        else GoalNow(goal, groups.get(goal.group, goal.group), "", "")
        for goal in found
    ]


def milestones_now(row: Construction, report: Report | None) -> list[MilestoneNow]:
    """The milestones with what `report` says of them: one query for a submitted report, two for a draft."""
    lines = list(report.milestone_lines.select_related("milestone")) if report and report.pk else []
    said = {line.milestone_id: line for line in lines}
    whole = report is not None and report.submitted_at is not None
    found = [line.milestone for line in lines] if whole else list(row.milestones.all())
    return [
        MilestoneNow(each, Progress(line.progress), line.share, line.note)
        if (line := said.get(each.pk))
        else MilestoneNow(each, Progress.NOT_BEGUN, 0, "")
        for each in found
    ]


def goals_ended(title: Title) -> bool:
    """Whether acceptance may be applied for: the term is reached, or every milestone is done (4.3)."""
    row = construction_of(title)
    if row is None:
        return False
    return clock.today() >= row.due or all_done(milestones_now(row, latest_report(row)))


def all_done(found: list[MilestoneNow]) -> bool:
    """Whether every milestone is reported as done."""
    return all(each.progress == Progress.DONE for each in found)


def extensions(viewer: Viewer) -> QuerySet[Extension]:
    """The wishes for more time in the viewer's scope, with project and proof."""
    rows = Extension.objects.filter(in_scope(viewer, "construction__title"))
    return rows.select_related("construction__title", "construction__project", "file")


def extension(viewer: Viewer, extension_id: int) -> Extension:
    """One wish. Raises `NotFound`."""
    found = extensions(viewer).filter(pk=extension_id).first()
    if found is None:
        raise NotFound("没有这份延期申请。", remedy="它可能不在您的查看范围内。")
    return found


def extension_marks(row: Extension) -> Marks:
    """What the two departments of the province say about it."""
    return marks(act=EXTEND, subject=row.subject, digest=row.digest())


def latest_due(row: Construction) -> date:
    """The last day to which the construction can be extended."""
    return months_later(row.first_due, terms_of(row.project).extension_months)


def subjects_of(title: Title) -> list[str]:
    """The names in the ledger of everything that this stage holds about a title; six queries."""
    rows: list[QuerySet[Any, Any]] = [
        Construction.objects.filter(title=title),
        Extension.objects.filter(construction__title=title),
        Report.objects.filter(period__construction__title=title, submitted_at__isnull=False),
        Visit.objects.filter(construction__title=title),
        title.activities.all(),
        title.findings.all(),
    ]
    return [row.subject for each in rows for row in each]
