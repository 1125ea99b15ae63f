"""Check your answers: the form as it will print, what is missing, and what the conditions say."""

from collections import Counter
from typing import Any

from django.http import HttpResponse
from django.urls import reverse

from jiangxin.core.kernel.errors import DomainError
from jiangxin.core.policy import Verdict
from jiangxin.core.workflow import ProjectState
from jiangxin.faces.frame import submitted
from jiangxin.faces.frame.pages import Request
from jiangxin.stages.application import actions, paper, queries
from jiangxin.stages.application.scan import wanted_before

from . import approval_state
from .navigation import strip_of, workspace_page
from .scan import scan_context


def check_page(request: Request, project: Any, problems: list[DomainError]) -> HttpResponse:
    """The whole form; `problems` say why it was not submitted."""
    form = queries.form_of(project)
    draft = paper.draft(project)
    counts = Counter(each["field"] for each in draft.evidence)
    findings = queries.eligibility(project, evidence=counts)
    unmet = [each for each in findings if each.verdict is Verdict.NOT_MET]
    edit = {s.key: reverse("apply-section", args=[project.pk, s.key]) for s in form.sections}
    return workspace_page(
        request,
        "workspace/check.html",
        {
            "project": project,
            "strip": strip_of(project),
            "pages": submitted.pages(form, project.answers, draft.evidence, project.pk),
            "sheet": sheet_of(project, draft),
            "edit": edit,
            "gaps": [
                {"url": f"{edit[gap.section]}#field-{gap.field}", "message": gap.message}
                for gap in queries.gaps(project, evidence=counts)
            ],
            "findings": findings,
            "unmet": [each for each in unmet if each.norm not in actions.REGISTER_NORMS],
            "barred": [each for each in unmet if each.norm in actions.REGISTER_NORMS],
            "problems": problems,
            "again": project.state == ProjectState.RETURNED,
            "typed_remarks": {
                key.removeprefix("remark-"): text
                for key, text in request.POST.items()
                if key.startswith("remark-")
            },
            **approval_state.shown(request.viewer, project, form, draft.digest),
            "scan": scan_context(project, draft) if wanted_before(project) else None,
        },
        status=422 if problems else 200,
    )


def sheet_of(project: Any, found: paper.Content) -> dict[str, Any]:
    """What the paper has around the form: title, cover, index of attachments, where to get it."""
    return {
        "title": paper.TITLES[project.kind],
        "cover": paper.cover_of(project, found),
        "index": paper.index_of(project, found),
        "pdf": reverse("apply-paper-pdf", args=[project.pk, found.number]),
        "docx": reverse("apply-paper-docx", args=[project.pk, found.number]),
        "code": found.code,
    }
