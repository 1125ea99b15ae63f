"""Cases of good experience, for those who work on them and for the public."""

from django.db.models import Q, QuerySet

from jiangxin.core.kernel.errors import NotFound
from jiangxin.core.workflow import ExperienceState, Role
from jiangxin.records.documents.papers import paper
from jiangxin.records.documents.queries import Stored
from jiangxin.records.identity.viewer import Viewer
from jiangxin.records.inbox.waiting import Waits
from jiangxin.stages.programme.queries import pack
from jiangxin.stages.titles.models import Title
from jiangxin.stages.titles.queries import in_scope

from .models import Experience

S = ExperienceState
TO_DO = (S.PROPOSED, S.APPROVED)
WAITING = Q(state__in=TO_DO)  # for HR: to be approved, or to be published


def experiences(viewer: Viewer) -> QuerySet[Experience]:
    """The cases of the titles in the viewer's scope, whatever their state."""
    return Experience.objects.filter(in_scope(viewer)).select_related("title")


def experiences_waiting(viewer: Viewer) -> Waits:
    """What waits for HR: to be approved, or to be published."""
    if viewer.role is not Role.PROVINCE_HR:
        return Waits(Experience.objects.none())
    return Waits(experiences(viewer).filter(WAITING))


def experience(viewer: Viewer, experience_id: int) -> Experience:
    """One case. Raises `NotFound` beyond the viewer's scope."""
    found = experiences(viewer).filter(pk=experience_id).first()
    if found is None:
        raise NotFound("没有这个经验案例。", remedy="它可能不在您的查看范围内。")
    return found


def of_title(viewer: Viewer, title: Title) -> list[Experience]:
    """The cases of one title, newest first."""
    return list(experiences(viewer).filter(title=title))


def experience_file(viewer: Viewer, experience_id: int, document_id: int) -> Stored:
    """One file of a case within the viewer's scope; the public gets none. Raises `NotFound`."""
    return paper(document_id, experience(viewer, experience_id).papers)


def functions() -> dict[str, str]:
    """The five functions of clause 1, key → label."""
    return dict(pack().choices["functions"])


def published() -> QuerySet[Experience]:
    """What the public reads, newest first."""
    rows = Experience.objects.filter(state=S.PUBLISHED).select_related("title")
    return rows.order_by("-published_at", "-id")


def published_one(experience_id: int) -> Experience:
    """One published case. Raises `NotFound` for anything else."""
    found = published().filter(pk=experience_id).first()
    if found is None:
        raise NotFound("没有这个经验案例。", remedy="它可能尚未发布。")
    return found


def published_of(title: Title) -> list[Experience]:
    """The published cases of one title."""
    return list(published().filter(title=title))
