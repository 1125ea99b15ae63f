"""One province in which everything that the notice speaks of has happened, by the real actions.

    pages = make_whole()
    pages["desk-plan-line"]      # [(viewer, address), …]: who may open it, with data behind it

What it stands on is made by the builders of the stages; here they only follow one another.
"""

from collections import defaultdict
from datetime import date
from random import Random
from types import SimpleNamespace

from django.urls import reverse

from jiangxin.core.kernel import clock
from jiangxin.core.workflow import Role
from jiangxin.ops.scenes.country import officer
from jiangxin.records.identity.queries import viewer_of
from jiangxin.records.identity.viewer import PUBLIC, Viewer
from jiangxin.stages.construction.actions import activities, start, visits
from jiangxin.stages.experts.choices import Field
from jiangxin.stages.experts.models import Expert
from jiangxin.stages.filing.models import Package
from jiangxin.stages.programme.models import Track
from jiangxin.stages.publicity.models import Notice
from jiangxin.stages.review.models import Round as Review
from jiangxin.stages.review.models import ScoreSheet
from jiangxin.stages.titles.models import Title
from tests.factories import accounts, assessment, changes, experience, rectification, revocation
from tests.factories.acceptance import Built
from tests.factories.applications import DURING, Round, unit_of
from tests.factories.construction import Site, drawn, pdf, reported, visited, wish
from tests.factories.construction import unit_of as holder
from tests.factories.funding import Leg, Nation
from tests.factories.titled import project_behind
from tests.factories.year import PLACE, Year, make_year

TODAY = clock.beijing(2028, 3, 1, 9)
LISTS = (
    "desk-activities",
    "desk-accounts",
    "desk-acceptances",
    "desk-assessments",
    "desk-batches",
    "desk-changes",
    "desk-claims",
    "desk-constructions",
    "desk-coverage",
    "desk-nation-overdue",
    "desk-draw",
    "desk-experiences",
    "desk-experts",
    "desk-extensions",
    "desk-filings",
    "desk-findings",
    "desk-flags",
    "desk-funds",
    "desk-home",
    "desk-inspections",
    "desk-legacy",
    "desk-legacy-imports",
    "desk-loans",
    "desk-progress-reports",
    "desk-rectifications",
    "desk-revocation-ready",
    "desk-revocations",
    "desk-visits",
    "desk-vouchers",
    "desk-yearly-report",
)
Pages = dict[str, list[tuple[Viewer, str]]]


class National(Nation):
    """The builders of money, working in a country whose offices and titles exist already."""

    def __post_init__(self) -> None:
        self.hr, self.finance = officer(Role.MINISTRY_HR), officer(Role.MINISTRY_FINANCE)
        self.desk = SimpleNamespace(  # type: ignore[assignment]
            hr=officer(Role.PROVINCE_HR, PLACE.code),
            finance=officer(Role.PROVINCE_FINANCE, PLACE.code),
        )


class Later(Built):
    """The same for a studio that won a real selection: those who judged it then stay out of its panel."""

    def panel(self) -> list[Expert]:
        fields = (Field.TECHNICAL, Field.EDUCATION, Field.FINANCE)
        return [self.spare(each) for each in fields]


