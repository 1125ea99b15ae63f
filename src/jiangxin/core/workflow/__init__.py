"""Who may move what from which state to which, under which guards and clause: one table."""

from .machine import Guard, Machine, Transition
from .roles import DEPARTMENT_OF, MINISTRIES, PROVINCIAL, Department, Role
from .table import (
    MACHINES,
    CallState,
    DrawState,
    NoticeState,
    PackageState,
    ProjectState,
    RoundState,
)

__all__ = [
    "DEPARTMENT_OF",
    "MACHINES",
    "MINISTRIES",
    "PROVINCIAL",
    "CallState",
    "Department",
    "DrawState",
    "Guard",
    "Machine",
    "NoticeState",
    "PackageState",
    "ProjectState",
    "Role",
    "RoundState",
    "Transition",
]
