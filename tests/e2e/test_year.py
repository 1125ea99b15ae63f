"""A province's whole year in the browser, every step by the right account: call to register."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.regions import BY_CODE
from jiangxin.core.policy import section_values
from jiangxin.core.workflow import ProjectState, Role
from jiangxin.ops.fsck import broken_files, broken_versions, stray_states
from jiangxin.ops.paths import ROOT
from jiangxin.ops.scenes import country as demo
from jiangxin.ops.scenes import filling, finish, names
from jiangxin.ops.scenes import panel as demo_panel
from jiangxin.ops.scenes import province as demo_province
from jiangxin.records.identity.models import User
from jiangxin.records.ledger.queries import faults
from jiangxin.stages.application.models import Application
from jiangxin.stages.application.queries import form_of
from jiangxin.stages.filing.models import Package
from jiangxin.stages.programme.models import Call, Track
from jiangxin.stages.programme.queries import pack
from jiangxin.stages.publicity.models import Notice
from jiangxin.stages.review.models import Round, ScoreSheet, Seat
from jiangxin.stages.titles.models import Title
from tests.e2e.year import PROVINCE, Country, attach, fill, real_clock

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]
SANDBOX = BY_CODE[PROVINCE]


@pytest.fixture
def land(page: Page, sign_in: Callable[..., None]) -> Iterator[Country]:
    """The offices and the calendar; nothing else has happened yet."""
    rng = Random(62)
    with clock.at(clock.beijing(2025, 4, 1, 9)):
        demo.seed_calendar()
        demo.seed_offices(rng)
    yield Country(page, sign_in)
    real_clock()


def verified(kind: str, file: Path) -> None:
    """The stand-alone verifier accepts the file."""
    done = subprocess.run(
        [sys.executable, ROOT / "verifier/verify.py", kind, file],
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_from_the_call_to_two_registrations(
    land: Country, tmp_path: Path, forgiven: list[str]
) -> None:
    forgiven.append("409")  # the publicity is closed too early on purpose
    call = open_the_call(land)
    first = apply_in_the_browser(land, call, tmp_path)
    others = others_apply(call)
    examine(land, first, others)
    row = draw_and_score(land, call, tmp_path)
    decide(land, row)
    notice = publicise(land, call)
    package = file_with_both_ministries(land, call, notice, tmp_path)
    register(land, package)
    assert Title.objects.filter(origin=first.subject).count() <= 1
    chosen = Application.objects.filter(state=ProjectState.REGISTERED)
    assert {each.subject for each in chosen} == set(Title.objects.values_list("origin", flat=True))
    found = [*faults(), *stray_states(), *broken_versions(), *broken_files()]
    assert found == []


def open_the_call(land: Country) -> Call:
    land.at(clock.beijing(2025, 4, 10, 9))
    page = land.be(Role.PROVINCE_HR)
    page.goto(reverse("desk-call-new") + "?year=2025")
    fill(
        page,
        {
            "title": ["2025年申报通知"],
            "doc_number": ["鲁人社演示〔2025〕1号"],
            "opens_at_date": ["2025-05-06"],
            "opens_at_time": ["09:00"],
            "closes_at_date": ["2025-06-30"],
            "closes_at_time": ["17:00"],
            "publicity_days": ["5"],
            "panel_size": ["5"],
            "correction_days": ["5"],
            "phone": ["0531-00000000"],
            "text": ["请符合条件的单位申报。"],
        },
    )
    page.locator("main form button.btn-primary").last.click()
    expect(page.get_by_text("申报通知已起草")).to_be_visible()
    call = Call.objects.get()
    address = reverse("desk-call", args=[call.pk])
    land.agree()
    land.be(Role.PROVINCE_FINANCE).goto(address)
    land.agree()
    land.be(Role.PROVINCE_HR).goto(reverse("desk-call-publish", args=[call.pk]))
    land.confirm()
    expect(page.get_by_text("已发布").first).to_be_visible()
    call.refresh_from_db()
    assert call.state == "open"
    return call


def apply_in_the_browser(land: Country, call: Call, tmp_path: Path) -> Application:
    land.at(clock.beijing(2025, 6, 2, 9))
    page = land.page
    page.context.clear_cookies()
    page.goto(reverse("eligibility-preview") + "?track=studio")
    page.locator("form[hx-post] .btn-primary").last.click()
    expect(page.locator("#result .jx-finding").first).to_be_visible()
    rng = Random(5)
    password = "correct-horse-battery"
    page.goto(reverse("register-unit"))
    fill(
        page,
        {
            "name": [names.firm(rng, SANDBOX)],
            "uscc": [names.unit_code(rng, SANDBOX)],
            "province": [PROVINCE],
            "contact": ["张填报"],
            "phone": ["0531-11112222"],
            "username": ["unit-one"],
            "password": [password],
            "password_again": [password],
        },
    )
    land.press("注册并进入申报")
    expect(page.get_by_text("注册成功")).to_be_visible()
    page.locator("input[name=track][value=studio]").check()
    land.press("开始申报")
    project = Application.objects.get()
    fill_the_form(land, project, tmp_path)
    page.goto(reverse("apply-check", args=[project.pk]))
    expect(page.get_by_text("各部分都已填好")).to_be_visible()
    page.get_by_label("我同时是本单位的审核人").check()
    land.press("提交申报")
    expect(page.get_by_text("已提交。请保存回执。")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="下载回执文件").click()
    file = tmp_path / "receipt.json"
    download.value.save_as(file)
    verified("receipt", file)
    project.refresh_from_db()
    assert (project.state, project.version) == (ProjectState.SUBMITTED, 1)
    return project


def fill_the_form(land: Country, project: Application, tmp_path: Path) -> None:
    scan = tmp_path / "scan.pdf"
    scan.write_bytes(demo_province.SCAN)
    rng = Random(9)
    form = form_of(project)
    answers = filling.answers(
        pack(),
        form,
        rng,
        unit_name=project.unit_name,
        unit_code=project.unit.uscc,
        leader_id_number=names.id_number(rng),
        leader_name="李匠心",
        priority_field="advanced_manufacturing",
    )
    for section in form.sections:
        land.page.goto(reverse("apply-section", args=[project.pk, section.key]))
        fill(land.page, section_values(section, answers))
        attach(land.page, scan)
        with land.page.expect_navigation():  # files first, then what was typed, then the next page
            land.page.locator("main form .jx-actions button[value=next]").click()
        assert "有" not in land.page.locator(".jx-errors").all_inner_texts(), section.key


def others_apply(call: Call) -> list[Application]:
    with clock.at(clock.beijing(2025, 6, 20, 9)):
        return demo_province.apply(Random(3), SANDBOX, call, [Track.STUDIO] * 3)


def examine(land: Country, first: Application, others: list[Application]) -> None:
    land.at(clock.beijing(2025, 7, 2, 9))
    page = land.be(Role.PROVINCE_HR)
    page.goto(reverse("desk-examine-return", args=[first.pk]))
    row = page.locator("tbody tr").first
    row.locator("select").first.select_option(index=1)
    row.locator("textarea, input[type=text]").last.fill("请补充季度指标。")
    land.press("预览单位将看到的内容")
    land.press("确认退回")
    first.refresh_from_db()
    assert first.state == ProjectState.RETURNED
    page = land.be(User.objects.get(username="unit-one"))
    page.goto(reverse("workspace-home"))
    page.get_by_role("link", name="查看意见并补正").click()
    expect(page.get_by_text("请补充季度指标。").first).to_be_visible()
    page.goto(reverse("apply-section", args=[first.pk, "plan"]))
    page.locator("[name=plan_goal]").fill("分季度完成设备、课程、师资和培训四类任务。")
    with page.expect_navigation():
        page.locator("main form .jx-actions button[value=next]").click()
    page.goto(reverse("apply-check", args=[first.pk]))
    page.get_by_label("我同时是本单位的审核人").check()
    land.press("再次提交")
    expect(page.get_by_text("第 2 版").first).to_be_visible()
    hr = demo.officer(Role.PROVINCE_HR, PROVINCE)
    with clock.at(clock.beijing(2025, 7, 4, 9)):
        for project in others:
            demo_province.judge_all(hr, project)
    land.be(Role.PROVINCE_HR).goto(reverse("desk-examine", args=[first.pk]))
    expect(page.get_by_text("与上次的不同")).to_be_visible()
    while page.locator(".jx-line-buttons .btn-outline-success").count():
        left = page.locator(".jx-line-buttons .btn-outline-success").count()
        line = page.locator("section:has(.jx-line-buttons .btn-outline-success)").first
        line.locator("textarea").fill("材料与佐证一致。")
        line.locator("button[value=met]").click()
        expect(page.locator(".jx-line-buttons .btn-outline-success")).to_have_count(left - 1)
    for project in (first, *others):
        page.goto(reverse("desk-examine-pass", args=[project.pk]))
        land.confirm()
    states = set(Application.objects.values_list("state", flat=True))
    assert states == {ProjectState.EXAMINED}


def draw_and_score(land: Country, call: Call, tmp_path: Path) -> Round:
    land.at(clock.beijing(2025, 7, 10, 9))
    with clock.at(clock.beijing(2025, 7, 9, 9)):
        demo_panel.fill_pool(Random(11), SANDBOX)
    page = land.be(Role.PROVINCE_HR)
    page.goto(reverse("desk-draw"))
    page.locator("[name=due_date]").fill("2025-07-25")
    page.locator("[name=due_time]").fill("17:00")
    land.press("建立评审")
    row = Round.objects.get()
    page.goto(reverse("desk-round", args=[row.pk]))
    land.press("冻结名单，开始抽取")
    session = row.sessions.get()
    address = reverse("desk-draw-session", args=[session.pk])
    parties = (Role.PROVINCE_FINANCE, Role.SUPERVISOR, Role.PROVINCE_HR)
    for role in parties:
        land.be(role).goto(address)
        land.press("在本机生成随机数")
        land.press("已抄录，提交承诺")
        expect(page.get_by_text("已办理。")).to_be_visible()
    land.press("封存名单和承诺")
    for role in parties:
        land.be(role).goto(address)
        page.get_by_role("button", name="公开", exact=True).click()
        expect(page.get_by_text("已办理。")).to_be_visible()
    page.get_by_role("button", name="抽取", exact=True).click()
    expect(page.get_by_text("记录摘要值")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="下载记录").first.click()
    download.value.save_as(tmp_path / "draw.json")
    verified("draw", tmp_path / "draw.json")
    for seat in Seat.objects.select_related("expert__user"):
        land.be(seat.expert.user).goto(reverse("expert-queue"))
        land.press("接受，遵守评审纪律")
    land.be(Role.PROVINCE_HR).goto(reverse("desk-round-start", args=[row.pk]))
    land.confirm()
    score(land, row)
    land.be(Role.PROVINCE_HR).goto(reverse("desk-round-rank", args=[row.pk]))
    land.confirm()
    row.refresh_from_db()
    assert row.state == "ranked"
    return row


def score(land: Country, row: Round) -> None:
    """One sheet in the browser, the others by the action that its button calls."""
    from jiangxin.records.identity.queries import viewer_of
    from jiangxin.stages.review.actions import sheets
    from jiangxin.stages.review.rubrics import rubric

    mine, *rest = ScoreSheet.objects.select_related(
        "seat__expert__user", "application", "seat__round"
    )
    page = land.be(mine.seat.expert.user)
    page.goto(reverse("expert-sheet", args=[mine.pk]))
    land.press("没有利害关系，打开材料")
    inputs = page.locator(".jx-score-input input")
    for place in range(inputs.count()):
        inputs.nth(place).fill("5")
    land.press("签署…")
    land.press("确认签署")
    mine.refresh_from_db()
    assert mine.state == "signed"
    order = {pk: n for n, pk in enumerate(sorted({each.application_id for each in rest}))}
    for sheet in rest:
        expert = viewer_of(sheet.seat.expert.user)
        sheets.declare(viewer=expert, sheet_id=sheet.pk, conflict=False)
        share = 0.95 - 0.07 * order[sheet.application_id]
        data = {
            item.id: "0"
            if item.kind.value == "deduction"
            else f"{int(item.points * share) // item.step * item.step / 1000:g}"
            if item.kind.value == "points"
            else f"{item.points / 1000:g}"
            for item in rubric(row, sheet.application.track).items()
        }
        sheets.save(viewer=expert, sheet_id=sheet.pk, data=data)
        sheets.sign(viewer=expert, sheet_id=sheet.pk)


def decide(land: Country, row: Round) -> None:
    land.at(clock.beijing(2025, 7, 28, 9))
    page = land.be(Role.PROVINCE_HR)
    address = reverse("desk-ranking", args=[row.pk])
    page.goto(address)
    boxes = page.locator("input[name=selected]")
    for place in range(3):
        boxes.nth(place).check()
    land.press("保存拟推荐名单")
    land.agree()
    land.be(Role.PROVINCE_FINANCE).goto(address)
    land.agree()
    land.be(Role.PROVINCE_HR).goto(reverse("desk-ranking-decide", args=[row.pk]))
    land.confirm()
    states = list(Application.objects.order_by("state").values_list("state", flat=True))
    assert states.count(ProjectState.PROPOSED) == 3
    assert states.count(ProjectState.NOT_SELECTED) == 1


def publicise(land: Country, call: Call) -> Notice:
    land.at(clock.beijing(2025, 8, 1, 9))
    page = land.be(Role.PROVINCE_HR)
    page.goto(reverse("desk-notices"))
    land.press("起草公示")
    notice = Notice.objects.get()
    address = reverse("desk-notice", args=[notice.pk])
    page.goto(address)
    land.agree()
    land.be(Role.PROVINCE_FINANCE).goto(address)
    land.agree()
    land.be(Role.PROVINCE_HR).goto(reverse("desk-notice-publish", args=[notice.pk]))
    land.confirm()
    notice.refresh_from_db()
    assert notice.state == "published"
    page.context.clear_cookies()
    page.goto(reverse("portal-notice", args=[notice.pk]))
    expect(page.get_by_text(notice.items[0]["title"]).first).to_be_visible()
    page.locator("[name=ground]").select_option("procedure")
    page.locator("[name=text]").fill("请说明评审程序的公开情况，谢谢。")
    page.locator("[name=anonymous]").check()
    land.press("提交异议")
    expect(page.get_by_text("异议已收到").first).to_be_visible()
    objection = notice.objections.get()
    land.be(Role.PROVINCE_HR).goto(reverse("desk-objection", args=[objection.pk]))
    page.locator("[name=text]").fill("程序已公开，抽取记录可供核验。")
    land.press("答复：异议不成立")
    assert notice.ends_on is not None
    land.at(clock.end_of(notice.ends_on) - timedelta(hours=1))
    page.goto(reverse("desk-notice-close", args=[notice.pk]))
    land.confirm()
    expect(page.get_by_text("公示期未满").first).to_be_visible()
    land.at(clock.end_of(notice.ends_on) + timedelta(hours=9))
    page.goto(reverse("desk-notice-close", args=[notice.pk]))
    land.confirm()
    notice.refresh_from_db()
    assert notice.state == "closed"
    return notice


def file_with_both_ministries(land: Country, call: Call, notice: Notice, tmp_path: Path) -> Package:
    page = land.be(Role.PROVINCE_HR)
    page.goto(reverse("desk-filings"))
    land.press("办理备案")
    package = Package.objects.get()
    address = reverse("desk-filing", args=[package.pk])
    page.goto(address)
    expect(page.get_by_text("缺少").first).to_be_visible()
    page.locator("[name=legacy_report]").fill(finish.LEGACY_REPORT)
    land.press("保存并组卷")
    expect(page.get_by_text("已组卷")).to_be_visible()
    land.agree()
    land.be(Role.PROVINCE_FINANCE).goto(address)
    land.agree()
    land.be(Role.PROVINCE_HR).goto(address)
    with page.expect_download() as download:
        page.get_by_role("link", name="下载").first.click()
    download.value.save_as(tmp_path / "filing.zip")
    verified("filing", tmp_path / "filing.zip")
    page.goto(reverse("desk-filing-send", args=[package.pk]))
    land.confirm()
    package.refresh_from_db()
    assert package.state == "filed"
    return package


def register(land: Country, package: Package) -> None:
    land.at(clock.beijing(2025, 11, 20, 9))
    page = land.page
    for role in (Role.MINISTRY_HR, Role.MINISTRY_FINANCE):
        land.be(role).goto(reverse("ministry-filing", args=[package.pk]))
        register_all(land)
    package.refresh_from_db()
    assert package.state == "registered"
    page.context.clear_cookies()
    page.goto(reverse("portal-register") + "?q=" + "年:2025")
    expect(page.locator("table.jx-list tbody tr")).to_have_count(3)
    page.goto(reverse("portal-nation"))
    expect(page.get_by_text("/ 500")).to_be_visible()


def register_all(land: Country) -> None:
    """Receive, then 予以登记 for every project, each with its confirmation."""
    page = land.page
    page.get_by_role("link", name="确认接收").click()
    land.confirm()
    boxes = page.locator("input[name=ids]")
    expect(boxes).to_have_count(3)
    for place in range(3):
        boxes.nth(place).check()
    land.press("予以登记")
    land.confirm()
    expect(page.locator("input[name=ids]")).to_have_count(0)
