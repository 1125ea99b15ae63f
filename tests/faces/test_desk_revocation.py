"""The desk's pages of revocation: the whole way by hand, each refusal beside what was typed."""

import hashlib
import re
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from jiangxin.core.kernel import clock
from jiangxin.core.workflow import Role
from jiangxin.records.identity.viewer import Viewer
from jiangxin.records.ledger.models import Event
from jiangxin.stages.accounts import flags
from jiangxin.stages.revocation.actions import proposal
from jiangxin.stages.revocation.models import Revocation
from jiangxin.stages.titles.models import Title
from tests.factories import revocation as make
from tests.factories.accounts import YUAN, make_fund
from tests.factories.desk import client_of, official, text_of
from tests.factories.revocation import FACTS, RULING, START, TERM_OVER
from tests.factories.titled import PNG, Place, picture

pytestmark = pytest.mark.django_db
DURING = START + timedelta(days=2)


@pytest.fixture
def place() -> Place:
    return Place()


@pytest.fixture
def unit(place: Place) -> Viewer:
    return place.unit()


@pytest.fixture
def title(place: Place, unit: Viewer) -> Title:
    return place.studio(unit)


def at(name: str, *args: object) -> str:
    return reverse(f"desk-revocation{'-' if name else ''}{name}", args=args)


def word(client: Client, case: Revocation, act: str, said: str = "agreed") -> None:
    """Agree by the form that stands on the page, with the digest that it carries."""
    url = at("concur", case.pk, act)
    shown = text_of(client.get(at("", case.pk))).partition(f'action="{url}"')[2]
    digest = re.search(r'name="digest" value="(\w+)"', shown)
    assert digest
    client.post(url, {"digest": digest[1], "word": said, "remark": "已核"})


def test_the_whole_way_by_hand(place: Place, unit: Viewer, title: Title) -> None:
    hr, finance, own = (client_of(each) for each in (place.hr, place.finance, unit))
    with clock.at(START):
        picture = SimpleUploadedFile("检查记录.png", PNG, "image/png")
        hr.post(at("new", title.pk), {"cause": "stopped", "facts": FACTS, "files": [picture]})
        case = Revocation.objects.get()
        assert case.papers[0]["name"] == "检查记录.png"
        assert "还缺人社、财政部门的同意" in text_of(
            hr.post(at("notify", case.pk), {"confirmed": "yes"})
        )
        for client in (hr, finance):
            word(client, case, "notify")
        asked = text_of(hr.get(at("notify", case.pk)))
        assert title.name in asked
        assert "5 个工作日内，单位可以陈述申辩" in asked
        hr.post(at("notify", case.pk), {"confirmed": "yes"})
        own.post(reverse("my-revocation-receipt", args=[case.pk]), {"confirmed": "yes"})
    with clock.at(DURING):
        refused = hr.post(at("close", case.pk), {"confirmed": "yes"})
        assert refused.status_code == 409
        assert "不能跳过听取陈述申辩" in text_of(refused)
        own.post(
            reverse("my-revocation-statement", args=[case.pk]),
            {"text": "已整改完毕。", "wants_hearing": "yes"},
        )
        page = text_of(hr.get(at("", case.pk)))
        assert "已整改完毕。" in page
        assert "要求听证" in page
        assert "还没有登记听证情况" in text_of(hr.post(at("close", case.pk), {"confirmed": "yes"}))
        hr.post(at("hearing", case.pk), {"text": "11月4日在厅机关召开听证会。"})
        hr.post(at("close", case.pk), {"confirmed": "yes"})
        draft = {
            "decision": "决定取消称号。",
            "doc_number": "人社函〔2026〕9号",
            "repay": "12.50",
            "barred_years": "2",
        }
        hr.post(at("decision", case.pk), draft)
        for client in (hr, finance):
            word(client, case, "decide")
        asked = text_of(hr.get(at("decide", case.pk)))
        for told in (title.number, "12.50 万元", "2 年内不得申报", "不能恢复"):
            assert told in asked
        hr.post(at("decide", case.pk), {"confirmed": "yes"})
        hr.post(at("publish", case.pk), {"confirmed": "yes"})
        finance.post(at("follow", case.pk, "repayment"), {"on": DURING.date().isoformat()})
        hr.post(at("follow", case.pk, "plaque"), {"on": DURING.date().isoformat()})
    title.refresh_from_db()
    case.refresh_from_db()
    assert (title.state, case.state, case.repay) == ("revoked", "published", 12_500_000)
    assert (case.repaid_on, case.plaque_on) == (DURING.date(), DURING.date())


