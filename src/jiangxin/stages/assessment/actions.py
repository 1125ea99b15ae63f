"""Put titles of 2011–2020 into batches, and let their units report on themselves."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import IO

from django.db import IntegrityError, transaction
from django.db.models import Max

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.canonical import digest
from jiangxin.core.kernel.errors import Invalid, LimitReached, NotFound, WrongState
from jiangxin.core.workflow import AssessmentState, Role
from jiangxin.records.documents.actions import store
from jiangxin.records.identity.models import Organisation
from jiangxin.records.identity.viewer import Viewer
from jiangxin.records.inbox.actions import tell_unit
from jiangxin.records.ledger.actions import append, append_many, move
from jiangxin.stages.titles.models import Title
from jiangxin.stages.titles.queries import in_scope

from .choices import PARTS
from .models import Assessment, Attachment, Batch
from .queries import candidates
from .rules import (
    LONGEST,
    clean,
    report_problems,
    require_all,
    require_batch,
    require_stands,
    require_text,
)

MOST_FILES = 20


@transaction.atomic
def open_batch(*, viewer: Viewer, year: int, name: str, due_on: date | None) -> Batch:
    """The province's next batch of a year; its number follows from those that exist.

    Effects: the row; event `assessment_batch.opened`. Raises `Invalid` for year, name or date,
    `WrongState` when a colleague opened one at the same moment.
    """
    viewer.require(Role.PROVINCE_HR)
    name = clean(name)
    until = require_batch(year=year, name=name, due_on=due_on)
    own = Batch.objects.filter(province=viewer.province, year=year)
    number = (own.aggregate(last=Max("number"))["last"] or 0) + 1
    try:
        with transaction.atomic():
            row = Batch.objects.create(
                province=viewer.province,
                year=year,
                number=number,
                name=name,
                due_on=until,
                at=clock.now(),
            )
    except IntegrityError:
        raise WrongState("同事刚刚建立了一个批次。", remedy="请刷新页面后再办理。") from None
    append(
        type="assessment_batch.opened",
        subject=row.subject,
        by=viewer,
        payload={"province": row.province, "year": year, "number": number, "due_on": until},
    )
    return row


@transaction.atomic
def add_titles(*, viewer: Viewer, batch_id: int, title_ids: Sequence[int]) -> list[Assessment]:
    """Put titles into a batch.

    Effects, in order: an assessment each, event `assessment.planned`; a message to every unit that
    has an account. Raises `LimitReached`, naming the first, for a title that is gone, has failed,
    is being assessed, or was assessed in this year or a later one (4.2).
    """
    viewer.require(Role.PROVINCE_HR)
    batch = Batch.objects.filter(pk=batch_id, province=viewer.province).first()
    if batch is None:
        raise NotFound("没有这个批次。", remedy="它可能属于其他省份。")
    titles = list(
        Title.objects.select_for_update()
        .filter(in_scope(viewer, ""), pk__in=title_ids)
        .order_by("id")
    )
    require_all(titles, title_ids)
    free = set(candidates(viewer, batch.year).filter(pk__in=title_ids).values_list("pk", flat=True))
    taken = [title for title in titles if title.pk not in free]
    if taken:
        raise _not_assessable(taken, batch)
    try:
        with transaction.atomic():
            rows = Assessment.objects.bulk_create(
                [Assessment(title=title, batch=batch, year=batch.year) for title in titles]
            )
    except IntegrityError:
        raise _not_assessable(titles[:1], batch) from None
    payload = {"batch": batch.subject}
    append_many(
        type="assessment.planned",
        by=viewer,
        payloads=[(row.subject, {**payload, "title": row.title.subject}) for row in rows],
    )
    _tell_units(batch, rows)
    return rows


def _not_assessable(titles: Sequence[Title], batch: Batch) -> LimitReached:
    names = "、".join(f"“{title.name}”" for title in titles[:5])
    return LimitReached(
        f"{names}{f'等 {len(titles)} 项' if len(titles) > 5 else ''}不能编入{batch}。",
        remedy="称号须有效、未被评为不合格，且不在其他考核中，本年度或以后年度也没有考核过；"
        "请刷新后重新选择。",
        clause="4.2",
    )


def _tell_units(batch: Batch, rows: Sequence[Assessment]) -> None:
    codes = {row.title.uscc for row in rows if row.title.uscc}
    known = set(Organisation.objects.filter(uscc__in=codes).values_list("uscc", flat=True))
    for row in rows:
        if row.title.uscc in known:
            tell_unit(
                uscc=row.title.uscc,
                title=f"请提交“{row.title.name}”的考核自评",
                text=f"已编入{batch}考核，请于 {clock.long_date(batch.due_on)}前提交自评。",
                about=row.subject,
                due=batch.due_on,
                key=f"assessment.planned:{row.pk}",
            )


@transaction.atomic
def save_report(
    *,
    viewer: Viewer,
    assessment_id: int,
    texts: Mapping[str, str],
    goals_met: bool | None,
    running: bool | None,
) -> Assessment:
    """Keep what has been written of a report, complete or not; by the unit, or for it by the province.

    Raises `Invalid` for a text that is too long, `WrongState` once the report is sent in.
    """
    row = _reporting(viewer, assessment_id)
    for part in PARTS:
        text = clean(texts.get(part.key, ""))
        if len(text) > LONGEST:
            raise Invalid(f"“{part.label}”最多 {LONGEST} 字，现有 {len(text)} 字。", field=part.key)
        setattr(row, part.key, text)
    row.goals_met, row.running = goals_met, running
    row.save(update_fields=[*(part.key for part in PARTS), "goals_met", "running"])
    return row


@transaction.atomic
def send_report(*, viewer: Viewer, assessment_id: int) -> Assessment:
    """Send the saved report in.

    Effects: reported, event `assessment.reported` with the digest of the texts. Raises `Invalid`
    for the first thing that it lacks, `WrongState` when it is sent in or the title is gone (4.2).
    """
    row = _reporting(viewer, assessment_id)
    problems = report_problems(row)
    if problems:
        raise problems[0]
    row.reported_at, row.return_reason = clock.now(), ""
    row.reported_by = row.title.unit_name if viewer.role is Role.APPLICANT else viewer.name
    move(
        row,
        step="report",
        by=viewer,
        guards={"title_stands": lambda: require_stands(row.title)},
        payload={"digest": digest({part.key: getattr(row, part.key) for part in PARTS})},
        also=("reported_at", "reported_by", "return_reason"),
    )
    return row


@transaction.atomic
def return_report(*, viewer: Viewer, assessment_id: int, reason: str) -> Assessment:
    """Give a report back to be completed. Effects: planned again with the reason, event
    `assessment.returned`; a message to the unit. Raises `Invalid` without a reason."""
    row = locked(viewer, [assessment_id])[0]
    row.return_reason = clean(reason)
    move(
        row,
        step="return",
        by=viewer,
        guards={"reasons_given": lambda: _required(row.return_reason)},
        payload={"digest": digest(row.return_reason)},
        also=("return_reason",),
    )
    tell_unit(
        uscc=row.title.uscc,
        title=f"“{row.title.name}”的考核自评被退回",
        text=row.return_reason,
        about=row.subject,
        due=row.batch.due_on,
    )
    return row


def _required(reason: str) -> None:
    require_text(reason, "退回的原因", field="reason")


@transaction.atomic
def attach(
    *, viewer: Viewer, assessment_id: int, name: str, size: int, content: IO[bytes]
) -> Attachment:
    """Put a file to a report that is not sent in yet. Raises `Invalid` for what uploads refuse."""
    row = _reporting(viewer, assessment_id)
    if row.attachments.count() >= MOST_FILES:
        raise Invalid(f"最多附 {MOST_FILES} 个文件。", remedy="请合并后上传。", field="file")
    document = store(name=name, size=size, content=content, owner_id=viewer.organisation_id)
    return Attachment.objects.create(assessment=row, document=document)


@transaction.atomic
def detach(*, viewer: Viewer, assessment_id: int, attachment_id: int) -> None:
    """Take a file from a report that is not sent in yet."""
    row = _reporting(viewer, assessment_id)
    row.attachments.filter(pk=attachment_id).delete()


def locked(viewer: Viewer, ids: Sequence[int]) -> list[Assessment]:
    """The assessments with their titles, all locked, in order. Raises `WrongState` for what is not
    in the viewer's scope, `Invalid` for none."""
    if not ids:
        raise Invalid("没有选中考核项目。", remedy="请返回列表，先勾选再办理。")
    rows = list(
        Assessment.objects.select_for_update(of=("self", "title"))
        .select_related("title", "batch")
        .filter(in_scope(viewer, "title"), pk__in=ids)
        .order_by("id")
    )
    require_all(rows, ids)
    return rows


def _reporting(viewer: Viewer, assessment_id: int) -> Assessment:
    """An assessment whose report may still be written, locked."""
    viewer.require(Role.APPLICANT, Role.PROVINCE_HR)
    row = (
        Assessment.objects.select_for_update(of=("self", "title"))
        .select_related("title", "batch")
        .filter(in_scope(viewer, "title"), pk=assessment_id)
        .first()
    )
    if row is None:
        raise NotFound("没有这项考核。", remedy="它可能不在您的查看范围内。")
    require_stands(row.title)
    if row.state != AssessmentState.PLANNED:
        raise WrongState(
            f"自评已经提交（{AssessmentState(row.state).label}），不能再改。",
            remedy="确需更正的，请联系省级人社部门退回。",
            clause="4.2",
        )
    return row
