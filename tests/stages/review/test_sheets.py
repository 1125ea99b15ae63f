"""Score sheets: alone, blind, conflict first, frozen once signed; what leaks where."""

import json

import pytest
from django.db import transaction
from django.db.utils import IntegrityError

from jiangxin.core.draw.walk import SkipReason
from jiangxin.core.kernel.errors import DomainError, Invalid, NotFound, NotPermitted, WrongState
from jiangxin.core.workflow import ProjectState, Role, RoundState
from jiangxin.records.identity.viewer import PUBLIC, Viewer
from jiangxin.records.ledger.models import Event
from jiangxin.stages.application.models import Application
from jiangxin.stages.application.queries import visible
from jiangxin.stages.experts.models import Expert
from jiangxin.stages.review.actions import panel, rounds, sheets
from jiangxin.stages.review.models import ScoreSheet, Seat
from jiangxin.stages.review.queries import assigned, report_facts
from jiangxin.stages.review.queries import expert as reading
from jiangxin.stages.review.queries.coverage import progress
from jiangxin.stages.review.queries.ranking import ranking, sheet_of
from jiangxin.stages.review.queries.ranking import rounds as rounds_of
from jiangxin.stages.review.rubrics import rubric
from tests.factories.review import Province, leader_mask, make_province, marks


def mine(province: Province, row) -> tuple[Viewer, ScoreSheet]:
    seat = row.panel.select_related("expert").first()
    viewer = province.viewer(seat.expert)
    return viewer, assigned(viewer).select_related("seat__round", "application").first()


def test_scoring_starts_only_with_a_full_panel(province: Province) -> None:
    row = province.open_round()
    with pytest.raises(WrongState, match="尚未抽取"):
        rounds.start(viewer=province.hr, round_id=row.pk)
    province.drawn(row)
    with pytest.raises(WrongState, match="待答复 5 人"):
        rounds.start(viewer=province.hr, round_id=row.pk)
    for seat in row.panel.select_related("expert"):
        panel.answer(viewer=province.viewer(seat.expert), seat_id=seat.pk, accept=True)
    with pytest.raises(NotPermitted):
        rounds.start(viewer=province.finance, round_id=row.pk)
    started = rounds.start(viewer=province.hr, round_id=row.pk)
    assert started.state == RoundState.SCORING
    assert ScoreSheet.objects.count() == 5 * 4
    states = set(Application.objects.values_list("state", flat=True))
    assert states == {ProjectState.UNDER_REVIEW}


def test_material_opens_only_after_the_declaration(province: Province) -> None:
    viewer, sheet = mine(province, province.scoring())
    with pytest.raises(WrongState, match="申明无利害关系后"):
        reading.material(viewer, sheet.pk)
    with pytest.raises(WrongState, match="请先申明"):
        sheets.save(viewer=viewer, sheet_id=sheet.pk, data={})
    sheets.declare(viewer=viewer, sheet_id=sheet.pk, conflict=False)
    found = reading.material(viewer, sheet.pk)
    assert found.answers["leader_id_number"] == leader_mask(sheet.application)
    assert found.answers["contact_phone"] != "13912345678"
    assert "sealed" not in json.dumps(found.answers)


def test_a_declared_conflict_closes_the_project_for_good(province: Province) -> None:
    viewer, sheet = mine(province, province.scoring())
    sheets.declare(viewer=viewer, sheet_id=sheet.pk, conflict=False)
    with pytest.raises(Invalid):
        sheets.declare(viewer=viewer, sheet_id=sheet.pk, conflict=True)
    sheets.declare(viewer=viewer, sheet_id=sheet.pk, conflict=True, reason="师徒")
    with pytest.raises(WrongState, match="不再开放"):
        reading.material(viewer, sheet.pk)
    for step in (
        lambda: sheets.declare(viewer=viewer, sheet_id=sheet.pk, conflict=False),
        lambda: sheets.save(viewer=viewer, sheet_id=sheet.pk, data={}),
        lambda: sheets.sign(viewer=viewer, sheet_id=sheet.pk),
    ):
        with pytest.raises(WrongState):
            step()
    sheet.refresh_from_db()
    assert (sheet.conflict, sheet.state) == ("declared", "draft")


