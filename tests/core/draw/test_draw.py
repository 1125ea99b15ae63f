"""The draw: published vectors, what moves the outcome and what must not, its fairness."""

import hashlib
import json
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jiangxin.core.draw.plan import Plan, missing_bits, party_label, plan_from, require_entropy
from jiangxin.core.draw.pool import Entry, freeze, leaf, leaf_of, leaves_root, person_hash
from jiangxin.core.draw.shares import commitment, require_secret
from jiangxin.core.draw.walk import Adequacy, SkipReason, adequacy, order, walk
from jiangxin.core.kernel.canonical import canonical
from jiangxin.core.kernel.errors import Invalid
from jiangxin.core.proof import merkle
from jiangxin.core.proof.hashing import Algorithm

RFC_KEY = "9319./2.5.8.10.12./9.18.26.34.41.45./"


def entry(number, field="机械", unit="甲厂"):
    salt = hashlib.sha256(str(number).encode()).hexdigest()[:32]
    return Entry(expert=f"Z{number:03}", field=field, unit=unit, salt=salt)


def plan(**more):
    defaults = {"session": "2025-1", "seats": {"机械": 3}, "substitutes": 2, "rule_version": "1"}
    return Plan(**{**defaults, **more})


def drawn(entries, the_plan, seed, skips=None):
    pool = freeze(entries, the_plan.algorithm)
    ordered = order(pool, seed, the_plan.algorithm)
    result = walk(ordered, pool, the_plan, skips or {})
    names = {key: value.expert for key, value in pool.items()}
    return (
        {field: [names[each] for each in found] for field, found in result.seats.items()},
        {field: [names[each] for each in found] for field, found in result.substitutes.items()},
    )


def test_rfc_3797_worked_example():
    """RFC 3797 §6: MD5(i ‖ key ‖ i) mod remaining. A test of our reading; not used by us."""
    sources = ([9319], [2, 5, 12, 8, 10], [9, 18, 26, 34, 41, 45])
    key = "".join("".join(f"{n}." for n in sorted(each)) + "/" for each in sources)
    assert key == RFC_KEY
    left, chosen, hashes = list(range(1, 26)), [], []
    for turn in range(16):
        around = turn.to_bytes(2, "big")
        found = hashlib.md5(around + key.encode() + around, usedforsecurity=False).hexdigest()
        hashes.append(found.upper())
        chosen.append(left.pop(int(found, 16) % len(left)))
    assert chosen == [17, 7, 2, 16, 25, 23, 8, 24, 19, 13, 22, 5, 18, 9, 1, 4]
    assert hashes[0] == "990DD0A5692A029A98B5E01AA28F3459"
    assert hashes[1] == "3691E55CB63FCC37914430B2F70B5EC6"
    assert hashes[9] == "31CB111C4A4EBE9287CEAE16FE51B909"
    assert hashes[15] == "3269E6CE559ABD57E2BA6AAB495EB9BD"


@pytest.mark.parametrize(
    ("algorithm", "expected", "first"),
    [
        (Algorithm.SHA256, [3, 7, 6, 10, 1, 2, 5, 9, 4, 8], "084a1cf9c35b0ee0"),
        (Algorithm.SM3, [4, 10, 8, 9, 2, 3, 6, 5, 1, 7], "0692882c61d2e815"),
    ],
)
def test_order_vectors(algorithm, expected, first):
    leaves = [f"E{number:03}" for number in range(1, 11)]
    found = order(leaves, RFC_KEY, algorithm)
    assert found == [f"E{number:03}" for number in expected]
    top = hashlib.new(algorithm.value, f"draw/v1\n{RFC_KEY}\n{found[0]}".encode()).hexdigest()
    assert top.startswith(first)


seeds = st.binary(min_size=32, max_size=32).map(bytes.hex)


@settings(max_examples=1000, deadline=None)
@given(seeds, st.randoms(use_true_random=False))
def test_the_order_of_the_pool_file_has_no_say(seed, shuffle):
    entries = [entry(n, ["机械", "电工"][n % 2]) for n in range(16)]
    the_plan = plan(seats={"机械": 2, "电工": 2})
    expected = drawn(entries, the_plan, seed)
    shuffle.shuffle(entries)
    assert drawn(entries, the_plan, seed) == expected


