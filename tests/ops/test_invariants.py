"""Every invariant holds in a simulated country, and each one fails when its promise is broken by hand."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import connection, transaction
from django.db.models import F, Model

from jiangxin.core.kernel import clock
from jiangxin.core.workflow import REGISTERED_ONCE, Role
from jiangxin.ops import invariants
from jiangxin.ops.invariants import life, money, order, selection
from jiangxin.ops.simulate import building, changing, evaluation, legacy, simulate
from jiangxin.ops.simulate.world import World, some_provinces
from jiangxin.records.identity.viewer import Viewer
from jiangxin.records.ledger.actions import append
from jiangxin.stages.acceptance.models import Acceptance
from jiangxin.stages.accounts.models import Balance, Voucher
from jiangxin.stages.application.models import Application, Version
from jiangxin.stages.construction.models import Construction, Remark
from jiangxin.stages.experience.models import Experience
from jiangxin.stages.experts.models import Expert
from jiangxin.stages.filing.models import Delivery, Filing, Package
from jiangxin.stages.funding.choices import Leg
from jiangxin.stages.funding.models import Payment, PlanLine
from jiangxin.stages.programme.models import Call
from jiangxin.stages.publicity.models import Notice
from jiangxin.stages.rectification.models import Attempt, Rectification
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
    one, two = Title.objects.filter(kind="studio").order_by("id")[:2]
    same = {"state": "titled", "leader_hash": "a" * 64}
    Title.objects.filter(pk=one.pk).update(**same)
    Title.objects.filter(pk=two.pk).update(former_names=[one.uscc], **same)


def own_unit() -> None:
    sheet = ScoreSheet.objects.filter(state="signed").select_related("application")[0]
    Expert.objects.filter(seats=sheet.seat_id).update(unit_name=sheet.application.unit_name)


def lose_a_title() -> None:
    Title.objects.filter(pk=NEW.order_by("id")[0].pk).update(origin="")


def unsigned() -> None:
    sheet = ScoreSheet.objects.filter(state="signed")[0]
    ScoreSheet.objects.filter(pk=sheet.pk).update(state="draft", total=None)


def drop(constraint: str, model: type[Model]) -> None:
    """What the database itself refuses can be broken without this constraint only."""
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {model._meta.db_table} DROP CONSTRAINT {constraint}")


def mixed_up() -> None:
    drop("payment_leg_of_its_source", Payment)
    Payment.objects.filter(leg=Leg.LOCAL).update(source="own")


def same_hand() -> None:
    drop("rectification_checked_by_another", Attempt)
    Attempt.objects.exclude(checked_by="").update(checked_by=F("actor"))


def unapproved() -> None:
    row = Experience.objects.filter(state="published").order_by("id")[0]
    row.pk = None
    row.save(force_insert=True)


def thaw(*models: type[Model]) -> None:
    """Switch off the triggers that freeze these tables, until the transaction is undone."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for model in models:
            cursor.execute(f"ALTER TABLE {model._meta.db_table} DISABLE TRIGGER USER")


NEW = Title.objects.exclude(origin="")
# So that everything that can happen happens to the few titles of one province.
LIVELY = {
    building: {"PROBLEMS": 1.0, "EXTENDS": 0.5},
    changing: {"TELLS": 1.0, "CHANGES": 0.5},
    evaluation: {"FAILS": 0.8, "MENDS": 0.5, "SILENT": 0.0},
    legacy: {"FAILS": 0.3},
}
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
    money.plans_hold_last_years_titles: lambda: NEW.update(year=2030),
    money.amounts_are_in_the_band: lambda: PlanLine.objects.update(amount=1),
    money.nothing_is_paid_before_it_arrives: lambda: Payment.objects.filter(leg=Leg.TO_UNIT).update(
        on="2000-01-01"
    ),
    money.sources_are_kept_apart: mixed_up,
    money.other_uses_are_flagged: lambda: Voucher.objects.update(
        category="other", reason="其他支出"
    ),
    money.bills_twice_are_flagged: lambda: Voucher.objects.update(invoice_key="同一张"),
    money.balances_agree: lambda: Balance.objects.filter(spent__gt=0).update(spent=F("spent") - 1),
    life.building_ends_in_time: lambda: Construction.objects.update(
        first_due="2099-01-01", due="2099-01-01"
    ),
    life.goals_are_frozen: lambda: Construction.objects.update(digest=""),
    life.findings_are_closed_by_another: lambda: Remark.objects.update(actor="user:1"),
    life.accepted_after_the_end: lambda: Acceptance.objects.update(
        applied_at=clock.beijing(2020, 1, 1)
    ),
    life.mending_within_a_year: lambda: Rectification.objects.exclude(ends_on=None).update(
        ends_on="2099-01-01"
    ),
    life.rechecked_by_another: same_hand,
    life.no_revocation_without_a_hearing: lambda: NEW.filter(state="titled").update(
        state="revoked"
    ),
    life.revoked_only_after_the_term: lambda: Rectification.objects.filter(state="expired").update(
        ends_on="2099-01-01"
    ),
    life.title_and_project_end_together: lambda: NEW.filter(state="titled").update(state="ended"),
    life.assessments_are_in_the_register: lambda: Title.objects.filter(assessment="passed").update(
        assessment="failed"
    ),
    life.only_legacy_is_assessed: lambda: Title.objects.filter(origin="").update(year=2024),
    life.experience_was_approved: unapproved,
}


@pytest.mark.django_db
def test_each_invariant_holds_and_each_can_fail(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module, rates in LIVELY.items():
        for name, rate in rates.items():
            monkeypatch.setattr(module, name, rate)
    world = World(seed=3, provinces=some_provinces(3, 1), first=2022, last=2023, size=6)
    simulate(world, until=clock.beijing(2028, 1, 1))
    assert Application.objects.filter(track="existing_base", state__in=REGISTERED_ONCE).exists()
    found = dict(invariants.broken())
    assert len(found) >= 38
    assert {each.label: text for each, text in found.items() if text} == {}
    unbroken = {each.check for each in found} - set(BREAKS) - {selection.overlays_do_not_loosen}
    assert unbroken == set(), "an invariant without a way to break it"
    blind = []
    for check, breaks in BREAKS.items():
        assert list(check()) == []
        with transaction.atomic():
            thaw(Version, ScoreSheet, PlanLine, Payment, Voucher, Remark, Acceptance, Construction)
            breaks()
            if not list(check()):
                blind.append(check.__name__)
            transaction.set_rollback(True)
    assert blind == [], "these do not notice"
    Call.objects.update(overlay="37-2025")
    monkeypatch.setenv("JIANGXIN_POLICIES", str(loosening_policies(tmp_path)))
    assert list(selection.overlays_do_not_loosen())
