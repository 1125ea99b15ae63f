"""What nobody can do to a draw: change it once it is sealed, foresee it, call it off, repeat it."""

import secrets
from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest
from django.db.utils import IntegrityError

from jiangxin.core.draw.checking import verify
from jiangxin.core.draw.record import VoidReason
from jiangxin.core.draw.shares import commitment
from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import (
    DomainError,
    Invalid,
    NotFound,
    NotPermitted,
    Tampered,
    WrongState,
)
from jiangxin.core.scoring.aggregate import Aggregation
from jiangxin.core.workflow import DrawState, Role, RoundState
from jiangxin.ops.invariants.selection import panels_were_drawn
from jiangxin.records.identity.viewer import PUBLIC, Viewer
from jiangxin.records.ledger.models import Event
from jiangxin.stages.experts import actions as experts
from jiangxin.stages.programme.models import Holiday
from jiangxin.stages.review.actions import draw, number, panel, rounds
from jiangxin.stages.review.models import DrawSession, Round, Seat
from jiangxin.stages.review.queries import ceremony as watching
from jiangxin.stages.review.queries.preparation import earliest_draw, preparation
from tests.factories.review import NOW, Province, officer

EVENING = clock.beijing(2025, 9, 2, 21)
SOURCE = "双色球第2025101期开奖号码"


def opened(province: Province, **more: object) -> DrawSession:
    return draw.open_session(viewer=province.hr, round_id=province.open_round().pk, **more)


def promised(province: Province, session: DrawSession) -> dict[str, str]:
    own = {party: secrets.token_hex(32) for party in province.parties}
    for party, viewer in province.parties.items():
        draw.commit(
            viewer=viewer,
            session_id=session.pk,
            commitment=commitment(party, session.plan["session"], own[party]),
        )
    return own


def sealed(province: Province, session: DrawSession) -> dict[str, str]:
    own = promised(province, session)
    draw.close_commitments(viewer=province.hr, session_id=session.pk)
    return own


def revealed(province: Province, session: DrawSession, *parties: str) -> dict[str, str]:
    own = sealed(province, session)
    for party in parties or province.parties:
        draw.reveal(viewer=province.parties[party], session_id=session.pk, secret=own[party])
    return own


def void(province: Province, session: DrawSession, reason: VoidReason) -> DrawSession:
    return draw.void(viewer=province.hr, session_id=session.pk, reason=reason, note="如实写明")


# --- after the commitment nothing of a draw can change (T5)


def _operations(province: Province, session: DrawSession) -> dict[str, Callable[[Viewer], object]]:
    """Everything by which somebody might change what has been sealed."""
    row = session.round
    someone = province.experts[0].pk

    def replan(**changes: object) -> Callable[[Viewer], object]:
        given = {
            "seats": row.seats,
            "substitutes": row.substitutes,
            "method": Aggregation.MEAN,
            "due": row.due,
            **changes,
        }
        return lambda viewer: rounds.plan_round(viewer=viewer, round_id=row.pk, **given)

    return {
        "the seats": replan(seats={"technical": 2, "education": 2, "finance": 1}),
        "the substitutes": replan(substitutes=5),
        "the first day": replan(starts_on=date(2025, 9, 5)),
        "another session": lambda viewer: draw.open_session(viewer=viewer, round_id=row.pk),
        "a session with a number": lambda viewer: draw.open_session(
            viewer=viewer, round_id=row.pk, number_source=SOURCE, number_at=EVENING
        ),
        "a rehearsal": lambda viewer: draw.open_session(
            viewer=viewer, round_id=row.pk, rehearsal=True
        ),
        "a commitment": lambda viewer: draw.commit(
            viewer=viewer, session_id=session.pk, commitment="00" * 32
        ),
        "the sealing": lambda viewer: draw.close_commitments(viewer=viewer, session_id=session.pk),
        "a number": lambda viewer: number.enter_number(
            viewer=viewer, session_id=session.pk, number="1"
        ),
        "the drawing": lambda viewer: draw.draw(viewer=viewer, session_id=session.pk),
        "an expert, who was in the lot": lambda viewer: _stays(
            session, lambda: experts.suspend(viewer=viewer, expert_id=someone, reason="换人")
        ),
        "an expert's field": lambda viewer: _stays(
            session, lambda: experts.edit(viewer=viewer, expert_id=someone, field="finance")
        ),
        "one more expert": lambda viewer: _stays(
            session,
            lambda: experts.register(
                viewer=viewer,
                id_number="11010119900307053X",
                name="新来",
                unit_name="新单位",
                field="finance",
                term_until=date(2027, 1, 1),
            ),
        ),
    }


