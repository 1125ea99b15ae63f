"""A project that failed its acceptance, and an order to mend on its way."""

from datetime import timedelta

from jiangxin.core.kernel import clock
from jiangxin.stages.acceptance.models import Acceptance
from jiangxin.stages.rectification.actions import mending, order, recheck
from jiangxin.stages.rectification.choices import Source
from jiangxin.stages.rectification.models import Attempt, Rectification
from tests.factories.acceptance import ENDED, Built
from tests.factories.construction import pdf

ITEMS = (("补齐缺少的 3 台设备", "张主任"), ("补记专项资金明细账", "李会计"))
ORDERED = ENDED + timedelta(days=30)
SERVED = ENDED + timedelta(days=33)


def failed(built: Built) -> Acceptance:
    """The acceptance of a project that reached too little, concluded."""
    with clock.at(ENDED):
        return built.concluded(50)


def drafted(built: Built, *, source: Source = Source.ACCEPTANCE, months: int = 6) -> Rectification:
    return order.draft_order(
        viewer=built.hr,
        title_id=built.title.pk,
        source=source,
        cause="设备缺少 3 台，专项资金没有单独记账。",
        months=months,
        items=ITEMS,
        doc_number="鲁人社整〔2028〕1号",
    )


def agree(built: Built, row: Rectification) -> None:
    for viewer in built.both:
        order.concur_order(viewer=viewer, rectification_id=row.pk, digest=row.digest(), agreed=True)


def ordered(built: Built, *, source: Source = Source.ACCEPTANCE, months: int = 6) -> Rectification:
    row = drafted(built, source=source, months=months)
    agree(built, row)
    return order.order(viewer=built.hr, rectification_id=row.pk)


def served(built: Built, *, source: Source = Source.ACCEPTANCE, months: int = 6) -> Rectification:
    """Failed when it must have, ordered on `ORDERED`, signed by the unit on `SERVED`."""
    if source is Source.ACCEPTANCE:
        failed(built)
    with clock.at(ORDERED):
        row = ordered(built, source=source, months=months)
    with clock.at(SERVED):
        return order.sign_receipt(viewer=built.unit, rectification_id=row.pk)


def mended(built: Built, row: Rectification) -> None:
    """An answer and a file for every item."""
    for number in range(1, len(ITEMS) + 1):
        mending.save_reply(
            viewer=built.unit,
            rectification_id=row.pk,
            number=number,
            reply=f"第 {number} 条已整改。",
            files=[pdf(f"证明{number}.pdf")],
        )


def submitted(built: Built, row: Rectification) -> Attempt:
    mended(built, row)
    return mending.submit(viewer=built.unit, rectification_id=row.pk)


def checked(built: Built, row: Rectification, *unmet: int) -> Attempt:
    """Every item found met but those named."""
    numbers = range(1, len(ITEMS) + 1)
    return recheck.check(
        viewer=built.hr,
        rectification_id=row.pk,
        marks={n: "unmet" if n in unmet else "met" for n in numbers},
        notes=dict.fromkeys(unmet, "现场仍未见到。"),
        opinion="逐项核查，现场复核。",
    )


def passed(built: Built, row: Rectification) -> Rectification:
    attempt = checked(built, row)
    for viewer in built.both:
        recheck.concur_pass(
            viewer=viewer, rectification_id=row.pk, digest=attempt.digest(), agreed=True
        )
    return recheck.pass_recheck(viewer=built.hr, rectification_id=row.pk)
