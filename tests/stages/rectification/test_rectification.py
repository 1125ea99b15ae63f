"""Orders to mend: due process from the draft to the end of the term, and every wrong turn refused."""

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import (
    Invalid,
    LimitReached,
    NotFound,
    NotPermitted,
    WrongState,
)
from jiangxin.core.workflow import Role
from jiangxin.ops.scenes.country import officer
from jiangxin.records.documents.queries import read
from jiangxin.records.identity.models import User
from jiangxin.records.identity.queries import viewer_of
from jiangxin.records.inbox.models import Message
from jiangxin.records.ledger.models import Event
from jiangxin.stages.programme import queries as programme
from jiangxin.stages.rectification import queries
from jiangxin.stages.rectification.actions import mending, order, recheck
from jiangxin.stages.rectification.choices import Source
from jiangxin.stages.rectification.models import Attempt, Rectification
from jiangxin.stages.titles.actions import enter_legacy
from jiangxin.stages.titles.models import Title
from tests.factories.acceptance import BUILDING, ENDED, Built, make_built
from tests.factories.construction import pdf
from tests.factories.races import together
from tests.factories.rectification import (
    ITEMS,
    ORDERED,
    SERVED,
    agree,
    checked,
    drafted,
    failed,
    mended,
    ordered,
    passed,
    served,
    submitted,
)

pytestmark = pytest.mark.django_db
LAST = date(2028, 7, 15)  # six months after SERVED


@pytest.fixture
def built() -> Built:
    return make_built()


def events(row: Rectification) -> list[str]:
    return list(
        Event.objects.filter(subject=row.subject, type__startswith="rectification.")
        .order_by("id")
        .values_list("type", flat=True)
    )


# --- the order


def test_a_failed_acceptance_is_ready_until_its_order_is_drafted(built: Built) -> None:
    row = failed(built)
    with clock.at(ORDERED):
        assert list(queries.ready(built.hr)) == [row]
        assert not queries.ready(officer(Role.PROVINCE_HR, "36")).exists()
        cause, items = queries.first_items(built.title)
        assert cause == row.conclusion
        assert items == row.shortfalls
        made = drafted(built)
        assert made.acceptance == row
        assert not queries.ready(built.hr).exists()
        order.drop(viewer=built.hr, rectification_id=made.pk, reason="改用其他方式。")
        assert list(queries.ready(built.hr)) == [row]


@pytest.mark.parametrize(("months", "word"), [(13, "超过 12 个月"), (0, "至少 1 个月")])
def test_a_term_over_a_year_is_refused(built: Built, months: int, word: str) -> None:
    failed(built)
    with clock.at(ORDERED):
        with pytest.raises(Invalid, match=word) as refused:
            drafted(built, months=months)
        assert (refused.value.clause, refused.value.field) == ("4.3", "months")
        assert not Rectification.objects.exists()
        row = drafted(built, months=12)
        with pytest.raises(Invalid, match=word):
            order.revise_order(
                viewer=built.hr, rectification_id=row.pk, cause="x", months=months, items=ITEMS
            )
        row.refresh_from_db()
        assert (row.months, row.items.count()) == (12, 2)


def test_a_draft_says_what_and_who(built: Built) -> None:
    failed(built)
    with clock.at(ORDERED):
        values = {
            "viewer": built.hr,
            "title_id": built.title.pk,
            "source": Source.ACCEPTANCE,
            "cause": "问题",
            "months": 3,
        }
        for items, word in (
            ([], "至少写一条"),
            ([("", "张")], "第 1 条整改要求"),
            ([("做", " ")], "第 1 条的责任人"),
        ):
            with pytest.raises(Invalid, match=word):
                order.draft_order(items=items, **values)
        with pytest.raises(Invalid, match="存在的问题"):
            order.draft_order(items=ITEMS, **(values | {"cause": " "}))
        with pytest.raises(NotPermitted):
            order.draft_order(items=ITEMS, **(values | {"viewer": built.finance}))
        with pytest.raises(NotFound):
            order.draft_order(items=ITEMS, **(values | {"viewer": officer(Role.PROVINCE_HR, "36")}))
    assert not Rectification.objects.exists()


