"""Several applications at once: first every effect by name, then the act."""

from collections.abc import Callable
from typing import Any

from django.http import HttpResponse
from django.urls import path

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import DomainError, Invalid
from jiangxin.core.workflow import ProjectState, Role
from jiangxin.faces.frame import flash
from jiangxin.faces.frame.pages import Request, done, page
from jiangxin.faces.frame.picked import picked
from jiangxin.records.identity.viewer import Viewer
from jiangxin.stages.application.queries import form_of
from jiangxin.stages.examination import actions, cases, queries, second

from .navigation import desk_page

HR = frozenset({Role.PROVINCE_HR})
MOST = 200  # applications in one bulk decision: as many as a person can read on the preview
SEATS = [(key, label) for key, label in cases.SEATS.items()]


@page(roles=HR, methods=("POST",))
def bulk(request: Request) -> HttpResponse:
    """Assign, pass or return what was picked."""
    chosen = queries.chosen(request.viewer, _ids(request))
    if not chosen:
        raise Invalid("没有选中可办理的申报。", remedy="请返回列表，先勾选再办理。")
    way = WAYS.get(request.POST.get("act", ""))
    if way is None:
        raise Invalid("没有这种办理方式。", remedy="请返回列表重新选择。")
    return way(request, chosen)


def _ids(request: Request) -> list[int]:
    found = [int(each) for each in request.POST.getlist("ids") if each.isdigit() and len(each) < 18]
    if len(found) > MOST:
        raise Invalid(f"一次最多办理 {MOST} 项，已选 {len(found)} 项。", remedy="请分批办理。")
    return found


def _closed(project: Any) -> str:
    """Why nothing can be done to it, by its state alone."""
    if project.state == ProjectState.SUBMITTED:
        return ""
    return f"当前状态为“{ProjectState(project.state).label}”，不在审查中"


def _of_another(viewer: Viewer, project: Any) -> str:
    """Why the viewer may not decide on it: somebody else examines it."""
    case = getattr(project, "case", None)
    if case is None or case.examiner is None or case.examiner_id == viewer.user_id:
        return ""
    return f"由{case.examiner.name}审查"


# --- assign


def _assign(request: Request, chosen: list[Any]) -> HttpResponse:
    """To whom, and as what; those under way change hands, and their examiner is told."""
    people = [(str(each.pk), each.name) for each in queries.colleagues(request.viewer)]
    values = {key: request.POST.get(key, "") for key in ("user", "seat")}
    values["seat"] = values["seat"] or "examiner"
    problems: list[DomainError] = []
    asked = request.POST.get("step") == "send"
    if asked and values["user"] not in dict(people):
        problems.append(Invalid("请选择一位审查人。", clause="3.1", field="user"))
    if asked and not problems and request.POST.get("confirmed") == "yes":
        person, seat = picked(request, "user")[0], values["seat"]
        return _report(
            request,
            chosen,
            lambda each: cases.assign(
                viewer=request.viewer, application_id=each.pk, user_id=person, seat=seat
            ),
            "分派",
        )
    context = {
        "chosen": [
            {"project": each, "problem": _unassignable(each), "from": _holder(each)}
            for each in chosen
        ],
        "people": people,
        "seats": SEATS,
        "values": values,
        "problems": problems,
        "errors": {each.field: each.message for each in problems},
        "ready": asked and not problems,
        "name": dict(people).get(values["user"], ""),
    }
    return desk_page(request, "desk/examination/bulk_assign.html", context)


def _unassignable(project: Any) -> str:
    return "" if project.state == ProjectState.RETURNED else _closed(project)


def _holder(project: Any) -> str:
    case = getattr(project, "case", None)
    return case.examiner.name if case and case.examiner else ""


# --- pass


def _pass(request: Request, chosen: list[Any]) -> HttpResponse:
    viewer = request.viewer
    if request.POST.get("confirmed") == "yes":
        return _report(
            request,
            chosen,
            lambda each: actions.pass_examination(viewer=viewer, application_id=each.pk),
            "资格审查通过",
        )
    effects = [_effect_of_passing(viewer, each) for each in chosen]
    ready = [each for each in effects if not each["problem"]]
    context = {"effects": effects, "ready": ready}
    return desk_page(request, "desk/examination/bulk_pass.html", context, status=200)


def _effect_of_passing(viewer: Viewer, project: Any) -> dict[str, Any]:
    """What passing would do to one application, or why it can not be passed."""
    said = queries.conclusions(project) if second.needed(project) else []
    problem = _closed(project) or ("" if said else _of_another(viewer, project))
    if any(each.user_id == viewer.user_id for each in said):
        problem = problem or "您已作出结论，须由另一人复核"
    if not problem:
        still_open = queries.open_lines(project)
        if still_open:
            names = "、".join(line.finding.norm for line in still_open[:5])
            problem = f"还有 {len(still_open)} 项未判定为符合：{names}"
    first_of_two = second.needed(project) and not said
    return {
        "project": project,
        "problem": problem,
        "note": "记下结论，待第二人复核" if first_of_two else "",
    }


# --- return


def _return(request: Request, chosen: list[Any]) -> HttpResponse:
    sections = common_sections(chosen)
    section, reason = request.POST.get("section", ""), request.POST.get("reason", "")
    problems: list[DomainError] = []
    asked = request.POST.get("step") == "send"
    if asked and section not in dict(sections):
        problems.append(Invalid("请选择需要补正的部分。", field="section"))
    if asked and not reason.strip():
        problems.append(Invalid("请写明退回的原因。", clause="3.1", field="reason"))
    if asked and not problems and request.POST.get("confirmed") == "yes":
        defects = [actions.Defect(section=section, reason=reason)]
        return _report(
            request,
            chosen,
            lambda each: actions.send_back(
                viewer=request.viewer, application_id=each.pk, defects=defects
            ),
            "退回补正",
        )
    effects = [_effect_of_returning(request.viewer, each) for each in chosen]
    context = {
        "chosen": effects,
        "count": sum(not each["problem"] for each in effects),
        "sections": sections,
        "values": {"section": section, "reason": reason},
        "problems": problems,
        "errors": {each.field: each.message for each in problems},
        "ready": asked and not problems,
    }
    return desk_page(request, "desk/examination/bulk_return.html", context)


def _effect_of_returning(viewer: Viewer, project: Any) -> dict[str, Any]:
    problem = _closed(project) or _of_another(viewer, project)
    due = queries.correction_due(project, today=clock.today())
    return {"project": project, "due": due, "problem": problem}


def common_sections(chosen: list[Any]) -> list[tuple[str, str]]:
    """The sections that every one of these applications has, in the order of the first one's form."""
    forms = [form_of(each) for each in chosen]
    shared = set.intersection(*({section.key for section in form.sections} for form in forms))
    return [(section.key, section.title) for section in forms[0].sections if section.key in shared]


def _report(
    request: Request, chosen: list[Any], act: Callable[[Any], object], what: str
) -> HttpResponse:
    """Do each act on its own, so that one refusal undoes no other; say how many, and what was refused."""
    refused = []
    for project in chosen:
        try:
            act(project)
        except DomainError as error:
            refused.append(f"{project.title}：{error.message}")
    for line in refused[:10]:
        flash.warn(request, line)
    if len(refused) > 10:
        flash.warn(request, f"另有 {len(refused) - 10} 项未办理。")
    return done(request, f"{what} {len(chosen) - len(refused)} 项。", "desk-examination")


WAYS = {"assign": _assign, "pass": _pass, "return": _return}

urlpatterns = [path("examination/bulk/", bulk, name="desk-examination-bulk")]
