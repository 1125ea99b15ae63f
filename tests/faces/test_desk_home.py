"""The desk's first page and its navigation, for every role."""

from collections.abc import Iterator

import pytest
from django.db import connection, transaction
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from jiangxin.core.kernel import clock
from jiangxin.core.workflow import ProjectState, Role
from jiangxin.faces.desk.navigation import DESK, WITH_BODIES, navigation, waits_for
from jiangxin.records.identity.viewer import Viewer
from jiangxin.stages.examination import actions as examining
from jiangxin.stages.programme.models import Call
from tests.factories.desk import JULY, Desk, client_of, official, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _in_july() -> Iterator[None]:
    with clock.at(JULY):
        yield


@pytest.fixture
def desk(db: None) -> Desk:
    found = Desk("37")
    found.open()
    return found


def home(viewer: Viewer, **asked: str) -> str:
    response = client_of(viewer).get(reverse("desk-home"), asked)
    assert response.status_code == 200
    return text_of(response)


def counts(viewer: Viewer) -> dict[str, int]:
    """Label → number that waits, as the navigation has it."""
    request = RequestFactory().get("/desk/")
    request.resolver_match = None  # type: ignore[assignment]
    found = navigation(viewer, request)
    return {item.label: item.count for section in found.sections for item in section.items}


# --- navigation


@pytest.mark.django_db(transaction=True)
def test_the_counts_are_kept_while_nothing_happens_and_no_longer() -> None:
    desk = Desk("37")
    desk.open()
    project = desk.submitted()
    with CaptureQueriesContext(
        connection,
    ) as first:
        assert counts(desk.hr)["资格审查"] == 1
    with CaptureQueriesContext(connection) as again:
        assert counts(desk.hr)["资格审查"] == 1
    assert len(again) == len(first) - 2 == 2
    defects = [examining.Defect(section="unit", reason="请补充。")]
    examining.send_back(viewer=desk.hr, application_id=project.pk, defects=defects)
    assert counts(desk.hr)["资格审查"] == 0
    with transaction.atomic():
        desk.row()
        assert counts(desk.hr)["资格审查"] == 1, "a transaction sees what it has written itself"


def test_the_navigation_counts_what_waits_for_the_role(desk: Desk) -> None:
    desk.row()
    desk.row()
    desk.row(state=ProjectState.RETURNED)
    other = Desk("32")
    other.open()
    for _ in range(3):
        other.row()
    assert counts(desk.hr)["资格审查"] == 2
    assert counts(desk.finance)["资格审查"] == 0, "the examination is no step of finance"
    assert counts(other.hr)["资格审查"] == 3
    assert counts(official(Role.AUDITOR))["资格审查"] == 0, "a reader has nothing to do"


def test_a_draft_call_waits_for_the_department_that_has_not_spoken(desk: Desk) -> None:
    other = Desk("32")
    other.draft()
    assert counts(other.hr)["申报通知"] == counts(other.finance)["申报通知"] == 1
    assert counts(desk.hr)["申报通知"] == 0


def test_the_navigation_costs_two_queries_however_much_waits(desk: Desk) -> None:
    request = RequestFactory().get("/desk/")
    request.resolver_match = None  # type: ignore[assignment]
    for more in (1, 2):
        for n in range(more):
            desk.row(year=2024 + n)
        with CaptureQueriesContext(connection) as found:
            navigation(desk.hr, request)
        assert len(found) == 2
    with CaptureQueriesContext(connection) as found:
        navigation(official(Role.AUDITOR), request)
    assert len([each for each in found if "identity_user" not in each["sql"]]) <= 2


def test_who_waits_for_what_comes_from_the_table() -> None:
    assert waits_for(Role.PROVINCE_HR, ProjectState.SUBMITTED)
    assert waits_for(Role.PROVINCE_FINANCE, ProjectState.REVIEWED), "a joint step waits for both"
    assert not waits_for(Role.PROVINCE_FINANCE, ProjectState.SUBMITTED)
    assert waits_for(Role.MINISTRY_FINANCE, ProjectState.FILED)
    assert not waits_for(Role.PROVINCE_HR, ProjectState.FILED)
    assert not any(waits_for(Role.AUDITOR, state) for state in ProjectState)


def test_the_present_page_is_marked_and_years_can_be_chosen(desk: Desk) -> None:
    desk.row()
    former = Call.objects.get()
    former.pk, former.year = None, 2024
    former.save()
    client = client_of(desk.hr)
    page = text_of(client.get(reverse("desk-examination")))
    link = page.index(f'href="{reverse("desk-examination")}"')
    assert 'aria-current="page"' in page[link : link + 80]
    assert f"{reverse('desk-home')}?year=2024" in page
    assert "2024 年度" in home(desk.hr, year="2024")
    assert "2025 年度" in home(desk.hr, year="1999"), "an unknown year means the newest"


