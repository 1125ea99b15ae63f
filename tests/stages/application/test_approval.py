"""The unit's own approval: bound to what was approved, by whom it may be given, needed to submit."""

from pathlib import Path

import pytest
from django.db import IntegrityError, transaction

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import Invalid, NotFound, NotPermitted, WrongState
from jiangxin.core.workflow import Duty
from jiangxin.ops.scenes.province import SCAN
from jiangxin.records.identity.viewer import Viewer
from jiangxin.records.inbox.models import Message
from jiangxin.records.ledger.models import Event
from jiangxin.stages.application import actions, approval, proving
from jiangxin.stages.application.approved import standing, waiting_for
from jiangxin.stages.application.models import Application, Approval, Version
from tests.factories.applications import CLOSES, DURING, Round, make_round, save
from tests.factories.races import numbered, together, without_locks
from tests.factories.unit import FOUR_EYES, colleague, only, rules

pytestmark = pytest.mark.django_db


@pytest.fixture
def round_(db: None) -> Round:
    return make_round()


class House:
    """A unit with three people: who fills in, who checks, and the administrator who does neither."""

    def __init__(self, round_: Round) -> None:
        admin = round_.unit()
        self.project = round_.draft(admin)
        self.filler = colleague(admin, Duty.FILL, name="填报甲")
        self.checker = colleague(admin, Duty.CHECK, name="审核乙")
        self.admin = only(admin)

    def revision(self) -> int:
        self.project.refresh_from_db()
        return self.project.revision

    def ask(self, who: Viewer | None = None) -> Approval:
        with clock.at(DURING):
            return approval.ask(
                viewer=who or self.filler,
                application_id=self.project.pk,
                revision=self.revision(),
            )

    def approve(self, who: Viewer | None = None, **given: object) -> Approval:
        values = {"digest": standing(self.project).digest, "sealed": True, **given}
        with clock.at(DURING):
            return approval.approve(
                viewer=who or self.checker, application_id=self.project.pk, **values
            )

    def submit(self, who: Viewer | None = None) -> Version:
        with clock.at(DURING):
            return actions.submit(
                viewer=who or self.filler,
                application_id=self.project.pk,
                revision=self.revision(),
            )

    def change(self, text: str = "改过的目标，内容足够长。") -> None:
        answers = {"plan_goal": text}
        with clock.at(DURING):
            save_as(self.filler, self.project, "plan", **answers)
        self.project.refresh_from_db()


