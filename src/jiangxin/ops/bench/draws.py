"""The draw: how fast it is beside a bare hash loop, how even, and whether any byte can be changed.

What takes too long for a test: a pool of 100,000; χ² over 100,000 seeds of 200 experts; every bit of
every byte of a record turned, and shown to the stand-alone verifier.
"""

import hashlib
import importlib.util
import math
import random
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings

from jiangxin.core.draw.plan import Plan
from jiangxin.core.draw.pool import Entry, freeze
from jiangxin.core.draw.record import opened_record, sealed_record
from jiangxin.core.draw.shares import commitment
from jiangxin.core.draw.walk import order
from jiangxin.core.kernel.canonical import canonical

POOL, SEEDS, EXPERTS, FIRST = 100_000, 100_000, 200, 5
ROUNDS = 5  # of each timing; the best counts
LIMIT = 1.0  # second, for a draw from the whole pool
FIELDS = ("技术", "教育", "财务")
TOO_UNEVEN = 4.0  # standard deviations of χ²: less than one honest run in 30,000


def run() -> int:
    """Print the figures; 1 when one of them is not what the product promises."""
    results = [_speed(), _uniformity(), _tampering("小", 12, _every_bit)]
    results.append(_tampering("大", 100, _one_flip_and_one_loss))
    return 0 if all(results) else 1


@dataclass(frozen=True)
class Drawn:
    """A whole session: the pool, the sealed record, the secrets."""

    pool: dict[str, Entry]
    sealed: dict[str, Any]
    shares: dict[str, str]

    def opened(self) -> dict[str, Any]:
        return opened_record(
            self.sealed,
            shares=self.shares,
            public_number=None,
            entries_by_leaf=self.pool,
            skips={},
            named=True,
        )


def entries(size: int, dice: random.Random) -> list[Entry]:
    return [
        Entry(
            expert=f"E{number:06d}",
            field=FIELDS[number % len(FIELDS)],
            unit=f"单位{number % 997}",
            salt=dice.randbytes(32).hex(),
        )
        for number in range(size)
    ]


def session(pool: dict[str, Entry], dice: random.Random) -> Drawn:
    plan = Plan(
        session="bench",
        seats={"技术": 3, "教育": 1, "财务": 1},
        substitutes=1,
        rule_version="bench",
    )
    shares = {party: dice.randbytes(32).hex() for party in plan.parties}
    promised = {party: commitment(party, "bench", secret) for party, secret in shares.items()}
    return Drawn(pool, sealed_record(plan=plan, leaves=pool, commitments=promised), shares)


def best(act: Callable[[], object]) -> float:
    """Seconds of the quickest of some rounds, of the processor: one thread that waits for nothing, so
    they are those of the clock on a machine that has nothing else to do."""
    found = []
    for _ in range(ROUNDS):
        began = time.process_time()
        act()
        found.append(time.process_time() - began)
    return min(found)


def _speed() -> bool:
    dice = random.Random(62)
    people = entries(POOL, dice)
    frozen = best(lambda: freeze(people))
    pool = freeze(people)
    sealing = best(lambda: session(pool, dice))
    made = session(pool, dice)
    leaves, before = list(pool), b"draw/v1\n" + b"0" * 64 + b"\n"

    def bare() -> None:
        for leaf in leaves:
            hashlib.sha256(before + leaf.encode()).digest()

    loop, ordering, drawing = (
        best(act) for act in (bare, lambda: order(leaves, "0" * 64), made.opened)
    )
    print(f"抽取，名单 {POOL} 人（处理器秒，取 {ROUNDS} 次最快）")
    print(f"  裸杂凑循环 {loop:.3f}；排序 {ordering:.3f}（{ordering / loop:.1f} 倍）")
    print(f"  抽取（种子、排序、逐位选取、写出记录）{drawing:.3f}（{drawing / loop:.1f} 倍）")
    print(f"  事先：冻结名单 {frozen:.3f}，封存 {sealing:.3f}", flush=True)
    return drawing < LIMIT


