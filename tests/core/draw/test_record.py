"""What is published: the three publications hold, what would mislead is refused."""

import argparse
import copy
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jiangxin.core.draw import commands
from jiangxin.core.draw.checking import check_pool, verify
from jiangxin.core.draw.plan import Plan
from jiangxin.core.draw.pool import Entry, freeze, leaves_root
from jiangxin.core.draw.pool import leaf as leaf_of_entry
from jiangxin.core.draw.record import (
    VoidReason,
    digest_of,
    opened_record,
    outcome_of,
    seal_of,
    sealed_record,
    void_record,
)
from jiangxin.core.draw.shares import commitment, seed
from jiangxin.core.draw.walk import SkipReason
from jiangxin.core.kernel.canonical import canonical
from jiangxin.core.kernel.errors import Tampered, WrongState
from jiangxin.core.proof.hashing import Algorithm


def rebuilt(record):
    """The record with seal, seed and digest recomputed, as a careful forger would."""
    algorithm = Algorithm(record["sealed"]["plan"]["algorithm"])
    record["seal"] = seal_of(record["sealed"], algorithm)
    if record["opened"]:
        opened = record["opened"]
        opened["seed"] = seed(record["seal"], opened["shares"], opened["public_number"], algorithm)
    record["digest"] = digest_of(record, algorithm)
    return record


def edited(record, edit):
    changed = copy.deepcopy(record)
    edit(changed)
    return rebuilt(changed)


@pytest.mark.parametrize("number", range(12))
def test_every_publication_of_a_session_holds(make_session, number):
    session = make_session(number)
    for record in (session.sealed, session.opened(named=False), session.opened()):
        assert verify(record) == []
        assert verify(json.loads(json.dumps(record))) == []
    void = void_record(session.sealed, reason=VoidReason.SEATS_SHORT)
    assert verify(void) == []
    assert check_pool(session.sealed, session.pool.values()) == []


def test_only_those_walked_over_are_named_and_full_fields_never(make_session):
    for number in range(20):
        session = make_session(number)
        record = session.opened()
        text = json.dumps(record, ensure_ascii=False)
        assert not any(
            each.expert in json.dumps(session.opened(named=False)) for each in session.pool.values()
        )
        walked = {step["leaf"]: step for step in record["opened"]["walk"]}
        for leaf, entry in session.pool.items():
            step = walked.get(leaf)
            is_named = step is not None and step["reason"] != "field_full"
            assert (f'"{entry.expert}"' in text) == is_named


def test_a_replacement_is_a_new_publication_of_the_same_seal(make_session):
    session = make_session(3)
    first = session.opened()
    gone = next(step["leaf"] for step in first["opened"]["walk"] if step["as"] == "seat")
    second = session.opened(skips={**session.skips, gone: SkipReason.UNAVAILABLE})
    assert verify(second) == []
    assert second["seal"] == first["seal"]
    assert second["opened"]["seed"] == first["opened"]["seed"]
    (step,) = [step for step in second["opened"]["walk"] if step["leaf"] == gone]
    assert (step["as"], step["reason"]) == ("skip", "unavailable")


def small(seats=1, substitutes=0, count=6, **more):
    plan = Plan(session="S", seats={"机械": seats}, substitutes=substitutes, rule_version="1")
    entries = [
        Entry(expert=f"Z{n}", field="机械", unit="甲", salt=f"{n:032x}") for n in range(count)
    ]
    pool = freeze(entries)
    shares = {party: f"{n}{n}" * 32 for n, party in enumerate(plan.parties)}
    promised = {party: commitment(party, "S", secret) for party, secret in shares.items()}
    sealed = sealed_record(plan=plan, leaves=pool, commitments=promised, **more)
    return sealed, {
        "shares": shares,
        "public_number": None,
        "entries_by_leaf": pool,
        "skips": {},
    }


