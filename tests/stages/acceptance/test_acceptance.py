"""From the unit's application to the conclusion: what each step does, and what it refuses."""

import io
from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction
from pypdf import PdfReader

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import (
    DomainError,
    Invalid,
    LimitReached,
    NotFound,
    NotPermitted,
    WrongState,
)
from jiangxin.core.workflow import Role
from jiangxin.ops.scenes.country import officer
from jiangxin.records.documents.queries import read
from jiangxin.records.inbox.models import Message
from jiangxin.records.ledger.models import Event
from jiangxin.stages.acceptance import queries
from jiangxin.stages.acceptance.actions import desk, panel, unit
from jiangxin.stages.acceptance.models import Acceptance, Sheet
from jiangxin.stages.application.models import Application
from jiangxin.stages.construction.queries import goals
from jiangxin.stages.experts import actions as experts
from jiangxin.stages.experts.models import Expert
from jiangxin.stages.programme.models import Track
from jiangxin.stages.review.models import Seat
from jiangxin.stages.titles.actions import enter_legacy
from tests.factories.acceptance import (
    BUILDING,
    ENDED,
    STATEMENT,
    Built,
    built_of,
    make_built,
    marks,
    sign,
    sign_all,
    tick,
    viewer_for,
)
from tests.factories.construction import pdf
from tests.factories.races import numbered, together
from tests.factories.year import make_year

pytestmark = pytest.mark.django_db


@pytest.fixture
def built() -> Built:
    return make_built()


@pytest.fixture
def _ended():
    with clock.at(ENDED):
        yield


def events(row: Acceptance) -> list[str]:
    return list(
        Event.objects.filter(subject=row.subject).order_by("id").values_list("type", flat=True)
    )


# --- the application


def test_an_application_freezes_what_was_handed_in_and_moves_the_project(built: Built) -> None:
    with clock.at(ENDED):
        row = built.applied()
        assert built.state() == "in_acceptance"
        assert row.statement == STATEMENT
        assert [line["actual"] for line in row.goals] == [
            each.goal.target for each in goals(built.title)
        ]
        assert [item["name"] for item in row.materials] == ["总结.pdf"]
        assert events(row) == ["acceptance.applied"]
        told = Message.objects.get(about=row.subject)
        assert (told.office, told.province) == ("province_hr", "37")
        kept = queries.draft(built.title)
        kept.statement = "后来的改动"
        kept.save()
        row.refresh_from_db()
        assert row.statement == STATEMENT


def test_nobody_applies_before_the_goals_have_ended(built: Built) -> None:
    with clock.at(BUILDING):
        built.fill()
        with pytest.raises(WrongState, match="建设期未满") as refused:
            unit.apply(viewer=built.unit, title_id=built.title.pk)
        assert refused.value.clause == "4.3"
    assert built.state() == "under_construction"
    assert not Acceptance.objects.exists()
    assert queries.draft(built.title).statement == STATEMENT


def test_a_second_open_acceptance_is_refused(built: Built) -> None:
    with clock.at(ENDED):
        row = built.applied()
        with pytest.raises(LimitReached, match="验收正在进行"):
            unit.apply(viewer=built.unit, title_id=built.title.pk)
        with (
            pytest.raises(IntegrityError, match="one_open_acceptance_per_title"),
            transaction.atomic(),
        ):
            Acceptance.objects.create(
                title=built.title, goals=[], statement="x", materials=[], applied_at=clock.now()
            )
    assert list(Acceptance.objects.all()) == [row]


