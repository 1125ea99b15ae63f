"""The assessment of 2011–2020 for those who may see it: batches, what waits, coverage, the year's report."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import (
    CharField,
    Count,
    Exists,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
)
from django.db.models.functions import Cast, Concat

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import NotFound
from jiangxin.core.kernel.regions import PROVINCES, province_name
from jiangxin.core.workflow import (
    PROVINCIAL,
    AssessmentState,
    Department,
    Role,
    TitleState,
)
from jiangxin.records.concurrence.models import Concurrence
from jiangxin.records.concurrence.queries import Marks, marks
from jiangxin.records.documents.models import Document
from jiangxin.records.identity.models import Organisation
from jiangxin.records.identity.viewer import Viewer
from jiangxin.records.inbox.waiting import Waits
from jiangxin.stages.programme.queries import parameter
from jiangxin.stages.titles.models import Title
from jiangxin.stages.titles.progress import Assessed, assessed, legacy, unassessed
from jiangxin.stages.titles.queries import LATEST, PROVINCE_READERS, in_scope

from .models import OPEN, Assessment, Attachment, Batch, LegacyImport

CONCLUDE = "assessment.conclude"
A = AssessmentState
NONE, PASSED, FAILED = Title.Assessment.NONE, Title.Assessment.PASSED, Title.Assessment.FAILED


# --- the register of 2011–2020


def coverage_by() -> date:
    """The day by which every one of them is to be assessed."""
    day: date = parameter("legacy.coverage_by", LATEST)
    return day


def legacy_titles(viewer: Viewer) -> QuerySet[Any]:
    """The titles of 2011–2020 in the viewer's scope; `planned`: one is being assessed just now."""
    planned = Assessment.objects.filter(title=OuterRef("pk"), state__in=OPEN)
    return Title.objects.filter(legacy(), in_scope(viewer, "")).annotate(planned=Exists(planned))


def candidates(viewer: Viewer, year: int) -> QuerySet[Any]:
    """The titles that may go into a batch of `year`: valid, not failed, in no open assessment, and
    not assessed in that year or a later one."""
    others = Assessment.objects.filter(title=OuterRef("pk")).exclude(state=A.CANCELLED)
    return (
        legacy_titles(viewer)
        .filter(state=TitleState.TITLED, planned=False)
        .exclude(assessment=FAILED)
        .exclude(assessed_year__gte=year, assessed_year__isnull=False)
        .exclude(Exists(others.filter(year__gte=year)))
    )


def imports(viewer: Viewer) -> QuerySet[LegacyImport]:
    """The workbooks of the viewer's own office."""
    rows = LegacyImport.objects.select_related("document")
    if viewer.role in (Role.PROVINCE_HR, Role.MINISTRY_HR):
        return rows.filter(province=viewer.province)
    return rows.none()


def legacy_import(viewer: Viewer, import_id: int) -> LegacyImport:
    """One workbook. Raises `NotFound` for another office's."""
    found = imports(viewer).filter(pk=import_id).first()
    if found is None:
        raise NotFound("没有这份工作簿。", remedy="它可能由其他部门上传。")
    return found


# --- batches and assessments


def batches(viewer: Viewer) -> QuerySet[Any]:
    """The batches in scope, with how many titles are in them and how far they are."""
    rows = Batch.objects.all()
    if not viewer.national:
        reads = viewer.province and viewer.role in PROVINCE_READERS
        rows = rows.filter(province=viewer.province) if reads else rows.none()
    standing = ~Q(assessments__state=A.CANCELLED)
    return rows.annotate(
        total=Count("assessments", filter=standing),
        waiting=Count("assessments", filter=Q(assessments__state=A.PLANNED)),
        reported=Count("assessments", filter=Q(assessments__state=A.REPORTED)),
        judged=Count("assessments", filter=Q(assessments__state=A.JUDGED)),
        concluded=Count("assessments", filter=Q(assessments__state=A.CONCLUDED)),
    )


def batch(viewer: Viewer, batch_id: int) -> Any:
    """One batch with its counts. Raises `NotFound`."""
    found = batches(viewer).filter(pk=batch_id).first()
    if found is None:
        raise NotFound("没有这个批次。", remedy="它可能属于其他省份。")
    return found


def assessments(viewer: Viewer) -> QuerySet[Any]:
    """The assessments of the titles in scope, with title and batch.

    `hr` and `finance`: whether that department agrees to the judgement as it stands; None while it
    has not spoken.
    """
    return (
        Assessment.objects.filter(in_scope(viewer, "title"))
        .select_related("title", "batch")
        .annotate(hr=_word(Department.HR), finance=_word(Department.FINANCE))
    )


def assessment(viewer: Viewer, assessment_id: int) -> Any:
    """One assessment. Raises `NotFound` beyond the viewer's scope."""
    found = assessments(viewer).filter(pk=assessment_id).first()
    if found is None:
        raise NotFound("没有这项考核。", remedy="它可能不在您的查看范围内。")
    return found


def chosen(viewer: Viewer, ids: Sequence[int]) -> list[Any]:
    """Several by their ids, in order; what is not in scope is left out."""
    return list(assessments(viewer).filter(pk__in=ids).order_by("id"))


