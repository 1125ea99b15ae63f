"""Flags: raised by rules inside the voucher's transaction, explained, and concluded by somebody else."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import (
    Invalid,
    LimitReached,
    NotFound,
    NotPermitted,
    WrongState,
)
from jiangxin.core.workflow import FlagState, Role
from jiangxin.records.identity.viewer import System, Viewer
from jiangxin.records.inbox.models import Message
from jiangxin.records.inbox.waiting import count_waiting
from jiangxin.records.ledger.actions import append
from jiangxin.records.ledger.models import Event
from jiangxin.stages.accounts import actions, flags, queries, rules
from jiangxin.stages.accounts.models import Flag, Voucher
from jiangxin.stages.funding.choices import Leg
from jiangxin.stages.programme.queries import parameter
from jiangxin.stages.titles.models import Title
from tests.factories.accounts import SPENDING, YUAN, Fund, entry, make_fund, proof
from tests.factories.desk import official
from tests.factories.funding import Nation
from tests.factories.races import numbered, together

pytestmark = pytest.mark.django_db
LATER = SPENDING + timedelta(days=16)  # the term to explain is over


@pytest.fixture
def fund() -> Fund:
    return make_fund()


def raised(title: Title) -> list[tuple[str, str]]:
    return [(row.rule, row.about) for row in Flag.objects.filter(title=title).order_by("id")]


# --- what raises a flag


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"category": "other", "reason": "开业典礼"}, "outside_uses"),
        ({"payee": "现金"}, "cash_payee"),
        ({"payee": " 备 用 金"}, "cash_payee"),
        ({}, ""),
        ({"payee": "现金出纳软件有限公司"}, ""),
        ({"source": "own", "category": "other", "reason": "自筹"}, ""),
        ({"source": "own", "payee": "现金"}, ""),
    ],
)
def test_what_one_voucher_alone_raises(fund: Fund, changes: dict[str, Any], rule: str) -> None:
    row = fund.enter(**changes)
    assert raised(fund.title) == ([(rule, row.subject)] if rule else [])


def test_the_unit_as_its_own_payee_under_any_of_its_names(fund: Fund) -> None:
    Title.objects.filter(pk=fund.title.pk).update(former_names=["某某技校"])
    rows = [fund.enter(payee=name) for name in (fund.title.unit_name, "某某 技校", "某某技校附中")]
    assert raised(fund.title) == [("unit_is_payee", row.subject) for row in rows[:2]]


def test_spending_fiscal_money_after_the_title_is_gone(fund: Fund) -> None:
    Title.objects.filter(pk=fund.title.pk).update(state="revoked")
    with clock.at(clock.beijing(2026, 10, 9, 9)):
        append(type="title.revoked", subject=fund.title.subject, by=System())
    fund.enter(on=date(2026, 10, 8))
    after = fund.enter(on=date(2026, 10, 9))
    fund.enter(on=date(2026, 10, 10), source="own")
    assert raised(fund.title) == [("after_revocation", after.subject)]


def test_one_flag_is_told_once_to_the_unit_and_the_ledger(fund: Fund) -> None:
    row = fund.flagged()
    event = Event.objects.get(type="flag.raised")
    assert event.subject == row.subject
    assert event.payload["rule"] == "outside_uses"
    assert (event.actor, row.raised_by) == ("system", "")
    assert row.due == SPENDING.date() + timedelta(days=15)
    message = Message.objects.get(about=row.subject)
    assert message.unit_id == fund.unit.organisation_id
    assert message.due == row.due
    assert rules.check([row.voucher]) == []
    assert Flag.objects.count() == Message.objects.filter(about=row.subject).count() == 1


def test_the_database_keeps_one_flag_per_rule_and_subject_and_sound_refunds(fund: Fund) -> None:
    row = fund.flagged()
    same = {each.attname: getattr(row, each.attname) for each in Flag._meta.concrete_fields}
    with pytest.raises(IntegrityError, match="one_flag_per_rule_and_subject"), transaction.atomic():
        Flag.objects.create(**same | {"id": None})
    for changes in ({"refund": 5}, {"refund": row.amount + 1, "state": "confirmed"}):
        with pytest.raises(IntegrityError, match="flag_refunds"), transaction.atomic():
            Flag.objects.filter(pk=row.pk).update(**changes)


# --- the same proof twice


INVOICE = "25372000000012345678"


def test_an_invoice_twice_in_one_account(fund: Fund) -> None:
    fund.enter(invoice=INVOICE)
    fund.enter(invoice=INVOICE, payee="另一家公司")
    second = fund.enter(invoice=f" {INVOICE} ", payee="某某机床 有限公司", source="own")
    assert raised(fund.title) == [("same_invoice", second.subject)]


def test_an_invoice_taken_back_and_entered_again_is_no_repetition(fund: Fund) -> None:
    first = fund.enter(invoice=INVOICE, file=proof("one"), amount=5)
    with clock.at(SPENDING):
        actions.reverse_voucher(viewer=fund.unit, voucher_id=first.pk, reason="金额写错")
    fund.enter(invoice=INVOICE, file=proof("one"))
    assert raised(fund.title) == []


def test_vouchers_without_an_invoice_are_not_alike(fund: Fund) -> None:
    fund.enter()
    fund.enter()
    assert raised(fund.title) == []


def test_a_file_twice_across_provinces_asks_both_and_shows_neither_the_other() -> None:
    here, there = make_fund("37"), make_fund("36")
    first = here.enter(file=proof("one"), invoice=INVOICE)
    second = there.enter(file=proof("one"), invoice=INVOICE)
    both = ["same_invoice", "same_file"]
    assert raised(there.title) == [(rule, second.subject) for rule in both]
    assert raised(here.title) == [(rule, first.subject) for rule in both]
    flag = Flag.objects.get(voucher=second, rule="same_file")
    for viewer in (there.unit, there.finance, there.hr):
        assert queries.twin(viewer, queries.flag(viewer, flag.pk)) is None
    for viewer in (official(Role.AUDITOR), official(Role.MINISTRY_FINANCE)):
        assert queries.twin(viewer, queries.flag(viewer, flag.pk)) == first
    with pytest.raises(NotFound):
        queries.flag(here.finance, flag.pk)
    assert here.title.unit_name not in flag.text
    mirror = Flag.objects.get(voucher=first, rule="same_file")
    assert {message.unit_id for message in Message.objects.filter(about=mirror.subject)} == {
        here.unit.organisation_id
    }


def enter_one_invoice_at_once(funds: list[Fund]) -> list[object]:
    def act(number: int) -> object:
        fund = funds[number]
        return actions.enter_voucher(
            viewer=fund.unit,
            title_id=fund.title.pk,
            entry=entry(invoice=INVOICE),
            file=proof(f"own{number}"),
        )

    results = together(numbered(len(funds), act), at=SPENDING)
    assert all(isinstance(each, Voucher) for each in results), results
    return results


def two_funds() -> list[Fund]:
    nation = Nation("37")
    funds = [Fund(nation), Fund(nation)]
    for fund in funds:
        fund.enter(amount=1)
    return funds


@pytest.mark.django_db(transaction=True)
def test_one_invoice_in_two_accounts_at_once_is_seen() -> None:
    funds = two_funds()
    enter_one_invoice_at_once(funds)
    assert Flag.objects.filter(rule="same_invoice").count() == 2


@pytest.mark.django_db(transaction=True)
def test_without_taking_turns_it_would_not_be(monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: no turns, and both look for twins before either has committed."""
    import threading

    funds = two_funds()
    gate = threading.Barrier(2, timeout=20)
    look = rules._same_invoice

    def late(voucher: Voucher, rule: Any) -> Any:
        found = list(look(voucher, rule))
        gate.wait()
        yield from found

    monkeypatch.setitem(rules.CHECKS, "same_invoice", late)
    monkeypatch.setattr(rules, "take_turns", lambda: None)
    enter_one_invoice_at_once(funds)
    assert Flag.objects.filter(rule="same_invoice").count() == 0


