"""The panel as the province sees it, and an expert's record of service."""

from django.db.models import Count, Q

from jiangxin.core.workflow import RoundState
from jiangxin.records.identity.viewer import Viewer
from jiangxin.stages.review.choices import SeatStatus, SheetState
from jiangxin.stages.review.models import Round, Seat

from .ranking import rounds


def seats(row: Round) -> list[Seat]:
    """Every seat of a round with its expert, by field and place; replaced ones after their place's."""
    found = row.panel.select_related("expert")
    return sorted(found, key=lambda s: (s.field, s.place, s.status == SeatStatus.REPLACED, s.pk))


def service(viewer: Viewer, expert_id: int) -> list[Seat]:
    """The seats that an expert held in rounds of the viewer's scope, newest first.

    `signed` counts the signed sheets, 0 while scoring runs.
    """
    closed = Q(round__state__in=(RoundState.RANKED, RoundState.DECIDED))
    return list(
        Seat.objects.filter(round__in=rounds(viewer), expert_id=expert_id)
        .select_related("round__call")
        .annotate(signed=Count("sheets", filter=closed & Q(sheets__state=SheetState.SIGNED)))
        .order_by("-id")
    )
