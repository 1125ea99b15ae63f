"""From many sheets to a ranking: exact, stated, and honest about its weak places."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jiangxin.core.kernel.errors import Invalid
from jiangxin.core.scoring.aggregate import Aggregation, aggregate, exact
from jiangxin.core.scoring.agreement import agreement, doubled_ranks
from jiangxin.core.scoring.ranking import Row, rank, tied_at
from jiangxin.core.scoring.stability import Interval, fragile, leave_one_out

NOW = datetime(2025, 9, 1, 8, tzinfo=UTC)


# --- aggregation ----------------------------------------------------------------------------


def test_mean_is_exact_and_rounded_once_upwards():
    assert aggregate([80_000, 80_001]) == 80_001
    assert aggregate([1, 1, 2]) == 1
    assert exact([80_000, 80_001]) == Fraction(160_001, 2)


def test_trimmed_mean_needs_five():
    totals = [60_000, 80_000, 81_000, 82_000, 100_000]
    assert aggregate(totals, Aggregation.TRIMMED) == 81_000
    assert aggregate(totals) == 80_600
    with pytest.raises(Invalid, match="只有 4 份评分"):
        aggregate(totals[1:], Aggregation.TRIMMED)
    with pytest.raises(Invalid, match="还没有专家评分"):
        aggregate([])
    assert Aggregation.TRIMMED.label.startswith("去掉一个最高分")


@given(st.lists(st.integers(0, 100_000), min_size=5, max_size=15), st.randoms())
def test_no_single_extreme_moves_the_trimmed_mean_and_order_never_matters(totals, shuffle):
    ordered = sorted(totals)
    same = aggregate(totals, Aggregation.TRIMMED)
    assert aggregate([*ordered[:-1], 10**9], Aggregation.TRIMMED) == same
    shuffle.shuffle(totals)
    assert aggregate(totals, Aggregation.TRIMMED) == same
    assert ordered[0] <= aggregate(totals) <= ordered[-1]


# --- ranking --------------------------------------------------------------------------------


def row(project, total, group=0, minutes=0):
    return Row(
        project=project,
        total=total,
        by_group={"g": group},
        submitted=NOW + timedelta(minutes=minutes),
    )


def places(ranked):
    return [(each.project, each.rank, each.decided_by, each.tied_with) for each in ranked]


def test_ties_are_broken_by_the_stated_rules_in_order():
    rows = [row("a", 90, 5, 9), row("b", 90, 7, 8), row("c", 90, 7, 2), row("d", 95)]
    assert places(rank(rows, ["group:g", "submitted"])) == [
        ("d", 1, "", ()),
        ("c", 2, "submitted", ()),
        ("b", 3, "submitted", ()),
        ("a", 4, "group:g", ()),
    ]


def test_ties_that_the_rules_leave_open_are_reported():
    rows = [row("a", 90), row("b", 90), row("c", 80), row("d", 90)]
    ranked = rank(rows)
    assert places(ranked) == [
        ("a", 1, "", ("b", "d")),
        ("b", 1, "", ("a", "d")),
        ("d", 1, "", ("a", "b")),
        ("c", 4, "", ()),
    ]
    assert [tied_at(ranked, cut) for cut in range(5)] == [
        [],
        ["a", "b", "d"],
        ["a", "b", "d"],
        [],
        [],
    ]


@given(st.permutations([row(str(n), n // 2, n % 3, n % 5) for n in range(9)]))
def test_ranking_does_not_depend_on_the_order_of_rows(rows):
    expected = rank(sorted(rows, key=lambda each: each.project), ["group:g"])
    assert rank(rows, ["group:g"]) == expected


def test_moments_are_compared_to_the_microsecond_and_across_zones():
    east = NOW.astimezone(tz=None) + timedelta(microseconds=1)
    rows = [
        Row(project="a", total=1, submitted=east),
        Row(project="b", total=1, submitted=NOW),
    ]
    assert [each.project for each in rank(rows, ["submitted"])] == ["b", "a"]


def test_ranking_refuses_what_it_cannot_decide():
    with pytest.raises(Invalid, match="出现两次"):
        rank([row("a", 1), row("a", 2)])
    for rule in ("alphabet", "group:", ""):
        with pytest.raises(Invalid, match="不认识的同分规则"):
            rank([row("a", 1)], [rule])
    with pytest.raises(Invalid, match="没有指标组 x"):
        rank([row("a", 1)], ["group:x"])
    for moment in (None, datetime(2025, 9, 1)):  # noqa: DTZ001 -- the naive moment is the point
        with pytest.raises(Invalid, match="没有提交时间"):
            rank([Row(project="a", total=1, submitted=moment)], ["submitted"])


# --- agreement ------------------------------------------------------------------------------


def sheets_from_ranks(*experts):
    """Ranks (1 best) to scores; halves are tied ranks."""
    return {
        f"E{number}": {f"P{at}": int(-place * 2) for at, place in enumerate(ranks)}
        for number, ranks in enumerate(experts)
    }


def test_kendalls_w_of_the_textbook():
    """S. Siegel, Nonparametric Statistics (1956): W = .16 (p. 230), with ties .828 (p. 234)."""
    plain = agreement(sheets_from_ranks([1, 6, 3, 2, 5, 4], [1, 5, 6, 4, 2, 3], [6, 3, 2, 5, 4, 1]))
    assert plain.w == Fraction(306, 1890)
    tied = agreement(
        sheets_from_ranks(
            [1, 4.5, 2, 4.5, 3, 7.5, 6, 9, 7.5, 10],
            [2.5, 1, 2.5, 4.5, 4.5, 8, 9, 6.5, 10, 6.5],
            [2, 1, 4.5, 4.5, 4.5, 4.5, 8, 8, 8, 10],
        )
    )
    assert round(float(tied.w), 3) == 0.828
    assert (tied.experts, tied.projects, tied.unknown) == (3, 10, "")


def test_ranks_are_halved_among_equals():
    assert doubled_ranks([90, 80, 90, 70]) == [3, 6, 3, 8]


def test_agreement_is_not_claimed_without_ground():
    order = {"a": 3, "b": 2, "c": 1}
    assert agreement({"x": order, "y": order, "z": order}).w == 1
    two = agreement({"x": order, "y": order})
    assert (two.w, two.experts) == (None, 2)
    assert "少于 3 位" in two.unknown
    assert agreement({}).experts == 0
    gaps = agreement({"x": order, "y": order, "z": {"a": 1, "d": 2}})
    assert (gaps.w, gaps.projects) == (None, 1)
    flat = dict.fromkeys("abc", 5)
    assert "分数都相同" in agreement({"x": flat, "y": flat, "z": flat}).unknown


@given(st.lists(st.lists(st.integers(0, 9), min_size=4, max_size=4), min_size=3, max_size=7))
def test_w_lies_between_nought_and_one(rows):
    found = agreement({str(n): dict(zip("abcd", row_, strict=True)) for n, row_ in enumerate(rows)})
    assert found.w is None or 0 <= found.w <= 1


# --- stability ------------------------------------------------------------------------------

SHEETS = {
    "x": {"a": 90, "b": 80, "c": 70},
    "y": {"a": 88, "b": 82, "c": 60},
    "z": {"a": 85, "b": 60, "c": 99},
}


def test_leave_one_out_gives_the_interval_of_ranks():
    assert leave_one_out(SHEETS) == {
        "a": Interval(rank=1, best=1, worst=1),
        "b": Interval(rank=3, best=2, worst=3),
        "c": Interval(rank=2, best=2, worst=3),
    }


def test_fragile_names_the_projects_that_hang_on_one_expert():
    assert fragile(SHEETS, 1) == []
    assert fragile(SHEETS, 2) == ["b", "c"]
    assert fragile(SHEETS, 3) == []


def test_a_tie_across_the_line_is_neither_in_nor_out():
    sheets = {"x": {"a": 50, "b": 50}, "y": {"a": 53, "b": 50}, "z": {"a": 50, "b": 50}}
    assert fragile(sheets, 1) == ["a", "b"]
    assert leave_one_out(sheets)["b"] == Interval(rank=2, best=1, worst=2)


def test_a_project_of_one_expert_hangs_on_that_expert():
    sheets = {"x": {"a": 9, "b": 5}, "y": {"b": 6}, "z": {"b": 7}}
    assert leave_one_out(sheets)["a"] == Interval(rank=1, best=1, worst=2)
    assert fragile(sheets, 1) == ["a", "b"]


def test_the_trimmed_mean_gives_way_below_five():
    totals = {"a": [90, 90, 90, 90, 0], "b": [80, 80, 80, 80, 80]}
    sheets = {f"E{n}": {"a": totals["a"][n], "b": totals["b"][n]} for n in range(5)}
    found = leave_one_out(sheets, Aggregation.TRIMMED)
    assert found["a"] == Interval(rank=1, best=1, worst=2)
    assert fragile(sheets, 1, Aggregation.TRIMMED) == ["a", "b"]


def test_one_expert_cannot_be_left_out():
    for ask in (leave_one_out, lambda sheets: fragile(sheets, 1)):
        with pytest.raises(Invalid, match="至少需要两位专家"):
            ask({"x": {"a": 1}})
