"""The list of projects and one project's page: scope, search, export, and the number of queries."""

from collections.abc import Iterator
from io import BytesIO

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from python_calamine import CalamineWorkbook

from jiangxin.core.kernel import clock
from jiangxin.core.workflow import ProjectState, Role
from jiangxin.records.identity.queries import viewer_of
from jiangxin.records.identity.viewer import Viewer
from jiangxin.stages.application.models import Application
from jiangxin.stages.examination import actions as examining
from jiangxin.stages.examination.actions import Defect
from jiangxin.stages.programme.tracks import Track
from jiangxin.stages.review.actions import decision
from jiangxin.stages.review.queries.ranking import proposal_digest
from tests.factories.desk import JULY, Desk, client_of, correct, official, text_of
from tests.factories.review import NOW, make_province

pytestmark = pytest.mark.django_db
LIST = "desk-projects"


@pytest.fixture(autouse=True)
def _in_july() -> Iterator[None]:
    with clock.at(JULY):
        yield


@pytest.fixture
def desk(db: None) -> Desk:
    found = Desk("37")
    found.open()
    return found


def page_of(client: Client, **asked: str) -> str:
    response = client.get(reverse(LIST), asked)
    assert response.status_code == 200
    return text_of(response)


def exported(client: Client, **asked: str) -> str:
    response = client.get(reverse(LIST), {"export": "csv", **asked})
    return b"".join(response.streaming_content).decode()


def shown(viewer: Viewer, **asked: str) -> set[int]:
    """Which projects the list shows, by the links in it."""
    page = page_of(client_of(viewer), **asked)
    ids = Application.objects.values_list("pk", flat=True)
    return {pk for pk in ids if f'href="{reverse("desk-project", args=[pk])}?' in page}


# --- scope


def test_each_role_sees_its_scope_and_nothing_else(desk: Desk) -> None:
    mine = desk.row(title="本省已提交")
    draft = desk.row(title="本省草稿", state=ProjectState.DRAFT, version=0)
    filed = desk.row(title="本省已备案", state=ProjectState.FILED)
    other = Desk("32")
    other.open()
    foreign = other.row(title="外省已提交")
    own = {mine.pk, filed.pk}
    assert shown(desk.hr) == shown(desk.finance) == own
    assert shown(official(Role.SUPERVISOR, "37")) == shown(official(Role.AUDITOR, "37")) == own
    assert shown(official(Role.AUDITOR)) == own | {foreign.pk}
    assert shown(official(Role.MINISTRY_HR)) == shown(official(Role.MINISTRY_FINANCE)) == {filed.pk}
    for viewer in (viewer_of(mine.unit.people.get()), official(Role.EXPERT, "37")):
        assert client_of(viewer).get(reverse(LIST)).status_code == 403
    assert Client().get(reverse(LIST)).headers["Location"].startswith("/login/")
    assert draft.pk not in shown(official(Role.AUDITOR))


def test_nothing_of_another_province_leaks_by_search_sort_count_or_export(desk: Desk) -> None:
    mine = desk.submitted()
    Application.objects.filter(pk=mine.pk).update(title="甲项目", unit_name="甲单位")
    other = Desk("32")
    other.open()
    secret = other.row(
        number="202532J999999",
        title="绝密项目",
        unit_name="绝密单位",
        leader_name="绝密人",
        state=ProjectState.UNDER_REVIEW,
    )
    client = client_of(desk.hr)
    for asked in (
        {"q": "绝密"},
        {"q": "单位:绝密"},
        {"q": "带头人:绝密"},
        {"q": "省:江苏"},
        {"q": "状态:专家评审中"},
        {"q": "-单位:甲单位"},
        {"sort": "-title", "size": "1"},
        {"page": "2", "size": "1"},
    ):
        page = page_of(client, **asked)
        assert "绝密项目" not in page
        assert secret.number not in page
        assert "绝密" not in exported(client, **asked).replace(asked.get("q", "\0"), "")
    assert "共 1 条" in page_of(client)
    assert "共 0 条" not in page_of(client)
    home = client.get(reverse("desk-home")).content.decode()
    assert "专家评审中" not in home, "not even a count of another province's state"
    assert client.get(reverse("desk-project", args=[secret.pk])).status_code == 404
    beside = client.get(reverse("desk-project", args=[mine.pk]), {"list": "sort=title", "at": "1"})
    assert f"/{secret.pk}/" not in text_of(beside)
    assert "1 / 1" in text_of(beside)


# --- search, columns, export