@pytest.mark.usefixtures("_ended")
def test_an_incomplete_application_names_what_is_missing_and_loses_nothing(built: Built) -> None:
    def draft(**changes):
        values = {
            "actuals": {g.goal.number: {"actual": "1", "note": ""} for g in goals(built.title)},
            "statement": STATEMENT,
            "files": [pdf("总结.pdf")],
        } | changes
        return unit.save_draft(viewer=built.unit, title_id=built.title.pk, **values)

    with pytest.raises(Invalid, match="实际完成值") as refused:
        unit.apply(viewer=built.unit, title_id=built.title.pk)
    assert refused.value.field == f"actual-{goals(built.title)[0].goal.number}"
    draft(statement=" ", files=[])
    with pytest.raises(Invalid, match="自评总结"):
        unit.apply(viewer=built.unit, title_id=built.title.pk)
    kept = draft(files=[])
    with pytest.raises(Invalid, match="至少上传一个"):
        unit.apply(viewer=built.unit, title_id=built.title.pk)
    with pytest.raises(Invalid, match="不接收"):
        draft(statement="会丢吗", files=[pdf("总结.exe")])
    with pytest.raises(Invalid, match="最多"):
        draft(statement="长" * 3001)
    kept.refresh_from_db()
    assert kept.statement == STATEMENT
    draft()
    draft(files=[pdf("总结.pdf"), pdf("决算.pdf")])
    assert [doc.name for _, doc in queries.draft_files(built.title)] == ["总结.pdf", "决算.pdf"]
    number = queries.draft_files(built.title)[0][0]
    draft(files=[], drop=[number])
    assert [doc.name for _, doc in queries.draft_files(built.title)] == ["决算.pdf"]
    assert built.state() == "under_construction"


@pytest.mark.usefixtures("_ended")
def test_only_the_own_unit_applies_and_a_legacy_title_never(built: Built) -> None:
    stranger = built.round.unit()
    for act in (
        lambda: unit.apply(viewer=stranger, title_id=built.title.pk),
        lambda: unit.save_draft(
            viewer=stranger, title_id=built.title.pk, actuals={}, statement="别人的"
        ),
    ):
        with pytest.raises(NotFound):
            act()
    with pytest.raises(NotPermitted):
        unit.apply(viewer=built.hr, title_id=built.title.pk)
    old = enter_legacy(
        by=built.hr,
        number="L1",
        kind="base",
        province="37",
        year=2015,
        name="老基地",
        unit_name=built.title.unit_name,
        uscc=built.title.uscc,
    )
    with pytest.raises(WrongState, match="2011—2020年确定的项目不办理验收"):
        unit.apply(viewer=built.unit, title_id=old.pk)
    assert queries.draft(built.title) is None


@pytest.mark.usefixtures("_ended")
def test_a_returned_application_is_mended_and_handed_in_again(built: Built) -> None:
    row = built.applied()
    with pytest.raises(Invalid, match="请填写退回理由"):
        desk.return_application(viewer=built.hr, acceptance_id=row.pk, reason=" ")
    with pytest.raises(NotPermitted):
        desk.return_application(viewer=built.finance, acceptance_id=row.pk, reason="缺决算")
    desk.return_application(viewer=built.hr, acceptance_id=row.pk, reason="缺资金决算。")
    assert built.state() == "under_construction"
    assert Message.objects.filter(unit__uscc=built.title.uscc, text="缺资金决算。").exists()
    again = unit.apply(viewer=built.unit, title_id=built.title.pk)
    assert again.pk != row.pk
    assert built.state() == "in_acceptance"
    row.refresh_from_db()
    assert (row.state, row.return_reason) == ("returned", "缺资金决算。")


# --- the panel


@pytest.mark.usefixtures("_ended")
def test_the_panel_has_its_size_a_finance_expert_a_leader_and_nobody_tied_to_the_unit(
    built: Built,
) -> None:
    row = built.applied()
    built.pool()
    technical = list(Expert.objects.filter(field="technical").order_by("id"))
    finance = Expert.objects.filter(field="finance").order_by("id")[0]
    with pytest.raises(Invalid, match="不少于 3 人，现有 2 人"):
        built.start(row, [technical[0], finance])
    with pytest.raises(Invalid, match="财务专家"):
        built.start(row, technical[:3])
    sound = [*technical[:2], finance]
    with pytest.raises(Invalid, match="组长"):
        desk.start(
            viewer=built.hr,
            acceptance_id=row.pk,
            expert_ids=[each.pk for each in sound],
            leader_id=technical[5].pk,
            due=clock.today(),
        )
    with pytest.raises(Invalid, match="不能早于今天"):
        desk.start(
            viewer=built.hr,
            acceptance_id=row.pk,
            expert_ids=[each.pk for each in sound],
            leader_id=sound[0].pk,
            due=clock.today() - timedelta(days=1),
        )
    experts.add_relation(
        viewer=built.hr, expert_id=technical[0].pk, kind="advised", unit_name=built.title.unit_name
    )
    with pytest.raises(Invalid, match=r"应当回避：存在咨询辅导关系"):
        built.start(row, sound)
    experts.suspend(viewer=built.hr, expert_id=technical[1].pk, reason="请假")
    with pytest.raises(Invalid, match="在库专家"):
        built.start(row, [*technical[1:3], finance])
    row.refresh_from_db()
    assert (row.state, row.rubric, Sheet.objects.count()) == ("applied", {}, 0)
    built.start(row, [*technical[2:4], finance])
    assert Sheet.objects.filter(leader=True).get().expert == technical[2]
    assert Message.objects.filter(person=technical[3].user, about=row.subject).exists()


