"""Tell a unit, an office or a person something; each message once where a key is given."""

from collections.abc import Collection
from datetime import date

from django.db import IntegrityError, transaction

from jiangxin.core.kernel import clock
from jiangxin.core.workflow import Role
from jiangxin.records.identity.models import Organisation
from jiangxin.records.identity.viewer import Viewer

from .models import Message
from .queries import messages


def tell_unit(
    *,
    uscc: str,
    title: str,
    text: str = "",
    about: str = "",
    due: date | None = None,
    key: str = "",
) -> Message | None:
    """A message to the unit registered under this code; None when no such unit has an account."""
    unit = Organisation.objects.filter(uscc=uscc).exclude(uscc="").first()
    if unit is None:
        return None
    return _send(key, unit=unit, title=title, text=text, about=about, due=due)


def tell_office(
    *,
    role: Role,
    province: str = "",
    title: str,
    text: str = "",
    about: str = "",
    due: date | None = None,
    key: str = "",
) -> Message | None:
    """A message to everybody with this role in a province ("" is the nation).

    None when a message with the same `key` was sent before.
    """
    return _send(
        key, office=role.value, province=province, title=title, text=text, about=about, due=due
    )


def tell_person(
    *,
    person_id: int,
    title: str,
    text: str = "",
    about: str = "",
    due: date | None = None,
    key: str = "",
) -> Message | None:
    """A message to one account; None when a message with the same `key` was sent before."""
    return _send(key, person_id=person_id, title=title, text=text, about=about, due=due)


@transaction.atomic
def mark_read(*, viewer: Viewer, message_ids: Collection[int] | None = None) -> int:
    """Mark messages of the viewer as read, all of them without `message_ids`; returns how many.

    Effects: time and reader of those that nobody had read. For a unit or an office the first reader
    marks it for all. Beyond the viewer's scope nothing happens. No event: reading decides nothing.
    """
    rows = messages(viewer).filter(read_at=None)
    if message_ids is not None:
        rows = rows.filter(pk__in=message_ids)
    return rows.order_by().update(read_at=clock.now(), read_by=viewer.name[:40])


def _send(key: str, **fields: object) -> Message | None:
    try:
        with transaction.atomic():
            return Message.objects.create(key=key, at=clock.now(), **fields)
    except IntegrityError as error:
        if "one_message_per_key" in str(error):
            return None
        raise
