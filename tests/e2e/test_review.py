"""The ceremony in a browser: the secret never leaves it before the sealing, and the record holds."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import BrowserContext, Page, Request, expect

from jiangxin.core.draw.checking import verify
from jiangxin.core.draw.shares import commitment
from jiangxin.core.kernel.canonical import canonical
from jiangxin.records.identity.models import User
from jiangxin.stages.experts import actions as experts
from jiangxin.stages.review.actions import draw
from jiangxin.stages.review.models import DrawSession, Share
from jiangxin.stages.review.queries.expert import assigned
from tests.core.draw import conftest as sessions
from tests.core.verifier.test_draws import another, published, values, with_value
from tests.factories.review import Province, make_province

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def province(live_server) -> Province:
    return make_province("37")


def account(viewer) -> User:
    return User.objects.get(pk=viewer.user_id)


def test_three_parties_draw_and_the_public_recomputes_in_their_browsers(
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
    public = reverse("portal-draw", args=[session.pk])
    before = page.request.get(public + "record.json").text()
    for viewer in province.parties.values():
        sign_in(account(viewer))
        page.goto(url)
        page.get_by_role("button", name="公开", exact=True).click()
        expect(page.get_by_text("已办理。")).to_be_visible()
    shot(page, "draw-ready")
    page.get_by_role("button", name="抽取", exact=True).click()
    expect(page.get_by_text("记录摘要值")).to_be_visible()
    expect(page.get_by_role("heading", name="现场签字")).to_be_visible()
    shot(page, "draw-done")
    record = DrawSession.objects.get().record
    assert record is not None
    assert verify(record) == []
    assert json.loads(before)["seal"] == record["seal"], "the public had the seal before any secret"
    public_recomputes(page, context, public, record, sent, shot)


def public_recomputes(
    page: Page,
    context: BrowserContext,
    public: str,
    record: dict[str, Any],
    sent: list[str],
    shot,
) -> None:
    """Without an account: the published record on its page, and a file of one's own."""
    context.clear_cookies()
    page.goto(public)
    page.get_by_role("button", name="重新计算").click()
    expect(page.get_by_text("结论：成立")).to_be_visible()
    expect(page.get_by_text("3 方公开的随机数与封存前的承诺一致")).to_be_visible()
    assert record["digest"] in page.locator("[data-draw-result]").inner_text()
    shot(page, "portal-draw")
    page.goto(reverse("portal-draws"))
    shot(page, "portal-draws")
    page.goto(reverse("verify"))
    whole = canonical(record)
    sent.clear()
    forged = whole.replace(b'"as":"seat"', b'"as":"skip"', 1)
    for data, words in (
        (whole, "结论：成立"),
        (forged, "记录内容与摘要不符"),
        (whole + b"\n", "规范写法"),
        (b"\xef\xbb\xbf" + whole, "不成立"),
        (b"{", "不是抽取记录"),
    ):
        file = {"name": "draw.json", "mimeType": "application/json", "buffer": data}
        page.set_input_files("#file", [file])
        page.get_by_role("button", name="只在本机核验抽取记录").click()
        expect(page.locator("[data-draw-result]")).to_contain_text(words)
    assert all("/static/" in line for line in sent), "nothing of a record leaves the browser"
    shot(page, "portal-verify")


def test_the_browser_and_the_product_agree_on_many_records(page: Page, live_server) -> None:
    """Good ones in both hashes, and each value of some changed: SHA-256, SM3 and all rules in script."""
    page.goto(reverse("verify"))
    assert page.evaluate("JiangxinDraw.sm3('abc')").startswith("66c7f0f4")
    good = [published(sessions.session(n))[n % 4] for n in range(60)]
    spoilt = [
        with_value(record, path, value)
        for record in published(sessions.session(3))
        for path in values(record)
        for value in (another, None, 0, "", [], {})
    ]
    asked = [canonical(each).decode() for each in (*good, *spoilt)]
    found = page.evaluate(
        "texts => texts.map(t => { try { JiangxinDraw.verify(t); return true; }"
        " catch (error) { return false; } })",
        asked,
    )
    expected = [verify(each) == [] for each in (*good, *spoilt)]
    assert found == expected
    assert sum(expected) >= len(good)
    assert expected.count(False) > 1000


def test_the_forms_of_the_pool(
    province: Province, page: Page, sign_in: Callable[..., None], shot
) -> None:
    page.goto(reverse("portal-expert-apply"))
    expect(page.locator("h1")).to_be_visible()
    shot(page, "portal-expert-apply")
    sign_in(account(province.hr))
    row = province.open_round()
    for each in province.experts:
        if each.field == "finance":
            experts.suspend(viewer=province.hr, expert_id=each.pk, reason="暂停")
    for name, url in (
        ("desk-round-short", reverse("desk-round", args=[row.pk])),
        ("desk-loans", reverse("desk-loans") + "?field=finance&count=3"),
        ("desk-expert-import", reverse("desk-expert-import")),
    ):
        page.goto(url)
        expect(page.locator("h1")).to_be_visible()
        shot(page, name)
    sign_in(account(province.viewer(province.experts[0])))
    page.goto(reverse("expert-profile"))
    expect(page.locator("h1")).to_be_visible()
    shot(page, "expert-profile")


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
