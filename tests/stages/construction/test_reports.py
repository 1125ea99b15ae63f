"""Progress reports: in turn, whole, never changed, sent back once, late when nobody reported."""

from datetime import date, timedelta

import pytest
from django.db import DatabaseError, transaction

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import Invalid, LimitReached, NotFound, NotPermitted, WrongState
from jiangxin.core.workflow import Role
from jiangxin.ops.scenes.country import officer
from jiangxin.records.inbox.models import Message
from jiangxin.records.ledger.models import Event
from jiangxin.stages.application.models import Application
from jiangxin.stages.construction import queries
from jiangxin.stages.construction.actions import reports
from jiangxin.stages.construction.choices import Progress
from jiangxin.stages.construction.models import Construction, Report
from jiangxin.stages.construction.queries import reports as reading
from jiangxin.stages.construction.queries.files import file
from jiangxin.stages.construction.queries.lateness import LateKind
from jiangxin.stages.construction.queries.waiting import reports_waiting
from tests.factories.construction import DUE, Site, pdf, reported, unit_of, written
from tests.factories.desk import official

HALF = clock.beijing(2026, 6, 20, 9)  # the first period has ended, its report is not late yet
LATE = clock.beijing(2026, 7, 10, 9)


@pytest.fixture
def row(site: Site) -> Construction:
    return site.started()


def statuses(site: Site, row: Construction) -> list[str]:
    rows = reading.periods(site.hr).filter(construction=row)
    return list(rows.order_by("number").values_list("status", flat=True))


def test_a_report_tells_how_every_goal_and_milestone_stands(site: Site, row: Construction) -> None:
    made = reported(row, 1, at=HALF)
    with clock.at(HALF):
        assert {each.share for each in queries.milestones(row.title)} == {40}
        assert {each.progress for each in queries.milestones(row.title)} == {Progress.GOING}
        assert {each.value for each in queries.goals(row.title)} == {"40"}
        assert reports_waiting(site.hr).rows.count() == 1
        assert not reports_waiting(site.finance).rows.exists()
        reports.read(viewer=site.hr, report_id=made.pk, remark="请注意设备验收。")
        assert not reports_waiting(site.hr).rows.exists()
    event = Event.objects.get(type="report.submitted")
    assert event.payload["digest"] == made.digest
    told = Message.objects.get(title__contains="已审阅，有意见")
    assert told.text == "请注意设备验收。"
    assert "设备验收" not in str(list(Event.objects.values_list("payload", flat=True)))


def test_a_submitted_report_is_frozen_in_the_database(row: Construction) -> None:
    made = reported(row, 1, at=HALF)
    unit = unit_of(row.title)
    changes = (
        lambda: Report.objects.filter(pk=made.pk).update(summary="改"),
        lambda: Report.objects.filter(pk=made.pk).delete(),
        lambda: made.milestone_lines.update(share=50),
        lambda: made.goal_lines.all().delete(),
        lambda: made.files.all().delete(),
        lambda: made.files.create(document=made.files.get().document),
    )
    for change in changes:
        with pytest.raises(DatabaseError), transaction.atomic():
            change()
    period = row.periods.get(number=1)
    with clock.at(HALF):
        for act in (
            lambda: reports.save(viewer=unit, period_id=period.pk, written=reports.Written()),
            lambda: reports.submit(viewer=unit, period_id=period.pk),
        ):
            with pytest.raises(WrongState, match="已报送"):
                act()
    made.refresh_from_db()
    assert made.summary == "按计划推进。"


def test_a_draft_is_kept_and_only_a_whole_one_is_submitted(site: Site, row: Construction) -> None:
    unit, period = unit_of(row.title), row.periods.get(number=1)
    whole = written(row, Progress.GOING, 40)
    parts = [
        (reports.Written(), "summary"),
        (reports.Written(summary="进展"), f"m-{row.milestones.all()[0].pk}"),
        (
            reports.Written(summary="进展", milestones=whole.milestones),
            f"g-{row.goals.all()[0].pk}",
        ),
    ]
    with clock.at(HALF):
        for part, field in parts:
            reports.save(viewer=unit, period_id=period.pk, written=part, files=[pdf()])
            with pytest.raises(Invalid) as refused:
                reports.submit(viewer=unit, period_id=period.pk)
            assert refused.value.field == field
        draft = reading.draft_of(period)
        assert draft is not None
        assert draft.files.count() == 3
        reports.drop_file(
            viewer=unit, period_id=period.pk, file_id=draft.files.order_by("id")[0].pk
        )
        assert draft.files.count() == 2
        assert not reading.reports(site.hr).exists()
        held = draft.files.all()[0].document_id
        assert file(unit, held).pk == held
        with pytest.raises(NotFound):
            file(site.hr, held)
        reports.save(viewer=unit, period_id=period.pk, written=whole)
        reports.submit(viewer=unit, period_id=period.pk)
        assert file(site.hr, held).pk == held
        for stranger in (officer(Role.PROVINCE_HR, "36"), unit_of(site.registered())):
            with pytest.raises(NotFound):
                file(stranger, held)


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"summary": "长" * 2001}, "summary"), ({"problems": "长" * 2001}, "problems")],
)
def test_too_long_a_text_is_refused(row: Construction, changes: dict[str, str], field: str) -> None:
    period = row.periods.get(number=1)
    with clock.at(HALF), pytest.raises(Invalid) as refused:
        reports.save(
            viewer=unit_of(row.title), period_id=period.pk, written=reports.Written(**changes)
        )
    assert refused.value.field == field
    assert not Report.objects.exists()


