"""Which passages are alike, as far as who asks may know.

A pair is shown to whom one of its two applications is shown (`application.queries.visible`). Of the
other one, when it lies beyond the viewer's scope, they see the passage, the province, the year and
the track: without the words nobody could compare, and without province and year nobody would know
whom to ask. They do not see the unit, the project, the leader or anything else of it, and names and
numbers inside the passage are blotted out. Who copied from whom is not said; neither is known.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, Exists, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from jiangxin.core.copied import Piece, marked
from jiangxin.core.workflow import Role
from jiangxin.records.identity.viewer import Viewer
from jiangxin.stages.application.models import Application
from jiangxin.stages.application.queries import form_of, visible

from .models import Pair, Passage

READERS = (Role.PROVINCE_HR, Role.PROVINCE_FINANCE, Role.SUPERVISOR, Role.AUDITOR)
BLOT = "□□"
PEOPLE = ("contact_name", "legal_representative", "leader_name")  # answers that name somebody
_NUMBER = re.compile(r"[0-9０-９Xx-]{6,}")
_APPLICATIONS = ("left__application", "right__application")


@dataclass(frozen=True)
class Side:
    """One passage of a pair. `project` is None for one beyond the viewer's scope."""

    project: Application | None
    province: str
    year: int
    track: str
    label: str
    pieces: list[Piece]


@dataclass(frozen=True)
class Match:
    """A passage of the application in question, and the one that is like it."""

    own: Side
    other: Side
    exact: int
    estimate: int


def pairs(viewer: Viewer) -> QuerySet[Pair]:
    """The pairs of which the viewer sees at least one side; none for who does not examine."""
    if viewer.role not in READERS:
        return Pair.objects.none()
    seen = visible(viewer).order_by().values("pk")
    return Pair.objects.filter(Q(left__application__in=seen) | Q(right__application__in=seen))


def pairs_of(viewer: Viewer, application: Application) -> QuerySet[Pair]:
    """The pairs of one application."""
    return pairs(viewer).filter(
        Q(left__application=application) | Q(right__application=application)
    )


def matches(viewer: Viewer, application: Application, limit: int = 50) -> list[Match]:
    """What is like passages of one application that the viewer sees, most alike first. Three queries."""
    rows = (
        pairs_of(viewer, application)
        .select_related(*(f"{each}__{end}" for each in _APPLICATIONS for end in ("unit", "call")))
        .order_by("-exact", "pk")[:limit]
    )
    found = list(rows)
    seen = _seen(viewer, found)
    return [_match(*_sides(each, application), each, seen) for each in found]


def pair_sides(viewer: Viewer, rows: Sequence[Pair]) -> list[Match]:
    """Pairs of a list, each with the side that the viewer sees first. Two queries with the rows."""
    seen = _seen(viewer, rows)
    out = []
    for each in rows:
        own, other = (each.left, each.right)
        if own.application_id not in seen:
            own, other = other, own
        out.append(_match(own, other, each, seen))
    return out


def with_copies(rows: QuerySet[Application]) -> QuerySet[Application]:
    """Annotates `copies`: how many passages of others are like one of this application."""
    ways = (("left__application", "left"), ("right__application", "right"))
    counts = [
        Coalesce(
            Subquery(
                Pair.objects.filter(**{path: OuterRef("pk")})
                .order_by()
                .values(path)
                .annotate(n=Count("id"))
                .values("n"),
                output_field=IntegerField(),
            ),
            0,
        )
        for path, _ in ways
    ]
    return rows.annotate(copies=counts[0] + counts[1])


def is_copied() -> Q:
    """Applications with at least one passage that is like another unit's."""
    own = Passage.objects.filter(application=OuterRef("pk"))
    paired = Exists(Pair.objects.filter(left=OuterRef("pk"))) | Exists(
        Pair.objects.filter(right=OuterRef("pk"))
    )
    return Q(Exists(own.filter(paired)))


def _seen(viewer: Viewer, rows: Sequence[Pair]) -> set[int]:
    """Which of the applications behind these pairs the viewer may open."""
    behind = {row.left.application_id for row in rows} | {row.right.application_id for row in rows}
    if not behind:
        return set()
    return set(visible(viewer).filter(pk__in=behind).order_by().values_list("pk", flat=True))


def _sides(pair: Pair, application: Application) -> tuple[Passage, Passage]:
    if pair.left.application_id == application.pk:
        return pair.left, pair.right
    return pair.right, pair.left


def _match(own: Passage, other: Passage, pair: Pair, seen: set[int]) -> Match:
    texts = [_text(own, seen), _text(other, seen)]
    return Match(
        own=_side(own, seen, marked(texts[0], texts[1])),
        other=_side(other, seen, marked(texts[1], texts[0])),
        exact=pair.exact,
        estimate=pair.estimate,
    )


def _side(passage: Passage, seen: set[int], pieces: list[Piece]) -> Side:
    project = passage.application
    field = form_of(project).field(passage.field)
    return Side(
        project=project if project.pk in seen else None,
        province=project.province,
        year=project.year,
        track=project.track,
        label=field.label if field else passage.field,
        pieces=pieces,
    )


def _text(passage: Passage, seen: set[int]) -> str:
    return passage.text if passage.application_id in seen else veiled(passage)


def veiled(passage: Passage) -> str:
    """The passage for a stranger: without the names of the unit and its people, without long numbers."""
    project = passage.application
    text = passage.text
    told = [project.answers.get(key) for key in PEOPLE]
    for name in (
        project.unit.name,
        project.unit_name,
        project.leader_name,
        project.unit.contact,
        *told,
    ):
        if isinstance(name, str) and len(name) > 1:
            text = text.replace(name, BLOT)
    return _NUMBER.sub(BLOT, text)
