"""Flags by hand, what is said about them, and how they end."""

from typing import Any

from django.db import transaction

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import Invalid, LimitReached, NotFound, NotPermitted, WrongState
from jiangxin.core.kernel.money import yuan
from jiangxin.core.workflow import PROVINCIAL, FlagState, Guard, Role
from jiangxin.records.identity.viewer import Viewer
from jiangxin.records.inbox.actions import tell_office, tell_unit
from jiangxin.records.ledger.actions import Actor, move
from jiangxin.stages.funding.queries import stuck
from jiangxin.stages.titles.queries import in_scope

from .choices import rules
from .forms import clean
from .models import Flag, Voucher
from .rules import SYSTEM, limit, raise_flag, raise_on

LETTERS = 2000
CONCLUSION = ("reason", "refund", "concluded_at", "concluded_by")
NATION = Viewer(role=Role.AUDITOR, name="系统")  # whoever looks for stuck money sees the country


@transaction.atomic
def raise_by_hand(*, viewer: Viewer, voucher_id: int, rule: str, text: str) -> Flag:
    """Provincial finance finds something in a voucher that no rule can see (挤占, 名实不符).

    Effects: the flag, event `flag.raised`, a message to the unit. Raises `Invalid` for a rule that
    is not raised by hand or without a text, `WrongState` for a voucher that is taken back,
    `LimitReached` when it was raised on this voucher before.
    """
    viewer.require(Role.PROVINCE_FINANCE)
    voucher = (
        Voucher.objects.filter(in_scope(viewer, "account__title"), pk=voucher_id)
        .select_related("account__title")
        .first()
    )
    if voucher is None:
        raise NotFound("没有这张凭证。", remedy="它可能属于其他省份。")
    known = rules().get(rule)
    if known is None or not known.by_hand:
        raise Invalid("请选择疑点。", clause="4.5", field="rule")
    if voucher.source not in known.sources:
        raise Invalid("自筹资金不适用此项。", clause="4.5", field="rule")
    if voucher.reverses_id is not None or Voucher.objects.filter(reverses=voucher).exists():
        raise WrongState("这张凭证已经冲销，不再是支出。")
    text = clean(text)
    _require_text(text, "情况和依据", "text", 1000)
    row = raise_on(known, voucher, text, by=viewer, name=viewer.name)
    if row is None:
        raise LimitReached("对这张凭证已经提出过同样的疑点。", remedy="请在原疑点中办理。")
    return row


@transaction.atomic
def raise_stuck(*, by: Actor = SYSTEM) -> list[Flag]:
    """Raise a flag wherever central money has lain at a province for longer than it may (截留).

    Effects: the flags that are new, one for each title and day of arrival, each with event
    `flag.raised` and a message to both departments of the province. Called every day.
    """
    raised = []
    for each in stuck(NATION):
        most = limit("funds.stuck_days", each.title)
        if each.days <= most:
            continue
        raised.append(
            raise_flag(
                rules()["stuck"],
                each.title,
                about=f"{each.title.subject}:{each.since}",
                text=(
                    f"中央资金 {yuan(each.amount)} 元自{clock.long_date(each.since)}到省后未拨付单位，"
                    f"已 {each.days} 天，超过 {most} 天。"
                ),
                amount=each.amount,
                by=by,
            )
        )
    return [flag for flag in raised if flag is not None]


@transaction.atomic
def answer_flag(*, viewer: Viewer, flag_id: int, text: str) -> Flag:
    """The unit explains, or for money that is stuck the province.

    Effects: the answer, event `flag.answered`, a message to provincial finance. Raises
    `NotPermitted` when another one has to explain, `Invalid` without a text, `WrongState` when it
    was explained or concluded before.
    """
    row = _locked(viewer, flag_id)
    who = (Role.APPLICANT,) if rules()[row.rule].answers == "unit" else PROVINCIAL
    if viewer.role not in who:
        names = "、".join(each.label for each in who)
        raise NotPermitted(f"这个疑点由{names}说明情况。", clause="4.5")
    text = clean(text)
    row.answer, row.answered_at, row.answered_by = text, clock.now(), viewer.name
    row.answered_actor = viewer.actor
    move(
        row,
        step="answer",
        by=viewer,
        guards={"reasons_given": lambda: _require_text(text, "情况说明", "text", LETTERS)},
        also=("answer", "answered_at", "answered_by", "answered_actor"),
    )
    tell_office(
        role=Role.PROVINCE_FINANCE,
        province=row.title.province,
        title=f"资金疑点已说明：{rules()[row.rule].title}",
        text=f"{row.title.name}，请核实并认定。",
        about=row.subject,
        key=f"{row.subject}:answered",
    )
    return row


