"""An official list of occupations: read whole, or every fault told by its row."""

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jiangxin.core.policy import Pack
from jiangxin.core.policy.occupations import as_toml, read_table

HEAD = ["序号", "职业编码", "职业名称", "备注"]


def test_a_list_as_it_is_published_is_read() -> None:
    table = read_table(
        [
            ["中华人民共和国职业分类大典（2022年版）"],
            HEAD,
            ["", "6", "第六大类 生产制造及有关人员"],
            ["", "6-18（GBM 61800）", "机械制造基础加工人员"],
            ["", "6-18-01", "机械冷加工人员"],
            ["1", "６－１８－０１－０１", "车 工"],
            ["2", "6–31–01–03", "电工", "L"],
            [],
            ["3", " 4-10-01-05 ", "养老护理员"],
        ]
    )
    assert table.faults == []
    assert table.occupations == {
        "4-10-01-05": "养老护理员",
        "6-18-01-01": "车工",
        "6-31-01-03": "电工",
    }


@pytest.mark.parametrize(
    ("rows", "row", "said"),
    [
        ([HEAD, ["1", "6-18-1-1", "车工"]], 2, "不是职业编码"),
        ([HEAD, ["1", "9-18-01-01", "车工"]], 2, "不是职业编码"),
        ([HEAD, ["1", "6-18-01-01", ""]], 2, "没有名称"),
        ([HEAD, ["1", "6-18-01-01"]], 2, "没有名称"),
        ([HEAD, ["1", "6-18-01-01", "长" * 61]], 2, "过长"),
        ([HEAD, ["1", "6-18-01-01", "车工"], ["2", "6-18-01-01", "铣工"]], 3, "名称是“车工”"),
        ([["编号", "职业"], ["6-18-01-01", "车工"]], 1, "没有找到表头"),
        ([], 1, "没有找到表头"),
        ([HEAD], 1, "没有职业"),
    ],
)
def test_every_fault_names_its_row(rows: list[list[str]], row: int, said: str) -> None:
    (fault,) = read_table(rows).faults
    assert fault.row == row
    assert said in fault.message


@given(st.lists(st.lists(st.text(max_size=12), max_size=5), max_size=6))
def test_nothing_that_stands_in_a_table_breaks_the_reading(rows: list[list[str]]) -> None:
    table = read_table([HEAD, *rows])
    assert all(fault.message for fault in table.faults)
    assert tomllib.loads(as_toml(table.occupations, "x"))["occupations"] == table.occupations


def test_the_shipped_excerpt_comes_back_the_same(pack: Pack) -> None:
    names = {code: each.name for code, each in pack.occupations.items()}
    rows = [["职业编码", "职业名称"], *([code, name] for code, name in names.items())]
    table = read_table(rows)
    assert (table.occupations, table.faults) == (dict(sorted(names.items())), [])
    read = tomllib.loads(as_toml(table.occupations, '人社部公告\\"2022"'))
    assert read["occupations"] == table.occupations
    assert read["excerpt"] is False