def test_what_was_typed_is_kept_and_a_wrong_mark_is_named(province: Province) -> None:
    viewer, sheet = mine(province, province.scoring())
    sheets.declare(viewer=viewer, sheet_id=sheet.pk, conflict=False)
    by = rubric(sheet.seat.round, sheet.application.track)
    item = next(each for each in by.items() if each.kind == "points")
    data = marks(by, 80)
    data[item.id] = "八分"
    kept, problems = sheets.save(viewer=viewer, sheet_id=sheet.pk, data=data, comment="初稿")
    assert problems == {item.id: "“八分”不是可用的分值"}
    assert kept.marks[item.id]["typed"] == "八分"
    with pytest.raises(Invalid, match=item.name):
        sheets.sign(viewer=viewer, sheet_id=sheet.pk)
    data[item.id] = "9999"
    _, problems = sheets.save(viewer=viewer, sheet_id=sheet.pk, data=data)
    assert "之间" in problems[item.id]


def test_a_signed_sheet_is_frozen_even_for_the_database(province: Province) -> None:
    viewer, sheet = mine(province, province.scoring())
    sheets.declare(viewer=viewer, sheet_id=sheet.pk, conflict=False)
    signed = province.sign(viewer, sheet, 80)
    assert signed.total and 75_000 <= signed.total <= 85_000
    with pytest.raises(WrongState, match="已签署"):
        sheets.save(viewer=viewer, sheet_id=sheet.pk, data={})
    with pytest.raises(WrongState, match="已签署"):
        sheets.declare(viewer=viewer, sheet_id=sheet.pk, conflict=True, reason="x")
    rows = ScoreSheet.objects.filter(pk=sheet.pk)
    with pytest.raises(IntegrityError, match="frozen"), transaction.atomic():
        rows.update(total=99_000)
    with pytest.raises(IntegrityError, match="no sheet is deleted"), transaction.atomic():
        ScoreSheet.objects.exclude(pk=sheet.pk).delete()
    assert ScoreSheet.objects.count() == 20
    assert rows.get().total == signed.total
    event = Event.objects.get(type="sheet.signed")
    assert event.payload["digest"] == signed.digest
    assert str(signed.total) not in json.dumps(event.payload)


def test_one_sheet_for_each_expert_and_project(province: Province) -> None:
    _, sheet = mine(province, province.scoring())
    with pytest.raises(IntegrityError, match="one_sheet_per_expert_project_and_phase"):
        ScoreSheet.objects.create(
            seat=sheet.seat,
            application=sheet.application,
            salt="0",
            updated_at=sheet.updated_at,
        )


def test_an_expert_reaches_nothing_but_the_own_sheets(province: Province) -> None:
    row = province.scoring()
    one, two = (province.viewer(seat.expert) for seat in row.panel.select_related("expert")[:2])
    foreign = assigned(two).first()
    sheets.declare(viewer=two, sheet_id=foreign.pk, conflict=False)
    province.sign(
        two, ScoreSheet.objects.select_related("seat__round", "application").get(pk=foreign.pk), 90
    )
    assert set(assigned(one)).isdisjoint(set(assigned(two)))
    assert assigned(one).count() == 4
    for reach in (
        lambda: reading.sheet(one, foreign.pk),
        lambda: reading.material(one, foreign.pk),
        lambda: reading.evidence_file(one, foreign.pk, 1),
        lambda: sheets.declare(viewer=one, sheet_id=foreign.pk, conflict=False),
        lambda: sheets.save(viewer=one, sheet_id=foreign.pk, data={}),
        lambda: sheets.sign(viewer=one, sheet_id=foreign.pk),
        lambda: ranking(one, row.pk),
        lambda: sheet_of(one, row.pk, foreign.pk),
    ):
        with pytest.raises(NotFound):
            reach()
    assert list(rounds_of(one)) == []
    assert list(visible(one)) == []
    outsider = Expert.objects.exclude(pk__in=row.panel.values("expert")).first()
    for viewer in (
        province.viewer(outsider),
        province.hr,
        province.supervisor,
        PUBLIC,
        Viewer(role=Role.MINISTRY_HR, name="部"),
    ):
        assert list(assigned(viewer)) == []


def test_a_replaced_expert_loses_every_sheet(province: Province) -> None:
    row = province.scoring()
    viewer, sheet = mine(province, row)
    sheets.declare(viewer=viewer, sheet_id=sheet.pk, conflict=False)
    panel.replace(
        viewer=province.hr, seat_id=sheet.seat_id, reason=SkipReason.RECUSAL, note="亲属任职"
    )
    assert list(assigned(viewer)) == []
    with pytest.raises(NotFound):
        reading.material(viewer, sheet.pk)
    assert ScoreSheet.objects.filter(pk=sheet.pk).exists()


