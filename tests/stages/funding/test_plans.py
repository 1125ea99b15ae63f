"""The plan of a year: only what both ministries registered the year before, inside band and budget."""

from typing import Any

import pytest
from django.db import IntegrityError, transaction

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import Invalid, LimitReached, NotFound, NotPermitted, WrongState
from jiangxin.core.workflow import Role
from jiangxin.ops.scenes import finish
from jiangxin.records.concurrence.models import Concurrence
from jiangxin.records.inbox.models import Message
from jiangxin.records.ledger.models import Event
from jiangxin.stages.funding.actions import plans
from jiangxin.stages.funding.models import Claim, Plan, PlanLine
from jiangxin.stages.funding.queries import plan_lines
from jiangxin.stages.funding.queries import plans as queries
from jiangxin.stages.funding.rules import support_year, supported_years
from jiangxin.stages.titles.models import Title
from tests.factories.desk import Desk, official
from tests.factories.funding import PLANNING, WAN, Nation, agree_plan, unit_of
from tests.factories.races import together, without_locks
from tests.factories.year import PLACE, make_year


@pytest.fixture
def nation(db: None) -> Nation:
    return Nation()


def add(nation: Nation, plan: Plan, *titles: Title) -> list[PlanLine]:
    ids = [each.pk for each in titles]
    return plans.add_lines(viewer=nation.hr, plan_id=plan.pk, title_ids=ids)


def test_support_is_due_the_year_after() -> None:
    assert [support_year(year) for year in (2022, 2025)] == [2023, 2026]
    assert [supported_years(year) for year in (2022, 2023, 2026, 2027)] == [[], [2022], [2025], []]


def test_a_project_listed_in_spring_belongs_to_the_year_of_its_filing(db: None) -> None:
    """The whole way: filed in October 2025, registered by both in May 2026, due in 2026."""
    year = make_year()
    year.confirmed()
    filed = finish.file(PLACE, year.call, clock.beijing(2025, 10, 20, 9))
    finish.register(filed, clock.beijing(2026, 5, 20, 9))
    due = list(queries.registered_for(2026).values_list("year", flat=True))
    assert due == [2025] * Title.objects.filter(origin__startswith="project:").count()
    assert due
    assert not queries.registered_for(2025).exists()
    assert not queries.registered_for(2027).exists()


def test_what_is_eligible_and_what_only_lacks_its_tier(nation: Nation) -> None:
    ready, unclaimed, checked = nation.title(), nation.title(), nation.title()
    gone, earlier, by_hand = nation.title(), nation.title(year=2024), nation.title()
    for each in (ready, gone, earlier, by_hand):
        nation.verified(each)
    nation.checked(checked)
    Title.objects.filter(pk=gone.pk).update(state="revoked")
    Title.objects.filter(pk=by_hand.pk).update(origin="")
    plan = nation.plan()
    assert list(queries.eligible(plan)) == [ready]
    assert list(queries.unready(plan)) == [unclaimed, checked]
    for title, said in (
        (unclaimed, "类档还没有确定"),
        (checked, "类档还没有确定"),
        (gone, "称号已取消"),
        (earlier, "属于 2024 年度"),
        (by_hand, "不是两部备案登记"),
    ):
        with pytest.raises(WrongState, match=said) as refused:
            add(nation, plan, ready, title)
        assert refused.value.clause == "4.4"
    assert not PlanLine.objects.exists()
    add(nation, plan, ready)
    assert not queries.eligible(plan).exists()


def test_a_line_has_the_amount_of_its_tier(nation: Nation) -> None:
    base, studio = nation.title(), nation.title("studio")
    nation.verified(base, "A")
    nation.verified(studio, "C")
    plan = nation.plan(base, studio)
    lines = PlanLine.objects.order_by("amount").values_list("amount", "outside", "reason")
    assert list(lines) == [(10 * WAN, False, ""), (700 * WAN, False, "")]
    whole = queries.overview(plan)
    assert whole.sums == [("base", 1, 700 * WAN), ("studio", 1, 10 * WAN)]
    assert whole.digest == plan.digest()
    assert whole.against is None


