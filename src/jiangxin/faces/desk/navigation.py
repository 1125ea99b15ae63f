"""The desk's left navigation and the one way to answer with a desk page.

A module of the desk declares the links that it wants on the left as `LINKS`; `desk_page` puts them
together, in the order of `urls.MODULES`, with the number of what waits for the viewer's role:

    LINKS = (Link(name="desk-examination", label="资格审查", icon="check-circle",
                  group="申报与审查", roles=DESK, states=(ProjectState.SUBMITTED,)),)

    return desk_page(request, "desk/examination/queue.html", {"list": shown})
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache, lru_cache
from importlib import import_module
from os.path import commonprefix
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.regions import province_name
from jiangxin.core.workflow import MACHINES, PROVINCIAL, ProjectState, Role
from jiangxin.faces.frame.filters import query
from jiangxin.faces.frame.pages import Request, render
from jiangxin.records.identity.viewer import Viewer
from jiangxin.records.inbox.queries import unread, unread_count
from jiangxin.records.inbox.waiting import NOTHING, Count, Waiting, Waits, compiled
from jiangxin.records.ledger.queries import head
from jiangxin.stages.application.queries import counts_by_state
from jiangxin.stages.programme.queries import begun_years

DESK = frozenset(
    {
        Role.PROVINCE_HR,
        Role.PROVINCE_FINANCE,
        Role.SUPERVISOR,
        Role.AUDITOR,
        Role.MINISTRY_HR,
        Role.MINISTRY_FINANCE,
    }
)
# A recommending body has a desk too, but only for what names it: it reads no files of the province.
WITH_BODIES = DESK | {Role.RECOMMENDER}
PROVINCE_DESK = DESK - {Role.MINISTRY_HR, Role.MINISTRY_FINANCE}
SEARCH = "desk-projects"
INBOX = "desk-inbox"


@dataclass(frozen=True, kw_only=True)
class Link:
    """One line on the left: the view's `name`, for which `roles`, under which `group`.

    `states` are the project states behind it: those in which the viewer's role has a step to take
    are counted. `waits` gives the rows of a stage that wait for the viewer; the home page leads to
    them with the search `todo`, under the words of `todo_label` where the link's own do not fit.
    `search` is added to the address as `?q=`. `pages` names views of other modules that belong to it.
    """

    name: str
    label: str
    icon: str
    roles: frozenset[Role]
    group: str = ""
    states: tuple[ProjectState, ...] = ()
    waits: Callable[[Viewer], Waits] | None = None
    todo: str = ""
    todo_label: str = ""
    search: str = ""
    pages: tuple[str, ...] = ()


@dataclass(frozen=True)
class Item:
    url: str
    label: str
    icon: str
    active: bool
    count: int


@dataclass(frozen=True)
class Section:
    label: str
    items: list[Item]


@dataclass(frozen=True)
class Year:
    year: int
    url: str


@dataclass(frozen=True)
class Desk:
    """What the layout needs: the scope's name, the year chosen, the links with their counts.

    `states` counts the projects of the chosen year by state: those that wait for the viewer's role,
    or all (`navigation`); `waiting` is what waits behind each link that has any; `unread` messages.
    """

    province: str
    year: int
    years: list[Year]
    search_url: str
    sections: list[Section]
    states: Counter[str]
    waiting: list[tuple[Link, Waiting]]
    unread: int


def desk_page(
    request: Request,
    template: str,
    context: Mapping[str, Any] | None = None,
    *,
    status: int | None = None,
) -> HttpResponse:
    """A page in the desk's layout; like `pages.render`, with the navigation and its queries."""
    return render(request, template, {"desk": desk_of(request), **(context or {})}, status=status)


def desk_of(request: Request, *, every_state: bool = False) -> Desk:
    """The navigation of this request, computed once; the first who asks says whether to count all."""
    found: Desk | None = getattr(request, "desk", None)
    if found is None:
        found = navigation(request.viewer, request, every_state=every_state)
        request.desk = found  # type: ignore[attr-defined]
        request.unread = found.unread
    return found


