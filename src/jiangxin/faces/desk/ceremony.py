"""The draw on the screen of a room: step by step, each party on its own login, printable."""

from typing import Any

from django.http import HttpResponse, JsonResponse
from django.urls import path, reverse
from django.utils.http import content_disposition_header

from jiangxin.core.draw.ceremony import Ceremony, State
from jiangxin.core.draw.plan import party_label
from jiangxin.core.draw.record import VoidReason
from jiangxin.core.draw.walk import SkipReason
from jiangxin.core.kernel import clock
from jiangxin.core.kernel.canonical import canonical
from jiangxin.core.kernel.errors import DomainError, Invalid
from jiangxin.core.kernel.regions import province_name
from jiangxin.core.workflow import DrawState, RoundState
from jiangxin.faces.frame.pages import Request, catching, done, page, render
from jiangxin.stages.programme.tracks import Kind
from jiangxin.stages.review.actions import draw as drawing
from jiangxin.stages.review.actions import number
from jiangxin.stages.review.queries import ceremony as watching

from .experts import HR, READERS
from .programme import by_field

PARTIES = frozenset(watching.PARTY_OF)
VOID_REASONS = (
    VoidReason.WITHHELD,
    VoidReason.NUMBER_CANCELLED,
    VoidReason.SEATS_SHORT,
    VoidReason.INTERRUPTED,
)
NUMBER_STEPS: dict[str, Any] = {
    "enter_number": number.enter_number,
    "confirm_number": number.confirm_number,
}
ROLES_IN_WALK = {"seat": "席位", "substitute": "候补", "skip": "跳过"}


@page(roles=READERS, methods=("GET", "POST"))
def session(request: Request, session_id: int) -> HttpResponse:
    """The ceremony; a POST is one party's step. A refusal shows the screen again and loses nothing."""
    problems: list[DomainError] = []
    context: dict[str, Any] = {}
    if request.method == "POST":
        with catching(problems):
            secret = take_step(request, drawing, session_id=session_id)
            if secret is None:
                return done(request, "已办理。", "desk-draw-session", session_id=session_id)
            context["own_secret"] = secret
    context |= {"problems": problems, "errors": by_field(problems)}
    row = watching.session(request.viewer, session_id)
    return show(request, row, _screen(row), context)


def show(request: Request, row: Any, screen: dict[str, Any], more: dict[str, Any]) -> HttpResponse:
    """The one screen of every ceremony; `screen` says what is drawn in this one, and where it acts."""
    context = {**_stage_of(request, row), "screen": screen, **more}
    response = render(request, "desk/draw/session.html", context)
    response["Cache-Control"] = "no-store"
    return response


def take_step(request: Request, acts: Any, **which: int) -> str | None:
    """What the viewer's button does in the session `which`; `acts` has the actions of its stage.

    Returns a secret only when the server made one to be shown once. Raises what the actions raise.
    """
    post, given = request.POST, {"viewer": request.viewer, **which}
    act = post.get("act", "")
    if act == "commit":
        acts.commit(**given, commitment=post.get("commitment", "").strip())
    elif act == "commit_here":
        secret: str = acts.commit_for(**given)
        return secret
    elif act == "close":
        acts.close_commitments(**given)
    elif act == "reveal":
        acts.reveal(**given, secret=post.get("secret", ""))
    elif act in NUMBER_STEPS and which.get("session_id"):
        NUMBER_STEPS[act](
            viewer=request.viewer,
            session_id=which["session_id"],
            number=post.get("public_number", ""),
        )
    elif act == "draw":
        acts.draw(**given)
    elif act == "void":
        reason = post.get("reason", "")
        if reason not in VOID_REASONS:
            raise Invalid("请选择作废的原因。", clause="3.2", field="reason")
        acts.void(**given, reason=VoidReason(reason), note=post.get("note", ""))
    else:
        raise Invalid("没有这一步。", remedy="请刷新页面。")
    return None


def _stage_of(request: Request, row: Any) -> dict[str, Any]:
    """What every ceremony's screen shows, whatever is drawn in it."""
    lines = watching.parties(row)
    mine = watching.PARTY_OF.get(request.viewer.role, "")
    made = watching.ceremony(row)
    record = row.record or {}
    opened, void = record.get("opened") or {}, record.get("void") or {}
    return {
        "session": row,
        "stand": _stand(row, made),
        "version": version_of(row, lines),
        "parties": lines,
        "mine": mine,
        "own": next((line for line in lines if line.party == mine), None),
        "all_committed": all(line.commitment for line in lines),
        "all_revealed": all(line.secret for line in lines),
        "ready": made.state is State.READY and row.state == DrawState.REVEALING,
        "record": row.record,
        "seed": opened.get("seed", ""),
        "walk": [
            {**step, "role": ROLES_IN_WALK[step["as"]], "why": _why(step["reason"])}
            for step in opened.get("walk", [])
        ],
        "may_void": request.viewer.role in HR,
        "void_reasons": [(each.value, each.label) for each in VOID_REASONS],
        "void_label": VoidReason(row.void_reason).label if row.void_reason else "",
        "at_fault": [party_label(each) for each in void.get("parties", [])],
        "typed_note": request.POST.get("note", ""),
        "typed_secret": request.POST.get("secret", ""),
        **_times(request, row, made),
    }


