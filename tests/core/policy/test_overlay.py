"""An overlay adds and tightens; one that loosens is refused with a witness that proves it."""

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jiangxin.core.policy import (
    Overlay,
    Pack,
    Verdict,
    assess,
    check_overlay,
    load_pack,
    read_overlay,
)
from jiangxin.core.policy.overlay import overlay_from

PACK = load_pack()
ON = date(2022, 12, 31)


def overlay(**data: Any) -> Overlay:
    base = {"code": "11-2022", "province": "11", "year": 2022, "title": "测试细则"}
    return overlay_from({**base, **data}, PACK.choices, "北京市")


def test_shandong_adds_a_condition_and_two_questions(pack: Pack) -> None:
    shandong = pack.overlay("37", 2022)
    assert shandong
    assert check_overlay(pack, shandong) == []
    assert len(shandong.prefers) == 5
    assert not shandong.recommender
    assert (shandong.quota, shandong.publicity_days) == ({"base": 5, "studio": 5}, None)
    form = pack.form("studio", shandong)
    assert form.field("education_fund")
    assert pack.form("studio").field("education_fund") is None
    facts = pack.tracks["studio"].sample | {
        "education_fund": 100,
        "education_fund_high_skilled": 49,
    }
    found = assess(pack, track="studio", on=date(2022, 10, 1), facts=facts, overlay=shandong)
    assert [(each.norm, each.source) for each in found if each.verdict is Verdict.NOT_MET] == [
        ("37-01", "山东省")
    ]


def test_tightened_limits_judge_under_the_provinces_name() -> None:
    strict = overlay(values={"base.capacity": 3000, "publicity.working_days": 7, "panel.size": 7})
    assert check_overlay(PACK, strict) == []
    assert (strict.publicity_days, strict.panel_size, strict.quota) == (7, 7, {})
    facts = PACK.tracks["new_base"].sample
    found = assess(PACK, track="new_base", on=ON, facts=facts, overlay=strict)
    own = [each for each in found if each.norm == "N10"]
    assert [(each.source, each.verdict.label) for each in own] == [
        ("国家", "符合"),
        ("北京市", "不符合"),
    ]
    assert PACK.value("publicity.working_days", ON, strict) == 7
    assert PACK.value("publicity.working_days", ON) == 5


LOOSER = [
    ("base.capacity", 1500, "2.1.1.2"),
    ("base.occupations", 4, "2.1.1.3"),
    ("look_back.years", 2, "2.1.1.1"),
    ("existing.scale", 2500, "2.1.2.4"),
    ("existing.high_skilled", 800, "2.1.2.4"),
    ("existing.pass_rate", 89, "2.1.2.5"),
    ("existing.satisfaction", 85, "2.1.2.5"),
    ("studio.leader_level", "technician", "2.2"),
]


@pytest.mark.parametrize(("name", "value", "clause"), LOOSER)
def test_a_looser_limit_is_refused_with_a_unit_that_proves_it(
    name: str, value: Any, clause: str
) -> None:
    loose = overlay(values={name: value})
    (refusal,) = check_overlay(PACK, loose)
    assert refusal.clause == clause
    assert "只能从严" in refusal.message
    witness = refusal.witness
    assert "会被北京市的细则接纳，而通知不接纳" in witness["sentence"]
    found = assess(PACK, track=witness["track"], on=ON, facts=witness["facts"], overlay=loose)
    national = [each.verdict for each in found if each.source == "国家"]
    provincial = [each.verdict for each in found if each.source == "北京市"]
    assert Verdict.NOT_MET in national
    assert provincial
    assert set(provincial) == {Verdict.MET}


@pytest.mark.parametrize(
    ("name", "value", "clause", "said"),
    [
        ("quota.base", 6, "3.1", "高于"),
        ("publicity.working_days", 3, "3.2", "低于"),
        ("build.years", 3, "4.3", "高于"),
        ("target.base", 10, "1", "统一规定"),
        ("no.such", 1, "3.1", "不存在"),
        ("quota.base", "six", "3.1", "不是可用的值"),
        ("quota.base", True, "3.1", "不是可用的值"),
        ("studio.leader_level", "guru", "2.2", "不是可用的值"),
        ("build.start_event", "someday", "4.3", "不是可用的值"),
        ("build.start_event", 3, "4.3", "不是可用的值"),
        ("legacy.rectification", 1, "4.2", "不是可用的值"),
        ("acceptance.panel", 2, "4.3", "低于"),
    ],
)
def test_other_values_are_refused_with_a_sentence(
    name: str, value: Any, clause: str, said: str
) -> None:
    (refusal,) = check_overlay(PACK, overlay(values={name: value}))
    assert refusal.clause == clause
    assert said in refusal.message
    assert bool(refusal.witness) == (said not in ("不存在", "不是可用的值"))


def test_a_higher_level_and_the_same_values_stand() -> None:
    assert (
        check_overlay(
            PACK, overlay(values={"studio.leader_level": "chief_technician", "target.base": 400})
        )
        == []
    )


def test_a_free_word_may_be_any_of_its_options() -> None:
    for event in PACK.parameter("build.start_event", ON).options:
        assert check_overlay(PACK, overlay(values={"build.start_event": event})) == []


