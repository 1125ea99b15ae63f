"""Clause by clause as rows, for lists and statistics: written with every verdict and by the worker."""

from collections.abc import Iterable

from django.db import transaction
from django.db.models import F, Q

from jiangxin.stages.application.models import Application, Version

from .cases import case_of
from .models import ClauseState
from .queries import Line, sheet, submitted_version

RANK = {"met": 0, "unknown": 1, "not_met": 2}


def refresh(project: Application, version: Version, lines: Iterable[Line]) -> None:
    """Write how each condition stands on `version`; where a norm has two lines, the worse one counts."""
    rows: dict[str, ClauseState] = {}
    for line in lines:
        row = _row(project, version, line)
        other = rows.get(row.norm)
        if other is None or RANK[row.word] > RANK[other.word]:
            rows[row.norm] = row
    ClauseState.objects.bulk_create(
        rows.values(),
        update_conflicts=True,
        unique_fields=["application", "version", "norm"],
        update_fields=["clause", "word"],  # what was found on the day of submission stays
    )


def index_submitted(limit: int = 500) -> int:
    """Index what was submitted and has not been indexed; returns how many. Run by the worker.

    Not when a unit submits: the unit waits for its receipt, not for our lists. Whatever was missed
    (the worker was down) is found by the next run. Effects, for each: the case with its date; the
    rows of its clauses.
    """
    waiting = (
        Application.objects.filter(version__gt=0)
        .filter(Q(case=None) | Q(case__indexed__lt=F("version")))
        .order_by("pk")
        .values_list("pk", flat=True)[:limit]
    )
    return sum(_index(number) for number in list(waiting))


@transaction.atomic
def _index(number: int) -> bool:
    project = (
        Application.objects.select_for_update(of=("self",), skip_locked=True)
        .select_related("call", "unit")
        .filter(pk=number)
        .first()
    )
    if project is None:
        return False
    case = case_of(project)
    version = submitted_version(project)
    refresh(project, version, sheet(project, version))
    case.indexed = project.version
    case.save(update_fields=["indexed"])
    return True


def _row(project: Application, version: Version, line: Line) -> ClauseState:
    stands = ClauseState.Word(line.finding.verdict.value)
    refused = line.verdict is not None and line.verdict.word == ClauseState.Word.NOT_MET
    return ClauseState(
        application=project,
        version=version.number,
        norm=line.finding.norm,
        clause=line.finding.clause,
        found=ClauseState.Word.UNKNOWN if line.finding.judgement else stands,
        word=ClauseState.Word.NOT_MET if refused else stands,
        judgement=line.finding.judgement,
    )