@settings(max_examples=1000, deadline=None)
@given(seeds, st.integers(0, 19))
def test_taking_one_out_moves_nobody_else(seed, gone):
    entries = [entry(n) for n in range(20)]
    (seats, spare) = (each["机械"] for each in drawn(entries, plan(), seed))
    rest = [each for each in entries if each.expert != f"Z{gone:03}"]
    (later, later_spare) = (each["机械"] for each in drawn(rest, plan(), seed))
    line, later_line = seats + spare, later + later_spare
    if f"Z{gone:03}" not in line:
        assert (later, later_spare) == (seats, spare)
    else:
        line.remove(f"Z{gone:03}")
        assert later_line[:4] == line
    if f"Z{gone:03}" in seats:
        assert later == [each for each in seats if each != f"Z{gone:03}"] + spare[:1]


@settings(max_examples=1000, deadline=None)
@given(seeds, st.integers(0, 2))
def test_a_replacement_is_the_same_walk_with_one_more_skip(seed, place):
    entries = [entry(n, ["机械", "电工"][n % 2]) for n in range(20)]
    the_plan = plan(seats={"机械": 3, "电工": 3})
    seats, spare = drawn(entries, the_plan, seed)
    gone = seats["机械"][place]
    key = next(k for k, v in freeze(entries).items() if v.expert == gone)
    later, later_spare = drawn(entries, the_plan, seed, {key: SkipReason.UNAVAILABLE})
    assert later["机械"] == [each for each in seats["机械"] if each != gone] + spare["机械"][:1]
    assert later["电工"] == seats["电工"]
    assert later_spare["电工"] == spare["电工"]
    assert later_spare["机械"][0] == spare["机械"][1]


def test_a_walk_ends_when_all_is_found_and_says_what_is_missing():
    entries = [entry(n) for n in range(4)]
    pool = freeze(entries)
    ordered = order(pool, "s")
    result = walk(ordered, pool, plan(seats={"机械": 2}, substitutes=1), {})
    assert result.walked == ordered[:3]
    assert (result.missing, result.missing_substitutes) == ({}, {})
    skips = dict.fromkeys(ordered[:3], SkipReason.RECUSAL)
    short = walk(ordered, pool, plan(seats={"机械": 2}, substitutes=1), skips)
    assert short.walked == ordered
    assert short.missing == {"机械": 1}
    assert short.missing_substitutes == {"机械": 1}
    assert short.skipped == skips


def test_a_full_field_is_passed_over_without_naming_a_stated_reason():
    entries = [entry(n) for n in range(6)] + [entry(n, "财务") for n in range(6, 8)]
    pool = freeze(entries)
    the_plan = plan(seats={"机械": 1, "财务": 2}, substitutes=0)
    ordered = order(pool, "seed 3")
    mechanics = [each for each in ordered if pool[each].field == "机械"]
    last = mechanics[1]
    result = walk(ordered, pool, the_plan, {last: SkipReason.RECUSAL})
    assert result.skipped[last] is SkipReason.FIELD_FULL
    assert SkipReason.FIELD_FULL.label == "名额已满"


def test_a_walk_refuses_what_it_cannot_prove():
    pool = freeze([entry(1), entry(2)])
    ordered = order(pool, "s")
    with pytest.raises(Invalid, match="不在抽取名单中"):
        walk(ordered, pool, plan(), {"00" * 32: SkipReason.RECUSAL})
    with pytest.raises(Invalid, match="不是可以填写的跳过理由"):
        walk(ordered, pool, plan(), {ordered[0]: SkipReason.FIELD_FULL})
    with pytest.raises(Invalid, match="不在本次抽取方案中"):
        walk(ordered, pool, plan(seats={"电工": 1}), {})


