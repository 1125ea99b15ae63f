"""No leaks: what a viewer may not know may be otherwise, and every page stays the same to the byte.

A hidden fact is flipped in the rows: a score, who sits on a panel, the ranking, the pending choice.
Then every address that a page anywhere leads to (all roles' pages, exports, the API, with their real
arguments) is opened by every viewer who may not know it, before and after.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from html import unescape
from urllib.parse import urldefrag, urlsplit

import pytest
from django.test import Client
from django.urls import Resolver404, resolve

from jiangxin.core.kernel import clock
from jiangxin.core.workflow import Role
from jiangxin.ops.generated import views
from jiangxin.records.identity.models import User
from jiangxin.records.identity.viewer import Viewer
from tests.factories.desk import client_of
from tests.factories.hidden import Country, Looker, make_country, other_world
from tests.factories.review import NOW

LINK = re.compile(r'(?:href|action)="([^"#][^"]*)"')
# What differs from one answer to the next and says nothing: the form's token.
NOISE = re.compile(rb'name="csrfmiddlewaretoken" value="[^"]*"|"csrf[a-z]*": ?"[^"]*"')
SKIP = ("/static/", "/logout/", "/gallery/", "/healthz", "/media/")
API = tuple(f"/api/v1/{name}" for name in ("calls", "notices", "register", "projects", "pack"))
EACH, STEPS = 3, 900  # addresses kept of one view and kind; pages that one crawler opens at most
WITHOUT_DATA = 60  # views that the country leads nobody to; their number may fall


def session(viewer: Viewer) -> Client:
    client = Client() if viewer.role is Role.PUBLIC else client_of(viewer)
    client.raise_request_exception = False
    return client


def kind_of(address: str) -> str:
    """The view of an address, and what its query asks for: a list in another order, a file, a search."""
    parts = urlsplit(address)
    try:
        name = resolve(parts.path).url_name or parts.path
    except Resolver404:
        return ""
    asks = [word for word in ("export", "sort", "q") if f"{word}=" in parts.query]
    return " ".join([name, *asks])


def body(client: Client, address: str) -> tuple[int, bytes, str]:
    answer = client.get(address)
    data = b"".join(answer) if answer.streaming else answer.content  # type: ignore[arg-type]
    where = answer.headers.get("Location", "").encode()
    assert answer.status_code < 500, f"{address}: {answer.status_code}"
    return answer.status_code, NOISE.sub(b"", data) + where, answer.headers.get("Content-Type", "")


class Book:
    """Every address with real arguments: a few of each view and kind."""

    def __init__(self) -> None:
        self.known: dict[str, list[str]] = defaultdict(list)

    def take(self, address: str) -> bool:
        """Keep it, unless there are enough of its kind."""
        kind = kind_of(address)
        if not kind or address.startswith(SKIP) or len(self.known[kind]) >= EACH:
            return False
        if address in self.known[kind] or "xlsx" in address:  # a zip holds the time of its making
            return False
        self.known[kind].append(address)
        return True

    def crawl(self, viewer: Viewer) -> None:
        """From the home page over every link that this viewer gets."""
        client, todo, seen = session(viewer), ["/home/", "/", *API], set[str]()
        counts: Counter[str] = Counter()
        while todo and len(seen) < STEPS:
            address = todo.pop(0)
            if address in seen or counts[kind_of(address)] >= EACH:
                continue
            seen.add(address)
            counts[kind_of(address)] += 1
            self.take(address)
            status, data, media = body(client, address)
            if status in (301, 302):
                todo.append(data.decode())
            if not media.startswith("text/html"):
                continue
            for link in LINK.findall(data.decode()):
                target = urldefrag(unescape(link)).url
                parts = urlsplit(target)
                if not parts.netloc and parts.path.startswith("/"):
                    todo.append(target)
                    if self.take(target) is False and parts.query:
                        self.take(parts.path)

    def addresses(self, role: Role) -> list[str]:
        """Those that somebody of this role can open at all (others are told by their role alone)."""
        found = []
        for each in self.known.values():
            for address in each:
                access = getattr(resolve(urlsplit(address).path).func, "access", None)
                may = access is None or role in access.roles
                if may and (access is None or "GET" in access.methods):
                    found.append(address)
        return found


def seen(viewer: Viewer, addresses: Iterable[str]) -> dict[str, tuple[int, bytes, str]]:
    client = session(viewer)
    return {address: body(client, address) for address in addresses}


def differing(country: Country, book: Book, looker: Looker, *, known: bool = False) -> list[str]:
    """The addresses that tell this looker which of the two worlds it is."""
    addresses = book.addresses(looker.viewer.role)
    before = seen(looker.viewer, addresses)
    with other_world():
        country.flip(looker, known=known)
        after = seen(looker.viewer, addresses)
    return sorted(address for address in addresses if before[address] != after[address])


@pytest.fixture
def country(db: None) -> Country:
    return make_country()


@pytest.mark.django_db
def test_a_hidden_fact_changes_no_byte_of_any_page_for_who_may_not_know_it(
    country: Country,
) -> None:
    with clock.at(NOW):
        book = Book()
        for pages in country.pages.values():
            for _, address in pages:
                book.take(address)
        for viewer in {each.viewer for each in country.lookers} | _experts(country):
            book.crawl(viewer)
        _covers_the_routes(book)
        told = {each.name: differing(country, book, each) for each in country.lookers}
        assert {name: found for name, found in told.items() if found} == {}
        # The control: what a viewer may know does show, on the pages where it belongs.
        for looker in country.lookers:
            found = {
                kind_of(each).split()[0] for each in differing(country, book, looker, known=True)
            }
            if looker.name == "hr of scoring":
                assert {"desk-round"} <= found
            if looker.name == "hr of choosing":
                assert {"desk-ranking", "desk-ranking-sheet", "desk-ranking-minutes"} <= found
            if looker.name == "expert of choosing":
                assert found == {"expert-outcome"}
            if not looker.knows:
                assert found == set()


def _experts(country: Country) -> set[Viewer]:
    """An expert of each panel, so that the addresses of what they wrote are in the book."""
    rows = (country.row_scoring, country.row_choosing)
    provinces = (country.scoring, country.ranked)
    return {
        place.viewer(row.panel.filter(status="accepted").select_related("expert")[0].expert)
        for row, place in zip(rows, provinces, strict=True)
    }


def _covers_the_routes(book: Book) -> None:
    """The book knows an address of nearly every view: what it lacks is counted, not forgotten."""
    wanted = {
        name
        for path, name, view in views()
        if hasattr(view, "access")
        and "GET" in view.access.methods
        and not f"/{path}".startswith(SKIP)
    }
    lacking = wanted - {kind.split()[0] for kind in book.known}
    assert len(lacking) <= WITHOUT_DATA, sorted(lacking)
    must = {"desk-ranking", "desk-ranking-sheet", "desk-round", "expert-sheet", "expert-outcome"}
    assert not (must & lacking)
    assert User.objects.count() > 20