@pytest.mark.usefixtures("_ended")
def test_a_new_name_of_the_unit_bars_its_people_too(built: Built) -> None:
    row = built.applied()
    built.pool()
    chosen = built.panel()
    built.title.unit_name, built.title.former_names = "合并后的学院", [built.title.unit_name]
    built.title.save()
    experts.add_employment(
        viewer=built.hr, expert_id=chosen[0].pk, unit_name="合并后的学院", since=date(2020, 1, 1)
    )
    with pytest.raises(Invalid, match="现任职于"):
        built.start(row, chosen)


def test_who_reviewed_the_application_does_not_accept_its_result() -> None:
    year = make_year(2)
    project = Application.objects.filter(state="proposed").select_related("call", "unit")[0]
    built = built_of(project)
    with clock.at(ENDED):
        row = built.applied()
        judges = {seat.expert_id: seat.expert for seat in Seat.objects.select_related("expert")}
        free = {each.expert.pk for each in queries.candidates(year.hr, row) if not each.barred}
        assert judges
        assert not free & set(judges)
        with pytest.raises(Invalid, match="参加过该项目的遴选评审"):
            built.start(row, list(judges.values()))
        chosen = {each.field: each for each in Expert.objects.filter(pk__in=free)}
        assert built.start(row, list(chosen.values())).state == "scoring"


@pytest.mark.usefixtures("_ended")
def test_a_conflict_closes_the_sheet_and_another_expert_takes_the_seat(built: Built) -> None:
    row = built.started()
    first, second, third = queries.standing(row)
    leader = viewer_for(first)
    with pytest.raises(WrongState, match="先申明"):
        panel.save(viewer=leader, sheet_id=first.pk, data={})
    with pytest.raises(Invalid, match="回避事由"):
        panel.declare(viewer=leader, sheet_id=first.pk, conflict=True)
    panel.declare(viewer=leader, sheet_id=first.pk, conflict=True, reason="带头人是我师傅")
    for act in (panel.save, panel.sign):
        with pytest.raises(WrongState, match="已对该项目申请回避"):
            act(viewer=leader, sheet_id=first.pk, **({"data": {}} if act is panel.save else {}))
    assert queries.acceptances(built.hr).get().todo == "replace"
    sign(second)
    spare = Expert.objects.filter(field="technical").order_by("-id")[0]
    with pytest.raises(WrongState, match="已签署"):
        desk.replace(
            viewer=built.hr,
            acceptance_id=row.pk,
            sheet_id=second.pk,
            expert_id=spare.pk,
            reason="换人",
        )
    with pytest.raises(Invalid, match="财务专家"):
        desk.replace(
            viewer=built.hr, acceptance_id=row.pk, sheet_id=third.pk, expert_id=spare.pk, reason="x"
        )
    with pytest.raises(LimitReached, match="已在验收组中"):
        desk.replace(
            viewer=built.hr,
            acceptance_id=row.pk,
            sheet_id=first.pk,
            expert_id=second.expert_id,
            reason="x",
        )
    made = desk.replace(
        viewer=built.hr,
        acceptance_id=row.pk,
        sheet_id=first.pk,
        expert_id=spare.pk,
        reason="本人申请回避",
    )
    assert made.leader
    with pytest.raises(NotFound):
        queries.own_sheet(leader, first.pk)
    with pytest.raises(NotFound):
        panel.tick(viewer=leader, sheet_id=first.pk, ticks={}, notes={})
    assert [each.expert_id for each in queries.standing(row)] == [
        spare.pk,
        second.expert_id,
        third.expert_id,
    ]


