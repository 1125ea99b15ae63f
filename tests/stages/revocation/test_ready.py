"""What lies ready: an order to mend that ended in vain, a failed assessment that is not being mended."""

from datetime import timedelta

import pytest

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import Invalid
from jiangxin.stages.rectification.actions import recheck
from jiangxin.stages.revocation import queries
from jiangxin.stages.revocation.actions import proposal
from jiangxin.stages.revocation.models import Revocation
from jiangxin.stages.titles.models import Title
from tests.factories import rectification
from tests.factories.acceptance import Built, make_built
from tests.factories.revocation import FACTS

pytestmark = pytest.mark.django_db


@pytest.fixture
def built() -> Built:
    return make_built()


def propose(built: Built, cause: str) -> Revocation:
    return proposal.propose(viewer=built.hr, title_id=built.title.pk, cause=cause, facts=FACTS)


def test_a_year_that_ended_in_vain_lies_ready_and_only_then(built: Built) -> None:
    row = rectification.served(built)
    with clock.at(rectification.SERVED + timedelta(days=1)):
        assert not queries.ready(built.hr).exists()
        with pytest.raises(Invalid, match="没有期满仍未通过的整改") as refused:
            propose(built, "rectification")
        assert (refused.value.clause, refused.value.field) == ("4.3", "cause")
    assert row.ends_on
    with clock.at(clock.end_of(row.ends_on)):
        recheck.expire(viewer=built.hr, rectification_id=row.pk, reason="期满没有提交材料。")
        found = queries.ready(built.hr).get()
        assert (found.pk, found.due_cause) == (built.title.pk, "rectification")
        propose(built, "rectification")
        assert not queries.ready(built.hr).exists()


def test_a_failed_assessment_waits_for_the_end_of_the_mending(built: Built) -> None:
    Title.objects.filter(pk=built.title.pk).update(assessment="failed")
    assert queries.ready(built.hr).get().due_cause == "assessment"
    row = rectification.served(built)
    with clock.at(rectification.SERVED + timedelta(days=1)):
        assert not queries.ready(built.hr).exists()
        with pytest.raises(Invalid, match="正在限期整改"):
            propose(built, "assessment")
    assert row.state == "served"
