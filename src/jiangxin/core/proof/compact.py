"""The growing edge of a Merkle tree: enough to extend its root without its leaves."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from ..kernel.errors import Tampered
from .hashing import HASH_BYTES, Algorithm, hash_bytes, is_hash_hex
from .merkle import node_hash


@dataclass
class CompactRange:
    """The roots of the complete subtrees of a tree of `size` leaves, largest first.

    One hash for each set bit of `size`: a ledger of millions keeps some twenty hashes and
    extends its root in O(new leaves).
    """

    algorithm: Algorithm = Algorithm.SHA256
    size: int = 0
    hashes: list[bytes] = field(default_factory=list)

    def append(self, leaf: bytes) -> list[tuple[int, int, bytes]]:
        """Add one leaf hash. Out come the complete subtrees that it finished, as
        (level, index, hash) from the leaf up: what a node store saves."""
        if len(leaf) != HASH_BYTES:
            raise Tampered(f"叶子杂凑值应为 {HASH_BYTES} 字节，实为 {len(leaf)} 字节")
        finished = [(0, self.size, leaf)]
        level, index, current = 0, self.size, leaf
        while index & 1:
            current = node_hash(self.hashes.pop(), current, self.algorithm)
            level, index = level + 1, index >> 1
            finished.append((level, index, current))
        self.hashes.append(current)
        self.size += 1
        return finished

    def extend(self, leaves: Iterable[bytes]) -> None:
        """Add leaf hashes in order."""
        for leaf in leaves:
            self.append(leaf)

    def root(self) -> bytes:
        """The root of the tree so far; of an empty one H("")."""
        if not self.hashes:
            return hash_bytes(b"", self.algorithm)
        total = self.hashes[-1]
        for left in reversed(self.hashes[:-1]):
            total = node_hash(left, total, self.algorithm)
        return total

    def to_hex(self) -> list[str]:
        """The hashes for storage as JSON; `size` is stored beside them."""
        return [each.hex() for each in self.hashes]

    @classmethod
    def from_hex(
        cls, size: int, hashes: Sequence[str], algorithm: Algorithm = Algorithm.SHA256
    ) -> "CompactRange":
        """Back from storage; `Tampered` when the hashes do not fit the size."""
        if size < 0 or len(hashes) != size.bit_count() or not all(map(is_hash_hex, hashes)):
            raise Tampered(
                f"紧凑区间与记录数 {size} 不符",
                remedy="请从账本原始记录重新计算。",
            )
        return cls(algorithm, size, [bytes.fromhex(each) for each in hashes])
