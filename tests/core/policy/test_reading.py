"""What people type, what hostile clients send, and the way back into the inputs."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jiangxin.core.policy import (
    Field,
    Option,
    Section,
    field_text,
    hints,
    is_raw,
    load_pack,
    parse_section,
    section_values,
)
from jiangxin.core.policy.reading import MOST_ROWS

PACK = load_pack()
COLOURS = (Option("red", "红"), Option("blue", "蓝"))
KINDS = {
    "name": "text",
    "story": "longtext",
    "number": "integer",
    "sum": "money",
    "day": "date",
    "year": "year",
    "season": "quarter",
    "colour": "choice",
    "colours": "multichoice",
    "sure": "yesno",
    "sworn": "attest",
    "code": "uscc",
    "person": "id_number",
    "phone": "phone",
    "mail": "email",
    "job": "occupation",
    "level": "level",
}


def a_field(key: str, kind: str, **more: Any) -> Field:
    return Field(key=key, label=key, kind=kind, options=COLOURS, max_length=30, **more)


SECTION = Section(
    key="s",
    title="",
    intro="",
    clause="3.1",
    fields=(
        *(a_field(key, kind) for key, kind in KINDS.items()),
        Field(
            key="table",
            label="表",
            kind="table",
            max_rows=3,
            columns=tuple(a_field(key, kind) for key, kind in KINDS.items()),
        ),
    ),
)


def read(**typed: str | list[str]) -> tuple[dict[str, Any], dict[str, str]]:
    data = {key: [value] if isinstance(value, str) else value for key, value in typed.items()}
    parsed = parse_section(SECTION, data)
    return parsed.answers, parsed.errors


@pytest.mark.parametrize(
    ("key", "typed", "kept"),
    [
        ("name", "  某某学院 ", "某某学院"),
        ("name", "a\x00b\ud800c", "abc"),
        ("name", "𬭊\ue000", "𬭊\ue000"),
        ("story", "一\r\n二", "一\n二"),
        ("number", "１，２３４", 1234),
        ("number", "12,345 ", 12345),
        ("number", "0", 0),
        ("sum", "12.50", 12_500_000),
        ("sum", "１，２００．５万元", 1_200_500_000),
        ("sum", "0.000001", 1),
        ("day", "2024年9月3日", "2024-09-03"),
        ("day", "2024/9/30", "2024-09-30"),
        ("year", "２０２４年", 2024),
        ("season", "2025年第4季度", "2025-12-31"),
        ("season", "２０２６Ｑ２", "2026-06-30"),
        ("season", "2026年三季度", "2026-09-30"),
        ("season", "2026-1", "2026-03-31"),
        ("season", "2026-11-05", "2026-12-31"),
        ("colour", "red", "red"),
        ("sure", "yes", True),
        ("sure", "no", False),
        ("sworn", "on", True),
        ("sworn", "no", False),
        ("code", "９1350100M000100Y43", "91350100M000100Y43"),
        ("person", "11010519491231002x", "11010519491231002X"),
        ("phone", "（010）1234 5678", "01012345678"),
        ("mail", "a@b.cn", "a@b.cn"),
        ("job", "6-18-01-01 车工", "6-18-01-01"),
        ("level", "blue", "blue"),
    ],
)
def test_what_people_type_is_understood(key: str, typed: str, kept: Any) -> None:
    answers, errors = read(**{key: typed})
    assert (answers, errors) == ({key: kept}, {})


@pytest.mark.parametrize(
    ("key", "typed"),
    [
        ("name", "字" * 31),
        ("number", "-1"),
        ("number", "1.5"),
        ("number", "9" * 5000),
        ("number", "١٢"),
        ("number", "十"),
        ("sum", "1e999999"),
        ("sum", "NaN"),
        ("sum", "-1"),
        ("sum", "0.0000001"),
        ("day", "2023-02-29"),
        ("day", "明天"),
        ("day", "0000-01-01"),
        ("year", "24"),
        ("year", "3000"),
        ("season", "2025年第5季度"),
        ("season", "0000Q1"),
        ("season", "明年"),
        ("colour", "green"),
        ("sure", "maybe"),
        ("sworn", "1"),
        ("code", "123"),
        ("code", "9" * 100),
        ("person", "110105194912310021"),
        ("person", "9" * 100),
        ("phone", "call me"),
        ("mail", "a@b"),
        ("mail", "a" * 250 + "@b.cn"),
        ("job", "车工"),
        ("level", "green"),
    ],
)
def test_what_cannot_be_read_is_kept_and_explained(key: str, typed: str) -> None:
    answers, errors = read(**{key: typed})
    assert answers == {key: {"raw": typed}}
    assert is_raw(answers[key])
    assert errors[key]
    assert section_values(SECTION, answers) == {key: [typed]}


def test_bounds_are_explained() -> None:
    bounded = Section(
        key="s",
        title="",
        intro="",
        clause="1",
        fields=(a_field("n", "integer", minimum=2, maximum=4, unit="个"),),
    )
    assert "2 个" in parse_section(bounded, {"n": ["1"]}).errors["n"]
    assert "4 个" in parse_section(bounded, {"n": ["5"]}).errors["n"]
    assert parse_section(bounded, {"n": ["3"]}).answers == {"n": 3}


def test_choices_keep_their_order_once_and_a_bad_one_is_kept() -> None:
    assert read(colours=["blue", "red", "blue", ""])[0] == {"colours": ["blue", "red"]}
    answers, errors = read(colours=["blue", "green"])
    assert answers == {"colours": {"raw": "blue、green"}}
    assert "colours" in errors


def test_nothing_given_is_no_answer() -> None:
    assert read(name="  ", number="", colours=["", " "]) == ({}, {})
    assert parse_section(SECTION, {"table-0-name": [" "]}).answers == {}
    assert parse_section(SECTION, {"name": "one text"}).answers == {"name": "one text"}  # type: ignore[dict-item]


def test_table_rows_close_up_and_errors_follow_them() -> None:
    data = {
        "table-7-name": ["乙"],
        "table-2-name": ["甲"],
        "table-4-name": [""],
        "table-7-number": ["x"],
        "table-x-name": ["no"],
        "table-2-unknown": ["no"],
        "table-2": ["no"],
    }
    parsed = parse_section(SECTION, data)
    assert parsed.answers == {"table": [{"name": "甲"}, {"name": "乙", "number": {"raw": "x"}}]}
    assert list(parsed.errors) == ["table-1-number"]


def test_too_many_rows_are_refused_but_kept_up_to_a_bound() -> None:
    parsed = parse_section(SECTION, {f"table-{n}-name": ["x"] for n in range(5)})
    assert len(parsed.answers["table"]) == 5
    assert "最多填写 3 行" in parsed.errors["table"]
    parsed = parse_section(SECTION, {f"table-{n}-name": ["x"] for n in range(MOST_ROWS + 9)})
    assert len(parsed.answers["table"]) == MOST_ROWS


names = st.sampled_from(
    [*KINDS, *(f"table-{n}-{key}" for n in (0, 3, 11) for key in KINDS)]
) | st.text(max_size=12)
typed = st.text(max_size=40) | st.sampled_from(
    [
        "12",
        "１２．５",
        "2024-01-31",
        "2024",
        "red",
        "yes",
        "no",
        "6-18-01-01",
        "a@b.cn",
        "010-66668888",
    ]
)


@given(st.dictionaries(names, st.lists(typed, max_size=3)))
def test_reading_never_raises_and_comes_back_the_same(data: dict[str, list[str]]) -> None:
    first = parse_section(SECTION, data)
    again = parse_section(SECTION, section_values(SECTION, first.answers))
    assert again == first


@given(st.data())
def test_every_real_section_round_trips(data: st.DataObject) -> None:
    form = PACK.forms[data.draw(st.sampled_from(sorted(PACK.forms)))]
    section = data.draw(st.sampled_from(form.sections))
    posted = {
        f"{field.key}-{row}-{column.key}" if column else field.key: [data.draw(typed)]
        for field in section.fields
        for row in range(2 if field.columns else 1)
        for column in (field.columns or (None,))
    }
    first = parse_section(section, posted)
    assert not any(field.key in first.answers for field in section.fields if field.computed)
    assert parse_section(section, section_values(section, first.answers)) == first


def test_answers_read_as_words() -> None:
    fields = {field.key: field for field in SECTION.fields}
    assert field_text(fields["colours"], ["red", "x"]) == "红、x"
    assert field_text(fields["sure"], False) == "否"
    assert field_text(fields["sworn"], True) == "是"
    assert field_text(fields["colour"], "blue") == "蓝"
    assert field_text(fields["sum"], 12_500_000) == "12.50"
    assert field_text(fields["sum"], 1_234_567_890_000) == "1,234,567.89"
    assert field_text(fields["day"], date(2024, 1, 2).isoformat()) == "2024-01-02"
    assert field_text(fields["number"], {"raw": "十"}) == "十"


def test_a_wrong_check_digit_is_a_hint_only() -> None:
    answers, errors = read(code="91350100M0001TGQXM")
    assert errors == {}
    assert "校验位" in hints(SECTION, answers)["code"]
    assert hints(SECTION, {"code": "91350100M000100Y43"}) == {}
    assert hints(SECTION, {}) == {}


def test_inputs_of_every_kind_come_back() -> None:
    answers = {
        "colours": ["red", "blue"],
        "sure": False,
        "sworn": True,
        "sum": 1,
        "table": [{"name": "甲", "sum": 12_500_000}, {"number": {"raw": "十"}}],
    }
    assert section_values(SECTION, answers) == {
        "colours": ["red", "blue"],
        "sure": ["no"],
        "sworn": ["yes"],
        "sum": ["0.000001"],
        "table-0-name": ["甲"],
        "table-0-sum": ["12.5"],
        "table-1-number": ["十"],
    }


def test_computed_fields_cannot_be_typed() -> None:
    section = PACK.forms["new_base"].section("training")
    assert section is not None
    assert parse_section(section, {"pass_rate": ["100.00%"], "trained_total": ["9"]}).answers == {}
    assert section_values(section, {"pass_rate": "100.00%"}) == {}
