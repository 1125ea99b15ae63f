"""One topic of the form on one page: what is typed is kept at once, evidence stands beside its field."""

import re
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import path, reverse

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import DomainError, Invalid, NotFound
from jiangxin.core.policy import Form, Section, computed_values, field_text, section_values
from jiangxin.core.policy.reading import hints
from jiangxin.core.workflow import ProjectState, Role
from jiangxin.faces.frame import flash, rows
from jiangxin.faces.frame.pages import Request, catching, page, render
from jiangxin.stages.application import actions, queries
from jiangxin.stages.application.merging import labels, marks_text, read_marks
from jiangxin.stages.application.registered import LOCKED
from jiangxin.stages.application.sealing import masks, shown_answers
from jiangxin.stages.examination.queries import open_returns

from . import conflict, eligibility, evidence
from .navigation import revision_of, strip_of, workspace_page

UNIT = frozenset({Role.APPLICANT})
UNDECIDED, CHOOSE = "_undecided", "_choose-"


@dataclass
class Outcome:
    """What came of a POST: what stands in the inputs, what was refused, which fields wait for a choice."""

    values: dict[str, list[str]]
    errors: dict[str, str] = field(default_factory=dict)
    problems: list[DomainError] = field(default_factory=list)
    undecided: tuple[str, ...] = ()
    came: evidence.Came = field(default_factory=evidence.Came)


@page(roles=UNIT, methods=("GET", "POST"))
def section(request: Request, application_id: int, key: str) -> HttpResponse:
    """Save what was typed and attached, then go where the button says."""
    project = queries.application(request.viewer, application_id)
    if project.state not in actions.EDITABLE:
        return redirect("apply-receipt", application_id)
    form = queries.form_of(project)
    at = _section_of(form, key)
    if request.method != "POST":
        outcome = Outcome(section_values(at, shown_answers(project.answers)))
        return _page(request, project, form, at, outcome)
    typed = _texts(request)
    outcome = Outcome(rows.change(typed) if rows.asked(typed) else typed)
    with catching(outcome.problems):
        project = _save(request, project, at, typed, outcome)
    to = _onward(form, at, project, typed.get("_go", [""])[-1])
    if to and not (rows.asked(typed) or outcome.errors or outcome.problems):
        return redirect(to)
    return _page(request, project, form, at, outcome)


def _section_of(form: Form, key: str) -> Section:
    at = form.section(key)
    if at is None:
        raise NotFound("申报表中没有这一部分。", remedy="请从任务清单进入。")
    return at


def _save(
    request: Request, project: Any, at: Section, typed: dict[str, list[str]], outcome: Outcome
) -> Any:
    """Keep answers and files of one page; returns the application, and in `outcome` what was refused.

    Files are kept even where a colleague was faster: they overwrite nothing.
    """
    try:
        saved = _kept(request, project.pk, at.key, outcome.values)
        project, outcome.errors = saved.project, saved.parsed.errors
        outcome.values |= section_values(at, masks(project.answers))
        if saved.theirs:
            outcome.values = conflict.with_theirs(at, outcome.values, project, saved.theirs)
            flash.done(request, _merged(at, saved.theirs))
    except actions.Overtaken as error:
        outcome.problems.append(error)
        project = queries.application(request.viewer, project.pk)
        outcome.undecided = error.fields
        base = read_marks(typed.get("_base", [""])[-1])
        outcome.values = conflict.untouched(at, outcome.values, project, base)
    outcome.came = evidence.change(request, project, typed)
    outcome.problems += outcome.came.problems
    for text in outcome.came.said:
        flash.done(request, text)
    return project


def _kept(request: Request, application_id: int, key: str, data: dict[str, list[str]]) -> Any:
    undecided = data.get(UNDECIDED, [""])[-1].split()
    return actions.save_page(
        viewer=request.viewer,
        application_id=application_id,
        section=key,
        data=data,
        revision=revision_of(request),
        base=read_marks(data.get("_base", [""])[-1]),
        chosen={each: data.get(CHOOSE + each, [""])[-1] for each in undecided},
    )


