"""The national and provincial pictures: true, with their files, scoped, cheap, silent on what is hidden."""

import csv
import io
import json
import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from python_calamine import CalamineWorkbook

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.regions import PROVINCES
from jiangxin.core.workflow import Role
from jiangxin.ops.scenes.country import officer
from jiangxin.stages.application.models import Application
from jiangxin.stages.filing import actions, registration
from jiangxin.stages.filing.choices import Outcome
from jiangxin.stages.filing.models import Registration
from jiangxin.stages.programme.queries import pack
from jiangxin.stages.programme.tracks import Track
from jiangxin.stages.titles.models import Title
from tests.factories.desk import client_of, official, text_of
from tests.factories.pictures import project, titled
from tests.factories.year import make_year
from tests.stages.titles.test_register import legacy

pytestmark = pytest.mark.django_db
COOK, NURSE, COURIER = "4-03-02-01", "4-14-01-02", "4-02-07-08"
MIDDLE, AFTER = clock.beijing(2025, 6, 1, 9), clock.beijing(2026, 2, 1, 9)
PUBLIC_PAGES = (
    "/nation/",
    *(f"/nation/?measure={each}" for each in ("bases", "studios", "assessed", "overdue")),
    "/nation/coverage/",
    "/nation/37/",
    "/nation/32/",
)
PICTURES = {
    "/nation/": ("targets", "provinces"),
    "/nation/coverage/": ("fields", "occupations"),
    "/nation/37/": ("titles", "fields", "occupations"),
}
DESK = {
    "/desk/nation/": ("targets", "provinces"),
    "/desk/nation/coverage/": ("fields", "occupations"),
    "/desk/nation/37/": ("titles", "fields", "occupations"),
}


def some_titles() -> None:
    titled("37", COOK, NURSE, year=2023, priority_field="nursing")
    titled("37", COOK, year=2024, track=Track.STUDIO)
    titled("32", NURSE, year=2024, track=Track.EXISTING_BASE, priority_field="childcare")
    legacy("L1", assessment="passed")
    legacy("L2")
    legacy("L3", province="11")


def page(address: str, client: Client | None = None, **query: str) -> str:
    answer = (client or Client()).get(address, query)
    assert answer.status_code == 200, address
    return text_of(answer)


def content(address: str, client: Client | None = None, **query: str) -> bytes:
    answer = (client or Client()).get(address, query)
    assert answer.status_code == 200
    return b"".join(answer)


def rows(address: str, picture: str, client: Client | None = None) -> list[dict[str, str]]:
    data = content(address, client, picture=picture, export="csv").decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(data)))


def row_of(address: str, picture: str, name: str) -> dict[str, str]:
    return next(row for row in rows(address, picture) if name in list(row.values())[:1])


# --- what they say ---------------------------------------------------------------------------------


def test_the_targets_are_shown_by_year_and_track_with_the_forecast_and_its_method() -> None:
    some_titles()
    with clock.at(MIDDLE):
        shown = page("/nation/")
        years = rows("/nation/", "targets")
    assert "按年均 0.7 个推算，到期 3 个，达不到目标，相差 397 个" in shown
    assert "推算方法：" in shown
    assert [row["基地累计"] for row in years] == ["0", "1", "2", "2"]
    assert [row["基地推算"] for row in years] == ["", "", "", "3"]
    assert [row["已建基地"] for row in years] == ["0", "0", "1", "0"]
    with clock.at(AFTER):
        assert "期限已过，没有达到目标，距目标还差 398 个" in page("/nation/")
        assert [row["工作室推算"] for row in rows("/nation/", "targets")] == [""] * 4


def test_a_chart_has_the_numbers_of_its_table() -> None:
    some_titles()
    with clock.at(MIDDLE):
        shown = content("/nation/").decode()
        years = rows("/nation/", "targets")
    found = re.search(r'id="chart-base-data" type="application/json">(.*?)</script>', shown)
    assert found
    chart = json.loads(found[1])
    new, existing, forecast = chart["series"]
    sums = [a + b for a, b in zip(new["values"], existing["values"], strict=True)]
    assert [str(each) for each in sums] == [row["基地累计"] for row in years]
    assert forecast["expected"]
    assert forecast["values"] == [None, None, None, int(years[3]["基地推算"]) - 2]
    assert chart["target"] == 400
    assert chart["labels"] == ["2022", "2023", "2024", "2025"]