# --- the page


@pytest.mark.parametrize("role", sorted(DESK))
def test_every_role_of_the_desk_has_a_home(desk: Desk, role: Role) -> None:
    ministry = role in (Role.MINISTRY_HR, Role.MINISTRY_FINANCE)
    page = home(official(role, "" if ministry else "37"))
    assert "待办与期限" in page
    assert "备案截止" in page


def test_others_have_no_desk(desk: Desk) -> None:
    for role in set(Role) - WITH_BODIES - {Role.PUBLIC}:
        assert client_of(official(role, "37")).get(reverse("desk-home")).status_code == 403
    assert Client().get(reverse("desk-home")).headers["Location"].startswith("/login/")


def test_every_line_leads_into_its_search_and_the_search_has_that_many(desk: Desk) -> None:
    for _ in range(3):
        desk.row()
    desk.row(state=ProjectState.EXAMINED)
    client = client_of(desk.hr)
    page = text_of(client.get(reverse("desk-home")))
    line = page.split('class="jx-todo"')[1]
    assert "待资格审查" in line
    assert ">3<" in line
    address = line.split('href="')[1].split('"')[0]
    assert "共 3 条" in text_of(client.get(address))


def test_corrections_that_are_late_are_pointed_out(desk: Desk) -> None:
    desk.row(state=ProjectState.RETURNED, correction_due=clock.today().replace(day=9))
    desk.row(state=ProjectState.RETURNED, correction_due=clock.today())
    line = next(part for part in home(desk.hr).split('class="jx-todo"') if "补正已逾期" in part)
    assert ">1<" in line
    assert "已逾期 1 天" in line
    assert "jx-text-red" in line


def test_the_slack_before_publicity_is_counted_in_working_days(desk: Desk) -> None:
    assert "到最迟开始公示还有 <b>76</b> 个工作日" in home(desk.hr)
    with clock.at(clock.beijing(2025, 10, 20, 9)):
        page = home(desk.hr)
        assert "还有 <b>4</b> 个工作日" in page
        assert "jx-text-amber" in page
    with clock.at(clock.beijing(2025, 10, 24, 9)):
        assert "已过最迟开始公示的日期" in home(desk.hr)


def test_the_last_steps_of_the_own_projects_are_told(desk: Desk) -> None:
    project = desk.submitted()
    other = Desk("32")
    other.open()
    foreign = other.submitted()
    examining.reject(viewer=desk.hr, application_id=project.pk, reason="x")
    page = home(desk.hr)
    assert f'<a href="{reverse("desk-project", args=[project.pk])}">{project.title}</a>' in page
    assert "资格审查不通过" in page
    assert foreign.title not in page
    assert foreign.title in home(official(Role.AUDITOR))
    assert project.title not in home(official(Role.MINISTRY_HR))


def test_an_empty_year_says_what_to_do_first(db: None) -> None:
    desk = Desk("37")
    page = home(desk.hr)
    assert "先起草申报通知" in page
    assert reverse("desk-call-new") in page
    assert reverse("desk-call-new") not in home(desk.finance)
    call = desk.draft()
    page = home(desk.hr)
    assert "申报通知正在起草" in page
    assert reverse("desk-call", args=[call.pk]) in page
    assert reverse("desk-call-new") not in page
    assert "申报通知正在起草" not in home(official(Role.SUPERVISOR, "37"))


def test_after_the_last_year_its_desk_stays_and_nothing_new_is_drafted(desk: Desk) -> None:
    other = Desk("32")
    with clock.at(clock.beijing(2025, 3, 1)):
        assert "起草申报通知" in home(other.hr)
    with clock.at(clock.beijing(2026, 3, 1)):
        page = home(other.hr)
    assert "2025 年度" in page
    assert "起草申报通知" not in page


def test_the_nation_sees_its_targets(desk: Desk) -> None:
    page = home(official(Role.MINISTRY_HR))
    assert "建设目标" in page
    assert "<b>0</b> / 400" in page
    assert "建设目标" not in home(desk.hr)


def test_home_costs_the_same_however_much_there_is(desk: Desk) -> None:
    client, found_counts = client_of(desk.hr), []
    for more in (1, 2):
        for _ in range(more):
            desk.submitted()
        with CaptureQueriesContext(connection) as found:
            client.get(reverse("desk-home"))
        found_counts.append(len(found))
    assert found_counts[0] == found_counts[1] <= 8
