"""Every title of the scope, and one title with what is going on about it: where most processes begin."""

from collections.abc import Iterable
from typing import Any

from django.http import HttpResponse
from django.urls import path

from jiangxin.core.kernel.regions import province_name
from jiangxin.core.workflow import Role, TitleState
from jiangxin.faces.frame.addresses import path_of
from jiangxin.faces.frame.keywords import choice, contains, number, province
from jiangxin.faces.frame.listing import Column, Listing
from jiangxin.faces.frame.pages import Request, page
from jiangxin.faces.frame.title_events import shown_events
from jiangxin.stages.changes import queries as changes
from jiangxin.stages.experience import queries as experiences
from jiangxin.stages.programme.tracks import Kind, Track
from jiangxin.stages.revocation import queries as revocations
from jiangxin.stages.revocation.choices import Cause
from jiangxin.stages.titles import queries

from .navigation import DESK, Link, desk_page

READERS = DESK
GROUP = "称号"
KINDS, TRACKS, STATES = dict(Kind.choices()), dict(Track.choices()), dict(TitleState.choices())
CAUSES = dict(Cause.choices)
LINKS = (Link(name="desk-titles", label="全部称号", icon="medal", roles=READERS, group=GROUP),)
COLUMNS = (
    Column("number", "编号", lambda row: row.number, sort="number"),
    Column("name", "项目", lambda row: row.name, sort="name"),
    Column("unit", "建设单位", lambda row: row.unit_name, sort="unit_name"),
    Column("province", "省份", lambda row: province_name(row.province), sort="province"),
    Column("year", "年度", lambda row: str(row.year), sort="year"),
    Column("kind", "类别", lambda row: KINDS[row.kind], sort="kind"),
    Column("state", "称号", lambda row: (row.state, STATES[row.state]), "state", "state"),
    Column(
        "assessment",
        "考核评估",
        lambda row: row.get_assessment_display(),
        sort="assessment",
        default=False,
    ),
    Column("leader", "带头人", lambda row: row.leader_name, default=False),
    Column("uscc", "统一社会信用代码", lambda row: row.uscc, default=False),
)
KEYWORDS = (
    province(),
    number("年", "year", "确定年度，例如 2025、2011..2020", example="2025"),
    choice("类别", "kind", [("base", "基地"), ("studio", "工作室")]),
    choice("状态", "state", list(STATES.items())),
    choice("考核", "assessment", [("none", "尚未考核"), ("passed", "通过"), ("failed", "不通过")]),
    contains("单位", "unit_name", example="单位:学院"),
)
TITLES = Listing(
    columns=COLUMNS,
    keywords=KEYWORDS,
    text=("number__icontains", "name__icontains", "unit_name__icontains"),
    text_help="在编号、项目、单位中查找",
    order=("-year", "province", "number"),
    link=lambda row: path_of("desk-title", row.pk),
)


@page(roles=READERS)
def titles(request: Request) -> HttpResponse:
    """The titles in the viewer's scope."""
    shown = TITLES.show(queries.titles_of(request.viewer), request)
    return shown.export("称号") or desk_page(
        request,
        "desk/titles/list.html",
        {
            "list": shown,
            "heading": "全部称号",
            "clauses": (),
            "tools": [],
            "intro": "打开一个称号，可以登记变更、推荐经验案例，或提出取消。",
            "tiles": [],
            "empty": {
                "title": "还没有称号",
                "why": "两部备案登记后列入；2011—2020 年的由省级录入。",
            },
        },
    )


@page(roles=READERS)
def title(request: Request, title_id: int) -> HttpResponse:
    """One title: its facts, its processes, its record in the ledger."""
    row = revocations.title_judged(request.viewer, title_id)
    cases = revocations.of_title(request.viewer, row)
    stands = row.state == TitleState.TITLED
    own = request.viewer.role is Role.PROVINCE_HR
    open_case = any(each.open for each in cases)
    return desk_page(
        request,
        "desk/titles/title.html",
        {
            "title": row,
            "around": TITLES.around(
                queries.titles_of(request.viewer), request, back=path_of("desk-titles")
            ),
            "may_act": own and stands,
            "open_case": open_case,
            "ready": "" if open_case else CAUSES.get(row.due_cause, ""),
            "facts": _facts(row),
            "blocks": [
                _block("取消称号", cases, "desk-revocation", "get_cause_display"),
                _block("变更", changes.of_title(request.viewer, row), "desk-change"),
                _block("经验案例", experiences.of_title(request.viewer, row), "desk-experience"),
            ],
            "events": shown_events(queries.title_history(row)),
        },
    )


def _facts(row: Any) -> list[dict[str, str]]:
    found = [
        ("类型", TRACKS.get(row.track) or KINDS[row.kind]),
        ("统一社会信用代码", row.uscc),
        ("曾用名称和代码", "、".join(row.former_names)),
        ("带头人", row.leader_name),
        ("考核评估", row.get_assessment_display() if queries.is_legacy(row) else ""),
    ]
    return [{"label": label, "value": value} for label, value in found if value]


def _block(label: str, rows: Iterable[Any], view: str, name: str = "") -> dict[str, Any]:
    return {
        "label": label,
        "rows": [
            {
                "url": path_of(view, row.pk),
                "label": getattr(row, name)() if name else str(row),
                "code": row.state,
                "state": row.get_state_display(),
                "at": getattr(row, "proposed_at", None) or row.requested_at,
            }
            for row in rows
        ],
    }


urlpatterns = [
    path("titles/", titles, name="desk-titles"),
    path("titles/<int:title_id>/", title, name="desk-title"),
]
