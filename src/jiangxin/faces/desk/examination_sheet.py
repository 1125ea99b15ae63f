"""The examination of one application: clause by clause beside the evidence, and whose case it is."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import path, reverse

from jiangxin.core.kernel.errors import DomainError
from jiangxin.core.workflow import ProjectState, Role
from jiangxin.faces.frame.listing import address
from jiangxin.faces.frame.pages import Request, catching, done, page, render
from jiangxin.faces.frame.submitted import Answer, by_norm, differences, pages
from jiangxin.stages.application.queries import application, form_of, versions
from jiangxin.stages.copied.queries import matches
from jiangxin.stages.examination import actions, cases, queries, second

from .examination_list import queue_listing
from .navigation import PROVINCE_DESK, desk_page
from .projects import head, shown_return

HR = frozenset({Role.PROVINCE_HR})
COPIES = PROVINCE_DESK - {Role.RECOMMENDER}


@dataclass(frozen=True)
class Row:
    """One clause on the sheet, with what was submitted on it and what the examiner is typing."""

    number: int
    line: queries.Line
    answers: list[Answer]
    token: str
    reason: str
    problem: DomainError | None = None


@page(roles=PROVINCE_DESK)
def examine(request: Request, project_id: int) -> HttpResponse:
    """The sheet."""
    return _sheet_page(request, project_id)


@page(roles=HR, methods=("POST",))
def judge(request: Request, project_id: int) -> HttpResponse:
    """符合 or 不符合 on one clause; with htmx only this clause comes back."""
    norm, problems = request.POST.get("norm", ""), list[DomainError]()
    with catching(problems):
        actions.judge(
            viewer=request.viewer,
            application_id=project_id,
            norm=norm,
            word=request.POST.get("word", ""),
            reason=request.POST.get("reason", ""),
            seen=request.POST.get("seen", ""),
        )
    if request.headers.get("HX-Request"):
        project = queries.examined(request.viewer, project_id)
        found = _rows(request, project, versions(project), problems)
        context = {
            "project": project,
            "rows": [row for row in found if row.line.finding.norm == norm],
            "summary": _summary(found),
            "may_judge": _may_judge(request, project, queries.case(project)),
            "action": _ways(request, project_id)["judge"],
        }
        return render(request, "desk/examination/_judged.html", context, status=200)
    if problems:
        return _sheet_page(request, project_id, problems)
    return redirect(sheet_address(request, project_id) + f"#line-{norm}")


@page(roles=HR, methods=("POST",))
def accept(request: Request, project_id: int) -> HttpResponse:
    """Take over every computed 符合 that leaves nothing to judge."""
    count = actions.accept_computed(viewer=request.viewer, application_id=project_id)
    return done(request, f"已采纳 {count} 项计算结果。", sheet_address(request, project_id))


@page(roles=HR, methods=("POST",))
def carry(request: Request, project_id: int) -> HttpResponse:
    """Repeat the former verdicts on what did not change."""
    count = actions.carry_over(viewer=request.viewer, application_id=project_id)
    return done(request, f"已沿用 {count} 项上次的判定。", sheet_address(request, project_id))


@page(roles=HR, methods=("POST",))
def take(request: Request, project_id: int) -> HttpResponse:
    """Make the case one's own; `seen` says from whom, as the page showed it."""
    seen = request.POST.get("seen", "")
    cases.take(
        viewer=request.viewer,
        application_id=project_id,
        seen=int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 18 else None,
    )
    return done(request, "本件由您审查。", sheet_address(request, project_id))


@page(roles=HR, methods=("POST",))
def release(request: Request, project_id: int) -> HttpResponse:
    """Give the case back to all."""
    cases.release(viewer=request.viewer, application_id=project_id)
    return done(request, "已放回，任何审查人都可以领取。", sheet_address(request, project_id))


@page(roles=COPIES)
def copied(request: Request, project_id: int) -> HttpResponse:
    """The passages that other units wrote alike, side by side; what it means is for people to say."""
    project = application(request.viewer, project_id)
    context = {
        "project": project,
        "head": head(project),
        "matches": matches(request.viewer, project),
        "back": sheet_address(request, project_id),
    }
    return desk_page(request, "desk/examination/copied.html", context)


# --- the sheet ----------------------------------------------------------------------------------------


