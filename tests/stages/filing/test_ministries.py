"""What a ministry sees of a filing, and what stays hidden: drafts, the other's word, other provinces."""

import json

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.canonical import canonical
from jiangxin.core.kernel.errors import Invalid, NotFound, NotPermitted, WrongState
from jiangxin.core.workflow import MINISTRIES, Role
from jiangxin.ops.scenes.country import officer
from jiangxin.records.documents.queries import read
from jiangxin.records.identity.viewer import PUBLIC
from jiangxin.records.ledger.models import Event
from jiangxin.stages.application.models import Application
from jiangxin.stages.application.queries import recent_events, timeline
from jiangxin.stages.filing import actions, queries, registration
from jiangxin.stages.filing.choices import Outcome
from jiangxin.stages.filing.models import Filing, Package, Registration
from jiangxin.stages.titles.models import Title
from tests.factories.year import Year, make_year

pytestmark = pytest.mark.django_db
IN_TIME = clock.beijing(2025, 10, 20, 10)
LATER = clock.beijing(2025, 11, 20, 10)
HR, FINANCE = MINISTRIES


@pytest.fixture
def year() -> Year:
    return make_year()


@pytest.fixture
def filed(year: Year) -> Package:
    year.confirmed()
    with clock.at(IN_TIME):
        row = year.package()
        year.seal(row)
        return actions.file(viewer=year.hr, package_id=row.pk)


def receive(row: Package, *roles: Role) -> None:
    for role in roles or MINISTRIES:
        registration.receive(viewer=officer(role), package_id=row.pk)


def decide(
    row: Package, role: Role, outcome: Outcome, *chosen: Application, reason: str = ""
) -> None:
    registration.register_many(
        viewer=officer(role),
        package_id=row.pk,
        application_ids=[each.pk for each in chosen],
        outcome=outcome,
        reason=reason,
    )


def both_projects() -> list[Application]:
    return list(Application.objects.filter(state="filed").order_by("id"))


def refile(year: Year) -> Package:
    row = year.package()
    year.seal(row)
    return actions.file(viewer=year.hr, package_id=row.pk)


def test_both_ministries_hold_the_digest_that_was_filed(filed: Package) -> None:
    digest = filed.digest
    with clock.at(LATER):
        receive(filed)
        receive(filed, HR)  # twice finds the first
    held = queries.deliveries(filed)
    assert {name: each.digest for name, each in held.items()} == {"hr": digest, "finance": digest}
    assert Event.objects.filter(type="package.received", payload__digest=digest).count() == 2


