"""The pack as shipped, and what reading and checking say of a spoiled one."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from jiangxin.core.kernel.errors import Invalid, NotFound
from jiangxin.core.policy import Pack, check_pack, load_pack
from jiangxin.core.policy.load import policies_folder

Spoil = Callable[[str, str, str], Path]


def test_shipped_pack_is_whole(pack: Pack) -> None:
    assert check_pack(pack) == []
    assert list(pack.norms) == [f"N{n:02d}" for n in range(1, 60)]
    assert len(pack.cases) >= 25
    assert "工学一体、产训结合" in pack.clauses["1"].text
    assert len(pack.occupations) >= 60


def test_same_folder_is_read_once() -> None:
    assert load_pack(policies_folder() / "cn-2022-62") is load_pack()


def test_every_norm_of_eligibility_has_a_case_for_each_verdict(pack: Pack) -> None:
    seen: dict[str, set[str]] = {}
    for case in pack.cases:
        for norm, verdict in case["expect"].items():
            seen.setdefault(norm, set()).add(verdict)
        if set(case["facts"] or {}) == set():
            for one in pack.requirements(case["track"]):
                seen.setdefault(one.norm, set()).add(case["expect"].get("全部", ""))
    for norm in pack.norms.values():
        if norm.kind == "E":
            assert {"符合", "不符合", "待核实"} <= seen[norm.id], norm.id


def test_values_are_dated(pack: Pack) -> None:
    assert pack.value("quota.base", date(2022, 9, 14)) == 5
    with pytest.raises(NotFound) as refused:
        pack.value("quota.base", date(2022, 9, 13))
    assert "quota.base" in refused.value.message
    with pytest.raises(NotFound):
        pack.value("no.such", date(2024, 1, 1))
    assert pack.parameter("publicity.working_days", date(2024, 1, 1)).assumption
    assert pack.value("money.base.maximum", date(2024, 1, 1)) == 700_000_000
    assert pack.value("legacy.coverage_by", date(2024, 1, 1)) == date(2025, 12, 31)


def test_a_later_value_ends_the_earlier_one(spoiled: Spoil) -> None:
    later = (
        '[[parameters]]\nname = "quota.base"\ntitle = "x"\nvalue = 7\nclause = "3.1"\n'
        'since = 2024-01-01\nuntil = 2024-12-31\n\n[[parameters]]\nname = "target.base"'
    )
    pack = load_pack(spoiled("parameters.toml", '[[parameters]]\nname = "target.base"', later))
    assert pack.value("quota.base", date(2023, 12, 31)) == 5
    assert pack.value("quota.base", date(2024, 1, 1)) == 7
    with pytest.raises(NotFound):
        pack.value("quota.base", date(2025, 1, 1))


def test_years_and_lookups(pack: Pack) -> None:
    assert [pack.covers(year) for year in (2021, 2022, 2025, 2026)] == [False, True, True, False]
    assert pack.overlay("37", 2022) is not None
    assert pack.overlay("37", 2023) is None
    assert pack.overlay("11", 2022) is None
    with pytest.raises(NotFound):
        pack.track("no_such")
    with pytest.raises(NotFound):
        pack.form("no_such")


def test_folder_is_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("JIANGXIN_POLICIES", str(tmp_path))
    assert policies_folder() == tmp_path
    with pytest.raises(NotFound):
        load_pack()
    monkeypatch.delenv("JIANGXIN_POLICIES")
    assert (policies_folder() / "cn-2022-62" / "pack.toml").is_file()
    monkeypatch.setattr("jiangxin.core.policy.load.__file__", str(tmp_path / "load.py"))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(NotFound) as refused:
        policies_folder()
    assert "JIANGXIN_POLICIES" in refused.value.remedy


@pytest.mark.parametrize(
    ("name", "old", "new", "said"),
    [
        ("pack.toml", 'code = "cn-2022-62"', "code = ", "TOML"),
        ("pack.toml", 'code = "cn-2022-62"', "", "不完整"),
        ("tracks/new_base.toml", 'kind = "look_back"', 'kind = "no_such"', "条件种类"),
        ("tracks/new_base.toml", 'fact = "capacity"', 'fakt = "capacity"', "字段不对"),
        ("forms/new_base.toml", 'key = "unit_code"', "key = 1\nextra = 2", "写法不对"),
        ("forms/new_base.toml", 'kind = "uscc"', 'kind = "barcode"', "种类"),
        ("forms/new_base.toml", 'set = "unit_natures"', 'set = "no_such"', "选项表"),
        ("forms/existing_base.toml", 'key = "teachers"', 'key = "no_such"', "引用的部分"),
        ("forms/existing_base.toml", "changes.priority_field", "changes.no_such", "没有字段"),
        ("forms/existing_base.toml", 'from = "new_base"', 'from = "no_such"', "引用的部分"),
        ("overlays/37-2022.toml", 'province = "37"', 'province = "99"', "省级代码"),
        ("cases/studio.yaml", "- name", "- [name", "YAML"),
        ("cases/studio.yaml", "- name: 样本工作室", "- 样本\n- name: 样本工作室", "不完整"),
    ],
)
def test_a_malformed_file_is_refused_by_name(
    spoiled: Spoil, name: str, old: str, new: str, said: str
) -> None:
    with pytest.raises(Invalid) as refused:
        load_pack(spoiled(name, old, new))
    assert said in refused.value.message


@pytest.mark.parametrize(
    ("name", "old", "new", "said"),
    [
        ("norms.toml", 'id = "N01"\nclause = "1"', 'id = "N01"\nclause = "9"', "N01 引用的条款"),
        ("norms.toml", 'kind = "Q"', 'kind = "X"', "kind 或 how"),
        (
            "norms.toml",
            'where = ["stage:experts", "parameter:expert.term_years", "parameter:expert.rating_working_days", "parameter:expert.rating_floor", "face:desk-experts", "face:desk-loans", "face:portal-expert-apply", "face:expert-profile"]',
            "where = []",
            "N32 没有在任何地方",
        ),
        ("norms.toml", '"stage:experts"', '"experts"', "写法不对"),
        ("norms.toml", '"parameter:quota.base"', '"parameter:quota.x"', "quota.x”不存在"),
        (
            "norms.toml",
            'id = "N59"\nclause = "4.5"\nkind = "P"',
            'id = "N59"\nclause = "4.5"\nkind = "E"',
            "N59 没有被任何",
        ),
        (
            "parameters.toml",
            'value = 5\nunit = "个"\nclause = "3.1"',
            'value = 5\nclause = "9"',
            "quota.base 引用",
        ),
        ("parameters.toml", 'stricter = "lower"', 'stricter = "sideways"', "stricter"),
        ("parameters.toml", 'value = "registration"', 'value = "someday"', "不在它的选项"),
        ("parameters.toml", "value = 400", "value = 400\nuntil = 2020-01-01", "前后颠倒"),
        ("parameters.toml", 'name = "target.studio"', 'name = "target.base"', "同一天有两个值"),
        (
            "tracks/studio.toml",
            'title = "国家级技能大师工作室"\nclause = "2.2"',
            'title = "x"\nclause = "9"',
            "类别 studio",
        ),
        (
            "tracks/studio.toml",
            'norm = "N21"\nclause = "2.2"',
            'norm = "N21"\nclause = "9"',
            "引用的条款“9”",
        ),
        ("tracks/studio.toml", 'norm = "N21"', 'norm = "N99"', "规范“N99”不存在"),
        (
            "tracks/studio.toml",
            'at_least = "studio.leader_level"',
            'at_least = "studio.x"',
            "studio.x",
        ),
        ("tracks/studio.toml", 'fact = "premises"', 'fact = "not_asked"', "申报表没有“not_asked”"),
        (
            "tracks/studio.toml",
            'leader_level = "senior_technician"',
            'leader_level = "junior"',
            "样本",
        ),
        ("forms/studio.toml", 'key = "leader_name"', 'key = "unit_name"', "unit_name”重复"),
        (
            "forms/studio.toml",
            '绝技绝活。"\nclause = "2.2"',
            '绝技绝活。"\nclause = "9"',
            "引用的条款“9”",
        ),
        ("forms/studio.toml", 'norms = ["N26"]', 'norms = ["N99"]', "引用的规范“N99”"),
        ("forms/studio.toml", 'set = "studio_routes"', "", "没有选项"),
        ("forms/studio.toml", 'table = "results"', 'table = "nowhere"', "不存在的字段“nowhere”"),
        ("occupations.toml", '"6-31-01-03" = "电工"', '"6-31-1" = "电工"', "职业“6-31-1 电工”"),
        ("forms/studio.toml", 'whole = "apprentice_count"', 'whole = "x"', "不存在的字段“x”"),
        ("forms/studio.toml", 'help = "上表的行数。"', "", "apprentice_count”没有填写说明"),
        ("forms/studio.toml", 'help = "上表的行数。"', 'help = "近三年带徒。"', "只是重复了名称"),
        ("forms/new_base.toml", ', help = "负责的部门或人。"', "", "列“owner”没有填写说明"),
        ("forms/new_base.toml", 'source = "registered"', 'source = "heaven"', "来源“heaven”"),
        (
            "overlays/37-2022.toml",
            'help = "职工教育经费中用于高技能人才培训、研修、交流的部分。"',
            "",
            "education_fund_high_skilled”没有填写说明",
        ),
        (
            "pack.toml",
            'study = "研修"',
            'study = "研修"\ntraining2 = "x"\n[choices.other]\ntraining = "别的"',
            "含义不同",
        ),
        ("money.toml", 'kind = "withholding"', 'kind = "theft"', "规则 stuck 的种类"),
        ("money.toml", 'answers = "province"', 'answers = "nobody"', "规则 stuck 没有写明"),
        ("overlays/37-2022.toml", '"quota.base" = 5', '"quota.base" = 6', "37-2022"),
        ("cases/studio.yaml", "全部: 符合", "全部: 不符合", "全部 应为不符合，实为符合"),
        ("cases/studio.yaml", "N25: 不符合", "N25: 符合", "N25 应为符合，实为不符合"),
        ("cases/studio.yaml", "N26: 不符合", "N07: 不符合", "N07 不属于该类别"),
        ("cases/studio.yaml", "  track: studio", "  track: atelier", "atelier"),
        ("cases/studio.yaml", "date: 2024-08-30", "date: yesterday", "不是日期"),
        ("cases/studio.yaml", "date: 2024-08-30", "date: 2000-01-01", "没有值"),
        ("cases/studio.yaml", "  facts:", "  fakts:", "缺少 facts"),
        ("cases/shandong_2022.yaml", '"37-2022"', '"38-2022"', "38-2022"),
    ],
)
def test_check_names_what_is_wrong(
    spoiled: Spoil, name: str, old: str, new: str, said: str
) -> None:
    wrong = check_pack(load_pack(spoiled(name, old, new)))
    assert any(said in each for each in wrong), wrong


def test_check_finds_a_table_without_columns(spoiled: Spoil) -> None:
    folder = spoiled(
        "forms/studio.toml",
        '[[sections]]\nfrom = "new_base"\nkey = "undertakings"',
        '[[sections]]\nkey = "more"\ntitle = "更多"\nclause = "3.1"\n[[sections.fields]]\n'
        'key = "bare"\nlabel = "空表"\nkind = "table"\n',
    )
    assert any("没有列" in each for each in check_pack(load_pack(folder)))
