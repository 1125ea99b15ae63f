"""What is most often missing: by clause and by section of the form, for each track."""

from dataclasses import dataclass

from django.db.models import Count, Q

from jiangxin.records.identity.viewer import Viewer
from jiangxin.stages.application.queries import visible

from .models import ClauseState, ReturnItem, Verdict


@dataclass(frozen=True)
class ClauseFigure:
    """One condition of one track: of how many applications it was short, and in which way.

    `computed`: 不符合 by the figures of the first submission; `missing`: not to be computed from it,
    for want of an answer; `refused`: an examiner said 不符合, on whichever version.
    """

    track: str
    norm: str
    clause: str
    applications: int
    computed: int
    missing: int
    refused: int

    @property
    def short(self) -> int:
        """What the table is ordered by."""
        return self.computed + self.missing + self.refused


@dataclass(frozen=True)
class SectionFigure:
    """One section or field of one track's form: how often it was sent back, and by how many applications."""

    track: str
    section: str
    field: str
    items: int
    applications: int


def clause_figures(viewer: Viewer, year: int) -> list[ClauseFigure]:
    """Every condition that was looked at, the one most often short first; two queries.

    `clause_figures` and `section_figures` count only what the viewer sees.
    """
    mine = visible(viewer).filter(year=year).order_by().values("pk")
    first = Q(version=1)
    rows = (
        ClauseState.objects.filter(application__in=mine)
        .order_by()
        .values("application__track", "norm", "clause")
        .annotate(
            seen=Count("id", filter=first),
            computed=Count("id", filter=first & Q(found=ClauseState.Word.NOT_MET)),
            missing=Count("id", filter=first & Q(found=ClauseState.Word.UNKNOWN, judgement=False)),
        )
    )
    refused = _refused(viewer, year)
    found = [
        ClauseFigure(
            track=row["application__track"],
            norm=row["norm"],
            clause=row["clause"],
            applications=row["seen"],
            computed=row["computed"],
            missing=row["missing"],
            refused=refused.get((row["application__track"], row["norm"]), 0),
        )
        for row in rows
    ]
    return sorted(found, key=lambda each: (-each.short, each.track, each.norm))


def section_figures(viewer: Viewer, year: int) -> list[SectionFigure]:
    """What was sent back, the most frequent first; one query."""
    mine = visible(viewer).filter(year=year).order_by().values("pk")
    rows = (
        ReturnItem.objects.filter(application__in=mine)
        .order_by()
        .values("application__track", "section", "field")
        .annotate(items=Count("id"), applications=Count("application", distinct=True))
        .order_by("-items", "application__track", "section", "field")
    )
    return [
        SectionFigure(
            row["application__track"],
            row["section"],
            row["field"],
            row["items"],
            row["applications"],
        )
        for row in rows
    ]


def _refused(viewer: Viewer, year: int) -> dict[tuple[str, str], int]:
    """(track, norm) → applications on which an examiner said 不符合 at least once."""
    mine = visible(viewer).filter(year=year).order_by().values("pk")
    rows = (
        Verdict.objects.filter(application__in=mine, word=Verdict.Word.NOT_MET)
        .order_by()
        .values_list("application__track", "norm")
        .annotate(n=Count("application", distinct=True))
    )
    return {(track, norm): number for track, norm, number in rows}
