"""Who may give what, in which order: commitments, seal, secrets, public number.

A `Ceremony` never changes; each act returns the next one or refuses. The stage that runs a
draw keeps it as events and rebuilds it by the same acts.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from ..kernel.errors import Invalid, NotPermitted, WrongState
from ..proof.hashing import is_hash_hex
from .plan import Plan, party_label
from .record import VoidReason
from .shares import check_reveal, require_secret


class State(StrEnum):
    """Where a session stands."""

    COMMITTING = "committing"
    REVEALING = "revealing"
    AWAITING_NUMBER = "awaiting_number"
    READY = "ready"
    VOID = "void"

    @property
    def label(self) -> str:
        """The Chinese words on pages."""
        return _LABELS[self]


_LABELS = {
    State.COMMITTING: "待各方提交承诺",
    State.REVEALING: "已封存，待各方公开随机数",
    State.AWAITING_NUMBER: "待公共随机数产生",
    State.READY: "随机数齐全，可以抽取",
    State.VOID: "本场作废",
}


@dataclass(frozen=True)
class Ceremony:
    """One session's public facts so far."""

    plan: Plan
    commitments: Mapping[str, str] = field(default_factory=dict)
    seal: str | None = None
    shares: Mapping[str, str] = field(default_factory=dict)
    public_number: str | None = None
    void_reason: VoidReason | None = None
    at_fault: tuple[str, ...] = ()

    @property
    def state(self) -> State:
        """Derived from the facts; nothing stores it."""
        if self.void_reason:
            return State.VOID
        if self.seal is None:
            return State.COMMITTING
        if self.waiting_for:
            return State.REVEALING
        if self.plan.public_source and self.public_number is None:
            return State.AWAITING_NUMBER
        return State.READY

    @property
    def waiting_for(self) -> list[str]:
        """Parties whose commitment (before the seal) or secret (after it) is still missing."""
        given = self.commitments if self.seal is None else self.shares
        return [party for party in self.plan.parties if party not in given]

    def commit(self, party: str, commitment: str) -> "Ceremony":
        """A party's commitment; once, before the seal."""
        self._require(State.COMMITTING)
        self._require_party(party)
        if party in self.commitments:
            raise WrongState(f"{party_label(party)}方已提交承诺，不能更换", clause="3.2")
        if not is_hash_hex(commitment):
            raise Invalid("承诺应为 64 位小写十六进制数", field="commitment")
        return replace(self, commitments={**self.commitments, party: commitment})

    def close(self, seal: str) -> "Ceremony":
        """Seal the session (`seal` of the sealed record): from here nothing of it may change."""
        self._require(State.COMMITTING)
        if self.waiting_for:
            raise WrongState("各参与方尚未全部提交承诺，不能封存", clause="3.2")
        return replace(self, seal=seal)

    def reveal(self, party: str, secret_hex: str, *, spent: Collection[str] = ()) -> "Ceremony":
        """A party's secret; once, after the seal, before the public number.

        `spent` are secrets revealed in earlier sessions: one of them was predictable, so the
        session becomes void. `Tampered` when the secret does not fit the commitment.
        """
        self._require_party(party)
        if party in self.shares:
            raise WrongState(f"{party_label(party)}方已公开随机数，不能重复公开", clause="3.2")
        self._require(State.REVEALING)
        require_secret(secret_hex, self.plan.secret_bits)
        check_reveal(
            party=party,
            session=self.plan.session,
            secret_hex=secret_hex,
            committed=self.commitments[party],
            algorithm=self.plan.algorithm,
        )
        if secret_hex in spent or secret_hex in self.shares.values():
            return self.abandon(VoidReason.SECRET_REUSED, [party])
        return replace(self, shares={**self.shares, party: secret_hex})

    def announce(self, number: str) -> "Ceremony":
        """The public number, only after all secrets: the last revealer can not foresee it."""
        self._require(State.AWAITING_NUMBER)
        if not number.strip():
            raise Invalid("公共随机数不能为空", field="public_number")
        return replace(self, public_number=number)

    def abandon(self, reason: VoidReason, parties: Iterable[str] = ()) -> "Ceremony":
        """End the session without a panel. For WITHHELD the silent parties are named."""
        if self.state in {State.VOID, State.COMMITTING}:
            raise WrongState(f"当前状态为“{self.state.label}”，不能作废", clause="3.2")
        silent = self.waiting_for if reason is VoidReason.WITHHELD else ()
        return replace(self, void_reason=reason, at_fault=tuple(sorted({*parties, *silent})))

    def _require(self, state: State) -> None:
        if self.state is not state:
            raise WrongState(
                f"当前状态为“{self.state.label}”，不能执行此步",
                remedy=f"此步只能在“{state.label}”时进行。",
                clause="3.2",
            )

    def _require_party(self, party: str) -> None:
        if party not in self.plan.parties:
            raise NotPermitted(f"“{party}”不是本场抽取的参与方", clause="3.2")
