"""Leader, name, unit and end of a title: nobody leads two studios of one unit on the way (N26)."""

from collections.abc import Callable

import pytest

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
from jiangxin.records.identity.models import Organisation
from jiangxin.records.identity.viewer import Viewer
from jiangxin.records.inbox.models import Message
from jiangxin.records.ledger.models import Event
from jiangxin.stages.changes import actions, queries
from jiangxin.stages.changes.models import Change
from jiangxin.stages.changes.rules import Wanted
from jiangxin.stages.titles.models import Title
from jiangxin.stages.titles.queries import registers_for
from tests.factories import changes as make
from tests.factories import revocation
from tests.factories.changes import NOW, leader
from tests.factories.desk import official
from tests.factories.races import numbered, together, without_locks
from tests.factories.review import id_number
from tests.factories.titled import Place, picture, project_behind

pytestmark = pytest.mark.django_db
NEW_CODE = "91370100MA3C000009"


@pytest.fixture
def place() -> Place:
    return Place()


@pytest.fixture
def unit(place: Place) -> Viewer:
    return place.unit()


@pytest.fixture
def title(place: Place, unit: Viewer) -> Title:
    return place.studio(unit)


def organisation(unit: Viewer) -> Organisation:
    return Organisation.objects.get(pk=unit.organisation_id)


# --- what each kind does -----------------------------------------------------------------------------


def test_a_new_leader_is_on_the_title_and_the_old_one_in_what_was_frozen(
    place: Place, unit: Viewer, title: Title
) -> None:
    old = (title.leader_name, title.leader_hash)
    change = make.agreed(place, make.requested(unit, title, "leader", leader(1)))
    with clock.at(NOW):
        actions.approve(viewer=place.hr, change_id=change.pk)
    title.refresh_from_db()
    change.refresh_from_db()
    assert (title.leader_name, title.leader_hash) == ("新师傅1", change.leader_hash)
    assert change.leader_mask == "110*************" + id_number(1)[-2:]
    assert (change.before["leader_name"], change.before["leader_hash"]) == old
    assert project_behind(title).leader_hash == old[1]
    facts = registers_for(unit_name="", uscc=title.uscc, leader_hash=change.leader_hash)
    assert [each["title"] for each in facts["studios"]] == [title.name]
    event = Event.objects.get(type="title.changed")
    assert event.payload == {"change": change.subject, "kind": "leader"}


def test_a_renamed_unit_is_renamed_on_each_of_its_titles_and_in_its_account(
    place: Place, unit: Viewer, title: Title
) -> None:
    base, gone = place.legacy(unit), place.legacy(unit, state="revoked")
    stranger = place.studio()
    before = organisation(unit).name
    make.approved(place, title, "renaming", Wanted(unit_name="新名学院", title_name="新名工作室"))
    names = dict(Title.objects.values_list("pk", "unit_name"))
    assert names == {
        title.pk: "新名学院",
        base.pk: "新名学院",
        gone.pk: before,
        stranger.pk: stranger.unit_name,
    }
    title.refresh_from_db()
    base.refresh_from_db()
    assert (title.name, title.former_names, base.former_names) == (
        "新名工作室",
        [before],
        [before],
    )
    assert base.name != "新名工作室"
    assert organisation(unit).name == "新名学院"
    assert project_behind(title).unit_name != "新名学院"
    told = Event.objects.filter(type="title.changed").order_by("id")
    assert [(each.subject, each.payload["from"], each.payload["to"]) for each in told] == [
        (title.subject, before, "新名学院"),
        (base.subject, before, "新名学院"),
    ]
    assert Event.objects.filter(type="unit.renamed").count() == 1


def test_a_name_that_comes_back_is_no_former_name(place: Place, title: Title) -> None:
    first = title.unit_name
    make.approved(place, title, "renaming", Wanted(unit_name="新名学院"))
    make.approved(place, title, "renaming", Wanted(unit_name=first))
    title.refresh_from_db()
    assert (title.unit_name, title.former_names) == (first, ["新名学院"])


def test_a_title_goes_to_the_unit_that_takes_it_over_and_is_found_by_the_old_code(
    place: Place, unit: Viewer, title: Title
) -> None:
    taker = place.unit()
    code, old = organisation(taker).uscc, title.uscc
    make.approved(place, title, "merger", Wanted(unit_name="接收集团", uscc=code))
    title.refresh_from_db()
    assert (title.uscc, title.unit_name) == (code, "接收集团")
    assert set(title.former_names) == {old, organisation(unit).name}
    assert organisation(unit).uscc == old
    assert [each.pk for each in queries.changes(taker)] == [Change.objects.get().pk]
    assert not queries.changes(unit).exists()
    told = Message.objects.filter(title__startswith="已同意").values_list("unit_id", flat=True)
    assert set(told) == {taker.organisation_id, unit.organisation_id}