def test_sealing_needs_every_commitment():
    sealed, _ = small()
    plan = Plan(session="S", seats={"机械": 1}, substitutes=0, rule_version="1")
    for promised in ({}, {"hr": "00" * 32}):
        with pytest.raises(WrongState, match="尚未全部提交"):
            sealed_record(plan=plan, leaves=sealed["sealed"]["leaves"], commitments=promised)


def test_another_pool_than_the_sealed_one_is_refused():
    sealed, given_ = small()
    pool = dict(list(given_["entries_by_leaf"].items())[1:])
    with pytest.raises(Tampered, match="不一致"):
        outcome_of(sealed, **{**given_, "entries_by_leaf": pool})


def test_empty_seats_are_never_published(make_session):
    session = make_session(0)
    everybody = dict.fromkeys(session.pool, SkipReason.UNAVAILABLE)
    with pytest.raises(WrongState, match="席位仍未满"):
        session.opened(skips=everybody)


def test_who_sees_the_pool_sees_what_is_wrong_with_it(make_session):
    session = make_session(1)
    entries = list(session.pool.values())
    assert check_pool(session.sealed, entries[1:]) == ["封存的条目与专家名单不一致"]
    assert check_pool(session.sealed, [*entries, entries[0]]) == []
    double = Entry(expert=entries[0].expert, field="机械", unit="", salt="0f" * 16)
    assert "重复" in check_pool(session.sealed, [*entries, double])[0]
    plan = Plan(session="S", seats={"机械": 1}, substitutes=0, rule_version="1")
    stranger = Entry(expert="Z1", field="法律", unit="", salt="0f" * 16)
    promised = dict.fromkeys(plan.parties, "00" * 32)
    sealed = sealed_record(plan=plan, leaves=freeze([stranger]), commitments=promised)
    assert check_pool(sealed, [stranger]) == ["专家 Z1 的专业不在抽取方案中"]


def test_structural_forgeries_are_named():
    sealed, _ = small()
    cases = [
        (lambda r: r.update(format="x"), "格式"),
        (lambda r: r["sealed"].update(leaves=[]), "条目为空"),
        (lambda r: r["sealed"]["leaves"].reverse(), "未排序"),
        (lambda r: r["sealed"].update(root="00" * 32), "默克尔根不符"),
        (lambda r: r["sealed"]["commitments"].pop("hr"), "承诺与参与方不一致"),
        (lambda r: r["sealed"]["excluded"].update({"00" * 32: "recusal"}), "事先排除"),
        (
            lambda r: r["sealed"]["excluded"].update({r["sealed"]["leaves"][0]: "field_full"}),
            "事先排除",
        ),
        (lambda r: r["sealed"]["plan"].update(seats={}), "席位应为正整数"),
        (lambda r: r["sealed"]["plan"].pop("session"), "字段不完整"),
        (lambda r: r.update(opened={}), ""),
        (lambda r: r.update(void={}), "作废记录的字段"),
        (lambda r: r.update(void={"reason": "x", "parties": [], "note": ""}), "作废理由"),
        (
            lambda r: r.update(void={"reason": "withheld", "parties": ["x"], "note": ""}),
            "作废理由",
        ),
        (lambda r: r.update(void={"reason": "withheld", "parties": [], "note": 1}), "作废记录"),
    ]
    for edit, expected in cases:
        changed = copy.deepcopy(sealed)
        edit(changed)
        if changed["opened"] != {}:
            rebuilt(changed)
            assert expected in verify(changed)[0]
        else:
            changed["digest"] = digest_of(changed, Algorithm.SHA256)
            assert verify(changed) == ["公开部分的字段不完整"]
    short = copy.deepcopy(sealed)
    short["sealed"]["plan"]["secret_bits"] = 128
    assert verify(rebuilt(short)) == []
    assert verify({**sealed, "seal": "00" * 32})[0].startswith("封存内容与封存值不符")
    assert verify({**sealed, "digest": "00" * 32}) == ["记录内容与摘要不符：公布后被改动过"]


