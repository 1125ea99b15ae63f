"""Filling in an application: begin, the task list, one topic a page, check, submit, withdraw."""

from typing import Any

from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import path, reverse

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import DomainError, Invalid, NotFound
from jiangxin.core.policy import Form, Section, Verdict, computed_values, section_values
from jiangxin.core.policy.reading import hints
from jiangxin.core.workflow import MACHINES, ProjectState, Role
from jiangxin.faces.frame import flash, rows, submitted
from jiangxin.faces.frame.pages import Request, catching, done, page
from jiangxin.records.documents.gates import ACCEPT, ALLOWED
from jiangxin.stages.application import actions, queries
from jiangxin.stages.application.sealing import shown_answers
from jiangxin.stages.examination.queries import open_returns
from jiangxin.stages.programme.tracks import Track

from . import evidence
from .navigation import strip_of, workspace_page

UNIT = frozenset({Role.APPLICANT})


@page(roles=UNIT, methods=("POST",))
def begin(request: Request, call_id: int) -> HttpResponse:
    """A new draft on the track that was chosen."""
    chosen = request.POST.get("track", "")
    if chosen not in {each.value for each in Track}:
        raise Invalid("请选择申报类型。", field="track")
    made = actions.begin(viewer=request.viewer, call_id=call_id, track=Track(chosen))
    return done(request, "已建立申报，请逐项填写，内容会自动保存。", "apply-tasks", made.pk)


@page(roles=UNIT)
def tasks(request: Request, application_id: int) -> HttpResponse:
    """The sections with their status, the corrections asked for, and the conditions as they stand."""
    project = queries.application(request.viewer, application_id)
    if project.state not in actions.EDITABLE:
        return redirect("apply-receipt", application_id)
    status = queries.task_list(project)
    returns = open_returns(project) if project.state == ProjectState.RETURNED else []
    notes: dict[str, list[str]] = {}
    for item in returns:
        notes.setdefault(item.section, []).append(item.reason)
    sections = queries.form_of(project).sections
    return workspace_page(
        request,
        "workspace/tasks.html",
        {
            "project": project,
            "strip": strip_of(project),
            "tasks": [
                {
                    "label": section.title,
                    "url": reverse("apply-section", args=[project.pk, section.key]),
                    "status": status[section.key],
                    "note": "退回意见：" + "；".join(notes[section.key])
                    if section.key in notes
                    else "",
                }
                for section in sections
            ],
            "returns": returns,
            "complete": all(each == "done" for each in status.values()),
            "findings": queries.eligibility(project),
        },
    )


@page(roles=UNIT, methods=("GET", "POST"))
def section(request: Request, application_id: int, key: str) -> HttpResponse:
    """One topic: save what was typed and attached, then go where the button says."""
    project = queries.application(request.viewer, application_id)
    if project.state not in actions.EDITABLE:
        return redirect("apply-receipt", application_id)
    form = queries.form_of(project)
    at = _section(form, key)
    problems: list[DomainError] = []
    errors: dict[str, str] = {}
    values = section_values(at, shown_answers(project.answers))
    if request.method == "POST":
        data = _texts(request)
        values = rows.change(data) if rows.asked(data) else data
        with catching(problems):
            project, parsed = actions.save_section(
                viewer=request.viewer,
                application_id=application_id,
                section=key,
                data=data,
                revision=_revision(request),
            )
            errors = parsed.errors
            evidence.drop(request, application_id, request.POST.getlist("_drop"))
            kept, refused = evidence.take(request, application_id)
            problems += refused
            stay = rows.asked(data) or errors or request.POST.get("_go") != "next"
            if not stay and not problems:
                return redirect(_next(form, at, application_id))
            if kept or "_drop" in request.POST:
                flash.done(request, f"已上传 {kept} 个文件。" if kept else "文件已删除。")
    return _section_page(request, project, form, at, values, errors, problems)


def _section_page(
    request: Request,
    project: Any,
    form: Form,
    at: Section,
    values: dict[str, list[str]],
    errors: dict[str, str],
    problems: list[DomainError],
) -> HttpResponse:
    number = form.sections.index(at)
    computed = computed_values(form, shown_answers(project.answers))
    named = [Invalid(text, field=name) for name, text in errors.items()]
    returns = [r for r in open_returns(project) if r.section == at.key]
    return workspace_page(
        request,
        "workspace/section.html",
        {
            "project": project,
            "strip": strip_of(project),
            "section": at,
            "number": number + 1,
            "count": len(form.sections),
            "values": values | {name: [str(value)] for name, value in computed.items()},
            "errors": errors,
            "warnings": hints(at, project.answers),
            "problems": [*problems, *named],
            "returns": returns if project.state == ProjectState.RETURNED else [],
            "files": evidence.by_field(project),
            "accept": ACCEPT,
            "allowed": ALLOWED,
            "saved": f"{project.updated_at.astimezone(clock.BEIJING):%H:%M}"
            if project.revision
            else "",
            "previous": form.sections[number - 1].key if number else "",
        },
        status=422 if problems or errors else 200,
    )