def save_as(viewer: Viewer, project: Application, section: str, **changes: object) -> None:
    """`save`, by one of several people."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tests.factories.applications.unit_of", lambda _: viewer)
        save(project, section, **changes)


@pytest.fixture
def house(round_: Round) -> House:
    return House(round_)


def test_filled_in_checked_and_submitted_by_two_people(house: House) -> None:
    with pytest.raises(WrongState, match="须经本单位审核人") as refused:
        house.submit()
    assert refused.value.clause == "3.1"
    assert "送审" in refused.value.remedy
    row = house.ask()
    assert waiting_for(house.checker).rows.count() == 1
    assert waiting_for(house.filler).rows.count() == 0
    assert Message.objects.get().person_id == house.checker.user_id
    with pytest.raises(WrongState, match="还没有审核"):
        house.submit()
    approved = house.approve()
    assert (approved.name, approved.sealed, approved.asked_name) == ("审核乙", True, "填报甲")
    version = house.submit()
    assert version.digest == row.digest == approved.digest
    kept = Event.objects.filter(subject=row.subject).order_by("id")
    assert [each.type for each in kept] == ["approval.asked", "approval.approved"]
    assert kept[1].payload["digest"] == version.digest
    assert kept[1].payload["seal"] is True
    assert "乙" not in str(list(kept.values()))


@pytest.mark.parametrize("change", ["answers", "file added", "file removed"])
def test_any_later_change_voids_the_approval(house: House, change: str) -> None:
    house.ask()
    house.approve()
    if change == "answers":
        house.change()
    elif change == "file added":
        import io

        with clock.at(DURING):
            proving.attach(
                viewer=house.filler,
                application_id=house.project.pk,
                field="premises",
                name="又一份.pdf",
                size=len(SCAN) + 1,
                content=io.BytesIO(SCAN + b"\n"),
            )
    else:
        held = house.project.evidence.all()[0]
        with clock.at(DURING):
            proving.detach(
                viewer=house.filler, application_id=house.project.pk, evidence_id=held.pk
            )
    found = standing(house.project)
    assert (found.approved, found.stale) == (False, True)
    if change != "file removed":
        with pytest.raises(WrongState, match="原审核意见已失效"):
            house.submit()
        house.ask()
        assert [each.state for each in Approval.objects.order_by("id")] == ["void", "waiting"]
        house.approve()
        house.submit()
    assert Version.objects.count() == (0 if change == "file removed" else 1)


def test_an_autosave_that_changes_nothing_leaves_the_approval_standing(house: House) -> None:
    house.ask()
    house.approve()
    house.change(str(house.project.answers["plan_goal"]))
    assert standing(house.project).approved
    house.submit()


def test_what_was_changed_after_it_was_read_is_not_approved(house: House) -> None:
    house.ask()
    read = standing(house.project).digest
    house.change()
    with pytest.raises(WrongState, match="内容有改动"):
        house.approve(digest=read)
    with pytest.raises(WrongState, match="内容有改动"):
        house.approve()  # the page shows the new content, but nobody asked about it
    assert Approval.objects.get().state == "waiting"


def test_the_seal_must_be_declared_and_the_database_insists(house: House) -> None:
    house.ask()
    with pytest.raises(Invalid, match="公章") as refused:
        house.approve(sealed=False)
    assert refused.value.field == "sealed"
    row = Approval.objects.get()
    assert (row.state, row.name) == ("waiting", "")
    with pytest.raises(IntegrityError, match="approved_under_seal"), transaction.atomic():
        Approval.objects.update(state="approved")


def test_asked_twice_about_the_same_content_is_asked_once(house: House) -> None:
    assert house.ask() == house.ask()
    house.approve()
    assert house.ask().state == "approved"
    assert Approval.objects.count() == 1


def test_it_is_sent_back_section_by_section_and_who_asked_is_told(house: House) -> None:
    house.ask()
    for remarks, field in (
        ({}, "remarks"),
        ({"plan": " "}, "remarks"),
        ({"nothing": "某"}, "remarks"),
        ({"plan": "长" * 501}, "remark-plan"),
    ):
        with clock.at(DURING), pytest.raises(Invalid) as refused:
            approval.send_back(
                viewer=house.checker, application_id=house.project.pk, remarks=remarks
            )
        assert refused.value.field == field
    with clock.at(DURING):
        approval.send_back(
            viewer=house.checker,
            application_id=house.project.pk,
            remarks={"plan": "目标太笼统。", "host": ""},
        )
    assert standing(house.project).remarks == {"plan": "目标太笼统。"}
    assert set(Message.objects.values_list("person", flat=True)) == {
        house.checker.user_id,
        house.filler.user_id,
    }
    told = Event.objects.get(type="approval.sent_back")
    assert told.payload["sections"] == ["plan"]
    assert "笼统" not in str(told.payload)
    with pytest.raises(WrongState, match="没有等待审核"):
        house.approve()
    house.ask()
    assert standing(house.project).remarks == {}


def test_duties_say_who_may_do_what(house: House, round_: Round) -> None:
    with pytest.raises(NotPermitted, match="填报人"):
        house.ask(house.checker)
    house.ask()
    for who in (house.filler, house.admin):
        with pytest.raises(NotPermitted, match="审核人"):
            house.approve(who)
    house.approve()
    with pytest.raises(NotPermitted):
        house.submit(house.admin)
    with clock.at(DURING), pytest.raises(NotPermitted, match="填报人"):
        save_as(house.checker, house.project, "plan", plan_goal="审核人改的目标，足够长。")
    stranger = round_.unit()
    with pytest.raises(NotFound):
        house.approve(stranger)
    house.submit(house.checker)


def test_an_incomplete_form_is_not_sent_for_approval(house: House) -> None:
    with clock.at(DURING):
        save_as(house.filler, house.project, "plan", plan_goal=None)
    with pytest.raises(Invalid, match="未填好") as refused:
        house.ask()
    assert refused.value.field == "plan_goal"
    assert not Approval.objects.exists()


def test_after_the_close_nothing_is_approved(house: House) -> None:
    house.ask()
    with clock.at(CLOSES), pytest.raises(WrongState, match="截止"):
        approval.approve(
            viewer=house.checker,
            application_id=house.project.pk,
            digest=standing(house.project).digest,
            sealed=True,
        )


def test_one_person_may_do_it_alone_unless_the_province_wants_two(
    round_: Round, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone, strict = round_.unit(), round_.unit()
    easy, hard = round_.draft(alone), round_.draft(strict)
    with clock.at(DURING):
        approval.approve_and_submit(
            viewer=alone, application_id=easy.pk, revision=easy.revision, sealed=True
        )
    rules(tmp_path, monkeypatch, FOUR_EYES)
    given = {"application_id": hard.pk, "revision": hard.revision, "sealed": True}
    with clock.at(DURING), pytest.raises(NotPermitted, match="另一位同事") as refused:
        approval.approve_and_submit(viewer=strict, **given)
    assert "单位人员" in refused.value.remedy
    assert Approval.objects.filter(application=hard).count() == 0, "all of it or nothing"
    second = colleague(strict, Duty.CHECK)
    with clock.at(DURING):
        row = approval.ask(viewer=strict, application_id=hard.pk, revision=hard.revision)
        with pytest.raises(NotPermitted, match="另一位同事"):
            approval.approve(viewer=strict, application_id=hard.pk, digest=row.digest, sealed=True)
        approval.approve(viewer=second, application_id=hard.pk, digest=row.digest, sealed=True)
        actions.submit(viewer=strict, application_id=hard.pk, revision=hard.revision)
    assert set(Application.objects.values_list("state", flat=True)) == {"submitted"}


@pytest.mark.django_db(transaction=True)
class TestRace:
    """The reviewer approves while the colleague changes the form: what is approved is what was read."""

    def outcome(self, *, locked: bool) -> tuple[list[object], Application]:
        house = House(make_round())
        house.ask()
        read = standing(house.project).digest
        acts = [
            lambda: house.approve(digest=read),
            lambda: house.approve(digest=read),
        ]
        if locked:
            results = together(acts, at=DURING)
        else:
            with without_locks(held=Approval, clients=2):
                results = together(numbered(2, lambda n: acts[n]()), at=DURING)
        return results, house.project

    def test_of_two_clicks_one_approves(self) -> None:
        results, _ = self.outcome(locked=True)
        assert sum(isinstance(each, Approval) for each in results) == 1, results
        assert Event.objects.filter(type="approval.approved").count() == 1

    def test_control_without_the_lock_both_do(self) -> None:
        results, _ = self.outcome(locked=False)
        assert sum(isinstance(each, Approval) for each in results) == 2, results
