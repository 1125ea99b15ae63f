"""Money, identifiers, canonical bytes, labels, regions and errors."""

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import ric, uscc

from jiangxin.core.kernel.canonical import canonical, digest, read_exactly
from jiangxin.core.kernel.errors import (
    DomainError,
    Invalid,
    LimitReached,
    NotFound,
    NotPermitted,
    Tampered,
    WrongState,
)
from jiangxin.core.kernel.identifiers import (
    keyed_hash,
    mask,
    narrow,
    read_id_number,
    read_uscc,
)
from jiangxin.core.kernel.labels import Labelled
from jiangxin.core.kernel.money import parse_wan, parse_yuan, wan, yuan
from jiangxin.core.kernel.regions import BY_CODE, PROVINCES, province_name

# --- money


def test_money_is_shown_in_wan_with_two_decimals() -> None:
    assert wan(500_000_000) == "500.00"
    assert wan(1_234_567_000_000) == "1,234,567.00"
    assert wan(0) == "0.00"


@pytest.mark.parametrize(
    ("text", "fen"),
    [
        ("12.50", 12_500_000),
        (" 1,000 ", 1_000_000_000),
        ("0.000001", 1),
        ("0", 0),
    ],
)
def test_what_people_type_is_read_exactly(text: str, fen: int) -> None:
    assert parse_wan(text) == fen


@pytest.mark.parametrize(
    "text", ["", "十万", "1.2.3", "nan", "inf", "-inf", "1e9", "1e999999999", "9" * 25]
)
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(Invalid, match="不是金额") as caught:
        parse_wan(text)
    assert "12.50" in caught.value.remedy


@pytest.mark.parametrize("text", ["-1", "-0.000001", "0.0000001", "12.3456789"])
def test_money_is_never_negative_and_never_finer_than_a_fen(text: str) -> None:
    with pytest.raises(Invalid, match="不合规"):
        parse_wan(text)


@given(st.integers(0, 10**12))
def test_whole_hundreds_of_yuan_come_back_from_the_screen(hundreds: int) -> None:
    fen = hundreds * 10_000
    assert parse_wan(wan(fen)) == fen


@given(st.integers(0, 10**15))
def test_every_fen_comes_back_from_an_account(fen: int) -> None:
    assert parse_yuan(yuan(fen)) == fen


@pytest.mark.parametrize(("text", "said"), [("0.001", "0.001”元不合规"), ("一百", "请按元填写")])
def test_an_account_refuses_in_its_own_unit(text: str, said: str) -> None:
    with pytest.raises(Invalid) as caught:
        parse_yuan(text)
    assert said in caught.value.message + caught.value.remedy


# --- identifiers

FULL_WIDTH = str.maketrans({chr(n): chr(n + 0xFEE0) for n in range(ord("!"), ord("~") + 1)})
ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def a_code(body: str) -> str:
    head = "91110000" + body
    return head + str(uscc.calc_check_digit(head))


@given(st.text(ALPHABET, min_size=9, max_size=9), st.booleans(), st.booleans())
def test_a_good_code_is_read_in_any_width_and_case(body: str, wide: bool, lower: bool) -> None:
    code = a_code(body)
    typed = code.lower() if lower else code
    typed = typed.translate(FULL_WIDTH) if wide else typed
    assert read_uscc(f" {typed}\u3000") == (code, "")


def test_a_wrong_check_digit_only_warns() -> None:
    code = a_code("MA0000000")
    other = next(letter for letter in "0123456789" if letter != code[-1])
    read, warning = read_uscc(code[:-1] + other)
    assert read == code[:-1] + other
    assert "校验位" in warning


def test_an_unusual_structure_only_warns() -> None:
    read, warning = read_uscc("X" * 2 + "1" * 16)
    assert read == "XX" + "1" * 16
    assert "结构" in warning


@pytest.mark.parametrize(
    "text", ["", "123", "9" * 17, "9" * 19, "9111000000000000O1", "9111000000000000-1"]
)
def test_what_cannot_be_a_code_is_refused(text: str) -> None:
    with pytest.raises(Invalid) as caught:
        read_uscc(text)
    assert caught.value.field == "uscc"


@given(st.dates(date(1930, 1, 1), date(2020, 12, 31)), st.integers(0, 999), st.booleans())
def test_an_id_number_is_read_in_any_width(born: date, serial: int, wide: bool) -> None:
    head = f"110101{born:%Y%m%d}{serial:03d}"
    number = head + str(ric.calc_check_digit(head + "0"))
    typed = number.lower().translate(FULL_WIDTH) if wide else number.lower()
    assert read_id_number(typed) == number


@pytest.mark.parametrize("text", ["", "11010119990101001", "110101199913010012", "1" * 18])
def test_a_wrong_id_number_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(Invalid) as caught:
        read_id_number(text)
    assert caught.value.field == "id_number"
    assert not text or text not in caught.value.message + caught.value.remedy


