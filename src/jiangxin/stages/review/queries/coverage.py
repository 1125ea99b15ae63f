"""Is the panel seated, are the sheets signed, has every project enough of them."""

from collections import Counter, defaultdict
from dataclasses import dataclass

from django.db.models import QuerySet

from jiangxin.core.kernel.errors import WrongState
from jiangxin.core.workflow import DrawState
from jiangxin.stages.application.models import Application
from jiangxin.stages.programme.queries import parameter
from jiangxin.stages.review.choices import Conflict, SeatStatus, SheetState
from jiangxin.stages.review.models import Round, ScoreSheet, Seat


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
    """Raises `WrongState` naming how many sheets are open, or a project with too few sheets."""
    require_seated(row)
    sheets = counting(row).exclude(conflict=Conflict.DECLARED)
    still = sheets.exclude(state=SheetState.SIGNED).count()
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
            f"“{short[0].title}”因专家回避，有效评分表少于 {least} 份（共 {len(short)} 个项目）。",
            remedy="请以“回避”递补申请回避的专家，由递补专家评分后再汇总。",
            clause="3.2",
        )


def short_of_sheets(row: Round) -> list[Application]:
    """The projects that can not reach the least number of sheets with the present panel."""
    least = parameter("panel.sheets", row.call.year)
    sheets = counting(row).exclude(conflict=Conflict.DECLARED)
    counts = Counter(sheets.values_list("application_id", flat=True))
    drawn = row.sessions.filter(state=DrawState.DRAWN, rehearsal=False).first()
    projects = Application.objects.filter(pk__in=drawn.projects if drawn else []).order_by("id")
    return [project for project in projects if counts[project.pk] < least]


def valid_totals(row: Round) -> dict[int, dict[int, int]]:
    """project → expert → total in thousandths, over the signed sheets of the present panel.

    For use once all are signed: nobody may see a part of it.
    """
    found: dict[int, dict[int, int]] = defaultdict(dict)
    for each in valid_sheets(row):
        found[each.project][each.expert] = each.total
    return dict(found)


@dataclass(frozen=True)
class Signed:
    """A signed sheet that counts: whose, on what, its total in thousandths."""

    project: int
    expert: int
    total: int
    sheet: int


def valid_sheets(row: Round) -> list[Signed]:
    """The sheets behind `valid_totals`, under the same condition; one query."""
    rows = counting(row).filter(state=SheetState.SIGNED).order_by("application", "seat")
    names = ("application", "seat__expert", "total", "id")
    return [
        Signed(project, expert, total or 0, sheet)
        for project, expert, total, sheet in rows.values_list(*names)
    ]


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
    """One line for each expert of the present panel, in order of field and place; two queries."""
    counts: dict[int, Counter[str]] = defaultdict(Counter)
    sheets = counting(row).order_by().values_list("seat", "conflict", "state")
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
