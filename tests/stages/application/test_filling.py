"""Filling in: nothing is lost, nothing overwritten, nothing personal in clear."""

import hashlib
from datetime import timedelta
from io import BytesIO

import pytest
from django.core.files.storage import default_storage
from django.db import connection

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.errors import Invalid, LimitReached, NotFound, WrongState
from jiangxin.core.policy import section_values
from jiangxin.ops.scenes.province import SCAN
from jiangxin.records.documents.models import Document
from jiangxin.records.identity.models import Organisation
from jiangxin.stages.application import actions, proving, taking_back
from jiangxin.stages.application.models import Application, Evidence
from jiangxin.stages.application.queries import form_of, gaps, visible
from jiangxin.stages.application.registered import LOCKED
from jiangxin.stages.application.sealing import shown_answers
from jiangxin.stages.programme.models import Track
from jiangxin.stages.programme.queries import pack
from tests.factories.applications import CLOSES, DURING, Round, make_round, save, unit_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def round_() -> Round:
    return make_round()


def test_a_draft_begins_only_while_the_window_is_open(round_: Round) -> None:
    unit = round_.unit()
    begin = {"viewer": unit, "call_id": round_.call.pk, "track": Track.STUDIO}
    with clock.at(CLOSES), pytest.raises(WrongState, match="截止"):
        actions.begin(**begin)
    with (
        clock.at(round_.call.opens_at - timedelta(seconds=1)),
        pytest.raises(WrongState, match="尚未"),
    ):
        actions.begin(**begin)
    assert Application.objects.count() == 0
    with clock.at(CLOSES - timedelta(seconds=1)):
        actions.begin(**begin)


def test_a_unit_has_one_application_on_a_track(round_: Round) -> None:
    project = round_.draft(round_.unit())
    with clock.at(DURING), pytest.raises(LimitReached, match="已有"):
        actions.begin(viewer=unit_of(project), call_id=round_.call.pk, track=Track.STUDIO)
    with clock.at(DURING):
        taking_back.withdraw(viewer=unit_of(project), application_id=project.pk)
        actions.begin(viewer=unit_of(project), call_id=round_.call.pk, track=Track.STUDIO)
    assert Application.objects.count() == 2


def test_the_second_of_two_editors_overwrites_nothing(round_: Round) -> None:
    project = round_.draft(round_.unit())
    with clock.at(DURING):
        first, _ = save(project, "plan", plan_goal="第一位同事写的目标，内容足够长。")
        with pytest.raises(WrongState, match="同事"):
            actions.save_section(
                viewer=unit_of(project),
                application_id=project.pk,
                section="plan",
                data={"plan_goal": ["第二位同事写的目标"]},
                revision=first.revision - 1,
            )
    project.refresh_from_db()
    assert project.answers["plan_goal"] == "第一位同事写的目标，内容足够长。"


def test_clearing_an_answer_clears_it(round_: Round) -> None:
    project = round_.draft(round_.unit())
    with clock.at(DURING):
        project, _ = save(project, "leader", leader_certificate=None)
    assert "leader_certificate" not in project.answers


def test_wrong_input_is_kept_and_named(round_: Round) -> None:
    project = round_.draft(round_.unit())
    with clock.at(DURING):
        project, errors = save(project, "host", studio_area={"raw": "很大"})
    assert "studio_area" in errors
    assert project.answers["studio_area"] == {"raw": "很大"}
    assert any(gap.field == "studio_area" for gap in gaps(project))


def test_more_highly_skilled_than_trained_is_refused(round_: Round) -> None:
    project = round_.draft(round_.unit(Track.NEW_BASE), Track.NEW_BASE)
    rows = [dict(row) for row in project.answers["training"]]
    rows[0]["high_skilled"] = rows[0]["trained"] + 1
    with clock.at(DURING):
        project, _ = save(project, "training", training=rows)
        assert "高技能人才不能多于培训总量" in "".join(gap.message for gap in gaps(project))
        with pytest.raises(Invalid, match="高技能人才不能多于培训总量"):
            actions.submit(
                viewer=unit_of(project), application_id=project.pk, revision=project.revision
            )
    project.refresh_from_db()
    assert (project.state, project.version) == ("draft", 0)


