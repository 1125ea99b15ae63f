"""A unit's pages about money: claim in plain words, confirm what came, and never another unit's."""

from collections.abc import Iterator

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from jiangxin.core.kernel import clock
from jiangxin.records.identity.viewer import System
from jiangxin.stages.funding.actions import claims
from jiangxin.stages.funding.choices import Leg
from jiangxin.stages.funding.models import Arrival, Claim, Payment
from jiangxin.stages.funding.queries import received
from jiangxin.stages.titles.actions import enter_legacy
from jiangxin.stages.titles.models import Title
from tests.factories.desk import client_of, text_of
from tests.factories.files import pdf
from tests.factories.funding import PAYING, WAN, Nation, unit_of


@pytest.fixture(autouse=True)
def _later() -> Iterator[None]:
    with clock.at(PAYING):
        yield


@pytest.fixture
def nation(db: None) -> Nation:
    return Nation()


@pytest.fixture
def title(nation: Nation) -> Title:
    return nation.title()


@pytest.fixture
def client(title: Title) -> Client:
    return client_of(unit_of(title))


def address(name: str, key: int) -> str:
    return reverse(name, args=[key])


def hub(client: Client, title: Title) -> str:
    return text_of(client.get(address("my-title", title.pk)))


TYPED = {"category": "production", "grade": "A", "reason": "年培训 5200 人次，见汇总表"}


def upload(name: str = "汇总表.pdf", data: bytes = pdf("a")) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data)


def test_the_hub_says_what_to_do_and_the_page_says_how(client: Client, title: Title) -> None:
    page = hub(client, title)
    assert "补助按类和档安排，2026 年发放" in page
    assert "去办理" in page
    page = text_of(client.get(address("my-claim", title.pk)))
    for shown in ("生产制造类", "民生服务类", "A档，700.00 万元", "实训设备清单", "四（四）"):
        assert shown in page
    assert "传统工艺类" not in page
    assert not Claim.objects.exists()


def test_a_claim_is_kept_checked_and_submitted(
    client: Client, title: Title, nation: Nation
) -> None:
    url = address("my-claim", title.pk)
    client.post(url, TYPED | {"_go": "stay", "file": [upload(), upload("另一份.pdf", pdf("b"))]})
    row = Claim.objects.get()
    assert (row.state, row.category, row.files.count()) == ("draft", "production", 2)
    page = text_of(client.get(url))
    assert "年培训 5200 人次" in page
    assert "汇总表.pdf" in page
    client.post(url, TYPED | {"_drop": str(row.files.all()[1].pk)})
    assert row.files.get().document.name == "汇总表.pdf"
    answer = client.post(url, TYPED | {"_go": "next"})
    assert answer.headers["Location"] == address("my-claim-submit", title.pk)
    asked = text_of(client.get(answer.headers["Location"]))
    assert "生产制造类A档，证明材料 1 份" in asked
    client.post(answer.headers["Location"], {"confirmed": "yes"})
    row.refresh_from_db()
    assert row.state == "claimed"
    page = text_of(client.get(url))
    assert "等待省级人社部门核定" in page
    assert "<form" not in page.partition('id="main"')[2]
    assert "去办理" not in hub(client, title)


def test_a_refused_file_keeps_the_rest(client: Client, title: Title) -> None:
    url = address("my-claim", title.pk)
    refused = client.post(url, TYPED | {"file": [upload("a.exe"), upload()]})
    assert refused.status_code == 422
    page = text_of(refused)
    assert "不接收“a.exe”" in page
    assert "年培训 5200 人次" in page
    row = Claim.objects.get()
    assert row.reason == TYPED["reason"]
    assert [each.document.name for each in row.files.all()] == ["汇总表.pdf"]


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"category": "heritage"}, "没有这一类"),
        ({"grade": "Z"}, "没有这一档"),
        ({"reason": "长" * 2001}, "最多 2000 字"),
    ],
)
def test_what_is_wrong_is_said_and_stays_in_the_page(
    client: Client, title: Title, typed: dict[str, str], said: str
) -> None:
    refused = client.post(address("my-claim", title.pk), TYPED | typed)
    assert refused.status_code == 422
    assert said in text_of(refused)
    assert (TYPED | typed)["reason"] in text_of(refused)
    assert not Claim.objects.exists()


def test_nothing_is_submitted_without_evidence_and_it_says_so(client: Client, title: Title) -> None:
    client.post(address("my-claim", title.pk), TYPED)
    refused = client.post(address("my-claim-submit", title.pk), {"confirmed": "yes"})
    assert refused.status_code == 422
    assert "请至少上传一份证明材料" in text_of(refused)
    assert Claim.objects.get().state == "draft"


def test_a_returned_claim_shows_why_and_can_be_mended(
    nation: Nation, client: Client, title: Title
) -> None:
    row = nation.claimed(title)
    claims.return_claim(viewer=nation.desk.hr, claim_id=row.pk, reason="请补设备清单")
    page = text_of(client.get(address("my-claim", title.pk)))
    assert "请补设备清单" in page
    assert "去办理" in hub(client, title)
    client.post(address("my-claim", title.pk), TYPED)
    client.post(address("my-claim-submit", title.pk), {"confirmed": "yes"})
    row.refresh_from_db()
    assert (row.state, row.grade) == ("claimed", "A")


