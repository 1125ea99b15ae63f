"""Filing: whole, sealed by both, in time; two ministries on their own; one title."""

import io
import subprocess
import sys
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
from pypdf import PdfReader

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import Invalid, LimitReached, NotFound, WrongState
from jiangxin.core.proof.packages import package_problems, read_manifest
from jiangxin.core.workflow import MINISTRIES, Role
from jiangxin.ops.paths import ROOT
from jiangxin.ops.scenes.country import officer
from jiangxin.records.documents.models import Document
from jiangxin.records.documents.queries import read
from jiangxin.records.identity.viewer import PUBLIC, System
from jiangxin.records.ledger.models import Event
from jiangxin.stages.application.models import Application
from jiangxin.stages.filing import actions, completeness, queries, registration
from jiangxin.stages.filing.choices import Outcome
from jiangxin.stages.filing.models import Package, Registration
from jiangxin.stages.titles.actions import award
from jiangxin.stages.titles.models import Title
from tests.factories.year import Year, make_year

IN_TIME = clock.beijing(2025, 10, 20, 10)
DEADLINE = clock.beijing(2025, 11, 1)
LATER = clock.beijing(2025, 11, 20, 10)


@pytest.fixture
def year(db: None) -> Year:
    return make_year()


def filed(year: Year) -> Package:
    year.confirmed()
    with clock.at(IN_TIME):
        row = year.package()
        year.seal(row)
        return actions.file(viewer=year.hr, package_id=row.pk)


def receive(row: Package) -> None:
    for role in MINISTRIES:
        registration.receive(viewer=officer(role), package_id=row.pk)


def decide(
    row: Package, role: Role, project: Application, outcome: Outcome, reason: str = ""
) -> None:
    registration.register(
        viewer=officer(role),
        package_id=row.pk,
        application_id=project.pk,
        outcome=outcome,
        reason=reason,
    )


def projects() -> list[Application]:
    return list(Application.objects.filter(state="filed").order_by("id"))


def test_each_missing_part_is_named_with_its_clause(year: Year) -> None:
    year.published()
    row = actions.open_package(viewer=year.hr, call_id=year.call.pk)
    gaps = {part.norm: part.clause for part in completeness.missing(row)}
    assert gaps == {"N29": "3.1", "N36": "3.3", "N43": "4.2"}
    with pytest.raises(Invalid) as refused:
        actions.assemble(viewer=year.hr, package_id=row.pk)
    assert "2011—2020" in refused.value.message
    row.refresh_from_db()
    assert row.digest == ""


def test_both_departments_seal_what_is_assembled(year: Year) -> None:
    year.confirmed()
    with clock.at(IN_TIME):
        row = year.package()
        actions.concur(viewer=year.hr, package_id=row.pk, digest=row.digest, agreed=True)
        with pytest.raises(WrongState, match="财政"):
            actions.file(viewer=year.hr, package_id=row.pk)
        year.seal(row)
        actions.write_reports(
            viewer=year.hr,
            package_id=row.pk,
            legacy_report="改写的报告。" * 20,
            existing_report="",
        )
        with pytest.raises(WrongState):
            actions.file(viewer=year.hr, package_id=row.pk)
    assert not Application.objects.filter(state="filed").exists()


def test_nothing_files_from_midnight_of_31_october_on(year: Year) -> None:
    year.confirmed()
    with clock.at(IN_TIME):
        row = year.package()
        year.seal(row)
        assert not queries.is_late(year.call)
    with clock.at(DEADLINE):
        with pytest.raises(WrongState, match="逾期不报视为当年无申报项目") as refused:
            actions.file(viewer=year.hr, package_id=row.pk)
        assert queries.is_late(year.call)
    assert refused.value.clause == "3.3"
    row.refresh_from_db()
    assert (row.state, row.attempt) == ("assembling", 0)
    with clock.at(DEADLINE - timedelta(microseconds=1)):
        actions.file(viewer=year.hr, package_id=row.pk)
        assert not queries.is_late(year.call)


