"""Between scoring and ranking: the next phase of the review, and the meeting of the panel."""

from datetime import timedelta
from typing import Any

from django.http import HttpResponse
from django.urls import path, reverse

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import DomainError
from jiangxin.faces.frame.pages import Request, catching, done, page, typed
from jiangxin.stages.review import forms
from jiangxin.stages.review.actions.discussion import open_discussion
from jiangxin.stages.review.actions.phases import next_phase
from jiangxin.stages.review.queries import coverage, ranking
from jiangxin.stages.review.rules import rules_of

from .experts import HR
from .navigation import desk_page
from .programme import by_field


@page(roles=HR, methods=("GET", "POST"))
def phase(request: Request, round_id: int) -> HttpResponse:
    """Close the present phase and open the next, with the time until which it is scored."""
    problems: list[DomainError] = []
    row = ranking.round_of(request.viewer, round_id)
    if request.POST.get("confirmed") == "yes":
        sent = {key: str(value) for key, value in request.POST.items()}
        with catching(problems):
            next_phase(viewer=request.viewer, round_id=round_id, due=forms.read_due(sent))
            return done(
                request, "已进入下一轮，专家可以登录评审。", "desk-round", round_id=round_id
            )
    following = rules_of(row).after(row.phase)
    return desk_page(
        request,
        "desk/draw/phase.html",
        {
            "round": row,
            "following": following,
            "names": _names(row),
            "values": typed(request, forms.due_values(clock.now() + timedelta(days=3))),
            "problems": problems,
            "errors": by_field(problems),
        },
    )


@page(roles=HR, methods=("GET", "POST"))
def discuss(request: Request, round_id: int) -> HttpResponse:
    """Open the meeting of the panel, once everything is signed."""
    row = ranking.round_of(request.viewer, round_id)
    if request.POST.get("confirmed") == "yes":
        open_discussion(viewer=request.viewer, round_id=round_id)
        return done(
            request, "合议已开始；专家可以改评，原评分保留。", "desk-round", round_id=round_id
        )
    coverage.require_last_phase(row)
    coverage.require_all_signed(row)
    return desk_page(
        request,
        "desk/draw/confirm.html",
        {
            "round": row,
            "title": "开始合议",
            "question": "以下专家的评分表已经封存，现在开始合议？",
            "verb": "开始合议",
            "action": reverse("desk-round-discuss", args=[round_id]),
            "names": _names(row),
            "consequences": [
                "合议期间专家可以改评自己的评分表，须写明理由并重新签署；原评分不变，两次结果都列出。",
                "分数仍不向任何人开放，专家只看得到自己的评分。",
                "合议开始后不能再递补专家。",
            ],
        },
    )


def _names(row: Any) -> list[str]:
    return [
        f"{line.seat.expert.name}：签署 {line.signed} 份"
        + (f"，回避 {line.recused} 份" if line.recused else "")
        for line in coverage.progress(row)
    ]


urlpatterns = [
    path("reviews/<int:round_id>/phase/", phase, name="desk-round-phase"),
    path("reviews/<int:round_id>/discuss/", discuss, name="desk-round-discuss"),
]
