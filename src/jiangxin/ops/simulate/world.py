"""What every story knows: the seed, the provinces, the officials, the agenda, what was refused."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random

from django.db import transaction

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import DomainError
from jiangxin.core.kernel.regions import PROVINCES, Province
from jiangxin.core.workflow import Role
from jiangxin.ops.scenes.country import officer
from jiangxin.records.identity.models import Organisation
from jiangxin.records.identity.queries import viewer_of
from jiangxin.records.identity.viewer import Viewer
from jiangxin.stages.titles.models import Title

from .agenda import Agenda


def some_provinces(seed: int, count: int) -> list[Province]:
    """`count` provinces by lot, in the order of the country."""
    chosen = Random(f"{seed}:provinces").sample(list(PROVINCES), count)
    return sorted(chosen, key=PROVINCES.index)


class NotRefused(AssertionError):
    """Something that the programme must not allow has gone through."""


@dataclass
class World:
    """One run: these provinces, from the first year to the last. `size` units apply in a province
    each year, up to `last_round` (later years live on without a round of their own)."""

    seed: int
    provinces: Sequence[Province]
    first: int
    last: int
    size: int
    last_round: int = 9999
    agenda: Agenda = field(default_factory=Agenda)
    refusals: Counter[tuple[str, str]] = field(default_factory=Counter)
    _officers: dict[tuple[Role, str], Viewer] = field(default_factory=dict)

    def rng(self, *key: object) -> Random:
        """A generator of its own for one story, so that no story disturbs another's chance."""
        return Random(":".join(map(str, (self.seed, *key))))

    def officer(self, role: Role, province: str = "") -> Viewer:
        """The account of an office."""
        if (role, province) not in self._officers:
            self._officers[role, province] = officer(role, province)
        return self._officers[role, province]

    def both(self, province: str) -> tuple[Viewer, Viewer]:
        """人社 and 财政 of a province."""
        return (
            self.officer(Role.PROVINCE_HR, province),
            self.officer(Role.PROVINCE_FINANCE, province),
        )

    def unit_of(self, title: Title) -> Viewer:
        """The account of the unit that holds a title."""
        title.refresh_from_db()
        return viewer_of(Organisation.objects.get(uscc=title.uscc).people.order_by("id")[0])

    @property
    def ministries(self) -> tuple[Viewer, Viewer]:
        """人社部 and 财政部."""
        return self.officer(Role.MINISTRY_HR), self.officer(Role.MINISTRY_FINANCE)

    @contextmanager
    def refused(self, attempt: str) -> Iterator[None]:
        """The block must be refused, and leave nothing behind; counted by attempt and clause."""
        try:
            with transaction.atomic():
                yield
        except DomainError as error:
            self.refusals[attempt, error.clause] += 1
        else:
            raise NotRefused(f"{clock.now():%Y-%m-%d} {attempt}")
