"""The order of time: stories that each say when they go on.

A story is a generator. Each step runs with the clock at its own moment, in one transaction, and
yields the moment of the next step. Stories start others; the agenda always takes the earliest.
"""

import heapq
from collections.abc import Callable, Generator
from datetime import datetime
from itertools import count

from django.db import transaction

from jiangxin.core.kernel import clock

Story = Generator[datetime, None, None]
Watch = Callable[[datetime, int], None]


class Agenda:
    """Stories by the moment of their next step; of one moment, the one that asked first."""

    def __init__(self) -> None:
        self._waiting: list[tuple[datetime, int, Story]] = []
        self._asked = count()
        self.done = 0

    def start(self, story: Story, at: datetime) -> None:
        """Take the first step of `story` at `at`."""
        heapq.heappush(self._waiting, (at, next(self._asked), story))

    def run(self, *, until: datetime, watch: Watch | None = None) -> None:
        """Take every step before `until`, in order of time; later ones stay on the agenda.

        Raises what a step raises: whatever an actor may try in vain stands inside `refused`.
        """
        while self._waiting and self._waiting[0][0] < until:
            moment, _, story = heapq.heappop(self._waiting)
            with clock.at(moment), transaction.atomic():
                then = next(story, None)
            self.done += 1
            if then is not None:
                if then < moment:
                    raise ValueError(f"a story goes back in time: {moment} → {then}")
                self.start(story, then)
            if watch:
                watch(moment, self.done)
