"""Score sheets: conflict first, then marks, then the signature that freezes them."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import transaction

from jiangxin.core.kernel import chance, clock
from jiangxin.core.kernel.errors import NotFound, WrongState
from jiangxin.core.policy.completeness import computed_values
from jiangxin.core.scoring.rubric import Kind
from jiangxin.core.workflow import Role, RoundState
from jiangxin.records.identity.viewer import Viewer
from jiangxin.records.ledger.actions import append
from jiangxin.stages.application.models import Application
from jiangxin.stages.application.queries import form_of, latest_version
from jiangxin.stages.review import signing
from jiangxin.stages.review.marks import laid
from jiangxin.stages.review.models import Round, ScoreSheet, Seat
from jiangxin.stages.review.queries.expert import assigned
from jiangxin.stages.review.rubrics import rubric_of
from jiangxin.stages.review.rules import rules_of

CLAUSE, VERB = "3.2", "评分"
# What an act on a sheet reads of it and of what it stands on: a save is what experts do most.
OWN = tuple(each.attname for each in ScoreSheet._meta.concrete_fields)
READ = (
    "seat__round_id",
    "seat__round__state",
    "seat__round__rubrics_digest",
    "application__track",
)


def lay_sheets(seats: Iterable[Seat], projects: Iterable[Application]) -> None:
    """The sheets of each seat on each project, for the phases that have begun and that it lacks;
    called inside the transaction that needs them.

    What was declared in an earlier phase holds; items scored from data get their marks now.
    """
    figures: dict[int, dict[str, tuple[Any, str]]] = {}
    wanted, made = list(projects), []
    for seat in seats:
        had = {(each.application_id, each.phase): each for each in seat.sheets.all()}
        said = {project: each for (project, _), each in sorted(had.items())}
        for project in wanted:
            for phase in rules_of(seat.round).upto(seat.round.phase):
                if (project.pk, phase.value) in had:
                    continue
                sheet = ScoreSheet(
                    seat=seat,
                    application=project,
                    phase=phase,
                    salt=chance.token(16),
                    updated_at=clock.now(),
                )
                if project.pk in said:
                    before = said[project.pk]
                    sheet.conflict, sheet.conflict_reason = (
                        before.conflict,
                        before.conflict_reason,
                    )
                sheet.marks = _laid(sheet, figures)
                made.append(sheet)
    ScoreSheet.objects.bulk_create(made)


def _laid(sheet: ScoreSheet, figures: dict[int, dict[str, tuple[Any, str]]]) -> dict[str, Any]:
    """The marks that come from the application's figures; read once for each project."""
    project = sheet.application
    items = [item for item in rubric_of(sheet).items() if item.kind is Kind.DATA]
    if items and project.pk not in figures:
        figures[project.pk] = _figures(project)
    found = {}
    for item in items:
        value, label = figures[project.pk].get(item.fact, (None, item.fact))
        found[item.id] = laid(item, {item.fact: value}, label)
    return found


def _figures(project: Application) -> dict[str, tuple[Any, str]]:
    """field → its value in the submitted version, and what the form calls it."""
    version, form = latest_version(project), form_of(project)
    answers = dict(version.answers) if version else {}
    values = {**answers, **computed_values(form, answers)}
    return {
        field.key: (values.get(field.key), f"申报表“{section.title}”的“{field.label}”")
        for section, field in form.fields()
    }


@transaction.atomic
def declare(*, viewer: Viewer, sheet_id: int, conflict: bool, reason: str = "") -> ScoreSheet:
    """Before the material opens: no conflict, or a conflict with its reason.

    A conflict may still be declared until the sheet is signed, and is never taken back. Effects:
    the declaration; event `sheet.conflict_declared` or `sheet.conflict_denied`. A sheet with a
    conflict is not scored, does not count, and the material closes.
    """
    sheet = locked(viewer, sheet_id)
    if not signing.declare(sheet, conflict=conflict, reason=reason, clause=CLAUSE, verb=VERB):
        return sheet
    sheet.updated_at = clock.now()
    sheet.save(update_fields=[*signing.DECLARED, "updated_at"])
    append(
        type="sheet.conflict_declared" if conflict else "sheet.conflict_denied",
        subject=sheet.subject,
        by=viewer,
        payload=named(sheet),
    )
    return sheet


@transaction.atomic
def save(
    *, viewer: Viewer, sheet_id: int, data: Mapping[str, str], comment: str = ""
) -> tuple[ScoreSheet, dict[str, str]]:
    """Keep what the expert typed; returns the sheet and item → what is wrong with its mark.

    `data`: for each item `id` the points as typed (units for a deduction, the word of a ballot),
    `id-evidence` and `id-comment`. Text that is no number is kept too and reported: nothing typed is
    lost. Drafts leave no event. Raises `WrongState` before the conflict is declared or after signing.
    """
    sheet = locked(viewer, sheet_id)
    return sheet, keep(sheet, data, comment)


def keep(sheet: ScoreSheet, data: Mapping[str, str], comment: str) -> dict[str, str]:
    """What `save` does with a locked sheet."""
    signing.require_open(sheet, clause=CLAUSE, verb=VERB)
    problems = signing.keep(sheet, rubric_of(sheet), data, comment)
    sheet.updated_at = clock.now()
    sheet.save(update_fields=["marks", "comment", "updated_at"])
    return problems


@transaction.atomic
def sign(*, viewer: Viewer, sheet_id: int) -> ScoreSheet:
    """Sign the sheet as it is saved; from here the database refuses any change.

    Effects: total in thousandths, digest (salted), state signed; event `sheet.signed` with the
    digest and not the score. Raises `Invalid` naming the items that are missing or wrong.
    """
    sheet = locked(viewer, sheet_id)
    # While we waited for the sheet, what is not signed may have been left out for good.
    if not Round.objects.filter(pk=sheet.seat.round_id, state=RoundState.SCORING).exists():
        raise WrongState("评分已经结束。", clause=CLAUSE)
    signing.require_open(sheet, clause=CLAUSE, verb=VERB)
    result = signing.seal(sheet, rubric_of(sheet), named(sheet), clause=CLAUSE)
    sheet.qualified = result.qualified
    sheet.save(update_fields=[*signing.SIGNED, "qualified"])
    append(
        type="sheet.signed",
        subject=sheet.subject,
        by=viewer,
        payload={**named(sheet), "digest": sheet.digest},
    )
    return sheet


def named(sheet: ScoreSheet) -> dict[str, str]:
    """What the ledger and the digest call a sheet by."""
    found = {"project": sheet.application.subject, "seat": sheet.seat.subject}
    return found if sheet.phase == "papers" else {**found, "phase": sheet.phase}


def locked(viewer: Viewer, sheet_id: int, *, state: RoundState = RoundState.SCORING) -> ScoreSheet:
    """The expert's own sheet while scoring runs (or the round is in `state`).

    The round needs no lock: it cannot be ranked while a sheet is neither signed nor recused, and
    both of these are final; where an unsigned one may be left out, the ranking locks the sheets.
    """
    viewer.require(Role.EXPERT)
    found = (
        assigned(viewer)
        .select_for_update(of=("self",))
        .select_related("seat__round", "application")
        .only(*OWN, *READ)
        .order_by()
        .filter(pk=sheet_id)
    )
    sheet = next(iter(found), None)
    if sheet is None:
        raise NotFound("没有这份评分表。", remedy="它可能属于其他专家，或您的席位已递补。")
    if sheet.seat.round.state != state:
        raise WrongState("评分已经结束。", clause=CLAUSE)
    return sheet
