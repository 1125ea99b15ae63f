"""How a view is declared, who may open it, how it answers, and what a refusal looks like.

    @page(roles={Role.APPLICANT}, methods=("GET", "POST"))
    def budget(request: Request) -> HttpResponse:
        problems: list[DomainError] = []
        if request.method == "POST":
            with catching(problems):
                actions.save_budget(viewer=request.viewer, values=request.POST)
                return done(request, "预算已暂存。", "workspace:tasks")
        values = typed(request, queries.budget(viewer=request.viewer))
        return render(request, "workspace/budget.html", {"values": values, "problems": problems})

Every view of the product carries `view.access`; a census test reads it from the URL table.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import Any, Concatenate, ParamSpec, Protocol, cast

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseNotAllowed,
    JsonResponse,
)
from django.middleware.csrf import get_token
from django.shortcuts import redirect, resolve_url
from django.template.loader import render_to_string
from django.utils.http import url_has_allowed_host_and_scheme

from jiangxin.core.kernel.errors import DomainError, NotFound, NotPermitted
from jiangxin.core.workflow import Role
from jiangxin.records.identity.queries import viewer_of
from jiangxin.records.identity.viewer import Viewer

from . import flash

ANYONE: frozenset[Role] = frozenset(Role)
SIGNED_IN: frozenset[Role] = ANYONE - {Role.PUBLIC}

AT_THE_WORKSPACE = frozenset({Role.APPLICANT, Role.EXPERT})

Args = ParamSpec("Args")


class Request(HttpRequest):
    """What a view gets: Django's request with the viewer (annotation only, never constructed)."""

    viewer: Viewer
    unread: int  # messages, where the layout's own count has them; unset otherwise


@dataclass(frozen=True)
class Access:
    """Who may open a view, and by which methods."""

    roles: frozenset[Role]
    methods: tuple[str, ...]


class Page(Protocol):
    """A declared view."""

    access: Access

    def __call__(self, request: HttpRequest, /, *args: Any, **kwargs: Any) -> HttpResponse: ...


def page(
    *, roles: Collection[Role], methods: tuple[str, ...] = ("GET",)
) -> Callable[[Callable[Concatenate[Request, Args], HttpResponse]], Page]:
    """Declare a view: `roles` that may open it (`ANYONE`, `SIGNED_IN` or a set), and its methods.

    The view gets `request.viewer`. Who is not logged in is led to the login and back; a wrong role
    gets a page with status 403; a `DomainError` that the view lets through becomes a page that
    says what, why and what to do.
    """
    access = Access(frozenset(roles), tuple(methods))

    def declare(view: Callable[Concatenate[Request, Args], HttpResponse]) -> Page:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Args.args, **kwargs: Args.kwargs) -> HttpResponse:
            asked = cast("Request", request)
            asked.viewer = viewer_of(request.user)
            refusal = refuse(asked, access)
            if refusal is not None:
                return refusal
            try:
                return view(asked, *args, **kwargs)
            except DomainError as error:
                return problem_page(request, error)

        guarded.access = access  # type: ignore[attr-defined]
        return cast("Page", guarded)

    return declare


def refuse(request: Request, access: Access) -> HttpResponse | None:
    """The answer to who may not come in this way; nothing when the view may run."""
    methods = (*access.methods, "HEAD") if "GET" in access.methods else access.methods
    if request.method not in methods:
        return HttpResponseNotAllowed(methods)
    if request.viewer.role in access.roles:
        return None
    if request.viewer.role == Role.PUBLIC:
        if asks_json(request):
            text = "登录已过期，请重新登录。"
            return JsonResponse({"message": text, "login": resolve_url("login")}, status=401)
        if "GET" in access.methods:  # a form whose session ended leads back to its own page
            return redirect_to_login(request.get_full_path(), resolve_url("login"))
        return redirect_to_login(resolve_url("home"), resolve_url("login"))
    who = "、".join(role.label for role in Role if role in access.roles)
    return problem_page(
        request,
        NotPermitted(
            f"此页由{who}办理，您当前的身份是{request.viewer.role.label}。",
            remedy="如需办理，请换用相应账号登录；如认为权限有误，请联系本单位管理员。",
        ),
    )


