"""The ceremony in a browser: the secret never leaves it before the sealing, and the record holds."""

import re
from collections.abc import Callable

import pytest
from django.urls import reverse
from playwright.sync_api import BrowserContext, Page, Request, expect

from jiangxin.core.draw.checking import verify
from jiangxin.core.draw.shares import commitment
from jiangxin.records.identity.models import User
from jiangxin.stages.review.actions import draw
from jiangxin.stages.review.models import DrawSession, Share
from jiangxin.stages.review.queries.expert import assigned
from tests.factories.review import Province, make_province

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def province(live_server) -> Province:
    return make_province("37")


def account(viewer) -> User:
    return User.objects.get(pk=viewer.user_id)


def test_three_parties_draw_in_their_browsers(
    province: Province,
    context: BrowserContext,
    page: Page,
    sign_in: Callable[..., None],
    shot,
) -> None:
    session = draw.open_session(viewer=province.hr, round_id=province.open_round().pk)
    url = reverse("desk-draw-session", args=[session.pk])
    sent: list[str] = []

    def listen(request: Request) -> None:
        sent.append(f"{request.url} {request.post_data or ''}")

    context.on("request", listen)
    made: dict[str, str] = {}
    for party, viewer in province.parties.items():
        sign_in(account(viewer))
        page.goto(url)
        page.get_by_role("button", name="在本机生成随机数").click()
        made[party] = page.locator("[data-shown]").inner_text()
        shot(page, f"draw-commit-{party}")
        page.get_by_role("button", name="已抄录，提交承诺").click()
        expect(page.get_by_text("已办理。")).to_be_visible()
        share = Share.objects.get(session=session, party=party)
        assert re.fullmatch("[0-9a-f]{64}", made[party])
        assert share.commitment == commitment(party, session.plan["session"], made[party])
    assert not any(secret in line for secret in made.values() for line in sent)
    page.get_by_role("button", name="封存名单和承诺").click()
    for viewer in province.parties.values():
        sign_in(account(viewer))
        page.goto(url)
        page.get_by_role("button", name="公开", exact=True).click()
        expect(page.get_by_text("已办理。")).to_be_visible()
    page.get_by_role("button", name="抽取", exact=True).click()
    expect(page.get_by_text("记录摘要值")).to_be_visible()
    shot(page, "draw-done")
    assert verify(DrawSession.objects.get().record) == []


def test_an_expert_scores_beside_the_material(
    province: Province, page: Page, sign_in: Callable[..., None], shot
) -> None:
    row = province.scoring()
    viewer = province.viewer(row.panel.select_related("expert").first().expert)
    sheet = assigned(viewer).first()
    sign_in(account(viewer))
    page.goto(reverse("expert-queue"))
    shot(page, "expert-queue")
    page.get_by_role("link", name=sheet.application.title, exact=True).click()
    shot(page, "expert-declare")
    page.get_by_role("button", name="没有利害关系，打开材料").click()
    inputs = page.locator(".jx-score-input input")
    for place in range(inputs.count()):
        inputs.nth(place).fill("5")
    shot(page, "expert-sheet")
    expect(page.locator("[data-saved]")).to_contain_text("已保存", timeout=15_000)
    page.get_by_role("button", name="签署…").click()
    shot(page, "expert-sign")
    page.get_by_role("button", name="确认签署").click()
    expect(page.get_by_text("已签署（1/4）")).to_be_visible()


def test_the_desk_of_a_review(
    province: Province, page: Page, sign_in: Callable[..., None], shot
) -> None:
    row = province.open_round()
    sign_in(account(province.hr))
    for name, url in (
        ("desk-experts", reverse("desk-experts")),
        ("desk-expert", reverse("desk-expert", args=[province.experts[0].pk])),
        ("desk-expert-new", reverse("desk-expert-new")),
        ("desk-draw", reverse("desk-draw")),
        ("desk-round-preparing", reverse("desk-round", args=[row.pk])),
    ):
        page.goto(url)
        expect(page.locator("h1")).to_be_visible()
        shot(page, name)
    province.seated(row)
    from jiangxin.stages.review.actions import rounds

    rounds.start(viewer=province.hr, round_id=row.pk)
    page.goto(reverse("desk-round", args=[row.pk]))
    shot(page, "desk-round-scoring")
    order = {project.pk: n for n, project in enumerate(province.projects)}
    province.sign_all(row, lambda expert, project: 95 - 7 * order[project] - expert % 3)
    rounds.rank_round(viewer=province.hr, round_id=row.pk)
    page.goto(reverse("desk-ranking", args=[row.pk]))
    shot(page, "desk-ranking")
    page.get_by_label("拟推荐 项目1").check()
    page.get_by_label("拟推荐 项目3").check()
    page.get_by_role("button", name="保存拟推荐名单").click()
    expect(page.get_by_text("与名次不一致").first).to_be_visible()
    shot(page, "desk-ranking-departure")
    page.goto(reverse("desk-ranking-decide", args=[row.pk]))
    shot(page, "desk-ranking-decide")