@pytest.mark.parametrize(
    ("measure", "shandong", "beijing"),
    [
        ("titles", "2 个", "0 个"),
        ("bases", "1 个", "0 个"),
        ("studios", "1 个", "0 个"),
        ("assessed", "50%", "0%"),
        ("overdue", "1 个", "1 个"),
        ("nonsense", "2 个", "0 个"),
    ],
)
def test_the_tiles_show_the_chosen_measure_and_lead_to_each_province(
    measure: str, shandong: str, beijing: str
) -> None:
    some_titles()
    with clock.at(AFTER):
        shown = page("/nation/", measure=measure)
    tiles = re.findall(r'<a href="([^"]+)" class="jx-tile [^"]+" title="([^"]+)"', shown)
    assert [url for url, _ in tiles] == [f"/nation/{each.code}/" for each in PROVINCES]
    names = [name for _, name in tiles]
    assert f"山东省 {shandong}" in names
    assert f"北京市 {beijing}" in names
    assert shown.count('aria-current="true"') == 1


def test_nothing_is_overdue_before_the_day_is_over() -> None:
    legacy("L1")
    with clock.at(clock.beijing(2025, 12, 31, 23, 59)):
        assert row_of("/nation/", "provinces", "山东省")["逾期未考核"] == "0"
    with clock.at(clock.beijing(2026, 1, 1)):
        assert row_of("/nation/", "provinces", "山东省")["逾期未考核"] == "1"
        assert "逾期未考核 1 个" in page("/nation/37/")


def test_a_province_without_titles_of_2011_to_2020_has_no_share() -> None:
    legacy("L1")
    shown = page("/nation/", measure="assessed")
    assert 'title="江苏省 —"' in shown
    assert row_of("/nation/", "provinces", "江苏省")["覆盖率（%）"] == ""
    assert "名录中本省没有应考核的项目" in page("/nation/32/")


def test_gaps_are_listed_by_field_and_by_occupation() -> None:
    some_titles()
    fields = pack().priority_fields
    own = row_of("/nation/coverage/", "fields", "山东省")
    assert own["护理"] == "1"
    assert own["其他或未填"] == "1"
    assert own["尚无项目的领域"] == "、".join(n for k, n in fields.items() if k != "nursing")
    names = {code: each.name for code, each in pack().occupations.items()}
    cook = row_of("/nation/coverage/", "occupations", names[COOK])
    assert (cook["合计"], cook["空白省份"], cook["山东"], cook["江苏"]) == ("2", "31", "2", "0")
    nowhere = "、".join(name for code, name in names.items() if code not in (COOK, NURSE))
    assert nowhere in page("/nation/coverage/")
    shown = page("/nation/32/")
    assert f"尚无项目的职业（{len(names) - 1} 个）" in shown
    assert "、".join(name for code, name in names.items() if code != NURSE) in shown


def test_an_occupation_that_the_pack_does_not_know_is_shown_by_its_code() -> None:
    titled("37", "9-99-99-99")
    assert row_of("/nation/coverage/", "occupations", "9-99-99-99")["山东"] == "1"


# --- their files -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("address", "names"), [*PICTURES.items(), *DESK.items()])
def test_every_picture_comes_as_three_files_with_the_same_rows(
    address: str, names: tuple[str, ...]
) -> None:
    some_titles()
    client = client_of(official(Role.MINISTRY_HR))
    with clock.at(MIDDLE):
        shown = page(address, client)
        for name in names:
            table = rows(address, name, client)
            data = json.loads(content(address, client, picture=name, export="json"))
            book = content(address, client, picture=name, export="xlsx")
            sheet = CalamineWorkbook.from_filelike(io.BytesIO(book)).get_sheet_by_index(0)
            heads, *lines = sheet.to_python()
            assert heads == list(table[0])
            assert len(lines) == len(table)
            assert len(data["rows"]) in (len(table), len(table) - 1)  # programs sum themselves
            assert data["as_of"] == MIDDLE.isoformat()
            assert list(data["rows"][0]) == list(data["columns"])
            assert f"?picture={name}&export=csv" in shown
        assert shown.count("截至 <time") == len(names)


@pytest.mark.parametrize("query", [{"picture": "targets"}, {"picture": "x", "export": "csv"}])
def test_a_file_that_does_not_exist_is_answered_by_the_page(query: dict[str, str]) -> None:
    assert "对照目标" in page("/nation/", **query)


# --- who sees what ---------------------------------------------------------------------------------


