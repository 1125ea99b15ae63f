"""The national picture: registered against the two targets; by province, year, track and field."""

from collections import Counter
from typing import Any

from django.http import HttpResponse
from django.urls import path

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.regions import PROVINCES
from jiangxin.faces.frame import export, nation, pictures
from jiangxin.faces.frame.addresses import path_of
from jiangxin.faces.frame.filters import query
from jiangxin.faces.frame.pages import ANYONE, Request, page
from jiangxin.stages.application.coverage import occupation_counts
from jiangxin.stages.programme.queries import pack
from jiangxin.stages.programme.tracks import Track
from jiangxin.stages.titles import progress, queries

from .navigation import portal_page

Table = list[tuple[str, int, str, int]]
NAMES = {each.code: each.name for each in PROVINCES}
VALID = "年:{first}..{last} 状态:有效"  # the search that finds exactly what is counted here


def province_url(code: str) -> str:
    """Where a province's tile leads."""
    return path_of("portal-province", code)


def found_by(*terms: str) -> str:
    """The search of the register that finds exactly the counted titles, with these terms."""
    first, last = queries.programme_years()
    terms = (*terms, VALID.format(first=first, last=last))
    return path_of("portal-register") + query({"q": " ".join(terms)})


@page(roles=ANYONE)
def overview(request: Request) -> HttpResponse:
    """Only what the register publishes, counted; or the counts as a file. Three queries."""
    table = queries.table()
    wanted = request.GET.get("export", "") if "picture" not in request.GET else ""
    if wanted == "json":
        return _json(table)
    if wanted in export.FORMATS:
        return export.respond(wanted, "全国登记项目", *_sheet(table))
    measure = nation.measure_of(request.GET.get("measure", ""))
    courses = progress.courses(table)
    targets = nation.targets(courses)
    by_province = nation.provinces(table, progress.assessed(), measure, province_url)
    first, last = queries.programme_years()
    context = {
        "first": first,
        "last": last,
        "as_of": clock.now(),
        "courses": courses,
        "targets": targets,
        "by_province": by_province,
        "measure": nation.MEASURES[measure],
        "measures": nation.measure_links(measure),
        "fields": _fields(),
        "count": sum(each.count for each in courses),
        "register": found_by(),
        "downloads": [
            {"label": label, "url": request.path + query({"export": key})}
            for key, label in pictures.FILES
        ],
    }
    return pictures.answer(request, [targets, by_province]) or portal_page(
        request, "portal/nation.html", context, cacheable=True
    )


def _fields() -> list[dict[str, Any]]:
    """How many titles each priority field of the notice has; the rest comes last."""
    counts: Counter[str] = Counter()
    for (_, key), count in progress.field_counts().items():
        counts[key] += count
    names = pack().priority_fields
    rows = [{"label": label, "count": counts[key]} for key, label in names.items()]
    other = sum(count for key, count in counts.items() if key not in names)
    return [*rows, {"label": "其他或未填", "count": other}]


@page(roles=ANYONE)
def coverage(request: Request) -> HttpResponse:
    """Field × province and occupation × province, with what is covered nowhere. Two queries."""
    served = occupation_counts()
    by_field = nation.fields(progress.field_counts(), province_url)
    by_occupation = nation.occupations(served)
    context = {
        "by_field": by_field,
        "by_occupation": by_occupation,
        "nowhere": nation.missing_occupations(served, ""),
    }
    return pictures.answer(request, [by_field, by_occupation]) or portal_page(
        request, "portal/coverage.html", context, cacheable=True
    )


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
    return pictures.json_file("nation", {"as_of": clock.now().isoformat(), "counts": rows})


urlpatterns = [
    path("nation/", overview, name="portal-nation"),
    path("nation/coverage/", coverage, name="portal-nation-coverage"),
]