def render(
    request: HttpRequest,
    template: str,
    context: Mapping[str, Any] | None = None,
    *,
    status: int | None = None,
) -> HttpResponse:
    """The page; status 422 when `context["problems"]` has entries and no other status is given."""
    values = dict(context or {})
    problems = values.setdefault("problems", [])
    return HttpResponse(
        render_to_string(template, values, request), status=status or (422 if problems else 200)
    )


class catching:  # noqa: N801 -- it reads as the statement that it is
    """Collect a refusal instead of raising it, so that the page shows it beside what was typed."""

    def __init__(self, problems: list[DomainError]) -> None:
        self.problems = problems

    def __enter__(self) -> None: ...

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        if isinstance(error, DomainError):
            self.problems.append(error)
            return True
        return False


def typed(request: HttpRequest, stored: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Values for the form: what is stored, overlaid by what the person has just typed.

    A key that was sent several times comes as a list (choices), any other as a string.
    """
    values = dict(stored or {})
    for key, sent in request.POST.lists():
        values[key] = sent[0] if len(sent) == 1 else list(sent)
    return values


def done(request: HttpRequest, text: str, to: str, *args: Any, **kwargs: Any) -> HttpResponse:
    """After a success: say it on the next page and go there (`to` is a view's name or a path)."""
    flash.done(request, text)
    return redirect(to, *args, **kwargs)


def safe_next(request: HttpRequest, wanted: str, otherwise: str) -> str:
    """`wanted` when it is an address of ours, else `otherwise`: no open redirect."""
    ours = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if ours else otherwise


def home_of(viewer: Viewer) -> str:
    """The path where this viewer's work is."""
    if viewer.role == Role.PUBLIC:
        return "/"
    return "/workspace/" if viewer.role in AT_THE_WORKSPACE else "/desk/"


def asks_json(request: HttpRequest) -> bool:
    """Whether one of our scripts asks: it wants words to show, not a page."""
    return request.headers.get("Accept", "").startswith("application/json")


def problem_page(request: HttpRequest, error: DomainError) -> HttpResponse:
    """A whole page for a refusal, the alert alone when htmx asked for a part, JSON for a script."""
    if asks_json(request):
        return JsonResponse(error.as_dict(), status=error.status)
    context = {
        "error": error,
        "status": error.status,
        "back": safe_next(request, request.META.get("HTTP_REFERER", ""), ""),
    }
    if request.headers.get("HX-Request"):
        response = render(request, "frame/_problem.html", context, status=error.status)
        response["HX-Retarget"], response["HX-Reswap"] = "#main", "afterbegin"
        return response
    return render(request, "frame/error.html", context, status=error.status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """`handler400`."""
    return problem_page(
        request, DomainError("无法处理这个请求。", remedy="请返回上一页，刷新后再试。")
    )


def not_permitted(request: HttpRequest, exception: Exception) -> HttpResponse:
    """`handler403`."""
    return problem_page(request, NotPermitted("无权访问此页。", remedy="请换用相应账号登录。"))


def not_found(request: HttpRequest, exception: Http404) -> HttpResponse:
    """`handler404`."""
    return problem_page(
        request,
        NotFound("没有找到这个页面。", remedy="网址可能有误，或该内容尚未公开。请从首页重新进入。"),
    )


def server_error(request: HttpRequest) -> HttpResponse:
    """`handler500`: says that nothing was saved, which the transaction around each action assures."""
    error = DomainError(
        "系统出错，本次操作没有完成。",
        remedy="已暂存的内容不受影响。请稍后重试；如再次出现，请联系技术支持。",
    )
    context = {"error": error, "status": 500, "back": ""}
    return render(request, "frame/error.html", context, status=500)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """`CSRF_FAILURE_VIEW`. A script of ours is told the token that counts since the login was renewed
    in another window; a script of another site can send its request, but never read this answer."""
    if asks_json(request):
        return JsonResponse({"message": "页面已过期。", "token": get_token(request)}, status=403)
    detail = f"（{reason}）" if settings.DEBUG and reason else ""
    return problem_page(
        request,
        NotPermitted(
            f"页面已过期，为安全起见没有提交{detail}。",
            remedy="请返回上一页并刷新，再提交一次；浏览器须允许本站 Cookie。",
        ),
    )
