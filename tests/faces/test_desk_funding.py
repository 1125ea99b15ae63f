"""The desk's pages of the post-subsidy: whose turn it is, what would follow, and nobody else's money."""

import re
from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import reverse

from jiangxin.core.kernel import clock
from jiangxin.core.workflow import Role
from jiangxin.records.concurrence.models import Concurrence
from jiangxin.stages.funding.choices import Leg
from jiangxin.stages.funding.models import Claim, Payment, Plan, PlanLine
from jiangxin.stages.titles.models import Title
from tests.factories.desk import Desk, client_of, official, text_of
from tests.factories.funding import PAYING, WAN, Nation, agree_plan, unit_of

HALLO = 'data-url="'


@pytest.fixture(autouse=True)
def _later() -> Iterator[None]:
    with clock.at(PAYING):
        yield


@pytest.fixture
def nation(db: None) -> Nation:
    return Nation()


def address(name: str, *keys: int) -> str:
    return reverse(name, args=keys)


def rows_of(client: Client, name: str, q: str = "") -> int:
    return text_of(client.get(address(name), {"q": q})).count(HALLO)


# --- claims ---------------------------------------------------------------------------------------------


def test_the_province_checks_and_sees_what_it_needs(nation: Nation) -> None:
    title = nation.title()
    row = nation.claimed(title)
    client = client_of(nation.desk.hr)
    page = text_of(client.get(address("desk-claims")))
    assert 'title="待办 1 件"' in page
    assert rows_of(client, "desk-claims", "待办:全部") == 1
    detail = text_of(client.get(address("desk-claim", row.pk)))
    for shown in ("对照表第3项", "证明.pdf", "生产制造类B档", "核定，报两部"):
        assert shown in detail
    file = client.get(address("claim-file", row.pk, row.files.get().document_id))
    assert file.content.startswith(b"%PDF")
    client.post(address("desk-claim", row.pk), {"act": "check", "opinion": "属实"}, follow=True)
    row.refresh_from_db()
    assert (row.state, row.opinion) == ("checked", "属实")
    assert rows_of(client, "desk-claims", "待办:全部") == 0


def test_a_return_keeps_what_was_typed_and_says_what_is_missing(nation: Nation) -> None:
    row = nation.claimed(nation.title())
    client = client_of(nation.desk.hr)
    for reason, said in ((" ", "请写明退回理由"), ("长" * 2001, "最多 2000 字")):
        refused = client.post(address("desk-claim", row.pk), {"act": "return", "reason": reason})
        assert refused.status_code == 422
        assert said in text_of(refused)
        assert reason.strip() in text_of(refused)
    client.post(address("desk-claim", row.pk), {"act": "return", "reason": "请补清单"})
    row.refresh_from_db()
    assert (row.state, row.opinion) == ("returned", "请补清单")


def test_both_ministries_agree_on_the_page_and_the_second_fixes_it(nation: Nation) -> None:
    row = nation.checked(nation.title())
    url = address("desk-claim-concur", row.pk)
    hr, finance = client_of(nation.hr), client_of(nation.finance)
    hr.post(url, {"word": "agreed", "digest": row.digest()})
    assert "待办理" in text_of(finance.get(address("desk-claim", row.pk)))
    answer = finance.post(url, {"word": "agreed", "digest": row.digest()}, follow=True)
    assert "类档已确定" in text_of(answer)
    row.refresh_from_db()
    assert row.state == "verified"
    assert finance.post(url, {"word": "agreed", "digest": row.digest()}).status_code == 409


def test_an_adjustment_outside_the_band_is_refused_and_kept(nation: Nation) -> None:
    row = nation.checked(nation.title())
    client = client_of(nation.finance)
    typed = {
        "act": "adjust",
        "category": "service",
        "grade": "C",
        "amount": "800",
        "adjust_reason": "规模较小",
    }
    refused = client.post(address("desk-claim", row.pk), typed)
    assert refused.status_code == 422
    page = text_of(refused)
    for shown in ("300.00—700.00 万元", "规模较小", 'value="800"'):
        assert shown in page
    client.post(address("desk-claim", row.pk), typed | {"amount": ""})
    row.refresh_from_db()
    assert (row.fixed_category, row.fixed_grade, row.amount) == ("service", "C", 300 * WAN)