class _PoolMoved(DomainError):
    """The pool goes on living; the lot that was frozen does not move with it."""


def _stays(session: DrawSession, change: Callable[[], object]) -> None:
    """The lot, its exclusions and its seal are the same after `change`; told as a refusal."""
    before = DrawSession.objects.filter(pk=session.pk).values().get()
    change()
    assert DrawSession.objects.filter(pk=session.pk).values().get() == before
    raise _PoolMoved("名单已冻结。")


@pytest.mark.parametrize("role", list(Role), ids=lambda role: role.value)
def test_nothing_sealed_is_changed_by_anybody(province: Province, role: Role) -> None:
    session = opened(province)
    sealed(province, session)
    session.refresh_from_db()
    viewer = {
        Role.PROVINCE_HR: province.hr,
        Role.PROVINCE_FINANCE: province.finance,
        Role.SUPERVISOR: province.supervisor,
        Role.EXPERT: province.viewer(province.experts[0]),
        Role.PUBLIC: PUBLIC,
    }.get(role) or officer(role, "37", "另一人")
    record = session.record
    for name, attempt in _operations(province, session).items():
        with pytest.raises(DomainError):
            attempt(viewer)
        session.refresh_from_db()
        assert session.record == record, name
        assert session.state == DrawState.REVEALING


def test_the_seal_lies_before_every_secret_in_the_ledger(province: Province) -> None:
    session = opened(province)
    revealed(province, session)
    events = Event.objects.filter(subject=session.subject).order_by("id")
    order = [each.type for each in events]
    assert order == [
        "draw.opened",
        *["draw.party_committed"] * 3,
        "draw.committed",
        *["draw.party_revealed"] * 3,
    ]
    session.refresh_from_db()
    assert events[4].payload["seal"] == session.record["seal"]


# --- the six attacks (T6); each ends in a named state


def test_a_withheld_secret_is_waited_for_and_then_named(province: Province) -> None:
    session = opened(province)
    own = revealed(province, session, "hr", "finance")
    with pytest.raises(WrongState, match="到期前不能以“未公开”作废"):
        void(province, session, VoidReason.WITHHELD)
    with clock.at(NOW + timedelta(hours=24)):
        with pytest.raises(WrongState, match=r"期限.*已过"):
            draw.reveal(viewer=province.supervisor, session_id=session.pk, secret=own["supervisor"])
        gone = void(province, session, VoidReason.WITHHELD)
    assert (gone.state, gone.record["void"]["parties"]) == (DrawState.VOID, ["supervisor"])
    assert verify(gone.record) == []
    assert Event.objects.get(type="draw.voided").payload["reason"] == "withheld"


def test_who_could_know_the_result_cannot_call_it_off(province: Province) -> None:
    """人社 is the last to reveal: with two secrets open it can compute the panel before it does."""
    session = opened(province)
    revealed(province, session, "finance", "supervisor")
    for reason in VoidReason:
        with pytest.raises(WrongState):
            void(province, session, reason)
    session.refresh_from_db()
    assert session.state == DrawState.REVEALING


def test_before_any_secret_is_open_an_interruption_is_one(province: Province) -> None:
    session = opened(province)
    sealed(province, session)
    gone = void(province, session, VoidReason.INTERRUPTED)
    assert gone.record["void"]["reason"] == "interrupted"


def test_a_second_and_a_wrong_reveal_are_refused(province: Province) -> None:
    session = opened(province)
    own = revealed(province, session, "hr")
    with pytest.raises(WrongState, match="人社方已公开随机数"):
        draw.reveal(viewer=province.hr, session_id=session.pk, secret=own["hr"])
    with pytest.raises(Tampered):
        draw.reveal(viewer=province.finance, session_id=session.pk, secret="d4" * 32)
    session.refresh_from_db()
    assert session.state == DrawState.REVEALING


