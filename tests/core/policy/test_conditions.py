"""Every kind of condition: its edges, its words, and facts that make no sense."""

import json
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jiangxin.core.kernel.clock import beijing
from jiangxin.core.policy import (
    Pack,
    Verdict,
    all_met,
    any_met,
    assess,
    explain,
    load_pack,
    overall,
)
from jiangxin.core.policy.assess import judge
from jiangxin.core.policy.conditions import Condition
from jiangxin.core.policy.overlay import requirement_from
from jiangxin.core.policy.values import column_values, day, percent_text, rows, years_later

ON = date(2024, 8, 30)
PACK = load_pack()
verdicts = st.sampled_from(list(Verdict))


def finding(track: str, norm: str, **facts: Any) -> Any:
    given = {**PACK.tracks[track].sample, **facts}
    return next(each for each in assess(PACK, track=track, on=ON, facts=given) if each.norm == norm)


def test_a_finding_says_clause_value_reason_and_change() -> None:
    found = finding("new_base", "N10", capacity=1999)
    assert found.verdict is Verdict.NOT_MET
    assert (found.clause, found.source, found.value) == ("2.1.1.2", "国家", 1999)
    assert found.because == "年培训能力 1999 人次，要求不少于 2000 人次。"
    assert found.would_change == "再增加 1 人次即符合。"
    assert not found.judgement
    assert finding("new_base", "N07").judgement
    assert found.as_dict()["label"] == "不符合"


@pytest.mark.parametrize("nonsense", [None, "2000", True, -1, 2000.5, [], {}, object()])
def test_a_number_that_is_none_leaves_it_open(nonsense: Any) -> None:
    assert finding("new_base", "N10", capacity=nonsense).verdict is Verdict.UNKNOWN


@pytest.mark.parametrize("nonsense", [None, 5, "abc", [1], [["a"]], {"a": 1}])
def test_a_table_that_is_none_leaves_it_open(nonsense: Any) -> None:
    assert finding("new_base", "N11", occupations=nonsense).verdict is Verdict.UNKNOWN
    assert finding("studio", "N22", activities=nonsense).verdict is Verdict.UNKNOWN


@pytest.mark.parametrize("nonsense", [None, "yes", 1, {}, {"found": "yes"}, []])
def test_a_register_entry_that_is_none_leaves_it_open(nonsense: Any) -> None:
    assert finding("existing_base", "N15", legacy=nonsense).verdict is Verdict.UNKNOWN


@given(
    st.dictionaries(
        st.sampled_from(sorted(PACK.tracks["existing_base"].sample)),
        st.none()
        | st.integers()
        | st.text(max_size=3)
        | st.lists(st.none() | st.text(max_size=2), max_size=2),
    )
)
def test_facts_never_raise(facts: dict[str, Any]) -> None:
    assess(PACK, track="existing_base", on=ON, facts=facts)
    assess(PACK, track="studio", on=ON, facts=facts)


def test_rates_are_cut_off_never_rounded_up() -> None:
    found = finding("existing_base", "N20", examined_latest=1_000_000, passed_latest=899_999)
    assert found.verdict is Verdict.NOT_MET
    assert "89.99%" in found.because
    assert "90.00%" not in found.because
    assert "考核合格人次达到 900000 即符合" in found.would_change


