"""After the submission: what stays as it was, what the ledger tells, how a unit takes it back."""

import pytest
from django.db import IntegrityError, transaction

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import WrongState
from jiangxin.core.workflow import Role
from jiangxin.ops.scenes.country import officer
from jiangxin.ops.scenes.province import SCAN
from jiangxin.records.documents.queries import read
from jiangxin.records.ledger.models import Event
from jiangxin.stages.application import actions, proving, taking_back
from jiangxin.stages.application.models import Application, Version
from jiangxin.stages.application.queries import evidence_file, form_of
from jiangxin.stages.application.sealing import opened_answers
from jiangxin.stages.examination import actions as examining
from jiangxin.stages.programme.models import Track
from tests.factories.applications import DURING, Round, by_hand, make_round, save, unit_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def round_() -> Round:
    return make_round()


def test_the_database_refuses_to_change_a_submitted_version(round_: Round) -> None:
    round_.submitted()
    version = Version.objects.get()
    for change in (
        lambda: Version.objects.update(answers={}),
        lambda: Version.objects.all().delete(),
    ):
        with pytest.raises(IntegrityError, match="frozen"), transaction.atomic():
            change()
    assert Version.objects.get().answers == version.answers
    with by_hand("application_version"):  # the control: it is the trigger that refuses
        assert Version.objects.update(answers={}) == 1


def test_a_removed_file_stays_with_the_version_that_was_submitted(round_: Round) -> None:
    project = round_.submitted()
    hr = officer(Role.PROVINCE_HR, "37")
    held = project.evidence.select_related("document").first()
    assert held is not None
    with clock.at(DURING):
        defects = [examining.Defect(section="plan", reason="请补充。")]
        examining.send_back(viewer=hr, application_id=project.pk, defects=defects)
        proving.detach(viewer=unit_of(project), application_id=project.pk, evidence_id=held.pk)
    assert not project.evidence.filter(pk=held.pk).exists()
    document = evidence_file(hr, project.pk, held.document_id)
    assert read(document) == SCAN


def test_the_ledger_tells_of_a_submission_and_of_no_person(round_: Round) -> None:
    project = round_.submitted()
    version = Version.objects.get()
    told = Event.objects.filter(subject=project.subject).order_by("id")
    assert [event.type for event in told] == ["project.begun", "project.submitted"]
    written = {"version": 1, "digest": version.digest, "number": project.number}
    assert told[1].payload == {**written, "from": "draft", "to": "submitted"}
    assert project.leader_name not in str([event.payload for event in told])


def test_one_leader_applies_once_a_year_from_a_unit(round_: Round) -> None:
    """The same person on a second track of the unit; another unit may have its own application."""
    unit, other = round_.unit(), round_.unit()
    first, rival = round_.draft(unit), round_.draft(other)
    number = opened_answers(form_of(first), first.answers)["leader_id_number"]
    with clock.at(DURING):
        moved, errors = save(rival, "leader", leader_id_number=number)
        assert errors == {}
        assert moved.leader_hash == Application.objects.get(pk=first.pk).leader_hash != ""
        with pytest.raises(IntegrityError), transaction.atomic():
            Application.objects.filter(pk=rival.pk).update(unit_id=first.unit_id, track="new_base")


def test_withdrawal_ends_it_and_frees_the_track(round_: Round) -> None:
    project = round_.submitted()
    with clock.at(DURING):
        taking_back.withdraw(viewer=unit_of(project), application_id=project.pk)
        with pytest.raises(WrongState):
            taking_back.withdraw(viewer=unit_of(project), application_id=project.pk)
        with pytest.raises(WrongState, match="锁定"):
            save(project, "plan", plan_goal="撤回后的目标，内容足够长。")
        again = actions.begin(viewer=unit_of(project), call_id=round_.call.pk, track=Track.STUDIO)
    assert again.pk != project.pk
    assert Version.objects.filter(application=project).count() == 1
    assert Event.objects.filter(type="project.withdrawn").count() == 1