@pytest.mark.usefixtures("_ended")
def test_the_leader_alone_ticks_and_says_what_is_not_met(built: Built) -> None:
    row = built.started()
    leader, other, _ = queries.standing(row)
    for sheet in (leader, other):
        panel.declare(viewer=viewer_for(sheet), sheet_id=sheet.pk, conflict=False)
    with pytest.raises(NotPermitted, match="组长"):
        panel.tick(viewer=viewer_for(other), sheet_id=other.pk, ticks={}, notes={})
    with pytest.raises(Invalid, match="请写明情况"):
        panel.tick(
            viewer=viewer_for(leader), sheet_id=leader.pk, ticks={"ledger": "not_met"}, notes={}
        )
    panel.tick(viewer=viewer_for(leader), sheet_id=leader.pk, ticks={"ledger": "met"}, notes={})
    row.refresh_from_db()
    assert {item["key"]: item["tick"] for item in row.checklist}["ledger"] == "met"
    assert "acceptance.checked" not in events(row)
    tick(row)
    assert events(row)[-1] == "acceptance.checked"


@pytest.mark.usefixtures("_ended")
def test_a_signed_sheet_is_frozen_and_none_is_deleted(built: Built) -> None:
    row = built.started()
    sheet = sign(queries.standing(row)[0])
    expert = viewer_for(sheet)
    for act in (
        lambda: panel.save(viewer=expert, sheet_id=sheet.pk, data=marks(sheet, 50)),
        lambda: panel.sign(viewer=expert, sheet_id=sheet.pk),
        lambda: panel.declare(viewer=expert, sheet_id=sheet.pk, conflict=True, reason="晚了"),
    ):
        with pytest.raises(WrongState, match="已签署"):
            act()
    for change in (
        lambda: Sheet.objects.filter(pk=sheet.pk).update(total=1),
        lambda: Sheet.objects.filter(acceptance=row).delete(),
    ):
        with pytest.raises(IntegrityError, match="frozen"), transaction.atomic():
            change()
    assert Event.objects.get(type="acceptance_sheet.signed").payload["digest"] == sheet.digest
    assert "total" not in Event.objects.get(type="acceptance_sheet.signed").payload


# --- score, grade, conclusion


@pytest.mark.usefixtures("_ended")
def test_scoring_closes_only_with_every_sheet_and_every_tick(built: Built) -> None:
    row = built.started()
    first, *rest = queries.standing(row)
    for sheet in rest:
        sign(sheet)
    tick_refused = "验收清单还有 7 项"
    with pytest.raises(WrongState, match="还有 1 份评价表没有签署") as refused:
        desk.close_scoring(viewer=built.hr, acceptance_id=row.pk)
    assert first.expert.name in refused.value.message
    sign(first)
    with pytest.raises(WrongState, match=tick_refused):
        desk.close_scoring(viewer=built.hr, acceptance_id=row.pk)
    row.refresh_from_db()
    assert (row.state, row.score, row.grade) == ("scoring", None, "")
    tick(row)
    with pytest.raises(NotPermitted):
        desk.close_scoring(viewer=built.finance, acceptance_id=row.pk)
    assert desk.close_scoring(viewer=built.hr, acceptance_id=row.pk).grade == "优秀"


@pytest.mark.parametrize(
    ("share", "grade", "state"),
    [(100, "优秀", "accepted"), (85, "良好", "accepted"), (50, "不合格", "in_acceptance")],
)
def test_the_grade_decides_what_becomes_of_the_project(
    built: Built, share: int, grade: str, state: str
) -> None:
    with clock.at(ENDED):
        row = built.concluded(share)
        assert (row.state, row.grade) == ("concluded", grade)
        assert built.state() == state
        assert (queries.failed(built.title) is not None) is (state != "accepted")
        paper = " ".join(
            page.extract_text() for page in PdfReader(io.BytesIO(read(row.paper))).pages
        )
        assert grade in paper
        assert "技术 1 人" in paper
        assert not [each for each in queries.standing(row) if each.expert.name in paper]
        told = Message.objects.filter(unit__uscc=built.title.uscc).latest("id")
        assert grade in told.title


