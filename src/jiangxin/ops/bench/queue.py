"""The examination's queue of 5,000 applications while the table behind it grows: the cost must not.

Beside the queue lie 1, 10 and 100 thousand applications of other provinces and former years. Each
page is asked of the product itself, in this process. What must stay flat are the blocks that its
statements touch: they are the same on every machine, however busy; milliseconds stand beside them.
Where the planner leaves hashing a whole small table for one look-up in each row of the queue, the
blocks leap once and then stay: they depend on the queue's length. Its plan is printed.
"""

import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from statistics import median
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.regions import PROVINCES
from jiangxin.core.workflow import ProjectState
from jiangxin.ops import static_files
from jiangxin.ops.paths import var
from jiangxin.records.identity.models import Organisation, User
from jiangxin.stages.application.models import Application
from jiangxin.stages.examination.models import Case, ClauseState
from jiangxin.stages.programme.models import Call

from . import data

QUEUE = 5_000
SIZES = (1_000, 10_000, 100_000)
ROUNDS = 7
FLAT = 1.5  # times the blocks at the smallest size: beyond it the plan is printed
DECIDED = (ProjectState.EXAMINED, ProjectState.REJECTED, ProjectState.NOT_SELECTED)


@dataclass(frozen=True)
class Asked:
    """One page of the queue, by its query string and by whom."""

    label: str
    query: str
    user: str = f"{data.FOCUS}-province_hr"
    page: str = "desk-examination"


PAGES = (
    Asked("第一页", ""),
    Asked("中间一页", "page=50"),
    Asked("最后一页", "page=100"),
    Asked("按期限排序", "sort=deadline"),
    Asked("搜索文字", "q=00042号"),
    Asked("条款:N11=不符合", "q=条款:N11=不符合"),
    Asked("审查人:无", "q=审查人:无"),
    Asked("期限:逾期", "q=期限:逾期"),
    Asked("临期和逾期", "", page="desk-examination-due"),
    Asked("全国审计第一页", "", user="nation-auditor"),
)


def run(only: str = "") -> list[dict[str, Any]]:
    """Grow the table step by step and measure each page at each size; print and return the figures.

    All rows are made and taken back in one transaction: the next run begins with the same tables.
    """
    settings.ALLOWED_HOSTS = [*settings.ALLOWED_HOSTS, "testserver"]
    call_command("migrate", verbosity=0)
    static_files.collect()
    if not Application.objects.exists():
        data.load(0, 0)
    results: list[dict[str, Any]] = []
    with _undone(), clock.at(data.NOW):
        pattern = Application.objects.filter(province=data.FOCUS, version=1).order_by("id")[0]
        Application.objects.filter(
            state__in=(ProjectState.SUBMITTED, ProjectState.RETURNED)
        ).update(state=ProjectState.EXAMINED)
        calls = {each.province: each for each in Call.objects.filter(year=2025)}
        made = count(1)
        _grow(pattern, calls[data.FOCUS], QUEUE, made, queue=True)
        beside = 0
        others = [
            calls[each.code] for each in PROVINCES if each.code in calls and each.code != data.FOCUS
        ]
        for size in SIZES:
            for place, call in enumerate(others):
                part = size * (place + 1) // len(others) - size * place // len(others)
                part -= beside * (place + 1) // len(others) - beside * place // len(others)
                _grow(pattern, call, part, made)
            beside = size
            _analyse()
            results += [_measured(size, each) for each in PAGES if only in each.label]
    report(results)
    (var() / "queue.json").write_text(json.dumps(results, ensure_ascii=False, indent=1))
    return results


@contextmanager
def _undone() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def _grow(
    pattern: Application, call: Call, number: int, made: "count[int]", *, queue: bool = False
) -> None:
    """`number` more applications of new units; in the queue each is submitted, else decided."""
    while number > 0:
        part = min(number, 5_000)
        _batch(pattern, call, part, made, queue=queue)
        number -= part


def _batch(
    pattern: Application, call: Call, number: int, made: "count[int]", *, queue: bool
) -> None:
    places = [next(made) for _ in range(number)]
    units = Organisation.objects.bulk_create(
        [
            Organisation(
                kind=Organisation.Kind.UNIT,
                name=f"队列{place:06d}号技师学院（演示）",
                uscc=f"Q{place:017d}",
                province=call.province,
                created_at=data.NOW,
            )
            for place in places
        ],
        batch_size=2000,
    )
    rows = Application.objects.bulk_create(
        [
            _row(pattern, call, unit, place, queue=queue)
            for unit, place in zip(units, places, strict=True)
        ],
        batch_size=1000,
    )
    Case.objects.bulk_create(
        [
            Case(
                application=row,
                version=1,
                due=(data.NOW + timedelta(days=place % 40 - 10)).date(),
                indexed=1,
            )
            for row, place in zip(rows, places, strict=True)
        ],
        batch_size=2000,
    )
    ClauseState.objects.bulk_create(
        [
            ClauseState(
                application=row,
                version=1,
                norm=norm,
                clause=clause,
                found="unknown" if judgement else "met",
                word="not_met" if (place + shift) % 50 == 0 else "unknown" if judgement else "met",
                judgement=judgement,
            )
            for row, place in zip(rows, places, strict=True)
            for shift, (norm, clause, judgement) in enumerate(CLAUSES)
        ],
        batch_size=5000,
    )


