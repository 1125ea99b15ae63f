"""Completeness, cross-field rules, computed values, and the way from a form to findings."""

from datetime import date
from typing import Any

import pytest

from jiangxin.core.policy import (
    Form,
    Pack,
    Verdict,
    assess,
    check_pack,
    computed_values,
    facts_from,
    load_pack,
    parse_section,
    problems,
    section_status,
)
from tests.core.policy.filled import filled

ON = date(2024, 8, 30)
LEGACY = {"found": True, "year": 2014, "status": "titled", "assessment": "passed"}


def messages(form: Form, answers: dict[str, Any], evidence: dict[str, int]) -> dict[str, str]:
    return {each.field: each.message for each in problems(form, answers, evidence)}


@pytest.mark.parametrize("track", ["new_base", "existing_base", "studio"])
def test_a_filled_form_is_done_and_meets_every_condition(pack: Pack, track: str) -> None:
    form = pack.form(track)
    answers, evidence = filled(form)
    assert problems(form, answers, evidence) == []
    assert set(section_status(form, answers, evidence).values()) == {"done"}
    examined = dict.fromkeys(pack.norms, "met")
    registers = {"legacy": LEGACY, "studios": [], "examined": examined}
    facts = facts_from(form, answers, evidence, registers=registers)
    found = assess(pack, track=track, on=ON, facts=facts)
    assert [each.because for each in found if each.verdict is not Verdict.MET] == []


@pytest.mark.parametrize("track", ["new_base", "existing_base", "studio"])
def test_an_empty_form_misses_exactly_what_is_required(pack: Pack, track: str) -> None:
    form = pack.form(track)
    found = problems(form, {}, {})
    assert {each.field for each in found if "上传" not in each.message} == {
        field.key for _, field in form.fields() if field.required
    }
    assert all(each.missing and each.clause in pack.clauses for each in found)
    assert set(section_status(form, {}, {}).values()) == {"empty"}


def test_without_an_examiner_judgement_clauses_stay_open(pack: Pack) -> None:
    form = pack.form("new_base")
    answers, evidence = filled(form)
    facts = facts_from(form, answers, evidence, registers={})
    found = {each.norm: each for each in assess(pack, track="new_base", on=ON, facts=facts)}
    assert {norm for norm, each in found.items() if each.verdict is Verdict.UNKNOWN} == {
        "N07",
        "N09",
        "N12",
        "N13",
        "N14",
    }


@pytest.mark.parametrize(
    ("change", "field", "said"),
    [
        ({"training": {"high_skilled": 3001}}, "training-0-high_skilled", "高技能人才不能多于"),
        ({"training": {"passed": 2001}}, "training-0-passed", "考核合格不能多于"),
        ({"training": {"satisfied_workers": 1001}}, "training-0-satisfied_workers", "满意的劳动者"),
        ({"training": {"year": 2022}}, "training-1-year", "两次"),
        ({"occupations": {"occupation": "9-99-99-99"}}, "occupations-0-occupation", "不在本政策包"),
        ({"occupations": {"stations": {"raw": "许多"}}}, "occupations-0-stations", "许多"),
        ({"no_penalty": False}, "no_penalty", "逐条填写"),
        ({"plan_start": "2026-01-01"}, "plan_start", "晚于"),
        ({"teachers_dual": 31}, "teachers_dual", "一体化教师"),
        ({"sources": {"amount": 999}}, "budget_total", "不相等"),
        ({"truth": False}, "truth", "请作出声明"),
        ({"capacity": {"raw": "两千"}}, "capacity", "两千"),
    ],
)
def test_what_does_not_agree_is_named(
    pack: Pack, change: dict[str, Any], field: str, said: str
) -> None:
    form = pack.form("new_base")
    answers, evidence = filled(form)
    for key, value in change.items():
        if isinstance(answers[key], list):
            answers[key] = [{**answers[key][0], **value}, *answers[key][1:]]
        else:
            answers[key] = value
    found = messages(form, answers, evidence)
    assert list(found) == [field]
    assert said in found[field]
    status = section_status(form, answers, evidence)
    assert sorted(set(status.values())) == ["done", "partial" if field == "truth" else "problem"]