def test_what_both_have_fixed_is_told_with_its_amount(
    nation: Nation, client: Client, title: Title
) -> None:
    nation.verified(title, "C")
    page = text_of(client.get(address("my-claim", title.pk)))
    assert "确定的类档" in page
    assert "300.00 万元" in page


def test_another_unit_s_pages_are_not_there(nation: Nation, title: Title) -> None:
    row = nation.claimed(title)
    own = nation.pay(Leg.OWN, title, 5)
    other = client_of(unit_of(nation.title()))
    pages = [
        address("my-claim", title.pk),
        address("my-claim-submit", title.pk),
        address("my-payments", title.pk),
        address("my-payment-reverse", own.pk),
        reverse("claim-file", args=[row.pk, row.files.get().document_id]),
    ]
    for each in pages:
        refused = other.get(each)
        assert refused.status_code == 404, each
        assert title.name not in text_of(refused)
    posted = other.post(address("my-claim", title.pk), TYPED)
    assert posted.status_code == 404
    local = nation.pay(Leg.LOCAL, title, 5)
    mine = Title.objects.exclude(pk=title.pk).get()
    stolen = other.post(
        address("my-payments", mine.pk),
        {"act": "confirm", "payment": str(local.pk), "arrived": "2026-09-01"},
    )
    assert "没有这笔记录" in text_of(stolen)
    assert not Arrival.objects.exists()


def test_a_title_of_2011_to_2020_has_neither_claim_nor_subsidy(
    client: Client, title: Title
) -> None:
    legacy = enter_legacy(
        by=System(),
        number="L1",
        kind="base",
        province="37",
        year=2015,
        name="老基地",
        unit_name="某校",
        uscc=title.uscc,
    )
    page = hub(client, legacy)
    assert "申报类档" not in page
    assert "补助资金" not in page
    for name in ("my-claim", "my-payments"):
        assert client.get(address(name, legacy.pk)).status_code == 404


def test_an_arrival_is_confirmed_with_its_day(nation: Nation, client: Client, title: Title) -> None:
    nation.approved(title)
    nation.pay(Leg.TO_PROVINCE, title, 500)
    passed = nation.pay(Leg.TO_UNIT, title, 300, doc="鲁财社3号")
    url = address("my-payments", title.pk)
    assert "有 1 笔资金等您确认到账" in hub(client, title)
    page = text_of(client.get(url))
    for shown in ("核定中央资金 <b>500.00</b> 万元", "鲁财社3号", "确认到账"):
        assert shown in page
    typed = {"act": "confirm", "payment": str(passed.pk)}
    for wrong, said in (
        ({"arrived": "2026-08-31"}, "到账日期早于拨付日期"),
        ({"arrived": "2026-09-02"}, "日期还没有到"),
        ({"arrived": ""}, "请填写日期"),
        ({"arrived": "2026-09-01", "payment": "x"}, "没有这笔记录"),
    ):
        refused = client.post(url, typed | wrong)
        assert refused.status_code == 422
        assert said in text_of(refused)
    assert not Arrival.objects.exists()
    client.post(url, typed | {"arrived": "2026-09-01"})
    assert received(title)["central"] == 300 * WAN
    assert "等您确认" not in hub(client, title)


def test_the_unit_enters_and_takes_back_its_own_money(client: Client, title: Title) -> None:
    url = address("my-payments", title.pk)
    refused = client.post(url, {"act": "own", "amount": "很多", "on": "2026-08-01"})
    assert refused.status_code == 422
    assert 'value="很多"' in text_of(refused)
    client.post(url, {"act": "own", "amount": "12.5", "on": "2026-08-01", "doc_number": ""})
    row = Payment.objects.get()
    assert (row.source, row.amount) == ("own", 12_500_000)
    back = address("my-payment-reverse", row.pk)
    assert "12.50 万元" in text_of(client.get(back))
    refused = client.post(back, {"confirmed": "yes", "reason": " "})
    assert refused.status_code == 422
    client.post(back, {"confirmed": "yes", "reason": "金额有误"})
    assert received(title)["own"] == 0
    page = text_of(client.get(url))
    assert "已冲销，不计入" in page
    assert "冲销：金额有误" in page


def test_money_of_others_is_not_taken_back_by_the_unit(
    nation: Nation, client: Client, title: Title
) -> None:
    row = nation.pay(Leg.LOCAL, title, 10)
    refused = client.post(
        address("my-payment-reverse", row.pk), {"confirmed": "yes", "reason": "我来冲"}
    )
    assert "由省级财政部门办理" in text_of(refused)
    assert Payment.objects.count() == 1
    assert "冲销…" not in text_of(client.get(address("my-payments", title.pk)))


@pytest.mark.parametrize("name", ["my-claim", "my-payments"])
@pytest.mark.parametrize("count", [1, 3])
def test_the_pages_cost_few_queries(
    name: str, count: int, nation: Nation, title: Title, django_assert_max_num_queries
) -> None:
    nation.claimed(title)
    for number in range(count):
        nation.pay(Leg.LOCAL, title, 10, doc=f"{number}号")
    client = client_of(unit_of(title))
    with django_assert_max_num_queries(10):
        assert client.get(address(name, title.pk)).status_code == 200
