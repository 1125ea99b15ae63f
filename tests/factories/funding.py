"""Registered projects with their units, and their way through claim, plan and payment by real actions."""

import io
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from jiangxin.core.kernel import clock
from jiangxin.core.workflow import ProjectState, Role
from jiangxin.records.identity.models import User
from jiangxin.records.identity.queries import viewer_of
from jiangxin.records.identity.viewer import System, Viewer
from jiangxin.stages.application.models import Application
from jiangxin.stages.funding.actions import claims, payments, plans
from jiangxin.stages.funding.choices import Leg
from jiangxin.stages.funding.models import Arrival, Claim, Payment, Plan
from jiangxin.stages.titles.actions import award
from jiangxin.stages.titles.models import Title
from tests.factories.desk import Desk, official
from tests.factories.files import pdf

REGISTERED = clock.beijing(2026, 5, 20, 9)  # of the year 2025: the ministries list it in spring
CLAIMING = clock.beijing(2026, 6, 1, 9)
PLANNING = clock.beijing(2026, 7, 1, 9)
PAYING = clock.beijing(2026, 9, 1, 9)
WAN = 1_000_000  # 分
PAY_DAY = PAYING.date()


@dataclass
class Nation:
    """Both ministries, and one province with its two departments."""

    code: str = "37"
    desk: Desk = field(init=False)
    hr: Viewer = field(init=False)
    finance: Viewer = field(init=False)

    def __post_init__(self) -> None:
        self.desk = Desk(self.code)
        self.desk.open()
        self.hr = official(Role.MINISTRY_HR, name="部人社")
        self.finance = official(Role.MINISTRY_FINANCE, name="部财政")

    @property
    def both(self) -> tuple[Viewer, Viewer]:
        return self.hr, self.finance

    def title(self, kind: str = "base", year: int = 2025, **changes: Any) -> Title:
        """A project that both ministries have registered, with its title and its unit's account."""
        track = "new_base" if kind == "base" else "studio"
        project = self.desk.row(
            state=ProjectState.REGISTERED, kind=kind, track=track, year=year, answers={}
        )
        project = Application.objects.select_related("unit").get(pk=project.pk)
        fields: dict[str, Any] = {
            "number": project.number,
            "kind": kind,
            "track": track,
            "province": project.province,
            "year": year,
            "name": project.title,
            "unit_name": project.unit_name,
            "uscc": project.unit.uscc,
            "origin": project.subject,
        }
        with clock.at(REGISTERED):
            return award(by=System(), **(fields | changes))

    def claimed(self, title: Title, grade: str = "B", category: str = "production") -> Claim:
        """Submitted by the unit with one file."""
        unit = unit_of(title)
        with clock.at(CLAIMING):
            row = claims.save_claim(
                viewer=unit, title_id=title.pk, category=category, grade=grade, reason="对照表第3项"
            )
            attach(unit, row)
            return claims.submit_claim(viewer=unit, claim_id=row.pk)

    def checked(self, title: Title, grade: str = "B") -> Claim:
        row = self.claimed(title, grade)
        with clock.at(CLAIMING):
            return claims.check_claim(viewer=self.desk.hr, claim_id=row.pk, opinion="属实")

    def verified(self, title: Title, grade: str = "B") -> Claim:
        row = self.checked(title, grade)
        with clock.at(CLAIMING):
            for viewer in self.both:
                row = agree_claim(viewer, row)
        return row

    def plan(self, *titles: Title, budget: int = 10_000 * WAN, year: int = 2026) -> Plan:
        """A draft with these titles in it."""
        with clock.at(PLANNING):
            row = plans.draft_plan(viewer=self.hr, year=year, budget=budget)
            if titles:
                ids = [each.pk for each in titles]
                plans.add_lines(viewer=self.hr, plan_id=row.pk, title_ids=ids)
        return row

    def approve(self, row: Plan) -> Plan:
        """Both agree, one approves."""
        with clock.at(PLANNING):
            for viewer in self.both:
                agree_plan(viewer, row)
            return plans.approve(viewer=self.finance, plan_id=row.pk)

    def approved(self, *titles: Title) -> Plan:
        for each in titles:
            self.verified(each)
        return self.approve(self.plan(*titles))

    def pay(
        self, leg: Leg, title: Title, wan: int, on: date = PAY_DAY, doc: str = "财社1号"
    ) -> Payment:
        """An entry by whoever records that leg."""
        viewer = {
            Leg.TO_PROVINCE: self.finance,
            Leg.TO_UNIT: self.desk.finance,
            Leg.LOCAL: self.desk.finance,
            Leg.OWN: unit_of(title),
        }[leg]
        with clock.at(PAYING):
            return payments.record_payment(
                viewer=viewer, title_id=title.pk, leg=leg, amount=wan * WAN, on=on, doc_number=doc
            )

    def confirm(self, payment: Payment, on: date = PAY_DAY) -> Arrival:
        with clock.at(PAYING):
            return payments.confirm_arrival(
                viewer=unit_of(payment.title), payment_id=payment.pk, on=on
            )


def unit_of(title: Title) -> Viewer:
    """The account of the unit that holds the title."""
    return viewer_of(User.objects.get(organisation__uscc=title.uscc))


def attach(unit: Viewer, row: Claim, mark: str = "a", name: str = "证明.pdf") -> Any:
    data = pdf(mark)
    return claims.attach(
        viewer=unit, claim_id=row.pk, name=name, size=len(data), content=io.BytesIO(data)
    )


def agree_claim(viewer: Viewer, row: Claim) -> Claim:
    row.refresh_from_db()
    return claims.concur_claim(viewer=viewer, claim_id=row.pk, digest=row.digest(), agreed=True)


def agree_plan(viewer: Viewer, row: Plan) -> Plan:
    row.refresh_from_db()
    return plans.concur_plan(viewer=viewer, plan_id=row.pk, digest=row.digest(), agreed=True)
