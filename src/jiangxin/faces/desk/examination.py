"""The queue of the formal examination, what falls due in it, and decisions on several at once."""

from typing import Any

from django.http import HttpResponse
from django.urls import path, reverse

from jiangxin.core.workflow import ProjectState, Role
from jiangxin.faces.frame.pages import Request, page
from jiangxin.stages.examination import queries

from . import examination_bulk, examination_decide, examination_figures, examination_sheet
from .examination_list import queue_listing, queue_rows
from .navigation import PROVINCE_DESK, Link, desk_page

GROUP = "申报与审查"
HR = frozenset({Role.PROVINCE_HR})
LINKS = (
    Link(
        name="desk-examination",
        label="资格审查",
        icon="check-circle",
        roles=PROVINCE_DESK,
        group=GROUP,
        states=(ProjectState.SUBMITTED,),
        pages=("desk-examination-bulk",),
    ),
    Link(
        name="desk-examination-due",
        label="审查期限",
        icon="clock",
        roles=HR,
        group=GROUP,
        waits=queries.examinations_due,
        todo="期限:逾期,三日内",
        todo_label="资格审查临期或逾期",
    ),
    Link(
        name="desk-examination-figures",
        label="审查统计",
        icon="chart",
        roles=PROVINCE_DESK,
        group=GROUP,
    ),
)


@page(roles=PROVINCE_DESK)
def queue(request: Request) -> HttpResponse:
    """What waits for examination, and what is back with its unit for correction."""
    return _listed(
        request,
        queue_rows(request.viewer),
        "资格审查",
        {
            "title": "没有待审的申报",
            "why": "单位提交申报或补正后再次提交，就会出现在这里。已审结的项目见“全部项目”。",
            "action_label": "全部项目",
            "action_url": reverse("desk-projects"),
        },
    )


@page(roles=HR)
def due(request: Request) -> HttpResponse:
    """What is to be examined within three days, or should have been: the earliest date first."""
    rows = queue_rows(request.viewer).filter(queries.near())
    return _listed(
        request,
        rows,
        "审查期限",
        {
            "title": "没有临期或逾期的审查",
            "why": "三日内到期和已逾期的审查列在这里；期限按工作日计算，自提交次日起算。",
            "action_label": "资格审查",
            "action_url": reverse("desk-examination"),
        },
    )


def _listed(request: Request, rows: Any, title: str, empty: dict[str, str]) -> HttpResponse:
    shown = queue_listing(request.viewer).show(rows, request)
    context = {
        "list": shown,
        "title": title,
        "may_act": request.viewer.role in HR,
        "empty": empty,
    }
    return shown.export(title) or desk_page(request, "desk/examination/queue.html", context)


urlpatterns = [
    path("examination/", queue, name="desk-examination"),
    path("examination/due/", due, name="desk-examination-due"),
    *examination_bulk.urlpatterns,
    *examination_figures.urlpatterns,
    *examination_sheet.urlpatterns,
    *examination_decide.urlpatterns,
]
