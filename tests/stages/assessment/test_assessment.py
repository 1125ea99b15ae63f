"""Batches, the unit's report, the judgement, both departments, the outcome on the title."""

import io
import threading
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import DomainError, Invalid, LimitReached, NotFound, WrongState
from jiangxin.core.policy import assess, load_pack
from jiangxin.core.workflow import Role, TitleState
from jiangxin.records.identity.viewer import Viewer
from jiangxin.records.inbox.models import Message
from jiangxin.records.ledger.models import Event
from jiangxin.stages.assessment import actions, conclusions, queries
from jiangxin.stages.assessment.models import Assessment, Batch
from jiangxin.stages.titles.models import Title
from jiangxin.stages.titles.queries import registers_for
from tests.factories.assessment import (
    CODES,
    DUE,
    MARCH,
    TEXTS,
    agree,
    batch_of,
    concluded,
    judged,
    legacy,
    reported,
    unit_with,
)
from tests.factories.desk import official
from tests.factories.races import numbered, together, without_locks

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _in_march() -> Iterator[None]:
    with clock.at(MARCH):
        yield


@pytest.fixture
def hr(db: None) -> Viewer:
    return official(Role.PROVINCE_HR, "37", "人社甲")


@pytest.fixture
def finance(db: None) -> Viewer:
    return official(Role.PROVINCE_FINANCE, "37", "财政乙")


def revoke(title: Title) -> None:
    Title.objects.filter(pk=title.pk).update(state=TitleState.REVOKED)


def ids(rows: Any) -> list[int]:
    return [row.pk for row in rows]


# --- batches