def _uniformity() -> bool:
    """χ² of the first place, of panel membership and of pairs, as deviations from what is expected."""
    dice = random.Random(3797)
    leaves = [f"{number:03}" for number in range(EXPERTS)]
    first: Counter[object] = Counter()
    member: Counter[object] = Counter()
    pair: Counter[object] = Counter()
    for _ in range(SEEDS):
        panel = order(leaves, dice.randbytes(32).hex())[:FIRST]
        first[panel[0]] += 1
        member.update(panel)
        pair[tuple(sorted(panel[:2]))] += 1
    shrink = (1 - FIRST / EXPERTS) * EXPERTS / (EXPERTS - 1)
    scores = {
        "首位": _deviation(first, EXPERTS),
        "入选": _deviation(member, EXPERTS, shrink),
        "成对": _deviation(pair, math.comb(EXPERTS, 2)),
    }
    words = "，".join(f"{name} {score:+.2f}σ" for name, score in scores.items())
    print(f"均匀性，{SEEDS} 个种子、{EXPERTS} 位专家的 χ²：{words}", flush=True)
    return all(abs(score) < TOO_UNEVEN for score in scores.values())


def _deviation(counts: Counter[object], cells: int, shrink: float = 1.0) -> float:
    """How many standard deviations χ² lies from its mean, `cells` - 1."""
    expected = counts.total() / cells
    seen = sum((each - expected) ** 2 for each in counts.values())
    seen += expected**2 * (cells - len(counts))
    freedom = cells - 1
    return (seen / expected / shrink - freedom) / math.sqrt(2 * freedom)


def _tampering(label: str, size: int, changes: Callable[[bytes], Iterator[bytes]]) -> bool:
    """How many changed files the stand-alone verifier accepts: none."""
    dice = random.Random(size)
    data = canonical(session(freeze(entries(size, dice)), dice).opened())
    check = _verifier()
    tried = accepted = 0
    began = time.perf_counter()
    with tempfile.TemporaryDirectory(dir=_memory()) as folder:
        file = Path(folder) / "record.json"
        file.write_bytes(data)
        if not _holds(check, file):
            return False
        for changed in changes(data):
            file.write_bytes(changed)
            tried += 1
            accepted += _holds(check, file)
    took = time.perf_counter() - began
    print(
        f"改动{label}记录（{len(data)} 字节，{size} 人）：试 {tried} 种，核验程序接受 {accepted} 种；"
        f"{took:.0f} 秒",
        flush=True,
    )
    return accepted == 0


def _every_bit(data: bytes) -> Iterator[bytes]:
    """Every bit of every byte turned; every byte left out; a space before every byte."""
    for at, value in enumerate(data):
        for bit in range(8):
            yield data[:at] + bytes([value ^ 1 << bit]) + data[at + 1 :]
        yield data[:at] + data[at + 1 :]
        yield data[:at] + b" " + data[at:]


def _one_flip_and_one_loss(data: bytes) -> Iterator[bytes]:
    """Every byte once with its lowest bit turned, once left out."""
    for at, value in enumerate(data):
        yield data[:at] + bytes([value ^ 1]) + data[at + 1 :]
        yield data[:at] + data[at + 1 :]


def _verifier() -> Callable[[Path], str]:
    """The function `draw` of the stand-alone file, as it is given to the public."""
    spec = importlib.util.spec_from_file_location("standalone_verifier", settings.VERIFIER)
    if spec is None or spec.loader is None:
        raise SystemExit("没有独立核验程序")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    check: Callable[[Path], str] = module.draw
    return check


def _holds(check: Callable[[Path], str], file: Path) -> bool:
    try:
        check(file)
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError):
        return False  # what a broken record makes it say; anything else ends the bench
    return True


def _memory() -> str | None:
    """A folder in memory where there is one: hundreds of thousands of small files are written."""
    shared = Path("/dev") / "shm"
    return str(shared) if shared.is_dir() else None
