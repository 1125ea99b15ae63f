"""The score sheet as a form, for every kind of panel, and the layout of an expert's pages."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.http import HttpResponse

from jiangxin.core.kernel import clock
from jiangxin.core.scoring.marking import Evidence, Result
from jiangxin.core.scoring.points import shown as points
from jiangxin.core.scoring.rubric import Item, Kind, Rubric
from jiangxin.faces.frame import submitted
from jiangxin.faces.frame.addresses import path_of
from jiangxin.faces.frame.pages import Request, render
from jiangxin.records.identity.viewer import Viewer
from jiangxin.records.inbox.queries import unread
from jiangxin.records.inbox.waiting import NOTHING, Count, compiled
from jiangxin.stages.acceptance.queries import sheets_waiting

ACCEPTANCES, INBOX = "acceptance-queue", "my-inbox"
Answers = Mapping[str, Sequence[submitted.Answer]]


def expert_page(
    request: Request, template: str, context: dict[str, Any], *, status: int | None = None
) -> HttpResponse:
    """A page of an expert, never kept by the browser; the navigation counts what waits. One query.

    The unread messages are counted along with it; `request.unread` tells the layout.
    """
    found = _count(request.viewer, clock.now().replace(second=0, microsecond=0)).run()
    waiting = found.get(ACCEPTANCES, NOTHING).count
    request.unread = found.get(INBOX, NOTHING).count
    nav = [
        {"label": label, "url": path_of(name), "active": request.path.startswith(path_of(name))}
        for name, label in (
            ("expert-queue", "评审任务"),
            ("acceptance-queue", f"验收任务（{waiting}）" if waiting else "验收任务"),
        )
    ]
    response = render(request, template, {"workspace_nav": nav, **context}, status=status)
    response["Cache-Control"] = "no-store"
    return response


@lru_cache(maxsize=4096)
def _count(viewer: Viewer, _minute: datetime) -> Count:
    """Compiled once a minute for each expert, as the desk's count is."""
    return compiled({ACCEPTANCES: sheets_waiting(viewer), INBOX: unread(viewer)})


def score_groups(
    by: Rubric, marks: Mapping[str, Any], wrong: Mapping[str, str], answers: Answers | None = None
) -> list[dict[str, Any]]:
    """The rubric by groups with what stands in the inputs; `answers` by norm lead to the material."""
    return [
        {
            "name": group.name,
            "points": points(group.points),
            "bonus": group.bonus,
            "items": [
                _item(item, marks.get(item.id, {}), answers or {}, wrong) for item in group.items
            ],
        }
        for group in by.groups
    ]


def sign_lines(by: Rubric, marks: Mapping[str, Any], result: Result) -> list[dict[str, Any]]:
    """Each item as it will be signed: what was typed, what it gives, of how much."""
    return [
        {
            "name": item.name,
            "typed": marks[item.id]["typed"],
            "gives": points(result.by_item[item.id]),
            "full": points(item.points),
            "evidence": Evidence(marks[item.id]["evidence"]).label,
        }
        for item in by.items()
    ]


def _item(
    item: Item,
    kept: dict[str, Any],
    answers: Answers,
    wrong: Mapping[str, str],
) -> dict[str, Any]:
    spoken = {each.key: each for norm in item.norms for each in answers.get(norm, ())}
    deduction = item.kind is Kind.DEDUCTION
    return {
        "id": item.id,
        "name": item.name,
        "kind": item.kind.value,
        "method": item.method.label,
        "criteria": item.criteria,
        "clauses": list(item.clauses),
        "full": points(item.scale),
        "step": points(item.step) if not deduction else "1",
        "unit": item.unit if deduction else "分",
        "required": f"应有 {item.required_units} {item.unit}，每缺 1 {item.unit}扣 "
        f"{points(item.per_missing)} 分"
        if deduction
        else "",
        "needs_evidence": item.evidence_required,
        "typed": kept.get("typed", ""),
        "evidence": kept.get("evidence", Evidence.SOUND.value),
        "comment": kept.get("comment", ""),
        "wrong": wrong.get(item.id, ""),
        "links": [{"key": each.key, "label": each.label} for each in spoken.values()],
    }