def _row(
    pattern: Application, call: Call, unit: Organisation, place: int, *, queue: bool
) -> Application:
    return Application(
        number=f"2025{call.province}Q{place:07d}",
        call=call,
        province=call.province,
        year=2025,
        unit=unit,
        unit_name=unit.name,
        kind=pattern.kind,
        track=pattern.track,
        title=f"{unit.name}高技能人才培训基地",
        priority_field=pattern.priority_field,
        answers={},
        version=1,
        state=ProjectState.SUBMITTED if queue else DECIDED[place % len(DECIDED)],
        submitted_at=data.NOW - timedelta(minutes=place % 10_000),
        updated_at=data.NOW,
    )


def _measured(size: int, asked: Asked) -> dict[str, Any]:
    """The median of some answers, with the number of queries and, of the slowest, the plan."""
    client = Client()
    client.force_login(User.objects.get(username=asked.user))
    address = reverse(asked.page) + (f"?{asked.query}" if asked.query else "")
    _ask(client, address)
    with CaptureQueriesContext(connection) as found:
        _ask(client, address)
    captured = list(found.captured_queries)  # the next request empties the log
    times = [_timed(lambda: _ask(client, address)) for _ in range(ROUNDS)]
    statements = [each for each in captured if each["sql"].startswith("SELECT")]
    slowest = max(statements, key=lambda each: float(each["time"]))
    return {
        "size": size,
        "label": asked.label,
        "ms": round(median(times) * 1000, 1),
        "sql_ms": round(sum(float(each["time"]) for each in statements) * 1000, 1),
        "sql": len(captured),
        "blocks": sum(_blocks(_plan(each["sql"])) for each in statements),
        "plan": _plan(slowest["sql"]),
    }


def _ask(client: Client, address: str) -> None:
    response = client.get(address)
    if response.status_code != 200:
        raise SystemExit(f"{address} 返回 {response.status_code}")


def _timed(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def _plan(sql: str) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "EXPLAIN (ANALYZE, BUFFERS, COSTS OFF, TIMING OFF) " + sql.replace("%", "%%"), ()
        )
        return [line for (line,) in cursor.fetchall()]


def _blocks(plan: list[str]) -> int:
    """The blocks that a statement touched: the first line that tells them is that of the whole plan."""
    told = next((line for line in plan if "Buffers: shared" in line), "")
    return sum(map(int, re.findall(r"(?:hit|read)=(\d+)", told)))


def _analyse() -> None:
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def report(results: list[dict[str, Any]]) -> None:
    """A line for each page, a column for each size; the plan of what did not stay flat."""
    print(f"资格审查队列 {QUEUE} 件；同表另有其他申报（毫秒，{ROUNDS} 次的中位数）")
    labels = list(dict.fromkeys(each["label"] for each in results))
    heads = "".join(f"{size:>10,}" for size in SIZES)
    print(f"{'页面':　<12}{heads}{'SQL':>5}{'读块：':　>6}{heads}{'倍数':>8}")
    for label in labels:
        own = {each["size"]: each for each in results if each["label"] == label}
        ratio = own[SIZES[-1]]["blocks"] / own[SIZES[0]]["blocks"]
        times = "".join(f"{own[size]['ms']:>10}" for size in SIZES)
        blocks = "".join(f"{own[size]['blocks']:>10,}" for size in SIZES)
        print(f"{label:　<12}{times}{own[SIZES[-1]]['sql']:>5}{'':　>6}{blocks}{ratio:>9.2f}")
        if ratio > FLAT:
            print("\n".join("    " + line for line in own[SIZES[-1]]["plan"]))


CLAUSES = (
    ("N07", "2.1.1.1", True),
    ("N08", "2.1.1.1", False),
    ("N09", "2.1.1.2", True),
    ("N10", "2.1.1.2", False),
    ("N11", "2.1.1.3", False),
    ("N12", "2.1.1.3", True),
    ("N13", "2.1.1.4", True),
    ("N14", "2.1.1.5", True),
)