def test_routes_of_a_leader_need_their_own_statement(pack: Pack) -> None:
    form = pack.form("studio")
    answers, evidence = filled(form)
    answers["leader_route"] = "craft_route"
    assert "绝技绝活路径" in messages(form, answers, evidence)["leader_route"]
    answers["craft_statement"] = True
    assert list(messages(form, answers, evidence)) == []
    evidence.pop("craft_statement")
    assert "上传" in messages(form, answers, evidence)["craft_statement"]


def test_tables_with_too_few_or_many_rows_or_empty_cells(pack: Pack) -> None:
    form = pack.form("new_base")
    answers, evidence = filled(form)
    answers["training"] = answers["training"][:2]
    assert "至少填写 3 行" in messages(form, answers, evidence)["training"]
    answers["training"] = [{**filled(form)[0]["training"][0], "year": 2000 + n} for n in range(4)]
    assert "最多填写 3 行" in messages(form, answers, evidence)["training"]
    del answers["training"][0]["passed"]
    assert "第 1 行请填写“考核合格”" in messages(form, answers, evidence)["training-0-passed"]


@pytest.mark.parametrize(
    ("rows", "field", "said"),
    [
        ([("output", "served")], "performance_goals-0-group", "应为数量、质量、时效或成本"),
        ([("benefit", "quality")], "performance_goals-1-group", "应为经济效益、社会效益"),
        ([("satisfaction", "cost")], "performance_goals-2-group", "服务对象满意度指标"),
    ],
)
def test_a_second_level_indicator_belongs_to_its_first(
    pack: Pack, rows: list[tuple[str, str]], field: str, said: str
) -> None:
    form = pack.form("studio")
    answers, evidence = filled(form)
    for group, subgroup in rows:
        row = next(each for each in answers["performance_goals"] if each["group"] == group)
        row["subgroup"] = subgroup
    found = messages(form, answers, evidence)
    assert list(found) == [field]
    assert said in found[field]


def test_all_three_kinds_of_indicators_are_wanted(pack: Pack) -> None:
    form = pack.form("studio")
    answers, evidence = filled(form)
    for row in answers["performance_goals"]:
        row |= {"group": "output", "subgroup": "cost"}
    assert "产出、效益、满意度三类" in messages(form, answers, evidence)["performance_goals"]
    answers["performance_goals"][1]["group"] = {"raw": "效益"}
    assert "performance_goals" in messages(form, answers, evidence)


def test_totals_shares_and_counts_are_computed(pack: Pack) -> None:
    form = pack.form("studio")
    answers, _ = filled(form)
    answers["apprentices"] = [
        {"name": "甲", "level_after": "senior"},
        {"name": "乙", "level_after": "junior"},
        {"name": "丙"},
    ]
    answers["budget"] = [
        {"use": "studio_exchange", "amount": 300},
        {"use": "studio_equipment", "amount": 500},
        {"use": "studio_exchange", "amount": 20},
        {"use": {"raw": "杂费"}, "amount": 7},
    ]
    found = computed_values(form, answers)
    assert (found["apprentice_count"], found["apprentice_high_skilled"]) == (3, 1)
    assert found["apprentice_share"] == "33.33%"
    assert (found["budget_exchange"], found["budget_equipment"]) == (320, 500)
    assert found["budget_total"] == 827
    base = computed_values(
        pack.form("new_base"), {"teachers_full_time": 30, "teachers_part_time": 12}
    )
    assert base["teachers_total"] == 42
    assert "dual_share" not in base


def test_money_of_the_tasks_stays_within_the_budget(pack: Pack) -> None:
    form = pack.form("studio")
    answers, evidence = filled(form)
    answers["milestones"][0]["amount"] = 10**9
    assert "大于支出合计" in messages(form, answers, evidence)["milestones_amount"]


def test_missing_evidence_is_a_gap(pack: Pack) -> None:
    form = pack.form("new_base")
    answers, evidence = filled(form)
    evidence["platform"] = 0
    found = problems(form, answers, evidence)
    assert [(each.field, each.missing) for each in found] == [("platform", True)]
    assert section_status(form, answers, evidence)["occupations"] == "partial"
    assert section_status(form, {}, {"platform": 1})["occupations"] == "partial"


