"""What an expert does beside single sheets: the workbook, marking anew after the panel met, the result."""

from typing import Any

from django.http import HttpResponse
from django.urls import path

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import DomainError, Invalid
from jiangxin.core.scoring.marking import Evidence
from jiangxin.core.scoring.points import shown as points
from jiangxin.core.workflow import Role, RoundState
from jiangxin.faces.frame.pages import Request, catching, done, page
from jiangxin.faces.frame.sending import send_bytes
from jiangxin.faces.frame.uploads import uploads
from jiangxin.stages.programme.queries import pack
from jiangxin.stages.review import workbook
from jiangxin.stages.review.actions import discussion
from jiangxin.stages.review.actions.dissent import TEXT, dissent
from jiangxin.stages.review.actions.workbook import take_workbook
from jiangxin.stages.review.choices import SheetState
from jiangxin.stages.review.marks import stored
from jiangxin.stages.review.queries import expert as reading
from jiangxin.stages.review.rubrics import rubric_of
from jiangxin.stages.review.rules import rules_of, told

from .score_form import expert_page, score_groups

EXPERT = frozenset({Role.EXPERT})
MOST_FAULTS = 200


@page(roles=EXPERT)
def download(request: Request, seat_id: int) -> HttpResponse:
    """The own open sheets as one workbook."""
    rows = reading.to_fill_in(request.viewer, seat_id)
    data = workbook.made([(each, rubric_of(each)) for each in rows])
    return send_bytes(f"评分表-{clock.today():%Y%m%d}.xlsx", workbook.MEDIA_TYPE, data)


@page(roles=EXPERT, methods=("GET", "POST"))
def upload(request: Request, seat_id: int) -> HttpResponse:
    """A filled workbook: all of it is taken as drafts, or nothing, with each fault by its cell."""
    problems: list[DomainError] = []
    faults: list[workbook.Fault] = []
    rows = reading.to_fill_in(request.viewer, seat_id)
    if request.method == "POST":
        with catching(problems):
            sent = uploads(request)
            if not sent:
                raise Invalid("请选择填好的评分表。", field="file")
            taken = take_workbook(
                viewer=request.viewer,
                seat_id=seat_id,
                file=sent[0],
                overwrite=request.POST.get("overwrite") == "yes",
            )
            left = sum(1 for _, blank in taken if blank)
            text = f"已录入 {len(taken)} 份评分表，都未签署；请逐份核对后签署。"
            if left:
                text += f"其中 {left} 份还没有填全。"
            return done(request, text, "expert-queue")
    for each in problems:
        faults += getattr(each, "faults", [])
    return expert_page(
        request,
        "workspace/expert/workbook.html",
        {
            "seat_id": seat_id,
            "rows": rows,
            "problems": problems,
            "faults": faults[:MOST_FAULTS],
            "more": max(0, len(faults) - MOST_FAULTS),
        },
    )


@page(roles=EXPERT, methods=("GET", "POST"))
def revise(request: Request, sheet_id: int) -> HttpResponse:
    """Mark a signed sheet anew, with a reason; the first values stay beside it."""
    problems: list[DomainError] = []
    sent = {key: str(value) for key, value in request.POST.items()}
    if request.method == "POST":
        with catching(problems):
            if request.POST.get("confirmed") != "yes":
                raise Invalid("请勾选确认后再签署。", clause="3.2", field="confirmed")
            made = discussion.revise(
                viewer=request.viewer,
                sheet_id=sheet_id,
                data=sent,
                comment=sent.get("comment", ""),
                reason=sent.get("reason", ""),
            )
            text = f"已签署改评（第 {made.number} 次），原评分保留。"
            return done(request, text, "expert-sheet", sheet_id=sheet_id)
    row = reading.sheet(request.viewer, sheet_id)
    state = row.seat.round.state
    if state != RoundState.DISCUSSING or row.state != SheetState.SIGNED:
        problems = problems or [_closed()]
    earlier = reading.revisions(row)
    by, now = rubric_of(row), earlier[-1] if earlier else row
    typed = {item.id: stored(item, sent, row.marks.get(item.id)) for item in by.items()}
    return expert_page(
        request,
        "workspace/expert/revise.html",
        {
            "sheet": row,
            "project": row.application,
            "first_total": points(row.total or 0),
            "now_total": points(now.total or 0),
            "revised": bool(earlier),
            "full": points(by.total),
            "groups": score_groups(by, typed if sent else now.marks, _wrong(problems)),
            "evidences": [(each.value, each.label) for each in Evidence],
            "comment": sent.get("comment", now.comment),
            "reason": sent.get("reason", ""),
            "problems": problems,
        },
    )


def _closed() -> DomainError:
    return Invalid("现在不能改评。", remedy="签署后、合议期间可以改评。", clause="3.2")


def _wrong(problems: list[DomainError]) -> dict[str, str]:
    return {each.field: each.message for each in problems if each.field}


@page(roles=EXPERT, methods=("GET", "POST"))
def outcome(request: Request, seat_id: int) -> HttpResponse:
    """What the panel came to; whoever does not agree signs a dissent here."""
    problems: list[DomainError] = []
    if request.method == "POST":
        about = request.POST.get("project", "")
        with catching(problems):
            if request.POST.get("confirmed") != "yes":
                raise Invalid("请勾选确认后再签署。", clause="3.2", field="confirmed")
            dissent(
                viewer=request.viewer,
                seat_id=seat_id,
                text=request.POST.get("text", ""),
                application_id=int(about) if about.isascii() and about.isdigit() else None,
            )
            return done(request, "不同意见已签署，将载入评审报告。", "expert-outcome", seat_id)
    found = reading.outcome(request.viewer, seat_id)
    row = found.seat.round
    return expert_page(
        request,
        "workspace/expert/outcome.html",
        {
            "seat": found.seat,
            "title": f"{row.call.year}年 {row.get_kind_display()}评审结果",
            "lines": [_line(found, each) for each in found.lines],
            "dissents": found.dissents,
            "may_dissent": row.state == RoundState.RANKED,
            "rules": told(pack(), rules_of(row), row.call.year),
            "text": request.POST.get("text", ""),
            "about": request.POST.get("project", ""),
            "most": TEXT,
            "problems": problems,
        },
    )


def _line(found: reading.Outcome, each: Any) -> dict[str, Any]:
    own = found.own.get(each.application_id)
    return {
        "id": each.application_id,
        "rank": each.rank,
        "title": each.application.title,
        "unit": each.application.unit_name,
        "total": points(each.total),
        "own": points(own) if own is not None else "—",
        "qualified": each.qualified,
        "shortfalls": each.shortfalls,
    }


urlpatterns = [
    path("review/seats/<int:seat_id>/workbook.xlsx", download, name="expert-workbook"),
    path("review/seats/<int:seat_id>/upload/", upload, name="expert-upload"),
    path("review/seats/<int:seat_id>/outcome/", outcome, name="expert-outcome"),
    path("review/<int:sheet_id>/revise/", revise, name="expert-revise"),
]
