"""The growing edge has the root of the whole tree, through storage and back."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jiangxin.core.kernel.errors import Tampered
from jiangxin.core.proof import merkle
from jiangxin.core.proof.compact import CompactRange
from jiangxin.core.proof.hashing import Algorithm

LEAVES = [merkle.leaf_hash(b"%d" % number) for number in range(200)]


@given(st.integers(0, 200), st.integers(0, 200))
def test_root_equals_the_tree_however_it_was_cut(first, second):
    first, second = sorted((first, second))
    edge = CompactRange()
    edge.extend(LEAVES[:first])
    stored = json.loads(json.dumps({"size": edge.size, "hashes": edge.to_hex()}))
    again = CompactRange.from_hex(stored["size"], stored["hashes"])
    assert again.root() == merkle.root(LEAVES[:first])
    again.extend(LEAVES[first:second])
    assert again.size == second
    assert again.root() == merkle.root(LEAVES[:second])


def test_sm3_edge():
    leaves = [merkle.leaf_hash(b"%d" % number, Algorithm.SM3) for number in range(11)]
    edge = CompactRange(Algorithm.SM3)
    assert edge.root() == merkle.root([], Algorithm.SM3)
    edge.extend(leaves)
    assert edge.root() == merkle.root(leaves, Algorithm.SM3)


def test_finished_subtrees_serve_every_proof():
    """What `append` reports is a node store: proofs need no leaf list."""
    edge, store = CompactRange(), {}
    for leaf in LEAVES[:77]:
        for level, index, node in edge.append(leaf):
            store[level, index] = node

    def node(level, index):
        return store[level, index]

    assert len(store) == 2 * 77 - (77).bit_count()
    for index in range(77):
        path = merkle.inclusion_path(node, index, 77)
        assert path == merkle.inclusion_proof(LEAVES, index, 77)
        past = merkle.consistency_path(node, index + 1, 77)
        assert past == merkle.consistency_proof(LEAVES, index + 1, 77)


@pytest.mark.parametrize(
    ("size", "hashes"),
    [
        (-1, []),
        (1, []),
        (2, ["00" * 32] * 2),
        (1, ["00" * 31]),
        (1, ["0A" * 32]),
        (0, ["00" * 32]),
    ],
)
def test_stored_edge_must_fit_its_size(size, hashes):
    with pytest.raises(Tampered, match="紧凑区间"):
        CompactRange.from_hex(size, hashes)


def test_a_leaf_is_a_hash():
    with pytest.raises(Tampered, match="32 字节"):
        CompactRange().append(b"short")
