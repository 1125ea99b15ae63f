"""An expert at an acceptance: the queue, the declaration, checklist, sheet and signature."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import path, reverse

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import DomainError
from jiangxin.core.scoring.marking import Evidence, score
from jiangxin.core.scoring.points import shown as points
from jiangxin.core.workflow import AcceptanceState, Role
from jiangxin.faces.frame.money import rates
from jiangxin.faces.frame.pages import Request, catching, done, page, typed
from jiangxin.faces.frame.sending import send_document
from jiangxin.stages.acceptance import queries
from jiangxin.stages.acceptance.actions import panel
from jiangxin.stages.acceptance.choices import Tick
from jiangxin.stages.acceptance.rules import rubric_of
from jiangxin.stages.accounts import queries as accounts
from jiangxin.stages.programme.queries import parameter
from jiangxin.stages.review.choices import Conflict, SheetState
from jiangxin.stages.review.marks import marks_of, problems_of

from .score_form import Desk, declared, expert_page, saved, score_groups, sign_lines
from .todo import Work

SUBJECTS = {"acceptance": "acceptance-queue"}
EXPERT_WORK = (Work("待签署的验收评价表", "acceptance-queue", queries.sheets_waiting, "份"),)
EXPERT = frozenset({Role.EXPERT})
METHODS = {"materials": "查阅资料", "visit": "现场核查"}


@page(roles=EXPERT)
def queue(request: Request) -> HttpResponse:
    """The acceptances to which this expert was named, newest first."""
    rows = [
        {
            "sheet": each,
            "title": each.acceptance.title,
            "word": _word(each),
            "due": each.acceptance.due,
            "late": _late(each),
            "total": points(each.total) if each.total is not None else "",
        }
        for each in queries.assigned(request.viewer)
    ]
    return expert_page(request, "workspace/acceptance_panel/queue.html", {"rows": rows})


def _word(sheet: Any) -> dict[str, str]:
    if sheet.state == SheetState.SIGNED:
        return {"tone": "green", "word": "已签署"}
    if sheet.conflict == Conflict.DECLARED:
        return {"tone": "grey", "word": "已回避"}
    if sheet.acceptance.state != AcceptanceState.SCORING:
        return {"tone": "grey", "word": "评价已结束"}
    if sheet.conflict == Conflict.UNDECLARED:
        return {"tone": "amber", "word": "待申明"}
    return {"tone": "blue", "word": "待评价"}


def _late(sheet: Any) -> bool:
    due = sheet.acceptance.due
    return sheet.state == SheetState.DRAFT and due is not None and due < clock.today()


@page(roles=EXPERT, methods=("POST",))
def declare(request: Request, sheet_id: int) -> HttpResponse:
    """Conflict or none, before the material opens."""
    return declared(request, sheet_id, DESK, panel.declare)


@page(roles=EXPERT, methods=("GET", "POST"))
def sheet(request: Request, sheet_id: int) -> HttpResponse:
    """What was handed in, the checklist for the leader, the score sheet. POST saves the sheet."""
    if request.method != "POST":
        return _sheet(request, sheet_id, [])
    return saved(request, sheet_id, DESK, panel.save)


@page(roles=EXPERT, methods=("POST",))
def tick(request: Request, sheet_id: int) -> HttpResponse:
    """The leader's checklist."""
    problems: list[DomainError] = []
    with catching(problems):
        keys = [key.removeprefix("tick-") for key in request.POST if key.startswith("tick-")]
        row = panel.tick(
            viewer=request.viewer,
            sheet_id=sheet_id,
            ticks={key: request.POST.get(f"tick-{key}", "") for key in keys},
            notes={
                key.removeprefix("note-"): str(text)
                for key, text in request.POST.items()
                if key.startswith("note-")
            },
        )
        left = sum(not item["tick"] for item in row.checklist)
        text = f"验收清单已保存，还有 {left} 项没有填写。" if left else "验收清单已全部填写。"
        return done(request, text, "acceptance-sheet", sheet_id)
    return _sheet(request, sheet_id, problems)


