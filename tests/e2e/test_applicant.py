"""The applicant in a real browser: live preview, autosave, a faster colleague, no script, no mouse."""

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from jiangxin.core.kernel import clock
from jiangxin.core.policy import Section, section_values
from jiangxin.ops.scenes.province import SCAN
from jiangxin.records.identity.models import User
from jiangxin.stages.application.models import Application, Version
from jiangxin.stages.application.queries import form_of
from tests.e2e.conftest import PHONE
from tests.e2e.year import fill, real_clock
from tests.factories.applications import DURING, Round, make_round, save

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


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


def test_the_preview_answers_while_one_types(page: Page, round_: Round) -> None:
    page.goto("/workspace/check/?track=new_base")
    page.locator("#in-capacity").fill("1999")
    page.keyboard.press("Tab")
    expect(page.locator("#result")).to_contain_text("再增加 1 人次即符合")
    page.locator("#in-capacity").fill("2000")
    page.keyboard.press("Tab")
    expect(page.locator("#result")).to_contain_text("不符合 0")
    expect(page.locator("#result")).to_contain_text("年培训能力 2000 人次")
    assert page.url.endswith("?track=new_base")


@pytest.mark.usefixtures("owner")
def test_what_is_typed_is_kept_without_a_click(page: Page, project: Application) -> None:
    page.goto(at(project, "sections/plan/"))
    page.locator("#in-plan_goal").fill("自动保存的目标，内容足够长。")
    saved = page.locator("[name=revision]")
    expect(saved).to_have_value(str(project.revision + 1), timeout=15_000)
    expect(page.locator("[data-saved]")).to_contain_text("已保存 10:")
    project.refresh_from_db()
    assert project.answers["plan_goal"] == "自动保存的目标，内容足够长。"
    page.locator("#in-plan_goal").fill("接着改的目标，内容也足够长。")
    page.get_by_role("button", name="保存，返回任务清单").click()
    expect(page.get_by_role("heading", name=project.title)).to_be_visible()
    project.refresh_from_db()
    assert project.answers["plan_goal"] == "接着改的目标，内容也足够长。"


@pytest.mark.usefixtures("owner")
def test_a_button_waits_for_the_save_that_is_under_way(page: Page, project: Application) -> None:
    held: list[Route] = []

    def hold(route: Route) -> None:
        if held:
            route.continue_()
        else:
            held.append(route)

    page.route("**/autosave/", hold)
    page.goto(at(project, "sections/plan/"))
    page.locator("#in-plan_goal").fill("先写的目标，内容足够长。")
    expect(page.locator("[data-saved]")).to_contain_text("正在保存", timeout=15_000)
    page.locator("#in-plan_goal").fill("保存中又改的目标，内容足够长。")
    page.get_by_role("button", name="保存，返回任务清单").click()
    assert page.url.endswith("/sections/plan/")
    held[0].continue_()
    expect(page.get_by_role("heading", name=project.title)).to_be_visible()
    project.refresh_from_db()
    assert project.answers["plan_goal"] == "保存中又改的目标，内容足够长。"


@pytest.mark.usefixtures("owner")
def test_a_faster_colleague_is_told_at_once_and_compared(
    page: Page, project: Application, forgiven: list[str]
) -> None:
    forgiven += ["409", "422"]
    page.goto(at(project, "sections/plan/"))
    save(project, "plan", plan_goal="同事写的目标，内容足够长。")
    page.locator("#in-plan_goal").fill("我写的目标，内容足够长。")
    expect(page.locator("[data-saved]")).to_contain_text("刚刚改了同样的内容", timeout=15_000)
    page.get_by_role("button", name="暂存", exact=True).click()
    expect(page.locator("#theirs del")).to_have_text("同事写的目标，内容足够长。")
    expect(page.locator("#theirs fieldset")).to_have_count(1)
    expect(page.locator("#theirs ins")).to_have_text("我写的目标，内容足够长。")
    expect(page.locator("#in-plan_goal")).to_have_value("我写的目标，内容足够长。")
    page.get_by_role("link", name="放弃本页，改用同事的内容").click()
    expect(page.locator("#in-plan_goal")).to_have_value("同事写的目标，内容足够长。")


