"""Many experts at once over HTTP: every sheet holds exactly what its expert sent."""

from typing import Any

import pytest

from jiangxin.core.kernel import clock
from jiangxin.ops.bench.experts import crowd, jobs_of, lost, send
from jiangxin.stages.review.models import ScoreSheet
from tests.factories.review import NOW, make_province

EXPERTS = 24


@pytest.mark.django_db(transaction=True)
def test_no_sheet_of_many_experts_at_once_is_lost(live_server: Any) -> None:
    with clock.at(NOW):
        province = make_province("37", projects=3)
        row = province.scoring()
        jobs = jobs_of(crowd(row, EXPERTS))
    send(live_server.url, jobs)
    assert [each for job in jobs for each in job.failed] == []
    assert len(jobs) == EXPERTS
    assert lost(jobs) == []
    sent = {pk for job in jobs for pk in job.sheets}
    rows = ScoreSheet.objects.filter(pk__in=sent)
    assert rows.filter(state="signed").count() == 3 * EXPERTS
    assert len(set(rows.values_list("comment", flat=True))) == 3 * EXPERTS
    # The control: had an expert sent anything else, or a sheet more, it would be told.
    first = jobs[0]
    pk, typed = next(iter(first.sheets.items()))
    first.sheets[pk] = {**typed, "comment": "另一份意见"}
    first.sheets[10**9] = typed
    assert lost(jobs) == [f"评分表 {pk} 与所发送的不同", f"评分表 {10**9} 不见了"]