@given(st.integers(0, 10**9), st.integers(1, 10**9))
def test_rate_is_met_exactly_from_the_edge_on(part: int, whole: int) -> None:
    part = min(part, whole)
    found = finding("existing_base", "N20", examined_latest=whole, passed_latest=part)
    assert (found.verdict is Verdict.MET) == (part * 10 >= whole * 9)
    edge = -(-whole * 90 // 100)
    assert (
        finding("existing_base", "N20", examined_latest=whole, passed_latest=edge).verdict
        is Verdict.MET
    )
    below = finding("existing_base", "N20", examined_latest=whole, passed_latest=edge - 1)
    assert below.verdict is Verdict.NOT_MET


@given(st.integers(0, 10**6), st.integers(1, 10**6))
def test_the_shown_percent_never_exceeds_the_true_one(part: int, whole: int) -> None:
    whole_part, _, decimals = percent_text(part, whole)[:-1].partition(".")
    shown = int(whole_part) * 100 + int(decimals)
    assert shown * whole <= part * 10_000 < (shown + 1) * whole


@given(st.dates(date(1990, 1, 1), date(2060, 1, 1)), st.integers(0, 9))
def test_a_period_ends_on_its_day_or_the_months_last(start: date, years: int) -> None:
    end = years_later(start, years)
    assert (end.year, end.month) == (start.year + years, start.month)
    assert end.day == start.day or (start.month, start.day, end.day) == (2, 29, 28)


@given(st.dates(date(2019, 1, 1), ON))
def test_look_back_turns_on_exactly_one_day(event: date) -> None:
    facts = {"no_penalty": True, "penalties": [{"date": event.isoformat()}]}
    inside = finding("new_base", "N08", **facts).verdict is Verdict.NOT_MET
    assert inside == (event >= date(2021, 8, 30))


@given(st.lists(verdicts, max_size=5), verdicts)
def test_kleene_deciding_an_open_part_never_turns_a_decided_whole(
    parts: list[Verdict], decided: Verdict
) -> None:
    for join in (all_met, any_met):
        before = join([*parts, Verdict.UNKNOWN])
        after = join([*parts, decided])
        assert before is Verdict.UNKNOWN or after is before


# A declaration and the records that it is about are one fact; what officials set is theirs.
TOGETHER = {"no_penalty": "penalties", "leader_level": "exceptions"}


def full_facts(track: str) -> st.SearchStrategy[dict[str, Any]]:
    choices: dict[str, Any] = {
        "capacity": st.integers(1998, 2001),
        "no_penalty": st.booleans(),
        "penalties": st.lists(
            st.fixed_dictionaries({"date": st.dates(date(2020, 1, 1), ON)}), max_size=2
        ),
        "occupations": st.lists(
            st.fixed_dictionaries(
                {"occupation": st.sampled_from(list(PACK.occupations)), "conditions": st.just("有")}
            ),
            min_size=3,
            max_size=7,
        ),
        "trained_latest": st.integers(998, 3001),
        "high_skilled_latest": st.integers(999, 1001),
        "passed_latest": st.integers(1798, 1801),
        "examined_latest": st.integers(1799, 2001),
        "priority_field": st.sampled_from(["nursing", "other"]),
        "leader_level": st.sampled_from(list(PACK.levels)),
        "craft_statement": st.booleans(),
        "studios": st.sampled_from(
            [[], [{"person": "leader-1", "units": ["示例精密机械有限公司"]}]]
        ),
        "legacy": st.fixed_dictionaries(
            {
                "found": st.booleans(),
                "year": st.integers(2010, 2021),
                "status": st.sampled_from(["titled", "revoked"]),
                "assessment": st.sampled_from(["passed", "failed"]),
            }
        ),
        "exceptions": st.just({}),
        "examined": st.dictionaries(
            st.sampled_from(list(PACK.norms)), st.sampled_from(["met", "not_met"])
        ),
    }
    sample = PACK.tracks[track].sample
    return st.fixed_dictionaries(
        {
            key: choices.get(key, st.booleans() if value is True else st.just(value))
            for key, value in sample.items()
        }
        | {key: choices[key] for key in ("penalties", "exceptions")}
    )


@given(st.data(), st.sampled_from(["new_base", "existing_base", "studio"]))
def test_more_facts_never_turn_a_decided_verdict(data: st.DataObject, track: str) -> None:
    """For facts F ⊆ G that agree on F: decided on F, the same on G.

    Two pairs count as one fact (TOGETHER): a declaration with its records, a level with a recorded
    exception.
    """
    everything = data.draw(full_facts(track))
    kept = data.draw(st.sets(st.sampled_from(sorted(everything))))
    kept |= {other for name, other in TOGETHER.items() if name in kept}
    kept -= {other for name, other in TOGETHER.items() if name not in kept}
    fewer = {name: value for name, value in everything.items() if name in kept}
    before = assess(PACK, track=track, on=ON, facts=fewer)
    after = assess(PACK, track=track, on=ON, facts=everything)
    for one, other in zip(before, after, strict=True):
        assert one.verdict is Verdict.UNKNOWN or one.verdict is other.verdict, (one, other)


def test_overall_and_explanation_are_json(pack: Pack) -> None:
    found = explain(pack, track="existing_base", on=ON, facts=pack.tracks["existing_base"].sample)
    assert found["verdict"] == "met"
    assert found["overlay"] is None
    assert json.loads(json.dumps(found, ensure_ascii=False)) == found
    assert {each["norm"] for each in found["findings"]} >= {"N07", "N15", "N17", "N20"}
    assert overall([]) is Verdict.MET


def test_included_conditions_are_the_same_objects(pack: Pack) -> None:
    own = pack.tracks["new_base"].requirements
    assert pack.requirements("existing_base")[: len(own)] == own


def test_at_most_and_plain_lists(pack: Pack) -> None:
    most = requirement_from(
        {
            "norm": "x",
            "clause": "1",
            "title": "人数",
            "kind": "threshold",
            "fact": "n",
            "unit": "人",
            "at_most": "quota.base",
        }
    )
    assert judge(pack, most, ON, {"n": 5}, None).verdict is Verdict.MET
    over = judge(pack, most, ON, {"n": 6}, None)
    assert (over.verdict, over.would_change) == (Verdict.NOT_MET, "再减少 1 人即符合。")
    listed = requirement_from(
        {
            "norm": "x",
            "clause": "1",
            "title": "项",
            "kind": "distinct",
            "fact": "list",
            "unit": "项",
            "at_least": "quota.base",
        }
    )
    assert judge(pack, listed, ON, {"list": list("aabcd")}, None).verdict is Verdict.NOT_MET
    assert judge(pack, listed, ON, {"list": list("abcde")}, None).verdict is Verdict.MET
    strict = requirement_from(
        {
            "norm": "x",
            "clause": "1",
            "title": "等级",
            "kind": "at_least_level",
            "fact": "l",
            "at_least": "studio.leader_level",
        }
    )
    low = judge(pack, strict, ON, {"l": "junior", "exceptions": {"x": "理由"}}, None)
    assert low.verdict is Verdict.NOT_MET
    assert "例外" not in low.would_change
    with pytest.raises(NotImplementedError):
        Condition(label="x").judge(None)  # type: ignore[arg-type]


def test_reading_of_values() -> None:
    assert day(beijing(2024, 1, 2, 3)) == day("2024-01-02") == day(date(2024, 1, 2))
    assert day("2024-02-30") is None
    assert day(5) is None
    assert rows(({"a": 1},)) == [{"a": 1}]
    assert rows([1]) is None
    table = [{"a": "x", "b": 1}, {"a": "", "b": 1}, {"a": "y", "b": {"raw": "?"}}, {"a": 3, "b": 1}]
    assert column_values(table, "a", ("b",)) == ["x"]
    assert column_values(["x", "y"], "") == ["x", "y"]
    assert column_values("xy", "") is None
    assert column_values([1], "") is None
