"""A studio's life in the browser: built, judged, told to mend, and in the end without its title."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from jiangxin.core.kernel import clock
from jiangxin.core.workflow import ProjectState, Role
from jiangxin.ops import invariants
from jiangxin.ops.fsck import broken_files, broken_versions, stray_states
from jiangxin.ops.scenes.panel import fill_pool
from jiangxin.ops.scenes.province import SCAN
from jiangxin.records.identity.models import Organisation, User
from jiangxin.records.ledger.queries import faults
from jiangxin.stages.acceptance.models import Acceptance, Sheet
from jiangxin.stages.construction.models import Construction
from jiangxin.stages.experts.choices import Field
from jiangxin.stages.experts.models import Expert
from jiangxin.stages.rectification.models import Rectification
from jiangxin.stages.revocation.models import Revocation
from jiangxin.stages.titles.models import Title
from tests.e2e.year import Country, fill, real_clock
from tests.factories.acceptance import sign
from tests.factories.titled import project_behind
from tests.factories.year import PLACE, make_year

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]
BEGUN = clock.beijing(2025, 12, 15, 9)
ENDED = clock.beijing(2027, 12, 20, 9)
FACTS = "整改期满，实训工位仍然不足，带徒活动没有恢复。"
RULING = "经研究，决定取消该单位国家级技能大师工作室称号。"


@pytest.fixture
def title(transactional_db: None) -> Iterator[Title]:
    """A studio that went the whole way to the registration; and experts who did not judge it then."""
    (made,) = make_year(2).registered()
    with clock.at(BEGUN):
        fill_pool(Random(9), PLACE)
    yield made
    real_clock()


@pytest.fixture
def land(page: Page, sign_in: Callable[..., None], title: Title) -> Country:
    return Country(page, sign_in)


@pytest.fixture
def scan(tmp_path: Path) -> Path:
    file = tmp_path / "scan.pdf"
    file.write_bytes(SCAN)
    return file


def unit_of(title: Title) -> User:
    return Organisation.objects.get(uscc=title.uscc).people.get()


def state_of(title: Title) -> str:
    return project_behind(title).state


def test_from_registered_to_revoked(land: Country, title: Title, scan: Path) -> None:
    built(land, title)
    row = applied(land, title, scan)
    judged(land, row)
    order = ordered(land, title)
    expired(land, order)
    case = proposed(land, title, scan)
    heard(land, case)
    decided(land, case)
    published(land, title, case)
    assert [*faults(), *stray_states(), *broken_versions(), *broken_files()] == []
    assert [(each.label, found) for each, found in invariants.broken() if found] == []


def told(land: Country, text: str) -> None:
    expect(land.page.get_by_role("status").first).to_contain_text(text)


def agreed_by_both(land: Country, address: str) -> None:
    """The finance department agrees first; the other one stays on the page."""
    for role in (Role.PROVINCE_FINANCE, Role.PROVINCE_HR):
        land.be(role).goto(address)
        land.agree()


def confirmed(land: Country, name: str, row_id: int, text: str) -> None:
    """A step of the province's 人社 that asks once more."""
    land.page.goto(reverse(name, args=[row_id]))
    land.confirm()
    told(land, text)


def built(land: Country, title: Title) -> None:
    """The construction is begun; its term counts from the registration."""
    land.at(BEGUN)
    page = land.be(Role.PROVINCE_HR)
    page.goto(reverse("desk-construction-start"))
    page.locator("input[name=ids]").check()
    land.press("登记开工…")
    expect(page.locator(".jx-names")).to_contain_text(title.name)
    land.confirm()
    told(land, "已登记开工 1 个项目")
    assert state_of(title) == ProjectState.UNDER_CONSTRUCTION
    assert Construction.objects.get().due < ENDED.date()


