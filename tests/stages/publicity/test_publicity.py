"""Publicity: both agree, no personal data, working days, objections heard before anything is confirmed."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import Invalid, NotFound, WrongState
from jiangxin.core.workflow import Role
from jiangxin.ops.scenes.country import officer
from jiangxin.records.identity.viewer import PUBLIC
from jiangxin.stages.application.models import Application
from jiangxin.stages.programme.models import QuotaPlace
from jiangxin.stages.publicity import actions, queries
from jiangxin.stages.publicity.models import Notice, Objection
from jiangxin.stages.publicity.privacy import leaks
from tests.factories.year import PUBLISHED, Year, make_year

pytestmark = pytest.mark.django_db
DURING = PUBLISHED + timedelta(days=2)


@pytest.fixture
def year() -> Year:
    return make_year()


def drafted(year: Year) -> Notice:
    return actions.draft_notice(viewer=year.hr, call_id=year.call.pk)


def agree(year: Year, notice: Notice) -> None:
    notice.refresh_from_db()
    for viewer in year.both:
        actions.concur_notice(
            viewer=viewer, notice_id=notice.pk, digest=notice.digest(), agreed=True
        )


def object_to(notice: Notice, **given: object) -> Objection:
    values = {
        "ground": "procedure",
        "text": "对评审程序有异议，请予核实。",
        "name": "王某",
        "contact": "0531-000",
        **given,
    }
    return actions.object_to(notice_id=notice.pk, **values)[0]


def test_nothing_is_published_before_both_agree(year: Year) -> None:
    notice = drafted(year)
    actions.concur_notice(viewer=year.hr, notice_id=notice.pk, digest=notice.digest(), agreed=True)
    with pytest.raises(WrongState, match="还缺财政部门"):
        actions.publish(viewer=year.hr, notice_id=notice.pk)
    assert not queries.notices(PUBLIC).exists()
    assert not Application.objects.filter(state="publicised").exists()


def test_an_edit_voids_what_was_agreed(year: Year) -> None:
    notice = drafted(year)
    agree(year, notice)
    actions.revise_notice(viewer=year.hr, notice_id=notice.pk, title="改过的标题")
    with pytest.raises(WrongState, match="还缺人社、财政部门"):
        actions.publish(viewer=year.hr, notice_id=notice.pk)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("联系人身份证 110101197003071233 。", "公民身份号码"),
        ("请致电１３８００１３８０００。", "手机号码"),
        ("账号 6222 0212 3456 7890 128", "银行卡号"),
        ("发送至 someone@example.org", "电子邮箱"),
    ],
)
def test_personal_data_stops_the_publication_and_is_named(year: Year, text: str, kind: str) -> None:
    notice = drafted(year)
    actions.revise_notice(viewer=year.hr, notice_id=notice.pk, text=text)
    agree(year, notice)
    with pytest.raises(Invalid) as refused:
        actions.publish(viewer=year.hr, notice_id=notice.pk)
    assert kind in refused.value.message
    assert "正文" in refused.value.message
    assert "197003071233" not in refused.value.message
    notice.refresh_from_db()
    assert notice.state == "draft"


@given(st.integers(1, 10**15))
def test_numbers_of_documents_are_no_personal_data(number: int) -> None:
    found = list(leaks({"正文": f"人社演示〔2025〕{number}号"}))
    assert all(leak.kind == "手机号码" for leak in found)
    assert bool(found) == (len(str(number)) == 11 and "13" <= str(number)[:2] <= "19")


def test_working_days_skip_the_holiday_and_count_the_make_up_day(year: Year) -> None:
    notice = year.published()
    # 25 and 26 September, Sunday 28 (make-up day), 29 and 30; then the holiday of eight days.
    assert (notice.starts_on, notice.ends_on) == (date(2025, 9, 25), date(2025, 9, 30))
    with clock.at(PUBLISHED + timedelta(days=4)):
        assert queries.days_left(notice) == 3


def test_objections_are_heard_until_midnight_of_the_last_day(year: Year) -> None:
    notice = year.published()
    assert notice.ends_on
    end = clock.end_of(notice.ends_on)
    with clock.at(end), pytest.raises(WrongState, match="公示期已结束"):
        object_to(notice)
    assert Objection.objects.count() == 0
    with clock.at(end - timedelta(microseconds=1)):
        object_to(notice)


def test_who_objects_is_known_to_the_two_departments_only(year: Year) -> None:
    notice = year.published()
    with clock.at(DURING):
        row = object_to(notice)
    assert "王某" in queries.objector(year.hr, row)
    assert "王某" in queries.objector(year.finance, row)
    assert "王某" not in row.person_sealed
    others = [
        officer(Role.PROVINCE_HR, "36"),
        officer(Role.SUPERVISOR, "37"),
        officer(Role.MINISTRY_HR),
        PUBLIC,
    ]
    for viewer in others:
        assert not queries.objections(viewer).exists()
        with pytest.raises(NotFound):
            queries.objector(viewer, row)


def test_nothing_is_confirmed_too_early_or_over_an_open_objection(year: Year) -> None:
    notice = year.published()
    with clock.at(DURING):
        row = object_to(notice, application_id=notice.items[0]["application"])
        with pytest.raises(WrongState, match="公示期未满"):
            actions.close(viewer=year.hr, notice_id=notice.pk)
    assert notice.ends_on
    with clock.at(clock.end_of(notice.ends_on)):
        with pytest.raises(WrongState, match="1 条异议没有办结"):
            actions.close(viewer=year.hr, notice_id=notice.pk)
        actions.answer(viewer=year.hr, objection_id=row.pk, upheld=False, text="经查不成立。")
        actions.close(viewer=year.hr, notice_id=notice.pk)
    states = Application.objects.values_list("state", flat=True)
    assert sorted(states) == ["confirmed", "confirmed", "not_selected"]


def test_an_upheld_objection_takes_both_and_frees_no_place_silently(year: Year) -> None:
    notice = year.published()
    target = notice.items[0]["application"]
    with clock.at(DURING):
        row = object_to(notice, application_id=target)
        actions.answer(viewer=year.hr, objection_id=row.pk, upheld=True, text="经查属实。")
        row.refresh_from_db()
        actions.concur_objection(
            viewer=year.hr, objection_id=row.pk, digest=row.digest(), agreed=True
        )
        with pytest.raises(WrongState, match="财政"):
            actions.uphold(viewer=year.hr, objection_id=row.pk)
        actions.concur_objection(
            viewer=year.finance, objection_id=row.pk, digest=row.digest(), agreed=True
        )
        actions.uphold(viewer=year.hr, objection_id=row.pk)
    assert Application.objects.get(pk=target).state == "not_selected"
    assert QuotaPlace.objects.filter(decision__application=target).exists()


def test_a_code_opens_only_its_own_answer(year: Year) -> None:
    notice = year.published()
    with clock.at(DURING):
        values = {"ground": "other", "text": "另一条异议，内容足够长。", "anonymous": True}
        row, code = actions.object_to(notice_id=notice.pk, **values)
        other = object_to(notice)
    assert queries.looked_up(row.number, code.lower()) == row
    with pytest.raises(NotFound):
        queries.looked_up(other.number, code)