def test_the_language_of_the_search(desk: Desk) -> None:
    base = desk.row(unit_name="甲学院")
    studio = desk.row(unit_name="乙公司", track="studio", kind="studio", leader_name="鲁班")
    late = desk.row(state=ProjectState.RETURNED, correction_due=JULY.date().replace(day=1))
    early = desk.row(state=ProjectState.RETURNED, correction_due=JULY.date().replace(day=20))
    old = desk.row(year=2024)
    for q, found in {
        "单位:学院": {base},
        "类型:技能大师工作室": {studio},
        "类别:技能大师工作室": {studio},
        "带头人:鲁班": {studio},
        "状态:退回补正": {late, early},
        "补正:逾期": {late},
        "补正:期内": {early},
        "待办:我": {base, studio, old, late},
        "年:2024": {old},
        "年:>=2025 -类型:新建基地": {studio},
        "省:山东 甲学院": {base},
        "省:江苏": set(),
    }.items():
        assert shown(desk.hr, q=q) == {each.pk for each in found}, q
    page = page_of(client_of(desk.hr), q="颜色:红")
    assert "不认识筛选词“颜色”" in page


def test_an_export_holds_all_rows_of_the_search_and_the_chosen_columns(desk: Desk) -> None:
    for n in range(60):
        desk.row(title=f"基地{n:02d}")
    desk.row(title="=cmd()", track="studio")
    client = client_of(desk.hr)
    assert page_of(client).count("data-url=") == 50
    text = exported(client, q="类型:新建基地", col="title")
    assert text.count("\n") == 61
    assert "申报单位" not in text
    assert "'=cmd()" in exported(client)
    book = client.get(reverse(LIST), {"export": "xlsx"})
    rows = CalamineWorkbook.from_filelike(BytesIO(book.content)).get_sheet_by_index(0).to_python()
    assert len(rows) == 62
    assert rows[0][:2] == ["编号", "项目名称"]


def test_the_list_and_its_queries_do_not_grow_with_the_rows(desk: Desk) -> None:
    client, counts = client_of(desk.hr), []
    for more in (1, 2):
        for _ in range(more):
            desk.row()
        with CaptureQueriesContext(connection) as found:
            page_of(client)
        counts.append(len(found))
    assert counts[0] == counts[1] <= 8


def test_a_province_sees_no_column_of_provinces_but_the_nation_does(desk: Desk) -> None:
    desk.row(state=ProjectState.FILED)
    assert ">省份<" not in page_of(client_of(desk.hr)).split("data-list")[1]
    assert ">省份<" in page_of(client_of(official(Role.AUDITOR))).split("data-list")[1]


# --- one project


def test_the_page_shows_the_form_as_it_was_submitted(desk: Desk) -> None:
    project = desk.submitted()
    client = client_of(desk.finance)
    address = reverse("desk-project", args=[project.pk])
    page = text_of(client.get(address))
    assert project.number in page
    assert project.unit_name in page
    item = project.versions.get().evidence[0]
    assert reverse("evidence-file", args=[project.pk, item["document"]]) in page
    project.answers["plan_goal"] = "还没有提交的修改"
    project.save()
    assert "还没有提交的修改" not in text_of(client.get(address))


def test_a_leaders_number_is_only_ever_masked(desk: Desk) -> None:
    project = desk.submitted(Track.STUDIO)
    sealed = project.answers["leader_id_number"]
    page = text_of(client_of(desk.hr).get(reverse("desk-project", args=[project.pk])))
    assert sealed["mask"] in page
    assert sealed["sealed"] not in page
    assert sealed["hash"] not in page


def corrected(desk: Desk) -> Application:
    project = desk.submitted()
    examining.send_back(
        viewer=desk.hr, application_id=project.pk, defects=[Defect("plan", "缺季度指标")]
    )
    return correct(project, plan_goal="分季度完成四类任务。")


def test_versions_can_be_chosen_and_compared(desk: Desk) -> None:
    project = corrected(desk)
    first, second = project.versions.order_by("number")
    client, address = client_of(desk.hr), reverse("desk-project", args=[project.pk])
    page = text_of(client.get(address))
    assert "第 1 次与第 2 次提交的不同：1 处" in page
    assert f"<del>{first.answers['plan_goal']}</del>" in page
    assert f"<ins>{second.answers['plan_goal']}</ins>" in page
    old = text_of(client.get(address, {"version": "1"})).split('class="jx-toc"')[1]
    assert first.answers["plan_goal"] in old
    assert second.answers["plan_goal"] not in old


