"""An expert's pages: declare, read, score, sign; blind to everybody else."""

from collections.abc import Iterator
from io import BytesIO

import pytest
from django.core.files.base import File
from django.test import Client
from django.urls import reverse

from jiangxin.core.kernel import clock
from jiangxin.core.scoring.points import shown as points
from jiangxin.records.documents.actions import store
from jiangxin.records.identity.models import User
from jiangxin.records.identity.viewer import Viewer
from jiangxin.stages.application.models import Version
from jiangxin.stages.review.actions import sheets
from jiangxin.stages.review.models import Round, ScoreSheet
from jiangxin.stages.review.queries import assigned
from jiangxin.stages.review.rubrics import rubric
from tests.factories.applications import by_hand
from tests.factories.review import NOW, Province, leader_mask, make_province, marks

PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


@pytest.fixture(autouse=True)
def _in_september() -> Iterator[None]:
    with clock.at(NOW):
        yield


@pytest.fixture
def province(db: None) -> Province:
    return make_province("37")


@pytest.fixture
def row(province: Province) -> Round:
    return province.scoring()


def login(viewer: Viewer) -> Client:
    client = Client()
    client.force_login(User.objects.get(pk=viewer.user_id))
    return client


def two(province: Province, row: Round) -> tuple[Viewer, Viewer]:
    one, other = row.panel.select_related("expert")[:2]
    return province.viewer(one.expert), province.viewer(other.expert)


def first(viewer: Viewer) -> ScoreSheet:
    return assigned(viewer).select_related("seat__round", "application").first()


def test_the_invitation_is_answered_from_the_queue(province: Province) -> None:
    session = province.drawn(province.open_round())
    seat = session.panel.select_related("expert").first()
    client = login(province.viewer(seat.expert))
    assert "随机抽取" in client.get(reverse("expert-queue")).content.decode()
    answer = reverse("expert-seat", args=[seat.pk])
    assert client.post(answer, {"act": "decline"}).status_code == 422
    client.post(answer, {"act": "accept"})
    seat.refresh_from_db()
    assert seat.status == "accepted"
    outsider = next(
        each for each in province.experts if not session.panel.filter(expert=each).exists()
    )
    empty = login(province.viewer(outsider)).get(reverse("expert-queue")).content.decode()
    assert "目前没有评审任务" in empty


def test_from_declaration_to_signature(province: Province, row: Round) -> None:
    viewer, _ = two(province, row)
    client, sheet = login(viewer), first(viewer)
    url = reverse("expert-sheet", args=[sheet.pk])
    before = client.get(url).content.decode()
    assert "先申明利害关系" in before
    assert leader_mask(sheet.application) not in before
    client.post(reverse("expert-declare", args=[sheet.pk]), {"conflict": "none"})
    opened = client.get(url).content.decode()
    assert leader_mask(sheet.application) in opened
    assert "13912345678" not in opened
    by = rubric(sheet.seat.round, sheet.application.track)
    data = marks(by, 80)
    missing = next(iter(data))
    half = {**data, missing: ""}
    wrong = client.post(url, {**half, "comment": "很好的意见", "act": "sign"})
    assert wrong.status_code == 422
    assert "还有 1 项未评好" in wrong.content.decode()
    assert "很好的意见" in wrong.content.decode()
    asked = client.post(url, {**data, "comment": "很好的意见", "act": "sign"})
    sign = reverse("expert-sign", args=[sheet.pk])
    assert asked.headers["Location"] == sign
    assert "签署后不能修改" in client.get(sign).content.decode()
    assert ScoreSheet.objects.get(pk=sheet.pk).state == "draft"
    after = client.post(sign, {"confirmed": "yes"})
    assert ScoreSheet.objects.get(pk=sheet.pk).state == "signed"
    assert after.headers["Location"] != url
    assert "已签署 <b>1</b> / 4" in client.get(reverse("expert-queue")).content.decode()
    late = client.post(url, {**data, "act": "save"})
    assert "已签署，不能修改" in late.content.decode()


def test_save_and_next_goes_on_and_autosave_answers_in_json(province: Province, row: Round) -> None:
    viewer, _ = two(province, row)
    client, sheet = login(viewer), first(viewer)
    sheets.declare(viewer=viewer, sheet_id=sheet.pk, conflict=False)
    url = reverse("expert-sheet", args=[sheet.pk])
    by = rubric(sheet.seat.round, sheet.application.track)
    moved = client.post(url, {**marks(by, 70), "act": "next"})
    following = [each.pk for each in assigned(viewer)][1]
    assert moved.headers["Location"] == reverse("expert-sheet", args=[following])
    saved = client.post(url, marks(by, 75), headers={"X-Autosave": "1"})
    assert saved.json()["saved"]
    item = next(by.items())
    assert ScoreSheet.objects.get(pk=sheet.pk).marks[item.id]["typed"] == marks(by, 75)[item.id]
    undeclared = reverse("expert-sheet", args=[following])
    refused = client.post(undeclared, marks(by, 75), headers={"X-Autosave": "1"})
    assert refused.status_code == 409
    assert "利害关系" in refused.json()["message"]


