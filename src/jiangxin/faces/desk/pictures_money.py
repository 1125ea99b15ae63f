"""Where the central money of the approved plans is: by plan year and province (N52, N58)."""

from collections import Counter
from collections.abc import Iterable

from django.http import HttpResponse
from django.urls import path

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.money import FEN_PER_WAN
from jiangxin.core.kernel.regions import province_name
from jiangxin.faces.frame.pages import Request, page
from jiangxin.faces.frame.pictures import Chart, Heading, Picture, Series, answer
from jiangxin.stages.funding.queries import paid_by_stage
from jiangxin.stages.funding.queries.payments import Stage

from .navigation import DESK, desk_page

READERS = DESK
STAGES = ("planned", "at_province", "passed", "at_unit")


def money(rows: Iterable[Stage]) -> Picture:
    """Each stage in the table; in the chart where the money lies now, which adds up to the plan."""
    found = sorted(rows, key=lambda row: (row.year, row.province))
    sums: Counter[tuple[int, str]] = Counter()
    for row in found:
        for stage in STAGES:
            sums[row.year, stage] += getattr(row, stage)
    years = sorted({row.year for row in found})

    def lying(after: str, before: str = "") -> list[int]:
        return [round((sums[y, after] - sums[y, before]) / FEN_PER_WAN) for y in years]

    chart = Chart(
        key="money",
        title="中央补助资金现在何处",
        unit="万元",
        labels=[f"{year} 年" for year in years],
        series=[
            Series("单位已确认到账", lying("at_unit")),
            Series("已拨出、单位未确认", lying("passed", "at_unit")),
            Series("到省未拨", lying("at_province", "passed")),
            Series("未到省", lying("planned", "at_province"), expected=True),
        ],
    )
    totals = [sum(sums[year, stage] for year in years) for stage in STAGES]
    return Picture(
        key="money",
        title="资金到达环节",
        clause="4.4",
        as_of=clock.now(),
        note="只计已批准的资金分配方案中的中央资金；各环节为累计数，冲销的不计。",
        heads=(
            Heading("year", "年度", "text"),
            Heading("province", "省份", "text"),
            Heading("planned", "计划", "money"),
            Heading("at_province", "到省", "money"),
            Heading("passed", "拨至单位", "money"),
            Heading("at_unit", "单位确认到账", "money"),
        ),
        rows=[
            (
                f"{row.year} 年",
                province_name(row.province),
                *(getattr(row, stage) for stage in STAGES),
            )
            for row in found
        ],
        total=("合计", "", *totals) if found else None,
        charts=[chart] if found else (),
    )


@page(roles=READERS)
def flow(request: Request) -> HttpResponse:
    """The viewer's scope: a province its own, the nation's viewers all. Seven queries."""
    drawn = money(paid_by_stage(request.viewer))
    return answer(request, [drawn]) or desk_page(
        request, "desk/ministry/money.html", {"money": drawn}
    )


urlpatterns = [path("nation/money/", flow, name="desk-nation-money")]
