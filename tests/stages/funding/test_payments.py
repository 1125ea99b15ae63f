"""Money down the chain: never more than planned, never passed on before it came, never rewritten."""

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction
from hypothesis import given
from hypothesis import strategies as st

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import Invalid, LimitReached, NotFound, NotPermitted, WrongState
from jiangxin.core.workflow import Role
from jiangxin.ops.fsck import stray_states
from jiangxin.records.identity.viewer import Viewer
from jiangxin.records.inbox.models import Message
from jiangxin.records.inbox.waiting import count_waiting
from jiangxin.records.ledger.models import Event
from jiangxin.stages.funding.actions import payments
from jiangxin.stages.funding.choices import Leg
from jiangxin.stages.funding.models import Arrival, Payment
from jiangxin.stages.funding.queries import flows, paid_by_stage, received, stuck
from jiangxin.stages.funding.queries import payments as queries
from jiangxin.stages.funding.rules import read_amount, shortfall
from jiangxin.stages.titles.models import Title
from tests.factories.desk import Desk, official
from tests.factories.funding import PAY_DAY, PAYING, PLANNING, WAN, Nation, unit_of
from tests.factories.races import together, without_locks

DAY = timedelta(days=1)


@pytest.fixture
def nation(db: None) -> Nation:
    return Nation()


@pytest.fixture
def title(nation: Nation) -> Title:
    """Planned with 500 万元."""
    found = nation.title()
    nation.approved(found)
    return found


def test_the_whole_way_and_what_has_reached_the_unit(nation: Nation, title: Title) -> None:
    nation.pay(Leg.TO_PROVINCE, title, 500)
    assert received(title) == {"central": 0, "local": 0, "own": 0}
    passed = nation.pay(Leg.TO_UNIT, title, 300)
    local = nation.pay(Leg.LOCAL, title, 100)
    nation.pay(Leg.OWN, title, 50)
    assert received(title) == {"central": 0, "local": 0, "own": 50 * WAN}
    nation.confirm(passed)
    nation.confirm(local)
    assert received(title) == {"central": 300 * WAN, "local": 100 * WAN, "own": 50 * WAN}
    stands = queries.standing(title)
    assert stands.held == 200 * WAN
    assert stands.entered["central_to_province"] == 500 * WAN
    types = Event.objects.filter(type__startswith="payment.").values_list("type", flat=True)
    assert sorted(types) == ["payment.arrived"] * 2 + ["payment.recorded"] * 4
    stray = [each for each in stray_states() if each.startswith(("claim:", "plan:"))]
    assert stray == []  # what the ledger says of every claim and plan is their state


def test_each_entry_is_told_down_the_chain(nation: Nation, title: Title) -> None:
    nation.pay(Leg.TO_PROVINCE, title, 500)
    told = Message.objects.filter(about=title.subject).values_list("office", "province", "title")
    assert list(told) == [("province_finance", "37", f"“{title.name}”中央资金到省 500.00 万元")]
    nation.pay(Leg.TO_UNIT, title, 500)
    unit = Message.objects.get(about=title.subject, unit=unit_of(title).organisation_id)
    assert unit.title == f"“{title.name}”中央资金已拨付 500.00 万元"


def test_central_money_follows_the_approved_plan(nation: Nation, title: Title) -> None:
    unplanned, drafted = nation.title(), nation.title(year=2024)
    nation.verified(drafted)
    nation.plan(drafted, year=2025)
    for each in (unplanned, drafted):
        with pytest.raises(WrongState, match="没有列入已批准") as refused:
            nation.pay(Leg.TO_PROVINCE, each, 1)
        assert refused.value.clause == "4.4"
    with pytest.raises(Invalid, match="早于分配方案的批准日期"):
        nation.pay(Leg.TO_PROVINCE, title, 1, on=PLANNING.date() - DAY)
    nation.pay(Leg.TO_PROVINCE, title, 400, on=PLANNING.date())
    with pytest.raises(WrongState, match=r"最多|已拨 400\.00") as refused:
        nation.pay(Leg.TO_PROVINCE, title, 101)
    assert refused.value.field == "amount"
    assert "100.00 万元" in refused.value.remedy
    nation.pay(Leg.TO_PROVINCE, title, 100)
    assert Payment.objects.count() == 2


