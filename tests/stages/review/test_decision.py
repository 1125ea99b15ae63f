"""Ranking and decision: ties, reasons, agreement, quota."""

import json
import re

import pytest
from django.db import transaction
from django.db.utils import IntegrityError

from jiangxin.core.draw.checking import verify
from jiangxin.core.kernel.errors import Invalid, LimitReached, NotFound, NotPermitted, WrongState
from jiangxin.core.workflow import Department, ProjectState, RoundState
from jiangxin.records.concurrence.models import Concurrence
from jiangxin.records.ledger.models import Event
from jiangxin.stages.application.models import Application
from jiangxin.stages.programme.models import Kind, QuotaPlace, Track
from jiangxin.stages.review.actions import decision, rounds
from jiangxin.stages.review.actions.decision import Choice
from jiangxin.stages.review.models import Decision
from jiangxin.stages.review.queries import decided, report_facts
from jiangxin.stages.review.queries.ceremony import public_record, public_session
from jiangxin.stages.review.queries.ranking import (
    departures,
    proposal_digest,
    proposal_marks,
    ranking,
)
from tests.factories.review import Province, make_province, project


def choose(province: Province, row, selected: set[int], reasons: dict[int, str] | None = None):
    return decision.choose(
        viewer=province.hr,
        round_id=row.pk,
        choices={
            each.application_id: Choice(
                selected=each.application_id in selected,
                reason=(reasons or {}).get(each.application_id, ""),
            )
            for each in row.decisions.all()
        },
    )


def agree(province: Province, row) -> None:
    for viewer in (province.hr, province.finance):
        decision.concur(viewer=viewer, round_id=row.pk, digest=proposal_digest(row), agreed=True)


def test_the_ranking_shows_scores_intervals_and_the_cut(province: Province) -> None:
    row = province.ranked()
    found = ranking(province.finance, row.pk)
    ids = [line.decision.application_id for line in found.lines]
    assert ids == [each.pk for each in province.projects]
    assert [line.decision.rank for line in found.lines] == [1, 2, 3, 4]
    assert found.cut == 2
    assert (found.lines[0].interval.best, found.lines[0].interval.worst) == (1, 1)
    assert len(found.experts) == 5
    assert found.tied == []
    assert found.agreement.w == 1
    states = set(Application.objects.values_list("state", flat=True))
    assert states == {ProjectState.REVIEWED}


def test_ties_are_reported_and_a_choice_among_equals_needs_reasons(province: Province) -> None:
    row = province.scoring()
    province.sign_all(row, lambda *_: 80)
    rounds.rank_round(viewer=province.hr, round_id=row.pk)
    found = ranking(province.hr, row.pk)
    assert [line.decision.rank for line in found.lines] == [1, 1, 1, 1]
    assert len(found.tied) == 4
    ids = [each.pk for each in province.projects]
    choose(province, row, set(ids[:2]))
    assert {each.application_id for each in departures(row)} == set(ids)
    with pytest.raises(Invalid, match="4 个项目的取舍"):
        decision.concur(
            viewer=province.finance, round_id=row.pk, digest=proposal_digest(row), agreed=True
        )


def test_a_departure_from_the_order_needs_a_reason_on_both_sides(province: Province) -> None:
    row = province.ranked()
    one, two, three, four = (each.pk for each in province.projects)
    choose(province, row, {one, three})
    assert [each.application_id for each in departures(row)] == [two, three]
    choose(province, row, {one, three}, {two: "同一行业已有一个"})
    with pytest.raises(Invalid, match="1 个项目的取舍"):
        agree(province, row)
    choose(province, row, {one, three}, {two: "同一行业已有一个", three: "填补康养领域空白"})
    agree(province, row)
    done = decision.decide(viewer=province.hr, round_id=row.pk)
    assert done.state == RoundState.DECIDED
    states = dict(Application.objects.values_list("id", "state"))
    assert states == {
        one: ProjectState.PROPOSED,
        two: ProjectState.NOT_SELECTED,
        three: ProjectState.PROPOSED,
        four: ProjectState.NOT_SELECTED,
    }
    held = dict(Decision.objects.values_list("application_id", "place__number"))
    assert held == {one: 1, two: None, three: 2, four: None}


