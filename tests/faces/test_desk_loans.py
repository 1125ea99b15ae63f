"""The desk's pages of loans, of the table of experts, of terms and ratings; the expert's own page."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from jiangxin.core.kernel import clock
from jiangxin.core.workflow import Role
from jiangxin.records.identity.viewer import Viewer
from jiangxin.stages.experts import actions as experts
from jiangxin.stages.experts import loans
from jiangxin.stages.experts.models import Employment, Expert, Loan, Relation
from jiangxin.stages.review.actions import draw, number
from jiangxin.stages.review.models import DrawSession, Seat
from tests.factories.desk import client_of, text_of
from tests.factories.review import NOW, Province, id_number, make_province, officer

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _in_september() -> Iterator[None]:
    with clock.at(NOW):
        yield


@pytest.fixture
def province() -> Province:
    return make_province("37")


@pytest.fixture
def there() -> Viewer:
    return officer(Role.PROVINCE_HR, "32", "外省")


@pytest.fixture
def lendable(there: Viewer) -> Expert:
    made = experts.register(
        viewer=there,
        id_number=id_number(700),
        name="江苏专家",
        unit_name="江苏某校",
        field="finance",
        term_until=clock.beijing(2027, 1, 1).date(),
    )
    return experts.activate(viewer=there, expert_id=made.pk)


def post(viewer: Viewer, name: str, data: dict[str, Any], *args: object) -> Any:
    return client_of(viewer).post(reverse(name, args=args), data, follow=True)


ASKED = {
    "lender": "32",
    "field": "finance",
    "count": "1",
    "until": "2025-12-31",
    "reason": "本省财务专家不足",
}


def test_a_loan_over_the_pages(province: Province, there: Viewer, lendable: Expert) -> None:
    page = text_of(post(province.hr, "desk-loans", ASKED))
    assert "已向江苏省商借 1 人" in page
    row = Loan.objects.get()
    for viewer in (province.hr, there):
        assert "本省财务专家不足" in text_of(
            client_of(viewer).get(reverse("desk-loan", args=[row.pk]))
        )
    offered = text_of(client_of(there).get(reverse("desk-loan", args=[row.pk])))
    assert "江苏专家" in offered
    refused = post(there, "desk-loan", {"act": "consent", "expert": "0"}, row.pk)
    assert refused.status_code == 422
    post(there, "desk-loan", {"act": "consent", "expert": lendable.pk}, row.pk)
    before = text_of(client_of(province.hr).get(reverse("desk-loan", args=[row.pk])))
    assert "待专家本人同意后显示" in before
    assert "江苏专家" not in before
    assert "江苏专家" not in text_of(client_of(province.hr).get(reverse("desk-loans")))
    own = province.viewer(lendable)
    assert "山东省商借您参加评审" in text_of(client_of(own).get(reverse("expert-profile")))
    post(own, "expert-loan", {"act": "accept"}, row.pk)
    after = text_of(client_of(province.hr).get(reverse("desk-loan", args=[row.pk])))
    assert "江苏专家" in after
    shown = client_of(province.hr).get(reverse("desk-expert", args=[lendable.pk]))
    assert "由江苏省出借" in text_of(shown)
    assert reverse("desk-expert-edit", args=[lendable.pk]) not in text_of(shown)
    edit = reverse("desk-expert-reappoint", args=[lendable.pk])
    assert client_of(province.hr).post(edit, {"new_term": "2027-09-01"}).status_code == 422
    round_page = client_of(province.hr).get(reverse("desk-round", args=[province.open_round().pk]))
    assert "借入 1" in text_of(round_page)


def test_a_loan_of_others_is_no_page_of_ours(province: Province, there: Viewer) -> None:
    row = loans.request(
        viewer=there,
        lender="33",
        field="finance",
        count=1,
        until=clock.today() + timedelta(days=9),
        reason="秘密的事由",
    )[0]
    where = reverse("desk-loan", args=[row.pk])
    for viewer in province.parties.values():
        assert client_of(viewer).get(where).status_code == 404
        assert "秘密的事由" not in text_of(client_of(viewer).get(reverse("desk-loans")))
    assert client_of(province.hr).post(where, {"act": "decline", "note": "x"}).status_code == 404
    row.refresh_from_db()
    assert row.state == "requested"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"count": "很多"}, "请填写人数"),
        ({"until": ""}, "请填写借用截止日"),
        ({"until": "明年"}, "不是日期"),
        ({"lender": "37"}, "请选择另一个省份"),
        ({"reason": " "}, "请写明借用的事由"),
    ],
)
def test_a_bad_request_keeps_what_was_typed(
    province: Province, change: dict[str, str], words: str
) -> None:
    sent = {**ASKED, "reason": "已经写好的事由", **change}
    response = post(province.hr, "desk-loans", sent)
    assert response.status_code == 422
    assert words in text_of(response)
    assert sent["reason"].strip() in text_of(response)


def test_a_list_of_loans_costs_the_same_for_one_and_three(
    province: Province, django_assert_max_num_queries
) -> None:
    client = client_of(province.hr)
    for _ in range(3):
        post(province.hr, "desk-loans", ASKED)
        with django_assert_max_num_queries(8):
            client.get(reverse("desk-loans"))


def test_too_few_experts_lead_to_the_ways_out(province: Province) -> None:
    for each in province.experts:
        if each.field == "finance":
            experts.suspend(viewer=province.hr, expert_id=each.pk, reason="暂停")
    page = text_of(
        client_of(province.hr).get(reverse("desk-round", args=[province.open_round().pk]))
    )
    assert "不足时怎么办" in page
    assert reverse("desk-loans") + "?field=finance&count=3" in page
    form = client_of(province.hr).get(reverse("desk-loans") + "?field=finance&count=3")
    assert 'value="3"' in text_of(form)


# --- the table


def test_a_table_is_shown_before_it_is_entered(province: Province) -> None:
    head = "姓名\t公民身份号码\t专业\t工作单位\t聘期至"
    good = f"赵六\t{id_number(800)}\t教育\t某学院\t2027-12-31"
    bad = f"钱七\t{id_number(0)}\t教育\t某学院\t2027-12-31"
    count = Expert.objects.count()
    page = text_of(post(province.hr, "desk-expert-import", {"table": f"{head}\n{good}\n{bad}"}))
    assert "核对 2 人，1 行有问题" in page
    assert "本省专家库中已有此人" in page
    assert "钱七" in page
    assert Expert.objects.count() == count
    refused = post(
        province.hr, "desk-expert-import", {"table": f"{head}\n{good}\n{bad}", "confirmed": "yes"}
    )
    assert refused.status_code == 422
    assert Expert.objects.count() == count
    file = SimpleUploadedFile("x.csv", f"{head}\n{good}".replace("\t", ",").encode("gb18030"))
    assert "核对 1 人" in text_of(post(province.hr, "desk-expert-import", {"file": file}))
    page = text_of(
        post(province.hr, "desk-expert-import", {"table": f"{head}\n{good}", "confirmed": "yes"})
    )
    assert "已导入 1 人" in page
    assert Expert.objects.get(name="赵六").origin == "import"
    broken = SimpleUploadedFile("x.xlsx", b"PK\x03\x04\xff\xff\xff")
    assert "不是文本文件" in text_of(post(province.hr, "desk-expert-import", {"file": broken}))


# --- terms and ratings


def test_another_term_by_the_page(province: Province) -> None:
    person = province.experts[0]
    where = ("desk-expert-reappoint", person.pk)
    refused = post(province.hr, where[0], {"new_term": "2027-08-01", "reason": " "}, where[1])
    assert refused.status_code == 422
    assert 'value="2027-08-01"' in text_of(refused)
    page = post(province.hr, where[0], {"new_term": "2028-08-01", "reason": "履职良好"}, where[1])
    assert "已续聘" in text_of(page)
    person.refresh_from_db()
    assert str(person.term_until) == "2028-08-01"


def test_ratings_are_entered_on_the_round_and_stay_in_the_pool(province: Province) -> None:
    row = province.ranked()
    seat = row.panel.select_related("expert").first()
    assert seat
    there = ("desk-seat", row.pk, seat.pk)
    form = {"act": "rate", "points": "五十", "note": "迟到"}
    assert "0 到 100 的整数" in text_of(post(province.hr, there[0], form, *there[1:]))
    page = text_of(post(province.hr, there[0], {**form, "points": "50"}, *there[1:]))
    assert "还有 4 位未评价，2025年9月3日前完成" in page.replace("（星期三）", "")
    own = text_of(client_of(province.hr).get(reverse("desk-expert", args=[seat.expert_id])))
    assert "平均 50 分，低于 60 分" in own
    for viewer in (province.viewer(seat.expert), province.viewer(row.panel.all()[1].expert)):
        for name in ("expert-queue", "expert-profile"):
            assert "迟到" not in text_of(client_of(viewer).get(reverse(name)))
    assert Seat.objects.exclude(rating=None).count() == 1


# --- the public number on the screen


def test_a_number_by_the_screen(province: Province) -> None:
    row = province.open_round()
    refused = post(
        province.hr, "desk-draw-open", {"act": "open", "number_source": "双色球"}, row.pk
    )
    assert refused.status_code == 422
    assert 'value="双色球"' in text_of(refused)
    sent = {
        "act": "open",
        "number_source": "双色球第2025101期",
        "number_date": "2025-09-02",
        "number_time": "21:15",
    }
    assert "开场时宣布的公共随机数" in text_of(post(province.hr, "desk-draw-open", sent, row.pk))
    session = DrawSession.objects.get()
    own = {
        viewer: draw.commit_for(viewer=viewer, session_id=session.pk)
        for viewer in province.parties.values()
    }
    draw.close_commitments(viewer=province.hr, session_id=session.pk)
    for viewer, secret in own.items():
        draw.reveal(viewer=viewer, session_id=session.pk, secret=secret)
    where = ("desk-draw-session", session.pk)
    with clock.at(clock.beijing(2025, 9, 2, 21, 30)):
        form = {"act": "enter_number", "public_number": "03 08 17"}
        post(province.hr, where[0], form, where[1])
        seen = text_of(client_of(province.finance).get(reverse(where[0], args=[where[1]])))
        assert "03 08 17" not in seen, "the second reads the source, not the first"
        wrong = post(
            province.finance,
            where[0],
            {"act": "confirm_number", "public_number": "03 08 18"},
            where[1],
        )
        assert "与录入的不一致" in text_of(wrong)
        assert 'value="03 08 18"' in text_of(wrong)
        number.confirm_number(viewer=province.finance, session_id=session.pk, number="03 08 17")
        done = text_of(post(province.hr, where[0], {"act": "draw"}, where[1]))
    assert "03 08 17" in done
    assert "现场签字" in done


def test_a_rehearsal_is_marked_on_its_screen(province: Province) -> None:
    row = province.open_round()
    page = text_of(post(province.hr, "desk-draw-open", {"act": "rehearse"}, row.pk))
    assert "演练：不产生席位，结果无效" in page
    listed = text_of(client_of(province.hr).get(reverse("desk-round", args=[row.pk])))
    assert "演练" in listed
    assert "冻结名单，开始抽取" in listed, "the real draw may still be opened"


# --- the expert's own page


def test_an_expert_keeps_the_own_data(province: Province) -> None:
    person = province.experts[0]
    own = province.viewer(person)
    page = text_of(client_of(own).get(reverse("expert-profile")))
    assert person.name in page
    assert province.experts[1].name not in page
    sent = {"act": "save", "unit_name": "新单位", "unit_uscc": "", "title": "", "phone": "139"}
    assert "已保存" in text_of(post(own, "expert-profile", sent))
    person.refresh_from_db()
    assert (person.unit_name, person.field) == ("新单位", "technical")
    assert Employment.objects.filter(expert=person, unit_name="评审单位0").count() == 1
    job = {
        "act": "employment",
        "job_unit": "某厂",
        "since": "2024-01-01",
        "job_until": "2023-01-01",
    }
    refused = post(own, "expert-profile", job)
    assert refused.status_code == 422
    assert 'value="某厂"' in text_of(refused)
    post(own, "expert-profile", {**job, "job_until": ""})
    tie = {"act": "relation", "kind": "advised", "related_unit": "申报单位371"}
    post(own, "expert-profile", tie)
    assert Relation.objects.get().unit_name == "申报单位371"


def test_an_expert_cannot_prolong_the_own_term_or_change_the_field(province: Province) -> None:
    from jiangxin.core.kernel.errors import NotPermitted

    person = province.experts[0]
    own = province.viewer(person)
    sent = {"act": "save", "unit_name": "评审单位0", "term_until": "2099-01-01", "field": "finance"}
    post(own, "expert-profile", sent)
    person.refresh_from_db()
    assert (str(person.term_until), person.field) == ("2027-01-01", "technical")
    for change in ({"term_until": clock.today()}, {"field": "finance"}, {"name": "改名"}):
        with pytest.raises(NotPermitted):
            experts.edit(viewer=own, expert_id=person.pk, **change)


def test_an_account_without_a_person_has_no_page(province: Province) -> None:
    stranger = officer(Role.EXPERT, "37", "无人")
    assert client_of(stranger).get(reverse("expert-profile")).status_code == 404
    assert Client().get(reverse("expert-profile")).status_code == 302
