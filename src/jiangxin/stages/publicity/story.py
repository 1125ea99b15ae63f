"""The story of a project and its title, from the first draft to today, as each viewer may know it.

One place decides which event somebody learns of:

- an office sees every event of its scope, but a province never the word of a single ministry: it
  learns of the decision by the step that follows when both have spoken;
- a unit sees the steps of its own project and titles, and never what is still being weighed: the
  selection before it is published, the departments' words, a revocation before it is noticed;
- the public sees what the register and the notices publish.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from jiangxin.core.workflow import MINISTRIES, Role
from jiangxin.core.workflow.events import STEPS
from jiangxin.records.identity.viewer import Viewer
from jiangxin.records.ledger.models import Event
from jiangxin.stages.application.models import Application
from jiangxin.stages.application.queries import application, visible
from jiangxin.stages.titles.models import Title
from jiangxin.stages.titles.queries import subjects_about, title_of, titles_of

from .queries import SECRET_EVENTS, announced

PUBLIC_EVENTS = frozenset(
    {
        "title.entered",
        "title.awarded",
        "title.revoked",
        "title.ended",
        "project.publicised",
        "project.confirmed",
        "assessment.concluded",
        "title.changed",
        "revocation.published",
        "experience.published",
    }
)
# Steps of which a unit learns by what follows: the judgement of one department before both agree.
WEIGHED = frozenset({"assessment.judged", "acceptance.scored"})
# Besides the steps, what a unit did or was told itself.
TOLD = frozenset(
    {
        "project.begun",
        "title.entered",
        "title.awarded",
        "title.changed",
        "claim.claimed",
        "payment.arrived",
        "construction.started",
        "report.submitted",
        "report.returned",
        "extension.requested",
        "finding.raised",
        "flag.raised",
        "acceptance.applied",
        "assessment.planned",
        "change.requested",
        "experience.proposed",
    }
)
# What a unit knows of a revocation besides the steps, once it is noticed.
HEARD = frozenset({"revocation.served", "revocation.stated", "revocation.plaque_returned"})


@dataclass(frozen=True)
class Story:
    """A project, its title, or both; and what happened, oldest first."""

    project: Application | None
    title: Title | None
    events: list[Event]


def project_story(viewer: Viewer, project_id: int) -> Story:
    """Of a project that the viewer may see, with its title's. Raises `NotFound`."""
    project = application(viewer, project_id)
    title = titles_of(viewer).filter(origin=project.subject).first()
    return Story(project, title, _events(viewer, project, title))


def title_story(viewer: Viewer, title_id: int) -> Story:
    """Of a title in the viewer's scope, with its project's where the viewer may see it.

    Raises `NotFound`.
    """
    title = title_of(viewer, title_id)
    kind, _, number = title.origin.partition(":")
    project = None
    if kind == "project" and number:
        rows = visible(viewer).select_related("call", "unit")
        project = rows.filter(pk=int(number)).first()
    return Story(project, title, _events(viewer, project, title))


def project_history(viewer: Viewer, project: Application) -> list[Event]:
    """What the viewer may know of one project alone; two queries at most."""
    rows = Event.objects.filter(subject=project.subject).order_by("id")
    return _known(viewer, list(rows), told=_told(viewer, project))


def public_story(title: Title) -> list[Event]:
    """What everybody may know of a title: a revocation once it is published; two queries."""
    subjects = [title.subject, *subjects_about(title), *([title.origin] if title.origin else [])]
    known = PUBLIC_EVENTS - ({"title.revoked"} if title.unpublished else set())
    rows = Event.objects.filter(subject__in=subjects, type__in=known)
    return list(rows.order_by("at", "id"))


def _events(viewer: Viewer, project: Application | None, title: Title | None) -> list[Event]:
    subjects = [row.subject for row in (project, title) if row is not None]
    if title is not None:
        subjects += subjects_about(title)
    rows = list(Event.objects.filter(subject__in=subjects).order_by("at", "id"))
    return _known(viewer, rows, told=project is None or _told(viewer, project))


def _told(viewer: Viewer, project: Application) -> bool:
    """Whether the viewer may know of the selection: a unit only once the result is published."""
    return viewer.role is not Role.APPLICANT or announced(project.call)


def _known(viewer: Viewer, events: list[Event], *, told: bool) -> list[Event]:
    if viewer.role is Role.APPLICANT:
        noticed = _noticed(events)
        return [each for each in events if _unit_knows(each, told=told, noticed=noticed)]
    if viewer.national:
        return events
    return [each for each in events if not _pending_word(each)]


def _noticed(events: Iterable[Event]) -> set[str]:
    """The revocations of which the unit has been told."""
    return {each.subject for each in events if each.type == "revocation.noticed"}


def _unit_knows(event: Event, *, told: bool, noticed: set[str]) -> bool:
    if event.type in SECRET_EVENTS:
        return told
    if event.type in WEIGHED:
        return False
    if event.type.startswith("revocation."):
        return event.subject in noticed and (event.type in STEPS or event.type in HEARD)
    return event.type in STEPS or event.type in TOLD


def _pending_word(event: Event) -> bool:
    """What one ministry said on a joint act."""
    return event.type.startswith("concurrence.") and event.role in MINISTRIES