def test_a_conflict_needs_a_reason_and_closes_the_project(province: Province, row: Round) -> None:
    viewer, _ = two(province, row)
    client, sheet = login(viewer), first(viewer)
    declare = reverse("expert-declare", args=[sheet.pk])
    assert client.post(declare, {"conflict": "declared"}).status_code == 422
    client.post(declare, {"conflict": "declared", "reason": "师徒关系"})
    page = client.get(reverse("expert-sheet", args=[sheet.pk])).content.decode()
    assert "已申请回避" in page
    assert "评分表</h2>" not in page
    assert "已签署 <b>0</b> / 3" in client.get(reverse("expert-queue")).content.decode()


def test_evidence_opens_only_through_the_own_declared_sheet(
    province: Province, row: Round, settings, tmp_path
) -> None:
    settings.MEDIA_ROOT = tmp_path
    viewer, other = two(province, row)
    sheet = first(viewer)
    document = store(name="证书.pdf", size=len(PDF), content=File(BytesIO(PDF)), owner_id=None)
    foreign = store(name="别的.pdf", size=len(PDF), content=File(BytesIO(PDF)), owner_id=None)
    held = {
        "field": "leader_name",
        "document": document.pk,
        "name": "证书.pdf",
        "sha256": document.sha256,
        "size": len(PDF),
    }
    with by_hand("application_version"):
        Version.objects.filter(application=sheet.application).update(evidence=[held])
    url = reverse("expert-file", args=[sheet.pk, document.pk])
    client = login(viewer)
    assert client.get(url).status_code == 409
    sheets.declare(viewer=viewer, sheet_id=sheet.pk, conflict=False)
    assert client.get(url).content == PDF
    assert client.get(reverse("expert-file", args=[sheet.pk, foreign.pk])).status_code == 404
    assert login(other).get(url).status_code == 404
    assert login(province.hr).get(url).status_code == 403
    sheets.declare(viewer=viewer, sheet_id=sheet.pk, conflict=True, reason="师徒")
    assert client.get(url).status_code == 409


def test_nothing_of_the_others_shows_on_any_page(province: Province, row: Round) -> None:
    viewer, other = two(province, row)
    project = first(viewer).application
    theirs = assigned(other).select_related("seat__round", "application").get(application=project)
    sheets.declare(viewer=other, sheet_id=theirs.pk, conflict=False)
    by = rubric(row, project.track)
    typed = {**marks(by, 73)}
    sheets.save(viewer=other, sheet_id=theirs.pk, data=typed, comment="他人的秘密意见")
    signed = sheets.sign(viewer=other, sheet_id=theirs.pk)
    mine = assigned(viewer).select_related("seat__round", "application").get(application=project)
    sheets.declare(viewer=viewer, sheet_id=mine.pk, conflict=False)
    client = login(viewer)
    other_name = theirs.seat.expert.name
    for url in (
        reverse("expert-queue"),
        reverse("expert-sheet", args=[mine.pk]),
        reverse("expert-sign", args=[mine.pk]),
    ):
        text = client.get(url, follow=True).content.decode()
        assert "他人的秘密意见" not in text
        assert f"{points(signed.total)} 分" not in text
        assert f">{other_name}<" not in text
    assert client.get(reverse("expert-sheet", args=[theirs.pk])).status_code == 404
    assert client.get(reverse("desk-round", args=[row.pk])).status_code == 403
    assert client.get(reverse("desk-ranking", args=[row.pk])).status_code == 403


def test_after_the_ranking_the_own_sheet_stays_and_the_material_closes(
    province: Province,
) -> None:
    row = province.ranked()
    viewer, _ = two(province, row)
    sheet = first(viewer)
    page = login(viewer).get(reverse("expert-sheet", args=[sheet.pk])).content.decode()
    assert f"总分 <b>{points(sheet.total)}</b>" in page
    assert leader_mask(sheet.application) not in page


def test_the_queue_costs_the_same_queries_for_one_project_and_three(
    db: None, django_assert_max_num_queries
) -> None:
    counts = set()
    for code, projects in (("37", 1), ("11", 3)):
        province = make_province(code, projects=projects)
        row = province.scoring()
        viewer, _ = two(province, row)
        client = login(viewer)
        with django_assert_max_num_queries(7) as captured:  # one counts the acceptances on top
            client.get(reverse("expert-queue"))
        counts.add(len(captured))
    assert len(counts) == 1
