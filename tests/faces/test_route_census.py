"""Every address × every role: declared in one table, and the table is true in both directions."""

from typing import Any

import pytest
from django.test import Client
from django.urls import NoReverseMatch, reverse

from jiangxin.core.workflow import Role
from jiangxin.ops.generated import views
from jiangxin.records.identity.models import Organisation, User

# Addresses that look after themselves: the health check, and the API, which has its own tests.
UNDECLARED = ("healthz", "api/", "static/", "media/")

ROUTES = [(path, name, view) for path, name, view in views() if not path.startswith(UNDECLARED)]


def address(name: str, path: str) -> str:
    """An address of that view with arguments that do not exist in the database."""
    for arguments in ([], [999999], ["x"], [999999, 999999], [999999, "x"], ["x", "x"], ["x", 9]):
        try:
            return reverse(name, args=arguments)
        except NoReverseMatch:
            continue
    raise AssertionError(f"no address for {name} ({path})")


def test_every_view_declares_who_may_open_it() -> None:
    assert ROUTES
    assert [path for path, _, view in ROUTES if not hasattr(view, "access")] == []
    assert [path for path, name, _ in ROUTES if not name] == []


@pytest.fixture
def clients(db: None) -> dict[Role, Client]:
    from jiangxin.core.kernel import clock

    unit = Organisation.objects.create(name="某单位", province="37", created_at=clock.now())
    found = {Role.PUBLIC: Client()}
    for role in Role:
        if role is Role.PUBLIC:
            continue
        ministry = role in (Role.MINISTRY_HR, Role.MINISTRY_FINANCE)
        user = User.objects.create_user(
            role.value,
            None,
            name=role.label,
            role=role.value,
            province="" if ministry else "37",
            organisation=unit if role is Role.APPLICANT else None,
        )
        client = Client(raise_request_exception=False)
        client.force_login(user)
        found[role] = client
    return found


@pytest.mark.django_db
@pytest.mark.parametrize(("path", "name", "view"), ROUTES, ids=[path for path, _, _ in ROUTES])
def test_the_declared_roles_and_no_others_come_in(
    path: str, name: str, view: Any, clients: dict[Role, Client]
) -> None:
    where = address(name, path)
    method = "get" if "GET" in view.access.methods else view.access.methods[0].lower()
    for role, client in clients.items():
        response = getattr(client, method)(where)
        assert response.status_code < 500, f"{role.label}: {response.status_code}"
        login = response.status_code == 302 and response.headers["Location"].startswith(
            "/login/?next="
        )
        refused = response.status_code == 403 and "此页由" in response.content.decode()
        if role in view.access.roles:
            assert not login, f"{role.label} is sent to the login"
            assert not refused, f"{role.label} is refused"
        elif role is Role.PUBLIC:
            assert login
        else:
            assert refused, f"{role.label} comes in with {response.status_code}"
