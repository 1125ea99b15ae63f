"""Until the close the unit disposes of its application; after it only a return, or named evidence."""

import io
from datetime import timedelta
from pathlib import Path

import pytest

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import Invalid, NotFound, NotPermitted, WrongState
from jiangxin.core.workflow import Duty, Role
from jiangxin.ops.scenes.country import officer
from jiangxin.ops.scenes.province import SCAN, hand_in
from jiangxin.records.ledger.models import Event
from jiangxin.stages.application import actions, approval, supplement, taking_back
from jiangxin.stages.application.models import Application, Version
from jiangxin.stages.application.queries import visible
from jiangxin.stages.examination import actions as examining
from tests.factories.applications import CLOSES, DURING, Round, approve, make_round, save, unit_of
from tests.factories.unit import colleague, only, rules

pytestmark = pytest.mark.django_db
SUPPLEMENT = '[supplement]\nuntil = 2025-07-10\nfields = ["premises"]'


@pytest.fixture
def round_(db: None) -> Round:
    return make_round()


def take_back(project: Application) -> Application:
    return taking_back.take_back(viewer=unit_of(project), application_id=project.pk)


def test_taken_back_changed_and_submitted_again_each_version_is_kept(round_: Round) -> None:
    project = round_.submitted()
    number, hr = project.number, officer(Role.PROVINCE_HR, "37")
    with clock.at(DURING + timedelta(days=1)):
        take_back(project)
        project.refresh_from_db()
        assert (project.state, project.submitted_at) == ("draft", None)
        assert not visible(hr).exists(), "a draft is the unit's own"
        save(project, "plan", plan_goal="撤回后改过的目标，内容足够长。")
        with pytest.raises(WrongState, match="失效"):
            actions.submit(
                viewer=unit_of(project),
                application_id=project.pk,
                revision=Application.objects.get().revision,
            )
        approve(project)
        project.refresh_from_db()
        hand_in(unit_of(project), project)
    project.refresh_from_db()
    assert (project.state, project.version, project.number) == ("submitted", 2, number)
    first, second = Version.objects.order_by("number")
    assert (
        first.answers["plan_goal"]
        != second.answers["plan_goal"]
        == "撤回后改过的目标，内容足够长。"
    )
    types = list(Event.objects.filter(subject=project.subject).values_list("type", flat=True))
    assert types[1:] == ["project.submitted", "project.taken_back", "project.submitted"]
    assert visible(hr).count() == 1


@pytest.mark.parametrize("act", [taking_back.take_back, taking_back.withdraw])
def test_the_close_ends_both_to_the_second(round_: Round, act) -> None:
    in_time, late = round_.submitted(), round_.submitted()
    with clock.at(CLOSES - timedelta(seconds=1)):
        act(viewer=unit_of(in_time), application_id=in_time.pk)
    with clock.at(CLOSES), pytest.raises(WrongState, match="截止，不能再撤回") as refused:
        act(viewer=unit_of(late), application_id=late.pk)
    assert refused.value.clause == "3.1"
    late.refresh_from_db()
    assert (late.state, late.version) == ("submitted", 1)
    assert late.submitted_at is not None


def test_a_draft_that_nobody_submitted_again_counts_as_none_of_the_year(round_: Round) -> None:
    project = round_.submitted()
    with clock.at(DURING):
        take_back(project)
    with clock.at(CLOSES), pytest.raises(WrongState, match="截止"):
        hand_in(unit_of(project), Application.objects.get())
    for role in (Role.PROVINCE_HR, Role.AUDITOR, Role.SUPERVISOR):
        assert not visible(officer(role, "37")).exists()


def test_what_the_province_has_decided_is_not_taken_back(round_: Round) -> None:
    project = round_.submitted()
    hr = officer(Role.PROVINCE_HR, "37")
    with clock.at(DURING):
        examining.reject(viewer=hr, application_id=project.pk, reason="不符合。")
        for act in (taking_back.take_back, taking_back.withdraw):
            with pytest.raises(WrongState):
                act(viewer=unit_of(project), application_id=project.pk)


