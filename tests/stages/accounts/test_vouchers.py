"""Vouchers: only what has arrived is spent, nothing is ever edited, a table enters whole or not at all."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from fractions import Fraction
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from python_calamine import CalamineWorkbook

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import Invalid, NotFound, NotPermitted, WrongState
from jiangxin.records.documents.models import Document
from jiangxin.records.documents.papers import Upload
from jiangxin.records.ledger.models import Event
from jiangxin.records.ledger.queries import faults
from jiangxin.stages.accounts import actions, queries
from jiangxin.stages.accounts.forms import read_entry
from jiangxin.stages.accounts.importing import COLUMNS, RowsRefused, template
from jiangxin.stages.accounts.models import Account, Balance, Flag, Voucher
from jiangxin.stages.funding.choices import Leg
from tests.factories.accounts import SPENDING, YUAN, Fund, entry, make_fund, proof, table
from tests.factories.applications import by_hand
from tests.factories.races import numbered, together, without_locks

pytestmark = pytest.mark.django_db
LOCAL = 200_000 * YUAN


@pytest.fixture
def fund() -> Fund:
    return make_fund()


def test_the_first_voucher_opens_the_account_and_is_in_the_ledger_without_names(fund: Fund) -> None:
    assert not Account.objects.exists()
    row = fund.enter(payee="王小明", invoice="25372000000012345678")
    assert Account.objects.get().title == fund.title
    opened, entered = Event.objects.filter(type__in=["account.opened", "voucher.entered"])
    assert (opened.type, entered.subject) == ("account.opened", row.subject)
    assert entered.payload["amount"] == 1000 * YUAN
    assert entered.payload["digest"] == row.digest()
    assert not any("王小明" in str(event.payload) for event in Event.objects.all())
    assert list(faults()) == []


def test_balances_are_kept_apart_and_budget_stands_beside_spending(fund: Fund) -> None:
    fund.planned(budget=150_000 * YUAN, sources=250_000 * YUAN)
    fund.enter(amount=30_000 * YUAN)
    fund.enter(amount=12_345_67, source="own", category="base_courses")
    sheet = queries.sheet(fund.title)
    by_source = {each.key: each for each in sheet.sources}
    assert by_source["local"].left == 170_000 * YUAN
    assert by_source["own"].left == 50_000 * YUAN - 12_345_67
    assert by_source["central"].received == by_source["central"].spent == 0
    assert by_source["local"].planned == 250_000 * YUAN
    by_use = {each.key: (each.budget, each.spent) for each in sheet.uses}
    assert by_use["base_equipment"] == (150_000 * YUAN, 30_000 * YUAN)
    assert by_use["base_courses"] == (0, 12_345_67)
    assert queries.spent(fund.title) == {
        "local": {"base_equipment": 30_000 * YUAN},
        "own": {"base_courses": 12_345_67},
    }
    assert queries.arrival_rate(fund.title) == 1
    assert queries.execution_rate(fund.title) == Fraction(30_000 * YUAN + 12_345_67, 250_000 * YUAN)
    assert queries.compliance_rate(fund.title) == 1


def test_rates_of_an_account_without_money_or_plan_are_unknown(fund: Fund) -> None:
    other = fund.nation.title()
    assert queries.arrival_rate(other) is None
    assert queries.execution_rate(other) is None
    assert queries.compliance_rate(other) is None
    assert {each.budget for each in queries.sheet(other).uses} == {0}


@pytest.mark.parametrize(
    ("changes", "message", "field"),
    [
        ({"amount": LOCAL + 1}, "地方资金余额 200,000.00 元，不足以支付 200,000.01 元", "amount"),
        ({"source": "central", "amount": 1}, "中央资金余额 0.00 元", "amount"),
        ({"on": date(2026, 10, 13)}, "不能晚于今天", "on"),
        ({"on": date(2024, 12, 31)}, "早于项目确定年度（2025 年）", "on"),
        ({"amount": 0}, "金额须大于 0", "amount"),
        ({"amount": -5}, "金额须大于 0", "amount"),
        ({"category": "studio_exchange"}, "请选择用途", "category"),
        ({"category": "other"}, "请写明理由", "reason"),
        ({"source": "loan"}, "请选择资金来源", "source"),
        ({"payee": ""}, "请填写收款方", "payee"),
        ({"payee": "长" * 121}, "最多 120 字", "payee"),
        ({"invoice": "1" * 61}, "最多 60 字", "invoice"),
        ({"note": ""}, "请填写摘要", "note"),
    ],
)
def test_what_a_voucher_may_not_be(
    fund: Fund, changes: dict[str, Any], message: str, field: str
) -> None:
    with pytest.raises(Invalid, match=message) as refused:
        fund.enter(**changes)
    assert refused.value.field == field
    if "余额" in message:
        assert refused.value.clause == "4.5"
    assert not Voucher.objects.exists()
    assert not Account.objects.exists()


def test_a_file_is_needed_and_goes_through_the_gates(fund: Fund) -> None:
    with clock.at(SPENDING), pytest.raises(Invalid, match="请上传凭证文件"):
        actions.enter_voucher(viewer=fund.unit, title_id=fund.title.pk, entry=entry(), file=None)
    false = Upload("发票.pdf", 4, io.BytesIO(b"MZ\x00\x00"))
    with pytest.raises(Invalid, match="内容不是 PDF 文件"):
        fund.enter(file=false)
    assert not Voucher.objects.exists()


def test_only_the_units_own_account(fund: Fund) -> None:
    other = Fund(fund.nation)
    row = other.enter()
    with clock.at(SPENDING):
        with pytest.raises(NotFound):
            actions.enter_voucher(
                viewer=fund.unit, title_id=other.title.pk, entry=entry(), file=proof()
            )
        with pytest.raises(NotPermitted):
            actions.enter_voucher(
                viewer=fund.finance, title_id=fund.title.pk, entry=entry(), file=proof()
            )
        with pytest.raises(NotFound):
            actions.reverse_voucher(viewer=fund.unit, voucher_id=row.pk, reason="不是我的")
    assert not queries.vouchers(fund.unit).exists()


def test_money_that_is_not_confirmed_is_not_there(fund: Fund) -> None:
    fund.nation.pay(Leg.LOCAL, fund.title, 10, doc="地财续1号")
    with pytest.raises(Invalid, match=r"余额 200,000\.00 元"):
        fund.enter(amount=LOCAL + 1)


# --- taken back, never edited


def test_a_wrong_voucher_is_taken_back_and_both_stay(fund: Fund) -> None:
    first = fund.enter(amount=30_000 * YUAN)
    with clock.at(SPENDING):
        back = actions.reverse_voucher(viewer=fund.unit, voucher_id=first.pk, reason="金额写错")
    assert (back.amount, back.reverses, back.reason) == (-30_000 * YUAN, first, "金额写错")
    assert queries.spent(fund.title) == {}
    assert queries.sheet(fund.title).left == 250_000 * YUAN
    assert Event.objects.get(type="voucher.reversed").payload["by"] == back.subject
    assert [(line.voucher, line.left) for line in queries.book(fund.title)] == [
        (first, 170_000 * YUAN),
        (back, 200_000 * YUAN),
    ]
    with clock.at(SPENDING):
        with pytest.raises(WrongState, match="已经冲销"):
            actions.reverse_voucher(viewer=fund.unit, voucher_id=first.pk, reason="再来一次")
        with pytest.raises(WrongState, match="不能再冲销"):
            actions.reverse_voucher(viewer=fund.unit, voucher_id=back.pk, reason="冲销的冲销")
    fund.enter(amount=LOCAL)
    assert queries.sheet(fund.title).left == 50_000 * YUAN


@pytest.mark.parametrize(("reason", "message"), [(" ", "请写明冲销的理由"), ("长" * 501, "500")])
def test_taking_back_needs_a_reason(fund: Fund, reason: str, message: str) -> None:
    row = fund.enter()
    with clock.at(SPENDING), pytest.raises(Invalid, match=message):
        actions.reverse_voucher(viewer=fund.unit, voucher_id=row.pk, reason=reason)
    assert Voucher.objects.count() == 1


def refused_by_the_database(act: Any) -> str:
    with pytest.raises(IntegrityError) as refused, transaction.atomic():
        act()
    return str(refused.value)


def test_the_database_keeps_vouchers_and_balances(fund: Fund) -> None:
    row = fund.enter()
    same = Voucher.objects.filter(pk=row.pk)
    assert "never changed" in refused_by_the_database(lambda: same.update(amount=1))
    assert "never changed" in refused_by_the_database(same.delete)
    balance = Balance.objects.filter(source="local")
    for spent in (-1, LOCAL + 1):
        told = refused_by_the_database(lambda spent=spent: balance.update(spent=spent))
        assert "account_spends_what_arrived" in told

    def copy(**changes: Any) -> None:
        values = {
            each.attname: getattr(row, each.attname) for each in Voucher._meta.concrete_fields
        }
        Voucher.objects.create(**values | {"id": None} | changes)

    taken = {"amount": -row.amount, "reverses_id": row.pk, "reason": "写错"}
    for changes, name in (
        ({"amount": 0}, "voucher_is_positive_or_reverses"),
        ({"amount": -1}, "voucher_is_positive_or_reverses"),
        (taken | {"reason": ""}, "voucher_is_positive_or_reverses"),
        ({"category": "other"}, "voucher_other_use_has_reason"),
        (taken | {"amount": -1}, "mirrors the first one"),
        (taken | {"source": "own"}, "mirrors the first one"),
    ):
        assert name in refused_by_the_database(lambda changes=changes: copy(**changes))


# --- two at once


def opened() -> Fund:
    """An account of which 1 分 is spent."""
    fund = make_fund()
    fund.enter(amount=1)
    return fund


def spend_twice(fund: Fund) -> list[object]:
    def act(number: int) -> object:
        return actions.enter_voucher(
            viewer=fund.unit,
            title_id=fund.title.pk,
            entry=entry(amount=150_000 * YUAN),
            file=proof(f"race{number}"),
        )

    return together(numbered(2, act), at=SPENDING)


@pytest.mark.django_db(transaction=True)
def test_two_vouchers_at_once_do_not_overdraw() -> None:
    fund = opened()
    results = spend_twice(fund)
    assert sorted(isinstance(each, Invalid) for each in results) == [False, True]
    assert queries.spent(fund.title)["local"]["base_equipment"] == 150_000 * YUAN + 1


@pytest.mark.django_db(transaction=True)
def test_without_the_lock_the_database_refuses_in_the_same_words() -> None:
    fund = opened()
    with without_locks(held=Balance):
        results = spend_twice(fund)
    (refused,) = [each for each in results if isinstance(each, Invalid)]
    assert "不足以支付 150,000.00 元" in refused.message
    assert refused.clause == "4.5"
    assert queries.spent(fund.title)["local"]["base_equipment"] == 150_000 * YUAN + 1


@pytest.mark.django_db(transaction=True)
def test_without_the_lock_and_the_constraint_they_would_overdraw() -> None:
    fund = opened()
    with without_locks(held=Balance), without_constraint("account_spends_what_arrived"):
        results = spend_twice(fund)
    assert all(isinstance(each, Voucher) for each in results)
    assert queries.spent(fund.title)["local"]["base_equipment"] > LOCAL


@contextmanager
def without_constraint(name: str) -> Iterator[None]:
    """The rule of the balances off; afterwards it holds again for what is written then."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = %s", [name]
        )
        (rule,) = cursor.fetchone()
        cursor.execute(f"ALTER TABLE accounts_balance DROP CONSTRAINT {name}")
        yield
        cursor.execute(f"ALTER TABLE accounts_balance ADD CONSTRAINT {name} {rule} NOT VALID")


