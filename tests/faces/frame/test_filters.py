from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jiangxin.core.kernel import clock
from jiangxin.core.policy.load import load_pack
from jiangxin.faces.frame import filters, rows


def test_money_dates_and_shares_read_as_officials_write_them() -> None:
    assert filters.wan(500_000_000) == "500.00"
    assert filters.wan(None) == "—"
    assert filters.yuan(1_234_567) == "12,345.67"
    assert filters.yuan(None) == "—"
    assert filters.long_day(date(2025, 10, 31)) == "2025年10月31日（星期五）"
    assert filters.moment(clock.beijing(2025, 10, 31, 17)) == "2025年10月31日（星期五）17:00"
    assert filters.percent(0.905) == "90.5%"
    assert filters.percent(0) == "0.0%"
    assert filters.thousands(12345) == "12,345"


@pytest.mark.parametrize(
    ("identifier", "label"),
    [
        ("1", "一"),
        ("2.1", "二（一）"),
        ("2.1.2", "二（一）2"),
        ("2.1.2.4", "二（一）2（4）"),
        ("省级细则第三条", "省级细则第三条"),
        ("2.99", "2.99"),
        ("", ""),
    ],
)
def test_clauses_are_cited_as_the_notice_numbers_them(identifier: str, label: str) -> None:
    assert filters.clause_label(identifier) == label


def test_the_chip_shows_the_text_of_every_clause_of_the_pack() -> None:
    pack = load_pack()
    assert pack.clauses
    for identifier, clause in pack.clauses.items():
        assert filters.clause(identifier)["text"] == clause.text


def test_attributes_leave_out_what_is_false_and_escape_the_rest() -> None:
    written = filters.attributes({"disabled": True, "a": False, "b": None, "c": "", "d": '"<'})
    assert written == ' disabled d="&quot;&lt;"'


def test_query_leaves_out_what_is_empty() -> None:
    assert filters.query({"q": "省:江苏", "page": None, "col": ["a", "b"], "x": ""}) == (
        "?q=%E7%9C%81%3A%E6%B1%9F%E8%8B%8F&col=a&col=b"
    )


def test_a_table_shows_its_rows_and_at_least_as_many_as_it_needs() -> None:
    values = {"t-0-a": ["1"], "t-7-a": ["2"], "tt-3-a": ["3"], "other": ["4"]}
    assert filters.row_numbers(values, "t") == [0, 7]
    assert filters.row_numbers(values, "t", 3) == [0, 7, 8]
    assert filters.row_numbers({}, "t") == [0]


def test_a_row_is_added_and_removed_without_a_script() -> None:
    values = {"t-0-a": ["1"], "t-10-a": ["2"], "t-1-a": ["3"], "name": ["甲"]}
    more = rows.change(values | {"_add": ["t"]})
    assert filters.row_numbers(more, "t") == [0, 1, 10, 11]
    fewer = rows.change(values | {"_remove": ["t-1"]})
    assert fewer == {"t-0-a": ["1"], "t-10-a": ["2"], "name": ["甲"]}


@given(st.dictionaries(st.text(max_size=8), st.lists(st.text(max_size=5), max_size=2), max_size=6))
def test_rows_change_keeps_every_other_input(values: dict[str, list[str]]) -> None:
    changed = rows.change(values | {"_add": ["table"]})
    for name, texts in values.items():
        if name not in ("_add", "_remove") and not name.startswith("table-"):
            assert changed[name] == texts
