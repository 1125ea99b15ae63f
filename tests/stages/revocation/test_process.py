"""From the proposal to the published decision: nobody is skipped, nothing is decided by one."""

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.canonical import canonical
from jiangxin.core.kernel.errors import (
    Invalid,
    LimitReached,
    NotFound,
    NotPermitted,
    WrongState,
)
from jiangxin.core.workflow import Role
from jiangxin.records.identity.viewer import Viewer
from jiangxin.records.inbox.models import Message
from jiangxin.records.ledger.models import Event
from jiangxin.stages.rectification.actions import recheck
from jiangxin.stages.revocation import queries
from jiangxin.stages.revocation.actions import decision, hearing, proposal
from jiangxin.stages.revocation.choices import Act
from jiangxin.stages.revocation.models import Revocation
from jiangxin.stages.titles.models import Title
from tests.factories import rectification as rectifying
from tests.factories import revocation as make
from tests.factories.acceptance import make_built
from tests.factories.desk import official
from tests.factories.races import numbered, together, without_locks
from tests.factories.revocation import FACTS, RULING, START, TERM_OVER
from tests.factories.titled import Place, picture, project_behind

pytestmark = pytest.mark.django_db
DURING = START + timedelta(days=2)


@pytest.fixture
def place() -> Place:
    return Place()


@pytest.fixture
def unit(place: Place) -> Viewer:
    return place.unit()


@pytest.fixture
def title(place: Place, unit: Viewer) -> Title:
    return place.studio(unit)


def types(subject: str) -> list[str]:
    rows = Event.objects.filter(subject=subject).exclude(type__startswith="concurrence.")
    return list(rows.order_by("id").values_list("type", flat=True))


def test_the_whole_way_ends_in_a_revoked_title_and_project(
    place: Place, unit: Viewer, title: Title
) -> None:
    case = make.served(place, title, unit)
    assert (case.served_on, case.hearing_until) == (
        START.date(),
        (START + timedelta(days=7)).date(),
    )
    with clock.at(DURING):
        hearing.state_case(viewer=unit, case_id=case.pk, text="已购置设备。", uploads=[picture()])
        hearing.close_hearing(viewer=place.hr, case_id=case.pk)
        decision.draft_decision(viewer=place.hr, case_id=case.pk, ruling=RULING)
        make.agree(place, case, Act.DECIDE)
        decision.decide(viewer=place.hr, case_id=case.pk)
        decision.publish(viewer=place.hr, case_id=case.pk)
    title.refresh_from_db()
    case.refresh_from_db()
    assert (title.state, project_behind(title).state, case.state) == (
        "revoked",
        "revoked",
        "published",
    )
    assert types(case.subject) == [
        "revocation.proposed",
        "revocation.noticed",
        "revocation.served",
        "revocation.stated",
        "revocation.heard",
        "revocation.decision_drafted",
        "revocation.decided",
        "revocation.published",
    ]
    revoked = Event.objects.get(type="title.revoked")
    assert revoked.payload["case"] == case.subject
    assert revoked.payload["digest"] == case.decision_digest()
    assert Event.objects.get(type="project.revoked").subject == project_behind(title).subject
    told = Message.objects.filter(unit_id=unit.organisation_id).order_by("id")
    assert [each.title for each in told] == [
        "拟取消称号告知书，请签收",
        "可以陈述申辩、要求听证",
        "决定取消称号",
    ]
    assert told[1].due == case.hearing_until


def test_a_title_of_2014_without_project_or_account_goes_the_same_way(place: Place) -> None:
    title = place.legacy(assessment="failed")
    case = make.decided(place, title)
    title.refresh_from_db()
    assert title.state == "revoked"
    assert case.served_how == "邮寄送达"
    assert not Event.objects.filter(type="project.revoked").exists()
    assert not Message.objects.filter(unit__isnull=False).exists()


# --- proposing -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"cause": ""}, "cause"),
        ({"cause": "whim"}, "cause"),
        ({"cause": "assessment"}, "cause"),
        ({"facts": " \0 "}, "facts"),
        ({"facts": "长" * 5001}, "facts"),
    ],
)
def test_a_proposal_without_sense_is_refused_by_its_field(
    place: Place, title: Title, given: dict[str, str], field: str
) -> None:
    values = {"cause": "stopped", "facts": FACTS} | given
    with pytest.raises(Invalid) as refused:
        proposal.propose(viewer=place.hr, title_id=title.pk, **values)
    assert refused.value.field == field
    assert not Revocation.objects.exists()