def test_the_history_tells_what_happened(desk: Desk) -> None:
    project = corrected(desk)
    examining.reject(viewer=desk.hr, application_id=project.pk, reason="证明不实")
    page = text_of(
        client_of(official(Role.SUPERVISOR, "37")).get(
            reverse("desk-project", args=[project.pk]), {"tab": "history"}
        )
    )
    for words in ("建立申报", "提交", "退回补正", "缺季度指标", "补正后再次提交", "证明不实"):
        assert words in page


def test_the_clock_of_a_returned_project_is_its_date_for_corrections(desk: Desk) -> None:
    project = desk.submitted()
    client, address = client_of(desk.hr), reverse("desk-project", args=[project.pk])
    assert "距备案截止 113 天" in text_of(client.get(address))
    examining.send_back(viewer=desk.hr, application_id=project.pk, defects=[Defect("plan", "改")])
    assert "补正截止 2025年7月17日（星期四）" in text_of(client.get(address))
    with clock.at(clock.beijing(2025, 7, 18)):
        assert "已逾期" in text_of(client.get(address))


@pytest.mark.parametrize("tab", ["form", "eligibility", "history"])
@pytest.mark.parametrize("track", [Track.NEW_BASE, Track.STUDIO])
def test_a_project_costs_at_most_ten_queries(desk: Desk, tab: str, track: Track) -> None:
    project = desk.submitted(track)
    desk.row()
    client = client_of(desk.hr)
    address = reverse("desk-project", args=[project.pk])
    for came_from in ({}, {"list": "", "at": "1"}):
        with CaptureQueriesContext(connection) as found:
            page = text_of(client.get(address, {"tab": tab, **came_from}))
        assert ("1 / 2" in page) is bool(came_from)
        assert len(found) <= 10


def test_previous_and_next_follow_the_list_as_it_was(desk: Desk) -> None:
    first, second, third = (desk.row(title=f"项{n}", unit_name="甲单位") for n in "123")
    desk.row(title="项0", unit_name="别家")
    project = desk.submitted()
    Application.objects.filter(pk=project.pk).update(title="项25", unit_name="甲单位")
    page = text_of(
        client_of(desk.hr).get(
            reverse("desk-project", args=[project.pk]),
            {"list": "q=单位:甲单位&sort=-title", "at": "2"},
        )
    )
    assert "2 / 4" in page
    before, after = page.index('rel="prev"'), page.index('rel="next"')
    assert f"/{third.pk}/" in page[before : before + 60]
    assert f"/{second.pk}/" in page[after : after + 60]
    assert f"{reverse('desk-project', args=[first.pk])}?" not in page


# --- the joint act


def test_the_head_leads_to_the_joint_act_and_shows_both_marks(db: None) -> None:
    with clock.at(NOW):
        province = make_province("37")
        row = province.ranked()
        project = province.projects[0]
        address = reverse("desk-project", args=[project.pk])
        decision.choose(
            viewer=province.hr,
            round_id=row.pk,
            choices={
                each.application_id: decision.Choice(selected=n < 1)
                for n, each in enumerate(row.decisions.all())
            },
        )
        decision.concur(
            viewer=province.finance, round_id=row.pk, digest=proposal_digest(row), agreed=True
        )
        client = client_of(province.hr)
        with CaptureQueriesContext(connection) as found:
            page = text_of(client.get(address))
        assert f'href="{reverse("desk-ranking", args=[row.pk])}">遴选' in page
        assert page.count("jx-mark-agreed") == 1
        assert page.count("jx-mark-empty") == 1
        assert len(found) <= 10
        other = make_province("32", projects=1)
        assert client_of(other.hr).get(address).status_code == 404


def test_before_the_ranking_nobody_has_agreed_and_what_ended_has_no_joint_act(
    desk: Desk,
) -> None:
    project = desk.submitted()
    client, address = client_of(desk.hr), reverse("desk-project", args=[project.pk])
    page = text_of(client.get(address))
    assert page.count("jx-mark-empty") == 2
    examining.reject(viewer=desk.hr, application_id=project.pk, reason="x")
    assert "jx-principals" not in text_of(client.get(address))


@pytest.mark.parametrize(
    ("state", "label"),
    [(ProjectState.PROPOSED, "公示"), (ProjectState.CONFIRMED, "备案")],
)
def test_later_acts_are_named_before_they_exist(
    desk: Desk, state: ProjectState, label: str
) -> None:
    project = desk.submitted()
    Application.objects.filter(pk=project.pk).update(state=state)
    page = text_of(client_of(desk.hr).get(reverse("desk-project", args=[project.pk])))
    assert f">{label}</span>" in page
    assert page.count("jx-mark-empty") == 2
