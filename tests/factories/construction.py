"""Registered titles with their projects, and constructions of them: what the second half stands on.

    site = make_site()                 # Shandong, its offices, an open call
    title = site.registered()          # a new base, registered by both ministries on REGISTERED
    building = site.started()          # another one, under construction since then

The way to the registration is cut short (the stages before have tests of their own); from the
registration on everything happens by the actions of the pages.
"""

import io
import secrets
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from jiangxin.core.draw.shares import commitment
from jiangxin.core.kernel import clock
from jiangxin.core.kernel.regions import BY_CODE
from jiangxin.core.workflow import ProjectState, Role
from jiangxin.ops.scenes.country import officer
from jiangxin.ops.scenes.panel import fill_pool
from jiangxin.records.documents.papers import Upload
from jiangxin.records.identity.models import Organisation
from jiangxin.records.identity.queries import viewer_of
from jiangxin.records.identity.viewer import Viewer
from jiangxin.records.ledger.actions import append
from jiangxin.stages.application.models import Application
from jiangxin.stages.construction.actions import extension, inspection, reports, start, visits
from jiangxin.stages.construction.choices import Progress
from jiangxin.stages.construction.models import (
    Construction,
    Extension,
    Inspection,
    Report,
    Visit,
)
from jiangxin.stages.programme.models import Track
from jiangxin.stages.titles.actions import award
from jiangxin.stages.titles.models import Title
from tests.factories.applications import Round, make_round

REGISTERED = clock.beijing(2025, 12, 10, 9)
DUE = date(2027, 12, 10)
PARTIES = {"hr": Role.PROVINCE_HR, "finance": Role.PROVINCE_FINANCE, "supervisor": Role.SUPERVISOR}


def pdf(name: str = "材料.pdf") -> Upload:
    """A file that the gates let in."""
    data = b"%PDF-1.4\n" + name.encode() + b"\n%%EOF"
    return Upload(name=name, size=len(data), content=io.BytesIO(data))


def register(project: Application, at: datetime = REGISTERED) -> Title:
    """The title of a submitted project, as both ministries would have registered it."""
    ministry = officer(Role.MINISTRY_HR)
    with clock.at(at):
        Application.objects.filter(pk=project.pk).update(state=ProjectState.REGISTERED)
        append(
            type="project.registered",
            subject=project.subject,
            by=ministry,
            payload={"from": "filed", "to": "registered"},
        )
        return award(
            by=ministry,
            number=project.number,
            kind=project.kind,
            track=project.track,
            province=project.province,
            year=project.year,
            name=project.title,
            unit_name=project.unit_name,
            uscc=project.unit.uscc,
            leader_name=project.leader_name,
            leader_hash=project.leader_hash if project.kind == "studio" else "",
            priority_field=project.priority_field,
            origin=project.subject,
        )


def unit_of(title: Title) -> Viewer:
    """The account of a title's unit."""
    return viewer_of(Organisation.objects.get(uscc=title.uscc).people.get())


@dataclass
class Site:
    """One province with its offices and an open call."""

    round: Round

    @property
    def code(self) -> str:
        return self.round.code

    @property
    def hr(self) -> Viewer:
        return officer(Role.PROVINCE_HR, self.code)

    @property
    def finance(self) -> Viewer:
        return officer(Role.PROVINCE_FINANCE, self.code)

    @property
    def supervisor(self) -> Viewer:
        return officer(Role.SUPERVISOR, self.code)

    @property
    def both(self) -> tuple[Viewer, Viewer]:
        return self.hr, self.finance

    def registered(self, track: Track = Track.NEW_BASE, at: datetime = REGISTERED) -> Title:
        """A title whose construction has not been opened."""
        project = self.round.submitted(track)
        return register(Application.objects.select_related("unit").get(pk=project.pk), at)

    def started(self, track: Track = Track.NEW_BASE, at: datetime = REGISTERED) -> Construction:
        """A construction that has been opened on the day after the registration."""
        title = self.registered(track, at)
        with clock.at(at + timedelta(days=1)):
            return start.start(viewer=self.hr, title_id=title.pk)

    def fill_pool(self) -> None:
        """Seventeen active experts, none of them of an applicant unit."""
        with clock.at(REGISTERED):
            fill_pool(self.round.rng, BY_CODE[self.code])


def written(building: Construction, progress: Progress, share: int) -> reports.Written:
    """A whole report in which every milestone stands alike."""
    return reports.Written(
        summary="按计划推进。",
        problems="无。",
        milestones={
            each.pk: reports.MilestoneWord(progress=progress, share=share, note="见附件")
            for each in building.milestones.all()
        },
        goals={each.pk: reports.GoalWord(value=str(share)) for each in building.goals.all()},
    )


def reported(
    building: Construction,
    number: int,
    *,
    progress: Progress = Progress.GOING,
    share: int = 40,
    at: datetime | None = None,
) -> Report:
    """The report on one period, written and submitted on the day after its end."""
    period = building.periods.get(number=number)
    unit = unit_of(building.title)
    with clock.at(at or clock.end_of(period.ends) + timedelta(hours=9)):
        reports.save(
            viewer=unit,
            period_id=period.pk,
            written=written(building, progress, share),
            files=[pdf()],
        )
        return reports.submit(viewer=unit, period_id=period.pk)


def wish(building: Construction, due: date = date(2028, 6, 30)) -> Extension:
    """The unit's wish for more time, at the time of the caller's clock."""
    return extension.request(
        viewer=unit_of(building.title),
        construction_id=building.pk,
        reason="设备交付延期，须顺延安装调试。",
        due=due,
        files=[pdf("延期说明.pdf")],
    )


def agree(site: Site, row: Extension) -> None:
    """Both departments agree to an extension."""
    for viewer in site.both:
        extension.concur(viewer=viewer, extension_id=row.pk, digest=row.digest(), agreed=True)


def drawn(site: Site, *, projects: int = 1, seats: dict[str, int] | None = None) -> Inspection:
    """The whole ceremony of an inspection, at the time of the caller's clock."""
    row = inspection.open_inspection(
        viewer=site.hr,
        projects=projects,
        seats=seats or {"technical": 1, "finance": 1},
        visit_by=clock.today() + timedelta(days=30),
    )
    people = {party: officer(role, site.code) for party, role in PARTIES.items()}
    own = {party: secrets.token_hex(32) for party in people}
    for party, viewer in people.items():
        promise = commitment(party, row.plan["session"], own[party])
        inspection.commit(viewer=viewer, inspection_id=row.pk, commitment=promise)
    inspection.close_commitments(viewer=site.supervisor, inspection_id=row.pk)
    for party, viewer in people.items():
        inspection.reveal(viewer=viewer, inspection_id=row.pk, secret=own[party])
    return inspection.draw(viewer=site.finance, inspection_id=row.pk)


def visited(site: Site, visit: Visit, *problems: visits.Problem) -> Visit:
    """A visit with its result, today."""
    return visits.report(
        viewer=site.hr,
        visit_id=visit.pk,
        visited_on=clock.today(),
        outcome="problems" if problems else "sound",
        result="现场核对设备和台账。",
        signed=[each.pk for each in visit.inspectors.filter(reason="")],
        files=[pdf("检查记录.pdf")],
        problems=problems,
    )


def make_site(code: str = "37") -> Site:
    """A province with its offices (of all provinces) and an open call of 2025."""
    return Site(make_round(code))
