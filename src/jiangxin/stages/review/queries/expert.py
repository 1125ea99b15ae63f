"""What an expert may see: the own seats and sheets, and the material of a project without conflict.

Nothing here counts, averages or lists what other experts did.
"""

from dataclasses import dataclass
from typing import Any

from django.db.models import Case, QuerySet, When

from jiangxin.core.kernel.errors import NotFound, WrongState
from jiangxin.core.kernel.identifiers import mask
from jiangxin.core.policy import Field, Form
from jiangxin.core.workflow import Role, RoundState
from jiangxin.records.documents.models import Document
from jiangxin.records.identity.viewer import Viewer
from jiangxin.records.inbox.waiting import Waits
from jiangxin.stages.application.models import Application, Version
from jiangxin.stages.application.queries import form_of, latest_version
from jiangxin.stages.application.sealing import shown_answers
from jiangxin.stages.review.choices import Conflict, Phase, SeatStatus, SheetState
from jiangxin.stages.review.models import Decision, Dissent, Revision, ScoreSheet, Seat

from .coverage import valid_sheets

AT_WORK = (RoundState.SCORING, RoundState.DISCUSSING)  # the material is open to the panel
PRIVATE_KINDS = ("phone", "email")


_PLACE = Case(  # of a phase among the phases: what runs now stands first
    *(When(phase=each, then=place) for place, each in enumerate(Phase)),
    default=0,
)


def assigned(viewer: Viewer) -> QuerySet[ScoreSheet]:
    """The viewer's own sheets on seats that they hold; empty for everybody who is no expert.

    The only way by which experts reach applications.
    """
    if viewer.role is not Role.EXPERT or viewer.user_id is None:
        return ScoreSheet.objects.none()
    return ScoreSheet.objects.filter(
        seat__expert__user_id=viewer.user_id, seat__status=SeatStatus.ACCEPTED
    ).order_by("seat__round", _PLACE.desc(), "application__track", "application__number", "id")


def invitations(viewer: Viewer) -> list[Seat]:
    """The viewer's own seats, newest first, each with its round and call."""
    if viewer.role is not Role.EXPERT or viewer.user_id is None:
        return []
    rows = Seat.objects.filter(expert__user_id=viewer.user_id)
    return list(rows.select_related("round__call").order_by("-id"))


@dataclass(frozen=True)
class Task:
    """One seat of the viewer with the own sheets: what the queue shows. Nothing of other experts."""

    seat: Seat
    sheets: list[ScoreSheet]

    @property
    def signed(self) -> int:
        return sum(each.state == SheetState.SIGNED for each in self.sheets)

    @property
    def recused(self) -> int:
        return sum(each.conflict == Conflict.DECLARED for each in self.sheets)

    @property
    def needed(self) -> int:
        """How many sheets the viewer has to sign: all but those with a conflict."""
        return len(self.sheets) - self.recused

    def following(self, sheet_id: int) -> ScoreSheet | None:
        """The next sheet that is still open, after this one and then from the start."""
        places = [each.pk for each in self.sheets]
        start = places.index(sheet_id) + 1 if sheet_id in places else 0
        turned = [*self.sheets[start:], *self.sheets[:start]]
        return next(
            (
                each
                for each in turned
                if each.pk != sheet_id
                and each.state == SheetState.DRAFT
                and each.conflict != Conflict.DECLARED
            ),
            None,
        )


def queue(viewer: Viewer) -> list[Task]:
    """Every seat of the viewer, newest first, with the own sheets in the order of work; two queries."""
    sheets: dict[int, list[ScoreSheet]] = {}
    for each in assigned(viewer).select_related("application"):
        sheets.setdefault(each.seat_id, []).append(each)
    return [Task(seat, sheets.get(seat.pk, [])) for seat in invitations(viewer)]


def sheets_waiting(viewer: Viewer) -> Waits:
    """The own sheets that are not signed, by the date of their round."""
    rows = assigned(viewer).filter(seat__round__state=RoundState.SCORING, state=SheetState.DRAFT)
    return Waits(rows.exclude(conflict=Conflict.DECLARED), due="seat__round__due")


def seats_waiting(viewer: Viewer) -> Waits:
    """The invitations that the viewer has not answered."""
    if viewer.role is not Role.EXPERT or viewer.user_id is None:
        return Waits(Seat.objects.none())
    rows = Seat.objects.filter(expert__user_id=viewer.user_id, status=SeatStatus.INVITED)
    return Waits(rows, due="round__due")


