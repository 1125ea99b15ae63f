"""The transition table of the whole programme. Buttons, checks, diagrams and tests derive from it.

Clauses point into the notice as the policy pack numbers it (`3.2` is 三（二）).
"""

from .approval import APPROVAL, ApprovalState
from .building import (
    ACCEPTANCE,
    EXTENSION,
    FINDING,
    RECTIFICATION,
    VISIT,
    AcceptanceState,
    ExtensionState,
    FindingState,
    RectificationState,
    VisitState,
)
from .machine import Machine
from .project import PROJECT, ProjectState
from .selection import (
    CALL,
    DRAW,
    LOAN,
    NOTICE,
    PACKAGE,
    ROUND,
    CallState,
    DrawState,
    LoanState,
    NoticeState,
    PackageState,
    RoundState,
)
from .support import CLAIM, FLAG, PLAN, ClaimState, FlagState, PlanState
from .title import (
    ASSESSMENT,
    CHANGE,
    EXPERIENCE,
    REVOCATION,
    TITLE,
    AssessmentState,
    ChangeState,
    ExperienceState,
    RevocationState,
    TitleState,
)

MACHINES: dict[str, Machine] = {
    machine.name: machine
    for machine in (
        PROJECT,
        APPROVAL,
        CALL,
        ROUND,
        DRAW,
        LOAN,
        NOTICE,
        PACKAGE,
        CLAIM,
        PLAN,
        FLAG,
        EXTENSION,
        VISIT,
        FINDING,
        ACCEPTANCE,
        RECTIFICATION,
        TITLE,
        ASSESSMENT,
        REVOCATION,
        CHANGE,
        EXPERIENCE,
    )
}

__all__ = [
    "MACHINES",
    "AcceptanceState",
    "ApprovalState",
    "AssessmentState",
    "CallState",
    "ChangeState",
    "ClaimState",
    "DrawState",
    "ExperienceState",
    "ExtensionState",
    "FindingState",
    "FlagState",
    "LoanState",
    "NoticeState",
    "PackageState",
    "PlanState",
    "ProjectState",
    "RectificationState",
    "RevocationState",
    "RoundState",
    "TitleState",
    "VisitState",
]
