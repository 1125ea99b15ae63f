"""Opening a construction: once, from the date of the rules, with what was promised frozen for ever."""

from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from django.db import DatabaseError, transaction
from hypothesis import given
from hypothesis import strategies as st

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import Invalid, NotFound, NotPermitted, WrongState
from jiangxin.core.workflow import Role
from jiangxin.ops.fsck import stray_states
from jiangxin.ops.scenes.country import officer
from jiangxin.records.inbox.models import Message
from jiangxin.records.ledger.models import Event
from jiangxin.stages.application.models import Application
from jiangxin.stages.application.queries import latest_version
from jiangxin.stages.construction import queries
from jiangxin.stages.construction.actions import start
from jiangxin.stages.construction.models import Construction
from jiangxin.stages.construction.queries.building import to_start
from jiangxin.stages.construction.queries.waiting import starts_waiting
from jiangxin.stages.construction.rules import months_later, stretches
from jiangxin.stages.funding.choices import Leg
from jiangxin.stages.funding.models import Arrival, Payment
from jiangxin.stages.programme.models import Call, Track
from jiangxin.stages.titles.models import Title
from tests.factories.applications import by_hand
from tests.factories.construction import DUE, REGISTERED, Site, make_site, register, unit_of
from tests.factories.desk import policies_with
from tests.factories.races import together, without_locks

NEXT = REGISTERED + timedelta(days=1)


def begin(site: Site, title: Title, **given: object) -> Construction:
    with clock.at(NEXT):
        return start.start(viewer=site.hr, title_id=title.pk, **given)


def empty(project: Application) -> None:
    with by_hand("application_version"):
        project.versions.update(answers={})


@pytest.mark.parametrize("track", [Track.NEW_BASE, Track.STUDIO])
def test_goals_and_milestones_stand_as_the_registered_form_has_them(
    site: Site, track: Track
) -> None:
    title = site.registered(track)
    row = begin(site, title)
    project = Application.objects.get(pk=row.project_id)
    version = latest_version(project)
    assert version is not None
    assert [each.goal.indicator for each in queries.goals(title)] == [
        line["indicator"] for line in version.answers["performance_goals"]
    ]
    assert [
        (each.milestone.task, each.milestone.due.isoformat()) for each in queries.milestones(title)
    ] == [(line["task"], line["due"]) for line in version.answers["milestones"]]
    assert {each.group for each in queries.goals(title)} == {
        "产出指标",
        "效益指标",
        "满意度指标",
    }
    assert (row.starts_on, row.due, row.first_due) == (REGISTERED.date(), DUE, DUE)
    assert project.state == "under_construction"
    assert list(stray_states()) == []
    assert Event.objects.filter(type="construction.started", subject=row.subject).count() == 1
    owner = next(each.milestone.owner for each in queries.milestones(title))
    assert owner
    assert owner not in str(list(Event.objects.values_list("payload", flat=True)))
    assert Message.objects.get(unit=project.unit).due == DUE
    assert queries.construction_of(title) == row


def test_the_reports_are_laid_half_year_by_half_year_to_the_last_day(site: Site) -> None:
    row = begin(site, site.registered())
    assert [(each.begins, each.ends, each.due) for each in row.periods.all()] == [
        (date(2025, 12, 10), date(2026, 6, 9), date(2026, 7, 9)),
        (date(2026, 6, 10), date(2026, 12, 9), date(2027, 1, 8)),
        (date(2026, 12, 10), date(2027, 6, 9), date(2027, 7, 9)),
        (date(2027, 6, 10), date(2027, 12, 10), date(2028, 1, 9)),
    ]


def test_a_second_opening_an_existing_base_and_a_title_without_project_are_refused(
    site: Site,
) -> None:
    title = site.registered()
    begin(site, title)
    with pytest.raises(WrongState, match="不能登记开工") as refused:
        begin(site, title)
    assert refused.value.clause == "4.3"
    with clock.at(clock.beijing(2025, 6, 2, 10)):
        existing = register(site.round.submitted(Track.EXISTING_BASE))
    with pytest.raises(WrongState, match="不是新建项目"):
        begin(site, existing)
    legacy = Title.objects.get(year=2014)
    with pytest.raises(WrongState, match="不是新建项目"):
        begin(site, legacy)
    assert Construction.objects.count() == 1


