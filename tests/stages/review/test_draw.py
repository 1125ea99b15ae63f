"""The ceremony over rows: order, secrecy, refusal, publication, replacement."""

import json
import secrets
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from django.db.utils import IntegrityError

from jiangxin.core.draw.checking import verify
from jiangxin.core.draw.record import VoidReason
from jiangxin.core.draw.shares import commitment
from jiangxin.core.draw.walk import SkipReason
from jiangxin.core.kernel import clock
from jiangxin.core.kernel.canonical import canonical
from jiangxin.core.kernel.errors import Invalid, NotFound, NotPermitted, Tampered, WrongState
from jiangxin.core.workflow import DrawState, ProjectState, Role
from jiangxin.records.identity.actions import open_account
from jiangxin.records.identity.queries import viewer_of
from jiangxin.records.ledger.models import Event
from jiangxin.stages.experts import actions as experts
from jiangxin.stages.review.actions import draw, panel
from jiangxin.stages.review.choices import SeatStatus
from jiangxin.stages.review.models import DrawSession, Seat, Share
from jiangxin.stages.review.queries import ceremony as watching
from tests.factories.review import NOW, Province, make_province


def committed(province: Province) -> tuple[DrawSession, dict[str, str]]:
    session = draw.open_session(viewer=province.hr, round_id=province.open_round().pk)
    own = {party: secrets.token_hex(32) for party in province.parties}
    for party, viewer in province.parties.items():
        draw.commit(
            viewer=viewer,
            session_id=session.pk,
            commitment=commitment(party, session.plan["session"], own[party]),
        )
    return session, own


def test_the_whole_ceremony_seats_the_panel_and_its_record_holds(
    province: Province, tmp_path: Path
) -> None:
    session = province.drawn(province.open_round())
    assert session.state == DrawState.DRAWN
    assert verify(session.record) == []
    fields = list(session.panel.values_list("field", flat=True).order_by("field"))
    assert fields == ["education", "finance", "technical", "technical", "technical"]
    assert {*session.panel.values_list("status", flat=True)} == {SeatStatus.INVITED}
    drawn = Event.objects.get(type="draw.drawn", subject=session.subject)
    assert drawn.payload["digest"] == session.record["digest"]
    place = tmp_path / "record.json"
    place.write_bytes(canonical(watching.record(province.supervisor, session.pk)))
    command = [sys.executable, "-m", "jiangxin.ops.cli", "draw", "verify", str(place)]
    assert subprocess.run(command, check=False, capture_output=True).returncode == 0
    place.write_text(place.read_text().replace(session.root, "0" * 64))
    assert subprocess.run(command, check=False, capture_output=True).returncode == 1


def test_nobody_is_named_before_the_result(province: Province) -> None:
    session = province.drawn(province.open_round())
    text = json.dumps(watching.record(province.hr, session.pk), ensure_ascii=False)
    for expert in province.experts:
        assert expert.name not in text
        assert expert.unit_name not in text
        assert watching.expert_code(expert.pk) not in text
    for entry in watching.entries_of(session).values():
        assert entry.salt not in text
        assert entry.salt not in session.pool_sealed
    with pytest.raises(WrongState, match="评审结果确定后"):
        watching.record(province.hr, session.pk, named=True)


def test_the_barred_are_in_the_lot_and_stated(province: Province) -> None:
    barred, suspended = province.experts[0], province.experts[1]
    experts.add_relation(
        viewer=province.hr,
        expert_id=barred.pk,
        kind="kinship",
        person_name=province.projects[0].leader_name,
    )
    experts.suspend(viewer=province.hr, expert_id=suspended.pk, reason="培训不合格")
    session = province.drawn(province.open_round())
    assert len(session.leaves) == len(province.experts)
    assert sorted(session.record["sealed"]["excluded"].values()) == ["recusal", "suspended"]
    seated = set(session.panel.values_list("expert", flat=True))
    assert seated.isdisjoint({barred.pk, suspended.pk})


def test_a_wrong_secret_is_refused_and_the_right_one_still_counts(province: Province) -> None:
    session, own = committed(province)
    draw.close_commitments(viewer=province.hr, session_id=session.pk)
    with pytest.raises(Tampered, match="承诺不符"):
        draw.reveal(viewer=province.finance, session_id=session.pk, secret=own["hr"])
    assert Share.objects.exclude(secret="").count() == 0
    draw.reveal(viewer=province.finance, session_id=session.pk, secret=own["finance"])
    assert Share.objects.get(party="finance", session=session).secret == own["finance"]