def test_only_people_of_the_unit_with_a_duty_take_back(round_: Round) -> None:
    project = round_.submitted()
    admin = unit_of(project)
    checker = colleague(admin, Duty.CHECK)
    with clock.at(DURING):
        with pytest.raises(NotPermitted):
            taking_back.take_back(viewer=only(admin), application_id=project.pk)
        with pytest.raises(NotFound):
            taking_back.take_back(viewer=round_.unit(), application_id=project.pk)
        taking_back.take_back(viewer=checker, application_id=project.pk)


@pytest.mark.parametrize("times", [1, 2, 3, 4, 5])
def test_the_same_request_any_number_of_times_is_one_submission(round_: Round, times: int) -> None:
    """The answer to the first got lost after it was committed: whoever repeats finds the same receipt."""
    unit = round_.unit()
    project = round_.draft(unit)
    with clock.at(DURING):
        made = {
            approval.approve_and_submit(
                viewer=unit, application_id=project.pk, revision=project.revision, sealed=True
            ).event_id
            for _ in range(times)
        }
    assert made == {Version.objects.get().event_id}
    assert Event.objects.filter(type="project.submitted").count() == 1


# --- 补充材料期


def supply(
    project: Application, field: str = "premises", content: bytes = SCAN + b"more"
) -> Version:
    return supplement.supplement(
        viewer=unit_of(project),
        application_id=project.pk,
        files=[supplement.Supplied(field, "补充.pdf", len(content), io.BytesIO(content))],
    )


def test_named_evidence_may_be_added_after_the_close_until_the_day(
    round_: Round, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = round_.submitted()
    with clock.at(CLOSES), pytest.raises(WrongState, match="没有规定补充材料期"):
        supply(project)
    rules(tmp_path, monkeypatch, SUPPLEMENT)
    project = Application.objects.select_related("call").get()
    with clock.at(CLOSES - timedelta(seconds=1)), pytest.raises(WrongState, match="没有截止"):
        supply(project)
    last = clock.beijing(2025, 7, 10, 23)
    with clock.at(last):
        assert [field.key for field in supplement.open_fields(project)] == ["premises"]
        with pytest.raises(Invalid, match="不在可以补充") as refused:
            supply(project, field="plan_goal")
        assert refused.value.field == "file"
        made = supply(project)
    assert made.number == 2
    first = Version.objects.get(number=1)
    assert made.answers == first.answers
    assert len(made.evidence) == len(first.evidence) + 1
    project.refresh_from_db()
    assert (project.state, project.version) == ("submitted", 2)
    told = Event.objects.get(type="project.supplemented").payload
    assert (told["fields"], told["digest"]) == (["premises"], made.digest)
    with (
        clock.at(clock.beijing(2025, 7, 11, 0)),
        pytest.raises(WrongState, match="已于2025年7月10日"),
    ):
        supply(project)


def test_a_refused_file_or_person_supplements_nothing(
    round_: Round, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = round_.submitted()
    rules(tmp_path, monkeypatch, SUPPLEMENT)
    held = project.evidence.count()
    with clock.at(CLOSES):
        with pytest.raises(Invalid):
            supply(project, content=b"MZ not a document")
        with pytest.raises(Invalid, match="选择"):
            supplement.supplement(viewer=unit_of(project), application_id=project.pk, files=[])
        with pytest.raises(NotFound):
            supplement.supplement(
                viewer=round_.unit(),
                application_id=project.pk,
                files=[supplement.Supplied("premises", "a.pdf", len(SCAN), io.BytesIO(SCAN))],
            )
        with pytest.raises(NotPermitted, match="审核人"):
            supplement.supplement(
                viewer=colleague(unit_of(project), Duty.FILL),
                application_id=project.pk,
                files=[supplement.Supplied("premises", "a.pdf", len(SCAN), io.BytesIO(SCAN))],
            )
    project.refresh_from_db()
    assert (project.evidence.count(), project.version) == (held, 1)
