"""The ranking desk: selection, reasons, marks, confirmation; who may see a score."""

from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import reverse

from jiangxin.core.kernel import clock
from jiangxin.core.workflow import ProjectState, Role
from jiangxin.records.identity.actions import open_account
from jiangxin.records.identity.models import User
from jiangxin.records.identity.viewer import Viewer
from jiangxin.stages.application.models import Application
from jiangxin.stages.programme.queries import pack
from jiangxin.stages.review.actions import rounds
from jiangxin.stages.review.models import Round, ScoreSheet
from jiangxin.stages.review.queries.ranking import proposal_digest
from jiangxin.stages.titles.models import Title
from tests.factories.pictures import titled
from tests.factories.review import NOW, Province, make_province


@pytest.fixture(autouse=True)
def _in_september() -> Iterator[None]:
    with clock.at(NOW):
        yield


@pytest.fixture
def province(db: None) -> Province:
    return make_province("37")


@pytest.fixture
def row(province: Province) -> Round:
    return province.ranked()


def login(viewer: Viewer) -> Client:
    client = Client()
    client.force_login(User.objects.get(pk=viewer.user_id))
    return client


def proposal(province: Province, chosen: list[int], **reasons: str) -> dict[str, object]:
    ids = [str(each.pk) for each in province.projects]
    data: dict[str, object] = {
        "proposal": "1",
        "project": ids,
        "selected": [ids[place] for place in chosen],
    }
    return data | {f"reason-{ids[int(key[1:])]}": text for key, text in reasons.items()}


def test_the_whole_way_to_the_decision(province: Province, row: Round) -> None:
    hr, finance = login(province.hr), login(province.finance)
    page = reverse("desk-ranking", args=[row.pk])
    hr.post(reverse("desk-ranking-choose", args=[row.pk]), proposal(province, [0, 2]))
    shown = hr.get(page).content.decode()
    assert shown.count("与名次不一致</span>") == 2
    concur = reverse("desk-ranking-concur", args=[row.pk])
    refused = finance.post(concur, {"word": "agreed", "digest": proposal_digest(row)})
    assert refused.status_code == 422
    assert "2 个项目的取舍" in refused.content.decode()
    hr.post(
        reverse("desk-ranking-choose", args=[row.pk]),
        proposal(province, [0, 2], _1="同一行业已有", _2="填补空白"),
    )
    for client in (hr, finance):
        client.post(concur, {"word": "agreed", "digest": proposal_digest(row)})
    decide = reverse("desk-ranking-decide", args=[row.pk])
    asked = hr.get(decide).content.decode()
    assert "第 1 名 项目1" in asked
    assert "未入选的 2 个项目" in asked
    assert Application.objects.filter(state=ProjectState.PROPOSED).count() == 0
    hr.post(decide, {"confirmed": "yes"})
    proposed = set(
        Application.objects.filter(state=ProjectState.PROPOSED).values_list("title", flat=True)
    )
    assert proposed == {"项目1", "项目3"}
    final = finance.get(page).content.decode()
    assert "占第 1 个名额" in final
    assert "保存拟推荐名单" not in final


def test_a_refused_choice_keeps_what_was_typed(province: Province) -> None:
    row = province.scoring()
    last = province.projects[-1].pk
    province.sign_all(row, lambda _e, pk: 20 if pk == last else 90)
    client = login(province.hr)
    client.post(reverse("desk-round-rank", args=[row.pk]), {"confirmed": "yes"})
    answer = client.post(
        reverse("desk-ranking-choose", args=[row.pk]),
        proposal(province, [3], _3="一段很长的理由"),
    )
    assert answer.status_code == 422
    text = answer.content.decode()
    assert "合格线" in text
    assert "一段很长的理由" in text
    assert f'value="{last}" aria-label="拟推荐 项目4" checked' in text


def test_over_the_quota_is_told_before_and_refused(province: Province, row: Round) -> None:
    client = login(province.hr)
    client.post(reverse("desk-ranking-choose", args=[row.pk]), proposal(province, [0, 1, 2]))
    assert "超出 1 个" in client.get(reverse("desk-ranking", args=[row.pk])).content.decode()
    refused = client.post(
        reverse("desk-ranking-concur", args=[row.pk]),
        {"word": "agreed", "digest": proposal_digest(row)},
    )
    assert "现选 3 个，超出 1 个" in refused.content.decode()


