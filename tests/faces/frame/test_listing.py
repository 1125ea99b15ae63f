"""Lists: the language, the filters, paging, position and export, on real rows."""

import io
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db.models import Q
from django.http import HttpRequest
from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st
from pytest_django.fixtures import DjangoAssertNumQueries
from python_calamine import CalamineWorkbook

from jiangxin.core.workflow import Role
from jiangxin.faces.frame import export
from jiangxin.faces.frame.grammar import Term, parse, write
from jiangxin.faces.frame.listing import (
    Column,
    Listing,
    choice,
    contains,
    number,
    province,
    when,
)
from jiangxin.records.identity.models import User

PEOPLE = Listing(
    columns=(
        Column("username", "账号", lambda user: user.username, sort="username"),
        Column("name", "姓名", lambda user: user.name, sort="name"),
        Column("role", "角色", lambda user: (user.role, Role(user.role).label), kind="state"),
        Column("pk", "编号", lambda user: user.pk, kind="number", default=False),
    ),
    keywords=(
        province(),
        choice("角色", "role", Role),
        number("编", "id", example="3"),
        contains("姓名", "name"),
        when("启用", "账号是否启用", {"是": Q(is_active=True)}),
    ),
    text=("username", "name__icontains"),
    order=("username",),
    link=lambda user: f"/people/{user.pk}/",
    page_size=2,
)


def get(**parameters: Any) -> HttpRequest:
    return RequestFactory().get("/people/", parameters)


def people(*names: str, province: str = "32", role: Role = Role.EXPERT) -> list[User]:
    return [
        User.objects.create_user(name, None, name=f"姓{name}", role=role.value, province=province)
        for name in names
    ]


def found(q: str) -> list[str]:
    rows, problems = PEOPLE.search(User.objects.all(), q)
    assert problems == []
    return sorted(rows.values_list("username", flat=True))


# --- the language ---------------------------------------------------------------------------------


def test_the_language_reads_words_quotes_commas_and_minus() -> None:
    assert parse('省:江苏，浙江 -状态：草稿 单位:"甲 乙" 文字\u3000“两 词”') == [
        Term("省", ("江苏", "浙江")),
        Term("状态", ("草稿",), exclude=True),
        Term("单位", ("甲 乙",)),
        Term("", ("文字",)),
        Term("", ("两 词",)),
    ]


@given(st.text(max_size=60))
def test_any_text_is_read_and_rewriting_is_stable(text: str) -> None:
    terms = parse(text)
    assert parse(write(terms)) == terms
    assert all(term.values and all(term.values) for term in terms)


WORDS = st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=6)
VALUES = (
    st.text(st.characters(categories=["L", "N", "P", "S", "Zs"]), min_size=1, max_size=9)
    .map(lambda text: " ".join("".join(c for c in text if c not in '"“”').split()))
    .filter(bool)
)


@given(st.lists(st.builds(Term, WORDS | st.just(""), VALUES.map(lambda v: (v,)), st.booleans())))
def test_what_is_written_is_read_back(terms: list[Term]) -> None:
    terms = terms[:6]
    assert parse(write(terms)) == terms


# --- filters --------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_terms_narrow_values_widen_and_minus_excludes() -> None:
    people("a1", "a2", province="32")
    people("b1", province="33", role=Role.AUDITOR)
    people("c1", province="66")
    assert found("省:江苏") == ["a1", "a2"]
    assert found("省:江苏,浙江省") == ["a1", "a2", "b1"]
    assert found("省:江苏 姓名:a1") == ["a1"]
    assert found("-省:江苏") == ["b1", "c1"]
    assert found("角色:审计人员") == ["b1"]
    assert found("姓c") == ["c1"]
    assert found("启用:是 -角色:auditor 省:兵团") == ["c1"]


@pytest.mark.django_db
def test_numbers_compare() -> None:
    first, second, third = people("x", "y", "z")
    assert found(f"编:>{first.pk}") == ["y", "z"]
    assert found(f"编:<={second.pk}") == ["x", "y"]
    assert found(f"编:{second.pk}..{third.pk}") == ["y", "z"]
    assert found(f"编:{first.pk}") == ["x"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "q", ["城市:南京", "省:江西南", "角色:国王", "编:很多", "启用:也许", "编:" + "9" * 400]
)
def test_a_term_that_is_not_understood_shows_nothing_and_says_why(q: str) -> None:
    people("a")
    shown = PEOPLE.show(User.objects.all(), get(q=q))
    assert shown.rows == []
    assert shown.total == 0
    assert shown.problems
    assert shown.export("人员") is None
    exported = PEOPLE.show(User.objects.all(), get(q=q, export="csv")).export("人员")
    assert b"a" not in b"".join(exported).splitlines()[-1]  # type: ignore[arg-type]