def test_before_all_are_signed_the_province_sees_progress_and_no_score(province: Province) -> None:
    row = province.scoring()
    viewer, sheet = mine(province, row)
    sheets.declare(viewer=viewer, sheet_id=sheet.pk, conflict=False)
    signed = province.sign(viewer, sheet, 73)
    auditor = Viewer(role=Role.AUDITOR, name="审计", province="37")
    for reader in (province.hr, province.finance, province.supervisor, auditor):
        with pytest.raises(WrongState, match="分数不向任何人开放"):
            ranking(reader, row.pk)
        with pytest.raises(WrongState, match="分数不向任何人开放"):
            sheet_of(reader, row.pk, sheet.pk)
    facts = json.dumps(report_facts(province.call), default=str)
    assert str(signed.total) not in facts
    assert "results" not in facts
    lines = {line.seat.pk: line for line in progress(row)}
    line = lines[sheet.seat_id]
    assert (line.assigned, line.recused, line.signed, line.left) == (4, 0, 1, 3)
    ledger = json.dumps([event.payload for event in Event.objects.filter(type__startswith="sheet")])
    assert str(signed.total) not in ledger
    other = make_province("11", projects=1)
    for reader in (other.hr, PUBLIC, Viewer(role=Role.MINISTRY_HR, name="部")):
        with pytest.raises(NotFound):
            ranking(reader, row.pk)


def test_progress_takes_the_same_number_of_queries_for_one_and_three_experts(
    province: Province, django_assert_num_queries
) -> None:
    row = province.scoring()
    for keep in (1, 3):
        Seat.objects.filter(round=row).update(status="accepted")
        some = row.panel.values_list("pk", flat=True)[keep:]
        Seat.objects.filter(pk__in=list(some)).update(status="replaced")
        with django_assert_num_queries(2):
            assert len(progress(row)) == keep


def test_a_conflict_leaves_the_mean_to_the_others(province: Province) -> None:
    row = province.scoring()
    viewer, sheet = mine(province, row)
    sheets.declare(viewer=viewer, sheet_id=sheet.pk, conflict=True, reason="师徒")
    province.sign_all(row, lambda expert, _: 60 if expert == sheet.seat.expert_id else 90)
    rounds.rank_round(viewer=province.hr, round_id=row.pk)
    lines = {line.decision.application_id: line for line in ranking(province.hr, row.pk).lines}
    recused = lines.pop(sheet.application_id)
    assert recused.decision.sheets == 4
    assert recused.totals[sheet.seat.expert_id] is None
    others = [total for total in recused.totals.values() if total is not None]
    assert recused.decision.total == others[0]
    assert all(line.decision.total < recused.decision.total for line in lines.values())
    assert recused.decision.rank == 1


def test_under_three_sheets_a_substitute_must_come_first(province: Province) -> None:
    row = province.scoring()
    target = province.projects[0]
    recused = []
    for seat in row.panel.select_related("expert")[:3]:
        viewer = province.viewer(seat.expert)
        sheet = assigned(viewer).get(application=target)
        sheets.declare(viewer=viewer, sheet_id=sheet.pk, conflict=True, reason="合作")
        recused.append(seat)
    province.sign_all(row, lambda *_: 80)
    with pytest.raises(WrongState, match="少于 3 份"):
        rounds.rank_round(viewer=province.hr, round_id=row.pk)
    newcomer = panel.replace(
        viewer=province.hr, seat_id=recused[0].pk, reason=SkipReason.RECUSAL, note="申请回避"
    )
    with pytest.raises(WrongState, match="待答复 1 人"):
        rounds.rank_round(viewer=province.hr, round_id=row.pk)
    panel.answer(viewer=province.viewer(newcomer.expert), seat_id=newcomer.pk, accept=True)
    with pytest.raises(WrongState, match="4 份评分表没有签署"):
        rounds.rank_round(viewer=province.hr, round_id=row.pk)
    province.sign_all(row, lambda *_: 80)
    ranked = rounds.rank_round(viewer=province.hr, round_id=row.pk)
    assert ranked.decisions.get(application=target).sheets == 3


def test_scoring_ends_with_the_ranking(province: Province) -> None:
    row = province.ranked()
    viewer, sheet = mine(province, row)
    for step in (
        lambda: sheets.sign(viewer=viewer, sheet_id=sheet.pk),
        lambda: reading.material(viewer, sheet.pk),
        lambda: panel.replace(
            viewer=province.hr, seat_id=sheet.seat_id, reason=SkipReason.RECUSAL, note="x"
        ),
    ):
        with pytest.raises(DomainError):
            step()
    assert reading.sheet(viewer, sheet.pk).total is not None
