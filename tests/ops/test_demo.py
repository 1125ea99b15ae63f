"""The demonstration holds together: every stage, every role, every link that a page shows."""

import re
from collections import deque
from html import unescape
from urllib.parse import urldefrag, urlsplit

import pytest
from django.db import transaction
from django.test import Client

from jiangxin.core.kernel import clock
from jiangxin.core.workflow import ProjectState, Role
from jiangxin.ops import demo
from jiangxin.ops.fsck import broken_versions, stray_states
from jiangxin.records.identity.models import User
from jiangxin.records.ledger.actions import seal
from jiangxin.records.ledger.queries import faults
from jiangxin.stages.application.models import Application

LINK = re.compile(r'<a [^>]*href="([^"#][^"]*)"')
MOST = 120  # pages a role; lists repeat themselves after that
SKIP = ("/static/", "/logout/", "/api/", "/gallery/", "/healthz")


@pytest.fixture
def country(db: None, settings):
    """Six provinces at six stages, and the clock of the demonstration."""
    settings.DEMO = True
    demo.load(provinces=6)
    seal()
    with clock.at(demo.NOW):
        yield


def crawl(client: Client, start: str) -> dict[str, int]:
    """Follow every link of our own from `start`; address → status, unexpected ones only."""
    todo, seen, wrong = deque([start]), {start}, {}
    while todo and len(seen) < MOST * 3:
        address = todo.popleft()
        answer = client.get(address)
        if answer.status_code in (301, 302):
            found = [answer.headers["Location"]]
        else:
            early = answer.status_code == 409 and "还" in answer.content.decode()
            if answer.status_code != 200 and not early:  # a step that is too early says why
                wrong[address] = answer.status_code
            html = answer.headers.get("Content-Type", "").startswith("text/html")
            found = LINK.findall(answer.content.decode()) if html else []
        for link in found:
            target = urldefrag(unescape(link)).url
            parts = urlsplit(target)
            if parts.netloc or not parts.path.startswith("/") or parts.path.startswith(SKIP):
                continue
            # One page of each kind of list is enough: the query is kept for searches and files.
            asks = parts.query.startswith(("q=", "path="))
            kept = target if asks else parts.path
            if kept not in seen and sum(one.startswith(parts.path) for one in seen) < 3:
                seen.add(kept)
                todo.append(kept)
    return wrong


def test_six_stages_stand_and_every_link_of_every_role_opens(country: None) -> None:
    states = set(Application.objects.values_list("state", flat=True))
    assert states >= {
        ProjectState.DRAFT,
        ProjectState.SUBMITTED,
        ProjectState.REJECTED,
        ProjectState.UNDER_REVIEW,
        ProjectState.PUBLICISED,
        ProjectState.NOT_SELECTED,
        ProjectState.CONFIRMED,
        ProjectState.REGISTERED,
    }
    assert [*faults(), *stray_states(), *broken_versions()] == []
    wrong: dict[str, dict[str, int]] = {"public": crawl(Client(), "/")}
    for role in Role:
        provinces = ["37", "32", "44", "51", "11", "42"] if role is Role.PROVINCE_HR else [""]
        for province in provinces:
            users = User.objects.filter(role=role)
            user = (users.filter(province=province) if province else users).order_by("id").first()
            if user is None:
                continue
            client = Client()
            client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
            wrong[f"{role.value} {province}"] = crawl(client, "/home/")
    assert {who: found for who, found in wrong.items() if found} == {}


def loaded(seed: int) -> list[tuple[object, ...]]:
    """The projects and the people of a demonstration, which is then undone."""
    with transaction.atomic():
        demo.load(seed=seed, provinces=1, stage="examining")
        rows = Application.objects.order_by("id").values_list("title", "unit_name", "state")
        found = [*rows, *User.objects.order_by("id").values_list("name", "role")]
        transaction.set_rollback(True)
    return found


@pytest.mark.django_db
def test_the_same_seed_gives_the_same_country_and_another_another() -> None:
    first = loaded(1)
    assert loaded(1) == first
    assert loaded(2) != first