def applied(land: Country, title: Title, scan: Path) -> Acceptance:
    """The unit evaluates itself, attaches its papers, reads it through and applies."""
    land.at(ENDED)
    page = land.be(unit_of(title))
    page.goto(reverse("my-titles"))
    page.get_by_role("link", name="申请验收").click()
    for box in page.locator("input[name^=actual-]").all():
        box.fill("1")
    page.locator("[name=statement]").fill("部分任务没有完成。")
    page.locator("input[type=file]").set_input_files(scan)
    land.press("保存并核对")
    expect(page.locator(".jx-confirm")).to_contain_text("限期整改")
    land.confirm()
    told(land, "验收申请已提交")
    return Acceptance.objects.get()


def judged(land: Country, row: Acceptance) -> None:
    """Three experts of the pool; the leader's ticks and marks in the browser, the rest by action."""
    page = land.be(Role.PROVINCE_HR)
    page.goto(reverse("desk-acceptance-start", args=[row.pk]))
    leader, *others = [
        Expert.objects.filter(field=field).order_by("-id")[0]
        for field in (Field.TECHNICAL, Field.EDUCATION, Field.FINANCE)
    ]
    for each in (leader, *others):
        page.locator(f"input[name=experts][value='{each.pk}']").check()
    page.locator(f"input[name=leader][value='{leader.pk}']").check()
    land.press("组成验收组")
    told(land, "验收组已组成")
    scored(land, row.sheets.get(leader=True))
    for sheet in row.sheets.filter(leader=False):
        sign(Sheet.objects.select_related("acceptance").get(pk=sheet.pk), 40)
    land.be(Role.PROVINCE_HR)
    confirmed(land, "desk-acceptance-close", row.pk, "不合格")
    agreed_by_both(land, reverse("desk-acceptance", args=[row.pk]))
    confirmed(land, "desk-acceptance-conclude", row.pk, "验收结论已作出")
    row.refresh_from_db()
    assert (row.state, row.grade) == ("concluded", "不合格")
    assert state_of(row.title) == ProjectState.IN_ACCEPTANCE


def scored(land: Country, sheet: Sheet) -> None:
    """The leader declares, ticks the checklist, marks low, signs."""
    page = land.be(Expert.objects.get(pk=sheet.expert_id).user)
    page.goto(reverse("acceptance-queue"))
    page.locator(".jx-tasks a").click()
    land.press("没有利害关系")
    for box in page.locator("select[name^=tick-]").all():
        box.select_option("not_met")
    for box in page.locator("input[name^=note-]").all():
        box.fill("现场没有见到。")
    land.press("保存清单")
    told(land, "验收清单已全部填写")
    for box in page.locator("#score .jx-score-input input").all():
        box.fill("0")
    for box in page.locator("#score .jx-score-input select").all():
        box.select_option("0")
    page.locator("#comment").fill("建设任务没有完成。")
    land.press("签署…")
    land.press("确认签署")
    told(land, "评价表已签署")


def ordered(land: Country, title: Title) -> Rectification:
    """The order starts from what the acceptance found; the unit signs for it."""
    land.at(ENDED + timedelta(days=20))
    page = land.be(Role.PROVINCE_HR)
    page.goto(reverse("desk-rectification-titles"))
    page.get_by_role("link", name=title.name).click()
    fill(
        page,
        {
            "doc_number": ["鲁人社整演示〔2028〕1号"],
            "cause": ["实训工位不足，带徒活动停止。"],
            "months": ["6"],
        },
    )
    for box in page.locator("input[name^=demands-][name$=-requirement]").all():
        assert box.input_value(), "the acceptance says what is missing"
    for box in page.locator("input[name^=demands-][name$=-owner]").all():
        box.fill("张主任")
    page.locator("main form .btn-primary").last.click()
    told(land, "已起草")
    row = Rectification.objects.get()
    agreed_by_both(land, reverse("desk-rectification", args=[row.pk]))
    confirmed(land, "desk-rectification-order", row.pk, "整改通知已下达")
    land.at(ENDED + timedelta(days=22))
    page = land.be(unit_of(title))
    page.goto(reverse("my-titles"))
    page.get_by_role("link", name="限期整改").click()
    page.get_by_role("link", name="签收…").click()
    land.confirm()
    told(land, "签收")
    assert state_of(title) == ProjectState.RECTIFYING
    row.refresh_from_db()
    return row


