"""Published vectors of RFC 6962, every small tree in full, and mutations that must fail."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jiangxin.core.kernel.errors import Invalid
from jiangxin.core.proof import merkle
from jiangxin.core.proof.hashing import (
    Algorithm,
    algorithm_named,
    hash_bytes,
    is_hash_hex,
)

# The eight leaves and nine roots of the transparency-dev test constants.
LEAVES = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
SM3_ENDS = {0: ("1ab21d83", "aa2b"), 1: ("2daef60e", "7fdf"), 8: ("bc48ba7a", "3b38")}
BIGGEST = 33


def hashes(count, algorithm=Algorithm.SHA256):
    return [merkle.leaf_hash(b"%d" % number, algorithm) for number in range(count)]


@pytest.mark.parametrize("size", range(9))
def test_published_roots(size):
    assert merkle.root([merkle.leaf_hash(leaf) for leaf in LEAVES[:size]]).hex() == ROOTS[size]


@pytest.mark.parametrize(("size", "ends"), SM3_ENDS.items())
def test_sm3_roots_of_the_same_leaves(size, ends):
    leaves = [merkle.leaf_hash(leaf, Algorithm.SM3) for leaf in LEAVES[:size]]
    found = merkle.root(leaves, Algorithm.SM3).hex()
    assert (found[:8], found[-4:]) == ends


def test_published_leaf_and_node():
    assert merkle.leaf_hash(b"L123456").hex() == (
        "395aa064aa4c29f7010acfe3f25db9485bbd4b91897b6ad7ad547639252b4d56"
    )
    assert merkle.node_hash(b"N123", b"N456").hex() == (
        "aa217fe888e47007fa15edab33c2b492a722cb106c64667fc2b044444de66bbb"
    )


def test_sm3_of_the_standard():
    assert hash_bytes(b"abc", Algorithm.SM3).hex().startswith("66c7f0f4")
    assert hash_bytes(b"abcd" * 16, Algorithm.SM3).hex().startswith("debe9ff9")


@pytest.mark.parametrize("algorithm", list(Algorithm))
def test_every_inclusion_in_every_small_tree(algorithm):
    leaves = hashes(BIGGEST, algorithm)
    for size in range(1, BIGGEST + 1):
        top = merkle.root(leaves[:size], algorithm)
        for index in range(size):
            proof = merkle.inclusion_proof(leaves, index, size, algorithm)
            assert merkle.verify_inclusion(leaves[index], index, size, proof, top, algorithm)


@pytest.mark.parametrize("algorithm", list(Algorithm))
def test_every_consistency_in_every_small_tree(algorithm):
    leaves = hashes(BIGGEST, algorithm)
    roots = [merkle.root(leaves[:size], algorithm) for size in range(BIGGEST + 1)]
    for second in range(1, BIGGEST + 1):
        for first in range(1, second + 1):
            proof = merkle.consistency_proof(leaves, first, second, algorithm)
            assert merkle.verify_consistency(
                first, second, roots[first], roots[second], proof, algorithm
            )


def test_known_inclusion_paths():
    """RFC 6962 §2.1.3: the tree of seven leaves d0…d6."""
    d = hashes(7)
    node = merkle.node_hash
    g, h, i, j = node(d[0], d[1]), node(d[2], d[3]), node(d[4], d[5]), d[6]
    k, right = node(g, h), node(i, j)
    assert merkle.inclusion_proof(d, 0, 7) == [d[1], h, right]
    assert merkle.inclusion_proof(d, 3, 7) == [d[2], g, right]
    assert merkle.inclusion_proof(d, 4, 7) == [d[5], j, k]
    assert merkle.inclusion_proof(d, 6, 7) == [i, k]
    assert merkle.consistency_proof(d, 3, 7) == [d[2], d[3], g, right]
    assert merkle.consistency_proof(d, 4, 7) == [right]
    assert merkle.consistency_proof(d, 6, 7) == [i, j, k]


def bad_proofs(proof, spare):
    """Every way in which a list of hashes is usually spoilt."""
    yield [*proof, spare]
    yield [spare, *proof]
    yield [*proof, b""]
    yield [b"", *proof]
    for at, each in enumerate(proof):
        yield proof[:at] + proof[at + 1 :]
        yield [*proof[:at], bytes([each[0] ^ 1]) + each[1:], *proof[at + 1 :]]
        yield [*proof[:at], each + b"\x00", *proof[at + 1 :]]
        yield [*proof[:at], each[:-1], *proof[at + 1 :]]
    for at, (one, two) in enumerate(pairwise(proof)):
        yield [*proof[:at], two, one, *proof[at + 2 :]]


def test_no_spoilt_inclusion_is_believed():
    leaves = hashes(BIGGEST)
    tried = 0
    for size in range(1, 18):
        top = merkle.root(leaves[:size])
        for index in range(size):
            leaf, proof = leaves[index], merkle.inclusion_proof(leaves, index, size)
            attempts = [(leaf, index, size, bad, top) for bad in bad_proofs(proof, leaf)]
            attempts += [(leaf, other, size, proof, top) for other in range(-1, size + 2)]
            attempts += [
                (merkle.leaf_hash(b"other"), index, size, proof, top),
                (leaf, index, size, proof, merkle.root(leaves[: size + 1])),
                (leaf, index, size, proof, b""),
                (leaf[:-1], index, size, proof, top),
                (leaf, index, 0, proof, top),
                (leaf, index, size * 4, proof, top),
                (leaf, 0, 0, [], leaf),
            ]
            for attempt in attempts:
                if attempt[1] == index and attempt == (leaf, index, size, proof, top):
                    continue
                assert not merkle.verify_inclusion(*attempt), attempt
                tried += 1
    assert tried > 3000


def test_no_spoilt_consistency_is_believed():
    leaves = hashes(BIGGEST)
    roots = [merkle.root(leaves[:size]) for size in range(BIGGEST + 1)]
    for second in range(1, 18):
        for first in range(1, second + 1):
            proof = merkle.consistency_proof(leaves, first, second)
            old, new = roots[first], roots[second]
            attempts = [(first, second, old, new, bad) for bad in bad_proofs(proof, old)]
            attempts += [
                (0, second, roots[0], new, proof),
                (0, second, roots[0], new, []),
                (first, second, old, roots[second + 1], proof),
                (first, second, roots[first - 1], new, proof),
                (first, second, b"", new, proof),
                (second + 1, second, old, new, proof),
                (first, second * 4, old, new, proof),
            ]
            if first != second:
                attempts += [
                    (first, second, new, old, proof),
                    (first, second, old, new, []),
                ]
            for attempt in attempts:
                assert not merkle.verify_consistency(*attempt), attempt


def test_a_rewritten_past_has_no_consistency_proof():
    honest = hashes(12)
    forged = [*honest[:5], merkle.leaf_hash(b"forged"), *honest[6:]]
    proof = merkle.consistency_proof(forged, 8, 12)
    assert merkle.verify_consistency(8, 12, merkle.root(forged[:8]), merkle.root(forged), proof)
    assert not merkle.verify_consistency(8, 12, merkle.root(honest[:8]), merkle.root(forged), proof)


def test_a_proof_needs_its_leaves():
    with pytest.raises(Invalid, match="只有 2 条记录"):
        merkle.inclusion_proof(hashes(2), 0, 3)
    with pytest.raises(Invalid, match="只有 2 条记录"):
        merkle.consistency_proof(hashes(2), 1, 3)
    with pytest.raises(Invalid, match="序号 3"):
        merkle.inclusion_proof(hashes(3), 3, 3)
    with pytest.raises(Invalid, match="序号 -1"):
        merkle.inclusion_proof(hashes(3), -1, 3)
    with pytest.raises(Invalid, match="从 0 条"):
        merkle.consistency_proof(hashes(3), 0, 3)
    with pytest.raises(Invalid, match="从 3 条"):
        merkle.consistency_proof(hashes(3), 3, 2)


@given(st.lists(st.binary(max_size=40), min_size=1, max_size=80), st.data())
def test_any_tree_proves_itself_and_its_past(datas, data):
    leaves = [merkle.leaf_hash(each) for each in datas]
    index = data.draw(st.integers(0, len(leaves) - 1))
    first = index + 1
    top = merkle.root(leaves)
    path = merkle.inclusion_proof(leaves, index, len(leaves))
    assert merkle.verify_inclusion(leaves[index], index, len(leaves), path, top)
    assert merkle.verify_consistency(
        first,
        len(leaves),
        merkle.root(leaves[:first]),
        top,
        merkle.consistency_proof(leaves, first, len(leaves)),
    )


def test_algorithms_by_name():
    assert algorithm_named("sm3") is Algorithm.SM3
    for wrong in ("md5", "", None, 3, ["sha256"]):
        with pytest.raises(Invalid, match="不支持的杂凑算法"):
            algorithm_named(wrong)


def test_a_machine_without_sm3_says_so(monkeypatch):
    def without_sm3(name, data):
        raise ValueError(f"unsupported hash type {name}")

    monkeypatch.setattr("jiangxin.core.proof.hashing.hashlib.new", without_sm3)
    with pytest.raises(Invalid, match="OpenSSL 不提供 sm3"):
        hash_bytes(b"", Algorithm.SM3)


def test_one_spelling_of_a_hash():
    assert is_hash_hex("0a" * 32)
    for wrong in ("0A" * 32, "0a" * 31, "0g" * 32, 5, None, "٣" * 64):
        assert not is_hash_hex(wrong)