# --- by hand


def test_finance_raises_what_no_rule_can_see(fund: Fund) -> None:
    row = fund.enter()
    with clock.at(SPENDING):
        flag = flags.raise_by_hand(
            viewer=fund.finance,
            voucher_id=row.pk,
            rule="replaces_duty",
            text="该设备已由学校年度预算安排。",
        )
        assert (flag.amount, flag.raised_by) == (row.amount, fund.finance.name)
        with pytest.raises(LimitReached, match="已经提出过"):
            flags.raise_by_hand(
                viewer=fund.finance, voucher_id=row.pk, rule="replaces_duty", text="再提一次"
            )
    assert Event.objects.get(type="flag.raised").actor == fund.finance.actor
    assert "学校年度预算" not in str(Event.objects.get(type="flag.raised").payload)


def test_what_may_not_be_raised_by_hand(fund: Fund) -> None:
    row, own = fund.enter(), fund.enter(source="own")
    gone = fund.enter()
    with clock.at(SPENDING):
        actions.reverse_voucher(viewer=fund.unit, voucher_id=gone.pk, reason="写错")
    stranger = official(Role.PROVINCE_FINANCE, "36")
    good = {
        "viewer": fund.finance,
        "voucher_id": row.pk,
        "rule": "other_purpose",
        "text": "名实不符",
    }
    for changes, kind in (
        ({"viewer": fund.hr}, NotPermitted),
        ({"viewer": stranger}, NotFound),
        ({"rule": "same_invoice"}, Invalid),
        ({"rule": ""}, Invalid),
        ({"text": " "}, Invalid),
        ({"text": "长" * 1001}, Invalid),
        ({"voucher_id": own.pk}, Invalid),
        ({"voucher_id": gone.pk}, WrongState),
    ):
        with pytest.raises(kind):
            flags.raise_by_hand(**good | changes)
    assert not Flag.objects.exists()


