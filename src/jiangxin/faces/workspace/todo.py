"""What waits for an expert, and for a unit on its titles: counted for the first page and for reminders.

A module of the workspace declares what waits for experts as `EXPERT_WORK`; for units it declares
`entries` (see `titles`):

    EXPERT_WORK = (Work("待签署的评分表", "expert-queue", reading.sheets_waiting, "份"),)
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module

from jiangxin.faces.frame.addresses import path_of
from jiangxin.faces.frame.todo import Todo, in_order
from jiangxin.records.identity.viewer import Viewer
from jiangxin.records.inbox.waiting import Waits, count_waiting
from jiangxin.stages.application.approved import waiting_for
from jiangxin.stages.titles.queries import titles_of

from .titles import entries_of

MOST_TITLES = 10  # of a unit on its first page; the rest is on the page of its titles


@dataclass(frozen=True)
class Work:
    """One kind of thing that waits for experts: its name, the view where it is done, its rows."""

    label: str
    view: str
    waits: Callable[[Viewer], Waits]
    unit: str = "件"


def expert_todos(viewer: Viewer) -> list[Todo]:
    """What waits for an expert, by date; one query."""
    works = {work.label: work for work in _works()}
    found = count_waiting({label: work.waits(viewer) for label, work in works.items()})
    return in_order(
        [
            Todo(
                label=label,
                url=path_of(work.view),
                count=found[label].count,
                unit=work.unit,
                due=found[label].due,
            )
            for label, work in works.items()
            if label in found
        ]
    )


def unit_todos(viewer: Viewer) -> list[Todo]:
    """What waits for this person of a unit: drafts to approve, and what its newest titles ask for, by
    date; the queries grow with the titles shown."""
    drafts = waiting_for(viewer).rows.select_related("application")
    return in_order(
        [
            Todo(
                label="单位审核：待审核的申报",
                url=path_of("apply-check", each.application_id),
                unit="项",
                note=each.application.get_track_display(),
            )
            for each in drafts
        ]
        + [
            Todo(label=entry.label, url=entry.url, due=entry.due, unit="项", note=title.name)
            for title in titles_of(viewer)[:MOST_TITLES]
            for entry in entries_of(viewer, title)
            if entry.waits
        ]
    )


def _works() -> list[Work]:
    from .urls import MODULES  # the modules are known when all of them are read

    return [
        work
        for name in MODULES
        for work in getattr(import_module(f"{__package__}.{name}"), "EXPERT_WORK", ())
    ]
