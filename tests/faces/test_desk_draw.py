"""The pages of the draw: one login for each party, nothing lost, nobody named, panel and progress."""

import json
import re
import secrets
from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import reverse

from jiangxin.core.draw.checking import verify
from jiangxin.core.draw.shares import commitment
from jiangxin.core.kernel import clock
from jiangxin.records.identity.models import User
from jiangxin.records.identity.viewer import Viewer
from jiangxin.stages.experts import actions as experts
from jiangxin.stages.review.actions import decision, sheets
from jiangxin.stages.review.models import DrawSession, Round, ScoreSheet, Seat, Share
from jiangxin.stages.review.queries import assigned
from tests.factories.review import NOW, Province, make_province


@pytest.fixture(autouse=True)
def _in_september() -> Iterator[None]:
    with clock.at(NOW):
        yield


@pytest.fixture
def province(db: None) -> Province:
    return make_province("37")


def login(viewer: Viewer) -> Client:
    client = Client()
    client.force_login(User.objects.get(pk=viewer.user_id))
    return client


def test_the_whole_ceremony_over_pages(province: Province) -> None:
    clients = {party: login(viewer) for party, viewer in province.parties.items()}
    index = clients["hr"].get(reverse("desk-draw")).content.decode()
    assert f"{province.call.pk}:studio" in index
    sent = {"what": f"{province.call.pk}:studio", "due_date": "2025-09-20", "due_time": "17:00"}
    clients["hr"].post(reverse("desk-round-open"), sent)
    row = Round.objects.get()
    page = clients["hr"].get(reverse("desk-round", args=[row.pk])).content.decode()
    assert "足够" in page
    clients["hr"].post(reverse("desk-draw-open", args=[row.pk]))
    session = DrawSession.objects.get()
    url = reverse("desk-draw-session", args=[session.pk])
    own = {party: secrets.token_hex(32) for party in ("hr", "finance")}
    for party, secret in own.items():
        promise = commitment(party, session.plan["session"], secret)
        clients[party].post(url, {"act": "commit", "commitment": promise})
    shown = clients["supervisor"].post(url, {"act": "commit_here"}).content.decode()
    own["supervisor"] = re.search(r"[0-9a-f]{64}(?=</code></p>\n  <p>承诺已提交)", shown).group()
    assert own["supervisor"] not in clients["supervisor"].get(url).content.decode()
    clients["finance"].post(url, {"act": "close"})
    wrong = clients["hr"].post(url, {"act": "reveal", "secret": own["finance"]})
    assert wrong.status_code == 422
    assert "承诺不符" in wrong.content.decode()
    assert f'value="{own["finance"]}"' in wrong.content.decode()
    for party, secret in own.items():
        clients[party].post(url, {"act": "reveal", "secret": secret.upper()})
    clients["supervisor"].post(url, {"act": "draw"})
    assert Seat.objects.count() == 5
    final = clients["finance"].get(url).content.decode()
    for expert in province.experts:
        assert f">{expert.name}<" not in final
        assert expert.unit_name not in final
    record = json.loads(
        clients["supervisor"].get(reverse("desk-draw-record", args=[session.pk])).content
    )
    assert verify(record) == []


def test_a_party_can_not_act_for_another_or_elsewhere(province: Province) -> None:
    other = make_province("11", projects=1)
    row = province.open_round()
    login(province.hr).post(reverse("desk-draw-open", args=[row.pk]))
    url = reverse("desk-draw-session", args=[DrawSession.objects.get().pk])
    assert login(other.finance).get(url).status_code == 404
    assert (
        login(other.finance).post(url, {"act": "commit", "commitment": "0" * 64}).status_code == 404
    )
    auditor = Viewer(**vars(province.supervisor))
    assert auditor.actor == province.supervisor.actor
    assert login(province.viewer(province.experts[0])).get(url).status_code == 403
    assert Client().get(url).status_code == 302
    assert Share.objects.count() == 0
    refused = login(province.finance).post(
        url, {"act": "void", "reason": "interrupted", "note": "不想抽"}
    )
    assert "由省级人社部门办理" in refused.content.decode()
    assert DrawSession.objects.get().state == "committing"


def test_the_state_is_told_to_watching_screens(province: Province) -> None:
    session = DrawSession.objects.get(pk=_opened(province).pk)
    watch = reverse("desk-draw-state", args=[session.pk])
    before = login(province.finance).get(watch).json()["version"]
    login(province.hr).post(
        reverse("desk-draw-session", args=[session.pk]), {"act": "commit", "commitment": "1" * 64}
    )
    assert login(province.finance).get(watch).json()["version"] != before


def _opened(province: Province) -> DrawSession:
    login(province.hr).post(reverse("desk-draw-open", args=[province.open_round().pk]))
    return DrawSession.objects.get()


