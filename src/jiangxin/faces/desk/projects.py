"""All projects that the viewer may see, in every state; and one project with its whole story."""

from dataclasses import replace
from typing import Any

from django.db.models import Q
from django.http import HttpResponse
from django.urls import path, reverse

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.regions import PROVINCES, province_name
from jiangxin.core.workflow import REGISTERED_ONCE, ProjectState, Role
from jiangxin.faces.frame.addresses import path_of
from jiangxin.faces.frame.listing import (
    Around,
    Column,
    Keyword,
    Listing,
    address,
    choice,
    contains,
    number,
    province,
    when,
)
from jiangxin.faces.frame.pages import Request, page
from jiangxin.faces.frame.submitted import differences, pages
from jiangxin.faces.frame.timeline import event_line
from jiangxin.records.identity.viewer import Viewer
from jiangxin.stages.application import queries
from jiangxin.stages.application.scan import verdict
from jiangxin.stages.examination.queries import rejection, returns, sheet
from jiangxin.stages.programme.queries import filing_deadline, pack
from jiangxin.stages.programme.tracks import Kind, Track

from .joint import joint_act
from .navigation import WITH_BODIES, Link, desk_page, waits_for
from .programme import day_of

LINKS = (
    Link(
        name="desk-projects",
        label="全部项目",
        icon="list",
        roles=WITH_BODIES,
        waits=queries.corrections_late,
        todo="补正:逾期",
        todo_label="补正已逾期",
    ),
)
SUBJECTS = {"project": "desk-project"}

TRACKS = dict(Track.choices())
SHORT = {each.code: each.short for each in PROVINCES}
STATES = dict(ProjectState.choices())
FIELDS = (
    "pk",
    "number",
    "title",
    "unit_name",
    "province",
    "year",
    "track",
    "state",
    "leader_name",
    "priority_field",
    "submitted_at",
    "correction_due",
    "version",
)


@page(roles=WITH_BODIES)
def projects(request: Request) -> HttpResponse:
    """The list: search, sort, columns, pages, export."""
    rows = queries.visible(request.viewer).values(*FIELDS)
    shown = listing_for(request.viewer).show(rows, request)
    file = shown.export("项目")
    return file or desk_page(
        request,
        "desk/projects/list.html",
        {"list": shown, "empty": _empty(request), "scope": _scope(request)},
    )


def listing_for(viewer: Viewer) -> Listing:
    """The declaration of the list for a viewer: `待办:我` and the usual columns depend on who asks."""
    national = not viewer.province
    return Listing(
        columns=tuple(
            replace(each, default=national) if each is PROVINCE else each for each in COLUMNS
        ),
        keywords=(*KEYWORDS, waiting(viewer.role), corrections()),
        text=("number__icontains", "title__icontains", "unit_name__icontains"),
        text_help="在编号、项目名称、申报单位中查找",
        order=("-year", "province", "number", "pk"),
        link=lambda row: path_of("desk-project", row["pk"]),
    )


def waiting(role: Role) -> Keyword:
    """`待办:我`: the projects in a state in which this role has a step to take."""
    states = [state.value for state in ProjectState if waits_for(role, state.value)]
    mine = Q(state__in=states)
    if role is Role.PROVINCE_HR:
        mine |= _overdue()
    return when("待办", "等待我方办理的项目", {"我": mine})


def corrections() -> Keyword:
    """`补正:逾期`: what is back with its unit, by whether the date for it has passed."""
    returned, today = Q(state=ProjectState.RETURNED.value), clock.today()
    values = {"逾期": _overdue(), "期内": returned & Q(correction_due__gte=today)}
    return when("补正", "退回补正的项目是否已过期限：逾期、期内", values)


def _overdue() -> Q:
    return Q(state=ProjectState.RETURNED.value, correction_due__lt=clock.today())


def _state(row: dict[str, Any]) -> tuple[str, str]:
    return row["state"], STATES[row["state"]]


def _field(row: dict[str, Any]) -> str:
    return pack().priority_fields.get(row["priority_field"], row["priority_field"])


def _due(row: dict[str, Any]) -> Any:
    """The date for corrections, while it still binds."""
    return row["correction_due"] if row["state"] == ProjectState.RETURNED else None


COLUMNS = (
    Column("number", "编号", lambda row: row["number"], sort="number"),
    Column("title", "项目名称", lambda row: row["title"], sort="title"),
    Column("unit", "申报单位", lambda row: row["unit_name"], sort="unit_name"),
    Column("track", "类型", lambda row: TRACKS[row["track"]], sort="track"),
    Column("state", "状态", _state, kind="state", sort="state"),
    PROVINCE := Column("province", "省份", lambda row: SHORT[row["province"]], sort="province"),
    Column("year", "年度", lambda row: str(row["year"]), sort="year"),
    Column("submitted", "提交时间", lambda row: row["submitted_at"], "moment", "submitted_at"),
    Column("due", "补正截止", _due, "date", "correction_due"),
    Column("field", "重点领域", _field, sort="priority_field", default=False),
    Column("leader", "带头人", lambda row: row["leader_name"], sort="leader_name", default=False),
    Column("version", "提交次数", lambda row: row["version"], "number", "version", default=False),
)
KEYWORDS = (
    province(),
    choice("状态", "state", ProjectState, example="资格审查通过"),
    choice("类型", "track", Track),
    choice("类别", "kind", Kind),
    number("年", "year", "年度，例如 2025 或 >=2024", example="2025"),
    contains("单位", "unit_name", example="单位:学院"),
    contains("带头人", "leader_name", example="带头人:张"),
)


