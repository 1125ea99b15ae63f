"""Draws as everybody sees them, and the public form of the pool."""

import json
from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import reverse

from jiangxin.core.draw.checking import form_problems, verify
from jiangxin.core.draw.record import VoidReason
from jiangxin.core.kernel import clock
from jiangxin.stages.experts.models import Expert
from jiangxin.stages.publicity.models import Notice
from jiangxin.stages.review.actions import decision, draw
from jiangxin.stages.review.models import DrawSession
from jiangxin.stages.review.queries.ceremony import expert_code
from tests.factories.desk import text_of
from tests.factories.review import NOW, Province, id_number, make_province

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _in_september() -> Iterator[None]:
    with clock.at(NOW):
        yield


@pytest.fixture
def province() -> Province:
    return make_province("37")


def got(name: str, *args: object) -> str:
    response = Client().get(reverse(name, args=args))
    assert response.status_code == 200
    return text_of(response)


def test_before_the_sealing_there_is_nothing(province: Province) -> None:
    session = draw.open_session(viewer=province.hr, round_id=province.open_round().pk)
    assert "还没有抽取" in got("portal-draws")
    for name in ("portal-draw", "portal-draw-record"):
        assert Client().get(reverse(name, args=[session.pk])).status_code == 404


def test_the_public_reads_the_draw_and_nobody_is_named_before_the_result(
    province: Province,
) -> None:
    row = province.ranked()
    session = row.sessions.get()
    assert session.plan["session"] in got("portal-draws")
    pages = [got("portal-draw", session.pk), got("portal-draw-record", session.pk)]
    for text in pages:
        assert session.record["seal"] in text
        for expert in province.experts:
            assert expert.name not in text
            assert expert.unit_name not in text
            assert expert_code(expert.pk) not in text
    data = Client().get(reverse("portal-draw-record", args=[session.pk])).content
    record = json.loads(data)
    assert (form_problems(record, data), verify(record)) == ([], [])
    province.propose(row, 1)
    decision.decide(viewer=province.hr, round_id=row.pk)
    assert got("portal-draw-record", session.pk).encode() == data, "decided, but not announced"
    Notice.objects.create(call=province.call, state="published", title="公示", items=[], days=5)
    named = json.loads(got("portal-draw-record", session.pk))
    assert named["opened"]["named"]
    assert verify(named) == []
    page = got("portal-draw", session.pk)
    seated = [expert_code(seat.expert_id) for seat in row.panel.all()]
    assert all(code in page for code in seated)
    unseated = {expert_code(each.pk) for each in province.experts} - set(seated)
    shown = {step["opening"]["expert"] for step in named["opened"]["walk"] if step["opening"]}
    assert all((code in page) is (code in shown) for code in unseated)


def test_void_sessions_and_rehearsals_are_published_as_such(province: Province) -> None:
    row = province.open_round()
    session = draw.open_session(viewer=province.hr, round_id=row.pk, rehearsal=True)
    for viewer in province.parties.values():
        draw.commit_for(viewer=viewer, session_id=session.pk)
    draw.close_commitments(viewer=province.hr, session_id=session.pk)
    draw.void(
        viewer=province.hr, session_id=session.pk, reason=VoidReason.INTERRUPTED, note="演练停电"
    )
    page = got("portal-draw", session.pk)
    for words in ("演练，不产生席位", "本场作废：抽取因故中断", "演练停电"):
        assert words in page
    assert DrawSession.objects.get().state == "void"


def test_the_list_costs_the_same_for_one_row_and_three(
    province: Province, django_assert_max_num_queries
) -> None:
    row = province.open_round()
    for _ in range(3):
        session = draw.open_session(viewer=province.hr, round_id=row.pk)
        for viewer in province.parties.values():
            draw.commit_for(viewer=viewer, session_id=session.pk)
        draw.close_commitments(viewer=province.hr, session_id=session.pk)
        with django_assert_max_num_queries(6):
            got("portal-draws")
        with django_assert_max_num_queries(8):
            got("portal-draw", session.pk)
        draw.void(
            viewer=province.hr, session_id=session.pk, reason=VoidReason.INTERRUPTED, note="停电"
        )


# --- the form


FORM = {
    "province": "37",
    "name": "王五",
    "id_number": id_number(900),
    "field": "technical",
    "title": "高级技师",
    "unit_name": "齐鲁机床厂",
    "phone": "13800000000",
    "truthful": "yes",
}


def test_an_application_by_form(province: Province) -> None:
    there = reverse("portal-expert-apply")
    assert Client().get(there).status_code == 200
    response = Client().post(there, FORM, follow=True)
    assert "申请已收到，由山东省省级人社部门核实" in text_of(response)
    made = Expert.objects.get(name="王五")
    assert (made.state, made.origin) == ("pending", "self")
    assert made.user is None


def test_the_answer_is_the_same_for_who_is_in_the_pool_already(province: Province) -> None:
    """Byte by byte, but for the token of the form and the day."""
    there = reverse("portal-expert-apply")
    answers = []
    for number in (id_number(0), id_number(901)):
        client = Client()
        response = client.post(there, {**FORM, "id_number": number})
        answers.append((response.status_code, response.headers["Location"]))
        answers[-1] += (sorted(response.cookies),)
    assert answers[0] == answers[1]
    assert Expert.objects.filter(name="王五").count() == 1


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"truthful": ""}, "请确认所填内容真实"),
        ({"id_number": "123"}, "身份号码"),
        ({"province": "x"}, "请选择省份"),
        ({"unit_name": "长" * 121}, "最多 120 字"),
        ({"occupations": "9-99-99"}, "不在国家职业分类大典中"),
        ({"name": "\0"}, "请填写姓名"),
    ],
)
def test_bad_input_keeps_what_was_typed(
    province: Province, change: dict[str, str], words: str
) -> None:
    response = Client().post(reverse("portal-expert-apply"), {**FORM, **change})
    assert response.status_code == 422
    page = text_of(response)
    assert words in page
    assert "13800000000" in page
    assert not Expert.objects.filter(unit_name="齐鲁机床厂").exists()
