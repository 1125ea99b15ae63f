"""No leaks: what a viewer may not know may be otherwise, and every page stays the same to the byte.

A hidden fact is flipped in the rows: a score, who sits on a panel, the ranking, the pending choice.
Then every address that a page anywhere leads to (all roles' pages, exports, the API, with their real
arguments) is opened by every viewer who may not know it, before and after.
"""

import io
import re
import zipfile
from collections import Counter, defaultdict
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from html import unescape
from itertools import islice, product
from typing import Any
from urllib.parse import urldefrag, urlsplit

import pytest
from django.test import Client
from django.urls import NoReverseMatch, Resolver404, resolve, reverse

from jiangxin.core.kernel import clock
from jiangxin.core.workflow import Role
from jiangxin.ops.generated import views
from jiangxin.records.identity.viewer import Viewer
from jiangxin.stages.review.models import ScoreSheet, Seat
from tests.factories.desk import client_of
from tests.factories.hidden import Country, Looker, make_country, other_world
from tests.factories.review import NOW

ARGUMENT = re.compile(r"<(?:\w+:)?(\w+)>")
LINK = re.compile(r'(?:href|action)="([^"#][^"]*)"')
# What differs from one answer to the next and says nothing: the form's token.
NOISE = re.compile(rb'name="csrfmiddlewaretoken" value="[^"]*"|"csrf[a-z]*": ?"[^"]*"')
SKIP = ("/static/", "/logout/", "/gallery/", "/healthz", "/media/")
API = tuple(f"/api/v1/{name}" for name in ("calls", "notices", "register", "projects"))
EACH, STEPS = 2, 60  # addresses kept of one view and kind; pages that one crawler opens at most
HIDING = {
    *("desk-round", "desk-ranking", "desk-ranking-sheet", "desk-ranking-minutes"),
    *("desk-ranking-paper", "desk-draw-session", "desk-expert", "desk-acceptance"),
    *("expert-sheet", "expert-sign", "expert-revise", "expert-outcome", "expert-workbook"),
}
WITHOUT_DATA = 43  # views that the country leads nobody to; their number may fall


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
    if data.startswith(b"PK"):
        data = unpacked(data)
    where = answer.headers.get("Location", "").encode()
    return answer.status_code, NOISE.sub(b"", data) + where, answer.headers.get("Content-Type", "")