def test_a_refused_file_keeps_nothing_of_the_proposal(place: Place, title: Title) -> None:
    with pytest.raises(Invalid, match="不接收"):
        proposal.propose(
            viewer=place.hr,
            title_id=title.pk,
            cause="stopped",
            facts=FACTS,
            uploads=[picture(), picture("病毒.exe")],
        )
    assert not Revocation.objects.exists()


def test_a_second_open_case_is_refused_and_after_a_dismissal_allowed(
    place: Place, title: Title
) -> None:
    case = make.proposed(place, title)
    with pytest.raises(LimitReached, match="已有一件") as refused:
        make.proposed(place, title)
    assert refused.value.clause == "4.2"
    with clock.at(START):
        proposal.propose_dismissal(viewer=place.hr, case_id=case.pk, reason="情况已改善。")
        make.agree(place, case, Act.DISMISS)
        proposal.dismiss(viewer=place.hr, case_id=case.pk)
    assert make.proposed(place, title).pk != case.pk


def test_a_revoked_title_is_not_revoked_again(place: Place, title: Title) -> None:
    make.decided(place, title)
    with pytest.raises(WrongState, match="已取消") as refused:
        make.proposed(place, title)
    assert refused.value.clause == "4.2"
    assert Event.objects.filter(type="title.revoked").count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_officials_at_once_open_one_case(place: Place, title: Title) -> None:
    def propose(_: int) -> object:
        return proposal.propose(viewer=place.hr, title_id=title.pk, cause="stopped", facts=FACTS)

    results = together(numbered(2, propose), at=START)
    assert sorted(type(each).__name__ for each in results) == ["LimitReached", "Revocation"]
    Revocation.objects.all().delete()
    with without_locks(
        held=Revocation
    ):  # the constraint alone keeps them apart, and says it kindly
        results = together(numbered(2, propose), at=START)
    assert sorted(type(each).__name__ for each in results) == ["LimitReached", "Revocation"]


def test_only_hr_of_the_province_proposes_and_others_find_nothing(
    place: Place, unit: Viewer, title: Title
) -> None:
    for viewer in (place.finance, unit, place.supervisor(), official(Role.MINISTRY_HR)):
        with pytest.raises(NotPermitted):
            proposal.propose(viewer=viewer, title_id=title.pk, cause="stopped", facts=FACTS)
    other = official(Role.PROVINCE_HR, "36")
    with pytest.raises(NotFound):
        proposal.propose(viewer=other, title_id=title.pk, cause="stopped", facts=FACTS)
    case = make.proposed(place, title)
    for viewer in (other, official(Role.PROVINCE_FINANCE, "36")):
        with pytest.raises(NotFound):
            queries.case(viewer, case.pk)
        with pytest.raises(NotFound):
            proposal.concur(viewer=viewer, case_id=case.pk, act=Act.NOTIFY, digest="", agreed=True)
    assert queries.case(place.supervisor(), case.pk) == case
    assert queries.case(official(Role.MINISTRY_FINANCE), case.pk) == case


def test_an_edit_voids_the_words_and_the_notice_waits_for_both(place: Place, title: Title) -> None:
    case = make.proposed(place, title)
    with clock.at(START):
        with pytest.raises(WrongState, match="还缺人社、财政部门的同意"):
            proposal.notify(viewer=place.hr, case_id=case.pk)
        make.agree(place, case, Act.NOTIFY)
        proposal.revise(
            viewer=place.hr,
            case_id=case.pk,
            cause="output",
            facts=FACTS,
            drop=[case.papers[0]["document"]],
        )
        with pytest.raises(WrongState, match="还缺人社、财政部门的同意"):
            proposal.notify(viewer=place.hr, case_id=case.pk)
        case.refresh_from_db()
        assert (case.cause, case.papers) == ("output", [])
        with pytest.raises(WrongState, match="刚刚改动"):
            proposal.concur(
                viewer=place.finance, case_id=case.pk, act=Act.NOTIFY, digest="old", agreed=True
            )
    assert not Event.objects.filter(type="revocation.noticed").exists()


