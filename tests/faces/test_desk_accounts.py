"""The desk's pages of fund accounts: lists in scope, one account, vouchers, and how flags are concluded."""

import io
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from python_calamine import CalamineWorkbook

from jiangxin.core.kernel import clock
from jiangxin.core.workflow import Role
from jiangxin.stages.accounts import actions, flags
from jiangxin.stages.accounts.models import Flag
from jiangxin.stages.funding.choices import Leg
from tests.factories.accounts import SPENDING, YUAN, Fund, make_fund, proof
from tests.factories.desk import client_of, official, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def fund() -> Fund:
    return make_fund()


def page(client: Client, name: str, *args: int, **asked: str) -> str:
    with clock.at(SPENDING):
        answer = client.get(reverse(name, args=args), asked)
    assert answer.status_code == 200, text_of(answer)[:500]
    return text_of(answer)


def queries_of(client: Client, address: str) -> int:
    with clock.at(SPENDING), CaptureQueriesContext(connection) as found:
        assert client.get(address).status_code == 200
    return len(found)


# --- lists


def test_the_list_of_accounts_searches_what_it_shows(fund: Fund) -> None:
    other = Fund(fund.nation)
    fund.enter(amount=150_000 * YUAN)
    other.flagged()
    client = client_of(fund.finance)
    shown = page(client, "desk-accounts")
    assert fund.title.unit_name in shown
    assert other.title.unit_name in shown
    for search, found, missed in (
        ("执行率:>50", fund, other),
        ("余额:<11", fund, other),
        ("疑点:未结", other, fund),
        ("疑点:无", fund, other),
        (f"单位:{fund.title.unit_name}", fund, other),
    ):
        shown = page(client, "desk-accounts", q=search)
        assert found.title.number in shown, search
        assert missed.title.number not in shown, search


def test_a_title_without_any_money_has_no_account_to_show(fund: Fund) -> None:
    bare = fund.nation.title()
    assert bare.number not in page(client_of(fund.finance), "desk-accounts")


@pytest.mark.parametrize("name", ["desk-accounts", "desk-vouchers", "desk-flags"])
def test_lists_are_empty_with_a_reason_and_cost_the_same_for_more_rows(name: str) -> None:
    fund = make_fund()
    client = client_of(official(Role.PROVINCE_FINANCE, "36"))
    assert "就会出现在这里" in page(client, name)
    own = client_of(fund.finance)
    fund.flagged()
    one = queries_of(own, reverse(name))
    for _ in range(2):
        more = Fund(fund.nation)
        more.flagged()
        with clock.at(SPENDING):
            row = more.enter()
            actions.reverse_voucher(viewer=more.unit, voucher_id=row.pk, reason="写错")
    assert one == queries_of(own, reverse(name)) <= 8


def test_nobody_elses_money_is_in_a_list_a_count_or_an_export(fund: Fund) -> None:
    there = make_fund("36")
    row = there.enter(payee="外省收款公司", category="other", reason="外省理由")
    flag = Flag.objects.get()
    secrets = ("外省收款公司", "外省理由", there.title.unit_name)
    lists = [reverse(name) for name in ("desk-accounts", "desk-vouchers", "desk-flags")]
    details = [
        reverse("desk-account", args=[there.title.pk]),
        reverse("desk-account-statement", args=[there.title.pk]),
        reverse("desk-voucher", args=[row.pk]),
        reverse("voucher-file", args=[row.pk]),
        reverse("desk-flag", args=[flag.pk]),
    ]
    acts = [reverse(f"desk-flag-{name}", args=[flag.pk]) for name in ("clear", "confirm")]
    client = client_of(fund.finance)
    with clock.at(SPENDING):
        for address in lists:
            exported = b"".join(client.get(address, {"export": "csv"})).decode()  # type: ignore[arg-type]
            for text in (text_of(client.get(address)), exported):
                assert not any(secret in text for secret in secrets)
        for address in (*details, *acts):
            answer = client.get(address)
            assert answer.status_code == 404
            assert not any(secret in text_of(answer) for secret in secrets)
        for role in (Role.MINISTRY_FINANCE, Role.MINISTRY_HR, Role.AUDITOR):
            reader = client_of(official(role))
            for address in (*lists, *details):
                assert reader.get(address).status_code == 200


def test_audit_exports_vouchers_with_numbers_as_numbers(fund: Fund) -> None:
    fund.enter(amount=1234_56, invoice="25372000000012345678", payee="=HYPERLINK()")
    client = client_of(official(Role.AUDITOR))
    with clock.at(SPENDING):
        asked = {"export": "xlsx", "col": ["number", "amount", "payee", "invoice"]}
        answer = client.get(reverse("desk-vouchers"), asked)
    (row,) = (
        CalamineWorkbook.from_filelike(io.BytesIO(answer.content))
        .get_sheet_by_index(0)
        .to_python()[1:]
    )
    assert row[1:] == [1234.56, "=HYPERLINK()", "25372000000012345678"]


