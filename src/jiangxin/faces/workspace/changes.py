"""What a unit does when its title changes: choose what, say why, follow it."""

from collections.abc import Iterator
from typing import Any

from django.http import HttpResponse
from django.urls import path, reverse

from jiangxin.core.kernel.errors import DomainError, NotFound
from jiangxin.core.workflow import ChangeState, Role, TitleState
from jiangxin.faces.frame.addresses import path_of
from jiangxin.faces.frame.asking import FILES, Ask, files
from jiangxin.faces.frame.change_form import PLAIN, questions, wanted
from jiangxin.faces.frame.pages import Request, catching, done, page
from jiangxin.faces.frame.sending import send_document
from jiangxin.faces.frame.uploads import uploads
from jiangxin.records.identity.viewer import Viewer
from jiangxin.stages.changes import actions, queries
from jiangxin.stages.changes.choices import ChangeKind
from jiangxin.stages.titles.queries import title_of

from .asking import ask_page
from .navigation import workspace_page
from .titles import Entry

UNIT = frozenset({Role.APPLICANT})
SUBJECTS = {"change": "my-change"}  # where a message about one leads


def entries(viewer: Viewer, title: Any) -> Iterator[Entry]:
    """The page of this title's changes; nothing of it waits for the unit."""
    if title.state == TitleState.TITLED or queries.of_title(viewer, title):
        yield Entry(
            "称号变更",
            "带头人变更、单位更名、合并划转或撤销，在这里申请和查看。",
            path_of("my-changes", title.pk),
        )


@page(roles=UNIT)
def changes(request: Request, title_id: int) -> HttpResponse:
    """What can be asked for, and what was."""
    title = title_of(request.viewer, title_id)
    rows = queries.of_title(request.viewer, title)
    pending = any(each.state == ChangeState.REQUESTED for each in rows)
    kinds = [
        {
            "label": kind.label,
            "text": PLAIN[kind],
            "url": reverse("my-change-request", args=[title.pk, kind.value]),
        }
        for kind in ChangeKind
        if kind is not ChangeKind.LEADER or title.kind == "studio"
    ]
    stands = title.state == TitleState.TITLED
    return workspace_page(
        request,
        "workspace/changes/list.html",
        {
            "title": title,
            "rows": [{"row": each, "state": each.get_state_display()} for each in rows],
            "kinds": kinds if stands and not pending else [],
            "pending": pending,
        },
    )


@page(roles=UNIT, methods=("GET", "POST"))
def ask(request: Request, title_id: int, kind: str) -> HttpResponse:
    """Ask for a change of this kind."""
    title = title_of(request.viewer, title_id)
    if kind not in ChangeKind.values:
        raise NotFound("没有这种变更。")
    problems: list[DomainError] = []
    if request.method == "POST":
        with catching(problems):
            row = actions.request(
                viewer=request.viewer,
                title_id=title_id,
                kind=kind,
                reason=request.POST.get("reason", ""),
                wanted=wanted(request),
                uploads=uploads(request, FILES),
            )
            return done(request, "已提交，等待省级两部门审批。", "my-change", row.pk)
    found = ChangeKind(kind)
    form = Ask(
        title=found.label,
        kicker=title.name,
        intro=(PLAIN[found],),
        questions=questions(found),
        files="证明材料",
        button="提交申请",
        action=request.path,
        back=reverse("my-changes", args=[title_id]),
    )
    return ask_page(request, form, problems)


@page(roles=UNIT)
def change(request: Request, change_id: int) -> HttpResponse:
    """One request and what came of it."""
    row = queries.change(request.viewer, change_id)
    return workspace_page(
        request,
        "workspace/changes/change.html",
        {
            "change": row,
            "title": row.title,
            "state": row.get_state_display(),
            "lines": [
                {"label": each.label, "before": each.before, "after": each.after}
                for each in queries.lines(row)
            ],
            "papers": files(row.papers, "my-change-file", row.pk),
        },
    )


@page(roles=UNIT)
def file(request: Request, change_id: int, document_id: int) -> HttpResponse:
    """One file of the unit's request."""
    return send_document(queries.change_file(request.viewer, change_id, document_id))


urlpatterns = [
    path("titles/<int:title_id>/changes/", changes, name="my-changes"),
    path("titles/<int:title_id>/changes/<slug:kind>/", ask, name="my-change-request"),
    path("changes/<int:change_id>/", change, name="my-change"),
    path("changes/<int:change_id>/files/<int:document_id>/", file, name="my-change-file"),
]
