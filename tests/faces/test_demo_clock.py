"""The demonstration's clock: forward only, what falls due on the way happens, in the order of time."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.urls import reverse

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import Invalid, NotPermitted, WrongState
from jiangxin.core.workflow import Role
from jiangxin.ops.rehearsal import moving
from jiangxin.ops.rehearsal.moving import falls_due, move
from jiangxin.records.identity.viewer import Viewer
from jiangxin.records.inbox.models import Message
from jiangxin.records.ledger.models import Event
from jiangxin.stages.application.models import Application
from jiangxin.stages.programme.actions import draft_call, set_demo_clock
from jiangxin.stages.programme.models import DemoClock
from jiangxin.stages.programme.queries import demo_shift
from jiangxin.stages.titles.models import Title
from tests.factories.desk import Desk, call_fields, client_of, official, text_of
from tests.factories.year import make_year

pytestmark = pytest.mark.django_db
NOW = clock.beijing(2025, 9, 25, 10)


@pytest.fixture
def _demo(settings: Any) -> Iterator[None]:
    """The demonstration's clock as it runs there: shifted, not frozen."""
    settings.DEMO = True
    before = clock._shift[0]
    clock.shift_by(demo_shift)
    set_demo_clock(to=NOW)
    yield
    clock.shift_by(before)


def near(moment: datetime) -> bool:
    return abs(clock.now() - moment) < timedelta(minutes=5)


def post(viewer: Viewer, to: datetime | str, **fields: str) -> Any:
    text = to if isinstance(to, str) else to.isoformat()
    return client_of(viewer).post(reverse("demo-clock"), {"to": text, "confirmed": "yes"} | fields)


# --- the control


@pytest.mark.usefixtures("_demo")
def test_the_bar_shows_the_date_and_the_way_to_the_control_on_every_layout() -> None:
    desk = Desk("37")
    for viewer, name in (
        (desk.hr, "desk-home"),
        (desk.unit(), "workspace-home"),
        (official(Role.EXPERT, "37"), "my-inbox"),
        (desk.hr, "home"),
    ):
        page = text_of(client_of(viewer).get(reverse(name), follow=True))
        bar = page.split('class="jx-demo"')[1].split("</aside>")[0]
        assert "2025年9月25日" in bar
        assert 'href="/clock/"' in bar


@pytest.mark.usefixtures("_demo")
def test_the_control_offers_a_day_a_week_and_a_date_and_moves_nothing_before_it_is_confirmed() -> (
    None
):
    desk = Desk("37")
    client = client_of(desk.hr)
    page = text_of(client.get(reverse("demo-clock")))
    assert "向前 1 天" in page
    assert "向前 1 周" in page
    page = text_of(client.get(reverse("demo-clock"), {"by": "7"}))
    assert "把时钟拨到 2025年10月2日" in page
    assert "不能再拨回来" in page
    page = text_of(client.get(reverse("demo-clock"), {"to": "2025-10-31"}))
    assert "2025年10月31日（星期五）09:00" in page
    client.post(reverse("demo-clock"), {"to": "2025-10-31"})
    assert near(NOW)


@pytest.mark.usefixtures("_demo")
def test_it_moves_forward_and_goes_on_from_there() -> None:
    desk = Desk("37")
    answer = post(desk.hr, "2025-09-30")
    assert answer.headers["Location"] == "/desk/"
    assert near(clock.beijing(2025, 9, 30, 9))
    assert DemoClock.objects.count() == 1
    assert post(official(Role.EXPERT, "37"), "2025-10-01").headers["Location"] == "/workspace/"


@pytest.mark.usefixtures("_demo")
@pytest.mark.parametrize(
    ("to", "words"),
    [
        ("2025-09-24", "只能向前"),
        ("2025-09-25", "只能向前"),
        ("2028-01-01", "最多向前拨一年"),
        ("昨天", "不是日期"),
        ("2025-02-30", "不是日期"),
        ("9999-12-31T23:59:59.999999-23:59", "最多向前拨一年"),
        ("0001-01-01T00:00:00+14:00", "只能向前"),
    ],
)
def test_never_back_and_each_wrong_input_is_named(to: str, words: str) -> None:
    answer = post(Desk("37").hr, to)
    assert answer.status_code == 422
    assert words in text_of(answer)
    assert near(NOW)


@pytest.mark.parametrize("role", [Role.PROVINCE_HR, Role.MINISTRY_HR, Role.APPLICANT])
def test_real_mode_has_no_control_and_refuses(role: Role) -> None:
    viewer = Desk("37").unit() if role is Role.APPLICANT else official(role, "37")
    home = text_of(client_of(viewer).get("/home/", follow=True))
    assert "/clock/" not in home
    assert client_of(viewer).get(reverse("demo-clock")).status_code == 403
    answer = post(viewer, clock.now() + timedelta(days=1))
    assert answer.status_code == 403
    assert "不能拨动" in text_of(answer)
    assert not DemoClock.objects.exists()
    with pytest.raises(NotPermitted):
        move(to=clock.now() + timedelta(days=1))
    assert not DemoClock.objects.exists()


