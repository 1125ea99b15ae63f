"""Nothing that was typed is lost: a killed browser, a lost line, a lost login, two people at once."""

import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, BrowserType, Page, expect

from jiangxin.core.kernel import clock
from jiangxin.records.documents.models import Document, Upload
from jiangxin.records.identity.models import User
from jiangxin.stages.application.models import Application
from tests.e2e.conftest import CHROMIUM, FLAGS
from tests.e2e.year import real_clock
from tests.factories.applications import DURING, Round, make_round
from tests.factories.files import pdf

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]
SAVED = "[data-saved]"
SLOW = 20_000


@pytest.fixture
def round_(transactional_db: None) -> Iterator[Round]:
    """An open call; the server's threads have the clock of the call as well."""
    made = make_round()
    shift = DURING - datetime.now(clock.BEIJING)
    clock.shift_by(lambda: shift)
    yield made
    real_clock()


@pytest.fixture
def project(round_: Round) -> Application:
    return round_.draft(round_.unit())


@pytest.fixture
def owner(project: Application, sign_in: Callable[..., None]) -> User:
    """The unit's account, signed in."""
    user = project.unit.people.get()
    sign_in(user)
    return user


def at(project: Application, rest: str = "") -> str:
    return f"/workspace/applications/{project.pk}/{rest}"


def cookie(user: User, address: str) -> dict[str, str]:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    name = settings.SESSION_COOKIE_NAME
    return {"name": name, "value": client.cookies[name].value, "url": address}


def kept(project: Application, field: str = "plan_goal") -> str:
    return str(Application.objects.get(pk=project.pk).answers.get(field))


def drafts(page: Page) -> list[str]:
    """What this browser keeps of pages that are not saved."""
    found: list[str] = page.evaluate(
        "Object.keys(localStorage).filter((key) => key.startsWith('jx-draft:'))"
    )
    return found


def descendants(pid: int) -> list[int]:
    """A process and all below it."""
    found = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(pid)], check=False, capture_output=True, text=True
    )
    return [pid, *(each for child in found.stdout.split() for each in descendants(int(child)))]


class Killable:
    """A browser with a profile on disk, which can be killed and started again."""

    def __init__(self, kind: BrowserType, profile: Path, address: str) -> None:
        self.kind, self.profile, self.address = kind, profile, address

    def start(self) -> Page:
        self.context = self.kind.launch_persistent_context(
            self.profile,
            executable_path=CHROMIUM,
            args=FLAGS,
            base_url=self.address,
            locale="zh-CN",
        )
        self.context.set_default_timeout(SLOW)
        return self.context.pages[0]

    def kill(self) -> None:
        """SIGKILL of the browser and all its processes: nothing is written any more."""
        mark = f"--user-data-dir={self.profile}"
        mine = [
            int(entry.name)
            for entry in Path("/proc").iterdir()
            if entry.name.isdigit() and mark in self._words(entry)
        ]
        assert mine
        for pid in {each for root in mine for each in descendants(root)}:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue

    @staticmethod
    def _words(entry: Path) -> list[str]:
        try:
            return (entry / "cmdline").read_text().split("\0")
        except OSError:
            return []


def test_a_browser_killed_in_the_middle_of_a_word_comes_back_with_it(
    browser: Browser, project: Application, live_server, tmp_path: Path
) -> None:
    """What the server has is at most seconds old; what the browser kept comes on top of it."""
    first = "已经自动保存的目标，内容足够长。"
    more = "接着写了半句，还没有来得及"
    kind = Killable(browser.browser_type, tmp_path / "profile", live_server.url)
    page = kind.start()
    far = {"expires": datetime.now().timestamp() + 9999}  # noqa: DTZ005 -- the browser's own clock
    kind.context.add_cookies([cookie(project.unit.people.get(), live_server.url) | far])
    page.goto(at(project, "sections/plan/"))
    page.locator("#in-plan_goal").fill(first)
    expect(page.locator("[name=revision]")).to_have_value(str(project.revision + 1), timeout=SLOW)
    page.route("**/autosave/", lambda _: None)  # nothing reaches the server from now on
    page.locator("#in-plan_goal").press_sequentially(more)
    assert drafts(page)
    page.wait_for_timeout(6_000)  # Chromium writes its storage to disk within five seconds
    kind.kill()
    assert kept(project) == first
    page = kind.start()
    kind.context.add_cookies([cookie(project.unit.people.get(), live_server.url) | far])
    page.goto(at(project, "sections/plan/"))
    expect(page.locator("#in-plan_goal")).to_have_value(first + more)
    expect(page.locator(SAVED)).to_contain_text("已保存", timeout=SLOW)
    assert kept(project) == first + more
    assert drafts(page) == []
    kind.context.close()


