"""Submission: once, in time, whole; what was submitted never changes; N26 and the scope."""

from datetime import timedelta

import pytest
from django.db import connection

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import Invalid, LimitReached, WrongState
from jiangxin.core.workflow import Role, TitleState
from jiangxin.ops.scenes.country import officer
from jiangxin.records.identity.viewer import System
from jiangxin.records.ledger.models import Event
from jiangxin.stages.application import actions
from jiangxin.stages.application.models import Application, Version
from jiangxin.stages.application.queries import visible
from jiangxin.stages.examination import actions as examining
from jiangxin.stages.programme.models import Track
from jiangxin.stages.titles.actions import award, enter_legacy
from jiangxin.stages.titles.models import Title
from tests.factories.applications import CLOSES, DURING, Round, approve, make_round, save, unit_of


@pytest.fixture
def round_(db: None) -> Round:
    return make_round()


def submit(project: Application, **given: object) -> Version:
    if "revision" not in given:
        approve(project)
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
    kept = late.answers
    late.refresh_from_db()
    in_time.refresh_from_db()
    assert (in_time.state, in_time.version) == ("submitted", 1)
    assert (late.state, late.number, late.version) == ("draft", "", 0)
    assert late.answers == kept
    assert late.evidence.exists()


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


def named(project: Application, **changes: object) -> Title:
    """A studio of the project's leader in the register, at the project's unit if not said otherwise."""
    fields = {
        "number": "2023370001",
        "kind": "studio",
        "track": "studio",
        "province": "37",
        "year": 2023,
        "name": "已有的工作室",
        "unit_name": project.unit_name,
        "uscc": project.unit.uscc,
        "leader_name": project.leader_name,
        "leader_hash": project.leader_hash,
        **changes,
    }
    return award(by=System(), **fields)


ELSEWHERE = {"unit_name": "改名前的单位", "uscc": "91370000000000000X"}


@pytest.mark.parametrize("known_by", ["code", "former code", "former name"])
def test_the_same_leader_and_unit_may_not_apply_again(round_: Round, known_by: str) -> None:
    project = round_.draft(round_.unit())
    former = {
        "code": {},
        "former code": {**ELSEWHERE, "former_names": [project.unit.uscc]},
        "former name": {**ELSEWHERE, "former_names": [project.unit_name]},
    }
    title = named(project, **former[known_by])
    with clock.at(DURING), pytest.raises(LimitReached, match="已有的工作室") as refused:
        submit(project, accept_unmet=True)
    assert refused.value.clause == "2.2"
    project.refresh_from_db()
    assert (project.state, Version.objects.count()) == ("draft", 0)
    Title.objects.filter(pk=title.pk).update(state=TitleState.REVOKED)
    with clock.at(DURING):
        assert submit(project).number == 1


@pytest.mark.parametrize("other", [{"leader_hash": "f" * 64}, ELSEWHERE], ids=["leader", "unit"])
def test_another_leader_or_another_unit_may_apply(round_: Round, other: dict[str, str]) -> None:
    project = round_.draft(round_.unit())
    named(project, **other)
    with clock.at(DURING):
        assert submit(project).number == 1


def test_an_existing_base_must_have_passed_its_assessment(round_: Round) -> None:
    project = round_.draft(round_.unit(Track.EXISTING_BASE), Track.EXISTING_BASE)
    for assessment in ("failed", "none"):
        Title.objects.update(assessment=assessment)
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


def row_of(version: int) -> str:
    """The whole row of a version as the database has it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT v::text FROM application_version v WHERE number = %s", [version])
        ((row,),) = cursor.fetchall()
    return str(row)


def test_what_was_submitted_stays_as_it_was(round_: Round) -> None:
    project = round_.submitted()
    before = row_of(1)
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
    assert row_of(1) == before
    assert first.answers["plan_goal"] != second.answers["plan_goal"]
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


@pytest.mark.parametrize("known", ["code", "name", "former code"])
def test_a_unit_that_a_revocation_bars_neither_begins_nor_submits(
    round_: Round, known: str
) -> None:
    unit = round_.unit()
    project = round_.draft(unit)
    last, row = (DURING + timedelta(days=2)).date(), project.unit
    names = {
        "code": {"unit_name": "老厂", "uscc": row.uscc},
        "name": {"unit_name": row.name},
        "former code": {"unit_name": "老厂", "former_names": [row.uscc]},
    }[known]
    fields = {"kind": "base", "province": "37", "year": 2014, "name": "老基地", **names}
    enter_legacy(by=System(), number="L1", state="revoked", barred_until=last, **fields)
    enter_legacy(by=System(), number="L2", **(fields | {"unit_name": "别厂", "uscc": "X"}))

    def begin() -> Application:
        return actions.begin(viewer=unit, call_id=round_.call.pk, track=Track.NEW_BASE)

    with clock.at(clock.end_of(last) - timedelta(seconds=1)):
        for refused in (begin, lambda: submit(project)):
            with pytest.raises(WrongState, match="老基地") as told:
                refused()
            assert told.value.clause == "4.3"
            assert clock.long_date(last) in told.value.remedy
        project.refresh_from_db()
        assert (project.state, project.version) == ("draft", 0)
        assert Application.objects.count() == 1
        assert submit(round_.draft(round_.unit())).pk, "another unit is free"
    with clock.at(clock.end_of(last)):
        assert begin().pk
        assert submit(project).pk
