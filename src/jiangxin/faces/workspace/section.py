"""One topic of the form on one page: what is typed is kept at once, evidence stands beside its field."""

import re
from dataclasses import dataclass
from itertools import groupby
from types import SimpleNamespace
from typing import Any

from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import path, reverse

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import DomainError, Invalid, NotFound
from jiangxin.core.policy import (
    Form,
    Section,
    computed_values,
    field_text,
    parse_section,
    section_values,
)
from jiangxin.core.policy.reading import hints
from jiangxin.core.workflow import ProjectState, Role
from jiangxin.faces.frame import flash, rows, submitted
from jiangxin.faces.frame.pages import Request, catching, page
from jiangxin.records.documents.gates import ACCEPT, ALLOWED
from jiangxin.stages.application import actions, queries
from jiangxin.stages.application.registered import LOCKED
from jiangxin.stages.application.sealing import masks, seal_answers, shown_answers, unmasked
from jiangxin.stages.examination.queries import open_returns

from . import evidence
from .navigation import revision_of, strip_of, workspace_page

UNIT = frozenset({Role.APPLICANT})


@dataclass
class Outcome:
    """What came of a POST: what stands in the inputs, and why something was refused."""

    values: dict[str, list[str]]
    errors: dict[str, str]
    problems: list[DomainError]


@page(roles=UNIT, methods=("GET", "POST"))
def section(request: Request, application_id: int, key: str) -> HttpResponse:
    """Save what was typed and attached, then go where the button says."""
    project = queries.application(request.viewer, application_id)
    if project.state not in actions.EDITABLE:
        return redirect("apply-receipt", application_id)
    form = queries.form_of(project)
    at = form.section(key)
    if at is None:
        raise NotFound("申报表中没有这一部分。", remedy="请从任务清单进入。")
    if request.method != "POST":
        shown = section_values(at, shown_answers(project.answers))
        return _page(request, project, form, at, Outcome(shown, {}, []))
    typed = _texts(request)
    outcome = Outcome(rows.change(typed) if rows.asked(typed) else typed, {}, [])
    with catching(outcome.problems):
        project = _save(request, project, at, typed, outcome)
    to = _onward(form, at, project, typed.get("_go", [""])[-1])
    if to and not (rows.asked(typed) or outcome.errors or outcome.problems):
        return redirect(to)
    return _page(request, project, form, at, outcome)


def _save(
    request: Request, project: Any, at: Section, typed: dict[str, list[str]], outcome: Outcome
) -> Any:
    """Keep answers and files of one page; returns the application, and in `outcome` what was refused.

    Files are kept even where a colleague was faster: they overwrite nothing.
    """
    try:
        project, parsed = actions.save_section(
            viewer=request.viewer,
            application_id=project.pk,
            section=at.key,
            data=outcome.values,
            revision=revision_of(request),
        )
        outcome.errors = parsed.errors
        outcome.values |= section_values(at, masks(project.answers))
    except actions.Overtaken as error:
        outcome.problems.append(error)
    evidence.drop(request, project.pk, typed.get("_drop", []))
    kept, refused = evidence.take(request, project.pk)
    outcome.problems += refused
    if kept or "_drop" in typed:
        flash.done(request, f"已上传 {kept} 个文件。" if kept else "文件已删除。")
    return project


def _onward(form: Form, at: Section, project: Any, go: str) -> str:
    """Where the pressed button leads: the section before or after, the list of tasks, or nowhere."""
    number = form.sections.index(at)
    if go == "tasks":
        return reverse("apply-tasks", args=[project.pk])
    if go == "back" and number:
        return reverse("apply-section", args=[project.pk, form.sections[number - 1].key])
    if go != "next":
        return ""
    if number + 1 == len(form.sections):
        return reverse("apply-check", args=[project.pk])
    return reverse("apply-section", args=[project.pk, form.sections[number + 1].key])