@pytest.mark.usefixtures("owner")
def test_off_the_line_and_back_again(
    page: Page, context: BrowserContext, project: Application, forgiven: list[str]
) -> None:
    forgiven.append("ERR_INTERNET_DISCONNECTED")
    page.goto(at(project, "sections/plan/"))
    context.set_offline(True)
    page.locator("#in-plan_goal").fill("没有网络时写的目标，内容足够长。")
    expect(page.locator(SAVED)).to_contain_text("网络中断", timeout=SLOW)
    page.get_by_role("button", name="保存并继续").last.click()
    expect(page.locator("#in-plan_goal")).to_have_value("没有网络时写的目标，内容足够长。")
    assert page.url.endswith("/sections/plan/")
    context.set_offline(False)
    expect(page.locator(SAVED)).to_contain_text("已保存", timeout=SLOW)
    assert kept(project) == "没有网络时写的目标，内容足够长。"


def test_a_lost_login_keeps_the_words_until_the_next_one(
    page: Page, context: BrowserContext, project: Application, owner: User, forgiven: list[str]
) -> None:
    """The password is asked again on the same page; afterwards the words go out by themselves."""
    forgiven += ["401", "403"]
    owner.set_password("correct horse battery")
    owner.save()
    context.clear_cookies()
    context.add_cookies([cookie(owner, page.url if page.url != "about:blank" else live(context))])
    page.goto(at(project, "sections/plan/"))
    Session.objects.all().delete()
    page.locator("#in-plan_goal").fill("登录过期时写的目标，内容足够长。")
    expect(page.locator(SAVED)).to_contain_text("登录已过期", timeout=SLOW)
    before = kept(project)
    page.locator(SAVED).get_by_role("link", name="重新登录").click()
    page.locator("#in-username").fill(owner.username)
    page.locator("#in-password").fill("correct horse battery")
    page.get_by_role("button", name="登录", exact=True).click()
    expect(page.locator("#in-plan_goal")).to_have_value("登录过期时写的目标，内容足够长。")
    assert before != "登录过期时写的目标，内容足够长。"
    expect(page.locator(SAVED)).to_contain_text("已保存", timeout=SLOW)
    assert kept(project) == "登录过期时写的目标，内容足够长。"


def live(context: BrowserContext) -> str:
    """The address of the server that relative addresses mean."""
    return str(context._impl_obj._options["baseURL"])  # type: ignore[attr-defined]


@pytest.mark.usefixtures("owner")
def test_logging_out_leaves_nothing_behind(
    page: Page, project: Application, forgiven: list[str]
) -> None:
    forgiven.append("ERR_FAILED")
    page.goto(at(project, "sections/plan/"))
    page.route("**/autosave/", lambda route: route.abort())
    page.locator("#in-plan_goal").fill("没有存上就退出的目标，内容足够长。")
    assert drafts(page)
    page.locator(".jx-account summary").click()
    page.get_by_role("button", name="退出登录").click()
    page.wait_for_url("**/login/**")
    assert page.evaluate("Object.keys(localStorage).filter((k) => k.startsWith('jx-'))") == []


@pytest.mark.usefixtures("owner")
def test_a_personal_number_never_lies_in_the_browser(page: Page, project: Application) -> None:
    page.goto(at(project, "sections/leader/"))
    page.route("**/autosave/", lambda _: None)
    page.locator("#in-leader_id_number").fill("11010119900307889X")
    page.locator("#in-leader_post").fill("首席技师，另一种写法")
    assert drafts(page)
    held = page.evaluate("JSON.stringify(Object.entries(localStorage))")
    assert "首席技师，另一种写法" in held
    assert "11010119900307889" not in held


def test_two_browsers_at_once_lose_nothing_of_either(
    page: Page,
    browser: Browser,
    project: Application,
    owner: User,
    live_server,
    forgiven: list[str],
) -> None:
    """Different fields flow together; the same field is shown to the second, who chooses."""
    forgiven += ["409", "422"]
    other = browser.new_context(base_url=live_server.url, locale="zh-CN")
    other.set_default_timeout(SLOW)
    other.add_cookies([cookie(owner, live_server.url)])
    second = other.new_page()
    for each in (page, second):
        each.goto(at(project, "sections/plan/"))
    page.locator("#in-plan_goal").fill("甲写的总体目标，内容足够长。")
    expect(page.locator(SAVED)).to_contain_text("已保存", timeout=SLOW)
    expect(page.locator("[name=revision]")).to_have_value(str(project.revision + 1), timeout=SLOW)
    second.locator("#in-plan_necessity").fill("乙写的必要性，内容足够长，与甲无关。")
    expect(second.locator(SAVED)).to_contain_text("已经并入", timeout=SLOW)
    assert kept(project) == "甲写的总体目标，内容足够长。"
    assert kept(project, "plan_necessity") == "乙写的必要性，内容足够长，与甲无关。"
    second.locator("#in-plan_goal").fill("乙也写了总体目标，内容足够长。")
    expect(second.locator(SAVED)).to_contain_text("刚刚改了同样的内容", timeout=SLOW)
    assert kept(project) == "甲写的总体目标，内容足够长。"
    second.get_by_role("button", name="暂存", exact=True).click()
    expect(second.locator("#theirs fieldset")).to_have_count(1)
    expect(second.locator("#theirs")).to_contain_text("甲写的总体目标")
    second.get_by_label("用本页的").check()
    second.get_by_role("button", name="暂存", exact=True).click()
    expect(second.locator("#theirs")).to_have_count(0)
    assert kept(project) == "乙也写了总体目标，内容足够长。"
    assert kept(project, "plan_necessity") == "乙写的必要性，内容足够长，与甲无关。"
    other.close()