def test_the_secrets_of_one_session_are_worth_nothing_in_another(province: Province) -> None:
    first = opened(province, rehearsal=True)
    own = promised(province, first)
    with pytest.raises(WrongState, match="已有一场抽取"):
        draw.open_session(viewer=province.hr, round_id=first.round_id, rehearsal=True)
    second = draw.open_session(viewer=province.hr, round_id=first.round_id)
    for party, viewer in province.parties.items():
        share = first.shares.get(party=party)
        draw.commit(viewer=viewer, session_id=second.pk, commitment=share.commitment)
    draw.close_commitments(viewer=province.hr, session_id=second.pk)
    with pytest.raises(Tampered):
        draw.reveal(viewer=province.hr, session_id=second.pk, secret=own["hr"])
    second.refresh_from_db()
    assert second.state == DrawState.REVEALING


# --- a public number announced in advance


def test_a_public_number_is_entered_by_one_and_confirmed_by_another(province: Province) -> None:
    session = opened(province, number_source=SOURCE, number_at=EVENING)
    assert session.plan["public_source"].startswith(SOURCE + "（2025年9月2日")
    revealed(province, session)
    given = {"session_id": session.pk, "number": "03 08 17 22 26 33"}
    with pytest.raises(WrongState, match="之前不能录入"):
        number.enter_number(viewer=province.hr, **given)
    with clock.at(EVENING):
        with pytest.raises(WrongState, match="还没有录入"):
            number.confirm_number(viewer=province.finance, **given)
        with pytest.raises(Invalid, match="不能为空"):
            number.enter_number(viewer=province.hr, session_id=session.pk, number=" ")
        number.enter_number(viewer=province.hr, session_id=session.pk, number="03 08 17 22 26 32")
        with pytest.raises(NotPermitted, match="录入的人不能核对"):
            number.confirm_number(viewer=province.hr, **given)
        with pytest.raises(Invalid, match="与录入的不一致"):
            number.confirm_number(viewer=province.supervisor, **given)
        with pytest.raises(WrongState, match="另一方核对"):
            draw.draw(viewer=province.hr, session_id=session.pk)
        number.enter_number(viewer=province.hr, session_id=session.pk, number="03  08 17 22 26 33")
        number.confirm_number(viewer=province.supervisor, **given)
        with pytest.raises(WrongState):
            number.enter_number(viewer=province.finance, session_id=session.pk, number="1")
        done = draw.draw(viewer=province.finance, session_id=session.pk)
    assert done.record["opened"]["public_number"] == "03 08 17 22 26 33"
    assert verify(done.record) == []
    changed = {**done.record, "opened": {**done.record["opened"], "public_number": "1"}}
    assert verify(changed)
    kinds = Event.objects.filter(subject=session.subject).values_list("type", flat=True)
    assert {"draw.number_entered", "draw.number_confirmed"} <= set(kinds)


def test_nobody_reveals_once_the_number_is_out(province: Province) -> None:
    """The last to reveal would know the result before saying it."""
    session = opened(province, number_source=SOURCE, number_at=NOW + timedelta(hours=2))
    own = revealed(province, session, "hr", "finance")
    assert watching.reveal_by(session) is None  # this row was read before the sealing
    session.refresh_from_db()
    assert watching.reveal_by(session) == NOW + timedelta(hours=2)
    with clock.at(NOW + timedelta(hours=2)):
        with pytest.raises(WrongState, match="期限"):
            draw.reveal(viewer=province.supervisor, session_id=session.pk, secret=own["supervisor"])
        assert void(province, session, VoidReason.WITHHELD).state == DrawState.VOID


def test_a_number_that_never_came_voids_by_that_name(province: Province) -> None:
    session = opened(province, number_source=SOURCE, number_at=EVENING)
    revealed(province, session)
    with pytest.raises(WrongState, match="之前不能认定未产生"):
        void(province, session, VoidReason.NUMBER_CANCELLED)
    with clock.at(EVENING):
        with pytest.raises(WrongState):
            void(province, session, VoidReason.INTERRUPTED)
        gone = void(province, session, VoidReason.NUMBER_CANCELLED)
    assert gone.record["void"]["reason"] == "number_cancelled"
    assert verify(gone.record) == []


