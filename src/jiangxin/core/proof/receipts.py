"""A receipt: one event of the ledger and the proof that the ledger holds it.

The format is checked by `verifier/verify.py` without this code.
"""

from collections.abc import Sequence
from typing import Any

from ..kernel.canonical import canonical
from ..kernel.errors import Invalid
from .hashing import Algorithm, algorithm_named, is_hash_hex
from .merkle import leaf_hash, verify_inclusion

RECEIPT_FORMAT = "jiangxin-receipt/v1"
RECEIPT_KEYS = {
    "format",
    "event",
    "leaf",
    "index",
    "size",
    "root",
    "proof",
    "algorithm",
}


def receipt(
    *,
    event: dict[str, Any],
    index: int,
    size: int,
    root: bytes,
    proof: Sequence[bytes],
    algorithm: Algorithm = Algorithm.SHA256,
) -> dict[str, Any]:
    """The receipt of `event` at `index` in the tree of `size` events with this root.

    `event` is any JSON object without floats; the leaf is H(0x00 ‖ canonical JSON of it).
    """
    return {
        "format": RECEIPT_FORMAT,
        "event": event,
        "leaf": leaf_hash(canonical(event), algorithm).hex(),
        "index": index,
        "size": size,
        "root": root.hex(),
        "proof": [each.hex() for each in proof],
        "algorithm": algorithm.value,
    }


def receipt_problems(record: object) -> list[str]:
    """What is wrong with a receipt, in Chinese; an empty list when it holds.

    It holds against its own `size` and `root`; that these are the published checkpoint is for
    the reader to compare.
    """
    if not isinstance(record, dict) or set(record) != RECEIPT_KEYS:
        return ["回执的字段不符合 jiangxin-receipt/v1"]
    if record["format"] != RECEIPT_FORMAT:
        return [f"不是 {RECEIPT_FORMAT} 格式"]
    event, proof = record["event"], record["proof"]
    counts = (record["index"], record["size"])
    if (
        not isinstance(event, dict)
        or not isinstance(proof, list)
        or not all(map(is_hash_hex, [record["leaf"], record["root"], *proof]))
        or not all(type(count) is int for count in counts)
    ):
        return ["回执的字段类型或杂凑值写法不正确"]
    try:
        algorithm = algorithm_named(record["algorithm"])
        leaf = leaf_hash(canonical(event), algorithm)
    except (Invalid, TypeError, ValueError) as refused:
        return [f"回执无法计算：{refused}"]
    if leaf.hex() != record["leaf"]:
        return ["事件内容与叶子杂凑值不符：内容被改动过"]
    path = [bytes.fromhex(each) for each in proof]
    if not verify_inclusion(leaf, *counts, path, bytes.fromhex(record["root"]), algorithm):
        return ["包含证明不成立：账本中没有这条记录"]
    return []
