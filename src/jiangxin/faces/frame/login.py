"""Login and logout; in demo mode, entry as any of the demonstration accounts by one click."""

from itertools import groupby
from typing import Any

from django.conf import settings
from django.contrib import auth
from django.http import HttpResponse
from django.shortcuts import redirect

from jiangxin.core.kernel.errors import DomainError, Invalid, NotFound
from jiangxin.core.kernel.regions import PROVINCES
from jiangxin.core.workflow import Role
from jiangxin.records.identity.queries import DemoAccount, demo_account, demo_accounts, viewer_of

from .pages import ANYONE, Request, home_of, page, render, safe_next

BACKEND = "django.contrib.auth.backends.ModelBackend"
NATION = "全国"


@page(roles=ANYONE, methods=("GET", "POST"))
def login(request: Request) -> HttpResponse:
    """Account and password; leads on to `next`, else to where the role's work is."""
    wanted = request.POST.get("next") or request.GET.get("next", "")
    username = request.POST.get("username", "").strip()
    problems: list[DomainError] = []
    if request.method == "POST":
        user = auth.authenticate(
            request, username=username, password=request.POST.get("password", "")
        )
        if user is not None:
            auth.login(request, user)
            return redirect(safe_next(request, wanted, home_of(viewer_of(user))))
        problems.append(
            Invalid(
                "账号或密码不正确。",
                remedy="请核对后重试；忘记密码请联系本单位管理员重置。连续输错 5 次将锁定 15 分钟。",
                field="username",
            )
        )
    return render(
        request,
        "frame/login.html",
        {"next": wanted, "values": {"username": username}, "problems": problems}
        | demo_entry(request),
    )


# Those of whom there are few come first: who tries the demonstration finds them without scrolling.
MANY = (Role.EXPERT, Role.APPLICANT)
ENTRY_ORDER = (*(role for role in Role if role not in MANY), *MANY)


def demo_entry(request: Request) -> dict[str, Any]:
    """The demonstration accounts of the nation and of one `province` (else the first that has any),
    officials before units; none outside the demo."""
    if not settings.DEMO:
        return {"groups": [], "units": [], "province": ""}
    accounts = demo_accounts()
    units = [each for each in PROVINCES if any(a.province == each.code for a in accounts)]
    wanted = request.GET.get("province", "")
    chosen = next(
        (each.code for each in units if each.code == wanted), units[0].code if units else ""
    )
    shown = [each for each in accounts if each.province in ("", chosen)]
    order = {role: place for place, role in enumerate(ENTRY_ORDER)}
    shown.sort(key=lambda each: (each.province, order[each.role], each.username))
    return {
        "groups": [
            {"name": name, "accounts": list(members)}
            for name, members in groupby(shown, key=_place)
        ],
        "units": units,
        "province": chosen,
    }


def _place(account: DemoAccount) -> str:
    return account.province_name or NATION


@page(roles=ANYONE, methods=("POST",))
def enter(request: Request) -> HttpResponse:
    """Demo mode only: become the demonstration account `username`. Raises `NotFound` otherwise."""
    account = demo_account(request.POST.get("username", "")) if settings.DEMO else None
    if account is None:
        raise NotFound("没有这个演示账号。", remedy="一键进入只在演示环境中对演示账号开放。")
    auth.login(request, account, backend=BACKEND)
    return redirect(safe_next(request, request.POST.get("next", ""), home_of(viewer_of(account))))


@page(roles=ANYONE, methods=("POST",))
def logout(request: Request) -> HttpResponse:
    """Ends the session."""
    auth.logout(request)
    return redirect("login")


@page(roles=ANYONE)
def home(request: Request) -> HttpResponse:
    """Leads to where the viewer's work is."""
    return redirect(home_of(request.viewer))


def locked_out(request: Request, response: HttpResponse | None, credentials: Any) -> HttpResponse:
    """`AXES_LOCKOUT_CALLABLE`: too many wrong passwords."""
    problem = Invalid(
        "密码连续输错次数过多，该账号已暂时锁定。",
        remedy="请 15 分钟后再试；忘记密码请联系本单位管理员重置。",
    )
    values = {"username": request.POST.get("username", "")}
    context = {"next": "", "values": values, "problems": [problem]} | demo_entry(request)
    return render(request, "frame/login.html", context, status=429)