def _merged(at: Section, keys: tuple[str, ...]) -> str:
    return f"同事刚刚改了{labels(at, keys)}，已经并入，没有被本页覆盖。"


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
    shown = shown_answers(project.answers)
    kept = section_values(at, {key: shown[key] for key in LOCKED if key in shown})
    computed = computed_values(form, shown)
    named = [Invalid(text, field=name) for name, text in outcome.errors.items()]
    returned = project.state == ProjectState.RETURNED
    proofs = evidence.proofs_of(project, form)
    return workspace_page(
        request,
        "workspace/section.html",
        {
            "project": project,
            "strip": strip_of(project),
            "section": at,
            "number": form.sections.index(at) + 1,
            "count": len(form.sections),
            "groups": [
                (by_hand, list(found))
                for by_hand, found in groupby(at.fields, lambda each: each.computed is None)
            ],
            "locked": LOCKED,
            "values": _named_occupations(at, outcome.values | kept),
            "computed": {
                each.key: field_text(each, computed[each.key])
                for each in at.fields
                if each.key in computed
            },
            "errors": outcome.errors,
            "warnings": hints(at, project.answers),
            "problems": [*outcome.problems, *named],
            "base": marks_text(at, project.answers),
            "undecided": outcome.undecided,
            "differing": conflict.differing(form, at, project, outcome),
            "returns": [r for r in open_returns(project) if r.section == at.key]
            if returned
            else [],
            "proofs": {
                each.key: evidence.part(each, proofs, outcome.came)
                for each in at.fields
                if each.evidence != "none"
            },
            "saved": _time(project) if project.revision else "",
            **eligibility.beside(project, at, proofs.counts()),
        },
        status=422 if outcome.problems or outcome.errors else 200,
    )


def _time(project: Any) -> str:
    return f"{project.updated_at.astimezone(clock.BEIJING):%H:%M}"


def _named_occupations(at: Section, values: dict[str, list[str]]) -> dict[str, list[str]]:
    """The same inputs with the name behind each occupation's code; it is read back all the same."""
    out = dict(values)
    for asked in at.fields:
        for each in asked.columns or (asked,):
            if each.kind != "occupation":
                continue
            names = dict(each.options)
            own = re.compile(
                rf"{re.escape(asked.key)}-\d+-{re.escape(each.key)}"
                if asked.columns
                else re.escape(asked.key)
            )
            for name in filter(own.fullmatch, values):
                out[name] = [
                    f"{code} {names[code]}" if code in names else code for code in values[name]
                ]
    return out


@page(roles=UNIT, methods=("POST",))
def autosave(request: Request, application_id: int, key: str) -> HttpResponse:
    """Keep what stands in the inputs a few seconds after a key was pressed; answers in JSON.

    `saved`: the time; `revision` and `base`: what the page sends with its next save; `merged`: what
    was changed elsewhere and stays so. While such a change is not on the page, its revision stays old.
    """
    sent = _texts(request)
    try:
        saved = _kept(request, application_id, key, sent)
    except actions.Overtaken as error:
        text = f"{error.message}按“暂存”可对照两份内容，逐项选择。"
        return JsonResponse({"message": text, "conflict": True}, status=error.status)
    except DomainError as error:
        return JsonResponse({"message": error.message + error.remedy}, status=error.status)
    at = _section_of(queries.form_of(saved.project), key)
    return JsonResponse(
        {
            "saved": _time(saved.project),
            "revision": revision_of(request) if saved.theirs else saved.project.revision,
            "base": marks_text(at, saved.shown),
            "merged": _merged(at, saved.theirs) if saved.theirs else "",
        }
    )


@page(roles=UNIT)
def findings(request: Request, application_id: int, key: str) -> HttpResponse:
    """The conditions as they stand now, for the place beside the form."""
    project = queries.application(request.viewer, application_id)
    at = _section_of(queries.form_of(project), key)
    context = eligibility.beside(project, at, queries.evidence_counts(project))
    return render(request, "workspace/eligibility.html", context)


def _texts(request: Request) -> dict[str, list[str]]:
    return {key: [str(text) for text in texts] for key, texts in request.POST.lists()}


A = "applications/<int:application_id>/sections/<slug:key>/"
urlpatterns = [
    path(A, section, name="apply-section"),
    path(A + "autosave/", autosave, name="apply-autosave"),
    path(A + "findings/", findings, name="apply-findings"),
]
