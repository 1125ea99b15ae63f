"""Dates of a construction, from the parameters in force for its year and province."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta

from jiangxin.core.policy.values import years_later
from jiangxin.stages.application.models import Application
from jiangxin.stages.programme.queries import overlay_of_call, pack

from .choices import StartEvent


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What the notice and the province's rules say about the time of construction."""

    start_event: StartEvent
    years: int
    extension_months: int
    report_months: int
    report_days: int
    inspectors: int


def terms_of(project: Application) -> Terms:
    """The terms for one project: its year's, with the overlay that its call chose."""
    on, overlay = date(project.year, 12, 31), overlay_of_call(project.call)

    def value(name: str) -> int:
        return int(pack().value(name, on, overlay))

    return Terms(
        start_event=StartEvent(pack().value("build.start_event", on, overlay)),
        years=value("build.years"),
        extension_months=value("build.extension_months"),
        report_months=value("build.report_months"),
        report_days=value("build.report_days"),
        inspectors=value("visit.inspectors"),
    )


def due_after(starts_on: date, years: int) -> date:
    """The last day of a construction that is counted from `starts_on`."""
    return years_later(starts_on, years)


def months_later(start: date, months: int) -> date:
    """The same day so many months later, or that month's last day where there is no such day."""
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    return date(year, month + 1, min(start.day, monthrange(year, month + 1)[1]))


def stretches(begins: date, due: date, months: int) -> list[tuple[date, date]]:
    """First and last day of each period of `months` from `begins` on; the last one ends on `due`."""
    found: list[tuple[date, date]] = []
    first, number = begins, 1
    while first <= due:
        following = months_later(begins, number * months)
        # What would be left over as a single day (the day itself does not count) joins the last.
        last = due if following >= due else following - timedelta(days=1)
        found.append((first, last))
        first, number = last + timedelta(days=1), number + 1
    return found
