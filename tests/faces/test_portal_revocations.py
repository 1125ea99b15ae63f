"""A revocation is the departments' own until it is published: not a byte of anything public moves."""

import re

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from jiangxin.core.kernel import clock
from jiangxin.faces.frame.nation import MEASURES
from jiangxin.stages.revocation.actions import decision
from jiangxin.stages.titles.models import Title
from jiangxin.stages.titles.queries import title_of
from tests.faces.test_pictures import PICTURES
from tests.faces.test_portal_secrecy import reached
from tests.factories.desk import client_of, text_of
from tests.factories.experience import published as published_experience
from tests.factories.revocation import TERM_OVER, decided, noticed
from tests.factories.titled import Place

pytestmark = pytest.mark.django_db
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="[^"]*"|csrf-token" content="[^"]*"')
WORDS = ["状态:有效", "状态:已取消", "年:2025", "年:2014"]


def everything(*titles: Title) -> dict[str, str]:
    """All that the anonymous reach, and the entries of these titles in the API."""
    with clock.at(TERM_OVER):
        found = reached(WORDS)
        more = [f"/api/v1/register/{each.number}" for each in titles]
        more += [f"/nation/?measure={measure}" for measure in MEASURES]
        more += [
            f"{address}?picture={name}&export={wanted}"
            for address, names in PICTURES.items()
            for name in names
            for wanted in ("csv", "json")
        ]
        for address in more:
            answer = Client().get(address)
            assert answer.status_code == 200, address
            found[address] = b"".join(answer).decode()
    books = "export=xlsx"  # says when it was made; the same rows come as CSV
    return {at: TOKEN.sub("", text) for at, text in found.items() if books not in at}


def test_nothing_public_moves_before_the_decision_is_published() -> None:
    place = Place()
    studio, old = place.studio(), place.legacy(assessment="failed", assessed_year=2024)
    open_ = place.legacy()
    published_experience(place, studio)
    before = everything(studio, old, open_)
    for address in (
        f"/register/{studio.pk}/",
        "/nation/37/",
        "/nation/?picture=provinces&export=csv",
    ):
        assert address in before
    noticed(place, old, "assessment")
    assert everything(studio, old, open_) == before, "told"
    cases = [decided(place, studio), decided(place, open_)]
    studio.refresh_from_db()
    assert (studio.state, studio.unpublished) == ("revoked", True)
    assert everything(studio, old, open_) == before, "decided"
    with clock.at(TERM_OVER):
        shown = text_of(client_of(place.hr).get(f"/desk/titles/?q={studio.number}"))
        assert "已取消" in shown, "officials see the title as it is"
        assert title_of(place.hr, studio.pk).state == "revoked"
        for case in cases:
            decision.publish(viewer=place.hr, case_id=case.pk)
    after = everything(studio, old, open_)
    changed = {address for address in before if after.get(address) != before[address]}
    for address in (
        f"/register/{studio.pk}/",
        "/register/?q=状态:有效&export=csv",
        "/register/?export=json",
        f"/api/v1/register/{studio.number}",
        "/api/v1/register",
        "/nation/37/",
        "/nation/?picture=provinces&export=csv",
        "/revocations/",
    ):
        assert address in changed, address
    assert "已取消" in after[f"/register/{studio.pk}/"]
    assert '"state": "revoked"' in after[f"/api/v1/register/{studio.number}"]


def test_only_a_revoked_title_can_be_unpublished() -> None:
    title = Place().legacy()
    with (
        pytest.raises(IntegrityError, match="only_a_revocation_is_unpublished"),
        transaction.atomic(),
    ):
        Title.objects.filter(pk=title.pk).update(unpublished=True)


def test_a_title_of_the_register_costs_the_same_before_and_after() -> None:
    place = Place()
    title = place.studio()
    costs = []
    for step in (lambda: None, lambda: decided(place, title)):
        step()
        with CaptureQueriesContext(connection) as captured:
            assert "有效" in text_of(Client().get(f"/register/{title.pk}/"))
        costs.append(len(captured))
    assert costs[0] == costs[1] <= 7
