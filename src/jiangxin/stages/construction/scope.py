"""The one scope of everything in this stage, and the rows that an action locks in it."""

from django.db.models import Q, QuerySet

from jiangxin.core.kernel.errors import NotFound, WrongState
from jiangxin.core.workflow import ProjectState, TitleState
from jiangxin.records.identity.viewer import Viewer
from jiangxin.stages.titles.queries import in_scope

from .models import Construction

RUNNING = Q(project__state=ProjectState.UNDER_CONSTRUCTION, title__state=TitleState.TITLED)


def running(path: str) -> Q:
    """The condition that the construction behind `path` goes on: neither accepted nor revoked."""
    return Q(
        **{
            f"{path}__project__state": ProjectState.UNDER_CONSTRUCTION,
            f"{path}__title__state": TitleState.TITLED,
        }
    )


def constructions(viewer: Viewer) -> QuerySet[Construction]:
    """Every construction in the viewer's scope, with title and project."""
    rows = Construction.objects.filter(in_scope(viewer, "title"))
    return rows.select_related("title", "project")


def locked(viewer: Viewer, construction_id: int) -> Construction:
    """A construction in the viewer's scope, locked: all that happens to it queues here.

    Raises `NotFound`.
    """
    rows = constructions(viewer).select_related("title", "project__call")
    found = rows.select_for_update(of=("self",)).filter(pk=construction_id).first()
    if found is None:
        raise NotFound("没有这个建设项目。", remedy="它可能不在您的查看范围内。")
    return found


def require_running(row: Construction) -> None:
    """Raises `WrongState` once the construction is over."""
    if row.title.state != TitleState.TITLED:
        raise WrongState("该称号已不再有效，建设期的事项不再办理。", clause="4.3")
    if row.project.state != ProjectState.UNDER_CONSTRUCTION:
        label = ProjectState(row.project.state).label
        raise WrongState(
            f"项目当前为“{label}”，建设期的事项不再办理。",
            remedy="请按项目现在的状态办理。",
            clause="4.3",
        )
