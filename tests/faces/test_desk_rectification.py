"""Orders to mend on the pages: draft, both departments, service, mending, re-check, the end of the term."""

from datetime import date, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from jiangxin.core.kernel import clock
from jiangxin.core.workflow import Role
from jiangxin.ops.scenes.country import officer
from jiangxin.stages.rectification import queries
from jiangxin.stages.rectification.actions import mending, recheck
from jiangxin.stages.rectification.choices import Source
from jiangxin.stages.rectification.models import Rectification
from tests.factories.acceptance import BUILDING, Built, make_built
from tests.factories.desk import client_of, text_of
from tests.factories.rectification import (
    ORDERED,
    SERVED,
    agree,
    checked,
    drafted,
    failed,
    mended,
    ordered,
    served,
    submitted,
)

pytestmark = pytest.mark.django_db
LAST = date(2028, 7, 15)
SENT = {
    "cause": "设备缺少 3 台。",
    "months": "6",
    "doc_number": "鲁人社整〔2028〕1号",
    "demands-0-requirement": "补齐设备",
    "demands-0-owner": "张主任",
    "demands-4-requirement": "补记明细账",
    "demands-4-owner": "李会计",
}


@pytest.fixture
def built() -> Built:
    return make_built()


def proof(name: str = "证明.pdf") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, b"%PDF-1.4\n%%EOF", content_type="application/pdf")


# --- the order


def test_a_failed_acceptance_leads_to_a_draft_that_starts_from_it(built: Built) -> None:
    row = failed(built)
    client = client_of(built.hr)
    with clock.at(ORDERED):
        home = text_of(client.get(reverse("desk-home")))
        assert "可下达整改的项目" in home
        titles = reverse("desk-rectification-titles")
        assert built.title.name in text_of(client.get(titles, {"q": "依据:验收不合格"}))
        assert built.title.name not in text_of(client.get(titles, {"q": "依据:监督检查发现问题"}))
        new = reverse("desk-rectification-new", args=[built.title.pk])
        shown = text_of(client.get(new))
        assert row.conclusion.splitlines()[0] in shown
        assert row.shortfalls[0] in shown
        assert "built-in" not in shown
        over = client.post(new, SENT | {"months": "13"})
        assert over.status_code == 422
        text = text_of(over)
        assert "超过 12 个月" in text
        assert 'value="补记明细账"' in text
        assert "设备缺少 3 台。" in text
        more = text_of(client.post(new, SENT | {"_add": "demands"}))
        assert 'name="demands-5-requirement"' in more
        nobody = client.post(new, SENT | {"demands-0-owner": ""})
        assert "第 1 条的责任人" in text_of(nobody)
        assert 'id="error-demands"' in text_of(nobody)
        assert not Rectification.objects.exists()
        client.post(new, SENT)
    made = Rectification.objects.get()
    assert [each.requirement for each in made.items.all()] == ["补齐设备", "补记明细账"]
    assert (made.months, made.acceptance) == (6, row)


def test_both_agree_and_hr_gives_the_order(built: Built) -> None:
    failed(built)
    with clock.at(ORDERED):
        row = drafted(built)
        hr, finance = client_of(built.hr), client_of(built.finance)
        page = reverse("desk-rectification", args=[row.pk])
        concur = reverse("desk-rectification-concur", args=[row.pk])
        give = reverse("desk-rectification-order", args=[row.pk])
        assert "等待本部门：会商" in text_of(finance.get(page))
        finance.post(concur, {"word": "agreed", "digest": row.digest()})
        edit = reverse("desk-rectification-edit", args=[row.pk])
        assert 'value="张主任"' in text_of(hr.get(edit))
        hr.post(edit, SENT)
        row.refresh_from_db()
        assert row.cause == "设备缺少 3 台。"
        refused = hr.post(give, {"confirmed": "yes"})
        assert refused.status_code == 422
        assert "还缺人社、财政部门的同意" in text_of(refused)
        for client in (hr, finance):
            client.post(concur, {"word": "agreed", "digest": row.digest()})
        asked = text_of(hr.get(give))
        assert built.title.name in asked
        assert "6 个月" in asked
        hr.post(give, {"confirmed": "yes"})
        row.refresh_from_db()
        assert row.state == "ordered"
        assert built.state() == "rectifying"
        paper = reverse("desk-rectification-file", args=[row.pk, row.paper_id])
        assert finance.get(paper).content.startswith(b"%PDF")
        assert hr.get(edit).headers["Location"] == page


