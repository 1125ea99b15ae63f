"""One province's year up to the formal examination, through the very actions that pages call."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from io import BytesIO
from random import Random

from django.core.files.base import File

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.regions import Province
from jiangxin.core.policy import Verdict, section_values
from jiangxin.core.workflow import Role
from jiangxin.records.documents.papers import Upload
from jiangxin.records.identity.actions import register_unit
from jiangxin.records.identity.queries import viewer_of
from jiangxin.records.identity.viewer import System, Viewer
from jiangxin.stages.application import actions as applying
from jiangxin.stages.application import proving
from jiangxin.stages.application.approval import approve_and_submit
from jiangxin.stages.application.models import Application, Version
from jiangxin.stages.application.paper import code_of
from jiangxin.stages.application.queries import form_of
from jiangxin.stages.application.scan import add_scan
from jiangxin.stages.examination import actions as examining
from jiangxin.stages.examination.models import Verdict as Word
from jiangxin.stages.examination.queries import sheet
from jiangxin.stages.programme import actions as programme
from jiangxin.stages.programme.models import Call, Track
from jiangxin.stages.programme.queries import pack
from jiangxin.stages.titles.actions import enter_legacy

from . import filling, names
from .country import officer

SCAN = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


@dataclass(frozen=True)
class Window:
    """When a province's call opens and closes."""

    opens: datetime
    closes: datetime


def open_year(
    province: Province, year: int, window: Window, *, lead: timedelta = timedelta(days=14)
) -> Call:
    """Draft, agree, publish: `lead` before the window opens."""
    hr = officer(Role.PROVINCE_HR, province.code)
    finance = officer(Role.PROVINCE_FINANCE, province.code)
    with clock.at(window.opens - lead):
        call = programme.draft_call(
            viewer=hr,
            year=year,
            title=f"关于组织开展{year}年国家级高技能人才培训基地和技能大师工作室建设项目申报工作的通知{names.MARK}",
            doc_number=f"{province.short}人社演示〔{year}〕1号",
            opens_at=window.opens,
            closes_at=window.closes,
            publicity_days=5,
            panel_size=5,
            phone="000-00000000",
            text="请符合条件的单位在规定时间内通过本系统申报，逾期不予受理。",
        )
        for viewer in (hr, finance):
            programme.concur_call(viewer=viewer, call_id=call.pk, agreed=True)
        return programme.open_call(viewer=hr, call_id=call.pk)


def apply(
    rng: Random, province: Province, call: Call, tracks: list[Track], *, leave_draft: bool = False
) -> list[Application]:
    """Units register, fill in and submit, spread over the window; the last may stay a draft."""
    made = []
    span = (min(call.closes_at, clock.now()) - call.opens_at) * 9 / 10
    for number, track in enumerate(tracks, start=1):
        with clock.at(call.opens_at + span * number / (len(tracks) + 1)):
            viewer = found_unit(rng, province, track)
            project = fill(rng, viewer, call, track)
            if not (leave_draft and number == len(tracks)):
                hand_in(viewer, project)
                if number % 3:  # every third unit has not come to it yet
                    seal_copy(viewer, project)
            made.append(Application.objects.get(pk=project.pk))
    return made


def seal_copy(viewer: Viewer, project: Application) -> None:
    """The unit uploads the scan of its sealed form, with the version code that stands on it."""
    version = project.versions.latest("number")
    add_scan(
        viewer=viewer,
        application_id=project.pk,
        upload=Upload(name="盖章申报表.pdf", size=len(SCAN), content=BytesIO(SCAN)),
        typed=code_of(version.digest),
    )


