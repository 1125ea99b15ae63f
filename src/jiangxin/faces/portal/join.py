"""An invitation is used: the invited give their name and choose account and password."""

from django.contrib.auth import login
from django.http import HttpResponse
from django.urls import path

from jiangxin.core.kernel.errors import DomainError
from jiangxin.core.workflow import Duty
from jiangxin.faces.frame.pages import ANYONE, Request, catching, done, home_of, page, typed
from jiangxin.records.identity.invitations import invited
from jiangxin.records.identity.invitations import join as open_invited
from jiangxin.records.identity.queries import viewer_of

from .navigation import portal_page

FIELDS = ("person", "username", "mobile", "email")


@page(roles=ANYONE, methods=("GET", "POST"))
def join(request: Request, code: str) -> HttpResponse:
    """Open the account; what was typed stays, passwords do not."""
    row = invited(code)
    problems: list[DomainError] = []
    if request.method == "POST":
        given = {name: request.POST.get(name, "") for name in FIELDS}
        password = request.POST.get("password", "")
        if password != request.POST.get("password_again"):
            problems.append(
                DomainError("两次输入的密码不一致。", remedy="请重新输入。", field="password")
            )
        else:
            with catching(problems):
                user = open_invited(code=code, password=password, **given)
                login(request, user, backend="django.contrib.auth.backends.ModelBackend")
                return done(request, "账号已建立，欢迎使用。", home_of(viewer_of(user)))
    stored = {"email": row.email}
    values = {key: text for key, text in typed(request, stored).items() if "password" not in key}
    response = portal_page(
        request,
        "portal/join.html",
        {
            "invitation": row,
            "duties": [Duty(each).label for each in row.duties],
            "code": code,
            "values": values,
            "problems": problems,
            "errors": {each.field: each.message for each in problems if each.field},
        },
    )
    response["Cache-Control"] = "no-store"
    return response


urlpatterns = [path("join/<str:code>/", join, name="join")]