def test_a_free_yes_or_no_may_be_either() -> None:
    for granted in (True, False):
        assert check_overlay(PACK, overlay(values={"legacy.rectification": granted})) == []
    assert PACK.parameter("legacy.rectification", ON).label(True) == "是"


def test_a_dropped_norm_is_refused() -> None:
    loose = overlay(waive=["N12", "N31", "N99"])
    eligibility, procedure, unknown = check_overlay(PACK, loose)
    assert eligibility.clause == "2.1.1.3"
    assert "N12" in eligibility.message
    assert eligibility.witness["verdict"] == "unknown"
    assert "platform" not in eligibility.witness["facts"]
    assert procedure.clause == "3.2"
    assert "公示" in procedure.witness["sentence"]
    assert "不存在" in unknown.message
    assert unknown.witness == {}


def test_no_witness_is_made_up_where_another_limit_keeps_the_unit_out() -> None:
    """900 person-times cannot hold 1000 highly skilled: no unit passes, a sentence stands in."""
    (refusal,) = check_overlay(PACK, overlay(values={"existing.scale": 900}))
    assert "facts" in refusal.witness
    assert refusal.witness["facts"] == {"existing.scale": 900}


def condition(**data: Any) -> dict[str, Any]:
    base = {"track": "studio", "norm": "11-01", "clause": "2.2", "title": "面积"}
    rest = {"kind": "threshold", "fact": "studio_area", "unit": "平方米", "at_least": "11.area"}
    return {**base, **rest, **data}


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"conditions": [condition(clause="9")]}, "没有引用通知的条款"),
        ({"conditions": [condition(norm="N21")]}, "不能使用国家规范的编号"),
        ({"conditions": [condition(at_least="11.other")]}, "11.other"),
        ({"conditions": [condition(track="atelier")]}, "atelier"),
        ({"fields": [{"track": "atelier", "key": "x", "label": "x", "kind": "text"}]}, "atelier"),
        ({"prefers": [{"track": "atelier", "text": "x"}]}, "atelier"),
        (
            {"fields": [{"track": "studio", "key": "unit_name", "label": "x", "kind": "text"}]},
            "重名",
        ),
    ],
)
def test_misfits_are_named(data: dict[str, Any], said: str) -> None:
    (refusal,) = check_overlay(PACK, overlay(values={"11.area": 60}, **data))
    assert said in refusal.message


def test_attachments_open_a_section_of_their_own() -> None:
    more = overlay(
        recommender=True,
        rubrics={"studio": "default"},
        values={"11.area": 60},
        conditions=[condition()],
        attachments=[
            {"track": "studio", "key": "letter", "label": "推荐函"},
            {"track": "studio", "key": "minutes", "label": "会议纪要"},
        ],
    )
    assert check_overlay(PACK, more) == []
    assert more.recommender
    section = PACK.form("studio", more).sections[-1]
    assert (section.key, [field.key for field in section.fields]) == (
        "provincial",
        ["letter", "minutes"],
    )
    assert section.fields[0].evidence == "required"
    assert PACK.form("new_base", more) == PACK.form("new_base")
    found = assess(PACK, track="studio", on=ON, facts={"studio_area": 59}, overlay=more)
    assert found[-1].verdict is Verdict.NOT_MET
    assert found[-1].clause == "2.2"


def test_an_overlay_file_is_read(tmp_path: Path, pack: Pack) -> None:
    path = tmp_path / "11-2022.toml"
    path.write_text(
        'code="11-2022"\nprovince="11"\nyear=2022\ntitle="x"\n[values]\n"quota.base"=4\n'
    )
    assert read_overlay(path, pack).values == {"quota.base": 4}


numbers = {name: value for name, value, _ in LOOSER if isinstance(value, int)} | {
    "quota.base": 5,
    "panel.size": 5,
}


@given(
    st.dictionaries(st.sampled_from(sorted(numbers)), st.integers(0, 4000), min_size=1),
    st.integers(1990, 3100),
    st.integers(0, 110),
)
def test_the_notice_is_the_floor_of_every_overlay(
    values: dict[str, int], capacity: int, passed: int
) -> None:
    """Whatever an overlay says, nobody whom the notice turns away comes through it."""
    wild = overlay(values=values)
    facts = {
        **PACK.tracks["existing_base"].sample,
        "capacity": capacity,
        "examined_latest": 110,
        "passed_latest": passed,
    }
    alone = assess(PACK, track="existing_base", on=ON, facts=facts)
    under = assess(PACK, track="existing_base", on=ON, facts=facts, overlay=wild)
    assert under[: len(alone)] == alone


@given(st.dictionaries(st.sampled_from(sorted(numbers)), st.integers(0, 6000), min_size=1))
def test_an_overlay_stands_only_when_no_value_is_looser(values: dict[str, int]) -> None:
    refused = {
        each
        for each, value in values.items()
        if (value < PACK.value(each, ON)) == (PACK.parameter(each, ON).stricter == "higher")
        and value != PACK.value(each, ON)
    }
    assert len(check_overlay(PACK, overlay(values=values))) == len(refused)


def test_refusals_do_not_depend_on_other_values() -> None:
    both = overlay(values={"base.capacity": 1500, "base.occupations": 9})
    (refusal,) = check_overlay(PACK, both)
    assert refusal.witness["facts"]["capacity"] == 1500
    assert check_overlay(PACK, replace(both, values={"base.occupations": 9})) == []
