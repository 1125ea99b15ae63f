"""The register: a title once, a leader once per unit, a legacy base found again under any name."""

import pytest

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import LimitReached, NotFound
from jiangxin.core.workflow import TitleState
from jiangxin.records.identity.viewer import System
from jiangxin.records.ledger.models import Event
from jiangxin.stages.titles import queries
from jiangxin.stages.titles.actions import award, enter_legacy
from jiangxin.stages.titles.models import Title

pytestmark = pytest.mark.django_db

CODE, OTHER_CODE = "91370100000000001A", "91370100000000002B"


def studio(number: str, **changes: object) -> Title:
    fields = {
        "number": number,
        "kind": "studio",
        "track": "studio",
        "province": "37",
        "year": 2024,
        "name": "某技能大师工作室",
        "unit_name": "某厂",
        "uscc": CODE,
        "leader_name": "张三",
        "leader_hash": "a" * 64,
        **changes,
    }
    return award(by=System(), **fields)


def legacy(number: str, **changes: object) -> Title:
    fields = {
        "number": number,
        "kind": "base",
        "province": "37",
        "year": 2014,
        "name": "某基地",
        "unit_name": "某校",
        "uscc": CODE,
        **changes,
    }
    return enter_legacy(by=System(), **fields)


def facts(**changes: str) -> dict[str, object]:
    return queries.registers_for(**{"unit_name": "无关的名称", "uscc": OTHER_CODE, **changes})


def test_an_award_is_a_row_and_an_event_without_personal_data() -> None:
    with clock.at(clock.beijing(2024, 12, 1, 9)):
        row = studio("S1")
    assert row.registered_at == clock.beijing(2024, 12, 1, 9)
    event = Event.objects.get(type="title.awarded")
    assert event.subject == row.subject
    assert "张三" not in str(event.payload)
    assert [each.pk for each in queries.title_history(row)] == [event.pk]


def test_a_leader_leads_one_valid_studio_of_a_unit() -> None:
    first = studio("S1")
    with pytest.raises(LimitReached, match="张三") as refused:
        studio("S2")
    assert refused.value.clause == "2.2"
    assert studio("S3", uscc=OTHER_CODE, unit_name="别的厂").pk
    assert studio("S4", leader_hash="b" * 64).pk
    Title.objects.filter(pk=first.pk).update(state=TitleState.REVOKED)
    assert studio("S5").pk
    assert Title.objects.filter(number="S2").count() == 0
    assert Event.objects.filter(type="title.awarded").count() == 4


@pytest.mark.parametrize(
    ("before", "now"),
    [
        ({"former_names": ["旧厂"]}, {"uscc": OTHER_CODE, "unit_name": "旧厂"}),
        ({"former_names": [OTHER_CODE]}, {"uscc": OTHER_CODE, "unit_name": "新厂"}),
        ({}, {"uscc": OTHER_CODE, "unit_name": "新厂", "former_names": ["某厂"]}),
        ({}, {"uscc": OTHER_CODE, "unit_name": "新厂", "former_names": [CODE]}),
    ],
)
def test_a_leader_is_found_again_under_former_names_and_codes(
    before: dict[str, object], now: dict[str, object]
) -> None:
    first = studio("S1", **before)
    with pytest.raises(LimitReached, match="张三") as refused:
        studio("S2", **now)
    assert refused.value.clause == "2.2"
    assert studio("S3", **now, leader_hash="b" * 64).pk
    Title.objects.filter(pk=first.pk).update(state=TitleState.REVOKED)
    assert studio("S4", **now).pk


def test_a_project_has_its_title_once() -> None:
    studio("S1", origin="project:7")
    with pytest.raises(LimitReached, match="已经登记"):
        studio("S2", origin="project:7", leader_hash="b" * 64)
    assert Title.objects.count() == 1


def test_legacy_entries_bring_no_leader_and_may_repeat() -> None:
    legacy("L1", kind="studio")
    legacy("L2", kind="studio")
    assert Event.objects.filter(type="title.entered").count() == 2


