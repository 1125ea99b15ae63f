"""Activities by the five functions (N03)."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import Count, QuerySet, Sum

from jiangxin.records.identity.viewer import Viewer
from jiangxin.stages.construction.models import Activity
from jiangxin.stages.programme.queries import pack
from jiangxin.stages.titles.models import Title
from jiangxin.stages.titles.queries import in_scope


def functions() -> Mapping[str, str]:
    """The five functions of the notice: code → label."""
    return dict(pack().choices["functions"])


def activities(viewer: Viewer) -> QuerySet[Activity]:
    """The activities in the viewer's scope, void ones too, with title and file."""
    rows = Activity.objects.filter(in_scope(viewer, "title"))
    return rows.select_related("title", "file")


@dataclass(frozen=True)
class FunctionCount:
    """One function: how many activities, how many person-times, how many titles do it."""

    function: str
    label: str
    activities: int = 0
    persons: int = 0
    titles: int = 0


def activities_by_function(viewer: Viewer, title: Title | None = None) -> list[FunctionCount]:
    """All five functions, served or not, over the viewer's scope or one title; one query."""
    rows = activities(viewer).filter(void_at=None)
    if title is not None:
        rows = rows.filter(title=title)
    counted = {
        row["function"]: row
        for row in rows.order_by()
        .values("function")
        .annotate(n=Count("pk"), persons=Sum("persons"), titles=Count("title", distinct=True))
    }
    return [
        FunctionCount(code, label, row["n"], row["persons"], row["titles"])
        if (row := counted.get(code))
        else FunctionCount(code, label)
        for code, label in functions().items()
    ]