def test_periods_are_reported_in_turn_and_not_before_they_begin(row: Construction) -> None:
    unit, second = unit_of(row.title), row.periods.get(number=2)
    given = {"viewer": unit, "period_id": second.pk, "written": reports.Written(summary="早")}
    with clock.at(HALF), pytest.raises(WrongState, match="前面还有"):
        reports.save(**given)
    reported(row, 1, at=clock.beijing(2026, 5, 1, 9))
    before = clock.end_of(second.begins - timedelta(days=1)) - timedelta(seconds=1)
    with clock.at(before), pytest.raises(WrongState, match="还不能报告"):
        reports.save(**given)
    with clock.at(clock.end_of(second.begins - timedelta(days=1))):
        reports.save(**given)
    assert reading.next_period(row) == second


def test_a_report_goes_back_once_with_reasons_and_is_due_again(
    site: Site, row: Construction
) -> None:
    first = reported(row, 1, at=HALF)
    with clock.at(HALF):
        with pytest.raises(Invalid) as refused:
            reports.send_back(viewer=site.hr, report_id=first.pk, reason=" ")
        assert refused.value.field == "reason"
        reports.send_back(viewer=site.hr, report_id=first.pk, reason="请补充资金使用情况。")
        with pytest.raises(WrongState, match="已审阅"):
            reports.read(viewer=site.hr, report_id=first.pk)
        assert statuses(site, row)[0] == "returned"
        assert {each.share for each in queries.milestones(row.title)} == {0}
    period = row.periods.get(number=1)
    assert period.due == date(2026, 7, 20)
    told = Message.objects.get(title__contains="已退回")
    assert (told.text, told.due) == ("请补充资金使用情况。", date(2026, 7, 20))
    second = reported(row, 1, share=60, at=LATE)
    assert second.attempt == 2
    with clock.at(LATE):
        assert {each.share for each in queries.milestones(row.title)} == {60}
        with pytest.raises(LimitReached, match="只能退回一次") as again:
            reports.send_back(viewer=site.hr, report_id=second.pk, reason="再补充。")
        assert again.value.clause == "4.1"
        reports.read(viewer=site.hr, report_id=second.pk)
        assert statuses(site, row)[0] == "read"
    assert [each.attempt for each in reading.history_of(period)] == [1, 2]


def test_what_is_not_reported_is_late_and_only_while_it_is_built(
    site: Site, row: Construction
) -> None:
    for moment, expected in (
        (clock.beijing(2026, 6, 9, 23), "planned"),
        (HALF, "due"),
        (clock.end_of(date(2026, 7, 9)) - timedelta(seconds=1), "due"),
        (clock.end_of(date(2026, 7, 9)), "overdue"),
    ):
        with clock.at(moment):
            assert statuses(site, row)[0] == expected
    with clock.at(LATE):
        late = queries.overdue(site.hr)
        assert [(each.kind, each.text) for each in late if each.kind == LateKind.REPORT] == [
            (LateKind.REPORT, "第 1 期进展报告")
        ]
        assert queries.overdue(officer(Role.PROVINCE_HR, "36")) == []
        assert queries.overdue(unit_of(site.registered())) == []
        assert queries.overdue(officer(Role.MINISTRY_HR)) == late
        assert queries.overdue(site.hr, site.registered()) == []
        Application.objects.filter(pk=row.project_id).update(state="in_acceptance")
        assert queries.overdue(site.hr) == []
        assert statuses(site, row)[0] == "closed"


def test_milestones_and_the_term_are_late_too(site: Site, row: Construction) -> None:
    first = row.milestones.all()[0]
    with clock.at(clock.end_of(DUE)):
        kinds = [each.kind for each in queries.overdue(site.hr, row.title)]
        assert kinds.count(LateKind.MILESTONE) == row.milestones.count()
        assert kinds.count(LateKind.TERM) == 1
        assert queries.milestones(row.title)[0].late
    reported(row, 1, progress=Progress.DONE, share=100, at=HALF)
    with clock.at(clock.end_of(DUE)):
        kinds = [each.kind for each in queries.overdue(site.hr, row.title)]
        assert LateKind.MILESTONE not in kinds
        assert not queries.milestones(row.title)[0].late
        assert first.due < clock.today()


def test_all_done_ends_the_goals_before_the_term(row: Construction) -> None:
    reported(row, 1, progress=Progress.GOING, share=99, at=HALF)
    with clock.at(HALF):
        assert not queries.goals_ended(row.title)
    reported(row, 2, progress=Progress.DONE, share=100, at=LATE)
    with clock.at(LATE):
        assert queries.goals_ended(row.title)


def test_each_does_only_its_own(site: Site, row: Construction) -> None:
    period, unit = row.periods.get(number=1), unit_of(row.title)
    given = {"period_id": period.pk, "written": reports.Written(summary="进展")}
    with clock.at(HALF):
        with pytest.raises(NotPermitted):
            reports.save(viewer=site.hr, **given)
        with pytest.raises(NotFound):
            reports.save(viewer=unit_of(site.registered()), **given)
    made = reported(row, 1, at=HALF)
    for act in (reports.read, reports.send_back):
        more = {"reason": "理由"} if act is reports.send_back else {}
        for viewer in (unit, site.finance, site.supervisor, officer(Role.MINISTRY_HR)):
            with pytest.raises(NotPermitted):
                act(viewer=viewer, report_id=made.pk, **more)
        with pytest.raises(NotFound):
            act(viewer=officer(Role.PROVINCE_HR, "36"), report_id=made.pk, **more)
    for viewer in (officer(Role.PROVINCE_HR, "36"), official(Role.EXPERT, "37")):
        with pytest.raises(NotFound):
            reading.report(viewer, made.pk)
