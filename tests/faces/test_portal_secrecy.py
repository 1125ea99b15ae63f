"""Somebody without an account follows every link, download and search: what is not public is nowhere."""

import re
from html import unescape
from random import Random

import pytest
from django.test import Client
from django.urls import reverse

from jiangxin.core.kernel import clock
from jiangxin.core.workflow import Role
from jiangxin.ops.scenes import finish
from jiangxin.ops.scenes.country import officer
from jiangxin.stages.application.models import Application
from jiangxin.stages.application.queries import form_of
from jiangxin.stages.application.sealing import opened_answers
from jiangxin.stages.programme import actions as programme
from jiangxin.stages.publicity.models import Objection
from jiangxin.stages.titles.models import Title
from tests.factories.applications import Round
from tests.factories.year import PLACE, PUBLISHED, Year, make_year

pytestmark = pytest.mark.django_db
DURING = PUBLISHED.replace(day=26)
FIRST = (
    "home",
    "portal-register",
    "portal-revocations",
    "portal-experiences",
    "portal-notices",
    "portal-calls",
    "portal-nation",
    "objection-lookup",
)
API = ("calls", "notices", "register", "projects", "pack")


LINK = re.compile(r'href="([^"]*)"')
SAME = re.compile(r"[?&](sort|col|size|list)=")  # the same rows in another order or from elsewhere


def reached(searches: list[str]) -> dict[str, str]:
    """What the anonymous get: address → text, from the first pages on, over every link of ours."""
    client, found = Client(), {}
    waiting = [reverse(name) for name in FIRST] + [f"/api/v1/{name}" for name in API]
    for name in ("portal-register", "portal-notices", "portal-calls"):
        waiting += [
            f"{reverse(name)}?q={q}{more}" for q in searches for more in ("", "&export=csv")
        ]
        waiting.append(f"{reverse(name)}?export=json")
    while waiting:
        address = waiting.pop()
        if address in found or not address.startswith("/") or address.startswith("/static/"):
            continue
        answer = client.get(address)
        found[address] = b"".join(answer).decode(errors="replace")  # type: ignore[arg-type]
        if answer.headers.get("Content-Type", "").startswith("text/html"):
            links = (unescape(each).partition("#")[0] for each in LINK.findall(found[address]))
            waiting += [SAME.split(each)[0] for each in links]
    return found


def secrets_of(project: Application, *, published: bool) -> list[str]:
    """What the public may not read of a project; of an unpublished one not even its name."""
    number = opened_answers(form_of(project), project.answers)["leader_id_number"]
    named = [] if published else [project.title, project.unit_name, project.leader_name]
    return [number, number[6:14], project.leader_hash, project.answers["contact_phone"], *named]


@pytest.fixture
def year() -> Year:
    """One notice is out, with an objection; beside it all that is not out yet."""
    made = make_year()
    hr = officer(Role.PROVINCE_HR, "36")
    with clock.at(DURING):
        programme.draft_call(
            viewer=hr,
            year=2025,
            title="还在起草的申报通知",
            doc_number="赣人社〔2025〕9号",
            opens_at=clock.beijing(2025, 10, 9, 9),
            closes_at=clock.beijing(2025, 10, 25, 17),
            publicity_days=5,
            panel_size=5,
            phone="0791-7654321",
            text="尚未商定的正文。",
        )
    return made


def everything_secret(year: Year) -> list[str]:
    left_out = Application.objects.get(state="not_selected")
    round_ = Round("37", year.call, Random(99))
    hidden = [left_out, round_.draft(round_.unit()), round_.submitted()]
    chosen = Application.objects.filter(state="publicised")
    assert chosen.count() == 2
    return [
        "还在起草的申报通知",
        "0791-7654321",
        "赣人社〔2025〕9号",
        *(text for project in hidden for text in secrets_of(project, published=False)),
        *(text for project in chosen for text in secrets_of(project, published=True)),
    ]


def test_what_is_not_public_is_behind_no_link_and_no_search(year: Year) -> None:
    notice = year.published(objection=True)
    objection = Objection.objects.get()
    secrets = [*everything_secret(year), "陈演示", objection.text, objection.number]
    left_out = Application.objects.get(state="not_selected")
    words = [left_out.number, "起草", "状态:起草中", "省:江西", "年:2025"]
    with clock.at(DURING):
        pages = reached(words)
    assert reverse("portal-notice", args=[notice.pk]) in pages
    assert notice.items[0]["leader"] in "".join(pages.values())
    leaks = [(at, text) for at, page in pages.items() for text in secrets if text in page]
    assert leaks == []


def test_the_register_brings_no_more_to_light(year: Year) -> None:
    notice = year.published()
    secrets = everything_secret(year)
    finish.settle(PLACE, notice)
    with clock.at(clock.beijing(2025, 10, 18, 9)):
        row = year.package()
        year.seal(row)
    package = finish.file(PLACE, year.call, clock.beijing(2025, 10, 20, 9))
    finish.register(package, clock.beijing(2025, 11, 3, 9))
    with clock.at(clock.beijing(2025, 11, 10, 9)):
        pages = reached([notice.items[0]["number"]])
    title = reverse("portal-title", args=[Title.objects.get(name=notice.items[0]["title"]).pk])
    assert notice.items[0]["leader"] in pages[title]
    leaks = [(at, text) for at, page in pages.items() for text in secrets if text in page]
    assert leaks == []


def test_a_wrong_code_is_answered_like_a_wrong_number(year: Year) -> None:
    year.published(objection=True)
    number = Objection.objects.get().number

    def answer(given: str) -> str:
        page = Client().post(reverse("objection-lookup"), {"number": given, "code": "AAAAAAAAAA"})
        assert page.status_code == 422
        text = re.sub(r'csrfmiddlewaretoken" value="\w+"', "", page.content.decode())
        return text.replace(given, "…")

    assert answer(number) == answer("Y20253700000000")
