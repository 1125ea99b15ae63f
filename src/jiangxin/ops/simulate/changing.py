"""What happens to a title on its way: another leader, another name; and what is worth telling."""

from datetime import timedelta
from random import Random

from jiangxin.core.kernel import clock
from jiangxin.ops.scenes import names
from jiangxin.stages.changes import actions as changes
from jiangxin.stages.changes.models import Change
from jiangxin.stages.changes.rules import Wanted
from jiangxin.stages.experience import actions as experience
from jiangxin.stages.experience.actions import Story as Told
from jiangxin.stages.programme.models import Kind
from jiangxin.stages.programme.queries import pack
from jiangxin.stages.titles.models import Title

from .agenda import Story
from .papers import scan
from .world import World

CHANGES, TELLS = 0.1, 0.15


def lives_on(world: World, title: Title) -> Story:
    """Some change, some tell; most do neither."""
    rng = world.rng("lives on", title.uscc)
    yield clock.now() + timedelta(days=rng.randint(0, 200))
    if rng.random() < CHANGES:
        yield from _change(world, rng, title)
    yield clock.now() + timedelta(days=rng.randint(0, 90))
    if rng.random() < TELLS:
        yield from _tell(world, rng, title)


def _change(world: World, rng: Random, title: Title) -> Story:
    title.refresh_from_db()
    if title.state != "titled":
        return
    both = world.both(title.province)
    studio = title.kind == Kind.STUDIO
    wanted = (
        Wanted(
            leader_name=names.person(rng),
            leader_id_number=names.id_number(rng),
            leader_level="senior_technician",
        )
        if studio
        else Wanted(unit_name=title.unit_name.replace("（演示）", "新校区（演示）"))
    )
    row = changes.request(
        viewer=world.unit_of(title),
        title_id=title.pk,
        kind="leader" if studio else "renaming",
        reason="原带头人退休。" if studio else "经批准更名。",
        wanted=wanted,
        uploads=[scan(rng, "批准文件")],
    )
    yield clock.now() + timedelta(days=12)
    with world.refused("两部门未同意即办理变更"):
        changes.approve(viewer=both[0], change_id=row.pk)
    row = Change.objects.select_related("title").get(pk=row.pk)
    for viewer in both:
        changes.concur(viewer=viewer, change_id=row.pk, digest=row.digest(), agreed=True)
    changes.approve(viewer=both[0], change_id=row.pk)


def _tell(world: World, rng: Random, title: Title) -> Story:
    title.refresh_from_db()
    if title.state != "titled":
        return
    hr, _ = world.both(title.province)
    row = experience.propose(
        viewer=world.unit_of(title),
        title_id=title.pk,
        story=Told(
            headline="工学一体培养高技能人才的做法",
            summary="把生产任务变成教学任务，边生产边培训。",
            text="依托真实生产线组织教学，企业师傅与教师共同授课，学员在岗取证。",
            function=rng.choice(list(pack().choices["functions"])),
        ),
        uploads=[scan(rng, "案例材料")],
    )
    yield clock.now() + timedelta(days=10)
    experience.approve(viewer=hr, experience_id=row.pk)
    experience.publish(viewer=hr, experience_id=row.pk)