def test_adequacy_counts_eligible_experts_by_field():
    entries = [entry(n, ["机械", "电工"][n % 2]) for n in range(8)]
    rows = adequacy(entries, plan(seats={"机械": 2, "电工": 3}), {"Z001", "Z002"})
    assert rows == [
        Adequacy(field="机械", needed=2, substitutes=2, eligible=3),
        Adequacy(field="电工", needed=3, substitutes=2, eligible=3),
    ]
    assert [row.lacking for row in rows] == [1, 2]
    assert [row.lacking for row in adequacy(entries, plan(seats={"机械": 2}))] == [0]


# --- fairness: 100,000 seeds, 50 experts. Critical values of χ² at p = 0.001. ---------------

CRITICAL = {49: 85.351, 1224: 1382.0}


@pytest.fixture(scope="module")
def many_draws():
    """For 100,000 seeds the five first of 50 experts."""
    leaves = [f"{number:02}" for number in range(50)]
    dice = random.Random(62)
    return [order(leaves, dice.randbytes(32).hex())[:5] for _ in range(100_000)]


def chi_square(counts, cells, variance_factor=1.0):
    expected = sum(counts.values()) / cells
    assert len(counts) == cells
    return sum((each - expected) ** 2 for each in counts.values()) / expected / variance_factor


def count(things):
    counts = {}
    for thing in things:
        counts[thing] = counts.get(thing, 0) + 1
    return counts


def test_everybody_is_first_equally_often(many_draws):
    assert chi_square(count(panel[0] for panel in many_draws), 50) < CRITICAL[49]


def test_everybody_is_on_the_panel_equally_often(many_draws):
    """Five of 50 without replacement: the statistic shrinks by (1 − 5/50)·50/49."""
    members = count(name for panel in many_draws for name in panel)
    assert chi_square(members, 50, (1 - 5 / 50) * 50 / 49) < CRITICAL[49]


def test_every_pair_meets_equally_often_in_the_first_two_places(many_draws):
    pairs = count(tuple(sorted(panel[:2])) for panel in many_draws)
    assert chi_square(pairs, 1225) < CRITICAL[1224]


def test_the_fairness_test_can_fail():
    """The control: sorting by the leaf alone always puts the same expert first."""
    unfair = count("00" if n % 40 == 0 else f"{n % 50:02}" for n in range(100_000))
    assert chi_square(unfair, 50) > CRITICAL[49]


# --- pool -----------------------------------------------------------------------------------


def test_a_leaf_depends_on_everything_and_tells_nothing():
    base = entry(1)
    variants = [
        base,
        Entry(expert="Z002", field=base.field, unit=base.unit, salt=base.salt),
        Entry(expert=base.expert, field="电工", unit=base.unit, salt=base.salt),
        Entry(expert=base.expert, field=base.field, unit="乙厂", salt=base.salt),
        Entry(expert=base.expert, field=base.field, unit=base.unit, salt="00" * 16),
        # The same characters, cut elsewhere.
        Entry(expert=base.expert + base.field, field=base.unit, unit=base.unit, salt=base.salt),
    ]
    leaves = {leaf(each, algorithm) for each in variants for algorithm in Algorithm}
    assert len(leaves) == 2 * len(variants)
    assert all(len(each) == 64 for each in leaves)


@given(st.text(), st.text(), st.text())
def test_a_leaf_is_made_of_canonical_texts(expert, unit, field):
    """The pool spells its two texts out for speed; they are what everybody else computes."""
    try:
        body = canonical({"expert": expert, "salt": "ab" * 16, "unit": unit})
        outer = {"field": field, "person": "00" * 32}
        expected = hashlib.sha256(b"jiangxin-draw/v1 leaf\n" + canonical(outer)).hexdigest()
    except UnicodeEncodeError:  # half a surrogate pair has no bytes, here or there
        return
    person = hashlib.sha256(b"jiangxin-draw/v1 person\n" + body).hexdigest()
    made = person_hash(expert=expert, salt="ab" * 16, unit=unit, algorithm=Algorithm.SHA256)
    assert made == person
    assert leaf_of(field=field, person="00" * 32, algorithm=Algorithm.SHA256) == expected