def test_one_open_plan_a_year_and_only_for_years_with_something_due(nation: Nation) -> None:
    with clock.at(PLANNING):
        plans.draft_plan(viewer=nation.hr, year=2026, budget=WAN)
        with pytest.raises(LimitReached, match="在编制"):
            plans.draft_plan(viewer=nation.finance, year=2026, budget=WAN)
        for year in (2022, 2027, 0, 99999):
            with pytest.raises(Invalid) as refused:
                plans.draft_plan(viewer=nation.hr, year=year, budget=WAN)
            assert refused.value.field == "year"
        for budget in (0, -1, 10**14 + 1):
            with pytest.raises(Invalid) as refused:
                plans.draft_plan(viewer=nation.hr, year=2025, budget=budget)
            assert refused.value.field == "budget"
        assert queries.plan_years() == [2023, 2024, 2025]
    with clock.at(clock.beijing(2022, 12, 1)), pytest.raises(Invalid, match="提前一年"):
        plans.draft_plan(viewer=nation.hr, year=2024, budget=WAN)
    assert Plan.objects.count() == 1


def test_a_project_whose_tier_came_late_enters_a_supplement_of_the_same_year(
    nation: Nation,
) -> None:
    early, late = nation.title(), nation.title()
    first = nation.approved(early)
    assert queries.plan_years() == [2023, 2024, 2025, 2026]
    nation.verified(late)
    second = nation.plan(late, budget=800 * WAN)
    assert (second.part, second.name) == (2, "2026 年第 1 次补充资金分配方案")
    assert 2026 not in queries.plan_years()
    with clock.at(PLANNING), pytest.raises(LimitReached, match="在编制"):
        plans.draft_plan(viewer=nation.finance, year=2026, budget=WAN)
    nation.approve(second)
    assert set(PlanLine.objects.values_list("plan", "title")) == {
        (first.pk, early.pk),
        (second.pk, late.pk),
    }
    with clock.at(PLANNING), pytest.raises(LimitReached, match="都已列入"):
        plans.draft_plan(viewer=nation.hr, year=2026, budget=WAN)
    assert queries.plan_years() == [2023, 2024, 2025]


def test_a_project_is_supported_once(nation: Nation) -> None:
    title = nation.title()
    nation.verified(title)
    plan = nation.plan(title)
    with pytest.raises(LimitReached, match="已列入资金分配方案"):
        add(nation, plan, title)
    with pytest.raises(IntegrityError, match="title_planned_once"), transaction.atomic():
        PlanLine.objects.create(plan=plan, title=title, amount=WAN)
    with pytest.raises(Invalid, match="没有选中"):
        add(nation, plan)
    with pytest.raises(NotFound):
        plans.add_lines(viewer=nation.hr, plan_id=plan.pk, title_ids=[title.pk, 999_999])


@pytest.mark.parametrize(
    ("kind", "inside", "outside"),
    [
        ("base", (300 * WAN, 700 * WAN), (300 * WAN - 1, 700 * WAN + 1, 1)),
        ("studio", (10 * WAN, 30 * WAN), (10 * WAN - 1, 30 * WAN + 1)),
    ],
)
def test_beyond_the_band_only_with_a_reason_that_both_agree_to(
    nation: Nation, kind: str, inside: tuple[int, ...], outside: tuple[int, ...]
) -> None:
    title = nation.title(kind)
    nation.verified(title)
    plan = nation.plan(title)
    line = plan.lines.get()
    known: dict[str, Any] = {"viewer": nation.hr, "plan_id": plan.pk, "line_id": line.pk}
    for amount in inside:
        line = plans.set_line(**known, amount=amount)
        assert (line.amount, line.outside) == (amount, False)
    for amount in outside:
        with pytest.raises(Invalid, match="万元之内") as refused:
            plans.set_line(**known, amount=amount, reason="  ")
        assert (refused.value.field, refused.value.clause) == ("reason", "4.4")
        line.refresh_from_db()
        assert line.amount == inside[-1]
    before = plan.digest()
    agree_plan(nation.finance, plan)
    line = plans.set_line(**known, amount=outside[-1], reason="灾后重建")
    assert (line.outside, line.reason) == (True, "灾后重建")
    assert plan.digest() != before
    with clock.at(PLANNING):
        agree_plan(nation.hr, plan)
        with pytest.raises(WrongState, match="还缺财政部门的同意"):
            plans.approve(viewer=nation.hr, plan_id=plan.pk)
        agree_plan(nation.finance, plan)
        plans.approve(viewer=nation.hr, plan_id=plan.pk)
    with pytest.raises(IntegrityError, match="outside_needs_a_reason"), transaction.atomic():
        PlanLine.objects.create(
            plan=nation.plan(year=2025), title=nation.title(), amount=WAN, outside=True
        )


