"""What is overdue and lies still: every number is that of the list behind it, in the viewer's scope."""

import csv
import io
import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.test import Client

from jiangxin.core.kernel import clock
from jiangxin.core.workflow import Role
from jiangxin.stages.construction.actions import findings
from jiangxin.stages.funding.choices import Leg
from jiangxin.stages.rectification.choices import Source
from jiangxin.stages.titles.models import Title
from tests.factories.acceptance import Built, make_built
from tests.factories.construction import DUE, REGISTERED
from tests.factories.desk import client_of, official, text_of
from tests.factories.funding import Nation
from tests.factories.rectification import served
from tests.stages.titles.test_register import legacy

pytestmark = pytest.mark.django_db
URL = "/desk/nation/overdue/"
LATER = clock.end_of(DUE) + timedelta(days=400)


def late_building(built: Built) -> None:
    """One construction with everything late, a finding among it."""
    with clock.at(REGISTERED + timedelta(days=10)):
        findings.raise_finding(
            viewer=built.hr,
            title_id=built.title.pk,
            text="台账不全",
            clause="4.3",
            due=(REGISTERED + timedelta(days=40)).date(),
        )


def lines(client: Client) -> dict[str, dict[str, str]]:
    data = b"".join(client.get(URL, {"picture": "late", "export": "csv"}))
    return {row["省份"]: row for row in csv.DictReader(io.StringIO(data.decode("utf-8-sig")))}


def listed(client: Client, address: str) -> int:
    data = b"".join(client.get(address + "&export=csv"))
    return len(data.decode("utf-8-sig").splitlines()) - 1


def test_every_number_is_that_of_the_list_to_which_it_leads() -> None:
    built = make_built()
    late_building(built)
    mending = make_built(round_=built.round)
    served(mending, source=Source.ACCEPTANCE)
    legacy("L1")
    nation = Nation("32")
    stuck = nation.title()
    nation.approved(stuck)
    nation.pay(Leg.TO_PROVINCE, stuck, 100)
    nation.pay(Leg.TO_UNIT, stuck, 40)
    ministry = client_of(nation.finance)
    with clock.at(LATER):
        found = lines(ministry)
        own = found["山东省"]
        assert own["建设期已满"] == own["问题逾期未整改"] == own["有逾期任务的项目"] == "1"
        assert own["整改期限届满"] == own["逾期未考核"] == "1"
        assert int(own["报告逾期未报"]) == built.title.construction.periods.count()
        assert own["资金滞留项目"] == "0"
        assert (found["江苏省"]["资金滞留项目"], found["江苏省"]["合计"]) == ("1", "1")
        assert float(found["江苏省"]["滞留金额（万元）"]) == 60
        assert int(found["全国"]["合计"]) == int(own["合计"]) + 1
        assert found["北京市"]["合计"] == "0"
        shown = unescape(ministry.get(URL).content.decode())
        cells = re.findall(r'<td class="jx-cell-number"><a href="([^"]+)">\s*([\d.,]+)', shown)
        assert len(cells) == 8
        for address, number in cells:
            rows = "1" if number == "60.00" else number  # the money leads to its one project
            assert listed(ministry, address) == int(rows), address


def test_a_province_sees_its_own_row_only_and_the_recommender_and_the_public_none() -> None:
    late_building(make_built())
    with clock.at(LATER):
        own = lines(client_of(official(Role.PROVINCE_FINANCE, "37")))
        other = lines(client_of(official(Role.AUDITOR, "32")))
        assert list(own) == ["山东省"]
        assert own["山东省"]["建设期已满"] == "1"
        assert list(other) == ["江苏省"]
        assert other["江苏省"]["合计"] == "0"
        shown = text_of(client_of(official(Role.PROVINCE_HR, "37")).get("/desk/nation/"))
        assert f'href="{URL}"' in shown
        recommender = client_of(official(Role.RECOMMENDER, "37"))
        assert recommender.get(URL).status_code == 403
        assert f'href="{URL}"' not in text_of(recommender.get("/desk/nation/"))
        assert Client().get(URL).status_code == 302


def test_what_a_gone_title_still_owed_is_not_overdue() -> None:
    built = make_built()
    late_building(built)
    Title.objects.filter(pk=built.title.pk).update(state="revoked")
    with clock.at(LATER):
        client = client_of(official(Role.PROVINCE_HR, "37"))
        assert lines(client)["山东省"]["合计"] == "0"
        assert listed(client, "/desk/findings/?q=期限:逾期") == 0


@pytest.mark.parametrize("page", ["coverage/", "money/", "overdue/", "37/"])
def test_the_pages_of_the_nation_are_marked_on_the_left(page: str) -> None:
    for role, province in ((Role.MINISTRY_HR, ""), (Role.PROVINCE_HR, "37")):
        shown = text_of(client_of(official(role, province)).get(f"/desk/nation/{page}"))
        marked = re.findall(r'<a[^>]*href="([^"]+)"[^>]*aria-current="page"', shown)
        assert marked == ["/desk/nation/"]


@pytest.mark.parametrize("count", [1, 3])
def test_it_costs_the_same_for_one_construction_and_three(
    count: int, django_assert_max_num_queries: Any
) -> None:
    first = make_built()
    for built in [first, *(make_built(round_=first.round) for _ in range(count - 1))]:
        late_building(built)
    client = client_of(official(Role.MINISTRY_FINANCE))
    with clock.at(LATER), django_assert_max_num_queries(10) as captured:
        assert "山东省" in text_of(client.get(URL))
    QUERIES.add(len(captured))
    assert len(QUERIES) == 1


QUERIES: set[int] = set()
