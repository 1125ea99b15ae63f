"""The ranking as the province sees it after all sheets are signed: rows, statistics, proposal."""

from dataclasses import dataclass
from typing import Any

from django.db.models import (
    Count,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    Subquery,
    Value,
    prefetch_related_objects,
)
from django.db.models.functions import Coalesce

from jiangxin.core.kernel.canonical import digest
from jiangxin.core.kernel.errors import NotFound, WrongState
from jiangxin.core.scoring.aggregate import Aggregation
from jiangxin.core.scoring.agreement import Agreement, agreement
from jiangxin.core.scoring.panel import Way
from jiangxin.core.scoring.ranking import Ranked, tied_at
from jiangxin.core.scoring.stability import Interval, fragile, leave_one_out
from jiangxin.core.workflow import Role, RoundState
from jiangxin.records.concurrence.queries import Marks, marks
from jiangxin.records.identity.viewer import Viewer
from jiangxin.stages.programme.models import QuotaPlace
from jiangxin.stages.review.choices import SeatStatus, SheetState
from jiangxin.stages.review.models import Decision, Dissent, Round, ScoreSheet, Seat
from jiangxin.stages.review.rules import rules_of

from .coverage import Signed, valid_sheets

DECIDE = "round.decide"
READERS = (Role.PROVINCE_HR, Role.PROVINCE_FINANCE, Role.SUPERVISOR, Role.AUDITOR)
FULL = 100_000  # what a vote for a project is worth where votes are counted
OPEN_SCORES = (RoundState.RANKED, RoundState.DECIDED)


def rounds(viewer: Viewer) -> QuerySet[Any]:
    """The reviews of the viewer's province, each with `cut`, its places in the quota, and `dissents`,
    how many were signed; of all for national supervision and audit."""
    rows = Round.objects.select_related("call").annotate(cut=_places(), dissents=_dissents())
    if viewer.role in READERS and viewer.province:
        return rows.filter(call__province=viewer.province)
    if viewer.role in (Role.SUPERVISOR, Role.AUDITOR):
        return rows
    return rows.none()


def round_of(viewer: Viewer, round_id: int) -> Any:
    """One review, as `rounds` has it. Raises `NotFound` beyond the viewer's scope."""
    found = rounds(viewer).filter(pk=round_id).first()
    if found is None:
        raise NotFound("没有这次评审。", remedy="它可能属于其他省份。")
    return found


def require_open_scores(row: Round) -> None:
    """Raises `WrongState` until all sheets are signed and the ranking is made."""
    if row.state not in OPEN_SCORES:
        raise WrongState(
            "评分尚未汇总，分数不向任何人开放。",
            remedy="全部评分表签署并汇总排序后可以查看；目前只能查看进度。",
            clause="3.2",
        )


@dataclass(frozen=True)
class Line:
    """One project in the ranking. `totals`: expert → thousandths, None where the expert was recused."""

    decision: Decision
    totals: dict[int, int | None]
    interval: Interval
    tied_with: tuple[int, ...]
    departs: bool


@dataclass(frozen=True)
class Ranking:
    """The whole ranking desk. `cut`: places of the quota; `tied`: projects tied across it."""

    round: Round
    experts: list[Seat]
    lines: list[Line]
    cut: int
    tied: list[int]
    fragile: list[int]
    agreement: Agreement
    selected: int
    cells: dict[tuple[int, int], Signed]  # (project, expert) → what was signed


def ranking(viewer: Viewer, round_id: int) -> Ranking:
    """Rows in rank order with per-expert totals, leave-one-out intervals, ties and the proposal.

    Raises `NotFound` beyond the scope, `WrongState` before the ranking.
    """
    row = round_of(viewer, round_id)
    return analysed(row, cut=row.cut)


