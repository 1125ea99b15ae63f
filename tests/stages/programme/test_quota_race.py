"""Two grants at the same moment make two places with two numbers; a grant is never an error page."""

from functools import partial

import pytest

from jiangxin.core.workflow import Role
from jiangxin.stages.programme.actions import grant_exception
from jiangxin.stages.programme.models import QuotaPlace
from jiangxin.stages.programme.tracks import Kind
from tests.factories.desk import JULY, Desk, official
from tests.factories.races import together

GRANTS = 4


@pytest.mark.django_db(transaction=True)
def test_grants_at_once_wait_for_each_other() -> None:
    Desk("37").open()
    ministry = official(Role.MINISTRY_HR)
    grant = partial(
        grant_exception, viewer=ministry, province="37", year=2025, kind=Kind.BASE, reason="批准"
    )
    told = together([lambda: grant().number] * GRANTS, at=JULY)
    assert sorted(told, key=str) == [6, 7, 8, 9], told
    assert QuotaPlace.objects.exclude(exception="").count() == GRANTS
