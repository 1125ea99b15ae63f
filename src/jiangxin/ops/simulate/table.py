"""The figures of a run by year, read from the ledger, the register and the payments."""

from collections import Counter
from dataclasses import dataclass

from django.db.models import Count, Sum
from django.db.models.functions import ExtractYear

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.money import wan
from jiangxin.records.ledger.models import Event
from jiangxin.stages.funding.models import Arrival
from jiangxin.stages.programme.queries import parameter
from jiangxin.stages.titles.models import Title

from .world import World

EVENTS = {
    "project.submitted": "申报",
    "project.filed": "报备案",
    "project.accepted": "验收合格",
    "rectification.ordered": "限期整改",
    "title.revoked": "取消称号",
}


@dataclass(frozen=True)
class Targets:
    """What the notice wants of the whole country, and the share of it that `provinces` stand for."""

    base: int
    studio: int

    @classmethod
    def of(cls, world: World) -> "Targets":
        share = len(world.provinces) / parameter("province.units", 2025)
        return cls(
            *(round(parameter(f"target.{kind}", 2025) * share) for kind in ("base", "studio"))
        )


def figures() -> dict[int, Counter[str]]:
    """Year → event type → number; two events on one subject count as two."""
    rows = (
        Event.objects.filter(type__in=EVENTS)
        .annotate(year=ExtractYear("at", tzinfo=clock.BEIJING))
        .values_list("year", "type")
        .annotate(n=Count("id"))
        .order_by()
    )
    found: dict[int, Counter[str]] = {}
    for year, kind, number in rows:
        found.setdefault(year, Counter())[kind] = number
    return found


def _paid() -> dict[int, int]:
    """Year → 分 that units confirmed."""
    rows = Arrival.objects.values_list("on__year").annotate(n=Sum("payment__amount")).order_by()
    return dict(rows)


def _assessed(year: int) -> int:
    """Percent of the titles of 2011–2020 that were assessed by the end of `year`."""
    old = Title.objects.filter(origin="")
    done = old.filter(assessed_year__lte=year).count()
    return done * 100 // (old.count() or 1)


def text(world: World) -> str:
    """The table by year, and what was tried in vain."""
    rows, paid, targets = figures(), _paid(), Targets.of(world)
    heads = [
        *EVENTS.values(),
        f"累计基地/{targets.base}",
        f"累计工作室/{targets.studio}",
        "到账万元",
        "考核%",
    ]
    lines = ["年度" + "".join(f"{head:>9}" for head in heads)]
    for year in range(world.first, world.last + 1):
        counts = rows.get(year, Counter())
        named = Title.objects.exclude(origin="").filter(registered_at__year__lte=year)
        cells = [
            *(counts[kind] for kind in EVENTS),
            named.filter(kind="base").count(),
            named.filter(kind="studio").count(),
            wan(paid.get(year, 0)),
            _assessed(year),
        ]
        lines.append(f"{year}" + "".join(f"{cell:>11}" for cell in cells))
    lines.append("")
    lines += [
        f"被拒绝：{attempt}（{clause or '—'}）{number} 次"
        for (attempt, clause), number in sorted(world.refusals.items())
    ]
    return "\n".join(lines)