def test_a_pool_too_large_for_the_secrets_is_refused():
    plan = Plan(session="S", seats={"机械": 21}, substitutes=0, rule_version="1", secret_bits=128)
    sealed, _ = small(count=1)
    forged = copy.deepcopy(sealed)
    forged["sealed"]["plan"] = plan.to_json()
    leaves = sorted(f"{n:064x}" for n in range(2000))
    forged["sealed"].update(leaves=leaves, root=leaves_root(leaves))
    assert verify(rebuilt(forged)) == ["随机数位数不足，还差 101 位"]


def test_forgeries_of_the_walk_are_named():
    """Everything recomputed by the forger; the sealed part stays, so the seed stays."""
    sealed, given_ = small(seats=2, substitutes=1, count=8)
    record = opened_record(sealed, **given_, named=True)
    secret = opened_record(sealed, **given_, named=False)

    def step(number, **values):
        return lambda r: r["opened"]["walk"][number].update(values)

    opening = record["opened"]["walk"][0]["opening"]
    cases = [
        (step(0, **{"as": "skip"}), "跳过的理由不在规定之列"),
        (step(0, **{"as": "skip", "reason": "field_full", "opening": None}), "跳过的理由"),
        (step(0, reason="recusal"), "应为席位"),
        (step(2, **{"as": "seat"}), "应为候补"),
        (step(0, field="电工"), "专业不在方案中"),
        (step(0, person="00" * 32), "专业与条目不符"),
        (step(0, person="x"), "人员杂凑值"),
        (step(0, opening=None), "应公开而未公开"),
        (step(0, opening={**opening, "expert": "Z9"}), "公开内容与条目不符"),
        (step(0, opening={**opening, "salt": "0"}), "公开内容的字段"),
        (step(0, opening={"expert": "Z1"}), "公开内容的字段"),
        (step(0, extra=1), "抽取步骤的字段"),
        (lambda r: r["opened"]["walk"].pop(0), "公开顺序不一致"),
        (lambda r: r["opened"]["walk"].reverse(), "公开顺序不一致"),
        (lambda r: r["opened"]["walk"].pop(), "提前结束"),
        (lambda r: r["opened"]["walk"].clear(), "席位未满"),
        (lambda r: r["opened"].update(named="yes"), "公开部分的字段"),
        (lambda r: r["opened"].update(shares={}), "随机数与参与方"),
        (lambda r: r["opened"].update(public_number="1"), "公共随机数"),
        (lambda r: r["opened"].update(public_number=""), "公共随机数"),
        (lambda r: r["opened"]["shares"].update(hr="00" * 31), "小写十六进制"),
        (lambda r: r["opened"]["shares"].update(hr="aa" * 32), "承诺不符"),
        (lambda r: r["opened"].update(walk=None), "字段类型不正确"),
    ]
    for edit, expected in cases:
        found = verify(edited(record, edit))
        assert found, expected
        assert expected in found[0]
    leaking = edited(secret, step(0, opening=opening))
    assert "不应公开姓名信息而公开" in verify(leaking)[0]
    wrong_seed = copy.deepcopy(record)
    wrong_seed["opened"]["seed"] = "00" * 32
    wrong_seed["digest"] = digest_of(wrong_seed, Algorithm.SHA256)
    assert verify(wrong_seed) == ["种子与各方随机数不符"]

    # One step too many: the next of the order, honestly opened.
    more = opened_record(
        sealed, **{**given_, "skips": {record["opened"]["walk"][0]["leaf"]: "recusal"}}, named=True
    )
    longer = edited(record, lambda r: r["opened"]["walk"].append(more["opened"]["walk"][3]))
    assert verify(longer) == ["第 4 步多余：此前名额已满"]


