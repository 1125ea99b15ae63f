"""The register of titles, and the national picture."""

from collections import Counter
from typing import Any

from django.http import HttpResponse, JsonResponse
from django.urls import path

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.regions import PROVINCES, province_name
from jiangxin.faces.frame.addresses import path_of
from jiangxin.faces.frame.keywords import choice, number, province
from jiangxin.faces.frame.listing import Column, Listing
from jiangxin.faces.frame.pages import ANYONE, Request, page
from jiangxin.stages.programme.queries import pack
from jiangxin.stages.programme.tracks import Kind, Track
from jiangxin.stages.titles import queries

from .navigation import portal_page

KINDS, TRACKS = dict(Kind.choices()), dict(Track.choices())
FIELDS = (
    "pk",
    "number",
    "name",
    "unit_name",
    "province",
    "year",
    "kind",
    "track",
    "leader_name",
    "priority_field",
    "state",
)
STATES = {"titled": "有效", "revoked": "已取消"}
REGISTER = Listing(
    columns=(
        Column("number", "编号", lambda row: row["number"], sort="number"),
        Column("name", "项目", lambda row: row["name"], sort="name"),
        Column("unit", "建设单位", lambda row: row["unit_name"], sort="unit_name"),
        Column("province", "省份", lambda row: province_name(row["province"]), sort="province"),
        Column("year", "年度", lambda row: str(row["year"]), sort="year"),
        Column(
            "track",
            "类型",
            lambda row: TRACKS.get(row["track"]) or KINDS[row["kind"]],
            sort="track",
        ),
        Column("state", "称号", lambda row: (row["state"], STATES[row["state"]]), "state", "state"),
        Column("leader", "带头人", lambda row: row["leader_name"], default=False),
        Column("field", "重点领域", lambda row: field_name(row["priority_field"]), default=False),
    ),
    keywords=(
        province(),
        number("年", "year", "确定年度，例如 2025 或 >=2022", example="2025"),
        choice("类型", "track", Track),
        choice("类别", "kind", [("base", "基地"), ("studio", "工作室")]),
        choice("状态", "state", list(STATES.items())),
    ),
    text=("number__icontains", "name__icontains", "unit_name__icontains"),
    text_help="在编号、项目、单位中查找",
    order=("-year", "province", "number"),
    link=lambda row: path_of("portal-title", row["pk"]),
)


def field_name(key: str) -> str:
    """The Chinese name of a priority field."""
    return pack().priority_fields.get(key, key)


@page(roles=ANYONE)
def register(request: Request) -> HttpResponse:
    """Every title that was ever given."""
    rows = queries.register().values(*FIELDS)
    shown = REGISTER.show(rows, request)
    if request.GET.get("export") == "json":
        found = [{key: row[key] for key in FIELDS if key != "pk"} for row in shown.found]
        return JsonResponse(found, safe=False, json_dumps_params={"ensure_ascii": False})
    return shown.export("名录") or portal_page(
        request,
        "portal/register.html",
        {"list": shown, "empty": {"title": "名录还是空的", "why": "两部登记后列入名录。"}},
        cacheable=True,
    )


@page(roles=ANYONE)
def title(request: Request, title_id: int) -> HttpResponse:
    """One title with what has happened to it."""
    row = queries.title(title_id)
    facts = [
        {"label": "编号", "value": row.number},
        {"label": "建设单位", "value": row.unit_name},
        {"label": "省份", "value": province_name(row.province)},
        {"label": "类型", "value": TRACKS.get(row.track) or KINDS[row.kind]},
        {"label": "确定年度", "value": f"{row.year} 年"},
        {"label": "带头人", "value": row.leader_name if row.kind == "studio" else ""},
        {"label": "重点领域", "value": field_name(row.priority_field)},
        {"label": "考核评估", "value": row.get_assessment_display() if row.year <= 2020 else ""},
    ]
    return portal_page(
        request,
        "portal/title.html",
        {
            "title": row,
            "state": STATES[row.state],
            "facts": [each for each in facts if each["value"]],
            "events": queries.title_history(row),
        },
        cacheable=True,
    )


@page(roles=ANYONE)
def nation(request: Request) -> HttpResponse:
    """Registered against the two targets; by province, year and track; nothing that is not public."""
    rows = queries.table()
    first, last = queries.programme_years()
    by_province: Counter[str] = Counter()
    by_year: dict[int, Counter[str]] = {year: Counter() for year in range(first, last + 1)}
    cells: dict[str, Counter[str]] = {each.code: Counter() for each in PROVINCES}
    for code, year, track, count in rows:
        by_province[code] += count
        by_year[year][track] += count
        cells[code][track] += count
    return portal_page(
        request,
        "portal/nation.html",
        {
            "meters": queries.meters(),
            "counts": dict(by_province),
            "tracks": Track.choices(),
            "years": [_row(str(year), counts) for year, counts in by_year.items()],
            "provinces_table": [_row(each.name, cells[each.code]) for each in PROVINCES],
            "as_of": clock.now(),
        },
        cacheable=True,
    )


def _row(label: str, counts: Counter[str]) -> dict[str, Any]:
    cells = [counts[track.value] for track in Track]
    return {"label": label, "cells": cells, "total": sum(cells)}


urlpatterns = [
    path("register/", register, name="portal-register"),
    path("register/<int:title_id>/", title, name="portal-title"),
    path("nation/", nation, name="portal-nation"),
]
