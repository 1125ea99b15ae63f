"""Who comes in, how, and where they land; the one-click entry exists in the demo only."""

import pytest
from django.conf import LazySettings
from django.test import Client

from jiangxin.core.workflow import Role
from jiangxin.faces.frame.pages import SIGNED_IN
from jiangxin.records.identity.models import User

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.faces.frame.sample_urls")]
PASSWORD = "a-long-enough-word"


def account(role: Role = Role.PROVINCE_HR, *, demo: bool = False, name: str = "wang") -> User:
    return User.objects.create_user(
        name, PASSWORD, name="王处长", role=role.value, province="32", demo=demo
    )


def who(client: Client) -> str:
    return client.get("/open/").content.decode()


def test_password_login_lands_where_the_work_is() -> None:
    account()
    client = Client()
    response = client.post("/login/", {"username": " wang ", "password": PASSWORD})
    assert response.headers["Location"] == "/desk/"
    assert who(client) == Role.PROVINCE_HR.value


@pytest.mark.parametrize(
    ("wanted", "landed"),
    [
        ("/closed/?q=1", "/closed/?q=1"),
        ("https://evil.example/", "/desk/"),
        ("//evil.example/", "/desk/"),
        ("javascript:alert(1)", "/desk/"),
    ],
)
def test_login_leads_on_to_our_own_addresses_only(wanted: str, landed: str) -> None:
    account()
    response = Client().post("/login/", {"username": "wang", "password": PASSWORD, "next": wanted})
    assert response.headers["Location"] == landed


def test_a_wrong_password_keeps_the_name_and_lets_nobody_in() -> None:
    account()
    client = Client()
    response = client.post("/login/", {"username": "wang", "password": "wrong"})
    text = response.content.decode()
    assert response.status_code == 422
    assert "账号或密码不正确" in text
    assert 'value="wang"' in text
    assert "wrong" not in text
    assert who(client) == Role.PUBLIC.value


def test_five_wrong_passwords_lock_even_the_right_one() -> None:
    account()
    client = Client()
    for _ in range(5):
        client.post("/login/", {"username": "wang", "password": "wrong"})
    response = client.post("/login/", {"username": "wang", "password": PASSWORD})
    assert "暂时锁定" in response.content.decode()
    assert who(client) == Role.PUBLIC.value


def test_logout_ends_the_session_and_needs_a_post() -> None:
    client = Client()
    client.force_login(account())
    assert client.get("/logout/").status_code == 405
    assert who(client) == Role.PROVINCE_HR.value
    client.post("/logout/")
    assert who(client) == Role.PUBLIC.value


def test_outside_the_demo_nobody_enters_by_a_click(settings: LazySettings) -> None:
    settings.DEMO = False
    account(demo=True)
    client = Client()
    response = client.post("/enter/", {"username": "wang"})
    assert response.status_code == 404
    assert who(client) == Role.PUBLIC.value
    page = client.get("/login/").content.decode()
    assert "王处长" not in page
    assert "演示" not in page
    assert client.get("/gallery/").status_code == 404


def test_in_the_demo_only_demonstration_accounts_enter_by_a_click(settings: LazySettings) -> None:
    settings.DEMO = True
    account(demo=False)
    client = Client()
    assert client.post("/enter/", {"username": "wang"}).status_code == 404
    assert who(client) == Role.PUBLIC.value
    User.objects.filter(username="wang").update(demo=True, is_active=False)
    assert client.post("/enter/", {"username": "wang"}).status_code == 404
    assert who(client) == Role.PUBLIC.value


@pytest.mark.parametrize("role", sorted(SIGNED_IN))
def test_one_click_lands_each_role_at_its_home(role: Role, settings: LazySettings) -> None:
    settings.DEMO = True
    account(role, demo=True)
    client = Client()
    response = client.post("/enter/", {"username": "wang"})
    home = "/workspace/" if role in (Role.APPLICANT, Role.EXPERT) else "/desk/"
    assert response.headers["Location"] == home
    assert who(client) == role.value
    assert client.get("/home/").headers["Location"] == home


def test_the_demo_list_shows_the_nation_and_one_province_officials_first(
    settings: LazySettings,
) -> None:
    settings.DEMO = True
    people = (("auditor", ""), ("applicant", "32"), ("province_hr", "32"), ("auditor", "33"))
    for number, (role, province) in enumerate(people):
        User.objects.create_user(
            f"u{number}", None, name=f"人{number}", role=role, province=province, demo=True
        )
    client = Client()
    page = client.get("/login/").content.decode()
    assert page.index("全国</h3>") < page.index("人0") < page.index("江苏省</h3>")
    assert page.index("江苏省</h3>") < page.index("人2") < page.index("人1")
    assert "人3" not in page
    narrowed = client.get("/login/?province=33").content.decode()
    assert [name in narrowed for name in ("人0", "人1", "人2", "人3")] == [True, False, False, True]
    assert client.get("/login/?province=99").content.decode().count("人2") == 1


def test_the_gallery_opens_in_the_demo(settings: LazySettings) -> None:
    settings.DEMO = True
    client = Client()
    assert "江南高级技工学校（示例）" in client.get("/gallery/").content.decode()
    assert "尚未提交" in client.get("/gallery/workspace/").content.decode()
    assert client.get("/gallery/unknown/").status_code == 404