def test_an_order_needs_its_cause(built: Built) -> None:
    with clock.at(ENDED):
        row = built.applied()
        for source in (Source.ACCEPTANCE, Source.SUPERVISION):
            with pytest.raises(WrongState, match="验收正在进行"):
                drafted(built, source=source)
        assert row.state == "applied"
    with clock.at(ORDERED), pytest.raises(WrongState, match="2011—2020年确定的项目不给整改期"):
        order.draft_order(
            viewer=built.hr,
            title_id=legacy(built).pk,
            source=Source.LEGACY,
            cause="考核不合格",
            months=6,
            items=ITEMS,
        )


def legacy(built: Built, assessment: str = "failed") -> Title:
    return enter_legacy(
        by=built.hr,
        number="L1",
        kind="base",
        province="37",
        year=2015,
        name="老基地",
        unit_name=built.title.unit_name,
        uscc=built.title.uscc,
        assessment=assessment,
    )


@contextmanager
def granting(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A province whose rules of 2025 grant legacy titles a term."""
    pack = programme.pack()
    own = pack.overlays[0]
    granted = dataclasses.replace(own, year=2025, values={"legacy.rectification": True})
    changed = dataclasses.replace(pack, overlays=(*pack.overlays, granted))
    with monkeypatch.context() as patch:
        patch.setattr("jiangxin.stages.application.titled.pack", lambda: changed)
        yield


def test_a_legacy_title_mends_only_where_the_province_grants_a_term(
    built: Built, monkeypatch: pytest.MonkeyPatch
) -> None:
    title = legacy(built)
    values = {
        "viewer": built.hr,
        "title_id": title.pk,
        "source": Source.LEGACY,
        "cause": "考核不合格",
        "months": 6,
        "items": ITEMS,
    }
    with clock.at(ORDERED):
        with pytest.raises(WrongState, match="不给整改期") as refused:
            order.draft_order(**values)
        assert refused.value.clause == "4.2"
        with granting(monkeypatch):
            row = order.draft_order(**values)
            agree(built, row)
            row = order.order(viewer=built.hr, rectification_id=row.pk)
            assert (row.state, row.before) == ("ordered", "")
            row = order.sign_receipt(viewer=built.unit, rectification_id=row.pk)
            submitted(built, row)
            assert passed(built, row).state == "passed"
        good = Title.objects.create(
            number="L2", kind="base", province="37", year=2016, name="好", unit_name="好单位"
        )
        with granting(monkeypatch), pytest.raises(WrongState, match="不给整改期"):
            order.draft_order(**(values | {"title_id": good.pk}))


def test_both_departments_order_what_stands_and_the_project_mends(built: Built) -> None:
    failed(built)
    with clock.at(ORDERED):
        row = drafted(built)
        old = row.digest()
        with pytest.raises(WrongState, match="还缺人社、财政部门的同意"):
            order.order(viewer=built.hr, rectification_id=row.pk)
        order.concur_order(viewer=built.finance, rectification_id=row.pk, digest=old, agreed=True)
        order.revise_order(
            viewer=built.hr, rectification_id=row.pk, cause="改了", months=3, items=ITEMS
        )
        with pytest.raises(WrongState, match="刚刚改动"):
            order.concur_order(
                viewer=built.finance, rectification_id=row.pk, digest=old, agreed=True
            )
        row.refresh_from_db()
        order.concur_order(
            viewer=built.hr, rectification_id=row.pk, digest=row.digest(), agreed=True
        )
        with pytest.raises(WrongState, match="还缺财政部门"):
            order.order(viewer=built.hr, rectification_id=row.pk)
        assert built.state() == "in_acceptance"
        order.concur_order(
            viewer=built.finance, rectification_id=row.pk, digest=row.digest(), agreed=True
        )
        row = order.order(viewer=built.hr, rectification_id=row.pk)
        assert built.state() == "rectifying"
        assert read(row.paper).startswith(b"%PDF")
        assert Message.objects.filter(unit__uscc=built.title.uscc, about=row.subject).exists()
        with pytest.raises(WrongState, match="内容不能再改"):
            order.revise_order(
                viewer=built.hr, rectification_id=row.pk, cause="x", months=3, items=ITEMS
            )
        with pytest.raises(WrongState):
            drafted(built)
        payloads = str(list(Event.objects.filter(subject=row.subject).values_list("payload")))
        assert "张主任" not in payloads


def test_one_order_runs_at_a_time(built: Built) -> None:
    failed(built)
    with clock.at(ORDERED):
        drafted(built)
        with pytest.raises(LimitReached, match="已有一份整改通知"):
            drafted(built)


# --- service


def test_the_term_runs_from_the_receipt_and_a_draft_is_nothing_to_the_unit(built: Built) -> None:
    failed(built)
    with clock.at(ORDERED):
        row = drafted(built)
        assert not queries.rectifications(built.unit).exists()
        with pytest.raises(NotFound):
            order.sign_receipt(viewer=built.unit, rectification_id=row.pk)
        agree(built, row)
        order.order(viewer=built.hr, rectification_id=row.pk)
    with clock.at(SERVED):
        with pytest.raises(NotFound):
            order.sign_receipt(viewer=built.round.unit(), rectification_id=row.pk)
        row = order.sign_receipt(viewer=built.unit, rectification_id=row.pk)
        assert (row.state, row.served_on, row.ends_on) == ("served", SERVED.date(), LAST)
        with pytest.raises(WrongState):
            order.sign_receipt(viewer=built.unit, rectification_id=row.pk)
    assert events(row) == [
        "rectification.drafted",
        "rectification.ordered",
        "rectification.served",
    ]


def test_the_province_records_a_service_with_its_proof(built: Built) -> None:
    failed(built)
    with clock.at(ORDERED):
        row = ordered(built)

    def record(**changes):
        values = {
            "viewer": built.hr,
            "rectification_id": row.pk,
            "service": "post",
            "served_on": SERVED.date(),
            "served_to": "门卫王某",
            "proof": pdf("签收单.pdf"),
        } | changes
        return order.record_service(**values)

    with clock.at(SERVED):
        for changes, word in (
            ({"service": "signed"}, "送达方式"),
            ({"served_on": ORDERED.date() - timedelta(days=1)}, "送达日期应在"),
            ({"served_on": SERVED.date() + timedelta(days=1)}, "送达日期应在"),
            ({"proof": None}, "送达凭证"),
        ):
            with pytest.raises(Invalid, match=word):
                record(**changes)
        with pytest.raises(NotPermitted):
            record(viewer=built.finance)
        found = record()
        assert (found.state, found.ends_on, found.served_to) == ("served", LAST, "门卫王某")
        assert found.service_proof.name == "签收单.pdf"


# --- mending and re-check


def test_every_item_needs_an_answer_and_proof_within_the_term(built: Built) -> None:
    row = served(built)

    def reply(**values) -> None:
        mending.save_reply(viewer=built.unit, rectification_id=row.pk, **values)

    with clock.at(SERVED + timedelta(days=5)):
        with pytest.raises(Invalid, match="第 1 条还没有填写"):
            mending.submit(viewer=built.unit, rectification_id=row.pk)
        reply(number=1, reply="已补齐", files=[pdf()])
        reply(number=2, reply="已补记")
        with pytest.raises(Invalid, match="第 2 条还没有证明材料"):
            mending.submit(viewer=built.unit, rectification_id=row.pk)
        with pytest.raises(Invalid, match="不接收"):
            reply(number=2, reply="会丢吗", files=[pdf("账.exe")])
        with pytest.raises(NotFound):
            reply(number=3, reply="没有这条")
        assert row.items.get(number=2).reply == "已补记"
        mended(built, row)
    with clock.at(clock.end_of(LAST)), pytest.raises(WrongState, match="届满"):
        mending.submit(viewer=built.unit, rectification_id=row.pk)
    with clock.at(clock.end_of(LAST) - timedelta(microseconds=1)):
        made = mending.submit(viewer=built.unit, rectification_id=row.pk)
    assert [len(item["files"]) for item in made.items] == [2, 1]
    assert Attempt.objects.get() == made


def test_who_mended_does_not_re_check(built: Built) -> None:
    row = served(built)
    with clock.at(SERVED + timedelta(days=9)):
        attempt = submitted(built, row)
        # The person who acted for the unit moves to the department.
        User.objects.filter(pk=built.unit.user_id).update(
            role=Role.PROVINCE_HR, province="37", organisation=None
        )
        moved = viewer_of(User.objects.get(pk=built.unit.user_id))
        for act in (
            lambda: recheck.check(
                viewer=moved,
                rectification_id=row.pk,
                marks={1: "met", 2: "met"},
                notes={},
                opinion="合格",
            ),
            lambda: recheck.concur_pass(
                viewer=moved, rectification_id=row.pk, digest=attempt.digest(), agreed=True
            ),
        ):
            with pytest.raises(NotPermitted, match="代表单位整改的人不能参加复查"):
                act()
        attempt.refresh_from_db()
        assert (attempt.checked_by, attempt.words) == ("", {})
        checked(built, row, 2)
        with pytest.raises(NotPermitted, match="代表单位整改的人"):
            recheck.fail(viewer=moved, rectification_id=row.pk)
        attempt = checked(built, row)
        # A colleague at the other department belongs to the unit itself.
        office = User.objects.get(pk=built.finance.user_id)
        User.objects.filter(pk=office.pk).update(organisation=built.project.unit)
        colleague = viewer_of(User.objects.get(pk=office.pk))
        word = {"rectification_id": row.pk, "digest": attempt.digest(), "agreed": True}
        with pytest.raises(NotPermitted, match="代表单位整改的人不能参加复查"):
            recheck.concur_pass(viewer=colleague, **word)
        for viewer in built.both:
            recheck.concur_pass(viewer=viewer, **word)
        with pytest.raises(NotPermitted, match="代表单位整改的人"):
            recheck.pass_recheck(viewer=moved, rectification_id=row.pk)
        assert built.state() == "rectifying"
        with (
            pytest.raises(IntegrityError, match="rectification_checked_by_another"),
            transaction.atomic(),
        ):
            Attempt.objects.filter(pk=attempt.pk).update(checked_by=attempt.actor)


def test_a_pass_needs_every_item_and_both_departments(built: Built) -> None:
    row = served(built)
    with clock.at(SERVED + timedelta(days=60)):
        with pytest.raises(WrongState, match="没有待复查"):
            checked(built, row)
        submitted(built, row)
        with pytest.raises(WrongState, match="还没有逐项复查"):
            recheck.pass_recheck(viewer=built.hr, rectification_id=row.pk)
        with pytest.raises(Invalid, match="请选择第 2 条"):
            recheck.check(
                viewer=built.hr, rectification_id=row.pk, marks={1: "met"}, notes={}, opinion="好"
            )
        with pytest.raises(Invalid, match="未整改到位的情况"):
            recheck.check(
                viewer=built.hr,
                rectification_id=row.pk,
                marks={1: "met", 2: "unmet"},
                notes={},
                opinion="好",
            )
        bad = checked(built, row, 2)
        with pytest.raises(WrongState, match="还没有逐项复查合格"):
            recheck.concur_pass(
                viewer=built.finance, rectification_id=row.pk, digest=bad.digest(), agreed=True
            )
        good = checked(built, row)
        recheck.concur_pass(
            viewer=built.hr, rectification_id=row.pk, digest=good.digest(), agreed=True
        )
        with pytest.raises(WrongState, match="还缺财政部门"):
            recheck.pass_recheck(viewer=built.hr, rectification_id=row.pk)
        with pytest.raises(WrongState, match="没有发现未整改到位"):
            recheck.fail(viewer=built.hr, rectification_id=row.pk)
        recheck.concur_pass(
            viewer=built.finance, rectification_id=row.pk, digest=good.digest(), agreed=True
        )
        recheck.pass_recheck(viewer=built.hr, rectification_id=row.pk)
        assert built.state() == "accepted"
        assert queries.failed(built.title) is None


def test_what_fails_goes_back_while_the_term_runs(built: Built) -> None:
    row = served(built)
    with clock.at(SERVED + timedelta(days=60)):
        first = submitted(built, row)
        with pytest.raises(WrongState, match="没有发现未整改到位"):
            recheck.fail(viewer=built.hr, rectification_id=row.pk)
        checked(built, row, 1)
        recheck.fail(viewer=built.hr, rectification_id=row.pk)
        told = Message.objects.filter(unit__uscc=built.title.uscc).latest("id")
        assert told.due == LAST
        again = submitted(built, row)
        assert (first.number, again.number) == (1, 2)
        with pytest.raises(IntegrityError, match="frozen"), transaction.atomic():
            Attempt.objects.filter(pk=first.pk).update(items=[])
        with pytest.raises(IntegrityError, match="frozen"), transaction.atomic():
            Attempt.objects.filter(pk=first.pk).delete()
        row.refresh_from_db()
        assert row.recheck == ""
        passed(built, row)
    assert built.state() == "accepted"


def test_an_order_during_construction_leads_back_to_it(built: Built) -> None:
    with clock.at(BUILDING):
        row = ordered(built, source=Source.SUPERVISION, months=2)
        assert built.state() == "rectifying"
        row = order.sign_receipt(viewer=built.unit, rectification_id=row.pk)
        submitted(built, row)
        passed(built, row)
        assert built.state() == "under_construction"
    with clock.at(ENDED):
        assert built.applied().state == "applied"


# --- the end of the term


def test_nothing_happens_by_itself_and_a_person_says_that_the_term_is_over(built: Built) -> None:
    row = served(built)
    with clock.at(clock.end_of(LAST) - timedelta(seconds=1)):
        assert not queries.expired_ready(built.hr).exists()
        with pytest.raises(WrongState, match="整改期限未满"):
            recheck.expire(viewer=built.hr, rectification_id=row.pk, reason="没有提交")
    with clock.at(clock.end_of(LAST)):
        assert list(queries.expired_ready(built.hr)) == [row]
        assert not queries.expired_ready(officer(Role.PROVINCE_HR, "36")).exists()
        assert [each.todo for each in queries.rectifications_waiting(built.hr).rows] == ["expire"]
        row.refresh_from_db()
        assert row.state == "served"
        with pytest.raises(Invalid, match="期满未通过的情况"):
            recheck.expire(viewer=built.hr, rectification_id=row.pk, reason=" ")
        with pytest.raises(NotPermitted):
            recheck.expire(viewer=built.finance, rectification_id=row.pk, reason="没有提交")
        recheck.expire(viewer=built.hr, rectification_id=row.pk, reason="期满没有提交材料。")
        assert not queries.expired_ready(built.hr).exists()
        assert list(queries.expired(built.hr)) == [row]
        assert queries.failed(built.title) == row
        assert built.state() == "rectifying"
        Title.objects.filter(pk=built.title.pk).update(state="revoked")
        assert not queries.expired(built.hr).exists()


def test_what_was_handed_in_in_time_is_looked_into_before_the_term_is_called_over(
    built: Built,
) -> None:
    row = served(built)
    with clock.at(SERVED + timedelta(days=100)):
        submitted(built, row)
    with clock.at(clock.end_of(LAST) + timedelta(days=3)):
        assert not queries.expired_ready(built.hr).exists()
        with pytest.raises(WrongState, match="还没有复查结论"):
            recheck.expire(viewer=built.hr, rectification_id=row.pk, reason="期满")
        checked(built, row, 1)
        with pytest.raises(WrongState, match="届满"):
            recheck.fail(viewer=built.hr, rectification_id=row.pk)
        assert list(queries.expired_ready(built.hr)) == [row]
        checked(built, row)
        with pytest.raises(WrongState, match="还没有复查结论"):
            recheck.expire(viewer=built.hr, rectification_id=row.pk, reason="期满")
        passed(built, row)
    assert built.state() == "accepted"


# --- scope and to-do


def test_what_waits_changes_hands_step_by_step(built: Built) -> None:
    failed(built)

    def todo() -> tuple[list[str], list[str]]:
        return tuple(
            [each.todo for each in queries.rectifications_waiting(viewer).rows]
            for viewer in built.both
        )

    with clock.at(ORDERED):
        row = drafted(built)
        assert todo() == (["concur"], ["concur"])
        agree(built, row)
        assert todo() == (["order"], [])
        order.order(viewer=built.hr, rectification_id=row.pk)
        assert todo() == (["serve"], [])
        order.sign_receipt(viewer=built.unit, rectification_id=row.pk)
        assert todo() == ([], [])
        submitted(built, row)
        assert todo() == (["recheck"], [])
        good = checked(built, row)
        assert todo() == (["concur"], ["concur"])
        for viewer in built.both:
            recheck.concur_pass(
                viewer=viewer, rectification_id=row.pk, digest=good.digest(), agreed=True
            )
        assert todo() == (["pass"], [])
        recheck.pass_recheck(viewer=built.hr, rectification_id=row.pk)
        assert todo() == ([], [])


def test_another_province_and_the_nation_see_what_is_theirs(built: Built) -> None:
    failed(built)
    with clock.at(ORDERED):
        row = drafted(built)
        other, nation = officer(Role.PROVINCE_HR, "36"), officer(Role.MINISTRY_HR)
        for viewer in (other, nation, built.unit):
            with pytest.raises(NotFound):
                queries.rectification(viewer, row.pk)
        for act in (
            lambda: order.order(viewer=other, rectification_id=row.pk),
            lambda: order.drop(viewer=other, rectification_id=row.pk, reason="x"),
            lambda: recheck.expire(viewer=other, rectification_id=row.pk, reason="x"),
        ):
            with pytest.raises(NotFound):
                act()
        agree(built, row)
        order.order(viewer=built.hr, rectification_id=row.pk)
        assert queries.rectification(nation, row.pk) == row
        with pytest.raises(NotFound):
            queries.rectification(other, row.pk)


def test_what_is_not_submitted_is_the_units_own(built: Built) -> None:
    row = served(built)
    with clock.at(SERVED):
        mended(built, row)
        own = row.items.get(number=1).files.get().document_id
        assert queries.document(built.unit, row.pk, own).name == "证明1.pdf"
        with pytest.raises(NotFound):
            queries.document(built.hr, row.pk, own)
        mending.submit(viewer=built.unit, rectification_id=row.pk)
        assert queries.document(built.hr, row.pk, own).name == "证明1.pdf"
        with pytest.raises(NotFound):
            queries.document(built.round.unit(), row.pk, own)


@pytest.mark.django_db(transaction=True)
def test_two_drafts_at_once_make_one() -> None:
    built = make_built()
    failed(built)
    results = together([lambda: drafted(built), lambda: drafted(built)], at=ORDERED)
    assert sum(isinstance(each, Rectification) for each in results) == 1
    assert sum(isinstance(each, LimitReached) for each in results) == 1
