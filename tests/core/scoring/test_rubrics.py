"""Rubrics: the shipped ones close and cite; a spoilt one is refused with the reason."""

import copy
import tomllib
from decimal import Decimal
from pathlib import Path

import pytest

from jiangxin.core.kernel.errors import Invalid, WrongState
from jiangxin.core.scoring.loading import load_rubric, rubric_from
from jiangxin.core.scoring.marking import Evidence, Mark, grade_of, score
from jiangxin.core.scoring.points import half_up_ratio, milli, shown
from jiangxin.core.scoring.rubric import Kind, Method, Status

PACK = Path(__file__).resolve().parents[3] / "policies" / "cn-2022-62"
RUBRICS = sorted((PACK / "rubrics").glob("*.toml"))

ITEM = {"id": "g-a", "name": "甲项", "kind": "points", "method": "expert", "points": 6}
DATA = {
    "id": "r",
    "name": "样例",
    "version": "1",
    "track": "studio",
    "status": "assumption",
    "source": "测试",
    "total": 20,
    "pass_points": 12,
    "group_floor_percent": 60,
    "grades": [{"name": "优秀", "at_least": 18}, {"name": "合格", "at_least": 12}],
    "groups": [
        {
            "id": "g",
            "name": "第一组",
            "points": 10,
            "items": [
                {**ITEM, "evidence_required": True, "clauses": ["2.2"], "norms": ["N21"]},
                {**ITEM, "id": "g-b", "name": "乙项", "points": 4, "kind": "all_or_nothing"},
            ],
        },
        {
            "id": "h",
            "name": "第二组",
            "points": 10,
            "floor_percent": 0,
            "items": [
                {
                    **ITEM,
                    "id": "h-a",
                    "name": "丙项",
                    "points": 10,
                    "kind": "deduction",
                    "required_units": 10,
                    "per_missing": 3,
                    "unit": "人",
                    "floor": 1,
                    "cap": 9,
                }
            ],
        },
        {
            "id": "more",
            "name": "加分",
            "points": 3,
            "bonus": True,
            "items": [
                {**ITEM, "id": "more-a", "name": "加分甲", "points": 2},
                {**ITEM, "id": "more-b", "name": "加分乙", "points": 2},
            ],
        },
    ],
}


def data(edit=dict):
    changed = copy.deepcopy(DATA)
    edit(changed)
    return changed


FULL = {
    "g-a": Mark(value=6000),
    "g-b": Mark(value=4000),
    "h-a": Mark(units=10),
    "more-a": Mark(value=2000),
    "more-b": Mark(value=2000),
}


@pytest.mark.parametrize("path", RUBRICS, ids=lambda path: path.stem)
def test_shipped_rubrics_close_and_full_marks_reach_the_total(path):
    rubric = load_rubric(path)
    assert rubric.total == 100_000
    assert rubric.id in {path.stem, path.stem.replace("-", "_")}
    if rubric.status is Status.PARTIAL:
        assert rubric.missing
        return
    full = {
        item.id: Mark(units=item.required_units)
        if item.kind is Kind.DEDUCTION
        else Mark(value=item.scale)
        for item in rubric.items()
    }
    result = score(rubric, full)
    assert (result.total, result.qualified, result.problems) == (100_000, True, [])
    nothing = score(
        rubric,
        {
            item.id: Mark(units=0) if item.kind is Kind.DEDUCTION else Mark(value=0)
            for item in rubric.items()
        },
    )
    assert nothing.total == 0 or path.stem == "hangzhou-studio"
    assert nothing.problems == []