def test_vouchers_are_found_by_use_source_amount_payee_and_state(fund: Fund) -> None:
    row = fund.enter(amount=150_000 * YUAN, payee="某某机床有限公司", invoice="25370001")
    back = fund.enter(source="own", category="base_courses", payee="某大学")
    with clock.at(SPENDING):
        actions.reverse_voucher(viewer=fund.unit, voucher_id=back.pk, reason="写错")
    client = client_of(fund.finance)
    for search in (
        "来源:地方资金",
        "用途:购置技能研修实训设备",
        "金额:>100000",
        "收款方:机床",
        "发票:2537",
        "冲销:否",
        f"编号:{fund.title.number} -来源:自筹资金",
    ):
        shown = page(client, "desk-vouchers", q=search)
        assert row.number in shown, search
        assert back.number not in shown, search


# --- one account


def test_an_account_shows_balances_budget_rates_and_flags(fund: Fund) -> None:
    fund.planned(budget=150_000 * YUAN, sources=500_000 * YUAN)
    fund.enter(amount=99_000 * YUAN)
    flag = fund.flagged()
    shown = page(client_of(fund.hr), "desk-account", fund.title.pk)
    for text in ("500,000.00", "200,000.00", "100,000.00", "150,000.00", "99,000.00", "开业典礼"):
        assert text in shown
    for rate in ("50.00%", "40.00%", "100.00%"):
        assert rate in shown
    assert reverse("desk-flag", args=[flag.pk]) in shown


def test_an_account_costs_the_same_for_more_vouchers_and_flags(fund: Fund) -> None:
    client, address = client_of(fund.finance), reverse("desk-account", args=[fund.title.pk])
    fund.flagged()
    one = queries_of(client, address)
    for _ in range(2):
        row = fund.flagged().voucher
        assert row is not None
        with clock.at(SPENDING):
            actions.reverse_voucher(viewer=fund.unit, voucher_id=row.pk, reason="写错")
    assert one == queries_of(client, address) <= 10


def test_the_statement_lists_every_voucher_with_what_was_left(fund: Fund) -> None:
    first = fund.enter(amount=99_000 * YUAN, note="五轴机床")
    with clock.at(SPENDING):
        back = actions.reverse_voucher(viewer=fund.unit, voucher_id=first.pk, reason="发票有误")
    client = client_of(official(Role.AUDITOR))
    shown = page(client, "desk-account-statement", fund.title.pk)
    for text in (
        first.number,
        back.number,
        "五轴机床",
        f"冲销 {first.number}：发票有误",
        "101,000.00",
    ):
        assert text in shown
    assert "data-print" in shown


# --- a voucher, and what finance finds in it


def test_finance_raises_a_flag_on_a_voucher_and_keeps_its_words(fund: Fund) -> None:
    row = fund.enter()
    client, address = client_of(fund.finance), reverse("desk-voucher", args=[row.pk])
    with clock.at(SPENDING):
        refused = client.post(address, {"rule": "", "text": "该设备已由学校预算安排"})
        assert refused.status_code == 422
        assert "该设备已由学校预算安排" in text_of(refused)
        answer = client.post(address, {"rule": "replaces_duty", "text": "该设备已由学校预算安排"})
    flag = Flag.objects.get()
    assert answer.headers["Location"] == reverse("desk-flag", args=[flag.pk])
    assert (flag.rule, flag.voucher) == ("replaces_duty", row)
    for viewer in (fund.hr, official(Role.AUDITOR), official(Role.MINISTRY_FINANCE)):
        assert "提出疑点" not in page(client_of(viewer), "desk-voucher", row.pk)
        with clock.at(SPENDING):
            client_of(viewer).post(address, {"rule": "other_purpose", "text": "越权提出"})
    assert Flag.objects.count() == 1


def test_the_proof_opens_for_who_may_see_the_voucher(fund: Fund) -> None:
    row = fund.enter(file=proof("mine"))
    address = reverse("voucher-file", args=[row.pk])
    for viewer in (fund.finance, fund.unit, official(Role.AUDITOR)):
        answer = client_of(viewer).get(address)
        assert b"mine" in answer.content
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    stranger = Fund(fund.nation)
    for viewer in (stranger.unit, official(Role.RECOMMENDER, "37"), official(Role.EXPERT, "37")):
        assert client_of(viewer).get(address).status_code == 404