@page(roles=UNIT, methods=("POST",))
def autosave(request: Request, application_id: int, key: str) -> HttpResponse:
    """Keep what stands in the inputs a few seconds after the last key; answers in JSON."""
    try:
        project, _ = actions.save_section(
            viewer=request.viewer,
            application_id=application_id,
            section=key,
            data=_texts(request),
            revision=_revision(request),
        )
    except DomainError as error:
        return JsonResponse({"message": error.message + error.remedy}, status=error.status)
    saved = f"{project.updated_at.astimezone(clock.BEIJING):%H:%M}"
    return JsonResponse({"saved": saved, "revision": project.revision})


@page(roles=UNIT)
def check(request: Request, application_id: int) -> HttpResponse:
    """The whole form as it will print, what is missing, the conditions, and the button to submit."""
    project = queries.application(request.viewer, application_id)
    if project.state not in actions.EDITABLE:
        return redirect("apply-receipt", application_id)
    return _check_page(request, project, [])


def _check_page(request: Request, project: Any, problems: list[DomainError]) -> HttpResponse:
    form = queries.form_of(project)
    held = [
        {
            "field": row.field,
            "document": row.document_id,
            "name": row.document.name,
            "size": row.document.size,
        }
        for row in queries.evidence(project)
    ]
    findings = queries.eligibility(project)
    gaps = queries.gaps(project)
    edit = {s.key: reverse("apply-section", args=[project.pk, s.key]) for s in form.sections}
    return workspace_page(
        request,
        "workspace/check.html",
        {
            "project": project,
            "strip": strip_of(project),
            "pages": submitted.pages(form, project.answers, held, project.pk),
            "edit": edit,
            "gaps": [
                {"url": f"{edit[gap.section]}#field-{gap.field}", "message": gap.message}
                for gap in gaps
            ],
            "findings": findings,
            "unmet": [each for each in findings if each.verdict is Verdict.NOT_MET],
            "problems": problems,
            "again": project.state == ProjectState.RETURNED,
        },
        status=422 if problems else 200,
    )


@page(roles=UNIT, methods=("POST",))
def submit(request: Request, application_id: int) -> HttpResponse:
    """Submit; a second click finds the first one's receipt. A refusal shows on the check page."""
    problems: list[DomainError] = []
    with catching(problems):
        actions.submit(
            viewer=request.viewer,
            application_id=application_id,
            revision=_revision(request),
            accept_unmet="accept_unmet" in request.POST,
        )
        return done(request, "已提交。请保存回执。", "apply-receipt", application_id)
    return _check_page(request, queries.application(request.viewer, application_id), problems)


@page(roles=UNIT, methods=("GET", "POST"))
def withdraw(request: Request, application_id: int) -> HttpResponse:
    """Take the application back, after asking once more."""
    project = queries.application(request.viewer, application_id)
    if request.method == "POST" and request.POST.get("confirmed") == "yes":
        actions.withdraw(viewer=request.viewer, application_id=application_id)
        return done(request, "申报已撤回。", "workspace-home")
    step = MACHINES["project"]["withdraw"]
    if project.state not in step.sources:
        return redirect("apply-receipt", application_id)
    return workspace_page(
        request, "workspace/withdraw.html", {"project": project, "strip": strip_of(project)}
    )


def _section(form: Form, key: str) -> Section:
    found = form.section(key)
    if found is None:
        raise NotFound("申报表中没有这一部分。", remedy="请从任务清单进入。")
    return found


def _next(form: Form, at: Section, application_id: int) -> str:
    """The following section; after the last one the check of the whole."""
    number = form.sections.index(at) + 1
    if number < len(form.sections):
        return reverse("apply-section", args=[application_id, form.sections[number].key])
    return reverse("apply-check", args=[application_id])


def _texts(request: Request) -> dict[str, list[str]]:
    return {key: [str(text) for text in texts] for key, texts in request.POST.lists()}


def _revision(request: Request) -> int:
    text = request.POST.get("revision", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else -1


A = "applications/<int:application_id>/"
urlpatterns = [
    path("calls/<int:call_id>/begin/", begin, name="apply-begin"),
    path(A, tasks, name="apply-tasks"),
    path(A + "sections/<slug:key>/", section, name="apply-section"),
    path(A + "sections/<slug:key>/autosave/", autosave, name="apply-autosave"),
    path(A + "check/", check, name="apply-check"),
    path(A + "submit/", submit, name="apply-submit"),
    path(A + "withdraw/", withdraw, name="apply-withdraw"),
]