def test_a_draft_is_dropped_with_a_reason_and_seen_by_the_province_alone(built: Built) -> None:
    failed(built)
    with clock.at(ORDERED):
        row = drafted(built)
        page = reverse("desk-rectification", args=[row.pk])
        for viewer in (officer(Role.MINISTRY_HR), officer(Role.PROVINCE_HR, "36")):
            client = client_of(viewer)
            assert client.get(page).status_code == 404
            listed = client.get(reverse("desk-rectifications"))
            assert built.title.name not in text_of(listed)
        unit = client_of(built.unit)
        assert unit.get(reverse("my-rectification", args=[row.pk])).status_code == 404
        hub = reverse("my-title", args=[built.title.pk])
        assert "限期整改" not in text_of(unit.get(hub)).partition("要办理的")[2]
        client = client_of(built.hr)
        drop = reverse("desk-rectification-drop", args=[row.pk])
        assert client.post(drop, {"confirmed": "yes", "reason": " "}).status_code == 422
        client.post(drop, {"confirmed": "yes", "reason": "改为约谈。"})
        assert "改为约谈。" in text_of(client.get(page))


# --- service


def test_the_unit_signs_and_the_term_runs(built: Built) -> None:
    failed(built)
    with clock.at(ORDERED):
        row = ordered(built)
    unit = client_of(built.unit)
    with clock.at(SERVED):
        hub = text_of(unit.get(reverse("my-title", args=[built.title.pk])))
        assert "请签收" in hub
        page = reverse("my-rectification", args=[row.pk])
        assert "签收…" in text_of(unit.get(page))
        receipt = reverse("my-rectification-receipt", args=[row.pk])
        assert "自今天起 6 个月" in text_of(unit.get(receipt))
        row.refresh_from_db()
        assert row.state == "ordered"
        unit.post(receipt, {"confirmed": "yes"})
        row.refresh_from_db()
        assert (row.state, row.ends_on) == ("served", LAST)
        assert "2028年7月15日" in text_of(unit.get(page))


def test_the_province_records_another_service(built: Built) -> None:
    failed(built)
    with clock.at(ORDERED):
        row = ordered(built)
    client = client_of(built.hr)
    serve = reverse("desk-rectification-serve", args=[row.pk])
    with clock.at(SERVED):
        data = {"service": "post", "served_on": SERVED.date().isoformat(), "served_to": "门卫"}
        bare = client.post(serve, data)
        assert bare.status_code == 422
        assert "请上传送达凭证" in text_of(bare)
        assert 'value="门卫"' in text_of(bare)
        assert "请填写送达日期" in text_of(client.post(serve, data | {"served_on": "x"}))
        client.post(serve, data | {"proof": proof("签收单.pdf")})
        row.refresh_from_db()
        assert (row.state, row.service) == ("served", "post")
        shown = text_of(client.get(reverse("desk-rectification", args=[row.pk])))
        assert "邮寄送达" in shown
        assert client.get(serve).status_code == 409


# --- mending and re-check