def _stand(row: Any, made: Ceremony) -> str:
    """Where it stands in words: what is waited for, while it runs."""
    return DrawState(row.state).label if row.state == DrawState.DRAWN else made.state.label


def _times(request: Request, row: Any, made: Ceremony) -> dict[str, Any]:
    """What depends on the hour: the end of revealing, and the public number."""
    end = watching.reveal_by(row)
    awaiting = made.state is State.AWAITING_NUMBER
    entered_by_me = row.number_by_id is not None and row.number_by_id == request.viewer.user_id
    return {
        "reveal_by": end,
        "reveal_over": end is not None and clock.now() >= end,
        "awaiting_number": awaiting,
        "number_due": row.number_at is not None and clock.now() >= row.number_at,
        "may_enter_number": awaiting,
        "may_confirm_number": awaiting and bool(row.public_number) and not entered_by_me,
        "typed_number": request.POST.get("public_number", ""),
    }


def _screen(row: Any) -> dict[str, Any]:
    """A draw of a panel, as the screen shows it."""
    seats = "，".join(f"{field} {count} 人" for field, count in row.plan["seats"].items())
    named = row.state == DrawState.DRAWN and row.round.state == RoundState.DECIDED
    record = reverse("desk-draw-record", args=[row.pk])
    return {
        "title": "评审专家抽取" + ("（演练）" if row.rehearsal else ""),
        "lines": (
            f"{province_name(row.province)}{row.round.call.year}年度",
            f"{Kind(row.round.kind).label}评审专家抽取",
        ),
        "clause": "3.2",
        "back_url": reverse("desk-round", args=[row.round_id]),
        "back_label": "返回评审",
        "to": reverse("desk-draw-session", args=[row.pk]),
        "watch_url": reverse("desk-draw-state", args=[row.pk]),
        "record_url": record,
        "named_url": f"{record}?named=1" if named and not row.rehearsal else "",
        "root": row.root,
        "frozen": (
            f"{len(row.leaves)} 位专家列入名单，其中 {len(row.excluded)} 位因回避、暂停或次数已满事先排除；"
            f"对照 {len(row.projects)} 个项目。席位：{seats}；每个专业候补 {row.plan['substitutes']} 人。"
        ),
        "drawn": "按种子排定的公开顺序逐位选取。"
        + ("演练不产生席位。" if row.rehearsal else "姓名在评审结果公布后公开。"),
    }


def _why(reason: str | None) -> str:
    return SkipReason(reason).label if reason else ""


def version_of(row: Any, lines: list[watching.PartyLine]) -> str:
    """Changes with every step: the screens of the other parties reload when it does."""
    given = sum(bool(line.commitment) + bool(line.secret) for line in lines)
    number = 2 if row.confirmed_number else 1 if row.public_number else 0
    digest = (row.record or {}).get("digest", "")[:8]
    return f"{row.state}-{given}-{number}-{digest}"


@page(roles=READERS)
def state(request: Request, session_id: int) -> HttpResponse:
    """The version alone, for the screens that watch."""
    row = watching.session(request.viewer, session_id)
    return JsonResponse({"version": version_of(row, watching.parties(row))})


@page(roles=READERS)
def record(request: Request, session_id: int) -> HttpResponse:
    """The record as a file for `jiangxin draw verify`; `?named=1` once the result is decided."""
    named = request.GET.get("named") == "1"
    found = watching.record(request.viewer, session_id, named=named)
    return send_record(found, "-named" if named else "")


def send_record(found: dict[str, Any], suffix: str = "") -> HttpResponse:
    """A record as a file, in the canonical bytes that the verifiers demand."""
    response = HttpResponse(canonical(found), content_type="application/json; charset=utf-8")
    name = f"draw-{found['sealed']['plan']['session']}{suffix}.json"
    response["Content-Disposition"] = content_disposition_header(True, name) or ""
    response["Cache-Control"] = "no-store"
    return response


urlpatterns = [
    path("draws/<int:session_id>/", session, name="desk-draw-session"),
    path("draws/<int:session_id>/state/", state, name="desk-draw-state"),
    path("draws/<int:session_id>/record.json", record, name="desk-draw-record"),
]