@pytest.mark.django_db(transaction=True)
def test_two_first_vouchers_at_once_open_one_account() -> None:
    fund = make_fund()

    def act(number: int) -> object:
        return actions.enter_voucher(
            viewer=fund.unit, title_id=fund.title.pk, entry=entry(), file=proof(f"first{number}")
        )

    results = together(numbered(3, act), at=SPENDING)
    assert all(isinstance(each, Voucher) for each in results), results
    assert Account.objects.count() == 1
    assert Balance.objects.get(source="local").spent == 3000 * YUAN


# --- a whole table


def files(count: int) -> list[Upload]:
    return [proof(f"file{number}", f"发票{number}.pdf") for number in range(1, count + 1)]


def bring_in(fund: Fund, sheet: Upload, uploads: list[Upload]) -> list[Voucher]:
    with clock.at(SPENDING):
        return actions.import_vouchers(
            viewer=fund.unit, title_id=fund.title.pk, table=sheet, files=uploads
        )


def test_a_table_enters_row_by_row(fund: Fund) -> None:
    rows = bring_in(
        fund,
        table(
            {"amount": 1234.56},
            {
                "amount": 1.1 + 2.2,  # 3.3000000000000003
                "file": "发票2.pdf",
                "invoice": "25372000000099999999",
                "source": "自筹资金",
            },
        ),
        files(2),
    )
    assert [(row.amount, row.source, row.document.name) for row in rows] == [
        (1234_56, "local", "发票1.pdf"),
        (3_30, "own", "发票2.pdf"),
    ]
    assert [row.invoice[-4:] for row in rows] == ["5678", "9999"]
    assert rows[0].on == date(2026, 10, 8)
    assert not Flag.objects.exists()
    assert Event.objects.filter(type="voucher.entered").count() == 2


