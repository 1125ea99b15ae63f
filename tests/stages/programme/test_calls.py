"""The call of a year: who drafts, who agrees, what voids a word, what is published."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import (
    DomainError,
    Invalid,
    LimitReached,
    NotFound,
    NotPermitted,
    WrongState,
)
from jiangxin.core.policy.overlay import Supplement
from jiangxin.core.workflow import CallState, Department, Role
from jiangxin.records.identity.viewer import PUBLIC, Viewer
from jiangxin.records.ledger.queries import history
from jiangxin.stages.programme import actions, queries
from jiangxin.stages.programme.forms import read_call, values_of
from jiangxin.stages.programme.models import Call, DemoClock, Holiday, QuotaPlace
from jiangxin.stages.programme.tracks import Kind
from tests.factories.desk import MAY, Desk, call_fields, loosening_policies, official

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _in_may() -> Iterator[None]:
    with clock.at(MAY):
        yield


@pytest.fixture
def desk(db: None) -> Desk:
    return Desk("37")


# --- drafting


def test_a_draft_is_kept_with_an_event(desk: Desk) -> None:
    call = desk.draft()
    stored = Call.objects.get(pk=call.pk)
    assert (stored.province, stored.year, stored.state) == ("37", 2025, CallState.DRAFT)
    event = history(call.subject)[0]
    assert event.type == "call.drafted"
    assert event.payload == {"digest": stored.digest()}


def test_only_the_human_resources_department_drafts(desk: Desk) -> None:
    for viewer in (desk.finance, official(Role.SUPERVISOR, "37"), official(Role.MINISTRY_HR)):
        with pytest.raises(NotPermitted):
            actions.draft_call(viewer=viewer, year=2025, **call_fields())
    assert not Call.objects.exists()


@pytest.mark.parametrize("year", [2021, 2026, 2030])
def test_a_year_outside_the_notice_is_refused_with_its_clause(desk: Desk, year: int) -> None:
    with pytest.raises(WrongState, match=str(year)) as caught:
        actions.draft_call(viewer=desk.hr, year=year, **call_fields())
    assert caught.value.clause == "1"
    assert not Call.objects.exists()


def test_one_call_a_province_and_year(desk: Desk) -> None:
    desk.draft()
    with pytest.raises(LimitReached, match="已经存在"):
        actions.draft_call(viewer=desk.hr, year=2025, **call_fields())
    other = Desk("32")
    other.draft()
    assert Call.objects.count() == 2


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"title": "  "}, "title"),
        ({"closes_at": clock.beijing(2025, 6, 2, 9)}, "closes_at"),
        ({"closes_at": clock.beijing(2026, 1, 1)}, "closes_at"),
        ({"publicity_days": 4}, "publicity_days"),
        ({"panel_size": 3}, "panel_size"),
        ({"panel_size": 6}, "panel_size"),
        ({"correction_days": 0}, "correction_days"),
        ({"overlay": "37-1999"}, "overlay"),
    ],
)
def test_what_the_notice_or_reason_forbids_is_refused(
    desk: Desk, changes: dict[str, Any], field: str
) -> None:
    with pytest.raises(Invalid) as caught:
        actions.draft_call(viewer=desk.hr, year=2025, **call_fields(**changes))
    assert caught.value.field == field
    assert not Call.objects.exists()


def test_a_longer_publicity_and_a_larger_panel_are_allowed(desk: Desk) -> None:
    call = desk.draft(publicity_days=7, panel_size=9)
    assert (call.publicity_days, call.panel_size) == (7, 9)


# --- two principals


def test_a_change_voids_what_both_departments_had_said(desk: Desk) -> None:
    call = desk.draft()
    desk.agree()
    assert [mark.state for mark in queries.call_marks(call).values()] == ["agreed", "agreed"]
    call = actions.revise_call(viewer=desk.hr, call_id=call.pk, phone="0531-1")
    assert [mark.state for mark in queries.call_marks(call).values()] == ["void", "void"]
    assert {word.void_reason for word in queries.call_words(call)} == {"通知内容已修改"}
    with pytest.raises(WrongState, match="人社、财政"):
        actions.open_call(viewer=desk.hr, call_id=call.pk)
    assert Call.objects.get(pk=call.pk).state == CallState.DRAFT


def test_saving_without_a_change_voids_nothing(desk: Desk) -> None:
    call = desk.draft()
    desk.agree()
    before = len(history(call.subject))
    actions.revise_call(viewer=desk.hr, call_id=call.pk, **call_fields())
    assert [mark.state for mark in queries.call_marks(call).values()] == ["agreed", "agreed"]
    assert len(history(call.subject)) == before


def test_one_department_is_not_enough_and_a_refusal_needs_a_reason(desk: Desk) -> None:
    call = desk.draft()
    actions.concur_call(viewer=desk.hr, call_id=call.pk, agreed=True)
    with pytest.raises(WrongState, match="财政"):
        actions.open_call(viewer=desk.hr, call_id=call.pk)
    with pytest.raises(Invalid, match="理由"):
        actions.concur_call(viewer=desk.finance, call_id=call.pk, agreed=False, remark=" ")
    actions.concur_call(viewer=desk.finance, call_id=call.pk, agreed=False, remark="期限太短")
    mark = queries.call_marks(call)[Department.FINANCE]
    assert (mark.state, mark.remark, mark.name) == ("disagreed", "期限太短", "财政乙")
    with pytest.raises(WrongState, match="财政"):
        actions.open_call(viewer=desk.hr, call_id=call.pk)


def test_nobody_agrees_to_a_text_that_changed_under_their_eyes(desk: Desk) -> None:
    call = desk.draft()
    seen = call.digest()
    actions.revise_call(viewer=desk.hr, call_id=call.pk, text="别的正文")
    with pytest.raises(WrongState, match="刚被修改"):
        actions.concur_call(viewer=desk.finance, call_id=call.pk, agreed=True, seen=seen)
    assert queries.call_marks(Call.objects.get(pk=call.pk))[Department.FINANCE].state == "empty"
    now = Call.objects.get(pk=call.pk).digest()
    actions.concur_call(viewer=desk.finance, call_id=call.pk, agreed=True, seen=now)


def test_another_province_reaches_nothing(desk: Desk) -> None:
    call = desk.draft()
    other = Desk("32")
    for act in (
        lambda: actions.revise_call(viewer=other.hr, call_id=call.pk, title="夺"),
        lambda: actions.concur_call(viewer=other.finance, call_id=call.pk, agreed=True),
        lambda: actions.open_call(viewer=other.hr, call_id=call.pk),
    ):
        with pytest.raises(DomainError, match="没有这份申报通知"):
            act()
    with pytest.raises(NotFound):
        queries.call(other.hr, call.pk)
    assert Call.objects.get(pk=call.pk).title == "2025年申报通知"


def test_drafts_are_seen_by_the_own_two_departments_only(desk: Desk) -> None:
    draft = desk.draft()
    opened = Desk("32").open()
    assert list(queries.calls(desk.hr)) == list(queries.calls(desk.finance)) == [draft]
    for viewer in (PUBLIC, official(Role.AUDITOR), official(Role.SUPERVISOR, "37")):
        assert list(queries.calls(viewer)) == [opened]

    def waiting(viewer: Viewer) -> int:
        return queries.calls_waiting(viewer).rows.count()

    assert waiting(desk.hr) == waiting(desk.finance) == 1
    actions.concur_call(viewer=desk.finance, call_id=draft.pk, agreed=True)
    assert (waiting(desk.hr), waiting(desk.finance)) == (1, 0)
    actions.concur_call(viewer=desk.hr, call_id=draft.pk, agreed=True)
    assert (waiting(desk.hr), waiting(desk.finance)) == (1, 0), "人社 has still to publish"
    actions.open_call(viewer=desk.hr, call_id=draft.pk)
    assert waiting(desk.hr) == 0
    assert waiting(official(Role.MINISTRY_HR)) == 0
    assert waiting(Desk("33").finance) == 0


# --- publishing


def test_publishing_lays_the_places_of_the_quota_once(desk: Desk) -> None:
    call = desk.draft()
    assert queries.planned_quota(call) == {Kind.BASE: 5, Kind.STUDIO: 5}
    desk.agree()
    actions.open_call(viewer=desk.hr, call_id=call.pk)
    assert queries.quota("37", 2025) == {Kind.BASE: 5, Kind.STUDIO: 5}
    assert queries.quota("32", 2025) == {Kind.BASE: 0, Kind.STUDIO: 0}
    assert queries.call_of("37", 2025) == call
    event = history(call.subject)[-1]
    assert (event.type, event.payload["to"]) == ("call.opened", "open")
    with pytest.raises(WrongState):
        actions.open_call(viewer=desk.hr, call_id=call.pk)
    with pytest.raises(WrongState, match="已发布"):
        actions.revise_call(viewer=desk.hr, call_id=call.pk, title="改")
    with pytest.raises(WrongState, match="无须"):
        actions.concur_call(viewer=desk.finance, call_id=call.pk, agreed=True)
    assert QuotaPlace.objects.count() == 10


def test_finance_can_not_publish(desk: Desk) -> None:
    call = desk.draft()
    desk.agree()
    with pytest.raises(NotPermitted, match="省级人社部门"):
        actions.open_call(viewer=desk.finance, call_id=call.pk)


def test_open_calls_are_those_whose_window_is_open(desk: Desk) -> None:
    call = desk.open()
    Desk("32").draft()
    assert list(queries.open_calls()) == []
    assert list(queries.open_calls(call.opens_at)) == [call]
    assert list(queries.open_calls(call.closes_at - timedelta(seconds=1))) == [call]
    assert list(queries.open_calls(call.closes_at)) == []


def test_a_place_beyond_the_notice_needs_the_ministry_and_a_reason(desk: Desk) -> None:
    ministry = official(Role.MINISTRY_HR)
    with pytest.raises(WrongState, match="尚未发布"):
        actions.grant_exception(
            viewer=ministry, province="37", year=2025, kind=Kind.BASE, reason="部函"
        )
    desk.open()
    with pytest.raises(NotPermitted):
        actions.grant_exception(
            viewer=desk.hr, province="37", year=2025, kind=Kind.BASE, reason="自定"
        )
    with pytest.raises(Invalid):
        actions.grant_exception(
            viewer=ministry, province="37", year=2025, kind=Kind.BASE, reason=" "
        )
    place = actions.grant_exception(
        viewer=ministry, province="37", year=2025, kind=Kind.BASE, reason="人社厅函〔2025〕9号"
    )
    assert place.number == 6
    assert queries.quota("37", 2025) == {Kind.BASE: 6, Kind.STUDIO: 5}
    assert [each.exception for each in queries.exceptional_places("37", 2025)] == [
        "人社厅函〔2025〕9号"
    ]


# --- overlay


def test_a_call_of_2022_may_take_shandongs_rules(desk: Desk) -> None:
    window = {
        "opens_at": clock.beijing(2022, 9, 20),
        "closes_at": clock.beijing(2022, 10, 10, 17),
    }
    call = actions.draft_call(viewer=desk.hr, year=2022, **call_fields(overlay="37-2022", **window))
    overlay = queries.overlay_of_call(call)
    assert overlay is not None
    assert queries.overlay_refusals(overlay) == []
    lines = queries.overlay_lines(overlay)
    assert ("增加条件", "2.2") in {(line.word, line.clause) for line in lines}
    assert any("职工教育经费" in line.text for line in lines if line.word == "增加材料")
    assert {line.word for line in lines} == {"增加条件", "增加材料", "优先推荐"}
    desk.call = call
    desk.agree()
    assert actions.open_call(viewer=desk.hr, call_id=call.pk).state == CallState.OPEN


def test_another_provinces_rules_can_not_be_borrowed(desk: Desk) -> None:
    other = Desk("32")
    with pytest.raises(Invalid) as caught:
        actions.draft_call(
            viewer=other.hr,
            year=2022,
            **call_fields(
                overlay="37-2022",
                opens_at=clock.beijing(2022, 9, 20),
                closes_at=clock.beijing(2022, 10, 10),
            ),
        )
    assert caught.value.field == "overlay"


# --- working days and the statutory clock


def test_the_year_is_planned_backwards_from_the_31st_of_october(desk: Desk) -> None:
    call = desk.open()
    plan = {each.key: each for each in queries.plan(call)}
    assert plan["filing"].at == clock.beijing(2025, 11, 1)
    latest = (plan["publicity"].at - timedelta(microseconds=1)).date()
    assert latest == date(2025, 10, 23), "five working days, and one to file before Friday the 31st"
    assert not any(each.passed for each in plan.values())
    assert plan["opens"].workdays == 16
    with clock.at(clock.beijing(2025, 10, 24)):
        late = {each.key: each for each in queries.plan(call)}
        assert late["publicity"].passed
        assert late["publicity"].workdays == 0
        assert late["filing"].workdays == 6


def test_holidays_move_the_plan_and_only_the_ministry_enters_them(desk: Desk) -> None:
    ministry = official(Role.MINISTRY_HR)
    call = desk.open()
    with pytest.raises(NotPermitted):
        actions.set_day(viewer=desk.hr, day=date(2025, 10, 23), working=False, name="省庆")
    actions.set_day(viewer=ministry, day=date(2025, 10, 24), working=False, name="试放假")
    latest = next(each for each in queries.plan(call) if each.key == "publicity")
    assert (latest.at - timedelta(seconds=1)).date() == date(2025, 10, 22)
    assert queries.day_off(date(2025, 10, 24)) == "试放假"
    assert queries.day_off(date(2025, 10, 25)) == "星期六"
    assert queries.day_off(date(2025, 10, 23)) == ""
    assert [each.day for each in queries.holidays(2025)] == [date(2025, 10, 24)]
    assert history("calendar:2025")[-1].payload["working"] is False
    actions.set_day(viewer=ministry, day=date(2025, 10, 24), working=None, name="")
    assert not Holiday.objects.exists()
    actions.set_day(viewer=ministry, day=date(2025, 10, 25), working=True, name="调休")
    assert queries.last_day(date(2025, 10, 25), 1) == date(2025, 10, 25)
    assert queries.day_off(date(2025, 10, 25)) == ""


# --- what an official types


def test_a_stored_call_comes_back_from_its_inputs(desk: Desk) -> None:
    call = desk.draft()
    fields, problems = read_call(values_of(call))
    assert problems == []
    assert all(getattr(call, name) == value for name, value in fields.items())


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"publicity_days": "五"}, "publicity_days"),
        ({"publicity_days": "-1"}, "publicity_days"),
        ({"publicity_days": "٥"}, "publicity_days"),
        ({"panel_size": "1e1"}, "panel_size"),
        ({"correction_days": ""}, "correction_days"),
        ({"correction_days": "99999999999999999999"}, "correction_days"),
        ({"opens_at_date": "2025-02-30"}, "opens_at"),
        ({"closes_at_time": "25:00"}, "closes_at"),
        ({"closes_at_date": ""}, "closes_at"),
        ({"title": "长" * 201}, "title"),
    ],
)
def test_each_wrong_input_is_named(desk: Desk, typed: dict[str, str], field: str) -> None:
    _, problems = read_call({**values_of(desk.draft()), **typed})
    assert [problem.field for problem in problems] == [field]


def test_full_width_numbers_are_read(desk: Desk) -> None:
    fields, problems = read_call({**values_of(desk.draft()), "publicity_days": "７"})
    assert problems == []
    assert fields["publicity_days"] == 7


def test_the_demonstration_clock_only_runs_forward(settings: Any) -> None:
    settings.DEMO = True
    with pytest.raises(WrongState, match="只能向前"):
        actions.move_demo_clock(to=clock.now() - timedelta(days=1))


def test_the_demonstration_clock_moves_forward_and_forgets_its_last_shift(settings: Any) -> None:
    settings.DEMO = True
    for days in (1, 3):
        target = clock.now() + timedelta(days=days)
        actions.move_demo_clock(to=target)
        shift = DemoClock.objects.get().shift
        assert queries.demo_shift() == shift
        assert abs(datetime.now(clock.BEIJING) + shift - target) < timedelta(minutes=1)


@pytest.fixture
def loosening(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JIANGXIN_POLICIES", str(loosening_policies(tmp_path)))


@pytest.mark.usefixtures("loosening")
def test_rules_that_loosen_the_notice_are_refused_with_a_case(desk: Desk) -> None:
    call = desk.draft(overlay="37-2025")
    overlay = queries.overlay_of_call(call)
    assert overlay is not None
    (refusal,) = queries.overlay_refusals(overlay)
    assert [line.word for line in queries.overlay_lines(overlay)] == ["放宽"]
    stricter = replace(overlay, values={"base.capacity": 2500, "publicity.working_days": 7})
    assert [line.word for line in queries.overlay_lines(stricter)] == ["从严", "从严"]
    assert queries.overlay_refusals(stricter) == []
    level = replace(overlay, values={"studio.leader_level": "technician"})
    assert [line.word for line in queries.overlay_lines(level)] == ["放宽"]
    fixed = replace(overlay, values={"filing.deadline_day": 30})
    assert [line.word for line in queries.overlay_lines(fixed)] == ["改动"]
    added = Supplement(until=date(2025, 7, 10), fields=("premises",))
    steps = queries.overlay_lines(replace(overlay, values={}, recommender=True, supplement=added))
    assert [line.word for line in steps] == ["增加环节", "增加环节"]
    assert "2025年7月10日" in steps[1].text
    desk.agree()
    with pytest.raises(WrongState, match="放宽了国家条件") as caught:
        actions.open_call(viewer=desk.hr, call_id=call.pk)
    assert caught.value.clause == refusal.clause == "2.1.1.2"
    assert "1500" in caught.value.remedy, "the witness is a unit that the rules would let in"
    assert Call.objects.get(pk=call.pk).state == CallState.DRAFT
    assert not QuotaPlace.objects.exists()
