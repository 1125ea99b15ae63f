"""What waits until a date is told to whom it waits for, once for each step; and nothing waits unseen."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from django.apps import apps
from django.core.exceptions import EmptyResultSet
from django.db.models import Model, QuerySet
from django.urls import reverse
from django.utils import timezone

from jiangxin.core.kernel import clock
from jiangxin.core.workflow import MACHINES, MINISTRIES, PROVINCIAL, ProjectState, Role
from jiangxin.faces.desk.navigation import links_of, waits_for
from jiangxin.faces.workspace import titles as hub
from jiangxin.faces.workspace.titles import Entry
from jiangxin.faces.workspace.todo import unit_todos
from jiangxin.ops import reminders
from jiangxin.ops.reminders import Thing, remind, waiting_things
from jiangxin.records.identity.models import User
from jiangxin.records.identity.viewer import Viewer
from jiangxin.records.inbox.models import Message
from jiangxin.stages.application.models import Application
from jiangxin.stages.examination.cases import take
from jiangxin.stages.examination.indexing import index_submitted
from jiangxin.stages.examination.models import Case
from jiangxin.stages.publicity.models import Notice
from jiangxin.stages.titles.models import Title
from tests.factories.applications import make_round, unit_of
from tests.factories.desk import Desk, official
from tests.factories.portal import titles
from tests.factories.year import make_year

pytestmark = pytest.mark.django_db


def thing(due: date, **fields: Any) -> Thing:
    to = reminders.Recipient(role="province_hr", province="37")
    return Thing(
        **({"to": to, "mark": "m", "what": "核定", "name": "甲", "about": "claim:7"} | fields),
        due=due,
    )


def told() -> list[str]:
    return list(Message.objects.order_by("id").values_list("title", flat=True))


@pytest.mark.parametrize(
    ("left", "step"),
    [
        *[(30, ""), (15, ""), (14, "d14"), (4, "d14"), (3, "d3"), (1, "d3"), (0, "d0")],
        *[(-1, "w0"), (-7, "w0"), (-8, "w1"), (-14, "w1"), (-15, "w2")],
    ],
)
def test_the_steps(left: int, step: str) -> None:
    today = date(2025, 6, 1)
    assert thing(today + timedelta(days=left)).step_on(today) == step


def test_each_step_is_told_once_and_a_new_date_is_a_new_thing() -> None:
    due = date(2025, 6, 20)
    for day in range(1, 40):
        with clock.at(clock.beijing(2025, 6, 1, 7) + timedelta(days=day)):
            remind([thing(due)])
            remind([thing(due)])
    assert told() == [
        "核定（还有 14 天）：甲",
        "核定（还有 3 天）：甲",
        "核定（今天截止）：甲",
        "核定（已逾期 1 天）：甲",
        "核定（已逾期 8 天）：甲",
        "核定（已逾期 15 天）：甲",
    ]
    with clock.at(clock.beijing(2025, 7, 10, 7)):
        assert remind([thing(date(2025, 7, 12))]) == 1
        assert remind([thing(date(2025, 7, 12), mark="n")]) == 1
    row = Message.objects.order_by("id")[0]
    assert (row.office, row.province, row.about, row.due) == ("province_hr", "37", "claim:7", due)


def test_nobody_is_reminded_of_what_can_not_be_done_any_more() -> None:
    due = date(2025, 6, 20)
    with clock.at(clock.beijing(2025, 6, 25, 7)):
        assert remind([thing(due, ends=due)]) == 0


def test_a_long_name_fits() -> None:
    with clock.at(clock.beijing(2025, 6, 20, 7)):
        assert remind([thing(date(2025, 6, 20), name="名" * 300)]) == 1
    assert len(told()[0]) == 200


# --- where it comes from


def test_a_unit_is_reminded_of_its_draft_until_the_window_closes() -> None:
    round_ = make_round()
    unit = round_.unit()
    project = round_.draft(unit)
    closes = round_.call.closes_at.astimezone(clock.BEIJING)
    with clock.at(closes - timedelta(days=20)):
        assert remind() == 0
    with clock.at(closes - timedelta(days=2)):
        remind()
    own = Message.objects.get(unit=unit.organisation_id)
    assert own.title == f"提交申报（还有 2 天）：{project.title}"
    assert own.about == project.subject
    with clock.at(closes + timedelta(hours=1)):
        assert "提交申报" not in "".join(each.what for each in waiting_things())


def test_a_unit_and_its_province_are_reminded_of_a_correction() -> None:
    desk = Desk("37")
    desk.open()
    due = date(2025, 7, 15)
    project = desk.row(state=ProjectState.RETURNED, correction_due=due)
    with clock.at(clock.beijing(2025, 7, 14, 7)):
        remind()
        assert Message.objects.filter(unit=project.unit_id, title__contains="还有 1 天").exists()
        assert not Message.objects.filter(office="province_hr").exists()
    with clock.at(clock.beijing(2025, 7, 17, 7)):
        remind()
        assert Message.objects.filter(unit=project.unit_id, title__contains="逾期 2 天").exists()
        assert Message.objects.filter(office="province_hr", title__contains="补正已逾期").exists()
        assert not Message.objects.filter(province="32").exists()


def test_the_office_and_the_examiner_are_reminded_of_an_examination() -> None:
    desk = Desk("37")
    desk.open()
    project = desk.submitted()  # on 10 June: to be examined by 24 June
    with clock.at(clock.beijing(2025, 6, 11, 9)):
        index_submitted()
        take(viewer=desk.hr, application_id=project.pk)
    with clock.at(clock.beijing(2025, 6, 20, 9)):
        remind()
        assert not [each for each in told() if "资格审查" in each]
    with clock.at(clock.beijing(2025, 6, 21, 9)):
        remind()
    near = Message.objects.filter(title__contains="资格审查")
    assert near.get(office="province_hr").about == project.subject
    assert near.get(person_id=desk.hr.user_id).title.endswith("（还有 3 天）：1 件")
    with clock.at(clock.beijing(2025, 6, 25, 9)):
        remind()
        assert near.get(person_id=desk.hr.user_id, title__contains="已逾期 1 天")
        pass_it_on = near.count()
        remind()
        assert near.count() == pass_it_on


def test_many_of_one_day_are_one_message() -> None:
    desk = Desk("37")
    desk.open()
    for _ in range(reminders.MANY + 1):
        Case.objects.create(application=desk.row(), version=1, due=date(2025, 6, 24))
    with clock.at(clock.beijing(2025, 6, 24, 9)):
        remind()
    told_of = Message.objects.filter(office="province_hr", title__contains="资格审查")
    assert told_of.get().title == "资格审查临期或逾期（今天截止）：6 件"


def test_both_departments_are_reminded_of_the_filing_deadline_until_it_is_filed() -> None:
    year = make_year()
    with clock.at(clock.beijing(2025, 10, 20, 7)):
        remind()
    filed = [each for each in Message.objects.all() if each.title.startswith("报送备案")]
    assert {(each.office, each.province) for each in filed} == {
        ("province_hr", "37"),
        ("province_finance", "37"),
    }
    year.confirmed()
    with clock.at(clock.beijing(2025, 10, 21, 9)):
        package = year.package()
        year.seal(package)
        from jiangxin.stages.filing.actions import file

        file(viewer=year.hr, package_id=package.pk)
    with clock.at(clock.beijing(2025, 10, 31, 7)):
        assert "报送备案" not in {each.what for each in waiting_things()}


def test_an_expert_is_reminded_of_unsigned_sheets_and_of_nothing_else() -> None:
    from jiangxin.ops.scenes import panel, province
    from jiangxin.ops.scenes.country import officer
    from jiangxin.stages.examination.actions import pass_examination
    from jiangxin.stages.programme.models import Kind
    from jiangxin.stages.review.models import ScoreSheet, Seat
    from tests.factories.year import PLACE

    round_ = make_round()
    project = round_.submitted()
    hr = officer(Role.PROVINCE_HR, "37")
    with clock.at(clock.beijing(2025, 7, 2, 9)):
        province.judge_all(hr, project)
        pass_examination(viewer=hr, application_id=project.pk)
        panel.fill_pool(round_.rng, PLACE)
    row = panel.draw_panel(PLACE, round_.call, Kind.STUDIO, clock.beijing(2025, 7, 10, 9))
    panel.score(round_.rng, row, PLACE, clock.beijing(2025, 7, 11, 9), unsigned=1)
    open_ = ScoreSheet.objects.exclude(state="signed").values_list(
        "seat__expert__user_id", flat=True
    )
    assert len(set(open_)) >= 1
    with clock.at(row.due):
        remind()
    persons = set(Message.objects.filter(person__isnull=False).values_list("person", flat=True))
    assert persons == set(open_)
    assert Seat.objects.exclude(expert__user_id__in=persons).exists(), "others had signed"


def test_a_units_titles_are_read_as_its_own_page_reads_them(monkeypatch: Any) -> None:
    round_ = make_round()
    unit = round_.unit()
    old, new = titles(1, "37")
    uscc = User.objects.get(pk=unit.user_id).organisation.uscc
    Title.objects.filter(pk=old.pk).update(uscc=uscc)

    class Fake:
        @staticmethod
        def entries(viewer: Viewer, title: Any) -> Iterator[Entry]:
            assert viewer.organisation_id == unit.organisation_id
            assert title.pk == old.pk
            yield Entry("进展报告", "", "/x/", waits=True, due=date(2025, 6, 3))
            yield Entry("只可查看", "", "/y/", waits=False, due=date(2025, 6, 3))
            yield Entry("没有期限", "", "/z/", waits=True)

    assert reverse("my-titles")  # the addresses are read before the modules are replaced
    monkeypatch.setattr(hub, "import_module", lambda _: Fake)
    monkeypatch.setattr(hub, "MODULES", ("one",))
    with clock.at(clock.beijing(2025, 6, 1, 7)):
        remind()
    rows = Message.objects.filter(unit=unit.organisation_id, about=old.subject)
    assert [each.title for each in rows] == ["进展报告（还有 2 天）：老基地1"]
    assert not Message.objects.filter(about=new.subject).exists(), "its unit has no account"


def test_a_publicity_that_is_over_waits_for_hr() -> None:
    year = make_year()
    notice = year.published()
    with clock.at(clock.end_of(notice.ends_on or date.max) + timedelta(hours=7)):
        remind()
        waiting = [each for each in waiting_things() if each.about == notice.subject]
    assert [(each.to.role, each.to.province) for each in waiting] == [("province_hr", "37")]
    assert Message.objects.filter(office="province_hr", about=notice.subject).count() == 1
    assert Notice.objects.get().state == "published", "a reminder decides nothing"


def test_reminders_cost_a_bounded_number_of_queries(django_assert_max_num_queries: Any) -> None:
    desk = Desk("37")
    desk.open()
    for _ in range(3):
        desk.row(state=ProjectState.RETURNED, correction_due=date(2025, 7, 1))
    with clock.at(clock.beijing(2025, 7, 5, 7)), django_assert_max_num_queries(140):
        waiting_things()


# --- nothing waits unseen

UNIT = {Role.APPLICANT}
# (machine, state) that no to-do counts by itself, and why that is no gap.
SEEN_AS_PROJECTS = "the projects behind it stand in a state that is counted"
EXCEPTIONS: dict[tuple[str, str], str] = {
    ("call", "draft"): "counted by the departments' words: see calls_waiting",
    ("round", "preparing"): SEEN_AS_PROJECTS,
    ("round", "scoring"): SEEN_AS_PROJECTS,
    ("round", "discussing"): SEEN_AS_PROJECTS,
    ("round", "ranked"): SEEN_AS_PROJECTS,
    ("loan", "lent"): "a loan runs to its last day; to end it sooner is a choice",
    ("notice", "draft"): SEEN_AS_PROJECTS,
    ("package", "assembling"): SEEN_AS_PROJECTS,
    ("package", "returned"): SEEN_AS_PROJECTS,
    ("title", "titled"): "ending a title is a process of its own: revocation, change",
}
# Who may take a step too, while another is asked to: the other's to-do counts it.
MAY_TOO = {
    # The lender answers a request, then the expert (counted among the expert's work).
    ("loan", "requested"): {Role.EXPERT},
    ("loan", "consented"): {Role.EXPERT, Role.PROVINCE_HR},
    ("experience", "approved"): set(MINISTRIES),
    # HR opens a revocation; finance's word on it, which may be to let the title stand, waits there.
    ("rectification", "expired"): {Role.PROVINCE_FINANCE},
}
# Steps of a project that follow from a row of another machine, which is counted there.
FOLLOWS = {
    "order_rectification": "rectification",
    "pass_recheck": "rectification",
    "resume_construction": "rectification",
    "keep": "revocation",
    "revoke": "revocation",
    "end": "change",
    "accept": "acceptance",
    "return_acceptance": "acceptance",
    "apply_acceptance": "acceptance",
    "start_construction": "construction",
}


def actors(machine: str) -> Iterator[tuple[str, Role]]:
    """Every (state, role) in which a step of the machine can be taken, joint words included."""
    for step in MACHINES[machine].transitions:
        if machine == "project" and step.name in FOLLOWS:
            continue
        roles = set(step.by)
        if step.joint:
            roles |= set(MINISTRIES if roles & set(MINISTRIES) else PROVINCIAL)
        for source in step.sources:
            for role in roles:
                yield source.value, role


def model_of(machine: str) -> type[Model] | None:
    return next((m for m in apps.get_models() if getattr(m, "MACHINE", "") == machine), None)


def reads(rows: QuerySet[Any], model: type[Model], state: str) -> bool:
    """Whether a query asks for rows of the model in this state."""
    try:
        sql, values = rows.query.sql_with_params()
    except EmptyResultSet:
        return False
    return model._meta.db_table in sql and (state in map(str, values) or "state" not in sql)


def counted(model: type[Model], machine: str, state: str, role: Role) -> bool:
    viewer = Viewer(
        role=role,
        name="",
        user_id=1,
        province="" if role in MINISTRIES else "37",
        organisation_id=1,
    )
    links = [link for each in links_of(viewer).values() for link in each]
    if machine == "project" and any(
        waits_for(role, state) and state in link.states for link in links
    ):
        return True
    return any(reads(link.waits(viewer).rows, model, state) for link in links if link.waits)


@pytest.mark.parametrize("machine", MACHINES)
def test_every_step_of_every_machine_is_counted_for_somebody(machine: str) -> None:
    """The offices' side: for each state × role, a link of the desk counts it or the exception says why."""
    model = model_of(machine)
    assert model is not None, "no stage has this machine"
    unseen = {
        (state, role.value)
        for state, role in actors(machine)
        if role is not Role.APPLICANT
        and (machine, state) not in EXCEPTIONS
        and role not in MAY_TOO.get((machine, state), set())
        and not counted(model, machine, state, role)
    }
    assert unseen == set()


