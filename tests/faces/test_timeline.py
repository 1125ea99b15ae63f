"""The timeline of a project and its title: everything for its officials, nothing hidden for others."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from jiangxin.core.kernel import clock
from jiangxin.core.workflow import Role
from jiangxin.ops.scenes.country import officer
from jiangxin.records.identity.models import Organisation
from jiangxin.records.identity.viewer import Viewer
from jiangxin.records.ledger.actions import append
from jiangxin.records.ledger.models import Event
from jiangxin.stages.application.models import Application
from jiangxin.stages.publicity.story import (
    PUBLIC_EVENTS,
    project_story,
    public_story,
    title_story,
)
from jiangxin.stages.titles.models import Title
from jiangxin.stages.titles.queries import subjects_about
from tests.factories.applications import unit_of
from tests.factories.desk import client_of, official, text_of
from tests.factories.portal import titles
from tests.factories.year import PUBLISHED, Year, make_year

pytestmark = pytest.mark.django_db


@pytest.fixture
def year(db: None) -> Year:
    return make_year(2)


def get(viewer: Viewer, name: str, number: int) -> str:
    answer = client_of(viewer).get(reverse(name, args=[number]))
    assert answer.status_code == 200
    return text_of(answer)


def types(viewer: Viewer, project: Application) -> list[str]:
    return [each.type for each in project_story(viewer, project.pk).events]


def titled(project: Application) -> Title:
    """A title of the project, as registration awards it."""
    from jiangxin.records.identity.viewer import System
    from jiangxin.stages.titles.actions import award

    return award(
        by=System(),
        number="2025370G1",
        kind=project.kind,
        track=project.track,
        province=project.province,
        year=project.year,
        name=project.title,
        unit_name=project.unit_name,
        uscc=project.unit.uscc,
        origin=project.subject,
    )


def test_officials_read_the_whole_way_from_the_first_draft(year: Year) -> None:
    project = Application.objects.filter(state="proposed").get()
    page = get(year.hr, "desk-timeline", project.pk)
    for label in ("建立申报", "提交", "判定", "资格审查通过", "进入专家评审", "确定为拟推荐项目"):
        assert f"<strong>{label}</strong>" in page
    assert "2025 年" in page
    assert "账册序号" in page
    moments = [each.at for each in project_story(year.hr, project.pk).events]
    assert moments == sorted(moments)


def test_a_unit_learns_of_the_selection_only_when_it_is_published(year: Year) -> None:
    project = Application.objects.filter(state="proposed").get()
    other = Application.objects.filter(state="not_selected").get()
    for each, hidden in ((project, "确定为拟推荐项目"), (other, "确定为未入选")):
        page = get(unit_of(each), "my-timeline", each.pk)
        assert "完成专家评审" in page
        assert hidden not in page
        assert "拟推荐" not in page
        assert "未入选" not in page
        assert hidden in get(year.hr, "desk-timeline", each.pk), "it is there to be hidden"
    year.published()
    assert "确定为拟推荐项目" in get(unit_of(project), "my-timeline", project.pk)
    assert "确定为未入选" in get(unit_of(other), "my-timeline", other.pk)


def test_a_unit_never_sees_words_verdicts_and_persons(year: Year) -> None:
    project = Application.objects.filter(state="proposed").get()
    year.published()
    seen = set(types(unit_of(project), project))
    assert "examination.judged" in types(year.hr, project)
    assert not {each for each in seen if each.startswith(("examination.", "concurrence."))}
    assert {"project.begun", "project.submitted", "project.publicised"} <= seen
    page = get(unit_of(project), "my-timeline", project.pk)
    assert year.hr.name not in page
    assert "账册序号" not in page


def test_the_hidden_stays_hidden_on_a_title(year: Year, monkeypatch: Any) -> None:
    project = Application.objects.filter(state="proposed").get()
    unit = unit_of(project)
    title = titled(project)
    ministry = official(Role.MINISTRY_HR)
    hidden = {
        "revocation.proposed_for": "revocation:5",
        "revocation.dismissed": "revocation:5",
        "assessment.judged": "assessment:5",
        "concurrence.given": "claim:5",
    }
    monkeypatch.setattr(
        "jiangxin.stages.publicity.story.subjects_about", lambda _: sorted(set(hidden.values()))
    )
    for type_, subject in hidden.items():
        by = ministry if subject == "claim:5" else year.hr
        append(type=type_, subject=subject, by=by, payload={"department": "hr", "agreed": True})
    append(type="claim.checked", subject="claim:5", by=year.hr)

    def found(viewer: Viewer) -> set[str]:
        return {each.type for each in title_story(viewer, title.pk).events}

    assert set(hidden) <= found(ministry)
    assert set(hidden) - found(year.hr) == {"concurrence.given"}, "a ministry's word alone"
    assert not set(hidden) & found(unit)
    assert {"claim.checked", "title.awarded", "project.submitted"} <= found(unit)
    assert {each.type for each in public_story(title)} <= PUBLIC_EVENTS
    append(type="revocation.noticed", subject="revocation:5", by=year.hr)
    assert set(hidden) & found(unit) == {"revocation.dismissed"}, "told of it, so told how it ended"


def test_the_public_reads_what_is_public_and_nothing_else(year: Year) -> None:
    project = Application.objects.filter(state="proposed").get()
    title = titled(project)
    year.published()
    append(type="title.secret_note", subject=title.subject, by=year.hr)
    answer = client_of(official(Role.EXPERT, "37")).get(reverse("portal-title", args=[title.pk]))
    page = text_of(answer)
    assert "两部备案登记，列入名录" in page
    assert "其他记录" not in page
    for label in ("资格审查", "专家评审", "提交", "会商"):
        assert label not in page.split("称号记录")[1].split("</ol>")[0]


def test_everything_that_hangs_on_a_title_is_found_by_itself() -> None:
    from django.apps import apps

    from jiangxin.stages.titles.queries import _hanging

    known = {model: kind for model, _, kind in _hanging()}
    for model in apps.get_models():
        machine = getattr(model, "MACHINE", "")
        fields = {field.name: field for field in model._meta.fields}
        if machine and "title" in fields and fields["title"].related_model is Title:
            assert known[model] == machine
    old, _ = titles(1, "37")
    assert subjects_about(old) == []


def test_scope_holds_for_every_role(year: Year) -> None:
    project = Application.objects.filter(state="proposed").get()
    title = titled(project)
    stranger = unit_of(Application.objects.exclude(pk=project.pk).get())
    cases = (
        (stranger, "my-timeline", project.pk),
        (stranger, "my-title-timeline", title.pk),
        (officer(Role.PROVINCE_HR, "32"), "desk-timeline", project.pk),
        (officer(Role.PROVINCE_HR, "32"), "desk-title-timeline", title.pk),
        (official(Role.MINISTRY_HR), "desk-timeline", project.pk),  # not filed
    )
    for viewer, name, number in cases:
        answer = client_of(viewer).get(reverse(name, args=[number]))
        assert answer.status_code == 404
        assert project.title not in text_of(answer)


def test_a_ministry_sees_a_title_but_no_project_that_is_not_filed(year: Year) -> None:
    project = Application.objects.filter(state="proposed").get()
    title = titled(project)
    story = title_story(official(Role.MINISTRY_FINANCE), title.pk)
    assert story.project is None
    assert [each.type for each in story.events] == ["title.awarded"]
    assert "列入名录" in get(official(Role.AUDITOR), "desk-title-timeline", title.pk)


def test_a_title_of_before_has_a_timeline_without_a_project(year: Year) -> None:
    old, _ = titles(1, "37")
    unit = unit_of(Application.objects.first())  # type: ignore[arg-type]
    Title.objects.filter(pk=old.pk).update(
        uscc=Organisation.objects.get(pk=unit.organisation_id).uscc
    )
    assert "列入 2011—2020 年名录" in get(unit, "my-title-timeline", old.pk)
    assert "列入 2011—2020 年名录" in get(year.hr, "desk-title-timeline", old.pk)


def test_no_event_shows_its_raw_type(year: Year) -> None:
    project = Application.objects.filter(state="proposed").get()
    year.published()
    page = get(year.hr, "desk-timeline", project.pk)
    for type_ in Event.objects.values_list("type", flat=True).distinct():
        assert type_ not in page


def test_the_pages_are_linked_and_cost_the_same_however_much_happened(year: Year) -> None:
    project = Application.objects.filter(state="proposed").get()
    title, unit = titled(project), unit_of(project)
    assert reverse("desk-timeline", args=[project.pk]) in get(year.hr, "desk-project", project.pk)
    assert reverse("my-timeline", args=[project.pk]) in get(unit, "apply-receipt", project.pk)
    assert reverse("my-title-timeline", args=[title.pk]) in get(unit, "my-title", title.pk)
    for viewer, name in ((year.hr, "desk-timeline"), (unit, "my-timeline")):
        client, counts = client_of(viewer), []
        for _ in range(2):
            with clock.at(PUBLISHED):
                append(type="title.entered", subject=title.subject, by=year.hr)
            with CaptureQueriesContext(connection) as found:
                client.get(reverse(name, args=[project.pk]))
            counts.append(len(found))
        assert counts[0] == counts[1] <= 10
