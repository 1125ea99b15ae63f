"""Open the construction of a registered title: goals and milestones are frozen, the time runs (N46, N47)."""

from collections.abc import Iterable
from datetime import date, timedelta

from django.db import IntegrityError, transaction

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.canonical import digest
from jiangxin.core.kernel.errors import DomainError, LimitReached, NotFound
from jiangxin.core.workflow import Role
from jiangxin.records.identity.viewer import Viewer
from jiangxin.records.inbox.actions import tell_unit
from jiangxin.records.ledger.actions import append
from jiangxin.stages.application.queries import latest_version
from jiangxin.stages.application.titled import move_project, project_of
from jiangxin.stages.construction.models import Construction, Goal, Milestone, Period
from jiangxin.stages.construction.reading import words
from jiangxin.stages.construction.rules import stretches
from jiangxin.stages.construction.starting import Line, Promised, plan, promised
from jiangxin.stages.titles.models import Title
from jiangxin.stages.titles.queries import in_scope


@transaction.atomic
def start(
    *, viewer: Viewer, title_id: int, starts_on: date | None = None, document: str = ""
) -> Construction:
    """Open the construction of one title, once.

    The time runs from the start event of the province's rules: the registration, or a date that
    the province gives with the number of the document (公布文件印发, 补助资金到账). Effects, in
    order: the row, goals and milestones as the registered form has them, the periods of the
    reports; project under construction, event `project.construction_started`; event
    `construction.started` with dates and the digest of what is promised; a message to the unit.
    Raises `WrongState` for what has no construction or has begun, `Invalid` for a date that the
    rules do not take, `LimitReached` when somebody opened it at the same moment (all 4.3).
    """
    viewer.require(Role.PROVINCE_HR)
    title = Title.objects.filter(in_scope(viewer, ""), pk=title_id).first()
    if title is None:
        raise NotFound("没有这个称号。", remedy="它可能属于其他省份。")
    document = words(document, "文号", "document", most=100, required=False)
    planned = plan(title, project_of(title, lock=True), starts_on, document)
    version = latest_version(planned.project)
    found = promised(version.answers if version else {})
    row = Construction(
        title=title,
        project=planned.project,
        start_event=planned.terms.start_event,
        starts_on=planned.starts_on,
        document=document,
        first_due=planned.due,
        due=planned.due,
        report_months=planned.terms.report_months,
        report_days=planned.terms.report_days,
        digest=_digest(found),
        started_at=clock.now(),
    )
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        raise LimitReached(f"“{title.name}”已登记开工。", remedy="请刷新页面。") from None
    _freeze(row, found)
    lay_periods(row, row.starts_on)
    dates = {"starts_on": row.starts_on, "due": row.due, "event": row.start_event}
    known = {"start_known": lambda: None}  # `plan` has just found the date
    move_project(title, step="start_construction", by=viewer, guards=known)
    append(
        type="construction.started",
        subject=row.subject,
        by=viewer,
        payload={"title": title.subject, **dates, "promised": row.digest},
    )
    tell_unit(
        uscc=title.uscc,
        title=f"“{title.name}”已开工，建设期至{clock.long_date(row.due)}",
        text=f"绩效目标和建设任务以登记的申报表为准；每 {row.report_months} 个月报告一次进展。",
        about=title.subject,
        due=row.due,
        key=f"{row.subject}:started",
    )
    return row


@transaction.atomic
def start_many(
    *,
    viewer: Viewer,
    title_ids: Iterable[int],
    starts_on: date | None = None,
    document: str = "",
) -> list[Construction]:
    """Open several constructions, all of them or none; see `start`."""
    return [
        start(viewer=viewer, title_id=each, starts_on=starts_on, document=document)
        for each in sorted(set(title_ids))
    ]


def preview(
    *, viewer: Viewer, title_ids: Iterable[int], starts_on: date | None, document: str
) -> list[Line]:
    """What `start_many` would do for each title, or why it can not; nothing happens."""
    found = []
    for title in Title.objects.filter(in_scope(viewer, ""), pk__in=list(title_ids)).order_by("pk"):
        try:
            planned = plan(title, project_of(title), starts_on, document.strip())
            found.append(Line(title=title, planned=planned))
        except DomainError as problem:
            found.append(Line(title=title, problem=problem))
    return found


def lay_periods(row: Construction, begins: date) -> None:
    """Lay the periods of the reports from `begins` to the construction's due date."""
    number = row.periods.count()
    Period.objects.bulk_create(
        Period(
            construction=row,
            number=number + offset,
            begins=first,
            ends=last,
            due=last + timedelta(days=row.report_days),
        )
        for offset, (first, last) in enumerate(stretches(begins, row.due, row.report_months), 1)
    )


def _freeze(row: Construction, found: Promised) -> None:
    Goal.objects.bulk_create(
        Goal(construction=row, number=number, **each) for number, each in enumerate(found.goals, 1)
    )
    Milestone.objects.bulk_create(
        Milestone(construction=row, number=number, **each)
        for number, each in enumerate(found.milestones, 1)
    )


def _digest(found: Promised) -> str:
    return digest({"goals": found.goals, "milestones": found.milestones})