# --- flags


def test_finance_confirms_after_asking_once_more(fund: Fund) -> None:
    flag = fund.flagged()
    client = client_of(fund.finance)
    shown = page(client, "desk-flag", flag.pk)
    assert reverse("desk-flag-confirm", args=[flag.pk]) not in shown
    with clock.at(SPENDING):
        flags.answer_flag(viewer=fund.unit, flag_id=flag.pk, text="已与学校核对。")
    assert "已与学校核对" in page(client, "desk-flag", flag.pk)
    address = reverse("desk-flag-confirm", args=[flag.pk])
    asked = page(client, "desk-flag-confirm", flag.pk)
    assert "共 <b" in asked
    assert fund.title.unit_name in asked
    assert 'value="1000.00"' in asked
    with clock.at(SPENDING):
        client.post(address, {"reason": "没有确认", "refund": "1"})
        wrong = client.post(
            address, {"confirmed": "yes", "reason": "超出用途，理由一", "refund": "一百"}
        )
        assert wrong.status_code == 422
        assert "超出用途，理由一" in text_of(wrong)
        flag.refresh_from_db()
        assert flag.state == "answered"
        client.post(address, {"confirmed": "yes", "reason": "超出用途", "refund": "400.50"})
    flag.refresh_from_db()
    assert (flag.state, flag.refund) == ("confirmed", 400_50)
    assert "400.50" in page(client, "desk-flag", flag.pk)


def test_finance_clears_after_asking_once_more(fund: Fund) -> None:
    flag = fund.flagged()
    client = client_of(fund.finance)
    address = reverse("desk-flag-clear", args=[flag.pk])
    with clock.at(SPENDING):
        refused = client.post(address, {"confirmed": "yes", "reason": " "})
        assert refused.status_code == 422
        client.post(address, {"confirmed": "yes", "reason": "属于课程开发"})
    flag.refresh_from_db()
    assert flag.state == "cleared"
    with clock.at(SPENDING):
        late = client.post(address, {"confirmed": "yes", "reason": "再认定一次"})
    assert late.status_code == 422
    assert "当前状态为“未发现问题”" in text_of(late)


def test_the_queue_finds_what_waits_and_the_home_page_leads_there(fund: Fund) -> None:
    waiting, done = fund.flagged(), Fund(fund.nation).flagged(payee="另一公司")
    with clock.at(SPENDING):
        flags.answer_flag(viewer=fund.unit, flag_id=waiting.pk, text="已核对。")
        flags.clear_flag(viewer=fund.finance, flag_id=done.pk, reason="没有问题。")
    client = client_of(fund.finance)
    home = page(client, "desk-home")
    assert "资金疑点" in home
    for search in (
        "待办:我",
        "状态:已说明",
        "性质:挪用 -状态:未发现问题",
        "金额:>0.01 -状态:未发现问题",
    ):
        shown = page(client, "desk-flags", q=search)
        assert fund.title.number in shown, search
        assert done.title.number not in shown, search
    with clock.at(SPENDING + timedelta(days=20)):
        late = client.get(reverse("desk-flags"), {"q": "说明:逾期"})
    assert "没有符合条件的记录" in text_of(late)


def test_the_other_account_of_a_repeated_invoice_is_shown_to_nobody_outside_its_scope() -> None:
    here, there = make_fund("37"), make_fund("36")
    number = "25372000000012345678"
    here.enter(invoice=number)
    there.enter(invoice=number)
    flag = Flag.objects.get(title=there.title)
    shown = page(client_of(there.finance), "desk-flag", flag.pk)
    assert "不在您的查看范围内" in shown
    assert here.title.unit_name not in shown
    seen = page(client_of(official(Role.AUDITOR)), "desk-flag", flag.pk)
    assert here.title.unit_name in seen


def test_the_province_explains_money_that_is_stuck(fund: Fund) -> None:
    fund.nation.approved(fund.title)
    fund.nation.pay(Leg.TO_PROVINCE, fund.title, 500)
    with clock.at(SPENDING):
        (flag,) = flags.raise_stuck()
    client, address = client_of(fund.hr), reverse("desk-flag", args=[flag.pk])
    assert "停留的原因和拨付安排" in page(client, "desk-flag", flag.pk)
    with clock.at(SPENDING):
        empty = client.post(address, {"text": " "})
        assert empty.status_code == 422
        client.post(address, {"text": "已请示，本月拨付。"})
    flag.refresh_from_db()
    assert (flag.state, flag.answer) == ("answered", "已请示，本月拨付。")
    assert reverse("desk-flag-confirm", args=[flag.pk]) in page(
        client_of(fund.finance), "desk-flag", flag.pk
    )