@pytest.fixture
def plain(browser: Browser, context: BrowserContext, owner: User, live_server) -> Iterator[Page]:
    """The owner's page in a browser that runs no script."""
    bare = browser.new_context(
        base_url=live_server.url,
        storage_state=context.storage_state(),
        java_script_enabled=False,
        locale="zh-CN",
    )
    bare.set_default_timeout(10_000)
    yield bare.new_page()
    bare.close()


def test_the_whole_way_works_without_a_script(
    plain: Page, project: Application, tmp_path: Path
) -> None:
    rows = len(project.answers["results"])
    plain.goto(at(project, "sections/results/"))
    last = section_values(_section(project, "results"), project.answers)
    old, new = f"results-{rows - 1}-", f"results-{rows}-"
    row = {new + name.removeprefix(old): last[name] for name in last if name.startswith(old)}
    fill(
        plain, {**row, f"{new}name": ["新增的一项成果"]}
    )  # the row is added as its input is missing
    plain.locator(f"button[name=_remove][value=results-{rows - 1}]").click()
    plain.goto(at(project, "sections/host/"))
    file = tmp_path / "现场照片.pdf"
    file.write_bytes(SCAN + b"\n")
    plain.locator("#file-premises").set_input_files(file)
    plain.locator("#evidence-premises").get_by_role("button", name="上传").click()
    expect(plain.get_by_role("link", name="现场照片.pdf")).to_be_visible()
    plain.goto(at(project, "sections/plan/"))
    plain.locator("#in-plan_goal").fill("不用脚本写的目标，内容足够长。")
    plain.get_by_role("button", name="保存，返回任务清单").click()
    plain.get_by_role("link", name="核对全文并提交").click()
    plain.get_by_label("我同时是本单位的审核人").check()
    plain.get_by_role("button", name="提交申报").click()
    expect(plain.get_by_text("下载回执文件")).to_be_visible()
    version = Version.objects.get()
    assert version.answers["plan_goal"] == "不用脚本写的目标，内容足够长。"
    assert len(version.answers["results"]) == rows
    assert version.answers["results"][-1]["name"] == "新增的一项成果"
    assert "现场照片.pdf" in [held["name"] for held in version.evidence]


def _section(project: Application, key: str) -> Section:
    found = form_of(project).section(key)
    assert found is not None
    return found


@pytest.mark.usefixtures("owner")
def test_the_keyboard_alone_saves_and_goes_on(page: Page, project: Application) -> None:
    page.goto(at(project, "sections/leader/"))
    field = page.locator("#in-leader_post")
    field.focus()
    page.keyboard.press("Control+a")
    page.keyboard.type("首席技师（键盘）")
    page.keyboard.press("Enter")
    expect(page.locator(".jx-kicker")).to_contain_text("第 3 部分")
    project.refresh_from_db()
    assert project.answers["leader_post"] == "首席技师（键盘）"


@pytest.mark.usefixtures("owner")
@pytest.mark.parametrize("width", [1280, PHONE])
def test_no_page_runs_over_the_edge_or_shuts_anybody_out(
    page: Page, round_: Round, project: Application, sign_in: Callable[..., None], width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    faults = []
    addresses = [
        "/workspace/",
        "/workspace/check/?track=studio",
        "/workspace/register/",
        at(project),
    ]
    addresses += [at(project, rest) for rest in ("sections/leader/", "check/", "withdraw/")]
    for address in addresses:
        faults += look(page, address)
    sent = round_.submitted()
    sign_in(sent.unit.people.get())
    for rest in ("receipt/", "versions/1/"):
        faults += look(page, at(sent, rest))
    assert faults == []


def look(page: Page, address: str) -> list[str]:
    """What is wrong with a page: sideways scrolling, and what axe finds."""
    page.goto(address)
    wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")
    found = [f"{address} {each['id']}" for each in Axe().run(page).response["violations"]]
    return [*found, *([f"{address} is too wide"] if wide else [])]