def sheet(viewer: Viewer, sheet_id: int) -> ScoreSheet:
    """One own sheet with its round and project. Raises `NotFound`."""
    rows = assigned(viewer).select_related("seat__round__call", "application__unit")
    found = rows.filter(pk=sheet_id).first()
    if found is None:
        raise NotFound("没有这份评分表。", remedy="它可能属于其他专家，或您的席位已递补。")
    return found


@dataclass(frozen=True)
class Material:
    """A submitted version as an expert reads it: form and masked answers."""

    application: Application
    version: Version
    form: Form
    answers: dict[str, Any]


def material(viewer: Viewer, sheet_id: int) -> Material:
    """The submitted version behind one own sheet, personal numbers and contacts masked.

    Raises `NotFound` for another's sheet, `WrongState` before 无利害关系 is declared, after a
    conflict was, and once scoring is over.
    """
    row = sheet(viewer, sheet_id)
    if row.conflict != Conflict.NONE:
        raise WrongState(
            "申报材料在申明无利害关系后才能打开。"
            if row.conflict == Conflict.UNDECLARED
            else "已对该项目申请回避，材料不再开放。",
            remedy="请先申明与该项目有无利害关系。" if row.conflict == Conflict.UNDECLARED else "",
            clause="3.2",
        )
    if row.seat.round.state not in AT_WORK:
        raise WrongState("评分已经结束，申报材料不再开放。", clause="3.2")
    version = latest_version(row.application)
    if version is None:
        raise NotFound("该项目没有提交过的版本。")
    form = form_of(row.application)
    answers = shown_answers(version.answers)
    return Material(
        application=row.application,
        version=version,
        form=form,
        answers={key: _masked(form.field(key), value) for key, value in answers.items()},
    )


def _masked(field: Field | None, value: Any) -> Any:
    if field is not None and field.kind in PRIVATE_KINDS and isinstance(value, str):
        return mask(value)
    if field is not None and field.kind == "table" and isinstance(value, list):
        return [
            {key: _masked(field.column(key), cell) for key, cell in row.items()} for row in value
        ]
    return value


def revisions(sheet: ScoreSheet) -> list[Revision]:
    """What the expert marked anew on an own sheet, oldest first."""
    return list(sheet.revisions.order_by("number"))


def to_fill_in(viewer: Viewer, seat_id: int) -> list[ScoreSheet]:
    """The own open sheets of a seat whose projects are free of a conflict: what is downloaded."""
    rows = assigned(viewer).filter(
        seat=seat_id,
        seat__round__state=RoundState.SCORING,
        state=SheetState.DRAFT,
        conflict=Conflict.NONE,
    )
    return list(rows.select_related("seat__round__call", "application"))


@dataclass(frozen=True)
class Outcome:
    """What the panel came to, for one of its members: the ranking, the own totals beside it, the own
    dissents. Nothing of another expert, nothing of what the departments select."""

    seat: Seat
    lines: list[Decision]
    own: dict[int, int]
    dissents: list[Dissent]


def outcome(viewer: Viewer, seat_id: int) -> Outcome:
    """The result of the round of an own seat, once it is ranked. Raises `NotFound`, `WrongState`."""
    seats = Seat.objects.filter(expert__user_id=viewer.user_id or 0, status=SeatStatus.ACCEPTED)
    seat = seats.select_related("round__call", "expert").filter(pk=seat_id).first()
    if seat is None or viewer.role is not Role.EXPERT:
        raise NotFound("没有这一席位。", remedy="它可能属于其他专家，或您的席位已递补。")
    if seat.round.state not in (RoundState.RANKED, RoundState.DECIDED):
        raise WrongState("评分尚未汇总。", remedy="汇总排序后可以查看评审结果。", clause="3.2")
    mine = [each for each in valid_sheets(seat.round) if each.expert == seat.expert_id]
    return Outcome(
        seat=seat,
        lines=list(seat.round.decisions.select_related("application")),
        own={each.project: each.total for each in mine},
        dissents=list(seat.dissents.select_related("application")),
    )


def evidence_file(viewer: Viewer, sheet_id: int, document_id: int) -> Document:
    """A file of the submitted version behind one own sheet. Raises as `material`, or `NotFound`."""
    held = material(viewer, sheet_id).version.evidence
    if document_id not in {item["document"] for item in held}:
        raise NotFound("没有这份材料。")
    return Document.objects.get(pk=document_id)
