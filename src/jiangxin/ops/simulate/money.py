"""Money after registration: claims, the yearly plan, payments down the chain, some of them late."""

from datetime import timedelta
from random import Random

from jiangxin.core.kernel import clock
from jiangxin.core.workflow import ClaimState, Role
from jiangxin.stages.funding.actions import claims, payments, plans
from jiangxin.stages.funding.choices import Leg
from jiangxin.stages.funding.models import Claim, PlanLine
from jiangxin.stages.funding.queries import plans as planning
from jiangxin.stages.programme.queries import pack
from jiangxin.stages.titles.models import Title

from . import spending
from .agenda import Story
from .papers import scan
from .world import World

RETURNED, LATE = 0.1, 0.08
LOCAL_SHARE, OWN_SHARE = 0.3, 0.2


def claims_support(world: World, title: Title) -> Story:
    """The unit claims class and tier; the province checks it, or sends it back once."""
    rng = world.rng("claim", title.uscc)
    unit, (hr, _) = world.unit_of(title), world.both(title.province)
    tiers = pack().money["tiers"][title.kind]
    row = claims.save_claim(
        viewer=unit,
        title_id=title.pk,
        category=rng.choice(list(tiers["classes"])),
        grade=rng.choices([each["grade"] for each in tiers["grades"]], (1, 3, 4))[0],
        reason="对照分类分档条件逐项说明，佐证见附件。",
    )
    with world.refused("未附佐证即申报类档"):
        claims.submit_claim(viewer=unit, claim_id=row.pk)
    proof = scan(rng, "对照表佐证")
    claims.attach(
        viewer=unit, claim_id=row.pk, name=proof.name, size=proof.size, content=proof.content
    )
    claims.submit_claim(viewer=unit, claim_id=row.pk)
    yield clock.now() + timedelta(days=rng.randint(3, 15))
    if rng.random() < RETURNED:
        claims.return_claim(viewer=hr, claim_id=row.pk, reason="第 3 项佐证不清晰，请重新上传。")
        yield clock.now() + timedelta(days=4)
        claims.submit_claim(viewer=unit, claim_id=row.pk)
        yield clock.now() + timedelta(days=4)
    claims.check_claim(viewer=hr, claim_id=row.pk, opinion="与佐证一致。")


def plan_of(world: World, year: int) -> Story:
    """Both ministries fix the tiers, agree to the plan of the year, and finance sends the money."""
    hr, finance = world.ministries
    checked = Claim.objects.filter(state=ClaimState.CHECKED).order_by("id")
    for viewer in (hr, finance):
        digests = {each.pk: each.digest() for each in checked}
        claims.concur_claims(viewer=viewer, digests=digests)
    yield clock.now() + timedelta(days=20)
    budget = sum(_amounts(year)) or 1
    row = plans.draft_plan(viewer=hr, year=year, budget=budget)
    ids = list(planning.eligible(row).values_list("pk", flat=True))
    if not ids:
        return
    plans.add_lines(viewer=hr, plan_id=row.pk, title_ids=ids)
    with world.refused("两部未同意即批准分配方案"):
        plans.approve(viewer=hr, plan_id=row.pk)
    row.refresh_from_db()
    for viewer in (hr, finance):
        plans.concur_plan(viewer=viewer, plan_id=row.pk, digest=row.digest(), agreed=True)
    plans.approve(viewer=hr, plan_id=row.pk)
    yield clock.now() + timedelta(days=15)
    for line in PlanLine.objects.filter(plan=row).select_related("title").order_by("id"):
        _send(world, line)


def _amounts(year: int) -> list[int]:
    rows = Claim.objects.filter(title__year=year - 1, state=ClaimState.VERIFIED)
    return [amount or 0 for amount in rows.values_list("amount", flat=True)]


def _send(world: World, line: PlanLine) -> None:
    _, finance = world.ministries
    _, local = world.both(line.title.province)
    number = f"财社演示〔{line.plan.year}〕{line.pk}号"
    with world.refused("未到账即拨付单位"):
        payments.record_payment(
            viewer=local,
            title_id=line.title_id,
            leg=Leg.TO_UNIT,
            amount=line.amount,
            on=clock.today(),
            doc_number=number,
        )
    with world.refused("超过分配方案拨付"):
        payments.record_payment(
            viewer=finance,
            title_id=line.title_id,
            leg=Leg.TO_PROVINCE,
            amount=line.amount + 1,
            on=clock.today(),
            doc_number=number,
        )
    payments.record_payment(
        viewer=finance,
        title_id=line.title_id,
        leg=Leg.TO_PROVINCE,
        amount=line.amount,
        on=clock.today(),
        doc_number=number,
    )
    rng = world.rng("passes on", line.title.uscc)
    wait = rng.randint(150, 240) if rng.random() < LATE else rng.randint(15, 50)
    world.agenda.start(
        _pass_on(world, rng, line.title, line.amount), clock.now() + timedelta(days=wait)
    )


def _pass_on(world: World, rng: Random, title: Title, amount: int) -> Story:
    """The province passes central money on and adds its own; the unit confirms and adds its own."""
    local, unit = world.officer(Role.PROVINCE_FINANCE, title.province), world.unit_of(title)
    shares = ((Leg.TO_UNIT, amount), (Leg.LOCAL, int(amount * LOCAL_SHARE)))
    sent = [
        payments.record_payment(
            viewer=local,
            title_id=title.pk,
            leg=leg,
            amount=part,
            on=clock.today(),
            doc_number=f"演示拨款{title.number}",
        )
        for leg, part in shares
    ]
    yield clock.now() + timedelta(days=rng.randint(2, 9))
    for each in sent:
        payments.confirm_arrival(viewer=unit, payment_id=each.pk, on=clock.today())
    payments.record_payment(
        viewer=unit,
        title_id=title.pk,
        leg=Leg.OWN,
        amount=int(amount * OWN_SHARE),
        on=clock.today(),
        doc_number="",
    )
    world.agenda.start(spending.spends(world, title), clock.now() + timedelta(days=5))
