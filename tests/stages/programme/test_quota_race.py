"""Two grants at the same moment make two places with two numbers; a grant is never an error page."""

import threading

import pytest
from django.db import connections

from jiangxin.core.kernel import clock
from jiangxin.core.workflow import Role
from jiangxin.stages.programme.actions import grant_exception
from jiangxin.stages.programme.models import QuotaPlace
from jiangxin.stages.programme.tracks import Kind
from tests.factories.desk import JULY, Desk, official

GRANTS = 4


@pytest.mark.django_db(transaction=True)
def test_grants_at_once_wait_for_each_other() -> None:
    Desk("37").open()
    ministry = official(Role.MINISTRY_HR)
    gate, told = threading.Barrier(GRANTS, timeout=20), []

    def grant() -> None:
        try:
            with clock.at(JULY):
                gate.wait()
                told.append(
                    grant_exception(
                        viewer=ministry, province="37", year=2025, kind=Kind.BASE, reason="批准"
                    ).number
                )
        except Exception as error:  # noqa: BLE001 -- shown by the assertion below
            told.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=grant) for _ in range(GRANTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(told, key=str) == [6, 7, 8, 9], told
    assert QuotaPlace.objects.exclude(exception="").count() == GRANTS
