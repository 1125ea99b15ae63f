"""The building blocks in a real browser: readable, accessible, and what the script adds."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import LazySettings
from playwright.sync_api import Browser, Page
from pytest_django.live_server_helper import LiveServer

from tests.e2e.conftest import DESKTOP, PHONE

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

PLACES = ["", "portal/", "workspace/", "desk/", "notice/"]


@pytest.fixture(autouse=True)
def demo(settings: LazySettings) -> None:
    settings.DEMO = True


def overflow(page: Page) -> int:
    return int(page.evaluate("document.documentElement.scrollWidth - window.innerWidth"))


@pytest.mark.parametrize("width", [PHONE, DESKTOP])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("place", [*(f"/gallery/{name}" for name in PLACES), "/login/"])
def test_it_is_accessible_and_fits_the_screen(
    page: Page, place: str, width: int, scheme: str
) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(place)
    assert page.locator("h1").count() >= 1
    assert overflow(page) <= 0
    found = Axe().run(page).response["violations"]
    assert [(each["id"], each["nodes"][0]["target"]) for each in found] == []


def test_rows_are_added_and_removed_in_place(page: Page) -> None:
    page.goto("/gallery/")
    table = page.locator("#field-trainings tbody tr")
    assert table.count() == 2
    page.get_by_role("button", name="添加一行").click()
    assert table.count() == 3
    added = table.nth(2)
    assert added.locator("input").first.get_attribute("name") == "trainings-4-year"
    assert added.locator("input").first.input_value() == ""
    assert added.locator(".is-invalid").count() == 0
    table.nth(0).get_by_role("button").click()
    assert table.count() == 2
    assert table.nth(0).locator("td").first.inner_text() == "1"


def test_a_row_is_added_without_a_script_too(browser: Browser, live_server: LiveServer) -> None:
    plain = browser.new_context(java_script_enabled=False, base_url=live_server.url)
    sheet = plain.new_page()
    sheet.goto("/gallery/")
    assert sheet.locator("button[name=_add]").get_attribute("value") == "trainings"
    chip = sheet.locator(".jx-clause").first
    assert not chip.locator(".jx-clause-text").is_visible()
    chip.locator("summary").click()
    assert "3000人次" in chip.locator(".jx-clause-text").inner_text()
    plain.close()


def test_selection_is_counted_and_keys_walk_the_list(page: Page) -> None:
    page.goto("/gallery/desk/")
    button = page.get_by_role("button", name="审核通过")
    assert button.is_disabled()
    page.locator("input[name=ids]").nth(1).check()
    assert "已选 1 项" in page.locator("[data-selected-count]").inner_text()
    assert button.is_enabled()
    page.locator("[data-check-all]").check()
    assert "已选 9 项" in page.locator("[data-selected-count]").inner_text()
    page.locator("body").press("j")
    page.locator("body").press("j")
    assert page.locator("tr.jx-current a").inner_text() == "2025-32-002"
    page.keyboard.press("k")
    assert page.locator("tr.jx-current a").inner_text() == "2025-32-001"
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.name") == "q"
