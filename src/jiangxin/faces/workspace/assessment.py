"""What a unit does about the assessment of its title of 2011–2020: it reports, then it reads the outcome."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from django.http import HttpResponse
from django.urls import path

from jiangxin.core.kernel.errors import DomainError
from jiangxin.core.workflow import AssessmentState, Role, TitleState
from jiangxin.faces.frame import assessed
from jiangxin.faces.frame.addresses import path_of
from jiangxin.faces.frame.pages import Request, catching, done, page, typed
from jiangxin.faces.frame.sending import send_document
from jiangxin.records.documents.gates import ACCEPT, ALLOWED
from jiangxin.records.identity.viewer import Viewer
from jiangxin.stages.assessment import actions, queries
from jiangxin.stages.assessment.choices import PARTS, PASSING
from jiangxin.stages.assessment.rules import report_problems

from .navigation import workspace_page

if TYPE_CHECKING:
    from .titles import Entry

SUBJECTS = {"assessment": "my-assessment"}
UNIT = frozenset({Role.APPLICANT})
A = AssessmentState
PLAIN = {
    A.REPORTED: "自评已提交，等待省级人社、财政部门评定。",
    A.JUDGED: "自评已提交，省级人社、财政部门正在会商结论。",
    A.CANCELLED: "这项考核已撤销，不作结论。",
}


def entries(viewer: Viewer, title: Any) -> "Iterator[Entry]":
    """The assessments of a title: the one to report on, and those that were sent in or concluded."""
    from .titles import Entry

    for row in queries.of_title(viewer, title):
        url, label = path_of("my-assessment", row.pk), f"{row.year} 年考核"
        if row.state == A.PLANNED and title.state == TitleState.TITLED:
            text = f"自评被退回：{row.return_reason}" if row.return_reason else "请提交考核自评。"
            yield Entry(label, text, url, waits=True, due=row.batch.due_on)
        elif row.state == A.CONCLUDED:
            yield Entry(label, f"考核结论：{row.get_grade_display()}。", url)
        elif row.state in PLAIN:
            yield Entry(label, PLAIN[A(row.state)], url)


@page(roles=UNIT, methods=("GET", "POST"))
def report(request: Request, assessment_id: int) -> HttpResponse:
    """The report: written and kept, read through once more, sent in; then the outcome."""
    row = queries.assessment(request.viewer, assessment_id)
    problems: list[DomainError] = []
    asking = False
    if request.method == "POST":
        if request.POST.get("confirmed") == "yes":
            with catching(problems):
                actions.send_report(viewer=request.viewer, assessment_id=row.pk)
                return done(request, "自评已提交。", "my-assessment", row.pk)
        else:
            problems += assessed.keep(request, row.pk)
        row = queries.assessment(request.viewer, assessment_id)
        asking = not problems and request.POST.get("do") == "send"
        if asking:
            problems += report_problems(row)
        elif not problems:
            return done(request, "已暂存，尚未提交。", "my-assessment", row.pk)
    return _page(request, row, problems, asking=asking and not problems)


def _page(request: Request, row: Any, problems: list[DomainError], *, asking: bool) -> HttpResponse:
    concluded = row.state == A.CONCLUDED
    return workspace_page(
        request,
        "workspace/assessment.html",
        {
            "row": row,
            "title": row.title,
            "batch": str(row.batch),
            "state": row.get_state_display(),
            "plain": PLAIN.get(A(row.state), ""),
            "editable": row.state == A.PLANNED and row.title.state == TitleState.TITLED,
            "gone": row.title.state != TitleState.TITLED,
            "asking": asking,
            "concluded": concluded,
            "passed": concluded and row.grade in PASSING,
            "grade": row.get_grade_display() if concluded else "",
            "parts": PARTS,
            "answers": assessed.answers_of(row),
            "files": assessed.files_of(row, "my-assessment-file"),
            "accept": ACCEPT,
            "allowed": ALLOWED,
            "values": typed(request, assessed.inputs_of(row)),
            "problems": problems,
            "errors": {each.field: each.message for each in problems if each.field},
        },
    )


@page(roles=UNIT)
def file(request: Request, assessment_id: int, document_id: int) -> HttpResponse:
    """One file of the unit's own report."""
    return send_document(queries.attached_file(request.viewer, assessment_id, document_id))


urlpatterns = [
    path("titles/assessments/<int:assessment_id>/", report, name="my-assessment"),
    path(
        "titles/assessments/<int:assessment_id>/files/<int:document_id>/",
        file,
        name="my-assessment-file",
    ),
]
