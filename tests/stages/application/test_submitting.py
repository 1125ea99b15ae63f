"""Submission: once, in time, whole; what was submitted never changes; N26 and the scope."""

import threading
from datetime import timedelta

import pytest
from django.db import connection, connections

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import DomainError, Invalid, LimitReached, WrongState
from jiangxin.core.workflow import Role
from jiangxin.ops.demo.country import officer
from jiangxin.records.identity.viewer import System
from jiangxin.records.ledger.models import Event
from jiangxin.stages.application import actions
from jiangxin.stages.application.models import Application, Version
from jiangxin.stages.application.queries import visible
from jiangxin.stages.examination import actions as examining
from jiangxin.stages.programme.models import Track
from jiangxin.stages.titles.actions import award, enter_legacy
from tests.factories.applications import CLOSES, DURING, Round, make_round, save, unit_of


@pytest.fixture
def round_(db: None) -> Round:
    return make_round()


def submit(project: Application, **given: object) -> Version:
    project.refresh_from_db()
    values = {"revision": project.revision, **given}
    return actions.submit(viewer=unit_of(project), application_id=project.pk, **values)


def test_a_second_click_finds_the_first_submission(round_: Round) -> None:
    project = round_.draft(round_.unit())
    with clock.at(DURING):
        first = submit(project)
        assert submit(project) == first
    assert Version.objects.count() == 1
    assert Event.objects.filter(type="project.submitted").count() == 1


def test_the_last_second_counts_and_the_next_does_not(round_: Round) -> None:
    in_time, late = round_.draft(round_.unit()), round_.draft(round_.unit())
    with clock.at(CLOSES - timedelta(seconds=1)):
        submit(in_time)
    with clock.at(CLOSES), pytest.raises(WrongState, match="截止"):
        submit(late)
    late.refresh_from_db()
    assert (late.state, late.number) == ("draft", "")
    assert late.answers["project_name" if "project_name" in late.answers else "plan_goal"]


def test_an_incomplete_form_names_its_first_gap(round_: Round) -> None:
    project = round_.draft(round_.unit())
    with clock.at(DURING):
        save(project, "plan", plan_goal=None)
        with pytest.raises(Invalid, match="还有 1 处未填好") as refused:
            submit(project)
    assert refused.value.field == "plan_goal"
    assert Version.objects.count() == 0


def test_a_colleagues_change_in_between_stops_the_submission(round_: Round) -> None:
    project = round_.draft(round_.unit())
    with clock.at(DURING):
        save(project, "plan", plan_goal="刚刚改过的目标，内容足够长。")
        with pytest.raises(WrongState, match="同事"):
            submit(project, revision=0)


def test_the_same_leader_and_unit_may_not_apply_again(round_: Round) -> None:
    project = round_.draft(round_.unit())
    award(
        by=System(),
        number="2023370001",
        kind="studio",
        track="studio",
        province="37",
        year=2023,
        name="已有的工作室",
        unit_name="改名前的单位",
        uscc="91370000000000000X",
        former_names=[project.unit.uscc],
        leader_name=project.leader_name,
        leader_hash=project.leader_hash,
    )
    with clock.at(DURING), pytest.raises(LimitReached) as refused:
        submit(project, accept_unmet=True)
    assert refused.value.clause == "2.2"
    project.refresh_from_db()
    assert project.state == "draft"


def test_an_existing_base_must_have_passed_its_assessment(round_: Round) -> None:
    project = round_.draft(round_.unit(Track.EXISTING_BASE), Track.EXISTING_BASE)
    from jiangxin.stages.titles.models import Title

    Title.objects.update(assessment="failed")
    with clock.at(DURING), pytest.raises(LimitReached):
        submit(project, accept_unmet=True)
    Title.objects.update(assessment="passed")
    with clock.at(DURING):
        assert submit(project).number == 1


def test_a_condition_not_met_needs_to_be_acknowledged(round_: Round) -> None:
    project = round_.draft(round_.unit(Track.NEW_BASE), Track.NEW_BASE)
    with clock.at(DURING):
        save(project, "premises", capacity=1999)
        with pytest.raises(Invalid, match="不符合"):
            submit(project)
        assert submit(project, accept_unmet=True).number == 1