def test_a_change_voids_what_was_agreed(province: Province) -> None:
    row = province.ranked()
    one, two, *_ = (each.pk for each in province.projects)
    choose(province, row, {one})
    agree(province, row)
    stale = proposal_digest(row)
    choose(province, row, {one, two})
    assert {mark.state for mark in proposal_marks(row).values()} == {"void"}
    assert Concurrence.objects.filter(void_at=None).count() == 0
    with pytest.raises(WrongState, match="人社、财政"):
        decision.decide(viewer=province.hr, round_id=row.pk)
    with pytest.raises(WrongState, match="不是最新内容"):
        decision.concur(viewer=province.finance, round_id=row.pk, digest=stale, agreed=True)
    assert Application.objects.filter(state=ProjectState.PROPOSED).count() == 0


def test_saving_the_same_proposal_keeps_the_agreement(province: Province) -> None:
    row = province.ranked()
    one = province.projects[0].pk
    choose(province, row, {one})
    agree(province, row)
    choose(province, row, {one})
    assert {mark.state for mark in proposal_marks(row).values()} == {"agreed"}


def test_one_department_alone_decides_nothing(province: Province) -> None:
    row = province.ranked()
    choose(province, row, {province.projects[0].pk})
    digest = proposal_digest(row)
    decision.concur(viewer=province.hr, round_id=row.pk, digest=digest, agreed=True)
    with pytest.raises(WrongState, match="财政"):
        decision.decide(viewer=province.hr, round_id=row.pk)
    decision.concur(
        viewer=province.finance, round_id=row.pk, digest=digest, agreed=False, remark="预算不足"
    )
    with pytest.raises(WrongState, match="财政"):
        decision.decide(viewer=province.hr, round_id=row.pk)
    with pytest.raises(NotPermitted):
        decision.concur(viewer=province.supervisor, round_id=row.pk, digest=digest, agreed=True)
    with pytest.raises(NotPermitted):
        choose_as(province.finance, row)
    assert proposal_marks(row)[Department.FINANCE].state == "disagreed"
    row.refresh_from_db()
    assert row.state == RoundState.RANKED


def choose_as(viewer, row) -> None:
    decision.choose(viewer=viewer, round_id=row.pk, choices={})


def test_another_province_reaches_nothing(province: Province) -> None:
    row = province.ranked()
    other = make_province("11", projects=1)
    for step in (
        lambda: choose_as(other.hr, row),
        lambda: decision.decide(viewer=other.hr, round_id=row.pk),
        lambda: ranking(other.hr, row.pk),
    ):
        with pytest.raises(NotFound):
            step()


def test_the_quota_refuses_kindly_and_an_exception_opens_a_place(province: Province) -> None:
    row = province.ranked()
    ids = [each.pk for each in province.projects]
    choose(province, row, set(ids[:3]))
    with pytest.raises(LimitReached, match="还有 2 个推荐名额，现选 3 个，超出 1 个"):
        agree(province, row)
    QuotaPlace.objects.create(
        province="37", year=2025, kind="studio", number=3, exception="部里同意"
    )
    agree(province, row)
    decision.decide(viewer=province.hr, round_id=row.pk)
    assert Decision.objects.exclude(place=None).count() == 3


def test_a_place_of_the_other_kind_is_no_place(province: Province) -> None:
    row = province.ranked()
    QuotaPlace.objects.filter(kind="studio").delete()
    choose(province, row, {province.projects[0].pk})
    with pytest.raises(LimitReached, match="0 个推荐名额"):
        agree(province, row)


