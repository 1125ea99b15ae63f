"""Deciding on one application: return by section, pass or reject; and the other examiner's word."""

from collections.abc import Callable
from typing import Any

from django.http import HttpResponse
from django.urls import path, reverse

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import DomainError, Invalid
from jiangxin.core.policy import Field, Form, Option, Section, parse_section
from jiangxin.core.workflow import ProjectState, Role
from jiangxin.faces.frame import rows as table_rows
from jiangxin.faces.frame.listing import address
from jiangxin.faces.frame.pages import Request, catching, done, page
from jiangxin.stages.application.queries import application, form_of
from jiangxin.stages.examination import actions, queries, second

from .examination_sheet import sheet_address
from .navigation import desk_page
from .projects import head

HR = frozenset({Role.PROVINCE_HR})


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
        "back": sheet_address(request, project_id),
    }
    return desk_page(request, "desk/examination/return.html", context)


@page(roles=HR, methods=("GET", "POST"))
def approve(request: Request, project_id: int) -> HttpResponse:
    """Pass the application; while something is open, say what and lead there."""

    def act(reason: str, norms: list[str]) -> Any:
        return actions.pass_examination(
            viewer=request.viewer, application_id=project_id, reason=reason, norms=norms
        )

    return _decide(request, project_id, act, "资格审查通过", "desk/examination/pass.html")


@page(roles=HR, methods=("GET", "POST"))
def reject(request: Request, project_id: int) -> HttpResponse:
    """End the application, with a reason that the unit will read."""

    def act(reason: str, norms: list[str]) -> Any:
        return actions.reject(
            viewer=request.viewer, application_id=project_id, reason=reason, norms=norms
        )

    return _decide(request, project_id, act, "资格审查不通过", "desk/examination/reject.html")


def _decide(
    request: Request,
    project_id: int,
    act: Callable[[str, list[str]], Any],
    word: str,
    template: str,
) -> HttpResponse:
    """Ask, then act; where two must agree, the first word is kept and the page says who is next."""
    project = application(request.viewer, project_id)
    problems: list[DomainError] = []
    reason, norms = request.POST.get("reason", ""), request.POST.getlist("norms")
    if request.method == "POST" and request.POST.get("confirmed") == "yes":
        with catching(problems):
            after = act(reason, norms[:60])
            text = f"“{project.title}”{word}。"
            if after.state == ProjectState.SUBMITTED:
                text = f"已记下您的结论“{word}”，待另一人办理：{project.title}。"
            return done(request, text, _queue_address(request))
        project = application(request.viewer, project_id)
    lines = queries.sheet(project)
    said = queries.conclusions(project)
    context = {
        "project": project,
        "head": head(project),
        "lines": lines,
        "open": [line for line in lines if not line.settled],
        "two": second.needed(project),
        "conclusions": said,
        "problems": problems,
        "reason": reason,
        "norms": norms,
        "action": address(request.path, request.GET),
        "back": sheet_address(request, project_id),
    }
    return desk_page(request, template, context)


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
    path("examination/<int:project_id>/return/", send_back, name="desk-examine-return"),
    path("examination/<int:project_id>/pass/", approve, name="desk-examine-pass"),
    path("examination/<int:project_id>/reject/", reject, name="desk-examine-reject"),
]