def test_only_the_own_provinces_hr_opens_it(site: Site) -> None:
    title = site.registered()
    for viewer in (site.finance, unit_of(title), officer(Role.MINISTRY_HR), site.supervisor):
        with pytest.raises(NotPermitted):
            start.start(viewer=viewer, title_id=title.pk)
    with pytest.raises(NotFound):
        start.start(viewer=officer(Role.PROVINCE_HR, "36"), title_id=title.pk)
    title.state = "revoked"
    title.save()
    with pytest.raises(WrongState, match="不再有效"):
        start.start(viewer=site.hr, title_id=title.pk)


def test_registration_is_the_start_unless_the_overlay_says_otherwise(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    title = site.registered()
    with pytest.raises(Invalid, match="不能另填日期") as refused:
        begin(site, title, starts_on=date(2025, 12, 1))
    assert refused.value.field == "starts_on"
    own = '"build.start_event" = "announcement"\n"build.years" = 1\n"build.report_months" = 3'
    monkeypatch.setenv("JIANGXIN_POLICIES", str(policies_with(tmp_path, own)))
    Call.objects.update(overlay="37-2025")
    for dates, field in (
        ({}, "starts_on"),
        ({"starts_on": date(2025, 12, 11)}, "document"),
        ({"starts_on": date(2025, 12, 9), "document": "1号"}, "starts_on"),
        ({"starts_on": date(2025, 12, 12), "document": "1号"}, "starts_on"),
        ({"starts_on": date(2025, 12, 11), "document": "长" * 101}, "document"),
    ):
        with pytest.raises(Invalid) as refused:
            begin(site, title, **dates)
        assert refused.value.field == field
    row = begin(site, title, starts_on=date(2025, 12, 11), document="鲁人社〔2025〕9号")
    assert (row.starts_on, row.due) == (date(2025, 12, 11), date(2026, 12, 11))
    assert row.periods.count() == 4
    assert row.document == "鲁人社〔2025〕9号"


def arrived(title: Title, leg: Leg, on: date) -> None:
    """Money that was paid on that stretch, and confirmed by the unit on that day."""
    own = leg is Leg.LOCAL
    payment = Payment.objects.create(
        title=title,
        source="local" if own else "central",
        leg=leg,
        amount=1_000_000,
        on=REGISTERED.date(),
        at=NEXT,
        actor="x",
        name="财政",
    )
    if leg is not Leg.TO_PROVINCE:
        Arrival.objects.create(payment=payment, on=on, at=NEXT, actor="y", name="单位")


def test_where_the_money_is_the_start_its_arrival_at_the_unit_is_read_from_the_account(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = '"build.start_event" = "payment"'
    monkeypatch.setenv("JIANGXIN_POLICIES", str(policies_with(tmp_path, own)))
    title = site.registered()
    Call.objects.update(overlay="37-2025")
    arrived(title, Leg.TO_PROVINCE, date(2026, 5, 1))
    arrived(title, Leg.LOCAL, date(2026, 5, 2))
    with clock.at(clock.beijing(2026, 9, 1)):
        with pytest.raises(WrongState, match="尚未到账"):
            start.start(viewer=site.hr, title_id=title.pk)
        arrived(title, Leg.TO_UNIT, date(2026, 8, 20))
        arrived(title, Leg.TO_UNIT, date(2026, 8, 10))
        with pytest.raises(Invalid, match="不能另填日期"):
            start.start(viewer=site.hr, title_id=title.pk, starts_on=date(2026, 8, 20))
        row = start.start(viewer=site.hr, title_id=title.pk)
    assert (row.starts_on, row.due) == (date(2026, 8, 10), date(2028, 8, 10))


def test_a_project_without_goals_is_not_opened(site: Site) -> None:
    title = site.registered()
    project = Application.objects.get(title=title.name)
    empty(project)
    with pytest.raises(WrongState, match="没有绩效目标"):
        begin(site, title)
    assert not Construction.objects.exists()
    project.refresh_from_db()
    assert project.state == "registered"


def test_many_are_opened_all_or_none_after_a_preview(site: Site) -> None:
    good, bad = site.registered(), site.registered(Track.STUDIO)
    empty(Application.objects.get(title=bad.name))
    with clock.at(NEXT):
        lines = start.preview(
            viewer=site.hr, title_ids=[good.pk, bad.pk], starts_on=None, document=""
        )
        assert [(each.title, each.planned and each.planned.due) for each in lines] == [
            (good, DUE),
            (bad, DUE),
        ]
        assert starts_waiting(site.hr).rows.count() == 2
        assert not starts_waiting(site.finance).rows.exists()
        with pytest.raises(WrongState):
            start.start_many(viewer=site.hr, title_ids=[good.pk, bad.pk])
        assert not Construction.objects.exists()
        start.start_many(viewer=site.hr, title_ids=[good.pk, good.pk])
    assert [row.title for row in Construction.objects.all()] == [good]
    assert list(to_start(site.hr)) == [bad]
    assert not to_start(officer(Role.PROVINCE_HR, "36")).exists()


@pytest.mark.parametrize("table", ["goals", "milestones"])
def test_the_database_keeps_what_was_promised(site: Site, table: str) -> None:
    row = begin(site, site.registered())
    rows = getattr(row, table)
    first = rows.first()
    for change in (
        lambda: rows.filter(pk=first.pk).update(indicator="改"),
        lambda: rows.filter(pk=first.pk).delete(),
    ):
        with pytest.raises(DatabaseError, match="kept as it is"), transaction.atomic():
            change()
    first.refresh_from_db()
    assert first.indicator != "改"


def test_goals_have_ended_at_the_term_or_when_all_is_done(site: Site) -> None:
    title = site.registered()
    assert not queries.goals_ended(title)
    begin(site, title)
    for moment, ended in (
        (clock.end_of(DUE) - timedelta(days=1, seconds=1), False),
        (clock.end_of(DUE) - timedelta(seconds=1), True),
    ):
        with clock.at(moment):
            assert queries.goals_ended(title) is ended


@given(st.dates(date(2023, 1, 1), date(2027, 12, 31)), st.integers(1, 1200), st.integers(1, 12))
def test_the_periods_cover_every_day_once_and_end_on_the_last(
    begins: date, days: int, months: int
) -> None:
    due = begins + timedelta(days=days)
    found = stretches(begins, due, months)
    assert (found[0][0], found[-1][1]) == (begins, due)
    assert all(first <= last for first, last in found)
    for (_, last), (following, _) in pairwise(found):
        assert following == last + timedelta(days=1)
    firsts = [months_later(begins, number * months) for number in range(len(found))]
    assert [first for first, _ in found] == firsts


@pytest.mark.django_db(transaction=True)
def test_of_two_opening_at_once_one_opens_it() -> None:
    site = make_site()
    title, hr = site.registered(), site.hr
    outcomes = together([lambda: start.start(viewer=hr, title_id=title.pk)] * 2, at=NEXT)
    assert sorted(type(each).__name__ for each in outcomes) == ["Construction", "WrongState"]
    assert Event.objects.filter(type="construction.started").count() == 1


@pytest.mark.django_db(transaction=True)
def test_even_without_locks_a_title_has_one_construction() -> None:
    site = make_site()
    title, hr = site.registered(), site.hr
    with without_locks(held=Construction):
        outcomes = together([lambda: start.start(viewer=hr, title_id=title.pk)] * 2, at=NEXT)
    assert sorted(type(each).__name__ for each in outcomes) == ["Construction", "LimitReached"]
    assert Construction.objects.count() == 1