def test_the_unit_answers_item_by_item_and_hands_in(built: Built) -> None:
    row = served(built)
    unit = client_of(built.unit)
    with clock.at(SERVED + timedelta(days=40)):
        page = reverse("my-rectification", args=[row.pk])
        item = reverse("my-rectification-item", args=[row.pk, 1])
        bad = unit.post(item, {"reply": "已补齐设备", "files": [proof("照片.exe")]})
        assert bad.status_code == 422
        assert "已补齐设备" in text_of(bad)
        submit = reverse("my-rectification-submit", args=[row.pk])
        refused = unit.post(submit, {"confirmed": "yes"})
        assert refused.status_code == 422
        assert "第 1 条还没有填写" in text_of(refused)
        unit.post(item, {"reply": "已补齐设备", "files": [proof()], "_go": "back"})
        second = reverse("my-rectification-item", args=[row.pk, 2])
        unit.post(second, {"reply": "已补记", "files": [proof("账.pdf")]})
        assert "已填好" in text_of(unit.get(page))
        assert "补齐缺少的 3 台设备" in text_of(unit.get(submit))
        unit.post(submit, {"confirmed": "yes"})
        row.refresh_from_db()
        assert row.state == "submitted"
        shown = text_of(client_of(built.hr).get(reverse("desk-rectification", args=[row.pk])))
        assert "已补齐设备" in shown
        file = row.attempts.get().items[0]["files"][0]["document"]
        address = reverse("desk-rectification-file", args=[row.pk, file])
        assert client_of(built.hr).get(address).content.startswith(b"%PDF")


def test_a_late_unit_is_told_so(built: Built) -> None:
    row = served(built)
    with clock.at(SERVED + timedelta(days=40)):
        mended(built, row)
    unit = client_of(built.unit)
    with clock.at(clock.end_of(LAST)):
        assert "不能再提交" in text_of(unit.get(reverse("my-rectification", args=[row.pk])))
        refused = unit.post(reverse("my-rectification-submit", args=[row.pk]), {"confirmed": "yes"})
        assert refused.status_code == 422
        assert "届满" in text_of(refused)
        assert "已逾期" in text_of(unit.get(reverse("my-title", args=[built.title.pk])))


def test_the_re_check_goes_item_by_item_and_back_to_the_unit(built: Built) -> None:
    row = served(built)
    hr, finance, unit = (client_of(each) for each in (*built.both, built.unit))
    page = reverse("desk-rectification", args=[row.pk])
    check = reverse("desk-rectification-check", args=[row.pk])
    mine = reverse("my-rectification", args=[row.pk])
    with clock.at(SERVED + timedelta(days=40)):
        assert hr.get(check).status_code == 409
        submitted(built, row)
        assert "等待本部门：复查" in text_of(hr.get(page))
        bad = hr.post(check, {"word-1": "met", "word-2": "unmet", "opinion": "核查意见"})
        assert bad.status_code == 422
        assert "未整改到位的情况" in text_of(bad)
        assert "核查意见" in text_of(bad)
        found = {"word-1": "met", "word-2": "unmet", "note-2": "账未补记", "opinion": "尚有一条"}
        hr.post(check, found)
        assert "账未补记" in text_of(hr.get(page))
        assert "账未补记" not in text_of(unit.get(mine))
        fail = reverse("desk-rectification-fail", args=[row.pk])
        assert "期限不延长" in text_of(hr.get(fail))
        hr.post(fail, {"confirmed": "yes"})
        assert "账未补记" in text_of(unit.get(mine))
        mending.submit(viewer=built.unit, rectification_id=row.pk)
        hr.post(check, {"word-1": "met", "word-2": "met", "opinion": "全部到位"})
        attempt = queries.latest(row)
        assert attempt is not None
        word = {"word": "agreed", "digest": attempt.digest()}
        conclude = reverse("desk-rectification-pass", args=[row.pk])
        assert "还缺" in text_of(hr.post(conclude, {"confirmed": "yes"}))
        for client in (hr, finance):
            client.post(reverse("desk-rectification-check-concur", args=[row.pk]), word)
        hr.post(conclude, {"confirmed": "yes"})
        assert built.state() == "accepted"
        assert "复查合格，整改结束" in text_of(unit.get(mine))


def test_an_order_during_construction_says_where_it_leads(built: Built) -> None:
    with clock.at(BUILDING):
        row = ordered(built, source=Source.SUPERVISION)
        asked = client_of(built.hr).get(reverse("desk-rectification-pass", args=[row.pk]))
        assert "恢复为“建设中”" in text_of(asked)


