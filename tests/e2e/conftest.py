"""A real browser against the running program: Debian's Chromium, driven by Playwright.

Every message of kind "error" in the browser's console fails the test: broken scripts, refused styles
(content security policy) and missing files are defects even where the page looks right.
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DESKTOP, PHONE = 1280, 390
_HEIGHT = 900


class Shot(Protocol):
    """`shot(page, name)`: pictures of the whole page at desktop and phone width."""

    def __call__(self, page: Page, name: str) -> list[Path]: ...


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for the session."""
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        # Playwright runs an event loop in this thread; Django would refuse the database there.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def forgiven() -> list[str]:
    """Patterns of console errors that a test provokes on purpose: append to it."""
    return []


@pytest.fixture
def context(browser: Browser, live_server) -> Iterator[BrowserContext]:
    """A fresh browser profile at the live server: relative addresses work in `page.goto`."""
    context = browser.new_context(
        base_url=live_server.url,
        viewport={"width": DESKTOP, "height": _HEIGHT},
        locale="zh-CN",
        timezone_id="Asia/Shanghai",
    )
    context.set_default_timeout(10_000)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext, forgiven: list[str]) -> Iterator[Page]:
    """A page whose console stays free of errors, or the test fails."""
    problems: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if message.type == "error":
            problems.append(f"{message.text} ({message.location.get('url', '')})")

    context.on("console", note)
    context.on("weberror", lambda error: problems.append(str(error.error)))
    yield context.new_page()
    left = [text for text in problems if not any(re.search(known, text) for known in forgiven)]
    assert not left, "browser console:\n" + "\n".join(left)


@pytest.fixture
def sign_in(context: BrowserContext, live_server) -> Callable[..., None]:
    """`sign_in(user)`: give the browser a session of that user, without the login page."""

    def give_session(user) -> None:
        client = Client()
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        name = settings.SESSION_COOKIE_NAME
        context.add_cookies(
            [{"name": name, "value": client.cookies[name].value, "url": live_server.url}]
        )

    return give_session


@pytest.fixture
def shot() -> Shot:
    """Save pictures as `$JIANGXIN_VAR/screenshots/<name>-<width>.png`; answers their paths."""

    def take(page: Page, name: str) -> list[Path]:
        folder = settings.VAR / "screenshots"
        folder.mkdir(exist_ok=True)
        taken = []
        for width in (PHONE, DESKTOP):
            page.set_viewport_size({"width": width, "height": _HEIGHT})
            taken.append(folder / f"{name}-{width}.png")
            page.screenshot(path=taken[-1], full_page=True)
        return taken

    return take