def test_an_unknown_occupation_is_refused(round_: Round) -> None:
    project = round_.draft(round_.unit())
    with clock.at(DURING):
        project, _ = save(project, "leader", leader_occupation="9-99-99-99")
    assert [gap.field for gap in gaps(project)] == ["leader_occupation"]
    assert "9-99-99-99" in gaps(project)[0].message


@pytest.mark.parametrize(
    ("name", "data", "why"),
    [
        ("virus.exe", b"MZ", "不接收"),
        ("empty.pdf", b"", "空文件"),
        ("fake.pdf", b"<html>not a pdf</html>", "内容不是"),
        ("big.pdf", b"%PDF-1.4\n" + b"0" * (20 * 1024 * 1024), "超过 20 MB"),
    ],
)
def test_a_refused_file_names_its_reason_and_leaves_nothing(
    round_: Round, name: str, data: bytes, why: str
) -> None:
    project = round_.draft(round_.unit())
    before = (Evidence.objects.count(), Document.objects.count())
    with clock.at(DURING), pytest.raises(Invalid, match=why):
        proving.attach(
            viewer=unit_of(project),
            application_id=project.pk,
            field="premises",
            name=name,
            size=len(data),
            content=BytesIO(data),
        )
    assert (Evidence.objects.count(), Document.objects.count()) == before
    digest = hashlib.sha256(data).hexdigest()
    assert not default_storage.exists(Document(sha256=digest).path)


def test_personal_numbers_are_never_kept_in_clear(round_: Round) -> None:
    number = "11010119700307123"
    from stdnum.cn import ric

    number += str(ric.calc_check_digit(number + "0"))
    project = round_.draft(round_.unit())
    with clock.at(DURING):
        project, errors = save(project, "leader", leader_id_number=number)
    assert errors == {}
    assert project.leader_hash
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT answers::text || leader_hash || title FROM application_application WHERE id = %s",
            [project.pk],
        )
        row = cursor.fetchone()
    assert row is not None
    assert number not in row[0]
    assert number[6:14] not in row[0]


def test_a_masked_number_that_comes_back_keeps_the_number(round_: Round) -> None:
    project = round_.draft(round_.unit())
    kept = project.answers["leader_id_number"]
    with clock.at(DURING):
        project, errors = save(project, "leader", leader_post="班组长")
    assert errors == {}
    assert project.answers["leader_id_number"] == kept
    assert project.answers["leader_post"] == "班组长"


def test_nobody_else_sees_or_touches_a_draft(round_: Round) -> None:
    from jiangxin.core.workflow import Role
    from jiangxin.ops.scenes.country import officer
    from jiangxin.records.identity.viewer import PUBLIC

    project = round_.draft(round_.unit())
    other = round_.unit()
    watchers = [other, PUBLIC, officer(Role.PROVINCE_HR, "37"), officer(Role.MINISTRY_HR)]
    assert [visible(viewer).count() for viewer in watchers] == [0, 0, 0, 0]
    with clock.at(DURING), pytest.raises(NotFound):
        actions.save_section(
            viewer=other, application_id=project.pk, section="plan", data={}, revision=0
        )


def test_a_wrong_personal_number_is_sealed_as_well(round_: Round) -> None:
    project = round_.draft(round_.unit())
    with clock.at(DURING):
        project, errors = save(project, "leader", leader_id_number="110101197003071230")
    assert "leader_id_number" in errors
    assert "19700307" not in str(project.answers)
    assert [gap.field for gap in gaps(project)] == ["leader_id_number"]


def test_two_colleagues_on_two_sections_do_not_disturb_each_other(round_: Round) -> None:
    project = round_.draft(round_.unit())
    opened = project.revision
    form = form_of(project)
    with clock.at(DURING):
        for section, changes in (
            ("plan", {"plan_goal": "甲同事写的目标，内容足够长。"}),
            ("leader", {"leader_post": "乙同事写的岗位"}),
        ):
            page = form.section(section)
            assert page is not None
            actions.save_section(
                viewer=unit_of(project),
                application_id=project.pk,
                section=section,
                data=section_values(page, {**shown_answers(project.answers), **changes}),
                revision=opened,
            )
    project.refresh_from_db()
    assert project.answers["plan_goal"] == "甲同事写的目标，内容足够长。"
    assert project.answers["leader_post"] == "乙同事写的岗位"


