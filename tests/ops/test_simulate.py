"""The country in a box: order of time, what must be refused, the same seed the same country."""

from datetime import datetime, timedelta

import pytest
from django.db import transaction

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import WrongState
from jiangxin.ops.simulate import simulate, table
from jiangxin.ops.simulate.agenda import Agenda, Story
from jiangxin.ops.simulate.world import NotRefused, World, some_provinces
from jiangxin.records.identity.models import Organisation
from jiangxin.records.ledger.models import Event

START = clock.beijing(2022, 1, 1)


def told(log: list[tuple[str, datetime]], name: str, *hours: int) -> Story:
    log.append((name, clock.now()))
    for each in hours:
        yield clock.now() + timedelta(hours=each)
        log.append((name, clock.now()))


@pytest.mark.django_db
def test_steps_come_in_order_of_time_and_the_rest_stays_on_the_agenda() -> None:
    agenda, log = Agenda(), []
    agenda.start(told(log, "a", 5, 100), START)
    agenda.start(told(log, "b", 2, 1), START + timedelta(hours=1))
    agenda.run(until=START + timedelta(days=1))
    assert [name for name, _ in log] == ["a", "b", "b", "b", "a"]
    assert [at for _, at in log] == sorted(at for _, at in log)
    agenda.run(until=START + timedelta(days=9))
    assert log[-1] == ("a", START + timedelta(hours=105))


@pytest.mark.django_db
def test_a_story_may_not_go_back_in_time() -> None:
    agenda = Agenda()
    agenda.start(told([], "a", -1), START)
    with pytest.raises(ValueError, match="back in time"):
        agenda.run(until=START + timedelta(days=1))


@pytest.mark.django_db
def test_what_must_be_refused_leaves_nothing_and_what_goes_through_is_a_fault() -> None:
    world = World(seed=1, provinces=some_provinces(1, 1), first=2022, last=2022, size=1)

    def make() -> None:
        Organisation.objects.create(kind="unit", name="甲", created_at=START)

    with transaction.atomic(), world.refused("试"):
        make()
        raise WrongState("不行", clause="3.1")
    assert not Organisation.objects.exists()
    assert world.refusals == {("试", "3.1"): 1}
    with pytest.raises(NotRefused), world.refused("试"):
        make()


def lived(seed: int) -> list[tuple[object, ...]]:
    """A year of one province as the ledger tells it, without the ids of rows; then undone."""
    with transaction.atomic():
        simulate(World(seed=seed, provinces=some_provinces(seed, 1), first=2022, last=2022, size=5))
        figures = table.figures()[2022]
        assert figures["project.submitted"] > 2
        assert figures["project.filed"] > 0
        found = list(Event.objects.order_by("id").values_list("type", "role", "at", "salt"))
        transaction.set_rollback(True)
    return found


@pytest.mark.django_db
def test_the_same_seed_gives_the_same_country_and_another_seed_another() -> None:
    first = lived(3)
    assert not Event.objects.exists()
    assert lived(3) == first
    assert lived(4) != first
