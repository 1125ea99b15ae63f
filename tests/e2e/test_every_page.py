"""Every page that an applicant can come to, by following the links: readable on a phone, open to all."""

from collections.abc import Callable, Iterator
from datetime import datetime
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import Resolver404, resolve
from playwright.sync_api import Page

from jiangxin.core.kernel import clock
from jiangxin.core.workflow import Role
from jiangxin.ops.scenes.country import officer
from jiangxin.records.identity.models import User
from jiangxin.records.identity.viewer import Viewer
from jiangxin.stages.application import actions, taking_back
from jiangxin.stages.application.models import Application
from jiangxin.stages.examination import actions as examining
from jiangxin.stages.programme.models import Track
from tests.e2e.conftest import PHONE
from tests.e2e.year import real_clock
from tests.factories.applications import DURING, Round, make_round, unit_of
from tests.factories.whole import TODAY, make_whole

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

# What a link leads to that is no page: files, and what belongs to the demonstration.
NO_PAGES = (
    "-pdf",
    "-docx",
    "-record",
    "-file",
    "-template",
    "-content",
    "verifier",
    "demo-clock",
    "logout",
    "gallery",
)
SKIPPED = ("/desk/", "/static/", "/api/", "/media/")


def stand_at(moment: datetime) -> None:
    """The server's threads have this clock as well."""
    shift = moment - datetime.now(clock.BEIJING)
    clock.shift_by(lambda: shift)


@pytest.fixture
def later(transactional_db: None) -> Iterator[None]:
    yield
    real_clock()


class Crawl:
    """Looks at each page once: by view, and by what the address says besides numbers."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.seen: set[tuple[str, ...]] = set()
        self.faults: list[str] = []
        page.set_viewport_size({"width": PHONE, "height": 900})

    def key(self, path: str, state: str) -> tuple[str, ...] | None:
        if path.startswith(SKIPPED):
            return None
        try:
            found = resolve(path)
        except Resolver404:
            return (path,)
        name = found.url_name or ""
        if name.endswith(NO_PAGES) or name.startswith(NO_PAGES):
            return None
        words = [str(each) for each in found.kwargs.values() if isinstance(each, str)]
        own = name.startswith(("apply-", "workspace-", "my-"))
        return (name, *words, state if own else "")

    def follow(self, start: str, state: str) -> None:
        """Every page that can be reached from `start` and was not looked at yet."""
        waiting = [start]
        while waiting:
            address = waiting.pop(0)
            key = self.key(urlsplit(address).path, state)
            if key is None or key in self.seen:
                continue
            self.seen.add(key)
            waiting += self.look(address, state)

    def look(self, address: str, state: str) -> list[str]:
        answer = self.page.goto(address)
        where = f"{address} ({state})"
        if answer is None or answer.status >= 400:
            self.faults.append(f"{where}: {answer.status if answer else 'no answer'}")
            return []
        if self.page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            self.faults.append(f"{where}: too wide")
        for each in Axe().run(self.page).response["violations"]:
            node = each["nodes"][0]
            self.faults.append(f"{where}: {each['id']} {node['target']} {node['html'][:90]}")
        links: list[str] = self.page.eval_on_selector_all(
            "a[href]",
            "all => all.filter(a => a.origin === location.origin).map(a => a.pathname + a.search)",
        )
        return links

    def names(self) -> set[str]:
        return {key[0] for key in self.seen}


def test_while_applying_in_every_state(
    page: Page, later: None, sign_in: Callable[..., None]
) -> None:
    round_ = make_round()
    stand_at(DURING)
    crawl = Crawl(page)

    def visit(viewer: Viewer, state: str) -> None:
        sign_in(User.objects.get(pk=viewer.user_id))
        crawl.follow("/workspace/", state)

    visit(round_.unit(), "nothing begun")
    empty = round_.unit()
    with clock.at(DURING):
        actions.begin(viewer=empty, call_id=round_.call.pk, track=Track.NEW_BASE)
    visit(empty, "empty")
    for track in Track:
        unit = round_.unit(track)
        round_.draft(unit, track)
        visit(unit, track.value)
    visit(two_years(round_), "with an earlier one")
    sent = round_.submitted()
    visit(unit_of(sent), "submitted")
    returned(sent)
    visit(unit_of(sent), "returned")
    gone = round_.submitted()
    with clock.at(DURING):
        taking_back.withdraw(viewer=unit_of(gone), application_id=gone.pk)
    visit(unit_of(gone), "withdrawn")
    expected = {"apply-tasks", "apply-section", "apply-check", "apply-withdraw", "apply-receipt"}
    expected |= {"apply-version", "apply-reuse", "eligibility-preview", "portal-call", "my-inbox"}
    assert expected - crawl.names() == set()
    assert "\n".join(crawl.faults) == ""


def two_years(round_: Round) -> Viewer:
    """A unit with an application on one track and a draft of another one."""
    unit = round_.unit(Track.NEW_BASE)
    round_.draft(unit, Track.NEW_BASE)
    with clock.at(DURING):
        actions.begin(viewer=unit, call_id=round_.call.pk, track=Track.STUDIO)
    return unit


def returned(sent: Application) -> None:
    hr = officer(Role.PROVINCE_HR, "37")
    with clock.at(DURING):
        defect = examining.Defect(section="plan", field="plan_goal", reason="请细化到季度")
        examining.send_back(viewer=hr, application_id=sent.pk, defects=[defect])


def test_through_all_the_life_of_a_title(
    page: Page, later: None, sign_in: Callable[..., None]
) -> None:
    pages = make_whole()
    stand_at(TODAY)
    crawl = Crawl(page)
    units = {
        viewer.user_id: viewer
        for found in pages.values()
        for viewer, _ in found
        if viewer.role is Role.APPLICANT
    }
    assert len(units) > 3
    for number, viewer in units.items():
        sign_in(User.objects.get(pk=viewer.user_id))
        crawl.follow("/workspace/", "")
        for name, found in pages.items():
            for other, address in found:
                if other.user_id == number and name.startswith("my-"):
                    crawl.follow(address, "")
    assert {"my-titles", "my-title", "my-account", "my-construction"} - crawl.names() == set()
    assert "\n".join(crawl.faults) == ""