# --- pages ----------------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize("count", [1, 3])
def test_a_page_costs_two_queries_however_many_rows(
    count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    people(*(f"u{number}" for number in range(count)))
    with django_assert_num_queries(2):
        shown = PEOPLE.show(User.objects.all(), get(size=50))
        assert [row.name for row in shown.rows] == [f"u{number}" for number in range(count)]
        assert shown.heads
        assert shown.chips == []
        assert shown.page_links == []


@pytest.mark.django_db
def test_pages_follow_each_other_without_gap_or_overlap() -> None:
    people(*"abcde")
    seen: list[str] = []
    url = "/people/?sort=-name"
    while url:
        shown = PEOPLE.show(User.objects.all(), RequestFactory().get(url))
        seen += [row.name for row in shown.rows]
        url = shown.next_url
    assert seen == ["e", "d", "c", "b", "a"]
    assert PEOPLE.show(User.objects.all(), get(page="99")).page == 3
    assert PEOPLE.show(User.objects.all(), get(page="-1", size="x", sort="password")).page == 1


@pytest.mark.django_db
def test_chips_and_sorting_keep_the_rest_of_the_search() -> None:
    people("a")
    shown = PEOPLE.show(User.objects.all(), get(q="省:江苏 a", sort="name", page="1", size="50"))
    assert [chip.text for chip in shown.chips] == ["省:江苏", "a"]
    without = parse_qs(urlsplit(shown.chips[0].url).query)
    assert without["q"] == ["a"]
    assert without["sort"] == ["name"]
    assert without["size"] == ["50"]
    assert "page" not in without
    name = next(head for head in shown.heads if head.label == "姓名")
    assert name.order == "ascending"
    assert parse_qs(urlsplit(name.url).query)["sort"] == ["-name"]
    assert shown.kept == [("sort", "name"), ("size", "50")]


@pytest.mark.django_db
def test_columns_are_chosen_by_the_address() -> None:
    people("a")
    shown = PEOPLE.show(User.objects.all(), get(col=["pk", "username"]))
    assert [head.label for head in shown.heads] == ["账号", "编号"]
    assert [column.key for column in shown.columns if column.chosen] == ["username", "pk"]


@pytest.mark.django_db
def test_the_position_in_the_list_is_kept_on_the_detail_page(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    people(*"abcd")
    people("other", province="33")
    shown = PEOPLE.show(User.objects.all(), get(q="省:江苏", sort="-username", page="2"))
    assert [row.name for row in shown.rows] == ["b", "a"]
    detail = RequestFactory().get(shown.rows[0].url)
    with django_assert_num_queries(1):
        around = PEOPLE.around(User.objects.all(), detail, back="/people/")
    users = {user.username: f"/people/{user.pk}/" for user in User.objects.all()}
    assert (around.at, around.total) == (3, 4)
    assert urlsplit(around.previous_url).path == users["c"]
    assert urlsplit(around.next_url).path == users["a"]
    assert parse_qs(urlsplit(around.back_url).query)["page"] == ["2"]
    last = PEOPLE.around(User.objects.all(), RequestFactory().get(around.next_url), back="/people/")
    assert last.next_url == ""
    assert urlsplit(last.previous_url).path == users["b"]
    alone = PEOPLE.around(User.objects.all(), RequestFactory().get("/people/1/"), back="/people/")
    assert alone.at == 0
    assert alone.back_url == "/people/"


# --- export ---------------------------------------------------------------------------------------

EVIL = ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "＝1"]


@pytest.mark.django_db
def test_an_export_has_all_rows_of_the_search_and_no_others() -> None:
    people(*"abc")
    people("z", province="33")
    response = PEOPLE.show(User.objects.all(), get(q="省:江苏", export="csv")).export("人员")
    assert response is not None
    text = b"".join(response).decode("utf-8-sig")
    assert [line.split(",")[0] for line in text.splitlines()] == ["账号", "a", "b", "c"]
    assert "专家" in text
    assert PEOPLE.show(User.objects.all(), get(export="exe")).export("人员") is None


@pytest.mark.parametrize("text", EVIL)
def test_a_text_never_becomes_a_formula(text: str) -> None:
    lines = "".join(export.csv_lines(["甲"], [[("text", text)]])).splitlines()
    assert lines[-1].strip('"').startswith("'")
    data = export.xlsx_bytes("表", ["甲"], [[("text", text)]])
    book = CalamineWorkbook.from_filelike(io.BytesIO(data))
    assert book.get_sheet_by_index(0).to_python()[1] == [text]


def test_numbers_stay_numbers_and_money_is_in_the_unit_of_its_heading() -> None:
    row = [("number", -5), ("money", 12_500_000), ("yuan", 123_456)]
    data = export.xlsx_bytes("a/b", ["数", "金额", "账"], [row])
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_index(0)
    assert sheet.to_python()[1] == [-5.0, 12.5, 1234.56]
    assert [export.heading("额", kind) for kind in ("number", "money", "yuan")] == [
        "额",
        "额（万元）",
        "额（元）",
    ]
    assert "-5,12.5" in "".join(export.csv_lines(["数"], [[("number", -5), ("money", 12_500_000)]]))
