"""Standing titles with the unit and the project behind them, and a small file to attach."""

import io
from dataclasses import dataclass, field
from typing import Any

from jiangxin.core.workflow import ProjectState, Role
from jiangxin.records.documents.papers import Upload
from jiangxin.records.identity.models import Organisation
from jiangxin.records.identity.viewer import System, Viewer
from jiangxin.stages.application.models import Application
from jiangxin.stages.programme.models import Call
from jiangxin.stages.titles.actions import award, enter_legacy
from jiangxin.stages.titles.models import Title
from tests.factories.desk import Desk, official
from tests.factories.files import png

PNG = png()


def picture(name: str = "证据.png", salt: bytes = b"") -> Upload:
    """A file that the gates let in."""
    data = png(salt=salt)
    return Upload(name, len(data), io.BytesIO(data))


@dataclass
class Place:
    """A province with its two departments and a supervisor; its units and their titles."""

    code: str = "37"
    desk: Desk = field(init=False)
    call: Call = field(init=False)

    def __post_init__(self) -> None:
        self.desk = Desk(self.code)
        self.call = self.desk.draft()

    @property
    def hr(self) -> Viewer:
        return self.desk.hr

    @property
    def finance(self) -> Viewer:
        return self.desk.finance

    @property
    def both(self) -> tuple[Viewer, Viewer]:
        return self.hr, self.finance

    def supervisor(self) -> Viewer:
        return official(Role.SUPERVISOR, self.code)

    def unit(self) -> Viewer:
        return self.desk.unit()

    def studio(self, unit: Viewer | None = None, **changes: Any) -> Title:
        """A studio of this programme whose project is being built."""
        unit = unit or self.unit()
        row = Organisation.objects.get(pk=unit.organisation_id)
        serial = Title.objects.count() + 1
        project = self.desk.row(
            state=ProjectState.UNDER_CONSTRUCTION,
            unit_id=row.pk,
            unit_name=row.name,
            kind="studio",
            track="studio",
            title=f"第{serial}技能大师工作室",
            leader_hash=f"{serial:064d}",
        )
        fields: dict[str, Any] = {
            "number": project.number,
            "kind": "studio",
            "track": "studio",
            "province": self.code,
            "year": 2025,
            "name": project.title,
            "unit_name": row.name,
            "uscc": row.uscc,
            "leader_name": f"老赵{serial}",
            "leader_hash": project.leader_hash,
            "origin": project.subject,
        } | changes
        return award(by=System(), **fields)

    def legacy(self, unit: Viewer | None = None, **changes: Any) -> Title:
        """A base of 2011–2020; without `unit` nobody has an account for it."""
        serial = Title.objects.count() + 1
        row = Organisation.objects.get(pk=unit.organisation_id) if unit else None
        fields: dict[str, Any] = {
            "number": f"LEGACY-{self.code}-{serial}",
            "kind": "base",
            "province": self.code,
            "year": 2014,
            "name": f"第{serial}培训基地",
            "unit_name": row.name if row else f"老单位{serial}",
            "uscc": row.uscc if row else "",
        } | changes
        return enter_legacy(by=System(), **fields)


def project_behind(title: Title) -> Application:
    """The project that won this title, as it stands now."""
    return Application.objects.get(pk=int(title.origin.partition(":")[2]))