def test_batches_are_numbered_by_province_and_year(hr: Viewer) -> None:
    other = official(Role.PROVINCE_HR, "36")
    made = [batch_of(hr), batch_of(hr), batch_of(hr, year=2024), batch_of(other)]
    assert [(row.province, row.year, row.number) for row in made] == [
        ("37", 2025, 1),
        ("37", 2025, 2),
        ("37", 2024, 1),
        ("36", 2025, 1),
    ]
    assert Event.objects.filter(type="assessment_batch.opened").count() == 4


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"year": 2021}, "year"),
        ({"year": 2026}, "year"),
        ({"name": " "}, "name"),
        ({"name": "长" * 61}, "name"),
        ({"due_on": date(2025, 3, 2)}, "due_on"),
        ({"due_on": None}, "due_on"),
    ],
)
def test_a_bad_batch_is_refused(hr: Viewer, given: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        actions.open_batch(viewer=hr, **({"year": 2025, "name": "一批", "due_on": DUE} | given))
    assert refused.value.field == field
    assert Batch.objects.count() == 0


def test_adding_titles_tells_the_units_that_have_an_account(hr: Viewer) -> None:
    unit_with(CODES[0])
    with_account, without = legacy("L1", uscc=CODES[0]), legacy("L2", uscc=CODES[1])
    batch_of(hr, with_account, without)
    assert Event.objects.filter(type="assessment.planned").count() == 2
    message = Message.objects.get()
    assert with_account.name in message.title
    assert message.due == date(2025, 12, 30)


def test_what_may_not_be_assessed_is_not_put_into_a_batch(hr: Viewer, finance: Viewer) -> None:
    gone, open_, passed, failed = (legacy(f"L{n}") for n in range(4))
    revoke(gone)
    new = legacy("N1", year=2022)
    batch_of(hr, open_)
    concluded(hr, finance, passed)
    concluded(hr, finance, failed, grade="unqualified", year=2024)
    row = actions.open_batch(viewer=hr, year=2025, name="二批", due_on=DUE)
    free = legacy("L9")
    for title in (gone, open_, passed, failed, new):
        with pytest.raises(LimitReached, match=title.name) as refused:
            actions.add_titles(viewer=hr, batch_id=row.pk, title_ids=[free.pk, title.pk])
        assert refused.value.clause == "4.2"
    assert row.assessments.count() == 0
    assert ids(queries.candidates(hr, 2025)) == [free.pk]
    other = legacy("P1", province="36")
    with pytest.raises(WrongState, match="1 项不存在或不在本省"):
        actions.add_titles(viewer=hr, batch_id=row.pk, title_ids=[free.pk, other.pk])


def test_a_pass_may_be_assessed_again_in_a_later_year(hr: Viewer, finance: Viewer) -> None:
    title = legacy("L1")
    concluded(hr, finance, title, year=2024)
    (row,) = concluded(hr, finance, title, grade="unqualified", year=2025)
    title.refresh_from_db()
    assert (title.assessment, title.assessed_year) == ("failed", 2025)
    assert row.state == "concluded"


@pytest.mark.django_db(transaction=True)
def test_two_batches_at_once_take_a_title_only_once() -> None:
    hr = official(Role.PROVINCE_HR, "37")
    title, rows = legacy("L1"), [batch_of(hr), batch_of(hr)]

    def add(number: int) -> object:
        return actions.add_titles(viewer=hr, batch_id=rows[number].pk, title_ids=[title.pk])

    with without_locks():  # the database's own constraint holds, whoever looked first
        results = together(numbered(2, add), at=MARCH)
    assert sum(isinstance(each, LimitReached) for each in results) == 1
    assert Assessment.objects.count() == 1


# --- the report


def test_a_unit_reports_on_itself_and_then_no_more(hr: Viewer) -> None:
    unit = unit_with(CODES[0])
    batch_of(hr, legacy("L1", uscc=CODES[0]))
    row = Assessment.objects.get()
    actions.save_report(
        viewer=unit, assessment_id=row.pk, texts={"basics": "未写完"}, goals_met=None, running=None
    )
    with pytest.raises(Invalid, match="目标任务是否完成") as refused:
        actions.send_report(viewer=unit, assessment_id=row.pk)
    assert refused.value.field == "goals_met"
    content = io.BytesIO(b"%PDF-1.4 \n%%EOF")
    actions.attach(viewer=unit, assessment_id=row.pk, name="佐证.pdf", size=15, content=content)
    sent = reported(row, unit)
    assert (sent.state, sent.reported_by) == ("reported", "学校L1")
    assert sent.goals_met is True
    event = Event.objects.get(type="assessment.reported")
    assert event.role == "applicant"
    assert TEXTS["basics"] not in str(event.payload)
    for act in (
        lambda: reported(row, unit),
        lambda: actions.detach(viewer=unit, assessment_id=row.pk, attachment_id=1),
        lambda: actions.attach(
            viewer=hr, assessment_id=row.pk, name="a.pdf", size=15, content=content
        ),
    ):
        with pytest.raises(WrongState, match="自评已经提交"):
            act()


def test_the_province_records_it_for_a_unit_without_account(hr: Viewer) -> None:
    batch_of(hr, legacy("L1"))
    sent = reported(Assessment.objects.get(), hr)
    assert (sent.state, sent.reported_by) == ("reported", hr.name)


def test_a_text_too_long_and_a_text_too_short(hr: Viewer) -> None:
    batch_of(hr, legacy("L1"))
    row = Assessment.objects.get()
    given: dict[str, Any] = {"viewer": hr, "assessment_id": row.pk, "goals_met": True}
    with pytest.raises(Invalid, match="最多 2000 字，现有 2001 字") as refused:
        actions.save_report(**given, running=False, texts={**TEXTS, "funds": "字" * 2001})
    assert refused.value.field == "funds"
    actions.save_report(**given, running=False, texts={**TEXTS, "funds": "无"})
    with pytest.raises(Invalid, match="只有 1 字"):
        actions.send_report(viewer=hr, assessment_id=row.pk)


def test_a_report_is_returned_with_the_reason(hr: Viewer) -> None:
    unit = unit_with(CODES[0])
    batch_of(hr, legacy("L1", uscc=CODES[0]))
    row = reported(Assessment.objects.get(), unit)
    with pytest.raises(Invalid, match="退回的原因"):
        actions.return_report(viewer=hr, assessment_id=row.pk, reason=" ")
    actions.return_report(viewer=hr, assessment_id=row.pk, reason="缺少资金凭证。")
    row.refresh_from_db()
    assert (row.state, row.return_reason) == ("planned", "缺少资金凭证。")
    assert Message.objects.filter(text="缺少资金凭证。").count() == 1
    assert reported(row, unit).return_reason == ""


def test_strangers_neither_see_nor_write_it(hr: Viewer) -> None:
    stranger = unit_with(CODES[1], "别的单位")
    batch_of(hr, legacy("L1", uscc=CODES[0]))
    row = Assessment.objects.get()
    for viewer in (stranger, official(Role.PROVINCE_HR, "36")):
        assert list(queries.assessments(viewer)) == []
        with pytest.raises(NotFound):
            reported(row, viewer)
        with pytest.raises(NotFound):
            queries.assessment(viewer, row.pk)
    for role, province in ((Role.PROVINCE_FINANCE, "37"), (Role.SUPERVISOR, "37")):
        reader = official(role, province)
        assert ids(queries.assessments(reader)) == [row.pk]
        with pytest.raises(DomainError, match="办理"):
            reported(row, reader)


# --- judgement and conclusion


def test_a_pass_opens_the_existing_base_track(hr: Viewer, finance: Viewer) -> None:
    title = legacy("L1", uscc=CODES[0], unit_name="某技师学院")

    def verdicts() -> dict[str, str]:
        facts = registers_for(unit_name="某技师学院", uscc=CODES[0])
        pack = load_pack()
        found = assess(pack, track="existing_base", on=date(2025, 6, 1), facts=facts)
        return {each.norm: each.verdict.value for each in found if each.norm in ("N15", "N16")}

    assert verdicts()["N15"] == "met"
    assert verdicts()["N16"] != "met"
    (row,) = concluded(hr, finance, title)
    title.refresh_from_db()
    assert (title.assessment, title.assessed_year) == ("passed", 2025)
    assert verdicts() == {"N15": "met", "N16": "met"}
    assert row.concluded_at == MARCH
    event = Event.objects.get(type="title.assessed")
    assert event.subject == title.subject
    assert event.payload == {"outcome": "passed", "year": 2025}


def test_a_failure_lies_ready_for_revocation_until_the_title_is_gone(
    hr: Viewer, finance: Viewer
) -> None:
    unit_with(CODES[0])
    bad, good = legacy("L1", uscc=CODES[0]), legacy("L2")
    concluded(hr, finance, bad, grade="unqualified")
    concluded(hr, finance, good)
    assert ids(queries.failed(hr)) == [bad.pk]
    assert ids(queries.failed(official(Role.PROVINCE_HR, "36"))) == []
    assert "陈述申辩" in Message.objects.filter(title__contains="不合格").get().text
    revoke(bad)
    assert ids(queries.failed(hr)) == []


def test_nothing_is_concluded_while_a_department_is_missing_or_the_content_changed(
    hr: Viewer, finance: Viewer
) -> None:
    rows = judged(hr, legacy("L1"), legacy("L2"))
    with pytest.raises(WrongState, match="还缺人社、财政部门的同意"):
        conclusions.conclude(viewer=hr, ids=ids(rows))
    agree(rows, hr)
    agree(rows[:1], finance)
    with pytest.raises(WrongState, match="还缺财政部门的同意") as refused:
        conclusions.conclude(viewer=hr, ids=ids(rows))
    assert refused.value.clause == "4.2"
    assert Assessment.objects.filter(state="concluded").count() == 0, "all of them or none"
    agree(rows, finance)
    stale = conclusions.selection_digest(rows)
    again = conclusions.judge(
        viewer=hr, ids=[rows[0].pk], grade="unqualified", reasons="复核后改评。"
    )
    assert again[0].digest != rows[0].digest
    with pytest.raises(WrongState, match="还缺人社、财政"):
        conclusions.conclude(viewer=hr, ids=ids(rows))
    with pytest.raises(WrongState, match="刚刚改动"):
        conclusions.concur(viewer=finance, ids=ids(rows), digest=stale, agreed=True)


def test_finance_disagrees_only_with_a_reason_and_concludes_nothing(
    hr: Viewer, finance: Viewer
) -> None:
    rows = judged(hr, legacy("L1"))
    given = {"ids": ids(rows), "digest": conclusions.selection_digest(rows), "agreed": False}
    with pytest.raises(Invalid, match="理由"):
        conclusions.concur(viewer=finance, **given)
    conclusions.concur(viewer=finance, **given, remark="资金使用不清。")
    agree(rows, hr)
    with pytest.raises(DomainError):
        conclusions.conclude(viewer=hr, ids=ids(rows))
    agree(rows, finance)
    with pytest.raises(DomainError, match="办理"):
        conclusions.conclude(viewer=finance, ids=ids(rows))
    ministry = official(Role.MINISTRY_FINANCE)
    with pytest.raises(DomainError, match="办理"):
        conclusions.concur(viewer=ministry, **(given | {"agreed": True}))


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"grade": "splendid"}, "grade"),
        ({"grade": ""}, "grade"),
        ({"reasons": " "}, "reasons"),
        ({"reasons": "字" * 2001}, "reasons"),
        ({"panel": "名" * 301}, "panel"),
    ],
)
def test_a_bad_judgement_is_refused(hr: Viewer, given: dict[str, str], field: str) -> None:
    batch_of(hr, legacy("L1"))
    row = reported(Assessment.objects.get(), hr)
    with pytest.raises(Invalid) as refused:
        conclusions.judge(
            viewer=hr, ids=[row.pk], **({"grade": "qualified", "reasons": "好"} | given)
        )
    assert refused.value.field == field
    row.refresh_from_db()
    assert (row.state, row.grade) == ("reported", "")


