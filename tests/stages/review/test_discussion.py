"""Blind first, then discuss: first values stay; dissents are signed; the minutes hold it all."""

import json

import pytest
from django.db import IntegrityError, transaction

from jiangxin.core.kernel.errors import Invalid, NotFound, NotPermitted, WrongState
from jiangxin.core.workflow import RoundState
from jiangxin.records.concurrence.models import Concurrence
from jiangxin.records.ledger.models import Event
from jiangxin.stages.filing.papers import review_report
from jiangxin.stages.review.actions import decision, discussion, rounds, sheets
from jiangxin.stages.review.actions.dissent import dissent
from jiangxin.stages.review.models import Dissent, Revision, Round, ScoreSheet
from jiangxin.stages.review.queries import report_facts
from jiangxin.stages.review.queries.expert import assigned, material, outcome
from jiangxin.stages.review.queries.ranking import proposal_digest, ranking
from jiangxin.stages.review.rubrics import rubric_of
from tests.factories.review import NOW, Province, make_province, marks


def signed(province: Province) -> Round:
    row = province.scoring()
    order = {each.pk: place for place, each in enumerate(province.projects)}
    province.sign_all(row, lambda _e, pk: 90 - 10 * order[pk])
    return row


def discussing(province: Province) -> Round:
    return discussion.open_discussion(viewer=province.hr, round_id=signed(province).pk)


def anew(province: Province, row: Round, percent: int, **changes: object) -> Revision:
    """The first expert marks the first project anew."""
    seat = row.panel.filter(status="accepted").select_related("expert").first()
    viewer = province.viewer(seat.expert)
    rows = assigned(viewer).select_related("seat__round", "application")
    sheet = rows.get(application=province.projects[0])
    given = {
        "data": marks(rubric_of(sheet), percent),
        "comment": "合议后",
        "reason": "现场核对的设备数与申报不符",
        **changes,
    }
    return discussion.revise(viewer=viewer, sheet_id=sheet.pk, **given)


def test_the_panel_meets_only_when_everything_is_signed(province: Province) -> None:
    row = province.scoring()
    with pytest.raises(WrongState, match="没有签署"):
        discussion.open_discussion(viewer=province.hr, round_id=row.pk)
    province.sign_all(row, lambda _e, _p: 80)
    with pytest.raises(NotPermitted):
        discussion.open_discussion(viewer=province.finance, round_id=row.pk)
    with pytest.raises(WrongState):
        anew(province, row, 70)
    row = discussion.open_discussion(viewer=province.hr, round_id=row.pk)
    assert row.state == RoundState.DISCUSSING
    with pytest.raises(WrongState, match="不向任何人开放"):
        ranking(province.hr, row.pk)
    seat = row.panel.select_related("expert").first()
    viewer = province.viewer(seat.expert)
    assert material(viewer, assigned(viewer).first().pk).answers, "the panel reads while it talks"


def test_a_changed_score_keeps_its_first_value_and_a_reason_and_both_are_shown(
    province: Province,
) -> None:
    row = discussing(province)
    before = ScoreSheet.objects.get(
        application=province.projects[0], seat=row.panel.filter(status="accepted").first()
    )
    made = anew(province, row, 40)
    after = ScoreSheet.objects.get(pk=before.pk)
    assert (after.total, after.marks, after.digest) == (before.total, before.marks, before.digest)
    assert made.total < before.total
    assert anew(province, row, 50).number == 2
    row = rounds.rank_round(viewer=province.hr, round_id=row.pk)
    line = row.decisions.get(application=province.projects[0])
    newest = Revision.objects.order_by("-number")[0].total
    others = list(
        ScoreSheet.objects.filter(application=province.projects[0])
        .exclude(pk=before.pk)
        .values_list("total", flat=True)
    )
    assert line.total == (sum(others) + newest) // 5
    assert line.first_total == (sum(others) + before.total) // 5
    untouched = row.decisions.get(application=province.projects[1])
    assert untouched.first_total is None
    (facts,) = report_facts(province.call)["rounds"]
    assert [each["number"] for each in facts["revisions"]] == [1, 2]
    assert facts["revisions"][0]["reason"] == "现场核对的设备数与申报不符"
    event = Event.objects.filter(type="sheet.revised").first()
    assert event.payload["digest"]
    assert str(made.total) not in json.dumps({**event.payload, "digest": ""})


@pytest.mark.parametrize("changes", [{"reason": "  "}, {"reason": "长" * 501}, {"data": {}}])
def test_marking_anew_needs_a_reason_and_every_mark(province: Province, changes: dict) -> None:
    row = discussing(province)
    with pytest.raises(Invalid):
        anew(province, row, 40, **changes)
    assert not Revision.objects.exists()