def test_a_sealed_exclusion_binds():
    sealed, given_ = small(seats=1, substitutes=0, count=2)
    first = sealed["sealed"]["leaves"][0]
    excluded, _ = small(count=2, excluded={first: SkipReason.RECUSAL})
    record = opened_record(excluded, **given_, named=True)
    assert verify(record) == []
    assert outcome_of(excluded, **given_).seats["机械"] == [sealed["sealed"]["leaves"][1]]
    order_first = record["opened"]["walk"][0]["leaf"]
    for at, values in ((0, {"reason": "unavailable"}), (0, {"as": "seat", "reason": None})):
        if order_first != first:
            pytest.fail("choose other salts: the excluded leaf must come first")
        changed = edited(record, lambda r, v=values, n=at: r["opened"]["walk"][n].update(v))
        assert "事先排除的条目" in verify(changed)[0]


def test_a_full_field_cannot_take_one_more(make_session):
    """In a session with a field_full step, promoting that step is refused."""
    tried = 0
    for number in range(30):
        record = make_session(number).opened()
        for at, step in enumerate(record["opened"]["walk"]):
            if step["reason"] == "field_full":
                tried += 1
                changed = edited(
                    record,
                    lambda r, n=at: r["opened"]["walk"][n].update({"reason": "recusal"}),
                )
                assert verify(changed)
                seat = edited(
                    copy.deepcopy(make_session(number).opened(named=False)),
                    lambda r, n=at: r["opened"]["walk"][n].update({"as": "seat", "reason": None}),
                )
                assert any("该专业名额已满" in each for each in verify(seat))
    assert tried > 5


def test_one_expert_under_two_leaves_is_seen_once_both_are_opened():
    plan = Plan(session="S", seats={"机械": 2}, substitutes=0, rule_version="1")
    twice = [Entry(expert="Z1", field="机械", unit="甲", salt=f"{n:032x}") for n in range(2)]
    pool = {leaf_of_entry(each): each for each in twice}
    shares = {party: f"{n}{n}" * 32 for n, party in enumerate(plan.parties)}
    promised = {party: commitment(party, "S", secret) for party, secret in shares.items()}
    sealed = sealed_record(plan=plan, leaves=pool, commitments=promised)
    record = opened_record(
        sealed, shares=shares, public_number=None, entries_by_leaf=pool, skips={}, named=True
    )
    assert verify(record) == ["同一专家出现两次"]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.floats(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@settings(max_examples=300, deadline=None)
@given(json_values, st.data())
def test_no_json_value_makes_the_check_crash(value, data):
    assert verify(value)
    sealed, _ = small()
    record = copy.deepcopy(sealed)
    place = data.draw(st.sampled_from([record, record["sealed"], record["sealed"]["plan"]]))
    key = data.draw(st.sampled_from(sorted(place)))
    if place[key] == value and type(place[key]) is type(value):
        return
    place[key] = value
    assert verify(record)


def run(path):
    parser = argparse.ArgumentParser()
    commands.add_arguments(parser)
    return commands.run(parser.parse_args(["verify", str(path)]))


def test_the_command(make_session, tmp_path, capsys):
    record = make_session(5).opened()
    file = tmp_path / "draw.json"
    file.write_bytes(canonical(record))
    assert run(file) == 0
    assert record["seal"] in capsys.readouterr().out
    file.write_text(json.dumps(record, ensure_ascii=False, indent=2), encoding="utf-8")
    assert run(file) == 1
    assert "✗ 文件不是公布时的规范写法" in capsys.readouterr().out
    file.write_bytes(canonical({**record, "seal": "00" * 32}))
    assert run(file) == 1
    assert "✗ 封存内容与封存值不符" in capsys.readouterr().out
    file.write_text("{")
    assert run(file) == 2
    whole = json.dumps(record, ensure_ascii=False)
    file.write_text(f'{{"seal": "{"00" * 32}", {whole[1:]}', encoding="utf-8")
    assert run(file) == 2
    assert "重复的字段" in capsys.readouterr().out
    assert run(tmp_path / "none") == 2
    assert "无法读取" in capsys.readouterr().out