def test_the_exceptions_are_real() -> None:
    for machine, state in (*EXCEPTIONS, *MAY_TOO):
        assert state in {each for each, _ in actors(machine)}, (machine, state)


@pytest.mark.parametrize("machine", MACHINES)
def test_what_a_unit_must_do_is_read_by_its_pages(machine: str, settings: Any) -> None:
    """The unit's side: the entries of its titles read the rows of the machine."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    steps = [step for step in MACHINES[machine].transitions if Role.APPLICANT in step.by]
    model = model_of(machine)
    if not steps or model is None or machine in ("project", "title"):
        return
    year = make_year()
    project = Application.objects.order_by("id")[0]
    unit = unit_of(project)
    new = Title.objects.create(
        number="T1",
        kind=project.kind,
        track=project.track,
        province="37",
        year=2024,
        name="称号",
        unit_name=project.unit_name,
        uscc=project.unit.uscc,
        origin=project.subject,
        registered_at=timezone.now(),
    )
    old = Title.objects.create(
        number="T2", kind="base", province="37", year=2014, name="旧", uscc=project.unit.uscc
    )
    Application.objects.filter(pk=project.pk).update(state="under_construction")
    assert year.hr
    with CaptureQueriesContext(connection) as found:
        for title in (new, old):
            hub.entries_of(unit, title)
        unit_todos(unit)
    assert any(model._meta.db_table in each["sql"] for each in found), machine


def test_an_official_without_any_wait_gets_nothing() -> None:
    official(Role.AUDITOR, "37")
    assert remind() == 0