def test_no_secret_before_the_seal_and_no_draw_before_all_secrets(province: Province) -> None:
    session, own = committed(province)
    with pytest.raises(WrongState):
        draw.reveal(viewer=province.hr, session_id=session.pk, secret=own["hr"])
    sealed = draw.close_commitments(viewer=province.hr, session_id=session.pk)
    assert Event.objects.get(type="draw.committed").payload["seal"] == sealed.record["seal"]
    for party in ("hr", "finance"):
        draw.reveal(viewer=province.parties[party], session_id=session.pk, secret=own[party])
    with pytest.raises(WrongState, match="没有全部公开"):
        draw.draw(viewer=province.hr, session_id=session.pk)
    assert Seat.objects.count() == 0


def test_each_party_acts_for_itself_and_only_in_its_province(province: Province) -> None:
    other = make_province("11", projects=1)
    session = draw.open_session(viewer=province.hr, round_id=province.open_round().pk)
    with pytest.raises(NotFound):
        draw.commit(viewer=other.finance, session_id=session.pk, commitment="0" * 64)
    with pytest.raises(NotPermitted):
        draw.commit(
            viewer=province.viewer(province.experts[0]), session_id=session.pk, commitment="0" * 64
        )
    draw.commit(viewer=province.hr, session_id=session.pk, commitment="0" * 64)
    with pytest.raises(WrongState):
        draw.commit(viewer=province.hr, session_id=session.pk, commitment="1" * 64)
    assert Share.objects.get().commitment == "0" * 64
    assert list(watching.sessions(other.hr)) == []
    assert list(watching.sessions(province.viewer(province.experts[0]))) == []


def test_one_person_is_never_two_parties(province: Province) -> None:
    session = draw.open_session(viewer=province.hr, round_id=province.open_round().pk)
    draw.commit(viewer=province.hr, session_id=session.pk, commitment="0" * 64)
    first = Share.objects.get()
    twin = viewer_of(
        open_account(
            username="twin",
            password=None,
            name=first.user.name,
            role=Role.SUPERVISOR,
            province="37",
            phone=first.user.phone,
        )
    )
    with pytest.raises(NotPermitted, match="同一人"):
        draw.commit(viewer=twin, session_id=session.pk, commitment="1" * 64)
    with pytest.raises(IntegrityError, match="one_party_per_person"):
        Share.objects.create(
            session=session,
            party="finance",
            commitment="2" * 64,
            committed_at=first.committed_at,
            user=first.user,
            name=first.name,
        )


def test_without_script_the_secret_is_shown_once_and_not_kept(province: Province) -> None:
    session = draw.open_session(viewer=province.hr, round_id=province.open_round().pk)
    secret = draw.commit_for(viewer=province.hr, session_id=session.pk)
    share = Share.objects.get()
    assert share.commitment == commitment("hr", session.plan["session"], secret)
    assert share.secret == ""
    assert secret not in json.dumps([event.payload for event in Event.objects.all()])


def test_a_silent_party_is_named_and_a_known_result_can_not_be_voided(province: Province) -> None:
    session, own = committed(province)
    draw.close_commitments(viewer=province.hr, session_id=session.pk)
    for party in ("hr", "finance"):
        draw.reveal(viewer=province.parties[party], session_id=session.pk, secret=own[party])
    with pytest.raises(Invalid):
        draw.void(viewer=province.hr, session_id=session.pk, reason=VoidReason.WITHHELD, note=" ")
    with pytest.raises(NotPermitted):
        draw.void(
            viewer=province.finance, session_id=session.pk, reason=VoidReason.WITHHELD, note="x"
        )
    draw.reveal(viewer=province.supervisor, session_id=session.pk, secret=own["supervisor"])
    for reason in (VoidReason.INTERRUPTED, VoidReason.WITHHELD, VoidReason.SEATS_SHORT):
        with pytest.raises(WrongState):
            draw.void(viewer=province.hr, session_id=session.pk, reason=reason, note="想换人")
    session.refresh_from_db()
    assert session.state == DrawState.REVEALING


