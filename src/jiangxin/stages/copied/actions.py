"""Read what was submitted, and find what is alike among the applications of all years and provinces.

By the worker, never while a unit submits. The machine only finds; nothing is decided by it, no state
moves, no event is written, no score knows of it.
"""

from collections.abc import Sequence

from django.db import transaction
from django.db.models import F, Q

from jiangxin.core.copied import bands, estimate, jaccard, packed, sketch, unpacked
from jiangxin.stages.application.models import Application
from jiangxin.stages.application.queries import latest_version
from jiangxin.stages.programme.queries import parameter

from .models import Pair, Passage, Reading
from .reading import Read, counting, passages

MARGIN = (
    0.15  # more than three standard errors of the estimate: what lies below is not compared exactly
)
MOST = 300  # candidates of one passage: far more than a common text needs to be known as common


def read_submitted(limit: int = 200) -> int:
    """Read every application whose newest version has not been read; returns how many."""
    waiting = (
        Application.objects.filter(version__gt=0)
        .filter(Q(reading=None) | Q(reading__version__lt=F("version")))
        .order_by("pk")
        .values_list("pk", flat=True)[:limit]
    )
    return sum(_read_anew(number) for number in list(waiting))


@transaction.atomic
def _read_anew(number: int) -> bool:
    """Replace the passages of one application by those of its newest version, and pair them."""
    project = (
        Application.objects.select_for_update(of=("self",), skip_locked=True)
        .select_related("call", "unit")
        .filter(pk=number)
        .first()
    )
    version = latest_version(project) if project else None
    if project is None or version is None:
        return False
    project.passages.all().delete()
    for read in passages(project, version):
        _pair(project, *_keep(project, read))
    Reading.objects.update_or_create(application=project, defaults={"version": version.number})
    return True


def _keep(project: Application, read: Read) -> tuple[Passage, frozenset[str]]:
    numbers = sketch(read.pieces)
    row = Passage.objects.create(
        application=project,
        field=read.field,
        place=read.place,
        text=read.text,
        sketch=packed(numbers),
        bands=bands(numbers),
    )
    return row, read.pieces


def _pair(project: Application, row: Passage, pieces: frozenset[str]) -> None:
    """Pairs with what other units wrote; or, when too many wrote it, the mark that it is common."""
    least = int(parameter("copied.similarity", project.year))
    numbers = unpacked(row.sketch)
    found: list[tuple[Passage, int, int]] = []
    for other in _candidates(project, row.bands):
        guess = estimate(numbers, unpacked(other.sketch))
        if guess * 100 < least - MARGIN * 100:
            continue
        exact = jaccard(pieces, counting(other.application, other.text))
        if exact * 100 >= least:
            found.append((other, int(guess * 100), int(exact * 100)))
    units = {other.application.unit_id for other, _, _ in found}
    if len(units) >= int(parameter("copied.common_units", project.year)):
        _mark_common([row, *(other for other, _, _ in found)])
        return
    Pair.objects.bulk_create(
        [
            Pair(
                left=min(row, other, key=_pk),
                right=max(row, other, key=_pk),
                estimate=guess,
                exact=exact,
            )
            for other, guess, exact in found
        ]
    )


def _candidates(project: Application, keys: Sequence[int]) -> Sequence[Passage]:
    """What shares a band, of other units: a unit may repeat what it wrote itself."""
    rows = Passage.objects.filter(bands__overlap=list(keys))
    rows = rows.exclude(application__unit_id=project.unit_id)
    return list(rows.select_related("application__unit").order_by("-pk")[:MOST])


def _mark_common(rows: list[Passage]) -> None:
    """With this passage more units share the text than two may by copying: it pairs no longer."""
    keys = [row.pk for row in rows]
    Passage.objects.filter(pk__in=keys).update(common=True)
    Pair.objects.filter(left__in=keys, right__in=keys).delete()


def _pk(row: Passage) -> int:
    return row.pk
