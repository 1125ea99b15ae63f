"""The transition table, cell by cell: exactly what it declares can happen, and nothing else."""

import ast
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest

import jiangxin.stages
from jiangxin.core.kernel.errors import DomainError, NotPermitted, WrongState
from jiangxin.core.policy import load_pack
from jiangxin.core.workflow import (
    DEPARTMENT_OF,
    MACHINES,
    MINISTRIES,
    PROVINCIAL,
    Machine,
    Role,
    Transition,
)
from jiangxin.core.workflow.diagram import mermaid, page

STEPS = [(machine, step) for machine in MACHINES.values() for step in machine.transitions]
IDS = [f"{machine.name}.{step.name}" for machine, step in STEPS]


def passing(step: Transition, log: list[str] | None = None) -> dict[str, object]:
    return {
        name: lambda name=name: (log if log is not None else []).append(name)
        for name in step.guards
    }


@pytest.mark.parametrize(("machine", "step"), STEPS, ids=IDS)
def test_exactly_the_declared_cells_succeed(machine: Machine, step: Transition) -> None:
    for state, role in product(machine.states, Role):
        declared = state in step.sources and role in step.by
        assert (step in machine.available(state=state, role=role)) is declared
        refusal = refused(machine, step, state, role)
        if declared:
            assert refusal is None
        elif role not in step.by:
            assert isinstance(refusal, NotPermitted)
            assert all(actor.label in refusal.message for actor in step.by)
            assert refusal.clause == step.clause
        else:
            assert isinstance(refusal, WrongState)
            assert state.label in refusal.message
            assert all(source.label in refusal.remedy for source in step.sources)


def refused(machine: Machine, step: Transition, state: str, role: Role) -> DomainError | None:
    """What the check says with guards that all pass; nothing when the step is allowed."""
    try:
        assert machine.check(step.name, state=state, role=role, guards=passing(step)) is step
    except DomainError as error:
        return error
    return None


@pytest.mark.parametrize(("machine", "step"), STEPS, ids=IDS)
def test_every_guard_is_asked_in_order_and_each_can_stop_the_step(
    machine: Machine, step: Transition
) -> None:
    start, role = step.sources[0], step.by[0]
    log: list[str] = []
    machine.check(step.name, state=start, role=role, guards=passing(step, log))
    assert tuple(log) == step.guards
    for name in step.guards:

        def refuse(name: str = name) -> None:
            raise DomainError(name)

        with pytest.raises(DomainError, match=name):
            machine.check(step.name, state=start, role=role, guards={**passing(step), name: refuse})


@pytest.mark.parametrize(("machine", "step"), STEPS, ids=IDS)
def test_a_caller_with_other_guards_than_the_table_is_a_defect(
    machine: Machine, step: Transition
) -> None:
    start, role = step.sources[0], step.by[0]
    with pytest.raises(LookupError, match="needs guards"):
        machine.check(
            step.name, state=start, role=role, guards={**passing(step), "made_up": lambda: None}
        )
    if step.guards:
        with pytest.raises(LookupError, match="needs guards"):
            machine.check(step.name, state=start, role=role, guards={})


def test_an_unknown_step_is_a_defect() -> None:
    with pytest.raises(StopIteration):
        MACHINES["project"]["fly"]


def test_names_events_and_clauses_are_sound() -> None:
    clauses = load_pack().clauses
    for machine, step in STEPS:
        assert step.event.startswith(f"{machine.name}.")
        assert step.clause in clauses, f"{machine.name}.{step.name}: {step.clause}"
        assert len(set(step.guards)) == len(step.guards)
        assert all(act.partition(".")[0] in MACHINES for act in step.voids)
        assert step.joint is ("both_agree" in step.guards)
    for machine in MACHINES.values():
        names = [step.name for step in machine.transitions]
        assert len(set(names)) == len(names)


def test_every_state_is_reached_from_the_first_one() -> None:
    for machine in MACHINES.values():
        first = next(iter(machine.states))
        reached = {first}
        for _ in machine.states:
            reached |= {step.target for step in machine.transitions if set(step.sources) & reached}
        assert reached == set(machine.states), machine.name


def test_readers_and_the_public_move_nothing() -> None:
    """Audit and the public never change a state, experts none but that of their own loan; only the
    two ministries act for the nation."""
    movers = {role for _, step in STEPS for role in step.by}
    assert not movers & {Role.AUDITOR, Role.PUBLIC}
    assert {machine.name for machine, step in STEPS if Role.EXPERT in step.by} == {"loan"}
    assert set(DEPARTMENT_OF) == {*PROVINCIAL, *MINISTRIES}


def test_no_department_files_or_selects_alone() -> None:
    project = MACHINES["project"]
    for name in ("propose", "pass_over", "publicise", "file", "uphold_objection"):
        assert project[name].joint, name
    assert MACHINES["call"]["open"].joint
    assert project["return_filing"].voids == ("package.file",)


# --- the guards that the table names are supplied by the code


def supplied() -> Iterator[tuple[str, set[str]]]:
    """(step, names of guards) of every `move(…, step="…", guards={…})` in the stages, where both are
    literal."""
    for path in Path(next(iter(jiangxin.stages.__path__))).rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for call in ast.walk(tree):
            if not (isinstance(call, ast.Call) and getattr(call.func, "id", "") == "move"):
                continue
            words = {each.arg: each.value for each in call.keywords}
            step, guards = words.get("step"), words.get("guards")
            if isinstance(step, ast.Constant) and isinstance(guards, ast.Dict):
                names = {key.value for key in guards.keys if isinstance(key, ast.Constant)}
                yield step.value, names


def test_the_code_supplies_the_very_guards_of_the_table() -> None:
    by_step: dict[str, list[set[str]]] = {}
    for _, step in STEPS:
        by_step.setdefault(step.name, []).append(set(step.guards))
    found = list(supplied())
    assert {"return", "pass_examination", "reject", "open"} <= {name for name, _ in found}
    for name, guards in found:
        assert guards in by_step[name], f"{name}: {guards} is not in the table"


# --- the diagram


def test_the_diagram_has_every_edge_and_every_end() -> None:
    for machine in MACHINES.values():
        drawn = mermaid(machine)
        assert drawn.startswith("stateDiagram-v2\n")
        for state in machine.states:
            assert f"{state.value}: {state.label}" in drawn
            leaves = any(state in step.sources for step in machine.transitions)
            assert (f"{state.value} --> [*]" in drawn) is not leaves
        for step in machine.transitions:
            for source in step.sources:
                assert f"{source.value} --> {step.target.value}: {step.label}（" in drawn


def test_the_page_has_every_machine_and_step() -> None:
    text = page()
    for machine, step in STEPS:
        assert f"## {machine.label} `{machine.name}`" in text
        assert f"| {step.label} `{step.name}` |" in text
        assert step.event in text
