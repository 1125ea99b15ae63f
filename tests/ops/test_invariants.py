"""Every invariant holds in a simulated country, and each one fails when its promise is broken by hand."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import connection, transaction
from django.db.models import Model

from jiangxin.core.kernel import clock
from jiangxin.core.workflow import REGISTERED_ONCE, Role
from jiangxin.ops import invariants
from jiangxin.ops.invariants import order, selection
from jiangxin.ops.simulate import simulate
from jiangxin.ops.simulate.world import World, some_provinces
from jiangxin.records.identity.viewer import Viewer
from jiangxin.records.ledger.actions import append
from jiangxin.stages.application.models import Application, Version
from jiangxin.stages.experts.models import Expert
from jiangxin.stages.filing.models import Delivery, Filing, Package
from jiangxin.stages.programme.models import Call
from jiangxin.stages.publicity.models import Notice
from jiangxin.stages.review.models import Decision, ScoreSheet, Seat
from jiangxin.stages.titles.models import Title
from tests.factories.desk import loosening_policies

HR = Viewer(role=Role.PROVINCE_HR, name="甲", user_id=1, province="37")


def registered() -> Application:
    return Application.objects.filter(state__in=REGISTERED_ONCE).order_by("id")[0]


def leap() -> None:
    payload = {"from": "draft", "to": "examined"}
    append(type="project.examined", subject="project:9999", by=HR, payload=payload)


def wrong_hand() -> None:
    finance = Viewer(role=Role.PROVINCE_FINANCE, name="乙", user_id=2, province="37")
    payload = {"from": "draft", "to": "withdrawn"}
    append(type="project.withdrawn", subject="project:9999", by=finance, payload=payload)


def back_in_time() -> None:
    project = registered()
    with clock.at(clock.beijing(2020, 1, 1)):
        append(
            type="project.ended",
            subject=project.subject,
            by=HR,
            payload={"from": "registered", "to": "ended"},
        )


def alone() -> None:
    payload = {"from": "ranked", "to": "decided"}
    for kind in ("started", "ranked"):
        append(type=f"round.{kind}", subject="round:9999", by=HR, payload={"from": "", "to": ""})
    append(type="round.decided", subject="round:9999", by=HR, payload=payload)


def for_the_other() -> None:
    payload = {"department": "finance", "agreed": True, "act": "x", "digest": ""}
    append(type="concurrence.given", subject="round:9999", by=HR, payload=payload)


def punished() -> None:
    project = Application.objects.filter(state__in=REGISTERED_ONCE, kind="base").order_by("id")[0]
    day = f"{project.year}-01-05"
    answers = project.answers | {
        "no_penalty": False,
        "penalties": [{"date": day, "kind": "administrative", "body": "某局", "reason": "某事"}],
    }
    Application.objects.filter(pk=project.pk).update(answers=answers)


def same_leader_twice() -> None:
    one, two = Title.objects.filter(kind="studio", state="titled").exclude(origin="")[:2]
    Title.objects.filter(pk=two.pk).update(leader_hash=one.leader_hash, former_names=[one.uscc])


def own_unit() -> None:
    sheet = ScoreSheet.objects.filter(state="signed").select_related("application")[0]
    Expert.objects.filter(seats=sheet.seat_id).update(unit_name=sheet.application.unit_name)


def lose_a_title() -> None:
    Title.objects.exclude(origin="").order_by("id")[0].delete()


def unsigned() -> None:
    sheet = ScoreSheet.objects.filter(state="signed")[0]
    ScoreSheet.objects.filter(pk=sheet.pk).update(state="draft", total=None)


def thaw(*models: type[Model]) -> None:
    """Switch off the triggers that freeze these tables, until the transaction is undone."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for model in models:
            cursor.execute(f"ALTER TABLE {model._meta.db_table} DISABLE TRIGGER USER")


BREAKS: dict[Callable[[], object], Callable[[], object]] = {
    order.only_edges: leap,
    order.only_the_declared_roles: wrong_hand,
    order.time_goes_on: back_in_time,
    order.both_departments_agreed: alone,
    order.each_department_speaks_for_itself: for_the_other,
    selection.registered_projects_are_eligible: punished,
    selection.existing_bases_are_in_the_register: lambda: Title.objects.filter(origin="").update(
        assessment="failed"
    ),
    selection.one_studio_per_leader_and_unit: same_leader_twice,
    selection.within_quota: lambda: Decision.objects.filter(selected=True).update(place=None),
    selection.versions_are_in_the_ledger: lambda: Version.objects.update(digest="0" * 64),
    selection.publicised_before_registered: lambda: Notice.objects.update(ends_on="2022-01-01"),
    selection.panels_were_drawn: lambda: Seat.objects.update(leaf="0" * 64),
    selection.nobody_judges_an_own_unit: own_unit,
    selection.enough_sheets: unsigned,
    selection.both_ministries_hold_the_same: lambda: Delivery.objects.filter(ministry="hr").update(
        digest="0" * 64
    ),
    selection.packages_are_whole: lambda: Package.objects.update(legacy_report=" "),
    selection.nothing_is_filed_late: lambda: Filing.objects.update(
        filed_at=clock.beijing(2030, 1, 1)
    ),
    selection.titles_and_projects_agree: lose_a_title,
}


@pytest.mark.django_db
def test_each_invariant_holds_and_each_can_fail(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    simulate(World(seed=3, provinces=some_provinces(3, 1), first=2022, last=2022, size=8))
    assert Application.objects.filter(track="existing_base", state__in=REGISTERED_ONCE).exists()
    found = dict(invariants.broken())
    assert len(found) >= 19
    assert {each.label: text for each, text in found.items() if text} == {}
    unbroken = {each.check for each in found} - set(BREAKS) - {selection.overlays_do_not_loosen}
    assert unbroken == set(), "an invariant without a way to break it"
    for check, breaks in BREAKS.items():
        assert list(check()) == []
        with transaction.atomic():
            thaw(Version, ScoreSheet)
            breaks()
            assert list(check()), f"{check.__name__} does not notice"
            transaction.set_rollback(True)
    Call.objects.update(overlay="37-2025")
    monkeypatch.setenv("JIANGXIN_POLICIES", str(loosening_policies(tmp_path)))
    assert list(selection.overlays_do_not_loosen())
