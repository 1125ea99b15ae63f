"""A draw as the viewer may see it: its state, its published record, its outcome."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from django.db.models import Exists, OuterRef, Q, QuerySet

from jiangxin.core.draw.ceremony import Ceremony
from jiangxin.core.draw.plan import party_label, plan_from
from jiangxin.core.draw.pool import Entry, freeze
from jiangxin.core.draw.record import VoidReason, opened_record, outcome_of
from jiangxin.core.draw.walk import Outcome
from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import NotFound, WrongState
from jiangxin.core.workflow import DrawState, Role, RoundState
from jiangxin.records.identity.secrets import open_sealed
from jiangxin.records.identity.viewer import Viewer
from jiangxin.records.inbox.waiting import Waits
from jiangxin.stages.experts.choices import Field
from jiangxin.stages.programme.queries import pack
from jiangxin.stages.review.choices import SeatStatus
from jiangxin.stages.review.models import DrawSession, Share

FIELD_OF = {field.label: field.value for field in Field}
WATCHERS = (Role.PROVINCE_HR, Role.PROVINCE_FINANCE, Role.SUPERVISOR, Role.AUDITOR)


PARTY_OF = {
    Role.PROVINCE_HR: "hr",
    Role.PROVINCE_FINANCE: "finance",
    Role.SUPERVISOR: "supervisor",
}


def expert_code(pk: int) -> str:
    """The opaque id of an expert in draws."""
    return f"E{pk:06d}"


def expert_id(code: str) -> int:
    """The expert behind an opaque id."""
    return int(code[1:])


def sessions(viewer: Viewer) -> QuerySet[DrawSession]:
    """The draws of the viewer's province; of all for national supervision and audit."""
    rows = DrawSession.objects.select_related("round__call").order_by("round", "number")
    if viewer.role in WATCHERS and viewer.province:
        return rows.filter(round__call__province=viewer.province)
    if viewer.role in (Role.SUPERVISOR, Role.AUDITOR):
        return rows
    return rows.none()


def draws_waiting(viewer: Viewer) -> Waits:
    """The running draws that wait for the viewer's party: for its promise, or for its secret."""
    party = PARTY_OF.get(viewer.role)
    if party is None or not viewer.province:
        return Waits(DrawSession.objects.none())
    own = Share.objects.filter(session=OuterRef("pk"), party=party)
    promised, told = Exists(own), Exists(own.exclude(secret=""))
    to_promise = ~promised & Q(state=DrawState.COMMITTING)
    to_tell = ~told & Q(state=DrawState.REVEALING)
    return Waits(sessions(viewer).filter(to_promise | to_tell))


def session(viewer: Viewer, session_id: int) -> DrawSession:
    """One draw. Raises `NotFound`."""
    found = sessions(viewer).filter(pk=session_id).first()
    if found is None:
        raise NotFound("没有这场抽取。", remedy="它可能属于其他省份。")
    return found


class Pooled(Protocol):
    """A lot that was frozen: its plan, and its entries under their seal."""

    plan: Any
    pool_sealed: str


class Session(Pooled, Protocol):
    """A row that goes through the ceremony with shares of three parties, here or in another stage.

    `number_at` and `confirmed_number`: when the public number comes out, and what it was once a
    second person has confirmed it; both None where none was announced.
    """

    record: Any
    opened_at: Any
    sealed_at: Any
    number_at: Any
    state: str
    void_reason: str
    shares: Any

    @property
    def subject(self) -> str: ...
    @property
    def province(self) -> str: ...
    @property
    def confirmed_number(self) -> str | None: ...


def reveal_by(row: Session) -> datetime | None:
    """Until when the secrets may be opened: some hours after the sealing, and before the public
    number comes out, for whoever reveals after it would know the result. None before the sealing."""
    if row.sealed_at is None:
        return None
    day = row.opened_at.astimezone(clock.BEIJING).date()
    hours = pack().value("draw.reveal_hours", day, pack().overlay(row.province, day.year))
    end: datetime = row.sealed_at + timedelta(hours=hours)
    return end if row.number_at is None else min(end, row.number_at)


