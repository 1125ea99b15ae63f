"""The draw on the screen of a room: step by step, each party on its own login, printable."""

from typing import Any

from django.http import HttpResponse, JsonResponse
from django.urls import path
from django.utils.http import content_disposition_header

from jiangxin.core.draw.record import VoidReason
from jiangxin.core.draw.walk import SkipReason
from jiangxin.core.kernel.canonical import canonical
from jiangxin.core.kernel.errors import DomainError, Invalid
from jiangxin.core.kernel.regions import province_name
from jiangxin.core.workflow import DrawState, RoundState
from jiangxin.faces.frame.pages import Request, catching, done, page, render
from jiangxin.stages.programme.tracks import Kind
from jiangxin.stages.review.actions import draw as drawing
from jiangxin.stages.review.queries import ceremony as watching

from .experts import HR, READERS
from .programme import by_field

PARTIES = frozenset(watching.PARTY_OF)
VOID_REASONS = (
    VoidReason.WITHHELD,
    VoidReason.SECRET_REUSED,
    VoidReason.SEATS_SHORT,
    VoidReason.INTERRUPTED,
)
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
    response = render(
        request,
        "desk/draw/session.html",
        {
            **_screen(request, session_id),
            **context,
            "problems": problems,
            "errors": by_field(problems),
        },
    )
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


def stage_of(request: Request, row: Any) -> dict[str, Any]:
    """What every ceremony's screen shows, whatever is drawn in it."""
    lines = watching.parties(row)
    mine = watching.PARTY_OF.get(request.viewer.role, "")
    opened = (row.record or {}).get("opened") or {}
    return {
        "session": row,
        "state": DrawState(row.state).label,
        "version": version_of(row, lines),
        "parties": lines,
        "mine": mine,
        "own": next((line for line in lines if line.party == mine), None),
        "all_committed": all(line.commitment for line in lines),
        "all_revealed": all(line.secret for line in lines),
        "seats": row.plan["seats"],
        "record": row.record,
        "seed": opened.get("seed", ""),
        "walk": [
            {**step, "role": ROLES_IN_WALK[step["as"]], "why": _why(step["reason"])}
            for step in opened.get("walk", [])
        ],
        "may_void": request.viewer.role in HR,
        "void_reasons": [(each.value, each.label) for each in VOID_REASONS],
        "void_label": VoidReason(row.void_reason).label if row.void_reason else "",
        "typed_note": request.POST.get("note", ""),
        "typed_secret": request.POST.get("secret", ""),
    }


def _screen(request: Request, session_id: int) -> dict[str, Any]:
    row = watching.session(request.viewer, session_id)
    return {
        **stage_of(request, row),
        "kind": Kind(row.round.kind).label,
        "province_label": province_name(row.round.call.province),
        "excluded": len(row.excluded),
        "may_name": row.state == DrawState.DRAWN and row.round.state == RoundState.DECIDED,
    }


def _why(reason: str | None) -> str:
    return SkipReason(reason).label if reason else ""


def version_of(row: Any, lines: list[watching.PartyLine]) -> str:
    """Changes with every step: the screens of the other parties reload when it does."""
    given = sum(bool(line.commitment) + bool(line.secret) for line in lines)
    digest = (row.record or {}).get("digest", "")[:8]
    return f"{row.state}-{given}-{digest}"


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
