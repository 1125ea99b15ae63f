"""From the legacy register's workbook through the assessment to an existing base, in a real browser."""

from collections.abc import Callable, Iterator
from datetime import datetime

import pytest
from playwright.sync_api import Locator, Page, expect

from jiangxin.core.kernel import clock
from jiangxin.core.workflow import Role
from jiangxin.records.identity.models import Organisation, User
from jiangxin.records.identity.viewer import Viewer
from jiangxin.stages.assessment.choices import PARTS
from jiangxin.stages.programme.models import Track
from jiangxin.stages.titles.models import Title
from tests.e2e.year import Country, real_clock
from tests.e2e.year import fill as fill_now
from tests.factories.applications import DURING, Round, make_round
from tests.factories.assessment import cells, workbook

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@pytest.fixture
def round_(transactional_db: None) -> Iterator[Round]:
    made = make_round()
    shift = DURING - datetime.now(clock.BEIJING)
    clock.shift_by(lambda: shift)
    yield made
    real_clock()


@pytest.fixture
def country(page: Page, round_: Round, sign_in: Callable[..., None]) -> Country:
    return Country(page, sign_in)


def fill(page: Page, values: dict[str, list[str]]) -> None:
    """Fill the form in once it is there: a page may still be on its way."""
    expect(page.locator(f"[name='{next(iter(values))}']").first).to_be_visible()
    fill_now(page, values)


def imported(country: Country, unit: Organisation) -> None:
    """The province's 人社 enters the base by a workbook; a first one has a fault."""
    page = country.be(Role.PROVINCE_HR)
    row = cells(unit_name=unit.name, uscc=unit.uscc, name=f"{unit.name}培训基地", former_names="")
    for content, button in ((cells(status="注销"), None), (row, "录入（1 项）")):
        page.goto("/desk/legacy/imports/")
        file = {"name": "名录.xlsx", "mimeType": XLSX, "buffer": workbook([content]).getvalue()}
        page.locator("#in-file").set_input_files(file)  # type: ignore[arg-type]
        country.press("上传并检查")
        if button is None:
            expect(page.locator(".jx-faults")).to_contain_text("单位已注销")
            continue
        expect(page.locator(".jx-names li")).to_have_count(1)
        country.press(button)
        expect(page.get_by_role("status")).to_contain_text("已录入 1 项")


def put_into_a_batch(country: Country) -> None:
    page = country.page
    page.goto("/desk/assessment/batches/new/")
    fill(page, {"year": ["2025"], "name": ["老基地"], "due_on": ["2025-06-30"]})
    country.press("建立并编入项目")
    page.locator("input[name=ids]").first.check()
    country.press("编入所选…")
    country.press("编入（1 项）")
    expect(page.get_by_role("status")).to_contain_text("已编入 1 项")


def reported(country: Country, user: User) -> None:
    """The unit finds it in its hub, forgets a part, completes it, reads it through, sends it in."""
    page = country.be(user)
    page.goto("/workspace/titles/")
    page.get_by_role("link", name="2025 年考核").click()
    texts = {part.key: [f"{part.label}：每年培训三千人次以上。"] for part in PARTS}
    fill(page, {**texts, "goals_met": ["yes"], "running": ["yes"], "funds": [""]})
    country.press("核对并提交")
    expect(page.get_by_role("alert")).to_contain_text("请填写“资金使用情况”")
    fill(page, {"funds": texts["funds"]})
    country.press("核对并提交")
    expect(page.locator(".jx-confirm")).to_contain_text("提交后不能修改")
    country.confirm()
    expect(page.get_by_role("status")).to_contain_text("自评已提交")


def concluded(country: Country) -> None:
    page = country.be(Role.PROVINCE_HR)
    page.goto("/desk/assessment/?q=待办:全部")
    page.locator("[data-list] tbody a").first.click()
    fill(page, {"grade": ["qualified"], "reasons": ["目标完成，运行正常，效能明显。"]})
    country.press("评定")
    expect(page.get_by_role("status")).to_contain_text("已评定")
    case = page.url
    for role in (Role.PROVINCE_FINANCE, Role.PROVINCE_HR):
        country.be(role)
        page.goto(case)
        country.agree()
    country.press("作出结论…")
    expect(page.locator(".jx-names li")).to_have_count(1)
    country.confirm()
    expect(page.get_by_role("status")).to_contain_text("作出结论 1 项")
    page.goto("/desk/assessment/coverage/")
    expect(page.locator("main")).to_contain_text("100%")


def finding(page: Page, title: str) -> Locator:
    return page.locator(".jx-finding").filter(has_text=title)


def test_an_imported_and_assessed_base_may_apply_as_an_existing_one(
    country: Country, round_: Round, forgiven: list[str]
) -> None:
    forgiven.append("422")  # two refusals on the way are meant
    unit: Viewer = round_.unit(Track.STUDIO)  # a unit that the register does not know yet
    organisation = Organisation.objects.get(pk=unit.organisation_id)
    user = User.objects.get(pk=unit.user_id)
    project = round_.draft(unit, Track.EXISTING_BASE)
    check = f"/workspace/applications/{project.pk}/check/"
    page = country.be(user)
    page.goto(check)
    expect(finding(page, "从2011—2020年确定的基地中选取")).to_contain_text("不符合")
    imported(country, organisation)
    put_into_a_batch(country)
    reported(country, user)
    concluded(country)
    assert Title.objects.get(uscc=organisation.uscc).assessment == "passed"
    country.be(user)
    page.goto(check)
    for title in ("从2011—2020年确定的基地中选取", "经省级人社部门会同财政部门考核评估确定"):
        line = finding(page, title)
        expect(line).to_contain_text("名录中有该单位，状态符合要求")
        expect(line.locator(".jx-badge")).to_have_text("符合")
    page.goto("/workspace/titles/")
    expect(page.locator("main")).to_contain_text("现在没有要办理的事")
