"""How units spend: mostly well; some pay for what the notice does not name, or hand in a bill twice."""

from datetime import timedelta
from random import Random

from jiangxin.core.kernel import clock
from jiangxin.core.workflow import FlagState
from jiangxin.stages.accounts import flags
from jiangxin.stages.accounts.actions import enter_voucher
from jiangxin.stages.accounts.forms import Entry
from jiangxin.stages.accounts.models import Flag, Voucher
from jiangxin.stages.accounts.queries import flags_of
from jiangxin.stages.funding.queries import received
from jiangxin.stages.programme.queries import pack
from jiangxin.stages.titles.models import Title

from .agenda import Story
from .papers import scan
from .world import World

MISUSES, TWICE, CONFIRMED = 0.06, 0.1, 0.5
TIMES, SHARE = 4, 0.19


def spends(world: World, title: Title) -> Story:
    """Four payments over two years, each with its proof; never more than has arrived (4.5)."""
    rng = world.rng("spends", title.uscc)
    unit = world.unit_of(title)
    total = received(title)["central"]
    with world.refused("支出超过到账资金"):
        enter_voucher(
            viewer=unit,
            title_id=title.pk,
            entry=_entry(rng, title, total + 1),
            file=scan(rng, "发票"),
        )
    for number in range(TIMES):
        yield clock.now() + timedelta(days=rng.randint(40, 120))
        title.refresh_from_db()
        if title.state != "titled":
            return
        misuse = rng.random() < MISUSES
        entry = _entry(rng, title, int(total * SHARE), misuse=misuse)
        bill = scan(rng, f"发票{number}")
        enter_voucher(viewer=unit, title_id=title.pk, entry=entry, file=bill)
        if number == 1 and rng.random() < TWICE:
            yield clock.now() + timedelta(days=9)
            bill.content.seek(0)
            enter_voucher(viewer=unit, title_id=title.pk, entry=entry, file=bill)
        for flag in flags_of(title).filter(state=FlagState.OPEN).order_by("id"):
            world.agenda.start(_settle(world, rng, flag), clock.now() + timedelta(days=6))


def _entry(rng: Random, title: Title, amount: int, *, misuse: bool = False) -> Entry:
    uses = list(pack().money["uses"][title.kind]["categories"])
    return Entry(
        on=clock.today(),
        amount=amount,
        category="other" if misuse else rng.choice(uses),
        source="central",
        payee=f"演示供应商{rng.randint(1, 900)}",
        note="设备、课程和培训支出",
        invoice=str(rng.randrange(10**19, 10**20)),
        reason="与培训有关的其他支出" if misuse else "",
    )


def _settle(world: World, rng: Random, flag: Flag) -> Story:
    """The unit explains; finance concludes."""
    title = Title.objects.get(pk=flag.title_id)
    _, finance = world.both(title.province)
    flag.refresh_from_db()
    if flag.state != FlagState.OPEN:
        return
    flags.answer_flag(viewer=world.unit_of(title), flag_id=flag.pk, text="说明见附件，系培训支出。")
    yield clock.now() + timedelta(days=8)
    if rng.random() < CONFIRMED:
        amount = Voucher.objects.get(pk=flag.voucher_id).amount if flag.voucher_id else 0
        flags.confirm_flag(
            viewer=finance, flag_id=flag.pk, reason="不属于规定用途，应退回。", refund=amount
        )
    else:
        flags.clear_flag(viewer=finance, flag_id=flag.pk, reason="经核实，属培训支出。")