def test_a_page_without_a_revision_overwrites_nothing(round_: Round) -> None:
    project = round_.draft(round_.unit())
    with clock.at(DURING), pytest.raises(actions.Overtaken):
        actions.save_section(
            viewer=unit_of(project), application_id=project.pk, section="plan", data={}, revision=-1
        )
    before = project.answers["plan_goal"]
    project.refresh_from_db()
    assert project.answers["plan_goal"] == before


def test_a_draft_begins_with_what_the_unit_has_registered(round_: Round) -> None:
    unit = round_.unit()
    with clock.at(DURING):
        project = actions.begin(viewer=unit, call_id=round_.call.pk, track=Track.STUDIO)
    registered = project.unit
    assert project.answers["unit_name"] == registered.name
    assert project.answers["unit_code"] == registered.uscc
    assert project.answers["contact_phone"] == registered.phone


def test_a_unit_applies_under_its_registered_name_only(round_: Round) -> None:
    project, other = round_.draft(round_.unit()), round_.unit()
    foreign = Organisation.objects.get(pk=other.organisation_id)
    with clock.at(DURING):
        project, errors = save(
            project, "unit", unit_name=foreign.name, unit_code=foreign.uscc, address="新地址 2 号"
        )
    assert errors == {}
    assert project.answers["address"] == "新地址 2 号"
    assert project.answers["unit_name"] == project.unit.name != foreign.name
    assert project.answers["unit_code"] == project.unit.uscc != foreign.uscc


def attach(project: Application, name: str, *, data: bytes = SCAN, field: str = "premises"):
    return proving.attach(
        viewer=unit_of(project),
        application_id=project.pk,
        field=field,
        name=name,
        size=len(data),
        content=BytesIO(data),
    )


def test_several_files_prove_one_field_and_the_same_file_counts_once(round_: Round) -> None:
    project = round_.draft(round_.unit())
    before = project.evidence.filter(field="premises").count()
    with clock.at(DURING):
        first = attach(project, "甲.pdf", data=SCAN + b"1")
        second = attach(project, "乙.pdf", data=SCAN + b"2")
        again = attach(project, "丙.pdf", data=SCAN + b"1")
    assert again == first
    assert project.evidence.filter(field="premises").count() == before + 2
    assert Document.objects.filter(name="丙.pdf").count() == 0
    assert {first.document.name, second.document.name} == {"甲.pdf", "乙.pdf"}


def test_a_file_belongs_to_a_field_of_the_form_and_to_its_own_unit(round_: Round) -> None:
    project, other = round_.draft(round_.unit()), round_.draft(round_.unit())
    held = other.evidence.count()
    with clock.at(DURING):
        with pytest.raises(Invalid, match="没有这一栏"):
            attach(project, "甲.pdf", field="no_such_field")
        foreign = other.evidence.first()
        assert foreign is not None
        proving.detach(viewer=unit_of(project), application_id=project.pk, evidence_id=foreign.pk)
        with pytest.raises(NotFound):
            proving.detach(viewer=unit_of(project), application_id=other.pk, evidence_id=foreign.pk)
    assert other.evidence.count() == held


def test_nothing_is_attached_removed_or_saved_when_it_is_too_late(round_: Round) -> None:
    project = round_.draft(round_.unit())
    held = project.evidence.first()
    assert held is not None
    count = project.evidence.count()
    with clock.at(CLOSES - timedelta(seconds=1)):
        attach(project, "甲.pdf", data=SCAN + b"1")
    with clock.at(CLOSES):
        with pytest.raises(WrongState, match="截止"):
            attach(project, "乙.pdf", data=SCAN + b"2")
        with pytest.raises(WrongState, match="截止"):
            proving.detach(viewer=unit_of(project), application_id=project.pk, evidence_id=held.pk)
        with pytest.raises(WrongState, match="截止"):
            save(project, "plan", plan_goal="太晚了的目标，内容足够长。")
    assert project.evidence.count() == count + 1


@pytest.mark.parametrize("track", list(Track))
def test_the_pack_says_of_exactly_the_locked_fields_that_the_registration_gives_them(
    track: Track,
) -> None:
    form = pack().form(track.value)
    assert {each.key for _, each in form.fields() if each.source == "registered"} == set(LOCKED)