def navigation(viewer: Viewer, request: HttpRequest, *, every_state: bool = False) -> Desk:
    """The desk of `viewer`: groups of links with counts of what waits. At most four queries, two while
    nothing has happened.
    """
    years = begun_years()
    year = _chosen(request.GET.get("year", ""), years)
    links = links_of(viewer)
    states, waiting, unread_messages = _tally(viewer, year, every_state=every_state)
    return Desk(
        province=province_name(viewer.province),
        year=year,
        years=[Year(each, reverse("desk-home") + query({"year": each})) for each in years],
        search_url=reverse(SEARCH),
        sections=_sections(viewer, request, links, states, waiting),
        states=states,
        waiting=[
            (link, waiting[link.name])
            for each in links.values()
            for link in each
            if link.name in waiting
        ],
        unread=unread_messages,
    )


Tally = tuple[Counter[str], Mapping[str, Waiting]]


def _tally(viewer: Viewer, year: int, *, every_state: bool) -> tuple[*Tally, int]:
    """Projects by state, what waits by the name of its link, and the unread messages.

    To plan the one great count takes the database longer than to run it. What it counts is moved by
    actions, and every action ends in an event: while the ledger's head and the minute stand, so do
    the counts. Messages are read without an event and are counted each time.
    """
    states = None if every_state else waiting_states(viewer.role)
    minute, newest = clock.now().replace(second=0, microsecond=0), head()
    if newest is None:
        by_state, waiting = _counted.__wrapped__(viewer, year, states, minute, newest)
        return by_state, waiting, waiting.get(INBOX, NOTHING).count
    return *_counted(viewer, year, states, minute, newest), unread_count(viewer)


@lru_cache(maxsize=4096)
def _counted(
    viewer: Viewer, year: int, states: tuple[str, ...] | None, minute: datetime, _head: int | None
) -> Tally:
    return counts_by_state(viewer, year=year, states=states), _count(viewer, minute).run()


@lru_cache(maxsize=4096)
def _count(viewer: Viewer, _minute: datetime) -> Count:
    """The count behind the links, compiled once a minute for each viewer: it knows who asks and when,
    and nothing of the rows."""
    asked = {
        link.name: link.waits(viewer)
        for each in links_of(viewer).values()
        for link in each
        if link.waits
    }
    return compiled(asked | {INBOX: unread(viewer)})


def waits_for(role: Role, state: str) -> bool:
    """Whether a project in `state` waits for `role`: for its own step, or for its word on a joint one.

    A step that only a missed date opens does not count: what is late is counted by its own `waits`.
    """
    return any(
        state in step.sources
        and "correction_overdue" not in step.guards
        and (role in step.by or (step.joint and role in PROVINCIAL))
        for step in MACHINES["project"].transitions
    )


@cache
def waiting_states(role: Role) -> tuple[str, ...]:
    """The states in which a project waits for this role."""
    return tuple(state.value for state in ProjectState if waits_for(role, state.value))


def _chosen(asked: str, years: list[int]) -> int:
    return next((year for year in years if str(year) == asked), years[0])


def links_of(viewer: Viewer) -> dict[str, list[Link]]:
    """Module name → its links for this viewer, in the order of the modules."""
    from .urls import MODULES  # the modules import this one

    modules = [import_module(f"{__package__}.{name}") for name in MODULES]
    return {
        module.__name__: [
            link for link in getattr(module, "LINKS", ()) if viewer.role in link.roles
        ]
        for module in modules
    }


def _sections(
    viewer: Viewer,
    request: HttpRequest,
    links: Mapping[str, list[Link]],
    states: Counter[str],
    waiting: Mapping[str, Waiting],
) -> list[Section]:
    found: dict[str, list[Item]] = {}
    for module, own in links.items():
        here = _here(request, module, own)
        for link in own:
            count = sum(states[state] for state in link.states if waits_for(viewer.role, state))
            count += waiting.get(link.name, NOTHING).count
            url = reverse(link.name) + (query({"q": link.search}) if link.search else "")
            item = Item(url, link.label, link.icon, link is here, count)
            found.setdefault(link.group, []).append(item)
    return [Section(label, items) for label, items in found.items()]


def _here(request: HttpRequest, module: str, links: list[Link]) -> Link | None:
    """The link that the present page belongs to: of its module's, the one named most like it."""
    match = request.resolver_match
    view = match.func.__module__ if match else ""
    belongs = next((link for link in links if match and match.url_name in link.pages), None)
    if belongs or match is None or not (view == module or view.startswith(f"{module}_")):
        return belongs
    # A page's name begins like that of the list it belongs to: desk-plan-line, desk-plans.
    named = match.url_name or ""
    return max(
        links,
        key=lambda link: len(commonprefix([link.name, named])),  # noqa: RUF071 -- letters are meant
        default=None,
    )
