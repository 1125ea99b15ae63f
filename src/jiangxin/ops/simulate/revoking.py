"""The end of a title by due process: told, heard, decided by both, published."""

from datetime import timedelta

from jiangxin.core.kernel import clock
from jiangxin.records.identity.models import Organisation
from jiangxin.stages.revocation.actions import decision, hearing, proposal
from jiangxin.stages.revocation.choices import Act
from jiangxin.stages.revocation.models import Revocation
from jiangxin.stages.titles.models import Title

from .agenda import Story
from .papers import scan
from .world import World

SPEAKS = 0.5


def revokes(world: World, title: Title, *, cause: str) -> Story:
    """From the proposal to the published decision; a hearing that is skipped is refused."""
    rng = world.rng("revokes", title.uscc)
    hr, _ = world.both(title.province)
    case = proposal.propose(
        viewer=hr,
        title_id=title.pk,
        cause=cause,
        facts="经查，未达到建设要求，材料见附件。",
        uploads=[scan(rng, "核查报告")],
    )
    _agree(world, case, Act.NOTIFY)
    proposal.notify(viewer=hr, case_id=case.pk)
    served = clock.now() + timedelta(days=2)
    yield served
    account = Organisation.objects.filter(uscc=title.uscc, people__isnull=False).exists()
    if account:
        hearing.sign_receipt(viewer=world.unit_of(title), case_id=case.pk)
    else:
        hearing.record_service(viewer=hr, case_id=case.pk, on=clock.today(), how="邮寄送达")
    with world.refused("陈述申辩期未满即结束听取"):
        hearing.close_hearing(viewer=hr, case_id=case.pk)
    if account and rng.random() < SPEAKS:
        yield clock.now() + timedelta(days=1)
        hearing.state_case(
            viewer=world.unit_of(title), case_id=case.pk, text="请求考虑本单位的实际困难。"
        )
    case.refresh_from_db()
    yield clock.end_of(case.hearing_until or clock.today()) + timedelta(hours=9)
    hearing.close_hearing(viewer=hr, case_id=case.pk)
    decision.draft_decision(
        viewer=hr,
        case_id=case.pk,
        ruling=decision.Ruling("经研究，决定取消该项目的国家级称号。", f"演示取消{title.pk}号"),
    )
    with world.refused("两部门未同意即取消称号"):
        decision.decide(viewer=hr, case_id=case.pk)
    _agree(world, case, Act.DECIDE)
    decision.decide(viewer=hr, case_id=case.pk)
    yield clock.now() + timedelta(days=3)
    decision.publish(viewer=hr, case_id=case.pk)


def _agree(world: World, case: Revocation, act: Act) -> None:
    case.refresh_from_db()
    for viewer in world.both(case.title.province):
        proposal.concur(
            viewer=viewer,
            case_id=case.pk,
            act=act,
            digest=proposal.digest_of(case, act),
            agreed=True,
        )