def test_the_unit_learns_of_a_case_when_it_is_told(
    place: Place, unit: Viewer, title: Title
) -> None:
    case = make.proposed(place, title)
    with pytest.raises(NotFound):
        queries.case(unit, case.pk)
    assert queries.of_title(unit, title) == []
    with clock.at(START):
        make.agree(place, case, Act.NOTIFY)
        proposal.notify(viewer=place.hr, case_id=case.pk)
    assert queries.case(unit, case.pk) == case
    with pytest.raises(NotFound):
        queries.case(place.unit(), case.pk)


# --- the hearing -----------------------------------------------------------------------------------


def test_a_hearing_is_not_skipped(place: Place, unit: Viewer, title: Title) -> None:
    case = make.noticed(place, title)
    with clock.at(DURING), pytest.raises(WrongState, match="还没有送达"):
        hearing.close_hearing(viewer=place.hr, case_id=case.pk)
    with clock.at(START):
        hearing.sign_receipt(viewer=unit, case_id=case.pk)
    last = clock.end_of((START + timedelta(days=7)).date())
    with clock.at(last - timedelta(seconds=1)):
        with pytest.raises(WrongState, match="不能跳过听取陈述申辩") as refused:
            hearing.close_hearing(viewer=place.hr, case_id=case.pk)
        assert refused.value.clause == "4.2"
        assert "2026年11月9日（星期一） 24:00" in refused.value.remedy
        with pytest.raises(WrongState, match="已告知"):
            decision.draft_decision(viewer=place.hr, case_id=case.pk, ruling=RULING)
        with pytest.raises(WrongState, match="不能决定取消称号"):
            decision.decide(viewer=place.hr, case_id=case.pk)
    with clock.at(last):
        assert hearing.close_hearing(viewer=place.hr, case_id=case.pk).state == "heard"


def test_a_hearing_that_was_asked_for_is_held(place: Place, unit: Viewer, title: Title) -> None:
    case = make.served(place, title, unit)
    with clock.at(DURING):
        hearing.state_case(viewer=unit, case_id=case.pk, text="要求听证。", wants_hearing=True)
    with clock.at(TERM_OVER):
        with pytest.raises(WrongState, match="还没有登记听证情况"):
            hearing.close_hearing(viewer=place.hr, case_id=case.pk)
        hearing.record_hearing(
            viewer=place.hr, case_id=case.pk, text="11月9日在厅机关召开。", uploads=[picture()]
        )
        hearing.close_hearing(viewer=place.hr, case_id=case.pk)


def test_the_unit_speaks_in_time_and_after_its_receipt(
    place: Place, unit: Viewer, title: Title
) -> None:
    case = make.noticed(place, title)
    with clock.at(START), pytest.raises(WrongState, match="请先签收"):
        hearing.state_case(viewer=unit, case_id=case.pk, text="不服。")
    with clock.at(START):
        hearing.sign_receipt(viewer=unit, case_id=case.pk)
        with pytest.raises(WrongState, match="已于2026年11月2日"):
            hearing.sign_receipt(viewer=unit, case_id=case.pk)
        with pytest.raises(Invalid, match="请写明陈述申辩的内容"):
            hearing.state_case(viewer=unit, case_id=case.pk, text=" ")
        for other in (place.unit(), official(Role.APPLICANT)):
            with pytest.raises(NotFound):
                hearing.state_case(viewer=other, case_id=case.pk, text="冒名。")
    with clock.at(TERM_OVER):
        with pytest.raises(WrongState, match="已于2026年11月9日（星期一）届满"):
            hearing.state_case(viewer=unit, case_id=case.pk, text="迟到。")
        hearing.record_statement(viewer=place.hr, case_id=case.pk, text="书面材料按期寄到。")
    assert [each.by_unit for each in queries.statements(case)] == [False]


@pytest.mark.parametrize(
    ("days", "how", "field"),
    [
        (-1, "邮寄", "on"),
        (3, "邮寄", "on"),
        (0, " ", "how"),
        (0, "长" * 201, "how"),
        (None, "邮寄", "on"),
    ],
)
def test_a_service_without_sense_is_refused(
    place: Place, title: Title, days: int | None, how: str, field: str
) -> None:
    case = make.noticed(place, title)
    on = None if days is None else (START + timedelta(days=days)).date()
    with clock.at(DURING), pytest.raises(Invalid) as refused:
        hearing.record_service(viewer=place.hr, case_id=case.pk, on=on, how=how)
    assert refused.value.field == field
    case.refresh_from_db()
    assert case.served_on is None