def test_every_change_voids_what_was_agreed(nation: Nation) -> None:
    first, second = nation.title(), nation.title()
    for each in (first, second):
        nation.verified(each)
    plan = nation.plan(first)
    line = plan.lines.get()
    known: dict[str, Any] = {"viewer": nation.finance, "plan_id": plan.pk}
    changes = (
        lambda: plans.set_budget(**known, budget=9_000 * WAN),
        lambda: add(nation, plan, second),
        lambda: plans.set_line(**known, line_id=line.pk, amount=400 * WAN),
        lambda: plans.remove_line(**known, line_id=line.pk),
    )
    for change in changes:
        for viewer in nation.both:
            agree_plan(viewer, plan)
        read = plan.digest()
        change()
        plan.refresh_from_db()
        assert plan.digest() != read
        assert not Concurrence.objects.filter(subject=plan.subject, void_at=None).exists()
        with clock.at(PLANNING), pytest.raises(WrongState, match="还缺人社、财政部门"):
            plans.approve(viewer=nation.hr, plan_id=plan.pk)
        with pytest.raises(WrongState, match="刚刚改动"):
            plans.concur_plan(viewer=nation.hr, plan_id=plan.pk, digest=read, agreed=True)
    assert Event.objects.filter(type="plan.changed", subject=plan.subject).count() == 5


def test_nobody_agrees_to_more_than_the_budget_or_to_nothing(nation: Nation) -> None:
    title = nation.title()
    nation.verified(title, "B")
    plan = nation.plan(budget=500 * WAN - 1)
    with pytest.raises(WrongState, match="还没有项目"):
        agree_plan(nation.hr, plan)
    line = add(nation, plan, title)[0]
    with pytest.raises(WrongState, match=r"超出预算 0\.00 万元"):
        agree_plan(nation.hr, plan)
    plans.concur_plan(
        viewer=nation.hr, plan_id=plan.pk, digest=plan.digest(), agreed=False, remark="超预算"
    )
    plans.set_line(viewer=nation.hr, plan_id=plan.pk, line_id=line.pk, amount=400 * WAN)
    assert nation.approve(plan).total == 400 * WAN
    with pytest.raises(IntegrityError, match="approved_within_budget"), transaction.atomic():
        Plan.objects.filter(pk=plan.pk).update(total=500 * WAN)


def test_a_title_that_went_since_stops_the_approval(nation: Nation) -> None:
    title, other = nation.title(), nation.title()
    for each in (title, other):
        nation.verified(each)
    plan = nation.plan(title, other)
    for viewer in nation.both:
        agree_plan(viewer, plan)
    Title.objects.filter(pk=title.pk).update(state="ended")
    with clock.at(PLANNING), pytest.raises(WrongState, match="已终止"):
        plans.approve(viewer=nation.hr, plan_id=plan.pk)
    plan.refresh_from_db()
    assert (plan.state, plan.total) == ("draft", 0)
    assert not Message.objects.filter(about=plan.subject).exists()


def test_not_before_the_year_has_begun(nation: Nation) -> None:
    """N52: in the next year, after the fact."""
    title = nation.title()
    nation.verified(title)
    plan = nation.plan(title)
    for viewer in nation.both:
        agree_plan(viewer, plan)
    with clock.at(clock.beijing(2025, 12, 31, 23)), pytest.raises(WrongState, match="1 月 1 日"):
        plans.approve(viewer=nation.hr, plan_id=plan.pk)
    with clock.at(clock.beijing(2026, 1, 1)):
        plans.approve(viewer=nation.hr, plan_id=plan.pk)


def test_an_approved_plan_is_told_and_stands(nation: Nation) -> None:
    title, late = nation.title(), nation.title()
    plan = nation.approved(title)
    nation.verified(late)
    assert (plan.state, plan.total, plan.approved_at) == ("approved", 500 * WAN, PLANNING)
    event = Event.objects.get(type="plan.approved")
    assert event.payload["digest"] == plan.digest()
    offices = Message.objects.filter(about=plan.subject).exclude(office="")
    assert sorted(offices.values_list("office", "province")) == [
        ("province_finance", "37"),
        ("province_hr", "37"),
    ]
    told = Message.objects.get(about=plan.subject, unit=unit_of(title).organisation_id)
    assert "500.00 万元" in told.text
    line = plan.lines.get()
    known: dict[str, Any] = {"viewer": nation.hr, "plan_id": plan.pk}
    for act in (
        lambda: add(nation, plan, late),
        lambda: plans.set_line(**known, line_id=line.pk, amount=300 * WAN),
        lambda: plans.remove_line(**known, line_id=line.pk),
        lambda: plans.set_budget(**known, budget=WAN),
        lambda: agree_plan(nation.hr, plan),
        lambda: plans.approve(**known),
    ):
        with pytest.raises(WrongState, match="已批准"):
            act()
    for change in (
        lambda: PlanLine.objects.filter(pk=line.pk).update(amount=WAN),
        lambda: PlanLine.objects.filter(pk=line.pk).delete(),
        lambda: PlanLine.objects.create(plan=plan, title=late, amount=WAN),
    ):
        with pytest.raises(IntegrityError, match="frozen"), transaction.atomic():
            change()


