"""What looks wrong in a voucher: one check for each rule of the pack that is not left to people (4.5)."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from django.db import connection
from django.db.models import QuerySet

from jiangxin.core.kernel import clock
from jiangxin.core.workflow import Role, TitleState
from jiangxin.records.identity.viewer import System
from jiangxin.records.inbox.actions import tell_office, tell_unit
from jiangxin.records.ledger.actions import Actor, append
from jiangxin.records.ledger.models import Event
from jiangxin.stages.programme.queries import pack
from jiangxin.stages.titles.models import Title

from .choices import OTHER, Rule, rules
from .forms import key_of
from .models import Flag, Voucher

ONE_AT_A_TIME = 0x4A58_0002  # advisory lock: two vouchers that are twins must see each other
SYSTEM = System()


@dataclass(frozen=True)
class Found:
    """What a check found; `other` is the voucher that is its twin, perhaps of another account."""

    text: str
    other: Voucher | None = None


def limit(name: str, title: Title) -> int:
    """A number of days in force now for this title's province, whose own rules may be stricter."""
    today = clock.today()
    overlay = pack().overlay(title.province, today.year)
    return int(pack().value(name, today, overlay))


def _outside_uses(voucher: Voucher, _rule: Rule) -> Iterator[Found]:
    if voucher.category == OTHER:
        yield Found(f"用途为“其他”，理由：{voucher.reason}")


def _after_revocation(voucher: Voucher, _rule: Rule) -> Iterator[Found]:
    title = voucher.account.title
    if title.state != TitleState.REVOKED:
        return
    event = Event.objects.filter(subject=title.subject, type="title.revoked").last()
    day = event.at.astimezone(clock.BEIJING).date() if event else date.min
    if voucher.on >= day:
        yield Found("称号已取消，支付日期在取消之后。")


def _same_invoice(voucher: Voucher, _rule: Rule) -> Iterator[Found]:
    if voucher.invoice_key:
        alike = _standing(voucher).filter(
            invoice_key=voucher.invoice_key, payee_key=voucher.payee_key
        )
        for other in alike:
            yield Found(f"发票号 {voucher.invoice} 和收款方与另一张凭证相同。", other)


def _same_file(voucher: Voucher, _rule: Rule) -> Iterator[Found]:
    for other in _standing(voucher).filter(document__sha256=voucher.document.sha256):
        yield Found("所附文件与另一张凭证的文件完全相同。", other)


def _unit_is_payee(voucher: Voucher, _rule: Rule) -> Iterator[Found]:
    title = voucher.account.title
    if voucher.payee_key in {key_of(name) for name in (title.unit_name, *title.former_names)}:
        yield Found("收款方就是建设单位。")


def _cash_payee(voucher: Voucher, rule: Rule) -> Iterator[Found]:
    if voucher.payee_key in {key_of(name) for name in rule.payees}:
        yield Found(f"收款方写作“{voucher.payee}”，看不出钱付给了谁。")


def _standing(voucher: Voucher) -> QuerySet[Voucher]:
    """The vouchers of the whole country that are not taken back, oldest first, but for this one."""
    rows = Voucher.objects.filter(reverses=None, reversed_by=None).exclude(pk=voucher.pk)
    return rows.select_related("account__title").order_by("id")


CHECKS: dict[str, Callable[[Voucher, Rule], Iterator[Found]]] = {
    "outside_uses": _outside_uses,
    "after_revocation": _after_revocation,
    "same_invoice": _same_invoice,
    "same_file": _same_file,
    "unit_is_payee": _unit_is_payee,
    "cash_payee": _cash_payee,
}


def check(vouchers: Iterable[Voucher]) -> list[Flag]:
    """Raise what looks wrong in new vouchers, in the caller's transaction; returns the new flags.

    Two accounts that use one invoice are both asked: nobody can say yet whose it is.
    """
    take_turns()
    raised: list[Flag | None] = []
    for voucher in vouchers:
        for key, rule in rules().items():
            if key not in CHECKS or voucher.source not in rule.sources:
                continue
            for found in CHECKS[key](voucher, rule):
                raised.append(raise_on(rule, voucher, found.text, other=found.other))
                if found.other is not None and found.other.account_id != voucher.account_id:
                    raised.append(raise_on(rule, found.other, found.text, other=voucher))
    return [flag for flag in raised if flag is not None]


def take_turns() -> None:
    """Until this transaction ends, no other one looks for what is wrong in its vouchers."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [ONE_AT_A_TIME])


def raise_on(
    rule: Rule,
    voucher: Voucher,
    text: str,
    *,
    other: Voucher | None = None,
    by: Actor = SYSTEM,
    name: str = "",
) -> Flag | None:
    """Raise a flag on a voucher; None when this rule has raised one on it before."""
    return raise_flag(
        rule,
        voucher.account.title,
        about=voucher.subject,
        text=text,
        amount=voucher.amount,
        by=by,
        voucher=voucher,
        other=other,
        raised_by=name,
    )


def raise_flag(
    rule: Rule, title: Title, *, about: str, text: str, amount: int, by: Actor, **fields: object
) -> Flag | None:
    """Raise a flag on `about`; None when this rule has raised one on it before.

    Effects, in order: the row; event `flag.raised`; a message to whoever explains.
    """
    row, created = Flag.objects.get_or_create(
        rule=rule.key,
        about=about,
        defaults={
            "title": title,
            "text": text,
            "amount": amount,
            "raised_at": clock.now(),
            "due": clock.today() + timedelta(days=limit("funds.answer_days", title)),
            **fields,
        },
    )
    if not created:
        return None
    append(
        type="flag.raised",
        subject=row.subject,
        by=by,
        payload={"rule": rule.key, "about": about, "title": title.subject, "amount": amount},
    )
    _tell(rule, row)
    return row


def _tell(rule: Rule, row: Flag) -> None:
    told = {
        "title": f"资金疑点：{rule.title}",
        "text": f"{row.title.name}：{row.text}请在期限内说明情况。",
        "about": row.subject,
        "due": row.due,
    }
    if rule.answers == "unit":
        tell_unit(uscc=row.title.uscc, key=f"{row.subject}:raised", **told)  # type: ignore[arg-type]
        return
    for role in (Role.PROVINCE_HR, Role.PROVINCE_FINANCE):
        tell_office(
            role=role,
            province=row.title.province,
            key=f"{row.subject}:raised:{role}",
            **told,  # type: ignore[arg-type]
        )
