"""A province's year up to the decision, the publicity or the filing, by the demonstration's builders."""

from dataclasses import dataclass

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.regions import BY_CODE
from jiangxin.core.workflow import Role
from jiangxin.ops.scenes import finish, panel, province
from jiangxin.ops.scenes.country import officer
from jiangxin.records.identity.viewer import Viewer
from jiangxin.stages.application.models import Application
from jiangxin.stages.examination.actions import pass_examination
from jiangxin.stages.filing import actions as filing
from jiangxin.stages.filing.models import Package
from jiangxin.stages.programme.models import Call, Kind, Track
from jiangxin.stages.publicity.models import Notice
from jiangxin.stages.titles.models import Title
from tests.factories.applications import make_round

PUBLISHED = clock.beijing(2025, 9, 24, 9)
FILED = clock.beijing(2025, 10, 20, 9)
REGISTERED = clock.beijing(2025, 11, 18, 9)
PLACE = BY_CODE["37"]


@dataclass
class Year:
    """The two departments of the province and its call, with projects proposed."""

    call: Call
    hr: Viewer
    finance: Viewer

    @property
    def both(self) -> tuple[Viewer, Viewer]:
        return self.hr, self.finance

    def published(self, *, objection: bool = False) -> Notice:
        """The notice, out since `PUBLISHED` (five working days before the National Day holiday)."""
        return finish.publicise(PLACE, self.call, PUBLISHED, objection=objection)

    def confirmed(self) -> list[Application]:
        """The projects that stood the publicity."""
        finish.settle(PLACE, self.published())
        return list(Application.objects.filter(state="confirmed").order_by("id"))

    def registered(self) -> list[Title]:
        """The titles of the confirmed projects, filed and registered by both ministries."""
        self.confirmed()
        finish.register(finish.file(PLACE, self.call, FILED), REGISTERED)
        return list(Title.objects.exclude(origin="").order_by("id"))

    def package(self) -> Package:
        """An assembled package, not yet sealed."""
        row = filing.open_package(viewer=self.hr, call_id=self.call.pk)
        filing.write_reports(
            viewer=self.hr,
            package_id=row.pk,
            legacy_report=finish.LEGACY_REPORT,
            existing_report=finish.EXISTING_REPORT,
        )
        return filing.assemble(viewer=self.hr, package_id=row.pk)

    def seal(self, row: Package) -> None:
        """Both departments agree to the assembly."""
        for viewer in self.both:
            filing.concur(viewer=viewer, package_id=row.pk, digest=row.digest, agreed=True)


def make_year(studios: int = 3) -> Year:
    """`studios` studios of which all but one are proposed."""
    round_ = make_round()
    made = [round_.submitted(Track.STUDIO) for _ in range(studios)]
    hr, finance = (officer(role, "37") for role in (Role.PROVINCE_HR, Role.PROVINCE_FINANCE))
    with clock.at(clock.beijing(2025, 7, 2, 9)):
        for project in made:
            province.judge_all(hr, project)
            pass_examination(viewer=hr, application_id=project.pk)
    with clock.at(clock.beijing(2025, 7, 9, 9)):
        panel.fill_pool(round_.rng, PLACE)
    row = panel.draw_panel(PLACE, round_.call, Kind.STUDIO, clock.beijing(2025, 7, 10, 9))
    panel.score(round_.rng, row, PLACE, clock.beijing(2025, 7, 11, 9))
    panel.decide(row, PLACE, clock.beijing(2025, 7, 20, 9))
    return Year(round_.call, hr, finance)