def test_a_closed_unit_ends_title_and_project(place: Place, title: Title) -> None:
    make.approved(place, title, "closure")
    title.refresh_from_db()
    assert (title.state, project_behind(title).state) == ("ended", "ended")
    assert Event.objects.filter(type__in=("title.ended", "project.ended")).count() == 2
    with pytest.raises(WrongState, match="已终止"):
        make.requested(place.hr, title, "renaming", Wanted(unit_name="新名"))


def test_a_legacy_title_without_a_code_or_project_changes_alone(place: Place) -> None:
    title, same = place.legacy(unit_name="老厂"), place.legacy(unit_name="老厂")
    make.approved(place, title, "renaming", Wanted(unit_name="新厂"))
    make.approved(place, title, "closure")
    title.refresh_from_db()
    same.refresh_from_db()
    assert (title.unit_name, title.state, title.former_names) == ("新厂", "ended", ["老厂"])
    assert same.unit_name == "老厂"


# --- one leader, one studio of a unit (2.2) ----------------------------------------------------------


def second(place: Place, title: Title, serial: int, **fields: object) -> Title:
    """Another studio of the same unit, led by the person of that serial."""
    other = place.studio(unit_name=title.unit_name, **{"uscc": title.uscc} | fields)
    make.approved(place, other, "leader", leader(serial))
    return other


@pytest.mark.parametrize("named", ["code", "name", "former code", "former name"])
def test_a_leader_of_the_same_unit_is_refused_under_each_of_its_names(
    place: Place, title: Title, named: str
) -> None:
    fields = {
        "code": {"uscc": title.uscc, "unit_name": "别名"},
        "name": {"uscc": NEW_CODE, "unit_name": title.unit_name},
        "former code": {"uscc": NEW_CODE, "unit_name": "别名", "former_names": [title.uscc]},
        "former name": {"uscc": NEW_CODE, "unit_name": "别名", "former_names": [title.unit_name]},
    }[named]
    make.approved(place, place.studio(**fields), "leader", leader(5))
    with pytest.raises(LimitReached, match="新师傅5已是同一单位另一") as refused:
        make.requested(place.hr, title, "leader", leader(5))
    assert refused.value.clause == "2.2"
    assert Change.objects.filter(title=title).count() == 0


def test_a_leader_elsewhere_or_of_a_lost_title_is_free(place: Place, title: Title) -> None:
    make.approved(place, place.studio(), "leader", leader(5))
    lost = second(place, title, 6)
    Title.objects.filter(pk=lost.pk).update(state="revoked")
    make.approved(place, title, "leader", leader(5))
    other = place.studio(uscc=title.uscc, unit_name=title.unit_name)
    make.approved(place, other, "leader", leader(6))


def test_two_units_do_not_become_one_under_one_leader(place: Place, title: Title) -> None:
    taker = place.studio()
    for each in (title, taker):
        make.approved(place, each, "leader", leader(7))
    with pytest.raises(LimitReached, match="同一单位"):
        make.requested(place.hr, title, "merger", Wanted(unit_name="新", uscc=taker.uscc))
    with pytest.raises(LimitReached, match="同一单位"):
        make.requested(place.hr, title, "renaming", Wanted(unit_name=taker.unit_name))


def test_what_became_true_after_the_request_counts_at_the_approval(
    place: Place, title: Title
) -> None:
    change = make.agreed(place, make.requested(place.hr, title, "leader", leader(8)))
    second(place, title, 8)
    with clock.at(NOW), pytest.raises(LimitReached, match="同一单位"):
        actions.approve(viewer=place.hr, change_id=change.pk)
    change.refresh_from_db()
    title.refresh_from_db()
    assert (change.state, title.leader_name != "新师傅8") == ("requested", True)


def outcomes(act: Callable[[int], object]) -> list[str]:
    return sorted(type(each).__name__ for each in together(numbered(2, act), at=NOW))