def unpacked(data: bytes) -> bytes:
    """What a workbook holds, without the moment of its making."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = sorted(set(archive.namelist()) - {"docProps/core.xml"})
        return b"".join(each.encode() + archive.read(each) for each in names)


class Book:
    """Every address with real arguments: a few of each view and kind."""

    def __init__(self) -> None:
        self.known: dict[str, list[str]] = defaultdict(list)
        self.opened: Counter[tuple[Role, str]] = Counter()

    def take(self, address: str) -> bool:
        """Keep it, unless there are enough of its kind."""
        kind = kind_of(address)
        if not kind or address.startswith(SKIP) or len(self.known[kind]) >= EACH:
            return False
        if address in self.known[kind]:
            return False
        self.known[kind].append(address)
        return True

    def crawl(self, viewer: Viewer) -> None:
        """From the home page over every link that this viewer gets."""
        client, todo, seen = session(viewer), ["/home/", "/", *API], set[str]()
        while todo and len(seen) < STEPS:
            address = todo.pop(0)
            step = viewer.role, kind_of(address)
            if address in seen or address.startswith(SKIP) or self.opened[step] > EACH:
                continue
            seen.add(address)
            self.opened[step] += 1
            status, data, media = body(client, address)
            if status < 500:  # a row that a builder made too plain for this page
                self.take(address)
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

    def fill(self, ids: dict[str, list[Any]]) -> set[str]:
        """An address of each view that no page led to, with arguments that others have, or `ids`;
        what is left without one."""
        pool = self._arguments(ids)
        lacking = set()
        for path, name, view in views():
            access = getattr(view, "access", None)
            if access is None or "GET" not in access.methods or f"/{path}".startswith(SKIP):
                continue
            asked = ARGUMENT.findall(path)
            if len(self.known[name]) < EACH or set(asked) & set(ids):
                choices = [list(dict.fromkeys(pool[each]))[:3] for each in asked]
                made = (dict(zip(asked, each, strict=True)) for each in product(*choices))
                for kwargs in islice(made, 4):
                    with suppress(NoReverseMatch):
                        self.known[name].append(reverse(name, kwargs=kwargs))
            self.known[name] = list(dict.fromkeys(self.known[name]))
            if not self.known[name]:
                lacking.add(name)
        return lacking

    def _arguments(self, ids: dict[str, list[Any]]) -> dict[str, list[Any]]:
        """What each argument of an address may be: `ids` first, then what known addresses have."""
        pool: dict[str, list[Any]] = defaultdict(
            list, {name: [*found] for name, found in ids.items()}
        )
        for address in [each for found in self.known.values() for each in found]:
            for name, value in resolve(urlsplit(address).path).kwargs.items():
                pool[name].append(value)
        return pool

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


@dataclass
class Told:
    """The addresses by which a looker can tell the worlds apart: with what is hidden from the looker
    otherwise, and (the control) with what the looker may know otherwise; and the addresses that could
    not be opened, of which a comparison says nothing."""

    hidden: list[str]
    known: list[str]
    broken: list[str]


def told_to(country: Country, book: Book, looker: Looker) -> Told:
    addresses = book.addresses(looker.viewer.role)
    before = seen(looker.viewer, addresses)
    found: dict[bool, list[str]] = {}
    for known in (False, True):
        if known and not looker.control:
            continue
        with other_world():
            country.flip(looker, known=known)
            after = seen(looker.viewer, addresses)
        found[known] = sorted(each for each in addresses if before[each] != after[each])
    broken = sorted(each for each, (status, *_) in before.items() if status >= 500)
    return Told(found[False], found.get(True, []), broken)


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
        crawlers = {each.viewer for each in country.lookers if each.crawls} | _experts(country)
        for viewer in sorted(
            crawlers, key=lambda each: each.user_id or 0
        ):  # the same book each time
            book.crawl(viewer)
        lacking = book.fill(_hidden_rows(country))
        assert len(lacking) <= WITHOUT_DATA, sorted(lacking)
        assert not lacking & HIDING
        told = {each.name: told_to(country, book, each) for each in country.lookers}
    leaks = {name: each.hidden for name, each in told.items() if each.hidden}
    assert leaks == {}
    assert {name: each.broken for name, each in told.items() if each.broken} == {}
    # The control: what somebody may know does show, on the pages where it belongs.
    shown = {
        name: {kind_of(each).split()[0] for each in found.known} for name, found in told.items()
    }
    assert {"desk-round"} <= shown["hr of scoring"]
    assert {"desk-ranking", "desk-ranking-sheet", "desk-ranking-minutes"} <= shown["hr of choosing"]
    assert shown["expert of choosing"] == {"expert-outcome"}


def _experts(country: Country) -> set[Viewer]:
    """An expert of each panel, so that the addresses of what they wrote are in the book."""
    rows = (country.row_scoring, country.row_choosing)
    provinces = (country.scoring, country.ranked)
    return {
        place.viewer(row.panel.filter(status="accepted").select_related("expert")[0].expert)
        for row, place in zip(rows, provinces, strict=True)
    }


def _hidden_rows(country: Country) -> dict[str, list[Any]]:
    """The arguments under which the hidden rows are asked for."""
    rows = [country.row_choosing, country.row_scoring]
    sheets = ScoreSheet.objects.filter(seat__round__in=rows).order_by("-seat__round", "id")
    seats = Seat.objects.filter(round__in=rows).order_by("-round", "id")
    spread = list(sheets.values_list("id", flat=True))
    people = [each.viewer.user_id for each in country.lookers]
    own = seats.filter(expert__user__in=people)  # where a looker sits, beside others
    theirs = sheets.filter(seat__in=own).order_by("seat__round", "id")
    return {
        "round_id": [each.pk for each in rows],
        "sheet_id": [spread[0], theirs[0].pk, theirs.reverse()[0].pk],
        "seat_id": [*own.values_list("id", flat=True), seats[0].pk],
        "expert_id": [seats[0].expert_id, seats.reverse()[0].expert_id],
        "session_id": [each.session_id for each in (seats[0], seats.reverse()[0])],
        "acceptance_id": [country.acceptance.pk],
        "application_id": [country.ranked.projects[0].pk, country.scoring.projects[0].pk],
        "project_id": [country.ranked.projects[0].pk, country.scoring.projects[0].pk],
    }
