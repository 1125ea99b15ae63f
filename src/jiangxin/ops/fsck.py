"""`jiangxin fsck`: does everything that was ever promised still hold?

Checks the ledger (every event, index and root), the state of every subject against the fold of its
events, every submitted version against its digest, and every file against its hash.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.apps import apps
from django.db.models import Model

from jiangxin.core.kernel.canonical import digest, read_exactly
from jiangxin.core.kernel.errors import Tampered
from jiangxin.core.proof.receipts import receipt_problems
from jiangxin.core.workflow import MACHINES
from jiangxin.records.documents.models import Document
from jiangxin.records.documents.queries import read
from jiangxin.records.ledger.actions import seal
from jiangxin.records.ledger.models import Checkpoint, Event, Leaf
from jiangxin.records.ledger.queries import faults
from jiangxin.stages.application.models import Version


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--no-files", action="store_true", help="不读文件内容，只查数据库")
    parser.add_argument("--receipt", type=Path, help="只核对这张回执（JSON）是否记在账册中")


def run(arguments: argparse.Namespace) -> int:
    """Print each fault; 0 when there is none, 1 otherwise."""
    if arguments.receipt:
        return _check_receipt(arguments.receipt)
    checkpoint = seal()
    checks = [("账册", faults()), ("状态", stray_states()), ("申报版本", broken_versions())]
    if not arguments.no_files:
        checks.append(("文件", broken_files()))
    count = 0
    for name, found in checks:
        for fault in found:
            count += 1
            print(f"[{name}] {fault}")
    size, root = (checkpoint.size, checkpoint.root) if checkpoint else (0, "—")
    print(f"账册共 {size} 条，根 {root}")
    print("一致。" if not count else f"发现 {count} 处不一致。")
    return 1 if count else 0


def _check_receipt(path: Path) -> int:
    try:
        record = read_exactly(path.read_bytes())
    except (OSError, ValueError) as error:
        print(f"无法读取回执：{error}")
        return 2
    found = receipt_problems(record) or list(receipt_faults(record))
    for fault in found:
        print(f"[回执] {fault}")
    print("回执与账册一致。" if not found else "回执与账册不一致。")
    return 1 if found else 0


def receipt_faults(record: dict[str, Any]) -> Iterator[str]:
    """Where a receipt that is right in itself differs from this ledger."""
    place = Leaf.objects.select_related("event").filter(index=record["index"]).first()
    if place is None or place.event.leaf != record["leaf"]:
        yield f"账册序号 {record['index']} 不是这条记录。"
    root = Checkpoint.objects.filter(size=record["size"]).values_list("root", flat=True).first()
    if root != record["root"]:
        yield f"账册长度 {record['size']} 时的根不是回执上的根。"


def subjects() -> Iterator[type[Model]]:
    """The models whose rows have a life in the transition table."""
    for model in apps.get_models():
        if getattr(model, "MACHINE", None) in MACHINES:
            yield model


def stray_states() -> Iterator[str]:
    """Rows whose state is not the one that their last event gave them."""
    for model in subjects():
        machine = MACHINES[model.MACHINE]  # type: ignore[attr-defined]
        last = dict(
            Event.objects.filter(type__in={step.event for step in machine.transitions})
            .order_by("subject", "-id")
            .distinct("subject")
            .values_list("subject", "payload__to")
        )
        first = next(iter(machine.states)).value
        for row in model._default_manager.order_by("pk").iterator(chunk_size=2000):
            expected = last.get(row.subject, first)  # type: ignore[attr-defined]
            if row.state != expected:  # type: ignore[attr-defined]
                yield f"{row.subject} 状态为 {row.state}，账册记为 {expected}。"  # type: ignore[attr-defined]


def broken_versions() -> Iterator[str]:
    """Submitted versions that are no longer what the ledger holds the digest of."""
    rows = Version.objects.select_related("application", "event").order_by("pk")
    for row in rows.iterator(chunk_size=500):
        content = {
            "answers": row.answers,
            "evidence": row.evidence,
            "track": row.application.track,
        }
        if not row.digest == digest(content) == row.event.payload.get("digest"):
            yield f"{row.application.number} 第 {row.number} 版与提交时的摘要值不符。"


def broken_files() -> Iterator[str]:
    """Files that are missing or changed; each stored content is read once."""
    rows = Document.objects.order_by("sha256", "pk").distinct("sha256")
    for document in rows.iterator(chunk_size=500):
        try:
            read(document)
        except Tampered as error:
            yield error.message
