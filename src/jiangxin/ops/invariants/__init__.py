"""`jiangxin invariants`: what must be true of all data at any time, each named after its norms.

The actions and the database refuse to break these; this looks again at what is there, by other
ways than the guards did: mostly from the ledger.
"""

import argparse
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from importlib import import_module

Check = Callable[[], Iterable[str]]
MODULES = ("order", "selection", "money", "life")


@dataclass(frozen=True)
class Invariant:
    """`norms` that it guards ("" for what guards them all), what holds, and who looks."""

    norms: tuple[str, ...]
    title: str
    check: Check

    @property
    def label(self) -> str:
        return f"{'、'.join(self.norms) or '全部'} {self.title}"


REGISTER: list[Invariant] = []


def invariant(*norms: str, title: str) -> Callable[[Check], Check]:
    """Register a check that yields one Chinese sentence for each violation."""

    def register(check: Check) -> Check:
        REGISTER.append(Invariant(norms, title, check))
        return check

    return register


def every() -> list[Invariant]:
    """All invariants, in the order of a project's life."""
    for name in MODULES:
        import_module(f"{__name__}.{name}")
    return REGISTER


def broken() -> Iterator[tuple[Invariant, list[str]]]:
    """Each invariant with its violations; none for one that holds."""
    for each in every():
        yield each, list(each.check())


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--quiet", action="store_true", help="只列出不成立的")


def run(arguments: argparse.Namespace) -> int:
    """Print each invariant with its verdict; 1 when one does not hold."""
    count = 0
    for each, found in broken():
        count += bool(found)
        if found or not arguments.quiet:
            print(f"{'✗' if found else '✓'} {each.label}")
        for sentence in found:
            print(f"    {sentence}", file=sys.stderr)
    total = len(REGISTER)
    print(f"{total} 项不变式，{total - count} 项成立。")
    return 1 if count else 0
