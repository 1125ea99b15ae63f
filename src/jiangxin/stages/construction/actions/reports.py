"""Progress reports: the unit writes and submits, the province reads or sends back once (N39)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, transaction

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.canonical import digest as digest_of
from jiangxin.core.kernel.errors import Invalid, LimitReached, NotFound, WrongState
from jiangxin.core.workflow import Role
from jiangxin.records.documents.papers import Upload
from jiangxin.records.identity.viewer import Viewer
from jiangxin.records.inbox.actions import tell_unit
from jiangxin.records.ledger.actions import append
from jiangxin.stages.construction.choices import Progress
from jiangxin.stages.construction.files import keep
from jiangxin.stages.construction.models import (
    GoalLine,
    MilestoneLine,
    Period,
    Reading,
    Report,
    ReportFile,
)
from jiangxin.stages.construction.queries.building import standing_reports
from jiangxin.stages.construction.reading import words
from jiangxin.stages.construction.scope import locked, require_running
from jiangxin.stages.titles.queries import in_scope


@dataclass(frozen=True, kw_only=True)
class MilestoneWord:
    """What is said of one milestone; `share` in percent."""

    progress: Progress
    share: int
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class GoalWord:
    """What is said of one goal."""

    value: str
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Written:
    """A report as far as it is written: by the ids of milestones and goals."""

    summary: str = ""
    problems: str = ""
    milestones: Mapping[int, MilestoneWord] = field(default_factory=dict)
    goals: Mapping[int, GoalWord] = field(default_factory=dict)


@transaction.atomic
def save(
    *, viewer: Viewer, period_id: int, written: Written, files: Iterable[Upload] = ()
) -> Report:
    """The unit saves what it has written of its report on a period, with further files.

    Effects: the draft, made at the first saving (the second attempt after a return), and its lines
    anew. Raises `WrongState` when the period is reported already, an earlier one is not, or it has
    not begun; `Invalid` for too long a text or a refused file.
    """
    viewer.require(Role.APPLICANT)
    row = _draft(viewer, period_id)
    row.summary = words(written.summary, "进展情况", "summary", required=False)
    row.problems = words(written.problems, "存在问题", "problems", required=False)
    row.updated_at = clock.now()
    row.save()
    _write_lines(row, written)
    _attach(viewer, row, files)
    return row


@transaction.atomic
def attach(*, viewer: Viewer, period_id: int, files: Iterable[Upload]) -> Report:
    """Add files to a draft that was saved before. Raises `Invalid` for a refused file, what `save`
    raises for a period, `WrongState` without a draft."""
    viewer.require(Role.APPLICANT)
    row = _draft(viewer, period_id)
    if row.pk is None:
        raise WrongState("请先暂存报告。", clause="4.1")
    _attach(viewer, row, files)
    return row


def _attach(viewer: Viewer, row: Report, files: Iterable[Upload]) -> None:
    ReportFile.objects.bulk_create(
        ReportFile(report=row, document=each) for each in keep(viewer, files)
    )


@transaction.atomic
def drop_file(*, viewer: Viewer, period_id: int, file_id: int) -> None:
    """Take a file off a draft. Effects: the row. Raises what `save` raises for a period."""
    viewer.require(Role.APPLICANT)
    row = _draft(viewer, period_id)
    if row.pk is not None:
        row.files.filter(pk=file_id).delete()


@transaction.atomic
def submit(*, viewer: Viewer, period_id: int) -> Report:
    """Submit the draft: from now on the database refuses to change it.

    Effects: time, name and digest of the report; event `report.submitted`. Raises `Invalid` naming
    what is missing: the text, a milestone, a goal (4.3).
    """
    viewer.require(Role.APPLICANT)
    row = _draft(viewer, period_id)
    _require_whole(row)
    row.digest = digest_of(content(row))
    row.submitted_at = row.updated_at = clock.now()
    row.submitted_by = viewer.name
    row.save()
    append(
        type="report.submitted",
        subject=row.subject,
        by=viewer,
        payload={
            "construction": row.period.construction.subject,
            "period": row.period.number,
            "attempt": row.attempt,
            "digest": row.digest,
        },
    )
    return row


def content(row: Report) -> dict[str, Any]:
    """A report word for word; its canonical bytes give the digest."""
    return {
        "period": row.period_id,
        "attempt": row.attempt,
        "summary": row.summary,
        "problems": row.problems,
        "milestones": [
            [line.milestone_id, line.progress, line.share, line.note]
            for line in row.milestone_lines.order_by("milestone_id")
        ],
        "goals": [
            [line.goal_id, line.value, line.note] for line in row.goal_lines.order_by("goal_id")
        ],
        "files": sorted(row.files.values_list("document__sha256", flat=True)),
    }


@transaction.atomic
def read(*, viewer: Viewer, report_id: int, remark: str = "") -> Reading:
    """The province has read a report. Effects: the row; event `report.read`; a remark is told to the
    unit. Raises `WrongState` for a second reading."""
    row = _unread(viewer, report_id)
    return _say(viewer, row, words(remark, "意见", "remark", required=False), returned=False)


@transaction.atomic
def send_back(*, viewer: Viewer, report_id: int, reason: str) -> Reading:
    """The province sends a report back to be written again, once.

    Effects: the row with the reason; the period is due again `build.report_days` from today, if
    that is later; event `report.returned`; a message to the unit. Raises `Invalid` without a
    reason, `LimitReached` for the second attempt, `WrongState` when it was read already.
    """
    row = _unread(viewer, report_id)
    if row.attempt > 1:
        raise LimitReached(
            "每期报告只能退回一次。",
            remedy="仍有问题的，请写明审阅意见，或另行提出检查问题。",
            clause="4.1",
        )
    reason = words(reason, "退回理由", "reason", clause="4.1")
    require_running(row.period.construction)
    again = clock.today() + timedelta(days=row.period.construction.report_days)
    if again > row.period.due:
        row.period.due = again
        row.period.save(update_fields=["due"])
    return _say(viewer, row, reason, returned=True)


def _say(viewer: Viewer, row: Report, remark: str, *, returned: bool) -> Reading:
    try:
        with transaction.atomic():
            found = Reading.objects.create(
                report=row, returned=returned, remark=remark, at=clock.now(), by=viewer.name
            )
    except IntegrityError:
        raise _read_already() from None
    append(
        type="report.returned" if returned else "report.read",
        subject=row.subject,
        by=viewer,
        payload={"remark": digest_of(remark)} if remark else None,
    )
    title = row.period.construction.title
    if remark:
        what = "已退回，请补充后重报" if returned else "已审阅，有意见"
        tell_unit(
            uscc=title.uscc,
            title=f"“{title.name}”第 {row.period.number} 期进展报告{what}",
            text=remark,
            about=title.subject,
            due=row.period.due if returned else None,
            key=f"{row.subject}:read",
        )
    return found


def _read_already() -> WrongState:
    return WrongState("这份报告已审阅。", remedy="请刷新页面。", clause="4.1")


def _unread(viewer: Viewer, report_id: int) -> Report:
    viewer.require(Role.PROVINCE_HR)
    rows = Report.objects.filter(in_scope(viewer, "period__construction__title"))
    rows = rows.select_related("period__construction__title", "period__construction__project")
    row = rows.filter(pk=report_id, submitted_at__isnull=False).first()
    if row is None:
        raise NotFound("没有这份进展报告。", remedy="它可能属于其他省份。")
    if Reading.objects.filter(report=row).exists():
        raise _read_already()
    return row


def _draft(viewer: Viewer, period_id: int) -> Report:
    """The draft on a period, made when there is none; the construction is locked."""
    found = Period.objects.filter(in_scope(viewer, "construction__title"), pk=period_id).first()
    if found is None:
        raise NotFound("没有这一期报告。", remedy="它可能不属于本单位。")
    building = locked(viewer, found.construction_id)
    require_running(building)
    period = Period.objects.select_related("construction").get(pk=period_id)
    period.construction = building
    if standing_reports().filter(period=period).exists():
        raise WrongState(
            "这一期已报送，不能修改。", remedy="如有变化，请在下一期写明。", clause="4.1"
        )
    _require_turn(period)
    last = period.reports.order_by("-attempt").first()
    if last and last.submitted_at is None:
        last.period = period
        return last
    return Report(period=period, attempt=last.attempt + 1 if last else 1)


def _require_turn(period: Period) -> None:
    if clock.today() < period.begins:
        raise WrongState(
            f"第 {period.number} 期自{clock.long_date(period.begins)}开始，还不能报告。",
            clause="4.1",
        )
    earlier = period.construction.periods.filter(number__lt=period.number)
    reported = standing_reports().filter(period__in=earlier).values("period").distinct()
    if reported.count() < earlier.count():
        raise WrongState("前面还有没有报送的报告。", remedy="请按期次先后报送。", clause="4.1")


def _write_lines(row: Report, written: Written) -> None:
    building = row.period.construction
    row.milestone_lines.all().delete()
    row.goal_lines.all().delete()
    MilestoneLine.objects.bulk_create(
        MilestoneLine(
            report=row, milestone=each, progress=word.progress, share=word.share, note=word.note
        )
        for each in building.milestones.all()
        if (word := written.milestones.get(each.pk))
    )
    GoalLine.objects.bulk_create(
        GoalLine(report=row, goal=each, value=now.value, note=now.note)
        for each in building.goals.all()
        if (now := written.goals.get(each.pk))
    )


def _require_whole(row: Report) -> None:
    building = row.period.construction
    words(row.summary, "进展情况", "summary", clause="4.1")
    open_milestone = building.milestones.exclude(lines__report=row).first()
    if open_milestone:
        raise Invalid(
            f"请填写任务“{open_milestone.task}”的进度。",
            clause="4.1",
            field=f"m-{open_milestone.pk}",
        )
    open_goal = building.goals.exclude(lines__report=row).first()
    if open_goal:
        raise Invalid(
            f"请填写指标“{open_goal.indicator}”的当前值。",
            clause="4.3",
            field=f"g-{open_goal.pk}",
        )
