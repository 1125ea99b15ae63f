"""The public number of a draw: announced at the opening, entered by one, confirmed by another."""

from django.db import transaction

from jiangxin.core.draw.ceremony import State
from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import Invalid, NotPermitted, WrongState
from jiangxin.records.identity.viewer import Viewer
from jiangxin.records.ledger.actions import append
from jiangxin.stages.review.models import DrawSession
from jiangxin.stages.review.queries.ceremony import ceremony

from .draw import locked

MOST = 120


@transaction.atomic
def enter_number(*, viewer: Viewer, session_id: int, number: str) -> DrawSession:
    """The number as it was published; until somebody else has confirmed it, it can be corrected.

    Effects: number and who entered it; event `draw.number_entered`. Raises `Invalid` for none,
    `WrongState` before its announced moment, or unless every secret is open.
    """
    session, party = locked(viewer, session_id)
    written = _written(session, number)
    session.public_number, session.number_by_id = written, viewer.user_id
    session.save(update_fields=["public_number", "number_by"])
    append(
        type="draw.number_entered",
        subject=session.subject,
        by=viewer,
        payload={"party": party, "number": written},
    )
    return session


@transaction.atomic
def confirm_number(*, viewer: Viewer, session_id: int, number: str) -> DrawSession:
    """Another person reads the number at its source and types it again.

    Effects: who confirmed; event `draw.number_confirmed`. Raises `NotPermitted` for the person who
    entered it, `Invalid` when the two differ (then one of them corrects), else as `enter_number`.
    """
    session, party = locked(viewer, session_id)
    written = _written(session, number)
    if not session.public_number:
        raise WrongState("公共随机数还没有录入。", clause="3.2")
    if session.number_by_id == viewer.user_id:
        raise NotPermitted("录入的人不能核对，请由另一方办理。", clause="3.2")
    if written != session.public_number:
        raise Invalid(
            "与录入的不一致。",
            remedy="请双方对照来源再看一遍；录入有误的，由任何一方重新录入。",
            clause="3.2",
            field="public_number",
        )
    session.number_confirmed_by_id = viewer.user_id
    session.save(update_fields=["number_confirmed_by"])
    append(
        type="draw.number_confirmed",
        subject=session.subject,
        by=viewer,
        payload={"party": party, "number": written},
    )
    return session


def _written(session: DrawSession, number: str) -> str:
    """The number in one spelling: digits and marks with single spaces between."""
    written = " ".join(number.split())
    made = ceremony(session)
    if (
        made.state is State.AWAITING_NUMBER
        and session.number_at
        and clock.now() < session.number_at
    ):
        raise WrongState(
            f"公共随机数在{clock.long_moment(session.number_at)}公布，之前不能录入。", clause="3.2"
        )
    if written and (len(written) > MOST or not written.isprintable()):
        raise Invalid(f"公共随机数最多 {MOST} 字。", field="public_number")
    made.announce(written)
    return written