class Whole:
    """The pages as they come about, one method for each part of the programme."""

    def __init__(self) -> None:
        self.pages: Pages = defaultdict(list)
        self.year: Year = make_year(3)
        self.site = Site(Round(PLACE.code, self.year.call, Random(17)))
        for name in LISTS:
            self.see(name, by=self.site.hr)

    def see(self, name: str, *ids: object, by: Viewer, query: str = "") -> None:
        self.pages[name].append((by, reverse(name, args=ids) + query))

    def applied(self) -> None:
        """For each track a draft that its unit reads through, and one that the province examines."""
        for track in Track:
            unit = self.site.round.unit(track)
            draft = self.site.round.draft(unit, track)
            self.see("apply-check", draft.pk, by=unit)
            self.see("apply-section", draft.pk, "undertakings", by=unit)
            self.see("apply-scan", draft.pk, by=unit)
            self.see("desk-examine", self.site.round.submitted(track).pk, by=self.site.hr)
        self.see(
            "desk-call-new", by=self.site.hr, query="?year=2022"
        )  # Shandong has rules of its own
        self.see("desk-call", self.year.call.pk, by=self.site.hr)

    def reviewed(self) -> None:
        row = Review.objects.get()
        sheet = ScoreSheet.objects.select_related("seat__expert__user")[0]
        self.see("desk-round", row.pk, by=self.site.hr)
        self.see("desk-draw-session", row.sessions.get().pk, by=self.site.supervisor)
        self.see("desk-ranking", row.pk, by=self.site.finance)
        expert = viewer_of(sheet.seat.expert.user)
        self.see("expert-sheet", sheet.pk, by=expert)
        self.see("expert-profile", by=expert)
        for name in ("portal-draws", "portal-expert-apply"):
            self.see(name, by=PUBLIC)

    def registered(self) -> list[Title]:
        """The two studios, through publicity and filing to both ministries."""
        titles = self.year.registered()
        notice, package = Notice.objects.get(), Package.objects.get()
        self.see("desk-notice", notice.pk, by=self.site.hr)
        self.see("portal-notice", notice.pk, by=PUBLIC)
        self.see("desk-filing", package.pk, by=self.site.finance)
        ministry = officer(Role.MINISTRY_HR)
        self.see("ministry-filing", package.pk, by=ministry)
        self.see("ministry-quota", by=ministry)
        for query in ("", "?measure=assessed"):
            self.see("portal-nation", by=PUBLIC, query=query)
        self.see("portal-nation-coverage", by=PUBLIC)
        self.see("portal-province", PLACE.code, by=PUBLIC)
        return titles

    def supervised(self) -> Title:
        """A base under construction: a report, more time, a visit by lot, an activity."""
        row = self.site.started(Track.NEW_BASE)
        reported(row, 1)
        with clock.at(clock.beijing(2026, 7, 6, 9)):
            wish(row)
            visit = drawn(self.site).visits.get()
            fault = visits.Problem(text="台账不全", clause="4.5", due=date(2026, 9, 1))
            visited(self.site, visit, fault)
            activities.record(
                viewer=holder(row.title),
                title_id=row.title_id,
                function="skill_training",
                held_on=date(2026, 7, 1),
                name="数控培训班",
                persons=30,
                files=[pdf("签到.pdf")],
            )
        self.see("desk-construction", row.pk, by=self.site.hr)
        self.see("my-construction", row.title_id, by=holder(row.title))
        return row.title

    def paid(self, *titles: Title) -> None:
        """Into the plan, down the chain, onto the account, and a voucher that raises a flag."""
        nation = National()
        plan = nation.approved(*titles)
        self.see("desk-plan", plan.pk, by=nation.finance)
        for line in plan.lines.all():
            self.see("desk-plan-line", plan.pk, line.pk, by=nation.finance)
        for title in titles:
            unit = holder(title)
            nation.confirm(nation.pay(Leg.LOCAL, title, 20, doc=f"地财{title.pk}号"))
            fund = accounts.Fund.__new__(accounts.Fund)
            fund.nation, fund.title, fund.unit, fund.count = nation, title, unit, 0
            self.see("desk-flag", fund.flagged().pk, by=self.site.finance)
            self.see("desk-account", title.pk, by=self.site.finance)
            self.see("my-account", title.pk, by=unit)
            self.see("my-account-statement", title.pk, by=unit)

    def failed(self, title: Title) -> None:
        """A studio that fails its acceptance and mends nothing within the term."""
        project = project_behind(title)
        with clock.at(clock.beijing(2025, 12, 10, 9)):
            start.start(viewer=self.site.hr, title_id=title.pk)
        built = Later(
            self.site.round, project, title, unit_of(project), self.site.hr, self.site.finance
        )
        row = rectification.served(built)
        self.see("desk-rectification", row.pk, by=self.site.hr)
        self.see("my-rectification", row.pk, by=built.unit)
        self.see("desk-acceptance", built.title.acceptances.get().pk, by=self.site.hr)

    def revoked(self, title: Title) -> None:
        case = revocation.published(self.site, title, holder(title))  # type: ignore[arg-type]
        self.see("desk-revocation", case.pk, by=self.site.hr)
        self.see("my-revocation", case.pk, by=holder(title))
        self.see("portal-revocation", case.pk, by=PUBLIC)
        self.see("portal-revocations", by=PUBLIC)

    def assessed(self) -> None:
        """A base of 2014 with its unit, in a batch."""
        unit = self.site.round.unit(Track.EXISTING_BASE)
        title = Title.objects.filter(track="").latest("id")
        with clock.at(DURING):
            row = assessment.batch_of(self.site.hr, title).assessments.get()
        self.see("desk-assessment", row.pk, by=self.site.hr)
        self.see("my-assessment", row.pk, by=unit)

    def told(self, title: Title) -> None:
        """Another leader is asked for; a case of good experience."""
        change = changes.requested(self.site.hr, title, "leader", changes.leader())
        self.see("desk-change", change.pk, by=self.site.finance)
        experience.published(self.site, title)  # type: ignore[arg-type]
        self.see("portal-experiences", by=PUBLIC)


def make_whole() -> Pages:
    """Everything, in the order of time; then which pages show it, and to whom."""
    whole = Whole()
    whole.applied()
    whole.reviewed()
    first, second = whole.registered()
    base = whole.supervised()
    whole.paid(base, first)
    whole.told(first)
    whole.failed(first)
    whole.revoked(second)
    whole.assessed()
    return dict(whole.pages)
