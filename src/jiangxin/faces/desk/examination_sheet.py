"""The examination of one application: clause by clause, then return, pass or reject."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import path, reverse

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import DomainError, Invalid
from jiangxin.core.policy import Field, Form, Option, Section, parse_section
from jiangxin.core.workflow import ProjectState, Role
from jiangxin.faces.frame import rows as table_rows
from jiangxin.faces.frame.addresses import path_of
from jiangxin.faces.frame.listing import Column, Listing, address
from jiangxin.faces.frame.pages import Request, catching, done, page, render
from jiangxin.faces.frame.submitted import Answer, by_norm, differences, pages
from jiangxin.records.identity.viewer import Viewer
from jiangxin.stages.application.queries import application, form_of, versions
from jiangxin.stages.examination import actions, queries

from .navigation import PROVINCE_DESK, desk_page
from .projects import COLUMNS, KEYWORDS, head, shown_return, waiting

HR = frozenset({Role.PROVINCE_HR})
SHOWN = ("number", "title", "unit", "track", "state", "submitted", "due", "version")


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
        project = application(request.viewer, project_id)
        found = _rows(request, project, versions(project), problems)
        context = {
            "project": project,
            "rows": [row for row in found if row.line.finding.norm == norm],
            "summary": _summary(found),
            "may_judge": project.state == ProjectState.SUBMITTED,
            "action": _ways(request, project_id)["judge"],
        }
        return render(request, "desk/examination/_judged.html", context, status=200)
    if problems:
        return _sheet_page(request, project_id, problems)
    return redirect(_sheet_address(request, project_id) + f"#line-{norm}")


@page(roles=HR, methods=("POST",))
def accept(request: Request, project_id: int) -> HttpResponse:
    """Take over every computed 符合 that leaves nothing to judge."""
    count = actions.accept_computed(viewer=request.viewer, application_id=project_id)
    return done(request, f"已采纳 {count} 项计算结果。", _sheet_address(request, project_id))


@page(roles=HR, methods=("POST",))
def carry(request: Request, project_id: int) -> HttpResponse:
    """Repeat the former verdicts on what did not change."""
    count = actions.carry_over(viewer=request.viewer, application_id=project_id)
    return done(request, f"已沿用 {count} 项上次的判定。", _sheet_address(request, project_id))


@page(roles=HR, methods=("GET", "POST"))
def send_back(request: Request, project_id: int) -> HttpResponse:
    """Say what is to be corrected, look at it as the unit will, then return."""
    project = application(request.viewer, project_id)
    section = return_form(form_of(project))
    posted = {key: list(values) for key, values in request.POST.lists()}
    problems, defects = list[DomainError](), list[actions.Defect]()
    if request.method == "POST" and not table_rows.asked(posted):
        parsed = parse_section(section, posted)
        problems = [Invalid(text, field=field) for field, text in parsed.errors.items()]
        defects, gaps = _defects(parsed.answers.get("defects") or [])
        problems += gaps
        if not problems and request.POST.get("confirmed") == "yes":
            with catching(problems):
                actions.send_back(viewer=request.viewer, application_id=project_id, defects=defects)
                return done(request, f"已退回“{project.title}”补正。", _queue_address(request))
    values = table_rows.change(posted) if posted else _proposed(project)
    context = {
        "project": project,
        "head": head(project),
        "field": section.fields[0],
        "values": values,
        "problems": problems,
        "errors": {each.field: each.message for each in problems if each.field},
        "due": queries.correction_due(project, today=clock.today()),
        "preview": [_preview(project, each) for each in defects] if not problems else [],
        "action": address(request.path, request.GET),
        "back": _sheet_address(request, project_id),
    }
    return desk_page(request, "desk/examination/return.html", context)


@page(roles=HR, methods=("GET", "POST"))
def approve(request: Request, project_id: int) -> HttpResponse:
    """Pass the application; while something is open, say what and lead there."""
    project = application(request.viewer, project_id)
    problems: list[DomainError] = []
    if request.method == "POST" and request.POST.get("confirmed") == "yes":
        with catching(problems):
            actions.pass_examination(viewer=request.viewer, application_id=project_id)
            return done(request, f"“{project.title}”资格审查通过。", _queue_address(request))
        project = application(request.viewer, project_id)
    context = {
        "project": project,
        "head": head(project),
        "open": queries.open_lines(project),
        "problems": problems,
        "action": address(request.path, request.GET),
        "back": _sheet_address(request, project_id),
    }
    return desk_page(request, "desk/examination/pass.html", context)


@page(roles=HR, methods=("GET", "POST"))
def reject(request: Request, project_id: int) -> HttpResponse:
    """End the application, with a reason that the unit will read."""
    project = application(request.viewer, project_id)
    problems: list[DomainError] = []
    if request.method == "POST" and request.POST.get("confirmed") == "yes":
        with catching(problems):
            actions.reject(
                viewer=request.viewer,
                application_id=project_id,
                reason=request.POST.get("reason", ""),
            )
            return done(request, f"“{project.title}”资格审查不通过。", _queue_address(request))
        project = application(request.viewer, project_id)
    context = {
        "project": project,
        "head": head(project),
        "open": queries.open_lines(project),
        "problems": problems,
        "reason": request.POST.get("reason", ""),
        "action": address(request.path, request.GET),
        "back": _sheet_address(request, project_id),
    }
    return desk_page(request, "desk/examination/reject.html", context)


def queue_listing(viewer: Viewer) -> Listing:
    """The queue's declaration: what was submitted first comes first, what was returned last."""
    return Listing(
        columns=(
            *(each for each in COLUMNS if each.key in SHOWN),
            Column("judged", "已判定", lambda row: row["judged"], "number", "judged"),
        ),
        keywords=(*KEYWORDS, waiting(viewer.role)),
        text=("number__icontains", "title__icontains", "unit_name__icontains"),
        text_help="在编号、项目名称、申报单位中查找",
        order=("-state", "submitted_at", "pk"),
        link=lambda row: path_of("desk-examine", row["pk"]),
    )