def test_several_are_agreed_to_after_their_names(nation: Nation) -> None:
    rows = [nation.checked(nation.title()) for _ in range(2)]
    client, url = client_of(nation.hr), address("desk-claims-agree")
    ids = [str(row.pk) for row in rows]
    asked = text_of(client.post(url, {"act": "agree", "ids": ids}))
    assert all(row.title.name in asked for row in rows)
    assert "合计 1,000.00 万元" in asked
    assert not Concurrence.objects.filter(act="claim.verify").exists()
    stale = {f"digest-{row.pk}": "0" for row in rows}
    assert client.post(url, {"ids": ids, "confirmed": "yes", **stale}).status_code == 409
    read = {f"digest-{row.pk}": row.digest() for row in rows}
    client.post(url, {"ids": ids, "confirmed": "yes", **read})
    assert Concurrence.objects.filter(act="claim.verify", agreed=True).count() == 2
    again = client.post(url, {"ids": ids})
    assert again.status_code == 422
    assert client.post(url, {"ids": ["x", "9" * 30]}).status_code == 422


@pytest.mark.parametrize("name", ["desk-claim", "desk-fund"])
def test_another_province_s_page_is_not_there(nation: Nation, name: str) -> None:
    title = nation.title()
    row = nation.claimed(title)
    key = row.pk if name == "desk-claim" else title.pk
    elsewhere = Desk("36")
    for viewer in (elsewhere.hr, elsewhere.finance, official(Role.AUDITOR, "36")):
        client = client_of(viewer)
        refused = client.get(address(name, key))
        assert refused.status_code == 404
        assert title.name not in text_of(refused)
        for listing in ("desk-claims", "desk-funds", "desk-payments"):
            assert title.name not in text_of(client.get(address(listing)))
            export = b"".join(
                client.get(address(listing), {"export": "csv"}).streaming_content
            ).decode()
            assert title.name not in export
            assert title.unit_name not in export
    assert client_of(official(Role.AUDITOR, "37")).get(address(name, key)).status_code == 200


def test_a_draft_of_a_claim_is_not_there_for_officials(nation: Nation) -> None:
    title = nation.title()
    row = Claim.objects.create(title=title, category="production", reason="未写完")
    for viewer in (nation.desk.hr, nation.hr):
        client = client_of(viewer)
        assert client.get(address("desk-claim", row.pk)).status_code == 404
        assert title.name not in text_of(client.get(address("desk-claims")))


# --- plans ----------------------------------------------------------------------------------------------


def test_from_an_empty_list_to_an_approved_plan(nation: Nation) -> None:
    titles = [nation.title(), nation.title()]
    waiting = nation.title()
    for each in titles:
        nation.verified(each)
    hr, finance = client_of(nation.hr), client_of(nation.finance)
    assert "还没有资金分配方案" in text_of(hr.get(address("desk-plans")))
    hr.post(address("desk-plans"), {"year": "2026", "budget": "900"})
    plan = Plan.objects.get()
    preview = text_of(hr.get(address("desk-plan-add", plan.pk)))
    for shown in ("1,000.00 万元", "全部列入后超出", "将超出预算", waiting.name, "单位尚未申报"):
        assert shown in preview
    ids = [str(each.pk) for each in titles]
    hr.post(address("desk-plan-add", plan.pk), {"ids": ids})
    page = text_of(finance.get(address("desk-plan", plan.pk)))
    assert "合计超出预算 100.00 万元" in page
    word = {"word": "agreed", "digest": plan.digest()}
    over = finance.post(address("desk-plan-concur", plan.pk), word)
    assert over.status_code == 409
    finance.post(address("desk-plan", plan.pk), {"budget": "1000"})
    plan.refresh_from_db()
    for client in (hr, finance):
        client.post(
            address("desk-plan-concur", plan.pk), {"word": "agreed", "digest": plan.digest()}
        )
    asked = text_of(hr.get(address("desk-plan-approve", plan.pk)))
    assert all(each.name in asked for each in titles)
    assert "2 项" in asked
    assert "另有 1 个项目类档未定，确定后只能列入补充方案" in asked
    plan.refresh_from_db()
    assert plan.state == "draft"
    hr.post(address("desk-plan-approve", plan.pk), {"confirmed": "yes"})
    plan.refresh_from_db()
    assert (plan.state, plan.total) == ("approved", 1_000 * WAN)
    page = text_of(hr.get(address("desk-plan", plan.pk)))
    assert "批准…" not in page
    assert "列入项目…" not in page


def test_approval_says_who_is_missing(nation: Nation) -> None:
    title = nation.title()
    nation.verified(title)
    plan = nation.plan(title)
    agree_plan(nation.hr, plan)
    refused = client_of(nation.hr).post(address("desk-plan-approve", plan.pk), {"confirmed": "yes"})
    assert refused.status_code == 422
    assert "还缺财政部门的同意" in text_of(refused)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"year": "", "budget": "900"}, "请选择年度"),
        ({"year": "2030", "budget": "900"}, "没有可以补助的项目年度"),
        ({"year": "2026", "budget": "九百"}, "不是金额"),
        ({"year": "2026", "budget": "1e999999"}, "不是金额"),
        ({"year": "2026", "budget": "0"}, "须大于零"),
    ],
)
def test_a_wrong_plan_is_not_begun(nation: Nation, typed: dict[str, str], said: str) -> None:
    refused = client_of(nation.hr).post(address("desk-plans"), typed)
    assert refused.status_code == 422
    assert said in text_of(refused)
    assert f'value="{typed["budget"]}"' in text_of(refused)
    assert not Plan.objects.exists()