# --- money that is stuck


@pytest.fixture
def held() -> Fund:
    """Central money that arrived at the province on 1 September and was not passed on."""
    fund = make_fund()
    fund.nation.approved(fund.title)
    fund.nation.pay(Leg.TO_PROVINCE, fund.title, 500)
    return fund


def after(days: int) -> Any:
    return clock.at(clock.beijing(2026, 9, 1, 9) + timedelta(days=days))


def test_money_stuck_for_longer_than_it_may_is_asked_about_once(held: Fund) -> None:
    assert parameter("funds.stuck_days", 2026) == 30
    with after(30):
        assert flags.raise_stuck() == []
    with after(31):
        (flag,) = flags.raise_stuck()
        assert flags.raise_stuck() == []
    assert flag.about == f"{held.title.subject}:2026-09-01"
    assert flag.amount == 500 * 1_000_000
    assert "已 31 天，超过 30 天" in flag.text
    offices = set(Message.objects.filter(about=flag.subject).values_list("office", "province"))
    assert offices == {("province_hr", "37"), ("province_finance", "37")}


def test_money_that_was_passed_on_is_not_stuck(held: Fund) -> None:
    held.nation.pay(Leg.TO_UNIT, held.title, 500)
    with after(90):
        assert flags.raise_stuck() == []


def test_the_province_explains_stuck_money_and_another_one_concludes(held: Fund) -> None:
    with after(31):
        (flag,) = flags.raise_stuck()
        with pytest.raises(NotPermitted, match="省级人社部门、省级财政部门说明"):
            flags.answer_flag(viewer=held.unit, flag_id=flag.pk, text="不是我们的事")
        flags.answer_flag(viewer=held.finance, flag_id=flag.pk, text="待核对账户。")
        for conclude in (clear, confirm):
            with pytest.raises(NotPermitted, match="不能认定自己的说明"):
                conclude(held.finance, flag)
        flag = confirm(official(Role.PROVINCE_FINANCE, "37"), flag, refund=0)
    assert flag.state == FlagState.CONFIRMED


