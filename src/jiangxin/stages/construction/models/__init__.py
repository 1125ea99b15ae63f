"""Construction and its supervision. What is frozen or never deleted, the database keeps (0002)."""

from .building import Activity, Construction, Extension, Goal, Milestone
from .inspections import Inspection, Inspector, Lot, Share, Visit, VisitFile
from .problems import Finding, FindingFile, Remark
from .reports import GoalLine, MilestoneLine, Period, Reading, Report, ReportFile

__all__ = [
    "Activity",
    "Construction",
    "Extension",
    "Finding",
    "FindingFile",
    "Goal",
    "GoalLine",
    "Inspection",
    "Inspector",
    "Lot",
    "Milestone",
    "MilestoneLine",
    "Period",
    "Reading",
    "Remark",
    "Report",
    "ReportFile",
    "Share",
    "Visit",
    "VisitFile",
]
