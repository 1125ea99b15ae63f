"""Findings: raised with clause and date, closed by another than who mends; activities by function."""

from datetime import date, timedelta

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import Invalid, NotFound, NotPermitted, WrongState
from jiangxin.core.workflow import Role
from jiangxin.ops.fsck import stray_states
from jiangxin.ops.scenes.country import officer
from jiangxin.records.identity.models import User
from jiangxin.records.inbox.models import Message
from jiangxin.records.ledger.models import Event
from jiangxin.stages.construction import queries
from jiangxin.stages.construction.actions import activities, findings
from jiangxin.stages.construction.models import Activity, Finding
from jiangxin.stages.construction.queries import supervision
from jiangxin.stages.construction.queries.files import file
from jiangxin.stages.construction.queries.lateness import LateKind
from jiangxin.stages.construction.queries.waiting import findings_waiting
from jiangxin.stages.titles.models import Title
from tests.factories.construction import Site, pdf, unit_of
from tests.factories.races import together

NOW = clock.beijing(2026, 3, 2, 9)
DUE = date(2026, 4, 1)


@pytest.fixture
def title(site: Site) -> Title:
    return site.started().title


def raised(site: Site, title: Title, **changes: object) -> Finding:
    given = {"text": "专项资金没有单独核算", "clause": "4.5", "due": DUE} | changes
    with clock.at(NOW):
        return findings.raise_finding(viewer=site.hr, title_id=title.pk, **given)


def answered(title: Title, row: Finding) -> Finding:
    with clock.at(NOW + timedelta(days=3)):
        return findings.answer(
            viewer=unit_of(title), finding_id=row.pk, text="已建立专账。", files=[pdf("专账.pdf")]
        )


def test_from_raised_to_closed_with_everything_said(site: Site, title: Title) -> None:
    row, unit = raised(site, title), unit_of(title)
    told = Message.objects.get(title__contains="检查发现问题")
    assert (told.due, told.unit_id) == (DUE, unit.organisation_id)
    assert findings_waiting(unit).rows.count() == 1
    assert not findings_waiting(site.hr).rows.exists()
    answered(title, row)
    assert not findings_waiting(unit).rows.exists()
    assert findings_waiting(site.finance).rows.count() == 1
    with clock.at(NOW + timedelta(days=5)):
        with pytest.raises(Invalid) as refused:
            findings.reopen(viewer=site.hr, finding_id=row.pk, reason=" ")
        assert refused.value.field == "reason"
        with pytest.raises(Invalid) as refused:
            findings.reopen(
                viewer=site.hr, finding_id=row.pk, reason="凭证不全", due=date(2026, 3, 1)
            )
        assert refused.value.field == "due"
        findings.reopen(viewer=site.hr, finding_id=row.pk, reason="凭证不全", due=date(2026, 5, 1))
    row.refresh_from_db()
    assert (row.state, row.due) == ("open", date(2026, 5, 1))
    answered(title, row)
    with clock.at(NOW + timedelta(days=9)):
        findings.close(viewer=site.finance, finding_id=row.pk, remark="属实")
    words = [(each.word, each.text) for each in supervision.remarks(row)]
    assert words == [
        ("answered", "已建立专账。"),
        ("reopened", "凭证不全"),
        ("answered", "已建立专账。"),
        ("closed", "属实"),
    ]
    assert list(stray_states()) == []
    payloads = str(list(Event.objects.values_list("payload", flat=True)))
    assert "单独核算" not in payloads
    assert "凭证" not in payloads


def test_who_mended_does_not_close_not_even_by_another_account(site: Site, title: Title) -> None:
    row = raised(site, title)
    answered(title, row)
    unit, hr = unit_of(title), site.hr
    for name in ("close", "reopen"):
        more = {"reason": "理由"} if name == "reopen" else {}
        with pytest.raises(NotPermitted):
            getattr(findings, name)(viewer=unit, finding_id=row.pk, **more)
    User.objects.filter(pk__in=[unit.user_id, hr.user_id]).update(name="李四", phone="13900000000")
    with pytest.raises(NotPermitted, match="整改人不能") as refused:
        findings.close(viewer=hr, finding_id=row.pk)
    assert refused.value.clause == "4.1"
    row.refresh_from_db()
    assert row.state == "answered"
    with pytest.raises(IntegrityError, match="finding_closed_by_another"), transaction.atomic():
        Finding.objects.filter(pk=row.pk).update(state="closed", closed_by=unit.actor)
    findings.close(viewer=site.finance, finding_id=row.pk)