def test_what_was_submitted_stays_as_it_was(round_: Round) -> None:
    project = round_.submitted()
    before = Version.objects.get()
    hr = officer(Role.PROVINCE_HR, "37")
    with clock.at(DURING + timedelta(days=1)):
        defects = [examining.Defect(section="plan", reason="请补充。")]
        examining.send_back(viewer=hr, application_id=project.pk, defects=defects)
        save(project, "plan", plan_goal="补正以后的目标，内容足够长。", project_name="改过的名称")
        project.refresh_from_db()
        titles = visible(hr).values_list("title", flat=True)
        assert list(titles) == [project.title]
        submit(project)
    first, second = Version.objects.order_by("number")
    assert (first.answers, first.digest) == (before.answers, before.digest)
    assert second.answers["plan_goal"] == "补正以后的目标，内容足够长。"


def test_correction_ends_with_its_term(round_: Round) -> None:
    project = round_.submitted()
    hr = officer(Role.PROVINCE_HR, "37")
    with clock.at(DURING):
        defects = [examining.Defect(section="plan", reason="请补充。")]
        examining.send_back(viewer=hr, application_id=project.pk, defects=defects)
    project.refresh_from_db()
    assert project.correction_due is not None
    with (
        clock.at(clock.end_of(project.correction_due)),
        pytest.raises(WrongState, match="补正已于"),
    ):
        submit(project)
    with clock.at(clock.end_of(project.correction_due) - timedelta(seconds=1)):
        assert submit(project).number == 2


def test_who_sees_a_submitted_application(round_: Round) -> None:
    project = round_.submitted()
    sees = {
        role: visible(officer(role, code)).filter(pk=project.pk).exists()
        for role, code in (
            (Role.PROVINCE_HR, "37"),
            (Role.PROVINCE_FINANCE, "37"),
            (Role.SUPERVISOR, "37"),
            (Role.MINISTRY_HR, ""),
        )
    }
    assert sees == {
        Role.PROVINCE_HR: True,
        Role.PROVINCE_FINANCE: True,
        Role.SUPERVISOR: True,
        Role.MINISTRY_HR: False,
    }
    assert not visible(officer(Role.PROVINCE_HR, "36")).exists()


def test_a_legacy_base_may_be_entered_twice_under_two_numbers(round_: Round) -> None:
    row = {"kind": "base", "province": "37", "year": 2014, "name": "基地", "unit_name": "某校"}
    enter_legacy(by=System(), number="L1", **row)
    enter_legacy(by=System(), number="L2", **row)


CLIENTS = 8


def race(work: object) -> tuple[list[object], list[Exception]]:
    """Run `work` in eight threads at once; what came out, and what was refused."""
    start = threading.Barrier(CLIENTS)
    done: list[object] = []
    refused: list[Exception] = []

    def client() -> None:
        try:
            with clock.at(DURING):
                start.wait()
                done.append(work())  # type: ignore[operator]
        except DomainError as error:
            refused.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=client) for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return done, refused


def begin_at_once(round_: Round) -> int:
    unit = round_.unit()
    done, refused = race(
        lambda: actions.begin(viewer=unit, call_id=round_.call.pk, track=Track.STUDIO)
    )
    assert len(done) + len(refused) == CLIENTS
    return len(done)


@pytest.mark.django_db(transaction=True)
def test_of_eight_who_begin_at_once_one_wins() -> None:
    assert begin_at_once(make_round()) == 1


@pytest.mark.django_db(transaction=True)
def test_without_the_constraint_the_race_is_lost() -> None:
    """The control: it shows that the test above can fail."""
    round_ = make_round()
    name = "one_application_per_unit_and_track"
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexdef FROM pg_indexes WHERE indexname = %s", [name])
        definition = cursor.fetchone()[0]
        cursor.execute(f"DROP INDEX {name}")
    try:
        assert begin_at_once(round_) > 1
    finally:
        Application.objects.all().delete()
        with connection.cursor() as cursor:
            cursor.execute(definition)


@pytest.mark.django_db(transaction=True)
def test_eight_clicks_at_once_make_one_version() -> None:
    round_ = make_round()
    project = round_.draft(round_.unit())
    done, refused = race(lambda: submit(Application.objects.get(pk=project.pk)))
    assert refused == []
    assert {version.pk for version in done} == {Version.objects.get().pk}  # type: ignore[attr-defined]
    assert Event.objects.filter(type="project.submitted").count() == 1
