"""Good experience: proposed, read by HR, published without anybody's personal data."""

from typing import Any

import pytest

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import Invalid, NotFound, NotPermitted, WrongState
from jiangxin.core.workflow import Role
from jiangxin.records.identity.viewer import PUBLIC, Viewer
from jiangxin.records.inbox.models import Message
from jiangxin.records.ledger.models import Event
from jiangxin.stages.experience import actions, queries
from jiangxin.stages.experience.models import Experience
from jiangxin.stages.titles.models import Title
from tests.factories import experience as make
from tests.factories.desk import official
from tests.factories.experience import NOW, story
from tests.factories.titled import Place

pytestmark = pytest.mark.django_db


@pytest.fixture
def place() -> Place:
    return Place()


@pytest.fixture
def unit(place: Place) -> Viewer:
    return place.unit()


@pytest.fixture
def title(place: Place, unit: Viewer) -> Title:
    return place.studio(unit)


def test_from_the_unit_to_the_public(place: Place, unit: Viewer, title: Title) -> None:
    row = make.proposed(unit, title)
    assert not queries.published().exists()
    with clock.at(NOW):
        actions.approve(viewer=place.hr, experience_id=row.pk)
        assert not queries.published().exists()
        actions.publish(viewer=place.hr, experience_id=row.pk)
    assert list(queries.published()) == [row]
    assert queries.published_of(title) == [row]
    events = Event.objects.filter(subject=row.subject).order_by("id")
    assert [each.type for each in events] == [
        "experience.proposed",
        "experience.approved",
        "experience.published",
    ]
    assert events[2].payload["digest"] == row.digest()
    assert Message.objects.get(unit_id=unit.organisation_id).title == "经验案例已发布"
    assert Message.objects.get(office=Role.PROVINCE_HR.value).about == row.subject


def test_a_ministry_may_publish_what_the_province_approved(place: Place, title: Title) -> None:
    row, ministry = make.proposed(place.hr, title), official(Role.MINISTRY_HR)
    with pytest.raises(WrongState, match="待审核"):
        actions.publish(viewer=ministry, experience_id=row.pk)
    with pytest.raises(NotPermitted):
        actions.approve(viewer=ministry, experience_id=row.pk)
    actions.approve(viewer=place.hr, experience_id=row.pk)
    actions.publish(viewer=ministry, experience_id=row.pk)
    assert queries.published_one(row.pk) == row


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"headline": " "}, "headline"),
        ({"headline": "长" * 101}, "headline"),
        ({"summary": ""}, "summary"),
        ({"summary": "长" * 301}, "summary"),
        ({"text": "\0"}, "text"),
        ({"text": "长" * 10_001}, "text"),
        ({"function": ""}, "function"),
        ({"function": "training"}, "function"),
    ],
)
def test_a_case_without_sense_is_refused_by_its_field(
    place: Place, title: Title, changes: dict[str, Any], field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        make.proposed(place.hr, title, **changes)
    assert refused.value.field == field
    assert not Experience.objects.exists()


def test_personal_data_stops_the_approval_until_it_is_taken_out(
    place: Place, unit: Viewer, title: Title
) -> None:
    row = make.proposed(unit, title, text="联系张三，电话13800138000。", summary="邮箱a@b.cn")
    with pytest.raises(Invalid, match="2 处") as refused:
        actions.approve(viewer=place.hr, experience_id=row.pk)
    assert "正文中的手机号码" in refused.value.message
    assert "13800138000" not in refused.value.message
    actions.revise(viewer=place.hr, experience_id=row.pk, story=story())
    assert actions.approve(viewer=place.hr, experience_id=row.pk).state == "approved"
    for viewer in (place.hr, unit):
        with pytest.raises(WrongState, match="不能再改"):
            actions.revise(viewer=viewer, experience_id=row.pk, story=story(headline="改"))
    assert Event.objects.filter(type="experience.revised").count() == 1
    assert len(Experience.objects.get().papers) == 1


def test_what_is_not_taken_says_why(place: Place, unit: Viewer, title: Title) -> None:
    row = make.proposed(unit, title)
    for reason in (" ", "长" * 1001):
        with pytest.raises(Invalid, match="不予采用的理由"):
            actions.decline(viewer=place.hr, experience_id=row.pk, reason=reason)
    actions.decline(viewer=place.hr, experience_id=row.pk, reason="缺少可推广的做法。")
    assert Message.objects.get(unit_id=unit.organisation_id).text == "缺少可推广的做法。"
    with pytest.raises(WrongState, match="未采用"):
        actions.approve(viewer=place.hr, experience_id=row.pk)
    with pytest.raises(NotFound):
        queries.published_one(row.pk)


def test_a_lost_title_is_no_example(place: Place, title: Title) -> None:
    row, ready = make.proposed(place.hr, title), make.proposed(place.hr, title)
    actions.approve(viewer=place.hr, experience_id=ready.pk)
    Title.objects.filter(pk=title.pk).update(state="revoked")
    with pytest.raises(WrongState, match="不作经验推广"):
        make.proposed(place.hr, title)
    with pytest.raises(WrongState, match="不作经验推广"):
        actions.approve(viewer=place.hr, experience_id=row.pk)
    with pytest.raises(WrongState, match="不作经验推广"):
        actions.publish(viewer=place.hr, experience_id=ready.pk)
    assert not queries.published().exists()


def test_only_the_own_unit_and_province_propose_and_see(
    place: Place, unit: Viewer, title: Title
) -> None:
    stranger, elsewhere = place.unit(), official(Role.PROVINCE_HR, "36")
    for viewer in (stranger, elsewhere):
        with pytest.raises(NotFound):
            make.proposed(viewer, title)
    with pytest.raises(NotPermitted):
        make.proposed(place.finance, title)
    row = make.proposed(unit, title)
    with pytest.raises(NotPermitted):
        actions.approve(viewer=unit, experience_id=row.pk)
    file = row.papers[0]["document"]
    assert queries.experience_file(place.supervisor(), row.pk, file).name == "现场.png"
    for viewer in (stranger, elsewhere, PUBLIC):
        assert not queries.experiences(viewer).exists()
        with pytest.raises(NotFound):
            queries.experience_file(viewer, row.pk, file)
    with pytest.raises(NotFound):
        actions.revise(viewer=stranger, experience_id=row.pk, story=story())
    with pytest.raises(NotFound):
        actions.decline(viewer=elsewhere, experience_id=row.pk, reason="越权。")


def test_it_waits_for_hr_until_it_is_out(place: Place, unit: Viewer, title: Title) -> None:
    row = make.proposed(unit, title)
    for step in (None, actions.approve, actions.publish):
        if step:
            step(viewer=place.hr, experience_id=row.pk)
        waits = queries.experiences_waiting(place.hr).rows.count()
        assert waits == (0 if step is actions.publish else 1)
    for viewer in (place.finance, unit):
        assert not queries.experiences_waiting(viewer).rows.exists()
