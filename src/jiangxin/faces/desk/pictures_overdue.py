"""What is overdue and what lies still, by province: each number leads to the list behind it.

Assessments of 2011–2020 (N42), construction and its supervision (4.3), orders to mend whose term is
over (N44), central money that a province holds (N58).
"""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse
from django.urls import path, reverse

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.regions import BY_CODE, PROVINCES
from jiangxin.faces.frame.filters import query
from jiangxin.faces.frame.pages import Request, page
from jiangxin.faces.frame.pictures import Heading, Picture, answer, tiles
from jiangxin.records.identity.viewer import Viewer
from jiangxin.stages.assessment.queries import coverage
from jiangxin.stages.construction.queries.lateness import LateKind, late_by_province
from jiangxin.stages.funding.queries import stuck
from jiangxin.stages.rectification.queries import expired_ready

from .construction import LATE
from .navigation import DESK, desk_page
from .pictures import province_url

READERS = DESK
ASSESSED, MENDING, STUCK, AMOUNT = "assessed", "mending", "stuck", "amount"
LABELS = {
    ASSESSED: "逾期未考核",
    LateKind.TERM: "建设期已满",
    LateKind.REPORT: "报告逾期未报",
    LateKind.FINDING: "问题逾期未整改",
    LateKind.MILESTONE: "有逾期任务的项目",
    MENDING: "整改期限届满",
    STUCK: "资金滞留项目",
}
LISTS = LATE | {
    ASSESSED: ("desk-legacy", "考核:未考核"),
    MENDING: ("desk-rectifications", "期限:届满"),
    STUCK: ("desk-funds", "资金:滞留"),
    AMOUNT: ("desk-funds", "资金:滞留"),
}


def counts(viewer: Viewer) -> Counter[tuple[str, str]]:
    """(column, province) → how many, and 分 for the money, in the viewer's scope; four queries."""
    found: Counter[tuple[str, str]] = Counter()
    for own in coverage(viewer, clock.today()):
        found[ASSESSED, own.province] = own.overdue
    for (kind, province), number in late_by_province(viewer).items():
        found[kind, province] = number
    for province in expired_ready(viewer).values_list("title__province", flat=True):
        found[MENDING, province] += 1
    for each in stuck(viewer):
        found[STUCK, each.title.province] += 1
        found[AMOUNT, each.title.province] += each.amount
    return found


def late(viewer: Viewer, found: Mapping[tuple[str, str], int]) -> Picture:
    """A row for each province of the scope; tiles for those who see the nation."""
    codes = [each.code for each in PROVINCES] if viewer.national else [viewer.province]
    columns = (*LABELS, AMOUNT)

    def row(name: str, own: list[str]) -> tuple[Any, ...]:
        numbers = [sum(found.get((key, code), 0) for code in own) for key in columns]
        return (name, sum(numbers[:-1]), *numbers)

    rows = [row(BY_CODE[code].name, [code]) for code in codes]
    sums = {code: own[1] for code, own in zip(codes, rows, strict=True)}
    return Picture(
        key="late",
        title="逾期和滞留",
        clause="4.3",
        as_of=clock.now(),
        note="按今天计算。合计为事项数；滞留指中央资金已到省、尚未拨至单位。点击数字查看明细。",
        heads=(
            Heading("province", "省份", "text"),
            Heading("all", "合计"),
            *(Heading(str(key), label) for key, label in LABELS.items()),
            Heading(AMOUNT, "滞留金额", "money"),
        ),
        rows=rows,
        total=row("全国", codes) if viewer.national else None,
        urls=[province_url(viewer, code) for code in codes],
        leads={str(key): [_listed(key, code) for code in codes] for key in columns},
        tiles=tiles(sums, lambda code: province_url(viewer, code)) if viewer.national else (),
    )


def _listed(key: str, code: str) -> str:
    """The list behind a number."""
    name, search = LISTS[key]
    return reverse(name) + query({"q": f"{search} 省:{BY_CODE[code].short}"})


@page(roles=READERS)
def shown(request: Request) -> HttpResponse:
    """The viewer's scope: a province its own, the nation's viewers all. Nine queries."""
    drawn = late(request.viewer, counts(request.viewer))
    return answer(request, [drawn]) or desk_page(
        request, "desk/ministry/overdue.html", {"late": drawn}
    )


urlpatterns = [path("nation/overdue/", shown, name="desk-nation-overdue")]
