"""The to-do lists on the first pages: of offices by the year's plan, of units by their titles, of experts."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from jiangxin.core.kernel import clock
from jiangxin.core.workflow import ProjectState, Role
from jiangxin.faces.frame.todo import Todo, in_order
from jiangxin.faces.workspace import titles as hub
from jiangxin.faces.workspace.titles import Entry
from jiangxin.faces.workspace.todo import MOST_TITLES, expert_todos
from jiangxin.ops.scenes import panel, province
from jiangxin.ops.scenes.country import officer
from jiangxin.records.identity.models import User
from jiangxin.records.identity.queries import viewer_of
from jiangxin.records.identity.viewer import System, Viewer
from jiangxin.stages.examination.actions import pass_examination
from jiangxin.stages.programme.models import Kind
from jiangxin.stages.review.models import ScoreSheet
from jiangxin.stages.titles.actions import enter_legacy
from tests.factories.applications import make_round
from tests.factories.desk import JULY, Desk, client_of, official, text_of
from tests.factories.year import PLACE

pytestmark = pytest.mark.django_db


def line_of(page: str, label: str) -> str:
    return next(part for part in page.split('class="jx-todo"') if label in part.split("</a>")[0])


def test_what_is_due_first_comes_first_and_says_how_long() -> None:
    with clock.at(clock.beijing(2025, 6, 10, 9)):
        late, today, soon, never = (
            Todo(label=str(due), url="/", due=due)
            for due in (date(2025, 6, 7), date(2025, 6, 10), date(2025, 6, 15), None)
        )
        assert in_order([never, soon, late, today]) == [late, today, soon, never]
        assert [each.left for each in (late, today, soon, never)] == [
            "已逾期 3 天",
            "今天截止",
            "还有 5 天",
            "",
        ]
        assert [each.late for each in (late, today, soon, never)] == [True, False, False, False]


def test_what_the_year_s_plan_binds_has_its_date() -> None:
    desk = Desk("37")
    desk.open()
    desk.row(state=ProjectState.PROPOSED)
    desk.row(state=ProjectState.CONFIRMED)
    desk.row(state=ProjectState.SUBMITTED)
    with clock.at(clock.beijing(2025, 10, 28, 9)):
        page = text_of(client_of(desk.hr).get(reverse("desk-home")))
    assert "2025年10月31日，还有 3 天" in line_of(page, "待报备案")
    late = line_of(page, "待公示")
    assert "已逾期" in late
    assert "jx-text-red" in late
    assert "—" in line_of(page, "待资格审查")
    assert page.index("待公示") < page.index("待报备案") < page.index("待资格审查")


@pytest.mark.parametrize(
    "role", [Role.PROVINCE_FINANCE, Role.SUPERVISOR, Role.MINISTRY_HR, Role.AUDITOR]
)
def test_the_home_of_every_office_costs_at_most_eight_queries(role: Role) -> None:
    desk = Desk("37")
    desk.open()
    with clock.at(JULY):
        desk.submitted()
        client = client_of(official(role, "" if role is Role.MINISTRY_HR else "37"))
        with CaptureQueriesContext(connection) as found:
            assert client.get(reverse("desk-home")).status_code == 200
    assert len(found) <= 8


class Fake:
    """A stage of which three things are told for each title."""

    @staticmethod
    def entries(_viewer: Viewer, _title: Any) -> Iterator[Entry]:
        yield Entry("进展报告", "", "/report/", waits=True, due=date(2025, 6, 3))
        yield Entry("整改材料", "", "/mend/", waits=True, due=date(2025, 5, 20))
        yield Entry("只可查看", "", "/look/", waits=False)


def test_a_unit_sees_what_waits_over_all_its_titles(monkeypatch: Any) -> None:
    round_ = make_round()
    unit = round_.unit()
    uscc = User.objects.get(pk=unit.user_id).organisation.uscc
    client = client_of(unit)
    where = reverse("workspace-home")  # the addresses are read before the modules are replaced
    monkeypatch.setattr(hub, "import_module", lambda _: Fake)
    monkeypatch.setattr(hub, "MODULES", ("one",))
    counts = []
    with clock.at(clock.beijing(2025, 6, 1, 9)):
        assert "称号和建设的待办" not in text_of(client.get(where))
        for number in range(MOST_TITLES + 3):
            enter_legacy(
                by=System(),
                number=f"L{number:02}",
                kind="base",
                province="37",
                year=2014,
                name=f"基地{number:02}",
                unit_name="某校",
                uscc=uscc,
            )
            with CaptureQueriesContext(connection) as found:
                page = text_of(client.get(where))
            counts.append(len(found))
    assert page.count('href="/report/"') == MOST_TITLES
    assert "/look/" not in page
    mend = line_of(page, "整改材料")
    assert "已逾期 12 天" in mend
    assert "jx-text-red" in mend
    assert "基地00" in mend
    assert page.index("/mend/") < page.index("/report/")
    assert len(set(counts)) == 1
    assert counts[0] <= 9


def test_an_expert_sees_what_is_to_be_signed_until_when() -> None:
    round_ = make_round()
    project = round_.submitted()
    hr = officer(Role.PROVINCE_HR, "37")
    with clock.at(clock.beijing(2025, 7, 2, 9)):
        province.judge_all(hr, project)
        pass_examination(viewer=hr, application_id=project.pk)
        panel.fill_pool(round_.rng, PLACE)
    row = panel.draw_panel(PLACE, round_.call, Kind.STUDIO, clock.beijing(2025, 7, 10, 9))
    panel.score(round_.rng, row, PLACE, clock.beijing(2025, 7, 11, 9), unsigned=1)
    sheet = ScoreSheet.objects.exclude(state="signed").select_related("seat__expert").first()
    assert sheet
    expert = viewer_of(User.objects.get(pk=sheet.seat.expert.user_id))
    done = ScoreSheet.objects.filter(state="signed").exclude(seat__expert=sheet.seat.expert).first()
    assert done
    with clock.at(row.due):
        page = text_of(client_of(expert).get(reverse("expert-queue")))
        assert "待签署的评分表" in page
        assert "今天截止" in line_of(page, "待签署的评分表")
        assert expert_todos(viewer_of(User.objects.get(pk=done.seat.expert.user_id))) == []
