"""The two marks 人社 · 财政 that stand next to every joint act."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from django.db.models import CharField, Exists, OuterRef, Value
from django.db.models.functions import Cast, Concat

from jiangxin.core.workflow import Department

from .models import Concurrence

Word = Literal["empty", "agreed", "disagreed", "void"]


@dataclass(frozen=True)
class Mark:
    """What one department has said: state, who, when, with which remark."""

    department: Department
    state: Word = "empty"
    name: str = ""
    at: datetime | None = None
    remark: str = ""


Marks = dict[Department, Mark]


def marks(*, act: str, subject: str, digest: str) -> Marks:
    """Both departments' marks on content with this `digest`; an older content's word shows as void."""
    return marks_of(act=act, digests={subject: digest})[subject]


def marks_of(*, act: str, digests: dict[str, str]) -> dict[str, Marks]:
    """The marks of many subjects in one query: subject → department → mark."""
    rows = Concurrence.objects.filter(act=act, subject__in=list(digests)).order_by("id")
    by_subject: dict[str, list[Concurrence]] = {subject: [] for subject in digests}
    for row in rows:
        by_subject[row.subject].append(row)
    return {
        subject: marks_in(said, digest=digests[subject]) for subject, said in by_subject.items()
    }


def marks_in(said: Iterable[Concurrence], *, digest: str) -> Marks:
    """The marks on content with this `digest` out of what was `said` about one act, oldest first."""
    found = {d: Mark(d) for d in Department}
    for row in said:
        department = Department(row.department)
        stale = row.void_at is not None or row.digest != digest
        state: Word = "void" if stale else "agreed" if row.agreed else "disagreed"
        found[department] = Mark(department, state, row.name, row.at, row.remark)
    return found


def both_agree(pair: Marks) -> bool:
    """Whether the joint act may happen."""
    return all(mark.state == "agreed" for mark in pair.values())


def rounds(subject: str) -> Iterable[Concurrence]:
    """Everything that was ever said about a subject, voided or not, oldest first."""
    return Concurrence.objects.filter(subject=subject).order_by("id")


def spoken(*, act: str, machine: str, department: Department) -> Exists:
    """Of a queryset of this machine's rows: those on which the department's word stands."""
    words = Concurrence.objects.filter(
        act=act,
        department=department,
        void_at=None,
        subject=Concat(Value(f"{machine}:"), Cast(OuterRef("pk"), CharField())),
    )
    return Exists(words)
