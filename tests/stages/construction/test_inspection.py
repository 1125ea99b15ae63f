"""双随机: projects and inspectors drawn in one ceremony, each record verifiable by anybody."""

import json
import re
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

import pytest

from jiangxin.core.draw.checking import verify
from jiangxin.core.draw.record import VoidReason
from jiangxin.core.draw.walk import SkipReason
from jiangxin.core.kernel import clock
from jiangxin.core.kernel.canonical import canonical
from jiangxin.core.kernel.errors import Invalid, NotFound, NotPermitted, Tampered, WrongState
from jiangxin.core.workflow import Role
from jiangxin.ops.fsck import stray_states
from jiangxin.ops.scenes.country import officer
from jiangxin.records.inbox.models import Message
from jiangxin.records.ledger.models import Event
from jiangxin.stages.application.models import Application
from jiangxin.stages.construction.actions import inspection, visits
from jiangxin.stages.construction.models import Construction, Finding, Inspection, Inspector, Visit
from jiangxin.stages.construction.queries import supervision
from jiangxin.stages.construction.queries.waiting import inspections_waiting, visits_waiting
from jiangxin.stages.experts.models import Expert
from tests.factories.construction import Site, drawn, pdf, unit_of, visited
from tests.factories.desk import official
from tests.factories.races import together

NOW = clock.beijing(2026, 3, 2, 9)
SEATS = {"technical": 1, "finance": 1}


@pytest.fixture
def rows(site: Site) -> list[Construction]:
    site.fill_pool()
    return [site.started(), site.started(), site.started()]


def opened(site: Site, **changes: object) -> Inspection:
    given = {"projects": 1, "seats": SEATS, "visit_by": date(2026, 4, 1)} | changes
    with clock.at(NOW):
        return inspection.open_inspection(viewer=site.hr, **given)