def test_the_same_marks_are_no_revision(province: Province) -> None:
    row = discussing(province)
    with pytest.raises(Invalid, match="与原来相同"):
        anew(province, row, 90, comment="属实")


def test_the_database_keeps_what_was_signed(province: Province) -> None:
    row = discussing(province)
    made = anew(province, row, 40)
    rounds.rank_round(viewer=province.hr, round_id=row.pk)
    seat = row.panel.filter(status="accepted").select_related("expert").first()
    said = dissent(viewer=province.viewer(seat.expert), seat_id=seat.pk, text="不同意")
    for rows, values in (
        (Revision.objects.filter(pk=made.pk), {"total": 1}),
        (Dissent.objects.filter(pk=said.pk), {"text": "同意"}),
    ):
        with pytest.raises(IntegrityError, match="neither changed"), transaction.atomic():
            rows.update(**values)
        with pytest.raises(IntegrityError, match="neither changed"), transaction.atomic():
            rows.delete()


def test_dissent_is_written_between_ranking_and_decision_and_stands_in_the_report(
    province: Province,
) -> None:
    row = signed(province)
    seat = row.panel.filter(status="accepted").select_related("expert").first()
    viewer = province.viewer(seat.expert)

    def say(text: str = "第一名的设备与申报不符", who=viewer, **about: object) -> Dissent:
        return dissent(viewer=who, seat_id=seat.pk, text=text, **about)

    with pytest.raises(WrongState, match="汇总排序之后"):
        say()
    row = rounds.rank_round(viewer=province.hr, round_id=row.pk)
    other = province.viewer(row.panel.exclude(pk=seat.pk).select_related("expert")[0].expert)
    with pytest.raises(NotFound):
        say(who=other)
    with pytest.raises(NotPermitted):
        say(who=province.hr)
    with pytest.raises(Invalid):
        say("  ")
    foreign = make_province("11", projects=1).projects[0]
    with pytest.raises(NotFound):
        say(application_id=foreign.pk)
    totals = list(row.decisions.values_list("total", flat=True))
    made = say(application_id=province.projects[0].pk)
    assert list(row.decisions.values_list("total", flat=True)) == totals, "it changes no score"
    assert outcome(viewer, seat.pk).dissents == [made]
    assert outcome(other, row.panel.get(expert__user_id=other.user_id).pk).dissents == []
    province.propose(row, 2)
    decision.decide(viewer=province.hr, round_id=row.pk)
    with pytest.raises(WrongState):
        say()
    facts = report_facts(province.call)
    report = json.dumps(review_report(province.call, facts, {}, on=NOW.date()), ensure_ascii=False)
    assert f"专家{seat.expert.name}对“项目1”提出不同意见：第一名的设备与申报不符" in report
    assert "视为同意评审结果" in report, "what silence means is stated"


def test_minutes_void_what_was_agreed_and_are_kept_at_the_decision(province: Province) -> None:
    row = province.ranked()
    province.propose(row, 2)
    seen = proposal_digest(row)
    with pytest.raises(NotPermitted):
        decision.write_minutes(viewer=province.finance, round_id=row.pk, minutes={"notes": "x"})
    with pytest.raises(Invalid, match="最多 4000 字"):
        decision.write_minutes(viewer=province.hr, round_id=row.pk, minutes={"notes": "长" * 4001})
    texts = {"held_on": "2025年9月3日上午", "notes": "逐个讨论。", "strange": "x"}
    row = decision.write_minutes(viewer=province.hr, round_id=row.pk, minutes=texts)
    assert row.minutes == {"held_on": "2025年9月3日上午", "notes": "逐个讨论。"}
    assert proposal_digest(row) != seen
    assert not Concurrence.objects.filter(subject=row.subject, void_at=None).exists()
    with pytest.raises(WrongState):
        decision.decide(viewer=province.hr, round_id=row.pk)
    province.propose(row, 2)
    row = decision.decide(viewer=province.hr, round_id=row.pk)
    assert row.paper.media_type == "application/pdf"
    assert row.paper.size > 2000
    with pytest.raises(WrongState):
        decision.write_minutes(viewer=province.hr, round_id=row.pk, minutes={})


def test_an_expert_sees_the_result_and_nothing_that_the_departments_choose(
    province: Province,
) -> None:
    row = province.ranked()
    seat = row.panel.filter(status="accepted").select_related("expert").first()
    viewer = province.viewer(seat.expert)
    before = outcome(viewer, seat.pk)
    assert [each.rank for each in before.lines] == [1, 2, 3, 4]
    assert set(before.own) == {each.pk for each in province.projects}
    with pytest.raises(NotFound):
        outcome(province.hr, seat.pk)
    conflicted = sheets.assigned(viewer).count()
    assert conflicted == 4