@pytest.mark.usefixtures("_demo")
def test_the_public_is_led_to_the_login() -> None:
    from django.test import Client

    assert Client().get(reverse("demo-clock")).headers["Location"].startswith("/login/")


# --- what happens on the way


@pytest.mark.usefixtures("_demo")
def test_what_falls_due_is_listed_in_order_before_it_happens() -> None:
    year = make_year()
    notice = year.published()
    found = falls_due(clock.beijing(2025, 11, 3, 9))
    assert [each.at for each in found] == sorted(each.at for each in found)
    what = {each.what for each in found}
    assert {"公示期满", "备案截止，未报送的视为当年无申报项目", "报送备案"} <= what
    assert all(NOW - timedelta(minutes=5) < each.at for each in found)
    client = client_of(year.hr)
    page = text_of(client.get(reverse("demo-clock"), {"to": "2025-11-03"}))
    assert notice.title in page
    assert page.index("公示期满") < page.index("视为当年无申报项目")
    page = text_of(client.get(reverse("demo-clock"), {"to": "2025-09-26"}))
    assert "公示期满" not in page


@pytest.mark.usefixtures("_demo")
def test_moving_past_31_october_records_the_year_and_reminds_on_the_way() -> None:
    make_year()
    done = move(to=clock.beijing(2025, 11, 10, 9))
    record = Event.objects.get(type="call.no_application")
    assert record.at.astimezone(clock.BEIJING).date() == clock.beijing(2025, 11, 1).date()
    assert record.actor == "system"
    filing = [
        (each.at.astimezone(clock.BEIJING).date().isoformat(), each.title.split("：")[0])
        for each in Message.objects.filter(
            office="province_hr", title__startswith="报送备案"
        ).order_by("at")
    ]
    assert filing == [
        ("2025-10-17", "报送备案（还有 14 天）"),
        ("2025-10-28", "报送备案（还有 3 天）"),
        ("2025-10-31", "报送备案（今天截止）"),
    ]
    assert done.happened["当年视为无申报项目"] == 1
    assert near(clock.beijing(2025, 11, 10, 9))
    told = Message.objects.filter(title__startswith="报送备案")
    assert told.count() == 6, "to both departments"
    move(to=clock.beijing(2025, 11, 11, 9))
    assert Event.objects.filter(type="call.no_application").count() == 1
    assert told.count() == 6


@pytest.mark.usefixtures("_demo")
def test_all_or_nothing(monkeypatch: Any) -> None:
    make_year()

    def fails(*_: object) -> int:
        if clock.now() > clock.beijing(2025, 11, 2):
            raise RuntimeError("broken")
        return 0

    monkeypatch.setattr(moving, "remind", fails)
    with pytest.raises(RuntimeError):
        move(to=clock.beijing(2025, 11, 10, 9))
    assert near(NOW)
    assert not Event.objects.filter(type="call.no_application").exists()


@pytest.mark.usefixtures("_demo")
def test_the_past_and_a_leap_are_refused_by_the_action_too() -> None:
    with pytest.raises(WrongState):
        move(to=NOW - timedelta(days=1))
    with pytest.raises(Invalid):
        move(to=NOW + timedelta(days=400))


@pytest.mark.usefixtures("_demo")
def test_a_year_that_the_pack_does_not_cover_takes_no_call_while_the_rest_goes_on() -> None:
    from jiangxin.ops.scenes import finish

    year = make_year()
    set_demo_clock(to=clock.beijing(2025, 9, 24, 9))
    year.confirmed()
    with clock.at(clock.beijing(2025, 10, 20, 9)):
        package = year.package()
        year.seal(package)
        from jiangxin.stages.filing.actions import file

        package = file(viewer=year.hr, package_id=package.pk)
    move(to=clock.beijing(2026, 3, 2, 9))
    assert not Event.objects.filter(type="call.no_application").exists(), "it was filed in time"
    with pytest.raises(WrongState, match="不覆盖 2026 年"):
        draft_call(viewer=year.hr, year=2026, **call_fields())
    finish.register(package, clock.now())
    assert set(
        Application.objects.exclude(state="not_selected").values_list("state", flat=True)
    ) == {"registered"}
    assert Title.objects.filter(state="titled").exists()
    page = text_of(client_of(year.hr).get("/desk/", {"year": "2025"}))
    assert "已备案登记" in page
    assert move(to=clock.beijing(2026, 9, 1, 9)).to.year == 2026