# --- the decision ----------------------------------------------------------------------------------


def test_one_department_decides_nothing(place: Place, title: Title) -> None:
    case = make.drafted(place, title)
    with clock.at(TERM_OVER):
        proposal.concur(
            viewer=place.hr,
            case_id=case.pk,
            act=Act.DECIDE,
            digest=case.decision_digest(),
            agreed=True,
        )
        with pytest.raises(WrongState, match="还缺财政部门的同意"):
            decision.decide(viewer=place.hr, case_id=case.pk)
        with pytest.raises(Invalid, match="写明理由"):
            proposal.concur(
                viewer=place.finance,
                case_id=case.pk,
                act=Act.DECIDE,
                digest=case.decision_digest(),
                agreed=False,
            )
        proposal.concur(
            viewer=place.finance,
            case_id=case.pk,
            act=Act.DECIDE,
            digest=case.decision_digest(),
            agreed=False,
            remark="资金尚未核清。",
        )
        with pytest.raises(WrongState, match="还缺财政部门的同意"):
            decision.decide(viewer=place.hr, case_id=case.pk)
        with pytest.raises(NotPermitted):
            decision.decide(viewer=place.finance, case_id=case.pk)
    title.refresh_from_db()
    assert (title.state, project_behind(title).state) == ("titled", "under_construction")
    assert Message.objects.filter(title="财政部门不同意：决定取消称号").count() == 1


def test_both_agree_to_the_decision_as_it_stands(place: Place, title: Title) -> None:
    case = make.drafted(place, title)
    with clock.at(TERM_OVER):
        make.agree(place, case, Act.DECIDE)
        changed = decision.Ruling(RULING.text, RULING.doc_number, repay=500_000_00, barred_years=3)
        decision.draft_decision(viewer=place.hr, case_id=case.pk, ruling=changed)
        with pytest.raises(WrongState, match="还缺人社、财政部门的同意"):
            decision.decide(viewer=place.hr, case_id=case.pk)
        make.agree(place, case, Act.DECIDE)
        decision.decide(viewer=place.hr, case_id=case.pk)
    decided = Event.objects.get(type="revocation.decided")
    assert (decided.payload["repay"], decided.payload["barred_years"]) == (500_000_00, 3)


@pytest.mark.parametrize(
    ("ruling", "field"),
    [
        (decision.Ruling(" "), "decision"),
        (decision.Ruling("长" * 5001), "decision"),
        (decision.Ruling("取消。", "长" * 61), "doc_number"),
        (decision.Ruling("取消。", barred_years=11), "barred_years"),
        (decision.Ruling("取消。", barred_years=-1), "barred_years"),
        (decision.Ruling("联系人张某13800138000。"), "decision"),
    ],
)
def test_a_decision_that_cannot_be_published_is_not_drafted(
    place: Place, title: Title, ruling: decision.Ruling, field: str
) -> None:
    case = make.heard(place, title)
    with clock.at(TERM_OVER), pytest.raises(Invalid) as refused:
        decision.draft_decision(viewer=place.hr, case_id=case.pk, ruling=ruling)
    assert refused.value.field == field
    case.refresh_from_db()
    assert case.decision == ""


def test_the_last_gate_stands_at_the_publication_itself(place: Place, title: Title) -> None:
    case = make.decided(place, title)
    Title.objects.filter(pk=title.pk).update(name="工作室（13800138000）")
    with clock.at(TERM_OVER), pytest.raises(Invalid, match="项目名称中的手机号码") as refused:
        decision.publish(viewer=place.hr, case_id=case.pk)
    assert "13800138000" not in refused.value.message
    with pytest.raises(NotFound):
        queries.decision(case.pk)


def test_the_database_itself_refuses_a_decision_without_a_hearing(
    place: Place, title: Title
) -> None:
    case = make.noticed(place, title)
    with pytest.raises(IntegrityError, match="no_revocation_without_hearing"), transaction.atomic():
        Revocation.objects.filter(pk=case.pk).update(state="decided", ended_at=TERM_OVER)