def test_agreement_to_an_old_page_is_refused(province: Province, row: Round) -> None:
    seen = proposal_digest(row)
    login(province.hr).post(reverse("desk-ranking-choose", args=[row.pk]), proposal(province, [0]))
    answer = login(province.finance).post(
        reverse("desk-ranking-concur", args=[row.pk]), {"word": "agreed", "digest": seen}
    )
    assert "不是最新内容" in answer.content.decode()


def test_finance_may_not_edit_and_nobody_else_may_come_in(province: Province, row: Round) -> None:
    choose = reverse("desk-ranking-choose", args=[row.pk])
    assert login(province.finance).post(choose, proposal(province, [0])).status_code == 403
    page = reverse("desk-ranking", args=[row.pk])
    other = make_province("11", projects=1)
    assert login(other.hr).get(page).status_code == 404
    assert login(province.viewer(province.experts[0])).get(page).status_code == 403
    assert Client().get(page).status_code == 302
    ministry = open_account(username="m", password=None, name="部", role=Role.MINISTRY_HR)
    client = Client()
    client.force_login(ministry)
    assert client.get(page).status_code == 403
    sheet = ScoreSheet.objects.filter(seat__round=row).first()
    one = reverse("desk-ranking-sheet", args=[row.pk, sheet.pk])
    assert login(other.hr).get(one).status_code == 404
    assert "属实" in login(province.supervisor).get(one).content.decode()


def test_who_selects_sees_which_gaps_of_the_province_a_project_would_fill(
    province: Province,
) -> None:
    cook, nurse = "4-03-02-01", "4-14-01-02"
    names = {code: each.name for code, each in pack().occupations.items()}
    titled(province.code, cook, year=2024)
    elsewhere = titled("11", nurse, year=2024)
    Title.objects.filter(pk=elsewhere.pk).update(priority_field="nursing")
    first, second, third = province.projects[:3]
    for project, code, field in ((first, nurse, "nursing"), (second, cook, ""), (third, "", "")):
        project.answers = {**project.answers, "leader_occupation": code}
        project.priority_field = field
        project.save(update_fields=["answers", "priority_field"])
    row = province.scoring()
    page = reverse("desk-ranking", args=[row.pk])
    gap = f"可填补本省空白：{pack().priority_fields['nursing']}、{names[nurse]}"
    assert "可填补本省空白" not in login(province.hr).get(page).content.decode(), (
        "not while scoring"
    )
    expert = login(province.viewer(row.panel.first().expert))
    sheet = ScoreSheet.objects.filter(seat=row.panel.first()).first()
    for address in (reverse("expert-queue"), reverse("expert-sheet", args=[sheet.pk])):
        assert "空白" not in expert.get(address).content.decode()
    province.sign_all(row, lambda _e, _p: 90)
    rounds.rank_round(viewer=province.hr, round_id=row.pk)
    for viewer in (province.hr, province.finance):
        shown = login(viewer).get(page).content.decode()
        assert shown.count("可填补本省空白：") == 1
        assert gap in shown
    assert expert.get(page).status_code == 403


def test_a_sheet_of_another_round_is_not_found(province: Province, row: Round) -> None:
    other = make_province("11", projects=2).ranked()
    foreign = ScoreSheet.objects.filter(seat__round=other).first()
    url = reverse("desk-ranking-sheet", args=[row.pk, foreign.pk])
    assert login(province.hr).get(url).status_code == 404


def test_the_page_costs_the_same_queries_for_two_projects_and_four(
    db: None, django_assert_max_num_queries
) -> None:
    counts = set()
    for code, projects in (("37", 2), ("11", 4)):
        province = make_province(code, projects=projects)
        row = province.ranked()
        client = login(province.hr)
        with django_assert_max_num_queries(10) as captured:
            client.get(reverse("desk-ranking", args=[row.pk]))
        counts.add(len(captured))
    assert len(counts) == 1
