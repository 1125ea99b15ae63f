"""The examination in a real browser: a verdict by htmx, a list by keys, a return by rows."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from jiangxin.core.kernel import clock
from jiangxin.records.identity.models import User
from jiangxin.stages.application.models import Application
from jiangxin.stages.examination.models import Verdict
from tests.factories.desk import JULY, Desk

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def project(transactional_db: None) -> Application:
    with clock.at(JULY):
        desk = Desk("37")
        desk.open()
        return desk.submitted()


@pytest.fixture
def examiner(project: Application) -> User:
    return User.objects.get(role="province_hr")


def test_a_verdict_changes_only_its_clause_and_the_progress(
    page: Page, project: Application, examiner: User, sign_in: Callable[..., None]
) -> None:
    sign_in(examiner)
    page.goto(f"/desk/examination/{project.pk}/")
    before = page.locator("#sheet-progress").inner_text()
    line = page.locator("#line-N09")
    line.locator("textarea").fill("现场照片齐全")
    line.get_by_role("button", name="符合", exact=True).click()
    expect(page.locator("#line-N09")).to_contain_text("判定符合")
    expect(page.locator("#sheet-progress")).not_to_have_text(before)
    assert Verdict.objects.get(norm="N09").reason == "现场照片齐全"
    page.locator("#line-N09").get_by_role("button", name="不符合").click()
    expect(page.locator("#line-N09")).to_contain_text("判定不符合")
    page.locator("#line-N12").get_by_role("button", name="不符合").click()
    expect(page.locator("#line-N12")).to_contain_text("判定“不符合”须写明理由")
    assert page.url.endswith(f"/desk/examination/{project.pk}/")


def test_the_clauses_are_worked_by_keys(
    page: Page, project: Application, examiner: User, sign_in: Callable[..., None]
) -> None:
    sign_in(examiner)
    page.goto(f"/desk/examination/{project.pk}/")
    page.keyboard.press("j")
    first = page.locator("[data-step]").first
    expect(first).to_have_class(re.compile("jx-current"))
    page.keyboard.press("o")
    expect(first.locator("iframe").first).to_be_visible()
    page.keyboard.press("1")
    expect(first).to_contain_text("判定符合")
    expect(first).to_have_class(re.compile("jx-current"))
    page.keyboard.press("j")
    page.keyboard.press("r")
    page.keyboard.type("缺消防验收")
    assert page.locator("[data-step]").nth(1).locator("textarea").input_value() == "缺消防验收"
    assert Verdict.objects.count() == 1


def test_the_queue_is_worked_by_keys(
    page: Page, project: Application, examiner: User, sign_in: Callable[..., None]
) -> None:
    sign_in(examiner)
    page.goto("/desk/examination/")
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(page.locator("[data-selected-count]")).to_have_text("已选 1 项：")
    page.keyboard.press("/")
    page.keyboard.type("没有这样的单位")
    page.keyboard.press("Enter")
    expect(page.get_by_text("没有符合条件的记录")).to_be_visible()


def test_a_return_is_written_previewed_and_sent(
    page: Page, project: Application, examiner: User, sign_in: Callable[..., None]
) -> None:
    sign_in(examiner)
    page.goto(f"/desk/examination/{project.pk}/return/")
    page.locator("[name=defects-0-where]").select_option("plan")
    page.locator("[name=defects-0-reason]").fill("缺季度指标")
    page.get_by_role("button", name="添加一行").click()
    page.locator("[name=defects-1-where]").select_option("plan.plan_goal")
    page.locator("[name=defects-1-reason]").fill("目标不可考核")
    page.get_by_role("button", name="预览单位将看到的内容").click()
    expect(page.locator(".jx-preview li")).to_have_count(2)
    page.get_by_role("button", name="确认退回（2 处）").click()
    expect(page.get_by_role("status")).to_contain_text("已退回")
    assert Application.objects.get(pk=project.pk).state == "returned"
