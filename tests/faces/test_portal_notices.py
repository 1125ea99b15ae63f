"""The legal notice and the objections: what is decided is shown, who objects is not."""

import hashlib
import json
import re
import shutil
from pathlib import Path

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse

from jiangxin.core.kernel import clock
from jiangxin.core.policy.load import DEFAULT, policies_folder
from jiangxin.core.workflow import Role
from jiangxin.ops.scenes import finish
from jiangxin.records.identity.models import User
from jiangxin.records.ledger.actions import seal
from jiangxin.stages.application.models import Application
from jiangxin.stages.experts.models import Expert
from jiangxin.stages.programme.models import Call
from jiangxin.stages.publicity.actions import answer
from jiangxin.stages.publicity.models import Notice, Objection
from tests.factories.desk import client_of, official
from tests.factories.portal import PAGES, published_call
from tests.factories.year import PLACE, PUBLISHED, make_year

DURING = PUBLISHED.replace(day=26)
GIVEN = {"ground": "procedure", "text": "评审程序的公开范围请予说明。", "anonymous": "on"}


@pytest.fixture
def notice(db: None) -> Notice:
    """A published notice of two studios; a third was not chosen. One objection is open."""
    return make_year().published(objection=True)


def address_of(notice: Notice) -> str:
    return reverse("portal-notice", args=[notice.pk])


def text(address: str, **query: str) -> str:
    reply = Client().get(address, query)
    assert reply.status_code == 200, address
    return reply.content.decode()


def test_the_notice_shows_what_was_decided_and_nobody_who_objects(notice: Notice) -> None:
    checkpoint = seal()
    assert checkpoint
    with clock.at(DURING):
        page = text(address_of(notice))
    for item in notice.items:
        assert item["title"] in page
        assert item["leader"] in page
    assert Application.objects.get(state="not_selected").title not in page
    assert notice.starts_on
    assert notice.ends_on
    for shown in (
        clock.long_date(notice.starts_on),
        clock.long_date(notice.ends_on),
        notice.digest(),
        checkpoint.root,
        "还有 <b>4</b> 个工作日",
        "提交异议",
        "办理中 1 条",
        "可能得不到答复",
    ):
        assert shown in page, shown
    objection = Objection.objects.get()
    for secret in ("陈演示", "000-00000000，", objection.text, objection.number):
        assert secret not in page


def test_anybody_can_recompute_the_digest_from_the_file(notice: Notice) -> None:
    reply = Client().get(reverse("portal-notice-content", args=[notice.pk]))
    assert hashlib.sha256(reply.content).hexdigest() == notice.digest()
    assert json.loads(reply.content)["items"] == notice.items
    assert hashlib.sha256(reply.content + b" ").hexdigest() != notice.digest()


def test_a_draft_is_nowhere(db: None) -> None:
    year = make_year()
    call = year.call
    draft = Notice.objects.create(
        call=call, title="起草中的公示", text="不应看到", contact="某厅", days=5, items=[]
    )
    for name in ("portal-notice", "portal-notice-content"):
        reply = Client().get(reverse(name, args=[draft.pk]))
        assert reply.status_code == 404
        assert "不应看到" not in reply.content.decode()
    for name in PAGES:
        assert "起草中的公示" not in text(reverse(name)), name
    assert Client().post(address_of(draft), GIVEN).status_code == 404
    assert not Objection.objects.exists()
    own = client_of(year.hr).get(reverse("portal-notices")).content.decode()
    assert "起草中的公示" not in own


