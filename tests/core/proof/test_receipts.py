"""A receipt holds, and no changed one does."""

import copy

import pytest

from jiangxin.core.kernel.canonical import canonical
from jiangxin.core.proof import merkle
from jiangxin.core.proof.hashing import Algorithm
from jiangxin.core.proof.receipts import receipt, receipt_problems


def example(algorithm=Algorithm.SHA256, count=11, index=4):
    events = [{"number": number, "单位": "杭州技师学院"} for number in range(count)]
    leaves = [merkle.leaf_hash(canonical(event), algorithm) for event in events]
    return receipt(
        event=events[index],
        index=index,
        size=count,
        root=merkle.root(leaves, algorithm),
        proof=merkle.inclusion_proof(leaves, index, count, algorithm),
        algorithm=algorithm,
    )


@pytest.mark.parametrize("algorithm", list(Algorithm))
def test_a_receipt_holds(algorithm):
    for index in range(11):
        assert receipt_problems(example(algorithm, index=index)) == []


@pytest.mark.parametrize(
    ("key", "value", "problem"),
    [
        ("format", "jiangxin-receipt/v2", "不是 jiangxin-receipt/v1 格式"),
        ("event", {"number": 5}, "内容被改动过"),
        ("event", [], "字段类型"),
        ("event", {"number": 0.5}, "无法计算"),
        ("event", {"number": "\ud800"}, "无法计算"),
        ("algorithm", "md5", "无法计算"),
        ("algorithm", "sm3", "内容被改动过"),
        ("index", 5, "包含证明不成立"),
        ("index", "4", "字段类型"),
        ("index", True, "字段类型"),
        ("size", 4, "包含证明不成立"),
        ("proof", "", "字段类型"),
        ("proof", [1], "字段类型"),
        ("proof", [], "包含证明不成立"),
        ("root", "00" * 32, "包含证明不成立"),
        ("leaf", "00" * 32, "内容被改动过"),
        ("leaf", None, "字段类型"),
    ],
)
def test_a_changed_receipt_does_not(key, value, problem):
    changed = copy.deepcopy(example())
    changed[key] = value
    (found,) = receipt_problems(changed)
    assert problem in found


def test_a_receipt_is_exactly_its_fields():
    more = {**example(), "note": ""}
    assert receipt_problems(more) == ["回执的字段不符合 jiangxin-receipt/v1"]
    assert receipt_problems([]) == ["回执的字段不符合 jiangxin-receipt/v1"]
