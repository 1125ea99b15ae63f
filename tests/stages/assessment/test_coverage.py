"""Coverage against 100 %, what is overdue from 2026 on, and the year's report for the filing."""

from collections.abc import Iterator
from datetime import date

import pytest

from jiangxin.core.kernel import clock
from jiangxin.core.workflow import Role
from jiangxin.records.identity.viewer import Viewer
from jiangxin.records.inbox.waiting import count_waiting
from jiangxin.records.ledger.actions import append
from jiangxin.stages.assessment import conclusions, queries
from jiangxin.stages.assessment.yearly import yearly_report
from jiangxin.stages.titles.models import Title
from jiangxin.stages.titles.progress import assessed
from tests.factories.assessment import MARCH, batch_of, concluded, judged, legacy
from tests.factories.desk import official

pytestmark = pytest.mark.django_db
LAST, OVER = date(2025, 12, 31), date(2026, 1, 1)


@pytest.fixture(autouse=True)
def _in_march() -> Iterator[None]:
    with clock.at(MARCH):
        yield


@pytest.fixture
def hr(db: None) -> Viewer:
    return official(Role.PROVINCE_HR, "37")


@pytest.fixture
def finance(db: None) -> Viewer:
    return official(Role.PROVINCE_FINANCE, "37")


def country(hr: Viewer, finance: Viewer) -> None:
    """Shandong: two passed, one failed, one under way, one untouched, one ended, one of 2023.

    Jiangxi: one untouched."""
    titles = [legacy(f"L{n}") for n in range(5)]
    concluded(hr, finance, *titles[:2])
    concluded(hr, finance, titles[2], grade="unqualified")
    batch_of(hr, titles[3])
    ended = legacy("L8")
    Title.objects.filter(pk=ended.pk).update(state="ended")
    legacy("L9", year=2023)
    legacy("P1", province="36")


def test_a_province_sees_its_own_row_and_the_nation_all(hr: Viewer, finance: Viewer) -> None:
    country(hr, finance)
    (own,) = queries.coverage(hr, LAST)
    assert (own.total, own.passed, own.failed, own.underway) == (5, 2, 1, 1)
    assert (own.assessed, own.missing, own.percent, own.overdue) == (3, 2, 60, 0)
    rows = queries.coverage(official(Role.MINISTRY_HR), OVER)
    assert len(rows) == 33
    found = {row.province: row for row in rows}
    assert (found["37"].overdue, found["36"].overdue, found["11"].overdue) == (2, 1, 0)
    assert (found["11"].total, found["11"].percent) == (0, 100)
    nation = rows[-1]
    assert (nation.name, nation.total, nation.assessed, nation.overdue) == ("全国", 6, 3, 3)
    assert nation.percent == 50


def test_the_public_count_is_the_officials_count(hr: Viewer, finance: Viewer) -> None:
    country(hr, finance)
    rows = queries.coverage(official(Role.MINISTRY_HR), LAST)
    own = {row.province: (row.total, row.passed, row.failed) for row in rows if row.total}
    public = {code: (one.due, one.passed, one.failed) for code, one in assessed().items()}
    assert {code: own[code] for code in public} == public
    assert set(own) == {*public, ""}


def test_almost_all_is_not_all(hr: Viewer) -> None:
    for number in range(300):
        legacy(f"L{number}", assessment="none" if number == 0 else "passed", assessed_year=2024)
    (own,) = queries.coverage(hr, LAST)
    assert (own.missing, own.percent) == (1, 99)


def test_coverage_costs_one_query(hr: Viewer, finance: Viewer, django_assert_num_queries) -> None:
    country(hr, finance)
    ministry = official(Role.MINISTRY_HR)
    with django_assert_num_queries(1):
        queries.coverage(ministry, LAST)


