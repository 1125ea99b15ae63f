"""Append-only events, their order, and checkpoints over them.

A writer only inserts an `Event`; it takes no lock, so a deadline rush never queues on the ledger.
`seal()` gives committed events their place in the Merkle tree (`Leaf`) and writes a `Checkpoint`.
Triggers in the database refuse UPDATE, DELETE and TRUNCATE on all three tables.
"""

from django.db import models


class Event(models.Model):
    """One fact: what happened to which subject, by whom, when. `actor` is opaque on purpose."""

    type = models.CharField("事件", max_length=64)
    subject = models.CharField("对象", max_length=64)
    actor = models.CharField("办理人", max_length=64)
    role = models.CharField("角色", max_length=32)
    at = models.DateTimeField("时间")
    payload = models.JSONField("内容", default=dict)
    salt = models.CharField(max_length=32)
    leaf = models.CharField("叶哈希", max_length=64)

    class Meta:
        indexes = (
            models.Index(fields=["subject", "id"], name="ledger_event_subject"),
            models.Index(fields=["type", "id"], name="ledger_event_type"),
        )

    def __str__(self) -> str:
        return f"{self.type} {self.subject}"

    def canonical(self) -> dict[str, object]:
        """The event as it is hashed: everything but its place and its own hash."""
        return {
            "type": self.type,
            "subject": self.subject,
            "actor": self.actor,
            "role": self.role,
            "at": self.at,
            "payload": self.payload,
            "salt": self.salt,
        }


class Leaf(models.Model):
    """The place of an event in the tree; counted from 0 without gaps."""

    index = models.BigIntegerField(primary_key=True)
    event = models.OneToOneField(Event, on_delete=models.PROTECT, related_name="place")

    def __str__(self) -> str:
        return f"#{self.index}"


class Checkpoint(models.Model):
    """The root over the first `size` leaves, and the hashes from which the next root grows."""

    size = models.BigIntegerField(unique=True)
    root = models.CharField(max_length=64)
    frontier = models.JSONField(default=list)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.size} {self.root[:12]}"
