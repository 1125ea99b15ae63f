"""The offices, their accounts, the calendar and the register that a demonstration begins with."""

from collections.abc import Sequence
from random import Random

from chinese_calendar import constants as calendar

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.regions import PROVINCES, Province
from jiangxin.core.workflow import Role
from jiangxin.records.identity.actions import open_account
from jiangxin.records.identity.models import Organisation
from jiangxin.records.identity.queries import people, viewer_of
from jiangxin.records.identity.viewer import System, Viewer
from jiangxin.stages.programme.models import Holiday, Kind, Track
from jiangxin.stages.titles.actions import award, enter_legacy
from jiangxin.stages.titles.models import Title

from . import names

OFFICES = {
    Role.PROVINCE_HR: "人力资源和社会保障厅（局）",
    Role.PROVINCE_FINANCE: "财政厅（局）",
    Role.SUPERVISOR: "监督组",
    Role.AUDITOR: "审计组",
}
NATION = {
    Role.MINISTRY_HR: "人力资源社会保障部",
    Role.MINISTRY_FINANCE: "财政部",
    Role.AUDITOR: "审计组",
}
YEARS = range(2022, 2027)


def seed_calendar() -> None:
    """Days off and make-up working days as announced; from then on the table is edited by hand."""
    rows = [
        Holiday(day=day, working=working, name=calendar.Holiday(name).chinese + suffix)
        for table, working, suffix in (
            (calendar.holidays, False, ""),
            (calendar.workdays, True, "调休上班"),
        )
        for day, name in table.items()
        if day.year in YEARS
    ]
    Holiday.objects.bulk_create(rows, ignore_conflicts=True)


def seed_offices(rng: Random) -> None:
    """One account for each office of each province and of the nation."""
    for role, office in NATION.items():
        _office(rng, role, None, f"{office}{names.MARK}", f"nation-{role.value}")
    for province in PROVINCES:
        for role, office in OFFICES.items():
            title = f"{province.name}{office}{names.MARK}"
            _office(rng, role, province, title, f"{province.code}-{role.value}")


def _office(rng: Random, role: Role, province: Province | None, title: str, username: str) -> None:
    office = Organisation.objects.create(
        kind=Organisation.Kind.DEPARTMENT,
        name=title,
        province=province.code if province else "",
        created_at=clock.now(),
    )
    open_account(
        username=username,
        password=None,
        name=names.person(rng),
        role=role,
        organisation=office,
        phone=names.mobile(rng),
        demo=True,
    )


def officer(role: Role, province: str = "") -> Viewer:
    """The viewer of an office's account."""
    return viewer_of(people(role, province=province)[0])


def seed_register(rng: Random, size: int, provinces: Sequence[Province] = PROVINCES) -> None:
    """What was named before: `size` legacy titles and the programme's first three years."""
    for number in range(size):
        province = provinces[number % len(provinces)]
        kind = Kind.BASE if number % 2 else Kind.STUDIO
        assessed = rng.random() < 0.7
        enter_legacy(
            by=System(),
            number=f"L{province.code}{number:05d}",
            kind=kind,
            province=province.code,
            year=rng.randint(2011, 2020),
            assessment=Title.Assessment.PASSED if assessed else Title.Assessment.NONE,
            assessed_year=rng.randint(2022, 2024) if assessed else None,
            **_unit(rng, province, kind),
        )
    for year in (2022, 2023, 2024):
        for province in provinces:
            for track in _year_of(rng):
                with clock.at(clock.beijing(year + 1, 5, 20, 9)):
                    _award(rng, province, year, track)


def _year_of(rng: Random) -> list[Track]:
    bases = [rng.choice((Track.NEW_BASE, Track.EXISTING_BASE)) for _ in range(rng.randint(1, 4))]
    return bases + [Track.STUDIO] * rng.randint(2, 5)


def _award(rng: Random, province: Province, year: int, track: Track) -> None:
    count = Title.objects.filter(province=province.code, year=year).count() + 1
    award(
        by=System(),
        number=f"{year}{province.code}{'G' if track is Track.STUDIO else 'J'}{count:03d}",
        kind=track.kind.value,
        track=track.value,
        province=province.code,
        year=year,
        priority_field=rng.choice(names.FIELDS),
        **_unit(rng, province, track.kind),
    )


def _unit(rng: Random, province: Province, kind: Kind) -> dict[str, str]:
    if kind is Kind.BASE:
        unit = names.school(rng, province)
        return {
            "name": f"{unit}高技能人才培训基地",
            "unit_name": unit,
            "uscc": names.unit_code(rng, province),
        }
    unit, leader = names.firm(rng, province), names.person(rng)
    return {
        "name": f"{leader}技能大师工作室",
        "unit_name": unit,
        "uscc": names.unit_code(rng, province),
        "leader_name": leader,
    }
