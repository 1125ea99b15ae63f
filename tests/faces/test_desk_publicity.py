"""The desk's pages of publicity: what is previewed is what is published, and nobody else sees a draft."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse

from jiangxin.core.kernel import clock
from jiangxin.core.workflow import Role
from jiangxin.ops.demo.country import officer
from jiangxin.stages.publicity import actions
from jiangxin.stages.publicity.models import Notice
from tests.factories.desk import client_of, text_of
from tests.factories.year import PUBLISHED, Year, make_year


@pytest.fixture
def year(db: None) -> Year:
    return make_year()


def drafted(year: Year) -> Notice:
    with clock.at(PUBLISHED - timedelta(days=1)):
        return actions.draft_notice(viewer=year.hr, call_id=year.call.pk)


def body(page: str) -> str:
    """The notice itself: from its title to its digest, without what differs in time."""
    found = re.search(r"<h1>.*</code></p>", page.partition("账册")[0], re.DOTALL)
    assert found
    return re.sub(r"还有 \d+ 个工作日。", "", found.group())


def test_the_preview_is_word_for_word_what_the_public_reads(year: Year) -> None:
    notice = drafted(year)
    for viewer in year.both:
        actions.concur_notice(
            viewer=viewer, notice_id=notice.pk, digest=notice.digest(), agreed=True
        )
    preview = reverse("desk-notice-preview", args=[notice.pk])
    public = reverse("portal-notice", args=[notice.pk])
    with clock.at(PUBLISHED):
        shown = text_of(client_of(year.finance).get(preview))
        assert "预览，尚未发布" in shown
        actions.publish(viewer=year.hr, notice_id=notice.pk)
        assert client_of(year.hr).get(preview).headers["Location"] == public
        published = text_of(client_of(year.hr).get(public))
    assert body(shown) == body(published)
    for item in notice.items:
        assert item["title"] in body(shown)


def test_a_draft_is_nobody_elses(year: Year) -> None:
    notice = drafted(year)
    addresses = [reverse(name, args=[notice.pk]) for name in ("desk-notice", "desk-notice-preview")]
    own = client_of(year.hr)
    assert all(notice.title in text_of(own.get(each)) for each in addresses)
    for viewer in (
        officer(Role.PROVINCE_HR, "36"),
        officer(Role.MINISTRY_HR),
        officer(Role.AUDITOR),
    ):
        client = client_of(viewer)
        for each in addresses:
            refused = client.get(each)
            assert refused.status_code == 404
            assert notice.title not in text_of(refused)
            assert notice.items[0]["title"] not in text_of(refused)
