"""Every sealed draw for everybody: what was fixed before, what came out, and a check in the browser."""

from typing import Any

from django.db.models import Q
from django.http import HttpResponse
from django.urls import path, reverse
from django.utils.http import content_disposition_header

from jiangxin.core.draw.record import VoidReason
from jiangxin.core.draw.walk import SkipReason
from jiangxin.core.kernel.canonical import canonical
from jiangxin.core.kernel.regions import province_name
from jiangxin.core.workflow import DrawState
from jiangxin.faces.frame.addresses import path_of
from jiangxin.faces.frame.listing import Column, Listing, choice, number, province, when
from jiangxin.faces.frame.pages import ANYONE, Request, page
from jiangxin.stages.programme.tracks import Kind
from jiangxin.stages.publicity.queries import announced
from jiangxin.stages.review.queries import ceremony

from .navigation import kept, portal_page

STATES = dict(DrawState.choices())
KINDS = dict(Kind.choices())
ROLES = {"seat": "席位", "substitute": "候补", "skip": "跳过"}

DRAWS = Listing(
    columns=(
        Column("session", "场次", lambda row: row.plan["session"], sort="number"),
        Column(
            "province",
            "省份",
            lambda row: province_name(row.round.call.province),
            sort="round__call__province",
        ),
        Column("year", "年度", lambda row: str(row.round.call.year), sort="round__call__year"),
        Column("kind", "类别", lambda row: KINDS[row.round.kind], sort="round__kind"),
        Column("state", "状态", lambda row: (row.state, STATES[row.state]), "state", "state"),
        Column("rehearsal", "演练", lambda row: "演练" if row.rehearsal else ""),
        Column("sealed", "封存", lambda row: row.sealed_at, "moment", "sealed_at"),
        Column("drawn", "抽取", lambda row: row.drawn_at, "moment", "drawn_at"),
    ),
    keywords=(
        province("round__call__province"),
        number("年", "round__call__year", "年度，例如 2025", example="2025"),
        choice("状态", "state", DrawState),
        when("场次", "正式或演练", {"正式": Q(rehearsal=False), "演练": Q(rehearsal=True)}),
    ),
    text=("round__call__title__icontains",),
    text_help="在通知标题中查找",
    order=("-sealed_at", "-id"),
    link=lambda row: path_of("portal-draw", row.pk),
)


@page(roles=ANYONE)
def draws(request: Request) -> HttpResponse:
    """The list of all draws, void ones and rehearsals too: nobody can draw until the result suits."""
    shown = DRAWS.show(ceremony.public_sessions().defer("record", "leaves", "excluded"), request)
    empty = {"title": "还没有抽取", "why": "名单封存后，抽取记录在此公布。"}
    return shown.export("专家抽取") or portal_page(
        request, "portal/draws.html", {"list": shown, "empty": empty}, cacheable=True
    )


@page(roles=ANYONE)
def draw(request: Request, session_id: int) -> HttpResponse:
    """One draw: its figures, its walk, its record, and the check in the visitor's browser."""
    row = ceremony.public_session(session_id)
    record = ceremony.public_record(row, announced=announced(row.round.call))
    opened, void = record["opened"], record["void"]
    return portal_page(
        request,
        "portal/draw.html",
        {
            "draw": row,
            "record": record,
            "plan": record["sealed"]["plan"],
            "seats": "，".join(
                f"{field} {count} 人" for field, count in record["sealed"]["plan"]["seats"].items()
            ),
            "province": province_name(row.round.call.province),
            "kind": KINDS[row.round.kind],
            "state": STATES[row.state],
            "named": bool(opened and opened["named"]),
            "void": VoidReason(void["reason"]).label if void else "",
            "walk": [_step(each) for each in opened["walk"]] if opened else [],
            "record_url": reverse("portal-draw-record", args=[session_id]),
        },
        cacheable=True,
    )


def _step(step: dict[str, Any]) -> dict[str, Any]:
    who = step["opening"] or {}
    return {
        "leaf": step["leaf"][:16],
        "field": step["field"],
        "role": ROLES[step["as"]],
        "seat": step["as"] == "seat",
        "why": SkipReason(step["reason"]).label if step["reason"] else "",
        "expert": who.get("expert", ""),
        "unit": who.get("unit", ""),
    }


@page(roles=ANYONE)
def record(request: Request, session_id: int) -> HttpResponse:
    """The record as the verifiers take it."""
    row = ceremony.public_session(session_id)
    found = ceremony.public_record(row, announced=announced(row.round.call))
    response = HttpResponse(canonical(found), content_type="application/json; charset=utf-8")
    name = f"draw-{found['sealed']['plan']['session']}.json"
    response["Content-Disposition"] = content_disposition_header(True, name) or ""
    return kept(request, response, cacheable=False)


urlpatterns = [
    path("draws/", draws, name="portal-draws"),
    path("draws/<int:session_id>/", draw, name="portal-draw"),
    path("draws/<int:session_id>/record.json", record, name="portal-draw-record"),
]
