"""Construction and its supervision as each viewer may see them.

What other stages ask stands here: whether it has begun, what was promised and how it stands, what is
overdue, whether its end is reached.
"""

from .activities import FunctionCount, activities_by_function
from .building import (
    GoalNow,
    MilestoneNow,
    construction_of,
    goals,
    goals_ended,
    milestones,
    subjects_of,
)
from .lateness import Late, overdue

__all__ = [
    "FunctionCount",
    "GoalNow",
    "Late",
    "MilestoneNow",
    "activities_by_function",
    "construction_of",
    "goals",
    "goals_ended",
    "milestones",
    "overdue",
    "subjects_of",
]
