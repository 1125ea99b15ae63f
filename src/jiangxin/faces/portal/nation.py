"""The national picture: registered against the two targets; by province, year, track and field."""

from collections import Counter
from typing import Any

from django.http import HttpResponse, JsonResponse
from django.urls import path

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.regions import PROVINCES
from jiangxin.faces.frame import export
from jiangxin.faces.frame.addresses import path_of
from jiangxin.faces.frame.filters import query
from jiangxin.faces.frame.pages import ANYONE, Request, page
from jiangxin.stages.programme.queries import pack
from jiangxin.stages.programme.tracks import Track
from jiangxin.stages.titles import queries

from .navigation import portal_page

Table = list[tuple[str, int, str, int]]
NAMES = {each.code: each.name for each in PROVINCES}
VALID = " 年:{first}..{last} 状态:有效"  # the search that finds exactly what is counted here


@page(roles=ANYONE)
def nation(request: Request) -> HttpResponse:
    """Only what the register publishes, counted; or the counts as a file. Three queries."""
    table = queries.table()
    wanted = request.GET.get("export", "")
    if wanted == "json":
        return _json(table)
    if wanted in export.FORMATS:
        return export.respond(wanted, "全国登记项目", *_sheet(table))
    first, last = queries.programme_years()
    by_province: Counter[str] = Counter()
    for code, _, _, count in table:
        by_province[code] += count
    more = VALID.format(first=first, last=last)
    context = {
        "first": first,
        "last": last,
        "as_of": clock.now(),
        "meters": queries.meters(),
        "counts": dict(by_province),
        "more": more,
        "tracks": [track.label for track in Track],
        "years": _years(table, first, last),
        "fields": _fields(),
        "provinces_table": _provinces(table, more),
        "sum": _cells(table, lambda *_: True),
        "downloads": [
            {"label": label, "url": request.path + query({"export": key})}
            for key, label in (("xlsx", "Excel"), ("csv", "CSV"), ("json", "JSON"))
        ],
    }
    return portal_page(request, "portal/nation.html", context, cacheable=True)


def _cells(table: Table, wanted: Any) -> list[int]:
    """The counts of the rows that `wanted(province, year)` takes: one a track, then their sum."""
    counts: Counter[str] = Counter()
    for code, year, track, count in table:
        if wanted(code, year):
            counts[track] += count
    cells = [counts[track.value] for track in Track]
    return [*cells, sum(cells)]


def _years(table: Table, first: int, last: int) -> list[dict[str, Any]]:
    return [
        {"label": f"{year} 年", "cells": _cells(table, lambda _code, y, year=year: y == year)}
        for year in range(first, last + 1)
    ]


def _provinces(table: Table, more: str) -> list[dict[str, Any]]:
    listed = path_of("portal-register")
    return [
        {
            "label": each.name,
            "url": listed + query({"q": f"省:{each.short}{more}"}),
            "cells": _cells(table, lambda code, _year, own=each.code: code == own),
        }
        for each in PROVINCES
    ]


def _fields() -> list[dict[str, Any]]:
    """How many titles each priority field of the notice has; the rest comes last."""
    counts = queries.priority_fields()
    names = pack().priority_fields
    rows = [{"label": label, "count": counts.get(key, 0)} for key, label in names.items()]
    other = sum(count for key, count in counts.items() if key not in names)
    return [*rows, {"label": "其他或未填", "count": other}]


def _sheet(table: Table) -> tuple[list[str], list[list[export.Pair]]]:
    """Heads and rows of the download: one line for each province, year and track with a title."""
    rows: list[list[export.Pair]] = [
        [
            ("text", NAMES[code]),
            ("number", year),
            ("text", Track(track).label),
            ("number", count),
        ]
        for code, year, track, count in table
    ]
    return ["省份", "年度", "类型", "登记项目"], rows


def _json(table: Table) -> HttpResponse:
    rows = [
        {
            "province": code,
            "province_name": NAMES[code],
            "year": year,
            "track": track,
            "track_name": Track(track).label,
            "count": count,
        }
        for code, year, track, count in table
    ]
    body = {"as_of": clock.now().isoformat(), "counts": rows}
    response = JsonResponse(body, json_dumps_params={"ensure_ascii": False})
    response["Content-Disposition"] = 'attachment; filename="nation.json"'
    response["Cache-Control"] = "no-store"
    return response


urlpatterns = [path("nation/", nation, name="portal-nation")]