def _sheet(
    request: Request, sheet_id: int, problems: list[DomainError], *, check: bool = False
) -> HttpResponse:
    own = queries.own_sheet(request.viewer, sheet_id)
    row = own.acceptance
    scoring = row.state == AcceptanceState.SCORING
    opened = own.conflict == Conflict.NONE
    by = rubric_of(row)
    wrong = problems_of(by, own) if check else {}
    return expert_page(
        request,
        "workspace/acceptance_panel/sheet.html",
        {
            "sheet": own,
            "row": row,
            "title": row.title,
            "scoring": scoring,
            "opened": opened,
            "editable": opened and scoring and own.state == SheetState.DRAFT,
            "years": parameter("recusal.years", clock.today().year),
            "files": [
                {**item, "url": reverse("acceptance-panel-file", args=[own.pk, item["document"]])}
                for item in row.materials
            ]
            if opened
            else [],
            "rates": rates(accounts.sheet(row.title), accounts.confirmed_flags(row.title))
            if opened
            else [],
            "checklist": _checklist(request, row) if opened else [],
            "ticks": Tick.choices,
            "may_tick": opened and scoring and own.leader,
            "groups": score_groups(by, own.marks, wrong),
            "full": points(by.total),
            "pass_points": points(by.pass_points),
            "rubric_name": by.name,
            "total": points(own.total) if own.total is not None else "",
            "wrong_count": len(wrong),
            "evidences": [(each.value, each.label) for each in Evidence],
            "reason": request.POST.get("reason", ""),
            "problems": problems,
            "errors": {each.field: each.message for each in problems if each.field},
        },
        status=422 if problems or wrong else None,
    )


DESK = Desk("acceptance-queue", "acceptance-sheet", "acceptance-sign", "评价", _sheet)


def _checklist(request: Request, row: Any) -> list[dict[str, Any]]:
    stored = {f"tick-{item['key']}": item["tick"] for item in row.checklist}
    stored |= {f"note-{item['key']}": item["note"] for item in row.checklist}
    values = typed(request, stored)
    return [
        {
            **item,
            "method": METHODS.get(item["method"], item["method"]),
            "tick": values[f"tick-{item['key']}"],
            "label": Tick(item["tick"]).label if item["tick"] else "未填写",
            "note": values[f"note-{item['key']}"],
        }
        for item in row.checklist
    ]


@page(roles=EXPERT, methods=("GET", "POST"))
def sign(request: Request, sheet_id: int) -> HttpResponse:
    """The whole sheet once more, then the signature."""
    if request.method == "POST" and request.POST.get("confirmed") == "yes":
        panel.sign(viewer=request.viewer, sheet_id=sheet_id)
        return done(request, "评价表已签署，谢谢您。", "acceptance-sheet", sheet_id)
    own = queries.own_sheet(request.viewer, sheet_id)
    by = rubric_of(own.acceptance)
    if own.state == SheetState.SIGNED or problems_of(by, own):
        return redirect("acceptance-sheet", sheet_id)
    result = score(by, marks_of(by, own))
    return expert_page(
        request,
        "workspace/acceptance_panel/sign.html",
        {
            "sheet": own,
            "title": own.acceptance.title,
            "total": points(result.total),
            "full": points(by.total),
            "shortfalls": result.shortfalls,
            "lines": sign_lines(by, own.marks, result),
        },
    )


@page(roles=EXPERT)
def file(request: Request, sheet_id: int, document_id: int) -> HttpResponse:
    """A file that was handed in, for who declared no conflict."""
    return send_document(queries.panel_file(request.viewer, sheet_id, document_id))


S = "panel/<int:sheet_id>/"
urlpatterns = [
    path("panel/", queue, name="acceptance-queue"),
    path(S, sheet, name="acceptance-sheet"),
    path(S + "declare/", declare, name="acceptance-declare"),
    path(S + "checklist/", tick, name="acceptance-tick"),
    path(S + "sign/", sign, name="acceptance-sign"),
    path(S + "files/<int:document_id>/", file, name="acceptance-panel-file"),
]
