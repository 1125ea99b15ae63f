"""Money on its way down: entered by who sends it, confirmed by who gets it, corrected by reversal."""

from collections.abc import Iterable
from datetime import date

from django.db import IntegrityError, transaction

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.canonical import digest as digest_of
from jiangxin.core.kernel.errors import Invalid, LimitReached, NotFound, WrongState
from jiangxin.core.kernel.money import wan
from jiangxin.core.workflow import PlanState, Role, TitleState
from jiangxin.records.identity.viewer import Viewer
from jiangxin.records.inbox.actions import tell_office, tell_unit
from jiangxin.records.ledger.actions import append
from jiangxin.stages.titles.models import Title
from jiangxin.stages.titles.queries import in_scope

from ..choices import RECORDED_BY, SOURCE_OF, TO_BE_CONFIRMED, Leg
from ..models import Arrival, Payment, PlanLine
from ..queries.payments import fund, rest
from ..rules import past_day, shortfall, sound_amount, sound_text

LONGEST_NUMBER, LONGEST_REASON = 60, 500


@transaction.atomic
def record_payment(
    *,
    viewer: Viewer,
    title_id: int,
    leg: Leg,
    amount: int,
    on: date,
    doc_number: str = "",
) -> Payment:
    """Enter one movement of money towards one project.

    Effects: the row; event `payment.recorded`; the next one down the chain is told. Raises
    `NotPermitted` for another's stretch of the way, `WrongState` when the title is gone, for central
    money beyond the approved plan, and for a province that passes on more than has arrived or
    before it arrived (4.4), `Invalid` for a day to come, a missing number, or the same entry twice.
    """
    viewer.require(RECORDED_BY[leg])
    title = _title(viewer, title_id)
    if title.state != TitleState.TITLED:
        raise WrongState(
            f"称号{TitleState(title.state).label}，不能再登记资金。",
            remedy="已拨付的资金按有关规定收回，以冲销记录反映。",
            clause="4.4",
        )
    sound_amount(amount)
    doc_number = doc_number.replace("\0", "").strip()
    if len(doc_number) > LONGEST_NUMBER:
        raise Invalid(f"文号或凭证号最多 {LONGEST_NUMBER} 字。", field="doc_number")
    if not doc_number and leg is not Leg.OWN:
        raise Invalid("请填写文号或凭证号。", clause="4.4", field="doc_number")
    past_day(on, date(title.year, 1, 1), f"日期早于项目的备案年度 {title.year} 年。")
    _require_new(title, leg, amount, on, doc_number)
    if leg is Leg.TO_PROVINCE:
        _require_planned(title, amount, on)
    if leg is Leg.TO_UNIT:
        _require_arrived(title, amount, on)
    row = Payment.objects.create(
        title=title,
        source=SOURCE_OF[leg],
        leg=leg,
        amount=amount,
        on=on,
        doc_number=doc_number,
        at=clock.now(),
        actor=viewer.actor,
        name=viewer.name,
    )
    append(type="payment.recorded", subject=row.subject, by=viewer, payload=_facts(row))
    _tell(row)
    return row


@transaction.atomic
def send_rest(
    *, viewer: Viewer, title_ids: Iterable[int], on: date, doc_number: str
) -> list[Payment]:
    """Everything that this office still has to send on, for several projects under one document.

    财政部 sends what is planned and not sent, a province what has arrived and is not passed on. All
    of them or none; see `record_payment`. Raises `Invalid` when nothing is left for any of them.
    """
    viewer.require(Role.MINISTRY_FINANCE, Role.PROVINCE_FINANCE)
    leg = Leg.TO_PROVINCE if viewer.role is Role.MINISTRY_FINANCE else Leg.TO_UNIT
    titles = [_title(viewer, each) for each in sorted(set(title_ids))]
    amounts = [(title, rest(viewer, fund(viewer, title.pk))) for title in titles]
    left = [(title, amount) for title, amount in amounts if amount]
    if not left:
        raise Invalid("所选项目没有待拨付的中央资金。", remedy="请返回列表重新选择。")
    return [
        record_payment(
            viewer=viewer,
            title_id=title.pk,
            leg=leg,
            amount=amount,
            on=on,
            doc_number=doc_number,
        )
        for title, amount in left
    ]


