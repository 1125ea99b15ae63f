"""The nation: registered against the two targets, province by province, and this year's filings."""

from collections import Counter
from functools import partial
from typing import Any

from django.http import HttpResponse
from django.urls import path, reverse

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.regions import PROVINCES, province_name
from jiangxin.core.workflow import PackageState
from jiangxin.faces.frame import export
from jiangxin.faces.frame import nation as pictures_of
from jiangxin.faces.frame.filters import query
from jiangxin.faces.frame.pages import Request, page
from jiangxin.faces.frame.pictures import answer
from jiangxin.stages.filing import queries
from jiangxin.stages.programme.queries import filing_deadline, pack
from jiangxin.stages.programme.tracks import Track
from jiangxin.stages.titles import progress
from jiangxin.stages.titles import queries as titles

from . import pictures, pictures_money, pictures_overdue
from .filing import STATES, deadline_of
from .navigation import DESK, desk_of, desk_page
from .pictures import province_url

TRACKS = {Track.NEW_BASE: "新建", Track.EXISTING_BASE: "已建", Track.STUDIO: "工作室"}
TO_THE_MINISTRIES = (PackageState.FILED, PackageState.RETURNED, PackageState.REGISTERED)


@page(roles=DESK)
def nation(request: Request) -> HttpResponse:
    """The register is public; how a province's filing stands is shown to the nation's viewers only."""
    first, last = titles.programme_years()
    years = list(range(first, last + 1))
    counted = titles.table()
    table = {(code, year, track): count for code, year, track, count in counted}
    wanted = request.GET.get("export", "")
    if wanted in export.FORMATS and "picture" not in request.GET:
        return export.respond(wanted, "全国登记项目", *_sheet(years, table))
    measure = pictures_of.measure_of(request.GET.get("measure", ""))
    courses = progress.courses(counted)
    targets = pictures_of.targets(courses)
    by_province = pictures_of.provinces(
        counted, progress.assessed(), measure, partial(province_url, request.viewer)
    )
    year = desk_of(request).year
    context = {
        "first": first,
        "last": last,
        "year": year,
        "courses": courses,
        "targets": targets,
        "by_province": by_province,
        "measure": pictures_of.MEASURES[measure],
        "measures": pictures_of.measure_links(measure),
        "years": years,
        "tracks": list(TRACKS.values()),
        "rows": _rows(years, table),
        "export_xlsx": request.path + query({"export": "xlsx"}),
        "export_csv": request.path + query({"export": "csv"}),
        "filings": _filings(request, year) if request.viewer.national else None,
    }
    return answer(request, [targets, by_province]) or desk_page(
        request, "desk/ministry/nation.html", context
    )


def _rows(years: list[int], table: dict[tuple[str, int, str], int]) -> list[dict[str, Any]]:
    """One row a province, a cell for each year and track; the nation's sum comes last."""
    cells = {
        each.name: [
            table.get((each.code, year, track.value), 0) for year in years for track in TRACKS
        ]
        for each in PROVINCES
    }
    cells["全国"] = [sum(column) for column in zip(*cells.values(), strict=True)]
    return [{"name": name, "cells": row, "total": sum(row)} for name, row in cells.items()]


def _sheet(
    years: list[int], table: dict[tuple[str, int, str], int]
) -> tuple[list[str], list[list[export.Pair]]]:
    """Heads and rows of the download: one line for each province and year."""
    heads = ["省份", "年度", *(track.label for track in TRACKS), "合计"]
    rows: list[list[export.Pair]] = []
    for each in PROVINCES:
        for year in years:
            counts = [table.get((each.code, year, track.value), 0) for track in TRACKS]
            cells = [("number", count) for count in [*counts, sum(counts)]]
            rows.append([("text", each.name), ("number", year), *cells])
    return heads, rows


def _filings(request: Request, year: int) -> dict[str, Any]:
    """Where the filings of a year stand, and which provinces have not filed."""
    filed = queries.states_by_province(request.viewer, year)
    states = Counter(str(row.state) for row in filed.values())
    missing = [each.code for each in PROVINCES if each.code not in filed]
    over = pack().covers(year) and clock.now() >= filing_deadline(year)
    words = "逾期未报，视为无申报项目" if over else "尚未报送"
    listed = reverse("ministry-filings")
    tiles = [
        {
            "label": STATES[state],
            "value": states[state],
            "unit": "个省份",
            "url": listed + query({"q": f"状态:{state.label} 年:{year}"}),
        }
        for state in TO_THE_MINISTRIES
    ]
    return {
        "tiles": [*tiles, {"label": words, "value": len(missing), "unit": "个省份"}],
        "words": words,
        "missing": [province_name(code) for code in missing],
        "deadline": deadline_of(year) if pack().covers(year) else None,
    }


urlpatterns = [
    path("nation/", nation, name="desk-nation"),
    *pictures_money.urlpatterns,
    *pictures_overdue.urlpatterns,
    *pictures.urlpatterns,
]