def test_an_amount_beyond_the_band_needs_its_reason_on_the_page(nation: Nation) -> None:
    title = nation.title()
    nation.verified(title)
    plan = nation.plan(title)
    line = plan.lines.get()
    client, url = client_of(nation.finance), address("desk-plan-line", plan.pk, line.pk)
    assert "300.00—700.00 万元" in text_of(client.get(url))
    refused = client.post(url, {"act": "save", "amount": "750", "reason": ""})
    assert refused.status_code == 422
    assert 'value="750"' in text_of(refused)
    client.post(url, {"act": "save", "amount": "750", "reason": "灾后重建"})
    line.refresh_from_db()
    assert (line.amount, line.outside) == (750 * WAN, True)
    assert rows_of(client, "desk-plans") == 1
    page = text_of(client.get(address("desk-plan", plan.pk), {"q": "幅度:超出"}))
    assert page.count(HALLO) == 1
    assert "灾后重建" in page
    client.post(url, {"act": "remove"})
    assert not PlanLine.objects.exists()
    assert client.get(url).status_code == 404


def test_a_plan_is_a_national_page(nation: Nation) -> None:
    title = nation.title()
    plan = nation.approved(title)
    line = plan.lines.get()
    pages = (address("desk-plan", plan.pk), address("desk-plan-line", plan.pk, line.pk))
    for each in pages:
        assert client_of(official(Role.AUDITOR)).get(each).status_code == 200
        assert client_of(nation.desk.finance).get(each).status_code == 403
    elsewhere = client_of(official(Role.AUDITOR, "36"))
    for each in pages:
        refused = elsewhere.get(each)
        assert refused.status_code == 404
        assert title.name not in text_of(refused)


# --- payments -------------------------------------------------------------------------------------------


def test_each_level_sends_on_what_is_due_and_the_list_follows(nation: Nation) -> None:
    titles = [nation.title(), nation.title()]
    nation.approved(*titles)
    ministry, province = client_of(nation.finance), client_of(nation.desk.finance)
    assert rows_of(ministry, "desk-funds", "待办:全部") == 2
    assert rows_of(province, "desk-funds", "待办:全部") == 0
    url = address("desk-funds-send")
    ids = [str(each.pk) for each in titles]
    asked = text_of(ministry.post(url, {"ids": ids}))
    assert all(each.name in asked for each in titles)
    assert "合计 1,000.00 万元" in asked
    assert not Payment.objects.exists()
    typed = {"ids": ids, "confirmed": "yes", "total": str(1_000 * WAN), "on": "2026-08-20"}
    refused = ministry.post(url, typed | {"doc_number": " "})
    assert refused.status_code == 422
    assert 'value="2026-08-20"' in text_of(refused)
    assert not Payment.objects.exists()
    assert ministry.post(url, typed | {"total": "1", "doc_number": "财社1号"}).status_code == 422
    ministry.post(url, typed | {"doc_number": "财社1号"})
    assert Payment.objects.filter(leg=Leg.TO_PROVINCE, amount=500 * WAN).count() == 2
    assert rows_of(ministry, "desk-funds", "待办:全部") == 0
    page = text_of(province.get(address("desk-funds"), {"q": "资金:滞留"}))
    assert page.count(HALLO) == 2
    assert re.search(r'jx-cell-number">\s*12\s*</td>', page)  # days since 20 August
    assert 'title="待办 2 件"' in page
    province.post(url, typed | {"doc_number": "鲁财社1号", "on": "2026-08-21"})
    assert Payment.objects.filter(leg=Leg.TO_UNIT).count() == 2
    assert rows_of(province, "desk-funds", "资金:滞留") == 0
    assert rows_of(province, "desk-funds", "资金:待确认") == 2
    assert ministry.post(url, {"ids": ids}).status_code == 422


