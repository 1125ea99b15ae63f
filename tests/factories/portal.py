"""What the public sees, made directly: calls, running notices and titles of several provinces."""

from typing import Any

from django.urls import reverse

from jiangxin.core.kernel import clock
from jiangxin.core.kernel.regions import PROVINCES
from jiangxin.records.identity.viewer import System
from jiangxin.stages.programme.models import Call, Track
from jiangxin.stages.publicity.models import Notice
from jiangxin.stages.titles.actions import award, enter_legacy
from jiangxin.stages.titles.models import Title

PAGES = (
    "home",
    "portal-calls",
    "portal-notices",
    "portal-register",
    "portal-revocations",
    "portal-experiences",
    "portal-nation",
    "portal-nation-coverage",
    "portal-policy",
    "portal-norms",
    "verify",
    "verify-paper",
    "help",
    "objection-lookup",
)


def published_call(code: str, **changes: Any) -> Call:
    values = {
        "province": code,
        "year": 2025,
        "title": f"{code} 申报通知",
        "opens_at": clock.beijing(2025, 9, 1, 9),
        "closes_at": clock.beijing(2025, 10, 10, 17),
        "publicity_days": 5,
        "panel_size": 5,
        "phone": f"000-{code}",
        "state": "open",
    }
    return Call.objects.create(**(values | changes))


def published_notice(call: Call) -> Notice:
    return Notice.objects.create(
        call=call,
        title=f"{call.province} 公示",
        text="现予公示。",
        contact="某厅",
        days=5,
        items=[
            {
                "application": number,
                "number": f"N{number}",
                "kind": "base",
                "track": "new_base",
                "title": f"项目{number}",
                "unit": "某校",
                "leader": "",
            }
            for number in (1, 2)
        ],
        state="published",
        published_at=clock.beijing(2025, 9, 23, 9),
        starts_on=clock.beijing(2025, 9, 24).date(),
        ends_on=clock.beijing(2025, 9, 30).date(),
    )


def titles(number: int, code: str) -> list[Title]:
    old = enter_legacy(
        by=System(),
        number=f"L{number}",
        kind="base",
        province=code,
        year=2014,
        name=f"老基地{number}",
        unit_name="某校",
    )
    new = award(
        by=System(),
        number=f"A{number}",
        kind="base",
        track="new_base",
        province=code,
        year=2023,
        name=f"新基地{number}",
        unit_name="某校",
        origin=f"project:{number}",
    )
    return [old, new]


def populate(provinces: int) -> tuple[Call, Notice, Title]:
    """One call, one running notice and two titles in each of the first provinces."""
    last: tuple[Call, Notice, Title] | None = None
    for number, each in enumerate(PROVINCES[:provinces]):
        call = published_call(each.code)
        last = call, published_notice(call), titles(number, each.code)[1]
    assert last
    return last


def addresses(call: Call, notice: Notice, title: Title) -> list[str]:
    """Every public page, the details of one province included."""
    return [
        *(reverse(name) for name in PAGES),
        *(reverse("portal-guide", args=[track.value]) for track in Track),
        reverse("portal-guide", args=["studio"]) + f"?province={call.province}",
        reverse("portal-call", args=[call.pk]),
        reverse("portal-call", args=[call.pk]) + "?list=&at=1",
        reverse("portal-notice", args=[notice.pk]),
        reverse("portal-province", args=[title.province]),
        reverse("portal-title", args=[title.pk]),
        reverse("portal-title", args=[title.pk]) + "?list=&at=1",
    ]
