"""Who sees an application, and that a personal number stands nowhere in clear."""

import pytest
from django.db import connection

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import NotFound
from jiangxin.core.workflow import Role
from jiangxin.ops.scenes import finish
from jiangxin.ops.scenes.country import officer
from jiangxin.records.identity.queries import people, viewer_of
from jiangxin.records.identity.viewer import PUBLIC, Viewer
from jiangxin.stages.application.models import Application
from jiangxin.stages.application.queries import (
    application,
    counts_by_state,
    evidence_file,
    form_of,
    recent_events,
    visible,
)
from jiangxin.stages.application.sealing import opened_answers
from tests.factories.applications import make_round, unit_of
from tests.factories.year import PLACE, make_year

pytestmark = pytest.mark.django_db


def sees(viewer: Viewer, project: Application) -> bool:
    """Whether any query lets the viewer at the project; all must agree."""
    listed = visible(viewer).filter(pk=project.pk).exists()
    counted = sum(counts_by_state(viewer, year=project.year).values()) > 0
    document = project.evidence.all()[0].document_id
    opened = True
    for look in (
        lambda: application(viewer, project.pk),
        lambda: evidence_file(viewer, project.pk, document),
    ):
        try:
            look()
        except NotFound:
            opened = False
    told = any(event.subject == project.subject for event, _ in recent_events(viewer, year=2025))
    assert listed == counted == opened == told
    return listed


def test_a_draft_is_the_units_own() -> None:
    round_ = make_round()
    project = round_.draft(round_.unit())
    assert sees(unit_of(project), project)
    for viewer in (
        round_.unit(),
        PUBLIC,
        *(officer(role, "37") for role in (Role.PROVINCE_HR, Role.PROVINCE_FINANCE)),
        *(officer(role, "37") for role in (Role.SUPERVISOR, Role.AUDITOR)),
        *(officer(role) for role in (Role.MINISTRY_HR, Role.MINISTRY_FINANCE, Role.AUDITOR)),
    ):
        assert not sees(viewer, project), viewer


def test_what_was_submitted_is_its_provinces_and_no_other_s() -> None:
    round_ = make_round()
    project = round_.submitted()
    for role in (Role.PROVINCE_HR, Role.PROVINCE_FINANCE, Role.SUPERVISOR, Role.AUDITOR):
        assert sees(officer(role, "37"), project), role
        assert not sees(officer(role, "36"), project), role
    assert sees(officer(Role.AUDITOR), project)
    for viewer in (
        round_.unit(),
        PUBLIC,
        officer(Role.MINISTRY_HR),
        officer(Role.MINISTRY_FINANCE),
    ):
        assert not sees(viewer, project), viewer


def test_the_ministries_see_what_was_filed_and_experts_never_a_list() -> None:
    year = make_year()
    experts = [viewer_of(user) for user in people(Role.EXPERT, province="37")]
    assert experts
    ministries = [officer(Role.MINISTRY_HR), officer(Role.MINISTRY_FINANCE)]
    finish.settle(PLACE, year.published())
    confirmed = list(Application.objects.filter(state="confirmed"))
    left_out = Application.objects.get(state="not_selected")
    for viewer in (*ministries, *experts):
        assert not visible(viewer).exists()
    finish.file(PLACE, year.call, clock.beijing(2025, 10, 20, 9))
    for viewer in ministries:
        assert set(visible(viewer)) == set(confirmed)
        assert all(sees(viewer, project) for project in confirmed)
        assert left_out not in visible(viewer)
        with pytest.raises(NotFound):
            application(viewer, left_out.pk)
    for expert in experts:
        assert not visible(expert).exists()


def test_no_table_holds_a_personal_number_in_clear() -> None:
    """The whole database is read, the ledger and the outbox of messages included."""
    project = make_round().submitted()
    number = opened_answers(form_of(project), project.answers)["leader_id_number"]
    assert len(number) == 18
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            rows = f'SELECT count(*) FROM "{table}" t WHERE t::text ~ %s'  # noqa: S608 -- a table's name
            cursor.execute(rows, [number[6:]])
            assert cursor.fetchone() == (0,), table
        cursor.execute(
            "SELECT answers::text FROM application_application WHERE id = %s", [project.pk]
        )
        ((row,),) = cursor.fetchall()
    assert project.leader_name in row
    assert number[6:14] not in row
