"""How far the programme is: the two targets with a forecast, fields and assessment by province.

Everything here counts rows of the public register, so every count of it is public too.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from math import floor
from typing import Any

from django.db.models import Count, Q, QuerySet

from jiangxin.core.kernel import clock
from jiangxin.core.workflow import TitleState
from jiangxin.stages.programme.queries import parameter
from jiangxin.stages.programme.tracks import Kind, Track

from .models import Title
from .queries import LATEST, PUBLICLY_VALID, legacy_years, programme_years

Table = Iterable[tuple[str, int, str, int]]  # as `queries.table()` gives it
NOTHING = Q(pk__in=[])


@dataclass(frozen=True)
class Step:
    """One year of one kind: its titles by track, and the sum up to its end.

    `expected` is the sum to which the forecast leads; None in a settled year, or without a forecast.
    """

    year: int
    tracks: dict[Track, int]
    total: int
    expected: int | None


@dataclass(frozen=True)
class Course:
    """One target of the notice (N01, N02) and the way to it.

    `pace` is the mean of the settled years; None where nothing is forecast: there is no such year,
    or the last year is `over`.
    """

    kind: Kind
    target: int
    steps: tuple[Step, ...]
    pace: Fraction | None
    over: bool

    @property
    def label(self) -> str:
        return self.kind.label

    @property
    def count(self) -> int:
        return self.steps[-1].total

    @property
    def percent(self) -> int:
        return self.count * 100 // self.target

    @property
    def verdict(self) -> str:
        """One sentence: reached or missed and by how much, or where the pace leads."""
        if self.count >= self.target:
            return f"已达到目标，超出 {self.count - self.target} 个。"
        short = f"距目标还差 {self.target - self.count} 个"
        expected = self.steps[-1].expected
        if self.over:
            return f"期限已过，没有达到目标，{short}。"
        if self.pace is None or expected is None:
            return f"{short}；尚无可供推算的年度。"
        gap = expected - self.target
        led = f"可达到目标，超出 {gap} 个" if gap >= 0 else f"达不到目标，相差 {-gap} 个"
        return f"{short}；按年均 {self.pace_text} 个推算，到期 {expected} 个，{led}。"

    @property
    def pace_text(self) -> str:
        """The pace with one decimal."""
        tenths = rounded((self.pace or Fraction(0)) * 10)
        return f"{tenths // 10}.{tenths % 10}"


def courses(table: Table) -> list[Course]:
    """Bases against 400 and studios against 500, year by year, with a forecast; no query.

    Method: settled are the years from the first to the last one before the present calendar year
    that has a title of either kind; their mean is the pace. Each later year is reckoned with the
    pace, or with what is registered for it already where that is more. After the last year of the
    programme nothing is forecast.
    """
    rows = list(table)
    first, last = programme_years()
    years, now = range(first, last + 1), clock.today().year
    known = max((year for _, year, _, _ in rows if year < now), default=first - 1)
    settled = range(first, known + 1) if now <= last else range(0)
    return [_course(kind, rows, years, settled, over=now > last) for kind in Kind]


def _course(kind: Kind, rows: Table, years: range, settled: range, *, over: bool) -> Course:
    counts: Counter[tuple[int, str]] = Counter()
    for _, year, track, count in rows:
        counts[year, track] += count
    tracks = [track for track in Track if track.kind is kind]
    own = {year: {track: counts[year, track.value] for track in tracks} for year in years}
    sums = {year: sum(own[year].values()) for year in years}
    pace = Fraction(sum(sums[year] for year in settled), len(settled)) if settled else None
    steps, total, expected = [], 0, Fraction(0)
    for year in years:
        total += sums[year]
        open_ = pace is not None and year not in settled
        own_year = Fraction(sums[year])
        expected += max(pace, own_year) if pace is not None and open_ else own_year
        steps.append(Step(year, own[year], total, rounded(expected) if open_ else None))
    return Course(kind, parameter(f"target.{kind.value}", LATEST), tuple(steps), pace, over)


def rounded(number: Fraction) -> int:
    """The nearest whole number, half upwards."""
    return floor(number + Fraction(1, 2))


def field_counts() -> dict[tuple[str, str], int]:
    """(province, priority field) → valid titles of the programme; one query (N04, N05)."""
    first, last = programme_years()
    rows = Title.objects.filter(PUBLICLY_VALID, year__range=(first, last)).order_by()
    counted = rows.values_list("province", "priority_field").annotate(n=Count("id"))
    return {(province, field): count for province, field, count in counted}


@dataclass(frozen=True)
class Assessed:
    """How many of the titles of 2011–2020 have been assessed in one province (N42).

    `underway`: of those that are still to be assessed, what is being assessed now.
    """

    due: int = 0
    passed: int = 0
    failed: int = 0
    underway: int = 0

    @property
    def done(self) -> int:
        return self.passed + self.failed

    @property
    def open(self) -> int:
        return self.due - self.done

    @property
    def percent(self) -> int | None:
        """Rounded down: 100 means that none is left."""
        return self.done * 100 // self.due if self.due else None

    def __add__(self, other: "Assessed") -> "Assessed":
        return Assessed(
            self.due + other.due,
            self.passed + other.passed,
            self.failed + other.failed,
            self.underway + other.underway,
        )


def legacy() -> Q:
    """A title of the years that clause 4.2 speaks of."""
    return Q(year__range=legacy_years())


def unassessed() -> Q:
    """A valid title without any outcome yet: what is missing from 100 %."""
    return Q(state=TitleState.TITLED, assessment=Title.Assessment.NONE)


def assessed(rows: QuerySet[Any, Any] | None = None, underway: Q = NOTHING) -> dict[str, Assessed]:
    """Province → its titles of 2011–2020 and how far their assessment is; one query.

    Of the register as it is public, or of `rows` as they stand, in which `underway` is what is
    being assessed. A title that ended or was revoked before it was assessed is no longer to be.
    """
    valid = PUBLICLY_VALID if rows is None else Q(state=TitleState.TITLED)
    open_ = valid & Q(assessment=Title.Assessment.NONE)
    outcome = Q(assessment__in=(Title.Assessment.PASSED, Title.Assessment.FAILED))
    counted = (
        (Title.objects.all() if rows is None else rows)
        .filter(legacy())
        .filter(open_ | outcome)
        .order_by()
        .values("province")
        .annotate(
            due=Count("pk"),
            passed=Count("pk", filter=Q(assessment=Title.Assessment.PASSED)),
            failed=Count("pk", filter=Q(assessment=Title.Assessment.FAILED)),
            underway=Count("pk", filter=open_ & underway),
        )
        .values_list("province", "due", "passed", "failed", "underway")
    )
    return {province: Assessed(*numbers) for province, *numbers in counted}