@transaction.atomic
def reverse_payment(*, viewer: Viewer, payment_id: int, reason: str) -> Payment:
    """Take back a wrong entry by one of the opposite amount; the wrong one stays to be seen.

    Effects: the reversing row, dated today; event `payment.reversed`; who was told of the entry is
    told of this. Raises `Invalid` without a reason, `WrongState` for money that was passed on
    already, `LimitReached` for an entry that is reversed or is itself a reversal.
    """
    wrong = _payment(viewer, payment_id)
    viewer.require(RECORDED_BY[Leg(wrong.leg)])
    reason = sound_text(reason, "冲销理由", "reason", longest=LONGEST_REASON)
    if wrong.reverses_id is not None or Payment.objects.filter(reverses=wrong).exists():
        raise LimitReached("这笔记录已经冲销。", remedy="如需更正，请重新登记正确的记录。")
    if wrong.leg == Leg.TO_PROVINCE:
        _require_not_passed_on(wrong)
    try:
        with transaction.atomic():
            row = Payment.objects.create(
                title=wrong.title,
                source=wrong.source,
                leg=wrong.leg,
                amount=-wrong.amount,
                on=clock.today(),
                doc_number=wrong.doc_number,
                reverses=wrong,
                reason=reason,
                at=clock.now(),
                actor=viewer.actor,
                name=viewer.name,
            )
    except IntegrityError:
        raise LimitReached("这笔记录刚刚被冲销。", remedy="请刷新页面。") from None
    append(
        type="payment.reversed",
        subject=row.subject,
        by=viewer,
        payload={**_facts(row), "reverses": wrong.subject, "reason": digest_of(reason)},
    )
    _tell(row)
    return row


@transaction.atomic
def confirm_arrival(*, viewer: Viewer, payment_id: int, on: date) -> Arrival:
    """The unit confirms that a payment has reached it.

    Effects: the row; event `payment.arrived`. Raises `WrongState` for an entry that needs no
    confirmation, was reversed or is confirmed; `Invalid` for a day before it was paid or to come.
    """
    viewer.require(Role.APPLICANT)
    row = _payment(viewer, payment_id)
    if row.leg not in TO_BE_CONFIRMED or row.reverses_id is not None:
        raise WrongState("这笔记录不需要确认到账。")
    if Payment.objects.filter(reverses=row).exists():
        raise WrongState("这笔记录已经冲销。", remedy="请等待重新拨付。")
    past_day(on, row.on, "到账日期早于拨付日期。", "arrived")
    try:
        with transaction.atomic():
            found = Arrival.objects.create(
                payment=row, on=on, at=clock.now(), actor=viewer.actor, name=viewer.name
            )
    except IntegrityError:
        raise WrongState("这笔资金已经确认到账。", remedy="请刷新页面。") from None
    append(
        type="payment.arrived",
        subject=row.subject,
        by=viewer,
        payload={"title": row.title.subject, "amount": row.amount, "on": on},
    )
    return found


def _title(viewer: Viewer, title_id: int) -> Title:
    """The title, locked: all entries about one title wait on it, so that sums hold."""
    rows = Title.objects.select_for_update().filter(in_scope(viewer, ""))
    title = rows.filter(pk=title_id).first()
    if title is None:
        raise NotFound("没有这个项目。", remedy="它可能不在您的办理范围内。")
    if not title.origin.startswith("project:"):
        raise WrongState("只登记两部备案登记的项目的资金。", clause="4.4")
    return title


def _payment(viewer: Viewer, payment_id: int) -> Payment:
    """The entry, its title locked before it is read."""
    place = Payment.objects.filter(in_scope(viewer), pk=payment_id)
    title_id = place.values_list("title_id", flat=True).first()
    if title_id is None:
        raise NotFound("没有这笔记录。", remedy="它可能不在您的办理范围内。")
    _title(viewer, title_id)
    return Payment.objects.select_related("title").get(pk=payment_id)


