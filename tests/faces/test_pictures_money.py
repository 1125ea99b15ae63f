"""Where the money is: every stage of the approved plans, in the viewer's scope, and never for the public."""

import csv
import io
import json
import re
from typing import Any

import pytest
from django.test import Client

from jiangxin.core.workflow import Role
from jiangxin.stages.funding.choices import Leg
from jiangxin.stages.titles.models import Title
from tests.factories.desk import client_of, official, text_of
from tests.factories.funding import Nation

pytestmark = pytest.mark.django_db
URL = "/desk/nation/money/"


@pytest.fixture
def paid() -> Nation:
    """Two bases in the plan: one has its money, of the other a part lies with the province."""
    nation = Nation()
    first, second = nation.title(), nation.title()
    nation.approved(first, second)
    amount = first.plan_lines.get().amount // 1_000_000
    nation.pay(Leg.TO_PROVINCE, first, amount)
    nation.confirm(nation.pay(Leg.TO_UNIT, first, amount))
    nation.pay(Leg.TO_PROVINCE, second, 100)
    nation.pay(Leg.TO_UNIT, second, 40)
    nation.verified(nation.title())  # in no plan
    return nation


def lines(client: Client) -> list[dict[str, str]]:
    data = b"".join(client.get(URL, {"picture": "money", "export": "csv"}))
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"))))


def test_each_stage_is_counted_in_full_and_the_chart_adds_up_to_the_plan(paid: Nation) -> None:
    client = client_of(paid.finance)
    own, total = lines(client)
    planned = sum(line.amount for title in Title.objects.all() for line in title.plan_lines.all())
    planned //= 1_000_000
    first = planned // 2
    stages = [own[f"{name}（万元）"] for name in ("计划", "到省", "拨至单位", "单位确认到账")]
    assert [int(float(each)) for each in stages] == [planned, first + 100, first + 40, first]
    assert (own["年度"], own["省份"], total["年度"]) == ("2026 年", "山东省", "合计")
    shown = client.get(URL).content.decode()
    found = re.search(r'id="chart-money-data" type="application/json">(.*?)</script>', shown)
    assert found
    values = [series["values"] for series in json.loads(found[1])["series"]]
    assert values == [[first], [40], [60], [planned - first - 100]]
    assert sum(each for (each,) in values) == planned


def test_a_province_sees_its_own_money_only_and_the_public_none(paid: Nation) -> None:
    own = client_of(official(Role.PROVINCE_FINANCE, "37"))
    other = client_of(official(Role.PROVINCE_FINANCE, "32"))
    assert [line["省份"] for line in lines(own)] == ["山东省", ""]
    assert lines(other) == []
    shown = text_of(other.get(URL))
    assert "还没有已批准的资金分配方案" in shown
    assert "山东省" not in shown
    assert Client().get(URL).status_code == 302


def test_a_draft_plan_is_no_plan_yet() -> None:
    nation = Nation()
    title = nation.title()
    nation.verified(title)
    nation.plan(title)
    assert lines(client_of(nation.finance)) == []


@pytest.mark.parametrize("count", [1, 3])
def test_it_costs_the_same_for_one_project_and_three(
    count: int, django_assert_max_num_queries: Any
) -> None:
    nation = Nation()
    nation.approved(*(nation.title() for _ in range(count)))
    client = client_of(nation.finance)
    with django_assert_max_num_queries(8) as captured:
        assert "山东省" in text_of(client.get(URL))
    QUERIES.add(len(captured))
    assert len(QUERIES) == 1


QUERIES: set[int] = set()
