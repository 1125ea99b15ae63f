"""A declared page lets in whom it names, and every refusal is a page that helps."""

import pytest
from django.test import Client

from jiangxin.core.workflow import Role
from jiangxin.faces.frame.pages import ANYONE, SIGNED_IN, Access
from jiangxin.records.identity.models import User
from tests.faces.frame import sample_urls

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.urls("tests.faces.frame.sample_urls"),
]


def logged_in(role: Role) -> Client:
    user = User.objects.create_user(role.value, None, name="某人", role=role.value, province="32")
    client = Client()
    client.force_login(user)
    return client


def test_the_declaration_can_be_read() -> None:
    assert sample_urls.closed_page.access == Access(
        frozenset({Role.PROVINCE_FINANCE, Role.AUDITOR}), ("GET", "POST")
    )
    assert Role.PUBLIC in ANYONE
    assert Role.PUBLIC not in SIGNED_IN
    assert {Role.PUBLIC} == ANYONE - SIGNED_IN


@pytest.mark.parametrize("role", sorted(SIGNED_IN))
def test_only_the_declared_roles_see_the_content(role: Role) -> None:
    response = logged_in(role).get("/closed/")
    text = response.content.decode()
    if role in sample_urls.closed_page.access.roles:
        assert "SECRET 32" in text
    else:
        assert response.status_code == 403
        assert "SECRET" not in text
        assert "此页由省级财政部门、审计人员办理" in text


def test_who_is_not_logged_in_is_led_to_the_login_and_back() -> None:
    response = Client().get("/closed/?q=甲")
    assert response.status_code == 302
    assert response.headers["Location"].startswith("/login/?next=/closed/")
    posted = Client().post("/closed/", {"a": "1"})
    assert posted.headers["Location"] == "/login/?next=/closed/"
    asked = Client().post("/closed/", {"a": "1"}, headers={"accept": "application/json"})
    assert asked.status_code == 401
    assert asked.json()["login"] == "/login/"


def test_an_undeclared_method_is_refused_before_the_view_runs() -> None:
    assert Client().post("/open/").status_code == 405
    assert Client().head("/open/").status_code == 200


def test_a_refusal_says_what_why_and_what_to_do() -> None:
    response = Client().get("/refusing/")
    text = response.content.decode()
    assert response.status_code == 409
    assert "名额已满。" in text
    assert "请先调整。" in text
    assert "三（一）" in text
    assert 'href="/policy/#clause-3.1"' in text
    part = Client().get("/refusing/", headers={"HX-Request": "true"})
    assert "<html" not in part.content.decode()
    assert "名额已满。" in part.content.decode()
    assert part.headers["HX-Retarget"] == "#main"


def test_a_refused_form_keeps_what_was_typed() -> None:
    client = Client()
    response = client.post("/form/", {"username": "错 <b>"})
    text = response.content.decode()
    assert response.status_code == 422
    assert 'value="错 &lt;b&gt;"' in text
    assert 'href="#field-username"' in text
    assert "请写“对”。" in text
    assert "原来" not in text


def test_after_success_the_next_page_says_so_once() -> None:
    client = Client()
    response = client.post("/form/", {"username": "对"})
    assert response.status_code == 302
    assert response.headers["Location"] == "/open/"
    assert "已保存“对”。" in client.get("/flashes/").content.decode()
    assert "已保存" not in client.get("/flashes/").content.decode()


def test_an_unknown_address_is_a_page_of_ours() -> None:
    response = Client().get("/nowhere/")
    assert response.status_code == 404
    assert "没有找到这个页面" in response.content.decode()


def test_a_form_from_elsewhere_is_refused_kindly() -> None:
    client = Client(enforce_csrf_checks=True)
    response = client.post("/form/", {"username": "对"})
    assert response.status_code == 403
    assert "页面已过期" in response.content.decode()
