"""More time: once, with a reason, by both departments of the province."""

from datetime import date, timedelta

import pytest

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import Invalid, LimitReached, NotFound, NotPermitted, WrongState
from jiangxin.core.workflow import Role
from jiangxin.ops.fsck import stray_states
from jiangxin.ops.scenes.country import officer
from jiangxin.records.inbox.models import Message
from jiangxin.records.ledger.models import Event
from jiangxin.stages.application.models import Application
from jiangxin.stages.construction.actions import extension
from jiangxin.stages.construction.models import Construction, Extension
from jiangxin.stages.construction.queries import building
from jiangxin.stages.construction.queries.waiting import extensions_waiting
from tests.factories.construction import DUE, Site, agree, pdf, unit_of, wish
from tests.factories.races import together, without_locks

ASKED = clock.beijing(2027, 6, 1, 9)
LAST = date(2028, 12, 10)  # twelve months more


@pytest.fixture
def row(site: Site) -> Construction:
    return site.started()


def test_both_agree_and_the_due_date_moves_with_its_periods(site: Site, row: Construction) -> None:
    with clock.at(ASKED):
        asked = wish(row)
        assert extensions_waiting(site.finance).rows.count() == 1
        with pytest.raises(WrongState, match="还缺人社、财政部门的同意") as refused:
            extension.grant(viewer=site.hr, extension_id=asked.pk)
        assert refused.value.clause == "4.3"
        agree(site, asked)
        assert not extensions_waiting(site.finance).rows.exists()
        assert extensions_waiting(site.hr).rows.count() == 1
        extension.grant(viewer=site.hr, extension_id=asked.pk)
    row.refresh_from_db()
    assert (row.first_due, row.due) == (DUE, date(2028, 6, 30))
    last = row.periods.order_by("number").last()
    assert last is not None
    assert (last.number, last.begins, last.ends) == (6, date(2028, 6, 11), date(2028, 6, 30))
    assert row.periods.get(number=5).ends == date(2028, 6, 10)
    assert not extensions_waiting(site.hr).rows.exists()
    assert list(stray_states()) == []
    assert "设备交付" not in str(list(Event.objects.values_list("payload", flat=True)))
    told = Message.objects.filter(unit__uscc=row.title.uscc, title__contains="已同意延期")
    assert told.count() == 1


def test_a_second_one_is_refused_by_the_database_with_the_clause(
    site: Site, row: Construction
) -> None:
    with clock.at(ASKED):
        first = wish(row)
        with pytest.raises(LimitReached, match="待审批"):
            wish(row)
        agree(site, first)
        extension.grant(viewer=site.hr, extension_id=first.pk)
        with pytest.raises(LimitReached, match="不能再次延期") as refused:
            wish(row, date(2028, 9, 1))
    assert refused.value.clause == "4.3"
    assert Extension.objects.count() == 1


def test_a_refusal_has_its_reasons_and_the_unit_may_ask_again(
    site: Site, row: Construction
) -> None:
    with clock.at(ASKED):
        asked = wish(row)
        extension.concur(
            viewer=site.finance,
            extension_id=asked.pk,
            digest=asked.digest(),
            agreed=False,
            remark="理由不足",
        )
        assert extensions_waiting(site.hr).rows.count() == 1
        with pytest.raises(Invalid) as refused:
            extension.refuse(viewer=site.hr, extension_id=asked.pk, reason=" ")
        assert refused.value.field == "reason"
        extension.refuse(viewer=site.hr, extension_id=asked.pk, reason="进度正常，不需延期。")
        asked.refresh_from_db()
        assert (asked.state, asked.answer) == ("refused", "进度正常，不需延期。")
        with pytest.raises(WrongState, match="已办理"):
            agree(site, asked)
        again = wish(row)
        agree(site, again)
        extension.grant(viewer=site.hr, extension_id=again.pk)
    row.refresh_from_db()
    assert row.due == again.due
    assert list(stray_states()) == []


