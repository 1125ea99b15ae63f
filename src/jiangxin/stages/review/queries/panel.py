"""The panel as the province sees it, and an expert's record of service."""

from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Count, Q

from jiangxin.core.kernel import clock
from jiangxin.core.workflow import RoundState
from jiangxin.records.identity.viewer import Viewer
from jiangxin.stages.programme.queries import last_day, own_parameter, parameter
from jiangxin.stages.review.choices import SeatStatus, SheetState
from jiangxin.stages.review.models import Round, Seat

from .ranking import rounds


def seats(row: Round) -> list[Seat]:
    """Every seat of a round with its expert, by field and place; replaced ones after their place's."""
    found = row.panel.select_related("expert")
    return sorted(found, key=lambda s: (s.field, s.place, s.status == SeatStatus.REPLACED, s.pk))


def rating_due(row: Round) -> date | None:
    """The day by which the experts of a ranked round should be rated."""
    if row.ranked_at is None:
        return None
    ranked = row.ranked_at.astimezone(clock.BEIJING).date()
    days = own_parameter("expert.rating_working_days", row.call)
    return last_day(ranked + timedelta(days=1), days)


@dataclass(frozen=True)
class Standing:
    """How an expert has been rated: the average of all services, and whether it is too low."""

    count: int
    average: int
    floor: int

    @property
    def low(self) -> bool:
        return self.count > 0 and self.average < self.floor


def standing(seats: list[Seat], year: int) -> Standing:
    """Out of the record of service; the average is cut to whole points."""
    given = [each.rating for each in seats if each.rating is not None]
    floor = int(parameter("expert.rating_floor", year))
    return Standing(len(given), sum(given) // len(given) if given else 0, floor)


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