def ceremony(row: Session) -> Ceremony:
    """The session rebuilt from its rows: what the rules of the ceremony are asked with."""
    shares = list(row.shares.order_by("id"))
    return Ceremony(
        plan=plan_from(row.plan),
        commitments={share.party: share.commitment for share in shares},
        seal=row.record["seal"] if row.record else None,
        shares={share.party: share.secret for share in shares if share.secret},
        public_number=row.confirmed_number,
        void_reason=VoidReason(row.void_reason) if row.state == DrawState.VOID else None,
    )


@dataclass(frozen=True)
class PartyLine:
    """One party on the ceremony's screen: what it has given, who, when."""

    party: str
    label: str
    name: str = ""
    commitment: str = ""
    committed_at: datetime | None = None
    secret: str = ""
    revealed_at: datetime | None = None


def parties(row: Session) -> list[PartyLine]:
    """The parties of a session in the plan's order."""
    given = {share.party: share for share in row.shares.order_by("id")}
    return [
        PartyLine(
            party=party,
            label=party_label(party),
            name=given[party].name,
            commitment=given[party].commitment,
            committed_at=given[party].committed_at,
            secret=given[party].secret,
            revealed_at=given[party].revealed_at,
        )
        if party in given
        else PartyLine(party=party, label=party_label(party))
        for party in row.plan["parties"]
    ]


def entries_of(row: Pooled) -> dict[str, Entry]:
    """leaf → entry of the frozen lot, opened inside the process only."""
    entries = [Entry(**each) for each in json.loads(open_sealed(row.pool_sealed))]
    return freeze(entries, plan_from(row.plan).algorithm)


def sealed(row: Session) -> dict[str, Any]:
    """The newest publication of the session. Raises `WrongState` before the sealing."""
    if row.record is None:
        raise WrongState("抽取名单尚未封存，还没有可以核验的记录。", clause="3.2")
    return dict(row.record)


def stated_skips(row: DrawSession) -> dict[str, Any]:
    """leaf → reason for everybody who was drawn and replaced."""
    gone = row.panel.filter(status=SeatStatus.REPLACED).order_by("id")
    return dict(gone.values_list("leaf", "reason"))


def outcome(row: DrawSession) -> Outcome:
    """The walk as it stands with every replacement so far. Needs all secrets revealed."""
    return outcome_of(
        sealed(row),
        shares=ceremony(row).shares,
        public_number=row.confirmed_number,
        entries_by_leaf=entries_of(row),
        skips=stated_skips(row),
    )


def opened(row: DrawSession, *, named: bool) -> dict[str, Any]:
    """The session's record with the walk as it stands after all replacements so far."""
    return opened_record(
        sealed(row),
        shares=ceremony(row).shares,
        public_number=row.confirmed_number,
        entries_by_leaf=entries_of(row),
        skips=stated_skips(row),
        named=named,
    )


def public_sessions() -> QuerySet[DrawSession]:
    """Every draw that has been sealed, rehearsals and void ones too: for everybody, from its sealing on."""
    rows = DrawSession.objects.filter(sealed_at__isnull=False).select_related("round__call")
    return rows.order_by("-sealed_at", "-id").defer("pool_sealed")


def public_session(session_id: int) -> DrawSession:
    """One sealed draw, for everybody. Raises `NotFound` before the sealing."""
    row = public_sessions().defer(None).filter(pk=session_id).first()
    if row is None:
        raise NotFound("没有公布过的这场抽取。", remedy="名单封存后才会公布。")
    return row


def public_record(row: DrawSession, *, announced: bool) -> dict[str, Any]:
    """What everybody may download of a sealed draw: names only once its round is decided and the
    result is out (`announced`); never those of a rehearsal."""
    named = announced and _nameable(row) and row.round.state == RoundState.DECIDED
    return opened(row, named=True) if named else sealed(row)


def record(viewer: Viewer, session_id: int, *, named: bool = False) -> dict[str, Any]:
    """The record to download, as `jiangxin draw verify` and the stand-alone verifier take it.

    `named` opens who was drawn, and only once the round is decided. Raises `NotFound`,
    `WrongState` before the sealing.
    """
    row = session(viewer, session_id)
    if not named:
        return sealed(row)
    if not _nameable(row) or row.round.state != RoundState.DECIDED:
        raise WrongState("公开姓名的记录在评审结果确定后才能下载；演练不公开姓名。", clause="3.2")
    return opened(row, named=True)


def _nameable(row: DrawSession) -> bool:
    return row.state == DrawState.DRAWN and not row.rehearsal