def test_what_was_typed_stays_beside_the_refusal(place: Place, title: Title) -> None:
    hr = client_of(place.hr)
    refused = hr.post(at("new", title.pk), {"cause": "assessment", "facts": "连续两年未招生"})
    assert refused.status_code == 422
    page = text_of(refused)
    assert "连续两年未招生" in page
    assert "不能以考核评估不合格为由" in page
    bad = SimpleUploadedFile("说明.exe", b"MZ", "application/octet-stream")
    page = text_of(
        hr.post(at("new", title.pk), {"cause": "stopped", "facts": "停", "files": [bad]})
    )
    assert "不接收“说明.exe”" in page
    assert not Revocation.objects.exists()
    case = make.heard(place, title)
    with clock.at(TERM_OVER):
        draft = {"decision": "电话13800138000", "repay": "0", "barred_years": "0"}
        page = text_of(hr.post(at("decision", case.pk), draft))
        assert "含有个人信息" in page
        for repay, years, told in (
            ("-1", "0", "金额"),
            ("一万", "0", "不是金额"),
            ("0", "x", "整数"),
        ):
            draft = {"decision": "原文保留在此", "repay": repay, "barred_years": years}
            answer = hr.post(at("decision", case.pk), draft)
            assert answer.status_code == 422
            assert "原文保留在此" in text_of(answer)
            assert told in text_of(answer)
    case.refresh_from_db()
    assert case.decision == ""


def test_a_service_is_typed_for_a_unit_without_account(place: Place) -> None:
    case = make.noticed(place, place.legacy())
    hr = client_of(place.hr)
    with clock.at(DURING):
        assert "没有账号" in text_of(hr.get(at("", case.pk)))
        refused = hr.post(at("serve", case.pk), {"on": "2026-13-40", "how": "公告送达"})
        assert refused.status_code == 422
        assert "公告送达" in text_of(refused)
        hr.post(at("serve", case.pk), {"on": START.date().isoformat(), "how": "公告送达"})
        hr.post(at("statement", case.pk), {"text": "来信陈述。"})
    case.refresh_from_db()
    assert case.hearing_until == (START + timedelta(days=7)).date()
    assert case.statements.get().text == "来信陈述。"


def test_a_case_is_dismissed_by_both(place: Place, title: Title) -> None:
    case = make.proposed(place, title)
    hr, finance = client_of(place.hr), client_of(place.finance)
    with clock.at(START):
        hr.post(at("dismissal", case.pk), {"reason": "已恢复运行。"})
        for client in (hr, finance):
            word(client, case, "dismiss")
        assert "已恢复运行。" in text_of(hr.get(at("dismiss", case.pk)))
        hr.post(at("dismiss", case.pk), {"confirmed": "yes"})
    title.refresh_from_db()
    case.refresh_from_db()
    assert (title.state, case.state) == ("titled", "dismissed")


def test_an_edit_takes_a_file_away_and_the_words_with_it(place: Place, title: Title) -> None:
    case = make.proposed(place, title)
    hr = client_of(place.hr)
    with clock.at(START):
        word(hr, case, "notify")
        document = case.papers[0]["document"]
        assert hr.get(at("file", case.pk, document)).status_code == 200
        hr.post(at("edit", case.pk), {"cause": "output", "facts": FACTS, "drop": [str(document)]})
        page = text_of(hr.get(at("", case.pk)))
        assert "已失效" in page
        assert hr.get(at("file", case.pk, document)).status_code == 404


@pytest.mark.parametrize("name", ["", "edit", "notify", "close", "decision", "file"])
def test_nobody_elses_case_is_found(name: str, place: Place, title: Title) -> None:
    case = make.proposed(place, title)
    args = [case.pk, case.papers[0]["document"]] if name == "file" else [case.pk]
    refused = client_of(official(Role.PROVINCE_HR, "36")).get(at(name, *args))
    assert refused.status_code == 404
    assert title.name not in text_of(refused)
    assert FACTS not in text_of(refused)


def test_lists_searches_and_exports_keep_to_the_scope(place: Place, title: Title) -> None:
    make.proposed(place, title)
    other = Place("36")
    foreign = other.studio()
    make.proposed(other, foreign)
    client = client_of(place.finance)
    for search in ("", "?q=状态:拟取消", "?q=待办:本部门", f"?q={foreign.number}", "?export=csv"):
        response = client.get(reverse("desk-revocations") + search)
        page = b"".join(response).decode()
        assert foreign.unit_name not in page
        assert response.status_code == 200
    national = text_of(client_of(official(Role.MINISTRY_HR)).get(reverse("desk-revocations")))
    assert foreign.unit_name in national
    assert title.unit_name in national


def test_what_lies_ready_is_counted_and_leads_to_the_proposal(place: Place) -> None:
    failed = place.legacy(assessment="failed")
    hr, finance = client_of(place.hr), client_of(place.finance)
    home = text_of(hr.get(reverse("desk-home")))
    assert "应提出取消" in home
    page = text_of(hr.get(reverse("desk-revocation-ready")))
    assert failed.name in page
    assert "考核评估不合格" in page
    own = text_of(hr.get(reverse("desk-title", args=[failed.pk])))
    assert "已具备提出取消的情形：考核评估不合格" in own
    assert at("new", failed.pk) in own
    assert at("new", failed.pk) not in text_of(finance.get(reverse("desk-title", args=[failed.pk])))
    form = text_of(hr.get(at("new", failed.pk)))
    assert re.search(r'value="assessment"[^>]* checked', form)


