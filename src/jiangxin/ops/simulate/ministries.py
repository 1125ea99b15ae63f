"""The two ministries: each receives, looks, registers or returns on its own."""

from datetime import timedelta
from random import Random

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.regions import Province
from jiangxin.core.workflow import ProjectState
from jiangxin.ops.scenes import finish
from jiangxin.records.identity.viewer import Viewer
from jiangxin.stages.application.models import Application
from jiangxin.stages.filing import registration
from jiangxin.stages.filing.choices import Outcome
from jiangxin.stages.filing.models import Package
from jiangxin.stages.filing.queries import filed_projects
from jiangxin.stages.titles.models import Title

from . import life
from .agenda import Story
from .world import World

RETURNED = 0.12


def decide(world: World, package: Package, province: Province) -> Story:
    """Both decide within days of each other; what one returns is supplemented and filed again."""
    rng = world.rng("decide", package.call.province, package.call.year)
    hr, finance = world.ministries
    if rng.random() < RETURNED:
        registration.receive(viewer=finance, package_id=package.pk)
        _decide(finance, package, filed_projects(package)[:1], Outcome.RETURNED)
        yield clock.now() + timedelta(days=6)
        finish.file(province, package.call, clock.now())
        yield clock.now() + timedelta(days=3)
    for viewer in _order(rng, hr, finance):
        registration.receive(viewer=viewer, package_id=package.pk)
        _decide(viewer, package, filed_projects(package), Outcome.REGISTERED)
        yield clock.now() + timedelta(days=rng.randint(1, 9))
    for project in filed_projects(package):
        title = Title.objects.filter(origin=project.subject).first()
        if title is not None:
            life.begins(world, title)


def _order(rng: Random, *viewers: Viewer) -> list[Viewer]:
    return rng.sample(viewers, len(viewers))


def _decide(
    viewer: Viewer, package: Package, projects: list[Application], outcome: Outcome
) -> None:
    registration.register_many(
        viewer=viewer,
        package_id=package.pk,
        application_ids=[each.pk for each in projects if each.state == ProjectState.FILED],
        outcome=outcome,
        reason="评审材料缺少监督记录，请补充。" if outcome is Outcome.RETURNED else "",
    )