def test_projects_and_inspectors_are_drawn_and_every_record_holds(
    site: Site, rows: list[Construction], tmp_path: Path
) -> None:
    with clock.at(NOW):
        row = drawn(site, projects=2)
    found = list(row.visits.order_by("construction"))
    assert len(found) == 2
    assert {each.construction for each in found} < set(rows)
    for visit in found:
        fields = sorted(visit.inspectors.values_list("field", flat=True))
        assert fields == ["finance", "technical"]
        record = supervision.inspectors_record(site.supervisor, visit.pk)
        assert verify(record) == []
        assert not record["opened"]["named"]
        assert (
            record["seal"]
            == Event.objects.get(type="draw.committed").payload["lots"][visit.construction.subject]
        )
    projects = supervision.projects_record(site.supervisor, row.pk)
    assert verify(projects) == []
    event = Event.objects.get(type="draw.drawn")
    assert event.payload["digest"] == projects["digest"]
    place = tmp_path / "record.json"
    place.write_bytes(canonical(supervision.inspectors_record(site.hr, found[0].pk)))
    for program in (["-m", "jiangxin.ops.cli", "draw", "verify"], ["verifier/verify.py", "draw"]):
        done = subprocess.run(
            [sys.executable, *program, str(place)], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
    assert list(stray_states()) == []
    changed = json.loads(canonical(projects))
    changed["opened"]["walk"][0]["as"] = "substitute"
    assert verify(changed)


def test_who_is_tied_to_a_project_is_in_its_lot_and_stated_and_never_drawn_for_it(
    site: Site, rows: list[Construction]
) -> None:
    tied = Expert.objects.filter(province="37", field="finance").order_by("id")
    for expert in tied[:3]:
        expert.unit_name = rows[0].title.unit_name
        expert.save()
    with clock.at(NOW):
        row = drawn(site, projects=3)
    lot = row.lots.get(construction=rows[0])
    assert sorted(lot.excluded.values()) == ["recusal"] * 3
    assert row.lots.get(construction=rows[1]).excluded == {}
    seat = Inspector.objects.get(visit__construction=rows[0], field="finance")
    assert seat.expert == tied[3]


def test_too_few_after_recusal_name_project_and_field(site: Site, rows: list[Construction]) -> None:
    Expert.objects.filter(field="finance").update(unit_name=rows[1].title.unit_name)
    with pytest.raises(WrongState, match="财务需 1 人，可参加 0 人") as refused:
        opened(site)
    assert rows[1].title.name in refused.value.message
    assert not Inspection.objects.exists()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"projects": 0}, "projects"),
        ({"projects": 4}, "projects"),
        ({"seats": {"technical": 1}}, "seats"),
        ({"seats": {}}, "seats"),
        ({"seats": {"technical": 21}}, "seats"),
        ({"seats": {"technical": -1, "finance": 3}}, "seats"),
        ({"seats": {"nobody": 2}}, "seats"),
        ({"visit_by": date(2026, 3, 1)}, "visit_by"),
    ],
)
def test_numbers_without_sense_are_refused(
    site: Site, rows: list[Construction], changes: dict[str, object], field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        opened(site, **changes)
    assert refused.value.field == field
    assert not Inspection.objects.exists()


def test_only_what_is_being_built_stands_in_the_lot(site: Site, rows: list[Construction]) -> None:
    Application.objects.filter(pk=rows[0].project_id).update(state="accepted")
    rows[1].title.state = "revoked"
    rows[1].title.save()
    assert supervision.candidates("37") == [rows[2]]
    assert supervision.candidates("36") == []
    row = opened(site)
    assert [each.construction for each in row.lots.all()] == [rows[2]]


def test_one_runs_at_a_time_and_a_void_one_makes_room(site: Site, rows: list[Construction]) -> None:
    row = opened(site)
    with pytest.raises(WrongState, match="正在进行"):
        opened(site)
    with pytest.raises(Invalid):
        inspection.void(
            viewer=site.hr, inspection_id=row.pk, reason=VoidReason.INTERRUPTED, note=" "
        )
    inspection.void(
        viewer=site.hr, inspection_id=row.pk, reason=VoidReason.INTERRUPTED, note="停电"
    )
    again = opened(site)
    assert again.number == 2
    assert again.plan["session"] != row.plan["session"]


def test_the_ceremony_keeps_its_order(site: Site, rows: list[Construction]) -> None:
    row = opened(site)
    waiting = {
        role: inspections_waiting(viewer).rows.count()
        for role, viewer in (("hr", site.hr), ("super", site.supervisor))
    }
    assert waiting == {"hr": 1, "super": 1}
    assert not inspections_waiting(officer(Role.SUPERVISOR, "36")).rows.exists()
    assert not inspections_waiting(unit_of(rows[0].title)).rows.exists()
    given = {"inspection_id": row.pk}
    with pytest.raises(WrongState):
        inspection.close_commitments(viewer=site.hr, **given)
    secret = inspection.commit_for(viewer=site.hr, **given)
    assert re.fullmatch("[0-9a-f]{64}", secret)
    assert inspections_waiting(site.hr).rows.count() == 0
    with pytest.raises(WrongState):
        inspection.reveal(viewer=site.hr, secret=secret, **given)
    others = [
        (viewer, inspection.commit_for(viewer=viewer, **given))
        for viewer in (site.finance, site.supervisor)
    ]
    assert inspections_waiting(site.hr).rows.count() == 1
    inspection.close_commitments(viewer=site.finance, **given)
    with pytest.raises(Tampered):
        inspection.reveal(viewer=site.hr, secret=others[0][1], **given)
    with pytest.raises(WrongState, match="没有全部公开"):
        inspection.draw(viewer=site.hr, **given)
    for viewer, own in [(site.hr, secret), *others]:
        inspection.reveal(viewer=viewer, secret=own, **given)
    with pytest.raises(WrongState, match="不能作废"):
        inspection.void(viewer=site.hr, reason=VoidReason.INTERRUPTED, note="不满意", **given)
    assert inspections_waiting(site.supervisor).rows.count() == 1
    with clock.at(NOW):
        inspection.draw(viewer=site.supervisor, **given)
    assert not inspections_waiting(site.hr).rows.exists()
    assert visits_waiting(site.hr).rows.count() == 1
    for viewer in (unit_of(rows[0].title), officer(Role.MINISTRY_HR)):
        with pytest.raises(NotPermitted):
            inspection.commit_for(viewer=viewer, **given)
    with pytest.raises(NotFound):
        inspection.commit_for(viewer=officer(Role.PROVINCE_HR, "36"), **given)


def test_a_silent_party_is_named_in_the_void_record(site: Site, rows: list[Construction]) -> None:
    row = opened(site)
    given = {"inspection_id": row.pk}
    for viewer in (site.hr, site.finance, site.supervisor):
        inspection.commit_for(viewer=viewer, **given)
    inspection.close_commitments(viewer=site.hr, **given)
    with pytest.raises(WrongState, match="到期前不能"):
        inspection.void(viewer=site.hr, reason=VoidReason.WITHHELD, note="未到场", **given)
    with clock.at(clock.now() + timedelta(hours=24)):
        gone = inspection.void(viewer=site.hr, reason=VoidReason.WITHHELD, note="未到场", **given)
    assert gone.record is not None
    assert gone.record["void"]["parties"] == ["finance", "hr", "supervisor"]
    assert verify(gone.record) == []


def test_nobody_learns_who_comes_before_the_visit(site: Site, rows: list[Construction]) -> None:
    with clock.at(NOW):
        row = drawn(site)
        visit = row.visits.get()
        unit = unit_of(visit.construction.title)
        with pytest.raises(NotFound):
            supervision.visit(unit, visit.pk)
        assert not Message.objects.filter(unit__uscc=visit.construction.title.uscc).filter(
            title__contains="检查"
        )
        assert Message.objects.filter(person__isnull=False).count() == 2
        visited(site, visit)
        assert supervision.visit(unit, visit.pk).outcome == "sound"
        record = supervision.inspectors_record(site.hr, visit.pk)
    assert record["opened"]["named"]
    assert verify(record) == []
    told = str(list(Event.objects.values_list("payload", flat=True)))
    assert not any(each.expert.name in told for each in supervision.inspectors(visit))


def test_who_cannot_come_is_replaced_by_the_next_of_the_same_order(
    site: Site, rows: list[Construction]
) -> None:
    with clock.at(NOW):
        visit = drawn(site).visits.get()
        gone = visit.inspectors.get(field="technical")
        act = {"viewer": site.hr, "inspector_id": gone.pk, "reason": SkipReason.UNAVAILABLE}
        for changes in ({"note": " "}, {"reason": SkipReason.FIELD_FULL, "note": "x"}):
            with pytest.raises(Invalid):
                visits.replace_inspector(**(act | {"note": "出差"} | changes))
        newcomer = visits.replace_inspector(**act, note="出差")
        assert (newcomer.field, newcomer.place) == ("technical", gone.place)
        assert newcomer.expert_id != gone.expert_id
        assert verify(supervision.inspectors_record(site.hr, visit.pk)) == []
        with pytest.raises(WrongState):
            visits.replace_inspector(**act, note="出差")
        with pytest.raises(NotFound):
            visits.replace_inspector(
                **(act | {"viewer": officer(Role.PROVINCE_HR, "36")}), note="出差"
            )
        left = Expert.objects.filter(field="technical").count() - 2
        for _ in range(left):
            last = supervision.living(visit).get(field="technical")
            visits.replace_inspector(**(act | {"inspector_id": last.pk}), note="出差")
        last = supervision.living(visit).get(field="technical")
        with pytest.raises(WrongState, match="已无可递补"):
            visits.replace_inspector(**(act | {"inspector_id": last.pk}), note="出差")
    last.refresh_from_db()
    assert last.reason == ""


@pytest.fixture
def visit(site: Site, rows: list[Construction]) -> Visit:
    with clock.at(NOW):
        return drawn(site).visits.get()


def result(site: Site, visit: Visit, **changes: object) -> Visit:
    given = {
        "viewer": site.hr,
        "visit_id": visit.pk,
        "visited_on": NOW.date() + timedelta(days=3),
        "outcome": "problems",
        "result": "现场核对设备和台账。",
        "signed": [each.pk for each in visit.inspectors.all()],
        "files": [pdf("检查记录.pdf")],
        "problems": [visits.Problem(text="台账不全", clause="4.5", due=date(2026, 4, 1))],
    }
    with clock.at(NOW + timedelta(days=5)):
        return visits.report(**(given | changes))


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"files": []}, "file"),
        ({"signed": []}, "signed"),
        ({"result": " "}, "result"),
        ({"outcome": ""}, "outcome"),
        ({"outcome": "sound"}, "outcome"),
        ({"problems": []}, "problems"),
        ({"visited_on": NOW.date() - timedelta(days=1)}, "visited_on"),
        ({"visited_on": NOW.date() + timedelta(days=6)}, "visited_on"),
        ({"files": [pdf("a.exe")]}, "file"),
        ({"problems": [visits.Problem(text="x", clause="9.9", due=date(2026, 4, 1))]}, "clause"),
        ({"problems": [visits.Problem(text="x", clause="4.5", due=date(2026, 3, 1))]}, "due"),
    ],
    ids=str,
)
def test_a_result_without_sense_is_refused_and_nothing_is_kept(
    site: Site, visit: Visit, changes: dict[str, object], field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        result(site, visit, **changes)
    assert refused.value.field == field
    visit.refresh_from_db()
    assert visit.state == "planned"
    assert not Finding.objects.exists()
    assert not visit.files.exists()


def test_a_result_makes_its_findings_and_is_entered_once(site: Site, visit: Visit) -> None:
    done = result(site, visit, viewer=site.finance)
    finding = Finding.objects.get()
    assert (finding.visit, finding.title) == (visit, visit.construction.title)
    assert done.inspectors.filter(signed=True).count() == 2
    assert Message.objects.filter(title__contains="检查发现问题").count() == 1
    with pytest.raises(WrongState):
        result(site, visit)
    with pytest.raises(NotFound):
        result(site, visit, viewer=officer(Role.PROVINCE_HR, "36"))
    with pytest.raises(NotPermitted):
        result(site, visit, viewer=site.supervisor)
    assert not visits_waiting(site.hr).rows.exists()
    assert list(stray_states()) == []


def test_the_ceremony_and_the_visits_are_their_provinces(site: Site, visit: Visit) -> None:
    for viewer in (
        officer(Role.PROVINCE_HR, "36"),
        official(Role.EXPERT, "37"),
        unit_of(visit.construction.title),
    ):
        with pytest.raises(NotFound):
            supervision.inspection(viewer, visit.inspection_id)
    for viewer in (site.supervisor, officer(Role.MINISTRY_HR), officer(Role.AUDITOR)):
        assert supervision.inspection(viewer, visit.inspection_id).pk == visit.inspection_id


@pytest.mark.django_db(transaction=True)
def test_two_drawing_at_once_make_one_set_of_visits() -> None:
    from tests.factories.construction import make_site

    site = make_site()
    site.fill_pool()
    site.started()
    row = opened(site)
    people = (site.hr, site.finance, site.supervisor)
    own = [inspection.commit_for(viewer=each, inspection_id=row.pk) for each in people]
    inspection.close_commitments(viewer=site.hr, inspection_id=row.pk)
    for viewer, secret in zip(people, own, strict=True):
        inspection.reveal(viewer=viewer, inspection_id=row.pk, secret=secret)
    acts = [lambda one=one: inspection.draw(viewer=one, inspection_id=row.pk) for one in people]
    outcomes = together(acts, at=NOW)
    assert sorted(type(each).__name__ for each in outcomes) == [
        "Inspection",
        "WrongState",
        "WrongState",
    ]
    assert Visit.objects.count() == 1
    assert Inspector.objects.count() == 2
