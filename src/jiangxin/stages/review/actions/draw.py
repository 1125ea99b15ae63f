"""The ceremony: open a session, commit, seal, reveal, draw; or void it with its reason.

The rules of the order stand in `core/draw/ceremony`; here they meet rows, people and the ledger.
"""

from collections.abc import Sequence
from datetime import datetime

from django.db import IntegrityError, transaction

from jiangxin.core.draw import record as records
from jiangxin.core.draw.ceremony import State
from jiangxin.core.draw.record import VoidReason
from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import NotFound, WrongState
from jiangxin.core.workflow import DrawState, Role
from jiangxin.records.identity.viewer import Viewer
from jiangxin.records.ledger.actions import append, move
from jiangxin.stages.review.choices import SeatStatus
from jiangxin.stages.review.models import DrawSession, Seat, Share
from jiangxin.stages.review.queries.ceremony import (
    FIELD_OF,
    ceremony,
    entries_of,
    expert_id,
    opened,
    outcome,
)

from . import parties
from .opening import frozen, require_openable
from .rounds import locked as locked_round


@transaction.atomic
def open_session(
    *,
    viewer: Viewer,
    round_id: int,
    rehearsal: bool = False,
    number_source: str = "",
    number_at: datetime | None = None,
) -> DrawSession:
    """Freeze the lot of a new session and wait for the commitments.

    In the lot: every active or suspended expert of the province in the fields that the panel needs,
    borrowed ones too; those barred from any examined project are excluded with their reason. A
    `rehearsal` goes the same way and seats nobody. `number_source` and `number_at` announce a public
    number and when it comes out. Effects: the row with fresh salts; event `draw.opened` (or
    `draw.rehearsal_opened`) with root and counts. Raises `WrongState` while a project is still in
    examination, without projects, earlier than `draw.not_before_working_days` allow, when a session
    is running, or with too few experts; `Invalid` for a number without source or moment to come.
    """
    viewer.require(Role.PROVINCE_HR)
    row = locked_round(viewer, round_id)
    require_openable(row, rehearsal)
    session = frozen(row, rehearsal=rehearsal, number_source=number_source, number_at=number_at)
    try:
        with transaction.atomic():
            session.save(force_insert=True)
    except IntegrityError:
        raise WrongState(
            "已有一场抽取正在进行或已经完成。", remedy="每次评审只有一场有效的抽取。", clause="3.2"
        ) from None
    append(
        type="draw.rehearsal_opened" if rehearsal else "draw.opened",
        subject=session.subject,
        by=viewer,
        payload={
            "session": session.plan["session"],
            "root": session.root,
            "pool": len(session.leaves),
            "excluded": len(session.excluded),
            "public_source": session.plan["public_source"],
        },
    )
    return session


@transaction.atomic
def commit(*, viewer: Viewer, session_id: int, commitment: str) -> Share:
    """The viewer's party promises a secret by its commitment (made in the browser).

    Effects: the share; event `draw.party_committed`. Raises `NotPermitted` for somebody who is no
    party of this province, `WrongState` when the party has committed or the person stands for
    another party already, `Invalid` for what is no commitment.
    """
    session, _ = locked(viewer, session_id)
    share: Share = parties.commit(session, viewer, commitment)
    return share


def commit_for(*, viewer: Viewer, session_id: int) -> str:
    """For a browser without script: the secret is made here, returned once, and not kept.

    Same effects and refusals as `commit`.
    """
    session = DrawSession.objects.filter(
        pk=session_id, round__call__province=viewer.province
    ).first()
    if session is None:
        raise NotFound("没有这场抽取。", remedy="它可能属于其他省份。")
    secret, promise = parties.promise(session, viewer)
    commit(viewer=viewer, session_id=session_id, commitment=promise)
    return secret


@transaction.atomic
def close_commitments(*, viewer: Viewer, session_id: int) -> DrawSession:
    """Seal the session: lot, exclusions and commitments can not change any more.

    Effects: the sealed record; state revealing; event `draw.committed` with seal and root.
    """
    session, _ = locked(viewer, session_id)
    made = ceremony(session)

    def all_committed() -> None:
        made.close("0" * 64)
        if session.number_at is not None and session.number_at <= clock.now():
            raise WrongState(
                "公共随机数的公布时刻已过，本场不能再封存。",
                remedy="请以“抽取因故中断”作废，另开一场，宣布下一期的公共随机数。",
                clause="3.2",
            )

    if session.state == DrawState.COMMITTING:
        all_committed()
        session.record = records.sealed_record(
            plan=made.plan,
            leaves=session.leaves,
            commitments=made.commitments,
            excluded=session.excluded,
        )
        session.sealed_at = clock.now()
    move(
        session,
        step="close_commitments",
        by=viewer,
        guards={"all_committed": all_committed},
        payload={"seal": (session.record or {}).get("seal", ""), "root": session.root},
        also=("record", "sealed_at"),
    )
    return session


