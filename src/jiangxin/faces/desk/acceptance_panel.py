"""The panel of an acceptance at the desk: chosen from the pool, replaced, its sheets once they are open."""

from datetime import date, timedelta
from typing import Any

from django.http import HttpResponse
from django.urls import path

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import DomainError
from jiangxin.core.scoring.marking import Evidence, score
from jiangxin.core.scoring.points import shown
from jiangxin.core.workflow import Role
from jiangxin.faces.frame.pages import Request, catching, done, page, typed
from jiangxin.faces.frame.picked import picked
from jiangxin.stages.acceptance import queries
from jiangxin.stages.acceptance.actions import desk
from jiangxin.stages.acceptance.rules import rubric_of
from jiangxin.stages.application.titled import rule_for
from jiangxin.stages.construction.reading import day
from jiangxin.stages.experts.choices import Field
from jiangxin.stages.review.choices import Conflict, SheetState
from jiangxin.stages.review.marks import marks_of

from .navigation import desk_page

HR = frozenset({Role.PROVINCE_HR})
SEERS = frozenset({Role.PROVINCE_HR, Role.PROVINCE_FINANCE, Role.SUPERVISOR, Role.AUDITOR})
FIELDS = dict(Field.choices)
USUAL = 14  # days that the form proposes for scoring


def seat(sheet: Any, *, open_scores: bool) -> dict[str, Any]:
    """One seat of the panel as a line: who, how far, and the total once the sheets are open."""
    if sheet.replaced_at:
        word, tone = f"已更换：{sheet.replaced_reason}", "grey"
    elif sheet.conflict == Conflict.DECLARED:
        word, tone = f"申请回避：{sheet.conflict_reason}", "red"
    elif sheet.state == SheetState.SIGNED:
        word, tone = "已签署", "green"
    elif sheet.conflict == Conflict.UNDECLARED:
        word, tone = "待申明", "amber"
    else:
        word, tone = "评价中", "blue"
    signed = sheet.state == SheetState.SIGNED
    return {
        "sheet": sheet,
        "name": sheet.expert.name,
        "unit": sheet.expert.unit_name,
        "field": FIELDS[sheet.expert.field],
        "word": word,
        "tone": tone,
        "standing": sheet.replaced_at is None,
        "replaceable": sheet.replaced_at is None and not signed,
        "opened": open_scores and signed,
        "total": shown(sheet.total) if open_scores and signed else "",
    }


@page(roles=HR, methods=("GET", "POST"))
def start(request: Request, acceptance_id: int) -> HttpResponse:
    """Choose the panel out of the pool; who must stay out is shown with the reason."""
    row = queries.acceptance(request.viewer, acceptance_id)
    problems: list[DomainError] = []
    experts = picked(request, "experts")
    if request.method == "POST":
        with catching(problems):
            leader = picked(request, "leader")
            desk.start(
                viewer=request.viewer,
                acceptance_id=acceptance_id,
                expert_ids=experts,
                leader_id=leader[0] if leader else 0,
                due=day(request.POST.get("due", ""), "评价期限", "due"),
            )
            return done(request, "验收组已组成，专家已收到通知。", "desk-acceptance", acceptance_id)
    usual: date = clock.today() + timedelta(days=USUAL)
    return desk_page(
        request,
        "desk/acceptance/start.html",
        {
            "row": row,
            "title": row.title,
            "candidates": _candidates(request, row),
            "picked": experts,
            "leader": request.POST.get("leader", ""),
            "size": rule_for(row.title, "acceptance.panel"),
            "finance": rule_for(row.title, "acceptance.finance_experts"),
            "values": typed(request, {"due": usual.isoformat()}),
            "errors": {each.field: each.message for each in problems if each.field},
            "problems": problems,
        },
    )


def _candidates(request: Request, row: Any) -> list[dict[str, Any]]:
    return [
        {
            "id": each.expert.pk,
            "name": each.expert.name,
            "unit": each.expert.unit_name,
            "title": each.expert.title,
            "field": FIELDS[each.expert.field],
            "barred": each.barred,
        }
        for each in queries.candidates(request.viewer, row)
    ]


@page(roles=HR, methods=("GET", "POST"))
def replace(request: Request, acceptance_id: int, sheet_id: int) -> HttpResponse:
    """Another expert in place of this one."""
    row = queries.acceptance(request.viewer, acceptance_id)
    old = queries.seat(request.viewer, row, sheet_id)
    problems: list[DomainError] = []
    if request.method == "POST":
        with catching(problems):
            expert = picked(request, "expert")
            desk.replace(
                viewer=request.viewer,
                acceptance_id=acceptance_id,
                sheet_id=sheet_id,
                expert_id=expert[0] if expert else 0,
                reason=request.POST.get("reason", ""),
            )
            return done(request, "已更换专家，新专家已收到通知。", "desk-acceptance", acceptance_id)
    seated = {each.expert_id for each in queries.sheets(request.viewer, row)}
    free = [
        (each["id"], f"{each['field']} · {each['name']}（{each['unit']}）")
        for each in _candidates(request, row)
        if not each["barred"] and each["id"] not in seated
    ]
    return desk_page(
        request,
        "desk/acceptance/replace.html",
        {
            "row": row,
            "title": row.title,
            "seat": seat(old, open_scores=False),
            "free": free,
            "values": typed(request, {"reason": old.conflict_reason}),
            "errors": {each.field: each.message for each in problems if each.field},
            "problems": problems,
        },
    )


@page(roles=SEERS)
def sheet(request: Request, acceptance_id: int, sheet_id: int) -> HttpResponse:
    """One signed sheet, after scoring has closed."""
    found = queries.sheet(request.viewer, acceptance_id, sheet_id)
    by = rubric_of(found.acceptance)
    result = score(by, marks_of(by, found))
    return desk_page(
        request,
        "desk/acceptance/sheet.html",
        {
            "sheet": found,
            "row": found.acceptance,
            "title": found.acceptance.title,
            "field": FIELDS[found.expert.field],
            "total": shown(found.total or 0),
            "full": shown(by.total),
            "rubric_name": by.name,
            "shortfalls": result.shortfalls,
            "groups": [
                {
                    "name": group.name,
                    "gives": shown(result.by_group[group.id]),
                    "full": shown(group.points),
                    "lines": [
                        {
                            "name": item.name,
                            "gives": shown(result.by_item[item.id]),
                            "full": shown(item.points),
                            "evidence": Evidence(found.marks[item.id]["evidence"]).label,
                            "comment": found.marks[item.id]["comment"],
                        }
                        for item in group.items
                    ],
                }
                for group in by.groups
            ],
        },
    )


A = "acceptances/<int:acceptance_id>/"
urlpatterns = [
    path(A + "start/", start, name="desk-acceptance-start"),
    path(A + "panel/<int:sheet_id>/replace/", replace, name="desk-acceptance-replace"),
    path(A + "panel/<int:sheet_id>/", sheet, name="desk-acceptance-sheet"),
]