def test_computed_values_come_from_the_latest_year(pack: Pack) -> None:
    form = pack.form("existing_base")
    answers, _ = filled(form)
    answers["training"][2] |= {"trained": 5000, "examined": 1_000_000, "passed": 899_999}
    answers["training"].reverse()
    found = computed_values(form, answers)
    assert found["trained_latest"] == 5000
    assert found["trained_total"] == 11000
    assert found["pass_rate"] == "89.99%"
    assert found["occupation_count"] == 5
    assert found["budget_total"] == 1_000_000


def test_what_cannot_be_computed_is_absent(pack: Pack) -> None:
    form = pack.form("existing_base")
    assert computed_values(form, {}) == {"occupation_count": 0}
    found = computed_values(
        form,
        {
            "training": [
                {"year": 2024, "asked_workers": 0, "satisfied_workers": 0},
                {"trained": {"raw": "x"}},
            ]
        },
    )
    assert "worker_satisfaction" not in found
    assert "trained_latest" not in found
    assert found["trained_total"] == 0


def test_facts_leave_out_what_could_not_be_read(pack: Pack) -> None:
    form = pack.form("studio")
    answers, evidence = filled(form)
    answers["leader_level"] = {"raw": "?"}
    answers["activities"][0]["kind"] = {"raw": "?"}
    answers["unit_former_names"] = "旧厂、91350100M0001TGQXM"
    facts = facts_from(
        form, answers, evidence, registers={"unit_keys": ["更旧的厂"], "legacy": None}
    )
    assert "leader_level" not in facts
    assert "legacy" not in facts
    assert "kind" not in facts["activities"][0]
    assert facts["unit_keys"] == [
        "示例技师学院",
        "91350100M000100Y43",
        "旧厂",
        "91350100M0001TGQXM",
        "更旧的厂",
    ]
    assert facts["leader_key"] == "11010519491231002X"
    hashed = facts_from(form, answers, evidence, registers={"leader_key": "hash"})
    assert hashed["leader_key"] == "hash"


def test_a_leader_is_found_again_under_a_former_name(pack: Pack) -> None:
    form = pack.form("studio")
    answers, evidence = filled(form)
    answers["unit_former_names"] = "旧厂"
    register = [{"person": "11010519491231002X", "units": ["旧厂"], "title": "旧厂工作室"}]
    facts = facts_from(form, answers, evidence, registers={"studios": register})
    found = {each.norm: each for each in assess(pack, track="studio", on=ON, facts=facts)}
    assert found["N26"].verdict is Verdict.NOT_MET
    assert "旧厂工作室" in found["N26"].because


def test_lookups(pack: Pack) -> None:
    form = pack.form("new_base")
    section = form.section("training")
    assert section
    assert section.field("training")
    assert section.field("nothing") is None
    assert form.section("nothing") is None
    assert form.field("nothing") is None
    table = form.field("training")
    assert table
    assert table.column("passed")
    assert table.column("nothing") is None


def test_a_new_field_and_a_new_column_need_no_code(spoiled: Any) -> None:
    """Two tables of TOML more: asked, read, checked, computed and printed like the others."""
    new = """[[sections.fields]]
key = "dormitory"
label = "学员宿舍"
kind = "table"
required = true
help = "供外地学员住宿的楼栋，一栋一行。"
columns = [
  { key = "place", label = "位置", kind = "text", required = true, help = "楼栋的名称。" },
  { key = "beds", label = "床位", kind = "integer", unit = "张", help = "可住的床位数。" },
]
[[sections.fields]]
key = "beds_total"
label = "床位合计"
kind = "integer"
unit = "张"
computed = { op = "sum", table = "dormitory", column = "beds" }
help = "上表床位之和。"
[[sections.fields]]
key = "land_area\""""
    folder = spoiled("forms/new_base.toml", '[[sections.fields]]\nkey = "land_area"', new)
    changed = load_pack(folder)
    assert check_pack(changed) == []
    form = changed.form("new_base")
    section = form.section("premises")
    assert section is not None
    parsed = parse_section(section, {"dormitory-0-place": ["一号楼"], "dormitory-0-beds": ["４８"]})
    assert parsed.errors == {}
    assert parsed.answers["dormitory"] == [{"place": "一号楼", "beds": 48}]
    assert computed_values(form, parsed.answers)["beds_total"] == 48
    assert "dormitory" in {each.field for each in problems(form, {}, {})}
    assert changed.form("existing_base").field("beds_total")