def test_the_outcomes_are_public_and_the_objectors_are_not(notice: Notice) -> None:
    general = {"ground": "other", "text": "总体上请说明遴选的标准和过程。", "anonymous": "on"}
    with clock.at(DURING):
        Client().post(address_of(notice), general)
    first, second = Objection.objects.order_by("id")
    hr = official(Role.PROVINCE_HR, PLACE.code, "经办人甲")
    with clock.at(PUBLISHED.replace(day=29)):
        answer(viewer=hr, objection_id=first.pk, upheld=False, text="核查人乙称材料属实。")
        page = text(address_of(notice))
    table = page[page.index('id="answers"') : page.index('id="object"')]
    assert "办理中 1 条，异议不成立 1 条" in table
    assert notice.items[0]["title"] in table
    assert "材料不实" in table
    assert "2025年9月29日" in table
    assert "其他" not in table
    for secret in ("核查人乙", "经办人甲", "陈演示", first.text, first.number, second.number):
        assert secret not in page, secret


def test_what_is_not_public_is_nowhere(notice: Notice) -> None:
    left_out = Application.objects.get(state="not_selected")
    draft = published_call("36", title="没有发布的申报通知", state="draft", phone="000-draft")
    User.objects.update(phone="13900001234")
    Expert.objects.update(name="不公开的专家", phone="13911112222")
    for project in Application.objects.all():
        answers = project.answers | {"leader_phone": "13922223333", "notes": "内部材料"}
        Application.objects.filter(pk=project.pk).update(answers=answers)
    exports = [
        f"{reverse(name)}?export={kind}"
        for name in ("portal-register", "portal-nation")
        for kind in ("csv", "json")
    ]
    exports += [
        reverse(name) + "?export=csv&col=title&col=phone&col=doc&col=province"
        for name in ("portal-calls", "portal-notices")
    ]
    detail = [
        address_of(notice),
        reverse("portal-notice-content", args=[notice.pk]),
        reverse("portal-call", args=[notice.call_id]),
    ]
    searches = [
        reverse("portal-register") + f"?q={left_out.number}",
        reverse("portal-notices") + "?q=没有发布",
        reverse("portal-calls") + "?q=省:江西",
    ]
    secrets = [
        left_out.title,
        left_out.leader_hash,
        draft.title,
        "000-draft",
        "13900001234",
        "13911112222",
        "13922223333",
        "内部材料",
        "不公开的专家",
        "陈演示",
        Objection.objects.get().text,
    ]
    with clock.at(DURING):
        for address in [*(reverse(name) for name in PAGES), *exports, *detail, *searches]:
            reply = Client().get(address)
            assert reply.status_code == 200, address
            page = b"".join(reply).decode()
            for secret in secrets:
                assert secret not in page, (address, secret)


def test_an_objection_is_heard_once_it_is_whole(notice: Notice) -> None:
    address = address_of(notice)
    with clock.at(DURING):
        bad = Client().post(address, {"ground": "procedure", "text": "太短", "name": "王某"})
        assert bad.status_code == 422
        assert "太短" in bad.content.decode()
        assert 'value="王某"' in bad.content.decode()
        alien = Client().post(address, GIVEN | {"application": "²9999999999999999999"})
        assert alien.status_code == 422
        assert 'id="field-application"' in alien.content.decode()
        twice = Client().post(address, GIVEN | {"application": ["1", "2"]})
        assert twice.status_code == 422
        assert Objection.objects.count() == 1
        wanted = notice.items[1]["application"]
        client = Client()
        sent = client.post(
            address,
            {"ground": "procedure", "text": GIVEN["text"], "application": str(wanted)}
            | {"name": "李某某", "contact": "0531-1234"},
        )
    assert sent.headers["Location"] == reverse("objection-receipt")
    found = Objection.objects.order_by("-id")[0]
    assert found.application_id == wanted
    assert found.named
    for part in ("李某某", "0531-1234"):
        assert part not in found.person_sealed


