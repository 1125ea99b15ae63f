"""Officials, calls and submitted applications of a province, made by the real actions."""

import shutil
from dataclasses import dataclass, field
from datetime import datetime
from html import unescape
from pathlib import Path
from random import Random
from typing import Any

from django.test import Client

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.regions import BY_CODE
from jiangxin.core.policy import section_values
from jiangxin.core.policy.load import DEFAULT, policies_folder
from jiangxin.core.workflow import ProjectState, Role
from jiangxin.ops.scenes import names
from jiangxin.ops.scenes.province import fill, hand_in
from jiangxin.records.identity.actions import open_account, register_unit
from jiangxin.records.identity.models import User
from jiangxin.records.identity.queries import viewer_of
from jiangxin.records.identity.viewer import Viewer
from jiangxin.stages.application import actions as applying
from jiangxin.stages.application.models import Application
from jiangxin.stages.application.queries import form_of
from jiangxin.stages.examination import actions as examining
from jiangxin.stages.examination import queries as examining_queries
from jiangxin.stages.examination.models import Verdict
from jiangxin.stages.programme import actions as programme
from jiangxin.stages.programme.models import Call
from jiangxin.stages.programme.tracks import Track

MAY, JUNE, JULY = (clock.beijing(2025, month, 10, 9) for month in (5, 6, 7))


def official(role: Role, province: str = "", name: str = "") -> Viewer:
    """An account of that role; each call makes another one."""
    number = User.objects.count()
    user = open_account(
        username=f"{role.value}-{province}-{number}",
        password=None,
        name=name or f"{role.label}{number}",
        role=role,
        province=province,
    )
    return viewer_of(user)


def client_of(viewer: Viewer) -> Client:
    """A browser in which this person is logged in."""
    client = Client()
    client.force_login(
        User.objects.get(pk=viewer.user_id),
        backend="django.contrib.auth.backends.ModelBackend",
    )
    return client


def text_of(response: Any) -> str:
    """The page as text, with its character references resolved."""
    return unescape(response.content.decode())


def call_fields(**changes: Any) -> dict[str, Any]:
    """The fields of a sound call of 2025."""
    return {
        "title": "2025年申报通知",
        "doc_number": "人社函〔2025〕1号",
        "opens_at": clock.beijing(2025, 6, 2, 9),
        "closes_at": clock.beijing(2025, 6, 30, 17),
        "publicity_days": 5,
        "panel_size": 5,
        "phone": "0531-00000000",
        "text": "请按时申报。",
    } | changes


@dataclass
class Desk:
    """One province: its two departments, and a published call once `open` was called."""

    code: str
    hr: Viewer = field(init=False)
    finance: Viewer = field(init=False)
    call: Call = field(init=False)
    rng: Random = field(init=False)

    def __post_init__(self) -> None:
        self.hr = official(Role.PROVINCE_HR, self.code, "人社甲")
        self.finance = official(Role.PROVINCE_FINANCE, self.code, "财政乙")
        self.rng = Random(int(self.code))

    def draft(self, **changes: Any) -> Call:
        with clock.at(MAY):
            self.call = programme.draft_call(viewer=self.hr, year=2025, **call_fields(**changes))
        return self.call

    def agree(self) -> None:
        for viewer in (self.hr, self.finance):
            programme.concur_call(viewer=viewer, call_id=self.call.pk, agreed=True)

    def open(self, **changes: Any) -> Call:
        self.draft(**changes)
        with clock.at(MAY):
            self.agree()
            self.call = programme.open_call(viewer=self.hr, call_id=self.call.pk)
        return self.call

    def unit(self) -> Viewer:
        province = BY_CODE[self.code]
        code = names.unit_code(self.rng, province)
        user = register_unit(
            name=f"{province.short}单位{code[-6:]}",
            uscc=code,
            province=self.code,
            contact="张三",
            phone="1",
            username=code,
            password=None,
        )
        return viewer_of(user)

    def submitted(self, track: Track = Track.NEW_BASE, at: datetime = JUNE) -> Application:
        """A complete application of a new unit, filled in and submitted."""
        with clock.at(at):
            viewer = self.unit()
            project = fill(self.rng, viewer, self.call, track)
            hand_in(viewer, project)
        return Application.objects.select_related("call", "unit").get(pk=project.pk)

    def row(self, *, state: ProjectState = ProjectState.SUBMITTED, **fields: Any) -> Application:
        """A bare row for lists: no form, no version; its unit is new."""
        unit = self.unit()
        number = Application.objects.count() + 1
        values: dict[str, Any] = {
            "number": f"2025{self.code}J{number:06d}",
            "province": self.code,
            "year": 2025,
            "unit_id": unit.organisation_id,
            "unit_name": f"单位{number}",
            "kind": "base",
            "track": "new_base",
            "title": f"项目{number}",
            "state": state.value,
            "version": 1,
            "submitted_at": JUNE,
            "updated_at": JUNE,
        } | fields
        return Application.objects.create(call=self.call, **values)


def judge_all(desk: Desk, project: Application) -> None:
    """符合 on every clause that waits for an examiner."""
    for line in examining_queries.sheet(project):
        if line.finding.judgement and line.verdict is None:
            examining.judge(
                viewer=desk.hr,
                application_id=project.pk,
                norm=line.finding.norm,
                word=Verdict.Word.MET,
            )


def correct(project: Application, **answers: object) -> Application:
    """The unit corrects these answers and submits again."""
    unit = viewer_of(project.unit.people.get())
    project = Application.objects.select_related("call", "unit").get(pk=project.pk)
    for section in form_of(project).sections:
        if any(section.field(key) for key in answers):
            project, _ = applying.save_section(
                viewer=unit,
                application_id=project.pk,
                section=section.key,
                data=section_values(section, project.answers | answers),
                revision=project.revision,
            )
    hand_in(unit, project, accept_unmet=True)
    return Application.objects.select_related("call", "unit").get(pk=project.pk)


def policies_with(folder: Path, values: str, rules: str = "") -> Path:
    """A copy of the policies in which Shandong's rules of 2025 set these values (lines of TOML), and
    these `rules` of their own; what JIANGXIN_POLICIES may be set to."""
    made = folder / "policies"
    shutil.copytree(policies_folder(), made)
    (made / DEFAULT / "overlays" / "37-2025.toml").write_text(
        f'code = "37-2025"\nprovince = "37"\nyear = 2025\ntitle = "山东细则"\n{rules}\n[values]\n{values}\n',
        encoding="utf-8",
    )
    return made


def loosening_policies(folder: Path) -> Path:
    """Policies in which Shandong lowers the capacity that the notice demands."""
    return policies_with(folder, '"base.capacity" = 1500')