def _scope(request: Request) -> str:
    return province_name(request.viewer.province) or "全国"


def _empty(request: Request) -> dict[str, str]:
    """Why the list may be empty, in the words of the viewer's scope."""
    ministry = request.viewer.role in (Role.MINISTRY_HR, Role.MINISTRY_FINANCE)
    why = "省级报送备案后，项目即出现在这里。" if ministry else "单位提交申报后，项目即出现在这里。"
    return {"title": "还没有项目", "why": why}


@page(roles=WITH_BODIES)
def project(request: Request, project_id: int) -> HttpResponse:
    """One project: the form as submitted, what changed, the examination, what happened when."""
    found = queries.application(request.viewer, project_id)
    tab = request.GET.get("tab", "")
    tab = tab if tab in TABS else "form"
    context = {
        "project": found,
        "head": head(found, paper=tab == "form"),
        "joint": joint_act(request.viewer, found),
        "tab": tab,
        "tabs": [
            {"key": key, "label": label, "url": address(request.path, request.GET, tab=key)}
            for key, label in TABS.items()
        ],
        "may_examine": request.viewer.role is Role.PROVINCE_HR
        and found.state == ProjectState.SUBMITTED,
        "around": _around(request),
        **SHOWN[tab](request, found),
    }
    return desk_page(request, "desk/projects/project.html", context)


def _around(request: Request) -> Around:
    rows = queries.visible(request.viewer).values(*FIELDS)
    back = reverse("desk-projects")
    return listing_for(request.viewer).around(rows, request, back=back)


def head(project: Any, *, paper: bool = True) -> dict[str, Any]:
    """What stands on top of a project: number, unit, track, state, the clock that runs now, and with
    `paper` its sealed copy."""
    return {
        "kicker": f"{project.number} · {project.year} 年度 · {province_name(project.province)}",
        "facts": [
            {"label": "申报单位", "value": project.unit_name},
            {"label": "类型", "value": TRACKS[project.track]},
            {"label": "提交", "value": clock.long_moment(project.submitted_at)},
            {"label": "第几次提交", "value": project.version},
        ],
        "state": {"code": project.state, "label": STATES[project.state]},
        "clock": running_clock(project),
        "paper": _paper(project) if paper else None,
    }


def _paper(project: Any) -> dict[str, Any]:
    """How the sealed copy stands to the newest version, and where both can be seen."""
    found = verdict(project)
    row = found.scan
    return {
        "word": found.word,
        "label": found.label,
        "pdf": path_of("apply-paper-pdf", project.pk, project.version),
        "held": row
        and {
            "url": path_of("evidence-file", project.pk, row.document_id),
            "code": row.code,
            "how": row.get_how_display(),
            "at": row.at,
        },
    }


def running_clock(project: Any) -> dict[str, str] | None:
    """The deadline that binds this project now: text and tone; None once it is registered."""
    if project.state in (*REGISTERED_ONCE, *ENDED):
        return None
    if project.state == ProjectState.RETURNED and project.correction_due:
        late = clock.today() > project.correction_due
        text = f"补正截止 {clock.long_date(project.correction_due)}"
        return {"text": text + ("，已逾期" if late else ""), "tone": "red" if late else "amber"}
    last = day_of(filing_deadline(project.year))
    left = (last - clock.today()).days
    if left < 0:
        return {"text": f"备案已于{clock.long_date(last)}截止", "tone": "red"}
    return {"text": f"距备案截止 {left} 天", "tone": "amber" if left <= 30 else "grey"}


def _form(request: Request, project: Any) -> dict[str, Any]:
    every = queries.versions(project)
    chosen = _version(request.GET.get("version"), every)
    older = _version(request.GET.get("against"), every[:-1]) if len(every) > 1 else None
    form = queries.form_of(project)
    return {
        "versions": [
            {
                "number": each.number,
                "at": each.at,
                "digest": each.digest,
                "url": address(request.path, request.GET, version=each.number, tab="form"),
                "chosen": each is chosen,
            }
            for each in every
        ],
        "older": older,
        "newest": every[-1],
        "differences": differences(form, older, every[-1]) if older else [],
        "pages": pages(form, chosen.answers, chosen.evidence, project.pk),
    }


def _eligibility(request: Request, project: Any) -> dict[str, Any]:
    lines = sheet(project)
    return {
        "lines": lines,
        "settled": sum(line.settled for line in lines),
    }


def _history(request: Request, project: Any) -> dict[str, Any]:
    return {
        "events": [event_line(event) for event in queries.timeline(project)],
        "returns": [shown_return(project, item) for item in returns(project)],
        "rejection": rejection(project),
    }


def shown_return(project: Any, item: Any) -> dict[str, Any]:
    """A returned item with the names of its section and field."""
    section = queries.form_of(project).section(item.section)
    field = section.field(item.field) if section and item.field else None
    title = section.title if section else item.section
    return {
        "version": item.version,
        "where": f"{title} · {field.label}" if field else title,
        "reason": item.reason,
        "at": item.at,
    }


def _version(asked: str | None, every: list[Any]) -> Any:
    """The version asked for by number, else the newest of these."""
    return next((each for each in every if str(each.number) == asked), every[-1])


TABS = {"form": "申报表与佐证", "eligibility": "资格条件", "history": "办理经过"}
SHOWN = {"form": _form, "eligibility": _eligibility, "history": _history}
ENDED = (ProjectState.REJECTED, ProjectState.WITHDRAWN, ProjectState.NOT_SELECTED)

urlpatterns = [
    path("projects/", projects, name="desk-projects"),
    path("projects/<int:project_id>/", project, name="desk-project"),
]
