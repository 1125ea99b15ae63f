"""The browser harness itself: it sees pages, and it fails on what goes wrong in a page."""

import pytest
from playwright.sync_api import Page

pytestmark = pytest.mark.e2e


def test_the_health_page_is_readable_and_pictures_are_taken(
    page: Page, shot, forgiven: list[str]
) -> None:
    forgiven.append("favicon")  # a plain text page names no icon
    page.goto("/healthz")
    assert page.locator("body").inner_text() == "ok"
    pictures = shot(page, "healthz")
    assert all(picture.read_bytes().startswith(b"\x89PNG") for picture in pictures)


def test_a_missing_file_is_a_console_error(page: Page, forgiven: list[str]) -> None:
    forgiven += ["no-such-file", "favicon"]
    page.goto("/healthz")
    with page.expect_console_message(lambda message: "404" in message.text) as seen:
        page.evaluate("fetch('/static/no-such-file.js').then(answer => answer.text())")
    assert seen.value.type == "error"