def test_one_wrong_row_keeps_all_out_and_every_wrong_row_is_told(fund: Fund) -> None:
    sheet = table(
        {},
        {"amount": "一千", "category": "购置办公用品"},
        {"file": "没有.pdf"},
        {"amount": 199_500, "note": "余额不够了"},
        {"invoice": 25372000000012345678.0},
        {"file": ""},
    )
    with pytest.raises(RowsRefused) as refused:
        bring_in(fund, sheet, files(1))
    told = [(number, problem.field) for number, problem in refused.value.rows]
    assert told == [
        (3, "amount"),
        (3, "category"),
        (4, "file"),
        (5, "amount"),
        (6, "invoice"),
        (7, "file"),
    ]
    assert "有 5 行需要更正" in refused.value.message
    assert not Voucher.objects.exists()
    assert not Account.objects.exists()


def test_a_refused_file_keeps_the_table_out(fund: Fund) -> None:
    false = Upload("发票2.pdf", 4, io.BytesIO(b"MZ\x00\x00"))
    before = Document.objects.count()
    with pytest.raises(RowsRefused) as refused:
        bring_in(fund, table({}, {"file": "发票2.pdf"}), [*files(1), false])
    assert [number for number, _ in refused.value.rows] == [3]
    assert not Voucher.objects.exists()
    assert Document.objects.count() == before


