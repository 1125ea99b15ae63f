"""The pictures in a real browser: a chart is drawn, nothing hinders anybody, the table needs no script."""

from random import Random

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page
from pytest_django.live_server_helper import LiveServer

from jiangxin.core.workflow import Role
from jiangxin.ops.scenes.country import seed_register
from jiangxin.records.identity.models import User
from tests.e2e.conftest import DESKTOP, PHONE
from tests.factories.desk import official
from tests.factories.pictures import titled

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]
PAGES = ("/nation/", "/nation/coverage/", "/nation/37/")

# How many pixels of the first chart are neither see-through nor white.
INK = """figure => {
  const canvas = figure.querySelector("canvas");
  const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
  let ink = 0;
  for (let i = 0; i < data.length; i += 4) {
    if (data[i + 3] > 0 && data[i] + data[i + 1] + data[i + 2] < 700) { ink += 1; }
  }
  return ink;
}"""


@pytest.fixture(autouse=True)
def register() -> None:
    seed_register(Random(1), 32)
    titled("37", "4-03-02-01", "4-14-01-02")


def test_a_chart_is_drawn_when_it_comes_into_view(page: Page) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.set_viewport_size({"width": PHONE, "height": 300})
    page.goto("/nation/")
    assert not [url for url in asked if "echarts" in url]
    figure = page.locator("[data-chart]").first
    figure.scroll_into_view_if_needed()
    page.wait_for_selector("[data-chart][data-drawn]")
    assert len([url for url in asked if "echarts" in url]) == 1
    assert figure.evaluate(INK) > 1000


def test_without_the_library_the_table_remains(page: Page, forgiven: list[str]) -> None:
    forgiven.append("echarts|ERR_FAILED")
    page.route("**/echarts/**", lambda route: route.abort())
    page.goto("/nation/37/")
    page.wait_for_selector("[data-chart]", state="hidden")
    assert page.locator("#picture-titles table").is_visible()


def test_without_a_script_there_is_no_empty_box(browser: Browser, live_server: LiveServer) -> None:
    plain = browser.new_context(java_script_enabled=False, base_url=live_server.url)
    sheet = plain.new_page()
    sheet.goto("/nation/")
    assert not sheet.locator("[data-chart]").first.is_visible()
    assert sheet.locator("#picture-targets table").is_visible()
    sheet.get_by_role("link", name="考核覆盖率").click()
    assert "measure=assessed" in sheet.url
    assert "%" in sheet.locator(".jx-tile b").first.inner_text()
    plain.close()


def check(page: Page, address: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(address)
    if page.locator("[data-chart]").count():
        page.locator("[data-chart]").first.scroll_into_view_if_needed()
        page.wait_for_selector("[data-chart][data-drawn]")
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
    found = Axe().run(page).response["violations"]
    assert [(each["id"], each["nodes"][0]["target"]) for each in found] == []


@pytest.mark.parametrize(("width", "scheme"), [(PHONE, "dark"), (DESKTOP, "light")])
@pytest.mark.parametrize("address", [*PAGES, "/nation/?measure=assessed"])
def test_the_public_pictures_are_accessible_and_fit(
    page: Page, address: str, width: int, scheme: str
) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    check(page, address, width)


@pytest.mark.parametrize("width", [PHONE, DESKTOP])
def test_the_desk_s_pictures_are_accessible_and_fit(page: Page, sign_in, width: int) -> None:
    sign_in(User.objects.get(pk=official(Role.MINISTRY_HR).user_id))
    for address in PAGES:
        check(page, f"/desk{address}", width)