def test_a_place_is_held_once(province: Province) -> None:
    row = province.ranked()
    one, two, *_ = row.decisions.all()
    place = QuotaPlace.objects.filter(kind="studio").first()
    row.decisions.update(selected=True)
    Decision.objects.filter(pk=one.pk).update(place=place)
    with pytest.raises(IntegrityError), transaction.atomic():
        Decision.objects.filter(pk=two.pk).update(place=place)
    with pytest.raises(IntegrityError, match="place_only"), transaction.atomic():
        Decision.objects.filter(pk=one.pk).update(selected=False)


def test_below_the_pass_line_nobody_is_proposed(province: Province) -> None:
    row = province.scoring()
    last = province.projects[-1].pk
    province.sign_all(row, lambda _e, pk: 20 if pk == last else 90)
    rounds.rank_round(viewer=province.hr, round_id=row.pk)
    with pytest.raises(Invalid, match="低于合格线 60"):
        choose(province, row, {last})


def test_bases_of_both_tracks_are_ranked_in_one_list_by_their_own_rubrics(
    province: Province,
) -> None:
    new = project(province.call, 71, Track.NEW_BASE)
    old = project(province.call, 72, Track.EXISTING_BASE)
    province.projects = [old, new]
    row = province.ranked(Kind.BASE)
    assert set(row.rubrics) == {"new_base", "existing_base"}
    found = ranking(province.hr, row.pk)
    # The older base answered no figures: what is scored from data gives it nothing.
    assert [line.decision.application_id for line in found.lines] == [new.pk, old.pk]


def test_later_stages_get_the_facts_and_no_other_call_s(province: Province) -> None:
    other = make_province("11", projects=2)
    other_row = other.ranked()
    row = province.ranked()
    assert decided(province.call) == []
    province.propose(row, 2)
    decision.decide(viewer=province.hr, round_id=row.pk)
    rows = decided(province.call)
    assert [(each.rank, each.selected) for each in rows] == [
        (1, True),
        (2, True),
        (3, False),
        (4, False),
    ]
    (facts,) = report_facts(province.call)["rounds"]
    session = row.sessions.get()
    assert facts["procedure"]["draws"][0]["digest"] == session.record["digest"]
    assert facts["procedure"]["draws"][0]["seal"] == session.record["seal"]
    assert len(facts["panel"]) == 5
    assert [each["selected"] for each in facts["results"]] == [True, True, False, False]
    assert facts["statistics"]["sheets"] == 20
    assert facts["statistics"]["agreement"] == "1.000"
    text = json.dumps(facts, ensure_ascii=False, default=str)
    for foreign in other_row.decisions.select_related("application"):
        assert foreign.application.number not in text


def test_the_ledger_tells_no_score_and_no_rank(province: Province) -> None:
    row = province.ranked()
    province.propose(row, 2)
    decision.decide(viewer=province.hr, round_id=row.pk)
    events = json.dumps([event.payload for event in Event.objects.all()])
    # Digests are left out: their digits say nothing, and may be those of a score by chance.
    words = re.sub(r"[0-9a-f]{16,}", "", events)
    for each in row.decisions.all():
        assert str(each.total) not in words
    assert '"rank"' not in events


def test_everybody_may_recompute_the_draw_once_it_is_decided(province: Province) -> None:
    row = province.ranked()
    number = row.sessions.get().pk
    record = public_record(public_session(number), announced=True)
    assert record["opened"]["named"] is False
    province.propose(row, 1)
    decision.decide(viewer=province.hr, round_id=row.pk)
    record = public_record(public_session(number), announced=True)
    assert verify(record) == []
    assert record["seal"] == row.sessions.get().record["seal"]
    assert record["opened"]["named"] is True


def test_deciding_twice_is_refused_and_leaves_one_event(province: Province) -> None:
    row = province.ranked()
    province.propose(row, 1)
    decision.decide(viewer=province.hr, round_id=row.pk)
    with pytest.raises(WrongState, match="已确定"):
        decision.decide(viewer=province.hr, round_id=row.pk)
    assert Event.objects.filter(type="round.decided").count() == 1
    assert Event.objects.filter(type="project.proposed").count() == 1