# --- explained and concluded


def answer(fund: Fund, flag: Flag, text: str = "已与学校核对。") -> Flag:
    with clock.at(SPENDING):
        return flags.answer_flag(viewer=fund.unit, flag_id=flag.pk, text=text)


def clear(viewer: Viewer, flag: Flag) -> Flag:
    return flags.clear_flag(viewer=viewer, flag_id=flag.pk, reason="经核对属实。")


def confirm(viewer: Viewer, flag: Flag, refund: int = 100) -> Flag:
    return flags.confirm_flag(viewer=viewer, flag_id=flag.pk, reason="超出用途。", refund=refund)


def test_confirmed_after_the_answer_with_what_is_paid_back(fund: Fund) -> None:
    flag = fund.flagged()
    answer(fund, flag)
    fund.enter()
    assert queries.compliance_rate(fund.title) == 1
    with clock.at(SPENDING):
        flag = confirm(fund.finance, flag, refund=400 * YUAN)
    assert (flag.state, flag.refund, flag.concluded_by) == (
        "confirmed",
        400 * YUAN,
        fund.finance.name,
    )
    assert list(queries.confirmed_flags(fund.title)) == [flag]
    assert queries.compliance_rate(fund.title) == pytest.approx(0.5)
    event = Event.objects.get(type="flag.confirmed")
    assert event.payload["refund"] == 400 * YUAN
    told = Message.objects.get(key=f"{flag.subject}:concluded")
    assert "退回资金 400.00 元" in told.text
    assert told.unit_id == fund.unit.organisation_id
    row = queries.accounts(fund.finance).get()
    assert (row.pending, row.confirmed, row.refund) == (0, 1, 400 * YUAN)


def test_what_is_taken_back_weighs_no_more_on_the_rate(fund: Fund) -> None:
    flag = fund.flagged()
    answer(fund, flag)
    fund.enter()
    with clock.at(SPENDING):
        confirm(fund.finance, flag)
        assert flag.voucher is not None
        actions.reverse_voucher(viewer=fund.unit, voucher_id=flag.voucher.pk, reason="改用自筹")
    assert queries.compliance_rate(fund.title) == 1
    assert queries.confirmed_flags(fund.title).count() == 1


def test_cleared_is_no_mark_against_the_unit(fund: Fund) -> None:
    flag = fund.flagged()
    with clock.at(SPENDING):
        flag = clear(fund.finance, flag)
    assert flag.state == "cleared"
    assert not queries.confirmed_flags(fund.title).exists()
    assert queries.compliance_rate(fund.title) == 1
    assert not queries.vouchers(fund.finance).filter(flagged__gt=0).exists()


def test_nobody_is_found_guilty_before_the_term_to_explain_is_over(fund: Fund) -> None:
    flag = fund.flagged()
    last = clock.end_of(flag.due) - timedelta(seconds=1)
    with clock.at(last), pytest.raises(WrongState, match="期内不能认定问题"):
        confirm(fund.finance, flag)
    with clock.at(clock.end_of(flag.due)):
        flag = confirm(fund.finance, flag)
    assert flag.state == "confirmed"
    assert Event.objects.filter(type="flag.confirmed_unanswered").count() == 1


def test_who_may_not_explain_or_conclude(fund: Fund) -> None:
    flag = fund.flagged()
    stranger = Fund(fund.nation)
    with clock.at(SPENDING):
        with pytest.raises(NotPermitted, match="由申报单位说明"):
            flags.answer_flag(viewer=fund.hr, flag_id=flag.pk, text="替单位说明")
        with pytest.raises(NotFound):
            flags.answer_flag(viewer=stranger.unit, flag_id=flag.pk, text="别人的")
        for viewer, kind in (
            (fund.unit, NotPermitted),
            (fund.hr, NotPermitted),
            (official(Role.MINISTRY_FINANCE), NotPermitted),
            (official(Role.AUDITOR), NotPermitted),
            (official(Role.PROVINCE_FINANCE, "36"), NotFound),
        ):
            with pytest.raises(kind):
                clear(viewer, flag)
    with clock.at(LATER), pytest.raises(NotPermitted):
        confirm(fund.hr, flag)
    flag.refresh_from_db()
    assert (flag.state, flag.answer, flag.reason) == ("open", "", "")