def test_the_archive_is_the_same_twice_and_any_change_is_found(year: Year, tmp_path: Path) -> None:
    year.confirmed()
    with clock.at(IN_TIME):
        first = year.package()
        data = read(first.archive)
        again = actions.assemble(viewer=year.hr, package_id=first.pk)
    assert read(again.archive) == data
    assert package_problems(data) == []
    file = tmp_path / "filing.zip"
    file.write_bytes(data)
    verifier = [sys.executable, ROOT / "verifier/verify.py", "filing", file]
    assert subprocess.run(verifier, check=False, capture_output=True).returncode == 0
    with zipfile.ZipFile(io.BytesIO(data)) as old:
        names = old.namelist()
        changed = io.BytesIO()
        with zipfile.ZipFile(changed, "w") as new:
            for name in names:
                content = old.read(name)
                new.writestr(name, content + b" " if name.endswith("/申报表.pdf") else content)
    assert package_problems(changed.getvalue())
    file.write_bytes(changed.getvalue())
    assert subprocess.run(verifier, check=False, capture_output=True).returncode != 0


def test_what_is_sent_carries_both_seals(year: Year, tmp_path: Path) -> None:
    row = filed(year)
    assembled = Document.objects.filter(name=row.filings.get().archive.name).order_by("id")[0]
    data = read(queries.archive(officer(Role.MINISTRY_HR), row.pk))
    manifest = read_manifest(data)
    assert manifest["digest"] == row.digest == read_manifest(read(assembled))["digest"]
    assert manifest["seals"] == {
        department: {"by": viewer.name, "at": IN_TIME.isoformat(), "digest": row.digest}
        for department, viewer in (("hr", year.hr), ("finance", year.finance))
    }
    assert "seals" not in read_manifest(read(assembled))
    assert package_problems(data) == []
    file = tmp_path / "filing.zip"
    file.write_bytes(data)
    verifier = [sys.executable, ROOT / "verifier/verify.py", "filing", file]
    assert subprocess.run(verifier, check=False, capture_output=True).returncode == 0
    assert read(queries.archive(year.hr, row.pk)) == data


def test_a_year_without_filing_is_put_on_record_once(year: Year) -> None:
    year.confirmed()
    with clock.at(DEADLINE - timedelta(microseconds=1)):
        assert actions.record_no_application() == []
        assert queries.no_application(year.hr) == []
    with clock.at(DEADLINE):
        assert queries.no_application(year.hr) == [year.call]
        assert queries.no_application(officer(Role.PROVINCE_HR, "36")) == []
        assert actions.record_no_application() == [year.call]
        assert actions.record_no_application() == []
    (event,) = Event.objects.filter(type="call.no_application")
    assert (event.subject, event.payload["year"]) == (year.call.subject, 2025)


def test_a_year_that_filed_is_not_on_record_as_empty(year: Year) -> None:
    filed(year)
    with clock.at(LATER):
        assert actions.record_no_application() == []
        assert queries.no_application(year.hr) == []
    assert not Event.objects.filter(type="call.no_application").exists()


def test_the_documents_say_what_happened(year: Year) -> None:
    year.confirmed()
    with clock.at(IN_TIME):
        row = year.package()
    with zipfile.ZipFile(io.BytesIO(read(row.archive))) as bundle:
        report = next(name for name in bundle.namelist() if "评审报告" in name)
        form = next(name for name in bundle.namelist() if name.endswith("/申报表.pdf"))
        texts = {}
        for name in (report, form):
            pages = PdfReader(io.BytesIO(bundle.read(name))).pages
            texts[name] = "".join("".join(page.extract_text().split()) for page in pages)
    for heading in ("项目申请情况", "评审专家组成", "评审方法", "评审结果", "公示情况"):
        assert heading in texts[report]
    project = Application.objects.filter(state="confirmed").order_by("id")[0]
    assert project.number in texts[form]
    from jiangxin.stages.application.queries import form_of
    from jiangxin.stages.application.sealing import opened_answers

    number = opened_answers(form_of(project), project.answers)["leader_id_number"]
    assert number not in texts[form]
    assert "公民身份号码以掩码显示" in texts[form]