def test_nothing_happens_to_a_title_that_is_gone(hr: Viewer, finance: Viewer) -> None:
    titles = [legacy(f"L{n}") for n in range(3)]
    batch_of(hr, *titles)
    planned, sent, settled = Assessment.objects.order_by("id")
    reported(sent, hr)
    reported(settled, hr)
    rows = conclusions.judge(viewer=hr, ids=[settled.pk], grade="qualified", reasons="好")
    agree(rows, hr, finance)
    for title in titles:
        revoke(title)
    acts = (
        lambda: reported(planned, hr),
        lambda: conclusions.judge(viewer=hr, ids=[sent.pk], grade="qualified", reasons="好"),
        lambda: conclusions.conclude(viewer=hr, ids=[settled.pk]),
    )
    for act in acts:
        with pytest.raises(WrongState, match="不再考核") as refused:
            act()
        assert refused.value.clause == "4.2"
    assert queries.assessments_waiting(hr).rows.count() == 0
    conclusions.cancel(viewer=hr, assessment_id=planned.pk, reason="称号已取消。")
    planned.refresh_from_db()
    assert planned.state == "cancelled"
    assert not Title.objects.exclude(assessment="none").exists()


def test_a_cancelled_assessment_leaves_the_title_free(hr: Viewer) -> None:
    title = legacy("L1")
    batch = batch_of(hr, title)
    row = batch.assessments.get()
    with pytest.raises(Invalid, match="撤销的原因"):
        conclusions.cancel(viewer=hr, assessment_id=row.pk, reason="")
    conclusions.cancel(viewer=hr, assessment_id=row.pk, reason="编错批次。")
    actions.add_titles(viewer=hr, batch_id=batch.pk, title_ids=[title.pk])
    assert batch.assessments.count() == 2
    with pytest.raises(WrongState, match="已撤销"):
        conclusions.cancel(viewer=hr, assessment_id=row.pk, reason="再撤一次。")


