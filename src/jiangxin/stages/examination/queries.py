"""What stands on the examiner's desk, and what an applicant has to correct."""

from dataclasses import dataclass

from jiangxin.core.policy import Finding
from jiangxin.core.policy import Verdict as Kleene
from jiangxin.stages.application.models import Application
from jiangxin.stages.application.queries import eligibility

from .models import ReturnItem, Verdict


@dataclass(frozen=True)
class Line:
    """One clause on the examination sheet: what the rules say, and what the examiner said."""

    finding: Finding
    verdict: Verdict | None


def words(application: Application) -> dict[str, Verdict]:
    """The examiner's verdicts on the present version, by norm."""
    rows = Verdict.objects.filter(application=application, version=application.version)
    return {row.norm: row for row in rows}


def sheet(application: Application) -> list[Line]:
    """Clause by clause: the computed finding with the examiner's word folded in."""
    said = words(application)
    findings = eligibility(application, examined={n: v.word for n, v in said.items()})
    return [Line(finding, said.get(finding.norm)) for finding in findings]


def open_lines(application: Application) -> list[Line]:
    """The lines that still keep the application from passing."""
    return [
        line for line in sheet(application) if line.finding.verdict is not Kleene.MET
    ]


def returns(application: Application) -> list[ReturnItem]:
    """Everything that was ever returned, oldest first."""
    return list(application.returns.all())


def open_returns(application: Application) -> list[ReturnItem]:
    """What the unit has to correct now: the items of the version that was returned."""
    return [
        item for item in returns(application) if item.version == application.version
    ]