@transaction.atomic
def reveal(*, viewer: Viewer, session_id: int, secret: str) -> Share | None:
    """The viewer's party opens its secret.

    Effects: the share; event `draw.party_revealed`. A secret that was public before was predictable:
    nothing of it is kept, the session becomes void by that reason, naming the party, and None is
    returned. Raises `Tampered` when the secret is not the promised one (the right one can still be
    given), `WrongState` once the time for it is over.
    """
    session, party = locked(viewer, session_id)
    share: Share | None = parties.reveal(session, viewer, secret)
    if share is None:
        _void(session, viewer, VoidReason.SECRET_REUSED, parties.REUSED, [party])
    return share


@transaction.atomic
def draw(*, viewer: Viewer, session_id: int) -> DrawSession:
    """Walk the order that the seed gives, and invite the panel.

    Effects, in order: the opened record without names; state drawn, event `draw.drawn` with seed
    and digest; one seat for each place, invited, and none in a rehearsal. Raises `WrongState` when
    the lot is too small, or the public number is not confirmed.
    """
    session, _ = locked(viewer, session_id)
    made = ceremony(session)

    def all_revealed() -> None:
        if made.state is State.AWAITING_NUMBER:
            raise WrongState("公共随机数还没有录入并经另一方核对。", clause="3.2")
        if made.state is not State.READY:
            raise WrongState("各方的随机数还没有全部公开。", clause="3.2")

    if session.state == DrawState.REVEALING:
        all_revealed()
        session.record = opened(session, named=False)
        session.drawn_at = clock.now()
    payload = {}
    if session.record and session.record["opened"]:
        payload = {"seed": session.record["opened"]["seed"], "digest": session.record["digest"]}
    move(
        session,
        step="draw",
        by=viewer,
        guards={"all_revealed": all_revealed},
        payload=payload,
        also=("record", "drawn_at"),
    )
    if not session.rehearsal:
        fill_places(session)
    return session


def fill_places(session: DrawSession) -> list[Seat]:
    """Give every empty place to the next in the walk; returns the new seats."""
    result = outcome(session)
    entries = entries_of(session)
    made: list[Seat] = []
    taken = set(session.panel.values_list("leaf", flat=True))
    living = session.panel.exclude(status=SeatStatus.REPLACED)
    for name, leaves in result.seats.items():
        field = FIELD_OF[name]
        held = set(living.filter(field=field).values_list("place", flat=True))
        empty = [n for n in range(1, session.plan["seats"][name] + 1) if n not in held]
        newcomers = [leaf for leaf in leaves if leaf not in taken]
        for place, leaf in zip(empty, newcomers, strict=True):
            made.append(
                Seat.objects.create(
                    round_id=session.round_id,
                    session=session,
                    expert_id=expert_id(entries[leaf].expert),
                    field=field,
                    place=place,
                    leaf=leaf,
                    invited_at=clock.now(),
                )
            )
    return made


@transaction.atomic
def void(*, viewer: Viewer, session_id: int, reason: VoidReason, note: str) -> DrawSession:
    """End a session without a panel; another may be opened. Who withheld a secret is named.

    Effects: the void record (when it had been sealed); state void; event `draw.voided`. Raises
    `Invalid` without a note, `WrongState` for 未公开 when nobody is missing, and when all secrets
    are open, so that the panel can be computed: then only 专家不足 that is a fact counts.
    """
    viewer.require(Role.PROVINCE_HR)
    session, _ = locked(viewer, session_id)
    return _void(session, viewer, reason, note)


def _void(
    session: DrawSession,
    viewer: Viewer,
    reason: VoidReason,
    note: str,
    at_fault: Sequence[str] = (),
) -> DrawSession:
    """`at_fault`: a party whose secret was public before; then the reason is a fact of the system's."""
    made = ceremony(session)

    def reasons_given() -> None:
        short = made.state is State.READY and bool(outcome(session).missing)
        if not at_fault:
            parties.require_void_reason(session, made, reason, note, short=short)

    session.void_reason, session.void_note = reason.value, note.strip()[:300]
    if session.record and session.state == DrawState.REVEALING:
        reasons_given()
        after = made.abandon(reason, at_fault)
        session.record = records.void_record(
            session.record, reason=reason, parties=after.at_fault, note=session.void_note
        )
    move(
        session,
        step="void",
        by=viewer,
        guards={"reasons_given": reasons_given},
        payload={"reason": reason.value, "digest": (session.record or {}).get("digest", "")},
        also=("record", "void_reason", "void_note"),
    )
    return session


def locked(viewer: Viewer, session_id: int) -> tuple[DrawSession, str]:
    """The session, locked, and the viewer's party. Raises `NotPermitted`, `NotFound`."""
    party = parties.party_of(viewer)
    session = (
        DrawSession.objects.select_for_update(of=("self",))
        .select_related("round__call")
        .filter(pk=session_id, round__call__province=viewer.province)
        .first()
    )
    if session is None:
        raise NotFound("没有这场抽取。", remedy="它可能属于其他省份。")
    return session, party
