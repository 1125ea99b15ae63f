"""What a unit does about acceptance: the self-evaluation, the application, what came of it."""

from collections.abc import Iterator
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import path, reverse

from jiangxin.core.kernel.errors import DomainError
from jiangxin.core.scoring.points import shown
from jiangxin.core.workflow import AcceptanceState, ProjectState, Role
from jiangxin.faces.frame.addresses import path_of
from jiangxin.faces.frame.pages import Request, catching, done, page, typed
from jiangxin.faces.frame.picked import picked
from jiangxin.faces.frame.sending import send_document
from jiangxin.faces.frame.uploads import uploads
from jiangxin.records.documents.gates import ACCEPT, ALLOWED
from jiangxin.records.identity.viewer import Viewer
from jiangxin.stages.acceptance import queries
from jiangxin.stages.acceptance.actions import unit
from jiangxin.stages.application.titled import project_of
from jiangxin.stages.titles.queries import title_of

from .navigation import workspace_page
from .titles import Entry

UNIT = frozenset({Role.APPLICANT})
# What a unit should know of each state, in plain words.
PLAIN = {
    AcceptanceState.APPLIED: "已提交，等待省级部门组织验收；材料不全的会退回。",
    AcceptanceState.RETURNED: "已退回。请按退回理由修改后再次申请。",
    AcceptanceState.SCORING: "验收组正在核查和评价，请配合提供资料和现场核查。",
    AcceptanceState.SCORED: "评价已完成，等待省级两部门作出结论。",
    AcceptanceState.CONCLUDED: "已作出结论。",
}


def entries(viewer: Viewer, title: Any) -> Iterator[Entry]:
    """The application when it is due, else how the acceptance stands."""
    url = path_of("my-acceptance", title.pk)
    found = queries.current(title)
    project = project_of(title)
    if project is not None and project.state == ProjectState.UNDER_CONSTRUCTION:
        returned = found is not None and found.state == AcceptanceState.RETURNED
        due = queries.may_apply(title)
        text = {
            (True, True): "验收申请被退回，请按理由修改后再次申请。",
            (True, False): "建设期已满，请填写自评、上传材料，申请验收和绩效评价。",
        }.get((due, returned), "建设期满后申请；可以提前填写自评和上传材料。")
        yield Entry("申请验收", text, url, waits=due)
    elif found is not None:
        state = AcceptanceState(found.state)
        text = f"{PLAIN[state]}{f'等次：{found.grade}。' if state.value == 'concluded' else ''}"
        yield Entry("验收和绩效评价", text, url)


@page(roles=UNIT, methods=("GET", "POST"))
def acceptance(request: Request, title_id: int) -> HttpResponse:
    """Self-evaluation while the unit may write it; what came of every application below."""
    title = title_of(request.viewer, title_id)
    problems: list[DomainError] = []
    if request.method == "POST":
        with catching(problems):
            _save(request, title_id)
            if request.POST.get("_go") == "apply":
                return redirect("my-acceptance-apply", title_id)
            return done(request, "已暂存，尚未提交。", "my-acceptance", title_id)
    project = project_of(title)
    editable = project is not None and project.state == ProjectState.UNDER_CONSTRUCTION
    lines = queries.goal_lines(title) if editable else []
    kept = queries.draft(title) if editable else None
    stored = {"statement": kept.statement if kept else ""}
    for line in lines:
        stored |= {f"actual-{line.number}": line.actual, f"note-{line.number}": line.note}
    return workspace_page(
        request,
        "workspace/acceptance/acceptance.html",
        {
            "title": title,
            "editable": editable,
            "may_apply": editable and queries.may_apply(title),
            "lines": lines,
            "values": typed(request, stored),
            "problems": problems,
            "errors": {each.field: each.message for each in problems if each.field},
            "files": _files(title) if editable else [],
            "accept": ACCEPT,
            "allowed": ALLOWED,
            "rows": [
                _row(each) for each in queries.acceptances(request.viewer).filter(title=title)
            ],
        },
    )


def _save(request: Request, title_id: int) -> None:
    actuals = {
        int(number): {"actual": str(text), "note": request.POST.get(f"note-{number}", "")}
        for name, text in request.POST.items()
        if (number := name.removeprefix("actual-")) != name and number.isdigit()
    }
    unit.save_draft(
        viewer=request.viewer,
        title_id=title_id,
        actuals=actuals,
        statement=request.POST.get("statement", ""),
        files=uploads(request, "files"),
        drop=picked(request, "_drop"),
    )


def _files(title: Any) -> list[dict[str, Any]]:
    return [
        {
            "id": number,
            "name": document.name,
            "size": f"{max(1, document.size // 1024)} KB",
            "url": reverse("my-acceptance-draft-file", args=[title.pk, document.pk]),
        }
        for number, document in queries.draft_files(title)
    ]


def _row(row: Any) -> dict[str, Any]:
    state = AcceptanceState(row.state)
    concluded = state is AcceptanceState.CONCLUDED
    return {
        "row": row,
        "state": state,
        "label": state.label,
        "plain": PLAIN[state],
        "score": shown(row.score) if concluded else "",
        "files": [
            {**item, "url": reverse("my-acceptance-file", args=[row.pk, item["document"]])}
            for item in row.materials
        ],
        "paper": reverse("my-acceptance-file", args=[row.pk, row.paper_id]) if concluded else "",
    }


@page(roles=UNIT, methods=("GET", "POST"))
def apply(request: Request, title_id: int) -> HttpResponse:
    """What will be handed in, once more; then the application."""
    title = title_of(request.viewer, title_id)
    problems: list[DomainError] = []
    if request.method == "POST" and request.POST.get("confirmed") == "yes":
        with catching(problems):
            unit.apply(viewer=request.viewer, title_id=title_id)
            return done(
                request, "验收申请已提交，请等待省级部门组织验收。", "my-acceptance", title_id
            )
    kept = queries.draft(title)
    return workspace_page(
        request,
        "workspace/acceptance/apply.html",
        {
            "title": title,
            "lines": queries.goal_lines(title),
            "statement": kept.statement if kept else "",
            "names": [document.name for _, document in queries.draft_files(title)],
            "consequences": [
                "提交后自评和材料不能再改；材料不全的，省级部门会退回。",
                "验收组将查阅资料和专项资金账目，并到现场核查。",
                "验收不合格的限期整改，一年内仍不符合要求的，取消项目称号。",
            ],
            "problems": problems,
        },
    )


@page(roles=UNIT)
def draft_file(request: Request, title_id: int, document_id: int) -> HttpResponse:
    """A file of the own draft."""
    title = title_of(request.viewer, title_id)
    return send_document(queries.draft_file(request.viewer, title, document_id))


@page(roles=UNIT)
def file(request: Request, acceptance_id: int, document_id: int) -> HttpResponse:
    """A file of an application, or its conclusion."""
    return send_document(queries.material(request.viewer, acceptance_id, document_id))


T = "titles/<int:title_id>/acceptance/"
urlpatterns = [
    path(T, acceptance, name="my-acceptance"),
    path(T + "apply/", apply, name="my-acceptance-apply"),
    path(T + "files/<int:document_id>/", draft_file, name="my-acceptance-draft-file"),
    path(
        "acceptances/<int:acceptance_id>/files/<int:document_id>/", file, name="my-acceptance-file"
    ),
]
