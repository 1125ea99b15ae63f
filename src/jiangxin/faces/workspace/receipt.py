"""After submission: the receipt that proves it, the progress so far, the versions side by side."""

import json
from typing import Any

from django.http import HttpResponse
from django.urls import path

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import NotFound
from jiangxin.core.workflow import ProjectState, Role, event_label
from jiangxin.faces.frame import submitted
from jiangxin.faces.frame.pages import Request, page
from jiangxin.records.ledger.queries import receipt as receipt_of
from jiangxin.stages.application import paper, queries
from jiangxin.stages.application.recommending import opinions
from jiangxin.stages.examination.queries import rejection, returns
from jiangxin.stages.publicity.queries import known_state
from jiangxin.stages.publicity.story import project_history

from .check import sheet_of
from .home import PLAIN
from .navigation import strip_of, workspace_page
from .scan import scan_context
from .taking_back import ways

UNIT = frozenset({Role.APPLICANT})
SUBJECTS = {"project": "apply-receipt"}
P = ProjectState


@page(roles=UNIT)
def receipt(request: Request, application_id: int) -> HttpResponse:
    """Number, time and digest of the newest version; what happens next; the whole progress."""
    project = queries.application(request.viewer, application_id)
    versions = queries.versions(project)
    state = known_state(request.viewer, project)
    return workspace_page(
        request,
        "workspace/receipt.html",
        {
            "project": project,
            "strip": strip_of(project) if state not in _ENDED else None,
            "version": versions[-1] if versions else None,
            "versions": versions,
            "plain": PLAIN[state],
            "state": state.value,
            "label": state.label,
            "steps": [*_steps(request, project), *_first(state), *_ahead(state)],
            "returns": returns(project),
            "rejection": rejection(project) if state is ProjectState.REJECTED else None,
            "recommended": _recommended(project),
            **ways(request.viewer, project),
            **_on_paper(project, versions),
            "editable": state in (ProjectState.DRAFT, ProjectState.RETURNED),
        },
    )


def _on_paper(project: Any, versions: list[Any]) -> dict[str, Any]:
    """The newest version as a file, and how it stands with its sealed copy."""
    if not versions:
        return {"sheet": None, "scan": None}
    newest = paper.content_of(versions[-1])
    return {"sheet": sheet_of(project, newest), "scan": scan_context(project, newest)}


def _recommended(project: Any) -> list[dict[str, Any]]:
    """What recommending bodies said, as the unit may read it; no query where none is asked."""
    if project.recommender_id is None:
        return []
    return [
        {
            "body": each.body.name,
            "word": "推荐" if each.recommends else "不予推荐",
            "opinion": each.opinion,
            "at": each.at,
            "void": each.void_at is not None,
        }
        for each in opinions(project)
    ]


_ENDED = (
    P.NOT_RECOMMENDED,
    ProjectState.WITHDRAWN,
    ProjectState.REJECTED,
    ProjectState.NOT_SELECTED,
)


def _steps(request: Request, project: Any) -> list[dict[str, Any]]:
    """What has happened to the project as its unit may know it, for the `timeline` macro."""
    return [
        {
            "label": event_label(event.type),
            "at": event.at.astimezone(clock.BEIJING).date(),
            "note": str(event.payload.get("reason", "")),
            "status": "done",
        }
        for event in project_history(request.viewer, project)
    ]


# What is still ahead, and the states in which each step is the present one.
AHEAD = (
    ((P.SUBMITTED,), "资格审查", "省级人社部门逐条审查；有问题会退回补正"),
    ((P.EXAMINED, P.UNDER_REVIEW), "专家评审", "随机抽取的专家独立评分"),
    ((P.REVIEWED,), "确定推荐名单", "省级人社、财政部门共同确定"),
    ((P.PROPOSED, P.PUBLICISED), "公示", "推荐名单面向社会公示"),
    ((P.CONFIRMED,), "报送备案", "由省级两部门报人力资源社会保障部、财政部"),
    ((P.FILED, P.FILING_RETURNED), "两部备案登记", "登记后成为国家级项目"),
)


def _first(state: ProjectState) -> list[dict[str, Any]]:
    """The recommending body's step while it is the present one; most provinces have none."""
    if state is not P.WITH_RECOMMENDER:
        return []
    note = "推荐部门先行审查；推荐后由省级人社部门资格审查"
    return [{"label": "推荐", "at": None, "note": note, "status": "now"}]


def _ahead(state: ProjectState) -> list[dict[str, Any]]:
    """The steps that follow for a project in `state`, for the `timeline` macro; no dates yet."""
    before = state is P.WITH_RECOMMENDER
    place = next((n for n, step in enumerate(AHEAD) if state in step[0]), len(AHEAD))
    return [
        {"label": label, "at": None, "note": note, "status": "next" if number or before else "now"}
        for number, (_, label, note) in enumerate(AHEAD if before else AHEAD[place:])
    ]


@page(roles=UNIT)
def receipt_file(request: Request, application_id: int, number: int) -> HttpResponse:
    """The receipt of one version as JSON: the stand-alone verifier checks it."""
    project = queries.application(request.viewer, application_id)
    version = next((each for each in queries.versions(project) if each.number == number), None)
    if version is None:
        raise NotFound("没有这个版本的回执。")
    body = json.dumps(receipt_of(version.event_id), ensure_ascii=False, indent=1)
    response = HttpResponse(body, content_type="application/json; charset=utf-8")
    name = f"{project.number}-v{number}-receipt.json"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@page(roles=UNIT)
def version(request: Request, application_id: int, number: int) -> HttpResponse:
    """One submitted version as it was, and what changed since the one before."""
    project = queries.application(request.viewer, application_id)
    found = {each.number: each for each in queries.versions(project)}
    if number not in found:
        raise NotFound("没有这个版本。")
    form = queries.form_of(project)
    before = found.get(number - 1)
    changes = submitted.differences(form, before, found[number]) if before else []
    return workspace_page(
        request,
        "workspace/version.html",
        {
            "project": project,
            "version": found[number],
            "before": before,
            "sheet": sheet_of(project, paper.content_of(found[number])),
            "changes": changes,
            "pages": submitted.pages(
                form, found[number].answers, found[number].evidence, project.pk
            ),
        },
    )


A = "applications/<int:application_id>/"
urlpatterns = [
    path(A + "receipt/", receipt, name="apply-receipt"),
    path(A + "receipt/<int:number>.json", receipt_file, name="apply-receipt-file"),
    path(A + "versions/<int:number>/", version, name="apply-version"),
]