def test_a_pool_has_each_expert_once_and_each_salt_once():
    with pytest.raises(Invalid, match="抽取名单为空"):
        freeze([])
    again = Entry(expert="Z001", field="电工", unit="乙厂", salt="11" * 16)
    with pytest.raises(Invalid, match="Z001 在抽取名单中重复"):
        freeze([entry(1), again])
    same_salt = Entry(expert="Z002", field="机械", unit="乙厂", salt=entry(1).salt)
    with pytest.raises(Invalid, match="盐值与他人相同"):
        freeze([entry(1), same_salt])
    assert list(freeze([entry(n) for n in range(9)])) == sorted(leaf(entry(n)) for n in range(9))


def test_an_expert_can_be_shown_to_be_in_the_pool():
    leaves = sorted(leaf(entry(n)) for n in range(9))
    hashes = [merkle.leaf_hash(bytes.fromhex(each)) for each in leaves]
    proof = merkle.inclusion_proof(hashes, 4, 9)
    top = bytes.fromhex(leaves_root(reversed(leaves)))
    assert merkle.verify_inclusion(hashes[4], 4, 9, proof, top)


@pytest.mark.parametrize(
    "bad",
    [
        {"expert": ""},
        {"field": ""},
        {"salt": "00" * 15},
        {"salt": "0" * 33},
        {"salt": "AA" * 16},
        {"salt": "00" * 65},
        {"salt": ""},
    ],
)
def test_bad_entries(bad):
    good = {"expert": "Z1", "field": "机械", "unit": "", "salt": "00" * 16}
    Entry(**good)
    with pytest.raises(Invalid):
        Entry(**{**good, **bad})


# --- plan and entropy -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "bad",
    [
        {"session": ""},
        {"rule_version": ""},
        {"seats": {}},
        {"seats": {"机械": 0}},
        {"seats": {"机械": True}},
        {"substitutes": -1},
        {"substitutes": 1.0},
        {"parties": ("hr",)},
        {"parties": ("hr", "hr")},
        {"public_source": ""},
        {"secret_bits": 120},
        {"secret_bits": 520},
        {"secret_bits": 129},
    ],
)
def test_bad_plans(bad):
    with pytest.raises(Invalid):
        plan(**bad)


def test_a_plan_survives_json():
    the_plan = plan(algorithm=Algorithm.SM3, public_source="大乐透 25123 期")
    data = json.loads(json.dumps(the_plan.to_json()))
    assert plan_from(data) == the_plan
    for broken in ({}, {**data, "seats": 3}, {**data, "parties": None}, {**data, "seats": [1]}):
        with pytest.raises(Invalid, match="不完整或类型不正确"):
            plan_from(broken)
    for odd in ({**data, "more": 1}, {**data, "parties": {"hr": 1, "finance": 2}}):
        with pytest.raises(Invalid, match="多余或写法不同"):
            plan_from(odd)
    assert (party_label("hr"), party_label("notary")) == ("人社", "notary")


def test_too_little_entropy_is_refused_saying_how_much_is_missing():
    """7 of 200 is 41.1 bits: 106 needed, 128 enough. 21 of 2000 is 164.8 bits: 229 needed."""
    small = plan(seats={"机械": 7}, substitutes=0, secret_bits=128)
    assert missing_bits(small, 200) == 0
    big = plan(seats={"机械": 21}, substitutes=0, secret_bits=128)
    assert missing_bits(big, 2000) == 165 + 64 - 128
    with pytest.raises(Invalid, match="还差 101 位"):
        require_entropy(big, 2000)
    require_entropy(plan(seats={"机械": 21}, substitutes=0), 2000)
    huge = plan(seats={"机械": 60}, substitutes=0, secret_bits=512)
    assert missing_bits(huge, 2000) > 0, "a seed of 256 bits is the ceiling, however long a secret"
    assert missing_bits(small, 3) == 0


@pytest.mark.parametrize("bad", ["", "00" * 15, "0" * 33, "AA" * 16, "zz" * 16, "00" * 65])
def test_bad_secrets(bad):
    with pytest.raises(Invalid, match="小写十六进制"):
        require_secret(bad)


def test_commitments_are_bound_to_party_and_session():
    made = {
        commitment(party, session, "ab" * 32, algorithm)
        for party in ("hr", "finance")
        for session in ("1", "2")
        for algorithm in Algorithm
    }
    assert len(made) == 8
