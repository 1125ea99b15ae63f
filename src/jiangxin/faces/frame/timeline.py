"""A story as people read it: one line for each event, by years, ready for paper."""

from collections.abc import Iterable
from itertools import groupby
from typing import Any

from jiangxin.core.kernel import clock
from jiangxin.core.workflow import MACHINES, Role, event_label

ROLES = dict(Role.choices())
SYSTEM = "系统"


def event_line(event: Any) -> dict[str, Any]:
    """A ledger event as a line: when, what, by whom, what to add, where in the ledger."""
    return {
        "at": event.at,
        "label": event_label(event.type),
        "role": SYSTEM if event.actor == "system" else ROLES.get(event.role, SYSTEM),
        "note": note_of(event),
        "number": event.pk,
    }


def story_of(events: Iterable[Any]) -> list[dict[str, Any]]:
    """Years with their lines, oldest first; each line says what it happened to, and its new state."""
    lines = ({**event_line(event), **_about(event)} for event in events)
    years = groupby(lines, key=lambda line: line["at"].astimezone(clock.BEIJING).year)
    return [{"year": year, "lines": list(found)} for year, found in years]


def note_of(event: Any) -> str:
    """What the event's content adds to its name."""
    payload = event.payload
    notes = []
    if event.type == "examination.judged":
        notes.append(f"{payload['norm']} {'符合' if payload['word'] == 'met' else '不符合'}")
    if event.type == "concurrence.given":
        notes.append("同意" if payload.get("agreed") else "不同意")
    if "norms" in payload:
        notes.append(f"{len(payload['norms'])} 项")
    if "sections" in payload:
        notes.append(f"{len(payload['sections'])} 部分")
    if "version" in payload:
        notes.append(f"第 {payload['version']} 次提交")
    return "，".join(notes)


def _about(event: Any) -> dict[str, Any]:
    """What kind of thing the event belongs to, and the state to which it moved it."""
    machine = MACHINES.get(event.subject.partition(":")[0])
    target = str(event.payload.get("to", ""))
    states = {state.value: state.label for state in machine.states} if machine else {}
    return {
        "about": machine.label if machine else "",
        "state": {"code": target, "label": states[target]} if target in states else None,
    }