def of_title(viewer: Viewer, title: Title) -> list[Assessment]:
    """The assessments of one title, newest first, without those that were cancelled."""
    rows = assessments(viewer).filter(title=title).exclude(state=A.CANCELLED)
    return list(rows.order_by("-year", "-id"))


def conclusion_marks(row: Assessment) -> Marks:
    """What the two departments have said about the judgement as it stands."""
    return marks(act=CONCLUDE, subject=row.subject, digest=row.digest)


def attachments(row: Assessment) -> list[Attachment]:
    """The files of a report."""
    return list(row.attachments.select_related("document").order_by("id"))


def attached_file(viewer: Viewer, assessment_id: int, document_id: int) -> Document:
    """One file of a report in scope. Raises `NotFound`."""
    row = assessment(viewer, assessment_id)
    found = row.attachments.select_related("document").filter(document=document_id).first()
    if found is None:
        raise NotFound("这项考核没有这个文件。")
    document: Document = found.document
    return document


def has_account(row: Assessment) -> bool:
    """Whether the unit can report for itself; otherwise the province records it."""
    return Organisation.objects.filter(uscc=row.title.uscc).exclude(uscc="").exists()


def _word(department: Department) -> Subquery:
    return Subquery(_words(department).order_by("-id").values("agreed")[:1])


def _words(department: Department) -> QuerySet[Concurrence]:
    """What a department says of the very judgement that the outer row holds."""
    return Concurrence.objects.filter(
        act=CONCLUDE,
        department=department,
        void_at=None,
        digest=OuterRef("digest"),
        subject=Concat(Value("assessment:"), Cast(OuterRef("pk"), CharField())),
    )


# --- what waits


def waits_for(viewer: Viewer) -> Q:
    """The condition on `assessments` under which one waits for this viewer, while its title stands.

    For 人社: reports to judge, reports to record (no account, or late), judgements without its own
    word, those refused by 财政, those to conclude. For 财政: judgements without its word.
    """
    if viewer.role not in PROVINCIAL or not viewer.province:
        return Q(pk__in=[])
    stands = Q(title__state=TitleState.TITLED)
    if viewer.role is Role.PROVINCE_FINANCE:
        return stands & Q(state=A.JUDGED, finance=None)
    account = Organisation.objects.filter(uscc=OuterRef("title__uscc")).exclude(uscc="")
    to_record = Q(state=A.PLANNED) & (~Exists(account) | Q(batch__due_on__lt=clock.today()))
    to_settle = Q(state=A.JUDGED) & (Q(hr=None) | Q(hr=False) | Q(finance__isnull=False))
    return stands & (to_record | Q(state=A.REPORTED) | to_settle)


def assessments_waiting(viewer: Viewer) -> Waits:
    """The assessments that wait for this viewer's department."""
    return Waits(assessments(viewer).filter(waits_for(viewer)))


def unassessed_waiting(viewer: Viewer) -> Waits:
    """The titles that are in no batch and still have to be assessed, by the end of 2025 (N42).

    They wait for the province from the start, for the ministry once they are overdue.
    """
    rows = legacy_titles(viewer).annotate(assess_by=Value(coverage_by()))
    late = clock.today() > coverage_by()
    if viewer.role is Role.PROVINCE_HR or (viewer.role is Role.MINISTRY_HR and late):
        return Waits(rows.filter(unassessed(), planned=False), "assess_by")
    return Waits(rows.none())


def failed(viewer: Viewer) -> QuerySet[Any]:
    """The titles of 2011–2020 that failed their assessment and still stand: ready for revocation (N45)."""
    return legacy_titles(viewer).filter(state=TitleState.TITLED, assessment=FAILED)


# --- coverage


@dataclass(frozen=True)
class Coverage:
    """How far a province, or the nation (""), is with its titles of 2011–2020.

    `total` counts the valid titles and every assessed one: what ended before it was assessed can no
    longer be. `overdue` is what is missing after the day by which all had to be assessed.
    """

    province: str
    total: int
    passed: int
    failed: int
    underway: int
    overdue: int

    @property
    def name(self) -> str:
        return province_name(self.province) or "全国"

    @property
    def assessed(self) -> int:
        return self.passed + self.failed

    @property
    def missing(self) -> int:
        return self.total - self.assessed

    @property
    def percent(self) -> int:
        """Rounded down: 100 only when nothing is missing. Nothing to assess is all of it."""
        return self.assessed * 100 // self.total if self.total else 100


def coverage(viewer: Viewer, on: date) -> list[Coverage]:
    """Province by province as it stands, what is overdue on the day `on`; one query.

    For the nation's viewers all provinces and, last, the nation; for a province's its own row.
    """
    found = assessed(legacy_titles(viewer), underway=Q(planned=True))
    codes = [each.code for each in PROVINCES] if viewer.national else [viewer.province]
    own = [_coverage(code, found.get(code, Assessed()), on) for code in codes if code]
    if not viewer.national:
        return own
    return [*own, _coverage("", sum(found.values(), Assessed()), on)]


def _coverage(province: str, own: Assessed, on: date) -> Coverage:
    overdue = own.open if on > coverage_by() else 0
    return Coverage(province, own.due, own.passed, own.failed, own.underway, overdue)
