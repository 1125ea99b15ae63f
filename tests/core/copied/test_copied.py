"""Pieces, sketches and overlaps: what holds for every text, and how well a generated set is found."""

from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jiangxin.core.copied import (
    BANDS,
    bands,
    estimate,
    jaccard,
    marked,
    normal,
    packed,
    paragraphs,
    shingles,
    sketch,
    unpacked,
    without,
)

HAN = st.characters(min_codepoint=0x4E00, max_codepoint=0x4E80)
TEXTS = st.text(alphabet=st.one_of(HAN, st.sampled_from("，。 ABab１2３-（）\n")), max_size=120)
ERROR = 0.045  # of the estimate from 128 permutations, at its largest
PINNED = (3861575895, 3592347957, 4163897056)


# --- texts


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("年培训 2000 人次，合格率95%。", "年培训３０００人次合格率９％"),
        ("“双师型”教师（ＣＮＣ）", "双师型教师cnc"),
        ("  实训\n中心  ", "实训中心"),
    ],
)
def test_width_case_points_and_figures_do_not_count(one: str, other: str) -> None:
    assert normal(one) == normal(other)


def test_a_text_shorter_than_a_piece_has_none() -> None:
    assert shingles("实训基") == frozenset()
    assert shingles("实训基地") == {"实训基地"}


def test_paragraphs_and_names() -> None:
    assert paragraphs("一\r\n\n  二 \n") == ["一", "二"]
    assert without("甲学院与甲学院附属厂", ["甲学院", ""]) == "与附属厂"


# --- estimate and exact


@given(TEXTS, TEXTS)
def test_jaccard_is_a_share_and_says_the_same_both_ways(one: str, other: str) -> None:
    a, b = shingles(one), shingles(other)
    assert jaccard(a, b) == jaccard(b, a)
    assert 0 <= jaccard(a, b) <= 1
    assert jaccard(a, a) == (1 if a else 0)


@given(
    st.sets(st.integers(0, 10_000), min_size=30, max_size=200),
    st.sets(st.integers(0, 10_000), min_size=30, max_size=200),
    st.floats(0, 1),
)
def test_the_estimate_lies_within_five_standard_errors_of_the_truth(
    one: set[int], other: set[int], share: float
) -> None:
    kept = set(sorted(one)[: int(len(one) * share)])
    a = frozenset(map(str, one))
    b = frozenset(map(str, (other - one) | kept))
    assert abs(estimate(sketch(a), sketch(b)) - jaccard(a, b)) <= 5 * ERROR


@given(TEXTS)
def test_the_same_pieces_give_the_same_sketch_and_meet_in_every_band(text: str) -> None:
    pieces = shingles(text)
    one, other = sketch(pieces), sketch(list(pieces)[::-1])
    assert one == other == unpacked(packed(one))
    assert estimate(one, other) == 1
    assert bands(one) == bands(other)
    assert len(set(bands(one))) == BANDS
    assert all(-(2**63) <= each < 2**63 for each in bands(one))


def test_a_sketch_of_today_is_that_of_years_ago() -> None:
    """Sketches lie in the database for years: another seed or library version would find nothing."""
    assert sketch({"实训基地"})[:3] == PINNED


# --- marking


@given(TEXTS, TEXTS)
def test_marking_cuts_and_loses_nothing(one: str, other: str) -> None:
    pieces = marked(one, other)
    assert "".join(each.text for each in pieces) == one
    assert all(a.shared != b.shared for a, b in pairwise(pieces))
    for each in pieces:
        if not each.shared:
            assert not shingles(each.text) & shingles(other)


def test_what_is_shared_is_marked_with_its_points() -> None:
    one = "本校设有实训中心，面向社会开放。另有图书馆一座。"
    other = "我厂设有实训中心、面向社会开放，欢迎参观。"
    assert [(each.text, each.shared) for each in marked(one, other)] == [
        ("本校", False),
        ("设有实训中心，面向社会开放", True),
        ("。另有图书馆一座。", False),
    ]


# --- a generated set: what is found of copies, and how much of what is found is one