def test_what_is_not_assessed_waits_with_its_date_and_is_late_from_2026(
    hr: Viewer, finance: Viewer
) -> None:
    country(hr, finance)
    ministry = official(Role.MINISTRY_HR)

    def waiting(viewer: Viewer):
        return count_waiting({"x": queries.unassessed_waiting(viewer)}).get("x")

    found = waiting(hr)
    assert (found.count, found.due, found.late) == (1, LAST, False), "one is in a batch already"
    assert waiting(ministry) is None
    with clock.at(clock.beijing(2025, 12, 31, 23, 59)):
        assert not waiting(hr).late
        assert waiting(ministry) is None
    with clock.at(clock.beijing(2026, 1, 1)):
        assert waiting(hr).late
        assert (waiting(ministry).count, waiting(ministry).late) == (2, True)
        assert waiting(finance) is None


def test_the_report_of_a_year_counts_that_year_and_says_what_is_missing(
    hr: Viewer, finance: Viewer
) -> None:
    old, good, bad, open_ = (legacy(f"L{n}") for n in range(4))
    entered = legacy("L7", assessment="passed", assessed_year=2025)
    concluded(hr, finance, old, year=2024)
    concluded(hr, finance, good, year=2025)
    concluded(hr, finance, bad, grade="unqualified", year=2025)
    judged(hr, open_, year=2025)
    batch_of(hr, year=2025)
    found = yearly_report("37", 2025)
    assert (found.assessed, found.passed, found.failed, found.revoked) == (3, 2, 1, 0)
    assert [(each.number, each.total, each.concluded) for each in found.batches] == [
        (1, 1, 1),
        (2, 1, 1),
        (3, 1, 0),
        (4, 0, 0),
    ]
    assert found.gaps == ["第 3 批还有 1 项没有结论。", "第 4 批没有编入任何项目。"]
    assert found.failed_names == [bad.name]
    assert (found.coverage.total, found.coverage.assessed) == (5, 4)
    for words in (
        "山东省人力资源社会保障部门会同财政部门",
        "2025年共考核评估3项，合格以上2项，不合格1项",
        f"不合格项目：{bad.name}",
        "第3批（一批）：编入1项，已作结论0项",
        "覆盖率80%，尚未考核1项",
    ):
        assert words in found.text
    earlier = yearly_report("37", 2024)
    assert (earlier.assessed, earlier.passed, len(earlier.batches)) == (1, 1, 1)
    assert entered.name not in found.text
    assert yearly_report("36", 2025).assessed == 0


def test_revocations_count_in_the_year_of_their_event(hr: Viewer, finance: Viewer) -> None:
    title = legacy("L1")
    concluded(hr, finance, title, grade="unqualified")
    Title.objects.filter(pk=title.pk).update(state="revoked")
    with clock.at(clock.beijing(2025, 12, 31, 23, 59)):
        append(type="title.revoked", subject=title.subject, by=hr)
    assert yearly_report("37", 2025).revoked == 1
    assert yearly_report("37", 2026).revoked == yearly_report("37", 2024).revoked == 0
    assert yearly_report("37", 2025).coverage.percent == 100


def test_a_year_without_batches_says_so_only_while_something_is_missing(
    hr: Viewer, finance: Viewer
) -> None:
    title = legacy("L1")
    assert yearly_report("37", 2025).gaps == ["2025 年没有考核批次，还有 1 项未考核。"]
    assert "2025年没有安排考核批次" in yearly_report("37", 2025).text
    concluded(hr, finance, title, year=2024)
    assert yearly_report("37", 2025).gaps == []


def test_a_cancelled_assessment_counts_nowhere(hr: Viewer) -> None:
    batch = batch_of(hr, legacy("L1"))
    row = batch.assessments.get()
    conclusions.cancel(viewer=hr, assessment_id=row.pk, reason="编错批次。")
    assert queries.batch(hr, batch.pk).total == 0
    assert queries.coverage(hr, LAST)[0].underway == 0
    assert yearly_report("37", 2025).batches[0].total == 0
