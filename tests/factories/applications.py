"""Units, a call and filled applications, made by the demonstration's own builders."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from random import Random

from django.db import connection

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.regions import BY_CODE
from jiangxin.core.policy import section_values
from jiangxin.ops.scenes import country, province
from jiangxin.records.identity.queries import viewer_of
from jiangxin.records.identity.viewer import Viewer
from jiangxin.stages.application import actions, approval
from jiangxin.stages.application.models import Application
from jiangxin.stages.application.queries import form_of
from jiangxin.stages.application.sealing import shown_answers
from jiangxin.stages.programme.models import Call, Track

OPENS = clock.beijing(2025, 5, 6, 9)
CLOSES = clock.beijing(2025, 6, 30, 17)
DURING = clock.beijing(2025, 6, 2, 10)


@dataclass
class Round:
    """One province with an open call."""

    code: str
    call: Call
    rng: Random

    def unit(self, track: Track = Track.STUDIO) -> Viewer:
        """A registered unit; for an existing base also its entry in the legacy register."""
        with clock.at(DURING):
            return province.found_unit(self.rng, BY_CODE[self.code], track)

    def draft(self, unit: Viewer, track: Track = Track.STUDIO) -> Application:
        """A complete draft."""
        with clock.at(DURING):
            return province.fill(self.rng, unit, self.call, track)

    def submitted(self, track: Track = Track.STUDIO) -> Application:
        """A submitted application of a new unit."""
        unit = self.unit(track)
        project = self.draft(unit, track)
        with clock.at(DURING):
            province.hand_in(unit, project)
        project.refresh_from_db()
        return project


def make_round(code: str = "37", *, offices: bool = True) -> Round:
    """Open the call of a province; the offices of all provinces exist afterwards."""
    rng = Random(7)
    with clock.at(clock.beijing(2025, 4, 1, 9)):
        if offices:
            country.seed_calendar()
            country.seed_offices(rng)
        window = province.Window(OPENS, CLOSES)
        return Round(code, province.open_year(BY_CODE[code], 2025, window), rng)


@contextmanager
def by_hand(table: str) -> Iterator[None]:
    """A table as somebody with the database's password can change it: its triggers are off."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # pending checks forbid ALTER TABLE
        cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        yield
        cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


def unit_of(project: Application) -> Viewer:
    """The account of the unit."""
    return viewer_of(project.unit.people.get())


def approve(project: Application) -> None:
    """The unit stands behind its draft as it is now, unless it cannot be changed any more."""
    project.refresh_from_db()
    if project.state in actions.EDITABLE:
        approval.approve_own(
            viewer=unit_of(project),
            application_id=project.pk,
            revision=project.revision,
            sealed=True,
        )


def save(
    project: Application, section: str, **changes: object
) -> tuple[Application, dict[str, str]]:
    """Save one section with some answers changed; returns the row and the errors by input."""
    project.refresh_from_db()
    page = form_of(project).section(section)
    assert page is not None
    answers = {**shown_answers(project.answers), **changes}
    answers = {key: value for key, value in answers.items() if value is not None}
    saved, parsed = actions.save_section(
        viewer=unit_of(project),
        application_id=project.pk,
        section=section,
        data=section_values(page, answers),
        revision=project.revision,
    )
    return saved, parsed.errors