def test_a_province_that_is_too_early_is_told_and_nothing_is_lost(nation: Nation) -> None:
    title = nation.title()
    nation.approved(title)
    nation.pay(Leg.TO_PROVINCE, title, 500)
    client, url = client_of(nation.desk.finance), address("desk-fund", title.pk)
    typed = {"leg": "province_to_unit", "amount": "100", "doc_number": "鲁财社1号"}
    refused = client.post(url, typed | {"on": "2026-08-01"})
    assert refused.status_code == 422
    page = text_of(refused)
    for shown in ("早于中央资金到省", "四（四）", 'value="100"', 'value="鲁财社1号"'):
        assert shown in page
    for wrong, said in (
        ({"on": "x"}, "请填写日期"),
        ({"amount": "501", "on": "2026-09-01"}, "不能转拨 501.00"),
        ({"leg": "central_to_province", "on": "2026-09-01"}, "财政部办理"),
        ({"leg": "no", "on": "2026-09-01"}, "请选择环节"),
    ):
        refused = client.post(url, typed | wrong)
        assert refused.status_code in (403, 422)
        assert said in text_of(refused)
    assert not Payment.objects.filter(leg=Leg.TO_UNIT).exists()


def test_the_three_sources_stand_apart(nation: Nation) -> None:
    title = nation.title()
    nation.approved(title)
    nation.pay(Leg.TO_PROVINCE, title, 500)
    nation.confirm(nation.pay(Leg.TO_UNIT, title, 300))
    nation.confirm(nation.pay(Leg.LOCAL, title, 70))
    nation.pay(Leg.OWN, title, 40)
    page = text_of(client_of(nation.desk.hr).get(address("desk-fund", title.pk)))
    tiles = dict(
        re.findall(r'jx-stat-label">([^<]+)</span><span class="jx-stat-value">([\d.,]+)', page)
    )
    assert tiles == {
        "方案核定": "500.00",
        "已到省": "500.00",
        "已转拨单位": "300.00",
        "单位已确认": "300.00",
        "在省未转拨": "200.00",
        "地方资金（已确认）": "70.00",
        "自筹资金": "40.00",
    }


def test_a_correction_is_asked_for_and_leaves_its_trace(nation: Nation) -> None:
    title = nation.title()
    row = nation.pay(Leg.LOCAL, title, 10)
    client, url = client_of(nation.desk.finance), address("desk-payment-reverse", row.pk)
    assert "地方投入 10.00 万元" in text_of(client.get(url))
    client.post(url)
    assert Payment.objects.count() == 1
    refused = client.post(url, {"confirmed": "yes", "reason": ""})
    assert refused.status_code == 422
    client.post(url, {"confirmed": "yes", "reason": "录错项目"})
    page = text_of(client.get(address("desk-fund", title.pk)))
    assert "冲销理由：录错项目" in page
    assert "冲销…" not in page
    assert rows_of(client, "desk-payments", "状态:冲销") == 2
    assert rows_of(client, "desk-payments", "状态:有效") == 0
    elsewhere = client_of(Desk("36").finance)
    assert elsewhere.get(url).status_code == 404


def test_the_export_holds_every_source_by_its_name(nation: Nation) -> None:
    title = nation.title()
    nation.pay(Leg.LOCAL, title, 10)
    nation.pay(Leg.OWN, title, 20, doc="")
    answer = client_of(nation.hr).get(
        address("desk-payments"), {"export": "csv", "q": "来源:自筹资金"}
    )
    lines = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()
    assert lines[0].startswith("日期,省份,项目,来源,环节,金额（万元）")
    assert len(lines) == 2
    assert f"{title.name},自筹资金,单位投入,20" in lines[1]


# --- cost -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize(
    ("name", "most"),
    [
        ("desk-claims", 8),
        ("desk-plans", 8),
        ("desk-funds", 8),
        ("desk-payments", 8),
        ("desk-claim", 10),
        ("desk-plan", 10),
        ("desk-plan-add", 10),
        ("desk-plan-line", 10),
        ("desk-fund", 10),
    ],
)
def test_the_pages_cost_few_queries(
    name: str, most: int, count: int, nation: Nation, django_assert_max_num_queries
) -> None:
    titles = [nation.title() for _ in range(count)]
    for each in titles:
        nation.verified(each)
        nation.pay(Leg.LOCAL, each, 10)
        nation.checked(nation.title())
    plan = nation.plan(*titles)
    keys = {
        "desk-claim": [titles[0].claim.pk],
        "desk-plan": [plan.pk],
        "desk-plan-add": [plan.pk],
        "desk-plan-line": [plan.pk, plan.lines.all()[0].pk],
        "desk-fund": [titles[0].pk],
    }
    client = client_of(nation.hr)
    with django_assert_max_num_queries(most):
        assert client.get(address(name, *keys.get(name, []))).status_code == 200


def test_the_unit_s_own_pages_are_not_the_desk_s(nation: Nation) -> None:
    title = nation.title()
    client = client_of(unit_of(title))
    for name in ("desk-claims", "desk-plans", "desk-funds", "desk-payments"):
        assert client.get(address(name)).status_code == 403
    assert Title.objects.filter(pk=title.pk).exists()
