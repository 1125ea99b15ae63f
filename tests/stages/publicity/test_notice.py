"""The notice at its edges: what may be changed when, what is personal, who hears objections twice."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.canonical import canonical
from jiangxin.core.kernel.errors import Invalid, NotFound, NotPermitted, WrongState
from jiangxin.core.kernel.identifiers import mask
from jiangxin.core.workflow import Role
from jiangxin.ops.scenes.country import officer
from jiangxin.records.identity.viewer import PUBLIC
from jiangxin.records.ledger.models import Event
from jiangxin.stages.application.models import Application
from jiangxin.stages.programme.actions import set_day
from jiangxin.stages.publicity import actions, queries
from jiangxin.stages.publicity.models import Notice, Objection
from jiangxin.stages.publicity.privacy import leaks
from tests.factories.review import id_number
from tests.factories.year import PUBLISHED, Year, make_year

DURING = PUBLISHED + timedelta(days=2)
CARD = "6222021234567890128"


@pytest.fixture
def year(db: None) -> Year:
    return make_year()


def kinds(text: str) -> list[str]:
    return [leak.kind for leak in leaks({"正文": text})]


@given(st.integers(0, 999), st.sampled_from(["", " ", "-", "－", "\u200b", "　", "·", "–"]))
def test_an_identity_number_is_seen_however_it_is_written(serial: int, between: str) -> None:
    number = id_number(serial)
    written = between.join((number[:6], number[6:14], number[14:]))
    wide = written.translate({ord("0") + n: ord("０") + n for n in range(10)})
    for text in (written, wide, written.lower()):
        assert kinds(f"负责人{text}，特此公示") == ["公民身份号码"], repr(text)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("电话13800138000", ["手机号码"]),
        ("电话+86 138-0013-8000", ["手机号码"]),
        ("电话138 0013 8000、139.0013.9000", ["手机号码", "手机号码"]),
        (f"账号{CARD}", ["银行卡号"]),
        ("账号6222 0212 3456 7890 128", ["银行卡号"]),
        (f"账号{CARD[:-1]}9", []),
        ("信箱a.b-c@some-host.example.com。", ["电子邮箱"]),
        ("信箱ａ＠ｂ．ｃｎ", ["电子邮箱"]),
        ("咨询电话0531-86112233，传真010-84201114", []),
        ("人社部发〔2022〕62号，2025年10月31日17:00", []),
        ("统一社会信用代码12370000495570303U、91370000163569093P", []),
        ("编号202537J000001、202537G000002，金额5000000.00元", []),
        ("2022-2023-2024-2025年", []),
    ],
)
def test_only_personal_data_is_personal(text: str, found: list[str]) -> None:
    assert kinds(text) == found


@given(st.text(max_size=200))
def test_any_text_is_read_and_nothing_found_is_shown_in_full(text: str) -> None:
    for leak in leaks({"正文": text}):
        assert "*" in leak.shown


def test_every_leak_is_told_with_its_place_and_the_list_is_searched_too(year: Year) -> None:
    project = Application.objects.filter(state="proposed").order_by("id")[0]
    Application.objects.filter(pk=project.pk).update(title=f"工作室 {id_number(3)}")
    notice = actions.draft_notice(viewer=year.hr, call_id=year.call.pk)
    actions.revise_notice(
        viewer=year.hr, notice_id=notice.pk, doc_number="13800138000", contact="a@b.cn"
    )
    notice.refresh_from_db()
    for viewer in year.both:
        actions.concur_notice(
            viewer=viewer, notice_id=notice.pk, digest=notice.digest(), agreed=True
        )
    with pytest.raises(Invalid, match="3 处") as refused:
        actions.publish(viewer=year.hr, notice_id=notice.pk)
    for told in ("文号中的手机号码", "联系方式中的电子邮箱", "的项目名称中的公民身份号码"):
        assert told in refused.value.message
    assert mask(id_number(3)) in refused.value.message
    assert id_number(3) not in refused.value.message
    assert refused.value.clause == "3.2"
    assert not Event.objects.filter(type="notice.published").exists()
    assert not Application.objects.filter(state="publicised").exists()


@pytest.mark.parametrize(
    ("name", "value", "field"),
    [
        ("title", " ", "title"),
        ("text", "", "text"),
        ("contact", "", "contact"),
        ("title", "长" * 201, "title"),
        ("text", "长" * 4001, "text"),
        ("days", 4, "days"),
        ("days", 61, "days"),
    ],
)
def test_a_wrong_draft_is_refused_by_its_field_and_keeps_the_old(
    year: Year, name: str, value: object, field: str
) -> None:
    notice = actions.draft_notice(viewer=year.hr, call_id=year.call.pk)
    before = notice.digest()
    with pytest.raises(Invalid) as refused:
        actions.revise_notice(viewer=year.hr, notice_id=notice.pk, **{name: value})
    assert refused.value.field == field
    notice.refresh_from_db()
    assert notice.digest() == before


@pytest.mark.parametrize(
    "change",
    [{"title": "新题"}, {"text": "新文"}, {"contact": "新址"}, {"days": 6}, {"doc_number": "2号"}],
    ids=lambda change: next(iter(change)),
)
def test_any_edit_voids_both_words_and_a_save_without_change_none(
    year: Year, change: dict[str, object]
) -> None:
    notice = actions.draft_notice(viewer=year.hr, call_id=year.call.pk)
    for viewer in year.both:
        actions.concur_notice(
            viewer=viewer, notice_id=notice.pk, digest=notice.digest(), agreed=True
        )
    actions.revise_notice(viewer=year.hr, notice_id=notice.pk, title=notice.title)
    states = [mark.state for mark in queries.notice_marks(notice).values()]
    assert states == ["agreed", "agreed"]
    changed = actions.revise_notice(viewer=year.hr, notice_id=notice.pk, **change)
    states = [mark.state for mark in queries.notice_marks(changed).values()]
    assert states == ["void", "void"]
    with pytest.raises(WrongState, match="刚刚改动"):
        actions.concur_notice(
            viewer=year.finance, notice_id=notice.pk, digest=notice.digest(), agreed=True
        )


def test_a_published_notice_is_never_changed_even_by_a_new_holiday(year: Year) -> None:
    notice = year.published()
    with clock.at(DURING):
        with pytest.raises(WrongState, match="不能再改"):
            actions.revise_notice(viewer=year.hr, notice_id=notice.pk, title="改")
        day = (PUBLISHED + timedelta(days=5)).date()
        set_day(viewer=officer(Role.MINISTRY_HR), day=day, working=False, name="临时放假")
    before = (notice.starts_on, notice.ends_on)
    notice.refresh_from_db()
    assert (notice.starts_on, notice.ends_on) == before


def test_finance_neither_writes_nor_publishes_and_other_provinces_find_nothing(year: Year) -> None:
    with pytest.raises(NotPermitted):
        actions.draft_notice(viewer=year.finance, call_id=year.call.pk)
    notice = actions.draft_notice(viewer=year.hr, call_id=year.call.pk)
    with pytest.raises(NotPermitted):
        actions.revise_notice(viewer=year.finance, notice_id=notice.pk, title="财政改")
    for viewer in year.both:
        actions.concur_notice(
            viewer=viewer, notice_id=notice.pk, digest=notice.digest(), agreed=True
        )
    with pytest.raises(NotPermitted):
        actions.publish(viewer=year.finance, notice_id=notice.pk)
    for viewer in (officer(Role.PROVINCE_HR, "36"), officer(Role.MINISTRY_HR), PUBLIC):
        with pytest.raises(NotFound):
            queries.notice(viewer, notice.pk)
    with pytest.raises(NotFound):
        actions.object_to(
            notice_id=notice.pk, ground="other", text="内容足够长的一条异议。", anonymous=True
        )


def objection(notice: Notice, application: int | None = None, **given: object) -> Objection:
    values = {"ground": "false_material", "text": "材料与现场情况不一致。", "anonymous": True}
    return actions.object_to(notice_id=notice.pk, application_id=application, **values | given)[0]


@pytest.mark.parametrize(
    ("given_", "field"),
    [
        ({"ground": "x"}, "ground"),
        ({"text": "太短"}, "text"),
        ({"text": "长" * 2001}, "text"),
        ({"text": "\0" * 20}, "text"),
        ({"application": 0}, "application"),
        ({"anonymous": False, "contact": "0531"}, "name"),
        ({"anonymous": False, "name": "王某"}, "contact"),
        ({"anonymous": False, "name": "王" * 101, "contact": "0531"}, "name"),
    ],
)
def test_an_objection_without_sense_is_refused_by_its_field(
    year: Year, given_: dict[str, object], field: str
) -> None:
    notice = year.published()
    with clock.at(DURING), pytest.raises(Invalid) as refused:
        objection(notice, **given_)
    assert refused.value.field == field
    assert not Objection.objects.exists()


def test_the_ledger_holds_nobody_s_name_and_the_public_only_counts(year: Year) -> None:
    notice = year.published()
    with clock.at(DURING):
        row = objection(notice, anonymous=False, name="王某某", contact="0531-123")
        actions.answer(viewer=year.hr, objection_id=row.pk, upheld=False, text="王某某所述不实。")
    told = "".join(canonical(event.canonical()).decode() for event in Event.objects.all())
    assert "王某某" not in told
    assert "0531-123" not in told
    assert row.number not in told
    assert queries.outcomes(notice) == [("异议不成立", 1)]


def test_a_second_objection_to_the_same_project_can_hold_too(year: Year) -> None:
    notice = year.published()
    target = notice.items[0]["application"]
    with clock.at(DURING):
        rows = [objection(notice, target), objection(notice, target)]
        for row in rows:
            actions.answer(viewer=year.hr, objection_id=row.pk, upheld=True, text="属实。")
            row.refresh_from_db()
            for viewer in year.both:
                actions.concur_objection(
                    viewer=viewer, objection_id=row.pk, digest=row.digest(), agreed=True
                )
            actions.uphold(viewer=year.hr, objection_id=row.pk)
    assert set(notice.objections.values_list("outcome", flat=True)) == {"upheld"}
    assert Event.objects.filter(type="project.objection_upheld").count() == 1
    assert Event.objects.filter(type="objection.upheld").count() == 2
    assert notice.ends_on
    with clock.at(clock.end_of(notice.ends_on)):
        actions.close(viewer=year.hr, notice_id=notice.pk)
    assert Application.objects.get(pk=target).state == "not_selected"


def test_a_changed_answer_needs_new_words(year: Year) -> None:
    notice = year.published()
    with clock.at(DURING):
        row = objection(notice, notice.items[0]["application"])
        with pytest.raises(WrongState, match="还没有提出"):
            actions.uphold(viewer=year.hr, objection_id=row.pk)
        actions.answer(viewer=year.hr, objection_id=row.pk, upheld=True, text="属实。")
        row.refresh_from_db()
        for viewer in year.both:
            actions.concur_objection(
                viewer=viewer, objection_id=row.pk, digest=row.digest(), agreed=True
            )
        actions.answer(viewer=year.hr, objection_id=row.pk, upheld=True, text="部分属实。")
        with pytest.raises(WrongState, match="还缺人社、财政部门"):
            actions.uphold(viewer=year.hr, objection_id=row.pk)
        with pytest.raises(Invalid):
            actions.answer(viewer=year.hr, objection_id=row.pk, upheld=False, text=" ")
    assert Application.objects.get(pk=notice.items[0]["application"]).state == "publicised"


def test_a_general_objection_takes_no_project_off(year: Year) -> None:
    notice = year.published()
    with clock.at(DURING):
        row = objection(notice)
        with pytest.raises(Invalid, match="没有指明项目") as refused:
            actions.answer(viewer=year.hr, objection_id=row.pk, upheld=True, text="属实。")
    assert refused.value.field == "upheld"