def test_what_waits_is_told_at_home_with_its_search(place: Place, title: Title) -> None:
    make.proposed(place, title)
    for viewer in place.both:
        page = client_of(viewer).get(reverse("desk-revocations") + "?q=待办:本部门")
        assert title.name in text_of(page)
        assert "q=%E5%BE%85%E5%8A%9E%3A%E6%9C%AC%E9%83%A8%E9%97%A8" in text_of(
            client_of(viewer).get(reverse("desk-home"))
        )


def test_a_title_page_shows_its_record_and_processes(place: Place, title: Title) -> None:
    make.published(place, title)
    page = text_of(client_of(place.supervisor()).get(reverse("desk-title", args=[title.pk])))
    assert "两部备案登记，列入名录" in page
    assert "取消称号" in page
    assert "已公布" in page
    assert "登记变更" not in page
    elsewhere = client_of(official(Role.PROVINCE_HR, "36"))
    assert elsewhere.get(reverse("desk-title", args=[title.pk])).status_code == 404


def test_what_is_proven_of_the_money_is_told_to_who_proposes_and_on_the_case() -> None:
    fund = make_fund()
    flag, open_ = fund.flagged(amount=1000 * YUAN), fund.flagged(amount=2000 * YUAN)
    flags.answer_flag(viewer=fund.unit, flag_id=flag.pk, text="误记。")
    client = client_of(fund.hr)
    new = reverse("desk-revocation-new", args=[fund.title.pk])
    assert "没有已认定的问题" in text_of(client.get(new)), "what is open is not proven"
    flags.confirm_flag(viewer=fund.finance, flag_id=flag.pk, reason="超出用途。", refund=500 * YUAN)
    assert "已认定问题 1 项，涉及 0.10 万元，应退回 0.05 万元" in text_of(client.get(new))
    row = proposal.propose(
        viewer=fund.hr, title_id=fund.title.pk, cause="stopped", facts=FACTS, uploads=[picture()]
    )
    shown = text_of(client.get(at("", row.pk)))
    assert "已认定的资金问题（1）" in shown
    assert reverse("desk-flag", args=[flag.pk]) in shown
    assert reverse("desk-flag", args=[open_.pk]) not in shown


def test_the_pages_cost_few_queries_however_many_rows(
    place: Place, django_assert_max_num_queries
) -> None:
    client = client_of(place.hr)
    for count in (1, 3):
        while Title.objects.count() < count * 2:
            case = make.drafted(place, place.studio())
            place.legacy(assessment="failed")
        with clock.at(TERM_OVER):
            for name in ("desk-revocations", "desk-revocation-ready", "desk-titles"):
                with django_assert_max_num_queries(8):
                    assert client.get(reverse(name)).status_code == 200
            with django_assert_max_num_queries(10):
                assert client.get(at("", case.pk)).status_code == 200
            with django_assert_max_num_queries(10):
                assert client.get(reverse("desk-title", args=[case.title_id])).status_code == 200


def test_published_decisions_are_read_by_everybody_and_drafts_by_nobody(
    place: Place, title: Title
) -> None:
    case = make.decided(place, title)
    anyone = Client()
    address = reverse("portal-revocation", args=[case.pk])
    assert anyone.get(address).status_code == 404
    assert RULING.text not in text_of(anyone.get(reverse("portal-revocations")))
    with clock.at(TERM_OVER):
        client_of(place.hr).post(at("publish", case.pk), {"confirmed": "yes"})
    listed = text_of(anyone.get(reverse("portal-revocations")))
    assert title.name in listed
    shown = text_of(anyone.get(address))
    assert RULING.text in shown
    assert RULING.doc_number in shown
    assert "2026年11月10日（星期二）" in shown.partition("jx-signature")[2].partition("</p>")[0]
    assert FACTS not in shown
    register = text_of(anyone.get(reverse("portal-title", args=[title.pk])))
    assert address in register
    assert "称号已取消" in register
    assert "变更为" not in register  # the states of the machine are nothing to read
    assert Event.objects.filter(type="revocation.published").count() == 1


def test_the_published_file_has_the_digest_that_the_page_tells(place: Place, title: Title) -> None:
    case = make.published(place, title)
    anyone = Client()
    file = anyone.get(reverse("portal-revocation-content", args=[case.pk]))
    shown = text_of(anyone.get(reverse("portal-revocation", args=[case.pk])))
    assert hashlib.sha256(file.content).hexdigest() in shown
    assert title.leader_hash not in file.content.decode()
