"""The desk's pages of publicity: what is previewed is what is published, and nobody else sees a draft."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse

from jiangxin.core.kernel import clock
from jiangxin.core.workflow import Role
from jiangxin.ops.scenes.country import officer
from jiangxin.stages.application.models import Application
from jiangxin.stages.publicity import actions
from jiangxin.stages.publicity.models import Notice, Objection
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


# --- objections ---------------------------------------------------------------------------------------


DURING = PUBLISHED + timedelta(days=2)


@pytest.fixture
def objection(year: Year) -> Objection:
    notice = year.published()
    with clock.at(DURING):
        return actions.object_to(
            notice_id=notice.pk,
            application_id=notice.items[0]["application"],
            ground="false_material",
            text="实训工位数量与现场情况不一致。",
            name="王某某",
            contact="0531-12345",
        )[0]


def test_who_objected_is_shown_to_the_two_departments_and_in_no_other_page(
    year: Year, objection: Objection
) -> None:
    page, notice = reverse("desk-objection", args=[objection.pk]), objection.notice
    with clock.at(DURING):
        for viewer in year.both:
            assert "王某某，0531-12345" in text_of(client_of(viewer).get(page))
        for viewer in (
            officer(Role.PROVINCE_HR, "36"),
            officer(Role.SUPERVISOR, "37"),
            officer(Role.MINISTRY_HR),
        ):
            client = client_of(viewer)
            refused = client.get(page)
            assert refused.status_code in (403, 404)
            shown = text_of(client.get(reverse("desk-notice", args=[notice.pk])))
            assert "办理中 1 条" in shown
            for text in (text_of(refused), shown):
                assert "王某某" not in text
                assert "实训工位数量" not in text


def test_an_answer_keeps_what_was_typed_and_both_take_the_project_off(
    year: Year, objection: Objection
) -> None:
    hr, finance = client_of(year.hr), client_of(year.finance)
    page = reverse("desk-objection", args=[objection.pk])
    with clock.at(DURING):
        long = hr.post(page, {"outcome": "upheld", "text": "长" * 2001})
        assert long.status_code == 422
        assert "长" * 2001 in text_of(long)
        assert hr.post(page, {"outcome": "dismissed", "text": " "}).status_code == 422
        hr.post(page, {"outcome": "upheld", "text": "经现场核查，情况属实。"})
        objection.refresh_from_db()
        off = reverse("desk-objection-uphold", args=[objection.pk])
        assert "还缺人社、财政部门的同意" in text_of(hr.post(off))
        word = {"word": "agreed", "digest": objection.digest()}
        for client in (hr, finance):
            client.post(reverse("desk-objection-concur", args=[objection.pk]), word)
        hr.post(off)
    objection.refresh_from_db()
    assert objection.outcome == "upheld"
    assert Application.objects.get(pk=objection.application_id).state == "not_selected"
    with clock.at(clock.end_of(objection.notice.ends_on or PUBLISHED.date())):
        asked = text_of(hr.get(reverse("desk-notice-close", args=[objection.notice_id])))
    titles = [item["title"] for item in objection.notice.items]
    names = asked.partition("jx-names")[2].partition("</ol>")[0]
    assert [title in names for title in titles] == [False, True]


def test_the_end_is_offered_when_it_is_due(year: Year, objection: Objection) -> None:
    page = reverse("desk-notice", args=[objection.notice_id])
    end = clock.end_of(objection.notice.ends_on or PUBLISHED.date())
    client = client_of(year.hr)
    for moment, due in ((end - timedelta(microseconds=1), False), (end, True)):
        with clock.at(moment):
            assert ("结束公示…" in text_of(client.get(page))) is due
    with clock.at(end):
        close = reverse("desk-notice-close", args=[objection.notice_id])
        refused = client.post(close, {"confirmed": "yes"})
        assert refused.status_code == 409
        assert "1 条异议没有办结" in text_of(refused)


def test_publishing_tells_the_last_day_and_warns_when_it_is_too_late_to_file(year: Year) -> None:
    notice = drafted(year)
    client, url = client_of(year.hr), reverse("desk-notice-publish", args=[notice.pk])
    with clock.at(PUBLISHED):
        page = text_of(client.get(url))
    assert "2025年9月25日（星期四）至2025年9月30日（星期二） 24:00" in page
    assert "备案已截止" not in page
    with clock.at(clock.beijing(2025, 10, 27, 9)):
        assert "公示期满时备案已截止" in text_of(client.get(url))


@pytest.mark.parametrize("name", ["desk-notices", "desk-notice", "desk-objection"])
def test_the_pages_cost_few_queries(
    name: str, year: Year, objection: Objection, django_assert_max_num_queries
) -> None:
    keys = {"desk-notice": [objection.notice_id], "desk-objection": [objection.pk]}
    client = client_of(year.hr)
    with clock.at(DURING), django_assert_max_num_queries(10):
        assert client.get(reverse(name, args=keys.get(name, []))).status_code == 200
