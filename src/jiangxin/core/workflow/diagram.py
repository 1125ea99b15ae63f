"""The transition table as Mermaid state diagrams: what `docs/generated/states.md` is made of."""

from .machine import Machine
from .table import MACHINES


def mermaid(machine: Machine) -> str:
    """One Mermaid `stateDiagram-v2` of `machine`, edges labelled with action, actors and clause."""
    lines = ["stateDiagram-v2"]
    lines += [f"    {state.value}: {state.label}" for state in machine.states]
    first = next(iter(machine.states))
    lines.append(f"    [*] --> {first.value}")
    reached_from = set()
    for step in machine.transitions:
        who = "、".join(role.label for role in step.by)
        for source in step.sources:
            reached_from.add(source)
            lines.append(
                f"    {source.value} --> {step.target.value}: {step.label}（{who}；{step.clause}）"
            )
    lines += [f"    {s.value} --> [*]" for s in machine.states if s not in reached_from]
    return "\n".join(lines)


def page() -> str:
    """The whole Markdown page: each machine with its diagram and its table of guards."""
    parts = [
        "# 状态与步骤",
        "",
        "Generated from the transition table by `make generated`; do not edit.",
        "",
    ]
    for machine in MACHINES.values():
        parts += [
            f"## {machine.label} `{machine.name}`",
            "",
            "```mermaid",
            mermaid(machine),
            "```",
            "",
        ]
        parts += [
            "| 步骤 | 谁 | 条款 | 须满足 | 事件 | 使之失效 |",
            "|---|---|---|---|---|---|",
        ]
        parts += [
            f"| {step.label} `{step.name}` | {'、'.join(role.label for role in step.by)} | {step.clause} "
            f"| {' '.join(step.guards) or '—'} | {step.event} | {' '.join(step.voids) or '—'} |"
            for step in machine.transitions
        ]
        parts.append("")
    return "\n".join(parts)