def expired(land: Country, row: Rectification) -> None:
    """A day after the term a person states that nothing was mended; before that nobody can."""
    assert row.ends_on is not None
    address = reverse("desk-rectification", args=[row.pk])
    land.at(clock.end_of(row.ends_on) - timedelta(hours=1))
    page = land.be(Role.PROVINCE_HR)
    page.goto(address)
    expect(page.get_by_role("link", name="期满处理…")).to_have_count(0)
    land.at(clock.end_of(row.ends_on) + timedelta(hours=9))
    page.goto(address)
    page.get_by_role("link", name="期满处理…").click()
    page.locator("[name=reason]").fill("没有提交整改材料。")
    land.confirm()
    told(land, "已认定期满未通过")
    assert Title.objects.get(pk=row.title_id).state == "titled"  # nothing takes it by itself


def proposed(land: Country, title: Title, scan: Path) -> Revocation:
    """From the list of what lies ready to the notice that both agree to."""
    page = land.be(Role.PROVINCE_HR)
    page.goto(reverse("desk-revocation-ready"))
    line = page.locator("[data-list] tbody tr")
    expect(line).to_contain_text(title.name)
    line.locator("a").first.click()
    page.get_by_role("link", name="提出取消称号").click()
    expect(page.locator("input[name=cause]:checked")).to_have_count(1)
    page.locator("[name=facts]").fill(FACTS)
    page.locator("input[type=file]").set_input_files(scan)
    page.locator("main form .btn-primary").last.click()
    told(land, "已提出")
    case = Revocation.objects.get()
    agreed_by_both(land, reverse("desk-revocation", args=[case.pk]))
    confirmed(land, "desk-revocation-notify", case.pk, "已告知单位")
    return case


def heard(land: Country, case: Revocation) -> None:
    """The unit signs, speaks; the hearing closes when its term is over."""
    page = land.be(unit_of(case.title))
    page.goto(reverse("my-titles"))
    page.get_by_role("link", name="拟取消称号告知书").click()
    page.get_by_role("link", name="签收告知书").click()
    land.confirm()
    told(land, "已签收")
    page.get_by_role("link", name="陈述申辩、要求听证").click()
    page.locator("[name=text]").fill("设备已经订购，请再给三个月。")
    page.locator("main form .btn-primary").last.click()
    told(land, "已提交")
    case.refresh_from_db()
    assert case.hearing_until is not None
    land.at(clock.end_of(case.hearing_until) + timedelta(hours=9))
    land.be(Role.PROVINCE_HR).goto(reverse("desk-revocation", args=[case.pk]))
    expect(page.locator("main")).to_contain_text("设备已经订购，请再给三个月。")
    confirmed(land, "desk-revocation-close", case.pk, "陈述申辩已结束")


def decided(land: Country, case: Revocation) -> None:
    """Drafted, agreed by both, decided: title and project lose their standing together."""
    page = land.page
    page.goto(reverse("desk-revocation-decision", args=[case.pk]))
    fill(page, {"decision": [RULING], "doc_number": ["鲁人社演示〔2028〕9号"], "repay": ["0"]})
    page.locator("main form .btn-primary").last.click()
    told(land, "决定已拟出")
    agreed_by_both(land, reverse("desk-revocation", args=[case.pk]))
    confirmed(land, "desk-revocation-decide", case.pk, "称号已取消")
    assert Title.objects.get(pk=case.title_id).state == "revoked"
    assert state_of(case.title) == ProjectState.REVOKED


def published(land: Country, title: Title, case: Revocation) -> None:
    """Anybody finds the title in the register as revoked, with the decision."""
    page = land.page
    confirmed(land, "desk-revocation-publish", case.pk, "决定已公布")
    page.context.clear_cookies()
    page.goto(reverse("portal-register") + "?q=" + "状态:已取消")
    page.get_by_role("link", name=title.number).click()
    expect(page.locator("main")).to_contain_text("称号已取消")
    page.get_by_role("link", name="鲁人社演示〔2028〕9号").click()
    expect(page.locator("main")).to_contain_text(RULING)
    expect(page.locator("main")).not_to_contain_text(FACTS)
