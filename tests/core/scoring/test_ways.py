"""Votes, phases, floors, forced shares, figures and worked examples, without a database."""

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jiangxin.core.kernel.errors import Invalid
from jiangxin.core.scoring.examples import faults
from jiangxin.core.scoring.figures import amount, band_points
from jiangxin.core.scoring.loading import rubric_from
from jiangxin.core.scoring.marking import Mark, score
from jiangxin.core.scoring.panel import by_scores, counted, shared_grades, weighted

ITEM = {"id": "a", "name": "甲", "kind": "points", "method": "expert", "points": 4}
BANDS = [{"at_least": 98, "points": 6}, {"at_least": 90, "points": 2}]
THREE = {
    "id": "three",
    "name": "三级",
    "version": "1",
    "track": "studio",
    "status": "assumption",
    "source": "测试",
    "total": 10,
    "groups": [
        {
            "id": "g",
            "name": "一级",
            "points": 10,
            "parts": [
                {"id": "p", "name": "二级", "points": 4, "items": [ITEM]},
                {
                    "id": "q",
                    "name": "数据",
                    "points": 6,
                    "items": [
                        {
                            **ITEM,
                            "id": "b",
                            "kind": "data",
                            "points": 6,
                            "fact": "rate",
                            "bands": BANDS,
                        }
                    ],
                },
            ],
        }
    ],
}


def test_three_levels_close_at_each_level():
    rubric = rubric_from(THREE)
    assert [part.name for part in rubric.groups[0].parts] == ["二级", "数据"]
    assert [item.part for item in rubric.items()] == ["二级", "数据"]
    assert score(rubric, {"a": Mark(value=4000), "b": Mark(value=6000)}).total == 10_000
    for path in (("points",), ("parts", 0, "points")):
        broken = copy.deepcopy(THREE)
        place = broken["groups"][0]
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = 5
        with pytest.raises(Invalid, match="不符"):
            rubric_from(broken)
    broken = copy.deepcopy(THREE)
    broken["groups"][0]["parts"][0]["points"] = 3
    with pytest.raises(Invalid, match="二级指标“二级”各项合计 4 分"):
        rubric_from(broken)


@pytest.mark.parametrize(
    ("value", "figure"),
    [(3, 3000), ("93.55%", 93_550), ("100%", 100_000), (None, None), ("x%", None), (True, None)],
)
def test_a_figure_is_a_number_or_a_rate(value, figure):
    assert amount(value) == figure


@pytest.mark.parametrize(
    ("figure", "points"), [(98_000, 6000), (97_999, 2000), (89_999, 0), (None, 0)]
)
def test_bands_give_points_from_their_lower_end_on(figure, points):
    item = rubric_from(THREE).item("b")
    assert band_points(item, figure) == points
    assert score(rubric_from(THREE), {"a": Mark(value=0), "b": Mark(value=points)}).problems == []


def test_a_mark_that_no_band_gives_is_refused():
    result = score(rubric_from(THREE), {"a": Mark(value=0), "b": Mark(value=3000)})
    assert result.problems == ["“甲”的分值不是申报数据所得"]


def test_bands_must_fall_and_reach_the_points():
    for bands in (BANDS[::-1], [{"at_least": 98, "points": 5}], []):
        broken = copy.deepcopy(THREE)
        broken["groups"][0]["parts"][1]["items"][0]["bands"] = bands
        with pytest.raises(Invalid):
            rubric_from(broken)


@given(
    st.lists(st.sampled_from(["yes", "no", "abstain"]), max_size=9),
    st.integers(min_value=0, max_value=5),
)
def test_a_vote_carries_with_more_than_half_of_the_entitled(words, silent):
    entitled = len(words) + silent
    if not entitled:
        with pytest.raises(Invalid):
            counted(words, entitled)
        return
    found = counted(words, entitled)
    assert found.qualified is (words.count("yes") > entitled / 2)
    assert found.tally["entitled"] == entitled
    assert sum(found.tally[each] for each in ("yes", "no", "abstain")) == len(words)


def test_half_is_not_more_than_half_and_nobody_votes_twice():
    assert not counted(["yes", "yes", "no", "no"], 4).qualified
    assert counted(["yes", "yes", "yes", "no"], 4).qualified
    with pytest.raises(Invalid):
        counted(["yes", "yes"], 1)


def test_weights_close_and_the_mean_of_weighted_is_exact():
    assert weighted([(60, 90_000), (40, 50_000)]) == 74_000
    with pytest.raises(Invalid, match="100%"):
        weighted([(60, 1), (30, 1)])


@given(
    st.dictionaries(
        st.text("abcdefgh", min_size=1, max_size=3), st.integers(0, 100_000), max_size=30
    )
)
def test_a_forced_share_is_never_exceeded_and_never_splits_equals(totals):
    rubric = rubric_from(
        {
            **THREE,
            "total": 100,
            "groups": [
                {"id": "g", "name": "组", "points": 100, "items": [{**ITEM, "points": 100}]}
            ],
            "grades": [
                {"name": "优秀", "at_least": 90, "share_at_most": 20},
                {"name": "合格", "at_least": 60},
            ],
        }
    )
    found = shared_grades(rubric, totals)
    best = [each for each in totals if found[each] == "优秀"]
    assert len(best) * 5 <= len(totals)
    assert all(totals[each] >= 90_000 for each in best)
    for one in totals:
        for other in totals:
            if totals[one] == totals[other]:
                assert found[one] == found[other]
            if totals[one] > totals[other]:
                assert not (found[other] == "优秀" and found[one] != "优秀")
        assert (found[one] == "不合格") is (totals[one] < 60_000)


def test_a_floor_of_a_group_holds_on_the_mean_of_the_panel():
    data = {**copy.deepcopy(THREE), "group_floor_percent": 60}
    rubric = rubric_from(data)
    results = [
        score(rubric, {"a": Mark(value=0), "b": Mark(value=points)}) for points in (6000, 2000)
    ]
    verdict = by_scores([(rubric, results)], 9_999, 0)
    assert verdict.shortfalls == ("“一级”得 4 分，低于下限 6 分",)
    assert not verdict.qualified


@pytest.mark.parametrize(
    ("case", "text"),
    [
        ({"name": "对", "total": 10}, None),
        ({"name": "错", "total": 9}, "应得 9 分，实际：得 10 分"),
        ({"name": "无", "marks": {"z": 1}, "total": 10}, "没有指标 z"),
        ({"name": "合格", "total": 10, "qualified": False}, "合格与否"),
        ({"name": "缺"}, "total"),
    ],
)
def test_a_worked_example_must_come_out(case, text):
    found = faults({**THREE, "cases": [case]})
    assert found == [] if text is None else text in found[0]
