"""The figures of a run by year, read from the ledger alone."""

from collections import Counter

from django.db.models import Count
from django.db.models.functions import ExtractYear

from jiangxin.core.kernel import clock
from jiangxin.records.ledger.models import Event

from .world import World

COLUMNS = {
    "project.submitted": "申报",
    "project.filed": "报备案",
    "title.awarded": "登记",
    "plan.approved": "方案",
    "payment.arrived": "到账",
    "project.accepted": "验收合格",
    "rectification.ordered": "限期整改",
    "title.revoked": "取消称号",
    "assessment.concluded": "考核",
}


def figures() -> dict[int, Counter[str]]:
    """Year → event type → number; two events on one subject count as two."""
    rows = (
        Event.objects.filter(type__in=COLUMNS)
        .annotate(year=ExtractYear("at", tzinfo=clock.BEIJING))
        .values_list("year", "type")
        .annotate(n=Count("id"))
        .order_by()
    )
    found: dict[int, Counter[str]] = {}
    for year, kind, number in rows:
        found.setdefault(year, Counter())[kind] = number
    return found


def text(world: World) -> str:
    """The table, and what was tried in vain."""
    rows = figures()
    lines = ["年度 " + "".join(f"{label:>8}" for label in COLUMNS.values())]
    for year in range(world.first, world.last + 1):
        counts = rows.get(year, Counter())
        lines.append(f"{year} " + "".join(f"{counts[kind]:>9}" for kind in COLUMNS))
    lines.append("")
    lines += [
        f"被拒绝：{attempt}（{clause or '—'}）{number} 次"
        for (attempt, clause), number in sorted(world.refusals.items())
    ]
    return "\n".join(lines)