@pytest.mark.parametrize("code", ["99", "x", "3"])
def test_a_province_that_is_none_is_not_found(code: str) -> None:
    assert Client().get(f"/nation/{code}/").status_code == 404
    assert client_of(official(Role.MINISTRY_HR)).get(f"/desk/nation/{code}/").status_code == 404


@pytest.mark.parametrize("role", [Role.PROVINCE_HR, Role.PROVINCE_FINANCE, Role.AUDITOR])
def test_a_province_opens_its_own_page_and_reads_of_others_what_is_public(role: Role) -> None:
    client = client_of(official(role, "37"))
    assert page("/desk/nation/37/", client)
    assert client.get("/desk/nation/32/").status_code == 404
    for address in ("/desk/nation/", "/desk/nation/coverage/"):
        shown = page(address, client)
        assert "/desk/nation/37/" in shown
        assert "/nation/32/" in shown
        assert "/desk/nation/32/" not in shown


def test_the_ministries_open_every_province() -> None:
    client = client_of(official(Role.MINISTRY_FINANCE))
    assert "江苏省" in page("/desk/nation/32/", client)
    assert "/desk/nation/32/" in page("/desk/nation/", client)


def everything_public() -> dict[str, bytes]:
    """Every public picture and every file of it, with the clock standing still."""
    with clock.at(AFTER):
        found = {address: content(address) for address in PUBLIC_PAGES}
        for address, names in PICTURES.items():
            for name in names:
                for wanted in ("csv", "json"):
                    key = f"{address} {name} {wanted}"
                    found[key] = content(address, picture=name, export=wanted)
        for wanted in ("csv", "json"):
            found[f"all {wanted}"] = content("/nation/", export=wanted)
    return found


def test_a_project_on_its_way_changes_nothing_until_both_ministries_have_registered_it() -> None:
    titled("37", COOK)
    before = everything_public()
    year = make_year()  # proposed by both departments, not published
    project("37", NURSE, state="filed")
    assert everything_public() == before
    year.confirmed()
    package = year.package()
    year.seal(package)
    with clock.at(clock.beijing(2025, 10, 20, 10)):
        actions.file(viewer=year.hr, package_id=package.pk)
        registered(package.pk, officer(Role.MINISTRY_HR))
    assert Registration.objects.exists()
    assert everything_public() == before
    with clock.at(clock.beijing(2025, 11, 3, 10)):
        registered(package.pk, officer(Role.MINISTRY_FINANCE))
    assert Title.objects.filter(year=2025).exists()
    after = everything_public()
    assert after["/nation/"] != before["/nation/"]
    assert after["/nation/37/ titles csv"] != before["/nation/37/ titles csv"]
    assert after["/nation/coverage/ occupations csv"] != before["/nation/coverage/ occupations csv"]


def registered(package_id: int, ministry: Any) -> None:
    """This ministry receives the package and registers all of it."""
    registration.receive(viewer=ministry, package_id=package_id)
    filed = Application.objects.filter(state="filed", call__package=package_id)
    registration.register_many(
        viewer=ministry,
        package_id=package_id,
        application_ids=list(filed.values_list("pk", flat=True)),
        outcome=Outcome.REGISTERED,
        reason="",
    )


# --- what they cost --------------------------------------------------------------------------------


COSTS: dict[str, set[int]] = {}


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize(
    ("address", "most"),
    [
        ("/nation/", 3),
        ("/nation/?measure=assessed", 3),
        ("/nation/coverage/", 2),
        ("/nation/37/", 4),
        ("/desk/nation/", 8),
        ("/desk/nation/?measure=overdue", 8),
        ("/desk/nation/coverage/", 8),
        ("/desk/nation/37/", 9),
    ],
)
def test_a_page_costs_the_same_for_one_title_and_three(
    address: str, most: int, count: int, django_assert_max_num_queries: Callable[[int], Any]
) -> None:
    for _ in range(count):
        some = titled("37", COOK, NURSE)
        Title.objects.filter(pk=some.pk).update(priority_field="nursing")
    client = client_of(official(Role.MINISTRY_HR)) if "desk" in address else Client()
    with django_assert_max_num_queries(most) as captured:
        assert "jx-figures" in unescape(page(address, client))
    COSTS.setdefault(address, set()).add(len(captured))
    assert len(COSTS[address]) == 1


def test_the_chart_s_library_is_no_part_of_the_first_load() -> None:
    shown = page(reverse("portal-nation"))
    assert 'data-library="/static/echarts/echarts.common.min.js"' in shown
    assert not re.search(r'(src|href)="[^"]*echarts', shown)