def test_what_no_table_is(fund: Fund) -> None:
    heads = {key: label for key, label in COLUMNS.items() if key != "payee"}
    no_excel = proof("x", "凭证.pdf")
    data = b"PK\x03\x04 broken"
    broken = Upload("凭证.xlsx", len(data), io.BytesIO(data))
    for sheet, message in (
        (no_excel, "请上传 XLSX 工作簿"),
        (broken, "已损坏"),
        (table(heads=heads), "表头缺少：收款方"),
        (table(), "表中没有内容"),
        (table(*[{}] * 101), "最多导入 100 行"),
    ):
        with pytest.raises(Invalid, match=message) as refused:
            bring_in(fund, sheet, files(1))
        assert refused.value.field == "table"


def test_the_template_is_what_the_import_reads(fund: Fund) -> None:
    data = template(fund.title)
    book = CalamineWorkbook.from_filelike(io.BytesIO(data))
    assert book.get_sheet_by_index(0).to_python() == [list(COLUMNS.values())]
    choices = book.get_sheet_by_name("可选值").to_python()
    assert ["购置技能研修实训设备", "中央资金"] in [
        [row[0], row[1]]
        for row in [[cell for cell in row if cell] for row in choices]
        if len(row) > 1
    ]
    with pytest.raises(Invalid, match="表中没有内容"):
        bring_in(fund, Upload("模板.xlsx", len(data), io.BytesIO(data)), [])


def test_texts_of_a_form_become_a_voucher_or_every_problem_at_once(fund: Fund) -> None:
    with clock.at(SPENDING):
        good, problems = read_entry(
            fund.title,
            {
                "on": "2026-10-08",
                "amount": "1,234.50",
                "category": "base_courses",
                "source": "own",
                "payee": " 某大学 ",
                "note": "课程开发",
            },
        )
        assert problems == []
        assert good is not None
        assert (good.amount, good.payee, good.invoice) == (1234_50, "某大学", "")
        bad, problems = read_entry(fund.title, {"on": "昨天", "amount": "1.234"})
    assert bad is None
    assert [each.field for each in problems] == [
        "on",
        "amount",
        "category",
        "source",
        "payee",
        "note",
    ]


def test_changed_by_hand_a_voucher_no_longer_has_the_digest_of_the_ledger(fund: Fund) -> None:
    row = fund.enter()
    with by_hand("accounts_voucher"):
        Voucher.objects.filter(pk=row.pk).update(payee="别的公司")
    kept = Event.objects.get(type="voucher.entered").payload["digest"]
    assert Voucher.objects.get(pk=row.pk).digest() != kept