def test_a_published_decision_bars_the_unit_for_the_years_that_were_decided(
    place: Place, title: Title
) -> None:
    other = place.studio()
    case = make.decided(
        place, title, ruling=decision.Ruling(RULING.text, RULING.doc_number, barred_years=3)
    )
    title.refresh_from_db()
    assert title.barred_until is None, "nothing binds before it is published"
    with clock.at(TERM_OVER + timedelta(days=30)):
        decision.publish(viewer=place.hr, case_id=case.pk)
    make.published(place, other)
    title.refresh_from_db()
    other.refresh_from_db()
    assert title.barred_until == date(2029, 11, 10), "counted from the decision"
    assert other.barred_until is None


def test_a_dismissal_needs_reasons_and_both(place: Place, unit: Viewer, title: Title) -> None:
    case = make.served(place, title, unit)
    with clock.at(DURING):
        with pytest.raises(WrongState, match="还没有拟出"):
            proposal.concur(
                viewer=place.hr,
                case_id=case.pk,
                act=Act.DISMISS,
                digest=case.dismissal_digest(),
                agreed=True,
            )
        with pytest.raises(WrongState, match="还缺"):
            proposal.dismiss(viewer=place.hr, case_id=case.pk)
        proposal.propose_dismissal(viewer=place.hr, case_id=case.pk, reason="申辩理由成立。")
        make.agree(place, case, Act.DISMISS)
        proposal.dismiss(viewer=place.hr, case_id=case.pk)
        with pytest.raises(WrongState, match="不予取消"):
            hearing.close_hearing(viewer=place.hr, case_id=case.pk)
    title.refresh_from_db()
    assert title.state == "titled"
    assert Message.objects.filter(unit_id=unit.organisation_id, title="不予取消称号").exists()


def test_a_dismissed_case_gives_a_project_whose_mending_failed_a_way_out() -> None:
    built = make_built()
    order = rectifying.served(built)
    with clock.at(clock.beijing(2029, 1, 10, 9)):
        recheck.expire(viewer=built.hr, rectification_id=order.pk, reason="期满没有提交材料。")
        assert [each.pk for each in queries.ready(built.hr)] == [built.title.pk]
        case = proposal.propose(
            viewer=built.hr, title_id=built.title.pk, cause="rectification", facts=FACTS
        )
        proposal.propose_dismissal(viewer=built.hr, case_id=case.pk, reason="设备已在期内到位。")
        case.refresh_from_db()
        for viewer in built.both:
            proposal.concur(
                viewer=viewer,
                case_id=case.pk,
                act=Act.DISMISS,
                digest=case.dismissal_digest(),
                agreed=True,
            )
        assert built.state() == "rectifying"
        proposal.dismiss(viewer=built.hr, case_id=case.pk)
        order.refresh_from_db()
        assert (order.state, built.state()) == ("kept", "under_construction")
        assert not queries.ready(built.hr).exists(), "what was forgiven does not lie ready again"
        with pytest.raises(Invalid, match="没有期满仍未通过的整改"):
            proposal.propose(
                viewer=built.hr, title_id=built.title.pk, cause="rectification", facts=FACTS
            )
        assert built.applied().state == "applied"


def test_consequences_are_recorded_once_and_with_sense(place: Place, title: Title) -> None:
    case = make.decided(place, title, ruling=decision.Ruling("取消。", repay=1_000_000_00))
    after = TERM_OVER + timedelta(days=20)
    with clock.at(after):
        for on, match in (
            (None, "请填写"),
            (START.date(), "不能早于"),
            ((after + timedelta(days=1)).date(), "不能晚于今天"),
        ):
            with pytest.raises(Invalid, match=match):
                decision.record_plaque(viewer=place.hr, case_id=case.pk, on=on)
        decision.record_plaque(viewer=place.hr, case_id=case.pk, on=after.date())
        with pytest.raises(WrongState, match="已登记"):
            decision.record_plaque(viewer=place.hr, case_id=case.pk, on=after.date())
        decision.record_repayment(viewer=place.finance, case_id=case.pk, on=after.date())
    event = Event.objects.get(type="revocation.repaid")
    assert event.payload == {"on": after.date().isoformat(), "amount": 1_000_000_00}


def test_no_money_comes_back_where_none_was_asked_for(place: Place, title: Title) -> None:
    case = make.decided(place, title)
    with clock.at(TERM_OVER), pytest.raises(WrongState, match="没有要求退回资金"):
        decision.record_repayment(viewer=place.hr, case_id=case.pk, on=TERM_OVER.date())


# --- what is seen ----------------------------------------------------------------------------------


