"""Score sheets: conflict first, then marks, then the signature that freezes them."""

from collections.abc import Iterable, Mapping

from django.db import transaction

from jiangxin.core.kernel import chance, clock
from jiangxin.core.kernel.canonical import digest
from jiangxin.core.kernel.errors import Invalid, NotFound, WrongState
from jiangxin.core.scoring.marking import score
from jiangxin.core.workflow import Role, RoundState
from jiangxin.records.identity.viewer import Viewer
from jiangxin.records.ledger.actions import append
from jiangxin.stages.application.models import Application
from jiangxin.stages.review.choices import Conflict, SheetState
from jiangxin.stages.review.marks import marks_of, problems_of, stored
from jiangxin.stages.review.models import ScoreSheet, Seat
from jiangxin.stages.review.queries.expert import assigned
from jiangxin.stages.review.rubrics import rubric


def lay_sheets(seats: Iterable[Seat], projects: Iterable[Application]) -> None:
    """One empty sheet for each seat and project; called inside the transaction that needs them."""
    wanted = list(projects)
    ScoreSheet.objects.bulk_create(
        [
            ScoreSheet(
                seat=seat, application=project, salt=chance.token(16), updated_at=clock.now()
            )
            for seat in seats
            for project in wanted
        ]
    )


@transaction.atomic
def declare(*, viewer: Viewer, sheet_id: int, conflict: bool, reason: str = "") -> ScoreSheet:
    """Before the material opens: no conflict, or a conflict with its reason.

    A conflict may still be declared until the sheet is signed, and is never taken back. Effects:
    the declaration; event `sheet.conflict_declared` or `sheet.conflict_denied`. A sheet with a
    conflict is not scored, does not count, and the material closes.
    """
    sheet = _locked(viewer, sheet_id)
    if sheet.state == SheetState.SIGNED:
        _require_open(sheet)
    if sheet.conflict == Conflict.DECLARED:
        raise WrongState("已对该项目申请回避，不能撤回。", clause="3.2")
    if conflict and not reason.strip():
        raise Invalid("请写明回避事由。", clause="3.2", field="reason")
    if not conflict and sheet.conflict == Conflict.NONE:
        return sheet
    sheet.conflict = Conflict.DECLARED if conflict else Conflict.NONE
    sheet.conflict_reason = reason.strip()[:300] if conflict else ""
    sheet.updated_at = clock.now()
    sheet.save(update_fields=["conflict", "conflict_reason", "updated_at"])
    append(
        type="sheet.conflict_declared" if conflict else "sheet.conflict_denied",
        subject=sheet.subject,
        by=viewer,
        payload={"project": sheet.application.subject, "seat": sheet.seat.subject},
    )
    return sheet


@transaction.atomic
def save(
    *, viewer: Viewer, sheet_id: int, data: Mapping[str, str], comment: str = ""
) -> tuple[ScoreSheet, dict[str, str]]:
    """Keep what the expert typed; returns the sheet and item → what is wrong with its mark.

    `data`: for each item `id` the points as typed (units for a deduction), `id-evidence` and
    `id-comment`. Text that is no number is kept too and reported: nothing typed is lost. Drafts
    leave no event. Raises `WrongState` before the conflict is declared or after signing.
    """
    sheet = _locked(viewer, sheet_id)
    _require_open(sheet)
    by = rubric(sheet.seat.round, sheet.application.track)
    sheet.marks = {item.id: stored(item, data) for item in by.items()}
    sheet.comment = comment.strip()
    sheet.updated_at = clock.now()
    sheet.save(update_fields=["marks", "comment", "updated_at"])
    return sheet, problems_of(by, sheet)


@transaction.atomic
def sign(*, viewer: Viewer, sheet_id: int) -> ScoreSheet:
    """Sign the sheet as it is saved; from here the database refuses any change.

    Effects: total in thousandths, digest (salted), state signed; event `sheet.signed` with the
    digest and not the score. Raises `Invalid` naming the items that are missing or wrong.
    """
    sheet = _locked(viewer, sheet_id)
    _require_open(sheet)
    by = rubric(sheet.seat.round, sheet.application.track)
    problems = problems_of(by, sheet)
    if problems:
        first = next(iter(problems))
        raise Invalid(
            f"还有 {len(problems)} 项未评好，例如“{by.item(first).name}”{problems[first]}。",
            remedy="请补齐后再签署；已填内容不会丢失。",
            clause="3.2",
            field=first,
        )
    result = score(by, marks_of(by, sheet))
    sheet.total = result.total
    sheet.state, sheet.signed_at = SheetState.SIGNED, clock.now()
    sheet.digest = digest(
        {
            "salt": sheet.salt,
            "project": sheet.application.subject,
            "seat": sheet.seat.subject,
            "marks": sheet.marks,
            "comment": sheet.comment,
            "total": sheet.total,
        }
    )
    sheet.save(update_fields=["total", "state", "signed_at", "digest"])
    append(
        type="sheet.signed",
        subject=sheet.subject,
        by=viewer,
        payload={
            "project": sheet.application.subject,
            "seat": sheet.seat.subject,
            "digest": sheet.digest,
        },
    )
    return sheet


def _require_open(sheet: ScoreSheet) -> None:
    if sheet.state == SheetState.SIGNED:
        raise WrongState(
            "评分表已签署，不能修改。",
            remedy="如发现差错，请联系省级人社部门和监督人员。",
            clause="3.2",
        )
    if sheet.conflict == Conflict.UNDECLARED:
        raise WrongState("请先申明与该项目有无利害关系。", clause="3.2")
    if sheet.conflict == Conflict.DECLARED:
        raise WrongState("已对该项目申请回避，不再评分。", clause="3.2")


def _locked(viewer: Viewer, sheet_id: int) -> ScoreSheet:
    """The expert's own sheet while scoring runs.

    The round needs no lock: it cannot be ranked while a sheet is neither signed nor recused, and
    both of these are final.
    """
    viewer.require(Role.EXPERT)
    sheet = (
        assigned(viewer)
        .select_for_update(of=("self",))
        .select_related("seat__round__call", "application")
        .filter(pk=sheet_id)
        .first()
    )
    if sheet is None:
        raise NotFound("没有这份评分表。", remedy="它可能属于其他专家，或您的席位已递补。")
    if sheet.seat.round.state != RoundState.SCORING:
        raise WrongState("评分已经结束。", clause="3.2")
    return sheet
