"""The register and the national picture: searched, exported, true, and silent beyond that."""

import csv
import io
import json
import re
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from jiangxin.core.kernel.regions import PROVINCES
from jiangxin.records.identity.viewer import System
from jiangxin.records.ledger.models import Event
from jiangxin.stages.titles.actions import award, enter_legacy
from jiangxin.stages.titles.models import Title

pytestmark = pytest.mark.django_db
SECRET = "c0ffee" * 10  # the hash by which a leader is recognised


def title(number: str, **changes: Any) -> Title:
    values = {
        "number": number,
        "kind": "base",
        "track": "new_base",
        "province": "37",
        "year": 2023,
        "name": f"基地{number}",
        "unit_name": "某校",
        "origin": f"project:{number}",
    }
    return award(by=System(), **(values | changes))


def text(address: str, **query: str) -> str:
    answer = Client().get(address, query)
    assert answer.status_code == 200, address
    return b"".join(answer).decode()


def test_the_register_is_searched_and_forgets_nothing() -> None:
    title("A1")
    title("A2", province="32", state="revoked", unit_name="太湖学院")
    title("A3", kind="studio", track="studio", year=2024, leader_name="张师傅", leader_hash=SECRET)
    enter_legacy(
        by=System(),
        number="A4",
        kind="base",
        province="66",
        year=2012,
        name="基地A4",
        unit_name="某团校",
    )
    address = reverse("portal-register")

    def found(q: str) -> set[str]:
        page = text(address, q=q)
        return {
            each for each in ("A1", "A2", "A3", "A4") if re.search(rf">\s*基地{each}\s*<", page)
        }

    assert found("") == {"A1", "A2", "A3", "A4"}
    assert found("省:山东") == {"A1", "A3"}
    assert found("省:兵团") == {"A4"}
    assert found("状态:已取消") == {"A2"}
    assert found("年:2011..2020") == {"A4"}
    assert found("年:>=2022 类别:基地") == {"A1", "A2"}
    assert found("类型:技能大师工作室") == {"A3"}
    assert found("单位:学院") == {"A2"}
    assert found("太湖") == {"A2"}
    assert found("省:火星") == set()
    assert SECRET not in text(address, q="A3")


def test_pages_of_fifty_in_the_order_asked_for() -> None:
    for number in range(53):
        title(f"B{number:02d}", year=2022 + number % 3)
    address = reverse("portal-register")
    first, second = (text(address, sort="number", page=page) for page in "12")
    assert first.count("<tr data-url=") == 50
    assert second.count("<tr data-url=") == 3
    assert "B52" in second
    assert first.index("B00") < first.index("B49")
    assert text(address, sort="-number").index("B52") < text(address, sort="-number").index("B10")


def test_the_three_downloads_say_the_same() -> None:
    title("C1", kind="studio", track="studio", leader_name="张师傅", leader_hash=SECRET)
    title("C2", unit_name="=1+1", name="=cmd")
    title("C3", province="32")
    address = reverse("portal-register")
    as_json = json.loads(text(address, export="json", q="省:山东"))
    assert {row["number"] for row in as_json["titles"]} == {"C1", "C2"}
    assert as_json["query"] == "省:山东"
    assert as_json["titles"][0]["province_name"] == "山东省"
    rows = list(csv.DictReader(io.StringIO(text(address, export="csv", q="省:山东")[1:])))
    assert {row["编号"] for row in rows} == {"C1", "C2"}
    assert not any(cell.startswith("=") for row in rows for cell in row.values())
    workbook = Client().get(address, {"export": "xlsx", "q": "省:山东"}).content
    assert workbook[:2] == b"PK"
    for whole in (json.dumps(as_json), str(rows)):
        assert SECRET not in whole


def test_one_title_with_its_history_and_its_place_in_the_list() -> None:
    first = title("D1", uscc="12110000099427639B", former_names=["旧校名"])
    title("D2")
    row = title("D3", kind="studio", track="studio", leader_name="张师傅", leader_hash=SECRET)
    event = Event.objects.get(subject=first.subject)
    page = text(reverse("portal-title", args=[first.pk]), list="sort=number", at="1")
    for shown in (
        "12110000099427639B",
        "旧校名",
        "两部备案登记，列入名录",
        event.leaf,
        "1 / 3",
        "下一条",
    ):
        assert shown in page, shown
    assert event.salt not in page
    assert "张师傅" in text(reverse("portal-title", args=[row.pk]))
    assert SECRET not in text(reverse("portal-title", args=[row.pk]))
    assert Client().get(reverse("portal-title", args=[row.pk + 99])).status_code == 404


def test_the_nation_counts_what_is_registered_and_valid() -> None:
    for place, code in enumerate(("37", "37", "32", "66")):
        title(f"E{place}", province=code, priority_field="nursing")
    title("E4", kind="studio", track="studio", year=2022, leader_name="张师傅")
    title("E5", state="revoked")
    enter_legacy(
        by=System(),
        number="E6",
        kind="base",
        province="37",
        year=2012,
        name="老基地",
        unit_name="某校",
    )
    address = reverse("portal-nation")
    page = text(address)
    assert "4</b> / 400" in page
    assert "1</b> / 500" in page
    assert 'title="山东省 3 个"' in page
    assert 'title="新疆生产建设兵团 1 个"' in page
    assert page.count("jx-tile ") == len(PROVINCES)
    assert '护理</th><td class="jx-cell-number">4<' in page
    assert '其他或未填</th><td class="jx-cell-number">1<' in page
    counts = json.loads(text(address, export="json"))["counts"]
    assert sum(row["count"] for row in counts) == 5
    assert {"37", "32", "66"} == {row["province"] for row in counts}
    rows = list(csv.DictReader(io.StringIO(text(address, export="csv")[1:])))
    assert sum(int(row["登记项目"]) for row in rows) == 5


def link_before(page: str, words: str) -> str:
    """The address of the link in which `words` are."""
    start = page.index(words)
    return unescape(page[page.rindex('href="', 0, start) + 6 : start].split('"', maxsplit=1)[0])


def test_a_count_leads_to_exactly_what_it_counts() -> None:
    title("F1")
    title("F2", state="revoked")
    title("F3", province="32")
    tile = link_before(text(reverse("portal-nation")), 'title="山东省 1 个"')
    assert tile == reverse("portal-province", args=["37"])
    found = text(link_before(text(tile), "名录中本省有效的项目"))
    assert "基地F1" in found
    assert "基地F2" not in found
    assert "共 1 条" in found
