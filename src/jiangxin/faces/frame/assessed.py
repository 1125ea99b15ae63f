"""The report of an assessment as it is written and read: by the unit, and for it by the province."""

from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from jiangxin.core.kernel.errors import DomainError
from jiangxin.stages.assessment import actions, queries
from jiangxin.stages.assessment.choices import PARTS

from .pages import Request, catching

YES_NO = {"yes": True, "no": False}


@dataclass(frozen=True)
class File:
    """One file of the report; `id` takes it away, `url` opens it."""

    id: int
    name: str
    size: str
    url: str


def keep(request: Request, assessment_id: int) -> list[DomainError]:
    """Keep what the page sent, texts and files; returns what was refused. Nothing else is lost by it."""
    problems: list[DomainError] = []
    sent = request.POST
    with catching(problems):
        actions.save_report(
            viewer=request.viewer,
            assessment_id=assessment_id,
            texts={part.key: sent.get(part.key, "") for part in PARTS},
            goals_met=YES_NO.get(sent.get("goals_met", "")),
            running=YES_NO.get(sent.get("running", "")),
        )
    for number in sent.getlist("_drop"):
        if number.isascii() and number.isdigit() and len(number) < 18:
            with catching(problems):
                actions.detach(
                    viewer=request.viewer,
                    assessment_id=assessment_id,
                    attachment_id=int(number),
                )
    for upload in request.FILES.getlist("file"):
        with catching(problems):
            actions.attach(
                viewer=request.viewer,
                assessment_id=assessment_id,
                name=upload.name or "",
                size=upload.size or 0,
                content=upload,
            )
    return problems


def inputs_of(row: Any) -> dict[str, str]:
    """What stands in the inputs of the form."""
    words = {True: "yes", False: "no", None: ""}
    return {
        "goals_met": words[row.goals_met],
        "running": words[row.running],
        **{part.key: getattr(row, part.key) for part in PARTS},
    }


def answers_of(row: Any) -> list[dict[str, str]]:
    """The report to be read, for the `answers` macro."""
    words = {True: "是", False: "否", None: ""}
    return [
        {"label": "目标任务已完成", "value": words[row.goals_met], "clause": "4.2"},
        {"label": "目前正常运行", "value": words[row.running], "clause": "4.2"},
        *({"label": part.label, "value": getattr(row, part.key)} for part in PARTS),
    ]


def files_of(row: Any, view: str) -> list[File]:
    """The files of the report; they open by `view`, which takes the assessment's and the file's id."""
    return [
        File(
            each.pk,
            each.document.name,
            f"{max(1, each.document.size // 1024)} KB",
            reverse(view, args=[row.pk, each.document_id]),
        )
        for each in queries.attachments(row)
    ]
