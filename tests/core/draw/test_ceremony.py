"""Six attacks on the ceremony; each ends in a named state."""

import pytest

from jiangxin.core.draw.ceremony import Ceremony, State
from jiangxin.core.draw.plan import Plan
from jiangxin.core.draw.record import VoidReason
from jiangxin.core.draw.shares import commitment, seed
from jiangxin.core.kernel.errors import Invalid, NotPermitted, Tampered, WrongState

SECRETS = {"hr": "a1" * 32, "finance": "b2" * 32, "supervisor": "c3" * 32}
SEAL = "5e" * 32


def ceremony(session="S1", public_source="双色球 第 2025101 期"):
    plan = Plan(
        session=session,
        seats={"机械": 3},
        substitutes=1,
        rule_version="1",
        public_source=public_source,
    )
    made = Ceremony(plan)
    for party, secret in SECRETS.items():
        made = made.commit(party, commitment(party, session, secret))
    return made


def revealed(made, parties=tuple(SECRETS)):
    for party in parties:
        made = made.reveal(party, SECRETS[party])
    return made


def test_the_straight_way():
    made = ceremony()
    assert made.state is State.COMMITTING
    made = made.close(SEAL)
    assert (made.state, made.waiting_for) == (State.REVEALING, list(SECRETS))
    made = revealed(made)
    assert made.state is State.AWAITING_NUMBER
    made = made.announce("030817222633")
    assert made.state is State.READY
    assert made.state.label == "随机数齐全，可以抽取"
    assert revealed(ceremony(public_source=None).close(SEAL)).state is State.READY


def test_the_last_revealer_cannot_foresee_the_outcome():
    """The public number is taken only after every secret is out."""
    made = revealed(ceremony().close(SEAL), ["hr", "finance"])
    with pytest.raises(WrongState, match="待各方公开随机数"):
        made.announce("030817222633")
    assert made.state is State.REVEALING
    assert seed(SEAL, SECRETS, "1") != seed(SEAL, SECRETS, "2")


def test_a_withheld_secret_voids_the_session_by_name():
    made = revealed(ceremony().close(SEAL), ["hr", "finance"])
    made = made.abandon(VoidReason.WITHHELD)
    assert (made.state, made.at_fault) == (State.VOID, ("supervisor",))
    assert made.void_reason.label == "参与方未公开随机数"
    for again in (
        lambda: made.reveal("supervisor", SECRETS["supervisor"]),
        lambda: made.abandon(VoidReason.WITHHELD),
        lambda: made.announce("1"),
        lambda: made.close(SEAL),
    ):
        with pytest.raises(WrongState, match="本场作废"):
            again()


def test_a_second_reveal_is_refused():
    made = revealed(ceremony().close(SEAL), ["hr"])
    for secret in (SECRETS["hr"], "d4" * 32):
        with pytest.raises(WrongState, match="人社方已公开随机数"):
            made.reveal("hr", secret)
    assert made.state is State.REVEALING


def test_another_secret_is_refused():
    made = ceremony().close(SEAL)
    with pytest.raises(Tampered, match="人社方公开的随机数与事先封存的承诺不符"):
        made.reveal("hr", "d4" * 32)
    with pytest.raises(Invalid, match="256 至 512 位"):
        made.reveal("hr", "d4" * 16)


def test_a_replayed_secret_voids_the_session():
    made = ceremony().close(SEAL)
    made = made.reveal("finance", SECRETS["finance"], spent={SECRETS["finance"]})
    assert made.state is State.VOID
    assert (made.void_reason, made.at_fault) == (VoidReason.SECRET_REUSED, ("finance",))


def test_two_parties_with_one_secret_void_the_session():
    plan = ceremony().plan
    made = Ceremony(plan)
    for party in SECRETS:
        made = made.commit(party, commitment(party, plan.session, "aa" * 32))
    made = made.close(SEAL).reveal("hr", "aa" * 32).reveal("finance", "aa" * 32)
    assert made.void_reason is VoidReason.SECRET_REUSED


def test_two_sessions_at_once_do_not_lend_to_each_other():
    one, two = ceremony("S1").close(SEAL), ceremony("S2").close("5f" * 32)
    assert one.commitments != two.commitments
    borrowed = Ceremony(two.plan, commitments=one.commitments).close("5f" * 32)
    with pytest.raises(Tampered):
        borrowed.reveal("hr", SECRETS["hr"])
    assert borrowed.state is State.REVEALING
    assert seed(one.seal, SECRETS, "1") != seed(two.seal, SECRETS, "1")


def test_a_cancelled_number_voids_the_session():
    made = revealed(ceremony().close(SEAL)).abandon(VoidReason.NUMBER_CANCELLED)
    assert (made.state, made.at_fault) == (State.VOID, ())


def test_commitments_come_once_from_parties_and_before_the_seal():
    made = ceremony()
    with pytest.raises(WrongState, match="人社方已提交承诺"):
        made.commit("hr", "00" * 32)
    with pytest.raises(NotPermitted, match="不是本场抽取的参与方"):
        made.commit("applicant", "00" * 32)
    with pytest.raises(NotPermitted):
        made.close(SEAL).reveal("applicant", "00" * 32)
    empty = Ceremony(made.plan)
    with pytest.raises(Invalid, match="64 位小写十六进制数"):
        empty.commit("hr", "AA" * 32)
    with pytest.raises(WrongState, match="尚未全部提交承诺"):
        empty.close(SEAL)
    with pytest.raises(WrongState, match="不能作废"):
        empty.abandon(VoidReason.INTERRUPTED)
    with pytest.raises(WrongState, match="不能执行此步"):
        made.reveal("hr", SECRETS["hr"])
    with pytest.raises(WrongState, match="不能执行此步"):
        made.close(SEAL).commit("hr", "00" * 32)
    with pytest.raises(Invalid, match="不能为空"):
        revealed(made.close(SEAL)).announce(" ")