@pytest.mark.usefixtures("owner")
def test_the_conditions_follow_what_is_saved(page: Page, project: Application) -> None:
    page.goto(at(project, "sections/host/"))
    beside = page.locator("aside[aria-label=资格条件]")
    tally = beside.locator(".jx-tally")
    before = tally.inner_text()
    page.locator("#in-studio_area").fill("1")
    expect(page.locator(SAVED)).to_contain_text("已保存", timeout=SLOW)
    assert before.startswith("不符合 0")
    expect(beside.locator(".jx-finding").first).to_be_visible()


@pytest.mark.usefixtures("owner")
def test_several_files_at_once_and_one_goes_on_after_a_broken_line(
    page: Page, project: Application, tmp_path: Path, forgiven: list[str]
) -> None:
    forgiven += ["ERR_FAILED", "ERR_CONNECTION", "422"]
    large = tmp_path / "大扫描件.pdf"
    large.write_bytes(b"%PDF-1.4\n" + os.urandom(2_500_000).replace(b"P", b"Q") + b"\n%%EOF\n")
    small, bad = tmp_path / "小文件.pdf", tmp_path / "改名的.pdf"
    small.write_bytes(pdf("small"))
    bad.write_bytes(b"MZ" * 500)
    pieces: list[str] = []

    def cut(route) -> None:
        """The second piece of the large file does not arrive the first time."""
        offset = route.request.headers.get("upload-offset", "")
        pieces.append(offset)
        if offset == str(1024 * 1024) and pieces.count(offset) == 1:
            route.abort()
        else:
            route.continue_()

    page.route("**/workspace/uploads/*/", cut)
    page.goto(at(project, "sections/host/"))
    block = page.locator("#evidence-premises")
    page.locator("#file-premises").set_input_files([large, small, bad])
    expect(block.get_by_role("link", name="大扫描件.pdf")).to_be_visible(timeout=SLOW)
    expect(block.get_by_role("link", name="小文件.pdf")).to_be_visible(timeout=SLOW)
    expect(block.locator(".jx-arriving")).to_contain_text("内容不是 PDF 文件", timeout=SLOW)
    assert pieces.count("0") == 3  # no file began anew
    assert not Upload.objects.exists()
    held = Document.objects.get(name="大扫描件.pdf")
    assert held.size == large.stat().st_size
    block.get_by_role("button", name="移除 小文件.pdf").click()
    expect(block.get_by_role("link", name="小文件.pdf")).to_have_count(0)
    block.get_by_role("button", name="撤销移除 小文件.pdf").click()
    expect(block.get_by_role("link", name="小文件.pdf")).to_be_visible()
    assert project.evidence.filter(document__name="小文件.pdf").count() == 1


def test_by_keyboard_alone_from_the_login_to_the_receipt(
    page: Page, project: Application, forgiven: list[str]
) -> None:
    """Tab, Enter, Space and letters; whatever is needed can be reached and its focus be seen."""
    forgiven.append("favicon")
    user = project.unit.people.get()
    user.set_password("correct horse battery")
    user.save()

    def reach(wanted: str) -> None:
        """Tab on until an element whose words or name contain `wanted` has the focus."""
        for _ in range(400):
            page.keyboard.press("Tab")
            held = page.evaluate(
                "(e => [e.innerText, e.name, e.getAttribute('aria-label')].join(' '))"
                "(document.activeElement)"
            )
            if wanted in held:
                assert page.evaluate(
                    "(s => s.outlineStyle !== 'none' || s.boxShadow !== 'none')"
                    "(getComputedStyle(document.activeElement))"
                ), f"the focus on {wanted} cannot be seen"
                return
        raise AssertionError(f"{wanted} cannot be reached")

    page.goto("/login/")
    reach("username")
    page.keyboard.type(user.username)
    reach("password")
    page.keyboard.type("correct horse battery")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="继续填写")).to_be_visible()
    reach("继续填写")
    page.keyboard.press("Enter")
    expect(page.locator(".jx-tasks")).to_be_visible()
    reach("建设方案")
    page.keyboard.press("Enter")
    expect(page.locator("#in-plan_goal")).to_be_visible()
    reach("plan_goal")
    page.keyboard.press("Control+a")
    page.keyboard.type("只用键盘写的总体目标，内容足够长。")
    reach("返回任务清单")
    page.keyboard.press("Enter")
    expect(page.locator(".jx-tasks")).to_be_visible(timeout=SLOW)
    reach("核对全文并提交")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="核对全文")).to_be_visible()
    for box in ("accept_unmet", "sealed"):
        if page.locator(f"[name={box}]").count():
            reach(box)
            page.keyboard.press("Space")
    reach("提交申报")
    page.keyboard.press("Enter")
    expect(page.get_by_text("下载回执文件")).to_be_visible(timeout=SLOW)
    project.refresh_from_db()
    assert project.state == "submitted"
    assert project.answers["plan_goal"] == "只用键盘写的总体目标，内容足够长。"