@pytest.mark.django_db(transaction=True)
def test_two_approvals_at_once_bring_a_person_to_one_studio_only(
    place: Place, title: Title
) -> None:
    """The two titles share no code, only a former one: no constraint of the database sees it."""
    other = place.studio(former_names=[title.uscc])

    def race(serial: int) -> Callable[[int], object]:
        rows = [
            make.agreed(place, make.requested(place.hr, each, "leader", leader(serial)))
            for each in (title, other)
        ]
        return lambda n: actions.approve(viewer=place.hr, change_id=rows[n].pk)

    assert outcomes(race(10)) == ["Change", "LimitReached"]
    left = Change.objects.get(state="requested")
    actions.refuse(viewer=place.hr, change_id=left.pk, reason="另选。")
    act = race(11)
    with without_locks(held=Title):
        assert outcomes(act) == ["Change", "Change"]


# --- who, when, with what ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "wanted", "field"),
    [
        ("", Wanted(), "kind"),
        ("whim", Wanted(), "kind"),
        ("leader", Wanted(), "leader_name"),
        ("leader", leader(1, leader_name="长" * 41), "leader_name"),
        ("leader", leader(1, leader_id_number="110101197001010"), "leader_id_number"),
        ("leader", leader(1, leader_level=""), "leader_level"),
        ("leader", leader(1, leader_level="grand_master"), "leader_level"),
        ("renaming", Wanted(), "unit_name"),
        ("renaming", Wanted(unit_name="名\u202e"), "unit_name"),
        ("merger", Wanted(unit_name=" ", uscc=NEW_CODE), "unit_name"),
        ("merger", Wanted(unit_name="新", uscc="1"), "uscc"),
    ],
)
def test_a_request_without_sense_is_refused_by_its_field(
    place: Place, title: Title, kind: str, wanted: Wanted, field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        make.requested(place.hr, title, kind, wanted)
    assert refused.value.field == field
    assert not Change.objects.exists()


def test_a_leader_below_the_level_needs_a_craft(place: Place, title: Title) -> None:
    low = {"leader_level": "technician"}
    with pytest.raises(Invalid, match="高级技师") as refused:
        make.requested(place.hr, title, "leader", leader(1, **low))
    assert (refused.value.field, refused.value.clause) == ("leader_grounds", "2.2")
    made = make.requested(place.hr, title, "leader", leader(1, leader_grounds="木版年画。", **low))
    assert made.leader_grounds == "木版年画。"


def test_the_same_leader_name_or_code_is_no_change(place: Place, title: Title) -> None:
    make.approved(place, title, "leader", leader(1))
    title.refresh_from_db()
    for kind, wanted, match in (
        ("leader", leader(1), "就是现在的带头人"),
        ("renaming", Wanted(unit_name=title.unit_name), "不同的单位名称"),
        ("merger", Wanted(unit_name="新", uscc=title.uscc), "代码没有变化"),
    ):
        with pytest.raises(Invalid, match=match):
            make.requested(place.hr, title, kind, wanted)


def test_a_base_has_no_leader_and_a_reason_is_needed(place: Place, title: Title) -> None:
    with pytest.raises(Invalid, match="只有技能大师工作室"):
        make.requested(place.hr, place.legacy(), "leader", leader(1))
    with pytest.raises(Invalid, match="变更理由"):
        actions.request(
            viewer=place.hr, title_id=title.pk, kind="closure", reason=" ", wanted=Wanted()
        )
    with pytest.raises(Invalid, match="不接收"):
        actions.request(
            viewer=place.hr,
            title_id=title.pk,
            kind="closure",
            reason="撤销。",
            wanted=Wanted(),
            uploads=[picture("a.exe")],
        )
    assert not Change.objects.exists()


def test_one_change_at_a_time(place: Place, unit: Viewer, title: Title) -> None:
    change = make.requested(unit, title, "leader", leader(1))
    with pytest.raises(LimitReached, match="已有一项"):
        make.requested(place.hr, title, "renaming", Wanted(unit_name="新名"))
    with clock.at(NOW):
        with pytest.raises(Invalid, match="不同意的理由"):
            actions.refuse(viewer=place.hr, change_id=change.pk, reason=" ")
        actions.refuse(viewer=place.hr, change_id=change.pk, reason="材料不全。")
        with pytest.raises(WrongState, match="已办结：不同意。"):
            actions.concur(
                viewer=place.hr, change_id=change.pk, digest=change.digest(), agreed=True
            )
    told = Message.objects.get(unit_id=unit.organisation_id)
    assert (told.title, told.text) == ("不同意：带头人变更", "材料不全。")
    assert make.requested(unit, title, "leader", leader(1)).pk


def test_both_agree_to_the_request_and_the_title_as_they_stand(place: Place, title: Title) -> None:
    change = make.requested(place.hr, title, "leader", leader(1))
    word = {"change_id": change.pk, "agreed": True}
    with clock.at(NOW):
        with pytest.raises(WrongState, match="还缺人社、财政"):
            actions.approve(viewer=place.hr, change_id=change.pk)
        actions.concur(viewer=place.hr, digest=change.digest(), **word)
        with pytest.raises(WrongState, match="还缺财政"):
            actions.approve(viewer=place.hr, change_id=change.pk)
        actions.concur(viewer=place.finance, digest=change.digest(), **word)
        with pytest.raises(NotPermitted):
            actions.approve(viewer=place.finance, change_id=change.pk)
        Title.objects.filter(pk=title.pk).update(unit_name="另有变化")
        with pytest.raises(WrongState, match="还缺人社、财政"):
            actions.approve(viewer=place.hr, change_id=change.pk)
    assert not Event.objects.filter(type="title.changed").exists()


def test_marks_stay_after_the_change_is_done(place: Place, title: Title) -> None:
    change = make.approved(place, title, "renaming", Wanted(unit_name="新名学院"))
    change = queries.change(place.hr, change.pk)
    assert [mark.state for mark in queries.change_marks(change).values()] == ["agreed", "agreed"]
    assert [(line.label, line.after) for line in queries.lines(change)] == [
        ("建设单位", "新名学院")
    ]


@pytest.mark.parametrize("kind", ["merger", "closure"])
def test_a_title_does_not_slip_away_from_a_case_against_it(
    place: Place, title: Title, kind: str
) -> None:
    wanted = Wanted(unit_name="接收集团", uscc=NEW_CODE)
    change = make.agreed(place, make.requested(place.hr, title, kind, wanted))
    revocation.proposed(place, title)
    with clock.at(NOW), pytest.raises(WrongState, match="正在办理取消称号") as refused:
        actions.approve(viewer=place.hr, change_id=change.pk)
    assert refused.value.clause == "4.2"
    title.refresh_from_db()
    assert title.state == "titled"


def test_only_the_own_unit_and_its_province_ask_and_see(
    place: Place, unit: Viewer, title: Title
) -> None:
    stranger, elsewhere = place.unit(), official(Role.PROVINCE_HR, "36")
    for viewer in (stranger, elsewhere):
        with pytest.raises(NotFound):
            make.requested(viewer, title, "leader", leader(1))
    for viewer in (place.finance, place.supervisor(), official(Role.MINISTRY_HR)):
        with pytest.raises(NotPermitted):
            make.requested(viewer, title, "leader", leader(1))
    change = make.requested(unit, title, "leader", leader(1))
    file = change.papers[0]["document"]
    assert queries.change_file(place.finance, change.pk, file).name == "批文.png"
    for viewer in (stranger, elsewhere):
        with pytest.raises(NotFound):
            queries.change_file(viewer, change.pk, file)
        with pytest.raises(NotFound):
            actions.refuse(viewer=viewer, change_id=change.pk, reason="越权。")


def test_a_change_waits_for_whose_turn_it_is(place: Place, unit: Viewer, title: Title) -> None:
    change = make.requested(unit, title, "leader", leader(1))

    def waiting() -> tuple[int, int]:
        hr, finance = (queries.changes_waiting(viewer).rows.count() for viewer in place.both)
        return hr, finance

    assert waiting() == (1, 1)
    word = {"change_id": change.pk, "digest": change.digest(), "agreed": True}
    actions.concur(viewer=place.hr, **word)
    assert waiting() == (0, 1)
    actions.concur(viewer=place.finance, **word)
    assert waiting() == (1, 0)
    actions.approve(viewer=place.hr, change_id=change.pk)
    assert waiting() == (0, 0)
    assert not queries.changes_waiting(unit).rows.exists()


def test_neither_ledger_nor_row_holds_the_number_and_the_ledger_no_name(
    place: Place, title: Title
) -> None:
    change = make.approved(place, title, "leader", leader(3))
    told = "".join(canonical(event.canonical()).decode() for event in Event.objects.all())
    stored = str(Change.objects.filter(pk=change.pk).values().get())
    assert id_number(3) not in told + stored
    assert "新师傅3" not in told
    assert change.leader_hash not in told