def test_too_few_experts_are_shown_and_the_button_is_off(province: Province) -> None:
    for expert in province.experts:
        if expert.field == "finance":
            experts.add_relation(
                viewer=province.hr,
                expert_id=expert.pk,
                kind="advised",
                unit_name=province.projects[0].unit_name,
            )
    row = province.open_round()
    page = login(province.hr).get(reverse("desk-round", args=[row.pk])).content.decode()
    assert "缺 1 人" in page
    assert "存在咨询辅导关系" in page
    assert re.search(r"<button[^>]*disabled[^>]*>.*冻结名单", page)
    answer = login(province.hr).post(reverse("desk-draw-open", args=[row.pk]))
    assert answer.status_code == 422
    assert DrawSession.objects.count() == 0


def test_the_plan_is_refused_with_what_was_typed(province: Province) -> None:
    row = province.open_round()
    sent = {
        "seats-technical": "4",
        "seats-education": "1",
        "seats-finance": "1",
        "substitutes": "2",
        "method": "mean",
        "due_date": "2025-09-20",
        "due_time": "17:00",
    }
    url = reverse("desk-round-plan", args=[row.pk])
    refused = login(province.hr).post(url, sent)
    assert refused.status_code == 422
    assert "合计 6 人" in refused.content.decode()
    login(province.hr).post(url, sent | {"seats-technical": "3", "method": "trimmed"})
    row.refresh_from_db()
    assert row.method == "trimmed"


def test_answers_and_replacements_by_the_province(province: Province) -> None:
    row = province.open_round()
    session = province.drawn(row)
    one, two = session.panel.select_related("expert")[:2]
    client = login(province.hr)
    url = reverse("desk-seat", args=[row.pk, one.pk])
    assert client.post(url, {"act": "accept", "note": ""}).status_code == 422
    client.post(url, {"act": "accept", "note": "电话确认"})
    client.post(
        reverse("desk-seat", args=[row.pk, two.pk]),
        {"act": "replace", "reason": "unavailable", "note": "出差"},
    )
    two.refresh_from_db()
    assert two.status == "replaced"
    page = client.get(reverse("desk-round", args=[row.pk])).content.decode()
    assert "无法参加：出差" in page
    assert login(province.finance).post(url, {"act": "accept"}).status_code == 403


def test_the_round_shows_progress_and_no_score_until_the_ranking(province: Province) -> None:
    row = province.scoring()
    expert = row.panel.select_related("expert").first().expert
    viewer = province.viewer(expert)
    sheet = assigned(viewer).select_related("seat__round", "application").first()
    sheets.declare(viewer=viewer, sheet_id=sheet.pk, conflict=False)
    province.sign(viewer, sheet, 73)
    ScoreSheet.objects.filter(pk=sheet.pk).get()
    total = ScoreSheet.objects.get(pk=sheet.pk).total
    shown = f"{total // 1000}.{total % 1000:03d}".rstrip("0").rstrip(".")
    urls = [
        reverse("desk-round", args=[row.pk]),
        reverse("desk-ranking", args=[row.pk]),
        reverse("desk-rankings"),
        reverse("desk-expert", args=[expert.pk]),
        reverse("desk-draw"),
    ]
    for reader in (province.hr, province.finance, province.supervisor):
        client = login(reader)
        for url in urls:
            text = client.get(url).content.decode()
            assert shown not in text, url
            assert str(total) not in text, url
    page = login(province.hr).get(urls[0]).content.decode()
    assert "只显示进度" in page


def test_scoring_starts_and_ends_after_a_confirmation_with_names(province: Province) -> None:
    row = province.open_round()
    client = login(province.hr)
    start = reverse("desk-round-start", args=[row.pk])
    assert "评审专家尚未抽取" in client.get(start).content.decode()
    province.seated(row)
    asked = client.get(start).content.decode()
    assert all(project.title in asked for project in province.projects)
    row.refresh_from_db()
    assert row.state == "preparing"
    client.post(start, {"confirmed": "yes"})
    row.refresh_from_db()
    assert row.state == "scoring"
    rank = reverse("desk-round-rank", args=[row.pk])
    assert "20 份评分表没有签署" in client.get(rank).content.decode()
    province.sign_all(row, lambda *_: 80)
    assert "签署 4 份" in client.get(rank).content.decode()
    client.post(rank, {"confirmed": "yes"})
    row.refresh_from_db()
    assert row.state == "ranked"


def test_names_are_in_the_record_only_after_the_decision(province: Province) -> None:
    row = province.ranked()
    session = row.sessions.get()
    url = reverse("desk-draw-record", args=[session.pk]) + "?named=1"
    assert login(province.hr).get(url).status_code == 409
    province.propose(row, 1)
    decision.decide(viewer=province.hr, round_id=row.pk)
    record = json.loads(login(province.hr).get(url).content)
    assert verify(record) == []
    named = {step["opening"]["unit"] for step in record["opened"]["walk"] if step["opening"]}
    assert named >= {seat.expert.unit_name for seat in session.panel.select_related("expert")}