@transaction.atomic
def clear_flag(*, viewer: Viewer, flag_id: int, reason: str) -> Flag:
    """Provincial finance finds nothing wrong.

    Effects: the conclusion, event `flag.cleared`, a message to the unit. Raises `Invalid` without a
    reason, `NotPermitted` for the person who explained it, `WrongState` when it is concluded.
    """
    row, reason = _locked(viewer, flag_id), clean(reason)
    _conclusion(row, viewer, reason, 0)
    move(
        row,
        step="clear",
        by=viewer,
        guards={
            "reasons_given": lambda: _require_text(reason, "核实情况", "reason", LETTERS),
            "checked_by_another": lambda: _require_another(row, viewer),
        },
        also=CONCLUSION,
    )
    _tell_end(row)
    return row


@transaction.atomic
def confirm_flag(*, viewer: Viewer, flag_id: int, reason: str, refund: int) -> Flag:
    """Provincial finance finds that it is so, and how much is to be paid back.

    Effects: the conclusion with the refund in 分, event `flag.confirmed` (or
    `flag.confirmed_unanswered` when the term to explain ran out in silence), a message to the unit.
    Raises `Invalid` without a reason or for a refund above the amount in question, `WrongState`
    while the unit may still explain or when it is concluded, `NotPermitted` like `clear_flag`.
    """
    row, reason = _locked(viewer, flag_id), clean(reason)
    if not 0 <= refund <= row.amount:
        raise Invalid(
            f"退回资金须在 0 到 {yuan(row.amount)} 元之间。", clause="4.5", field="refund"
        )
    _conclusion(row, viewer, reason, refund)

    def reasons_given() -> None:
        _require_text(reason, "认定理由", "reason", LETTERS)

    kept: dict[str, Any] = {
        "by": viewer,
        "payload": {"refund": refund, "amount": row.amount},
        "also": CONCLUSION,
    }
    guards: dict[str, Guard] = {"reasons_given": reasons_given}
    if row.state == FlagState.OPEN:
        guards["answer_overdue"] = lambda: _require_overdue(row)
        move(row, step="confirm_unanswered", guards=guards, **kept)
    else:
        guards["checked_by_another"] = lambda: _require_another(row, viewer)
        move(row, step="confirm", guards=guards, **kept)
    _tell_end(row)
    return row


def _locked(viewer: Viewer, flag_id: int) -> Flag:
    row = (
        Flag.objects.select_for_update(of=("self",))
        .select_related("title")
        .filter(in_scope(viewer), pk=flag_id)
        .first()
    )
    if row is None:
        raise NotFound("没有这个资金疑点。", remedy="它可能不在您的查看范围内。")
    return row


def _conclusion(row: Flag, viewer: Viewer, reason: str, refund: int) -> None:
    row.reason, row.refund = reason, refund
    row.concluded_at, row.concluded_by = clock.now(), viewer.name


def _require_text(text: str, what: str, field: str, longest: int) -> None:
    if not text:
        raise Invalid(f"请写明{what}。", clause="4.5", field=field)
    if len(text) > longest:
        raise Invalid(f"{what}最多 {longest} 字。", field=field)


def _require_another(row: Flag, viewer: Viewer) -> None:
    if row.answered_actor == viewer.actor:
        raise NotPermitted(
            "说明情况的人不能认定自己的说明。", remedy="请由另一人认定。", clause="4.5"
        )


def _require_overdue(row: Flag) -> None:
    if clock.today() <= row.due:
        raise WrongState(
            f"说明期限到{clock.long_date(row.due)}，期内不能认定问题。",
            remedy="请等待说明；期满仍不说明的可以直接认定。",
            clause="4.5",
        )


def _tell_end(row: Flag) -> None:
    refund = f"须退回资金 {yuan(row.refund)} 元。" if row.refund else ""
    tell_unit(
        uscc=row.title.uscc,
        title=f"资金疑点已办结：{FlagState(row.state).label}",
        text=f"{rules()[row.rule].title}：{row.reason}{refund}",
        about=row.subject,
        key=f"{row.subject}:concluded",
    )