# --- the sheet ----------------------------------------------------------------------------------------


def _sheet_page(
    request: Request, project_id: int, problems: list[DomainError] | None = None
) -> HttpResponse:
    project = application(request.viewer, project_id)
    every = versions(project)
    found = _rows(request, project, every, problems or [])
    only_open = request.GET.get("only") == "open"
    queue = queries.queue(request.viewer).values("pk", "title")
    context = {
        "project": project,
        "head": head(project),
        "rows": [row for row in found if not (only_open and row.line.settled)],
        "summary": _summary(found),
        "only_open": only_open,
        "only_url": address(request.path, request.GET, only=None if only_open else "open"),
        "may_judge": request.viewer.role in HR and project.state == ProjectState.SUBMITTED,
        "lapsed": request.viewer.role in HR
        and project.state == ProjectState.RETURNED
        and queries.correction_overdue(project),
        "problems": problems or [],
        "here": _sheet_address(request, project_id),
        "ways": _ways(request, project_id),
        "around": queue_listing(request.viewer).around(
            queue, request, back=reverse("desk-examination")
        ),
        "older": every[-2] if len(every) > 1 else None,
        "newest": every[-1],
        "differences": differences(form_of(project), every[-2], every[-1])
        if len(every) > 1
        else [],
        "returns": [shown_return(project, item) for item in queries.returns(project)]
        if len(every) > 1 or project.state == ProjectState.RETURNED
        else [],
    }
    return desk_page(request, "desk/examination/sheet.html", context)


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
    names = ("judge", "accept", "carry", "return", "pass", "reject")
    return {
        name: address(reverse(f"desk-examine-{name}", args=[project_id]), request.GET)
        for name in names
    }


def _sheet_address(request: Request, project_id: int) -> str:
    return address(reverse("desk-examine", args=[project_id]), request.GET)


def _queue_address(request: Request) -> str:
    """Back to the list as one left it."""
    query = request.GET.get("list", "")
    return reverse("desk-examination") + (f"?{query}" if query else "")


# --- the form of a return ---------------------------------------------------------------------------------


def return_form(form: Form) -> Section:
    """One table: where (a section, or a field of it) and why."""
    places = [
        option
        for section in form.sections
        for option in (
            Option(section.key, section.title),
            *(
                Option(f"{section.key}.{field.key}", f"{section.title} · {field.label}")
                for field in section.fields
            ),
        )
    ]
    items = Field(
        key="defects",
        label="需要补正的内容",
        kind="table",
        required=True,
        max_rows=60,
        columns=(
            Field(
                key="where", label="部分或栏目", kind="choice", required=True, options=tuple(places)
            ),
            Field(key="reason", label="原因", kind="text", required=True, max_length=500),
        ),
    )
    return Section(key="return", title="退回补正", intro="", clause="3.1", fields=(items,))


def _defects(
    items: list[dict[str, Any]],
) -> tuple[list[actions.Defect], list[DomainError]]:
    """The items as defects, and what is missing in them."""
    if not items:
        return [], [Invalid("请至少列出一处需要补正的内容。", clause="3.1", field="defects")]
    defects, gaps = [], list[DomainError]()
    for number, item in enumerate(items):
        for key, label in (("where", "选择部分或栏目"), ("reason", "写明原因")):
            if not isinstance(item.get(key), str):
                gaps.append(
                    Invalid(f"第 {number + 1} 行请{label}。", field=f"defects-{number}-{key}")
                )
        section, _, field = str(item.get("where", "")).partition(".")
        defects.append(
            actions.Defect(section=section, field=field, reason=str(item.get("reason", "")))
        )
    return defects, gaps


def _proposed(project: Any) -> dict[str, list[str]]:
    """What a return would say by the verdicts so far: each 不符合 with its first field."""
    places: dict[str, str] = {}
    for section, field in form_of(project).fields():
        for norm in field.norms:
            places.setdefault(norm, f"{section.key}.{field.key}")
    values: dict[str, list[str]] = {}
    refused = [
        row
        for row in queries.words(project).values()
        if row.word == "not_met" and row.norm in places
    ]
    for number, row in enumerate(refused):
        values[f"defects-{number}-where"] = [places[row.norm]]
        values[f"defects-{number}-reason"] = [row.reason]
    return values


def _preview(project: Any, defect: actions.Defect) -> dict[str, str]:
    section = form_of(project).section(defect.section)
    field = section.field(defect.field) if section and defect.field else None
    title = section.title if section else defect.section
    return {"where": f"{title} · {field.label}" if field else title, "reason": defect.reason}


urlpatterns = [
    path("examination/<int:project_id>/", examine, name="desk-examine"),
    path("examination/<int:project_id>/judge/", judge, name="desk-examine-judge"),
    path("examination/<int:project_id>/accept/", accept, name="desk-examine-accept"),
    path("examination/<int:project_id>/carry/", carry, name="desk-examine-carry"),
    path("examination/<int:project_id>/return/", send_back, name="desk-examine-return"),
    path("examination/<int:project_id>/pass/", approve, name="desk-examine-pass"),
    path("examination/<int:project_id>/reject/", reject, name="desk-examine-reject"),
]
