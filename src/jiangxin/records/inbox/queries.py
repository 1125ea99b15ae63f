"""Messages for those whom they concern, and nobody else."""

from collections.abc import Collection

from django.db.models import Q, QuerySet

from jiangxin.core.kernel.errors import NotFound
from jiangxin.records.identity.viewer import Viewer

from .models import Message
from .waiting import Waits

MOST_UNREAD = 100  # counted no further: what stands in a top bar


def messages(viewer: Viewer) -> QuerySet[Message]:
    """The one scope: what was sent to this person, to their unit, to their office (role and province)."""
    if viewer.user_id is None:
        return Message.objects.none()
    mine = Q(person=viewer.user_id) | Q(office=viewer.role.value, province=viewer.province)
    if viewer.organisation_id is not None:
        mine |= Q(unit=viewer.organisation_id)
    return Message.objects.filter(mine)


def message(viewer: Viewer, message_id: int) -> Message:
    """One message. Raises `NotFound` beyond the viewer's scope."""
    found = messages(viewer).filter(pk=message_id).first()
    if found is None:
        raise NotFound("没有这条消息。", remedy="它可能不是发给您的。")
    return found


def unread(viewer: Viewer) -> Waits:
    """The unread messages, at most `MOST_UNREAD` of them; to be counted along with other things."""
    newest = messages(viewer).filter(read_at=None).order_by()[:MOST_UNREAD]
    return Waits(Message.objects.filter(pk__in=newest.values("pk")))


def sent(keys: Collection[str]) -> set[str]:
    """Those of `keys` by which a message went out already."""
    return set(Message.objects.filter(key__in=keys).order_by().values_list("key", flat=True))


def unread_count(viewer: Viewer) -> int:
    """How many are unread, counted to `MOST_UNREAD` at most; one query."""
    return messages(viewer).filter(read_at=None).order_by()[:MOST_UNREAD].count()
