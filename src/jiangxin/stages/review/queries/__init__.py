"""What a review shows to whom: `expert` (an expert's own sheets), `ceremony` (the draw), `coverage`
(progress), `ranking` (scores, once all are signed), `report` (what later stages build on)."""

from .expert import assigned
from .report import decided, report_facts

__all__ = ["assigned", "decided", "report_facts"]