def found_unit(rng: Random, province: Province, track: Track) -> Viewer:
    name = names.firm(rng, province) if track is Track.STUDIO else names.school(rng, province)
    code = names.unit_code(rng, province)
    user = register_unit(
        name=name,
        uscc=code,
        province=province.code,
        contact=names.person(rng),
        phone=names.mobile(rng),
        username=f"unit-{code.lower()}",
        password=None,
        demo=True,
    )
    if track is Track.EXISTING_BASE:
        enter_legacy(
            by=System(),
            number=f"L{code}",
            kind=track.kind,
            province=province.code,
            year=2014,
            name=f"{name}高技能人才培训基地",
            unit_name=name,
            uscc=code,
            assessment="passed",
            assessed_year=2024,
        )
    return viewer_of(user)


def fill(rng: Random, viewer: Viewer, call: Call, track: Track, **given: object) -> Application:
    """A draft with every section saved and every required file attached; `given` sets answers."""
    project = applying.begin(viewer=viewer, call_id=call.pk, track=track)
    form = form_of(project)
    answers = filling.answers(
        pack(),
        form,
        rng,
        unit_name=project.unit_name,
        unit_code=project.unit.uscc,
        leader_id_number=names.id_number(rng),
        leader_name=names.person(rng),
        priority_field=rng.choice(names.FIELDS),
        **given,
    )
    for section in form.sections:
        project, _ = applying.save_section(
            viewer=viewer,
            application_id=project.pk,
            section=section.key,
            data=section_values(section, answers),
            revision=project.revision,
        )
        for field in section.fields:
            if field.evidence == "required" and answers.get(field.key) is not False:
                proving.attach(
                    viewer=viewer,
                    application_id=project.pk,
                    field=field.key,
                    name=f"{field.label[:30]}.pdf",
                    size=len(SCAN),
                    content=File(BytesIO(SCAN)),
                )
    return project


def hand_in(viewer: Viewer, project: Application, *, accept_unmet: bool = False) -> Version:
    """The unit approves its own form under its seal and submits it: one person in all duties."""
    return approve_and_submit(
        viewer=viewer,
        application_id=project.pk,
        revision=project.revision,
        sealed=True,
        accept_unmet=accept_unmet,
    )


def examine(rng: Random, province: Province, projects: list[Application], at: datetime) -> None:
    """Every project clause by clause: most pass, one is returned and corrected, one is rejected."""
    hr = officer(Role.PROVINCE_HR, province.code)
    for number, project in enumerate(projects):
        if number == 1:
            with clock.at(at):
                _return_and_correct(hr, project)
        with clock.at(at + timedelta(days=number == 1, hours=1 + number)):
            judge_all(hr, project)
            if number == len(projects) - 1 and len(projects) > 4:
                examining.reject(
                    viewer=hr, application_id=project.pk, reason="所附制度文件与申报单位不一致。"
                )
            else:
                examining.pass_examination(viewer=hr, application_id=project.pk)


def judge_all(hr: Viewer, project: Application) -> None:
    """符合 for every line that waits for the examiner."""
    project.refresh_from_db()
    for line in sheet(project):
        if line.finding.verdict is not Verdict.MET:
            examining.judge(
                viewer=hr,
                application_id=project.pk,
                norm=line.finding.norm,
                word=Word.Word.MET,
                reason="材料齐全，与所附佐证一致。",
            )


def _return_and_correct(hr: Viewer, project: Application) -> None:
    examining.send_back(
        viewer=hr,
        application_id=project.pk,
        defects=[examining.Defect(section="plan", reason="建设任务缺少可考核的季度指标，请补充。")],
    )
    unit = viewer_of(project.unit.people.get())
    project.refresh_from_db()
    section = next(item for item in form_of(project).sections if item.key == "plan")
    answers = project.answers | {"plan_goal": "两年内分季度完成设备、课程、师资和培训四类任务。"}
    with clock.at(clock.now() + timedelta(days=1)):
        project, _ = applying.save_section(
            viewer=unit,
            application_id=project.pk,
            section="plan",
            data=section_values(section, answers),
            revision=project.revision,
        )
        hand_in(unit, project)