@given(st.text(max_size=30))
def test_narrow_is_stable(text: str) -> None:
    assert narrow(narrow(text)) == narrow(text)


def test_the_hash_finds_a_person_only_with_the_key() -> None:
    assert keyed_hash("110101", b"k") == keyed_hash("110101", b"k")
    assert keyed_hash("110101", b"k") != keyed_hash("110101", b"other")
    assert keyed_hash("110101", b"k") != keyed_hash("110102", b"k")


@given(st.text(min_size=0, max_size=30), st.integers(0, 5), st.integers(0, 5))
def test_a_mask_shows_head_and_tail_and_nothing_between(text: str, head: int, tail: int) -> None:
    shown = mask(text, head=head, tail=tail)
    hidden = len(text) - head - tail
    if hidden > 0:
        assert shown == text[:head] + "*" * hidden + text[head + hidden :]
    else:
        assert shown == text[:head]


def test_a_masked_number_shows_three_and_two() -> None:
    assert mask("110101199001010011") == "110*************11"


# --- canonical bytes

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(PLAIN)
def test_canonical_bytes_say_the_same_and_do_not_depend_on_the_order_of_keys(value: Any) -> None:
    written = canonical(value)
    assert json.loads(written) == value
    assert canonical(_turned(value)) == written
    assert digest(value) == digest(_turned(value))


def _turned(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _turned(item) for key, item in reversed(value.items())}
    return [_turned(item) for item in value] if isinstance(value, list) else value


def test_the_form_is_the_one_that_outsiders_can_write_too() -> None:
    assert canonical({"乙": [1, None, True], "a": "中"}) == '{"a":"中","乙":[1,null,true]}'.encode()


def test_one_instant_has_one_form() -> None:
    utc = datetime(2025, 10, 31, 16, tzinfo=UTC)
    assert canonical(utc) == b'"2025-11-01T00:00:00.000000+08:00"'
    assert canonical(date(2025, 10, 31)) == b'"2025-10-31"'
    assert canonical((1, 2)) == canonical([1, 2])


@pytest.mark.parametrize("value", [1.0, [0.1], {"a": {"b": 2.5}}, (1, 2.0)])
def test_floats_are_refused_wherever_they_stand(value: Any) -> None:
    with pytest.raises(TypeError, match="float"):
        canonical(value)


def test_what_has_no_form_is_refused() -> None:
    with pytest.raises(TypeError, match="keys"):
        canonical({1: "a"})
    with pytest.raises(TypeError, match="set has no canonical form"):
        canonical({"a": {1}})


@given(PLAIN)
def test_what_was_written_is_read_back(value: Any) -> None:
    assert read_exactly(canonical(value)) == value


@pytest.mark.parametrize(
    "text",
    [b'{"a":1,"a":2}', b"1.0", b"[1e3]", b"NaN", b"-Infinity", b"{", b"\xff", b"[" * 100_000],
    ids=["twice", "fraction", "exponent", "nan", "infinity", "cut", "no text", "deep"],
)
def test_text_that_two_readers_could_take_differently_is_refused(text: bytes) -> None:
    with pytest.raises(ValueError):
        read_exactly(text)


# --- labels, regions, errors


class Colour(Labelled):
    RED = "red", "红"
    BLUE = "blue", "蓝"


def test_a_member_is_its_value_and_has_a_label() -> None:
    assert Colour("red") is Colour.RED
    assert Colour.RED == "red"
    assert Colour.RED.label == "红"
    assert Colour.choices() == [("red", "红"), ("blue", "蓝")]


def test_a_member_without_a_label_is_a_mistake() -> None:
    with pytest.raises(TypeError, match="needs a label"):
        type(Labelled)("Bare", (Labelled,), _namespace("Bare", NAMELESS="x"))


def _namespace(name: str, **members: str) -> Any:
    found = type(Labelled).__prepare__(name, (Labelled,))
    for key, value in members.items():
        found[key] = value
    return found


def test_there_are_thirty_two_provincial_units_each_on_its_own_tile() -> None:
    assert len(PROVINCES) == len(BY_CODE) == 32
    assert len({(each.row, each.col) for each in PROVINCES}) == 32
    assert province_name("66") == "新疆生产建设兵团"
    assert province_name("") == ""


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (DomainError, 400),
        (Invalid, 422),
        (NotPermitted, 403),
        (NotFound, 404),
        (WrongState, 409),
        (LimitReached, 409),
        (Tampered, 409),
    ],
)
def test_a_refusal_says_what_why_and_what_to_do(kind: type[DomainError], status: int) -> None:
    error = kind("不行。", remedy="请改。", clause="3.1", field="title")
    assert error.status == status
    assert str(error) == "不行。"
    assert error.as_dict() == {
        "message": "不行。",
        "remedy": "请改。",
        "clause": "3.1",
        "field": "title",
    }
    assert kind("不行。").as_dict() == {
        "message": "不行。",
        "remedy": "",
        "clause": "",
        "field": "",
    }
