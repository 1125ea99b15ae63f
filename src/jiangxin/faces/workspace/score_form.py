"""The score sheet as a form, for every kind of panel, and the layout of an expert's pages."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import DomainError
from jiangxin.core.scoring.marking import Evidence, Result
from jiangxin.core.scoring.points import shown as points
from jiangxin.core.scoring.rubric import Item, Kind, Rubric
from jiangxin.faces.frame import submitted
from jiangxin.faces.frame.addresses import path_of
from jiangxin.faces.frame.pages import Request, catching, done, render
from jiangxin.records.identity.viewer import Viewer
from jiangxin.records.inbox.queries import unread
from jiangxin.records.inbox.waiting import NOTHING, Count, compiled
from jiangxin.stages.acceptance.queries import sheets_waiting
from jiangxin.stages.review.choices import Ballot
from jiangxin.stages.review.marks import said

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
            ("expert-profile", "我的资料"),
        )
    ]
    response = render(request, template, {"workspace_nav": nav, **context}, status=status)
    response["Cache-Control"] = "no-store"
    return response


@lru_cache(maxsize=4096)
def _count(viewer: Viewer, _minute: datetime) -> Count:
    """Compiled once a minute for each expert, as the desk's count is."""
    return compiled({ACCEPTANCES: sheets_waiting(viewer), INBOX: unread(viewer)})


@dataclass(frozen=True)
class Desk:
    """What differs between the pages of the two kinds of panels: the names of their views, and how
    a page of a sheet is made, with problems or with what is not marked yet (`check`)."""

    queue: str
    sheet: str
    sign: str
    verb: str
    show: Callable[..., HttpResponse]


def declared(request: Request, sheet_id: int, desk: Desk, act: Callable[..., Any]) -> HttpResponse:
    """Conflict or none, as it was sent: `act` declares it."""
    problems: list[DomainError] = []
    free = request.POST.get("conflict", "") == "none"
    with catching(problems):
        act(
            viewer=request.viewer,
            sheet_id=sheet_id,
            conflict=not free,
            reason=request.POST.get("reason", ""),
        )
        if free:
            return done(request, "已申明无利害关系，材料已打开。", desk.sheet, sheet_id=sheet_id)
        return done(request, f"已申请回避，该项目不再由您{desk.verb}。", desk.queue)
    return desk.show(request, sheet_id, problems)


def saved(
    request: Request,
    sheet_id: int,
    desk: Desk,
    act: Callable[..., tuple[Any, Mapping[str, str]]],
    onward: Callable[[Any], HttpResponse] | None = None,
) -> HttpResponse:
    """A sheet as it was sent: `act` keeps it; then on to the signature, the next one (`onward`), or
    back to the sheet. The autosave gets JSON."""
    problems: list[DomainError] = []
    quiet, way = bool(request.headers.get("X-Autosave")), request.POST.get("act")
    with catching(problems):
        kept, wrong = act(
            viewer=request.viewer,
            sheet_id=sheet_id,
            data={key: str(value) for key, value in request.POST.items()},
            comment=request.POST.get("comment", ""),
        )
        if quiet:
            return JsonResponse({"saved": f"{clock.now():%H:%M}"})
        if way == "sign" and wrong:
            return desk.show(request, sheet_id, [], check=True)
        if way == "sign":
            return redirect(desk.sign, sheet_id=sheet_id)
        if way == "next" and onward is not None:
            return onward(kept)
        return done(request, "已暂存，尚未签署。", desk.sheet, sheet_id=sheet_id)
    if quiet:
        return JsonResponse(problems[0].as_dict(), status=problems[0].status)
    return desk.show(request, sheet_id, problems)


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
            "typed": said(item, marks[item.id]["typed"]),
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
    typed = kept.get("typed", "")
    return {
        "part": item.part,
        "source": kept.get("source", ""),
        "gives": points(kept.get("value") or 0) if item.kind is Kind.DATA else "",
        "said": said(item, typed),
        "ballots": Ballot.choices if item.kind is Kind.VOTE else [],
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
        "typed": typed,
        "evidence": kept.get("evidence", Evidence.SOUND.value),
        "comment": kept.get("comment", ""),
        "wrong": wrong.get(item.id, ""),
        "links": [{"key": each.key, "label": each.label} for each in spoken.values()],
    }