def _page(
    request: Request, project: Any, form: Form, at: Section, outcome: Outcome
) -> HttpResponse:
    number = form.sections.index(at) + 1
    shown = shown_answers(project.answers)
    overtaken = any(isinstance(each, actions.Overtaken) for each in outcome.problems)
    kept = section_values(at, {key: shown[key] for key in LOCKED if key in shown})
    computed = computed_values(form, shown)
    named = [Invalid(text, field=name) for name, text in outcome.errors.items()]
    returned = project.state == ProjectState.RETURNED
    return workspace_page(
        request,
        "workspace/section.html",
        {
            "project": project,
            "strip": strip_of(project),
            "section": at,
            "number": number,
            "count": len(form.sections),
            "groups": [
                (by_hand, list(found))
                for by_hand, found in groupby(at.fields, lambda each: each.computed is None)
            ],
            "locked": LOCKED,
            "values": _named_occupations(at, outcome.values | kept),
            "computed": {
                field.key: field_text(field, computed[field.key])
                for field in at.fields
                if field.key in computed
            },
            "errors": outcome.errors,
            "warnings": hints(at, project.answers),
            "problems": [*outcome.problems, *named],
            "theirs": _theirs(form, at, project, outcome.values) if overtaken else None,
            "returns": [r for r in open_returns(project) if r.section == at.key]
            if returned
            else [],
            "files": evidence.by_field(project),
            "accept": ACCEPT,
            "allowed": ALLOWED,
            "saved": f"{project.updated_at.astimezone(clock.BEIJING):%H:%M}"
            if project.revision
            else "",
        },
        status=422 if outcome.problems or outcome.errors else 200,
    )


def _named_occupations(at: Section, values: dict[str, list[str]]) -> dict[str, list[str]]:
    """The same inputs with the name behind each occupation's code; it is read back all the same."""
    out = dict(values)
    for field in at.fields:
        for each in field.columns or (field,):
            if each.kind != "occupation":
                continue
            names = dict(each.options)
            own = re.compile(
                rf"{re.escape(field.key)}-\d+-{re.escape(each.key)}"
                if field.columns
                else re.escape(field.key)
            )
            for name in filter(own.fullmatch, values):
                out[name] = [
                    f"{code} {names[code]}" if code in names else code for code in values[name]
                ]
    return out


def _theirs(
    form: Form, at: Section, project: Any, typed: dict[str, list[str]]
) -> list[submitted.Difference]:
    """Field by field: what the colleague saved, and what stands in this page."""
    given = unmasked(at.fields, typed, project.answers)
    mine = seal_answers(at.fields, parse_section(at, given).answers, project.answers)
    mine |= {key: project.answers[key] for key in LOCKED if key in project.answers}
    sides = (SimpleNamespace(answers=each, evidence=[]) for each in (project.answers, mine))
    found = submitted.differences(Form(track=form.track, sections=(at,)), *sides)
    return [each for each in found if each.before != each.after]


@page(roles=UNIT, methods=("POST",))
def autosave(request: Request, application_id: int, key: str) -> HttpResponse:
    """Keep what stands in the inputs a few seconds after the last key; answers in JSON."""
    try:
        project, _ = actions.save_section(
            viewer=request.viewer,
            application_id=application_id,
            section=key,
            data=_texts(request),
            revision=revision_of(request),
        )
    except actions.Overtaken as error:
        text = f"{error.message}按“暂存”可对照两份内容。"
        return JsonResponse({"message": text}, status=error.status)
    except DomainError as error:
        return JsonResponse({"message": error.message + error.remedy}, status=error.status)
    saved = f"{project.updated_at.astimezone(clock.BEIJING):%H:%M}"
    return JsonResponse({"saved": saved, "revision": project.revision})


def _texts(request: Request) -> dict[str, list[str]]:
    return {key: [str(text) for text in texts] for key, texts in request.POST.lists()}


A = "applications/<int:application_id>/sections/<slug:key>/"
urlpatterns = [
    path(A, section, name="apply-section"),
    path(A + "autosave/", autosave, name="apply-autosave"),
]