def test_nothing_is_passed_on_before_it_arrived_nor_more_than_that(
    nation: Nation, title: Title
) -> None:
    with pytest.raises(WrongState, match=r"不能转拨 1\.00") as refused:
        nation.pay(Leg.TO_UNIT, title, 1)
    assert "到省后" in refused.value.remedy
    nation.pay(Leg.TO_PROVINCE, title, 200, on=PAY_DAY - 5 * DAY)
    nation.pay(Leg.TO_PROVINCE, title, 300, on=PAY_DAY)
    with pytest.raises(WrongState, match="早于中央资金到省") as refused:
        nation.pay(Leg.TO_UNIT, title, 100, on=PAY_DAY - 6 * DAY)
    assert (refused.value.field, refused.value.clause) == ("on", "4.4")
    with pytest.raises(WrongState, match="早于中央资金到省"):
        nation.pay(Leg.TO_UNIT, title, 201, on=PAY_DAY - DAY)
    nation.pay(Leg.TO_UNIT, title, 200, on=PAY_DAY - 5 * DAY)
    with pytest.raises(WrongState, match=r"为 300\.00 万元") as refused:
        nation.pay(Leg.TO_UNIT, title, 301)
    assert refused.value.field == "amount"
    nation.pay(Leg.TO_UNIT, title, 300)
    assert queries.standing(title).held == 0


@pytest.mark.parametrize(
    ("changes", "error", "field"),
    [
        ({"amount": 0}, Invalid, "amount"),
        ({"amount": -WAN}, Invalid, "amount"),
        ({"amount": 10**14 + 1}, Invalid, "amount"),
        ({"doc_number": " "}, Invalid, "doc_number"),
        ({"doc_number": "号" * 61}, Invalid, "doc_number"),
        ({"on": PAY_DAY + DAY}, Invalid, "on"),
        ({"on": date(2024, 12, 31)}, Invalid, "on"),
    ],
)
def test_a_wrong_entry_is_refused_by_its_field(
    nation: Nation, title: Title, changes: dict[str, object], error: type[Exception], field: str
) -> None:
    fields = {"amount": WAN, "on": PAY_DAY, "doc_number": "财社1号"} | changes
    with clock.at(PAYING), pytest.raises(error) as refused:
        payments.record_payment(
            viewer=nation.desk.finance, title_id=title.pk, leg=Leg.LOCAL, **fields
        )
    assert refused.value.field == field  # type: ignore[attr-defined]
    assert not Payment.objects.exists()


def test_a_second_click_is_not_a_second_payment(nation: Nation, title: Title) -> None:
    first = nation.pay(Leg.LOCAL, title, 10)
    with pytest.raises(Invalid, match="都相同"):
        nation.pay(Leg.LOCAL, title, 10)
    nation.pay(Leg.LOCAL, title, 10, doc="财社2号")
    with clock.at(PAYING):
        payments.reverse_payment(viewer=nation.desk.finance, payment_id=first.pk, reason="错")
    nation.pay(Leg.LOCAL, title, 10)
    assert queries.standing(title).entered["local"] == 20 * WAN


def test_everybody_enters_his_own_stretch_only(nation: Nation, title: Title) -> None:
    people = {
        Role.MINISTRY_FINANCE: nation.finance,
        Role.PROVINCE_FINANCE: nation.desk.finance,
        Role.APPLICANT: unit_of(title),
        Role.MINISTRY_HR: nation.hr,
        Role.PROVINCE_HR: nation.desk.hr,
        Role.AUDITOR: official(Role.AUDITOR),
    }
    allowed = {(role, leg) for leg in Leg for role in people if queries.RECORDED_BY[leg] is role}
    assert len(allowed) == 4
    for role, viewer in people.items():
        for leg in Leg:
            if (role, leg) in allowed:
                assert leg in queries.may_record(viewer)
                continue
            with clock.at(PAYING), pytest.raises(NotPermitted):
                payments.record_payment(
                    viewer=viewer,
                    title_id=title.pk,
                    leg=leg,
                    amount=WAN,
                    on=PAY_DAY,
                    doc_number="x",
                )
    assert not Payment.objects.exists()


