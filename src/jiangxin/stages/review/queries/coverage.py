"""Is the panel seated, are the sheets signed, has every project enough of them."""

from collections import Counter, defaultdict
from dataclasses import dataclass

from django.db.models import OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import WrongState
from jiangxin.core.scoring.panel import Way, weighted
from jiangxin.core.workflow import DrawState
from jiangxin.stages.application.models import Application
from jiangxin.stages.programme.queries import parameter
from jiangxin.stages.review.choices import Conflict, SeatStatus, SheetState
from jiangxin.stages.review.models import Revision, Round, ScoreSheet, Seat
from jiangxin.stages.review.rules import OUT, Rules, rules_of


def require_seated(row: Round) -> None:
    """Raises `WrongState` until the draw is done and every place has an expert who accepted."""
    if not row.sessions.filter(state=DrawState.DRAWN, rehearsal=False).exists():
        raise WrongState("评审专家尚未抽取。", remedy="请先完成专家抽取。", clause="3.2")
    seats = row.panel.exclude(status=SeatStatus.REPLACED)
    waiting = Counter(seats.exclude(status=SeatStatus.ACCEPTED).values_list("status", flat=True))
    if waiting:
        words = "、".join(f"{SeatStatus(each).label} {n} 人" for each, n in sorted(waiting.items()))
        raise WrongState(
            f"评审组尚未到齐：{words}。",
            remedy="请等待专家答复；不能参加的，按抽取顺序递补。",
            clause="3.2",
        )


def require_all_signed(row: Round) -> None:
    """Raises `WrongState` naming how many sheets are open, or a project with too few sheets.

    Where the rules leave out what is not signed in time, sheets are open only until the due time.
    """
    require_seated(row)
    still = 0 if may_leave_out(row) else _open(row).count()
    if still:
        raise WrongState(
            f"还有 {still} 份评分表没有签署。",
            remedy="请联系未完成的专家；确实不能完成的，按顺序递补。",
            clause="3.2",
        )
    short = short_of_sheets(row)
    if short:
        least = parameter("panel.sheets", row.call.year)
        raise WrongState(
            f"“{short[0].title}”的有效评分表少于 {least} 份（共 {len(short)} 个项目）。",
            remedy="因专家回避的，请以“回避”递补，由递补专家评分后再汇总；"
            "因逾期未签署的，请催办或递补。",
            clause="3.2",
        )


def require_last_phase(row: Round) -> None:
    """Raises `WrongState` while a phase with a weight is still to come."""
    following = rules_of(row).after(row.phase)
    if following is not None:
        raise WrongState(
            f"还有一轮“{following.label}”没有评审。",
            remedy="请先进入下一轮；全部轮次签署后才能合议和汇总排序。",
            clause="3.2",
        )


def may_leave_out(row: Round) -> bool:
    """Whether what is not signed may stay out now: the rules say so and the due time is over."""
    return rules_of(row).silence == OUT and row.due <= clock.now()


def _open(row: Round) -> QuerySet[ScoreSheet]:
    return counting(row).exclude(conflict=Conflict.DECLARED).exclude(state=SheetState.SIGNED)


def lock_open(row: Round) -> None:
    """Lock what is not signed, so that what is left out stays out: a signature in the same moment
    comes before, or is refused."""
    list(_open(row).select_for_update(of=("self",)).order_by("id").values_list("id"))


def short_of_sheets(row: Round) -> list[Application]:
    """The projects that can not reach the least number of sheets with the present panel."""
    least = parameter("panel.sheets", row.call.year)
    sheets = counting(row).filter(phase=row.phase).exclude(conflict=Conflict.DECLARED)
    if may_leave_out(row):
        sheets = sheets.filter(state=SheetState.SIGNED)
    counts = Counter(sheets.values_list("application_id", flat=True))
    drawn = row.sessions.filter(state=DrawState.DRAWN, rehearsal=False).first()
    projects = Application.objects.filter(pk__in=drawn.projects if drawn else []).order_by("id")
    return [project for project in projects if counts[project.pk] < least]


@dataclass(frozen=True)
class Signed:
    """What one expert signed on one project, all phases together, in thousandths: as it counts now,
    and as it stood before the panel met. `sheet` is that of the first phase; `yes`: whether it is a
    vote, or a verdict, for the project."""

    project: int
    expert: int
    total: int
    first: int
    sheet: int
    yes: bool


def valid_sheets(row: Round) -> list[Signed]:
    """The signed sheets of the present panel that count, by project and seat; one query.

    An expert counts on a project with the sheets of all phases, or not at all. For use once all are
    signed: nobody may see a part of it.
    """
    newest = Revision.objects.filter(sheet=OuterRef("pk")).order_by("-number")
    rows = (
        counting(row)
        .filter(state=SheetState.SIGNED)
        .annotate(
            now=Coalesce(Subquery(newest.values("total")[:1]), "total"),
            good=Coalesce(Subquery(newest.values("qualified")[:1]), "qualified", Value(True)),
        )
        .order_by("application", "seat", "id")
        .values_list("application", "seat__expert", "phase", "id", "total", "now", "good")
    )
    found: dict[tuple[int, int], dict[str, tuple[int, int, int, bool]]] = defaultdict(dict)
    for project, expert, phase, sheet, total, now, good in rows:
        found[project, expert][phase] = (sheet, total or 0, now or 0, good)
    rules = rules_of(row)
    return [
        _signed(project, expert, sheets, rules)
        for (project, expert), sheets in found.items()
        if len(sheets) == len(rules.phases)
    ]


def _signed(
    project: int, expert: int, sheets: dict[str, tuple[int, int, int, bool]], rules: Rules
) -> Signed:
    firsts = [(percent, sheets[phase][1]) for phase, percent in rules.weights]
    totals = [(percent, sheets[phase][2]) for phase, percent in rules.weights]
    sheet, _, now, good = sheets[rules.phases[0]]
    yes = good and (rules.way is not Way.VOTE or now > 0)
    return Signed(project, expert, weighted(totals), weighted(firsts), sheet, yes)


@dataclass(frozen=True)
class Progress:
    """How far one expert is: numbers of sheets, never a score."""

    seat: Seat
    assigned: int
    recused: int
    signed: int

    @property
    def left(self) -> int:
        return self.assigned - self.recused - self.signed


def progress(row: Round) -> list[Progress]:
    """One line for each expert of the present panel in the present phase, in order of field and place;
    two queries."""
    counts: dict[int, Counter[str]] = defaultdict(Counter)
    sheets = (
        counting(row).filter(phase=row.phase).order_by().values_list("seat", "conflict", "state")
    )
    for seat, conflict, state in sheets:
        counts[seat]["all"] += 1
        counts[seat][conflict if conflict == Conflict.DECLARED else state] += 1
    seats = row.panel.exclude(status=SeatStatus.REPLACED).select_related("expert")
    return [
        Progress(
            seat=seat,
            assigned=counts[seat.pk]["all"],
            recused=counts[seat.pk][Conflict.DECLARED],
            signed=counts[seat.pk][SheetState.SIGNED],
        )
        for seat in seats
    ]


def counting(row: Round) -> QuerySet[ScoreSheet]:
    """The sheets that count: those of experts who hold a seat now."""
    return ScoreSheet.objects.filter(seat__round=row, seat__status=SeatStatus.ACCEPTED)
