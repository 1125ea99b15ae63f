"""Borrowing between provinces: three words, secrecy until the last, and who stands in whose lot."""

from datetime import date, timedelta

import pytest
from django.db.utils import IntegrityError

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import Invalid, NotFound, NotPermitted, WrongState
from jiangxin.core.workflow import LoanState, Role
from jiangxin.records.identity.queries import viewer_of
from jiangxin.records.identity.viewer import PUBLIC, Viewer
from jiangxin.records.inbox.models import Message
from jiangxin.records.ledger.models import Event
from jiangxin.stages.experts import actions, loans, queries
from jiangxin.stages.experts.models import Expert, Loan

from .test_experts import _in_september, active, official, register  # noqa: F401

UNTIL = date(2025, 12, 31)


@pytest.fixture
def here(db: None) -> Viewer:
    return official("37")


@pytest.fixture
def there(db: None) -> Viewer:
    return official("32")


@pytest.fixture
def expert(there: Viewer) -> Expert:
    return active(there, 1, field="finance")


def own(expert: Expert) -> Viewer:
    return viewer_of(Expert.objects.select_related("user").get(pk=expert.pk).user)


def asked(here: Viewer, **changes: object) -> Loan:
    given = {
        "lender": "32",
        "field": "finance",
        "count": 1,
        "until": UNTIL,
        "reason": "本省财务专家回避后不足",
        **changes,
    }
    return loans.request(viewer=here, **given)[0]


def lent(here: Viewer, there: Viewer, expert: Expert) -> Loan:
    row = asked(here)
    loans.consent(viewer=there, loan_id=row.pk, expert_id=expert.pk)
    return loans.accept(viewer=own(expert), loan_id=row.pk)


def test_the_three_words_and_then_the_lot(here: Viewer, there: Viewer, expert: Expert) -> None:
    row = asked(here)
    assert loans.loans_waiting(there).rows.get() == row
    assert not loans.loans_waiting(here).rows
    assert Message.objects.filter(office="province_hr", province="32").count() == 1
    loans.consent(viewer=there, loan_id=row.pk, expert_id=expert.pk)
    assert loans.loans_waiting(own(expert)).rows.get() == row
    assert expert not in queries.drawable("37")
    loans.accept(viewer=own(expert), loan_id=row.pk)
    assert expert in queries.drawable("37")
    assert expert in queries.drawable("32")
    types = Event.objects.filter(subject=row.subject).order_by("id").values_list("type", flat=True)
    assert list(types) == ["loan.requested", "loan.consented", "loan.accepted"]
    with clock.at(clock.end_of(UNTIL) + timedelta(hours=1)):
        assert expert not in queries.drawable("37"), "the day is over"


def test_the_borrower_learns_the_name_with_the_experts_own_word(
    here: Viewer, there: Viewer, expert: Expert
) -> None:
    row = asked(here)
    loans.consent(viewer=there, loan_id=row.pk, expert_id=expert.pk)
    row.refresh_from_db()
    assert loans.knows_expert(there, row)
    assert not loans.knows_expert(here, row)
    with pytest.raises(NotFound):
        queries.expert(here, expert.pk)
    assert not queries.borrowed(here)
    loans.accept(viewer=own(expert), loan_id=row.pk)
    row.refresh_from_db()
    assert loans.knows_expert(here, row)
    assert queries.expert(here, expert.pk) == expert
    assert expert not in queries.pool(here)
    for change in (
        lambda: actions.edit(viewer=here, expert_id=expert.pk, name="改"),
        lambda: actions.suspend(viewer=here, expert_id=expert.pk, reason="不归我管"),
    ):
        with pytest.raises(NotFound):
            change()