# --- the share of 优秀


def test_at_most_a_fifth_of_a_batch_is_excellent(hr: Viewer) -> None:
    batch_of(hr, *(legacy(f"L{n}") for n in range(5)))
    rows = [reported(row, hr) for row in Assessment.objects.order_by("id")]

    def grade(count: int) -> None:
        conclusions.judge(viewer=hr, ids=ids(rows[:count]), grade="excellent", reasons="突出")

    with pytest.raises(LimitReached, match="共 5 项，“优秀”最多 1 项（不超过 20%），现为 2 项"):
        grade(2)
    assert not Assessment.objects.exclude(grade="").exists(), "nothing is judged"
    grade(1)
    with pytest.raises(LimitReached):
        conclusions.cancel(viewer=hr, assessment_id=rows[4].pk, reason="编错批次。")
    assert Assessment.objects.filter(state="cancelled").count() == 0


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("locked", [True, False], ids=["locked", "control"])
def test_two_judges_do_not_exceed_the_share_together(
    locked: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    hr = official(Role.PROVINCE_HR, "37")
    batch_of(hr, *(legacy(f"L{n}") for n in range(5)))
    rows = [reported(row, hr) for row in Assessment.objects.order_by("id")]

    def act(number: int) -> object:
        return conclusions.judge(
            viewer=hr, ids=[rows[number].pk], grade="excellent", reasons="突出"
        )

    if locked:
        results = together(numbered(2, act), at=MARCH)
    else:
        gate, count = threading.Barrier(2, timeout=20), conclusions.require_share

        def counted(batch: Batch) -> None:  # neither commits before both have counted
            count(batch)
            gate.wait()

        monkeypatch.setattr(conclusions, "require_share", counted)
        with without_locks():
            results = together(numbered(2, act), at=MARCH)
    refused = sum(isinstance(each, LimitReached) for each in results)
    excellent = Assessment.objects.filter(grade="excellent").count()
    assert (refused, excellent) == ((1, 1) if locked else (0, 2))


# --- what waits


def test_each_thing_waits_for_whom_it_is(hr: Viewer, finance: Viewer) -> None:
    unit_with(CODES[0])
    own, foreign = legacy("L1", uscc=CODES[0]), legacy("L2", uscc=CODES[1])
    batch_of(hr, own, foreign)
    of = {row.title_id: row for row in Assessment.objects.all()}

    def waiting(viewer: Viewer) -> list[int]:
        rows = queries.assessments_waiting(viewer).rows.order_by("id")
        return [row.title_id for row in rows]

    assert waiting(hr) == [foreign.pk], "the unit with an account reports for itself"
    with clock.at(clock.beijing(2026, 1, 1)):
        assert waiting(hr) == [own.pk, foreign.pk], "late ones are recorded or reminded"
    for row in of.values():
        reported(row, hr)
    rows = conclusions.judge(viewer=hr, ids=[of[own.pk].pk], grade="qualified", reasons="好")
    assert waiting(hr) == [own.pk, foreign.pk]
    assert waiting(finance) == [own.pk]
    agree(rows, hr)
    assert waiting(hr) == [foreign.pk], "its own word is given"
    agree(rows, finance)
    assert waiting(finance) == []
    assert waiting(hr) == [own.pk, foreign.pk], "to be concluded"
    conclusions.conclude(viewer=hr, ids=ids(rows))
    assert waiting(hr) == [foreign.pk]
    for role, province in ((Role.PROVINCE_HR, "36"), (Role.MINISTRY_HR, ""), (Role.AUDITOR, "37")):
        assert waiting(official(role, province)) == []