@pytest.mark.usefixtures("_ended")
def test_the_score_is_the_mean_and_a_group_below_its_floor_fails_a_good_one(built: Built) -> None:
    row = built.started()
    sheets = queries.standing(row)
    for sheet in sheets:
        expert = viewer_for(sheet)
        panel.declare(viewer=expert, sheet_id=sheet.pk, conflict=False)
        data = marks(sheet) | {"money-arrival": "0", "money-compliance": "3"}
        if sheet is sheets[0]:
            data["goals-output"] = "15"
        panel.save(viewer=expert, sheet_id=sheet.pk, data=data)
        panel.sign(viewer=expert, sheet_id=sheet.pk)
    tick(row)
    row = desk.close_scoring(viewer=built.hr, acceptance_id=row.pk)
    assert row.score == 87_000
    assert row.grade == "不合格"
    assert row.shortfalls == ["“资金管理”得 8 分，低于下限 12 分"]
    assert "低于下限" in row.conclusion


@pytest.mark.usefixtures("_ended")
def test_a_decisive_item_that_is_not_met_fails_and_another_does_not(built: Built) -> None:
    row = built.scored(100, interviews="没有安排访谈")
    assert (row.grade, row.shortfalls) == ("优秀", [])


@pytest.mark.usefixtures("_ended")
def test_conditions_that_are_not_met_fail_whatever_the_score(built: Built) -> None:
    row = built.scored(100, equipment="缺 3 台")
    assert row.score == 100_000
    assert row.grade == "不合格"
    assert row.shortfalls[0].startswith("不符合建设条件")


@pytest.mark.usefixtures("_ended")
def test_both_departments_agree_to_the_conclusion_as_it_stands(built: Built) -> None:
    row = built.scored()
    old = row.digest()
    with pytest.raises(WrongState, match="还缺人社、财政部门的同意"):
        desk.conclude(viewer=built.hr, acceptance_id=row.pk)
    desk.concur(viewer=built.finance, acceptance_id=row.pk, digest=old, agreed=True)
    desk.write_conclusion(viewer=built.hr, acceptance_id=row.pk, text="同意通过验收，加强管理。")
    with pytest.raises(WrongState, match="刚刚改动"):
        desk.concur(viewer=built.finance, acceptance_id=row.pk, digest=old, agreed=True)
    row.refresh_from_db()
    desk.concur(viewer=built.hr, acceptance_id=row.pk, digest=row.digest(), agreed=True)
    with pytest.raises(WrongState, match="还缺财政部门的同意"):
        desk.conclude(viewer=built.hr, acceptance_id=row.pk)
    desk.concur(viewer=built.finance, acceptance_id=row.pk, digest=row.digest(), agreed=True)
    with pytest.raises(NotPermitted):
        desk.conclude(viewer=built.finance, acceptance_id=row.pk)
    desk.conclude(viewer=built.hr, acceptance_id=row.pk)
    assert built.state() == "accepted"
    with pytest.raises(WrongState, match="当前状态为"):
        desk.conclude(viewer=built.hr, acceptance_id=row.pk)
    assert Event.objects.filter(type="project.accepted").count() == 1


# --- scope and to-do


@pytest.mark.usefixtures("_ended")
def test_what_waits_changes_hands_step_by_step(built: Built) -> None:
    def todo() -> tuple[list[str], list[str]]:
        return tuple(
            [each.todo for each in queries.acceptances_waiting(viewer).rows]
            for viewer in built.both
        )

    row = built.applied()
    assert todo() == (["arrange"], [])
    built.pool()
    built.start(row, built.panel())
    assert todo() == ([], [])
    sign_all(row)
    assert todo() == ([], [])
    tick(row)
    assert todo() == (["close"], [])
    desk.close_scoring(viewer=built.hr, acceptance_id=row.pk)
    assert todo() == (["concur"], ["concur"])
    row.refresh_from_db()
    desk.concur(viewer=built.hr, acceptance_id=row.pk, digest=row.digest(), agreed=True)
    assert todo() == ([], ["concur"])
    desk.concur(viewer=built.finance, acceptance_id=row.pk, digest=row.digest(), agreed=True)
    assert todo() == (["conclude"], [])
    desk.conclude(viewer=built.hr, acceptance_id=row.pk)
    assert todo() == ([], [])


