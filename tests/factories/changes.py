"""A change of a title, taken as far as a test needs it, by the real actions."""

from typing import Any

from jiangxin.core.kernel import clock
from jiangxin.records.identity.viewer import Viewer
from jiangxin.stages.changes import actions
from jiangxin.stages.changes.models import Change
from jiangxin.stages.changes.rules import Wanted
from jiangxin.stages.titles.models import Title
from tests.factories.review import id_number
from tests.factories.titled import Place, picture

NOW = clock.beijing(2026, 11, 4, 9)


def leader(serial: int = 1, **changes: Any) -> Wanted:
    """A senior technician; the serial gives the identity number."""
    values = {
        "leader_name": f"新师傅{serial}",
        "leader_id_number": id_number(serial),
        "leader_level": "senior_technician",
    } | changes
    return Wanted(**values)


def requested(viewer: Viewer, title: Title, kind: str, wanted: Wanted | None = None) -> Change:
    with clock.at(NOW):
        return actions.request(
            viewer=viewer,
            title_id=title.pk,
            kind=kind,
            reason="原带头人退休。",
            wanted=wanted or Wanted(),
            uploads=[picture("批文.png")],
        )


def agreed(place: Place, change: Change) -> Change:
    """Both departments agree to the change as it stands."""
    change = Change.objects.select_related("title").get(pk=change.pk)
    with clock.at(NOW):
        for viewer in place.both:
            actions.concur(viewer=viewer, change_id=change.pk, digest=change.digest(), agreed=True)
    return change


def approved(place: Place, title: Title, kind: str, wanted: Wanted | None = None) -> Change:
    change = agreed(place, requested(place.hr, title, kind, wanted))
    with clock.at(NOW):
        return actions.approve(viewer=place.hr, change_id=change.pk)
