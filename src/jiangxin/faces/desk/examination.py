"""The queue of the formal examination, and decisions on several applications at once."""

from typing import Any

from django.http import HttpResponse
from django.urls import path, reverse

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import DomainError, Invalid
from jiangxin.core.workflow import ProjectState, Role
from jiangxin.faces.frame import flash
from jiangxin.faces.frame.pages import Request, done, page
from jiangxin.records.identity.viewer import Viewer
from jiangxin.stages.application.queries import form_of
from jiangxin.stages.examination import actions, queries

from . import examination_sheet
from .examination_sheet import queue_listing
from .navigation import PROVINCE_DESK, Link, desk_page
from .projects import FIELDS

LINKS = (
    Link(
        name="desk-examination",
        label="资格审查",
        icon="check-circle",
        roles=PROVINCE_DESK,
        group="申报与审查",
        states=(ProjectState.SUBMITTED,),
    ),
)
HR = frozenset({Role.PROVINCE_HR})
MOST = 200  # applications in one bulk decision: as many as a person can read on the preview


@page(roles=PROVINCE_DESK)
def queue(request: Request) -> HttpResponse:
    """What waits for examination, and what is back with its unit for correction."""
    rows = queries.queue(request.viewer).values(*FIELDS, "judged")
    shown = queue_listing(request.viewer).show(rows, request)
    context = {
        "list": shown,
        "may_act": request.viewer.role in HR,
        "empty": {
            "title": "没有待审的申报",
            "why": "单位提交申报或补正后再次提交，就会出现在这里。已审结的项目见“全部项目”。",
            "action_label": "全部项目",
            "action_url": reverse("desk-projects"),
        },
    }
    return shown.export("资格审查") or desk_page(request, "desk/examination/queue.html", context)


@page(roles=HR, methods=("POST",))
def bulk(request: Request) -> HttpResponse:
    """Pass or return several applications: first every effect by name, then the act."""
    viewer, act = request.viewer, request.POST.get("act", "")
    chosen = queries.chosen(viewer, _ids(request))
    if not chosen:
        raise Invalid("没有选中可办理的申报。", remedy="请返回列表，先勾选再办理。")
    if act == "pass":
        return _bulk_pass(request, chosen)
    if act == "return":
        return _bulk_return(request, chosen)
    raise Invalid("没有这种办理方式。", remedy="请返回列表重新选择。")


def _ids(request: Request) -> list[int]:
    found = [int(each) for each in request.POST.getlist("ids") if each.isdigit() and len(each) < 18]
    if len(found) > MOST:
        raise Invalid(f"一次最多办理 {MOST} 项，已选 {len(found)} 项。", remedy="请分批办理。")
    return found


def _bulk_pass(request: Request, chosen: list[Any]) -> HttpResponse:
    if request.POST.get("confirmed") == "yes":
        return _report(
            request,
            [(each, lambda each=each: _pass(request.viewer, each)) for each in chosen],
            "资格审查通过",
        )
    effects = [_effect_of_passing(each) for each in chosen]
    ready = [each for each in effects if not each["problem"]]
    context = {"effects": effects, "ready": ready}
    return desk_page(request, "desk/examination/bulk_pass.html", context, status=200)


def _effect_of_passing(project: Any) -> dict[str, Any]:
    """What passing would do to one application, or why it can not be passed."""
    problem = ""
    if project.state != ProjectState.SUBMITTED:
        problem = f"当前状态为“{ProjectState(project.state).label}”，不在审查中"
    else:
        still_open = queries.open_lines(project)
        if still_open:
            names = "、".join(line.finding.norm for line in still_open[:5])
            problem = f"还有 {len(still_open)} 项未判定为符合：{names}"
    return {"project": project, "problem": problem}


def _pass(viewer: Viewer, project: Any) -> None:
    actions.pass_examination(viewer=viewer, application_id=project.pk)


def _bulk_return(request: Request, chosen: list[Any]) -> HttpResponse:
    sections = common_sections(chosen)
    section, reason = request.POST.get("section", ""), request.POST.get("reason", "")
    problems: list[DomainError] = []
    if request.POST.get("step") == "send":
        if section not in dict(sections):
            problems.append(Invalid("请选择需要补正的部分。", field="section"))
        if not reason.strip():
            problems.append(Invalid("请写明退回的原因。", clause="3.1", field="reason"))
        if not problems and request.POST.get("confirmed") == "yes":
            defects = [actions.Defect(section=section, reason=reason)]
            return _report(
                request,
                [
                    (each, lambda each=each: _send_back(request.viewer, each, defects))
                    for each in chosen
                ],
                "退回补正",
            )
    today = clock.today()
    context = {
        "chosen": [
            {
                "project": each,
                "due": queries.correction_due(each, today=today),
                "problem": ""
                if each.state == ProjectState.SUBMITTED
                else f"当前状态为“{ProjectState(each.state).label}”，不会改变",
            }
            for each in chosen
        ],
        "sections": sections,
        "values": {"section": section, "reason": reason},
        "problems": problems,
        "errors": {each.field: each.message for each in problems},
        "ready": request.POST.get("step") == "send" and not problems,
    }
    return desk_page(request, "desk/examination/bulk_return.html", context)


def _send_back(viewer: Viewer, project: Any, defects: list[actions.Defect]) -> None:
    actions.send_back(viewer=viewer, application_id=project.pk, defects=defects)


def common_sections(chosen: list[Any]) -> list[tuple[str, str]]:
    """The sections that every one of these applications has, in the order of the first one's form."""
    forms = [form_of(each) for each in chosen]
    shared = set.intersection(*({section.key for section in form.sections} for form in forms))
    return [(section.key, section.title) for section in forms[0].sections if section.key in shared]


def _report(request: Request, acts: list[tuple[Any, Any]], what: str) -> HttpResponse:
    """Do each act on its own, so that one refusal undoes no other; say how many, and what was refused."""
    refused = []
    for project, act in acts:
        try:
            act()
        except DomainError as error:
            refused.append(f"{project.title}：{error.message}")
    for line in refused[:10]:
        flash.warn(request, line)
    if len(refused) > 10:
        flash.warn(request, f"另有 {len(refused) - 10} 项未办理。")
    return done(request, f"{what} {len(acts) - len(refused)} 项。", "desk-examination")


urlpatterns = [
    path("examination/", queue, name="desk-examination"),
    path("examination/bulk/", bulk, name="desk-examination-bulk"),
    *examination_sheet.urlpatterns,
]
