"""What was filled in before: only the unit's own, shown first, and nothing typed is overwritten unasked."""

import pytest

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import NotFound
from jiangxin.stages.application import actions, reuse
from jiangxin.stages.application.models import Application
from jiangxin.stages.application.queries import form_of
from jiangxin.stages.application.sealing import opened_answers
from jiangxin.stages.programme.models import Track
from tests.factories.applications import DURING, Round, make_round, save, unit_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def round_() -> Round:
    return make_round()


def earlier_and_new(round_: Round) -> tuple[Application, Application]:
    """A full application of the year before and an empty draft on the same track."""
    unit = round_.unit()
    old = round_.draft(unit)
    Application.objects.filter(pk=old.pk).update(year=2024)
    with clock.at(DURING):
        new = actions.begin(viewer=unit, call_id=round_.call.pk, track=Track.STUDIO)
    old.refresh_from_db()
    return old, new


def take(round_: Round, new: Application, old: Application, *chosen: str) -> tuple[int, int]:
    new.refresh_from_db()
    with clock.at(DURING):
        return reuse.take_over(
            viewer=unit_of(new),
            application_id=new.pk,
            source_id=old.pk,
            chosen=set(chosen),
            revision=new.revision,
        )


def test_everything_that_is_empty_is_taken_at_one_click(round_: Round) -> None:
    old, new = earlier_and_new(round_)
    answers, files = reuse.offers(new, old)
    assert files
    keys = {each.field.key for each in answers}
    promised = {f.key for _, f in form_of(new).fields() if f.kind == "attest"}
    assert promised & keys == set()
    assert {"unit_name", "unit_code"} & keys == set()
    ticked = [each.field.key for each in answers if each.empty]
    ticked += [f"{reuse.FILE}{each.field.key}:{each.document}" for each in files]
    counts = take(round_, new, old, *ticked)
    assert counts == (sum(each.empty for each in answers), len(files))
    new.refresh_from_db()
    before, now = (opened_answers(form_of(new), each.answers) for each in (old, new))
    taken = {each.field.key for each in answers if each.empty}
    assert "leader_id_number" in taken
    assert {key: now[key] for key in taken} == {key: before[key] for key in taken}
    assert new.evidence.count() == len(files)
    left, none = reuse.offers(new, old)
    assert none == []
    assert not [each for each in left if each.empty]


def test_what_was_typed_is_shown_and_stays_unless_it_is_ticked(round_: Round) -> None:
    old, new = earlier_and_new(round_)
    with clock.at(DURING):
        save(new, "plan", plan_goal="今年新写的总体目标，内容足够长。")
    new.refresh_from_db()
    offer = next(each for each in reuse.offers(new, old)[0] if each.field.key == "plan_goal")
    assert not offer.empty
    assert (offer.before, offer.now) == (old.answers["plan_goal"], new.answers["plan_goal"])
    take(round_, new, old, "plan_necessity", "no_such_field", "file:x:1", "unit_name")
    new.refresh_from_db()
    assert new.answers["plan_goal"] == "今年新写的总体目标，内容足够长。"
    assert new.answers["plan_necessity"] == old.answers["plan_necessity"]
    take(round_, new, old, "plan_goal")
    new.refresh_from_db()
    assert new.answers["plan_goal"] == old.answers["plan_goal"]


def test_another_unit_and_a_stranger_application_give_nothing(round_: Round) -> None:
    old, new = earlier_and_new(round_)
    other = round_.draft(round_.unit())
    assert [each.pk for each in reuse.sources(unit_of(new), new)] == [old.pk]
    with pytest.raises(NotFound):
        take(round_, new, other, "plan_goal")
    new.refresh_from_db()
    assert "plan_goal" not in new.answers


def test_common_sections_come_from_another_track_too(round_: Round) -> None:
    unit = round_.unit()
    old = round_.draft(unit, Track.NEW_BASE)
    with clock.at(DURING):
        new = actions.begin(viewer=unit, call_id=round_.call.pk, track=Track.STUDIO)
    answers, _ = reuse.offers(new, old)
    assert "plan_goal" in {each.field.key for each in answers}
    assert reuse.sources(unit, new)[0].pk == old.pk
