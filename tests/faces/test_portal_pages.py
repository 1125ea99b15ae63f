"""What holds for every public page: open to everybody, small, cheap, kept by caches only when it may be."""

import gzip
import re
from pathlib import Path
from typing import Any

import pytest
from django.contrib.staticfiles import finders
from django.test import Client
from django.urls import reverse

from jiangxin.core.kernel import clock
from jiangxin.core.workflow import Role
from jiangxin.stages.programme.models import Holiday
from tests.factories.desk import client_of, official
from tests.factories.portal import addresses, populate, published_call

NOW = clock.beijing(2025, 9, 25, 10)


@pytest.mark.django_db
@pytest.mark.parametrize("provinces", [1, 3, 9])
def test_every_page_is_open_and_cheap_however_much_there_is(
    provinces: int, django_assert_max_num_queries: Any
) -> None:
    Holiday.objects.create(day=clock.beijing(2025, 9, 28).date(), working=True, name="调休")
    pages = addresses(*populate(provinces))
    with clock.at(NOW):
        for address in pages:
            with django_assert_max_num_queries(8):
                answer = Client().get(address)
            assert answer.status_code == 200, address
            assert 'lang="zh-CN"' in answer.content.decode()


@pytest.mark.django_db
def test_every_page_is_small() -> None:
    with clock.at(NOW):
        pages = addresses(*populate(32))
        sizes = {address: weight(Client().get(address).content.decode()) for address in pages}
    assert max(sizes.values()) < 150_000, sizes


def weight(page: str) -> int:
    """Bytes of a page with its styles and scripts, each compressed."""
    linked = re.findall(r'(?:href|src)="/static/([^"]+\.(?:css|js|svg))"', page)
    assert any(path.endswith("tabler.min.css") for path in linked)
    files = [finders.find(path) for path in sorted(set(linked))]
    assert all(files), linked
    return sum(
        len(gzip.compress(content))
        for content in [page.encode(), *(Path(str(file)).read_bytes() for file in files)]
    )


@pytest.mark.django_db
def test_caches_keep_only_what_is_the_same_for_everybody() -> None:
    call, notice, title = populate(1)
    user = client_of(official(Role.PROVINCE_HR, "37"))
    cookie = Client()
    cookie.cookies["csrftoken"] = "x" * 32
    with clock.at(NOW):
        for address in addresses(call, notice, title):
            answer = Client().get(address)
            has_form = 'name="csrfmiddlewaretoken"' in answer.content.decode()
            kept = answer.headers["Cache-Control"].startswith("public, max-age=60")
            assert kept is not has_form, address
            assert has_form or "csrftoken" not in answer.cookies, address
            assert "Cookie" in answer.headers["Vary"]
            for somebody in (user, cookie):
                told = somebody.get(address).headers["Cache-Control"]
                assert told == "private, no-cache", address
    with clock.at(clock.beijing(2025, 10, 20)):
        over = Client().get(reverse("portal-notice", args=[notice.pk]))
    assert over.headers["Cache-Control"] == "public, max-age=60"


@pytest.mark.django_db
def test_the_first_page_says_what_runs_and_until_when() -> None:
    call, notice, _ = populate(1)
    over = published_call("37", closes_at=clock.beijing(2025, 9, 20, 17))
    published_call("32", title="明天开始的", opens_at=clock.beijing(2025, 9, 26, 9))
    with clock.at(NOW):
        page = Client().get(reverse("home")).content.decode()
    assert f"{reverse('portal-notice', args=[notice.pk])}" in page
    assert "还有 4 个工作日" in page
    assert f"{reverse('portal-call', args=[call.pk])}" in page
    assert "2025年10月10日（星期五）17:00 截止" in page
    assert "还有 15 天" in page
    assert over.title not in page
    assert "明天开始的" not in page
    assert "1</b> / 400" in page
    assert "0</b> / 500" in page
    for name in ("register-unit", "eligibility-preview", "verify", "objection-lookup"):
        assert f'href="{reverse(name)}"' in page
    for name in ("portal-notices", "portal-calls"):
        assert f'formaction="{reverse(name)}"' in page


@pytest.mark.django_db
def test_the_first_page_without_anything_says_so() -> None:
    page = Client().get(reverse("home")).content.decode()
    assert "目前没有正在公示的名单" in page
    assert "目前没有正在受理的申报" in page


@pytest.mark.django_db
def test_the_demonstration_says_that_it_is_one(settings: Any) -> None:
    assert "演示环境" not in Client().get(reverse("home")).content.decode()
    settings.DEMO = True
    assert "演示环境，数据均为虚构" in Client().get(reverse("home")).content.decode()


@pytest.mark.django_db
def test_help_names_the_telephone_of_the_latest_call() -> None:
    published_call("37", year=2024, phone="000-2024")
    published_call("37", year=2025, phone="000-2025")
    published_call("36", phone="000-draft", state="draft")
    page = Client().get(reverse("help")).content.decode()
    assert "000-2025" in page
    assert "000-2024" not in page
    assert "000-draft" not in page
    for anchor in ("applicants", "experts", "officials", "public", "contacts"):
        assert f'id="{anchor}"' in page