def test_neither_ministry_knows_what_the_other_has_decided(year: Year) -> None:
    row = filed(year)
    with clock.at(LATER):
        receive(row)
        first, _ = projects()
        decide(row, Role.MINISTRY_HR, first, Outcome.REGISTERED)
    seen = {
        role: [(line.hr, line.finance) for line in queries.lines(officer(role), row)]
        for role in MINISTRIES
    }
    assert seen[Role.MINISTRY_FINANCE] == [(None, None), (None, None)]
    assert any(hr for hr, _ in seen[Role.MINISTRY_HR])
    for viewer in (year.hr, officer(Role.AUDITOR)):
        assert all(line.hr is None and line.finance is None for line in queries.lines(viewer, row))
    first.refresh_from_db()
    assert first.state == "filed"


def test_two_registrations_make_one_title(year: Year) -> None:
    row = filed(year)
    with clock.at(LATER):
        receive(row)
        for project in projects():
            for role in MINISTRIES:
                decide(row, role, project, Outcome.REGISTERED)
    row.refresh_from_db()
    assert row.state == "registered"
    assert Title.objects.count() == 2
    assert set(Application.objects.values_list("state", flat=True)) == {
        "registered",
        "not_selected",
    }


def test_a_ministry_receives_before_it_decides_and_decides_once(year: Year) -> None:
    row = filed(year)
    project = projects()[0]
    with clock.at(LATER):
        with pytest.raises(WrongState, match="先确认接收"):
            decide(row, Role.MINISTRY_HR, project, Outcome.REGISTERED)
        receive(row)
        with pytest.raises(Invalid, match="理由"):
            decide(row, Role.MINISTRY_HR, project, Outcome.RETURNED)
        decide(row, Role.MINISTRY_HR, project, Outcome.REGISTERED)
        with pytest.raises(WrongState, match="已对该项目作出结论"):
            decide(row, Role.MINISTRY_HR, project, Outcome.REGISTERED)
    assert Registration.objects.count() == 1


def test_a_returned_filing_may_be_supplemented_after_the_deadline(year: Year) -> None:
    row = filed(year)
    first, second = projects()
    with clock.at(LATER):
        receive(row)
        decide(row, Role.MINISTRY_FINANCE, first, Outcome.RETURNED, "缺少配套资金证明。")
        first.refresh_from_db()
        row.refresh_from_db()
        assert (first.state, row.state, row.digest) == ("filing_returned", "returned", "")
        again = year.package()
        year.seal(again)
        again = actions.file(viewer=year.hr, package_id=again.pk)
        assert again.attempt == 2
        receive(again)
        for project in (first, second):
            for role in MINISTRIES:
                decide(again, role, project, Outcome.REGISTERED)
    again.refresh_from_db()
    assert again.state == "registered"
    assert Title.objects.count() == 2


def test_n26_stops_the_second_title(year: Year) -> None:
    row = filed(year)
    project = projects()[0]
    award(
        by=System(),
        number="X1",
        kind="studio",
        track="studio",
        province="37",
        year=2025,
        name="同一带头人的工作室",
        unit_name=project.unit_name,
        uscc=project.unit.uscc,
        leader_name=project.leader_name,
        leader_hash=project.leader_hash,
    )
    with clock.at(LATER):
        receive(row)
        decide(row, Role.MINISTRY_HR, project, Outcome.REGISTERED)
        with pytest.raises(LimitReached, match="不能登记"):
            decide(row, Role.MINISTRY_FINANCE, project, Outcome.REGISTERED)
    project.refresh_from_db()
    assert project.state == "filed"
    assert Registration.objects.count() == 1


def test_nobody_else_sees_a_package(year: Year) -> None:
    year.confirmed()
    with clock.at(IN_TIME):
        row = year.package()
    assert queries.packages(year.hr).count() == 1
    for viewer in (officer(Role.PROVINCE_HR, "36"), officer(Role.MINISTRY_HR), PUBLIC):
        assert not queries.packages(viewer).exists()
        with pytest.raises(NotFound):
            queries.archive(viewer, row.pk)
