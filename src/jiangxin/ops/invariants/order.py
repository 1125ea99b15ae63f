"""What holds for every life alike: edges, actors, time, and the two departments of a joint step."""

from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from typing import Any

from jiangxin.core.workflow import DEPARTMENT_OF, MACHINES, Department, Machine, Role, Transition
from jiangxin.records.ledger.models import Event

from . import invariant


@cache
def steps() -> dict[str, tuple[Machine, Transition]]:
    """Event type → the step that writes it."""
    return {
        step.event: (machine, step) for machine in MACHINES.values() for step in machine.transitions
    }


def moves() -> list[Any]:
    """Every step that was ever taken, subject by subject in the order of the ledger."""
    rows = Event.objects.filter(type__in=steps()).order_by("subject", "id")
    return list(rows.values("id", "type", "subject", "role", "at", "payload"))


@invariant(title="状态只沿转移表的步骤变化，首尾相接")
def only_edges() -> Iterator[str]:
    state: dict[str, str] = {}
    for each in moves():
        machine, step = steps()[each["type"]]
        before, after = each["payload"]["from"], each["payload"]["to"]
        expected = state.get(each["subject"], next(iter(machine.states)).value)
        if before != expected or before not in step.sources or after != step.target:
            yield f"{each['subject']} 第 {each['id']} 条：{before} → {after} 不在转移表中。"
        state[each["subject"]] = after


@invariant(title="每一步由转移表规定的角色办理")
def only_the_declared_roles() -> Iterator[str]:
    for each in moves():
        _, step = steps()[each["type"]]
        if each["role"] not in step.by:
            yield f"{each['subject']} 的“{step.label}”由 {each['role']} 办理。"


@invariant(title="同一事项的记录在时间上不倒流")
def time_goes_on() -> Iterator[str]:
    for one, two in pairwise(moves()):
        if one["subject"] == two["subject"] and two["at"] < one["at"]:
            yield f"{two['subject']} 第 {two['id']} 条早于前一步。"


@invariant("N27", title="共同办理的步骤之前，两部门都已同意")
def both_departments_agreed() -> Iterator[str]:
    """For every joint step: its own subject carries the word of both. Steps of a project that are
    part of a larger joint act (the proposal, the notice, the package) are covered by that act's."""
    agreed: dict[str, dict[str, bool]] = defaultdict(dict)
    words = set(steps()) | {"concurrence.given", "concurrence.voided"}
    rows = Event.objects.filter(type__in=words).order_by("id")
    for each in rows.values("type", "subject", "payload", "role"):
        said = agreed[each["subject"]]
        if each["type"] == "concurrence.given":
            said[each["payload"]["department"]] = each["payload"]["agreed"]
        elif each["type"] == "concurrence.voided":
            said.clear()
        else:
            machine, step = steps()[each["type"]]
            own = machine.name not in PART_OF_ANOTHER
            if step.joint and own and not all(said.get(d.value) for d in Department):
                yield f"{each['subject']} 的“{step.label}”缺少一个部门的同意。"


PART_OF_ANOTHER = ("project", "title")


@invariant("N27", title="部门的意见只由本部门表达")
def each_department_speaks_for_itself() -> Iterator[str]:
    rows = Event.objects.filter(type="concurrence.given").order_by("id")
    for each in rows.values("subject", "payload", "role"):
        own = DEPARTMENT_OF.get(Role(each["role"]))
        if own is None or own.value != each["payload"]["department"]:
            yield f"{each['subject']}：{each['role']} 代 {each['payload']['department']} 表态。"
