"""Inclusion and consistency proofs of RFC 6962 §2.1 and RFC 9162 §2.1, over any store of nodes.

Hashes are `bytes` of exactly 32; hex belongs to records (see `receipts.py`).
"""

from collections.abc import Callable, Sequence

from ..kernel.errors import Invalid
from .hashing import HASH_BYTES, Algorithm, hash_bytes

# (level, index) -> hash of the complete subtree over leaves [index << level, (index + 1) << level)
NodeSource = Callable[[int, int], bytes]


def leaf_hash(data: bytes, algorithm: Algorithm = Algorithm.SHA256) -> bytes:
    """H(0x00 ‖ data), RFC 6962 §2.1."""
    return hash_bytes(b"\x00" + data, algorithm)


def node_hash(left: bytes, right: bytes, algorithm: Algorithm = Algorithm.SHA256) -> bytes:
    """H(0x01 ‖ left ‖ right), RFC 6962 §2.1."""
    return hash_bytes(b"\x01" + left + right, algorithm)


def split_point(size: int) -> int:
    """The largest power of two smaller than `size` (≥ 2): where a tree falls into two."""
    return 1 << ((size - 1).bit_length() - 1)


def subtree(node: NodeSource, start: int, end: int, algorithm: Algorithm) -> bytes:
    """The root over leaves [start, end); `start` a multiple of the subtree's size rounded up to
    a power of two, as every range of the RFC's recursions is. O(log n) calls to `node`."""
    size = end - start
    if size & (size - 1) == 0:
        level = size.bit_length() - 1
        return node(level, start >> level)
    middle = start + split_point(size)
    return node_hash(
        subtree(node, start, middle, algorithm),
        subtree(node, middle, end, algorithm),
        algorithm,
    )


def nodes_of(leaf_hashes: Sequence[bytes], algorithm: Algorithm) -> NodeSource:
    """A node source that computes from a list of leaf hashes in memory."""

    def node(level: int, index: int) -> bytes:
        row = list(leaf_hashes[index << level : (index + 1) << level])
        while len(row) > 1:
            row = [node_hash(row[at], row[at + 1], algorithm) for at in range(0, len(row), 2)]
        return row[0]

    return node


def root(leaf_hashes: Sequence[bytes], algorithm: Algorithm = Algorithm.SHA256) -> bytes:
    """The Merkle tree hash of these leaf hashes; of none it is H("")."""
    if not leaf_hashes:
        return hash_bytes(b"", algorithm)
    return subtree(nodes_of(leaf_hashes, algorithm), 0, len(leaf_hashes), algorithm)


def inclusion_path(
    node: NodeSource, index: int, size: int, algorithm: Algorithm = Algorithm.SHA256
) -> list[bytes]:
    """The audit path of leaf `index` in the tree of `size` leaves, leaf upwards (RFC 9162 §2.1.3).

    For a store that keeps complete subtrees: O(log² n) look-ups, no pass over the leaves.
    `Invalid` unless 0 ≤ index < size.
    """
    if not 0 <= index < size:
        raise Invalid(f"序号 {index} 不在 0 到 {size - 1} 之间", field="index")
    path: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + split_point(end - start)
        if index < middle:
            path.append(subtree(node, middle, end, algorithm))
            end = middle
        else:
            path.append(subtree(node, start, middle, algorithm))
            start = middle
    return path[::-1]


def inclusion_proof(
    leaf_hashes: Sequence[bytes],
    index: int,
    size: int,
    algorithm: Algorithm = Algorithm.SHA256,
) -> list[bytes]:
    """`inclusion_path` over leaf hashes in memory. `Invalid` when there are fewer than `size`."""
    _require_leaves(leaf_hashes, size)
    return inclusion_path(nodes_of(leaf_hashes, algorithm), index, size, algorithm)


def consistency_path(
    node: NodeSource, first: int, second: int, algorithm: Algorithm = Algorithm.SHA256
) -> list[bytes]:
    """That the tree of `second` leaves extends the tree of `first` (RFC 9162 §2.1.4).

    `Invalid` unless 1 ≤ first ≤ second. Equal sizes need no proof: an empty list.
    """
    if not 1 <= first <= second:
        raise Invalid(f"不能从 {first} 条证明到 {second} 条", field="size")
    path: list[bytes] = []
    start, end = 0, second
    while first != end:
        middle = start + split_point(end - start)
        if first <= middle:
            path.append(subtree(node, middle, end, algorithm))
            end = middle
        else:
            path.append(subtree(node, start, middle, algorithm))
            start = middle
    if start:
        path.append(subtree(node, start, end, algorithm))
    return path[::-1]


def consistency_proof(
    leaf_hashes: Sequence[bytes],
    first: int,
    second: int,
    algorithm: Algorithm = Algorithm.SHA256,
) -> list[bytes]:
    """`consistency_path` over leaf hashes in memory. `Invalid` with fewer than `second`."""
    _require_leaves(leaf_hashes, second)
    return consistency_path(nodes_of(leaf_hashes, algorithm), first, second, algorithm)


def verify_inclusion(
    leaf: bytes,
    index: int,
    size: int,
    proof: Sequence[bytes],
    expected_root: bytes,
    algorithm: Algorithm = Algorithm.SHA256,
) -> bool:
    """Whether `proof` leads from `leaf` at `index` to the root of `size` leaves.

    RFC 9162 §2.1.3.2, strict: 0 ≤ index < size, every hash 32 bytes, nothing left over.
    The proof alone does not fix `size` for every index: size and root must come from one
    published checkpoint.
    """
    if not 0 <= index < size or not _all_hashes([leaf, expected_root, *proof]):
        return False
    node, last, hash_so_far = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if node & 1 or node == last:
            hash_so_far = node_hash(sibling, hash_so_far, algorithm)
            while node & 1 == 0 and node:
                node, last = node >> 1, last >> 1
        else:
            hash_so_far = node_hash(hash_so_far, sibling, algorithm)
        node, last = node >> 1, last >> 1
    return last == 0 and hash_so_far == expected_root


def verify_consistency(
    first: int,
    second: int,
    first_root: bytes,
    second_root: bytes,
    proof: Sequence[bytes],
    algorithm: Algorithm = Algorithm.SHA256,
) -> bool:
    """Whether the tree of `second` leaves extends the tree of `first` (RFC 9162 §2.1.4.2).

    Strict: 1 ≤ first ≤ second, every hash 32 bytes, equal sizes only with an empty proof.
    """
    if not 1 <= first <= second or not _all_hashes([first_root, second_root, *proof]):
        return False
    if first == second:
        return not proof and first_root == second_root
    if not proof:
        return False
    steps = list(proof)
    if first & (first - 1) == 0:
        steps.insert(0, first_root)
    node, last = first - 1, second - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    old = new = steps[0]
    for step in steps[1:]:
        if last == 0:
            return False
        if node & 1 or node == last:
            old, new = node_hash(step, old, algorithm), node_hash(step, new, algorithm)
            while node & 1 == 0 and node:
                node, last = node >> 1, last >> 1
        else:
            new = node_hash(new, step, algorithm)
        node, last = node >> 1, last >> 1
    return last == 0 and old == first_root and new == second_root


def _require_leaves(leaf_hashes: Sequence[bytes], size: int) -> None:
    if len(leaf_hashes) < size:
        raise Invalid(f"只有 {len(leaf_hashes)} 条记录，不足 {size} 条", field="size")


def _all_hashes(hashes: Sequence[bytes]) -> bool:
    return all(isinstance(each, bytes) and len(each) == HASH_BYTES for each in hashes)