def test_the_rubrics_of_the_pack_and_which_of_them_are_published():
    assert [path.stem for path in RUBRICS] == [
        "acceptance_base",
        "acceptance_studio",
        "defence",
        "existing_base",
        "fujian-studio",
        "hangzhou-studio",
        "new_base",
        "sichuan-2014-acceptance",
        "site",
        "studio",
        "vote",
        "yiwu-studio-yearly",
    ]
    known = {each.id: each for each in map(load_rubric, RUBRICS)}
    partial = {name for name, each in known.items() if each.status is Status.PARTIAL}
    assert partial == {"fujian-studio", "sichuan-2014-acceptance", "yiwu-studio-yearly"}
    assert all(known[name].missing for name in (*partial, "hangzhou-studio"))
    assert sum(group.points for group in known["fujian-studio"].groups) == 80_000
    assert [each.share for each in known["yiwu-studio-yearly"].grades] == [20, 100]
    with pytest.raises(WrongState, match="内容不全"):
        score(known["fujian-studio"], {})


@pytest.mark.parametrize(
    "name", ["new_base", "existing_base", "studio", "acceptance_base", "acceptance_studio"]
)
def test_our_defaults_say_so_and_cite_what_exists(name):
    rubric = load_rubric(PACK / "rubrics" / f"{name}.toml")
    assert rubric.status is Status.ASSUMPTION
    assert "默认" in rubric.name
    norms = {f"N{number:02}" for number in range(1, 60)}
    clauses = {"1", "2.1", "2.2", "4.1", "4.3", "4.4", "4.5"}
    clauses |= {f"2.1.{kind}.{point}" for kind in (1, 2) for point in range(1, 6)}
    for item in rubric.items():
        assert item.clauses
        assert set(item.clauses) <= clauses
        assert item.norms
        assert set(item.norms) <= norms


def test_hangzhou_deductions():
    rubric = load_rubric(PACK / "rubrics" / "hangzhou-studio.toml")
    number, skilled = rubric.item("apprentices-number"), rubric.item("apprentices-skilled")

    def points(units):
        result = score(rubric, {number.id: Mark(units=units), skilled.id: Mark(units=units)})
        return result.by_item[number.id], result.by_item[skilled.id]

    assert points(12) == (10_000, 10_000)
    assert points(7) == (7_000, 10_000)
    assert points(2) == (2_000, 7_000)
    assert points(0) == (0, 1_000)


def test_a_partial_rubric_cannot_score():
    rubric = load_rubric(PACK / "rubrics" / "sichuan-2014-acceptance.toml")
    assert [grade_of(rubric, points * 1000) for points in (90, 89, 80, 79, 60, 59)] == [
        "优秀",
        "良好",
        "良好",
        "合格",
        "合格",
        "不合格",
    ]
    with pytest.raises(WrongState, match="内容不全") as refused:
        score(rubric, {})
    assert "18 项指标" in refused.value.remedy


# --- scoring --------------------------------------------------------------------------------


def test_full_marks_with_cap_and_bonus_cap():
    result = score(rubric_from(data()), FULL)
    assert result.by_group == {"g": 10_000, "h": 9_000, "more": 3_000}
    assert (result.base, result.bonus, result.total) == (19_000, 3_000, 22_000)
    assert (result.qualified, result.grade) == (True, "优秀")


def test_deduction_floor_and_group_floor():
    rubric = rubric_from(data())
    result = score(rubric, {**FULL, "h-a": Mark(units=0), "g-b": Mark(value=0)})
    assert result.by_item["h-a"] == 1_000
    assert result.shortfalls == ["总分 10，低于合格线 12"]
    result = score(rubric, {**FULL, "g-a": Mark(value=1500)})
    assert result.total == 5_500 + 9_000 + 3_000
    assert result.shortfalls == ["“第一组”得 5.5 分，低于下限 6 分"]
    assert (result.qualified, result.grade) == (False, "不合格")
    assert score(rubric, {**FULL, "g-a": Mark(value=2000)}).qualified


def test_no_or_false_evidence_is_zero():
    rubric = rubric_from(data())

    def points(item, mark):
        return score(rubric, {**FULL, item: mark}).by_item[item]

    assert points("g-a", Mark(value=6000, evidence=Evidence.MISSING)) == 0
    assert points("g-a", Mark(value=6000, evidence=Evidence.FALSE)) == 0
    assert points("g-b", Mark(value=4000, evidence=Evidence.MISSING)) == 4_000
    assert points("g-b", Mark(value=4000, evidence=Evidence.FALSE)) == 0
    assert points("h-a", Mark(units=0, evidence=Evidence.FALSE)) == 0, "beats the item's floor"