def test_other_provinces_and_units_are_out_of_reach(nation: Nation, title: Title) -> None:
    paid = nation.pay(Leg.TO_PROVINCE, title, 500)
    passed = nation.pay(Leg.TO_UNIT, title, 100)
    elsewhere, other = Desk("36"), unit_of(nation.title())
    with clock.at(PAYING):
        for act in (
            lambda: payments.record_payment(
                viewer=elsewhere.finance,
                title_id=title.pk,
                leg=Leg.TO_UNIT,
                amount=WAN,
                on=PAY_DAY,
                doc_number="x",
            ),
            lambda: payments.reverse_payment(
                viewer=elsewhere.finance, payment_id=passed.pk, reason="越权"
            ),
            lambda: payments.confirm_arrival(viewer=other, payment_id=passed.pk, on=PAY_DAY),
            lambda: queries.payment(other, paid.pk),
            lambda: queries.payment(elsewhere.hr, paid.pk),
        ):
            with pytest.raises(NotFound):
                act()
    for viewer in (elsewhere.finance, elsewhere.hr, other, official(Role.EXPERT, "37")):
        assert not flows(viewer).exists()
        assert stuck(viewer) == []
        assert paid_by_stage(viewer) == []
        assert not queries.funds(viewer).filter(arrived__gt=0).exists()


def test_a_title_that_is_gone_gets_no_more(nation: Nation, title: Title) -> None:
    nation.pay(Leg.TO_PROVINCE, title, 500)
    Title.objects.filter(pk=title.pk).update(state="revoked")
    for leg in Leg:
        with pytest.raises(WrongState, match="称号已取消"):
            nation.pay(leg, title, 1)
    with clock.at(PAYING):
        assert [each.amount for each in stuck(nation.hr)] == [500 * WAN]
        paid = Payment.objects.get()
        payments.reverse_payment(viewer=nation.finance, payment_id=paid.pk, reason="称号取消，收回")
        assert stuck(nation.hr) == []


def test_all_that_is_due_is_sent_on_under_one_document(nation: Nation, title: Title) -> None:
    done, other = nation.title(year=2024), nation.title()
    nation.verified(done)
    nation.approve(nation.plan(done, year=2025))
    nation.pay(Leg.TO_PROVINCE, done, 500)
    nation.pay(Leg.TO_PROVINCE, title, 100)
    ids = [title.pk, done.pk, other.pk]

    def send(viewer: Viewer, *, on: date = PAY_DAY) -> list[Payment]:
        with clock.at(PAYING):
            return payments.send_rest(
                viewer=viewer, title_ids=ids, on=on, doc_number="财社〔2026〕9号"
            )

    (sent,) = send(nation.finance)
    assert (sent.title, sent.leg, sent.amount) == (title, "central_to_province", 400 * WAN)
    with pytest.raises(WrongState, match="早于中央资金到省"):
        send(nation.desk.finance, on=PAY_DAY - DAY)
    assert not Payment.objects.filter(leg=Leg.TO_UNIT).exists()
    passed = send(nation.desk.finance)
    assert {each.title: each.amount for each in passed} == {title: 500 * WAN, done: 500 * WAN}
    for viewer in (nation.finance, nation.desk.finance):
        with pytest.raises(Invalid, match="没有待拨付"):
            send(viewer)
    for viewer in (nation.hr, nation.desk.hr):
        with pytest.raises(NotPermitted):
            send(viewer)
    with pytest.raises(NotFound):
        send(Desk("36").finance)


# --- corrections ---------------------------------------------------------------------------------------


def test_a_wrong_entry_stays_and_is_taken_back(nation: Nation, title: Title) -> None:
    wrong = nation.pay(Leg.TO_PROVINCE, title, 400)
    with pytest.raises(Invalid) as refused:
        payments.reverse_payment(viewer=nation.finance, payment_id=wrong.pk, reason=" ")
    assert refused.value.field == "reason"
    with clock.at(PAYING):
        back = payments.reverse_payment(
            viewer=nation.finance, payment_id=wrong.pk, reason="金额录错"
        )
    assert (back.amount, back.reverses, back.reason) == (-400 * WAN, wrong, "金额录错")
    assert queries.standing(title).entered["central_to_province"] == 0
    assert "金额录错" not in str(Event.objects.get(type="payment.reversed").payload)
    for again in (wrong, back):
        with pytest.raises(LimitReached):
            payments.reverse_payment(viewer=nation.finance, payment_id=again.pk, reason="再冲")
    nation.pay(Leg.TO_PROVINCE, title, 500)
    assert flows(nation.hr).count() == 3