@pytest.mark.parametrize("text", [" ", "长" * 2001])
def test_words_are_needed_and_have_an_end(fund: Fund, text: str) -> None:
    flag = fund.flagged()
    with clock.at(SPENDING):
        with pytest.raises(Invalid):
            flags.answer_flag(viewer=fund.unit, flag_id=flag.pk, text=text)
        answer(fund, flag)
        with pytest.raises(Invalid):
            flags.clear_flag(viewer=fund.finance, flag_id=flag.pk, reason=text)
        with pytest.raises(Invalid):
            flags.confirm_flag(viewer=fund.finance, flag_id=flag.pk, reason=text, refund=0)


def test_what_the_database_can_not_keep_is_left_out(fund: Fund) -> None:
    row = fund.enter(note="实训设备")
    with clock.at(SPENDING):
        flag = flags.raise_by_hand(
            viewer=fund.finance, voucher_id=row.pk, rule="other_purpose", text="名实\0不符"
        )
        flags.answer_flag(viewer=fund.unit, flag_id=flag.pk, text="已\0核对")
        flag = flags.clear_flag(viewer=fund.finance, flag_id=flag.pk, reason="属\0实")
        back = actions.reverse_voucher(viewer=fund.unit, voucher_id=row.pk, reason="写\0错")
    assert (flag.text, flag.answer, flag.reason, back.reason) == (
        "名实不符",
        "已核对",
        "属实",
        "写错",
    )


@pytest.mark.parametrize("refund", [-1, 1000 * YUAN + 1])
def test_no_more_is_paid_back_than_is_in_question(fund: Fund, refund: int) -> None:
    flag = answer(fund, fund.flagged())
    with pytest.raises(Invalid, match=r"0 到 1,000\.00 元") as refused:
        confirm(fund.finance, flag, refund=refund)
    assert refused.value.field == "refund"


def test_what_is_concluded_stays(fund: Fund) -> None:
    flag = answer(fund, fund.flagged())
    with clock.at(SPENDING):
        clear(fund.finance, flag)
        acts = [
            lambda: answer(fund, flag),
            lambda: clear(fund.finance, flag),
            lambda: confirm(fund.finance, flag),
        ]
        for act in acts:
            with pytest.raises(WrongState):
                act()


# --- what waits, for whom


def waits(viewer: Viewer) -> int:
    return count_waiting({"flags": queries.open_flags(viewer)}).get("flags", NONE).count


class NONE:
    count = 0


def test_a_flag_waits_for_the_unit_then_for_finance(fund: Fund) -> None:
    flag = fund.flagged()
    other = Fund(fund.nation)
    with clock.at(SPENDING):
        assert [waits(each) for each in (fund.unit, fund.finance, fund.hr, other.unit)] == [
            1,
            0,
            0,
            0,
        ]
    with clock.at(LATER):
        assert [waits(each) for each in (fund.unit, fund.finance)] == [1, 1]
    answer(fund, flag)
    with clock.at(SPENDING):
        assert [waits(each) for each in (fund.unit, fund.finance)] == [0, 1]
        assert waits(official(Role.PROVINCE_FINANCE, "36")) == 0
        assert waits(official(Role.AUDITOR)) == waits(official(Role.MINISTRY_FINANCE)) == 0
        clear(fund.finance, flag)
        assert waits(fund.finance) == 0


def test_stuck_money_waits_for_both_departments(held: Fund) -> None:
    with after(31):
        flags.raise_stuck()
        assert [waits(each) for each in (held.unit, held.hr, held.finance)] == [0, 1, 1]