def test_when_the_term_is_over_a_person_says_so(built: Built) -> None:
    row = served(built)
    hr = client_of(built.hr)
    page = reverse("desk-rectification", args=[row.pk])
    expire = reverse("desk-rectification-expire", args=[row.pk])
    with clock.at(clock.end_of(LAST) - timedelta(seconds=1)):
        assert "期满处理…" not in text_of(hr.get(page))
        early = hr.post(expire, {"confirmed": "yes", "reason": "没有提交"})
        assert early.status_code == 422
        assert "整改期限未满" in text_of(early)
    with clock.at(clock.end_of(LAST)):
        listed = text_of(hr.get(reverse("desk-rectifications"), {"q": "待办:期满处理"}))
        assert built.title.name in listed
        assert "期满处理…" in text_of(hr.get(page))
        assert hr.post(expire, {"confirmed": "yes", "reason": ""}).status_code == 422
        hr.post(expire, {"confirmed": "yes", "reason": "期满没有提交材料。"})
        row.refresh_from_db()
        assert row.state == "expired"
        mine = text_of(client_of(built.unit).get(reverse("my-rectification", args=[row.pk])))
        assert "陈述申辩" in mine
        assert "期满没有提交材料。" in mine


# --- scope and cost


def test_nobody_else_opens_it(built: Built) -> None:
    row = served(built)
    with clock.at(SERVED):
        mended(built, row)
        other = client_of(officer(Role.PROVINCE_HR, "36"))
        for name in (
            "desk-rectification",
            "desk-rectification-order",
            "desk-rectification-expire",
            "desk-rectification-edit",
        ):
            answer = other.get(reverse(name, args=[row.pk]))
            assert answer.status_code == 404, name
            assert built.title.name not in text_of(answer)
        new = reverse("desk-rectification-new", args=[built.title.pk])
        assert other.get(new).status_code == 404
        exported = b"".join(other.get(reverse("desk-rectifications"), {"export": "csv"}))
        assert built.title.name not in exported.decode()
        stranger = client_of(built.round.unit())
        for name, args in (
            ("my-rectification", [row.pk]),
            ("my-rectification-item", [row.pk, 1]),
            ("my-rectification-receipt", [row.pk]),
        ):
            assert stranger.get(reverse(name, args=args)).status_code == 404
        reply = {"reply": "别人写的", "files": [proof()]}
        item = reverse("my-rectification-item", args=[row.pk, 1])
        assert stranger.post(item, reply).status_code == 404
        assert row.items.get(number=1).reply == "第 1 条已整改。"
        draft = row.items.get(number=1).files.get().document_id
        hidden = reverse("desk-rectification-file", args=[row.pk, draft])
        assert client_of(built.hr).get(hidden).status_code == 404


def test_the_pages_cost_few_queries(built: Built) -> None:
    row = served(built)
    hr, unit = client_of(built.hr), client_of(built.unit)
    with clock.at(SERVED + timedelta(days=40)):
        submitted(built, row)
        checked(built, row, 1)
        recheck.fail(viewer=built.hr, rectification_id=row.pk)
        submitted(built, row)
        for client, name, args, most in (
            (hr, "desk-rectifications", [], 8),
            (hr, "desk-rectification-titles", [], 9),
            (hr, "desk-rectification", [row.pk], 10),
            (hr, "desk-rectification-check", [row.pk], 8),
            (unit, "my-rectification", [row.pk], 8),
            (unit, "my-rectification-item", [row.pk, 1], 8),
        ):
            with CaptureQueriesContext(connection) as used:
                assert client.get(reverse(name, args=args)).status_code == 200
            assert len(used) <= most, (name, len(used))


def test_a_list_of_three_costs_what_one_costs(built: Built) -> None:
    with clock.at(BUILDING):
        drafted(built, source=Source.SUPERVISION)
        client, page = client_of(built.hr), reverse("desk-rectifications")

        def cost() -> int:
            with CaptureQueriesContext(connection) as used:
                client.get(page)
            return len(used)

        cost()
        one = cost()
        for _ in range(2):
            other = make_built(round_=built.round)
            agree(other, drafted(other, source=Source.SUPERVISION))
        assert Rectification.objects.count() == 3
        assert cost() == one