def test_each_word_belongs_to_one(here: Viewer, there: Viewer, expert: Expert) -> None:
    row = asked(here)
    other = own(active(there, 2, field="finance"))
    third = official("33")
    given = {"loan_id": row.pk}
    with pytest.raises(NotPermitted):
        loans.consent(viewer=here, expert_id=expert.pk, **given)
    with pytest.raises(NotPermitted):
        loans.decline(viewer=here, note="自己拒绝", **given)
    for viewer in (third, other, own(expert)):
        with pytest.raises(NotFound):
            loans.decline(viewer=viewer, note="x", **given)
    loans.consent(viewer=there, expert_id=expert.pk, **given)
    with pytest.raises(NotFound):
        loans.accept(viewer=other, **given)
    for viewer in (here, there):
        with pytest.raises(NotPermitted):
            loans.accept(viewer=viewer, **given)
    for viewer in (official("32", Role.PROVINCE_FINANCE), PUBLIC):
        with pytest.raises(NotPermitted):
            loans.end(viewer=viewer, note="x", **given)
    row.refresh_from_db()
    assert row.state == LoanState.CONSENTED


def test_both_and_the_expert_may_say_no_with_a_reason(
    here: Viewer, there: Viewer, expert: Expert
) -> None:
    first, second = asked(here), asked(here)
    with pytest.raises(Invalid):
        loans.decline(viewer=there, loan_id=first.pk, note=" ")
    assert loans.decline(viewer=there, loan_id=first.pk, note="本省也不足").state == "declined"
    loans.consent(viewer=there, loan_id=second.pk, expert_id=expert.pk)
    loans.decline(viewer=own(expert), loan_id=second.pk, note="时间冲突")
    with pytest.raises(WrongState):
        loans.accept(viewer=own(expert), loan_id=second.pk)
    assert Message.objects.filter(province="37", title__contains="未能出借").count() == 2
    row = lent(here, there, expert)
    loans.end(viewer=here, loan_id=row.pk, note="评审已结束")
    assert expert not in queries.drawable("37")


def test_who_can_not_be_lent(here: Viewer, there: Viewer, expert: Expert) -> None:
    row = asked(here)
    given = {"viewer": there, "loan_id": row.pk}
    technical = active(there, 2, field="technical")
    short = active(there, 3, field="finance", term_until=date(2025, 10, 1))
    pending = register(there, 4, field="finance")
    for other in (technical, short, pending, active(here, 5, field="finance")):
        assert other not in loans.candidates(there, row)
        with pytest.raises(Invalid):
            loans.consent(expert_id=other.pk, **given)
    register(here, 1, field="technical")
    with pytest.raises(Invalid, match="已在借入省份"):
        loans.consent(expert_id=expert.pk, **given)
    assert not loans.candidates(here, row)


def test_one_expert_is_lent_once_to_one_province(
    here: Viewer, there: Viewer, expert: Expert
) -> None:
    lent(here, there, expert)
    again = asked(here)
    assert expert not in loans.candidates(there, again)
    with pytest.raises(Invalid):
        loans.consent(viewer=there, loan_id=again.pk, expert_id=expert.pk)
    with pytest.raises(IntegrityError, match="one_loan_per_expert_and_borrower"):
        Loan.objects.filter(pk=again.pk).update(expert=expert, state="consented")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"lender": "37"}, "lender"),
        ({"lender": "00"}, "lender"),
        ({"field": "law"}, "field"),
        ({"count": 0}, "count"),
        ({"count": 21}, "count"),
        ({"until": date(2025, 9, 1)}, "until"),
        ({"reason": " "}, "reason"),
    ],
)
def test_a_bad_request_is_refused_at_its_field(
    here: Viewer, changes: dict[str, object], field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        asked(here, **changes)
    assert refused.value.field == field
    assert not Loan.objects.exists()


def test_the_scope_of_loans(here: Viewer, there: Viewer, expert: Expert) -> None:
    row = asked(here)
    assert loans.loan(here, row.pk) == loans.loan(there, row.pk) == row
    for viewer in (official("33"), PUBLIC, own(expert)):
        with pytest.raises(NotFound):
            loans.loan(viewer, row.pk)