def test_a_spoilt_archive_is_not_received(filed: Package) -> None:
    path = filed.archive.path
    data = bytearray(read(filed.archive))
    data[len(data) // 2] ^= 1
    default_storage.delete(path)
    default_storage.save(path, ContentFile(bytes(data)))
    with pytest.raises(WrongState, match="核验不通过"):
        receive(filed, HR)
    assert queries.deliveries(filed) == {}
    assert queries.problems_of(Filing.objects.get())


def test_nothing_pending_shows_in_histories_counts_or_searches(year: Year, filed: Package) -> None:
    """The first decision leaves no trace that the other ministry or the province could read."""
    first, second = both_projects()
    with clock.at(LATER):
        receive(filed)
        before = seen_by_others(year, first)
        decide(filed, HR, Outcome.REGISTERED, first)
        assert Registration.objects.count() == 1
        assert seen_by_others(year, first) == before
        own = queries.lines(officer(HR), filed)
        assert [line.undecided for line in own] == [False, True]
        decide(filed, FINANCE, Outcome.REGISTERED, first)
    for viewer in (officer(HR), officer(FINANCE), year.finance, officer(Role.AUDITOR)):
        line = next(x for x in queries.lines(viewer, filed) if x.project == first)
        assert line.hr and line.finance
        other = next(x for x in queries.lines(viewer, filed) if x.project == second)
        assert not (other.hr or other.finance)


def seen_by_others(year: Year, project: Application) -> list[object]:
    viewers = (officer(FINANCE), year.hr, officer(Role.AUDITOR))
    package = Package.objects.get()
    project.refresh_from_db()
    found: list[object] = [project.state, package.state]
    for viewer in viewers:
        found += [(x.project.pk, x.hr, x.finance) for x in queries.lines(viewer, package)]
        found.append(list(queries.packages(viewer).values_list("pk", "state")))
        found += [event.type for event, _ in recent_events(viewer, year=2025)]
    found.append(queries.waiting(officer(FINANCE), 2025))
    found.append(queries.packages_waiting(officer(FINANCE)).rows.count())
    return [*found, *(event.type for event in timeline(project))]


def test_the_ledger_tells_a_decision_without_project_or_outcome(filed: Package) -> None:
    first, _ = both_projects()
    with clock.at(LATER):
        receive(filed)
        decide(filed, HR, Outcome.REGISTERED, first)
    event = Event.objects.get(type="registration.decided")
    said = Registration.objects.get()
    assert event.subject == said.subject
    told = canonical(event.canonical()).decode()
    assert first.subject not in told
    assert first.number not in told
    assert "registered" not in json.dumps(event.payload)


def test_a_second_filing_hides_what_was_decided_on_it_anew(year: Year, filed: Package) -> None:
    """The old word of one ministry must not open the new word of the other."""
    first, _ = both_projects()
    with clock.at(LATER):
        receive(filed)
        decide(filed, FINANCE, Outcome.REGISTERED, first)
        decide(filed, HR, Outcome.RETURNED, first, reason="预算与任务不符。")
        line = next(x for x in queries.lines(officer(FINANCE), filed) if x.project.pk == first.pk)
        assert line.hr is not None
        assert line.hr.reason == "预算与任务不符。"
        again = refile(year)
        receive(again)
        decide(again, HR, Outcome.REGISTERED, first)
        line = next(x for x in queries.lines(officer(FINANCE), again) if x.project.pk == first.pk)
        assert (line.hr, line.finance, line.undecided) == (None, None, True)
        decide(again, FINANCE, Outcome.REGISTERED, first)
    assert Title.objects.count() == 1
    assert Registration.objects.filter(void_at=None).count() == 2


def test_what_was_not_returned_keeps_its_first_decision(year: Year, filed: Package) -> None:
    first, second = both_projects()
    with clock.at(LATER):
        receive(filed)
        decide(filed, HR, Outcome.REGISTERED, second)
        decide(filed, FINANCE, Outcome.RETURNED, first, reason="请补充佐证。")
        again = refile(year)
        assert [item["number"] for item in again.manifest["projects"]] == [first.number]
        receive(again)
        decide(again, FINANCE, Outcome.REGISTERED, second)
    assert Title.objects.filter(origin=second.subject).count() == 1


def test_what_is_assembled_anew_is_no_ministry_s_business_before_it_is_filed(
    year: Year, filed: Package
) -> None:
    first, _ = both_projects()
    with clock.at(LATER):
        receive(filed)
        decide(filed, HR, Outcome.RETURNED, first, reason="请补充。")
        draft = year.package()
        kept = Filing.objects.get()
        for viewer in (officer(HR), officer(FINANCE), officer(Role.AUDITOR)):
            assert queries.archive(viewer, filed.pk).pk == kept.archive_id != draft.archive_id
            assert queries.latest(viewer, filed.pk)[-1].digest != draft.digest
        assert queries.archive(year.finance, filed.pk).pk == draft.archive_id
        sent = refile(year)
    assert [each.attempt for each in queries.filings(officer(HR), filed.pk)] == [1, 2]
    assert queries.archive(officer(HR), filed.pk).pk == sent.archive_id


def test_all_or_none(filed: Package) -> None:
    first, second = both_projects()
    with clock.at(LATER):
        receive(filed)
        decide(filed, HR, Outcome.REGISTERED, second)
        with pytest.raises(WrongState, match="已对该项目作出结论"):
            decide(filed, HR, Outcome.REGISTERED, first, second)
        assert Registration.objects.count() == 1
        with pytest.raises(Invalid, match="理由"):
            decide(filed, FINANCE, Outcome.RETURNED, first, second, reason="  ")
    assert Registration.objects.count() == 1
    assert {each.state for each in both_projects()} == {"filed"}


def test_others_neither_receive_nor_decide(year: Year, filed: Package) -> None:
    first, _ = both_projects()
    for viewer in (year.hr, year.finance, officer(Role.AUDITOR), PUBLIC):
        with pytest.raises(NotPermitted):
            registration.receive(viewer=viewer, package_id=filed.pk)
        with pytest.raises(NotPermitted):
            registration.register(
                viewer=viewer,
                package_id=filed.pk,
                application_id=first.pk,
                outcome=Outcome.REGISTERED,
            )


def test_files_come_out_of_the_archive_by_the_manifest_only(year: Year, filed: Package) -> None:
    project = both_projects()[0]
    paths = queries.files_by_project(Filing.objects.get())[project.number]
    form = next(path for path in paths if path.endswith("申报表.pdf") and "佐证" not in path)
    found = queries.packed_file(officer(HR), filed.pk, form)
    assert (found.name, found.media_type) == ("申报表.pdf", "application/pdf")
    assert found.data.startswith(b"%PDF")
    for path in ("manifest.json", "../etc/passwd", "", "10-项目"):
        with pytest.raises(NotFound):
            queries.packed_file(officer(HR), filed.pk, path)
    with pytest.raises(NotFound):
        queries.packed_file(officer(Role.PROVINCE_HR, "36"), filed.pk, form)