def analysed(row: Round, *, cut: int | None = None) -> Ranking:
    """`ranking` without a viewer, for later stages; `cut` where the places are known already.

    Raises `WrongState` before the ranking.
    """
    require_open_scores(row)
    prefetch_related_objects(
        [row], Prefetch("decisions", Decision.objects.select_related("application__unit", "place"))
    )
    signed = valid_sheets(row)
    scores = rules_of(row).way is Way.SCORES
    totals: dict[int, dict[int, int]] = {}
    for one in signed:
        worth = one.total if scores else FULL * one.yes
        totals.setdefault(one.project, {})[one.expert] = worth
    decisions = list(row.decisions.all())
    seats = list(
        row.panel.filter(status=SeatStatus.ACCEPTED)
        .select_related("expert")
        .order_by("field", "place")
    )
    sheets = {
        str(seat.expert_id): {
            str(project): given[seat.expert_id]
            for project, given in totals.items()
            if seat.expert_id in given
        }
        for seat in seats
    }
    method = Aggregation(row.method)
    intervals = leave_one_out(sheets, method)
    cut = places(row) if cut is None else cut
    ties = _ties(decisions)
    departing = {each.application_id for each in departures(row)}
    ranked = [
        Ranked(
            project=str(each.application_id),
            rank=each.rank,
            total=each.total,
            decided_by=each.decided_by,
            tied_with=tuple(str(pk) for pk in ties[each.application_id]),
        )
        for each in decisions
    ]
    return Ranking(
        round=row,
        experts=seats,
        lines=[
            Line(
                decision=each,
                totals={s.expert_id: totals[each.application_id].get(s.expert_id) for s in seats},
                interval=intervals[str(each.application_id)],
                tied_with=ties[each.application_id],
                departs=each.application_id in departing,
            )
            for each in decisions
        ],
        cut=cut,
        tied=[int(pk) for pk in tied_at(ranked, cut)],
        fragile=[int(pk) for pk in fragile(sheets, cut, method)],
        agreement=agreement(sheets),
        selected=sum(each.selected for each in decisions),
        cells={(one.project, one.expert): one for one in signed},
    )


def _ties(decisions: list[Decision]) -> dict[int, tuple[int, ...]]:
    by_rank: dict[int, list[int]] = {}
    for each in decisions:
        by_rank.setdefault(each.rank, []).append(each.application_id)
    return {
        each.application_id: tuple(pk for pk in by_rank[each.rank] if pk != each.application_id)
        for each in decisions
    }


def places(row: Round) -> int:
    """How many projects of this kind the province may still propose, those of this round included."""
    return int(Round.objects.filter(pk=row.pk).values_list(_places()).get()[0])


def _places() -> Coalesce:
    """The same as a column of a round."""
    own = Q(decision=None) | Q(decision__round=OuterRef("pk"))
    held = QuotaPlace.objects.filter(
        own, province=OuterRef("call__province"), year=OuterRef("call__year"), kind=OuterRef("kind")
    )
    counted = held.order_by().values("province").annotate(n=Count("id")).values("n")
    return Coalesce(Subquery(counted), Value(0))


def _dissents() -> Coalesce:
    rows = Dissent.objects.filter(seat__round=OuterRef("pk")).order_by().values("seat__round")
    return Coalesce(Subquery(rows.annotate(n=Count("id")).values("n")), Value(0))


def departures(row: Round) -> list[Decision]:
    """The choices that do not follow from the rank order, in rank order.

    A selected project departs when one of the same or a better rank is not selected; one that is
    not selected, when one of the same or a worse rank is. All out, or all in, departs nowhere.
    """
    rows = list(row.decisions.all())
    chosen = [each.rank for each in rows if each.selected]
    passed = [each.rank for each in rows if not each.selected]
    return [
        each
        for each in rows
        if (each.selected and passed and min(passed) <= each.rank)
        or (not each.selected and chosen and max(chosen) >= each.rank)
    ]


def proposal_digest(row: Round) -> str:
    """What both departments agree to: every project with rank, score, choice and reason; the minutes."""
    names = ("application_id", "rank", "total", "selected", "reason")
    rows = sorted(row.decisions.all(), key=lambda each: each.application_id)
    proposal = [{name: getattr(each, name) for name in names} for each in rows]
    content: dict[str, Any] = {"round": row.subject, "proposal": proposal}
    return digest({**content, "minutes": row.minutes} if row.minutes else content)


def proposal_marks(row: Round) -> Marks:
    """The two departments' marks on the proposal as it stands."""
    return marks(act=DECIDE, subject=row.subject, digest=proposal_digest(row))


def sheet_of(viewer: Viewer, round_id: int, sheet_id: int) -> ScoreSheet:
    """One signed sheet, for the province after the ranking. Raises `NotFound`, `WrongState`."""
    row = round_of(viewer, round_id)
    require_open_scores(row)
    rows = ScoreSheet.objects.filter(seat__round=row, state=SheetState.SIGNED)
    rows = rows.select_related("seat__expert", "seat__round", "application")
    found = rows.prefetch_related("revisions").filter(pk=sheet_id).first()
    if found is None:
        raise NotFound("没有这份评分表。")
    return found


def of_all_phases(sheet: ScoreSheet) -> list[ScoreSheet]:
    """The signed sheets of the same expert on the same project, one of each phase."""
    return list(
        ScoreSheet.objects.filter(
            seat=sheet.seat_id, application=sheet.application_id, state=SheetState.SIGNED
        ).order_by("id")
    )
