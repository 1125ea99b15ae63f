"""What a new title begins: support, construction, and all that follows from them."""

from datetime import timedelta

from jiangxin.core.kernel import clock
from jiangxin.stages.programme.models import Track
from jiangxin.stages.titles.models import Title

from . import building, changing, evaluation, money
from .world import World


def begins(world: World, title: Title) -> None:
    """Put the stories of a title that both ministries have just registered on the agenda."""
    rng = world.rng("life", title.uscc)
    soon = clock.now() + timedelta(days=rng.randint(10, 40))
    world.agenda.start(money.claims_support(world, title), soon)
    world.agenda.start(changing.lives_on(world, title), soon + timedelta(days=60))
    if title.track != Track.EXISTING_BASE:
        world.agenda.start(building.builds(world, title), soon)
        world.agenda.start(evaluation.ends(world, title), soon + timedelta(days=400))
