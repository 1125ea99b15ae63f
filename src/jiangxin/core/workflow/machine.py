"""What a transition is, and the one check that every move passes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from jiangxin.core.kernel.errors import NotPermitted, WrongState
from jiangxin.core.kernel.labels import Labelled

from .roles import Role

Guard = Callable[[], None]  # raises a DomainError when the step must not happen


@dataclass(frozen=True, kw_only=True)
class Transition:
    """One step: `by` whom, from `sources` to `target`, under named `guards`, by `clause`.

    `event` is the past-tense type that the ledger keeps. `voids` names the joint acts whose
    concurrences no longer count once the step has happened.
    """

    name: str
    label: str
    sources: tuple[Labelled, ...]
    target: Labelled
    by: tuple[Role, ...]
    clause: str
    event: str
    guards: tuple[str, ...] = ()
    voids: tuple[str, ...] = ()

    @property
    def joint(self) -> bool:
        """Whether both departments must have agreed before (N27)."""
        return "both_agree" in self.guards


@dataclass(frozen=True)
class Machine:
    """The life of one kind of thing: its name, its states, its transitions."""

    name: str
    label: str
    states: type[Labelled]
    transitions: tuple[Transition, ...]

    def __getitem__(self, name: str) -> Transition:
        return next(step for step in self.transitions if step.name == name)

    def available(self, *, state: str, role: Role) -> list[Transition]:
        """The steps that `role` may take from `state`, in table order: what buttons are made from."""
        return [step for step in self.transitions if state in step.sources and role in step.by]

    def check(
        self, name: str, *, state: str, role: Role, guards: Mapping[str, Guard]
    ) -> Transition:
        """The transition `name`, if this role may take it now; runs every guard that the table names.

        Raises `NotPermitted` for a wrong role, `WrongState` for a wrong state, whatever a guard
        raises, and `LookupError` when the caller's guards are not those of the table: so the table
        can not promise what the code does not do.
        """
        step = self[name]
        if set(guards) != set(step.guards):
            raise LookupError(f"{self.name}.{name} needs guards {step.guards}, got {tuple(guards)}")
        if role not in step.by:
            who = "、".join(actor.label for actor in step.by)
            raise NotPermitted(f"“{step.label}”由{who}办理。", clause=step.clause)
        if state not in step.sources:
            here = self.states(state).label
            allowed = "、".join(source.label for source in step.sources)
            raise WrongState(
                f"当前状态为“{here}”，不能{step.label}。",
                remedy=f"只有在“{allowed}”状态下才能{step.label}；页面可能已过时，请刷新后再看。",
                clause=step.clause,
            )
        for guard in step.guards:
            guards[guard]()
        return step
