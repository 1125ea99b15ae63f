"""`jiangxin simulate`: the country in a box, run through the very actions that the pages call.

Applicants, experts, officials and ministries act at each date through the clock; some err, object,
are late. The same seed gives the same country.
"""

import argparse
import sys
import time
from datetime import datetime
from random import Random

from django.core.management import call_command
from django.db import transaction

from jiangxin.core.kernel import chance, clock
from jiangxin.ops import fsck, invariants
from jiangxin.ops.scenes import country, panel
from jiangxin.records.identity.models import User

from . import selection, table
from .agenda import Watch
from .world import World, some_provinces


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--provinces", type=int, default=3, help="省份数量（1—32）")
    parser.add_argument("--from", dest="first", type=int, default=2022, help="首个年度")
    parser.add_argument("--to", dest="last", type=int, default=2028, help="末个年度")
    parser.add_argument("--seed", type=int, default=62)
    parser.add_argument("--applications", type=int, default=6, help="每省每年申报数量")


def run(arguments: argparse.Namespace) -> int:
    """Simulate, then check the ledger and the invariants and print the table; 1 when one fails."""
    call_command("migrate", interactive=False, verbosity=0)
    if User.objects.exists():
        print("数据库里已有数据，不能模拟。请换一个 JIANGXIN_VAR 或清空数据库。", file=sys.stderr)
        return 1
    world = World(
        seed=arguments.seed,
        provinces=some_provinces(arguments.seed, arguments.provinces),
        first=arguments.first,
        last=arguments.last,
        size=arguments.applications,
    )
    progress = Progress(world)
    simulate(world, watch=progress.show)
    progress.end()
    print(table.text(world))
    sound = fsck.run(argparse.Namespace(receipt=None, no_files=False))
    kept = invariants.run(argparse.Namespace(quiet=False))
    return sound or kept


def simulate(world: World, *, until: datetime | None = None, watch: Watch | None = None) -> None:
    """Bring an empty database from the first year to `until` (the end of the last year)."""
    with chance.seeded(world.rng("chance")):
        begin(world)
        for at, story in selection.starts(world):
            world.agenda.start(story, at)
        world.agenda.run(until=until or clock.beijing(world.last + 1, 1, 1), watch=watch)


def begin(world: World) -> None:
    """Offices, holidays and expert pools, at the beginning of the first year."""
    rng = world.rng("begin")
    with transaction.atomic(), clock.at(clock.beijing(world.first, 1, 10, 9)):
        country.seed_calendar()
        country.seed_offices(rng)
        for province in world.provinces:
            panel.fill_pool(Random(rng.random()), province)


class Progress:
    """One line that says how far the simulation is, and how fast."""

    def __init__(self, world: World, *, until: datetime | None = None) -> None:
        self.begin = clock.beijing(world.first, 1, 1)
        self.until = until or clock.beijing(world.last + 1, 1, 1)
        self.began = time.monotonic()
        self.shown = 0.0
        self.steps = 0

    def end(self) -> None:
        """The last line: what it took."""
        took = time.monotonic() - self.began
        print(f"\n{self.steps} 步，用时 {took:.1f} 秒，每秒 {self.steps / took:.0f} 步\n")

    def show(self, moment: datetime, done: int) -> None:
        now, self.steps = time.monotonic(), done
        if now - self.shown < 0.2:
            return
        self.shown = now
        share = (moment - self.begin) / (self.until - self.begin)
        bar = "█" * int(share * 30)
        rate = done / (now - self.began)
        print(f"\r{bar:<30} {moment:%Y-%m-%d} {done} 步，每秒 {rate:.0f} 步", end="", flush=True)
