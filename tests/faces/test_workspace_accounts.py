"""A unit's fund account: what it sees, what it enters, what it must explain."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from jiangxin.core.kernel import clock
from jiangxin.records.documents.papers import Upload
from jiangxin.stages.accounts import flags
from jiangxin.stages.accounts.models import Flag, Voucher
from jiangxin.stages.titles.models import Title
from tests.factories.accounts import SPENDING, YUAN, Fund, make_fund, table
from tests.factories.desk import client_of, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def fund() -> Fund:
    return make_fund()


@pytest.fixture
def client(fund: Fund) -> Client:
    return client_of(fund.unit)


def page(client: Client, name: str, *args: int, **asked: str) -> str:
    with clock.at(SPENDING):
        answer = client.get(reverse(name, args=args), asked)
    assert answer.status_code == 200, text_of(answer)[:500]
    return text_of(answer)


def sent(upload: Upload) -> SimpleUploadedFile:
    return SimpleUploadedFile(upload.name, upload.content.read())


def pdf(mark: str = "a", name: str = "发票.pdf") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, b"%PDF-1.4 " + mark.encode() + b" %%EOF")


GOOD = {
    "on": "2026-10-08",
    "amount": "1,234.56",
    "category": "base_equipment",
    "source": "local",
    "payee": "某某机床有限公司",
    "invoice": "25372000000012345678",
    "note": "五轴机床",
}


def post(client: Client, fund: Fund, **changes: Any) -> Any:
    values = {"file": pdf(), **GOOD, **changes}
    with clock.at(SPENDING):
        return client.post(
            reverse("my-voucher-new", args=[fund.title.pk]),
            {key: value for key, value in values.items() if value is not None},
        )


def test_the_account_shows_money_budget_and_vouchers(fund: Fund, client: Client) -> None:
    fund.planned(budget=150_000 * YUAN, sources=500_000 * YUAN)
    row = fund.enter(amount=99_000 * YUAN, payee="某某机床有限公司")
    shown = page(client, "my-account", fund.title.pk)
    for text in ("500,000.00", "200,000.00", "101,000.00", "150,000.00", row.number, "某某机床"):
        assert text in shown
    found = page(client, "my-account", fund.title.pk, q="来源:自筹资金")
    assert row.number not in found
    assert "没有符合条件的记录" in found


def test_an_account_without_vouchers_says_what_to_do(fund: Fund, client: Client) -> None:
    assert "还没有登记凭证" in page(client, "my-account", fund.title.pk)
    assert "还没有登记凭证" in page(client, "my-account-statement", fund.title.pk)


def test_the_account_costs_the_same_for_more_rows(fund: Fund, client: Client) -> None:
    counts = []
    for times in (1, 2):
        for _ in range(times):
            fund.flagged()
        with clock.at(SPENDING), CaptureQueriesContext(connection) as found:
            client.get(reverse("my-account", args=[fund.title.pk]))
        counts.append(len(found))
    assert counts[0] == counts[1] <= 10


def test_the_hub_leads_to_the_account_and_to_what_waits(fund: Fund, client: Client) -> None:
    flag = fund.flagged()
    shown = page(client, "my-title", fund.title.pk)
    assert reverse("my-account", args=[fund.title.pk]) in shown
    assert reverse("my-flag", args=[flag.pk]) in shown
    assert "说明资金疑点" in page(client, "my-titles")
    with clock.at(SPENDING):
        flags.answer_flag(viewer=fund.unit, flag_id=flag.pk, text="已核对。")
    assert reverse("my-flag", args=[flag.pk]) not in page(client, "my-title", fund.title.pk)


# --- one voucher


def test_a_voucher_is_entered_and_shown(fund: Fund, client: Client) -> None:
    answer = post(client, fund)
    row = Voucher.objects.get()
    assert answer.headers["Location"] == reverse("my-voucher", args=[row.pk])
    assert (row.amount, row.note, row.document.name) == (1234_56, "五轴机床", "发票.pdf")
    shown = page(client, "my-voucher", row.pk)
    for text in (row.number, "1,234.56 元", "五轴机床", "25372000000012345678"):
        assert text in shown


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"amount": "200,000.01"}, "不足以支付"),
        ({"source": "central"}, "中央资金余额 0.00 元"),
        ({"amount": "很多"}, "不是金额"),
        ({"amount": "0.001"}, "不合规"),
        ({"on": "2026-10-13"}, "不能晚于今天"),
        ({"on": ""}, "请填写支付日期"),
        ({"category": "other"}, "请写明理由"),
        ({"category": ""}, "请选择用途"),
        ({"payee": " "}, "请填写收款方"),
        ({"file": None}, "请上传凭证文件"),
        ({"file": SimpleUploadedFile("发票.exe", b"MZ")}, "不接收"),
    ],
)
def test_a_refusal_says_why_and_keeps_what_was_typed(
    fund: Fund, client: Client, changes: dict[str, Any], message: str
) -> None:
    answer = post(client, fund, **changes)
    assert answer.status_code == 422
    shown = text_of(answer)
    assert message in shown
    assert "五轴机床" in shown
    assert "25372000000012345678" in shown
    assert not Voucher.objects.exists()


def test_everything_wrong_is_told_at_once(fund: Fund, client: Client) -> None:
    shown = text_of(post(client, fund, on="", amount="", payee="", file=None))
    for text in ("请填写支付日期", "请填写金额", "请填写收款方", "请上传凭证文件"):
        assert text in shown


def test_another_use_raises_a_flag_that_the_unit_explains(fund: Fund, client: Client) -> None:
    post(client, fund, category="other", reason="开业典礼")
    flag = Flag.objects.get()
    assert "请说明：用途不在通知所列范围" in page(client, "my-account", fund.title.pk)
    address = reverse("my-flag", args=[flag.pk])
    with clock.at(SPENDING):
        empty = client.post(address, {"text": " "})
        assert empty.status_code == 422
        client.post(address, {"text": "系开班仪式场地费。"})
        again = client.post(address, {"text": "改个说法"})
    assert again.status_code == 422
    assert "改个说法" not in Flag.objects.get().answer
    shown = page(client, "my-flag", flag.pk)
    assert "系开班仪式场地费。" in shown
    assert "提交说明" not in shown


def test_a_voucher_is_taken_back_after_asking_once_more(fund: Fund, client: Client) -> None:
    row = fund.enter(payee="某某机床有限公司")
    address = reverse("my-voucher-reverse", args=[row.pk])
    asked = page(client, "my-voucher-reverse", row.pk)
    assert f"{row.number}：某某机床有限公司" in asked
    with clock.at(SPENDING):
        client.post(address, {"reason": "没有确认"})
        refused = client.post(address, {"confirmed": "yes", "reason": " "})
        assert refused.status_code == 422
        assert Voucher.objects.count() == 1
        client.post(address, {"confirmed": "yes", "reason": "金额写错"})
        twice = client.post(address, {"confirmed": "yes", "reason": "金额写错"})
    assert twice.status_code == 422
    assert Voucher.objects.get(reverses=row).reason == "金额写错"
    shown = page(client, "my-voucher", row.pk)
    assert "已冲销" in shown
    assert address not in shown


# --- a whole table


def bring_in(client: Client, fund: Fund, sheet: Upload, *uploads: SimpleUploadedFile) -> Any:
    with clock.at(SPENDING):
        return client.post(
            reverse("my-vouchers-import", args=[fund.title.pk]),
            {"table": sent(sheet), "files": list(uploads)},
        )


def test_a_table_comes_in_whole(fund: Fund, client: Client) -> None:
    sheet = table({}, {"file": "发票2.pdf", "invoice": "25372000000099999999"})
    answer = bring_in(client, fund, sheet, pdf("1", "发票1.pdf"), pdf("2", "发票2.pdf"))
    assert answer.headers["Location"] == reverse("my-account", args=[fund.title.pk])
    assert Voucher.objects.count() == 2
    assert "已导入 2 张凭证" in page(client, "my-account", fund.title.pk)


def test_wrong_rows_are_named_and_nothing_comes_in(fund: Fund, client: Client) -> None:
    sheet = table({}, {"amount": "一千"}, {"file": "没有.pdf"})
    answer = bring_in(client, fund, sheet, pdf("1", "发票1.pdf"))
    assert answer.status_code == 422
    shown = text_of(answer)
    for text in ("有 2 行需要更正", "第 3 行", "“一千”不是金额", "第 4 行", "没有.pdf"):
        assert text in shown
    assert not Voucher.objects.exists()


def test_without_a_table_nothing_happens(fund: Fund, client: Client) -> None:
    with clock.at(SPENDING):
        answer = client.post(reverse("my-vouchers-import", args=[fund.title.pk]), {"table": "x"})
    assert answer.status_code == 422
    assert "请选择填好的 Excel 表" in text_of(answer)


def test_the_template_is_a_workbook(fund: Fund, client: Client) -> None:
    answer = client.get(reverse("my-vouchers-template", args=[fund.title.pk]))
    assert answer.content[:2] == b"PK"
    assert "attachment" in answer.headers["Content-Disposition"]


# --- whose it is


def test_another_units_account_does_not_exist(fund: Fund) -> None:
    other = Fund(fund.nation)
    flag = fund.flagged(payee="保密的收款公司")
    row = flag.voucher
    assert row is not None
    client = client_of(other.unit)
    with clock.at(SPENDING):
        for name, number in (
            ("my-account", fund.title.pk),
            ("my-account-statement", fund.title.pk),
            ("my-voucher-new", fund.title.pk),
            ("my-vouchers-import", fund.title.pk),
            ("my-vouchers-template", fund.title.pk),
            ("my-voucher", row.pk),
            ("my-voucher-reverse", row.pk),
            ("voucher-file", row.pk),
            ("my-flag", flag.pk),
        ):
            answer = client.get(reverse(name, args=[number]))
            assert answer.status_code == 404, name
            assert "保密的收款公司" not in text_of(answer)
        client.post(
            reverse("my-voucher-reverse", args=[row.pk]), {"confirmed": "yes", "reason": "捣乱"}
        )
        client.post(reverse("my-flag", args=[flag.pk]), {"text": "捣乱"})
        post(client, fund)
    assert Voucher.objects.count() == 1
    flag.refresh_from_db()
    assert flag.state == "open"
    shown = page(client, "my-account", other.title.pk)
    assert row.number not in shown


def test_the_other_units_voucher_of_a_repeated_invoice_is_not_told(fund: Fund) -> None:
    other = Fund(fund.nation)
    number = "25372000000012345678"
    first = fund.enter(invoice=number)
    other.enter(invoice=number)
    flag = Flag.objects.get(title=other.title)
    shown = page(client_of(other.unit), "my-flag", flag.pk)
    assert "其他单位的账户" in shown
    assert first.number not in shown
    assert fund.title.unit_name not in shown


def test_a_legacy_title_has_an_account_without_a_budget(fund: Fund, client: Client) -> None:
    Title.objects.filter(pk=fund.title.pk).update(origin="")
    with clock.at(SPENDING):
        fund.enter(source="own")
    shown = page(client, "my-account", fund.title.pk)
    assert "没有本次申报的预算" in shown