def _moves(title: Title, leg: Leg, but: Payment | None = None) -> list[tuple[date, int]]:
    rows = Payment.objects.live().filter(title=title, leg=leg)
    return [(each.on, each.amount) for each in rows if each != but]


def _require_new(title: Title, leg: Leg, amount: int, on: date, doc_number: str) -> None:
    same = Payment.objects.live().filter(
        title=title, leg=leg, amount=amount, on=on, doc_number=doc_number
    )
    if same.exists():
        raise Invalid(
            "已有一笔日期、金额和文号都相同的记录。",
            remedy="如确为两笔，请以不同的凭证号区分。",
            field="doc_number",
        )


def _require_planned(title: Title, amount: int, on: date) -> None:
    """Central money follows an approved plan, not before it and not beyond it (N52)."""
    lines = PlanLine.objects.select_related("plan").filter(title=title)
    line = lines.filter(plan__state=PlanState.APPROVED).first()
    if line is None or line.plan.approved_at is None:
        raise WrongState(
            "该项目没有列入已批准的资金分配方案。",
            remedy="两部批准分配方案后才能拨付。",
            clause="4.4",
        )
    approved = line.plan.approved_at.astimezone(clock.BEIJING).date()
    past_day(on, approved, "拨付日期早于分配方案的批准日期。")
    paid = sum(each for _, each in _moves(title, Leg.TO_PROVINCE))
    if paid + amount > line.amount:
        raise WrongState(
            f"超出分配方案：核定 {wan(line.amount)} 万元，已拨 {wan(paid)} 万元。",
            remedy=f"本次最多 {wan(line.amount - paid)} 万元。",
            clause="4.4",
            field="amount",
        )


def _require_arrived(title: Title, amount: int, on: date) -> None:
    """A province passes on what it has: not more, and not before it arrived."""
    arrived, passed = _moves(title, Leg.TO_PROVINCE), _moves(title, Leg.TO_UNIT)
    left = sum(each for _, each in arrived) - sum(each for _, each in passed)
    if amount > left:
        raise WrongState(
            f"省级尚未转拨的中央资金为 {wan(left)} 万元，不能转拨 {wan(amount)} 万元。",
            remedy="中央资金到省后才能转拨。" if left <= 0 else f"本次最多 {wan(left)} 万元。",
            clause="4.4",
            field="amount",
        )
    if shortfall(arrived, [*passed, (on, amount)]):
        raise WrongState(
            "转拨日期早于中央资金到省的日期。",
            remedy="请核对日期：到省之后才能转拨。",
            clause="4.4",
            field="on",
        )


def _require_not_passed_on(wrong: Payment) -> None:
    arrived = _moves(wrong.title, Leg.TO_PROVINCE, but=wrong)
    if shortfall(arrived, _moves(wrong.title, Leg.TO_UNIT)):
        raise WrongState(
            "这笔资金已由省级转拨，不能直接冲销。", remedy="请先由省级冲销转拨记录。", clause="4.4"
        )


def _facts(row: Payment) -> dict[str, object]:
    return {
        "title": row.title.subject,
        "source": row.source,
        "leg": row.leg,
        "amount": row.amount,
        "on": row.on,
        "doc_number": row.doc_number,
    }


def _tell(row: Payment) -> None:
    """The next one down the chain: the province of what came to it, the unit of what comes to it."""
    name, taken = row.title.name, row.reverses_id is not None
    amount = f"{wan(abs(row.amount))} 万元"
    if row.leg == Leg.TO_PROVINCE:
        tell_office(
            role=Role.PROVINCE_FINANCE,
            province=row.title.province,
            title=f"“{name}”中央资金{'冲销' if taken else '到省'} {amount}",
            text=row.reason if taken else "请及时转拨项目单位，不得截留。",
            about=row.title.subject,
        )
    elif row.leg in TO_BE_CONFIRMED:
        source = "中央资金" if row.leg == Leg.TO_UNIT else "地方资金"
        tell_unit(
            uscc=row.title.uscc,
            title=f"“{name}”{source}{'冲销' if taken else '已拨付'} {amount}",
            text=row.reason if taken else "到账后请在系统中确认。",
            about=row.title.subject,
        )