@pytest.mark.parametrize("due", [DUE, DUE - timedelta(days=1), LAST + timedelta(days=1)])
def test_a_date_that_does_not_lengthen_or_is_too_long_is_refused(
    row: Construction, due: date
) -> None:
    with clock.at(ASKED), pytest.raises(Invalid) as refused:
        wish(row, due)
    assert (refused.value.field, refused.value.clause) == ("due", "4.3")
    assert not Extension.objects.exists()


def test_the_longest_extension_is_taken_on_the_last_day_and_none_after_it(
    row: Construction,
) -> None:
    with clock.at(clock.end_of(DUE)), pytest.raises(WrongState, match="届满"):
        wish(row, LAST)
    with clock.at(clock.end_of(DUE) - timedelta(seconds=1)):
        assert wish(row, LAST).due == LAST
    assert building.latest_due(row) == LAST


def test_without_reason_or_with_a_bad_file_nothing_is_asked(row: Construction) -> None:
    unit = unit_of(row.title)
    given = {"viewer": unit, "construction_id": row.pk, "due": LAST}
    with clock.at(ASKED):
        for reason, files, field in (
            (" ", [], "reason"),
            ("长" * 2001, [], "reason"),
            ("理由", [pdf("脚本.exe")], "file"),
        ):
            with pytest.raises(Invalid) as refused:
                extension.request(**given, reason=reason, files=files)
            assert refused.value.field == field
    assert not Extension.objects.exists()


def test_nobody_else_asks_agrees_or_grants(site: Site, row: Construction) -> None:
    stranger = unit_of(site.registered())
    with clock.at(ASKED):
        with pytest.raises(NotFound):
            extension.request(viewer=stranger, construction_id=row.pk, reason="理由", due=LAST)
        with pytest.raises(NotPermitted):
            extension.request(viewer=site.hr, construction_id=row.pk, reason="理由", due=LAST)
        asked = wish(row)
        word = {"extension_id": asked.pk, "digest": asked.digest(), "agreed": True}
        for viewer in (unit_of(row.title), officer(Role.MINISTRY_HR), site.supervisor):
            with pytest.raises(NotPermitted):
                extension.concur(viewer=viewer, **word)
        for viewer in (officer(Role.PROVINCE_HR, "36"), officer(Role.PROVINCE_FINANCE, "36")):
            with pytest.raises(NotFound):
                extension.concur(viewer=viewer, **word)
        with pytest.raises(WrongState, match="不是您所见"):
            extension.concur(viewer=site.hr, **(word | {"digest": "0" * 64}))
        agree(site, asked)
        with pytest.raises(NotPermitted):
            extension.grant(viewer=site.finance, extension_id=asked.pk)
        with pytest.raises(NotFound):
            extension.grant(viewer=officer(Role.PROVINCE_HR, "36"), extension_id=asked.pk)
        with pytest.raises(NotFound):
            building.extension(stranger, asked.pk)


def test_a_project_in_acceptance_gets_no_more_time(site: Site, row: Construction) -> None:
    with clock.at(ASKED):
        asked = wish(row)
        agree(site, asked)
        Application.objects.filter(pk=row.project_id).update(state="in_acceptance")
        with pytest.raises(WrongState, match="验收中"):
            extension.grant(viewer=site.hr, extension_id=asked.pk)
    row.refresh_from_db()
    assert row.due == DUE


@pytest.mark.django_db(transaction=True)
def test_of_two_granting_at_once_one_moves_the_date() -> None:
    from tests.factories.construction import make_site

    site = make_site()
    row = site.started()
    with clock.at(ASKED):
        asked = wish(row)
        agree(site, asked)
    hr = site.hr
    acts = [lambda: extension.grant(viewer=hr, extension_id=asked.pk)] * 2
    outcomes = together(acts, at=ASKED)
    assert sorted(type(each).__name__ for each in outcomes) == ["Extension", "WrongState"]
    assert row.periods.count() == 6
    assert Event.objects.filter(type="extension.granted").count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_asking_at_once_the_database_takes_one_even_without_locks() -> None:
    from tests.factories.construction import make_site

    row = make_site().started()
    with without_locks(held=Extension):
        outcomes = together([lambda: wish(row)] * 2, at=ASKED)
    assert sorted(type(each).__name__ for each in outcomes) == ["Extension", "LimitReached"]