def test_steps_out_of_order_are_refused(site: Site, title: Title) -> None:
    row = raised(site, title)
    with pytest.raises(WrongState):
        findings.close(viewer=site.hr, finding_id=row.pk)
    with pytest.raises(WrongState):
        findings.reopen(viewer=site.hr, finding_id=row.pk, reason="理由")
    with pytest.raises(Invalid) as refused:
        findings.answer(viewer=unit_of(title), finding_id=row.pk, text=" ")
    assert refused.value.field == "text"
    with pytest.raises(NotPermitted):
        findings.answer(viewer=site.hr, finding_id=row.pk, text="代答")
    answered(title, row)
    with pytest.raises(WrongState):
        answered(title, row)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"text": " "}, "text"),
        ({"text": "长" * 2001}, "text"),
        ({"clause": "8.8"}, "clause"),
        ({"clause": ""}, "clause"),
        ({"due": date(2026, 3, 1)}, "due"),
    ],
)
def test_a_finding_without_sense_is_refused(
    site: Site, title: Title, changes: dict[str, object], field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        raised(site, title, **changes)
    assert refused.value.field == field
    assert not Finding.objects.exists()


def test_findings_are_their_provinces_and_their_units(site: Site, title: Title) -> None:
    row = raised(site, title)
    answered(title, row)
    other = site.registered()
    held = supervision.remarks(row)[0].files.get().document_id
    assert file(site.supervisor, held).pk == held
    for stranger in (officer(Role.PROVINCE_HR, "36"), unit_of(other)):
        assert not supervision.findings(stranger).exists()
        with pytest.raises(NotFound):
            supervision.finding(stranger, row.pk)
        with pytest.raises(NotFound):
            file(stranger, held)
    with pytest.raises(NotFound):
        findings.raise_finding(
            viewer=officer(Role.PROVINCE_HR, "36"),
            title_id=title.pk,
            text="越权",
            clause="4.5",
            due=DUE,
        )
    for viewer in (unit_of(title), site.supervisor, officer(Role.MINISTRY_HR)):
        with pytest.raises(NotPermitted):
            findings.raise_finding(
                viewer=viewer, title_id=title.pk, text="越权", clause="4.5", due=DUE
            )


def test_what_is_not_mended_in_time_is_late_and_nothing_is_deleted(
    site: Site, title: Title
) -> None:
    row = raised(site, title)

    def late() -> list[int]:
        found = queries.overdue(site.hr, title)
        return [each.pk for each in found if each.kind == LateKind.FINDING]

    with clock.at(clock.end_of(DUE) - timedelta(seconds=1)):
        assert late() == []
    with clock.at(clock.end_of(DUE)):
        assert late() == [row.pk]
        findings.answer(viewer=unit_of(title), finding_id=row.pk, text="已改")
        assert late() == []
    for change in (
        lambda: Finding.objects.filter(pk=row.pk).delete(),
        lambda: row.remarks.update(text="改"),
        lambda: row.remarks.all().delete(),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()


def test_a_title_that_is_gone_gets_no_new_finding(site: Site, title: Title) -> None:
    Title.objects.filter(pk=title.pk).update(state="revoked")
    with pytest.raises(WrongState):
        raised(site, title)


@pytest.mark.django_db(transaction=True)
def test_of_two_checking_at_once_one_word_stands() -> None:
    from tests.factories.construction import make_site

    site = make_site()
    title = site.started().title
    row = raised(site, title)
    answered(title, row)
    hr, finance = site.both
    outcomes = together(
        [
            lambda: findings.close(viewer=hr, finding_id=row.pk),
            lambda: findings.reopen(viewer=finance, finding_id=row.pk, reason="不足"),
        ],
        at=NOW + timedelta(days=5),
    )
    assert sorted(type(each).__name__ for each in outcomes) == ["Finding", "WrongState"]
    assert row.remarks.count() == 2
    assert list(stray_states()) == []


# --- activities -----------------------------------------------------------------------------------------


def held(title: Title, **changes: object) -> Activity:
    given = {
        "function": "skill_training",
        "held_on": date(2026, 2, 1),
        "name": "数控高级工培训班",
        "persons": 120,
    } | changes
    with clock.at(NOW):
        return activities.record(viewer=unit_of(title), title_id=title.pk, **given)


def test_activities_are_counted_by_the_five_functions(site: Site, title: Title) -> None:
    other = site.registered()
    held(title)
    held(title, persons=30, files=[pdf("签到.pdf")])
    held(title, function="craft_spirit", persons=500)
    wrong = held(other, function="skill_exchange")

    def counts(viewer: object, of: Title | None = None) -> dict[str, tuple[int, int, int]]:
        return {
            each.function: (each.activities, each.persons, each.titles)
            for each in queries.activities_by_function(viewer, of)
        }

    assert counts(site.hr) == {
        "skill_training": (2, 150, 1),
        "skill_evaluation": (0, 0, 0),
        "skill_competition": (0, 0, 0),
        "skill_exchange": (1, 120, 1),
        "craft_spirit": (1, 500, 1),
    }
    assert counts(site.hr, title)["skill_exchange"] == (0, 0, 0)
    assert counts(unit_of(title)) == counts(site.hr, title)
    assert set(counts(officer(Role.PROVINCE_HR, "36")).values()) == {(0, 0, 0)}
    with pytest.raises(Invalid):
        activities.void(viewer=unit_of(other), activity_id=wrong.pk, reason=" ")
    with pytest.raises(NotFound):
        activities.void(viewer=unit_of(title), activity_id=wrong.pk, reason="误填")
    activities.void(viewer=unit_of(other), activity_id=wrong.pk, reason="误填")
    assert counts(site.hr)["skill_exchange"] == (0, 0, 0)
    with pytest.raises(WrongState):
        activities.void(viewer=unit_of(other), activity_id=wrong.pk, reason="误填")
    with pytest.raises(DatabaseError), transaction.atomic():
        Activity.objects.all().delete()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"function": "dancing"}, "function"),
        ({"held_on": date(2026, 3, 3)}, "held_on"),
        ({"held_on": date(2024, 12, 31)}, "held_on"),
        ({"name": " "}, "name"),
        ({"persons": 0}, "persons"),
        ({"persons": 1_000_001}, "persons"),
        ({"files": [pdf("a.exe")]}, "file"),
    ],
    ids=str,
)
def test_an_activity_without_sense_is_refused(
    title: Title, changes: dict[str, object], field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        held(title, **changes)
    assert refused.value.field == field
    assert not Activity.objects.exists()


def test_what_this_stage_holds_is_named_for_the_timeline(site: Site, title: Title) -> None:
    row, activity = raised(site, title), held(title)
    found = queries.subjects_of(title)
    assert {row.subject, activity.subject} < set(found)
    assert Event.objects.filter(subject__in=found).count() == 3