def test_no_sealing_once_the_number_is_out(province: Province) -> None:
    session = opened(province, number_source=SOURCE, number_at=NOW + timedelta(minutes=5))
    promised(province, session)
    with (
        clock.at(NOW + timedelta(minutes=5)),
        pytest.raises(WrongState, match="公布时刻已过"),
    ):
        draw.close_commitments(viewer=province.hr, session_id=session.pk)


@pytest.mark.parametrize(
    ("source", "at", "field"),
    [
        (SOURCE, None, "number_at"),
        ("", EVENING, "number_source"),
        (SOURCE, NOW, "number_at"),
        ("长" * 81, EVENING, "number_source"),
        ("双色球\n第一期", EVENING, "number_source"),
    ],
)
def test_half_an_announcement_is_refused(
    province: Province, source: str, at: datetime | None, field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        opened(province, number_source=source, number_at=at)
    assert refused.value.field == field
    assert not DrawSession.objects.exists()


def test_the_database_wants_a_second_person(province: Province) -> None:
    session = opened(province, number_source=SOURCE, number_at=EVENING)
    session.public_number, session.number_by_id = "1", province.hr.user_id
    session.number_confirmed_by_id = province.hr.user_id
    with pytest.raises(IntegrityError, match="a_public_number_is_confirmed_by_another"):
        session.save()


# --- a test draw


def test_a_rehearsal_is_marked_and_seats_nobody(province: Province) -> None:
    session = opened(province, rehearsal=True)
    assert session.plan["session"].startswith("演练-")
    revealed(province, session)
    done = draw.draw(viewer=province.hr, session_id=session.pk)
    assert done.state == DrawState.DRAWN
    assert verify(done.record) == []
    assert not Seat.objects.exists()
    with pytest.raises(WrongState, match="演练不公开姓名"):
        watching.record(province.hr, session.pk, named=True)
    row = Round.objects.get(pk=session.round_id)
    with pytest.raises(WrongState):
        rounds.start(viewer=province.hr, round_id=row.pk)
    real = province.drawn(row)
    assert real.number == 2
    assert real.leaves != session.leaves
    assert Seat.objects.count() == 5
    with pytest.raises(WrongState, match="正式抽取已经开场"):
        draw.open_session(viewer=province.hr, round_id=row.pk, rehearsal=True)
    assert Event.objects.filter(type="draw.rehearsal_opened").count() == 1
    assert list(panels_were_drawn()) == []
    Seat.objects.update(session=session)
    assert any("是演练" in each for each in panels_were_drawn())


def test_rehearsals_are_published_without_names(province: Province) -> None:
    row = province.open_round()
    session = draw.open_session(viewer=province.hr, round_id=row.pk, rehearsal=True)
    revealed(province, session)
    draw.draw(viewer=province.hr, session_id=session.pk)
    province.seated(row)
    rounds.start(viewer=province.hr, round_id=row.pk)
    test, real = watching.public_sessions().order_by("number")
    assert not watching.public_record(real, announced=True)["opened"]["named"], "not decided"
    Round.objects.filter(pk=row.pk).update(state=RoundState.DECIDED)
    test, real = watching.public_sessions().order_by("number")
    assert watching.public_record(real, announced=True)["opened"]["named"]
    assert not watching.public_record(real, announced=False)["opened"]["named"]
    assert not watching.public_record(test, announced=True)["opened"]["named"]


def test_a_draw_is_public_from_its_sealing_on(province: Province) -> None:
    session = opened(province)
    own = promised(province, session)
    assert not watching.public_sessions()
    with pytest.raises(NotFound):
        watching.public_session(session.pk)
    draw.close_commitments(viewer=province.hr, session_id=session.pk)
    record = watching.public_record(watching.public_session(session.pk), announced=True)
    assert verify(record) == []
    assert record["opened"] is None
    draw.reveal(viewer=province.hr, session_id=session.pk, secret=own["hr"])
    seals = Event.objects.filter(type="draw.committed").get()
    assert seals.payload["seal"] == record["seal"]


# --- not before


def test_a_panel_is_drawn_at_the_earliest_some_working_days_before(province: Province) -> None:
    """Monday, 8 September is the first day: two working days before it is Thursday, the 4th."""
    row = province.open_round()
    assert row.starts_on == date(2025, 9, 3), "by default the last day that allows a draw today"
    given = {"seats": row.seats, "substitutes": 2, "method": Aggregation.MEAN}
    rounds.plan_round(
        viewer=province.hr,
        round_id=row.pk,
        due=NOW + timedelta(days=14),
        starts_on=date(2025, 9, 8),
        **given,
    )
    row.refresh_from_db()
    assert earliest_draw(row) == date(2025, 9, 4)
    with (
        clock.at(clock.beijing(2025, 9, 3, 23)),
        pytest.raises(WrongState, match=r"9月4日.*抽取专家"),
    ):
        draw.open_session(viewer=province.hr, round_id=row.pk)
    assert preparation(row).too_early
    with clock.at(clock.beijing(2025, 9, 9, 9)), pytest.raises(WrongState, match="没有确定或已过"):
        draw.open_session(viewer=province.hr, round_id=row.pk)
    assert draw.open_session(viewer=province.hr, round_id=row.pk, rehearsal=True).rehearsal
    Holiday.objects.create(day=date(2025, 9, 5), working=False, name="假日")
    assert earliest_draw(row) == date(2025, 9, 3), "a day off moves it earlier"
    with clock.at(clock.beijing(2025, 9, 3, 9)):
        assert draw.open_session(viewer=province.hr, round_id=row.pk)
    with pytest.raises(Invalid, match="不能晚于评分截止"):
        province.open_round(kind="base", starts_on=date(2025, 9, 20))


# --- served too often, and how they served


def test_who_has_served_too_often_stays_out_by_name_of_the_rule(province: Province) -> None:
    session = province.drawn(province.open_round())
    often = session.panel.select_related("expert").first()
    assert often
    other = Round.objects.create(
        call=province.call,
        kind="base",
        rubrics={},
        rubrics_digest="0" * 64,
        seats={"technical": 1},
        substitutes=0,
        starts_on=date(2025, 9, 3),
        due=NOW + timedelta(days=7),
    )
    for n in range(2):
        call = type(province.call).objects.create(
            province=f"3{n + 2}",
            year=2025,
            title="外省",
            opens_at=NOW,
            closes_at=NOW + timedelta(days=1),
            publicity_days=5,
            panel_size=5,
        )
        row = Round.objects.create(
            call=call, kind="base", rubrics={}, rubrics_digest="", seats={}, substitutes=0, due=NOW
        )
        Seat.objects.create(
            round=row,
            session=session,
            expert=often.expert,
            field=often.field,
            place=1,
            leaf=often.leaf,
            invited_at=NOW,
        )
    field = {often.field: 1}
    Round.objects.filter(pk=other.pk).update(seats=field)
    other.refresh_from_db()
    found = preparation(other)
    assert found.fields[0].limited == 1
    barred = dict(found.excluded)[often.expert]
    assert (barred.reason, barred.text) == ("yearly_limit", "2025年已参加 3 次评审，上限 3 次")


def test_every_expert_is_rated_once_after_the_scores(province: Province) -> None:
    row = province.ranked()
    seat = row.panel.select_related("expert").first()
    assert seat
    given = {"viewer": province.hr, "seat_id": seat.pk}
    for points, note in ((101, "好"), (-1, "好"), (90, " ")):
        with pytest.raises(Invalid) as refused:
            panel.rate(points=points, note=note, **given)
        assert refused.value.field == f"rating-{seat.pk}"
    with pytest.raises(NotPermitted):
        panel.rate(viewer=province.finance, seat_id=seat.pk, points=90, note="按时")
    panel.rate(points=90, note="按时、客观", **given)
    with pytest.raises(WrongState, match="已经评价过"):
        panel.rate(points=10, note="改", **given)
    event = Event.objects.get(type="expert.rated")
    assert event.subject == seat.expert.subject
    assert "90" not in str(event.payload)


def test_nobody_is_rated_while_the_scores_are_open(province: Province) -> None:
    row = province.scoring()
    seat = row.panel.first()
    with pytest.raises(WrongState, match="汇总排序以后"):
        panel.rate(viewer=province.hr, seat_id=seat.pk, points=90, note="按时")