def test_the_ledger_holds_no_text_of_the_case(place: Place, unit: Viewer, title: Title) -> None:
    case = make.served(place, title, unit)
    with clock.at(DURING):
        hearing.state_case(viewer=unit, case_id=case.pk, text="本人王某某说明情况。")
    told = "".join(canonical(event.canonical()).decode() for event in Event.objects.all())
    assert "王某某" not in told
    assert FACTS not in told


def test_a_file_is_read_by_who_sees_the_case_and_no_other_file_through_it(
    place: Place, unit: Viewer, title: Title
) -> None:
    case = make.served(place, title, unit)
    own = case.papers[0]["document"]
    assert queries.case_file(unit, case.pk, own).name == "证据.png"
    with clock.at(DURING):
        said = hearing.state_case(
            viewer=unit, case_id=case.pk, text="不服。", uploads=[picture("申辩.png", b"1")]
        )
    assert queries.case_file(place.finance, case.pk, said.papers[0]["document"]).name == "申辩.png"
    stranger = make.proposed(place, place.studio())
    with pytest.raises(NotFound):
        queries.case_file(unit, case.pk, stranger.papers[0]["document"])
    with pytest.raises(NotFound):
        queries.case_file(place.unit(), case.pk, own)


def waiting(place: Place) -> tuple[int, int]:
    hr, finance = (queries.cases_waiting(viewer).rows.count() for viewer in place.both)
    return hr, finance


def test_each_case_waits_for_whose_turn_it_is(place: Place, unit: Viewer, title: Title) -> None:
    case = make.proposed(place, title)
    assert waiting(place) == (1, 1)
    with clock.at(START):
        word = {"case_id": case.pk, "act": Act.NOTIFY, "agreed": True}
        proposal.concur(viewer=place.hr, digest=case.notice_digest(), **word)
        assert waiting(place) == (0, 1)
        proposal.concur(viewer=place.finance, digest=case.notice_digest(), **word)
        assert waiting(place) == (1, 0)
        proposal.notify(viewer=place.hr, case_id=case.pk)
        hearing.sign_receipt(viewer=unit, case_id=case.pk)
        assert waiting(place) == (0, 0)
    with clock.at(TERM_OVER):
        assert waiting(place) == (1, 0)
    with clock.at(DURING):
        hearing.state_case(viewer=unit, case_id=case.pk, text="不服。")
        assert waiting(place) == (1, 0)
        hearing.close_hearing(viewer=place.hr, case_id=case.pk)
        assert waiting(place) == (1, 0)
        decision.draft_decision(viewer=place.hr, case_id=case.pk, ruling=RULING)
        assert waiting(place) == (1, 1)
        make.agree(place, case, Act.DECIDE)
        decision.decide(viewer=place.hr, case_id=case.pk)
        assert waiting(place) == (1, 0)
        decision.publish(viewer=place.hr, case_id=case.pk)
        assert waiting(place) == (0, 0)
    for viewer in (unit, place.supervisor(), official(Role.MINISTRY_HR)):
        assert not queries.cases_waiting(viewer).rows.exists()


def test_a_failed_title_lies_ready_until_a_case_is_open(place: Place) -> None:
    failed, passed = place.legacy(assessment="failed"), place.legacy(assessment="passed")
    elsewhere = Place("36").legacy(assessment="failed")
    assert list(queries.ready(place.hr)) == [failed]
    assert set(queries.ready(official(Role.MINISTRY_HR))) == {failed, elsewhere}
    assert queries.ready_waiting(place.hr).rows.count() == 1
    assert not queries.ready_waiting(place.finance).rows.exists()
    causes = {each.pk: each.due_cause for each in queries.judged(place.hr)}
    assert causes == {failed.pk: "assessment", passed.pk: ""}
    make.proposed(place, failed, "assessment")
    assert list(queries.ready(place.hr)) == []


def test_the_public_reads_a_decision_and_nothing_behind_it(place: Place, title: Title) -> None:
    case = make.decided(place, title)
    assert not queries.published().exists()
    with clock.at(TERM_OVER):
        decision.publish(viewer=place.hr, case_id=case.pk)
    assert [each.pk for each in queries.published()] == [case.pk]
    content = str(queries.public_content(queries.decision(case.pk)))
    assert RULING.text in content
    assert FACTS not in content
    found = queries.decision_of(title)
    assert found is not None
    assert found.pk == case.pk
