"""The register of titles: the list with its downloads, and one title with its history."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from django.http import HttpResponse
from django.urls import path

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.regions import province_name
from jiangxin.core.workflow import TitleState
from jiangxin.faces.frame.addresses import path_of
from jiangxin.faces.frame.keywords import choice, contains, number, province
from jiangxin.faces.frame.listing import Column, Listing, Shown, address
from jiangxin.faces.frame.pages import ANYONE, Request, page
from jiangxin.faces.frame.pictures import json_file
from jiangxin.faces.frame.title_events import shown_events
from jiangxin.stages.experience.queries import published_of
from jiangxin.stages.programme.queries import pack
from jiangxin.stages.programme.tracks import Kind, Track
from jiangxin.stages.publicity.story import public_story
from jiangxin.stages.revocation.queries import decision_of
from jiangxin.stages.titles import queries

from .navigation import portal_page

KINDS, TRACKS = dict(Kind.choices()), dict(Track.choices())
STATES = dict(TitleState.choices())
ASSESSMENTS = {"none": "尚未考核", "passed": "考核通过", "failed": "考核不通过"}
# The columns that are public; nothing else of a title is read.
FIELDS = (
    "pk",
    "number",
    "name",
    "unit_name",
    "uscc",
    "province",
    "year",
    "kind",
    "track",
    "leader_name",
    "priority_field",
    "assessment",
    "assessed_year",
    "public_state",
    "registered_at",
)

NAMES = {"public_state": "state"}  # as programs read it


def field_name(key: str) -> str:
    """The Chinese name of a priority field."""
    return pack().priority_fields.get(key, key)


def day_of(moment: datetime | None) -> date | None:
    """The day in Beijing."""
    return moment.astimezone(clock.BEIJING).date() if moment else None


def kind_name(row: dict[str, Any]) -> str:
    """The track; a title of 2011–2020 has none and shows its kind."""
    return TRACKS.get(row["track"]) or KINDS[row["kind"]]


def _state(row: dict[str, Any]) -> tuple[str, str]:
    return row["public_state"], STATES[row["public_state"]]


REGISTER = Listing(
    columns=(
        Column("number", "编号", lambda row: row["number"], sort="number"),
        Column("name", "项目", lambda row: row["name"], sort="name"),
        Column("unit", "建设单位", lambda row: row["unit_name"], sort="unit_name"),
        Column("province", "省份", lambda row: province_name(row["province"]), sort="province"),
        Column("year", "年度", lambda row: str(row["year"]), sort="year"),
        Column("track", "类型", kind_name, sort="track"),
        Column("state", "称号", _state, "state", "public_state"),
        Column("leader", "带头人", lambda row: row["leader_name"], default=False),
        Column("field", "重点领域", lambda row: field_name(row["priority_field"]), default=False),
        Column("uscc", "统一社会信用代码", lambda row: row["uscc"], default=False),
        Column(
            "registered",
            "登记日期",
            lambda row: day_of(row["registered_at"]),
            "date",
            "registered_at",
            default=False,
        ),
    ),
    keywords=(
        province(),
        number("年", "year", "确定年度，例如 2025、>=2022、2011..2020", example="2025"),
        choice("类型", "track", Track),
        choice("类别", "kind", [("base", "基地"), ("studio", "工作室")]),
        choice("状态", "public_state", list(STATES.items())),
        contains("单位", "unit_name", example="单位:学院"),
    ),
    text=("number__icontains", "name__icontains", "unit_name__icontains"),
    text_help="在编号、项目、单位中查找",
    order=("-year", "province", "number"),
    link=lambda row: path_of("portal-title", row["pk"]),
)


@page(roles=ANYONE)
def register(request: Request) -> HttpResponse:
    """Every title that was ever given: the search, or all that it finds as a file."""
    shown = REGISTER.show(queries.register().values(*FIELDS), request)
    if request.GET.get("export") == "json":
        return _json(shown)
    context = {
        "list": shown,
        "export_json": address(shown.path, request.GET, export="json", page=None),
        "empty": {"title": "名录还是空的", "why": "两部备案登记后列入名录。"},
    }
    return shown.export("名录") or portal_page(
        request, "portal/register.html", context, cacheable=True
    )


def _json(shown: Shown) -> HttpResponse:
    """All rows of the search with their codes and names, for programs."""
    body = {"as_of": clock.now().isoformat(), "query": shown.q, "titles": list(_plain(shown))}
    return json_file("register", body)


def _plain(shown: Shown) -> Iterator[dict[str, Any]]:
    for row in shown.found.iterator(chunk_size=500):
        at = row["registered_at"]
        yield {
            **{NAMES.get(key, key): row[key] for key in FIELDS if key != "pk"},
            "province_name": province_name(row["province"]),
            "registered_at": at.astimezone(clock.BEIJING).isoformat() if at else None,
        }


@page(roles=ANYONE)
def title(request: Request, title_id: int) -> HttpResponse:
    """One title with what has happened to it, as the ledger has it."""
    row = queries.title(title_id)
    state = queries.public_state(row)
    around = REGISTER.around(
        queries.register().values(*FIELDS), request, back=path_of("portal-register")
    )
    return portal_page(
        request,
        "portal/title.html",
        {
            "title": row,
            "around": around,
            "state": (state, STATES[state]),
            "facts": [each for each in _facts(row) if each["value"]],
            "events": shown_events(public_story(row)),
            "decision": decision_of(row) if state is TitleState.REVOKED else None,
            "experiences": published_of(row),
        },
        cacheable=True,
    )


def _facts(row: Any) -> list[dict[str, Any]]:
    """What is public of a title, as label and value; empty ones are left out by the caller."""
    legacy = not row.track
    judged = ASSESSMENTS[row.assessment]
    when = f"（{row.assessed_year} 年）" if row.assessed_year else ""
    day = day_of(row.registered_at)
    return [
        {"label": "编号", "value": row.number},
        {"label": "类型", "value": TRACKS.get(row.track) or KINDS[row.kind]},
        {"label": "建设单位", "value": row.unit_name},
        {"label": "统一社会信用代码", "value": row.uscc},
        {"label": "曾用名称和代码", "value": "、".join(row.former_names)},
        {"label": "带头人", "value": row.leader_name if row.kind == Kind.STUDIO else ""},
        {"label": "省份", "value": province_name(row.province)},
        {"label": "确定年度", "value": f"{row.year} 年"},
        {"label": "重点领域", "value": field_name(row.priority_field)},
        {"label": "考核评估", "value": judged + when if legacy else "", "clause": "4.2"},
        {"label": "登记日期", "value": clock.long_date(day) if day else ""},
    ]


urlpatterns = [
    path("register/", register, name="portal-register"),
    path("register/<int:title_id>/", title, name="portal-title"),
]