def test_a_void_session_is_published_and_its_secret_can_not_return(province: Province) -> None:
    session, own = committed(province)
    draw.close_commitments(viewer=province.hr, session_id=session.pk)
    draw.reveal(viewer=province.hr, session_id=session.pk, secret=own["hr"])
    with clock.at(NOW + timedelta(hours=24)):
        gone = draw.void(
            viewer=province.hr, session_id=session.pk, reason=VoidReason.WITHHELD, note="未到场"
        )
    assert verify(gone.record) == []
    assert gone.record["void"]["parties"] == ["finance", "supervisor"]
    again = draw.open_session(viewer=province.hr, round_id=session.round_id)
    assert again.number == 2
    for party, viewer in province.parties.items():
        draw.commit(
            viewer=viewer,
            session_id=again.pk,
            commitment=commitment(party, again.plan["session"], own[party]),
        )
    draw.close_commitments(viewer=province.hr, session_id=again.pk)
    assert draw.reveal(viewer=province.hr, session_id=again.pk, secret=own["hr"]) is None
    again.refresh_from_db()
    assert (again.state, again.void_reason) == (DrawState.VOID, VoidReason.SECRET_REUSED)
    assert again.record["void"]["parties"] == ["hr"]
    assert verify(again.record) == []
    with pytest.raises(WrongState):
        draw.reveal(viewer=province.finance, session_id=again.pk, secret=own["finance"])


def test_no_draw_while_a_project_is_in_examination(province: Province) -> None:
    row = province.open_round()
    waiting = province.projects[0]
    waiting.state = ProjectState.SUBMITTED
    waiting.save()
    with pytest.raises(WrongState, match="1 个项目没有完成资格审查"):
        draw.open_session(viewer=province.hr, round_id=row.pk)


def test_too_few_experts_after_recusal_are_named_by_field(province: Province) -> None:
    row = province.open_round()
    for expert in province.experts:
        if expert.field == "finance":
            experts.suspend(viewer=province.hr, expert_id=expert.pk, reason="暂停")
    with pytest.raises(WrongState, match="财务需 1 人，可参加 0 人"):
        draw.open_session(viewer=province.hr, round_id=row.pk)


def test_one_living_draw_for_each_round(province: Province) -> None:
    row = province.open_round()
    draw.open_session(viewer=province.hr, round_id=row.pk)
    with pytest.raises(WrongState, match="已有一场抽取"):
        draw.open_session(viewer=province.hr, round_id=row.pk)


def test_replacement_is_the_next_of_the_same_walk(province: Province) -> None:
    session = province.drawn(province.open_round())
    before = watching.outcome(session)
    seat = session.panel.get(field="finance")
    entries = watching.entries_of(session)
    expected = watching.expert_id(entries[before.substitutes["财务"][0]].expert)
    newcomer = panel.replace(
        viewer=province.hr, seat_id=seat.pk, reason=SkipReason.UNAVAILABLE, note="出差"
    )
    assert newcomer.expert_id == expected
    assert newcomer.place == seat.place
    session.refresh_from_db()
    assert verify(session.record) == []
    skips = [step["reason"] for step in session.record["opened"]["walk"] if step["as"] == "skip"]
    assert "unavailable" in skips
    others = set(session.panel.exclude(field="finance").values_list("expert", "status"))
    assert len(others) == 4
    assert {status for _, status in others} == {"invited"}


def test_when_the_order_is_used_up_nothing_changes(province: Province) -> None:
    session = province.drawn(province.open_round())
    finance = sum(expert.field == "finance" for expert in province.experts)
    for _ in range(finance - 1):
        seat = session.panel.get(field="finance", status="invited")
        panel.replace(
            viewer=province.hr, seat_id=seat.pk, reason=SkipReason.NO_REPLY, note="两日未答复"
        )
    last = session.panel.get(field="finance", status="invited")
    with pytest.raises(WrongState, match="已无可递补"):
        panel.replace(
            viewer=province.hr, seat_id=last.pk, reason=SkipReason.NO_REPLY, note="未答复"
        )
    last.refresh_from_db()
    assert last.status == SeatStatus.INVITED


def test_answers_belong_to_the_expert_or_carry_a_note(province: Province) -> None:
    session = province.drawn(province.open_round())
    one, two = session.panel.select_related("expert")[:2]
    with pytest.raises(NotFound):
        panel.answer(viewer=province.viewer(two.expert), seat_id=one.pk, accept=True)
    with pytest.raises(Invalid, match="答复的方式"):
        panel.answer(viewer=province.hr, seat_id=one.pk, accept=True)
    with pytest.raises(NotPermitted):
        panel.answer(viewer=province.finance, seat_id=one.pk, accept=True, note="x")
    panel.answer(viewer=province.hr, seat_id=one.pk, accept=True, note="电话确认")
    panel.answer(viewer=province.viewer(two.expert), seat_id=two.pk, accept=False, note="有会")
    one.refresh_from_db()
    two.refresh_from_db()
    assert (one.status, two.status) == ("accepted", "declined")