@pytest.mark.parametrize(
    "known",
    [{"uscc": CODE}, {"unit_name": "某校"}, {"uscc": "91370100000000009Z"}],
    ids=["by code", "by name", "by a former code"],
)
def test_a_legacy_base_is_found_under_each_of_its_names(known: dict[str, str]) -> None:
    legacy("L1", assessment="passed", former_names=["某技校", "91370100000000009Z"])
    legacy("L2", unit_name="别的学校", uscc="91370100000000003C", assessment="failed")
    found = facts(**known)
    assert found["legacy"] == {
        "found": True,
        "year": 2014,
        "status": "titled",
        "assessment": "passed",
    }
    assert {"某校", "某技校", CODE, "91370100000000009Z"} <= set(found["unit_keys"])  # type: ignore[call-overload]


def test_a_stranger_finds_nothing() -> None:
    legacy("L1")
    studio("S1")
    found = facts(leader_hash="c" * 64)
    assert found["legacy"]["found"] is False  # type: ignore[index]
    assert found["studios"] == []
    assert found["unit_keys"] == [OTHER_CODE, "无关的名称"]


@pytest.mark.parametrize(
    ("year", "found"), [(2010, False), (2011, True), (2020, True), (2021, False)]
)
def test_only_the_years_of_the_notice_are_legacy(year: int, found: bool) -> None:
    legacy("L1", year=year)
    assert facts(uscc=CODE)["legacy"]["found"] is found  # type: ignore[index]


def test_of_several_bases_the_valid_one_that_passed_counts() -> None:
    legacy("L1", year=2020, state="revoked", assessment="passed")
    legacy("L2", year=2016, assessment="passed")
    legacy("L3", year=2018, assessment="failed")
    assert facts(uscc=CODE)["legacy"] == {
        "found": True,
        "year": 2016,
        "status": "titled",
        "assessment": "passed",
    }


def test_a_base_that_is_only_revoked_says_so() -> None:
    legacy("L1", state="revoked")
    assert facts(uscc=CODE)["legacy"]["status"] == "revoked"  # type: ignore[index]


def test_studios_of_the_leader_are_told_everywhere_but_only_valid_ones() -> None:
    studio("S1", province="11", former_names=["老厂"])
    revoked = studio("S2", uscc=OTHER_CODE, unit_name="别的厂")
    Title.objects.filter(pk=revoked.pk).update(state=TitleState.REVOKED)
    studio("S3", leader_hash="b" * 64)
    found = facts(leader_hash="a" * 64)["studios"]
    assert found == [
        {"person": "a" * 64, "units": [CODE, "某厂", "老厂"], "title": "某技能大师工作室"}
    ]
    assert facts(leader_hash="")["studios"] == []


def test_a_lookup_costs_two_queries(django_assert_num_queries) -> None:
    for number in range(3):
        legacy(f"L{number}")
        studio(f"S{number}", uscc=f"9137010000000001{number}A", unit_name=f"{number}厂")
    with django_assert_num_queries(2):
        facts(uscc=CODE, leader_hash="a" * 64)


def test_meters_count_the_programme_and_forget_what_was_revoked() -> None:
    first, last = queries.programme_years()
    for number, year in enumerate((first - 1, first, last, last + 1)):
        studio(f"S{number}", year=year, leader_hash=f"{number}" * 64)
    revoked = studio("S9", year=first, leader_hash="9" * 64)
    Title.objects.filter(pk=revoked.pk).update(state=TitleState.REVOKED)
    legacy("L1")
    counts = {meter.kind.value: meter.count for meter in queries.meters()}
    assert counts == {"base": 0, "studio": 2}
    assert sum(row[-1] for row in queries.table()) == 2
    assert queries.register().count() == 6


def test_an_unknown_title_is_named_as_such() -> None:
    with pytest.raises(NotFound, match="名录"):
        queries.title(1)