def test_what_was_passed_on_is_taken_back_from_below_first(nation: Nation, title: Title) -> None:
    first = nation.pay(Leg.TO_PROVINCE, title, 300)
    nation.pay(Leg.TO_PROVINCE, title, 200)
    passed = nation.pay(Leg.TO_UNIT, title, 250)
    nation.confirm(passed)
    with clock.at(PAYING):
        with pytest.raises(WrongState, match="已由省级转拨"):
            payments.reverse_payment(viewer=nation.finance, payment_id=first.pk, reason="收回")
        with pytest.raises(NotPermitted):
            payments.reverse_payment(viewer=nation.finance, payment_id=passed.pk, reason="越级")
        payments.reverse_payment(viewer=nation.desk.finance, payment_id=passed.pk, reason="退回")
        assert received(title)["central"] == 0
        payments.reverse_payment(viewer=nation.finance, payment_id=first.pk, reason="收回")
    assert queries.standing(title).held == 200 * WAN


def test_the_database_changes_no_payment(nation: Nation, title: Title) -> None:
    row, other = nation.pay(Leg.LOCAL, title, 10), nation.pay(Leg.OWN, title, 10)
    nation.confirm(row)
    for change in (
        lambda: Payment.objects.update(amount=WAN),
        lambda: Payment.objects.filter(pk=other.pk).delete(),
        lambda: Arrival.objects.update(on=PAY_DAY - DAY),
        lambda: Arrival.objects.all().delete(),
    ):
        with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
            change()
    common = {"title": title, "on": PAY_DAY, "at": PAYING, "actor": "x", "name": "x"}
    for fields, name in (
        ({"source": "local", "leg": "own", "amount": 1}, "payment_leg_of_its_source"),
        ({"source": "own", "leg": "own", "amount": -1}, "payment_sign_and_reason"),
        (
            {"source": "local", "leg": "local", "amount": -1, "reverses": row},
            "payment_sign_and_reason",
        ),
    ):
        with pytest.raises(IntegrityError, match=name), transaction.atomic():
            Payment.objects.create(**common, **fields)


# --- arrival --------------------------------------------------------------------------------------------


def test_an_arrival_is_confirmed_once_and_not_before_it_was_paid(
    nation: Nation, title: Title
) -> None:
    paid = nation.pay(Leg.TO_PROVINCE, title, 500)
    row = nation.pay(Leg.TO_UNIT, title, 500)
    own = nation.pay(Leg.OWN, title, 5)
    for each in (paid, own):
        with pytest.raises(WrongState, match="不需要确认"):
            nation.confirm(each)
    for on in (PAY_DAY - DAY, PAY_DAY + DAY):
        with pytest.raises(Invalid) as refused:
            nation.confirm(row, on=on)
        assert refused.value.field == "arrived"
    assert list(queries.unconfirmed(title)) == [row]
    nation.confirm(row)
    assert not queries.unconfirmed(title).exists()
    with pytest.raises(WrongState, match="已经确认"):
        nation.confirm(row)
    with clock.at(PAYING), pytest.raises(NotPermitted):
        payments.confirm_arrival(viewer=nation.desk.finance, payment_id=row.pk, on=PAY_DAY)


def test_what_was_taken_back_can_not_be_confirmed(nation: Nation, title: Title) -> None:
    row = nation.pay(Leg.LOCAL, title, 500)
    with clock.at(PAYING):
        back = payments.reverse_payment(
            viewer=nation.desk.finance, payment_id=row.pk, reason="户名有误"
        )
    for each, said in ((row, "已经冲销"), (back, "不需要确认")):
        with pytest.raises(WrongState, match=said):
            nation.confirm(each)
    assert not queries.unconfirmed(title).exists()


# --- what lies still, what waits, how far it came -------------------------------------------------------


def test_what_lies_at_the_province_is_the_oldest_that_was_not_passed_on(
    nation: Nation, title: Title
) -> None:
    first, second = PAY_DAY - 20 * DAY, PAY_DAY - 10 * DAY
    nation.pay(Leg.TO_PROVINCE, title, 200, on=first)
    nation.pay(Leg.TO_PROVINCE, title, 300, on=second, doc="财社2号")

    def lying() -> list[tuple[int, date, int]]:
        with clock.at(PAYING):
            return [(each.amount, each.since, each.days) for each in stuck(nation.desk.finance)]

    assert lying() == [(500 * WAN, first, 20)]
    nation.pay(Leg.TO_UNIT, title, 150)
    assert lying() == [(350 * WAN, first, 20)]
    part = nation.pay(Leg.TO_UNIT, title, 50)
    assert lying() == [(300 * WAN, second, 10)]
    nation.pay(Leg.TO_UNIT, title, 300)
    assert lying() == []
    with clock.at(PAYING):
        payments.reverse_payment(viewer=nation.desk.finance, payment_id=part.pk, reason="退票")
    assert lying() == [(50 * WAN, second, 10)]


