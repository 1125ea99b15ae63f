"""Several people of one unit, a city and the province, each in a browser of their own."""

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect

from jiangxin.core.kernel import clock
from jiangxin.core.workflow import Role
from jiangxin.ops.scenes.country import officer
from jiangxin.records.identity.models import User
from jiangxin.records.identity.viewer import Viewer
from jiangxin.stages.application.models import Application, Version
from tests.e2e.conftest import PHONE
from tests.e2e.year import real_clock
from tests.factories.applications import DURING, Round, make_round
from tests.factories.unit import PASSWORD, RECOMMENDED, body, clerk, only, rules

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def round_(
    transactional_db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Round]:
    """An open call whose rules put a recommending body first; the server has the call's clock."""
    made = make_round()
    rules(tmp_path, monkeypatch, own=RECOMMENDED)
    shift = DURING - datetime.now(clock.BEIJING)
    clock.shift_by(lambda: shift)
    yield made
    real_clock()


@pytest.fixture
def another(browser: Browser, live_server) -> Iterator[Callable[[], Page]]:
    """A browser of somebody else."""
    opened: list[BrowserContext] = []

    def make() -> Page:
        context = browser.new_context(base_url=live_server.url, locale="zh-CN")
        context.set_default_timeout(10_000)
        opened.append(context)
        return context.new_page()

    yield make
    for context in opened:
        context.close()


def invited(page: Page, another: Callable[[], Page], label: str, duty: str, name: str) -> Page:
    """The administrator invites; the invited opens the link in a browser of their own and is in."""
    page.goto("/workspace/members/")
    page.get_by_label("邀请谁").fill(label)
    page.locator(f"input[name=duties][value={duty}]").check()
    page.get_by_role("button", name="生成邀请链接").click()
    link = page.get_by_label("邀请链接").input_value()
    theirs = another()
    theirs.goto(link)
    theirs.locator("[name=person]").fill(label)
    theirs.locator("[name=username]").fill(name)
    theirs.locator("[name=password]").fill(PASSWORD)
    theirs.locator("[name=password_again]").fill(PASSWORD)
    with theirs.expect_navigation():
        theirs.get_by_role("button", name="建立账号并登录").click()
    expect(theirs.get_by_role("heading", name="我的申报")).to_be_visible()
    return theirs


def signed_in(who: Viewer, sign_in: Callable[..., None]) -> None:
    sign_in(User.objects.get(pk=who.user_id))


def test_invited_filled_in_approved_submitted_recommended_and_seen_by_the_province(
    page: Page, round_: Round, another: Callable[[], Page], sign_in: Callable[..., None]
) -> None:
    city = body()
    admin = round_.unit()
    project = round_.draft(admin)
    signed_in(only(admin), sign_in)
    filler = invited(page, another, "填报甲", "fill", "tianbao")
    checker = invited(page, another, "审核乙", "check", "shenhe")
    at = f"/workspace/applications/{project.pk}/"

    filler.goto(at + "sections/plan/")
    filler.locator("#in-plan_goal").fill("由填报人写的目标，内容足够长。")
    with filler.expect_navigation():  # saved first, then the page is left
        filler.get_by_role("button", name="保存，返回任务清单").click()
    filler.goto(at + "check/")
    filler.locator("#in-body").select_option(label="济南市人社局（市级部门）")
    filler.get_by_role("button", name="选定").click()
    filler.get_by_role("button", name="填好送审").click()
    expect(filler.locator("#approval ~ p").first).to_contain_text("等待审核人审核")
    expect(filler.get_by_role("button", name="提交申报")).to_have_count(0)

    checker.goto(at + "check/")
    expect(checker.get_by_text("由填报人写的目标，内容足够长。").first).to_be_visible()
    checker.get_by_label("已通读全文，同意报出").check()
    checker.get_by_role("button", name="审核通过", exact=True).click()
    expect(checker.locator("#approval ~ p").first).to_contain_text("审核乙已于")

    filler.goto(at + "check/")
    filler.get_by_role("button", name="提交申报").click()
    expect(filler.get_by_text("等待推荐部门推荐")).to_be_visible()
    assert Version.objects.get().answers["plan_goal"] == "由填报人写的目标，内容足够长。"

    signed_in(clerk(city), sign_in)
    page.goto("/desk/recommendations/")
    number = Application.objects.get().number
    page.get_by_role("link", name=number).first.click()
    page.get_by_role("link", name="推荐…", exact=True).click()
    page.get_by_label("推荐意见").fill("设备和师资突出，同意推荐。")
    page.locator(".jx-confirm .btn-primary").click()
    expect(page.get_by_text("已推荐").first).to_be_visible()

    signed_in(officer(Role.PROVINCE_HR, "37"), sign_in)
    page.goto(f"/desk/recommendations/{project.pk}/")
    expect(page.get_by_text("设备和师资突出，同意推荐。")).to_be_visible()
    page.goto("/desk/examination/")
    expect(page.get_by_text(number).first).to_be_visible()


@pytest.mark.parametrize("width", [1280, PHONE])
def test_no_page_of_the_unit_runs_over_the_edge_or_shuts_anybody_out(
    page: Page, round_: Round, sign_in: Callable[..., None], width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    body()
    admin = round_.unit()
    project = round_.draft(admin)
    signed_in(admin, sign_in)
    at = f"/workspace/applications/{project.pk}/"
    faults = look(page, "/workspace/members/")
    faults += look(page, f"/workspace/members/{admin.user_id}/")
    faults += look(page, at + "check/")
    page.goto("/workspace/members/")
    page.get_by_label("邀请谁").fill("李四")
    page.locator("input[name=duties][value=check]").check()
    page.get_by_role("button", name="生成邀请链接").click()
    link = page.get_by_label("邀请链接").input_value()
    faults += seen(page, "the issued link")
    faults += look(page, link)
    assert faults == []


def look(page: Page, address: str) -> list[str]:
    page.goto(address)
    return seen(page, address)


def seen(page: Page, name: str) -> list[str]:
    """What is wrong with the page that is open: sideways scrolling, and what axe finds."""
    wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")
    found = [f"{name} {each['id']}" for each in Axe().run(page).response["violations"]]
    return [*found, *([f"{name} is too wide"] if wide else [])]