def test_the_receipt_is_shown_once_and_leaves_nothing_behind(notice: Notice) -> None:
    client = Client()
    with clock.at(DURING):
        first = client.post(address_of(notice), GIVEN, follow=True)
    page = first.content.decode()
    code = re.search(r"<strong>([A-Z2-9]{10})</strong>", page)
    assert code
    found = Objection.objects.order_by("-id")[0]
    assert found.number in page
    assert first.headers["Cache-Control"] == "no-store"
    again = client.get(reverse("objection-receipt"))
    assert again.status_code == 404
    assert code.group(1) not in again.content.decode()
    assert not Session.objects.exists()
    assert Objection.objects.count() == 2
    told = client.post(
        reverse("objection-lookup"), {"number": found.number, "code": code.group(1).lower()}
    ).content.decode()
    assert GIVEN["text"] in told
    assert "正在核查" in told
    for number, given in ((found.number, "AAAAAAAAAA"), ("Y1", code.group(1)), ("\0", "\0")):
        wrong = Client().post(reverse("objection-lookup"), {"number": number, "code": given})
        assert wrong.status_code == 422
        assert GIVEN["text"] not in wrong.content.decode()


def test_the_objector_reads_the_answer(notice: Notice) -> None:
    client = Client()
    with clock.at(DURING):
        page = client.post(address_of(notice), GIVEN, follow=True).content.decode()
    code = re.search(r"<strong>([A-Z2-9]{10})</strong>", page)
    assert code
    found = Objection.objects.order_by("-id")[0]
    hr = official(Role.PROVINCE_HR, PLACE.code)
    with clock.at(DURING.replace(hour=15)):
        answer(viewer=hr, objection_id=found.pk, upheld=False, text="程序已公开，可供核验。")
    told = client.post(
        reverse("objection-lookup"), {"number": found.number, "code": code.group(1)}
    ).content.decode()
    assert "程序已公开，可供核验。" in told
    assert "异议不成立" in told


def test_an_official_who_objects_stays_logged_in(notice: Notice) -> None:
    client = client_of(official(Role.PROVINCE_HR, "36"))
    with clock.at(DURING):
        assert client.post(address_of(notice), GIVEN, follow=True).status_code == 200
        assert client.get(reverse("objection-receipt")).status_code == 404
        assert client.get(reverse("desk-home")).status_code == 200
    found = Objection.objects.order_by("-id")[0]
    assert found.person_sealed == ""


def test_a_policy_without_anonymous_objections_wants_a_name(
    notice: Notice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    policies = tmp_path / "policies"
    shutil.copytree(policies_folder(), policies)
    file = policies / DEFAULT / "parameters.toml"
    allowed = 'title = "受理匿名异议"\nvalue = true'
    assert allowed in file.read_text(encoding="utf-8")
    file.write_text(
        file.read_text(encoding="utf-8").replace(allowed, allowed.replace("true", "false")),
        encoding="utf-8",
    )
    monkeypatch.setenv("JIANGXIN_POLICIES", str(policies))
    with clock.at(DURING):
        assert "匿名提出" not in text(address_of(notice))
        refused = Client().post(address_of(notice), GIVEN)
        assert refused.status_code == 422
        assert "只受理实名异议" in refused.content.decode()
        assert Objection.objects.count() == 1
        Client().post(address_of(notice), GIVEN | {"name": "王某", "contact": "0531-000"})
    assert Objection.objects.order_by("-id")[0].named


def test_after_the_last_day_no_objection(notice: Notice) -> None:
    assert notice.ends_on
    with clock.at(clock.end_of(notice.ends_on)):
        page = text(address_of(notice))
        assert "提交异议" not in page
        assert "公示期已满，尚未办结" in page
        refused = Client().post(address_of(notice), GIVEN)
        assert "不再受理异议" in refused.content.decode()
    assert Objection.objects.count() == 1
    finish.settle(PLACE, notice)
    assert "公示已结束" in text(address_of(notice))


def test_the_list_finds_by_state_and_province(notice: Notice) -> None:
    assert Call.objects.get(pk=notice.call_id).province == PLACE.code
    address = reverse("portal-notices")
    assert notice.title in text(address, q="省:山东 状态:公示中")
    assert notice.title not in text(address, q="省:江苏")
    assert notice.title not in text(address, q="状态:已结束")
    assert "没有“起草中”这个值" in text(address, q="状态:起草中")
