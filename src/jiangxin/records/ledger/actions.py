"""Append an event, move a subject to its next state, seal what has been committed."""

import json
from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from django.db import connection, transaction

from jiangxin.core.kernel import chance, clock
from jiangxin.core.kernel.canonical import canonical
from jiangxin.core.proof.compact import CompactRange
from jiangxin.core.proof.merkle import leaf_hash
from jiangxin.core.workflow import MACHINES, Guard, Role

from .models import Checkpoint, Event, Leaf

SEAL_LOCK = 0x4A58_0001  # advisory lock: one sealer at a time


class Actor(Protocol):
    """Whoever acts: an opaque id and the role in which they act."""

    @property
    def actor(self) -> str: ...
    @property
    def role(self) -> Role: ...


class Subject(Protocol):
    """A row with a life: its machine, its name in the ledger, its state."""

    MACHINE: str
    state: str

    @property
    def subject(self) -> str: ...
    def save(self, *, update_fields: Iterable[str]) -> None: ...


def append(
    *, type: str, subject: str, by: Actor, payload: Mapping[str, Any] | None = None
) -> Event:
    """Insert one event in the caller's transaction and return it.

    `payload` is canonical JSON (no floats) and holds no personal data: the ledger can be published.
    """
    event = _event(type, subject, by, payload)
    event.save(force_insert=True)
    return event


def append_many(
    *, type: str, by: Actor, payloads: Iterable[tuple[str, Mapping[str, Any]]]
) -> list[Event]:
    """Insert an event of one type for each (subject, payload), in order, in a few statements."""
    events = [_event(type, subject, by, payload) for subject, payload in payloads]
    return Event.objects.bulk_create(events, batch_size=1000)


def _event(type: str, subject: str, by: Actor, payload: Mapping[str, Any] | None) -> Event:
    """An event with its hash, not yet inserted."""
    event = Event(
        type=type,
        subject=subject,
        actor=by.actor,
        role=by.role.value,
        at=clock.now(),
        payload=json.loads(canonical(dict(payload or {}))),
        salt=chance.token(16),
    )
    event.leaf = leaf_hash(canonical(event.canonical())).hex()
    return event


def move(
    subject: Subject,
    *,
    step: str,
    by: Actor,
    guards: Mapping[str, Guard] | None = None,
    payload: Mapping[str, Any] | None = None,
    also: tuple[str, ...] = (),
) -> Event:
    """Take `subject` one step along its machine; the only function that changes a `state`.

    The caller has locked the row and opened the transaction. Effects, in order: the table checks
    role, state and guards; the state (and the fields named in `also`) is saved; the event is
    appended with the states from and to. Raises what `Machine.check` raises, before any effect.
    """
    check = MACHINES[subject.MACHINE].check(
        step, state=subject.state, role=by.role, guards=guards or {}
    )
    before = str(subject.state)
    subject.state = check.target.value
    subject.save(update_fields=["state", *also])
    return append(
        type=check.event,
        subject=subject.subject,
        by=by,
        payload={"from": before, "to": check.target.value, **(payload or {})},
    )


@transaction.atomic
def seal() -> Checkpoint | None:
    """Give every committed, unplaced event the next index and write a checkpoint over all.

    Returns the newest checkpoint, or None while the ledger is empty. Events of transactions that
    are still open are taken by the next call: order is the order of sealing, not of insertion.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [SEAL_LOCK])
    last = Checkpoint.objects.order_by("-size").first()
    size = last.size if last else 0
    fresh = list(Event.objects.filter(place=None).order_by("id").values_list("id", "leaf"))
    if not fresh:
        return last
    hashes = [bytes.fromhex(h) for h in last.frontier] if last else []
    tree = CompactRange(size=size, hashes=hashes)
    for _, leaf in fresh:
        tree.append(bytes.fromhex(leaf))
    Leaf.objects.bulk_create(
        [Leaf(index=size + n, event_id=event_id) for n, (event_id, _) in enumerate(fresh)],
        batch_size=2000,
    )
    return Checkpoint.objects.create(
        size=size + len(fresh),
        root=tree.root().hex(),
        frontier=[h.hex() for h in tree.hashes],
        at=clock.now(),
    )