def test_a_plan_is_the_ministries_alone(nation: Nation) -> None:
    title = nation.title()
    nation.verified(title)
    plan = nation.plan(title)
    for viewer in (nation.desk.hr, nation.desk.finance, unit_of(title), official(Role.AUDITOR)):
        for act in (
            lambda viewer=viewer: plans.draft_plan(viewer=viewer, year=2025, budget=WAN),
            lambda viewer=viewer: plans.set_budget(viewer=viewer, plan_id=plan.pk, budget=WAN),
            lambda viewer=viewer: plans.add_lines(viewer=viewer, plan_id=plan.pk, title_ids=[1]),
            lambda viewer=viewer: plans.concur_plan(
                viewer=viewer, plan_id=plan.pk, digest=plan.digest(), agreed=True
            ),
            lambda viewer=viewer: plans.approve(viewer=viewer, plan_id=plan.pk),
        ):
            with pytest.raises(NotPermitted):
                act()
    assert not Concurrence.objects.filter(subject=plan.subject).exists()


def test_a_draft_is_seen_by_the_ministries_and_lines_by_those_they_concern(nation: Nation) -> None:
    title, other = nation.title(), nation.title()
    Title.objects.filter(pk=other.pk).update(province="36")
    for each in (title, other):
        row = nation.claimed(title) if each is title else None
        if row is None:
            Claim.objects.create(
                title=other, state="verified", category="production", grade="B", amount=500 * WAN
            )
        else:
            Claim.objects.filter(pk=row.pk).update(state="verified", amount=500 * WAN)
    plan = nation.plan(title, other)
    auditor = official(Role.AUDITOR)
    seers = (nation.desk.hr, unit_of(title), auditor, Desk("36").finance)
    assert queries.plan(nation.finance, plan.pk).planned == 1_000 * WAN
    for viewer in seers:
        assert not plan_lines(viewer).exists()
        with pytest.raises(NotFound):
            queries.plan(viewer, plan.pk)
    nation.approve(plan)
    assert [plan_lines(each).count() for each in seers] == [1, 1, 2, 1]
    assert plan_lines(nation.desk.hr).get().title == title
    assert queries.plan(auditor, plan.pk).projects == 2
    for viewer in (nation.desk.hr, unit_of(title), official(Role.AUDITOR, "37")):
        with pytest.raises(NotFound):
            queries.plan(viewer, plan.pk)


def test_a_draft_waits_for_each_ministry_and_again_when_both_agree(nation: Nation) -> None:
    def waiting() -> list[int]:
        both = (nation.hr, nation.finance, nation.desk.hr)
        return [queries.plans_waiting(each).rows.count() for each in both]

    title = nation.title()
    nation.verified(title)
    plan = nation.plan()
    assert waiting() == [0, 0, 0]
    add(nation, plan, title)
    assert waiting() == [1, 1, 0]
    agree_plan(nation.hr, plan)
    assert waiting() == [0, 1, 0]
    agree_plan(nation.finance, plan)
    assert waiting() == [1, 1, 0]
    with clock.at(PLANNING):
        plans.approve(viewer=nation.hr, plan_id=plan.pk)
    assert waiting() == [0, 0, 0]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("locked", [True, False])
def test_a_plan_is_approved_once_even_by_two_at_once(locked: bool) -> None:
    """The control: without the lock it is approved, and everybody told, twice."""
    nation = Nation()
    title = nation.title()
    nation.verified(title)
    plan = nation.plan(title)
    for viewer in nation.both:
        agree_plan(viewer, plan)
    acts = [
        lambda viewer=viewer: plans.approve(viewer=viewer, plan_id=plan.pk)
        for viewer in nation.both
    ]
    if locked:
        results = together(acts, at=PLANNING)
        assert sorted(type(each).__name__ for each in results) == ["Plan", "WrongState"]
    else:
        with without_locks(held=Plan):
            together(acts, at=PLANNING)
    assert Event.objects.filter(type="plan.approved").count() == (1 if locked else 2)
