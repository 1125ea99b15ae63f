"""`jiangxin bench`: how fast the draw and the pages are, each beside a bare yardstick in the same run.

The bare view sends the same bytes and runs the same SQL, and does nothing else: what is left between
the two is our own code. Ratios travel between machines, seconds do not.
"""

import argparse
import os
import sys

from jiangxin.ops.paths import var

_MARK = "JIANGXIN_BENCH"
DRAW = "draw"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--applications", type=int, default=10_000, help="申报数量")
    parser.add_argument("--seconds", type=int, default=5, help="每项测多少秒")
    parser.add_argument("--port", type=int, default=8765)
    parser.add_argument("--only", default="", help=f"只测名称含此文字的项目；{DRAW} 只测抽取")
    parser.add_argument("--queue", action="store_true", help="只测资格审查队列随数据量的变化")


def run(arguments: argparse.Namespace) -> int:
    """Measure in a database of its own (`var/bench`, the queue in `var/bench-queue`), never in the
    installation's."""
    if not os.environ.get(_MARK):
        environment = os.environ | {_MARK: "1", "JIANGXIN_DEMO": "1"}
        environment["JIANGXIN_VAR"] = str(var() / ("bench-queue" if arguments.queue else "bench"))
        environment.pop("DATABASE_URL", None)
        os.execve(
            sys.executable, [sys.executable, "-m", "jiangxin.ops.cli", *sys.argv[1:]], environment
        )
    if arguments.queue:
        from .queue import run as queued

        queued(arguments.only)
        return 0
    from .draws import run as drawn
    from .measure import run as measured

    if arguments.only == DRAW:
        return drawn()
    failed = 0 if arguments.only else drawn()
    return measured(arguments) or failed
