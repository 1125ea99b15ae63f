"""Read the ledger: the history of a subject, a receipt, and whether everything still holds."""

import json
from collections.abc import Iterator
from typing import Any

from django.db import connection

from jiangxin.core.kernel.canonical import canonical
from jiangxin.core.kernel.errors import NotFound
from jiangxin.core.proof.compact import CompactRange
from jiangxin.core.proof.merkle import inclusion_proof, leaf_hash
from jiangxin.core.proof.receipts import receipt as receipt_of

from .actions import seal
from .models import Checkpoint, Event, Leaf


def head() -> int | None:
    """The number of the newest event: while it stands, no state has changed. None inside a transaction,
    whose own events may still be taken back."""
    if connection.in_atomic_block:
        return None
    newest = Event.objects.order_by("-id").values_list("id", flat=True).first()
    return newest or 0


def history(subject: str) -> list[Event]:
    """Every event of one subject, oldest first."""
    return list(Event.objects.filter(subject=subject).order_by("id"))


def event(event_id: int) -> Event:
    """One event. Raises `NotFound`."""
    found = Event.objects.filter(pk=event_id).first()
    if found is None:
        raise NotFound("没有这条记录。")
    return found


def receipt(event_id: int) -> dict[str, Any]:
    """The receipt of an event (format jiangxin-receipt/v1): anyone can verify it offline.

    Seals first, so that the event has a place; it proves the event against the first checkpoint
    that holds it, so that an event has one receipt for ever. Raises `NotFound`.
    """
    found = event(event_id)
    seal()
    place = Leaf.objects.filter(event=found).first()
    if place is None:
        raise NotFound("这条记录尚未入册。", remedy="请稍后再试。")
    checkpoint = Checkpoint.objects.filter(size__gt=place.index).order_by("size")[0]
    leaves = [
        bytes.fromhex(leaf)
        for leaf in Leaf.objects.filter(index__lt=checkpoint.size)
        .order_by("index")
        .values_list("event__leaf", flat=True)
    ]
    return receipt_of(
        event=json.loads(canonical(found.canonical())),
        index=place.index,
        size=checkpoint.size,
        root=bytes.fromhex(checkpoint.root),
        proof=inclusion_proof(leaves, place.index, checkpoint.size),
    )


def faults() -> Iterator[str]:
    """What is wrong with the ledger, one Chinese sentence each; nothing when it holds.

    Re-derives every leaf from its event, every index, and every checkpoint's root from the leaves.
    """
    checkpoints = {c.size: c for c in Checkpoint.objects.order_by("size")}
    tree = CompactRange()
    rows = Leaf.objects.select_related("event").order_by("index").iterator(chunk_size=2000)
    for expected, place in enumerate(rows):
        if place.index != expected:
            yield f"序号 {expected} 缺失，下一条是 {place.index}。"
            return
        actual = leaf_hash(canonical(place.event.canonical()))
        if actual.hex() != place.event.leaf:
            yield f"序号 {place.index}（{place.event}）的内容与其哈希不符。"
        tree.append(actual)
        checkpoint = checkpoints.pop(tree.size, None)
        if checkpoint and checkpoint.root != tree.root().hex():
            yield f"检查点 {checkpoint.size} 的根与记录不符。"
    for size in checkpoints:
        yield f"检查点 {size} 超出账册长度 {tree.size}：有记录被删除。"


def latest_checkpoint() -> Checkpoint | None:
    """The newest root over the ledger: what notices print and receipts are compared with."""
    return Checkpoint.objects.order_by("-size").first()


def checkpoint_at(size: int) -> Checkpoint | None:
    """The checkpoint over the first `size` events, if one was ever written there."""
    return Checkpoint.objects.filter(size=size).first()