def _sheet_page(
    request: Request, project_id: int, problems: list[DomainError] | None = None
) -> HttpResponse:
    project: Any = queries.examined(request.viewer, project_id)
    every = versions(project)
    found = _rows(request, project, every, problems or [])
    only_open = request.GET.get("only") == "open"
    queue = queries.queue(request.viewer).values("pk", "title")
    case = queries.case(project)
    looked_at = len(every) > 1 or project.state == ProjectState.RETURNED
    returned = queries.returns(project) if looked_at else []
    context = {
        "project": project,
        "head": head(project),
        "rows": [row for row in found if not (only_open and row.line.settled)],
        "summary": _summary(found),
        "only_open": only_open,
        "only_url": address(request.path, request.GET, only=None if only_open else "open"),
        "case": case,
        "mine": case is not None and case.examiner_id == request.viewer.user_id,
        "may_take": request.viewer.role in HR and project.state in cases.OPEN,
        "may_judge": _may_judge(request, project, case),
        "may_decide": _may_decide(request, project, case),
        "two": second.needed(project),
        "conclusions": queries.conclusions(project) if case and case.standing else [],
        "copies": project.copies if request.viewer.role in COPIES else 0,
        "lapsed": request.viewer.role in HR
        and project.state == ProjectState.RETURNED
        and queries.correction_overdue(project),
        "problems": problems or [],
        "here": sheet_address(request, project_id),
        "ways": _ways(request, project_id),
        "around": queue_listing(request.viewer).around(
            queue, request, back=reverse("desk-examination")
        ),
        "older": every[-2] if len(every) > 1 else None,
        "newest": every[-1],
        "differences": differences(form_of(project), every[-2], every[-1])
        if len(every) > 1
        else [],
        "supplied": len(every) > 1 and every[-2].number not in {each.version for each in returned},
        "returns": [shown_return(project, item) for item in returned],
    }
    return desk_page(request, "desk/examination/sheet.html", context)


def _may_judge(request: Request, project: Any, case: Any) -> bool:
    """Verdicts are for whose case it is, or for whoever begins with a free one."""
    free = case is None or case.examiner_id in (None, request.viewer.user_id)
    return request.viewer.role in HR and project.state == ProjectState.SUBMITTED and free


def _may_decide(request: Request, project: Any, case: Any) -> bool:
    """Who may judge may decide; where two are asked, so may the other one after the first has spoken."""
    if case is not None and case.standing and project.state == ProjectState.SUBMITTED:
        return request.viewer.role in HR
    return _may_judge(request, project, case)


def _rows(
    request: Request, project: Any, every: list[Any], problems: list[DomainError]
) -> list[Row]:
    version = every[-1]
    answers = by_norm(pages(form_of(project), version.answers, version.evidence, project.pk))
    typed_norm = request.POST.get("norm", "") if problems else ""
    found = []
    for number, line in enumerate(queries.sheet(project, version), start=1):
        mine = line.finding.norm == typed_norm
        reason = line.verdict.reason if line.verdict else ""
        found.append(
            Row(
                number=number,
                line=line,
                answers=answers.get(line.finding.norm, []),
                token=actions.token(line.verdict),
                reason=request.POST.get("reason", "") if mine else reason,
                problem=problems[0] if mine else None,
            )
        )
    return found


def _summary(found: list[Row]) -> dict[str, int]:
    """How far the sheet is, and what one click could do."""
    spoken = [row for row in found if row.line.verdict]
    clear = [
        row
        for row in found
        if not row.line.verdict and row.line.settled and not row.line.finding.judgement
    ]
    return {
        "total": len(found),
        "settled": sum(row.line.settled for row in found),
        "spoken": len(spoken),
        "clear": len({row.line.finding.norm for row in clear}),
        "former": sum(bool(row.line.before and not row.line.verdict) for row in found),
    }


def _ways(request: Request, project_id: int) -> dict[str, str]:
    names = ["judge", "accept", "carry", "take", "release", "copied", "return", "pass", "reject"]
    return {
        name: address(reverse(f"desk-examine-{name}", args=[project_id]), request.GET)
        for name in names
    }


def sheet_address(request: Request, project_id: int) -> str:
    """The sheet, in the list from which one came."""
    return address(reverse("desk-examine", args=[project_id]), request.GET)


urlpatterns = [
    path("examination/<int:project_id>/", examine, name="desk-examine"),
    path("examination/<int:project_id>/judge/", judge, name="desk-examine-judge"),
    path("examination/<int:project_id>/accept/", accept, name="desk-examine-accept"),
    path("examination/<int:project_id>/carry/", carry, name="desk-examine-carry"),
    path("examination/<int:project_id>/take/", take, name="desk-examine-take"),
    path("examination/<int:project_id>/release/", release, name="desk-examine-release"),
    path("examination/<int:project_id>/copied/", copied, name="desk-examine-copied"),
]