SUBJECTS = [
    "本单位",
    "实训中心",
    "教学团队",
    "校企联盟",
    "产业学院",
    "技师工作站",
    "培训处",
    "专家委员会",
    "车间班组",
    "研修班",
]
VERBS = ["建立", "完善", "推进", "承担", "组织", "开发", "联合", "引进", "改造", "修订"]
OBJECTS = [
    "数控加工实训平台",
    "课程资源包",
    "双师培养机制",
    "学徒岗位标准",
    "工艺攻关课题",
    "技能竞赛集训队",
    "能力评价题库",
    "设备共享制度",
    "安全操作规程",
    "导师带徒档案",
    "产线仿真系统",
    "质量追溯台账",
    "职工夜校",
    "乡村工匠班",
    "焊接机器人工位",
    "精密测量室",
    "护理情景室",
    "电商直播间",
]
RESULTS = [
    "单件工时下降两成",
    "学员满意度明显提高",
    "设备利用率稳步上升",
    "覆盖周边县区企业",
    "形成可复制的做法",
    "缩短新员工上岗周期",
    "带动就业增收",
    "解决进口替代难题",
    "节约材料成本",
    "获得行业推广",
]
SYNONYMS = {
    "建立": "搭建",
    "完善": "健全",
    "推进": "推动",
    "提高": "提升",
    "组织": "开展",
    "形成": "构建",
}


def sentence(rng: Random) -> str:
    one, two = rng.sample(OBJECTS, 2)
    return (
        f"{rng.choice(SUBJECTS)}{rng.choice(VERBS)}{one}，{rng.choice(VERBS)}{two}，"
        f"{rng.choice(('近三年', '去年以来', '建成后', '每季度'))}{rng.choice(RESULTS)}。"
    )


def passage(rng: Random) -> list[str]:
    return [sentence(rng) for _ in range(rng.randint(5, 8))]


def shuffled(rng: Random, text: list[str]) -> list[str]:
    return rng.sample(text, len(text))


def inserted(rng: Random, text: list[str]) -> list[str]:
    place = rng.randrange(len(text))
    return [*text[:place], sentence(rng), *text[place:]]


def cut(rng: Random, text: list[str]) -> list[str]:
    gone = rng.randrange(len(text))
    return [each for place, each in enumerate(text) if place != gone]


def paraphrased(rng: Random, text: list[str]) -> list[str]:
    def other(line: str) -> str:
        for word, new in SYNONYMS.items():
            line = line.replace(word, new)
        return line

    return [other(each) for each in text]


def all_at_once(rng: Random, text: list[str]) -> list[str]:
    return shuffled(rng, inserted(rng, paraphrased(rng, cut(rng, text))))


WAYS = {
    "all_at_once": all_at_once,
    "shuffled": shuffled,
    "inserted": inserted,
    "cut": cut,
    "paraphrased": paraphrased,
}
THRESHOLD = 0.4


def found(one: list[str], other: list[str]) -> bool:
    """The whole way: sketches, bands, the exact comparison."""
    a, b = shingles("".join(one)), shingles("".join(other))
    met = set(bands(sketch(a))) & set(bands(sketch(b)))
    return bool(met) and jaccard(a, b) >= THRESHOLD


def measured(rounds: int) -> tuple[dict[str, float], float]:
    """Recall by way of copying; precision over copies and pairs written independently."""
    rng = Random(62)
    hits = dict.fromkeys(WAYS, 0)
    for _ in range(rounds):
        text = passage(rng)
        for way, change in WAYS.items():
            hits[way] += found(text, change(rng, text))
    wrong = sum(found(passage(rng), passage(rng)) for _ in range(rounds * len(WAYS)))
    right = sum(hits.values())
    return {way: count / rounds for way, count in hits.items()}, right / (right + wrong)


def test_copies_are_found_and_independent_texts_are_not() -> None:
    recall, precision = measured(150)
    assert recall["shuffled"] == 1, recall
    assert recall["inserted"] >= 0.97, recall
    assert recall["cut"] >= 0.97, recall
    assert recall["paraphrased"] >= 0.95, recall
    assert recall["all_at_once"] >= 0.75, recall
    assert precision >= 0.99, precision


def test_without_bands_in_common_nothing_is_found() -> None:
    """The control: the measure can fail."""
    rng = Random(1)
    assert not found(passage(rng), passage(rng))
