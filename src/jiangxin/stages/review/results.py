"""What the signed sheets of a round come to: one verdict for each project, by the pinned rules."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from jiangxin.core.scoring.aggregate import Aggregation
from jiangxin.core.scoring.marking import Result, score
from jiangxin.core.scoring.panel import (
    Verdict,
    Way,
    by_scores,
    combined,
    counted,
    group_means,
    shared_grades,
)
from jiangxin.core.scoring.ranking import Ranked, Row, rank
from jiangxin.core.scoring.rubric import Rubric
from jiangxin.stages.application.models import Application

from .choices import Ballot, Conflict, Phase, SheetState
from .marks import marks_of
from .models import Round, ScoreSheet
from .queries.coverage import Signed, counting, valid_sheets
from .rubrics import rubric_of
from .rules import TIES, Rules, rules_of


@dataclass(frozen=True)
class Found:
    """One project: its place, the panel's verdict, the sheets that count, what the first sheets came
    to where one was marked anew, its grade."""

    ranked: Ranked
    verdict: Verdict
    sheets: int
    first_total: int | None
    grade: str


@dataclass
class _Project:
    """What is known of one project on the way."""

    row: Application
    entitled: int = 0
    words: list[Ballot] = field(default_factory=list)
    phases: dict[Phase, tuple[Rubric, list[Result]]] = field(default_factory=dict)


def results(row: Round) -> list[Found]:
    """Every project with a sheet that counts, in rank order. For use once all are signed."""
    rules, method = rules_of(row), Aggregation(row.method)
    signed: dict[int, list[Signed]] = defaultdict(list)
    for one in valid_sheets(row):
        signed[one.project].append(one)
    read = _read(row, {(one.project, one.expert) for each in signed.values() for one in each})
    verdicts = {pk: _verdict(read[pk], signed[pk], rules, method) for pk in signed}
    firsts = {pk: _first(read[pk], signed[pk], rules, method) for pk in signed}
    grades = _grades(read, verdicts)
    ranked = rank(
        [
            Row(
                project=str(pk),
                total=verdicts[pk].total,
                by_group=_first_group(read[pk]),
                submitted=read[pk].row.submitted_at,
            )
            for pk in signed
        ],
        TIES[rules.ties],
    )
    return [
        Found(
            ranked=each,
            verdict=verdicts[int(each.project)],
            sheets=len(signed[int(each.project)]),
            first_total=firsts[int(each.project)],
            grade=grades.get(int(each.project), ""),
        )
        for each in ranked
    ]


def _read(row: Round, counts: set[tuple[int, int]]) -> dict[int, _Project]:
    """The marks that count of every project, by phase; two queries."""
    sheets = (
        counting(row)
        .exclude(conflict=Conflict.DECLARED)
        .select_related("seat__round", "application")
        .prefetch_related("revisions")
        .order_by("application", "seat", "id")
    )
    found: dict[int, _Project] = {}
    for sheet in sheets:
        project = found.setdefault(sheet.application_id, _Project(sheet.application))
        if sheet.phase == Phase.PAPERS:
            project.entitled += 1
        counting_now = (sheet.application_id, sheet.seat.expert_id) in counts
        if sheet.state == SheetState.SIGNED and counting_now:
            _take(project, sheet)
    return found


def _take(project: _Project, sheet: ScoreSheet) -> None:
    revisions = sheet.revisions.all()
    now = revisions[len(revisions) - 1] if revisions else sheet
    by = rubric_of(sheet)
    marks = marks_of(by, now)
    result = score(by, marks)
    _, results = project.phases.setdefault(Phase(sheet.phase), (by, []))
    results.append(result)
    if sheet.phase != Phase.PAPERS:
        return
    if by.voted:
        typed = next(now.marks[item.id]["typed"] for item in by.items())
        project.words.append(Ballot(typed))
    else:
        project.words.append(Ballot.YES if result.qualified else Ballot.NO)


def _verdict(
    project: _Project, signed: Sequence[Signed], rules: Rules, method: Aggregation
) -> Verdict:
    if rules.way is not Way.SCORES:
        return counted([word.value for word in project.words], project.entitled)
    phases = [project.phases[phase] for phase in rules.phases]
    total = combined([one.total for one in signed], method)
    return by_scores(phases, total, phases[0][0].pass_points)


def _first(
    project: _Project, signed: Sequence[Signed], rules: Rules, method: Aggregation
) -> int | None:
    """What the panel came to before it met; None where nobody marked anew."""
    if all(one.first == one.total for one in signed):
        return None
    if rules.way is Way.SCORES:
        return combined([one.first for one in signed], method)
    if rules.way is Way.VOTE:
        yes = sum(one.first > 0 for one in signed)
        return counted([Ballot.YES.value] * yes, project.entitled).total
    return None


def _grades(read: dict[int, _Project], verdicts: dict[int, Verdict]) -> dict[int, str]:
    """Grades where the rubric has them, with the forced share over the projects of one rubric."""
    together: dict[str, dict[str, int]] = defaultdict(dict)
    rubrics: dict[str, Rubric] = {}
    for pk, verdict in verdicts.items():
        by = read[pk].phases[Phase.PAPERS][0]
        if by.grades:
            rubrics[by.id] = by
            together[by.id][str(pk)] = verdict.total if verdict.qualified else 0
    return {
        int(pk): grade
        for name, totals in together.items()
        for pk, grade in shared_grades(rubrics[name], totals).items()
    }


def _first_group(project: _Project) -> dict[str, int]:
    by, results = project.phases[Phase.PAPERS]
    return {"first": group_means(by, results)[by.groups[0].id]}
