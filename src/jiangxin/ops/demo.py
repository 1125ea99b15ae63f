"""`jiangxin demo`: a fictional country, plainly marked, made by the real actions.

Some provinces have lived through the years before, as `jiangxin simulate` lets them live: with
titles that are being built, paid, accepted, mended and revoked. The others have a register only.
The clock stands at `NOW`, in the middle of the 2025 round, and each of the 32 provinces is at one
stage of it; with `--stage` all of them are at that one.
"""

import argparse
import sys
from datetime import datetime, timedelta
from random import Random

from django.core.management import call_command
from django.db import transaction

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.regions import PROVINCES, Province
from jiangxin.ops.scenes import country, finish, panel
from jiangxin.ops.scenes import province as year_of
from jiangxin.ops.simulate import Progress, simulate
from jiangxin.ops.simulate.world import World
from jiangxin.records.identity.models import User
from jiangxin.stages.programme.actions import set_demo_clock
from jiangxin.stages.programme.models import Call, Kind, Track

YEAR = 2025
LIVED = 4  # provinces with a past
NOW = clock.beijing(YEAR, 9, 25, 10)
STAGES = ("applying", "examining", "reviewing", "publicity", "filing", "registered")
SPREAD = (
    "reviewing",
    "applying",
    "publicity",
    "examining",
    "filing",
    "registered",
    "reviewing",
    "publicity",
)
FOCUS = {
    "37": "reviewing",
    "32": "publicity",
    "44": "filing",
    "51": "examining",
    "11": "registered",
    "42": "applying",
}
WINDOWS = {
    "applying": (clock.beijing(YEAR, 9, 1, 9), clock.beijing(YEAR, 10, 10, 17)),
    "examining": (clock.beijing(YEAR, 8, 1, 9), clock.beijing(YEAR, 9, 15, 17)),
    "reviewing": (clock.beijing(YEAR, 7, 1, 9), clock.beijing(YEAR, 8, 15, 17)),
    "publicity": (clock.beijing(YEAR, 6, 3, 9), clock.beijing(YEAR, 7, 15, 17)),
    "filing": (clock.beijing(YEAR, 5, 6, 9), clock.beijing(YEAR, 6, 16, 17)),
    "registered": (clock.beijing(YEAR, 3, 3, 9), clock.beijing(YEAR, 4, 15, 17)),
}
TRACKS = (
    Track.NEW_BASE,
    Track.STUDIO,
    Track.EXISTING_BASE,
    Track.STUDIO,
    Track.STUDIO,
    Track.NEW_BASE,
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--stage", choices=STAGES, help="所有省份都到这一阶段；不写则各省不同")
    parser.add_argument("--provinces", type=int, default=len(PROVINCES), help="省份数量")
    parser.add_argument("--seed", type=int, default=YEAR)


def run(arguments: argparse.Namespace) -> int:
    """Bring the tables up to date and load the demonstration; refuses a database that has people."""
    call_command("migrate", interactive=False, verbosity=0)
    if User.objects.exists():
        print(
            "数据库里已有数据，没有装入演示数据。请换一个 JIANGXIN_VAR 或清空数据库。",
            file=sys.stderr,
        )
        return 1
    load(seed=arguments.seed, stage=arguments.stage, provinces=arguments.provinces)
    return 0


def load(*, seed: int = YEAR, stage: str | None = None, provinces: int = len(PROVINCES)) -> None:
    """The country up to `NOW`; the same `seed` gives the same names and figures."""
    rng = Random(seed)
    chosen = sorted(PROVINCES, key=lambda each: each.code not in FOCUS)[:provinces]
    lived = [each for each in chosen if each.code in FOCUS][:LIVED]
    world = World(seed=seed, provinces=lived, first=2022, last=YEAR, size=4, last_round=YEAR - 1)
    simulate(world, until=NOW, watch=Progress(world, until=NOW).show)
    print()
    with transaction.atomic(), clock.at(NOW):
        country.seed_register(rng, 240, [each for each in PROVINCES if each not in lived])
    for number, province in enumerate(chosen, start=1):
        at = stage or FOCUS.get(province.code) or SPREAD[number % len(SPREAD)]
        with transaction.atomic(), clock.at(NOW):
            bring(rng, province, at, pool=province not in lived)
        print(f"\r演示数据 {number}/{len(chosen)} {province.name:　<10}", end="", flush=True)
    print()
    set_demo_clock(to=NOW)


def bring(rng: Random, province: Province, stage: str, *, pool: bool = True) -> None:
    """One province up to `stage` of `YEAR`, everything at plausible dates before `NOW`; with an expert
    pool when it has none from earlier years."""
    opens, closes = WINDOWS[stage]
    call = year_of.open_year(province, YEAR, year_of.Window(opens, closes))
    tracks = list(TRACKS[: rng.randint(5, 6)])
    made = year_of.apply(rng, province, call, tracks, leave_draft=stage == "applying")
    if pool:
        panel.fill_pool(rng, province)
    if stage in ("applying", "examining"):
        return
    year_of.examine(rng, province, made, closes + timedelta(days=1))
    drawn = closes + timedelta(days=7)
    for kind in Kind:
        row = panel.draw_panel(province, call, kind, drawn)
        waiting = stage == "reviewing" and kind is Kind.STUDIO
        panel.score(rng, row, province, drawn + timedelta(days=1), unsigned=4 if waiting else 0)
        if stage != "reviewing":
            panel.decide(row, province, drawn + timedelta(days=8))
    if stage != "reviewing":
        _after_decision(province, stage, drawn + timedelta(days=10))


def _after_decision(province: Province, stage: str, at: datetime) -> None:
    call = Call.objects.get(province=province.code, year=YEAR)
    if stage == "publicity":
        finish.publicise(province, call, NOW - timedelta(days=2), objection=True)
        return
    notice = finish.publicise(province, call, at, objection=stage == "registered")
    finish.settle(province, notice)
    if stage == "registered":
        package = finish.file(province, call, at + timedelta(days=20))
        finish.register(package, at + timedelta(days=30))
