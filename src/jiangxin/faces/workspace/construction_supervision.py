"""The unit's findings and activities."""

from django.http import HttpResponse
from django.urls import path

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import DomainError
from jiangxin.core.workflow import FindingState, Role, TitleState
from jiangxin.faces.frame.pages import Request, catching, done, page, typed
from jiangxin.faces.frame.uploads import uploads
from jiangxin.records.documents.gates import ACCEPT, ALLOWED
from jiangxin.stages.construction import queries
from jiangxin.stages.construction.actions import activities as doing
from jiangxin.stages.construction.actions import findings as mending
from jiangxin.stages.construction.queries import activities as listed
from jiangxin.stages.construction.queries import supervision
from jiangxin.stages.construction.reading import count, day
from jiangxin.stages.titles.queries import title_of

from .navigation import workspace_page

UNIT = frozenset({Role.APPLICANT})
MOST = 200  # activities on one page: the newest


@page(roles=UNIT)
def findings(request: Request, title_id: int) -> HttpResponse:
    """Every problem that was found at one title, with where it stands; and the visits."""
    title = title_of(request.viewer, title_id)
    today = clock.today()
    return workspace_page(
        request,
        "workspace/construction/findings.html",
        {
            "title": title,
            "findings": [
                (
                    each,
                    each.get_state_display(),
                    each.state == FindingState.OPEN and each.due < today,
                )
                for each in supervision.findings(request.viewer).filter(title=title)
            ],
            "visits": list(supervision.visits(request.viewer).filter(construction__title=title)),
        },
    )


@page(roles=UNIT, methods=("GET", "POST"))
def finding(request: Request, finding_id: int) -> HttpResponse:
    """One problem; while it is open, the unit says what it has done about it."""
    row = supervision.finding(request.viewer, finding_id)
    problems: list[DomainError] = []
    if request.method == "POST":
        with catching(problems):
            mending.answer(
                viewer=request.viewer,
                finding_id=finding_id,
                text=request.POST.get("text", ""),
                files=uploads(request),
            )
            return done(request, "整改情况已提交，等待省级部门复核。", "my-finding", finding_id)
    return workspace_page(
        request,
        "workspace/construction/finding.html",
        {
            "row": row,
            "title": row.title,
            "state": row.get_state_display(),
            "late": row.state == FindingState.OPEN and row.due < clock.today(),
            "open": row.state == FindingState.OPEN,
            "remarks": supervision.remarks(row),
            "accept": ACCEPT,
            "allowed": ALLOWED,
            "problems": problems,
            "errors": {each.field: each.message for each in problems if each.field},
            "values": typed(request, {"text": ""}),
        },
    )


@page(roles=UNIT, methods=("GET", "POST"))
def activities(request: Request, title_id: int) -> HttpResponse:
    """What a title did for the five functions; enter one more, or take a wrong one back."""
    title = title_of(request.viewer, title_id)
    problems: list[DomainError] = []
    if request.method == "POST":
        with catching(problems):
            text = _change(request, title_id)
            return done(request, text, "my-activities", title_id)
    labels = listed.functions()
    rows = listed.activities(request.viewer).filter(title=title)[:MOST]
    return workspace_page(
        request,
        "workspace/construction/activities.html",
        {
            "title": title,
            "may": title.state == TitleState.TITLED,
            "functions": list(labels.items()),
            "counts": queries.activities_by_function(request.viewer, title),
            "rows": [(each, labels.get(each.function, "")) for each in rows],
            "accept": ACCEPT,
            "allowed": ALLOWED,
            "problems": problems,
            "errors": {each.field: each.message for each in problems if each.field},
            "values": typed(request, {"function": "", "held_on": "", "name": "", "persons": ""}),
        },
    )


def _change(request: Request, title_id: int) -> str:
    """Enter an activity, or void one; returns what to say."""
    post, viewer = request.POST, request.viewer
    wrong = post.get("void", "")
    if wrong.isascii() and wrong.isdigit():
        doing.void(viewer=viewer, activity_id=int(wrong), reason=post.get("reason", ""))
        return "已作废，不再计入统计。"
    doing.record(
        viewer=viewer,
        title_id=title_id,
        function=post.get("function", ""),
        held_on=day(post.get("held_on", ""), "活动日期", "held_on"),
        name=post.get("name", ""),
        persons=count(post.get("persons", ""), "人次", "persons", most=doing.MOST_PERSONS),
        files=uploads(request),
    )
    return "活动已登记。"


urlpatterns = [
    path("titles/<int:title_id>/findings/", findings, name="my-findings"),
    path("findings/<int:finding_id>/", finding, name="my-finding"),
    path("titles/<int:title_id>/activities/", activities, name="my-activities"),
]