@pytest.mark.parametrize(
    ("item", "mark", "problem"),
    [
        ("g-a", None, "“甲项”尚未评分"),
        ("g-a", Mark(), "“甲项”应填写分值"),
        ("g-a", Mark(value=1000, units=1), "“甲项”应填写分值"),
        ("g-a", Mark(value=6500), "“甲项”的分值应在 0 到 6 之间"),
        ("g-a", Mark(value=-500), "“甲项”的分值应在 0 到 6 之间"),
        ("g-a", Mark(value=300), "“甲项”的分值应为 0.5 的倍数"),
        ("g-b", Mark(value=2000), "“乙项”只能评 0 分或满分 4"),
        ("h-a", Mark(value=1000), "“丙项”应填写实有数量（人），为非负整数"),
        ("h-a", Mark(units=-1), "“丙项”应填写实有数量（人），为非负整数"),
        ("h-a", Mark(units=3, value=0), "“丙项”应填写实有数量（人），为非负整数"),
    ],
)
def test_marks_that_cannot_be_used(item, mark, problem):
    marks = {**FULL, item: mark}
    if mark is None:
        del marks[item]
    result = score(rubric_from(data()), marks)
    assert result.problems == [problem]
    assert result.by_item[item] == 0
    assert not result.qualified


def test_a_mark_for_an_unknown_item_is_a_problem():
    rubric = rubric_from(data())
    assert score(rubric, {**FULL, "x": Mark(value=0)}).problems == ["评分标准中没有指标 x"]
    with pytest.raises(Invalid, match="没有指标 x"):
        rubric.item("x")


def test_weights():
    """Jiangsu's form: weights of the whole on both levels, marks out of 100."""
    rubric = rubric_from(
        {
            **{key: DATA[key] for key in ("id", "name", "version", "track", "status", "source")},
            "weighted": True,
            "total": 100,
            "groups": [
                {
                    "id": "m1",
                    "name": "示范作用",
                    "weight": Decimal("0.3"),
                    "items": [
                        {
                            "id": "m1-1",
                            "name": "培训目标",
                            "kind": "points",
                            "method": "materials",
                            "weight": "0.08",
                            "step": 1,
                        },
                        {
                            "id": "m1-2",
                            "name": "其他",
                            "kind": "all_or_nothing",
                            "method": "visit",
                            "weight": Decimal("0.22"),
                            "scale": 10,
                        },
                    ],
                },
                {
                    "id": "m2",
                    "name": "其余",
                    "weight": Decimal("0.7"),
                    "items": [
                        {
                            "id": "m2-1",
                            "name": "规模",
                            "kind": "points",
                            "method": "materials",
                            "weight": "0.7",
                        }
                    ],
                },
            ],
        }
    )
    marks = {
        "m1-1": Mark(value=75_000),
        "m1-2": Mark(value=10_000),
        "m2-1": Mark(value=33_500),
    }
    result = score(rubric, marks)
    assert result.by_item == {"m1-1": 6_000, "m1-2": 22_000, "m2-1": 23_450}
    assert result.grade == "合格", "no grades and no pass mark: anything passes"


# --- loading --------------------------------------------------------------------------------


def item_of(d):
    return d["groups"][0]["items"][0]