@pytest.mark.usefixtures("_ended")
def test_another_province_and_another_unit_see_and_do_nothing(built: Built) -> None:
    row = built.scored()
    stranger = built.round.unit()
    other = officer(Role.PROVINCE_HR, "36")
    for viewer in (other, stranger):
        assert not queries.acceptances(viewer).exists()
        with pytest.raises(NotFound):
            queries.acceptance(viewer, row.pk)
    acts = (
        lambda: desk.conclude(viewer=other, acceptance_id=row.pk),
        lambda: desk.write_conclusion(viewer=other, acceptance_id=row.pk, text="x"),
        lambda: desk.concur(viewer=other, acceptance_id=row.pk, digest=row.digest(), agreed=True),
        lambda: desk.return_application(viewer=other, acceptance_id=row.pk, reason="x"),
        lambda: desk.close_scoring(viewer=other, acceptance_id=row.pk),
    )
    for act in acts:
        with pytest.raises(NotFound):
            act()


@pytest.mark.usefixtures("_ended")
def test_sheets_open_to_the_province_after_scoring_and_never_to_the_unit_or_the_nation(
    built: Built,
) -> None:
    row = built.started()
    sheet = sign(queries.standing(row)[0])
    readers = [*built.both, officer(Role.SUPERVISOR, "37")]
    others = [built.unit, officer(Role.MINISTRY_HR), viewer_for(queries.standing(row)[1])]
    for viewer in (*readers, *others):
        with pytest.raises(NotFound):
            queries.sheet(viewer, row.pk, sheet.pk)
    for each in queries.standing(row)[1:]:
        sign(each)
    tick(row)
    desk.close_scoring(viewer=built.hr, acceptance_id=row.pk)
    for viewer in readers:
        assert queries.sheet(viewer, row.pk, sheet.pk).total == 100_000
    for viewer in others:
        with pytest.raises(NotFound):
            queries.sheet(viewer, row.pk, sheet.pk)
        assert queries.sheets(viewer, row) == []


@pytest.mark.usefixtures("_ended")
def test_the_material_opens_to_the_panel_after_the_declaration_only(built: Built) -> None:
    row = built.started()
    sheet = queries.standing(row)[0]
    document = row.materials[0]["document"]
    with pytest.raises(NotFound):
        queries.panel_file(viewer_for(sheet), sheet.pk, document)
    panel.declare(viewer=viewer_for(sheet), sheet_id=sheet.pk, conflict=False)
    assert queries.panel_file(viewer_for(sheet), sheet.pk, document).name == "总结.pdf"
    with pytest.raises(NotFound):
        queries.panel_file(viewer_for(queries.standing(row)[1]), sheet.pk, document)


@pytest.mark.usefixtures("_ended")
def test_a_base_goes_by_the_rubric_and_the_list_of_bases() -> None:
    built = make_built(Track.NEW_BASE)
    row = built.started()
    assert row.rubric["id"] == "acceptance_base"
    assert "premises" in {item["key"] for item in row.checklist}


@pytest.mark.django_db(transaction=True)
def test_two_clicks_make_one_application() -> None:
    built = make_built()
    with clock.at(ENDED):
        built.fill()
    results = together(
        numbered(2, lambda _: unit.apply(viewer=built.unit, title_id=built.title.pk)), at=ENDED
    )
    assert sorted(isinstance(each, Acceptance) for each in results) == [False, True]
    refused = next(each for each in results if not isinstance(each, Acceptance))
    assert isinstance(refused, DomainError)
    assert Acceptance.objects.count() == 1
    assert Application.objects.get(pk=built.project.pk).state == "in_acceptance"


@pytest.mark.usefixtures("_ended")
def test_a_signed_leader_is_still_waited_for_until_the_checklist_is_ticked(built: Built) -> None:
    row = built.started()
    sign_all(row)

    def waits(leader: bool) -> list[int]:
        found = [each for each in queries.standing(row) if each.leader is leader]
        return [queries.sheets_waiting(viewer_for(each)).rows.count() for each in found]

    assert (waits(leader=True), waits(leader=False)) == ([1], [0, 0])
    tick(row)
    assert (waits(leader=True), waits(leader=False)) == ([0], [0, 0])
