"""An expert's work: the queue, the declaration, the material beside the sheet, the signature."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import path, reverse

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import DomainError
from jiangxin.core.scoring.marking import Evidence, score
from jiangxin.core.scoring.points import shown as points
from jiangxin.core.workflow import Role, RoundState
from jiangxin.faces.frame import submitted
from jiangxin.faces.frame.pages import Request, catching, done, page
from jiangxin.faces.frame.sending import send_document
from jiangxin.stages.programme.queries import pack, parameter
from jiangxin.stages.programme.tracks import Track
from jiangxin.stages.review.actions import panel, sheets
from jiangxin.stages.review.choices import Conflict, Phase, SheetState
from jiangxin.stages.review.marks import marks_of, problems_of
from jiangxin.stages.review.queries import expert as reading
from jiangxin.stages.review.rubrics import rubric_of
from jiangxin.stages.review.rules import rules_of, told

from .score_form import Desk, declared, expert_page, saved, score_groups, sign_lines
from .todo import Work, expert_todos

SUBJECTS = {"sheet": "expert-sheet"}
EXPERT = frozenset({Role.EXPERT})
TRACKS = dict(Track.choices())
EXPERT_WORK = (
    Work("待答复的评审邀请", "expert-queue", reading.seats_waiting, "次"),
    Work("待签署的评分表", "expert-queue", reading.sheets_waiting, "份"),
)


@page(roles=EXPERT)
def queue(request: Request) -> HttpResponse:
    """Everything that waits for this expert, with the due time and n/m."""
    return _queue(request, [])


def _queue(request: Request, problems: list[DomainError]) -> HttpResponse:
    now = clock.now()
    tasks = [
        {
            "seat": task.seat,
            "title": f"{task.seat.round.call.year}年 {task.seat.round.get_kind_display()}评审",
            "status": task.seat.status,
            "state": task.seat.round.state,
            "due": task.seat.round.due,
            "left": (task.seat.round.due - now).days if task.seat.round.due > now else None,
            "signed": task.signed,
            "needed": task.needed,
            "sheets": [_row(each) for each in task.sheets],
            "rules": told(pack(), rules_of(task.seat.round), task.seat.round.call.year),
            "fillable": sum(
                each.conflict == Conflict.NONE and each.state == SheetState.DRAFT
                for each in task.sheets
            ),
        }
        for task in reading.queue(request.viewer)
    ]
    return expert_page(
        request,
        "workspace/expert/queue.html",
        {
            "todos": expert_todos(request.viewer),
            "tasks": tasks,
            "problems": problems,
            "note": request.POST.get("note", ""),
        },
    )


def _row(sheet: Any) -> dict[str, Any]:
    if sheet.state == SheetState.SIGNED:
        word, tone = "已签署", "green"
    elif sheet.conflict == Conflict.DECLARED:
        word, tone = "已回避", "grey"
    elif sheet.conflict == Conflict.UNDECLARED:
        word, tone = "待申明", "amber"
    else:
        word, tone = ("评分中", "blue") if sheet.marks else ("待评分", "blue")
    return {
        "id": sheet.pk,
        "number": sheet.application.number,
        "title": sheet.application.title,
        "unit": sheet.application.unit_name,
        "track": TRACKS[sheet.application.track],
        "phase": "" if sheet.phase == Phase.PAPERS else sheet.get_phase_display(),
        "word": word,
        "tone": tone,
        "total": points(sheet.total) if sheet.total is not None else "",
    }


@page(roles=EXPERT, methods=("POST",))
def answer(request: Request, seat_id: int) -> HttpResponse:
    """Accept or decline the invitation."""
    problems: list[DomainError] = []
    accept = request.POST.get("act") == "accept"
    with catching(problems):
        panel.answer(
            viewer=request.viewer, seat_id=seat_id, accept=accept, note=request.POST.get("note", "")
        )
        return done(request, "已接受。" if accept else "已婉拒，谢谢您的答复。", "expert-queue")
    return _queue(request, problems)


@page(roles=EXPERT, methods=("POST",))
def declare(request: Request, sheet_id: int) -> HttpResponse:
    """Conflict or none, before the material opens."""
    return declared(request, sheet_id, DESK, sheets.declare)


@page(roles=EXPERT, methods=("GET", "POST"))
def sheet(request: Request, sheet_id: int) -> HttpResponse:
    """Material left, sheet right. POST saves; `act` says where to go then."""
    if request.method != "POST":
        return _sheet(request, sheet_id, [])

    def onward(kept: Any) -> HttpResponse:
        return _onward(request, kept.seat_id, sheet_id)

    return saved(request, sheet_id, DESK, sheets.save, onward)


def _onward(request: Request, seat_id: int, sheet_id: int) -> HttpResponse:
    task = next(each for each in reading.queue(request.viewer) if each.seat.pk == seat_id)
    following = task.following(sheet_id)
    if following is None:
        return done(request, "已暂存。没有其他待评的项目。", "expert-queue")
    return done(request, "已暂存，这是下一个项目。", "expert-sheet", sheet_id=following.pk)


def _sheet(
    request: Request, sheet_id: int, problems: list[DomainError], *, check: bool = False
) -> HttpResponse:
    row = reading.sheet(request.viewer, sheet_id)
    task = next(each for each in reading.queue(request.viewer) if each.seat.pk == row.seat_id)
    scoring = row.seat.round.state == RoundState.SCORING
    discussing = row.seat.round.state == RoundState.DISCUSSING
    opened = (scoring or discussing) and row.conflict == Conflict.NONE
    read = _material(request, sheet_id) if opened else []
    by = rubric_of(row)
    wrong = problems_of(by, row) if check else {}
    anew = reading.revisions(row) if row.state == SheetState.SIGNED else []
    return expert_page(
        request,
        "workspace/expert/sheet.html",
        {
            "sheet": row,
            "project": row.application,
            "track": TRACKS[row.application.track],
            "years": parameter("recusal.years", row.seat.round.call.year),
            "task": task,
            "at": [each.pk for each in task.sheets].index(sheet_id) + 1,
            "neighbours": _neighbours(task, sheet_id),
            "due": row.seat.round.due,
            "scoring": scoring,
            "phase": row.get_phase_display(),
            "rules": told(pack(), rules_of(row.seat.round), row.seat.round.call.year),
            "may_revise": discussing and row.state == SheetState.SIGNED,
            "revisions": [{"row": each, "total": points(each.total)} for each in anew],
            "opened": opened,
            "editable": opened and row.state == SheetState.DRAFT,
            "sections": read,
            "groups": score_groups(by, row.marks, wrong, submitted.by_norm(read)),
            "full": points(by.total),
            "pass_points": points(by.pass_points),
            "rubric_name": by.name,
            "total": points(row.total) if row.total is not None else "",
            "wrong_count": len(wrong),
            "evidences": [(each.value, each.label) for each in Evidence],
            "reason": request.POST.get("reason", ""),
            "problems": problems,
        },
        status=422 if problems or wrong else None,
    )


DESK = Desk("expert-queue", "expert-sheet", "expert-sign", "评分", _sheet)


def _material(request: Request, sheet_id: int) -> list[submitted.Page]:
    found = reading.material(request.viewer, sheet_id)
    return submitted.pages(
        found.form, found.answers, found.version.evidence, sheet_id, view="expert-file"
    )


def _neighbours(task: reading.Task, sheet_id: int) -> dict[str, str]:
    places = [each.pk for each in task.sheets]
    at = places.index(sheet_id)
    near = {"before": at - 1, "after": at + 1}
    return {
        name: reverse("expert-sheet", args=[places[place]]) if 0 <= place < len(places) else ""
        for name, place in near.items()
    }


@page(roles=EXPERT, methods=("GET", "POST"))
def sign(request: Request, sheet_id: int) -> HttpResponse:
    """The whole sheet once more, then the signature."""
    if request.method == "POST" and request.POST.get("confirmed") == "yes":
        signed = sheets.sign(viewer=request.viewer, sheet_id=sheet_id)
        task = next(
            each for each in reading.queue(request.viewer) if each.seat.pk == signed.seat_id
        )
        following = task.following(sheet_id)
        text = f"“{signed.application.title}”已签署（{task.signed}/{task.needed}）。"
        if following is None:
            return done(request, text + "全部项目已评完，谢谢您。", "expert-queue")
        return done(request, text, "expert-sheet", sheet_id=following.pk)
    row = reading.sheet(request.viewer, sheet_id)
    by = rubric_of(row)
    if row.state == SheetState.SIGNED or problems_of(by, row):
        return redirect("expert-sheet", sheet_id=sheet_id)
    result = score(by, marks_of(by, row))
    return expert_page(
        request,
        "workspace/expert/sign.html",
        {
            "sheet": row,
            "total": points(result.total),
            "full": points(by.total),
            "shortfalls": result.shortfalls,
            "lines": sign_lines(by, row.marks, result),
        },
    )


@page(roles=EXPERT)
def file(request: Request, sheet_id: int, document_id: int) -> HttpResponse:
    """A file of the submitted version behind one own sheet."""
    return send_document(reading.evidence_file(request.viewer, sheet_id, document_id))


urlpatterns = [
    path("review/", queue, name="expert-queue"),
    path("review/seats/<int:seat_id>/", answer, name="expert-seat"),
    path("review/<int:sheet_id>/", sheet, name="expert-sheet"),
    path("review/<int:sheet_id>/declare/", declare, name="expert-declare"),
    path("review/<int:sheet_id>/sign/", sign, name="expert-sign"),
    path("review/<int:sheet_id>/files/<int:document_id>/", file, name="expert-file"),
]