@pytest.mark.parametrize(
    ("edit", "problem"),
    [
        (lambda d: d.pop("name"), "“r”的 name 应为文字"),
        (lambda d: d.update(name=""), "name 应为文字"),
        (lambda d: d.update(total=21), "各组合计 20 分，与总分 21 分不符"),
        (lambda d: item_of(d).update(points=5), "“第一组”各项合计 9 分，与该组的 10 分不符"),
        (lambda d: d["groups"][2].update(points=5), "“加分”各项合计 4 分，与该组的 5 分不符"),
        (lambda d: item_of(d).update(id="g"), "编号重复：g"),
        (lambda d: d.update(extra=1), "不认识的字段：extra"),
        (lambda d: item_of(d).update(extra=1), "指标“甲项”含有不认识的字段：extra"),
        (lambda d: item_of(d).update(required_units=1), "不认识的字段：required_units"),
        (lambda d: item_of(d).update(weight=1), "不认识的字段：weight"),
        (lambda d: d.update(status="official"), "只能是 published、partial、assumption"),
        (lambda d: item_of(d).update(kind="guess"), "只能是 points"),
        (lambda d: d.update(groups=[]), "groups 应为非空列表"),
        (lambda d: d.update(status="partial", groups=3), "groups 应为列表"),
        (lambda d: d["groups"][0].update(items={}), "items 应为非空列表"),
        (lambda d: d.update(groups=["x"]), "指标组应为一个表"),
        (lambda d: d.update(pass_points=21), "高于总分"),
        (lambda d: d.update(pass_points=-1), "不能为负"),
        (lambda d: d["grades"].reverse(), "从高到低"),
        (lambda d: d.update(group_floor_percent=101), "0 到 100 的整数"),
        (lambda d: d.update(group_floor_percent=True), "0 到 100 的整数"),
        (lambda d: item_of(d).update(step=4), "应能整除满分 6"),
        (lambda d: item_of(d).update(step=0), "应能整除满分 6"),
        (lambda d: item_of(d).update(cap=7), "应在下限与分值之间"),
        (lambda d: item_of(d).update(floor=5, cap=4), "应在下限与分值之间"),
        (lambda d: item_of(d).update(evidence_required=1), "true 或 false"),
        (lambda d: item_of(d).update(clauses="2.2"), "应为文字列表"),
        (lambda d: item_of(d).update(norms=[1]), "应为文字列表"),
        (lambda d: d["groups"][1]["items"][0].update(required_units=0), "应为正整数"),
        (lambda d: d["groups"][1]["items"][0].pop("required_units"), "应为正整数"),
        (lambda d: item_of(d).update(points=0.5), "应为整数或小数"),
        (lambda d: item_of(d).update(points=True), "应为整数或小数"),
        (lambda d: item_of(d).update(points="x"), "不是数字"),
        (lambda d: item_of(d).update(points="Infinity"), "不是数字"),
        (lambda d: item_of(d).update(points="NaN"), "不是数字"),
        (lambda d: item_of(d).update(points="0.0001"), "最多保留三位小数"),
    ],
)
def test_a_spoilt_rubric_is_refused_with_the_reason(edit, problem):
    rubric_from(data())
    with pytest.raises(Invalid) as refused:
        rubric_from(data(edit))
    assert problem in refused.value.message


def test_files_that_are_no_rubric_are_named(tmp_path):
    broken = tmp_path / "broken.toml"
    broken.write_text("id = ")
    with pytest.raises(Invalid, match=r"broken\.toml 不是正确的 TOML"):
        load_rubric(broken)
    broken.write_text('id = "x"')
    with pytest.raises(Invalid, match=r"broken\.toml：分值“None”应为整数或小数"):
        load_rubric(broken)
    text = (PACK / "rubrics" / "studio.toml").read_text(encoding="utf-8")
    assert tomllib.loads(text)["status"] == "assumption"


def test_points_and_labels():
    assert milli(Decimal("0.125")) == 125
    assert [shown(value) for value in (86_500, 100_000, 0, -1_250, 5)] == [
        "86.5",
        "100",
        "0",
        "-1.25",
        "0.005",
    ]
    assert [half_up_ratio(n, 2) for n in (1, 2, 3, 5)] == [1, 1, 2, 3]
    for kinds in (Kind, Method, Status, Evidence):
        assert len({each.label for each in kinds}) == len(kinds)
