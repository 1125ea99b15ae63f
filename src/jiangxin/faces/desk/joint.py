"""The joint act that a project stands before or behind: where it is, and both departments' marks."""

from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from jiangxin.core.workflow import REGISTERED_ONCE, ProjectState
from jiangxin.records.identity.viewer import Viewer
from jiangxin.stages.filing.queries import package_marks, packages
from jiangxin.stages.publicity.queries import notice_marks, notices
from jiangxin.stages.review.queries.ranking import proposal_marks, rounds

from .marks import shown_marks

EMPTY: dict[str, Any] = {"hr": None, "finance": None}
SELECTION = (
    ProjectState.WITH_RECOMMENDER,
    ProjectState.SUBMITTED,
    ProjectState.RETURNED,
    ProjectState.EXAMINED,
    ProjectState.UNDER_REVIEW,
    ProjectState.REVIEWED,
    ProjectState.NOT_SELECTED,
)
PUBLICITY = (ProjectState.PROPOSED, ProjectState.PUBLICISED)
FILING = (
    ProjectState.CONFIRMED,
    ProjectState.FILED,
    ProjectState.FILING_RETURNED,
    *REGISTERED_ONCE,
)


@dataclass(frozen=True)
class Joint:
    """`label` of the act, the page where the two departments do it ("" when there is none yet or
    the viewer has no business there), and the marks."""

    label: str
    url: str
    marks: dict[str, Any]


def joint_act(viewer: Viewer, project: Any) -> Joint | None:
    """The act for the project's state; None for what has ended before any. At most three queries."""
    if project.state in SELECTION:
        return _selection(viewer, project)
    if project.state in PUBLICITY:
        return _publicity(viewer, project)
    if project.state in FILING:
        return _filing(viewer, project)
    return None


def _selection(viewer: Viewer, project: Any) -> Joint:
    """The marks count from the ranking on: before it there is nothing to agree to."""
    if project.state not in (ProjectState.REVIEWED, ProjectState.NOT_SELECTED):
        return Joint("遴选", "", EMPTY)
    row = rounds(viewer).filter(call=project.call_id, kind=project.kind).first()
    if row is None:
        return Joint("遴选", "", EMPTY)
    return Joint("遴选", reverse("desk-ranking", args=[row.pk]), shown_marks(proposal_marks(row)))


def _publicity(viewer: Viewer, project: Any) -> Joint:
    row = notices(viewer).filter(call=project.call_id).first()
    if row is None:
        return Joint("公示", "", EMPTY)
    return Joint("公示", reverse("desk-notice", args=[row.pk]), shown_marks(notice_marks(row)))


def _filing(viewer: Viewer, project: Any) -> Joint:
    row = packages(viewer).filter(call=project.call_id).first()
    if row is None:
        return Joint("备案", "", EMPTY)
    url = reverse("desk-filing", args=[row.pk]) if viewer.province else ""
    return Joint("备案", url, shown_marks(package_marks(row)))