def test_what_waits_for_whom(nation: Nation, title: Title) -> None:
    def waiting(viewer: object) -> int:
        found = count_waiting({"x": queries.payments_waiting(viewer)})  # type: ignore[arg-type]
        return found["x"].count if found else 0

    people = (nation.finance, nation.desk.finance, nation.hr, nation.desk.hr, Desk("36").finance)
    assert [waiting(each) for each in people] == [1, 0, 0, 0, 0]
    nation.pay(Leg.TO_PROVINCE, title, 200)
    assert [waiting(each) for each in people] == [1, 1, 0, 0, 0]
    nation.pay(Leg.TO_PROVINCE, title, 300)
    assert [waiting(each) for each in people] == [0, 1, 0, 0, 0]
    nation.pay(Leg.TO_UNIT, title, 500)
    assert [waiting(each) for each in people] == [0, 0, 0, 0, 0]


def test_the_stages_of_central_money_by_year_and_province(nation: Nation, title: Title) -> None:
    nation.pay(Leg.TO_PROVINCE, title, 500)
    passed = nation.pay(Leg.TO_UNIT, title, 300)
    nation.pay(Leg.TO_UNIT, title, 100)
    local = nation.pay(Leg.LOCAL, title, 40)
    nation.confirm(passed)
    nation.confirm(local)
    for viewer in (nation.hr, nation.desk.hr, unit_of(title), official(Role.AUDITOR)):
        (row,) = paid_by_stage(viewer)
        assert (row.year, row.province, row.planned) == (2026, "37", 500 * WAN)
        assert (row.at_province, row.passed, row.at_unit) == (500 * WAN, 400 * WAN, 300 * WAN)
    sums = queries.totals(nation.hr)
    assert (sums.reached, sums.local, sums.own) == (300 * WAN, 40 * WAN, 0)


def test_a_draft_is_no_plan_yet_and_a_planned_title_stands_at_nothing(nation: Nation) -> None:
    drafted = nation.title()
    nation.verified(drafted)
    plan = nation.plan(drafted)
    assert paid_by_stage(nation.hr) == []
    assert queries.funds(nation.hr).get().planned is None
    nation.approve(plan)
    (row,) = paid_by_stage(nation.hr)
    assert (row.planned, row.at_province, row.passed, row.at_unit) == (500 * WAN, 0, 0, 0)
    row = queries.funds(nation.hr).get()
    assert (row.planned, row.plan_year, row.held, row.since) == (500 * WAN, 2026, 0, None)


# --- pure rules ------------------------------------------------------------------------------------------


moves = st.lists(st.tuples(st.dates(date(2025, 1, 1), date(2025, 1, 9)), st.integers(1, 9)))


@given(moves, moves)
def test_a_shortfall_is_the_worst_day_s(
    arrived: list[tuple[date, int]], passed: list[tuple[date, int]]
) -> None:
    days = [on for on, _ in arrived + passed]
    worst = max(
        (
            sum(n for on, n in passed if on <= day) - sum(n for on, n in arrived if on <= day)
            for day in days
        ),
        default=0,
    )
    assert shortfall(arrived, passed) == max(0, worst)


@pytest.mark.parametrize(
    "text", ["", "十", "-1", "0", "1e5", "1e999999", "9" * 30, "100000001", "0.0000001", "nan"]
)
def test_what_is_no_amount_is_refused_by_its_field(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_amount(text, "budget")
    assert refused.value.field == "budget"
    assert read_amount(" 1,234.50 ") == 1_234_500_000


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("locked", [True, False])
def test_two_colleagues_do_not_pass_on_the_same_money(locked: bool) -> None:
    """The control: without the lock both see 500 万元 and pass on 1000."""
    nation = Nation()
    title = nation.title()
    nation.approved(title)
    nation.pay(Leg.TO_PROVINCE, title, 500)
    acts = [
        lambda doc=doc: payments.record_payment(
            viewer=nation.desk.finance,
            title_id=title.pk,
            leg=Leg.TO_UNIT,
            amount=500 * WAN,
            on=PAY_DAY,
            doc_number=doc,
        )
        for doc in ("财社1号", "财社2号")
    ]
    if locked:
        results = together(acts, at=PAYING)
        assert sorted(type(each).__name__ for each in results) == ["Payment", "WrongState"]
        assert queries.standing(title).held == 0
    else:
        with without_locks(held=Payment):
            together(acts, at=PAYING)
        assert queries.standing(title).held == -500 * WAN
