"""The conditions beside the form: first those that this page decides, then all others."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from jiangxin.core.policy import Section, Verdict
from jiangxin.stages.application import queries

ORDER = (Verdict.NOT_MET, Verdict.UNKNOWN, Verdict.MET)


def beside(project: Any, at: Section, evidence: Mapping[str, int]) -> dict[str, Any]:
    """`own` and `rest`: the findings; `tally`: how many of each verdict. Two queries at most.

    `evidence`: how many files prove each field.
    """
    found = queries.eligibility(project, evidence=evidence)
    norms = {norm for field in at.fields for norm in field.norms}
    counts = Counter(each.verdict for each in found)
    return {
        "own": [each for each in found if each.norm in norms],
        "rest": [each for each in found if each.norm not in norms],
        "tally": [(verdict.label, counts[verdict]) for verdict in ORDER],
    }
